"""Makes files that nobody should send, byte by byte where no library would write them."""

import io
import struct
import zipfile

import numpy as np


def npy(array):
    """Returns an array as the bytes of a .npy; objects are pickled."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


def npy_claiming(shape, descr="<f4", data=b"", fortran=False, version=(1, 0)):
    """Returns a .npy whose header says what it likes."""
    header = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(header)) + header + data


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    """Returns a zip of (name, content) pairs or a dictionary of them; a name may occur twice."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, content)
    return stream.getvalue()


def npz(**arrays):
    """Returns arrays as the bytes of an NPZ file."""
    return zipped({f"{name}.npy": array if isinstance(array, bytes) else npy(array) for name, array in arrays.items()})


def patched(archive, name, offset, form, value):
    """Returns a zip whose directory says something else of a member: `form` at `offset` of its entry there."""
    content = bytearray(archive)
    place = content.rfind(b"PK\x01\x02", 0, content.rfind(name.encode()))
    struct.pack_into(form, content, place + offset, value)
    return bytes(content)


def flipped(archive, member):
    """Returns a zip with one bit of a member's content changed."""
    content = bytearray(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        info = opened.getinfo(member)
    content[info.header_offset + 30 + len(member) + info.compress_size // 2] ^= 1
    return bytes(content)


def encrypted(archive, name):
    """Returns a zip that says that a member is encrypted."""
    content = bytearray(patched(archive, name, 8, "<H", 1))
    place = content.find(name.encode()) - 30
    struct.pack_into("<H", content, place + 6, 1)
    return bytes(content)


def zip64_claiming(name, size):
    """Returns a zip whose member is said, in its zip64 field, to unpack to `size` bytes."""
    archive = bytearray(zipped({name: b"0123456789"}, zipfile.ZIP_STORED))
    place = archive.rfind(b"PK\x01\x02")
    struct.pack_into("<I", archive, place + 24, 0xFFFFFFFF)
    extra = struct.pack("<HHQ", 1, 8, size)
    struct.pack_into("<H", archive, place + 30, len(extra))
    archive[place + 46 + len(name) : place + 46 + len(name)] = extra
    end = archive.rfind(b"PK\x05\x06")
    struct.pack_into("<I", archive, end + 12, end - place)
    return bytes(archive)


def mutated(content, seed):
    """Returns bytes with a few of them changed, taken out or put in."""
    random, changed = np.random.default_rng(seed), bytearray(content)
    for _ in range(random.integers(1, 6)):
        place, way = random.integers(len(changed)), random.integers(4)
        if way < 2:
            changed[place] = random.integers(256)
        elif way == 2:
            del changed[place : place + random.integers(1, 30)]
        else:
            changed[place:place] = random.bytes(random.integers(1, 30))
    return bytes(changed)
