#!/usr/bin/env bash
# tessera compare: figures, limits, exit codes, what it reads and what it refuses.
# Environment: TESSERA (the program), SOURCE (the project). The working folder is ours.
set -u
golden=$SOURCE/golden
reference=$golden/g01_mosflm_cubic.h5
divergent=$golden/divergent/d01_phi_zero.h5
failures=0
export ASAN_OPTIONS=detect_leaks=1 # this command runs without MPI, whose leaks would hide ours

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect CODE TEXT ARGUMENT...: the exit code, and a text in what is printed on either stream
expect() {
    local code=$1 text=$2 found=0
    shift 2
    "$TESSERA" compare "$@" > out 2> err || found=$?
    [ "$found" -eq "$code" ] || fail "compare $*: exit code $found, not $code: $(cat err)"
    grep -qF -- "$text" out err || fail "compare $*: \"$text\" is not in: $(cat out err)"
    ! grep -q "HDF5-DIAG\|#000" out err || fail "compare $*: HDF5 prints its errors"
    ! grep -qi "sanitizer\|abort\|segmentation" err || fail "compare $*: $(cat err)"
}

raw() { # raw FILE BYTES: a file of zero bytes
    head -c "$2" /dev/zero > "$1"
}

# Figures and limits.
expect 0 "correlation" "$reference" "$reference"
expect 1 "1 - correlation 0.0439 is above 1e-06" "$divergent" "$divergent:correct"
expect 1 "|sum error| 0.0164 is above 1e-05" "$divergent" "$divergent:correct"
expect 0 "limit 0.1" "$divergent" "$divergent:correct" --min-correlation 0.9 --max-sum-error=0.1
expect 0 "limit 0.05" "$divergent" "$divergent:correct" --max-one-minus-correlation 0.05 --max-sum-error inf
expect 1 "largest relative error 249 is above 100" "$divergent" "$divergent:correct" --min-correlation 0 \
    --max-sum-error 1 --max-relative-error 100
expect 1 "rms relative error 5.25 is above 5" "$divergent" "$divergent:correct" --min-correlation 0 \
    --max-sum-error 1 --max-rms-error 5
expect 1 "largest peak displacement 0.12 is above 0.1" "$divergent" "$divergent:correct" --min-correlation 0 \
    --max-sum-error 1 --max-peak-displacement 0.1
expect 1 "|sum error| 0.5 is above" "$reference" "$reference" --scale-reference 2
expect 0 '"failed":[]' "$reference" "$reference" --json
expect 1 '"failed":["one_minus_correlation","sum_error"]' "$divergent" "$divergent:correct" --json
expect 0 "--max-sum-error" --help

# JSON is JSON, on one line.
"$TESSERA" compare "$divergent" "$divergent:correct" --json 2> err > out
[ "$(wc -l < out)" -eq 1 ] || fail "--json prints $(wc -l < out) lines"
if command -v python3 > /dev/null; then python3 -m json.tool out > /dev/null || fail "--json is no JSON"; fi

# Regions, frames and shapes.
expect 0 "10 x 20 (slow x fast)" "$reference" "$reference" --region 5,15,40,60
expect 2 "--region" "$reference" "$reference" --region 5,15,40,400
expect 2 "S0 < S1" "$reference" "$reference" --region 15,15,40,50
expect 0 "256 x 256" "$reference#0" "$reference" --frame 0
expect 2 "no frame 3" "$reference#3" "$reference"
expect 2 "has no frame 1" "$reference" "$reference" --frame 1
expect 2 "frame 2 was given too" "$reference" "$reference#1" --frame 2
expect 2 "no frame number" "$reference" "$reference#x"
expect 2 "must be alike" "$reference" "$divergent"
raw square.bin $((4 * 6 * 6))
raw wide.bin $((4 * 6 * 8))
raw odd.bin 1001
raw empty.bin 0
expect 0 "6 x 6" square.bin square.bin
expect 0 "8 x 6" wide.bin wide.bin --shape 8,6
expect 2 "--shape" wide.bin wide.bin
expect 2 "not 6 x 6" wide.bin wide.bin --shape 6,6
expect 2 "1001 bytes" odd.bin odd.bin
expect 2 "0 bytes" empty.bin empty.bin
expect 2 "takes no dataset" square.bin square.bin:image

