"""InferenceSession and IOBinding, with ONNX Runtime's names and behaviour."""

import atexit
import contextlib
import ctypes
import json
import os
import time
import weakref

from . import _ingot, dtypes, errors
from .options import RunOptions, SessionOptions
from .providers import PROVIDER, options_for_ingot, session_settings
from .values import NO_STREAM, OrtValue, device_text, from_value, to_value


class NodeArg:
    """Name, type and shape of an input or output. Unknown sizes are names or None."""

    def __init__(self, name, type_text, shape):
        self.name, self.type, self.shape = name, type_text, shape

    def __repr__(self):
        return "NodeArg(name=%r, type=%r, shape=%r)" % (self.name, self.type, self.shape)


class ModelMetadata:
    def __init__(self, metadata):
        custom = dict(metadata)
        self.producer_name = custom.pop("onnx.producer_name", "")
        self.graph_name = custom.pop("onnx.graph_name", "")
        self.domain = custom.pop("onnx.domain", "")
        self.description = custom.pop("onnx.description", "")
        self.graph_description = custom.pop("onnx.graph_description", "")
        self.version = int(custom.pop("onnx.version", "0"))
        for key in ("onnx.nodes", "onnx.overridable_initializers"):
            custom.pop(key, None)
        self.custom_metadata_map = custom


def _is_plan(source):
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source[:8]) == b"INGOTPLN"
    return _ingot.is_plan_file(os.fspath(source))


_warming = weakref.WeakSet()


@atexit.register
def _stop_warming():
    """Builds in the background end before the interpreter does."""
    for session in list(_warming):
        session.stop_warm_up()
        session.warm_up(-1)


def _takes_warm_up(options):
    value = str(options.get("warmup", "off"))
    if value not in ("off", "background"):
        raise ValueError("warmup '%s' is not one of: off, background" % value)
    return value == "background"


