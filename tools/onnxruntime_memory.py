"""What ONNX Runtime takes for activations: an allocator that counts, registered in the place of its arena.

Python's interface of ONNX Runtime has no allocators, so this calls the C interface, whose table of functions only grows:
a slot number holds for every later release.
"""

import ctypes
import glob
import os

import numpy as np
import onnxruntime

_VERSION = 22  # of the interface; releases from 1.22 on have it
_P, _SIZE, _TEXT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
_ERROR_MESSAGE, _CREATE_ENV, _CREATE_SESSION, _RUN, _CREATE_OPTIONS, _SET_THREADS = 2, 3, 7, 9, 10, 24
_CREATE_TENSOR, _CREATE_MEMORY_INFO, _RELEASE_SESSION, _RELEASE_VALUE, _RELEASE_OPTIONS = 49, 69, 95, 96, 100
_ADD_CONFIG_ENTRY, _REGISTER_ALLOCATOR = 130, 176
_ALIGNMENT = 64
_ALLOCATE = ctypes.CFUNCTYPE(_P, _P, _SIZE)
_FREE = ctypes.CFUNCTYPE(None, _P, _P)
_INFO = ctypes.CFUNCTYPE(_P, _P)


class _ApiBase(ctypes.Structure):
    _fields_ = [("get_api", ctypes.CFUNCTYPE(ctypes.POINTER(_P), ctypes.c_uint32)), ("version", _P)]


class _Allocator(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("allocate", _ALLOCATE), ("free", _FREE), ("info", _INFO),
                ("reserve", _ALLOCATE), ("get_stats", _P), ("allocate_on_stream", _P)]


class CountingRuntime:
    """ONNX Runtime with an allocator that notes the bytes asked for. One per process."""

    def __init__(self):
        folder = os.path.join(os.path.dirname(onnxruntime.__file__), "capi")
        library = ctypes.CDLL(glob.glob(os.path.join(folder, "libonnxruntime.so*"))[0])
        library.OrtGetApiBase.restype = ctypes.POINTER(_ApiBase)
        self._api = library.OrtGetApiBase().contents.get_api(_VERSION)
        self._sizes, self._held, self._peak = {}, 0, 0
        self._c = ctypes.CDLL(None)
        self._c.aligned_alloc.restype, self._c.aligned_alloc.argtypes = _P, (_SIZE, _SIZE)
        self._c.free.argtypes = (_P,)
        self._environment = self._made(_CREATE_ENV, (ctypes.c_int, 3), (_TEXT, b"memory"))
        self._info = self._made(_CREATE_MEMORY_INFO, (ctypes.c_int, 0), (ctypes.c_int, 0))
        self._allocator = _Allocator(_VERSION, _ALLOCATE(self._allocate), _FREE(self._free),
                                     _INFO(lambda _: self._info.value), _ALLOCATE(self._allocate), None, None)
        self._call(_REGISTER_ALLOCATOR, (_P, self._environment), (_P, ctypes.addressof(self._allocator)))

    def activation_peak(self, path, feeds, outputs, threads, runs=4):
        """Most bytes held at once during a run beyond those held before it; of several runs the least.

        `outputs`: {name: array} to write into, so that outputs are not counted.
        """
        options = self._made(_CREATE_OPTIONS)
        self._call(_SET_THREADS, (_P, options), (ctypes.c_int, threads))
        self._call(_ADD_CONFIG_ENTRY, (_P, options), (_TEXT, b"session.use_env_allocators"), (_TEXT, b"1"))
        session = self._made(_CREATE_SESSION, (_P, self._environment), (_TEXT, os.fsencode(path)), (_P, options))
        tensors = [{name: self._tensor(array) for name, array in each.items()} for each in (feeds, outputs)]
        peaks = [self._run(session, *tensors) for _ in range(runs)]
        for tensor in [*tensors[0].values(), *tensors[1].values()]:
            self._slot(_RELEASE_VALUE, None, _P)(tensor)
        self._slot(_RELEASE_SESSION, None, _P)(session)
        self._slot(_RELEASE_OPTIONS, None, _P)(options)
        return min(peaks)

    def _run(self, session, inputs, outputs):
        before = self._peak = self._held
        sides = []
        for side in (inputs, outputs):
            sides.append(((_TEXT * len(side))(*map(str.encode, side)), (_P * len(side))(*side.values())))
        (names, values), (output_names, results) = sides
        self._call(_RUN, (_P, session), (_P, None), (_P, names), (_P, values), (_SIZE, len(inputs)), (_P, output_names),
                   (_SIZE, len(outputs)), (_P, results))
        return self._peak - before

    def _tensor(self, array):
        number = onnxruntime.OrtValue.ortvalue_from_numpy(array).element_type()
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        return self._made(_CREATE_TENSOR, (_P, self._info), (_P, array.ctypes.data), (_SIZE, array.nbytes), (_P, shape),
                          (_SIZE, array.ndim), (ctypes.c_int, number))

    def _allocate(self, _, size):
        address = self._c.aligned_alloc(_ALIGNMENT, max(size + _ALIGNMENT - 1, _ALIGNMENT) // _ALIGNMENT * _ALIGNMENT)
        self._sizes[address] = size
        self._held += size
        self._peak = max(self._peak, self._held)
        return address

    def _free(self, _, address):
        if address:
            self._held -= self._sizes.pop(address)
            self._c.free(address)

    def _slot(self, number, result, *types):
        return ctypes.CFUNCTYPE(result, *types)(self._api[number])

    def _call(self, number, *arguments):
        status = self._slot(number, _P, *[kind for kind, _ in arguments])(*[value for _, value in arguments])
        if status:
            raise RuntimeError(self._slot(_ERROR_MESSAGE, _TEXT, _P)(status).decode())

    def _made(self, number, *arguments):
        result = _P()
        self._call(number, *arguments, (_P, ctypes.addressof(result)))
        return result
