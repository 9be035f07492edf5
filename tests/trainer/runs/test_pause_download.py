"""A run that is asked to end while its data is downloaded ends there, and begins again when it is resumed."""

import io

import pytest

from trainer import RunConfig
from trainer.catalog.datasets.downloaded import _keras_download


@pytest.mark.parametrize(
    ("command", "status"), [("pause", "paused"), ("stop", "stopped"), ("interrupt", "interrupted")]
)
def test_a_command_ends_a_download_at_its_next_block(store, tmp_path, monkeypatch, command, status):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    run = store.create(RunConfig(model="linear", dataset="mnist", epochs=1))
    heard, reads = [], []

    class Slow(io.BytesIO):
        def __init__(self):
            super().__init__()
            self.headers = {"Content-Length": str(400 * _keras_download.BLOCK)}

        def read(self, size):
            reads.append(size)
            heard.append(run.phase)
            if len(reads) == 3:
                assert getattr(run, command)().acted
            return bytes(size)

    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", lambda url, timeout: Slow())
    run.start()
    assert run.wait(60)
    assert (run.status, run.step, run.checkpoints) == (status, 0, [])
    assert len(reads) == 3
    assert heard[1].startswith("Downloading mnist.npz")
    assert list((tmp_path / "keras" / "datasets").iterdir()) == []

    # It begins anew, and hears that there is no network now.
    monkeypatch.setattr(_keras_download.urllib.request, "urlopen", refuse)
    assert run.resume().acted
    assert run.wait(60)
    assert run.status == "failed"
    assert "cannot be downloaded" in run.reason


def refuse(url, timeout):
    """Stands for a machine without network."""
    raise OSError("no route to host")
