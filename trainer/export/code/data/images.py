"""A zip of images as code."""

from __future__ import annotations

from trainer.data.uploads import Limits, resolve
from trainer.data.uploads.archives import open_archive
from trainer.data.uploads.images.class_folders import IMAGES, PARTS, order_classes, parts_of, sort_members
from trainer.errors import DataError
from trainer.export.code.data.files import ENDINGS
from trainer.export.code.sections import Section
from trainer.export.code.subject import Subject
from trainer.export.code.writing import listing, literal


def load_images(subject: Subject) -> Section:
    """Returns the section that decodes a zip with one folder per class."""
    options, (height, width, channels) = subject.config.dataset_options, subject.spec.input_shape
    with open_archive(resolve(options["path"]), Limits.from_environment()) as archive:
        pictures = sort_members(archive.infolist()).pictures
    paths = [(parts_of(picture.member.filename), picture.class_name) for picture in pictures]
    depth = next(place for place in range(len(paths[0][0])) if all(path[place] == name for path, name in paths))
    has_parts = any(picture.part != "train" for picture in pictures)
    classes = order_classes(picture.class_name for picture in pictures if picture.part == "train")
    if len(classes) != subject.spec.num_classes:
        raise DataError("The archive has other classes now. Start a new run.")
    method = {"stretch": "image.resize(size, Image.Resampling.BICUBIC)"} | {
        way: f"ImageOps.{name}(image, size, Image.Resampling.BICUBIC)"
        for way, name in (("crop", "fit"), ("pad", "pad"))
    }
    mode = "L" if channels == 1 else "RGB"
    condition = f"len(path) > {depth + 1}"
    if has_parts:
        condition += f" and PARTS.get(path[{depth - 1}].lower()) == part"
    code = f'''\
{listing("CLASSES", list(classes))}
{f"PARTS = {literal(PARTS)}" if has_parts else ""}


def decode(file):
    """Returns an image as pixels from 0 to 255, ({height}, {width}, {channels})."""
    image, size = Image.open(file), ({width}, {height})
    image.draft(None, (2 * max(size),) * 2)  # A JPEG is decoded at no more than twice the size.
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):  # 16 bits per pixel.
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("{mode}")
    if image.size != size:
        image = {method[options["resize"]]}
    return np.asarray(image, "float32").reshape({height}, {width}, {channels})


def load(part):
    """Returns the images of one part, by class and file name, and the place of each one's class."""
    x, y, found = [], [], []
    with zipfile.ZipFile(DATA_FILE) as archive:
        for name in archive.namelist():
            path = [folder for folder in name.replace("\\\\", "/").split("/") if folder not in ("", ".")]
            is_image = name.lower().endswith({literal(tuple(sorted(IMAGES)))})
            is_hidden = any(folder.startswith((".", "__MACOSX")) for folder in path)
            if is_image and not is_hidden and {condition} and path[{depth}] in CLASSES:
                found.append((path[{depth}], name))
        for name_of_class, name in sorted(found):
            try:
                x.append(decode(io.BytesIO(archive.read(name))))
                y.append(CLASSES.index(name_of_class))
            except Exception as error:
                print(f"{{name!r}} is left out: {{error}}")
    return np.stack(x), np.array(y)


'''
    used = {"train": True, "validation": subject.is_validated and subject.spec.validation_examples,
            "test": subject.spec.test_examples}  # fmt: skip
    code += "\n".join(f"x{ENDINGS[part]}, y{ENDINGS[part]} = load({literal(part)})" for part in used if used[part])
    text = "A zip of images, with one folder per class. Change DATA_FILE if it lies elsewhere."
    return Section(
        "Data",
        text,
        code.replace("\n\n\n\n", "\n\n\n"),
        ("import io", "import zipfile", "from PIL import Image, ImageOps"),
    )
