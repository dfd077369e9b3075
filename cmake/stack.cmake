# The stack is bounded: no array has a length that is known only when the program runs, and no function takes more than so
# many bytes of it, which the compiler tells. A thread of OpenMP has 2 MiB or more; functions do not call themselves but
# within bounds (docs/reliability.md). tests/style/stack.sh plants a mistake of each kind.
include(CheckCCompilerFlag)

# The largest frames are a path's names and what is said of a failure on their way through a function that was inlined
# into another; those of the kernels, the work space of a row of sub-pixels; those of tests, whole images and files.
set(TESSERA_FRAME_BYTES 65536)
set(TESSERA_KERNEL_FRAME_BYTES 81920)
set(TESSERA_TEST_FRAME_BYTES 98304)

check_c_compiler_flag(-Wstack-usage=65536 compiler_knows_stack_usage) # gcc
check_c_compiler_flag(-Wframe-larger-than=65536 compiler_knows_frame_larger_than) # clang, and less exactly gcc
if(compiler_knows_stack_usage)
  set(frame_flag -Wstack-usage=)
elseif(compiler_knows_frame_larger_than)
  set(frame_flag -Wframe-larger-than=)
endif()

# Adds to the interface library @p target the bound of those who use it: by the folder that they are made in.
function(bound_stack target)
  target_compile_options(${target} INTERFACE -Wvla)
  if(NOT frame_flag OR TESSERA_SANITIZE OR TESSERA_FUZZ) # sanitizers lay zones around every array
    return()
  endif()
  set(is_test $<NOT:$<STREQUAL:$<TARGET_PROPERTY:SOURCE_DIR>,${PROJECT_SOURCE_DIR}>>)
  target_compile_options(${target} INTERFACE
    ${frame_flag}$<IF:${is_test},${TESSERA_TEST_FRAME_BYTES},${TESSERA_FRAME_BYTES}>)
endfunction()
