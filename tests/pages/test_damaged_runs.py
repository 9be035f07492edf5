"""One damaged run is one row that says so; it never takes the page away from the others."""

from __future__ import annotations

import json
import random

import pytest

from tests.pages.conftest import button, open_page
from tests.trainer.recipes import line
from tests.trainer.watching import finish
from trainer import RunConfig, RunStore


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The files of a completed run."""
    run = RunStore(tmp_path_factory.mktemp("runs")).create(line(), name="steady swan")
    run.start()
    finish(run)
    return {path.relative_to(run.path): path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def damage(store, finished, name, contents):
    """Returns a copy of the run with one file replaced, beside a whole run."""
    store.create(line(), name="healthy heron")
    run = store.create(line())
    for path, whole in finished.items():
        (run.path / path).parent.mkdir(exist_ok=True, parents=True)
        (run.path / path).write_bytes(whole)
    (run.path / name).write_bytes(contents)
    for checkpoint in (run.path / "checkpoints").glob("step-*/manifest.json"):
        checkpoint.unlink()
    return RunStore(store.path).get(run.id)


def edited(finished, name, **fields) -> bytes:
    whole = json.loads(next(contents for path, contents in finished.items() if str(path) == name))
    return json.dumps(whole | fields).encode()


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"model": 3, "dataset": []}',
        {"model": "removed_model"},
        {"optimizer": "gone"},
        {"model_options": {"unknown": 1}},
        {"metrics": ["no_such_metric"]},
        {"epochs": "many"},
    ],
    ids=str,
)
def test_a_damaged_config_leaves_the_page_and_the_other_runs(store, finished, contents):
    contents = contents if isinstance(contents, bytes) else edited(finished, "config.json", **contents)
    run = damage(store, finished, "config.json", contents)
    page = open_page()
    assert not page.exception
    assert {"healthy heron", "steady swan"} <= {found.label for found in page.button}
    page = open_page(run)
    assert not page.exception
    assert button(page, "Start training")


def test_flipped_bits_in_run_json_never_break_the_page(store, finished):
    whole = next(contents for path, contents in finished.items() if str(path) == "run.json")
    places = random.Random(0).sample(range(len(whole)), 8)
    run = damage(store, finished, "run.json", whole)
    for place in places:
        contents = bytearray(whole)
        contents[place] ^= 1 << (place % 7)
        (run.path / "run.json").write_bytes(contents)
        page = open_page(run)
        assert not page.exception
        assert run.id in {found.id for found in RunStore(store.path).list()}


def test_an_unreadable_run_json_says_so_and_can_be_deleted(store, finished):
    run = damage(store, finished, "run.json", b"{")
    page = open_page(run)
    assert any("is damaged, so its name" in found.value for found in (*page.info, *page.error))
    assert RunConfig(**json.loads((run.path / "config.json").read_text())).model == "linear"
    store.delete(run.id)
    assert [found.name for found in store.list()] == ["healthy heron"]
