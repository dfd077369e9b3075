# What makes a defect harder to use against its user: checks of buffers and of the stack, code at random addresses, tables
# of functions that cannot be written. tests/style/hardening.sh reads all of it from the program; docs/reliability.md has
# what it costs.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

# Adds to the interface library @p target whatever the compiler and the linker know of it.
function(harden target)
  # -fPIE and not -fPIC, as CMake would have for static libraries: with that, no function could be inlined into another file's.
  foreach(flag -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "compiler_knows${flag}" known)
    check_c_compiler_flag("-Werror;${flag}" ${known})
    if(${known})
      target_compile_options(${target} INTERFACE ${flag})
    endif()
  endforeach()
  foreach(flag -pie LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
    string(MAKE_C_IDENTIFIER "linker_knows_${flag}" known)
    check_linker_flag(C ${flag} ${known})
    if(${known})
      target_link_options(${target} INTERFACE ${flag})
    endif()
  endforeach()
  if(NOT TESSERA_SANITIZE AND NOT TESSERA_FUZZ) # sanitizers look at the calls that it would replace
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    check_c_source_compiles("#include <string.h>\nint main(void) { return 0; }" fortify_has_level_3)
    set(level 2)
    if(fortify_has_level_3)
      set(level 3)
    endif()
    # Distributions that define it by themselves may have chosen another level. It needs optimisation.
    target_compile_options(${target} INTERFACE "$<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${level}>")
  endif()
endfunction()
