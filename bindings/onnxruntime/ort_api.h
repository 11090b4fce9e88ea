// The part of ONNX Runtime's C interface that the plugin uses: slot numbers and types, frozen per release by ONNX
// Runtime's own rule that its tables only grow. Valid from API 24 (ONNX Runtime 1.24) on. A slot is called through the
// tables that CreateEpFactories receives; nothing is linked.
#pragma once
// NOLINTBEGIN(readability-identifier-naming): the names are ONNX Runtime's.

#include <cstddef>
#include <cstdint>

extern "C" {
struct OrtStatus;
struct OrtLogger;
struct OrtHardwareDevice;
struct OrtEpDevice;
struct OrtKeyValuePairs;
struct OrtSessionOptions;
struct OrtMemoryInfo;
struct OrtMemoryDevice;
struct OrtSyncStream;
struct OrtGraph;
struct OrtNode;
struct OrtValueInfo;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;
struct OrtValue;
struct OrtOpAttr;
struct OrtEpGraphSupportInfo;
struct OrtKernelContext;
struct OrtNodeComputeContext;
struct OrtNodeComputeInfo;
struct OrtProfilingEvent;
struct OrtProfilingEventsContainer;
struct OrtKernelRegistry;
struct OrtKernelDefBuilder;
struct OrtKernelDef;
struct OrtKernelInfo;

struct OrtApiBase {
  const void* const* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)();
};

struct OrtNodeFusionOptions {
  uint32_t ort_version_supported;
  bool drop_constant_initializers;
};

struct OrtKernelImpl {
  uint32_t ort_version_supported;
  uint32_t flags;  // 0: ONNX Runtime's own
  OrtStatus* (*Compute)(OrtKernelImpl*, OrtKernelContext*);
  void (*Release)(OrtKernelImpl*);
  const void* packing[2];
};

// Members after Reserve are optional.
struct OrtAllocator {
  uint32_t version;
  void* (*Alloc)(OrtAllocator*, size_t);
  void (*Free)(OrtAllocator*, void*);
  const OrtMemoryInfo* (*Info)(const OrtAllocator*);
  void* (*Reserve)(OrtAllocator*, size_t);
  const void* slots_5_to_7[3];
};

struct OrtDataTransferImpl {
  uint32_t ort_version_supported;
  void (*Release)(OrtDataTransferImpl*);
  bool (*CanCopy)(const OrtDataTransferImpl*, const OrtMemoryDevice* from, const OrtMemoryDevice* to);
  OrtStatus* (*CopyTensors)(OrtDataTransferImpl*, const OrtValue** from, OrtValue** to, OrtSyncStream** streams,
                            size_t count);
};

struct OrtNodeComputeInfo {
  uint32_t ort_version_supported;
  OrtStatus* (*CreateState)(OrtNodeComputeInfo*, OrtNodeComputeContext*, void** state);
  OrtStatus* (*Compute)(OrtNodeComputeInfo*, void* state, OrtKernelContext*);
  void (*ReleaseState)(OrtNodeComputeInfo*, void* state);
};

// What ONNX Runtime's Loop leaves to a provider.
struct OrtLoopKernelHelper {
  uint32_t ort_version_supported;
  void (*Release)(OrtLoopKernelHelper*);
  OrtStatus* (*ConcatOutput)(OrtLoopKernelHelper*, void* stream, const OrtValue* const* per_iteration, size_t count,
                             void* output, size_t size);
};

// Since API 25. Correlation ids tell the events of ONNX Runtime apart.
struct OrtEpProfilerImpl {
  uint32_t ort_version_supported;
  void (*Release)(OrtEpProfilerImpl*);
  // `offset_ns`: how long ago ONNX Runtime's own profile began.
  OrtStatus* (*StartProfiling)(OrtEpProfilerImpl*, int64_t offset_ns);
  OrtStatus* (*StartEvent)(OrtEpProfilerImpl*, uint64_t correlation_id);
  OrtStatus* (*StopEvent)(OrtEpProfilerImpl*, uint64_t correlation_id, const OrtProfilingEvent*);
  OrtStatus* (*EndProfiling)(OrtEpProfilerImpl*, OrtProfilingEventsContainer*);
};

