# Code for NVIDIA's devices, where a clang is found that makes it: clang 19 does, 14 to 16 ignore the attribute that marks a
# kernel. Without, the program is the same but for that. TESSERA_DEVICE_CODE names a folder of PTX that was made elsewhere.
#
#   device_code(TARGET): compiles device_kernels.ptx.c once for each variant, and gives TARGET the texts
#   device_code_options(TARGET): gives them to another target
set(TESSERA_DEVICE auto CACHE STRING "code for devices: auto, on (a clang that makes it must be found), off")
set(TESSERA_DEVICE_CODE "" CACHE PATH "folder of PTX made by a build on another machine: its device_code folder")
find_program(TESSERA_DEVICE_CLANG NAMES clang-22 clang-21 clang-20 clang-19 clang
             DOC "clang 19 or newer, which compiles code for devices")
set(device_source ${CMAKE_CURRENT_SOURCE_DIR}/src/core/kernels/device_kernels.ptx.c)
# Headers of this machine's libc are read, none of its functions is called. Whatever contracts or flushes would show.
set(device_flags --cuda-path=/nonexistent -x c -std=gnu11 --target=nvptx64-nvidia-cuda -march=sm_70 -O3
    -Xclang -fconvergent-functions # or a barrier is put into both branches of a thread's own, and never passed
    -ffp-contract=off -fno-math-errno -fno-trapping-math -S -DMACHINE_IS_FUSED -I${CMAKE_CURRENT_SOURCE_DIR}/include/core)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND device_flags -D__x86_64__)
endif()
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND device_flags -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
endif()

function(device_compiler_works result)
  set(${result} FALSE PARENT_SCOPE)
  if(NOT TESSERA_DEVICE_CLANG)
    return()
  endif()
  set(probe ${CMAKE_CURRENT_BINARY_DIR}/device_code/probe)
  file(WRITE ${probe}.c "__attribute__((nvptx_kernel)) void probe(int *x) { *x = __nvvm_read_ptx_sreg_tid_x(); }\n")
  execute_process(COMMAND ${TESSERA_DEVICE_CLANG} ${device_flags} ${probe}.c -o ${probe}.ptx
                  RESULT_VARIABLE code OUTPUT_QUIET ERROR_QUIET)
  if(code EQUAL 0)
    file(STRINGS ${probe}.ptx entries REGEX "\\.entry probe")
    if(entries)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(device_code target)
  set(TESSERA_DEVICE_TEXTS "" CACHE INTERNAL "")
  set(works FALSE)
  if(TESSERA_DEVICE_CODE)
    set(works TRUE)
  elseif(NOT TESSERA_DEVICE STREQUAL off)
    device_compiler_works(works)
  endif()
  if(NOT works)
    if(TESSERA_DEVICE STREQUAL on)
      message(FATAL_ERROR "TESSERA_DEVICE=on needs a clang that compiles kernels for nvptx64, such as Debian's clang-19: "
                          "-DTESSERA_DEVICE_CLANG=..., or -DTESSERA_DEVICE_CODE=FOLDER with code made elsewhere")
    endif()
    message(STATUS "Code for devices: none (no clang that makes it was found; Debian's clang-19 does)")
    return()
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/device_code)
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/include/core/parameters/shapes.def rows REGEX "^SHAPE_OF_[A-Z]+\\(")
  set(list "")
  set(texts "")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^SHAPE_OF_[A-Z]+\\(([A-Z]+).*" "\\1" shape "${row}")
    string(TOLOWER ${shape} word)
    foreach(kind "32;DEFAULT" "32;NEAREST" "32;TRICUBIC" "64;DEFAULT" "64;NEAREST")
      list(GET kind 0 precision)
      list(GET kind 1 factors)
      string(TOLOWER ${factors} factors_word)
      foreach(differ 0 1)
        set(name float${precision}_${word}_${factors_word}_${differ})
        set(text ${folder}/${name}.ptx)
        if(TESSERA_DEVICE_CODE)
          set(text ${TESSERA_DEVICE_CODE}/${name}.ptx)
        else()
          add_custom_command(OUTPUT ${text} DEPENDS ${device_source} DEPFILE ${text}.d
            COMMAND ${TESSERA_DEVICE_CLANG} ${device_flags} -MD -MF ${text}.d -MT ${text} -DDEVICE_FUNCTION=device_${name} -DDEVICE_PRECISION=${precision} -DDEVICE_SHAPE=SHAPE_${shape}
                    -DDEVICE_FACTORS_OF=DEVICE_${factors} -DDEVICE_SOURCES_DIFFER=${differ} ${device_source} -o ${text}
            COMMENT "Compiling ${name} for devices" VERBATIM)
        endif()
        string(APPEND list "DEVICE_CODE(FLOAT${precision}, ${shape}, DEVICE_${factors}, ${differ}, ${name}, \"${text}\")\n")
        list(APPEND texts ${text})
      endforeach()
    endforeach()
  endforeach()
  file(GENERATE OUTPUT ${folder}/device_code.inc CONTENT "${list}")
  set(compiler "PTX made elsewhere")
  if(NOT TESSERA_DEVICE_CODE)
    execute_process(COMMAND ${TESSERA_DEVICE_CLANG} -dumpversion OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(compiler "clang ${version}")
  endif()
  message(STATUS "Code for devices: ${compiler}")
  add_custom_target(tessera_device_code DEPENDS ${texts})
  set(TESSERA_DEVICE_TEXTS "${texts}" CACHE INTERNAL "")
  set(TESSERA_DEVICE_COMPILER "${compiler}" CACHE INTERNAL "")
  device_code_options(${target})
endfunction()

# The same texts for another target with device_code.c among its sources.
function(device_code_options target)
  if(NOT TESSERA_DEVICE_TEXTS)
    return()
  endif()
  add_dependencies(${target} tessera_device_code)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/core/kernels/device_code.c PROPERTIES
    OBJECT_DEPENDS "${TESSERA_DEVICE_TEXTS}" COMPILE_DEFINITIONS
    "TESSERA_DEVICE_COMPILER=\"${TESSERA_DEVICE_COMPILER}\";TESSERA_DEVICE_LIST=\"${PROJECT_BINARY_DIR}/device_code/device_code.inc\"")
endfunction()
