#!/usr/bin/env bash
# tessera benchmark: what it measures and writes, its gate, and a stand-in for nanoBragg's binary.
# Environment: TESSERA (the program), SOURCE (the project). The working folder is ours.
set -u
. "$SOURCE/tests/support/case.sh"
unset NB_C_BIN
mkdir -p tmp
export TMPDIR=$PWD/tmp
left_nothing() { # left_nothing WHO; Open MPI, which the stand-in starts, has a folder of its own there
    [ -z "$(find tmp -name 'tessera*')" ] || fail "$1 leaves $(ls tmp)"
}
runs() { # runs CODE ARGUMENT...: the benchmark ends with this exit code
    local wanted=$1 code=0
    shift
    "$TESSERA" benchmark "$@" > out 2> err || code=$?
    [ $code = "$wanted" ] || fail "exit code $code, not $wanted, of benchmark $*: $(cat out err)"
    left_nothing "benchmark $*"
}
holds() { # holds FILE PATTERN
    grep -Eq -- "$2" "$1" || fail "$1 has no $2: $(head -c 2000 "$1")"
}
is_png() { # is_png FILE: signature and end
    [ "$(od -A n -t x1 -N 8 "$1" | tr -d ' ')" = 89504e470d0a1a0a ] && tail -c 8 "$1" | head -c 4 | grep -q IEND ||
        fail "$1 is no PNG image"
}

# A stand-in for nanoBragg's binary, and one that has another wavelength.
for kind in same other; do
    more=
    [ $kind = same ] || more="-lambda 6.4"
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\necho called with "$@"\nexec "%s" nanobragg "$@" %s\n' "$TESSERA" "$more" > $kind.sh
    chmod +x $kind.sh
done

# All files, with a reference that agrees.
runs 0 --sizes 64,96 --iterations 2 --precision float32 --profile --reference ./same.sh --keep-artifacts kept
holds out '^64 x 64 pixels, 4096 steps'
holds out 'speed-up [0-9.]+'
holds out '^  PASSED$'
for field in '"status": "PASSED"' '"timings_trusted": true' '"photons_sha256": "[0-9a-f]{64}"' '"steps": 4096,' '"steps_per_second"' \
    '"ns_per_step"' '"cold"' '"warm"' '"setup_s"' '"structure_factors_s"' '"compute_s"' '"reduce_s"' '"write_s"' '"total_cpu_s"' \
    '"yardstick"' '"shares"' '"ratio"' '"oracle"' '"correlation"' '"one_minus_correlation"' '"sum_ratio"' '"rms_error"' '"max_error"' \
    '"max_relative_error"' '"peak_max_pixels"' '"speed_up_cpu"' '"speed_up_wall"' '"-default_F"'; do
    holds kept/benchmark_results.json "$field"
