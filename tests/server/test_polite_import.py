"""The import of TensorFlow pauses while a page waits, but not for ever."""

import importlib
import sys
import threading

import pytest

from server.process.polite_import import polite_imports


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module `slow`, under the name of one that is imported politely."""
    monkeypatch.setattr("server.process.polite_import._PAUSED", ("polite_package.",))
    (tmp_path / "polite_package").mkdir()
    (tmp_path / "polite_package" / "__init__.py").touch()
    (tmp_path / "polite_package" / "slow.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield "polite_package.slow"
    for name in ("polite_package", "polite_package.slow"):
        sys.modules.pop(name, None)


def test_an_import_pauses_while_the_page_is_busy_and_then_goes_on(package):
    busy, done = threading.Event(), threading.Event()
    busy.set()

    def work():
        with polite_imports(busy.is_set):
            importlib.import_module(package)
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert not done.wait(0.2)
    busy.clear()
    assert done.wait(10)
    assert package in sys.modules


def test_all_pauses_together_have_a_limit(package, monkeypatch):
    monkeypatch.setattr("server.process.polite_import.LONGEST", 0.05)
    with polite_imports(lambda: True):
        importlib.import_module(package)
    assert package in sys.modules


def test_other_threads_import_without_a_pause(package):
    done = threading.Event()
    with polite_imports(lambda: True):
        threading.Thread(target=lambda: (importlib.import_module(package), done.set()), daemon=True).start()
        assert done.wait(10)


def test_nothing_is_left_in_the_import_system():
    before = list(sys.meta_path)
    with polite_imports(lambda: False):
        assert len(sys.meta_path) == len(before) + 1
    assert sys.meta_path == before
