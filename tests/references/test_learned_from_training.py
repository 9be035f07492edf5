"""What is learned from data is learned from the training split alone, as scikit-learn and numpy learn it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

from trainer.config.data_spec import Column, DataSpec
from trainer.config.split_sizes import count_validation
from trainer.data import statistics
from trainer.data.dataset import Dataset
from trainer.data.loading import load_dataset
from trainer.data.splits import split_indices
from trainer.data.values import Arrays


def write_table(path, rows=400):
    """Writes a category whose frequencies are close, so that other rows give another order; returns the frame."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"size": random.normal(5, 2, rows).round(3), "code": random.integers(0, 90, rows).astype(str)})
    frame["code"] = "v" + frame["code"]
    frame.loc[random.choice(rows, 40, replace=False), "code"] = None
    frame["price"] = frame["size"] * 3 + random.normal(0, 1, rows).round(3)
    frame.to_csv(path, index=False)
    return frame


def split_of(rows, seed):
    spec = DataSpec("regression", (2,), rows)
    return split_indices(np.zeros(rows), spec, count_validation(rows, 0.2), seed)


def one_hot(dataset, split):
    size = len(dataset.spec.columns[1].vocabulary)
    return np.eye(size + 1)[split.x[:][:, 1].astype(int)][:, 1:]


@pytest.mark.parametrize("missing", ["missing", "most_frequent"])
@pytest.mark.parametrize("is_streamed", [False, True])
def test_categories_are_those_of_the_training_rows(tmp_path, monkeypatch, missing, is_streamed):
    frame = write_table(tmp_path / "table.csv")
    monkeypatch.setenv("TRAINDECK_STREAM_ABOVE", "10" if is_streamed else "1000000")
    options = {"path": str(tmp_path / "table.csv"), "target": "price", "missing_categories": missing}
    orders = set()
    for seed in (0, 1):
        dataset = load_dataset("csv", options, validation_split=0.2, seed=seed)
        kept, held_out = split_of(len(frame), seed)
        codes = frame[["code"]].astype(object).where(frame[["code"]].notna(), None)
        if missing == "most_frequent":
            counts = codes.iloc[kept]["code"].value_counts()
            fill = sorted(counts[counts == counts.max()].index)[0]
            imputer = SimpleImputer(strategy="most_frequent", missing_values=None).fit(codes.iloc[kept])
            assert imputer.statistics_[0] == fill
            codes = pd.DataFrame(imputer.transform(codes), columns=["code"])
            vocabulary = sorted(counts.index, key=lambda value: (-counts[value], value))[:64]
        else:
            codes = codes.fillna("")
            counts = codes.iloc[kept]["code"].value_counts()
            vocabulary = sorted(counts.index, key=lambda value: (-counts[value], value))[:64]
        assert dataset.spec.columns[1].vocabulary == tuple(vocabulary)
        encoder = OneHotEncoder(categories=[vocabulary], handle_unknown="ignore", sparse_output=False)
        encoder.fit(pd.DataFrame({"code": vocabulary}))
        for split, rows in ((dataset.train, kept), (dataset.validation, held_out)):
            np.testing.assert_array_equal(one_hot(dataset, split), encoder.transform(codes.iloc[rows]))
        orders.add(dataset.spec.columns[1].vocabulary)
    assert len(orders) == 2


def test_a_value_of_the_validation_rows_alone_is_unknown(tmp_path):
    frame = write_table(tmp_path / "table.csv")
    kept, held_out = split_of(len(frame), 0)
    frame.loc[held_out, "code"] = "new"
    frame.loc[kept, "code"] = frame.loc[kept, "code"].fillna("v1")
    frame.loc[held_out[:3], "code"] = None
    frame.to_csv(tmp_path / "table.csv", index=False)
    options = {"path": str(tmp_path / "table.csv"), "target": "price"}
    dataset = load_dataset("csv", options, validation_split=0.2, seed=0)
    assert not {"new", ""} & set(dataset.spec.columns[1].vocabulary)
    assert not dataset.validation.x[:, 1].any()
    assert dataset.spec.columns[1].fill == 0


