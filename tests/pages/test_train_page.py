"""What the Train page does, without a browser."""

from __future__ import annotations

import time

from streamlit.testing.v1 import AppTest

from pages.ui.train import setup
from tests.pages.conftest import INDEX, button, open_page
from trainer import RunConfig

#: Long enough to be paused; the tests never wait for its end.
LONG = {"dataset": "digits", "model": "mlp", "epochs": 100_000}
SHORT = {"dataset": "iris", "model": "linear", "epochs": 2}


def labels(page: AppTest) -> list[str]:
    return [found.label for found in page.button]


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def start_long_run(store):
    run = store.create(RunConfig(**LONG))
    run.start()
    wait_until(lambda: run.step > 0)
    return run


def test_the_form_opens_ready_to_start_with_digits_and_an_mlp(store):
    page = open_page()
    assert not page.exception
    assert page.selectbox(key="train_dataset_select").value == "digits"
    assert page.selectbox(key="train_model_select").value == "mlp"
    assert {box.label for box in page.selectbox} >= {"Dataset", "Model", "Optimizer", "Loss", "Device"}
    assert not button(page, "Start training").disabled


def test_starting_makes_the_run_of_the_form_and_puts_it_in_the_address(store):
    page = open_page()
    page.number_input(key="train_epochs_set").set_value(100_000).run()
    button(page, "Start training").click().run()
    assert not page.exception
    [run] = store.list()
    assert page.query_params["run"] == run.id
    assert (run.config.model, run.config.dataset, run.config.epochs) == ("mlp", "digits", 100_000)
    assert run.is_live
    assert not button(page, "Start training").disabled
    assert not button(page, "Pause").disabled


def test_every_preset_fills_a_form_that_can_be_started(store):
    from trainer.config.presets import PRESETS

    page = open_page()
    for preset in PRESETS:
        button(page, preset.label).click().run()
        assert not page.exception
        assert page.selectbox(key="train_dataset_select").value == preset.fields["dataset"]
        assert page.selectbox(key="train_model_select").value == preset.fields["model"]
        assert page.number_input(key="train_epochs_set").value == preset.fields["epochs"]
        assert not button(page, "Start training").disabled


def test_a_model_brings_the_options_that_it_learns_well_with_and_takes_them_away_again(store):
    page = open_page()
    rate = "train_adam_learning_rate_set"
    page.selectbox(key="train_model_select").set_value("gan").run()
    assert not page.exception
    assert page.number_input(key=rate).value == 0.0002
    assert page.selectbox(key="train_monitor_select").value == "epoch"
    assert not button(page, "Start training").disabled
    page.selectbox(key="train_model_select").set_value("mlp").run()
    assert page.number_input(key=rate).value == 0.001
    # What a person has set stays.
    page.number_input(key=rate).set_value(0.03).run()
    page.selectbox(key="train_model_select").set_value("gan").run()
    assert page.number_input(key=rate).value == 0.03
    assert page.number_input(key="train_adam_beta_1_set").value == 0.5


def test_what_does_not_fit_the_data_is_not_offered_and_the_page_says_why(store):
    page = open_page()
    page.selectbox(key="train_dataset_select").set_value("iris").run()
    assert "CNN" not in page.selectbox(key="train_model_select").options
    assert any("CNN" in caption.value and "not offered here" in caption.value for caption in page.caption)
    page.selectbox(key="train_dataset_select").set_value("linear").run()
    assert not any("ross-entropy" in option for option in page.selectbox(key="train_loss_select").options)
    assert not page.exception


def test_a_bad_value_is_answered_by_a_sentence_and_nothing_can_be_started(store):
    page = open_page()
    page.number_input(key="train_batch_size_set").set_value(4096).run()
    assert any("batch\\_size must be between 1 and 1438" in error.value for error in page.error)
    assert button(page, "Start training").disabled
    assert store.list() == []


def test_pause_resume_and_stop_follow_the_status(store):
    run = start_long_run(store)
    page = open_page(run)
    assert "Resume" not in labels(page)
    button(page, "Pause").click().run()
    wait_until(lambda: run.status == "paused")
    page.run()
    assert "Pause" not in labels(page)
    button(page, "Resume").click().run()
    assert run.is_live
    paused_at = run.step
    wait_until(lambda: run.step > paused_at)
    page.run()
    button(page, "Stop").click().run()
    wait_until(lambda: run.status == "stopped")
    page.run()
    assert button(page, "Stop").disabled
    assert "Resume" in labels(page)


def test_a_second_tabs_click_is_answered_with_what_happened(store):
    run = start_long_run(store)
    first, second = open_page(run), open_page(run)
    button(first, "Pause").click().run()
    wait_until(lambda: run.status == "paused")
    button(second, "Pause").click().run()
    assert not second.exception
    assert any("is paused" in toast.value for toast in second.toast)
    assert run.status == "paused"


def test_start_while_a_run_trains_queues_the_new_run_and_shows_both(store):
    first = start_long_run(store)
    page = open_page()
    assert "joins the queue" in button(page, "Start training").help
    page.number_input(key="train_epochs_set").set_value(7).run()
    button(page, "Start training").click().run()
    assert not page.exception
    [waiting] = store.queue()
    assert page.query_params["run"] == waiting.id
    assert (waiting.status, waiting.config.epochs) == ("queued", 7)
    assert any("Running and waiting" in text.value for text in page.markdown)
    assert any(f"{first.name} is training" in caption.value.replace("\\", "") for caption in page.caption)
    page.button(key=f"train_{first.id}_show").click().run()
    assert page.query_params["run"] == first.id


