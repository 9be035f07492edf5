"""Imports point one way, at every level of every package, and the engine knows no screen."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCREEN = ("streamlit", "plotly", "starlette", "uvicorn", "server", "pages", "app")
SLOW = ("tensorflow", "keras")

#: The engine's rooms from the top down: each may import only those below it.
ROOMS = tuple("__main__ cli sweeps export analysis runs training catalog data config storage errors".split())
#: Files of one level that a reader has to keep apart.
MOST_FILES = 18


@cache
def modules() -> dict[str, Path]:
    """Returns every module of the project by its dotted name."""
    found = {}
    for top in ("trainer", "server", "pages"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imported_by(path: Path) -> Iterator[str]:
    """Yields the full name of every module that a file imports anywhere, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def edges() -> tuple[tuple[str, str], ...]:
    """Returns every import of one of the project's modules by another."""
    known = modules()
    found = set()
    for name, path in known.items():
        targets = [target for target in imported_by(path) if target in known]
        # `from package import module` also names the package, which it does not depend on.
        precise = {t for t in targets if not any(other.startswith(f"{t}.") for other in targets)}
        found |= {(name, target) for target in precise if target != name}
    return tuple(sorted(found))


def packages() -> list[str]:
    return [name for name, path in modules().items() if path.name == "__init__.py"] + ["server", "pages", "pages.ui"]


def graph_within(package: str) -> dict[str, set[str]]:
    """Returns which children of a package import which others."""
    graph: dict[str, set[str]] = {}
    start = f"{package}."
    for source, target in edges():
        if source.startswith(start) and target.startswith(start):
            ours, theirs = (name.removeprefix(start).split(".")[0] for name in (source, target))
            if ours != theirs:
                graph.setdefault(ours, set()).add(theirs)
    return graph


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Returns the nodes of one cycle, or nothing."""
    done: set[str] = set()

    def visit(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if cycle := visit(target, [*way, node]):
                return cycle
        done.add(node)
        return []

    return next(filter(None, (visit(node, []) for node in sorted(graph))), [])


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def offences(start: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{name} imports {target}"
        for name, path in modules().items()
        if is_within(name, start)
        for target in imported_by(path)
        if any(is_within(target, package) for package in forbidden)
    ]


@pytest.mark.parametrize("package", sorted(set(packages())))
def test_no_package_has_a_cycle(package):
    assert find_cycle(graph_within(package)) == []


def test_the_engines_rooms_import_only_those_below_them():
    order = {room: place for place, room in enumerate(ROOMS)}
    graph = graph_within("trainer")
    assert set(graph) <= set(ROOMS), "name the new room in ROOMS, at its place"
    upward = [(ours, theirs) for ours, found in graph.items() for theirs in found if order[theirs] < order[ours]]
    assert upward == []


def test_the_engine_knows_no_screen():
    assert offences("trainer", SCREEN) == []


def test_the_server_knows_no_page():
    assert offences("server", ("pages", "app")) == []


def test_choices_and_checks_need_no_tensorflow():
    assert offences("trainer.config", SLOW) == []
    assert offences("trainer.data", SLOW[1:]) == []


def test_custom_layers_can_be_shipped_alone():
    assert offences("trainer.catalog.custom", ("trainer.config", "trainer.catalog.layers", "tensorflow")) == []


def test_uploads_are_used_through_their_facade():
    users = ("pages", "server", "trainer.__main__", "trainer.cli", "trainer.runs", "trainer.catalog")
    inner = [(name, target) for name, target in edges() if target.startswith("trainer.data.uploads.")]
    assert [(name, target) for name, target in inner if any(is_within(name, user) for user in users)] == []


def test_only_the_worker_starts_threads():
    starts = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "trainer").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Thread", "ThreadPoolExecutor"))
    ]
    assert set(starts) == {"trainer/runs/worker.py"}


def test_no_folder_is_crowded():
    folders = [path.parent for path in modules().values() if path.name != "__init__.py"]
    crowded = {str(f.relative_to(ROOT)): folders.count(f) for f in set(folders) if folders.count(f) > MOST_FILES}
    assert crowded == {}


def test_the_walk_finds_what_it_looks_for(tmp_path):
    file = tmp_path / "sample.py"
    file.write_text("import a.b as c\ndef f():\n    from d import e\n")
    assert list(imported_by(file)) == ["a.b", "d", "d.e"]
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert find_cycle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_the_catalogue_and_the_list_of_runs_are_there_without_tensorflow():
    program = """
import sys
import trainer, trainer.export
trainer.RunConfig(model="mlp", dataset="digits")
names = "MODELS DATASETS OPTIMIZERS LOSSES METRICS EXPORTS".split()
assert all(list(entry.options) is not None for name in names for entry in getattr(trainer, name).values())
slow = {"tensorflow", "keras", "sklearn", "optuna", "ray", "streamlit", "plotly", "starlette", "server", "pages"}
slow &= set(sys.modules)
assert not slow, slow
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
