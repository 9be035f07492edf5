"""Findings on an archive of images: skipped files, folders, sizes, and what decoding changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from trainer.data.uploads.images.class_folders import Skipped, Sorted
from trainer.data.uploads.images.pictures import Form, Look
from trainer.data.uploads.quoting import listed, quoted
from trainer.data.uploads.report import Finding, note, warning


def describe_skipped(skipped: Sequence[Skipped]) -> Iterator[Finding]:
    """Yields one finding for each reason why files are not used, with their number and some of their names."""
    for reason, count in Counter(s.reason for s in skipped).most_common(20):
        found = [s for s in skipped if s.reason == reason]
        names = listed(found, 3, lambda s: quoted(s.name) + (f" ({s.why})" if s.why else ""))
        message = f"{count:,} file{'s are' if count > 1 else ' is'} left out, because {reason}: {names}."
        if "hidden" in reason:
            yield note(quoted(found[0].name), message, count)
        else:
            yield warning(quoted(found[0].name), f"{message} Fix or move what should be trained on.", count)


def folder_findings(found: Sorted, classes: Sequence[str]) -> Iterator[Finding]:
    """Yields what is wrong with the class folders."""
    place = "class folders"
    if empty := [name for name in found.empty if name not in classes]:
        message = f"No images in {listed(empty)}: left out. Put images there, or remove the folder."
        yield warning(place, message, len(empty))
    lost = sorted({picture.class_name for picture in found.pictures if picture.part == "train"} - set(classes))
    if lost:
        message = f"No image of {listed(lost)} can be read: the class is left out. Put other images there."
        yield warning(place, message, len(lost))
    counts = Counter(name.strip().casefold() for name in classes)
    if alike := [name for name in classes if counts[name.strip().casefold()] > 1]:
        message = f"{listed(alike)} differ in capitals or spaces alone. Put them into one folder if they are one class."
        yield warning(place, message, len(alike))
    if found.nested:
        message = f"{found.nested:,} images lie in folders inside a class folder and count for the outer one."
        yield note(place, message, found.nested)


def form_findings(form: Form, looks: Sequence[Look], options: Mapping) -> Iterator[Finding]:
    """Yields the note on sizes, where images are resized to the size of all."""
    sizes = Counter((look.height, look.width) for look in looks)
    if set(sizes) == {(form.height, form.width)}:
        return
    (height, width), _ = sizes.most_common(1)[0]
    low, high = (edge(x.height * x.width for x in looks) for edge in (min, max))
    had = f"{height}×{width} pixels" if len(sizes) == 1 else f"{len(sizes):,} sizes, mostly {height}×{width}"
    how = {"stretch": "stretched", "crop": "cropped", "pad": "padded with black"}[form.resize]
    text = f"The images have {had}; they are {how} to {form.height}×{form.width}."
    if not options["height"] and not options["width"] and (height, width) != (form.height, form.width):
        text += " Larger ones take longer to train; set height and width for another size."
    if high >= 16 * low:
        text += f" The smallest have {low:,} pixels, the largest {high:,}."
    yield note("", text, len(looks))


def treatment_findings(seen: Counter, form: Form) -> Iterator[Finding]:
    """Yields notes and warnings on what decoding changed."""
    texts = {
        "tiny": (warning, "less than 8 pixels high or wide, too small to show much. Check them, or remove them"),
        "colour": (warning if form.channels == 1 else note, "in colour and made grey. Set colour to rgb to keep it"),
        "proportions": (note, "of other proportions. Set resize to crop or pad if they should not be stretched"),
        "turned": (note, "turned upright, as their camera says"),
        "transparent": (note, "partly transparent, and get a white background"),
        "16 bits": (note, "of 16 bits a pixel, and made 8 bits"),
        "animated": (note, "animated: the first picture of each is taken"),
    }
    for key, (level, text) in texts.items():
        count = seen[key]
        if count and not (key == "proportions" and form.resize != "stretch"):
            yield level("", f"{count:,} {'image is' if count == 1 else 'images are'} {text}.", count)
