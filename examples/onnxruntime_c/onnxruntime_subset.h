/* What the C and the C++ example use of onnxruntime_c_api.h, for machines with ONNX Runtime's library and without its
 * headers (the Python wheel has none). Names and places are those of API 24; ONNX Runtime's table only ever grows. */
#ifndef ONNXRUNTIME_SUBSET_H_
#define ONNXRUNTIME_SUBSET_H_

#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION 24

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtValue OrtValue;
typedef struct OrtEpDevice OrtEpDevice;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;

enum { ORT_LOGGING_LEVEL_WARNING = 2 };
enum { OrtDeviceAllocator = 0 };
enum { OrtMemTypeDefault = 0 };
enum { ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT = 1 };

typedef struct OrtApi {
  void* slots_0_to_1[2];
  const char* (*GetErrorMessage)(const OrtStatus*);
  OrtStatus* (*CreateEnv)(int level, const char* log_id, OrtEnv**);
  void* slots_4_to_6[3];
  OrtStatus* (*CreateSession)(const OrtEnv*, const char* path, const OrtSessionOptions*, OrtSession**);
  void* slot_8;
  OrtStatus* (*Run)(OrtSession*, const OrtRunOptions*, const char* const* names, const OrtValue* const* inputs, size_t,
                    const char* const* output_names, size_t, OrtValue** outputs);
  OrtStatus* (*CreateSessionOptions)(OrtSessionOptions**);
  void* slots_11_to_48[38];
  OrtStatus* (*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo*, void* data, size_t bytes, const int64_t* shape,
                                               size_t rank, int type, OrtValue**);
  void* slot_50;
  OrtStatus* (*GetTensorMutableData)(OrtValue*, void** data);
  void* slots_52_to_60[9];
  OrtStatus* (*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo*, size_t* rank);
  OrtStatus* (*GetDimensions)(const OrtTensorTypeAndShapeInfo*, int64_t* sizes, size_t);
  void* slots_63_to_64[2];
  OrtStatus* (*GetTensorTypeAndShape)(const OrtValue*, OrtTensorTypeAndShapeInfo**);
  void* slots_66_to_68[3];
  OrtStatus* (*CreateCpuMemoryInfo)(int allocator, int memory_type, OrtMemoryInfo**);
  void* slots_70_to_91[22];
  void (*ReleaseEnv)(OrtEnv*);
  void (*ReleaseStatus)(OrtStatus*);
  void (*ReleaseMemoryInfo)(OrtMemoryInfo*);
  void (*ReleaseSession)(OrtSession*);
  void (*ReleaseValue)(OrtValue*);
  void* slots_97_to_98[2];
  void (*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo*);
  void (*ReleaseSessionOptions)(OrtSessionOptions*);
  void* slots_101_to_129[29];
  OrtStatus* (*AddSessionConfigEntry)(OrtSessionOptions*, const char* key, const char* value);
  void* slots_131_to_300[170];
  OrtStatus* (*RegisterExecutionProviderLibrary)(OrtEnv*, const char* name, const char* path);
  OrtStatus* (*UnregisterExecutionProviderLibrary)(OrtEnv*, const char* name);
  OrtStatus* (*GetEpDevices)(const OrtEnv*, const OrtEpDevice* const** devices, size_t*);
  OrtStatus* (*SessionOptionsAppendExecutionProvider_V2)(OrtSessionOptions*, OrtEnv*, const OrtEpDevice* const* devices,
                                                         size_t, const char* const* keys, const char* const* values,
                                                         size_t);
  void* slots_305_to_311[7];
  const char* (*EpDevice_EpName)(const OrtEpDevice*);
} OrtApi;

typedef struct OrtApiBase {
  const OrtApi* (*GetApi)(uint32_t version);
  const char* (*GetVersionString)(void);
} OrtApiBase;

#ifdef __cplusplus
extern "C"
#endif
    const OrtApiBase*
    OrtGetApiBase(void);

#endif /* ONNXRUNTIME_SUBSET_H_ */
