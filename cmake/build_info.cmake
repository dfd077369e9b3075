# Writes build_info.c when the revision or the state of the work tree has changed.
# cmake -DSOURCE=... -DTEMPLATE=... -DOUTPUT=... -DPROJECT_VERSION=... -DCOMPILER=... -DFLAGS=... -DBUILD_TYPE=... -P build_info.cmake
find_program(GIT git)
set(GIT_REVISION unknown)
set(GIT_DIRTY false)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE revision RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(GIT_REVISION ${revision})
    execute_process(COMMAND ${GIT} -C ${SOURCE} status --porcelain OUTPUT_VARIABLE changes ERROR_QUIET)
    if(NOT changes STREQUAL "")
      set(GIT_DIRTY true)
    endif()
  endif()
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
