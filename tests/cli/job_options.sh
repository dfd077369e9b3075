#!/usr/bin/env bash
# Names with blanks in what the scripts of jobs/ get: RUN, OUTPUT, OPTIONS, TESSERA. A stand-in for sbatch runs what it gets.
set -u
. "$SOURCE/tests/support/case.sh"
export LAUNCHER=mpirun JOBS=$PWD/'the jobs' SLURM_NTASKS=1 SLURM_CPUS_PER_TASK=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
unset SLURM_RESTART_COUNT SLURM_JOB_ID SLURM_ARRAY_TASK_ID SLURM_ARRAY_TASK_COUNT
cp -r "$SOURCE/jobs" 'the jobs'
mkdir 'my inputs' 'my runs' bin
ln -s "$TESSERA" "bin/the program"
export TESSERA="$PWD/bin/the program"
cp "$inputs/2erl_P1.hkl" 'my inputs/two words.hkl'
cp "$inputs/2erl_lam1.2.mat" "my inputs/it's.mat"
cat > 'my runs/one run.yaml' << 'Y'
crystal: {cells: 5}
beam: {wavelength: 1.2, fluence: 1e28}
detector: {distance: 60, pixel_size: 1, fast_pixels: 24, slow_pixels: 20}
sampling: {oversample: 1}
sweep: {kind: random, count: 3}
Y
export RUN='my runs/one run.yaml'
export OPTIONS="--crystal.structure_factors=\"my inputs/two words.hkl\" --crystal.matrix=my\\ inputs/it\\'s.mat"
"$TESSERA" simulate "$RUN" --crystal.structure_factors='my inputs/two words.hkl' --crystal.matrix="my inputs/it's.mat" --output reference.nxs --quiet ||
    fail reference
reference=$("$TOOLS/dataset_sha256" reference.nxs /entry/data/data)
same() { [ "$("$TOOLS/dataset_sha256" "$1" /entry/data/data)" = "$reference" ] || fail "$2: other images"; }

for script in single_node several_nodes requeue preemptible; do
    OUTPUT="an output of $script.nxs" bash "$JOBS/$script.sbatch" > log 2>&1 || fail "$script: exit code $?: $(cat log)"
    same "an output of $script.nxs" $script
done

cat > bin/sbatch << 'S'
#!/bin/bash
tasks=none
for argument; do [[ $argument != --array=0-* ]] || tasks=${argument#--array=0-}; done
if [ "$tasks" = none ]; then bash "${!#}" >> log.sbatch 2>&1 || exit; else
    for ((task = 0; task <= tasks; task++)); do
        SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$((tasks + 1)) bash "${!#}" >> log.sbatch 2>&1 || exit
    done
fi
echo 17
S
chmod +x bin/sbatch
PATH=$PWD/bin:$PATH "$JOBS/submit_array.sh" "$RUN" 'my runs/the whole.nxs' 2 > log 2>&1 || fail "submit_array.sh: $(cat log log.sbatch)"
same 'my runs/the whole.nxs' array
rm 'my runs/the whole.parts/part_000001_of_000002.nxs'
code=0
OUTPUT='my runs/the whole.nxs' PARTS=2 bash "$JOBS/merge.sbatch" > log 2>&1 || code=$?
[ $code = 1 ] && grep -q 'are missing' log || fail "merge.sbatch with a part missing: exit code $code: $(cat log)"

# From an experiment of DIALS through an array to a merged file; the same command again finds nothing to do.
${PYTHON:-/usr/bin/python3} "$SOURCE/tests/acceptance/panels_pipeline.py" scan 5 32 24 1.0 || fail "an experiment"
mv scan.expt 'my inputs/a scan.expt'
own=("--crystal.default_f=10" --crystal.cells=4 --crystal.mosaic_spread=0.1 --crystal.mosaic_domains=3 --sampling.phi_steps=2 --sampling.oversample=1)
export OPTIONS="${own[*]}"
for again in first again; do
    PATH=$PWD/bin:$PATH "$JOBS/own_experiment.sh" 'my inputs/a scan.expt' 'my runs/own.nxs' 2 > log 2>&1 ||
        fail "own_experiment.sh, $again: $(cat log log.sbatch)"
done
grep -q '^frames     5 of ' log || fail "own_experiment.sh: no plan: $(cat log)"
"$TESSERA" simulate 'my runs/own.yaml' "${own[@]}" --output own.nxs --quiet || fail "an own experiment"
reference=$("$TOOLS/dataset_sha256" own.nxs /entry/data/data)
same 'my runs/own.nxs' own_experiment
h5dump -d /entry/sample/depends_on 'my runs/own.nxs' | grep -q transformations/phi || fail "own_experiment: no rotation"
code=0
PATH=$PWD/bin:$PATH "$JOBS/own_experiment.sh" 'my inputs/none.expt' 'my runs/none.nxs' 2 > log 2>&1 || code=$?
[ $code = 2 ] && grep -q 'none.expt' log && [ ! -e 'my runs/none.yaml' ] || fail "own_experiment.sh without a file: exit code $code: $(cat log)"

# What is in OPTIONS is neither expanded nor run.
words() { # words OPTIONS: as the scripts read it
    OPTIONS=$1 bash -c 'run=r output=o tessera=t launcher=srun; . "$JOBS/common.sh"; printf "<%s>" "${options[@]}"'
}
expect_words() { [ "$(words "$1")" = "$2" ] || fail "OPTIONS=$1: $(words "$1")"; }
# shellcheck disable=SC2016 # nothing shall be expanded
{
    expect_words '--a=$(touch bad)' '<--a=$(touch><bad)>'
    expect_words '`touch bad` *.nxs $HOME a;b' '<`touch><bad`><*.nxs><$HOME><a;b>'
    expect_words '"a  b"c -n' '<a  bc><-n>'
    expect_words '' '<>'
}
[ ! -e bad ] || fail "OPTIONS was run"
code=0
OPTIONS='--detector.mask="my mask' OUTPUT=x.nxs bash "$JOBS/single_node.sbatch" > log 2>&1 || code=$?
[ $code = 2 ] && grep -q 'a quote is not closed' log || fail "an open quote: exit code $code: $(cat log)"
finish
