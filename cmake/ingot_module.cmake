# One module of ARCHITECTURE.md's table: every source below src/<name>/ becomes the static library
# ingot_<name>, every *_test.cc part of the test program ingot_<name>_test, every *_bench.cc part of the bench program,
# every x_fuzz.cc a libFuzzer program ingot_x_fuzz of its own. Adding a file edits no build file.
include(GoogleTest)

add_library(ingot_warnings INTERFACE)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(ingot_warnings INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 gives false alarms of these at -O3 inside std::string and std::vector (GCC bugs 105651, 107852).
    target_compile_options(ingot_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                                                    -Wno-array-bounds)
  endif()
endif()
if(INGOT_SANITIZE)
  target_compile_options(ingot_warnings INTERFACE -fsanitize=${INGOT_SANITIZE} -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer)
  target_link_options(ingot_warnings INTERFACE -fsanitize=${INGOT_SANITIZE})
endif()
if(INGOT_SANITIZE MATCHES "undefined")
  # Costly to compile; address sanitizer and the processor see the same faults.
  target_compile_options(ingot_warnings INTERFACE -fno-sanitize=null,vptr,object-size)
endif()
if(INGOT_FUZZ AND NOT INGOT_FUZZ STREQUAL "seeds")
  target_compile_options(ingot_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The first target of a kind makes the precompiled header, the others use it (those with other definitions read its
# text: correct, and slower).
function(ingot_precompile target kind)
  if(NOT INGOT_PCH)
    return()
  endif()
  set_target_properties(${target} PROPERTIES PCH_WARN_INVALID OFF)
  get_property(owner GLOBAL PROPERTY ingot_pch_${kind})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
    return()
  endif()
  set_property(GLOBAL PROPERTY ingot_pch_${kind} ${target})
  set(headers <algorithm> <cmath> <cstring> <filesystem> <functional> <map> <memory> <optional> <set> <span> <string>
              <unordered_map> <variant> <vector> <fmt/core.h>)
  if(kind STREQUAL test)
    list(APPEND headers <gtest/gtest.h>)
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
endfunction()

function(ingot_test_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} ingot_warnings GTest::gtest_main)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)  # tests need no speed, and there are many
  ingot_precompile(${name} test)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

function(ingot_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(TRANSFORM ARG_DEPENDS PREPEND ingot_)
  add_library(ingot_${name} STATIC ${sources})
  target_include_directories(ingot_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(ingot_${name} PUBLIC ${ARG_DEPENDS} ${ARG_LINK} PRIVATE ingot_warnings)
  ingot_precompile(ingot_${name} library)
  if(INGOT_TESTS AND tests)
    ingot_test_program(ingot_${name}_test SOURCES ${tests} LINK ingot_${name})
  endif()
  if(INGOT_BENCHES AND benches)
    add_executable(ingot_${name}_bench ${benches})
    target_link_libraries(ingot_${name}_bench PRIVATE ingot_${name} ingot_warnings benchmark::benchmark_main)
  endif()
  if(INGOT_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(stem ${fuzzer} NAME_WE)
      add_executable(ingot_${stem} ${fuzzer})
      target_link_libraries(ingot_${stem} PRIVATE ingot_${name} ingot_warnings -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()

# The two libraries that users link: api/run_*.cc is their common part, api/build_*.cc the compiler's. Only the C
# interface is exported.
function(ingot_api_libraries)
  file(GLOB run CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/api/run_*.cc)
  file(GLOB build CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/api/build_*.cc)
  set(map ${PROJECT_SOURCE_DIR}/cmake/ingot.map)
  add_library(ingot_api_run OBJECT ${run})
  target_link_libraries(ingot_api_run PUBLIC ingot_runtime PRIVATE ingot_warnings)
  target_include_directories(ingot_api_run PUBLIC ${PROJECT_SOURCE_DIR}/include)

  file(GLOB runtime CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/api/runtime_*.cc)
  add_library(ingot_runtime_shared SHARED ${runtime})
  target_link_libraries(ingot_runtime_shared PRIVATE ingot_api_run ingot_warnings)
  set_target_properties(ingot_runtime_shared PROPERTIES OUTPUT_NAME ingot_runtime EXPORT_NAME runtime)

  add_library(ingot_shared SHARED ${build})
  target_link_libraries(ingot_shared PRIVATE ingot_api_run ingot_service ingot_debug ingot_warnings)
  set_target_properties(ingot_shared PROPERTIES OUTPUT_NAME ingot EXPORT_NAME ingot)

  # The library looks for its measurements where it lies; in the build tree they are the sources'.
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/tuning ${PROJECT_BINARY_DIR}/lib/ingot-tuning SYMBOLIC)
  foreach(library ingot_runtime_shared ingot_shared)
    target_include_directories(${library} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                 $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_options(${library} PRIVATE -Wl,--version-script=${map})
    if(NOT INGOT_SANITIZE)  # a program brings the sanitizers' symbols
      target_link_options(${library} PRIVATE -Wl,--no-undefined)
    endif()
    set_target_properties(${library} PROPERTIES LINK_DEPENDS ${map} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
                                                VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  endforeach()
endfunction()
