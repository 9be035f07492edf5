"""NPZ and NPY files: the report on them, and their arrays for training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.archives import open_archive
from trainer.data.uploads.array_cache import SUFFIX, ArrayCache
from trainer.data.uploads.arrays.file import ArrayFile, Header, read_header, shown_shape
from trainer.data.uploads.arrays.layout import Layout, check_inputs, check_targets, find_layout, find_scaling
from trainer.data.uploads.arrays.roles import Roles, assign_roles
from trainer.data.uploads.arrays.targets import Targets, read_targets
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded, Reading, read_once
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Progress, Report, error, in_order, note
from trainer.data.uploads.scan import Scan, compare_examples
from trainer.data.uploads.signatures import detect, read_head
from trainer.errors import DataError


def load_arrays(
    path: Path, options: dict | None = None, *, limits: Limits | None = None, progress: Progress | None = None
) -> Loaded:
    """Returns report, spec and arrays of an NPZ file. The file is read again only if it changed.

    Raises:
        DataError: it cannot be read at all.
    """
    limits, task = limits or Limits.from_environment(), (options or {}).get("task", "auto")
    if detect(read_head(path)) == "npy":
        size = path.stat().st_size
        limits.check("bytes", size, "The file must be")
        with open(path, "rb") as file:
            return Loaded(lone_array(read_header(file, path.stem, size)))

    def read(cache: ArrayCache) -> Reading:
        with open_archive(path, limits) as archive:
            file = ArrayFile(archive)
            roles = assign_roles(file.headers)
            layouts = check_headers(roles, limits)
            cache.expect(sum(x.bytes // x.dtype.itemsize * 4 + y.bytes for x, y in roles.parts.values()))
            return read_arrays(file, roles, layouts, task, cache, progress)

    return read_once(path, {"dataset": "npz", "task": task}, limits, read)


def check_headers(roles: Roles, limits: Limits) -> Mapping[str, Layout]:
    """Returns each part's layout.

    Raises:
        DataError: the headers show that the arrays cannot be trained on, or do not belong together.
    """
    layouts, first = {}, roles.parts["train"][0]
    for part, (x, y) in roles.parts.items():
        check_inputs(x, limits)
        check_targets(y, limits)
        if x.shape[0] != y.shape[0]:
            raise DataError(
                f"{quoted(x.name)} and {quoted(y.name)} must have one row for each example. Received: {x.shape[0]:,} "
                f"and {y.shape[0]:,} rows. Give both the same rows."
            )
        layouts[part] = find_layout(x)
        if layouts[part].shape != layouts["train"].shape or (x.dtype == np.uint8) != (first.dtype == np.uint8):
            raise DataError(
                f"{quoted(first.name)} and {quoted(x.name)} must hold examples of the same shape and type. Received: "
                f"{shown_shape(first.shape)} {first.dtype} and {shown_shape(x.shape)} {x.dtype}. Save both alike."
            )
    return layouts


def read_arrays(
    file: ArrayFile,
    roles: Roles,
    layouts: Mapping[str, Layout],
    task: str,
    cache: ArrayCache,
    progress: Progress | None = None,
) -> Reading:
    """Puts the arrays into the cache; returns the report, and the spec where there is no error."""
    total, done, scans = sum(x.bytes for x, _ in roles.parts.values()), 0, {}
    for part, (x, _) in roles.parts.items():
        scans[part] = scan = Scan(x.place)
        for block in file.blocks(x):
            cache.append("x" + SUFFIX[part], scan.look(layouts[part].arrange(block)))
            done += block.nbytes
            if progress:
                progress(done / total, f"Reading {plain_name(x.name)}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
    headers = {part: y for part, (_, y) in roles.parts.items()}
    targets = read_targets(headers, {part: file.read(y) for part, y in headers.items()}, task)
    for part, values in targets.values.items():
        cache.append("y" + SUFFIX[part], values)
    layout, train, first = layouts["train"], scans["train"], roles.parts["train"][0]
    findings = [
        *file.findings,
        *roles.findings,
        *layout.findings,
        *(finding for scan in scans.values() for finding in scan.wrong_values()),
        *(finding for finding in train.constants() if finding.level == "error" or layout.kind != "image"),
        *targets.findings,
    ]
    rescale, standardize, scaling = find_scaling(layout, first.dtype, *train.range)
    details = describe(file, roles, targets, scaling)
    if any(finding.level == "error" for finding in findings):
        return Report("npz", {}, f"{train.rows:,} examples", in_order(findings), details), None
    findings += compare_examples(scans, targets.values["train"] if targets.task == "classification" else None)
    spec = DataSpec(
        task=targets.task,
        input_shape=layout.shape,
        examples=train.rows,
        validation_examples=scans["validation"].rows if "validation" in scans else 0,
        test_examples=scans["test"].rows if "test" in scans else 0,
        num_classes=len(targets.class_names) or None,
        class_names=targets.class_names,
        rescale=rescale,
        standardize=standardize,
        standardize_target=targets.task == "regression",
        source="an uploaded file",
        licence="its owner's",
    )
    findings.append(note(first.place, f"{scaling[:1].upper()}{scaling[1:]}."))
    return Report("npz", {}, spec.summary, in_order(findings), details), spec


def describe(file: ArrayFile, roles: Roles, targets: Targets, scaling: str) -> dict:
    """Returns what a page may show of the file, as JSON values."""
    uses = {
        header.name: f"{what} for {part}"
        for part, pair in roles.parts.items()
        for what, header in zip(("inputs", "targets"), pair, strict=True)
    }
    details = {
        "arrays": [describe_array(header, uses.get(header.name, "left out")) for header in file.headers],
        "scaling": scaling,
        "skipped": {"count": 0, "files": []},
    }
    if targets.task == "classification":
        details["classes"] = {
            name: {part: int((values == place).sum()) for part, values in targets.values.items()}
            for place, name in enumerate(targets.class_names[:200])
        }
    return details


def describe_array(header: Header, use: str) -> dict:
    """Returns one array's line in the report."""
    return {"name": plain_name(header.name), "shape": list(header.shape), "dtype": str(header.dtype)[:80], "use": use}


def lone_array(header: Header) -> Report:
    """Returns the report on a .npy file: inputs without targets, which nothing can be trained on."""
    shape = shown_shape(header.shape)
    code = "numpy.savez('data.npz', x=x, y=y)"
    if len(header.shape) == 2 and header.shape[1] > 1:
        code = "numpy.savez('data.npz', x=a[:, :-1], y=a[:, -1]) if the last column is the target"
    message = "An NPY file holds one array, and training needs inputs and targets. Received: one array of shape "
    finding = error(header.place, f"{message}{shape}. Save both in one file: {code}.")
    return Report("npz", {}, f"one array {shape}", (finding,), {"arrays": [describe_array(header, "left out")]})
