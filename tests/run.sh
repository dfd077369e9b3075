#!/bin/bash
# Builds and tests everything, from a bare Debian on. Safe to repeat; asks nothing.
#
#   tests/run.sh          gcc, clang and sanitizer builds; all tests but those of `full` and `long`
#   tests/run.sh full     and coverage, some fuzzing, and the tests with SLURM, DIALS, ThreadSanitizer and valgrind
#   tests/run.sh long     the tests that take long, alone
#
# Exit code: 0 when every part passed, 1 when one failed, 2 for bad usage or missing packages.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 2
project=$(pwd)
jobs=$(nproc)

kind=${1:-usual}
case $kind in
usual | full | long) ;;
-h | --help) sed -n '2,8p' "$0" | cut -c3-; exit 0 ;;
*) echo "tests/run.sh: there is no \"$kind\"; say nothing, full or long" >&2; exit 2 ;;
esac

groups='run test'
[ "$kind" != full ] || groups='run test full'
# shellcheck disable=SC2086 # a list of words
jobs/packages.sh $groups || exit 2

# MPI as root, with more ranks than cores, and with its files in folders of our own, so that nothing stays behind.
scratch=$(mktemp -d)
shared=$(mktemp -d /dev/shm/tessera-tests.XXXXXX 2>/dev/null) || shared=$scratch
# shellcheck disable=SC2046 # a list of words
trap '[ -z "${beside:-}" ] || { kill $(cat "/proc/$beside/task/$beside/children") && wait "$beside"; } 2>/dev/null
    rm -rf "$scratch" "$shared"' EXIT
trap 'exit 130' INT TERM
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
export OMPI_MCA_orte_tmpdir_base=$scratch
# A folder that mpirun makes for this machine and user, and removes when it is empty: one that starts while another ends
# would fail.
for host in "$(uname -n)" "$(uname -n | cut -d. -f1)"; do mkdir -p "$scratch/ompi.$host.$(id -u)/kept"; done
export OMPI_MCA_btl_vader_backing_directory=$shared OMPI_MCA_osc_sm_backing_directory=$shared
# A clone that belongs to somebody else still tells its revision.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$project
export UBSAN_OPTIONS=print_stacktrace=1

report=
failed=0
part() { # part NAME COMMAND...: runs it and remembers how it went
    local name=$1 start=$SECONDS outcome=passed
    shift
    printf '\n=== %s\n' "$name"
    "$@" || { outcome=FAILED; failed=1; }
    report+=$(printf '%-7s %s (%d s)' "$outcome" "$name" $((SECONDS - start)))$'\n'
    [ $outcome = passed ]
}
# What mostly waits goes beside what mostly computes: beside_start COMMAND..., then `part NAME beside_end`.
beside_start() {
    "$@" >"$scratch/beside.log" 2>&1 &
    beside=$!
}
beside_end() {
    local code=0
    wait "$beside" || code=$?
    beside=
    cat "$scratch/beside.log"
    return $code
}
beside=
build() { # build FOLDER COMPILER OPTION...: configures and compiles; prints only what goes wrong
    local folder=$1 compiler=$2 log
    shift 2
    log=$scratch/$(basename "$folder").log
    if cmake -S . -B "$folder" -DCMAKE_C_COMPILER="$compiler" -DTESSERA_WERROR=ON -DBUILD_TESTING=ON "$@" >"$log" 2>&1 &&
        cmake --build "$folder" --parallel "$jobs" >>"$log" 2>&1; then
        return 0
    fi
    tail -n 60 "$log"
    return 1
}
check() { # check FOLDER CTEST_OPTION...
    local folder=$1
    shift
    # one more than there are cores, as starting MPI is mostly waiting
    ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel $((jobs + 1)) "$@"
}

sanitized() { # sanitized LEAKS CTEST_OPTION...: LEAKS is 1 to look for leaks
    local leaks=$1
    shift
    ASAN_OPTIONS=detect_leaks=$leaks check build/tests-asan "$@"
}
# A run on 2 ranks, with everything that owns memory, loses none of it. What MPI itself keeps until its end is listed in
# lsan.supp by library, for which its plug-ins must stay loaded.
leaks() {
    local images=$scratch/leaks.nxs
    echo 'int dlclose(void *handle); int dlclose(void *handle) { (void)handle; return 0; }' >"$scratch/keep.c"
    gcc -shared -fPIC -o "$scratch/keep.so" "$scratch/keep.c" &&
        ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0:verify_asan_link_order=0 LD_PRELOAD=$scratch/keep.so \
            LSAN_OPTIONS=suppressions=$project/tests/support/lsan.supp:print_suppressions=0 OMP_NUM_THREADS=2 \
            mpirun -n 2 build/tests-asan/tessera simulate --crystal.matrix=golden/inputs/2erl_lam1.2.mat \
            --crystal.structure_factors=golden/inputs/2erl_P1.hkl --crystal.cells=8 --beam.wavelength=1.2 \
            --crystal.mosaic_spread=0.2 --crystal.mosaic_domains=80 --detector.fast_pixels=70 \
            --detector.slow_pixels=50 --detector.pixel_size=1 --sampling.oversample=1 --sweep.kind=rotation \
            --sweep.count=3 --output.images=both --run.shards=2 --quiet --output "$images" || return 1
    rm "$images"
}

