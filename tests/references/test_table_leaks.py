"""Repeated rows as pandas counts them, and sums that give a target away, as taxi fares do."""

import numpy as np
import pandas as pd
import pytest

from trainer.data.uploads.tables.inspecting import inspect_table

ROWS = 1200


def write(path, frame):
    frame.to_csv(path, index=False)
    return path


def repeated(path, **options):
    found = [f for f in inspect_table(path, options=options).findings if "same as another" in f.message]
    return found[0].count if found else 0


@pytest.mark.parametrize("seed", range(3))
def test_repeated_rows_are_those_of_pandas(tmp_path, seed):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "age": random.integers(1, 80, ROWS),
        "fare": random.choice([7.25, 8.05, np.nan, 26.0], ROWS),
        "sex": random.choice(["male", "female", None], ROWS),
        "name": [f"passenger number {n}" for n in random.integers(0, ROWS // 3, ROWS)],
        "day": pd.to_datetime("2020-01-01") + pd.to_timedelta(random.integers(0, 3, ROWS), "D"),
        "survived": random.integers(0, 2, ROWS),
    })  # fmt: skip
    frame = pd.concat([frame, frame.sample(40, random_state=seed)], ignore_index=True)
    path = write(tmp_path / "a.csv", frame)
    expected = int(frame.duplicated().sum())
    assert expected >= 40
    assert repeated(path) == expected
    # What is left out of training still tells rows apart.
    assert repeated(path, leave_out=["name", "fare"]) == expected
    frame.insert(0, "id", np.arange(len(frame)))
    assert repeated(write(path, frame)) == frame.duplicated().sum() == 0


def taxis(seed=0, extra=1.15):
    random = np.random.default_rng(seed)
    distance = random.gamma(1.5, 2, ROWS)
    fare = (2.5 + 2.7 * distance + random.normal(0, 2, ROWS)).clip(2.5).round(2)
    tip = (fare * random.uniform(0, 0.3, ROWS)).round(2)
    tolls = random.choice([0, 6.12], ROWS, p=[0.9, 0.1])
    total = (fare + tip + tolls + random.choice([0.8, 0.8 + extra, 0.8 + 2 * extra], ROWS)).round(2)
    return pd.DataFrame({"distance": distance, "fare": fare, "tip": tip, "tolls": tolls, "total": total})


def sums(path, target):
    return [f for f in inspect_table(path, options={"target": target}).findings if "the sum of" in f.message]


@pytest.mark.parametrize(("extra", "kind"), [(0, "is the sum of"), (1.15, "is almost the sum of")])
@pytest.mark.parametrize("target", ["fare", "tip", "total"])
def test_a_sum_that_holds_the_target_is_found(tmp_path, target, extra, kind):
    frame = taxis(extra=extra)
    if not extra:
        frame["total"] = frame.fare + frame.tip + frame.tolls
    [finding] = sums(write(tmp_path / "a.csv", frame), target)
    assert kind in finding.message
    assert all(f"“{name}”" in finding.message for name in {"fare", "tip", "tolls"} - {target})
    left = finding.changes[0].options["leave_out"]
    assert set(left) == ({"fare", "tip", "tolls"} if target == "total" else {"total"})
    # Without those columns nothing is left to warn about.
    report = inspect_table(tmp_path / "a.csv", options={"target": target, "leave_out": left})
    assert not [f for f in report.findings if f.level == "warning"]


def test_linear_relations_that_are_no_sums_are_not_reported(tmp_path):
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 4))
    columns = {f"x{n}": x[:, n] for n in range(4)}
    for weights in ([0.4, 2.0, -3.0, 0.1], [1.0, 0.0, 0.0, 0.0]):
        frame = pd.DataFrame(columns | {"target": x @ weights + random.normal(0, 0.5, ROWS)})
        assert sums(write(tmp_path / "a.csv", frame), "target") == []