class InferenceSession:
    """Runs a model or a plan.

    `path_or_bytes`: an .onnx file, its bytes, a .plan file, its bytes, or an ingot.Plan. Options of the provider are
    build options: providers=[("IngotExecutionProvider", {"device": "cpu", "precision": "fp32"})]. Options of the
    TensorRT provider are translated (docs/migrate.md); other providers of ONNX Runtime are served by Ingot as well, and
    a log line of the logger "ingot" says so. The option "warmup": "background" makes a session that serves at once and
    takes the plan that `tune` asks for (quick, when nothing is asked) as soon as that is built; `warm_up` tells.
    Beside them, "user_compute_stream" is the address of a CUDA stream that runs
    come after and before whose later work they come.
    Sessions may be run from several threads at once: each run has all of the session's threads, or, with
    "performance_hint": "throughput" (or a number of "streams"), a share of its own. "spins" (0: idle threads sleep at
    once; as ONNX Runtime's session.intra_op.allow_spinning "0") and "pin" say how these threads wait and where they stay.
    "allow_device_code" lets compiled kernels that a plan carries run on the GPU: for plans that you trust.
    """

    def __init__(self, path_or_bytes, sess_options=None, providers=None, provider_options=None, **unused):
        from .plan import Plan

        self._options = sess_options or SessionOptions()
        if not providers and self._options.has_providers():
            providers, provider_options = self._options._providers, None
        self._provider_options = options_for_ingot(providers, provider_options)
        stream = str(self._provider_options.pop("user_compute_stream", "") or "")
        self._provider_options.pop("has_user_compute_stream", None)
        self._stream = int(stream, 0) if stream else None
        self._source = None  # of a plan
        warms_up = _takes_warm_up(self._provider_options)
        settings = session_settings(self._provider_options, self._options)
        self._session = None
        if isinstance(path_or_bytes, Plan):
            self._plan = path_or_bytes
        elif _is_plan(path_or_bytes):
            self._plan = Plan.load(path_or_bytes)
        elif warms_up:
            self._source = path_or_bytes
            builder = self._builder({})
            self._session = _ingot.Session.warming(builder, **settings)
            self._plan = Plan(self._session.plan(), json.loads(builder.report_json()))
            _warming.add(self._session)
        else:
            self._source = path_or_bytes
            self._plan = self._build({})
        if self._source is not None and self._options.optimized_model_filepath:
            self._plan.save(self._options.optimized_model_filepath)
        if self._session is None:
            self._session = _ingot.Session(self._plan._plan, **settings)
        self._inputs = [NodeArg(name, kind, json.loads(shape)) for name, kind, shape in self._session.inputs()]
        self._outputs = [NodeArg(name, kind, json.loads(shape)) for name, kind, shape in self._session.outputs()]
        self._output_index = {each.name: index for index, each in enumerate(self._outputs)}
        self._input_names = {each.name for each in self._inputs}
        defaults = json.loads(self._session.json())["metadata"].get("onnx.overridable_initializers", "[]")
        self._overridable = [NodeArg(name, dtypes.type_text(number), dims) for name, number, dims in json.loads(defaults)]
        self._overridden = None  # names and values of the last run that gave some, and the session for them
        self._events, self._started = [], time.monotonic_ns()

    def _builder(self, overridden):
        """The builder of the model with {name: OrtValue} in place of its initializers, over those of the options."""
        from .plan import builder_of

        options = {key.replace("-", "_"): value for key, value in self._provider_options.items()}
        options.pop("warmup", None)
        options["free_dimension"] = ["%s=%d" % item for item in self._options._free_dimensions.items()]
        builder = builder_of(self._source, "", options)
        for location, content in self._options._external_files.items():
            builder.external_file(location, content)
        for name, value in dict(self._options._external_initializers, **overridden).items():
            builder.initializer(name, value._value)
        for name, value in self._options._initializers.items():
            if name in overridden:
                continue
            with contextlib.suppress(errors.NoSuchFile):  # options may serve several models
                builder.initializer(name, value._value)
        return builder

    def _build(self, overridden):
        from .plan import Plan

        builder = self._builder(overridden)
        plan = builder.build()
        return Plan(plan, json.loads(builder.report_json()))

    def warm_up(self, timeout=0):
        """How the build of the option "warmup" stands, after waiting for it for `timeout` seconds (None: to its end).

        {"state", "reason", "seconds", "report"}; states: none (the option was not given), cached (the plan came from
        the plan cache), building, taken (every new run is served by it), failed (the first plan goes on serving;
        `reason` says why) and stopped.
        """
        return json.loads(self._session.warm_up(-1 if timeout is None else timeout))

    def stop_warm_up(self):
        """Asks the build of the option "warmup" to stop; the session goes on with the plan that it has."""
        self._session.stop_warm_up()

    def get_threads(self):
        """{"streams": runs at once that have threads of their own, "threads": of one run}."""
        told = json.loads(self._session.json())
        return {name: told[name] for name in ("threads", "streams")}

    def get_inputs(self):
        return list(self._inputs)

    def get_outputs(self):
        return list(self._outputs)

    def get_overridable_initializers(self):
        """Inputs with a default. A run that gives one is served by a plan for that value, built when it is new."""
        return list(self._overridable)

    def get_modelmeta(self):
        return ModelMetadata(json.loads(self._session.json())["metadata"])

    def get_providers(self):
        return [PROVIDER]

    def get_provider_options(self):
        return {PROVIDER: {key: str(value) for key, value in self._provider_options.items()}}

    def set_providers(self, providers=None, provider_options=None):
        options_for_ingot(providers, provider_options)

    def get_session_options(self):
        return self._options

    def disable_fallback(self):
        """Nothing falls back to another engine here."""

    def enable_fallback(self):
        """Nothing falls back to another engine here."""

    @property
    def plan(self):
        """The plan that serves now."""
        from .plan import Plan

        state = self.warm_up()
        return Plan(self._session.plan(), state["report"]) if state["state"] == "taken" else self._plan

    def run(self, output_names, input_feed, run_options=None):
        """Outputs as NumPy arrays, in the order of `output_names` (None: all)."""
        given = [each for each in self._overridable if each.name in input_feed]
        if given:
            return self._with_defaults(given, input_feed).run(output_names, self._without(given, input_feed), run_options)
        results = self._execute(self._feed_values(input_feed), [None] * len(self._outputs), run_options)
        return [from_value(results[index]) for index in self._wanted(output_names)]

    def run_with_ort_values(self, output_names, input_dict_ort_values, run_options=None):
        given = [each for each in self._overridable if each.name in input_dict_ort_values]
        if given:
            session = self._with_defaults(given, input_dict_ort_values)
            return session.run_with_ort_values(output_names, self._without(given, input_dict_ort_values), run_options)
        results = self._execute(self._feed_values(input_dict_ort_values), [None] * len(self._outputs), run_options)
        return [OrtValue(results[index]) for index in self._wanted(output_names)]

    def run_async(self, output_names, input_feed, callback, user_data, run_options=None):
        """Runs on a thread of its own, then calls callback(results, user_data, error_text)."""
        import threading

        def work():
            try:
                results, error = self.run(output_names, input_feed, run_options), ""
            except Exception as failure:  # handed to the callback
                results, error = [], str(failure)
            callback(results, user_data, error)

        threading.Thread(target=work, daemon=True).start()

    def io_binding(self):
        return IOBinding(self)

    def run_with_iobinding(self, iobinding, run_options=None):
        iobinding._run(run_options)

    def end_profiling(self):
        """Writes the Chrome trace of the runs so far and returns the file's name; "" when nothing is profiled."""
        if not self._options.enable_profiling:
            return ""
        name = "%s%s.json" % (self._options.profile_file_prefix, time.strftime("%Y-%m-%d_%H-%M-%S"))
        with open(name, "w", encoding="utf-8") as file:
            json.dump(self._events, file)
        return name

    def get_profiling_start_time_ns(self):
        return self._started

    def _wanted(self, output_names):
        if not output_names:
            return range(len(self._outputs))
        unknown = [name for name in output_names if name not in self._output_index]
        if unknown:
            raise errors.InvalidArgument("Invalid output name: %s; the outputs: %s" % (unknown[0], ", ".join(self._output_index)))
        return [self._output_index[name] for name in output_names]

    @staticmethod
    def _without(given, feed):
        names = {each.name for each in given}
        return {name: value for name, value in feed.items() if name not in names}

    def _with_defaults(self, given, feed):
        """The session that has the feed's values for `given`, overridable initializers; the last one is kept."""
        values = {each.name: OrtValue(to_value(feed[each.name], each.type)) for each in given}
        key = {name: (value.shape(), value.numpy().tobytes()) for name, value in values.items()}
        kept = self._overridden
        if kept is None or kept[0] != key:
            for each in given:
                if values[each.name].data_type() != each.type:
                    raise errors.InvalidArgument("Unexpected input data type for %s: %s instead of %s" %
                                                 (each.name, values[each.name].data_type(), each.type))
            plan = self._build(values)
            kept = self._overridden = key, InferenceSession(plan, self._options)
        return kept[1]

    def _feed_values(self, feed):
        missing = [each.name for each in self._inputs if each.name not in feed and not each.type.startswith("optional(")]
        if missing:
            raise ValueError("Required inputs (%s) are missing from input feed (%s)." % (missing, list(feed)))
        for name in feed:
            if name not in self._input_names:
                raise errors.InvalidArgument("Invalid input name: %s; the inputs: %s" % (name, ", ".join(sorted(self._input_names))))
        return [to_value(feed.get(each.name), each.type) for each in self._inputs]

    def _execute(self, inputs, outputs, run_options, on_device=()):
        options = run_options or RunOptions()
        profile = self._options.enable_profiling
        begin = time.monotonic_ns()
        results = self._session.run(inputs, outputs, seed=options.seed, profile=profile, cancel=ctypes.addressof(options._terminate),
                                    on_device=list(on_device), stream=self._stream_of(options), asynchronous=options._asynchronous)
        if profile:
            self._record(begin, time.monotonic_ns())
        return results

    def _stream_of(self, options):
        return self._stream if options.compute_stream is None else options.compute_stream

    def _record(self, begin, end):
        base = (begin - self._started) / 1000
        self._events.append({"cat": "Session", "ph": "X", "name": "model_run", "pid": os.getpid(), "tid": 0, "ts": base,
                             "dur": (end - begin) / 1000, "args": {}})
        for step in json.loads(self._session.profile_json()):
            self._events.append({
                "cat": "Node", "ph": "X", "name": "+".join(step["nodes"]) + "_kernel_time", "pid": os.getpid(), "tid": 0,
                "ts": base + step["start_ns"] / 1000, "dur": step["duration_ns"] / 1000,
                "args": {"op_name": step["name"], "provider": PROVIDER, "node_index": str(step["step"]), "kernel": step["kernel"]},
            })


