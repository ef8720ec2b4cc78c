# One function per kind of target. A library sees only its own headers and those of the libraries it
# links: headers are reached through a folder of links made per target, so that an include against the
# direction of the architecture is a build error.

add_library(mlz_options INTERFACE)
target_compile_features(mlz_options INTERFACE cxx_std_20)
# Contraction stays off so that f64 results are the same on every machine.
target_compile_options(mlz_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                       -ffp-contract=off)
# GCC 12 reports overlapping copies inside std::string operator+ that cannot happen.
target_compile_options(mlz_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(MLZ_WERROR)
  target_compile_options(mlz_options INTERFACE -Werror)
endif()
if(MLZ_SANITIZE)
  target_compile_options(mlz_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                         -fno-omit-frame-pointer)
  target_link_options(mlz_options INTERFACE -fsanitize=address,undefined)
endif()
if(MLZ_FUZZ)
  target_compile_options(mlz_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# mlz_library(name FOLDER folder [LINK targets...] [PRIVATE targets...])
# builds every .cpp directly inside FOLDER (relative to the project) into the library `name`.
function(mlz_library name)
  cmake_parse_arguments(ARG "" "FOLDER" "LINK;PRIVATE" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/${ARG_FOLDER})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/${name}_empty.cpp "")
    set(sources ${PROJECT_BINARY_DIR}/${name}_empty.cpp)
  endif()
  add_library(${name} STATIC ${sources})
  set(links ${PROJECT_BINARY_DIR}/headers/${name})
  get_filename_component(parent ${links}/${ARG_FOLDER} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${folder} ${links}/${ARG_FOLDER} SYMBOLIC)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${links}>)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE $<BUILD_INTERFACE:mlz_options> ${ARG_PRIVATE})
endfunction()

# mlz_program(name SOURCES files... LINK targets...) builds a program into bin/.
function(mlz_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE mlz_options ${ARG_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# mlz_test(name SOURCES files... LINK targets... [LABELS labels...]) is a doctest program run by CTest.
function(mlz_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE mlz_options mlz_test_main ${ARG_LINK})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 900)
endfunction()

# mlz_kernel_levels(target) gives the sources of a target whose names end in _v2, _v3 and _v4 the options of that level
# of x86-64. Without errno and traps to keep, square roots and selections become vector instructions; no result changes.
function(mlz_kernel_levels target)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  foreach(source ${sources})
    if(NOT source MATCHES "_v([234])\\.cpp$")
      continue()
    endif()
    set(level ${CMAKE_MATCH_1})
    set(options -fno-math-errno -fno-trapping-math -foptimize-sibling-calls)
    if(MLZ_SANITIZE)
      # With every check on, these sources take minutes to compile. The levels have one source, so one of them is
      # checked for what matters in loops: the addresses.
      if(level EQUAL 2)
        list(APPEND options -fno-sanitize=undefined)
      else()
        list(APPEND options -fno-sanitize=all)
      endif()
    endif()
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
      list(APPEND options -march=x86-64-v${level})
      if(level EQUAL 4)
        list(APPEND options -mprefer-vector-width=512)
      endif()
    endif()
    if(source MATCHES "stream_kernels" AND NOT level EQUAL 2)
      list(APPEND options -mno-vzeroupper)  # done once at the end of a stream instead
    endif()
    get_filename_component(source ${source} ABSOLUTE BASE_DIR ${folder})
    set_property(SOURCE ${source} PROPERTY COMPILE_OPTIONS "${options}")
  endforeach()
endfunction()
