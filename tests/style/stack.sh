#!/usr/bin/env bash
# Every source is compiled with the bounds of cmake/stack.cmake: an array of variable length, and a frame beyond the bound of
# its folder, are refused with the very command of the build; without its flags they are not.
# Environment: SOURCE (the project), BUILD (a configured build folder).
set -u
: "${SOURCE:?}" "${BUILD:?}"
cached() { sed -n "s/^$1:[A-Z]*=//p" "$BUILD/CMakeCache.txt"; }
framed=yes
for kind in SANITIZE FUZZ; do case $(cached TESSERA_$kind) in ON | 1 | TRUE) framed=no ;; esac; done
bytes_of() { sed -n "s/^set(TESSERA_$1_BYTES \([0-9]*\))$/\1/p" "$SOURCE/cmake/stack.cmake"; }
failed=0
wrong() {
    echo "stack: $*"
    failed=1
}

cat > vla.c << 'P'
int probe(int count);
int probe(int count) {
    volatile char bytes[count];
    bytes[0] = 1;
    return bytes[0];
}
P
framed() { # framed BYTES: a function that takes so many and some
    cat > frame.c << P
int probe(int place);
int probe(int place) {
    volatile char bytes[$1];
    bytes[place] = 1;
    return bytes[place / 2];
}
P
}
command_of() { # command_of SOURCE: how the build compiles it, less source and object; an empty line without
    "${PYTHON:-python3}" - "$BUILD/compile_commands.json" "$SOURCE/$1" << 'P'
import json, shlex, sys
for entry in json.load(open(sys.argv[1])):
    if entry["file"] != sys.argv[2]: continue
    words = shlex.split(entry["command"])
    i = words.index("-o")
    words = words[:i] + words[i + 2:]
    print(shlex.join([w for w in words if w not in ("-c", sys.argv[2])]))
    break
P
}
compiles() { # compiles COMMAND FILE: so that every warning is an error
    eval "$1 -Werror -c -o probe.o $2" > log 2>&1
}
without_bounds() { sed 's/ -Wvla\| -Wstack-usage=[0-9]*\| -Wframe-larger-than=[0-9]*//g'; }
check() { # check SOURCE BYTES
    local command bare
    command=$(command_of "$1")
    bare=$(without_bounds <<< "$command")
    [ -n "$command" ] || { wrong "no command for $1"; return; }
    framed $(($2 + 1024))
    compiles "$bare" vla.c && compiles "$bare" frame.c || { wrong "the probes are no C for $1: $(cat log)"; return; }
    compiles "$command" vla.c && wrong "an array of variable length passes as $1"
    if [ $framed = yes ]; then
        compiles "$command" frame.c && wrong "a frame of more than $2 bytes passes as $1"
        framed $(($2 - 1024))
        compiles "$command" frame.c || wrong "a frame of less than $2 bytes is refused as $1: $(cat log)"
    fi
}
check src/core/base/text.c "$(bytes_of FRAME)"
check src/core/kernels/kernel_reflections.c "$(bytes_of KERNEL_FRAME)"
check src/parallel/output/writer.c "$(bytes_of FRAME)"
check src/program/commands/main.c "$(bytes_of FRAME)"
check tests/unit/test_text.c "$(bytes_of TEST_FRAME)"
check tests/support/other_call.c "$(bytes_of TEST_FRAME)"
exit $failed
