"""What the Train form holds, keeps and refuses."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.pages.conftest import button, open_page, reload
from trainer import RunConfig

EPOCHS, RATE = "train_epochs_set", "train_adam_learning_rate_set"

RECIPES = {
    "precise numbers": {
        "dataset": "digits",
        "model": "cnn",
        "model_options": {"filters": 17, "dropout": 0.123456789},
        "optimizer_options": {"learning_rate": 0.00123456789012345, "beta_1": 0.87654321},
        "l2": 1.23456789e-7,
        "validation_split": 0.123456789,
        "checkpoint_seconds": 12.3456789,
    },
    "one weight per class": {"dataset": "iris", "model": "mlp", "class_weight": [1.0, 2.123456789, 0.3]},
    "balanced classes": {"dataset": "iris", "model": "linear", "class_weight": "balanced"},
    "policies": {
        "dataset": "digits",
        "model": "mlp",
        "early_stopping": {"patience": 7, "min_delta": 1e-5},
        "reload_on_plateau": {"factor": 0.3},
        "augmentation": {"rotate": 5.0, "noise": 0.01},
        "monitor": "loss",
        "schedule": "cosine",
    },
    "no validation": {"dataset": "linear", "model": "linear", "optimizer": "sgd", "validation_split": 0.0},
    "sequences": {"dataset": "sequences", "model": "transformer", "metrics": [], "seed": 123_456_789},
}


def create(store, fields=None, **more):
    """Returns a run that was stopped before its first step: one that is queued would keep Start waiting."""
    run = store.create(RunConfig(**(fields or {"dataset": "iris", "model": "linear"}) | more))
    path = run.path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "stopped"}))
    return store.get(run.id)


def started_config(page, store):
    before = {run.id for run in store.list()}
    button(page, "Start training").click().run()
    assert not page.exception
    [run] = [run for run in store.list() if run.id not in before]
    run.stop()
    assert run.wait(60)
    return run.config


@pytest.mark.parametrize("fields", RECIPES.values(), ids=RECIPES.keys())
def test_the_settings_of_a_run_start_the_same_run_again(store, fields):
    run = create(store, fields)
    again = started_config(open_page(run), store)
    # The form names what makes an epoch the best one, which a configuration may leave to the default.
    assert again.best_by == run.config.best_by
    assert again.model_copy(update={"monitor": run.config.monitor}) == run.config


def test_the_precision_of_a_run_is_taken_over(store, monkeypatch):
    import trainer.training.engine.devices
    from pages.ui.form import where

    gpu = trainer.training.engine.devices.list_devices()[0].__class__
    listed = [*trainer.training.engine.devices.list_devices(), gpu("GPU:0", "GPU 0")]
    monkeypatch.setattr(where, "list_devices", lambda: listed)
    config = RunConfig(dataset="digits", model="mlp", device="GPU:0", precision="mixed_bfloat16")
    monkeypatch.setattr(trainer.runs.store, "check_device", lambda name: None)
    page = open_page(store.create(config))
    assert not page.exception
    assert page.selectbox(key="train_precision_set").value == "mixed_bfloat16"


def test_all_devices_are_offered_where_there_are_several_and_the_model_can_share(store, monkeypatch):
    from pages.ui.form import where
    from trainer.training.engine.devices import list_devices, with_all

    cpu = list_devices()[0]
    several = with_all([cpu, dataclasses.replace(cpu, name="CPU:1", label="CPU 1")])
    monkeypatch.setattr(where, "list_devices", lambda: several)
    page = open_page(store.create(RunConfig(dataset="digits", model="mlp", device="all")))
    device = page.selectbox(key="train_device_select")
    assert (device.value, device.options[-1]) == ("all", "All CPUs (2)")
    page.selectbox(key="train_model_select").select("gan").run()
    assert not page.exception
    device = page.selectbox(key="train_device_select")
    assert device.value == "CPU:0"
    assert "All CPUs (2)" not in device.options
    assert "All CPUs (2) is not offered for GAN: in each step" in device.help


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        (EPOCHS, 0, "between 1 and 1,000,000"),
        (EPOCHS, None, "between 1 and 1,000,000"),
        ("train_batch_size_set", 100_000, "between 1 and 1,438"),
        ("train_batch_size_set", 0, "between 1 and 1,438"),
        (RATE, 0.0, "above 0"),
        ("train_validation_split_set", 2.0, "between 0 and 0.9"),
        ("train_mlp_units_set", -5, "between 1 and"),
        ("train_clip_norm_set", -1.0, "above 0, or empty"),
    ],
)
def test_a_number_out_of_range_stays_and_says_what_is_allowed_and_start_waits(store, key, value, allowed):
    page = open_page()
    page.number_input(key=key).set_value(value).run()
    assert not page.exception
    assert page.number_input(key=key).value == value
    assert any(":red[" in caption.value and allowed in caption.value for caption in page.caption)
    start = button(page, "Start training")
    assert start.disabled
    assert "must be" in start.help
    assert button(reload(page), "Start training").disabled


def test_the_form_mirrors_the_run_shown(store):
    first = create(store, epochs=3)
    second = create(store, {"dataset": "digits", "model": "cnn"}, epochs=4)
    page = open_page(first)
    assert page.selectbox(key="train_dataset_select").value == "iris"
    assert page.number_input(key=EPOCHS).value == 3
    page.button(key=f"train_{second.id}_open").click().run()
    assert page.selectbox(key="train_model_select").value == "cnn"
    assert page.number_input(key=EPOCHS).value == 4
    assert "draft" not in page.query_params


def test_a_draft_survives_a_reload_and_another_run_and_is_discarded_on_request(store):
    first, second = create(store, epochs=3), create(store, epochs=4)
    page = open_page(first)
    page.number_input(key=EPOCHS).set_value(77).run()
    page.selectbox(key="train_model_select").set_value("mlp").run()
    page.number_input(key="train_mlp_units_set").set_value(0).run()

    page = reload(page)
    assert page.number_input(key=EPOCHS).value == 77
    assert page.number_input(key="train_mlp_units_set").value == 0
    page.button(key=f"train_{second.id}_open").click().run()
    assert page.number_input(key=EPOCHS).value == 77

    button(page, "Discard changes").click().run()
    assert page.number_input(key=EPOCHS).value == 4
    assert page.selectbox(key="train_model_select").value == "linear"
    assert "draft" not in page.run().query_params
    assert list((store.path / ".drafts").iterdir()) == []


def test_a_draft_of_another_id_is_never_read(store, tmp_path):
    (tmp_path / "secret.json").write_text('{"run": "", "base": {}, "values": {"train_epochs_set": 5}}')
    page = open_page(draft="../../secret")
    assert not page.exception
    assert page.number_input(key=EPOCHS).value == 10


def test_the_model_follows_the_data_until_a_person_chooses_one(store):
    page = open_page()
    model = page.selectbox(key="train_model_select")
    assert model.value == "mlp"
    for dataset, suited in (("fashion_mnist", "cnn"), ("iris", "mlp"), ("sequences", "rnn"), ("digits", "cnn")):
        page.selectbox(key="train_dataset_select").set_value(dataset).run()
        assert page.selectbox(key="train_model_select").value == suited
    page.selectbox(key="train_model_select").set_value("linear").run()
    page.selectbox(key="train_dataset_select").set_value("iris").run()
    assert page.selectbox(key="train_model_select").value == "linear"
    assert not page.exception


def test_changing_images_at_random_changes_something_at_once(store):
    page = open_page()
    page.checkbox(key="train_augmentation_use").check().run()
    values = [page.number_input(key=f"train_augmentation_{name}_set").value for name in ("rotate", "zoom", "shift")]
    assert all(value > 0 for value in values)
    assert not button(page, "Start training").disabled
