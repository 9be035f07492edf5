"""A capsule brings a run to another installation, where it goes on exactly. A hostile one brings nothing."""

import hashlib
import io
import json
import os
import zipfile

import numpy as np
import pytest

from tests.trainer.recipes import ENDLESS, digits
from tests.trainer.watching import finish, wait_for_step
from trainer import RunConfig, RunStore
from trainer.data.uploads import DatasetStore
from trainer.errors import ImportRefused
from trainer.export import export
from trainer.export.capsule.unpack import import_capsule

RECIPE = digits(epochs=6)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A run that was paused halfway, and its capsule as {entry: bytes}."""
    folder = tmp_path_factory.mktemp("capsule")
    store = RunStore(folder / "runs")
    run = store.create(RECIPE.model_copy(update={"epochs": ENDLESS}), "brisk-otter-12")
    run.start()
    wait_for_step(run, 1)
    run.pause()
    assert finish(run).status == "paused"
    path = export(run, "capsule.zip", folder / "capsule.zip")
    with zipfile.ZipFile(path) as archive:
        return run, {name: archive.read(name) for name in archive.namelist()}


def write(path, entries, manifest=None, **options):
    """Writes a capsule; its manifest lists what is there, unless it is given."""
    files = {name: content for name, content in entries.items() if name != "manifest.json"}
    fields = json.loads(entries["manifest.json"]) | {
        "files": {n: {"size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()}
    }
    fields |= manifest or {}
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(fields))
    return path


def test_an_imported_run_shows_its_history_and_ends_with_the_bits_of_the_uncut_run(tmp_path, cli):
    there, here = RunStore(tmp_path / "there"), RunStore(tmp_path / "here")
    whole, cut = there.create(RECIPE), there.create(RECIPE, "brisk-otter-12")
    whole.start()
    finish(whole)
    cut.start()
    wait_for_step(cut, 1)
    cut.pause()
    finish(cut)
    capsule = export(cut, "capsule.zip", tmp_path / "capsule.zip")
    code, out, _ = cli("import", capsule, "--runs-dir", here.path)
    assert code == 0
    assert out.splitlines()[-1] == cut.id
    run = here.get(cut.id)
    assert (run.name, run.status, run.step, run.config) == (cut.name, cut.status, cut.step, cut.config)
    assert run.history.frame().equals(cut.history.frame())
    if run.status == "paused":
        run.resume()
    assert finish(run).status == "completed", run.reason
    assert run.checkpoints[0].digest == whole.checkpoints[0].digest
    again = import_capsule(here, capsule)
    assert again.id != run.id
    assert len(here.list()) == 2


def test_a_live_run_is_packed_at_its_checkpoint_and_one_without_a_checkpoint_says_so(tmp_path):
    there, here = RunStore(tmp_path / "there"), RunStore(tmp_path / "here")
    new = there.create(RECIPE)
    run = import_capsule(here, export(new, "capsule.zip", tmp_path / "new.zip"))
    assert run.status == "interrupted"
    assert "starts from the beginning" in " ".join(run.notes)
    live = there.create(digits(epochs=ENDLESS, checkpoint_epochs=1))
    live.start()
    wait_for_step(live, 200)
    run = import_capsule(here, export(live, "capsule.zip", tmp_path / "live.zip"))
    live.stop()
    finish(live)
    assert run.status == "interrupted"
    assert run.step == run.checkpoints[0].step > 0
    assert there.close(60)


def test_the_data_goes_along_only_if_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))
    lines = "\n".join(f"{n},{n % 7},{'ab'[n % 2]}" for n in range(60))
    table = DatasetStore.default().add(io.BytesIO(f"x,z,kind\n{lines}\n".encode()), "rows.csv")
    config = RunConfig(
        model="linear", dataset="csv", dataset_options={"path": table.reference, "target": "kind"}, epochs=1
    )
    store = RunStore(tmp_path / "there")
    run = store.create(config)
    run.start()
    assert finish(run).status == "completed", run.reason
    bare = export(run, "capsule.zip", tmp_path / "bare.zip")
    full = export(run, "capsule.zip", tmp_path / "full.zip", with_data=True)
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "elsewhere"))
    import_capsule(RunStore(tmp_path / "one"), bare)
    assert DatasetStore.default().list() == []
    here = import_capsule(RunStore(tmp_path / "two"), full)
    [found] = DatasetStore.default().list()
    assert (found.reference, found.name) == (table.reference, "rows.csv")
    assert here.resume(epochs=2).acted
    assert finish(here).status == "completed", here.reason


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def edited(entries, entry, **fields):
    return entries | {entry: json.dumps(json.loads(entries[entry]) | fields).encode()}


def state_name(entries):
    return next(name for name in entries if name.endswith("state.npz"))


HOSTILE = {
    "a path that climbs": lambda e: e | {"../evil.txt": b"x"},
    "an absolute path": lambda e: e | {"/tmp/evil.txt": b"x"},
    "a path with a backslash": lambda e: e | {"run\\..\\evil": b"x"},
    "a path that climbs inside the run": lambda e: e | {"run/../../evil": b"x"},
    "a file that no run has": lambda e: e | {"run/evil.py": b"x"},
    "a lock file": lambda e: e | {"run/lock": b"x"},
    "another kind of view": lambda e: e | {"run/views/../../x.npz": b"x"},
    "a checkpoint of another name": lambda e: e | {"run/checkpoints/step-1/state.npz": b"x"},
    "a checkpoint without a manifest": lambda e: e | {"run/checkpoints/step-0000000001/state.npz": npz(a=np.zeros(3))},
    "a checkpoint that is no archive": lambda e: e | {state_name(e): b"PK nonsense"},
    "a bomb in a checkpoint": lambda e: e | {state_name(e): npz(a=np.zeros(30_000_000))},
    "an altered checkpoint": lambda e: e | {state_name(e): npz(a=np.zeros(3))},
    "a bomb in a view": lambda e: e | {"run/views/epoch-000001.npz": npz(a=np.zeros(30_000_000))},
    "a view that is no archive": lambda e: e | {"run/views/fixed.npz": b"x"},
    "no configuration": lambda e: {n: c for n, c in e.items() if n != "run/config.json"},
    "a configuration of objects": lambda e: e | {"run/config.json": b'["__import__"]'},
    "a configuration of wrong types": lambda e: edited(e, "run/config.json", epochs="many"),
    "deep JSON": lambda e: e | {"run/config.json": b"[" * 100_000},
    "no state": lambda e: {n: c for n, c in e.items() if n != "run/run.json"},
    "a state that is no JSON": lambda e: e | {"run/run.json": b"\xff\xfe"},
    "an unknown status": lambda e: edited(e, "run/run.json", status="owned"),
    "a name with control characters": lambda e: edited(e, "run/run.json", name="a\x1b[2J"),
    "a name of 10,000 characters": lambda e: edited(e, "run/run.json", name="a" * 10_000),
    "a thousand tags": lambda e: edited(e, "run/run.json", tags=[f"tag {n}" for n in range(1000)]),
    "a spec that is no spec": lambda e: e | {"run/spec.json": b'{"task": 3, "nonsense": []}'},
}
MANIFESTS = {
    "from a newer version": {"schema": 99},
    "without a version": {"schema": None},
    "with other files": {"files": {}},
    "with files that are a list": {"files": []},
    "with sizes that are text": lambda files: {"files": {name: {"size": "1"} for name in files}},
    "with other hashes": lambda files: {"files": {n: f | {"sha256": "0" * 64} for n, f in files.items()}},
}


def refuse(store, path, tmp_path):
    """Imports a capsule that must be refused, and looks whether anything was written."""
    before = {p for p in tmp_path.rglob("*") if p != path}
    with pytest.raises(ImportRefused) as refused:
        import_capsule(store, path)
    sentence = str(refused.value)
    assert sentence.endswith((".", "unchanged."))
    assert "Traceback" not in sentence
    left = {p for p in tmp_path.rglob("*") if p not in before and p != path and p != store.path}
    assert left == set(), "nothing may be half imported"
    assert store.list() == []


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_capsule_is_refused_and_leaves_nothing(packed, tmp_path, case):
    refuse(RunStore(tmp_path / "runs"), write(tmp_path / "capsule.zip", HOSTILE[case](dict(packed[1]))), tmp_path)


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_manifest_that_does_not_fit_is_refused(packed, tmp_path, case):
    change = MANIFESTS[case]
    change = change(json.loads(packed[1]["manifest.json"])["files"]) if callable(change) else change
    refuse(RunStore(tmp_path / "runs"), write(tmp_path / "capsule.zip", packed[1], change), tmp_path)


@pytest.mark.parametrize("kept", [0, 10, 1000, -100])
def test_a_truncated_capsule_is_refused(packed, tmp_path, kept):
    path = write(tmp_path / "capsule.zip", packed[1])
    path.write_bytes(path.read_bytes()[:kept])
    refuse(RunStore(tmp_path / "runs"), path, tmp_path)


def test_links_two_entries_of_one_name_and_too_much_are_refused(packed, tmp_path, monkeypatch):
    path = write(tmp_path / "capsule.zip", packed[1])
    link = zipfile.ZipInfo("run/log.txt")
    link.external_attr = 0o120777 << 16
    entries = {name: content for name, content in packed[1].items() if name != "run/log.txt"}
    path = write(tmp_path / "link.zip", entries)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    refuse(RunStore(tmp_path / "runs"), path, tmp_path)
    twice = write(tmp_path / "twice.zip", packed[1])
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("run/run.json", "{}")
    refuse(RunStore(tmp_path / "runs"), twice, tmp_path)
    monkeypatch.setenv("TRAINDECK_MAX_CAPSULE_BYTES", "1000")
    refuse(RunStore(tmp_path / "runs"), write(tmp_path / "large.zip", packed[1]), tmp_path)


def test_the_command_line_answers_with_one_line_and_exit_code_2(tmp_path, cli):
    foreign = tmp_path / "photos.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("cat.jpg", b"x")
    for path in (foreign, tmp_path, tmp_path / "nothing.zip"):
        code, out, err = cli("import", path, "--runs-dir", tmp_path / "runs")
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert err.startswith("trainer: ")


def test_an_altered_byte_is_noticed(packed, tmp_path):
    path = write(tmp_path / "capsule.zip", packed[1])
    content = bytearray(path.read_bytes())
    place = content.find(b"brisk-otter-12")
    content[place] ^= 1
    path.write_bytes(content)
    refuse(RunStore(tmp_path / "runs"), path, tmp_path)
    assert os.listdir(tmp_path) != []
