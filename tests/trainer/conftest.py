"""A folder of runs for each test, whose live runs are ended with it, and the command line in this process."""

import signal
import sys

import pytest

from trainer import RunStore
from trainer.__main__ import main
from trainer.cli.signals import ENDING


@pytest.fixture
def store(tmp_path):
    runs = RunStore(tmp_path / "runs")
    yield runs
    assert runs.close(60)


@pytest.fixture
def cli(monkeypatch, capfd, tmp_path):
    """Returns a function that runs the command line here and returns exit code, stdout and stderr."""
    monkeypatch.delenv("TRAINDECK_RUNS", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["trainer", *map(str, arguments)])
        handlers = {number: signal.getsignal(number) for number in ENDING}
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        out, err = capfd.readouterr()
        return ended.value.code, out, err

    return run
