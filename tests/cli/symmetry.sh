#!/usr/bin/env bash
# Where a choice breaks the symmetry of a lattice, the run says so or is refused with a remedy.
set -u
. "$SOURCE/tests/support/case.sh"
hexagonal=(--crystal.cell="60,60,60,90,90,120" --crystal.default_f=10 --detector.fast_pixels=8 --detector.slow_pixels=8)
cubic=(--crystal.cell=60 --crystal.default_f=10 --detector.fast_pixels=8 --detector.slow_pixels=8)

says() { # says PATTERN ARGUMENT...: a run of one small frame
    local pattern=$1
    shift
    "$TESSERA" simulate "$@" --overwrite --output said.nxs > said 2>&1 || fail "$*: $(cat said)"
    tr -s ' \n' ' ' < said | grep -Eq -- "$pattern" || fail "no \"$pattern\": $* said $(cat said)"
}
is_silent() { # is_silent PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$TESSERA" simulate "$@" --overwrite --output said.nxs > said 2>&1 || fail "$*: $(cat said)"
    ! tr -s ' \n' ' ' < said | grep -Eq -- "$pattern" || fail "\"$pattern\" without reason: $* said $(cat said)"
}

# per_axis is not round in oblique cells; isotropic has no proportions
for shape in round gauss tophat; do
    says "$shape are not round in this oblique cell.*isotropic" "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=$shape
    is_silent spot_law "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=$shape --crystal.spot_law=isotropic
    is_silent spot_law "${cubic[@]}" --crystal.cells="6,9,4" --crystal.shape=$shape
    says 'ball of the same volume, 446.7 A across' "${cubic[@]}" --crystal.cells="6,9,4" --crystal.shape=$shape --crystal.spot_law=isotropic
done
is_silent spot_law "${hexagonal[@]}" --crystal.cells=6
is_silent spot_law "${hexagonal[@]}" --crystal.cells=6 --crystal.shape=gauss --crystal.spot_law=ancestor
finish
