"""The command line: what it prints, where, and with which exit code."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.trainer.recipes import ENDLESS, digits, line
from tests.trainer.watching import cut_at, finish, wait_for_step
from trainer import RunConfig, RunStore
from trainer.runs.history import History


@pytest.fixture
def write(tmp_path):
    def config(fields, name="config.json") -> Path:
        path = tmp_path / name
        path.write_text(fields if isinstance(fields, str) else json.dumps(fields))
        return path

    return config


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with one run, stopped and gone on with: completed."""
    store = RunStore(tmp_path_factory.mktemp("trained") / "runs")
    run = store.create(digits(), name="a digit or two")
    run.start()
    cut_at(run, 20, run.stop)
    run.resume()
    finish(run)
    return run


LINE = {"model": "linear", "dataset": "linear", "dataset_options": {"size": 100}, "epochs": 2}


def test_run_trains_and_its_id_is_the_last_line(cli, write, tmp_path):
    code, out, err = cli("run", write(LINE), "--name", "my line")
    run_id = out.splitlines()[-1]
    assert (code, out) == (0, run_id + "\n")
    assert (tmp_path / "runs" / run_id / "run.json").is_file()
    assert "steps" in err
    assert "my line: completed." in err
    assert "Traceback" not in err
    found = RunStore(tmp_path / "runs").get(run_id)
    assert (found.name, found.status) == ("my line", "completed")


