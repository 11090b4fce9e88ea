"""NumPy arrays, DLPack tensors and the library's values."""

import numpy as np

from . import _ingot, dlpack, dtypes

NO_STREAM = -1
_NONE, _TENSOR, _SEQUENCE, _MAP = range(4)


def to_value(data, type_text=None):
    """A value that borrows `data` where it can: contiguous arrays are not copied, strided ones are once.

    A DLPack tensor in device memory is borrowed where it lies.

    `type_text` is what the session expects (tensor(float), seq(tensor(int64)), ...).
    """
    if isinstance(data, OrtValue):
        return data._value
    if data is None:
        return _ingot.Value()
    if isinstance(data, dict):
        keys, values = np.asarray(list(data.keys())), np.asarray(list(data.values()))
        return _ingot.Value.map(to_value(keys), to_value(values))
    if type_text is not None and type_text.startswith("optional("):
        type_text = type_text[9:-1]
    if isinstance(data, (list, tuple)) and type_text is not None and type_text.startswith("seq("):
        return _ingot.Value.sequence([to_value(item, type_text[4:-1]) for item in data])
    if not isinstance(data, np.ndarray):
        if hasattr(data, "__dlpack__") and not dlpack.on_host(data):
            return dlpack.imported(data)
        if hasattr(data, "__dlpack__"):
            data = np.from_dlpack(data)
        else:
            expected = dtypes.number_of_type(type_text) if type_text else None
            data = np.asarray(data, dtype=dtypes.numpy_dtype(expected) if expected not in (None, dtypes.STRING) else None)
    return _array_value(data, type_text)


def _array_value(array, type_text):
    number = dtypes.number_of_dtype(array.dtype)
    expected = dtypes.number_of_type(type_text) if type_text else None
    # Types that NumPy lacks come as unsigned integers of their width when ml_dtypes is absent.
    if expected is not None and expected != number and dtypes.numpy_dtype(expected) == array.dtype:
        number = expected
    if number == dtypes.STRING:
        flat = [item.decode() if isinstance(item, bytes) else str(item) for item in array.reshape(-1)]
        return _ingot.Value.strings(flat, list(array.shape))
    if number in dtypes.PACKED_BITS:
        packed = dtypes.pack(array, dtypes.PACKED_BITS[number])
        return _ingot.Value.borrow(number, packed.ctypes.data, list(array.shape), packed)
    shape = array.shape
    if not array.flags.c_contiguous or not array.dtype.isnative:
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return _ingot.Value.borrow(number, array.__array_interface__["data"][0], list(shape), array)


def from_value(value):
    """A NumPy array over the value's bytes (kept alive by the array), a list, a dict or None.

    What lies in memory of a device is copied to the host.
    """
    kind = value.kind()
    if kind == _NONE:
        return None
    if kind == _SEQUENCE:
        return [from_value(item) for item in value.items()]
    if kind == _MAP:
        keys, values = (from_value(item) for item in value.items())
        return dict(zip(keys.tolist(), values.tolist()))
    if value.device() != "cpu":
        value = value.to_host()
    number, shape = value.dtype(), value.shape()
    if number == dtypes.STRING:
        return np.array(value.string_list(), dtype=object).reshape(shape)
    dtype = dtypes.numpy_dtype(number)
    if number in dtypes.PACKED_BITS:
        count = int(np.prod(shape, dtype=np.int64))
        return dtypes.unpack(np.frombuffer(value, np.uint8), dtypes.PACKED_BITS[number], count, dtype).reshape(shape)
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.ndarray(shape, dtype, buffer=value)


class OrtValue:
    """A tensor, sequence or map owned by the library or borrowed from an array."""

    def __init__(self, value, complete_for=None):
        self._value = value
        self._complete_for = complete_for  # the only stream for which it is complete (NO_STREAM: for none); None: for all

    @staticmethod
    def ortvalue_from_numpy(numpy_obj, device_type="cpu", device_id=0):
        value, device = to_value(np.array(numpy_obj, order="C")), device_text(device_type, device_id)
        return OrtValue(value if device == "cpu" else _copied(value, device))

    @staticmethod
    def ortvalue_from_numpy_with_onnx_type(data, onnx_element_type):
        return OrtValue(to_value(data, dtypes.type_text(onnx_element_type)))

    @staticmethod
    def ortvalue_from_shape_and_type(shape, element_type, device_type="cpu", device_id=0):
        number = element_type if isinstance(element_type, int) else dtypes.number_of_dtype(element_type)
        return OrtValue(allocated(number, list(shape), device_text(device_type, device_id)))

    @staticmethod
    def ort_value_from_sequence(values):
        return OrtValue(_ingot.Value.sequence([to_value(item) for item in values]))

    @staticmethod
    def from_dlpack(data, is_bool_tensor=False, stream=None):
        """Borrows a tensor on the host or a device. `stream`: see docs/device-memory.md."""
        if not dlpack.on_host(data):
            return OrtValue(dlpack.imported(data, stream, is_bool_tensor))
        array = np.from_dlpack(data)
        return OrtValue(to_value(array.view(np.bool_) if is_bool_tensor else array))

    def numpy(self):
        return from_value(self._value)

    def shape(self):
        return list(self._value.shape())

    def data_type(self):
        kind = self._value.kind()
        if kind == _SEQUENCE:
            items = self._value.items()
            return "seq(%s)" % (OrtValue(items[0]).data_type() if items else "")
        return dtypes.type_text(self._value.dtype())

    def element_type(self):
        return self._value.dtype()

    def tensor_size_in_bytes(self):
        return dtypes.byte_size(self._value.dtype(), self._value.shape())

    def data_ptr(self):
        return self._value.address()

    def device_name(self):
        return self._value.device().split(":")[0]

    def device_id(self):
        return int((self._value.device() + ":0").split(":")[1])

    def has_value(self):
        return self._value.kind() != _NONE

    def is_tensor(self):
        return self._value.kind() == _TENSOR

    def is_tensor_sequence(self):
        return self._value.kind() == _SEQUENCE

    def is_sparse_tensor(self):
        return False

    def update_inplace(self, np_arr):
        if self._value.device() != "cpu":
            return self._value.write(to_value(np_arr, self.data_type()))
        target = self.numpy()
        if target.shape != np_arr.shape or target.dtype != np_arr.dtype:
            raise ValueError("update_inplace takes an array of %s %s" % (target.dtype, target.shape))
        target[...] = np_arr

    def __dlpack__(self, *, stream=None, **options):
        if self._value.device() == "cpu":
            return self.numpy().__dlpack__(stream=stream, **options)
        if self._complete_for is not None and stream not in (-1, self._complete_for):
            _ingot.device_synchronize(self._value.device())
            self._complete_for = None
        return dlpack.exported(self._value, stream, **options)

    def __dlpack_device__(self):
        return _ingot.dlpack_device(self._value)


def device_text(device_type, device_id=0):
    """The library's name of a device: cpu, cuda:1, or for tests null."""
    kind = device_type.lower()
    if kind in ("cpu", "null"):
        return kind
    if kind in ("cuda", "gpu"):
        return "cuda:%d" % device_id
    raise ValueError("%s is no device of values; valid: cpu, cuda" % device_type)


def allocated(number, shape, device):
    """A tensor with memory of its own; on a device its content is undefined."""
    return _ingot.Value.allocate(number, shape) if device == "cpu" else _ingot.Value.allocate_device(number, device, shape)


def _copied(value, device):
    there = allocated(value.dtype(), list(value.shape()), device)
    there.write(value)
    return there
