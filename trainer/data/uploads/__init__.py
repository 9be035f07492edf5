"""Data files that users upload: stored, inspected and loaded. Pages, server and command line import from here only."""

from trainer.data.uploads.dataset import UploadedDataset, reference_in
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded
from trainer.data.uploads.quoting import plain_name
from trainer.data.uploads.reading import inspect, load
from trainer.data.uploads.report import Change, Finding, Report
from trainer.data.uploads.store import DatasetStore, needs, refuse_changed, resolve
from trainer.data.uploads.tables.numbers.formats import FORMATS, TEXT
from trainer.data.uploads.tables.numbers.formats import read as read_number

__all__ = [
    "FORMATS",
    "TEXT",
    "Change",
    "DatasetStore",
    "Finding",
    "Limits",
    "Loaded",
    "Report",
    "UploadedDataset",
    "inspect",
    "load",
    "needs",
    "plain_name",
    "read_number",
    "reference_in",
    "refuse_changed",
    "resolve",
]
