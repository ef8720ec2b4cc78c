# mlz_cuda: the part of the engine `cuda` that runs on a GPU, a library that programs open when that engine is asked
# for. Programs neither link CUDA nor need a driver to start. MLZ_CUDA says whether it is built:
#   AUTO  where a CUDA toolkit of version 12 or newer is found, also under /usr/local/cuda
#         (the default; in a larger project, or for fuzzing, that is OFF)
#   ON    always: an error without one
#   OFF   never
if(PROJECT_IS_TOP_LEVEL AND NOT MLZ_FUZZ)
  set(MLZ_CUDA AUTO CACHE STRING "Build the engine cuda: AUTO, ON or OFF")
else()
  set(MLZ_CUDA OFF CACHE STRING "Build the engine cuda: AUTO, ON or OFF")
endif()
set_property(CACHE MLZ_CUDA PROPERTY STRINGS AUTO ON OFF)

# Sets MLZ_HAS_CUDA, and enables the language where it is built.
macro(mlz_find_cuda)
  set(MLZ_HAS_CUDA OFF)
  if(NOT MLZ_CUDA STREQUAL "OFF")
    if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
      find_program(MLZ_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
      if(MLZ_NVCC)
        set(CMAKE_CUDA_COMPILER ${MLZ_NVCC})
      endif()
      mark_as_advanced(MLZ_NVCC)
    endif()
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      # Machine code for 9.0, and an intermediate form that drivers compile for all others from 7.5 on.
      set(CMAKE_CUDA_ARCHITECTURES "75-virtual;90-real" CACHE STRING "What mlz_cuda is compiled for")
    endif()
    include(CheckLanguage)
    check_language(CUDA)
    if(CMAKE_CUDA_COMPILER)
      enable_language(CUDA)
      find_package(CUDAToolkit)
      if(CUDAToolkit_FOUND AND CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
        set(MLZ_HAS_CUDA ON)
      endif()
    endif()
    if(MLZ_CUDA STREQUAL "ON" AND NOT MLZ_HAS_CUDA)
      message(FATAL_ERROR "MLZ_CUDA=ON needs a CUDA toolkit of version 12 or newer; name its compiler with "
                          "-DCMAKE_CUDA_COMPILER=/path/to/nvcc, or build without: -DMLZ_CUDA=OFF")
    endif()
  endif()
endmacro()

# The library, beside the programs in bin/.
function(mlz_cuda_library)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/vm/cuda/gpu/*.cpp ${PROJECT_SOURCE_DIR}/vm/cuda/gpu/*.cu)
  add_library(mlz_cuda MODULE ${sources})
  target_compile_features(mlz_cuda PRIVATE cxx_std_20)
  # No contraction to fused multiply-adds, and in f32 zeros for subnormal numbers: results then have the bits of the
  # other engines.
  target_compile_options(mlz_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20 -fmad=false -ftz=true -diag-suppress=1675>
                         $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion>)
  target_include_directories(mlz_cuda PRIVATE $<TARGET_PROPERTY:mlz_vm,INTERFACE_INCLUDE_DIRECTORIES>
                             $<TARGET_PROPERTY:mlz_core,INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(mlz_cuda PRIVATE CUDA::cudart_static ${CMAKE_DL_LIBS})
  set_target_properties(mlz_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin
                        CUDA_RUNTIME_LIBRARY Static POSITION_INDEPENDENT_CODE ON)
endfunction()
