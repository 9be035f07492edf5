"""The panel "What the model sees": newest frame while live, a slider afterwards, a sentence where a file is damaged."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from pages.ui.run.sees.counts import agreement_figure, confusion_figure, errors_figure, labels_figure
from pages.ui.run.sees.guesses import count_right, generated_html, images_html, reconstructions_html, sequences_html
from pages.ui.run.sees.planes import line_figure, surface_figure
from tests.pages.conftest import open_page
from tests.trainer.recipes import ENDLESS, line
from tests.trainer.watching import finish, wait_until
from trainer import RunConfig, RunStore
from trainer.runs.views.frames import frame_path, list_frames

TITLE = "##### What the model sees"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A completed run with a frame of each of its three epochs."""
    from trainer.training.views import frames

    with pytest.MonkeyPatch.context() as patch:
        for name in ("FRAME_SECONDS", "REST", "REST_AFTER_FIRST"):
            patch.setattr(frames, name, 0)
        run = RunStore(tmp_path_factory.mktemp("runs")).create(line())
        run.start()
        finish(run)
    return run


@pytest.fixture
def run(store, finished):
    """A copy of it in the page's store."""
    store.path.mkdir(exist_ok=True)
    shutil.copytree(finished.path, store.path / finished.id)
    return store.get(finished.id)


def texts(page) -> str:
    return "\n".join(found.value for found in (*page.markdown, *page.caption, *page.warning))


def test_a_slider_goes_back_through_the_epochs(run):
    page = open_page(run)
    assert not page.exception
    [slider] = page.select_slider
    assert (slider.options, slider.value) == (["1", "2", "3"], 3)
    assert TITLE in texts(page)
    assert "Epoch **3** of 3" in texts(page)
    assert "Points: validation examples (large) and training examples (small)." in texts(page)
    slider.set_value(1).run()
    assert "Epoch **1** of 3" in texts(page)
    assert len(page.get("plotly_chart")) >= 1


def test_a_damaged_frame_is_a_sentence_and_the_others_are_still_shown(run):
    frame_path(run.path, 3).write_bytes(b"PK")
    np.savez(frame_path(run.path, 2), other=np.zeros(3))
    page = open_page(run)
    assert not page.exception
    assert "The picture of epoch 3 cannot be read: its file is damaged. Choose another epoch." in texts(page)
    page.select_slider[0].set_value(2).run()
    assert "The picture of epoch 2 cannot be read" in texts(page)
    page.select_slider[0].set_value(1).run()
    assert "cannot be read" not in texts(page)
    (run.path / "views" / "fixed.npz").unlink()
    assert "Train the run again to see it." in texts(open_page(run))


def test_before_the_first_frame_there_is_an_empty_place(store):
    run = store.create(RunConfig(model="mlp", dataset="digits", epochs=ENDLESS))
    page = open_page(run)
    assert "The first picture comes when the first epoch ends." in texts(page)
    run.start()
    wait_until(run, lambda: list_frames(run.path))
    page = open_page(run)
    assert not page.select_slider
    assert re.search(r"Epoch \*\*\d+\*\* of 100,000", texts(page))
    assert "of 24 validation examples right" in texts(page)
    run.stop()


def test_pictures_of_an_earlier_version_are_still_shown(run):
    shutil.rmtree(run.path / "views")
    (run.path / "samples").mkdir()
    for epoch in (1, 2):
        Image.new("L", (8, 8)).save(run.path / "samples" / f"epoch-{epoch:06d}.png")
    page = open_page(run)
    assert not page.exception
    assert page.select_slider[0].value == 2
    assert len(page.get("image")) == 1


def test_a_run_without_frames_has_no_panel(run):
    shutil.rmtree(run.path / "views")
    assert TITLE not in texts(open_page(run))


