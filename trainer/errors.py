"""The errors of this package. Their messages are sentences a user can act on.

Every message names the argument, what came, what is allowed and what to do.
"""


class TrainerError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(TrainerError, ValueError):
    """A configuration that cannot be trained.

    Args:
        message: one sentence or two, ready to be shown.
        argument: the field of `RunConfig` or the option at fault, if there is one.
    """

    def __init__(self, message: str, argument: str | None = None):
        super().__init__(message)
        self.argument = argument


class DataError(TrainerError):
    """Data that is missing, unreadable or does not fit."""


class CheckpointError(TrainerError):
    """A checkpoint that is missing, damaged or belongs to another model."""


class DivergenceError(TrainerError):
    """The loss or the weights stopped being finite."""


class RunNotFound(TrainerError, KeyError):
    """There is no run with this id."""

    # KeyError shows its message in quotes.
    __str__ = Exception.__str__


class RunBusyError(TrainerError):
    """Another process is training this run."""


class ExportError(TrainerError):
    """A download that this run cannot offer, or not yet."""


class ImportRefused(TrainerError):
    """A capsule that cannot be imported: damaged, altered, hostile or from a newer version."""


class StorageError(TrainerError, OSError):
    """A file could not be written: the disk is full, or the folder is read-only."""

    __str__ = Exception.__str__


class ClusterError(TrainerError):
    """The cluster cannot train a run: not installed, not reachable, too small, or with other versions."""


class SessionLost(TrainerError):
    """The process or the machine that trained a run is gone; the run continues from its newest checkpoint."""
