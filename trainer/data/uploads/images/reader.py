"""Zips of class folders: the report on them, and their decoded images for training."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.archives import open_archive, open_member
from trainer.data.uploads.array_cache import SUFFIX, ArrayCache
from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.images.class_folders import Picture, Skipped, order_classes, sort_members
from trainer.data.uploads.images.findings import describe_skipped, folder_findings, form_findings, treatment_findings
from trainer.data.uploads.images.pictures import Form, Look, UnusableError, choose_form, decode, look_at, open_image
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Loaded, Reading, read_once
from trainer.data.uploads.quoting import plain_name, quoted
from trainer.data.uploads.report import Progress, Report, in_order
from trainer.data.uploads.scan import Scan, compare_examples
from trainer.errors import DataError

DEFAULTS = {"height": 0, "width": 0, "colour": "auto", "resize": "stretch"}
#: Number of images, evenly spread, that decide the usual size and colour.
SAMPLE = 2_000
_TOGETHER = 4 << 20
_NOTES = 1 << 20


def load_images(
    path: Path, options: dict | None = None, *, limits: Limits | None = None, progress: Progress | None = None
) -> Loaded:
    """Returns report, spec and decoded images of a zip. The file is read again only if it changed.

    Raises:
        DataError: it cannot be read at all.
    """
    limits = limits or Limits.from_environment()
    recipe = {name: (options or {}).get(name, default) for name, default in DEFAULTS.items()}

    def read(cache: ArrayCache) -> Reading:
        with open_archive(path, limits) as archive:
            return Decoding(archive, limits, recipe, cache, progress).read()

    return read_once(path, {"dataset": "images", **recipe}, limits, read)


class Decoding:
    """One pass over an archive's images.

    Args:
        archive: checked and open.
        limits: in force.
        options: of the data set `images`.
        cache: takes the images.
        progress: called with the fraction done, in [0, 1], and what is being done; or None.
    """

    def __init__(
        self, archive: zipfile.ZipFile, limits: Limits, options: dict, cache: ArrayCache, progress: Progress | None
    ):
        self._archive, self._limits, self._options, self._cache = archive, limits, options, cache
        self._progress = progress or (lambda done, text: None)
        self._sorted = sort_members(archive.infolist())
        self.skipped = list(self._sorted.skipped)
        self.seen: Counter = Counter()

    def read(self) -> Reading:
        """Puts the images into the cache; returns the report, and the spec where there is no error."""
        pictures = self._sorted.pictures
        if not pictures:
            raise self._nothing_found()
        self._progress(0.0, "Looking at sizes and colours")
        looks = self._sample(pictures)
        form = choose_form(looks, self._options)
        self._expect(len(pictures), form)
        kept: dict[str, list[Picture]] = {}
        scans: dict[str, Scan] = {}
        for part in SUFFIX:
            chosen = [picture for picture in pictures if picture.part == part]
            if part != "train":
                trained = {picture.class_name for picture in kept["train"]}
                others = [picture for picture in chosen if picture.class_name not in trained]
                chosen = [picture for picture in chosen if picture.class_name in trained]
                reason = "there are no images for training of its class"
                self.skipped += [Skipped(one.member.filename, reason, quoted(one.class_name)) for one in others]
            scan = Scan(f"images for {part}")
            kept[part] = self._decode(chosen, part, form, scan, sum(map(len, kept.values())))
            if kept[part]:
                scans[part] = scan
        classes = order_classes(picture.class_name for picture in kept["train"])
        places = {name: place for place, name in enumerate(classes)}
        labels = {part: np.array([places[one.class_name] for one in kept[part]], np.int64) for part in scans}
        for part, values in labels.items():
            self._cache.append("y" + SUFFIX[part], values)
        return self._report(form, looks, kept, labels, classes, scans)

    def _sample(self, pictures: Sequence[Picture]) -> list[Look]:
        """Returns what the headers of some images say, evenly spread over all of them."""
        looks, failed = [], []
        for picture in pictures[:: max(1, -(-len(pictures) // SAMPLE))]:
            try:
                looks.append(look_at(open_image(self._content(picture.member), self._limits)))
            except UnusableError as error:
                failed.append((picture.member.filename, error))
        if not looks:
            name, error = failed[0]
            raise DataError(
                f"None of the {len(pictures):,} images can be read; {quoted(name)}: {error.reason} "
                f"({error.why}). Pack the archive again from the original images."
            )
        return looks

    def _expect(self, count: int, form: Form) -> None:
        """Refuses images that would be too large once they are decoded."""
        size = count * form.height * form.width * form.channels
        subject = f"The {count:,} images of {form.height}×{form.width} pixels must take"
        self._limits.check("expanded_bytes", size, subject, remedy="Choose a smaller height and width")
        # Images that took long to decode are kept on disk even if they are small, for the next process.
        self._cache.expect(max(size, sum(member.compress_size for member in self._archive.infolist())))

    def _content(self, member: zipfile.ZipInfo) -> bytes:
        """Reads one file of the archive and compares its checksum."""
        # A file is hardly larger than its pixels at four bytes each and the camera's notes.
        size = member.file_size
        if size > 4 * self._limits.pixels + _NOTES:
            raise UnusableError("its file is too large; save it as a smaller image", f"it has {size:,} bytes")
        try:
            with open_member(self._archive, member) as stream:
                return stream.read()
        except DataError as error:
            raise UnusableError("it is damaged", str(error).split(" is damaged: ", 1)[-1].split(". Pack")[0]) from None

    def _decode(self, pictures: Sequence[Picture], part: str, form: Form, scan: Scan, before: int) -> list[Picture]:
        """Decodes a part's images into the cache and returns those that could be decoded."""
        kept, waiting, total = [], [], len(self._sorted.pictures)
        together = max(1, _TOGETHER // (form.height * form.width * form.channels))

        def put() -> None:
            if waiting:
                self._cache.append("x" + SUFFIX[part], scan.look(np.stack(waiting)))
                waiting.clear()

        for place, picture in enumerate(pictures, before):
            if (place - before) % 50 == 0:
                self._progress(min(1.0, place / total), f"Reading images: {place:,} of {total:,}")
            try:
                image = open_image(self._content(picture.member), self._limits)
                waiting.append(decode(image, form, self.seen))
            except UnusableError as error:
                self.skipped.append(Skipped(picture.member.filename, error.reason, error.why))
                continue
            kept.append(picture)
            if len(waiting) >= together:
                put()
        put()
        return kept

    def _report(
        self,
        form: Form,
        looks: Sequence[Look],
        kept: Mapping[str, Sequence[Picture]],
        labels: Mapping[str, np.ndarray],
        classes: tuple[str, ...],
        scans: Mapping[str, Scan],
    ) -> Reading:
        """Returns the report, and the spec where there is no error."""
        counts = {part: Counter(picture.class_name for picture in kept[part]) for part in scans}
        per_class = {name: {part: counted[name] for part, counted in counts.items()} for name in classes}
        findings = [
            *check_classes({name: found["train"] for name, found in per_class.items()}, "class folders", "image"),
            *folder_findings(self._sorted, classes),
            *describe_skipped(self.skipped),
            *form_findings(form, looks, self._options),
            *treatment_findings(self.seen, form),
        ]
        if scans:
            findings += compare_examples(
                scans, labels["train"], "images", lambda part, row: quoted(kept[part][row].member.filename)
            )
        total, is_grey = sum(map(len, kept.values())), form.channels == 1
        details = {
            "images": total,
            "classes": per_class,
            "height": form.height,
            "width": form.width,
            "colour": "grey" if is_grey else "rgb",
            "sizes": [[*size, count] for size, count in Counter((x.height, x.width) for x in looks).most_common(10)],
            "skipped": {
                "count": len(self.skipped),
                "files": [{"name": plain_name(s.name), "why": s.why or s.reason} for s in self.skipped[:300]],
            },
        }
        summary = (
            f"{total:,} images · {form.height}×{form.width} {'grey' if is_grey else 'RGB'} · {len(classes)} classes"
        )
        report = Report("images", {}, summary, in_order(findings), details)
        if report.errors:
            return report, None
        return report, DataSpec(
            task="classification",
            input_shape=form.shape,
            examples=len(kept["train"]),
            validation_examples=len(kept["validation"]),
            test_examples=len(kept["test"]),
            num_classes=len(classes),
            class_names=classes,
            rescale=1 / 255,
            source="an uploaded file",
            licence="its owner's",
        )

    def _nothing_found(self) -> DataError:
        """Returns the error for an archive without a class folder that holds an image."""
        found = "an empty archive"
        if self.skipped:
            reason, _ = Counter(s.reason for s in self.skipped).most_common(1)[0]
            example = next(s.name for s in self.skipped if s.reason == reason)
            found = f"{len(self.skipped):,} files, such as {quoted(example)}: {reason}"
        return DataError(
            "The archive must hold a folder for each class with PNG or JPEG images in it, such as cat/1.png and "
            f"dog/1.png. Received: {found}. Pack it again like that."
        )
