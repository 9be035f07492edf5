"""The command line in this process, and files to give it."""

import json
import sys
from pathlib import Path

import pytest

from trainer.__main__ import main


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """Uploaded data sets and runs go into folders of the test; returns that of the data sets."""
    folder = tmp_path / "datasets"
    monkeypatch.setenv("TRAINDECK_DATASETS", str(folder))
    monkeypatch.setenv("TRAINDECK_RUNS", str(tmp_path / "runs"))
    return folder


@pytest.fixture
def cli(monkeypatch, capfd, tmp_path):
    """Returns a function that runs the command line here and returns exit code, stdout and stderr."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TRAINDECK_DATASETS", str(tmp_path / "datasets"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["trainer", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not list(folder.iterdir())
        return ended.value.code, *capfd.readouterr()

    return run


@pytest.fixture
def refusal(monkeypatch, capsys):
    """Returns a function that gives the line with which the command line refuses to train on a file."""

    def line(dataset: str, path: Path) -> str:
        recipe = path.with_suffix(".json")
        recipe.write_text(json.dumps({"model": "mlp", "dataset": dataset, "dataset_options": {"path": str(path)}}))
        monkeypatch.setattr(sys, "argv", ["trainer", "run", str(recipe)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return line


@pytest.fixture
def write(tmp_path):
    def file(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return file
