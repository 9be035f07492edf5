"""The heavy imports wait for the first page, but not for ever."""

import pytest

from server.process.first_page import LONGEST, PATIENCE, QUIET, FirstPage


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def page(now):
    return FirstPage(lambda: now[0])


def send(page, path):
    page.note({"type": "http", "path": path})


def test_nobody_comes(page, now):
    assert not page.is_out()
    now[0] = PATIENCE + 0.01
    assert page.is_out()


def test_asking_for_health_is_not_asking_for_a_page(page, now):
    send(page, "/api/health")
    now[0] = PATIENCE + 0.01
    assert page.is_out()


def test_a_page_is_out_when_its_script_has_been_quiet(page, now):
    now[0] = PATIENCE - 0.1
    send(page, "/")
    now[0] += 1.0
    assert not page.is_out()  # asked for in time: it is waited for
    for _ in range(5):
        send(page, "/_stcore/stream")
        send(page, "/static/js/index.js")
        now[0] += QUIET / 2
        assert not page.is_out()
    now[0] += QUIET
    assert page.is_out()


def test_a_page_that_never_comes_is_not_waited_for(page, now):
    send(page, "/")
    now[0] = LONGEST - 0.01
    assert not page.is_out()
    now[0] = LONGEST + 0.01
    assert page.is_out()


def test_once_out_it_stays_out(page, now):
    now[0] = PATIENCE + 1
    assert page.is_out()
    send(page, "/")
    assert page.is_out()