def test_points_have_the_colour_of_their_class_and_a_border_lies_between_two():
    fixed = {"x": np.arange(3.0), "y": np.arange(3.0), "points": np.array([[0.5, 1], [1.5, 2]]),
             "targets": np.array([0, 1]), "held_out": np.array([True, False])}  # fmt: skip
    surface = np.stack([np.full((3, 3), 0.2), np.full((3, 3), 0.8)], axis=2).astype(np.float16)
    figure = surface_figure(fixed, {"surface": surface}, ("a", "b"), ("one", HOSTILE))
    assert [trace.type for trace in figure.data] == ["heatmap", "contour", "scatter", "scatter"]
    assert [trace.marker.color for trace in figure.data[2:]] == ["#0072B2", "#E69F00"]
    assert HOSTILE not in figure.to_json()
    three = np.stack([np.full((3, 3), share) for share in (0.2, 0.7, 0.1)], axis=2)
    heat = surface_figure(fixed, {"surface": three}, ("a", "b"), "xyz").data[0]
    assert (np.floor(heat.z) == 1).all()
    values = surface_figure(fixed, {"surface": surface[..., 0]}, ("a", "b"), ())
    assert (values.data[0].zmin, values.data[0].zmax) == (0, 1)


def test_a_line_keeps_the_axis_at_the_points():
    fixed = {"x": np.arange(5.0), "points": np.arange(4.0), "targets": np.array([0.0, 1, 2, 10])}
    fixed["held_out"] = np.ones(4, bool)
    figure = line_figure(fixed, {"line": np.full(5, 1e6)}, "x", "y", ())
    assert figure.layout.yaxis.range == (-1.5, 11.5)
    classes = line_figure(fixed | {"targets": np.array([0, 1, 0, 1])}, {"line": np.full((5, 2), 0.5)}, "x", "y", "ab")
    assert [trace.name for trace in classes.data[::2]] == ["a", "b"]


def test_counts_are_drawn_as_they_are():
    matrix = np.array([[8, 2], [0, 5]])
    figure = confusion_figure({"confusion": matrix}, ("cat", HOSTILE))
    np.testing.assert_allclose(figure.data[0].z, [[0.8, 0.2], [0, 1]])
    assert [note.text for note in figure.layout.annotations] == ["8", "2", "5"]
    assert HOSTILE not in figure.to_json()
    assert len(confusion_figure({"confusion": np.eye(100)}, [str(i) for i in range(100)]).layout.xaxis.tickvals) == 20
    figure = agreement_figure({"targets": np.array([0.0, 10])}, {"predicted": np.array([5.0, 99])}, "mpg")
    assert list(figure.data[1].y) == [5, 10.8]
    counts = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    assert [list(trace.x) for trace in labels_figure({"counts": counts}, "ab").data] == counts.T.tolist()
    assert list(errors_figure({"error": np.array([0.5, 0.1])}, ("a", "b")).data[0].x) == [0.5, 0.1]


def test_wrong_guesses_are_marked_with_the_truth_and_text_is_escaped():
    fixed = {"images": np.zeros((3, 8, 8, 1), np.uint8), "targets": np.array([0, 1, 1])}
    shares = np.array([[0.9, 0.1], [0.7, 0.3], [0.002, 0.998]], np.float16)
    page = images_html(fixed, {"probabilities": shares}, ("cat", HOSTILE))
    assert page.count("sees-wrong") == 1
    assert "✕ cat · 70 %" in page
    assert "· 99 %" in page, "less than certain is never 100 %"
    assert "is &lt;img src=x" in page
    assert HOSTILE not in page
    assert count_right(fixed["targets"], shares) == 2
    several = {"images": fixed["images"], "targets": np.array([[1.0, 0], [1, 1], [0, 0]])}
    page = images_html(several, {"probabilities": shares}, ("sky", "sea"))
    assert page.count("sees-wrong") == 2
    assert "is sky, sea" in page
    sequences = {"sequences": np.random.default_rng(0).normal(size=(3, 20, 2)), "targets": fixed["targets"]}
    assert sequences_html(sequences, {"probabilities": shares}, "ab").count("data:image/svg+xml") == 3


def test_images_stand_above_their_reconstructions():
    rows = np.arange(20, dtype=np.uint8).reshape(20, 1, 1, 1)
    page = reconstructions_html({"images": rows}, {"reconstructions": rows})
    order = re.findall(r'alt="(\w+) (\d+)"', page)
    assert order[9:12] == [("input", "10"), ("reconstruction", "1"), ("reconstruction", "2")]
    assert len(order) == 40
    assert generated_html({"images": np.zeros((40, 8, 8, 3), np.uint8)}).count("<img") == 40
