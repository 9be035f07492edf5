"""The filters, the memory and the stored histograms of a model."""

from __future__ import annotations

import numpy as np

from trainer.analysis.histograms import read_spreads
from trainer.analysis.predictor import predictor
from trainer.analysis.weights import view_model
from trainer.export import export
from trainer.runs.views.frames import list_frames


def test_the_filters_are_those_of_the_exported_model(trained_runs, tmp_path):
    import keras

    run = trained_runs("cnn")
    view = view_model(predictor(run))
    model = keras.models.load_model(export(run, "model.keras", tmp_path / "model.keras"))
    kernel = next(layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    np.testing.assert_array_equal(view.filters[2], np.asarray(kernel)[..., 2])
    count = model.count_params()
    assert view.weight_bytes == 4 * count
    # Adam keeps two means for each weight, and its learning rate and steps.
    assert 2 * count <= view.optimizer_numbers <= 2 * count + 4
    assert view_model(predictor(trained_runs("table"))).filters is None
    assert view_model(predictor(trained_runs("tf.Module"))).filters is None


def test_histograms_of_other_ranges_are_merged_on_common_edges(tmp_path):
    (tmp_path / "views").mkdir()
    assert read_spreads(tmp_path) == {}
    for epoch, width in ((1, 1.0), (2, 2.0)):
        edges = np.linspace(-width, width, 33)
        key = "hist/weights/dense/kernel"
        np.savez(tmp_path / "views" / f"epoch-{epoch:06d}.npz", **{key: np.full(32, 5), f"{key}/edges": edges})
    (tmp_path / "views" / "epoch-000003.npz").write_bytes(b"damaged")
    assert len(list_frames(tmp_path)) == 3
    spread = read_spreads(tmp_path)["weights"]["dense/kernel"]
    assert spread.epochs.tolist() == [1, 2]
    assert (spread.edges[0], spread.edges[-1]) == (-2, 2)
    np.testing.assert_allclose(spread.shares.sum(axis=1), 1)
    # In the first epoch all values lie in the middle half.
    np.testing.assert_allclose(spread.shares[0, :16].sum(), 0)
    np.testing.assert_allclose(spread.shares[1], 1 / 64)
