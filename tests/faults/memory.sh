#!/usr/bin/env bash
# Any piece of memory that the program asks for may be refused, on one process or on one of several ranks: exit code 2 and
# one message; nothing is taken for finished that is not. What MPI, HDF5 and other libraries ask for is not refused.
set -u
. "$SOURCE/tests/support/faults.sh"
# HDF5 may be a part of the program: runs of functions that are not ours
nm -n "$TESSERA" | awk '$2 ~ /^[tT]$/ { its = $3 ~ /^H5/; if (its && !was) begin = $1; if (!its && was) print begin, $1; was = its }' > theirs
# every kind of image and signal, so that all that is allocated is
run=(simulate "${tiny_case[@]}" --detector.psf=gauss --detector.psf_fwhm=1 --noise.calibration=0.02 --noise.dead_fraction=0.01
    --run.profile=true --run.trace=trace.json --overwrite --quiet --output out.nxs)
"$TESSERA" "${run[@]}" > out || fail "reference"
reference=$(images_of out.nxs)
mv out.nxs reference.nxs
for range in 0:2 2:4; do
    "$TESSERA" simulate "${tiny_case[@]}" --frames $range --output "part${range%:*}.nxs" --quiet || fail "part $range"
done
refuse() { # refuse WHAT RANKS RANK TEXT ARGUMENT...: one piece after the other; the message has TEXT in it
    local what=$1 ranks=$2 rank=$3 text=$4 number count
    local -a settings=("CALLS=memory,thread" SKIP="$PWD/theirs")
    shift 4
    [ "$rank" = any ] || settings+=(RANK="$rank")
    rm -f out.nxs* made.*
    cp reference.nxs packed.nxs
    count=$(calls_of "$ranks" "${settings[@]}" -- "$TESSERA" "$@")
    for number in $(numbers "$count"); do
        rm -f out.nxs* made.*
        cp reference.nxs packed.nxs
        faulty "$ranks" "${settings[@]}" AT="$number" -- "$TESSERA" "$@"
        grep -q hit log || fail "$what, $number of $count: it did not happen"
        told "$what, $number of $count" 2 0 # 0: a thread that is not there is done without
        [ $code = 0 ] || grep 'tessera: error: ' err | grep -q "memory.*$text" || fail "$what, $number: $(cat err)"
        [ $code = 0 ] || ! ls made.* > /dev/null 2>&1 || fail "$what, $number: exit code $code, and $(ls made.*) is there"
        [ "$(images_of packed.nxs)" = "$reference" ] || fail "$what, $number: the images are lost"
        [ "$1" != simulate ] || whole_or_resumed "$what, $number of $count" out.nxs "$reference" "${run[@]:1:${#run[@]}-5}"
    done
    echo "$what: $count pieces of memory"
}
refuse simulate 0 any '' "${run[@]}"
refuse "simulate on 2 ranks, of rank 1" 2 1 '' "${run[@]}"
refuse "simulate on 3 ranks, of rank 2" 3 2 '' "${run[@]}"
refuse "simulate on 2 ranks, of rank 0" 2 0 '' "${run[@]}"
for format in smv cbf png raw; do
    refuse "export $format" 0 any '' export reference.nxs --frame 1 --format $format --output made.$format
done
refuse merge 0 any '' merge made.nxs part0.nxs part2.nxs
refuse describe 0 any '' describe reference.nxs --verify
refuse compare 0 any '' compare 'reference.nxs#0' 'reference.nxs#0'
refuse compress 0 any '' compress packed.nxs --with deflate
refuse "structure factors" 0 any '' describe "$inputs/2erl_1p8A_C2.mtz"
# of several ranks, the message names the one without memory
faulty 3 CALLS=memory SKIP="$PWD/theirs" RANK=2 AT=12 -- "$TESSERA" "${run[@]}"
grep -q "rank 2 on $(uname -n): " err || fail "rank 2 is not named: $(cat err)"
finish
