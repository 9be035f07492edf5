"""The main job as a person does it: choose, train, watch, pause, resume, stop, crash, resume, download."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile

import pandas as pd
import pytest
from playwright.sync_api import expect

from pages.ui.numbers import format_number
from tests.browser.conftest import set_number, settle, wait_points, wait_status, wait_warm
from trainer import RunStore

pytestmark = pytest.mark.browser


def drawn_points(page) -> int:
    """How many batches the chart shows: the store of the page, not what the server says."""
    return page.evaluate("window.traindeck ? window.traindeck.points : 0")


def only_run(server):
    [run] = RunStore(server.runs).list()
    return run


def start_digits(page, server, epochs: int) -> None:
    """Opens the page, fills the form by its preset and starts; returns when the first point is drawn."""
    page.goto(server.url)
    settle(page)
    wait_warm(page)
    page.get_by_role("button", name="Digits in ten seconds").click()
    settle(page)
    set_number(page, "train_epochs_set", epochs)
    page.get_by_role("button", name="Start training").click()
    wait_points(page, 0)


def test_one_click_trains_what_the_form_opens_with(page, server):
    page.goto(server.url)
    settle(page)
    page.get_by_role("button", name="Start training").click()
    wait_points(page, 0)
    wait_status(page, "completed")


def test_choose_train_watch_pause_resume_stop(page, server):
    start_digits(page, server, epochs=20_000)
    wait_status(page, "running")
    before = wait_points(page, 500)

    page.reload()
    settle(page)
    wait_points(page, before)
    # As many points as steps: the curve begins at the first one.
    page.wait_for_function("n => window.traindeck.lastStep > n && window.traindeck.points >= window.traindeck.lastStep",
                           arg=before)  # fmt: skip

    page.get_by_role("button", name="Pause").click()
    wait_status(page, "paused")
    run = only_run(server)
    assert run.status == "paused"
    page.wait_for_function("n => window.traindeck.points === n", arg=run.step)
    assert run.checkpoints[0].step == run.step

    page.get_by_role("button", name="Resume").click()
    wait_status(page, "running")
    wait_points(page, run.step)
    page.get_by_role("button", name="Stop").click()
    wait_status(page, "stopped")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    assert page.problems == []


def test_the_page_asks_no_other_host_for_anything(page, server):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    start_digits(page, server, epochs=2)
    wait_status(page, "completed")
    foreign = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert foreign == []


# The three that follow share a server one after the other: the first looks at its start, the second kills it and
# starts it again, the third ends it.


def test_the_page_comes_up_before_the_engine_is_warm(page, ended_server):
    if ended_server.is_running:
        ended_server.kill()
    page.goto(ended_server.start().url)
    page.get_by_role("button", name="Start training").wait_for(timeout=30_000)
    page.get_by_text("The engine is warming up").wait_for(timeout=5_000)
    wait_warm(page)
    assert page.problems == []


def test_a_killed_server_loses_nothing_that_a_click_does_not_bring_back(page, own_server, tmp_path):
    start_digits(page, own_server, epochs=400)
    wait_points(page, 2_000)
    own_server.kill()
    own_server.start()

    page.goto(own_server.url)
    settle(page)
    offer = page.locator(".st-key-train_interrupted_offer")
    offer.get_by_role("button", name="Resume").click()
    wait_status(page, "completed", seconds=120)
    run = only_run(own_server)
    assert run.step == run.total_steps
    page.wait_for_function("n => window.traindeck.points === n", arg=run.step, timeout=30_000)

    def download(name: str):
        page.get_by_role("button", name="Download").click()
        link = page.get_by_role("link", name=name)
        link.wait_for()
        # The link opens a tab that closes itself, too quickly to be watched: its address is fetched instead.
        answer = page.request.get(f"{own_server.url}{link.get_attribute('href')}", timeout=60_000)
        page.keyboard.press("Escape")
        assert answer.ok, answer.text()
        path = tmp_path / answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        path.write_bytes(answer.body())
        return path

    history = pd.read_csv(download("history.csv"))
    assert history["step"].tolist() == list(range(1, run.total_steps + 1))
    checkpoint = download("checkpoint.zip")
    with zipfile.ZipFile(checkpoint) as archive:
        assert f"{run.id}/config.json" in archive.namelist()
        assert any(name.endswith("state.npz") for name in archive.namelist())
    model = download("model.keras")
    assert model.name.startswith(run.name)

    shown = run.metrics["last"]["val_accuracy"]
    assert page.locator(".lp-figures").get_by_text(format_number(shown), exact=True).count() == 1
    # The menu offers the best weights first; the figures are of the newest.
    assert abs(validation_accuracy(model, run) - run.metrics["best"]["val_accuracy"]) < 1e-6
    assert page.problems == []


def validation_accuracy(model, run) -> float:
    """Loads the downloaded model in a process without this project and measures it on the validation split."""
    import numpy as np

    from trainer.data.loading import load_dataset

    config = run.config
    split = load_dataset(
        config.dataset, config.dataset_options, validation_split=config.validation_split, seed=config.seed
    ).validation
    data = model.with_suffix(".npz")
    np.savez(data, x=split.x, y=split.y)
    script = (
        "import sys, json, keras, numpy as np\n"
        "model, data = keras.models.load_model(sys.argv[1]), np.load(sys.argv[2])\n"
        "right = model.predict(data['x'], verbose=0).argmax(-1) == data['y']\n"
        "print(json.dumps(float(right.mean())))\n"
    )
    command = [sys.executable, "-c", script, str(model), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=model.parent, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_sigterm_saves_a_checkpoint_and_ends_within_ten_seconds(page, own_server):
    start_digits(page, own_server, epochs=100_000)
    wait_points(page, 100)
    began = time.monotonic()
    own_server.terminate()
    assert time.monotonic() - began <= 10
    run = only_run(own_server)
    assert run.status == "interrupted"
    assert run.checkpoints[0].step == run.step > 0
