"""Download: a folder that TensorBoard opens."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

from trainer.analysis.architecture import run_layers
from trainer.config.registry import EXPORTS
from trainer.errors import ExportError
from trainer.runs.history import Table


@EXPORTS.register(
    name="tensorboard.zip",
    label="TensorBoard",
    help="Every batch, every epoch and the configuration. Unpack it and run tensorboard --logdir on the folder.",
    media_type="application/zip",
    order=8,
)
def tensorboard_zip(run, path: Path) -> None:
    """Writes event files `batch/…` by step and `epoch/…` by epoch, under the run's id.

    The configuration and the model's layers are texts; the settings are hyperparameters (HParams), with the best
    epoch's values as `hparam/…`.

    It includes the profile of the run's first steps, if there is one.
    """
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    history = run.history
    if not len(history):
        raise ExportError("Nothing has been measured yet. Wait for the first batches.")
    with tempfile.TemporaryDirectory() as folder:
        writer = EventFileWriter(folder)
        started = run.created
        write_text(writer, "config", run.config.to_json(), started)
        write_text(writer, "model", describe_layers(run_layers(run)), started)
        write_hparams(writer, run, started)
        write_scalars(writer, "batch", history, "step", started)
        write_scalars(writer, "epoch", history.epochs, "epoch", started)
        writer.close()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(folder).iterdir()):
                archive.write(file, f"{run.id}/{file.name}")
            for file in sorted(path for path in (run.path / "profile").rglob("*") if path.is_file()):
                archive.write(file, f"{run.id}/{file.relative_to(run.path / 'profile')}")


def write_scalars(writer, group: str, table: Table, step: str, started: float) -> None:
    """Writes a table's measured columns, one event per row.

    Args:
        writer: an EventFileWriter.
        group: prefix of the tags.
        table: with a column "time" in seconds of training.
        step: the column that TensorBoard takes as its step.
        started: unix time of the run's start.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    rows = table.rows(0, len(table))
    names = [name for name in rows if name not in ("step", "epoch", "time")]
    for index in range(len(table)):
        values = [
            Summary.Value(tag=f"{group}/{name}", simple_value=float(rows[name][index]))
            for name in names
            if rows[name][index] == rows[name][index]  # NaN: not measured at this step
        ]
        wall_time = started + float(rows["time"][index])
        writer.add_event(Event(wall_time=wall_time, step=int(rows[step][index]), summary=Summary(value=values)))


def write_hparams(writer, run, wall_time: float) -> None:
    """Writes the settings as hyperparameters, and the best epoch's values as their metrics."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import summary_v2 as hparams

    values = hyperparameters(run.current_config.model_dump())
    metrics = {name: value for name, value in run.metrics["best"].items() if name not in ("epoch", "step", "time")}
    config = hparams.hparams_config_pb(
        hparams=[hparams.HParam(name) for name in values],
        metrics=[hparams.Metric(f"hparam/{name}") for name in metrics],
    )
    scalars = [Summary.Value(tag=f"hparam/{name}", simple_value=float(value)) for name, value in metrics.items()]
    status = hparams.hparams_pb(values, trial_id=run.id, start_time_secs=wall_time)
    for summary in (config, status, Summary(value=scalars)):
        writer.add_event(Event(wall_time=wall_time, step=0, summary=summary))


def hyperparameters(fields: dict) -> dict[str, str | float | bool]:
    """Returns a configuration as flat values that HParams takes: "optimizer_options/learning_rate" → 0.001."""
    flat: dict[str, str | float | bool] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= {f"{name}/{inner}": found for inner, found in hyperparameters(value).items()}
        elif isinstance(value, (bool, int, float, str)):
            flat[name] = value
        elif value is not None:
            flat[name] = json.dumps(value)
    return flat


def describe_layers(layers) -> str:
    """Returns one line per layer: name, kind, output shape, parameters."""
    lines = [
        f"{layer.model} {layer.name}".strip() + f"  {layer.kind}  {layer.output_shape}  {layer.parameters:,} parameters"
        for layer in layers
    ]
    return "\n".join([*lines, f"{sum(layer.parameters for layer in layers):,} parameters in all"])


def write_text(writer, tag: str, text: str, wall_time: float) -> None:
    """Writes a text that TensorBoard shows under its Text tab."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    indented = "\n".join(f"    {line}" for line in text.splitlines())
    tensor = TensorProto(dtype=DT_STRING, string_val=[indented.encode()])
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    value = Summary.Value(tag=tag, tensor=tensor, metadata=metadata)
    writer.add_event(Event(wall_time=wall_time, step=0, summary=Summary(value=[value])))