// Members that stay null are optional for a provider that compiles.
struct OrtEp {
  uint32_t ort_version_supported;
  const char* (*GetName)(const OrtEp*);
  OrtStatus* (*GetCapability)(OrtEp*, const OrtGraph*, OrtEpGraphSupportInfo*);
  OrtStatus* (*Compile)(OrtEp*, const OrtGraph**, const OrtNode**, size_t count, OrtNodeComputeInfo**,
                        OrtNode** context);
  void (*ReleaseNodeComputeInfos)(OrtEp*, OrtNodeComputeInfo**, size_t count);
  const void* slots_5_to_11[7];
  const char* (*GetCompiledModelCompatibilityInfo)(OrtEp*, const OrtGraph*);
  OrtStatus* (*GetKernelRegistry)(OrtEp*, const OrtKernelRegistry**);  // stays the provider's
  const void* slots_14_to_15[2];
  OrtStatus* (*CreateProfiler)(OrtEp*, OrtEpProfilerImpl**);
  const void* slots_17_to_22[6];
  OrtStatus* (*GetDefaultMemoryDevice)(const OrtEp*, const OrtMemoryDevice**);  // of several devices; from 1.27 on
  const void* slots_24_to_25[2];
};

struct OrtEpFactory {
  uint32_t ort_version_supported;
  const char* (*GetName)(const OrtEpFactory*);
  const char* (*GetVendor)(const OrtEpFactory*);
  OrtStatus* (*GetSupportedDevices)(OrtEpFactory*, const OrtHardwareDevice* const*, size_t count, OrtEpDevice**,
                                    size_t capacity, size_t* written);
  OrtStatus* (*CreateEp)(OrtEpFactory*, const OrtHardwareDevice* const*, const OrtKeyValuePairs* const*, size_t count,
                         const OrtSessionOptions*, const OrtLogger*, OrtEp**);
  void (*ReleaseEp)(OrtEpFactory*, OrtEp*);
  uint32_t (*GetVendorId)(const OrtEpFactory*);
  const char* (*GetVersion)(const OrtEpFactory*);
  OrtStatus* (*ValidateCompiledModelCompatibilityInfo)(OrtEpFactory*, const OrtHardwareDevice* const*, size_t count,
                                                       const char* info, int* compatibility);
  OrtStatus* (*CreateAllocator)(OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*, OrtAllocator**);
  void (*ReleaseAllocator)(OrtEpFactory*, OrtAllocator*);
  OrtStatus* (*CreateDataTransfer)(OrtEpFactory*, OrtDataTransferImpl**);
  bool (*IsStreamAware)(const OrtEpFactory*);
  const void* slots_13_to_20[8];
};
static_assert(sizeof(void*) != 8 || (sizeof(OrtEp) == 208 && sizeof(OrtEpFactory) == 168));
}

