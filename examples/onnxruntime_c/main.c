/* ONNX Runtime with Ingot's execution provider, through its C interface:
 * example /absolute/path/libingot_onnxruntime.so model.onnx
 * ../onnxruntime_cpp does the same from C++. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef ONNXRUNTIME_HEADERS
#include <onnxruntime_c_api.h>
#else
#include "onnxruntime_subset.h"
#endif

static const OrtApi* ort;

static void check(OrtStatus* status) {
  if (status == NULL) return;
  fprintf(stderr, "%s\n", ort->GetErrorMessage(status));
  ort->ReleaseStatus(status);
  exit(1);
}

/* The device that Ingot's library offers: a GPU where there is one, for they come after the CPU. */
static const OrtEpDevice* ingot_device(OrtEnv* env) {
  const OrtEpDevice* const* devices = NULL;
  const OrtEpDevice* found = NULL;
  size_t count = 0, i;
  check(ort->GetEpDevices(env, &devices, &count));
  for (i = 0; i < count; ++i) {
    if (strcmp(ort->EpDevice_EpName(devices[i]), "IngotExecutionProvider") == 0) found = devices[i];
  }
  return found;
}

static void print(OrtValue* y) {
  OrtTensorTypeAndShapeInfo* info = NULL;
  int64_t sizes[2], row, column;
  void* data = NULL;
  check(ort->GetTensorTypeAndShape(y, &info));
  check(ort->GetDimensions(info, sizes, 2));
  ort->ReleaseTensorTypeAndShapeInfo(info);
  check(ort->GetTensorMutableData(y, &data));
  for (row = 0; row < sizes[0]; ++row) {
    for (column = 0; column < sizes[1]; ++column) printf("%.4f ", ((const float*)data)[row * sizes[1] + column]);
    printf("\n");
  }
}

int main(int argc, char** argv) {
  const char *keys[] = {"threads"}, *values[] = {"1"}, *inputs[] = {"x"}, *outputs[] = {"y"};
  const OrtEpDevice* device = NULL;
  const int64_t shape[] = {2, 8};
  OrtEnv* env = NULL;
  OrtSessionOptions* options = NULL;
  OrtSession* session = NULL;
  OrtMemoryInfo* memory = NULL;
  OrtValue *x = NULL, *y = NULL;
  float data[2 * 8];
  int i;

  if (argc < 3) {
    fprintf(stderr, "usage: %s libingot_onnxruntime.so model.onnx\n", argv[0]);
    return 2;
  }
  ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (ort == NULL) {
    fprintf(stderr, "ONNX Runtime %s is too old\n", OrtGetApiBase()->GetVersionString());
    return 1;
  }
  check(ort->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "example", &env));
  check(ort->RegisterExecutionProviderLibrary(env, "ingot", argv[1]));
  device = ingot_device(env); /* the CPU at least: every installation offers it */
  check(ort->CreateSessionOptions(&options));
  check(ort->AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback",
                                   "1")); /* all of it on Ingot, or an error */
  check(ort->SessionOptionsAppendExecutionProvider_V2(options, env, &device, 1, keys, values, 1));
  check(ort->CreateSession(env, argv[2], options, &session));

  for (i = 0; i < 2 * 8; ++i) data[i] = (float)i / 8;
  check(ort->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
  check(ort->CreateTensorWithDataAsOrtValue(memory, data, sizeof data, shape, 2, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                            &x));
  check(ort->Run(session, NULL, inputs, (const OrtValue* const*)&x, 1, outputs, 1, &y));
  print(y);

  ort->ReleaseValue(y);
  ort->ReleaseValue(x);
  ort->ReleaseMemoryInfo(memory);
  ort->ReleaseSession(session);
  ort->ReleaseSessionOptions(options);
  check(ort->UnregisterExecutionProviderLibrary(env, "ingot")); /* after its last session */
  ort->ReleaseEnv(env);
  return 0;
}
