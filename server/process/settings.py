"""Refuses to start with a wrong environment variable, in one line."""

import os
import sys

_PREFIXES = ("TRAINDECK_MAX_", "TRAINDECK_THREADS", "TRAINDECK_LOGICAL_CPUS", "TRAINDECK_STREAM_ABOVE")


def refuse_wrong_settings() -> None:
    """Ends the process with exit code 2 where a setting cannot be read."""
    # Importing the engine takes a quarter of a second, which the first page would wait for.
    if not any(name.startswith(_PREFIXES) for name in os.environ):
        return
    from trainer.config.environment import check_settings
    from trainer.errors import ConfigError

    try:
        check_settings()
    except ConfigError as error:
        print(f"traindeck: {error}", file=sys.stderr, flush=True)
        raise SystemExit(2) from None
