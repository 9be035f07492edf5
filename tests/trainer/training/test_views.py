"""Each kind of data has its view: small arrays of what the model makes of fixed examples."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest

from tests.trainer.recipes import digits, line
from trainer.config.data_spec import Column, DataSpec
from trainer.config.fitting import seen_by
from trainer.config.registry import MODELS
from trainer.config.run_config import RunConfig
from trainer.training.learner_state import digest_of, state_arrays
from trainer.training.sessions.commands import Commands
from trainer.training.sessions.events import Ended, EpochEnd, Frame, Note, Snapshot
from trainer.training.sessions.session import session
from trainer.training.views.kinds import view_kind

TABLE = "colour,size,weight,kind,price\n" + "".join(
    f"{'rb'[row % 2]},{row % 7},{row % 5},{'xyz'[row % 3]},{row % 7 + row % 5}\n" for row in range(60)
)
MIXED = (Column("a", "number"), Column("b", "category", ("x",)))
SMALL = {"mlp": {"units": 8, "layers": 1}, "rnn": {"units": 4}, "gan": {"filters": 4, "latent": 4}}


@functools.cache
def plan_of(model: str, dataset: str, **options):
    from trainer.training.build import build

    config = RunConfig(model=model, dataset=dataset, model_options=SMALL.get(model, {}), dataset_options=options)
    plan = build(config)
    return plan, seen_by(MODELS[model], plan.dataset.spec)


def frames_of(model: str, dataset: str, *, histograms: bool = False, **options):
    """Returns a FrameMaker that has made a frame, the frame, the learner and the data set."""
    from trainer.training.views.frames import FrameMaker

    plan, goal = plan_of(model, dataset, **options)
    frames = FrameMaker(goal, plan.dataset, has_histograms=histograms)
    return frames, frames.make(plan.learner), plan.learner, plan.dataset


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "table.csv"
    path.write_text(TABLE)
    return str(path)


def test_two_inputs_give_a_surface_of_probabilities_that_covers_the_points():
    frames, frame, learner, dataset = frames_of("mlp", "spirals")
    fixed, surface = frames.fixed, frame["surface"]
    assert str(fixed["kind"]) == "surface"
    assert (surface.shape, surface.dtype) == ((60, 60, 2), np.float16)
    np.testing.assert_allclose(surface.astype(float).sum(axis=2), 1, atol=2e-3)
    corner = np.array([[fixed["x"][59], fixed["y"][3]]])
    np.testing.assert_allclose(surface[3, 59], learner.predict(corner)[0], atol=1e-3)
    assert len(fixed["points"]) == 500
    assert fixed["held_out"].sum() == len(dataset.validation)
    assert fixed["held_out"][: len(dataset.validation)].all()
    assert fixed["x"][0] < fixed["points"][:, 0].min() < fixed["points"][:, 0].max() < fixed["x"][-1]


def test_two_inputs_of_a_regression_give_a_surface_of_values():
    frames, frame, learner, _ = frames_of("linear_module", "plane")
    assert (frame["surface"].shape, frame["surface"].dtype) == ((60, 60), np.float32)
    expected = learner.predict(np.array([[frames.fixed["x"][7], frames.fixed["y"][40]]], np.float32))
    np.testing.assert_allclose(frame["surface"][40, 7], expected[0, 0], rtol=1e-4, atol=1e-5)


def test_one_input_gives_a_line():
    frames, frame, learner, _ = frames_of("linear", "linear")
    assert str(frames.fixed["kind"]) == "line"
    np.testing.assert_allclose(frame["line"], learner.predict(frames.fixed["x"][:, None])[:, 0])
    assert frames.fixed["points"].shape == frames.fixed["targets"].shape == (500,)


def test_images_give_the_probabilities_of_24_of_them():
    frames, frame, _, dataset = frames_of("mlp", "digits")
    assert (frame["probabilities"].shape, frame["probabilities"].dtype) == ((24, 10), np.float16)
    assert frames.fixed["images"].shape == (24, 8, 8, 1)
    assert frames.fixed["images"].max() == 255
    assert str(frames.fixed["split"]) == "validation"
    assert set(frames.fixed["targets"].tolist()) <= set(dataset.validation.y.tolist())


def test_sequences_give_the_probabilities_of_12_of_them_thinned_to_200_steps():
    frames, frame, _, _ = frames_of("rnn", "sequences", size=60, steps=500)
    assert frame["probabilities"].shape == (12, 4)
    assert frames.fixed["sequences"].shape == (12, 167, 1)
    assert int(frames.fixed["every"]) == 3


def test_a_table_gives_confusions_predicted_values_or_errors_per_column(table):
    frames, frame, learner, dataset = frames_of("mlp", "csv", path=table, target="kind")
    assert frame["confusion"].shape == (3, 3)
    assert frame["confusion"].sum() == len(dataset.validation)
    guessed = learner.predict(dataset.validation.x).argmax(axis=1)
    np.testing.assert_array_equal(frame["confusion"].sum(axis=0), np.bincount(guessed, minlength=3))
    frames, frame, learner, dataset = frames_of("mlp", "csv", path=table, target="price")
    np.testing.assert_array_equal(frame["predicted"], learner.predict(dataset.validation.x)[:, 0])
    np.testing.assert_array_equal(frames.fixed["targets"], dataset.validation.y[:, 0])
    _, frame, _, _ = frames_of("autoencoder", "iris")
    assert frame["error"].shape == (4,)
    assert (frame["error"] > 0).all()


def test_several_labels_give_their_counts():
    _, frame, learner, dataset = frames_of("mlp", "multilabel")
    says, is_set = learner.predict(dataset.validation.x) >= 0.5, dataset.validation.y > 0.5
    np.testing.assert_array_equal(frame["counts"][:, 1], (says & ~is_set).sum(axis=0))
    assert (frame["counts"].sum(axis=1) == len(dataset.validation)).all()


def test_autoencoders_and_gans_give_images():
    frames, frame, _, _ = frames_of("autoencoder", "digits")
    assert frames.fixed["images"].shape == frame["reconstructions"].shape == (20, 8, 8, 1)
    frames, frame, learner, _ = frames_of("gan", "digits")
    assert frame["images"].shape == (40, 8, 8, 1)
    np.testing.assert_array_equal(frame["images"], frames.make(learner)["images"])


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"num_classes": 2, "input_shape": (2,)}, "surface"),
        ({"num_classes": 2, "input_shape": (2,), "columns": MIXED}, "confusion"),
        ({"num_classes": 2, "input_shape": (1,)}, "line"),
        ({"num_classes": 50, "input_shape": (2,)}, "confusion"),
        ({"num_classes": 1000, "input_shape": (5,)}, None),
        ({"task": "regression", "input_shape": (8, 8, 1)}, "agreement"),
        ({"task": "regression", "input_shape": (30, 2)}, "agreement"),
        ({"task": "multilabel", "num_classes": 3, "input_shape": (8, 8, 1)}, "images"),
        ({"task": "multilabel", "num_classes": 3, "input_shape": (2,)}, "labels"),
        ({"task": "reconstruction", "input_shape": (30, 2)}, "errors"),
        ({"task": "generation", "input_shape": (4,)}, None),
    ],
)
def test_the_kind_follows_from_task_and_shape(fields, kind):
    assert view_kind(DataSpec(**{"task": "classification", "examples": 10} | fields)) == kind


def test_a_model_whose_output_is_something_else_has_no_frames():
    from trainer.training.learners import Learner
    from trainer.training.views.frames import FrameMaker

    plan, goal = plan_of("mlp", "digits")
    odd = FrameMaker(dataclasses.replace(goal, num_classes=7), plan.dataset)
    assert odd.make(plan.learner) is None
    assert not odd.has_frames
    assert not odd.is_due(0.0)
    for task in ("generation", "reconstruction"):
        other = FrameMaker(dataclasses.replace(goal, task=task), plan.dataset)
        # A learner without the method that this view needs.
        assert other.make(object.__new__(type("Own", (Learner,), dict.fromkeys(Learner.__abstractmethods__)))) is None


def test_frames_come_no_more_often_than_training_can_spare_the_time():
    from trainer.training.views.frames import FrameMaker

    plan, goal = plan_of("mlp", "digits")
    frames = FrameMaker(goal, plan.dataset)
    assert frames.is_due(0.0)
    frames.rest(0.0, 0.5)  # The first one also pays for what is needed only once.
    assert not frames.is_due(2.9)
    assert frames.is_due(3.1)
    frames.rest(11.0, 11.5)
    assert not frames.is_due(61.4)
    assert frames.is_due(61.6)
    frames.rest(70.0, 70.001)
    assert not frames.is_due(71.9)
    assert frames.is_due(72.1)


def test_histograms_count_each_layers_weights_and_gradients():
    _, frame, learner, _ = frames_of("mlp", "digits", histograms=True)
    for layer, size in (("dense", 64 * 8 + 8), ("head", 8 * 10 + 10)):
        for kind in ("weights", "gradients"):
            counts, edges = frame[f"hist/{kind}/{layer}"], frame[f"hist/{kind}/{layer}/edges"]
            assert (counts.shape, edges.shape, int(counts.sum())) == ((32,), (33,), size)
    kernel = np.concatenate([v.numpy().reshape(-1) for v in learner.model.get_layer("head").trainable_variables])
    np.testing.assert_allclose(frame["hist/weights/head/edges"][[0, -1]], [kernel.min(), kernel.max()], rtol=1e-6)
    _, frame, _, _ = frames_of("gan", "digits", histograms=True)
    assert "hist/gradients/generator/dense" in frame
    assert "hist/weights/discriminator/score/edges" in frame


def events_of(config, **replaced):
    return list(session(config, None, Commands(), **replaced))


def test_a_session_tells_the_first_and_the_last_epoch_and_is_not_changed_by_it(monkeypatch):
    from trainer.training.views.frames import FrameMaker

    config = digits(histograms=True, epochs=4)
    seen = events_of(config, clock=lambda: 0.0)
    frames = [event for event in seen if isinstance(event, Frame)]
    assert [frame.epoch for frame in frames] == [1, 4]
    assert [frame.fixed is None for frame in frames] == [False, True]
    assert not np.array_equal(frames[0].arrays["probabilities"], frames[1].arrays["probabilities"])
    monkeypatch.setattr(FrameMaker, "has_frames", False)
    unseen = events_of(config)
    assert not [event for event in unseen if isinstance(event, Frame)]
    first, second = (
        digest_of(state_arrays([e for e in events if isinstance(e, Snapshot)][-1].state)) for events in (seen, unseen)
    )
    assert first == second


def test_a_frame_that_cannot_be_made_never_ends_a_run(monkeypatch):
    from trainer.training.views.line import Line

    def fail(*_):
        raise RuntimeError("no luck")

    monkeypatch.setattr(Line, "look", fail)
    events = events_of(line())
    assert len([event for event in events if isinstance(event, EpochEnd)]) == 3
    assert isinstance(events[-1], Ended)
    [note] = [event for event in events if isinstance(event, Note)]
    assert note.text == "What the model sees cannot be shown: RuntimeError: no luck"
