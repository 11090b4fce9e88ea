"""SessionOptions and RunOptions with ONNX Runtime's names."""

import ctypes
import enum


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1


class SessionOptions:
    """What a session is told.

    Threads, profiling, initializers and free dimensions have effect. `optimized_model_filepath` is where the session's
    plan is saved; a session of that file is there at once. Settings of ONNX Runtime's memory arena and optimiser that a
    plan has no counterpart for are accepted and kept; an attribute that ONNX Runtime's class lacks is an AttributeError.
    """

    __slots__ = ("intra_op_num_threads", "inter_op_num_threads", "graph_optimization_level", "execution_mode", "execution_order",
                 "enable_profiling", "profile_file_prefix", "optimized_model_filepath", "enable_mem_pattern", "enable_mem_reuse",
                 "enable_cpu_mem_arena", "log_severity_level", "log_verbosity_level", "logid", "use_deterministic_compute",
                 "_config", "_free_dimensions", "_initializers", "_external_initializers", "_external_files", "_providers")

    def __init__(self):
        self.intra_op_num_threads = 0
        self.inter_op_num_threads = 0
        self.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
        self.execution_mode = ExecutionMode.ORT_SEQUENTIAL
        self.execution_order = ExecutionOrder.DEFAULT
        self.enable_profiling = False
        self.profile_file_prefix = "ingot_profile_"
        self.optimized_model_filepath = ""
        self.enable_mem_pattern = True
        self.enable_mem_reuse = True
        self.enable_cpu_mem_arena = True
        self.log_severity_level = 2
        self.log_verbosity_level = 0
        self.logid = ""
        self.use_deterministic_compute = False
        self._config = {}
        self._free_dimensions = {}
        self._initializers = {}
        self._external_initializers = {}
        self._external_files = {}
        self._providers = []

    def add_provider(self, name, options):
        """One more provider of sessions that are given none."""
        self._providers.append((name, options))

    def has_providers(self):
        return bool(self._providers)

    def add_session_config_entry(self, key, value):
        self._config[key] = value

    def get_session_config_entry(self, key):
        if key not in self._config:
            raise RuntimeError("there is no config entry %r" % key)
        return self._config[key]

    def has_session_config_entry(self, key):
        return key in self._config

    def add_free_dimension_override_by_name(self, name, value):
        self._free_dimensions[name] = int(value)

    def add_free_dimension_override_by_denotation(self, denotation, value):
        """Accepted and without effect: plans run at any size, and a fixed one is a matter of speed alone."""

    def add_initializer(self, name, ort_value):
        """The session's value for an initializer of the model; of no effect on models that have none of that name."""
        self._initializers[name] = ort_value

    def add_external_initializers(self, names, ort_values):
        """Values for initializers that the model keeps in other files; these are then not read."""
        if len(names) != len(ort_values):
            raise ValueError("%d names and %d values of external initializers" % (len(names), len(ort_values)))
        self._external_initializers.update(zip(names, ort_values))

    def add_external_initializers_from_files_in_memory(self, file_names, buffers, lengths):
        """Contents of files that the model's external data names, by their paths relative to the model's folder."""
        for name, buffer, length in zip(file_names, buffers, lengths):
            self._external_files[name] = bytes(memoryview(buffer)[:length])

    def use_per_session_threads(self, value=True):
        """Sessions always have threads of their own."""

    def register_custom_ops_library(self, path):
        raise RuntimeError(
            "ONNX Runtime's custom-operator libraries are not loaded: register operators with "
            "ingot.register_custom_operator (asked for %s)" % path
        )


class RunOptions:
    """What one run is told. Setting `terminate` from another thread stops the run.

    `compute_stream`: the address of a CUDA stream; the run comes after what it holds and before what it gets later. None:
    the session's user_compute_stream, if any.
    """

    __slots__ = ("_terminate", "log_severity_level", "log_verbosity_level", "logid", "run_tag", "only_execute_path_to_fetches", "seed",
                 "compute_stream", "_config")

    def __init__(self):
        self._terminate = ctypes.c_int(0)
        self.log_severity_level = 2
        self.log_verbosity_level = 0
        self.logid = ""
        self.run_tag = ""
        self.only_execute_path_to_fetches = False
        self.seed = 0
        self.compute_stream = None
        self._config = {}

    @property
    def terminate(self):
        return self._terminate.value != 0

    @terminate.setter
    def terminate(self, value):
        self._terminate.value = 1 if value else 0

    def add_run_config_entry(self, key, value):
        """Of ONNX Runtime's entries, disable_synchronize_execution_providers "1" means something here: a run returns
        before outputs that stay on a device are complete.
        """
        self._config[key] = value

    @property
    def _asynchronous(self):
        return self._config.get("disable_synchronize_execution_providers", "0") == "1"

    def get_run_config_entry(self, key):
        if key not in self._config:
            raise RuntimeError("there is no config entry %r" % key)
        return self._config[key]