def test_the_queue_is_reordered_and_shortened(store):
    start_long_run(store)
    second, third = (store.create(RunConfig(**LONG)) for _ in range(2))
    for run in (second, third):
        run.start()
    page = open_page()
    page.button(key=f"train_{third.id}_up").click().run()
    assert [run.id for run in store.queue()] == [third.id, second.id]
    page.run()
    page.button(key=f"train_{third.id}_cancel").click().run()
    assert not page.exception
    assert [run.id for run in store.queue()] == [second.id]
    assert third.status == "stopped"


def test_a_double_click_on_start_makes_one_run(store, monkeypatch):
    monkeypatch.setattr(setup, "_SECONDS_OF_DOUBLE_CLICK", 60)  # a busy machine draws slowly
    page = open_page()
    page.number_input(key="train_epochs_set").set_value(100_000).run()
    button(page, "Start training").click().run()
    button(page, "Start training").click().run()
    assert len(store.list()) == 1


def test_a_completed_run_is_trained_longer(store):
    run = store.create(RunConfig(**SHORT))
    run.start()
    assert run.wait(60)
    page = open_page(run)
    page.button(key="train_run_extend").click().run()
    page.number_input(key="train_longer_epochs").set_value(3)
    page.button(key="train_longer_confirm").click().run()
    assert not page.exception
    assert run.wait(60)
    assert (run.status, run.epochs, run.epoch) == ("completed", 5, 5)


def test_train_longer_says_what_depends_on_the_total(store):
    run = store.create(RunConfig(**SHORT, schedule="cosine"))
    run.start()
    assert run.wait(60)
    page = open_page(run)
    page.get("menu_button")[0].set_value("Train longer").run()
    assert any("depends on the total number of epochs" in info.value for info in page.info)


def test_a_new_tab_shows_the_run_that_is_training(store):
    run = start_long_run(store)
    page = open_page()
    assert page.query_params["run"] == run.id
    assert any(run.name.replace("-", "\\-") == header.value for header in page.subheader)


def test_an_unknown_run_in_the_address_is_a_sentence(store):
    page = AppTest.from_file(INDEX, default_timeout=60)
    page.query_params["run"] = "../../etc/passwd"
    page.run()
    assert not page.exception
    assert any("There is no run" in warning.value for warning in page.warning)
    assert "Start training" in labels(page)


def test_an_interrupted_run_is_offered_for_resume_on_the_first_screen(store):
    run = start_long_run(store)
    run.interrupt()
    assert run.wait(60)
    page = open_page()
    assert any("was interrupted at step" in text.value for text in page.markdown)
    button(page, "Resume").click().run()
    assert run.is_live
    assert page.query_params["run"] == run.id


def test_a_finished_run_says_what_it_reached_and_offers_its_settings(store):
    run = store.create(RunConfig(**SHORT))
    run.start()
    assert run.wait(60)
    page = open_page(run)
    assert any(text.value.startswith("Reached **") for text in page.markdown)
    page.get("menu_button")[0].set_value("Use these settings").run()
    assert page.selectbox(key="train_dataset_select").value == "iris"
    assert page.number_input(key="train_epochs_set").value == 2


def test_a_failed_run_shows_the_sentence_and_keeps_the_traceback_in_the_log(store):
    config = RunConfig(
        dataset="linear", model="linear", optimizer="sgd", optimizer_options={"learning_rate": 100.0}, epochs=50
    )
    run = store.create(config)
    run.start()
    assert run.wait(60)
    page = open_page(run)
    assert run.status == "failed"
    assert any("smaller learning rate" in error.value for error in page.error)
    assert not any("Traceback" in element.value for element in [*page.error, *page.markdown])
    page.session_state["train_details_select"] = "Log"
    assert any("Traceback" in code.value for code in page.run().code)


def test_names_that_look_like_markup_are_shown_as_they_are(store):
    run = store.create(RunConfig(**SHORT), name="![x](https://example.org/x.png) <b>$1$ `a`")
    run.start()
    assert run.wait(60)
    page = open_page(run)
    shown = [header.value for header in page.subheader] + labels(page)
    assert not any("![x](" in text or "`a`" in text for text in shown)


def test_a_number_typed_right_before_the_click_counts(store):
    page = open_page()
    page.selectbox(key="train_dataset_select").set_value("iris").run()
    page.number_input(key="train_epochs_set").set_value(3)
    button(page, "Start training").click().run()
    [run] = store.list()
    assert run.wait(60)
    assert run.config.epochs == 3
    page.run()
    assert len(store.list()) == 1


def test_a_tab_of_the_run_is_no_setting_of_the_form(store):
    page = open_page()
    page.selectbox(key="train_dataset_select").set_value("iris").run()
    button(page, "Start training").click().run()
    [run] = store.list()
    assert run.wait(60)
    page.session_state["train_details_select"] = "Log"
    page.run()
    page.session_state["train_details_select"] = "Summary"
    page.run()
    assert not any(found.label == "Discard changes" for found in page.button)
    assert not any(key.startswith("train_details") for key in page.session_state["train_form_saved"])
