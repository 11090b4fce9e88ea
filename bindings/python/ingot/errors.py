"""Exceptions, named as ONNX Runtime names them."""


class Fail(RuntimeError):
    """The request failed; base of the others."""


class InvalidArgument(Fail):
    pass


class NoSuchFile(Fail):
    pass


class InvalidProtobuf(Fail):
    pass


class InvalidGraph(InvalidProtobuf):
    """A model that cannot be read; ONNX Runtime tells damaged bytes and bad graphs apart, so either name catches it."""


class NotImplemented(Fail):  # noqa: A001 - ONNX Runtime's name
    pass


class RuntimeException(Fail):
    pass


class EPFail(Fail):
    pass


class InvalidPlan(Fail):
    """A damaged plan file."""


class ForeignPlan(Fail):
    """A sound plan made for another CPU or library version."""


class Cancelled(Fail):
    """Stopped by a callback or RunOptions.terminate."""


# The library's codes (ingot_code in ingot_runtime.h).
_BY_CODE = {
    1: InvalidArgument,
    2: InvalidGraph,
    3: NotImplemented,
    4: InvalidPlan,
    5: ForeignPlan,
    6: NoSuchFile,
    7: Fail,
    8: RuntimeException,
    9: Cancelled,
    10: EPFail,
    11: RuntimeException,
}


def make_error(code, message):
    return _BY_CODE.get(code, Fail)(message)
