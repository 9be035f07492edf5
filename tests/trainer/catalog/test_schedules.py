"""Schedules start and end where they should, whatever the run's length."""

import pytest

from trainer.catalog.schedules.plan import Plan, plot_points
from trainer.config.registry import SCHEDULES

PLAN = Plan(learning_rate=0.1, steps_per_epoch=10, total_steps=100)


def rates(name: str, plan: Plan = PLAN, **options) -> list[float]:
    schedule = SCHEDULES[name].build(plan, **SCHEDULES[name].parse(options))
    return [float(schedule(step)) for step in range(plan.total_steps)]


@pytest.mark.parametrize("name", list(SCHEDULES))
@pytest.mark.parametrize("total", [1, 2, 100])
def test_a_schedule_never_exceeds_the_optimizers_rate_and_never_falls_below_zero(name, total):
    values = rates(name, Plan(0.1, min(total, 10), total))
    assert all(0 <= value <= 0.1 * 1.000001 for value in values)


def test_step_drops_by_the_factor_every_so_many_epochs():
    values = rates("step", every=3, factor=0.5)
    assert values[29] == pytest.approx(0.1)
    assert values[30] == pytest.approx(0.05)
    assert values[60] == pytest.approx(0.025)


def test_exponential_leaves_the_factor_after_each_epoch():
    values = rates("exponential", factor=0.9)
    assert values[10] / values[0] == pytest.approx(0.9, rel=1e-5)


def test_cosine_falls_to_the_final_part_and_can_warm_up():
    assert rates("cosine")[0] == pytest.approx(0.1)
    assert rates("cosine", final=0.1)[-1] == pytest.approx(0.01, rel=0.05)
    warm = rates("cosine", warmup=0.2)
    assert warm[0] == 0
    assert max(warm) == pytest.approx(0.1)
    assert warm.index(max(warm)) == 20


def test_warmup_rises_and_stays():
    values = rates("warmup", epochs=2.0)
    assert values[0] == 0
    assert values[10] == pytest.approx(0.05)
    assert values[20] == values[-1] == pytest.approx(0.1)


def test_one_cycle_rises_and_falls_to_almost_nothing():
    values = rates("one_cycle", rise=0.3)
    assert values.index(max(values)) == 30
    assert values[-1] < 0.001


def test_a_plot_has_both_ends_and_few_points():
    schedule = SCHEDULES["cosine"].build(Plan(0.1, 1000, 100_000))
    steps, values = plot_points(schedule, Plan(0.1, 1000, 100_000))
    assert (steps[0], steps[-1]) == (0, 99_999)
    assert len(steps) == len(values) <= 200
    assert plot_points(None, PLAN)[1] == [0.1] * len(plot_points(None, PLAN)[0])
