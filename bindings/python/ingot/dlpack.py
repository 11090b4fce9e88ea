"""DLPack tensors in device memory: who waits for whom."""

from . import _ingot

_HOST = (1, 3)  # DLPack's device types of memory that the host reads: kDLCPU, kDLCUDAHost
_LEGACY_STREAM = 1  # of CUDA, in DLPack's numbering


def on_host(data):
    """Whether a DLPack tensor lies where NumPy can read it."""
    return not hasattr(data, "__dlpack_device__") or int(data.__dlpack_device__()[0]) in _HOST


def imported(data, stream=None, is_bool=False):
    """A value over the memory of a tensor of another library (torch, CuPy, ...).

    `stream`: the CUDA stream (its address as an integer) that will use the value: the producer makes that stream wait for
    the tensor. None: the value is complete when this returns.
    """
    asked = _LEGACY_STREAM if stream is None else stream
    try:
        capsule = data.__dlpack__(stream=asked, max_version=(1, 0))
    except TypeError:  # from before DLPack 1.0
        capsule = data.__dlpack__(stream=asked)
    value = _ingot.from_dlpack(capsule, is_bool)
    if stream is None:
        _ingot.device_synchronize(value.device())
    return value


def exported(value, stream=None, max_version=None, dl_device=None, copy=None):
    """The capsule of a value in device memory that is complete: no stream (see DLPack's rules) has to wait for it."""
    device = _ingot.dlpack_device(value)
    if dl_device is not None and tuple(dl_device) != device:
        raise BufferError("the value lies on DLPack's device %s, not on %s" % (device, tuple(dl_device)))
    if device[0] == 2 and stream == 0:
        raise ValueError("stream 0 is ambiguous for CUDA: 1 is the legacy default stream, 2 the thread's")
    if copy:
        there = _ingot.Value.allocate_device(value.dtype(), value.device(), list(value.shape()))
        there.write(value)
        value = there
    return _ingot.to_dlpack(value, max_version is not None and max_version[0] >= 1)
