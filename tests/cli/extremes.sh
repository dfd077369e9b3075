#!/usr/bin/env bash
# Both ends of the range of every parameter, one at a time and many at once: `tessera plan` gives a plan, or exit code 2
# and one message, in time and without a number that overflows (which the build with sanitizers would tell).
# SAMPLES: so many random choices of ends of several parameters at once, always the same ones.
set -u
. "$SOURCE/tests/support/case.sh"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}:allocator_may_return_null=1:max_allocation_size_mb=4096"
export UBSAN_OPTIONS=print_stacktrace=0 OMP_NUM_THREADS=2
nm "$TESSERA" | grep -q __asan_init || ulimit -v 6000000 # memory for anything that is not refused
plain=(--crystal.cell=50 --crystal.default_f=10 --detector.fast_pixels=16 --detector.slow_pixels=16)
rich=("${small_case[@]}" --detector.fast_pixels=24 --detector.slow_pixels=20 --sweep.kind=rotation --sweep.count=4
    --beam.divergence_horizontal=1 --beam.divergence_vertical=1 --detector.sensor_thickness=100 --detector.sensor_layers=2
    --detector.psf=gauss --detector.psf_fwhm=0.3 --background.size=1 --noise.read_noise=1 "--detector.roi=2,20,2,18")

# NAME COUNT LEAST GREATEST TYPE of every row with a range, from the table itself
cat > rows.h << 'C'
#define PARAMETER_REAL(s, n, f, u, d, least, greatest, ...) ROW s.n 1 least greatest real
#define PARAMETER_REALS(s, n, f, count, l, u, d, least, greatest, ...) ROW s.n count least greatest real
#define PARAMETER_INTEGER(s, n, f, d, least, greatest, ...) ROW s.n 1 least greatest whole
#define PARAMETER_INTEGERS(s, n, f, count, l, d, least, greatest, ...) ROW s.n count least greatest whole
#define PARAMETER_BOOLEAN(...)
#define PARAMETER_CHOICE(...)
#define PARAMETER_TEXT(...)
#define PARAMETER_FILE(...)
#include "parameters/parameters.def"
C
"${CC:-gcc}" -E -P -I "$SOURCE/include/core" -x c rows.h | sed 's/ *\. */./; s/INFINITY/inf/; s/ROW /\n/g' |
    tr -s ' ' | sed -n 's/^ *\([a-z]*\.[a-z_0-9]* .*\)$/\1/p' | sed 's/(__builtin_inff ())/inf/' > rows
[ "$(wc -l < rows)" -ge 80 ] || fail "only $(wc -l < rows) rows were found: $(head -3 rows)"
grep -qx 'detector.fast_pixels 1 1 2147483647 whole' rows || fail "detector.fast_pixels is not among the rows: $(grep pixels rows)"

judge() { # judge CODE OUT ERR WHAT...: what a plan may say
    local code=$1 out=$2 err=$3
    shift 3
    case $code in
    0) grep -q '^time ' "$out" && [ ! -s "$err" ] || fail "no plan: $*: $(cat "$err")" ;;
    2) [ "$(wc -l < "$err")" = 1 ] && grep -q '^tessera: error: ' "$err" || fail "not one message: $*: $(cat "$err")" ;;
    *) fail "exit code $code: $*: $(tail -3 "$err")" ;;
    esac
}
plans=0
plan() { # plan ARGUMENT...
    local n=$((++plans))
    later plan_number "$n" "$@"
}
plan_number() {
    local code=0 n=$1
    shift
    timeout 120 "$TESSERA" plan "$@" > "out_$n" 2> "err_$n" || code=$?
    judge $code "out_$n" "err_$n" "$@"
    rm -f "out_$n" "err_$n"
}
list() { # list VALUE COUNT: the value so many times
    local text=$1 i
    for ((i = 1; i < $2; i++)); do text+=,$1; done
    echo "$text"
}
while read -r name count least greatest _; do
    for end in "$least" "$greatest"; do
        plan "${plain[@]}" --"$name=$(list "$end" "$count")"
        [ "$end" = "$least" ] || plan "${rich[@]}" --"$name=$(list "$end" "$count")"
    done
done < rows

# All whole numbers that say how much there is, and single dimensions of it with what they are multiplied by.
pixels="--detector.fast_pixels=1000000000 --detector.slow_pixels=1000000000"
large="--detector.fast_pixels=1000000 --detector.slow_pixels=1000000"
spread="--crystal.mosaic_spread=1 --crystal.mosaic_domains=100000"
steps="--sampling.phi_steps=10000000"
fine="--sampling.oversample=1000 --detector.sensor_thickness=100 --detector.sensor_layers=100000"
waves="--run.wave=1000000 --run.shards=1000000000 --run.tile=1000000 --sweep.count=1000000000"
for some in "$pixels" "$large" "$large $waves" "$spread $steps" "$fine" "$fine $spread" "$large $fine" "$waves" \
    "$fine $waves" "$pixels $waves $fine $spread $steps" "--run.tile=1 $large" "--run.tile=1 --run.wave=1 --sweep.count=1000000000" \
    "--beam.dispersion=1 --beam.dispersion_steps=1000000 --beam.divergence_horizontal=1 --beam.divergence_vertical=1 \
--beam.divergence_steps_horizontal=100000 --beam.divergence_steps_vertical=100000" \
    "--crystal.size=1000 --beam.size=1000000" "--crystal.cells=1000000 --crystal.cell=1000000" \
    "--sweep.kind=grid --sweep.angle=0.001" "--sweep.kind=grid --sweep.count=1000000000"; do
    # shellcheck disable=SC2086 # lists of words
    for scene in plain rich; do
        if [ $scene = plain ]; then plan "${plain[@]}" $some; else plan "${rich[@]}" $some; fi
    done
done
# shellcheck disable=SC2086
plan "${plain[@]}" --ranks 1000000 $large $waves

# Ends of three parameters at once.
mapfile -t table < rows
RANDOM=17
for ((i = 0; i < ${SAMPLES:-100}; i++)); do
    several=()
    for _ in 1 2 3; do
        read -r name count least greatest _ <<< "${table[RANDOM % ${#table[@]}]}"
        [ $((RANDOM % 3)) = 0 ] && end=$least || end=$greatest
        several+=(--"$name=$(list "$end" "$count")")
    done
    if [ $((i % 2)) = 0 ]; then plan "${plain[@]}" "${several[@]}"; else plan "${rich[@]}" "${several[@]}"; fi
done
finish
