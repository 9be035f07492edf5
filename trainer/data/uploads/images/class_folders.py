"""Sorts the images of an archive into classes and parts by their folders."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainer.config.names import LONGEST_NAME
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.errors import DataError

PARTS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
IMAGES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif"}
ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz"}
#: The largest number of classes; a model has one output for each.
MOST_CLASSES = 10_000
_SYSTEM = {"__macosx", "thumbs.db", "desktop.ini", "@eadir"}


@dataclass(frozen=True)
class Picture:
    """An image that may be trained on.

    Attributes:
        member: its entry in the archive.
        part: "train", "validation" or "test".
        class_name: the name of its folder.
    """

    member: zipfile.ZipInfo
    part: str
    class_name: str


@dataclass(frozen=True)
class Skipped:
    """A file that is not used.

    Attributes:
        name: its path in the archive.
        reason: shared by all files with the same problem: "it lies in no class folder".
        why: what is wrong with this file; "" if the reason says it all.
    """

    name: str
    reason: str
    why: str = ""


@dataclass(frozen=True)
class Sorted:
    """The files of an archive.

    Attributes:
        pictures: by part and name.
        skipped: the others.
        empty: class folders without an image.
        nested: number of pictures in folders inside their class folder.
    """

    pictures: list[Picture]
    skipped: list[Skipped]
    empty: list[str]
    nested: int


def sort_members(members: Sequence[zipfile.ZipInfo]) -> Sorted:
    """Sorts an archive's files into pictures and others.

    In a path come first the folders that hold everything, then train, validation or test, if any, then the class.

    Raises:
        DataError: a class folder has a name that cannot be shown, or there are too many.
    """
    candidates, skipped = [], []
    for member in members:
        if member.is_dir():
            continue
        if reason := reason_to_skip(member.filename):
            skipped.append(Skipped(member.filename, reason))
        else:
            candidates.append((member, parts_of(member.filename)))
    depth = shared_depth([parts for _, parts in candidates])
    tops = {parts[depth].lower() for _, parts in candidates if len(parts) > depth + 1}
    has_parts = any(PARTS.get(top) == "train" for top in tops) and len({PARTS.get(top) for top in tops}) > 1
    pictures, nested = [], 0
    for member, parts in candidates:
        inner, part = parts[depth:], "train"
        if has_parts:
            part, inner = PARTS.get(inner[0].lower()) if len(inner) > 1 else None, inner[1:]
        if part is None:
            skipped.append(Skipped(member.filename, "it is neither in train nor in validation nor in test"))
        elif len(inner) < 2:
            skipped.append(Skipped(member.filename, "it lies in no class folder"))
        else:
            pictures.append(Picture(member, part, inner[0]))
            nested += len(inner) > 2
    names = {picture.class_name for picture in pictures}
    if len(names) > MOST_CLASSES:
        raise DataError(
            f"There must be at most {MOST_CLASSES:,} class folders. Received: {len(names):,}, such as "
            f"{quoted(min(names))}. Put all images of one class into one folder."
        )
    for name in names:
        if len(name) > LONGEST_NAME or plain_name(name, LONGEST_NAME) != name:
            what = "control characters" if len(name) <= LONGEST_NAME else f"{len(name):,} characters"
            raise DataError(
                f"The class folder {quoted(name)} must have a name of at most {LONGEST_NAME} characters, without "
                f"control characters. Received: {what}. Rename the folder and pack the archive again."
            )
    inside = depth + has_parts
    listed = [parts_of(member.filename) for member in members if member.is_dir()]
    folders = {parts[inside] for parts in listed if len(parts) > inside and is_plain(parts)}
    folders |= {parts[inside] for s in skipped if len(parts := parts_of(s.name)) > inside + 1 and is_plain(parts)}
    order = list(dict.fromkeys(PARTS.values()))
    pictures.sort(key=lambda picture: (order.index(picture.part), picture.class_name, picture.member.filename))
    return Sorted(pictures, skipped, sorted(folders - names), nested)


def parts_of(name: str) -> tuple[str, ...]:
    """Returns a path's folders and its last name."""
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def is_plain(parts: Iterable[str]) -> bool:
    """Returns whether nothing in a path belongs to the system or is hidden."""
    return not any(part.startswith(".") or part.lower() in _SYSTEM for part in parts)


def reason_to_skip(name: str) -> str:
    """Returns why a file cannot be an image, by its name alone, or ""."""
    parts = parts_of(name)
    if not is_plain(parts):
        return "it is a hidden file, or one of the system"
    suffix = os.path.splitext(parts[-1])[1].lower() if parts else ""
    if suffix in ARCHIVES:
        return "it is an archive inside the archive, which is not opened"
    return "" if suffix in IMAGES else "it is no PNG or JPEG file, by its name"


def shared_depth(paths: list[tuple[str, ...]]) -> int:
    """Returns how many folders hold everything; at least one folder, the class, is left of the deepest path."""
    depth, deepest = 0, max(map(len, paths), default=0)
    while depth + 2 < deepest and len({parts[depth] if len(parts) > depth + 1 else "" for parts in paths}) == 1:
        depth += 1
    return depth


def order_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Returns class names in order: by value if all are whole numbers, else by name."""
    names = set(names)
    return tuple(sorted(names, key=int if all(name.isdecimal() for name in names) else str))
