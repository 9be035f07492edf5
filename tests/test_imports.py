"""Imports point one way: app → server, pages → pages/ui → trainer, and inside trainer from runs to learners."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCREEN = ("streamlit", "plotly", "starlette", "uvicorn", "server", "pages", "app")

#: What each part of `trainer` must not import, beside the screen.
RUNS = ("trainer.run", "trainer.store", "trainer.writer", "trainer.state", "trainer.session")
WORK = (*RUNS, "trainer.build", "trainer.loop", "trainer.checkpoint", "trainer.history", "trainer.export")
FORBIDDEN = {
    "errors.py": ("trainer",),
    "progress.py": ("trainer",),
    "registry.py": (
        *WORK,
        "trainer.learners",
        "trainer.config",
        "trainer.data",
        "trainer.dataset",
        "tensorflow",
        "keras",
    ),
    "config.py": (*WORK, "trainer.learners", "tensorflow", "keras"),
    "data": (*WORK, "trainer.learners", "trainer.config", "tensorflow", "keras"),
    "models": WORK,
    "custom": ("trainer", "tensorflow"),
    "datasets": (*WORK, "trainer.learners"),
    "optimizers.py": (*WORK, "trainer.learners"),
    "losses.py": (*WORK, "trainer.learners"),
    "metrics.py": (*WORK, "trainer.learners"),
    "learners": WORK,
    "columns.py": ("trainer",),
    "placement.py": ("trainer",),
    "events.py": WORK,
    "checkpoint.py": (*RUNS, "trainer.build", "trainer.loop", "trainer.history", "trainer.config", "trainer.registry"),
    "feeding.py": (*WORK, "trainer.learners", "trainer.config", "trainer.registry"),
    "loop.py": (*RUNS, "trainer.build", "trainer.checkpoint", "trainer.history", "trainer.config", "trainer.registry"),
    "build.py": (*RUNS, "trainer.loop", "trainer.checkpoint", "trainer.history"),
    "recycling.py": (*RUNS, "trainer.loop", "trainer.history"),
    "optimization.py": WORK,
    "schedules.py": WORK,
    "plateau.py": ("trainer",),
    "augmentation.py": ("trainer",),
    "session.py": ("trainer.run", "trainer.store", "trainer.writer", "trainer.state", "trainer.history"),
    "writer.py": ("trainer.run", "trainer.store"),
    "run.py": ("trainer.store",),
}


def imported_by(path: Path) -> Iterator[str]:
    """Yields the full name of every module that a file imports anywhere, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def offences(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    path = ROOT / folder
    files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    assert files, f"{folder} is gone; correct this test"
    return [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imported_by(file)
        for package in forbidden
        if is_within(name, package)
    ]


def test_the_engine_knows_no_screen():
    assert offences("trainer", SCREEN) == []


@pytest.mark.parametrize("part", FORBIDDEN)
def test_inside_the_engine_imports_point_one_way(part):
    assert offences(f"trainer/{part}", FORBIDDEN[part]) == []


def test_only_run_starts_threads():
    starts = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "trainer").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Thread", "ThreadPoolExecutor", "Process"))
    ]
    assert set(starts) == {"trainer/run.py"}


def test_the_walk_finds_what_it_looks_for(tmp_path):
    file = tmp_path / "sample.py"
    file.write_text("import a.b as c\ndef f():\n    from d import e\n")
    assert list(imported_by(file)) == ["a.b", "d", "d.e"]


def test_the_catalogue_and_the_list_of_runs_are_there_without_tensorflow():
    program = """
import sys
import trainer, trainer.config, trainer.registry, trainer.store, trainer.export
trainer.RunConfig(model="mlp", dataset="digits")
names = "MODELS DATASETS OPTIMIZERS LOSSES METRICS EXPORTS".split()
assert all(list(entry.options) is not None for name in names for entry in getattr(trainer, name).values())
slow = {"tensorflow", "keras", "sklearn", "streamlit", "plotly", "starlette", "server", "pages"} & set(sys.modules)
assert not slow, slow
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
