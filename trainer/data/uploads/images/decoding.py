"""One pass over an archive of images: decoded onto a cache, with a report on all that was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from trainer.config.data_spec import DataSpec
from trainer.data.uploads.archives import Archive, Member
from trainer.data.uploads.array_cache import SUFFIX, ArrayCache
from trainer.data.uploads.classes import check_classes
from trainer.data.uploads.images.class_folders import Picture, Skipped, Sorted, order_classes, sort_members
from trainer.data.uploads.images.findings import describe_skipped, folder_findings, form_findings, treatment_findings
from trainer.data.uploads.images.form import Form, Look, choose_form
from trainer.data.uploads.images.pictures import UnusableError, decode, look_at, open_image
from trainer.data.uploads.limits import Limits
from trainer.data.uploads.loaded import Reading
from trainer.data.uploads.quoting import quoted
from trainer.data.uploads.report import Progress, Report, in_order
from trainer.data.uploads.scan import Scan, compare_examples
from trainer.errors import DataError

#: The usual size and colour are found by looking at so many images, evenly spread.
SAMPLE = 2_000
_TOGETHER = 4 << 20
_NOTES = 1 << 20


class Decoding:
    """One pass over an archive's images.

    Args:
        archive: checked and open.
        limits: in force.
        options: of the data set `images`.
        cache: takes the images.
        progress: told how much is done, or None.
    """

    def __init__(self, archive: Archive, limits: Limits, options: dict, cache: ArrayCache, progress: Progress | None):
        self._archive, self._limits, self._options, self._cache = archive, limits, options, cache
        self._progress = progress or (lambda done, text: None)
        self._sorted: Sorted = sort_members(archive)
        self.skipped: list[Skipped] = list(self._sorted.skipped)
        self.seen: Counter = Counter()

    def read(self) -> Reading:
        """Puts the images into the cache; returns the report, and the spec where there is no error."""
        pictures = self._sorted.pictures
        if not pictures:
            raise nothing_found(self._archive, self.skipped)
        self._progress(0.0, "Looking at sizes and colours")
        looks = self._sample(pictures)
        if not looks:
            first = next(s for s in self.skipped if s.name == pictures[0].member.name)
            raise DataError(
                f"None of the {len(pictures):,} images can be read; {quoted(first.name)}: {first.reason} "
                f"({first.why}). Pack the archive again from the original images."
            )
        form = choose_form(looks, self._options)
        self._expect(len(pictures), form)
        train, scans = self._decode([p for p in pictures if p.part == "train"], "train", form, 0)
        classes = order_classes(picture.class_name for picture in train)
        kept, places = {"train": train}, {name: place for place, name in enumerate(classes)}
        for part in ("validation", "test"):
            chosen = [p for p in pictures if p.part == part and p.class_name in places]
            self.skipped += [
                Skipped(p.member.name, "there are no images for training of its class", quoted(p.class_name))
                for p in pictures
                if p.part == part and p.class_name not in places
            ]
            kept[part], more = self._decode(chosen, part, form, sum(map(len, kept.values())))
            scans |= more
        labels = {
            part: np.array([places[picture.class_name] for picture in found], np.int64)
            for part, found in kept.items()
            if found
        }
        for part, values in labels.items():
            self._cache.append("y" + SUFFIX[part], values)
        return self._report(form, looks, kept, labels, classes, scans)

    def _sample(self, pictures: Sequence[Picture]) -> list[Look]:
        """Returns what the headers of some images say, evenly spread over all of them."""
        looks, failed, step = [], [], max(1, -(-len(pictures) // SAMPLE))
        for picture in pictures[::step]:
            try:
                looks.append(look_at(open_image(self._content(picture.member), self._limits)))
            except UnusableError as error:
                failed.append(Skipped(picture.member.name, error.reason, error.why))
        if not looks:
            self.skipped += failed
        return looks

    def _expect(self, count: int, form: Form) -> None:
        """Refuses what would be too large once it is decoded."""
        size = count * form.height * form.width * form.channels
        if size > self._limits.expanded_bytes:
            raise DataError(
                f"The {count:,} images of {form.height}×{form.width} pixels would take {size / 1e6:,.0f} MB, and the "
                f"limit is {self._limits.expanded_bytes / 1e6:,.0f} MB. Choose a smaller height and width, or raise "
                "TRAINDECK_MAX_EXPANDED_BYTES."
            )
        # What took long to decode is kept on disk even if it is small, for the next process.
        self._cache.expect(max(size, sum(member.packed for member in self._archive.members)))

    def _content(self, member: Member) -> bytes:
        """Reads one file of the archive, checksum and all."""
        # A file is hardly larger than its pixels at four bytes each, and what its camera notes beside.
        if member.bytes > 4 * self._limits.pixels + _NOTES:
            raise UnusableError("its file is too large; save it as a smaller image", f"it has {member.bytes:,} bytes")
        try:
            with self._archive.open(member) as stream:
                return stream.read()
        except DataError as error:
            raise UnusableError("it is damaged", str(error).split(" is damaged: ", 1)[-1].split(". Pack")[0]) from None

    def _decode(
        self, pictures: Sequence[Picture], part: str, form: Form, before: int
    ) -> tuple[list[Picture], dict[str, Scan]]:
        """Decodes a part's images into the cache; returns those that could be, and what was seen of them."""
        scan, kept, waiting, total = Scan(f"images for {part}"), [], [], len(self._sorted.pictures)
        together = max(1, _TOGETHER // (form.height * form.width * form.channels))

        def put() -> None:
            if waiting:
                self._cache.append("x" + SUFFIX[part], scan.look(np.stack(waiting)))
                waiting.clear()

        for place, picture in enumerate(pictures):
            if place % 50 == 0:
                self._progress(min(1.0, (before + place) / total), f"Reading images: {before + place:,} of {total:,}")
            try:
                image = open_image(self._content(picture.member), self._limits)
                waiting.append(decode(image, form, self.seen))
            except UnusableError as error:
                self.skipped.append(Skipped(picture.member.name, error.reason, error.why))
                continue
            kept.append(picture)
            if len(waiting) >= together:
                put()
        put()
        return kept, {part: scan} if kept else {}

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
        counts = {part: Counter(picture.class_name for picture in found) for part, found in kept.items() if found}
        per_class = {name: {part: counted[name] for part, counted in counts.items()} for name in classes}
        findings = [
            *check_classes({name: found["train"] for name, found in per_class.items()}, "class folders", "image"),
            *folder_findings(self._sorted, classes),
            *describe_skipped(self.skipped),
            *form_findings(form, looks, self._options),
            *treatment_findings(self.seen, form),
        ]
        total = sum(map(len, kept.values()))
        if scans:
            findings += compare_examples(
                scans, labels["train"], "images", lambda part, row: quoted(kept[part][row].member.name)
            )
        details = {
            "images": total,
            "classes": per_class,
            "height": form.height,
            "width": form.width,
            "colour": "grey" if form.channels == 1 else "rgb",
            "sizes": [[*size, count] for size, count in Counter((x.height, x.width) for x in looks).most_common(10)],
            "skipped": {
                "count": len(self.skipped),
                "files": [{"name": quoted(s.name)[1:-1], "why": s.why or s.reason} for s in self.skipped[:300]],
            },
        }
        summary = f"{total:,} images · {form.height}×{form.width} {'grey' if form.channels == 1 else 'RGB'}"
        report = Report("images", {}, f"{summary} · {len(classes)} classes", in_order(findings), details)
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


def nothing_found(archive: Archive, skipped: Sequence[Skipped]) -> DataError:
    """Returns the error for an archive without a class folder that holds an image."""
    if not archive.members:
        found = "an empty archive"
    else:
        reasons = Counter(s.reason for s in skipped).most_common(2)
        example = next((s.name for s in skipped if s.reason == reasons[0][0]), "")
        found = f"{len(archive.members):,} files, such as {quoted(example)}: {reasons[0][0]}"
    return DataError(
        f"The archive must hold a folder for each class with PNG or JPEG images in it, such as cat/1.png and "
        f"dog/1.png. Received: {found}. Pack it again like that."
    )
