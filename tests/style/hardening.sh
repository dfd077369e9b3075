#!/bin/bash
# The program is built as cmake/hardening.cmake says, which its ELF tells; and a program built without is found out.
# Environment: TESSERA (the program), BUILD (a configured build folder).
set -u
: "${TESSERA:?}" "${BUILD:?}"
cached() { sed -n "s/^$1:[A-Z]*=//p" "$BUILD/CMakeCache.txt"; }
case $(uname -m) in x86_64) ;; *) echo "hardening: tested on x86-64"; exit 0 ;; esac
fortified=yes
[ "$(cached CMAKE_BUILD_TYPE)" != Debug ] || fortified=no
for kind in SANITIZE FUZZ; do case $(cached TESSERA_$kind) in ON | 1 | TRUE) fortified=no ;; esac; done

# Each prints what is missing in an ELF file.
weak_program() {
    readelf -hW "$1" | grep -q 'Type: *DYN' && readelf -dW "$1" | grep -q 'FLAGS_1.*PIE' || echo "position-independent"
    readelf -lW "$1" | grep -q GNU_RELRO || echo "relro"
    readelf -dW "$1" | grep -q 'FLAGS_1.*NOW' || echo "bind-now"
    readelf -lW "$1" | grep -Eq 'GNU_STACK.* RW +0x' || echo "stack-not-executable"
    # an empty or relative folder would be looked for in the one that the program is started in
    readelf -dW "$1" | sed -n 's/.*R\(UN\)\{0,1\}PATH.*\[\(.*\)\]$/\2/p' | tr : '\n' | grep -Evq '^(/|[$]ORIGIN)' && echo "absolute-library-folders"
}
weak_code() { # of a program that has buffers and a large frame on its stack
    nm -u "$1" | grep -q '__stack_chk_fail' || echo "stack-protector"
    # one write into every page of a large frame
    objdump -d --no-show-raw-insn "$1" | grep -Eq 'orq +\$0x0,.*\(%rsp\)|movq +\$0x0,\(%rsp\)' || echo "stack-clash"
    [ $fortified = no ] || nm -u "$1" | grep -Eq '__v?snprintf_chk' || echo "fortify"
}
weak_objects() { # of a library: every object of it is marked
    local objects marked
    objects=$(ar t "$1" | wc -l)
    marked=$(readelf -nW "$1" 2>/dev/null | grep -c 'x86 feature:.*IBT.*SHSTK')
    [ "$objects" -gt 0 ] && [ "$objects" = "$marked" ] || echo "cf-protection ($marked of $objects objects)"
}

cat >probe.c <<'P'
#include <stdio.h>
#include <string.h>
int main(int count, char **words) {
    char text[8], large[70000];
    memset(large, count, sizeof large);
    snprintf(text, (size_t)(count + 4), "%s", words[0]);
    return text[0] + large[count];
}
P
gcc -O2 -c -fno-stack-protector -fno-stack-clash-protection -fcf-protection=none -U_FORTIFY_SOURCE -fno-pie probe.c -o probe.o &&
    gcc -no-pie -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/lib: probe.o -o probe 2>linker.log && ar rc probe.a probe.o ||
    { echo "hardening: the probe is not built"; exit 1; }
found=$({ weak_program probe; weak_code probe; weak_objects probe.a; } | wc -l)
[ $fortified = yes ] && expected=9 || expected=8
[ "$found" = "$expected" ] || { echo "hardening: only $found of $expected lacks of a weak program are seen: this proves nothing"; exit 1; }

missing=$(weak_program "$TESSERA"; weak_code "$TESSERA"
    find "$BUILD" -maxdepth 1 -name 'libtessera_*.a' | while read -r library; do weak_objects "$library"; done)
[ -z "$missing" ] || { echo "hardening: missing in $TESSERA: $missing"; exit 1; }