def test_the_runs_folder_comes_from_option_or_environment(cli, write, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINDECK_RUNS", str(tmp_path / "by environment"))
    assert cli("run", write(LINE))[0] == 0
    assert cli("run", write(LINE), "--runs-dir", tmp_path / "by option")[0] == 0
    assert [len(RunStore(tmp_path / name).list()) for name in ("by environment", "by option")] == [1, 1]


def test_a_diverged_run_ends_with_1_and_still_prints_its_id(cli, write, tmp_path):
    config = {"model": "linear", "dataset": "diabetes", "optimizer": "sgd", "optimizer_options": {"learning_rate": 100}}
    config["optimizer_options"]["learning_rate"] = 100.0
    code, out, err = cli("run", write(config))
    assert code == 1
    run = RunStore(tmp_path / "runs").get(out.splitlines()[-1])
    assert run.status == "failed"
    assert f"step {run.step + 1}" in err
    assert "smaller learning rate" in err
    assert "Traceback" not in err


BAD_CONFIGS = {
    "a value out of range": ({**LINE, "epochs": 0}, ["epochs", "0", "1"]),
    "a batch too large": ({**LINE, "batch_size": 4096}, ["batch_size", "4096", "80", "smaller"]),
    "an unknown model": ({**LINE, "model": "gpt"}, ["model", "gpt", "mlp"]),
    "an unknown field": ({**LINE, "epoch": 3}, ["epoch", "epochs"]),
    "an unknown option": ({**LINE, "dataset_options": {"length": 3}}, ["length", "size"]),
    "a missing field": ({"model": "mlp"}, ["dataset", "digits"]),
    "an absent device": ({**LINE, "device": "GPU:7"}, ["device", "GPU:7", "CPU:0"]),
    "no JSON": ("{epochs: 3", ["JSON"]),
    "no object": ("[1]", ["object", "[1]"]),
    "not finite": ('{"model": "linear", "dataset": "linear", "clip_norm": Infinity}', ["clip_norm", "inf"]),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_a_bad_config_is_one_line_and_nothing_is_started(cli, write, tmp_path, case):
    config, words = BAD_CONFIGS[case]
    assert_refused(cli("run", write(config)), *words)
    assert not (tmp_path / "runs").exists()


def assert_refused(result, *words):
    code, out, err = result
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert err.endswith(".\n")
    assert "Traceback" not in err
    for word in words:
        assert word in err


def flowers(path) -> dict:
    """Writes a table of 60 rows and returns a configuration that trains on it."""
    rows = [f"{row % 7},{'high' if row % 7 > 3 else 'low'},{['red', ''][row % 2]}" for row in range(60)]
    path.write_text("\n".join(["size,kind,colour", *rows]) + "\n")
    return {"model": "linear", "dataset": "csv", "dataset_options": {"path": str(path), "target": "kind"}, "epochs": 2}


def test_a_data_file_is_trained_on_and_exported(cli, write, tmp_path):
    code, out, err = cli("run", write(flowers(tmp_path / "flowers.csv")))
    assert (code, err.count("Traceback")) == (0, 0)
    run = RunStore(tmp_path / "runs").get(out.splitlines()[-1])
    assert run.status == "completed"
    assert run.config.loss == "sparse_categorical_crossentropy"
    assert cli("export", run.id, "model.keras", "-o", "model.keras")[0] == 0
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert json.loads(archive.read("rows.json"))["classes"] == ["high", "low"]
    # Without the file the run can be looked at, and does not go on.
    (tmp_path / "flowers.csv").unlink()
    assert cli("show", run.id)[0] == 0
    assert_refused(cli("run", write(flowers(tmp_path / "flowers.csv") | {"dataset_options": {}})), "path is empty")


BAD_FILES = {
    "no such file": ({"path": "nowhere.csv"}, ["nowhere.csv", "is not there", "path"]),
    "no such target": ({"target": "kin"}, ["target", "'kin'", "size", "kind", "colour"]),
    "no such column": ({"leave_out": ["sise"]}, ["leave_out", "'sise'", "size"]),
    "another task": ({"task": "regression"}, ["task", "“kind”", "classification"]),
    "a wrong way": ({"missing_numbers": "zero"}, ["missing_numbers", "median", "mean", "drop", "'zero'"]),
    "no list": ({"leave_out": "size"}, ["leave_out", "list", "'size'"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_what_does_not_fit_a_data_file_is_one_line(cli, write, tmp_path, case):
    options, words = BAD_FILES[case]
    config = flowers(tmp_path / "flowers.csv")
    config["dataset_options"] |= options
    assert_refused(cli("run", write(config)), *words)
    assert not (tmp_path / "runs").exists()


def test_paths_that_do_not_work_are_one_line(cli, write, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    assert_refused(cli("run", tmp_path / "absent.json"), "absent.json", "No such file")
    assert_refused(cli("run", tmp_path), str(tmp_path), "directory")
    assert_refused(cli("run", tmp_path / "binary.json"), "binary.json", "UTF-8")
    assert_refused(cli("run", write(LINE), "--runs-dir", tmp_path / "file" / "runs"), "cannot be written", "--runs-dir")
    assert_refused(cli("run", write(LINE), "--name", "x" * 81), "name", "80", "81")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["command"]),
        (("fly",), ["fly"]),
        (("run",), ["config"]),
        (("run", "x.json", "--fast"), ["--fast"]),
        (("show",), ["run_id"]),
        (("show", "nobody"), ["nobody", "List the runs"]),
        (("resume", "nobody"), ["nobody"]),
        (("export", "nobody", "model.keras", "-o", "m.keras"), ["nobody"]),
        (("export", "nobody", "model.keras"), ["-o"]),
    ],
)
def test_a_wrong_command_line_is_one_line(cli, arguments, words):
    assert_refused(cli(*arguments), *words)


def test_resume_refuses_what_cannot_go_on(cli, trained, tmp_path):
    runs = trained.path.parent
    assert_refused(cli("resume", trained.id, "--runs-dir", runs), "completed")
    for source in ("worst", "-1", "7777"):
        refused = cli("resume", trained.id, "--runs-dir", runs, "--from", source)
        assert_refused(refused, "from", source, str(trained.step))
    assert RunStore(runs).get(trained.id).status == "completed"


def test_resume_of_a_run_that_trains_elsewhere_is_refused(cli, store):
    run = store.create(digits(epochs=ENDLESS))
    run.start()
    wait_for_step(run, 1)
    assert_refused(cli("resume", run.id, "--runs-dir", store.path), "running")


def test_resume_goes_on_from_a_step(cli, trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "runs" / trained.id)
    facts = json.loads((tmp_path / "runs" / trained.id / "run.json").read_text())
    (tmp_path / "runs" / trained.id / "run.json").write_text(json.dumps(facts | {"status": "stopped"}))
    first = trained.checkpoints[-1].step
    code, out, _ = cli("resume", trained.id, "--from", first)
    assert (code, out) == (0, trained.id + "\n")
    again = RunStore(tmp_path / "runs").get(trained.id)
    assert again.status == "completed"
    assert again.checkpoints[0].digest == trained.checkpoints[0].digest
    assert f"Training from step {first}." in (again.path / "log.txt").read_text()


def test_list_shows_runs_newest_first(cli, trained, tmp_path):
    code, out, _ = cli("list", "--runs-dir", trained.path.parent)
    assert code == 0
    assert out.count("\n") == 1
    for word in (trained.id, "completed", "digits/mlp", "a digit or two"):
        assert word in out
    assert "No runs yet" in cli("list")[1]
    assert json.loads(cli("list", "--json")[1]) == []
    store = RunStore(tmp_path / "several")
    ids = [store.create(line()).id for _ in range(3)]
    broken = store.path / ids[0] / "config.json"
    broken.write_text("{")
    listed = json.loads(cli("list", "--json", "--runs-dir", store.path)[1])
    assert [found["id"] for found in listed] == ids[::-1]
    assert {"id", "name", "status", "reason", "step", "epoch"} <= listed[0].keys()
    assert "unreadable" in cli("list", "--runs-dir", store.path)[1]


def test_show_gives_what_the_contract_says(cli, trained):
    code, out, err = cli("show", trained.id, "--runs-dir", trained.path.parent, "--json")
    assert (code, err) == (0, "")
    shown = json.loads(out)
    assert (shown["id"], shown["name"], shown["status"], shown["reason"]) == (
        trained.id, "a digit or two", "completed", "")  # fmt: skip
    assert (shown["step"], shown["epoch"]) == (135, 3)
    assert shown["steps_per_second"] > 0
    assert shown["config"]["model_options"]["dropout"] == 0.2
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= shown["metrics"]["last"].keys()
    best = min(trained.history.epochs.frame()["val_loss"])
    assert shown["metrics"]["best"]["val_loss"] == pytest.approx(best)
    newest = shown["checkpoints"][0]
    assert newest["step"] == 135
    assert Path(newest["path"]).is_dir()
    assert shown["digest"] == newest["digest"]
    assert len(shown["digest"]) == 64
    assert shown["fingerprint"]["tensorflow"]
    text = cli("show", trained.id, "--runs-dir", trained.path.parent)[1]
    assert shown["digest"] in text
    assert "completed" in text


def test_show_of_a_fresh_run_has_all_keys(cli, store):
    run = store.create(line())
    shown = json.loads(cli("show", run.id, "--runs-dir", store.path, "--json")[1])
    assert shown["status"] == "queued"
    assert shown["digest"] is shown["steps_per_second"] is None
    assert shown["metrics"] == {"last": {}, "best": {}}
    assert shown["checkpoints"] == []


def test_export_writes_the_file(cli, trained, tmp_path):
    runs = trained.path.parent
    for kind in ("history.csv", "epochs.csv", "config.json", "checkpoint.zip"):
        assert cli("export", trained.id, kind, "-o", tmp_path / kind, "--runs-dir", runs) == (0, "", "")
        assert (tmp_path / kind).stat().st_size > 0
    assert zipfile.is_zipfile(tmp_path / "checkpoint.zip")


def test_export_refuses_in_one_line(cli, trained, store, tmp_path):
    runs, fresh = trained.path.parent, store.create(line())
    refused = cli("export", trained.id, "model.exe", "-o", tmp_path / "x", "--runs-dir", runs)
    assert_refused(refused, "model.exe", "model.keras")
    for kind in ("history.csv", "config.json", "checkpoint.zip", "model.keras"):
        for target in (tmp_path / "absent" / kind, tmp_path):
            refused = cli("export", trained.id, kind, "-o", target, "--runs-dir", runs)
            assert_refused(refused, str(tmp_path))
    assert_refused(cli("export", fresh.id, "model.keras", "-o", "m", "--runs-dir", store.path), "no checkpoint")
    assert_refused(cli("export", fresh.id, "history.csv", "-o", "h", "--runs-dir", store.path), "Nothing")
    assert not list(tmp_path.glob(".*"))
    assert not list(tmp_path.glob("[mh]"))


def test_catalog_lists_everything_with_its_options(cli):
    code, out, _ = cli("catalog", "--json")
    assert code == 0
    catalog = json.loads(out)
    assert {"models", "datasets", "optimizers", "losses", "metrics", "schedules", "exports"} <= catalog.keys()
    settings = {entry["name"]: entry for entry in catalog["settings"]}
    assert {"clip_norm", "gradient_accumulation_steps", "ema_momentum", "early_stopping"} <= settings.keys()
    assert settings["epochs"]["default"] == 10
    assert [option["name"] for option in settings["early_stopping"]["options"]][:2] == ["monitor", "patience"]
    # Every field of a configuration is there: as an entry's name, its options, or a setting.
    named = {"model", "dataset", "optimizer", "loss", "metrics", "schedule"}
    assert settings.keys() == RunConfig.model_fields.keys() - named - {f"{name}_options" for name in named}
    models = {entry["name"]: entry for entry in catalog["models"]}
    assert {"mlp", "cnn", "linear"} <= models.keys()
    options = {option["name"]: option for option in models["mlp"]["options"]}
    assert set(options) == {"layers", "units", "activation", "dropout", "batch_norm"}
    assert options["activation"]["choices"]
    assert catalog["devices"][0]["name"] == "CPU:0"
    text = cli("catalog")[1]
    assert all(name in text for name in ("mlp", "digits", "adam", "batch_norm", "cosine", "patience", "CPU:0"))


@pytest.mark.parametrize("arguments", [("catalog", "--json"), ("list",), ("inspect", "data.csv")])
def test_what_does_not_train_does_not_load_tensorflow(tmp_path, arguments):
    (tmp_path / "data.csv").write_text("a,b\n" + "1,2\n3,4\n" * 40)
    program = f"""
import sys, trainer.__main__ as command
sys.argv = ["trainer", *{arguments!r}]
try:
    command.main()
except SystemExit as end:
    assert not end.code, end.code
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3]), "TRAINDECK_RUNS": str(tmp_path / "runs")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TRAINDECK_THREADS", "-1", "between 1 and 1,024"),
        ("TRAINDECK_THREADS", "two", "between 1 and 1,024"),
        ("TRAINDECK_MAX_BYTES", "abc", "of at least 1"),
        ("TRAINDECK_STREAM_ABOVE", "1.5", "of at least 0"),
    ],
)
def test_a_wrong_environment_variable_is_one_line(cli, monkeypatch, name, value, allowed):
    monkeypatch.setenv(name, value)
    assert_refused(cli("list"), name, f"whole number {allowed}", repr(value))


def test_help_is_no_error(cli):
    code, out, _ = cli("--help")
    assert code == 0
    assert all(command in out for command in ("run", "resume", "list", "show", "export", "catalog"))


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGHUP]],
    ids=["ctrl-c", "ctrl-c twice", "hangup"],
)
def test_a_signal_saves_a_checkpoint_and_the_run_goes_on(tmp_path, signals):
    """In a process of its own, as a signal goes to all of one."""
    config = tmp_path / "config.json"
    config.write_text(line(epochs=ENDLESS, checkpoint_seconds=1).to_json())
    runs = tmp_path / "runs"
    command = [sys.executable, "-m", "trainer", "run", str(config), "--runs-dir", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            wait_for_rows(child, runs)
            for number in signals:
                child.send_signal(number)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 128 + signals[0], err
    assert "Traceback" not in err
    run = RunStore(runs).get(out.splitlines()[-1])
    assert (run.status, run.step) == ("interrupted", run.checkpoints[0].step)
    assert f"python -m trainer resume {run.id}" in err
    # TensorFlow's banners stay off the terminal: all that is there is the bar and what we say.
    assert "I0000" not in err.split("epoch")[0]
    if signals == [signal.SIGINT]:
        assert run.resume().acted
        run.stop()
        finish(run)
        assert len(run.history) == run.step


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_before_training_leaves_nothing_half_done(tmp_path, times):
    """The signal comes while TensorFlow is still being loaded."""
    config, runs = tmp_path / "config.json", tmp_path / "runs"
    config.write_text(digits(epochs=ENDLESS).to_json())
    command = [sys.executable, "-m", "trainer", "run", str(config), "--runs-dir", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            os.read(child.stderr.fileno(), 1)  # The bar is drawn first while the run warms up.
            for _ in range(times):
                child.send_signal(signal.SIGINT)
                time.sleep(0.3)  # two at once are one
            out, err = child.communicate(timeout=90)
        finally:
            child.kill()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    run = RunStore(runs).get(out.splitlines()[-1])
    assert f"python -m trainer resume {run.id}" in err
    assert run.status == "interrupted"
    assert run.step <= 1


def wait_for_rows(child: subprocess.Popen, runs: Path, seconds: float = 60) -> None:
    """Waits until a run in a folder has rows on disk."""
    deadline = time.monotonic() + seconds
    while not any(len(History.load(path)) for path in (runs.iterdir() if runs.exists() else ())):
        assert child.poll() is None, child.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


# The queue


def test_a_list_tells_tags_and_the_place_in_the_queue(cli, tmp_path):
    store = RunStore(tmp_path / "runs")
    runs = [store.create(digits(epochs=ENDLESS)), store.create(line()), store.create(line())]
    for run in runs:
        run.start()
    runs[1].annotate(tags=["good", "näh"])
    store.move(runs[2].id, 0)
    code, out, _ = cli("list", "--json")
    found = {run["id"]: run for run in json.loads(out)}
    assert code == 0
    assert [found[run.id]["place"] for run in runs] == [None, 1, 0]
    assert [found[run.id]["tags"] for run in runs] == [[], ["good", "näh"], []]
    assert store.close(60)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, "stopped"), (signal.SIGTERM, "queued")])
def test_a_run_waits_in_the_foreground_until_a_signal_ends_the_wait(tmp_path, sent, status):
    store, config = RunStore(tmp_path / "runs"), tmp_path / "config.json"
    busy = store.create(digits(epochs=ENDLESS), name="busy")
    busy.start()
    wait_for_step(busy, 1)
    config.write_text(line().to_json())
    command = [sys.executable, "-m", "trainer", "run", str(config), "--runs-dir", str(store.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            shown = ""
            while "Waiting: busy is training on CPU:0" not in shown:
                character = child.stderr.read(1)
                assert character, shown
                shown += character
            child.send_signal(sent)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 128 + sent, err
    assert "Traceback" not in err
    run = store.get(out.splitlines()[-1])
    assert (run.status, run.step) == (status, 0)
    assert f"python -m trainer resume {run.id}" in err
    # What stays in the queue is begun by whoever comes next.
    assert [waiting.id for waiting in store.queue()] == ([run.id] if status == "queued" else [])
    busy.stop()
    assert run.resume().acted
    assert finish(run).status == "completed"
    finish(busy)
