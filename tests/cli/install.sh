#!/usr/bin/env bash
# `cmake --install` with a prefix: the program runs from any folder, also when the prefix is moved, and its manual page
# and completion are those that it prints.
set -u
. "$SOURCE/tests/support/case.sh"
cmake --install "$BUILD" --prefix "$PWD/first" > install.log || fail "cmake --install: $(cat install.log)"
mkdir elsewhere && mv first elsewhere/prefix && cp "$inputs/2erl_1p8A_C2.mtz" elsewhere || fail "no folder"
cd elsewhere || exit 1
tessera=$PWD/prefix/bin/tessera

[ "$("$tessera" --version)" = "$("$TESSERA" --version)" ] || fail "another version: $("$tessera" --version)"
ldd "$tessera" > libraries || fail "ldd: $(cat libraries)"
! grep 'not found' libraries || fail "libraries are missing"
"$tessera" --man | cmp - prefix/share/man/man1/tessera.1 || fail "the manual page is another"
"$tessera" --bash-completion | cmp - prefix/share/bash-completion/completions/tessera || fail "the completion is another"

# symmetry comes from a table of libccp4, which is found without help
env -u SYMINFO -u CLIBD "$tessera" describe 2erl_1p8A_C2.mtz > described || fail "describe failed"
grep -Eq 'in P 1 +9684 reflections' described || fail "not 9684 reflections in P 1: $(cat described)"
run=(--crystal.structure_factors=2erl_1p8A_C2.mtz --crystal.cells=8 --detector.fast_pixels=40 --detector.slow_pixels=32
    --detector.pixel_size=0.5 --sampling.oversample=1 --quiet)
"$tessera" simulate "${run[@]}" --output installed.nxs || fail "the installed program does not simulate"
"$TESSERA" simulate "${run[@]}" --output built.nxs || fail "the built program does not simulate"
[ "$("$TOOLS/dataset_sha256" installed.nxs /entry/data/data)" = "$("$TOOLS/dataset_sha256" built.nxs /entry/data/data)" ] ||
    fail "the installed program makes other images"

# Without CUnit, `cmake` says what to install and what to switch off.
if cmake -S "$SOURCE" -B without_cunit -DCMAKE_C_COMPILER="$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$BUILD/CMakeCache.txt")" -DBUILD_TESTING=ON \
    -DCUNIT_LIBRARY= -DCUNIT_INCLUDE_DIR= > log 2>&1; then
    fail "cmake went on without CUnit"
fi
tr -s ' \n' ' ' < log | grep -q 'The tests need CUnit.*libcunit1-dev.*-DBUILD_TESTING=OFF' || fail "without CUnit: $(tail -n 20 log)"
rm -rf without_cunit
finish
