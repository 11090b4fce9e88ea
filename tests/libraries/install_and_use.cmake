# Installs the components of PART (whole, runtime) from BUILD, moves the result, and builds and runs the consumer
# against it twice: through find_package and through pkg-config.
set(work ${BUILD}/install_test/${PART})
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${output}")
  endif()
endfunction()

set(components runtime dev)
if(PART STREQUAL whole)
  list(APPEND components compiler)
endif()
foreach(component ${components})
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/first --component ${component})
endforeach()
file(RENAME ${work}/first ${work}/moved)

file(GLOB_RECURSE compiler_library ${work}/moved/libingot.so*)
if(PART STREQUAL runtime AND compiler_library)
  message(FATAL_ERROR "the runtime-only installation holds ${compiler_library}")
endif()

run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${work}/build -DPART=${PART} -DCMAKE_PREFIX_PATH=${work}/moved
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${C})
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/consumer)

file(GLOB_RECURSE pc ${work}/moved/ingot.pc)
get_filename_component(pc ${pc} DIRECTORY)
get_filename_component(libraries ${pc} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${pc})
set(ENV{LD_LIBRARY_PATH} ${libraries})
set(package ingot)
if(PART STREQUAL runtime)
  set(package ingot-runtime)
endif()
run(sh -c "${CXX} -std=c++20 ${SOURCE}/${PART}.cc $(pkg-config --cflags --libs ${package}) -o ${work}/by_pkg_config")
run(${work}/by_pkg_config)