def test_what_a_run_has_learned_before_is_used_again(tmp_path):
    frame = write_table(tmp_path / "table.csv")
    options = {"path": str(tmp_path / "table.csv"), "target": "price"}
    fresh = load_dataset("csv", options, validation_split=0.2, seed=0)
    # As runs of earlier versions learned it: from all rows, with other fills.
    column = Column("code", "category", ("v5", "v7", ""), fill=3.0)
    columns = (dataclasses.replace(fresh.spec.columns[0], fill=1.5), column)
    known = dataclasses.replace(fresh.spec, columns=columns, mean=(1.0, 0.0), variance=(2.0, 1.0), target_std=7.0)
    again = load_dataset("csv", options, validation_split=0.2, seed=0, known=known)
    assert again.spec == known
    texts = frame["code"].fillna("").to_numpy()[split_of(len(frame), 0)[0]]
    expected = [{"v5": 1, "v7": 2, "": 3}.get(text, 0) for text in texts]
    assert again.train.x[:, 1].tolist() == expected


def test_the_target_of_images_is_scaled_by_the_training_split(tmp_path):
    random = np.random.default_rng(0)
    x, y = random.integers(0, 256, (50, 8, 8, 1), np.uint8), random.normal(100, 30, 50).astype(np.float32)
    np.savez(tmp_path / "images.npz", x=x, y=y)
    dataset = load_dataset("npz", {"path": str(tmp_path / "images.npz")}, validation_split=0.2, seed=0)
    kept, _ = split_of(50, 0)
    assert dataset.spec.target_mean == pytest.approx(y[kept].mean(dtype=np.float64), rel=1e-12)
    assert dataset.spec.target_std == pytest.approx(y[kept].std(dtype=np.float64), rel=1e-12)
    assert dataset.spec.target_mean != pytest.approx(y.mean(), rel=1e-4)


def test_copies_on_both_sides_of_the_split_are_counted(tmp_path):
    frame = write_table(tmp_path / "table.csv")
    frame = pd.concat([frame, frame.iloc[:100], frame.iloc[:50]])
    frame.to_csv(tmp_path / "table.csv", index=False)
    options = {"path": str(tmp_path / "table.csv"), "target": "price"}
    dataset = load_dataset("csv", options, validation_split=0.2, seed=0)
    kept, held_out = split_of(len(frame), 0)
    keys = frame.fillna("").astype(str).agg("|".join, axis=1).to_numpy()
    shared = np.isin(keys[held_out], keys[kept]).sum()
    assert shared > 20
    assert dataset.notes == (
        f"{shared} of {len(held_out)} validation examples are also in the training split, so validation scores may "
        "look too good. Remove the copies from the file.",
    )
    assert load_dataset("csv", options, validation_split=0, seed=0).notes == ()


def test_a_wide_streamed_table_is_read_a_few_times_and_gives_the_same_statistics(monkeypatch):
    random = np.random.default_rng(0)
    x = random.normal(3, 2, (500, 40)).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    columns = tuple(Column(f"c{place}", "number", fill_with=("median", "mean")[place % 2]) for place in range(40))
    spec = DataSpec("regression", (40,), 500, standardize=True, columns=columns)
    monkeypatch.setenv("TRAINDECK_STREAM_ABOVE", "10")
    monkeypatch.setattr(statistics, "AT_ONCE", 500 * 4 * 16)
    reads = []
    monkeypatch.setattr(statistics, "blocks", lambda x, real=statistics.blocks: reads.append(1) or real(x))
    dataset = Dataset.from_arrays(Arrays(x, random.normal(0, 1, 500)), spec)
    assert dataset.train.is_streamed
    assert len(reads) == 3
    frame = pd.DataFrame(x.astype(np.float64))
    fills = [frame[place].mean() if place % 2 else frame[place].median() for place in range(40)]
    filled = frame.fillna(dict(enumerate(fills)))
    np.testing.assert_allclose([column.fill for column in dataset.spec.columns], fills, rtol=1e-12)
    np.testing.assert_allclose(dataset.spec.mean, filled.mean(), rtol=1e-12)
    np.testing.assert_allclose(dataset.spec.variance, filled.var(ddof=0), rtol=1e-12)
