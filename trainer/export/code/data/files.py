"""A user's file as code: its name, and the arrays of an NPZ file."""

from __future__ import annotations

from trainer.data.uploads import DatasetStore, Limits, reference_in, resolve
from trainer.data.uploads.archives import open_archive
from trainer.data.uploads.arrays.file import ArrayFile, Header
from trainer.data.uploads.arrays.layout import find_layout
from trainer.data.uploads.arrays.roles import Roles, assign_roles
from trainer.errors import TrainerError
from trainer.export.code.layers import refusal
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import literal
from trainer.storage import sha256_of

ENDINGS = {"train": "", "validation": "_validation", "test": "_test"}


def file_name(subject: Subject) -> str:
    """Returns what the program calls the data file: the user's own name for it, or the path that was given.

    Raises:
        ExportError: the file is gone or has changed, so nothing can be said about the content that the run used.
    """
    path = subject.config.dataset_options["path"]
    try:
        has_changed = subject.spec.sha256 not in ("", sha256_of(resolve(path)))
        reference = reference_in(path)
        name = DatasetStore.default().get(reference.partition(":")[2]).file_name if reference else path
    except (TrainerError, OSError) as error:
        raise refusal(f"its data file cannot be read ({error})") from None
    if has_changed:
        raise refusal("its data file has changed since the run began")
    return name


def load_arrays(subject: Subject) -> Section:
    """Returns the section that reads an NPZ file into x and y, and the parts that the file has besides."""
    with open_archive(resolve(subject.config.dataset_options["path"]), Limits.from_environment()) as archive:
        roles = assign_roles(ArrayFile(archive).headers)
    parts = used_parts(subject, roles)
    lines = ["with np.load(DATA_FILE) as file:"]
    for part, (x, y) in parts.items():
        end = ENDINGS[part]
        lines.append(f"    x{end}, y{end} = file[{literal(x.name)}], file[{literal(y.name)}]")
    for part, (x, _) in parts.items():
        lines += [f'x{ENDINGS[part]} = x{ENDINGS[part]}{arrangement(x)}.astype("float32")']
    lines += target_lines(subject, parts)
    text = "Arrays from a file of numpy. Change DATA_FILE if it lies elsewhere."
    return Section("Data", text, "\n".join(lines))


def used_parts(subject: Subject, roles: Roles) -> dict[str, tuple[Header, Header]]:
    """Returns the arrays of each part that the run used."""
    return {part: pair for part, pair in roles.parts.items() if part != "validation" or subject.is_validated}


def arrangement(header: Header) -> str:
    """Returns the calls that bring an array to the shape of examples, or nothing."""
    layout, shape = find_layout(header), header.shape[1:]
    if layout.is_channels_first:
        return ".transpose(0, 2, 3, 1)"
    return "" if layout.shape == shape else f".reshape({literal((-1, *layout.shape))[1:-1]})"


def target_lines(subject: Subject, parts: dict[str, tuple[Header, Header]]) -> list[str]:
    """Returns lines that bring targets to what the loss takes."""
    task, (_, first), lines = subject.spec.task, parts["train"], []
    for part in parts:
        y = f"y{ENDINGS[part]}"
        if task == "regression":
            lines.append(f'{y} = {y}.astype("float32").reshape(-1, 1)')
        elif task == "multilabel":
            lines.append(f'{y} = {y}.astype("float32")')
        elif len(first.shape) == 2 and first.shape[1] > 1:
            lines.append(f"{y} = {y}.argmax(axis=1)  # One column per class.")
        else:
            text = f'np.char.decode({y}, "utf-8", "replace")' if first.dtype.kind == "S" else y
            values = f"{text}.reshape(-1)"
            if part == "train":
                lines.append(f"classes, y = np.unique({values}, return_inverse=True)")
            else:
                lines.append(f"{y} = np.searchsorted(classes, {values})")
    return lines


def is_file(subject: Subject) -> bool:
    """Returns whether the run was trained on a file of the user."""
    return subject.config.dataset in ("csv", "npz", "images")
