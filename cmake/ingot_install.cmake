# Install components: runtime (libingot_runtime), compiler (libingot, which holds the runtime too), cuda
# (libingot_cuda), image (picture decoders), onnxruntime (the execution provider), cli, dev (headers, CMake package,
# pkg-config). runtime, compiler and dev may be installed without any other; cuda and image serve either library;
# onnxruntime and cli need the compiler.
include(CMakePackageConfigHelpers)

set(ingot_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ingot)

install(TARGETS ingot_runtime_shared EXPORT ingot_runtime_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime)
install(TARGETS ingot_shared EXPORT ingot_compiler_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT compiler)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tuning/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/ingot-tuning COMPONENT compiler
        FILES_MATCHING PATTERN "*.jsonl")
foreach(part runtime compiler)
  install(EXPORT ingot_${part}_targets NAMESPACE ingot:: FILE ingot_${part}_targets.cmake
          DESTINATION ${ingot_cmake_dir} COMPONENT ${part})
endforeach()
if(TARGET ingot_cuda)
  install(TARGETS ingot_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cuda)
endif()
if(TARGET ingot_image)
  install(TARGETS ingot_image LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT image)
endif()
if(TARGET ingot_onnxruntime)
  install(TARGETS ingot_onnxruntime LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT onnxruntime)
endif()
if(TARGET ingot_cli)
  install(TARGETS ingot_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT cli)
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ingot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ingotConfig.cmake.in ${PROJECT_BINARY_DIR}/ingotConfig.cmake
                              INSTALL_DESTINATION ${ingot_cmake_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ingotConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ingotConfig.cmake ${PROJECT_BINARY_DIR}/ingotConfigVersion.cmake
        DESTINATION ${ingot_cmake_dir} COMPONENT dev)

# From the .pc file's folder back to the prefix, so that an installed tree may be moved.
file(RELATIVE_PATH ingot_up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)

function(ingot_pkg_config name library description)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@ingot_up@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@

Name: @name@
Description: @description@
Version: @PROJECT_VERSION@
Cflags: -I${includedir}
Libs: -L${libdir} -l@library@
]])
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endfunction()
ingot_pkg_config(ingot ingot "Inference compiler and runtime")
ingot_pkg_config(ingot-runtime ingot_runtime "Loads and runs plans made by ingot")