namespace ingot_ort {

constexpr uint32_t kLeastApi = 24;  // 1.24: the first release whose every build registers plugins
constexpr uint32_t kProfilingApi = 25;
constexpr uint32_t kMemoryDeviceApi = 27;  // before, the devices of a session all had to have the same memory
constexpr uint32_t kBodyInputsApi = 27;    // before, a fused node was not given what only bodies of its nodes read

inline uint32_t runtime_api = 0;  // of the runtime that loaded the library
// What the plugin's structs say that they hold: what the runtime knows, up to the newest member that is used here.
inline uint32_t declared_api = kLeastApi;

// The tables of the runtime that loaded the library; set once by CreateEpFactories.
inline const void* const* api_table = nullptr;
inline const void* const* ep_table = nullptr;
inline const void* const* editor_table = nullptr;
inline const OrtLogger* default_logger = nullptr;  // of the environment

template <const void* const** kTable, int kSlot, typename Signature> struct Slot;
template <const void* const** kTable, int kSlot, typename Result, typename... Arguments>
struct Slot<kTable, kSlot, Result(Arguments...)> {
  Result operator()(Arguments... arguments) const {
    return reinterpret_cast<Result (*)(Arguments...)>(const_cast<void*>((*kTable)[kSlot]))(arguments...);
  }
};
template <int kSlot, typename Signature> using Api = Slot<&api_table, kSlot, Signature>;
template <int kSlot, typename Signature> using EpApi = Slot<&ep_table, kSlot, Signature>;

enum StatusCode : int { kFail = 1, kInvalidArgument = 2, kNotImplemented = 9, kInvalidGraph = 10, kEpFail = 11 };
enum OnnxType : int { kUnknownType = 0, kTensorType = 1 };
enum EventCategory : int { kSessionEvent = 0, kNodeEvent, kKernelEvent, kApiEvent };
enum AttributeType : int { kInt = 1, kInts, kFloat, kFloats, kString, kStrings, kGraph, kTensor };
enum Compatibility : int { kNotApplicable = 0, kOptimal = 1, kPreferRecompilation = 2, kUnsupported = 3 };
enum HardwareKind : int { kCpuDevice = 0, kGpuDevice = 1 };
enum MemoryKind : int { kCpuMemory = 0, kGpuMemory = 1 };  // of a memory device
enum MemoryAccess : int { kDeviceOnly = 0, kHostAccessible = 5 };
enum AllocatorKind : int { kDeviceAllocator = 0 };
enum KernelMemory : int { kHostInput = -2, kHostOutput = -1 };  // of a kernel's operands
constexpr uint32_t kNvidia = 0x10DE;
constexpr uint32_t kNoVendor = 0xFFFF;  // what PCI reads where there is no device: the virtual GPU

namespace ort {
inline constexpr Api<0, OrtStatus*(int, const char*)> CreateStatus;
inline constexpr Api<2, const char*(const OrtStatus*)> GetErrorMessage;
inline constexpr Api<93, void(OrtStatus*)> ReleaseStatus;
inline constexpr Api<247, OrtStatus*(const OrtLogger*, int, const char*, const char*, int, const char*)> LogMessage;
inline constexpr Api<248, OrtStatus*(const OrtLogger*, int* severity)> GetLoggingSeverityLevel;
inline constexpr Api<291, const void* const*()> GetModelEditorApi;
inline constexpr Api<317, const void* const*()> GetEpApi;

inline constexpr Api<379, OrtStatus*(const OrtSessionOptions*, OrtKeyValuePairs**)> GetSessionOptionsConfigEntries;
inline constexpr Api<298, void(const OrtKeyValuePairs*, const char* const**, const char* const**, size_t*)>
    GetKeyValuePairs;
inline constexpr Api<295, void(OrtKeyValuePairs**)> CreateKeyValuePairs;
inline constexpr Api<296, void(OrtKeyValuePairs*, const char*, const char*)> AddKeyValuePair;
inline constexpr Api<297, const char*(const OrtKeyValuePairs*, const char*)> GetKeyValue;  // null: there is none
inline constexpr Api<300, void(OrtKeyValuePairs*)> ReleaseKeyValuePairs;
inline constexpr Api<307, int(const OrtHardwareDevice*)> HardwareDevice_Type;
inline constexpr Api<308, uint32_t(const OrtHardwareDevice*)> HardwareDevice_VendorId;

inline constexpr Api<320, OrtStatus*(const char* name, int kind, uint32_t vendor, int32_t number, int access,
                                     size_t alignment, int allocator, OrtMemoryInfo**)>
    CreateMemoryInfo_V2;
inline constexpr Api<94, void(OrtMemoryInfo*)> ReleaseMemoryInfo;

inline constexpr Api<334, OrtStatus*(const OrtGraph*, const char**)> Graph_GetModelPath;
inline constexpr Api<335, OrtStatus*(const OrtGraph*, int64_t*)> Graph_GetOnnxIRVersion;
inline constexpr Api<336, OrtStatus*(const OrtGraph*, size_t*)> Graph_GetNumOperatorSets;
inline constexpr Api<337, OrtStatus*(const OrtGraph*, const char**, int64_t*, size_t)> Graph_GetOperatorSets;
inline constexpr Api<338, OrtStatus*(const OrtGraph*, size_t*)> Graph_GetNumInputs;
inline constexpr Api<339, OrtStatus*(const OrtGraph*, const OrtValueInfo**, size_t)> Graph_GetInputs;
inline constexpr Api<340, OrtStatus*(const OrtGraph*, size_t*)> Graph_GetNumOutputs;
inline constexpr Api<341, OrtStatus*(const OrtGraph*, const OrtValueInfo**, size_t)> Graph_GetOutputs;
inline constexpr Api<342, OrtStatus*(const OrtGraph*, size_t*)> Graph_GetNumInitializers;
inline constexpr Api<343, OrtStatus*(const OrtGraph*, const OrtValueInfo**, size_t)> Graph_GetInitializers;
inline constexpr Api<344, OrtStatus*(const OrtGraph*, size_t*)> Graph_GetNumNodes;
inline constexpr Api<345, OrtStatus*(const OrtGraph*, const OrtNode**, size_t)> Graph_GetNodes;
inline constexpr Api<346, OrtStatus*(const OrtGraph*, const OrtNode**)> Graph_GetParentNode;

inline constexpr Api<349, OrtStatus*(const OrtNode*, const char**)> Node_GetName;
inline constexpr Api<350, OrtStatus*(const OrtNode*, const char**)> Node_GetOperatorType;
inline constexpr Api<351, OrtStatus*(const OrtNode*, const char**)> Node_GetDomain;
inline constexpr Api<353, OrtStatus*(const OrtNode*, size_t*)> Node_GetNumInputs;
inline constexpr Api<354, OrtStatus*(const OrtNode*, const OrtValueInfo**, size_t)> Node_GetInputs;
inline constexpr Api<355, OrtStatus*(const OrtNode*, size_t*)> Node_GetNumOutputs;
inline constexpr Api<356, OrtStatus*(const OrtNode*, const OrtValueInfo**, size_t)> Node_GetOutputs;
inline constexpr Api<357, OrtStatus*(const OrtNode*, size_t*)> Node_GetNumImplicitInputs;
inline constexpr Api<358, OrtStatus*(const OrtNode*, const OrtValueInfo**, size_t)> Node_GetImplicitInputs;
inline constexpr Api<359, OrtStatus*(const OrtNode*, size_t*)> Node_GetNumAttributes;
inline constexpr Api<360, OrtStatus*(const OrtNode*, const OrtOpAttr**, size_t)> Node_GetAttributes;
inline constexpr Api<365, OrtStatus*(const OrtNode*, size_t*)> Node_GetNumSubgraphs;
inline constexpr Api<366, OrtStatus*(const OrtNode*, const OrtGraph**, size_t, const char**)> Node_GetSubgraphs;
// `size`: bytes needed. Strings end in NUL; several lie behind each other.
inline constexpr Api<272, OrtStatus*(const OrtOpAttr*, int, void*, size_t, size_t*)> ReadOpAttr;
inline constexpr Api<362, OrtStatus*(const OrtOpAttr*, OrtValue**)> OpAttr_GetTensorAttributeAsOrtValue;
inline constexpr Api<363, OrtStatus*(const OrtOpAttr*, int*)> OpAttr_GetType;
inline constexpr Api<364, OrtStatus*(const OrtOpAttr*, const char**)> OpAttr_GetName;

inline constexpr Api<289, OrtStatus*(const OrtValueInfo*, const char**)> GetValueInfoName;
inline constexpr Api<290, OrtStatus*(const OrtValueInfo*, const OrtTypeInfo**)> GetValueInfoTypeInfo;
inline constexpr Api<326, OrtStatus*(const OrtValueInfo*, const OrtValue**)> ValueInfo_GetInitializerValue;
inline constexpr Api<331, OrtStatus*(const OrtValueInfo*, bool*)> ValueInfo_IsConstantInitializer;
inline constexpr Api<55, OrtStatus*(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**)> CastTypeInfoToTensorInfo;
inline constexpr Api<56, OrtStatus*(const OrtTypeInfo*, int*)> GetOnnxTypeFromTypeInfo;
inline constexpr Api<60, OrtStatus*(const OrtTensorTypeAndShapeInfo*, int*)> GetTensorElementType;
inline constexpr Api<61, OrtStatus*(const OrtTensorTypeAndShapeInfo*, size_t*)> GetDimensionsCount;
inline constexpr Api<62, OrtStatus*(const OrtTensorTypeAndShapeInfo*, int64_t*, size_t)> GetDimensions;
inline constexpr Api<63, OrtStatus*(const OrtTensorTypeAndShapeInfo*, const char**, size_t)> GetSymbolicDimensions;
inline constexpr Api<390, bool(const OrtTensorTypeAndShapeInfo*)> TensorTypeAndShape_HasShape;

inline constexpr Api<51, OrtStatus*(OrtValue*, void**)> GetTensorMutableData;
// The sizes stay the tensor's own; nothing is allocated.
inline constexpr Api<414, OrtStatus*(const OrtValue*, int*, const int64_t**, size_t*)> GetTensorTypeAndShapeReference;
inline constexpr Api<96, void(OrtValue*)> ReleaseValue;
inline constexpr Api<90, OrtStatus*(const OrtKernelContext*, size_t, const OrtValue**)> KernelContext_GetInput;
inline constexpr Api<91, OrtStatus*(OrtKernelContext*, size_t, const int64_t*, size_t, OrtValue**)>
    KernelContext_GetOutput;

inline constexpr Api<212, void(OrtOpAttr*)> ReleaseOpAttr;
inline constexpr Api<211, OrtStatus*(const char*, const void*, int, int, OrtOpAttr**)> CreateOpAttr;
inline constexpr Slot<&editor_table, 6,
                      OrtStatus*(const char*, const char*, const char*, const char* const*, size_t, const char* const*,
                                 size_t, OrtOpAttr**, size_t, OrtNode**)>
    CreateNode;  // takes attributes over, whose places it sets to null

inline constexpr EpApi<0, OrtStatus*(OrtEpFactory*, const OrtHardwareDevice*, const OrtKeyValuePairs*,
                                     const OrtKeyValuePairs*, OrtEpDevice**)>
    CreateEpDevice;
inline constexpr EpApi<5, OrtStatus*(OrtEpDevice*, const OrtMemoryInfo*)> EpDevice_AddAllocatorInfo;
inline constexpr EpApi<6, const OrtMemoryDevice*(const OrtMemoryInfo*)> MemoryInfo_GetMemoryDevice;
inline constexpr EpApi<7, const OrtMemoryDevice*(const OrtValue*)> Value_GetMemoryDevice;
inline constexpr EpApi<8, bool(const OrtMemoryDevice*, const OrtMemoryDevice*)> MemoryDevice_AreEqual;
inline constexpr EpApi<9, int(const OrtMemoryDevice*)> MemoryDevice_GetDeviceType;
inline constexpr EpApi<10, int(const OrtMemoryDevice*)> MemoryDevice_GetMemoryType;
inline constexpr EpApi<11, uint32_t(const OrtMemoryDevice*)> MemoryDevice_GetVendorId;
inline constexpr EpApi<12, uint32_t(const OrtMemoryDevice*)> MemoryDevice_GetDeviceId;
// For registrations whose name ends in ".virtual".
inline constexpr EpApi<16, OrtStatus*(int kind, uint32_t vendor_id, uint32_t device_id, const char* vendor,
                                      const OrtKeyValuePairs* metadata, OrtHardwareDevice**)>
    CreateHardwareDevice;
inline constexpr EpApi<17, void(OrtHardwareDevice*)> ReleaseHardwareDevice;
inline constexpr EpApi<2,
                       OrtStatus*(OrtEpGraphSupportInfo*, const OrtNode* const*, size_t, const OrtNodeFusionOptions*)>
    AddNodesToFuse;
// For a node that has a kernel in the provider's registry.
inline constexpr EpApi<3, OrtStatus*(OrtEpGraphSupportInfo*, const OrtNode*)> AddSingleNode;
inline constexpr EpApi<18, OrtStatus*(OrtKernelRegistry**)> CreateKernelRegistry;
inline constexpr EpApi<19, void(OrtKernelRegistry*)> ReleaseKernelRegistry;
inline constexpr EpApi<20, OrtStatus*(OrtKernelRegistry*, const OrtKernelDef*,
                                      OrtStatus* (*)(void*, const OrtKernelInfo*, OrtKernelImpl**), void*)>
    KernelRegistry_AddKernel;
inline constexpr EpApi<21, OrtStatus*(OrtKernelDefBuilder**)> CreateKernelDefBuilder;
inline constexpr EpApi<22, void(OrtKernelDefBuilder*)> ReleaseKernelDefBuilder;
inline constexpr EpApi<23, OrtStatus*(OrtKernelDefBuilder*, const char*)> KernelDefBuilder_SetOperatorType;
inline constexpr EpApi<24, OrtStatus*(OrtKernelDefBuilder*, const char*)> KernelDefBuilder_SetDomain;
inline constexpr EpApi<25, OrtStatus*(OrtKernelDefBuilder*, int first, int last)> KernelDefBuilder_SetSinceVersion;
inline constexpr EpApi<26, OrtStatus*(OrtKernelDefBuilder*, const char*)> KernelDefBuilder_SetExecutionProvider;
inline constexpr EpApi<27, OrtStatus*(OrtKernelDefBuilder*, size_t input, int memory)> KernelDefBuilder_SetInputMemType;
inline constexpr EpApi<28, OrtStatus*(OrtKernelDefBuilder*, size_t output, int memory)>
    KernelDefBuilder_SetOutputMemType;
inline constexpr EpApi<32, OrtStatus*(OrtKernelDefBuilder*, OrtKernelDef**)> KernelDefBuilder_Build;
inline constexpr EpApi<33, void(OrtKernelDef*)> ReleaseKernelDef;
// ONNX Runtime's own kernels of control flow, for its bodies as they were placed.
inline constexpr EpApi<45, OrtStatus*(const OrtKernelInfo*, OrtKernelImpl**)> CreateIfKernel;
inline constexpr EpApi<46, OrtStatus*(const OrtKernelInfo*, OrtLoopKernelHelper*, OrtKernelImpl**)> CreateLoopKernel;
// From kProfilingApi on. Times in microseconds, `timestamp` since ONNX Runtime's profile began.
inline constexpr EpApi<65, OrtStatus*(int category, int32_t process, int32_t thread, const char* name,
                                      int64_t timestamp, int64_t duration, const char* const* keys,
                                      const char* const* values, size_t, OrtProfilingEvent**)>
    CreateProfilingEvent;
inline constexpr EpApi<66, void(OrtProfilingEvent*)> ReleaseProfilingEvent;
inline constexpr EpApi<72, OrtStatus*(OrtProfilingEventsContainer*, const OrtProfilingEvent* const*, size_t)> AddEvents;
}  // namespace ort

}  // namespace ingot_ort
// NOLINTEND(readability-identifier-naming)
