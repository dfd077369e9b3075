# shellcheck shell=bash
# shellcheck disable=SC2034
# What the scripts of tests/mpi and tests/cli share: a small run of real structure factors, and ways to look at it.
# Sourced with TESSERA, SOURCE, MPIEXEC and TOOLS in the environment.
inputs=$SOURCE/golden/inputs
small_case=(
    --crystal.matrix="$inputs/2erl_lam1.2.mat" --crystal.structure_factors="$inputs/2erl_P1.hkl" --crystal.cells=8
    --beam.wavelength=1.2 --beam.dispersion=0.5 --beam.dispersion_steps=3 --beam.fluence=1e32
    --crystal.mosaic_spread=0.4 --crystal.mosaic_domains=12 --sampling.phi_steps=4 --sampling.phi_range=0.5
    --detector.distance=60 --detector.pixel_size=0.3 --detector.fast_pixels=96 --detector.slow_pixels=80
    --sampling.oversample=1 --output.images=both
)
failures=$PWD/failures # a line for each, whichever process found it
: > "$failures"
fail() { # fail TEXT...: remembers that something is wrong and goes on
    echo "FAILED: $*" | tee -a "$failures" >&2
}
later() { # later COMMAND...: in the background, a few at a time: starting MPI is mostly waiting
    while [ "$(jobs -rp | wc -l)" -ge 4 ]; do wait -n; done
    "$@" &
}
finish() { # the last line of a script
    wait
    [ ! -s "$failures" ] || { echo "$(grep -c '^FAILED: ' "$failures") failed" >&2; exit 1; }
    echo "all passed"
}
# Of some launchers only: that they pass every signal on, and that they end with the code of the rank that ended the job
# (MPICH's mpiexec ends with the signal by which it killed the others).
mpiexec_is_open_mpi() { $MPIEXEC --version | grep -qE 'Open MPI|OpenRTE'; }
code_is() { # code_is CODE WANTED: what a job ended with
    [ "$1" = "$2" ] || { [ "$1" = 9 ] && ! mpiexec_is_open_mpi; }
}
descendants() { # descendants PID: all processes below it
    local child
    local -a children
    read -ra children < <(cat /proc/"$1"/task/*/children 2> /dev/null; echo)
    for child in "${children[@]}"; do echo "$child"; descendants "$child"; done
}
ranks_below() { # ranks_below PID: the processes of tessera that a launcher started, in the order of their ranks
    local pid
    for pid in $(descendants "$1"); do [ ! "/proc/$pid/exe" -ef "$TESSERA" ] || echo "$pid"; done
}
on_ranks() { # on_ranks N COMMAND...: N = 0 starts it without mpirun
    local ranks=$1
    shift
    if [ "$ranks" = 0 ]; then "$@"; else $MPIEXEC -n "$ranks" "$@"; fi
}
images_of() { # the checksums of the expected photons and of the counts
    "$TOOLS/dataset_sha256" "$1" /entry/data/data && "$TOOLS/dataset_sha256" "$1" /entry/simulation/images/expected_photons
}
values_of() { # values_of FILE DATASET: its numbers, one a line
    h5dump -y -w 1 -d "$2" "$1" | sed -n '/DATA {/,/}/p' | tr -d ' ,' | grep -E '^[-+0-9.]'
}
