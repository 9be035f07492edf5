"""Which range or choices to try first for an option, from its bounds and its default."""

from __future__ import annotations

from trainer.config.options import Option

#: Optional or switched off by default, so the default says nothing about useful values: low, high, logarithmic.
_KNOWN = {
    "clip_norm": (0.1, 10.0, True),
    "clip_value": (0.01, 1.0, True),
    "ema_momentum": (0.9, 0.999, False),
    "l1": (1e-6, 1e-2, True),
    "l2": (1e-6, 1e-2, True),
    "weight_decay": (1e-5, 1e-1, True),
    "seed": (0, 99, False),
    "gradient_accumulation_steps": (1, 4, False),
}
#: Above this default, whole numbers are tried on a logarithmic scale: 16, 32, 64 rather than 16, 17, 18.
_LARGE = 16


def suggest_range(option: Option, value: float | None = None, most: float | None = None) -> tuple[float, float, bool]:
    """Returns the range to try first, within the option's bounds, and whether its scale is logarithmic.

    Args:
        option: of kind "int" or "float".
        value: the recipe's own; None: the default.
        most: a smaller upper bound, such as the number of training examples for a batch size.
    """
    value = option.default if value is None else value
    if option.name in _KNOWN:
        low, high, is_log = _KNOWN[option.name]
    elif option.kind == "int":
        low, high, is_log = _around_whole(option, value or 1)
    else:
        low, high, is_log = _around(option, value or 0.0)
    bounds = [bound for bound in (option.maximum, option.below, most) if bound is not None]
    high = min([high, *bounds])
    low = min(max([low, *([option.minimum] if option.minimum is not None else [])]), high)
    return low, high, is_log and low > 0


def _around_whole(option: Option, value: int) -> tuple[int, int, bool]:
    if value >= _LARGE:
        return max(1, value // 4), value * 4, True
    least = int(option.minimum) if option.minimum is not None else 1
    return least, max(value * 2, least + 1), False


def _around(option: Option, value: float) -> tuple[float, float, bool]:
    top = next((bound for bound in (option.maximum, option.below) if bound is not None), None)
    is_fraction = top is not None and top <= 1
    if value <= 0:
        return (option.minimum or 0.0), min(0.5, top) if is_fraction else 1.0, False
    if is_fraction and value >= 0.1:
        return round(value / 2, 6), round((value + top) / 2, 6), False
    return float(f"{value / 10:.6g}"), float(f"{value * 10:.6g}"), True
