# mlz_embed_program(target FILE program.mlz NAME name SIZES features=4 ... [SET n=32 ...] [OBSERVE W ...])
# compiles and binds a program whenever `target` is built, and gives its sources the header <name>.hpp with
# `inline constexpr unsigned char name[]`, to be read by mlz::BoundProgram::load.
function(mlz_embed_program target)
  cmake_parse_arguments(ARG "" "FILE;NAME" "SIZES;SET;OBSERVE" ${ARGN})
  if(NOT ARG_FILE OR NOT ARG_NAME)
    message(FATAL_ERROR "mlz_embed_program needs FILE program.mlz and NAME name")
  endif()
  get_filename_component(program ${ARG_FILE} ABSOLUTE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/mlz_embedded/${target})
  set(header ${folder}/${ARG_NAME}.hpp)
  set(options "")
  foreach(size ${ARG_SIZES})
    list(APPEND options --sizes ${size})
  endforeach()
  foreach(value ${ARG_SET})
    list(APPEND options --set ${value})
  endforeach()
  foreach(name ${ARG_OBSERVE})
    list(APPEND options --observe ${name})
  endforeach()
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${header}
                     COMMAND mlz::mlzc ${program} ${options} --name ${ARG_NAME} --output ${header}
                     DEPENDS ${program} mlz::mlzc VERBATIM
                     COMMENT "Binding ${ARG_FILE}")
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
