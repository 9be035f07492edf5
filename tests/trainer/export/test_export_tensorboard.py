"""TensorBoard reads what we write for it."""

import json
import zipfile

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from trainer import RunConfig, RunStore
from trainer.errors import ExportError
from trainer.export import export


def test_tensorboard_shows_every_batch_every_epoch_and_the_config(tmp_path):
    run = RunStore(tmp_path / "runs").create(RunConfig(model="linear", dataset="iris", epochs=20))
    with pytest.raises(ExportError, match="Nothing has been measured yet"):
        export(run, "tensorboard.zip", tmp_path / "none.zip")
    run.start()
    assert run.wait(60)
    with zipfile.ZipFile(export(run, "tensorboard.zip", tmp_path / "board.zip")) as archive:
        archive.extractall(tmp_path / "logs")
    board = EventAccumulator(str(tmp_path / "logs" / run.id), size_guidance={"scalars": 0, "tensors": 0})
    board.Reload()
    history = run.history.frame()
    assert [event.step for event in board.Scalars("batch/loss")] == history["step"].tolist()
    assert [event.value for event in board.Scalars("batch/loss")] == history["loss"].tolist()
    sampled = history["grad_norm"].dropna()
    assert [event.value for event in board.Scalars("batch/grad_norm")] == sampled.tolist()
    assert [event.step for event in board.Scalars("epoch/val_accuracy")] == list(range(1, 21))
    text = board.Tensors("config/text_summary") if "config/text_summary" in board.Tags()["tensors"] else None
    text = text or board.Tensors("config")
    assert json.loads(text[0].tensor_proto.string_val[0])["dataset"] == "iris"
    assert "23 parameters in all" in board.Tensors("model")[0].tensor_proto.string_val[0].decode()
    assert board.Scalars("hparam/val_accuracy")[0].value == pytest.approx(run.metrics["best"]["val_accuracy"])

    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    [content] = [board.PluginTagToContent("hparams")[metadata.SESSION_START_INFO_TAG]]
    start = HParamsPluginData.FromString(content).session_start_info
    assert start.hparams["optimizer_options/learning_rate"].number_value == 0.001
    assert start.hparams["dataset"].string_value == "iris"
