"""What is told of an archive of images: what was skipped, how the folders were taken, what was done to the images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from trainer.data.uploads.classes import listed
from trainer.data.uploads.images.class_folders import Skipped, Sorted, alike_names
from trainer.data.uploads.images.form import Form, Look
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Finding


def describe_skipped(skipped: Sequence[Skipped]) -> list[Finding]:
    """Returns one finding for each reason why files are not used, with their number and some of their names."""
    findings = []
    for reason, count in Counter(s.reason for s in skipped).most_common(20):
        found = [s for s in skipped if s.reason == reason]
        level = "note" if "hidden" in reason else "warning"
        names = ", ".join(quoted(s.name) + (f" ({s.why})" if s.why else "") for s in found[:3])
        more = f" and {count - 3:,} more" if count > 3 else ""
        findings.append(
            Finding(
                level,
                quoted(found[0].name),
                f"{count:,} file{'s are' if count > 1 else ' is'} left out, because {reason}: {names}{more}."
                + ("" if level == "note" else " Fix or move what should be trained on."),
                count,
            )
        )
    return findings


def folder_findings(found: Sorted, classes: Sequence[str]) -> list[Finding]:
    """Returns what is to be said of the folders."""
    findings = []
    empty = [name for name in found.empty if name not in classes]
    if empty:
        findings.append(
            Finding(
                "warning",
                "class folders",
                f"No images in {listed(empty)}: left out. Put images there, or remove the folder.",
                len(empty),
            )
        )
    lost = sorted({picture.class_name for picture in found.pictures if picture.part == "train"} - set(classes))
    if lost:
        findings.append(
            Finding(
                "warning",
                "class folders",
                f"No image of {listed(lost)} can be read: the class is left out. Put other images there.",
                len(lost),
            )
        )
    alike = alike_names(classes)
    if alike:
        findings.append(
            Finding(
                "warning",
                "class folders",
                f"{listed(alike)} differ in capitals or spaces alone. Put them into one folder if they are one class.",
                len(alike),
            )
        )
    if found.nested:
        findings.append(
            Finding(
                "note",
                "class folders",
                f"{found.nested:,} images lie in folders inside a class folder and count for the outer one.",
                found.nested,
            )
        )
    return findings


def form_findings(form: Form, looks: Sequence[Look], options: Mapping) -> list[Finding]:
    """Returns the note on sizes, where images are changed to get the size of all."""
    sizes = Counter((look.height, look.width) for look in looks)
    if set(sizes) == {(form.height, form.width)}:
        return []
    (height, width), _ = sizes.most_common(1)[0]
    low, high = (edge(x.height * x.width for x in looks) for edge in (min, max))
    had = f"{height}×{width} pixels" if len(sizes) == 1 else f"{len(sizes):,} sizes, mostly {height}×{width}"
    how = {"stretch": "stretched", "crop": "cropped", "pad": "padded with black"}[form.resize]
    text = f"The images have {had}; they are {how} to {form.height}×{form.width}."
    if not options["height"] and not options["width"] and (height, width) != (form.height, form.width):
        text += " Larger ones take longer to train; set height and width for another size."
    if high >= 16 * low:
        text += f" The smallest have {low:,} pixels, the largest {high:,}."
    return [Finding("note", "", text, len(looks))]


def treatment_findings(seen: Counter, form: Form) -> list[Finding]:
    """Returns notes and warnings on what was done to images while they were decoded."""
    texts = {
        "tiny": ("warning", "less than 8 pixels high or wide, too small to show much. Check them, or remove them"),
        "colour": (
            "warning" if form.channels == 1 else "note",
            "in colour and made grey. Set colour to rgb to keep it",
        ),
        "proportions": ("note", "of other proportions. Set resize to crop or pad if they should not be stretched"),
        "turned": ("note", "turned upright, as their camera says"),
        "transparent": ("note", "partly transparent, and get a white background"),
        "16 bits": ("note", "of 16 bits a pixel, and made 8 bits"),
        "animated": ("note", "animated: the first picture of each is taken"),
    }
    findings = []
    for key, (level, text) in texts.items():
        count = seen[key]
        if count and not (key == "proportions" and form.resize != "stretch"):
            verb = "image is" if count == 1 else "images are"
            findings.append(Finding(level, "", f"{count:,} {verb} {text}.", count))
    return findings