# SMV images, and what is wrong with them.
smv() { # smv FILE BYTES HEADER: a header of 512 bytes and some data
    printf '{\n%b}\n' "$3" > "$1"
    truncate -s 512 "$1"
    truncate -s $((512 + $2)) "$1"
}
good='HEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=8;\nSIZE2=6;\n'
smv good.img 96 "$good"
expect 0 "6 x 8" good.img good.img
expect 0 "80 x 96" "$golden/inputs/mask_96x80.img" "$golden/inputs/mask_96x80.img"
smv short.img 95 "$good"
expect 2 "too few" short.img short.img
smv huge.img 96 'HEADER_BYTES=512;\nSIZE1=2147483647;\nSIZE2=2147483647;\n'
expect 2 "too few" huge.img huge.img
smv nosize.img 96 'HEADER_BYTES=512;\nXSIZE1=8;\nSIZE2=6;\n'
expect 2 "SIZE1" nosize.img nosize.img
smv order.img 96 "${good/little_endian/middle}"
expect 2 "BYTE_ORDER" order.img order.img
smv type.img 96 "${good/unsigned_short/float}"
expect 2 "TYPE" type.img type.img
smv negative.img 96 "${good/SIZE2=6/SIZE2=-6}"
expect 2 "SIZE2" negative.img negative.img
raw header.img 700
expect 2 "no SMV header" header.img header.img
# byte order: the value 1 at the first pixel is 256 the other way round
smv little.img 96 "$good"
smv big.img 96 "${good/little_endian/big_endian}"
printf '\001\000' | dd of=little.img bs=1 seek=512 conv=notrunc status=none
printf '\000\001' | dd of=big.img bs=1 seek=512 conv=notrunc status=none
expect 0 "largest error                0" little.img big.img

# HDF5 files that are none, or hold something else.
head -c 3000 "$reference" > cut.h5
expect 2 "no HDF5 file" cut.h5 "$reference"
echo text > text.h5
expect 2 "no HDF5 file" "$reference" text.h5
expect 2 "has no dataset \"nothing\"" "$reference:nothing" "$reference"
expect 2 "no name of a dataset" "$reference:" "$reference"
expect 2 "does not exist" nowhere.h5 "$reference"
expect 2 "are read from" "$golden/manifest.json" "$reference"

# Bad usage, with the nearest option.
expect 2 'did you mean "--max-sum-error"?' "$reference" "$reference" --max-sum-eror 1
expect 2 "tessera compare --help" "$reference" "$reference" --xyzzyplugh
expect 2 "needs two images" "$reference"
expect 2 "one too many" "$reference" "$reference" "$reference"
expect 2 "needs a value" "$reference" "$reference" --floor
expect 2 "takes no value" "$reference" "$reference" --json=yes
for bad in nan -1 1x "" 0x10 "1,2"; do
    expect 2 "--max-sum-error" "$reference" "$reference" "--max-sum-error=$bad"
done
expect 2 "--min-correlation" "$reference" "$reference" --min-correlation 1.5
expect 2 "--scale-reference" "$reference" "$reference" --scale-reference inf
expect 2 "--scale-reference" "$reference" "$reference" --scale-reference 0
expect 2 "--frame" "$reference" "$reference" --frame -1
expect 2 "--shape" square.bin square.bin --shape 6
expect 2 "--shape" square.bin square.bin --shape 6,6,6
expect 2 "--shape" square.bin square.bin --shape 0,36

# Nowhere to print.
if [ -w /dev/full ]; then
    code=0
    "$TESSERA" compare "$reference" "$reference" > /dev/full 2> err || code=$?
    [ "$code" -eq 3 ] || fail "a full disk: exit code $code, not 3"
    code=0
    "$TESSERA" --help > /dev/full 2> err || code=$?
    [ $code = 3 ] && grep -q 'standard output cannot be written' err || fail "a full disk for --help: exit code $code: $(cat err)"
fi

[ "$failures" -eq 0 ] || { echo "$failures checks failed"; exit 1; }
echo "all checks passed"
