"""Jobs: one background thread, one job per key, and training comes first."""

import threading

from trainer.analysis import jobs
from trainer.errors import DataError


def done(job):
    assert job.wait(30)
    return job


def test_the_same_key_is_worked_once_and_kept():
    calls = []
    first = done(jobs.ask(("once",), lambda job: calls.append(job) or len(calls)))
    assert jobs.ask(("once",), lambda job: calls.append(job)) is first
    assert (first.result, first.is_done, first.error) == (1, True, "")
    jobs.forget(("once",))
    assert done(jobs.ask(("once",), lambda job: "again")).result == "again"


def test_an_error_is_a_sentence_and_the_next_job_is_done():
    def refuse(job):
        raise DataError("The file is gone. Upload it again.")

    assert done(jobs.ask(("refused",), refuse)).error == "The file is gone. Upload it again."
    assert "ZeroDivisionError" in done(jobs.ask(("bug",), lambda job: 1 / 0)).error
    assert done(jobs.ask(("fine",), lambda job: 5)).result == 5


def test_a_cancelled_job_ends_at_its_next_batch():
    begun, go_on = threading.Event(), threading.Event()

    def work(job):
        begun.set()
        go_on.wait(30)
        job.give_way()
        raise AssertionError("went on")

    job = jobs.ask(("cancelled",), work)
    assert begun.wait(30)
    jobs.forget(("cancelled",))
    go_on.set()
    assert done(job).is_cancelled
    assert not job.is_done
    assert job.error == ""


def test_while_a_run_trains_a_job_sleeps_most_of_the_time(monkeypatch):
    slept = []
    monkeypatch.setattr(jobs, "count_training", lambda: 1)
    monkeypatch.setattr(jobs.time, "sleep", slept.append)
    times = iter([0.0, 0.0, 0.02, 0.02])
    monkeypatch.setattr(jobs.time, "monotonic", lambda: next(times))
    job = jobs.Job(("busy",), lambda job: job.give_way())
    job._worked_since = next(times)
    next(times)
    job.give_way()
    assert slept == [0.02 * (1 / jobs.SHARE - 1)]