# The program alone, built by clang with ThreadSanitizer, as Archer comes with clang's OpenMP.
races() {
    local folder=$project/build/tests-tsan log=$scratch/tests-tsan.log
    if ! cmake -S . -B "$folder" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_FLAGS=-fsanitize=thread \
        -DTESSERA_HARDEN=OFF -DTESSERA_WERROR=OFF -DBUILD_TESTING=OFF >"$log" 2>&1 ||
        ! cmake --build "$folder" --parallel "$jobs" --target tessera >>"$log" 2>&1; then
        tail -n 60 "$log"
        return 1
    fi
    mkdir "$scratch/races"
    (cd "$scratch/races" && TESSERA=$folder/tessera SOURCE=$project MPIEXEC=mpirun bash "$project/tests/races/threads.sh")
}

# The lines of core and parallel that tests run. The counters make the kernels some ten times as slow, so the tests are those
# that come to a line first; a rank that is killed or aborts leaves no counts behind.
coverage() {
    local folder=build/tests-coverage
    build "$folder" gcc -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS='-O1 --coverage' -DTESSERA_HARDEN=OFF || return 1
    find "$folder" -name '*.gcda' -delete
    check "$folder" -R "^($covering)\$" -E "^($not_covering)\$" &&
        gcovr --root . --object-directory "$folder" --filter src/core/ --filter src/parallel/ --fail-under-line 90 \
            "$folder"/CMakeFiles/tessera_*.dir | cut -c1-132
}
covering='unit_.*|golden_(g.*_1|d.*)|mpi_.*_2'
covering+='|mpi_(sweeps|same_frames|shared_work|collectives|clock_jumps|start_alone)'
covering+='|cli_(earlier_files|lists|file_units|nothing_there|random_crystals|masks|spectrum_units|model|symmetry|structure_factors)'
covering+='|cli_(nanobragg_files|describe|merge|plan|compress|sandbox|locks|trace|profile|precision|hostile_hdf5|compare)'
covering+='|cli_(geometries|import|import_nexus|panels|anomalous|rotation_list|export)|devices_faults'
not_covering='unit_(kernel_variants|orientation_grid|plan|spot_reach)|golden_g55.*'

if part "build with gcc" build build/tests-gcc gcc -DCMAKE_BUILD_TYPE=Release; then
    case $kind in
    usual) part "tests of the gcc build" check build/tests-gcc -LE '^(full|long)$' ;;
    full) part "tests of the gcc build, with DIALS and valgrind, and of faults" check build/tests-gcc -LE '^long$' -E '^slurm_' ;;
    long) part "long tests" check build/tests-gcc -L '^long$' ;;
    esac
fi
if [ "$kind" = full ] && [ -d build/tests-gcc ]; then
    beside_start check build/tests-gcc -L '^full$' -R '^slurm_' --parallel 1
fi
if [ "$kind" != long ]; then
    if part "build with clang" build build/tests-clang clang -DCMAKE_BUILD_TYPE=Release; then
        part "unit tests of the clang build" check build/tests-clang -L '^unit$'
    fi
    if part "build with sanitizers" build build/tests-asan gcc -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTESSERA_SANITIZE=ON; then
        part "unit tests under sanitizers" sanitized 1 -L '^unit$'
        part "golden tests under sanitizers" sanitized 0 -L '^golden$'
        part "leaks of a run on 2 ranks" leaks
    fi
fi
if [ "$kind" = full ]; then
    part "races" races
    [ -z "$beside" ] || part "tests with SLURM" beside_end
    part "coverage of core and parallel" coverage
    # the same inputs for the same commit, as far as 5 s go: what is new is looked for by `long`
    part "fuzzing, 5 s each" env FUZZ_SEED=1 tests/fuzz/run.sh 5
fi

printf '\n=== summary\n%s' "$report"
if [ $failed = 0 ]; then echo "tests/run.sh: all parts passed"; else echo "tests/run.sh: a part FAILED"; fi
exit $failed
