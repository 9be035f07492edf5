"""The Predict page as a person uses it: draw a digit, type a row, predict a file."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, set_number, settle, wait_warm
from trainer import RunConfig, RunStore, predict
from trainer.data.uploads import DatasetStore

pytestmark = pytest.mark.browser

#: A one, a zero and a four, as points in the unit square, stroke by stroke.
ANGLES = np.linspace(0, 2 * np.pi, 25)
DIGITS = {
    "1": [[(0.5, 0.12), (0.5, 0.88)]],
    "0": [list(zip(0.5 + 0.2 * np.sin(ANGLES), 0.5 - 0.33 * np.cos(ANGLES), strict=True))],
    "4": [[(0.5, 0.12), (0.25, 0.6), (0.75, 0.6)], [(0.6, 0.38), (0.6, 0.9)]],
}


def penguins() -> bytes:
    """Returns the penguins, or as many made-up ones where the real data is not there."""
    path = Path(os.environ.get("TRAINDECK_DATA", "../shared/data")).resolve() / "penguins.csv"
    if path.exists():
        return path.read_bytes()
    random, lines = np.random.default_rng(0), ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,sex"]
    for name, island, *means in (("Adelie", "Dream", 38.8, 18.3, 190), ("Gentoo", "Biscoe", 47.5, 15.0, 217)):
        for _ in range(150):
            numbers = ",".join(f"{mean + random.normal() * mean / 25:.1f}" for mean in means)
            lines.append(f"{name},{island},{numbers},{random.choice(['MALE', 'FEMALE'])}")
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """A server with a run on the digits and one on penguins, by name."""
    folder = tmp_path_factory.mktemp("predict")
    server = Server(folder / "runs", folder / "server.log")
    table = DatasetStore(server.datasets).add(io.BytesIO(penguins()), "penguins.csv")
    store = RunStore(server.runs)
    path = str(table.path)
    for name, fields in (
        ("digits", {"dataset": "digits", "epochs": 15}),
        ("penguins", {"dataset": "csv", "dataset_options": {"path": path, "target": "species"}, "epochs": 15}),
    ):
        run = store.create(RunConfig(model="mlp", **fields), name)
        run.start()
        assert run.wait(120)
        assert run.status == "completed", run.reason
    server.start()
    yield server, {run.name: run for run in store.list()}
    server.kill()


def open_run(page, server: Server, run) -> None:
    page.goto(f"{server.url}/predict?run={run.id}")
    settle(page)
    wait_warm(page)
    expect(page.locator(".st-key-predict_way_select")).to_be_visible()
    settle(page)


def choose_way(page, label: str) -> None:
    page.locator(".st-key-predict_way_select").get_by_role("radio", name=label).click()
    settle(page)


def draw(page, strokes) -> None:
    """Draws on the canvas with the mouse."""
    box = page.get_by_label("Drawing area").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def answer(page):
    return page.locator(".st-key-predict_answer_show h1")


def test_digits_drawn_with_the_mouse_are_recognized(page, tried):
    server, runs = tried
    open_run(page, server, runs["digits"])
    choose_way(page, "Draw")
    for digit, strokes in DIGITS.items():
        draw(page, strokes)
        expect(answer(page)).to_have_text(digit)
        expect(page.get_by_text("What the model receives: 8×8 pixels.")).to_be_visible()
        clear = page.get_by_role("button", name="Clear")
        clear.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Draw something")).to_be_visible()
    assert page.problems == []


def test_a_typed_penguin_gets_its_species(page, tried):
    server, runs = tried
    run = runs["penguins"]
    open_run(page, server, run)
    places = {column.name: place for place, column in enumerate(run.spec.columns)}
    for species, length, depth, flipper, island in (
        ("Gentoo", 50, 15, 225, "Biscoe"),
        ("Adelie", 37, 19, 185, "Dream"),
    ):
        for name, value in (("bill_length_mm", length), ("bill_depth_mm", depth), ("flipper_length_mm", flipper)):
            set_number(page, f"predict_{run.id}_{places[name]}_type", value)
        if "body_mass_g" in places:
            set_number(page, f"predict_{run.id}_{places['body_mass_g']}_type", 5400 if species == "Gentoo" else 3600)
        page.locator(f".st-key-predict_{run.id}_{places['island']}_type input").click()
        page.get_by_role("option", name=island, exact=True).click()
        expect(answer(page)).to_have_text(species)
    assert page.problems == []


def test_predictions_for_a_file_of_rows_are_downloaded(page, tried, tmp_path):
    server, runs = tried
    run = runs["penguins"]
    header, *lines = penguins().splitlines()
    content = b"\n".join([header, *lines * 110])
    assert len(content) > 2**20  # below, no limit would be met
    (tmp_path / "new.csv").write_bytes(content)
    open_run(page, server, run)
    choose_way(page, "File")
    page.locator(".st-key-predict_file_upload input[type=file]").set_input_files(tmp_path / "new.csv")
    expected = predict(run, tmp_path / "new.csv")
    expect(page.get_by_text(f"{len(expected):,} predictions")).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download predictions").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines()))
    assert [row["predicted species"] for row in rows] == expected.labels
    found = [float(row["probability"]) for row in rows]
    np.testing.assert_allclose(found, expected.probabilities.max(axis=1), rtol=1e-5)
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    page.locator(".st-key-predict_file_upload input[type=file]").set_input_files(tmp_path / "bad.csv")
    expect(page.get_by_text("lacks the columns")).to_be_visible()
    assert page.problems == []
