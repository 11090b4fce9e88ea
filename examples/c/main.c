/* Builds a plan of a model, saves it, and runs it: example model.onnx [model.plan] */
#include <ingot/ingot.h>
#include <stdio.h>
#include <stdlib.h>

static void check(ingot_error* error) {
  if (error == NULL) return;
  fprintf(stderr, "%s\n", ingot_error_message(error));
  ingot_error_release(error);
  exit(1);
}

int main(int argc, char** argv) {
  float x[2 * 8];
  const int64_t shape[] = {2, 8};
  const ingot_tensor_type type = {INGOT_F32, 2, shape};
  ingot_builder* builder = NULL;
  ingot_plan* plan = NULL;
  ingot_session* session = NULL;
  ingot_value *input = NULL, *output = NULL;
  ingot_tensor y;
  int64_t row, column;
  int i;

  if (argc < 2) {
    fprintf(stderr, "usage: %s model.onnx [model.plan]\n", argv[0]);
    return 2;
  }
  check(ingot_builder_from_file(argv[1], &builder));
  check(ingot_builder_set_option(builder, "threads", "1"));
  check(ingot_build(builder, &plan));
  ingot_builder_release(builder);
  if (argc > 2) check(ingot_plan_save(plan, argv[2]));

  check(ingot_session_create(plan, NULL, &session));
  ingot_plan_release(plan); /* the session keeps what it needs */
  for (i = 0; i < 2 * 8; ++i) x[i] = (float)i / 8;
  check(ingot_value_borrow(&type, x, NULL, NULL, &input));
  check(ingot_session_run(session, (const ingot_value* const*)&input, &output, NULL));
  check(ingot_value_tensor(output, &y));
  for (row = 0; row < y.type.shape[0]; ++row) {
    for (column = 0; column < y.type.shape[1]; ++column) {
      printf("%.4f ", ((const float*)y.data)[row * y.type.shape[1] + column]);
    }
    printf("\n");
  }
  ingot_value_release(output);
  ingot_value_release(input);
  ingot_session_release(session);
  return 0;
}
