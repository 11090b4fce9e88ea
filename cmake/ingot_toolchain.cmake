# What this project asks of compiler and linker when it is built for itself (never when it is a part of another).
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

find_program(INGOT_CCACHE ccache)
if(INGOT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${INGOT_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${INGOT_CCACHE})
endif()

# Precompiled standard headers save a quarter of a cold build; ccache saves more and cannot use them.
if(INGOT_CCACHE)
  option(INGOT_PCH "Precompile the standard headers" OFF)
else()
  option(INGOT_PCH "Precompile the standard headers" ON)
endif()

# mold links the many test programs several times faster than ld.
find_program(INGOT_MOLD mold)
if(INGOT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
