"""The import of TensorFlow pauses while the first page is being drawn, but not for ever."""

import importlib
import sys
import threading

import pytest

from server.process.first_page import LONGEST, QUIET, FirstPage
from server.process.polite_import import polite_imports


@pytest.fixture
def now():
    return [10.0]


@pytest.fixture
def page(now):
    return FirstPage(lambda: now[0])


def send(page, path):
    page.note({"type": "http", "path": path})


def test_nothing_is_drawn_before_a_script_runs(page):
    assert not page.is_being_drawn()
    for path in ("/api/health", "/", "/static/js/index.js"):
        send(page, path)
        assert not page.is_being_drawn()
        assert not page.is_over()


def test_a_page_is_being_drawn_until_its_script_has_been_quiet(page, now):
    for _ in range(2):
        send(page, "/_stcore/stream")
        now[0] += QUIET * 0.9
        assert page.is_being_drawn()
        send(page, "/static/js/index.js")
        now[0] += QUIET * 0.9
        assert page.is_being_drawn()
    now[0] += QUIET
    assert not page.is_being_drawn()
    assert page.is_over()


def test_a_page_that_takes_long_is_not_waited_for(page, now):
    for _ in range(100):
        send(page, "/_stcore/stream")
        now[0] += LONGEST / 50
    assert not page.is_being_drawn()


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
