"""Frees the machine code that XLA has compiled in this process."""

from __future__ import annotations

import ctypes
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import resource_handle_pb2, tensor_pb2, types_pb2

#: TensorFlow keeps the code of a device in one resource of this name and this C++ type.
_NAME = "xla_device_compiler"
_TYPE = b"N10tensorflow14DeviceCompilerIN3xla15LocalExecutableENS1_11LocalClientEEE"
_SEED = 0xDECAFCAFFE


def free_compiled_code() -> bool:
    """Frees all code compiled for the processor; returns whether there was any.

    A program that is used later is compiled again, to the same code. One that runs meanwhile keeps its code until it
    is done. TensorFlow has no function for this, but deletes any resource that is named with its type's hash. Where
    another version hashes otherwise, nothing is found, and nothing freed.
    """
    hashed = _hash_type()
    if hashed is None:
        return False
    handle = resource_handle_pb2.ResourceHandleProto(
        device="/job:localhost/replica:0/task:0/device:CPU:0", container="localhost", name=_NAME, hash_code=hashed
    )
    proto = tensor_pb2.TensorProto(dtype=types_pb2.DT_RESOURCE, resource_handle_val=[handle])
    proto.tensor_shape.SetInParent()
    resource = tf.io.parse_tensor(proto.SerializeToString(), tf.resource)
    try:
        tf.raw_ops.DestroyResourceOp(resource=resource, ignore_lookup_error=False)
    except tf.errors.NotFoundError:
        return False
    return True


def _hash_type() -> int | None:
    for path in Path(tf.sysconfig.get_lib()).glob("libtensorflow_framework.so.*"):
        hash64 = getattr(ctypes.CDLL(str(path)), "_ZN3tsl6Hash64EPKcmm", None)
        if hash64 is not None:
            hash64.restype, hash64.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]
            return hash64(_TYPE, len(_TYPE), _SEED)
    return None
