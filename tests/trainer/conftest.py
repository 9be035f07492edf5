"""A folder of runs for each test; what still trains at its end is ended."""

import pytest

from trainer import RunStore


@pytest.fixture
def store(tmp_path):
    runs = RunStore(tmp_path / "runs")
    yield runs
    assert runs.close(60)
