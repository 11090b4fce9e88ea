"""The arguments `providers` and `provider_options`, as ONNX Runtime takes them."""

import logging

from . import _ingot, tensorrt_options
from .names import nearest_first

PROVIDER = "IngotExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
CPU = "CPUExecutionProvider"
# ONNX Runtime's own list.
OTHERS = (TENSORRT, "NvTensorRTRTXExecutionProvider", "CUDAExecutionProvider", "MIGraphXExecutionProvider", "OpenVINOExecutionProvider",
          "DnnlExecutionProvider", "VitisAIExecutionProvider", "QNNExecutionProvider", "NnapiExecutionProvider", "CoreMLExecutionProvider",
          "DmlExecutionProvider", "WebGpuExecutionProvider", "XnnpackExecutionProvider", "CANNExecutionProvider", "ROCMExecutionProvider",
          "AzureExecutionProvider")
KNOWN = (PROVIDER, CPU) + OTHERS
HINTS = {"latency": 1, "throughput": -1}  # of performance_hint: streams

log = logging.getLogger("ingot")


def pairs(providers, provider_options, known=KNOWN):
    """[(name, options)] in order; raises for names outside of `known` (None: any will do)."""
    if isinstance(providers, str):
        raise ValueError("'providers' is a list of names, as in [%r]" % providers)
    entries = list(providers or [])
    extra = list(provider_options or []) if entries else []  # alone it means nothing, as in ONNX Runtime
    if extra and len(extra) != len(entries):
        raise ValueError("'providers' and 'provider_options' should be the same length if both are given.")
    result = []
    for index, entry in enumerate(entries):
        name, given = entry if isinstance(entry, (tuple, list)) and len(entry) == 2 else (entry, {})
        if not isinstance(name, str):
            raise ValueError("'providers' values must be either strings or (string, dict) tuples, not %r" % (entry,))
        if known is not None and name not in known:
            raise ValueError("%s is not a provider; valid: %s" % (name, nearest_first(name, known)))
        result.append((name, dict(given, **(extra[index] if extra else {}))))
    return result


def _where():
    """What sessions take when they are told no device."""
    return "the CPU" if _ingot.device_problem("cuda") else "a GPU"


def options_for_ingot(providers, provider_options):
    """Ingot's options from a list of providers; what was asked of others is translated or named in one log line."""
    entries = pairs(providers, provider_options)
    if entries and all(name == CPU for name, _ in entries):
        return {"device": "cpu"}
    options, said = {}, []
    for name, given in entries:
        if name == TENSORRT:
            translated, remarks = tensorrt_options.translate(given, gpu=_where() == "a GPU")
            options = dict(translated, **options)
            said.append("; ".join(["%s is served by Ingot on %s" % (name, _where())] + remarks))
        elif name == PROVIDER:
            options.update(given)
        elif name != CPU:
            said.append("%s is served by Ingot on %s%s" % (name, _where(), ", its options are ignored" if given else ""))
    if said:
        log.warning("%s", "; ".join(said))
    return options


def session_settings(provider_options, session_options):
    """How a session's threads are shared out and what it may run; what is no matter of the build leaves `provider_options`."""
    hint = str(provider_options.pop("performance_hint", "latency")).lower()
    if hint not in HINTS:
        raise ValueError("performance_hint '%s' is not one of: %s" % (hint, ", ".join(HINTS)))
    if session_options.intra_op_num_threads:
        provider_options.setdefault("threads", session_options.intra_op_num_threads)
    streams = int(provider_options.setdefault("streams", HINTS[hint]))
    spinning = session_options._config.get("session.intra_op.allow_spinning", "1") != "0"
    spins = int(provider_options.pop("spins", -1 if spinning else 0))
    switches = {name: str(provider_options.pop(name, "0")).lower() in ("1", "true") for name in ("pin", "allow_device_code")}
    return {"threads": int(provider_options.get("threads", 0)), "streams": streams, "spins": spins, **switches}
