"""InferenceSession: a real onnxruntime.InferenceSession whose providers are chosen, checked and reported."""

import collections
import itertools
import logging
import os

import onnxruntime

from .. import errors, tensorrt_options
from ..providers import CPU, KNOWN, TENSORRT, log, pairs
from .available import INGOT, ORDER, candidates

_NOT_INSIDE = ("folder",)  # an option of Ingot's own sessions alone
_RECORD = "session.record_ep_graph_assignment_info"


def _wanted(providers, provider_options):
    """[(candidate, options)] in order, and remarks. No providers: the stated order."""
    if not providers:
        return [(each, {}) for each in ORDER], []
    given = pairs(providers, provider_options, known=tuple(dict.fromkeys(KNOWN + tuple(onnxruntime.get_available_providers()))))
    wanted, remarks = [], []
    for name, options in given:
        wanted += [(each, options) for each in candidates(name)]
        if name == TENSORRT:
            tensorrt_options.translate(options)  # an unknown option is an error wherever it runs
            # Where TensorRT is not, Ingot stands in for it, with the options translated.
            if candidates(name)[0].missing() and not any(other == INGOT for other, _ in given):
                for each in candidates(INGOT):
                    translated, notes = tensorrt_options.translate(options, gpu=each.on_gpu)
                    wanted.append((each, translated))
                remarks += notes
    return wanted, remarks


def _text(options):
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in options.items() if key not in _NOT_INSIDE}


def _with_threads(candidate, given, options):
    """The provider cannot see how many threads the session has: they are its own unless the options say otherwise."""
    threads = options.intra_op_num_threads
    return dict({"threads": threads}, **given) if candidate.provider == INGOT and threads > 0 else given


def _save_as_context(options, model):
    """ONNX Runtime writes no optimised model of a compiled one: `optimized_model_filepath` then gets a model that holds the
    plans. Gives the remark for that, as a list."""
    path, options.optimized_model_filepath = options.optimized_model_filepath, ""
    if os.path.exists(path):
        if isinstance(model, (str, os.PathLike)) and os.path.samefile(path, model):
            raise ValueError("optimized_model_filepath %s is the model itself" % path)
        os.unlink(path)  # ONNX Runtime replaces optimised models, but not these
    for key, value in (("enable", "1"), ("file_path", path), ("embed_mode", "1")):
        options.add_session_config_entry("ep.context_" + key, value)
    return ["optimized_model_filepath: %s holds the plans, for sessions with %s" % (path, INGOT)]


def _raise_for_options(error):
    """An option of Ingot's that is wrong is the caller's error: no other provider takes its place."""
    _, ours, message = str(error).partition("INVALID_ARGUMENT : Ingot: ")
    if ours:
        raise errors.InvalidArgument(message.strip()) from error


class InferenceSession(onnxruntime.InferenceSession):
    """onnxruntime.InferenceSession with the best chain of providers that this machine offers.

    The order: TensorRT, Ingot on CUDA, CUDA, Ingot on the CPU, CPU. `providers` fixes another chain, which is respected;
    a TensorrtExecutionProvider that is not installed is then replaced by Ingot, its options translated. One log line of
    the logger "ingot" (kept in `report`) says which provider serves the model, and why each before it does not: a warning
    where something is not taken, else info. `strict=True` raises EPFail when a provider of a given chain is missing, or
    when nodes fall to another provider than the first usable one. `sess_options` receives the providers: use one object
    for one session; with it, a provider that fails to start is an error, without it the next one is tried. Its
    `optimized_model_filepath` gets a model that holds the plans (EPContext) where Ingot comes first.
    """

    def __init__(self, path_or_bytes, sess_options=None, providers=None, provider_options=None, strict=False, **others):
        wanted, remarks = _wanted(providers, provider_options)
        reasons, chain = [], []
        for candidate, given in wanted:
            reason = candidate.missing()
            if reason:
                reasons.append("%s: %s" % (candidate.label, reason))
            else:
                chain.append((candidate, given))
        absent = [name for name, _ in pairs(providers, provider_options, known=None)
                  if all(candidate.provider != name for candidate, _ in chain)]
        if strict and absent:
            raise errors.EPFail("strict: " + "; ".join(reasons))
        others["enable_fallback"] = 0  # ONNX Runtime would rerun on its CPU provider after a provider's error
        while True:
            options = sess_options if sess_options is not None else onnxruntime.SessionOptions()
            if not options.has_providers():
                if options.optimized_model_filepath and chain and chain[0][0].provider == INGOT:
                    remarks += _save_as_context(options, path_or_bytes)
                for candidate, given in chain:
                    candidate.add_to(options, _text(_with_threads(candidate, given, options)))
            options.add_session_config_entry(_RECORD, "1")
            try:
                super().__init__(path_or_bytes, options, **others)
                break
            except Exception as error:  # ONNX Runtime's own classes
                _raise_for_options(error)
                if sess_options is not None or not chain or chain[0][0].provider == CPU:
                    raise
                if strict:
                    raise errors.EPFail("strict: %s: %s" % (chain[0][0].label, error)) from error
                reasons.append("%s: %s" % (chain.pop(0)[0].label, error))
        self.report = self._describe(chain[0][0] if chain else ORDER[-1], reasons, remarks, strict)
        log.log(logging.WARNING if reasons or remarks else logging.INFO, "%s", self.report)

    def _describe(self, first, reasons, remarks, strict):
        """The line that is logged. Appends to `reasons` what the first provider of the chain left to others."""
        nodes = list(self._nodes())
        left = sorted({op_type for _, op_type, provider in nodes if provider != first.provider})
        if left:
            reasons.append("%s: operators unsupported: %s" % (first.label, ", ".join(left)))
        counts = collections.Counter(provider for _, _, provider in nodes)
        taken = ", ".join("%s (%d nodes)" % item for item in counts.most_common()) or first.label
        line = "; ".join(["taken: " + taken] + ["not taken: " + reason for reason in reasons] + remarks)
        if strict and left:
            raise errors.EPFail("strict: " + line)
        return line

    def _nodes(self):
        """(name, operator, provider) of every node; the same for nodes without a name, numbered."""
        unnamed = itertools.count()
        for subgraph in self.get_provider_graph_assignment_info():
            for node in subgraph.get_nodes():
                yield node.name or "%s #%d" % (node.op_type, next(unnamed)), node.op_type, subgraph.ep_name

    def placement(self):
        """Name of each node of the model -> the provider that runs it, read from this session. ONNX Runtime folds some
        nodes before it places them: those are not there."""
        return {name: provider for name, _, provider in self._nodes()}
