# What `cmake --install` puts where. A consumer finds the package with find_package(mlz) and links mlz::mlz, or
# mlz::vm for the virtual machine alone.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/mlz)

if(MLZ_SANITIZE)
  target_link_options(mlz_core INTERFACE $<INSTALL_INTERFACE:-fsanitize=address,undefined>)
endif()

install(TARGETS mlz_core mlz_stdlib mlz_text mlz_vm mlz_api_vm mlz_api mlzc EXPORT mlzTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT library)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mlz DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT mlzTargets NAMESPACE mlz:: DESTINATION ${package_folder} COMPONENT library)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/mlzConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/mlzConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mlzConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mlzConfig.cmake ${PROJECT_BINARY_DIR}/mlzConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/MlzEmbed.cmake
        DESTINATION ${package_folder} COMPONENT library)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT library)

if(TARGET mlz_cuda)
  install(TARGETS mlz_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
endif()
if(TARGET mlzrun)
  install(TARGETS mlzrun RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endif()
