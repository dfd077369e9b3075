#!/usr/bin/env bash
# The shapes of crystals are known in include/core/parameters/shapes.def and their own headers alone: no other source names
# one, and wherever a shape is dispatched, one that lacks a formula does not compile.
# Environment: SOURCE (the project), BUILD (a configured build folder).
set -u
cd "${SOURCE:?}" || exit 1
: "${BUILD:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "shapes: $*"; failed=1; }

rows=$(sed -n 's/^SHAPE_OF_[A-Z]*(\([A-Z_]*\), \([a-z_]*\).*/\1:\2/p' include/core/parameters/shapes.def)
[ "$(wc -w <<< "$rows")" -ge 4 ] || fail "only these rows were found: $rows"
for row in $rows; do
    name=${row#*:}
    [ -e "include/core/physics/shapes/$name.h" ] || fail "$name has no include/core/physics/shapes/$name.h"
    grep -q "^| \`$name\` |" docs/physics.md || fail "docs/physics.md, \"Shape of the crystal\", does not say what $name is"
    elsewhere=$(grep -rnw "SHAPE_${row%:*}" src include || true)
    [ -z "$elsewhere" ] || fail "a shape is named outside of its row: $elsewhere"
done

cp -r include "$work/include"
compiles() { # compiles SOURCE: with the build's own warnings and the headers of the copy
    "${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -I"$work/include/core" -fopenmp -Wall -Wextra -Werror -fsyntax-only "$1" \
        2> "$work/log"
}
dispatching=$(grep -lr 'parameters/shapes.def"' src/core/physics src/core/kernels)
[ "$(wc -w <<< "$dispatching")" -ge 4 ] || fail "only these sources dispatch by shape: $dispatching"
for source in $dispatching; do compiles "$source" || fail "$source does not compile: this test proves nothing"; done

# a row whose header is missing
printf '%s\n' 'SHAPE_OF_FORM(PLANTED, planted, SPOTS_FADE, false)' | cat - include/core/parameters/shapes.def \
    > "$work/include/core/parameters/shapes.def"
for source in $dispatching; do
    if compiles "$source"; then fail "$source compiles with a shape that has no formulas"; fi
done
cp include/core/parameters/shapes.def "$work/include/core/parameters/shapes.def"

# a header that lacks a formula, of every row
tried=0
for row in $rows; do
    name=${row#*:}
    for function in $(grep -oE "\b${name}_[a-z0-9_]+\(" "include/core/physics/shapes/$name.h" | tr -d '(' | sort -u); do
        grep -qE "name##${function#"$name"}\b" src/core/*/*.c include/core/physics/shape.h || continue # its own
        tried=$((tried + 1))
        sed "s/\b$function\b/other_$function/g" "include/core/physics/shapes/$name.h" > "$work/include/core/physics/shapes/$name.h"
        if compiles src/core/physics/shape.c && compiles src/core/kernels/kernel_float32.c &&
            compiles src/core/kernels/kernel_float64.c; then
            fail "everything compiles without $function"
        fi
    done
    cp "include/core/physics/shapes/$name.h" "$work/include/core/physics/shapes/$name.h"
done

[ $tried -gt $(($(wc -w <<< "$rows") * 4)) ] || fail "only $tried formulas were left out"

# a switch by hand that forgets one
printf '#include "model/crystal.h"\nint forgets(CrystalShape shape);\nint forgets(CrystalShape shape) {\n    switch (shape) {\n%s\n    }\n    return 0;\n}\n' \
    "$(for row in $(echo "$rows" | tail -n +2); do echo "    case SHAPE_${row%:*}: return 1;"; done)" > "$work/forgets.c"
if compiles "$work/forgets.c"; then fail "a switch that forgets a shape compiles"; fi
exit $failed