class IOBinding:
    """Inputs and outputs bound to memory of the caller's, on the host or a device; runs then copy nothing.

    An output that is bound to a device without an address receives memory there, which later runs write again as long
    as its shape is the same.
    """

    def __init__(self, session):
        self._session = session
        self._in, self._out, self._results = {}, {}, []
        self._on_device = {}  # outputs that stay on a device: their values of the last run, None before
        self._shapes = None  # of the inputs of the last run
        self._pending = None  # the stream for which the last run's outputs are complete; None: for all

    def bind_cpu_input(self, name, arr_on_cpu):
        self._in[self._input(name).name] = to_value(arr_on_cpu, self._input(name).type)

    def bind_input(self, name, device_type, device_id, element_type, shape, buffer_ptr):
        self._in[self._input(name).name] = _at(buffer_ptr, element_type, shape, device_text(device_type, device_id))

    def bind_ortvalue_input(self, name, ortvalue):
        self._in[self._input(name).name] = ortvalue._value

    def bind_output(self, name, device_type="cpu", device_id=0, element_type=None, shape=None, buffer_ptr=None):
        index, device = self._output(name), device_text(device_type, device_id)
        self._on_device.pop(index, None)
        self._out[index] = None if buffer_ptr is None else _at(buffer_ptr, element_type, shape, device)
        if buffer_ptr is None and device != "cpu":
            self._on_device[index] = None

    def bind_ortvalue_output(self, name, ortvalue):
        index = self._output(name)
        self._on_device.pop(index, None)
        self._out[index] = ortvalue._value

    def synchronize_inputs(self):
        """Waits until all work on the inputs' devices is done, whoever enqueued it."""
        _synchronize(self._in.values())

    def synchronize_outputs(self):
        """Waits until all work on the outputs' devices is done."""
        _synchronize(self._results)
        self._pending = None

    def get_outputs(self):
        """Values of the last run. After an asynchronous one they are complete for the run's stream only."""
        return [OrtValue(value, self._pending) for value in self._results]

    def get_outputs_as_ortvaluevector(self):
        return self.get_outputs()

    def copy_outputs_to_cpu(self):
        return [from_value(value) for value in self._results]

    def clear_binding_inputs(self):
        self._in.clear()

    def clear_binding_outputs(self):
        self._out.clear()
        self._on_device.clear()
        self._results = []

    def _input(self, name):
        for each in self._session._inputs:
            if each.name == name:
                return each
        raise errors.InvalidArgument("Invalid input name: %s" % name)

    def _output(self, name):
        return list(self._session._wanted([name]))[0]

    def _kept(self, index):
        """The last run's value when the next one's surely has its shape: sizes may depend on the data."""
        sizes = {size for each in self._session._inputs for size in each.shape or [] if size is not None}
        shape = self._session._outputs[index].shape
        follows = shape is not None and all(isinstance(size, int) or size in sizes for size in shape)
        return self._on_device[index] if follows else None

    def _run(self, run_options):
        missing = [each.name for each in self._session._inputs if each.name not in self._in]
        if missing:
            raise ValueError("Inputs not bound: %s" % missing)
        inputs = [self._in[each.name] for each in self._session._inputs]
        outputs = [self._out.get(index) for index in range(len(self._session._outputs))]
        shapes = [value.shape() for value in inputs if value.kind() == 1]
        if self._shapes == shapes:
            outputs = [self._kept(index) if index in self._on_device else value for index, value in enumerate(outputs)]
        results = self._session._execute(inputs, outputs, run_options, self._on_device)
        self._shapes = shapes
        self._pending = None
        if run_options is not None and run_options._asynchronous:
            stream = self._session._stream_of(run_options)
            self._pending = NO_STREAM if stream is None else stream
        self._on_device = {index: results[index] for index in self._on_device}
        wanted = self._out or range(len(results))
        self._results = [results[index] for index in wanted]


def _at(address, element_type, shape, device):
    number = element_type if isinstance(element_type, int) else dtypes.number_of_dtype(element_type)
    if device == "cpu":
        return _ingot.Value.borrow(number, address, list(shape), None)
    return _ingot.Value.borrow_device(number, device, address, list(shape), None)


def _synchronize(values):
    for device in {value.device() for value in values} - {"cpu"}:
        _ingot.device_synchronize(device)
