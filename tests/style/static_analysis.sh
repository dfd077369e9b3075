#!/bin/bash
# clang-tidy and cppcheck find nothing in src/. What they are not asked, and why, stands in .clang-tidy and cppcheck.supp.
# Environment: SOURCE (the project), BUILD (a configured build folder).
set -u
cd "${SOURCE:?}" || exit 1
: "${BUILD:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # check FILE...: with the values that CMake gives, as cppcheck would try all others
    cppcheck --quiet --std=c11 --enable=warning,portability,performance --error-exitcode=1 \
        --suppressions-list=tests/style/cppcheck.supp --suppress=missingIncludeSystem -D_POSIX_C_SOURCE=200809L \
        -DKERNEL_HAS_VARIANTS -DTESSERA_SYMINFO='""' -Iinclude/core -Iinclude/parallel -Iinclude/program "$@"
}

# A mistake that each must find, or its silence proves nothing.
cat >"$work/probe.c" <<'P'
#include <stdlib.h>
int probe(const char *text);
int probe(const char *text) {
    int *numbers = malloc(4 * sizeof *numbers);
    if (numbers == NULL || text == NULL) return 0;
    if (text[0] == 'a') ;
    numbers[4] = text[0];
    return numbers[3];
}
P
if check "$work/probe.c" 2>/dev/null; then echo "static_analysis: cppcheck does not see a write behind an array"; failed=1; fi
if clang-tidy --quiet --config-file=.clang-tidy "$work/probe.c" -- -std=c11 >/dev/null 2>&1; then
    echo "static_analysis: clang-tidy does not see an if without a body"
    failed=1
fi

check src || failed=1
find src -name '*.c' ! -name '*.ptx.c' -print0 | sort -z | xargs -0 -P "$(nproc)" -n 8 \
    clang-tidy -p "$BUILD" --quiet --config-file=.clang-tidy --extra-arg=-Wno-unknown-warning-option >"$work/tidy" 2>"$work/tidy.err" ||
    { cat "$work/tidy"; grep -v 'warnings\? generated' "$work/tidy.err"; failed=1; }
exit $failed