done
for field in '"processor"' '"instructions": "' '"compiler"' '"flags"' '"git_revision"' '"mpi"' '"hdf5"'; do holds kept/env.json "$field"; done
holds kept/trace.json '"traceEvents"'
holds kept/trace.json '"name": "warm: compute"'
holds kept/correlation.txt 'one_minus_correlation'
for size in 64 96; do for image in ours reference difference; do is_png "kept/preview_${size}x${size}_$image.png"; done; done
[ ! -e kept/blocking.md ] || fail "blocking.md although nothing is blocked"
if command -v python3 > python.log; then
    for file in kept/*.json; do python3 -m json.tool "$file" > json.log 2>&1 || fail "$file is no JSON: $(cat json.log)"; done
fi

# The checksum is that of the image that everybody gets, whatever the number of threads.
"$TESSERA" nanobragg -cell 100 100 100 90 90 90 -default_F 100 -lambda 6.2 -N 5 -distance 100 -detpixels 96 -nopgm -nonoise \
    -floatfile float.bin -intfile int.img --run.precision=float32 > log || fail "nanobragg: $(cat log)"
holds kept/benchmark_results.json "\"photons_sha256\": \"$(sha256sum < float.bin | cut -d' ' -f1)\""
OMP_NUM_THREADS=3 runs 0 --sizes=96 --iterations=1 --precision=float32
holds out "$(sha256sum < float.bin | cut -d' ' -f1)"

# A reference that differs blocks: exit code 1, timings untrusted, blocking.md; what was kept before is gone.
runs 1 --sizes 64 --iterations 1 --reference ./other.sh --keep-artifacts kept
holds out 'BLOCKED: the timings above are UNTRUSTED'
holds err 'tessera: error: BLOCKED: 1 of 1 sizes .* see kept/blocking.md'
holds kept/benchmark_results.json '"status": "BLOCKED"'
holds kept/benchmark_results.json '"timings_trusted": false'
holds kept/blocking.md 'against the reference: sum / its sum - 1 is -0\.0[0-9]+, limit 0\.005'
holds kept/blocking.md '--trace-pixel'
[ ! -e kept/trace.json ] && [ ! -e kept/preview_96x96_ours.png ] || fail "files of the earlier benchmark are left: $(ls kept)"
NB_C_BIN=./other.sh runs 1 --sizes 64 --iterations 1
runs 0 --sizes 64 --iterations 1 --reference ./other.sh --min-correlation 0.5 --max-sum-error 1
# the gate against our own double precision can only be made tighter
runs 1 --sizes 64 --iterations 1 --precision float32 --min-correlation 1
holds out 'our float64.*FAILED'
runs 0 --sizes 64 --iterations 1 --precision float64 --min-correlation 1

# Run files: told to the reference where its options can say it, files and units included; skipped with the reason where not.
sed "s|@|$SOURCE/golden/inputs|g" > run.yaml << 'Y'
beam: {wavelength: 1.2, dispersion: 0.5, dispersion_steps: 3, dispersion_points: endpoints, polarization: 0.9}
crystal: {matrix: '@/2erl_lam1.2.mat', structure_factors: '@/2erl_P1.hkl', cells: [8, 9, 10], misset: [10, -20, 30], shape: round}
detector: {convention: xds, distance: 6 cm, pixel_size: 0.3, fast_pixels: 40, slow_pixels: 32, rotation: [1, 2, 3]}
sampling: {oversample: 1}
Y
runs 0 --case run.yaml --iterations 1 --reference ./same.sh
holds out '^32 x 40 pixels'
holds out '^  reference +(0|[0-9.]+e-1[0-9]) .*PASSED'
runs 0 --case run.yaml --iterations 1 --reference ./same.sh --beam.dispersion_points=midpoint
holds out 'skipped: beam.dispersion_points is "midpoint", which nanoBragg cannot be told'
runs 0 --case run.yaml --iterations 1 --reference ./same.sh --sweep.kind=random
holds out 'skipped: sweep.kind'
runs 0 --case protein --sizes 32 --iterations 1 --crystal.structure_factors="$SOURCE/golden/inputs/2erl_P1.hkl" --reference ./same.sh
holds out '^  reference .*PASSED'
runs 2 --case protein --sizes 32
holds err 'give --crystal.structure_factors=FILE'

# A reference that is no such program.
runs 2 --sizes 64 --reference ./none
holds err '"./none" .*no program that can be started'
printf '#!/bin/sh\necho that went wrong >&2\nexit 7\n' > fails.sh
printf '#!/bin/sh\ntouch Fdump.bin\n' > silent.sh
chmod +x fails.sh silent.sh
runs 2 --sizes 64 --iterations 1 --reference ./fails.sh
holds err 'ended with exit code 7; it said: that went wrong'
runs 2 --sizes 64 --iterations 1 --reference ./silent.sh
holds err 'wrote no float image of 64 x 64 pixels'
[ ! -e Fdump.bin ] || fail "the reference wrote into our folder"

# Ended by a signal: the child too, and nothing is left.
printf '#!/bin/sh\nexec sleep 60\n' > sleeps.sh
chmod +x sleeps.sh
"$TESSERA" benchmark --sizes 64 --iterations 1 --reference ./sleeps.sh > out 2> err &
process=$!
for _ in $(seq 100); do
    [ -n "$(find tmp -name reference.log)" ] && break
    sleep 0.1
done
kill -TERM $process
code=0
wait $process || code=$?
[ $code = 75 ] || fail "exit code $code after a signal: $(cat err)"
left_nothing "a benchmark that was stopped"

# Wrong usage.
while IFS='|' read -r arguments said; do
    # shellcheck disable=SC2086 # several arguments
    runs 2 $arguments
    holds err "$said"
done << 'T'
--itrations 3|did you mean.*--iterations
--sizes 0|--sizes is "0"; it must be
--sizes 64,|--sizes
--sizes 64;96|--sizes
--sizes|--sizes needs a value
--iterations 1.5|--iterations is "1.5"
--iterations -1|--iterations
--precision float16|it must be float32, float64 or auto
--case cubik|did you mean "cubic"
--case missing.yaml|missing.yaml
--profile=yes|--profile takes no value
--min-correlation 2|--min-correlation
--max-sum-error x|--max-sum-error
--beam.wavelenth=1|beam.wavelength
--beam.wavelength=-1|beam.wavelength
cubic|a run file is --case=cubic
T
runs 3 --sizes 64 --keep-artifacts same.sh
holds err '--keep-artifacts'
runs 0 --help
holds out '--keep-artifacts DIR'
finish
