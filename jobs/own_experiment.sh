#!/bin/bash
# From a user's own experiment to one file of its images: imports it, checks the run, and submits it as a job array, with the job that
# merges the parts.
#
#   OPTIONS='--crystal.structure_factors=merged.mtz --crystal.cells=20 --beam.fluence=1e24' \
#       jobs/own_experiment.sh refined.expt OUT.nxs PARTS [SBATCH_OPTION...]
#
# OPTIONS are those of tessera simulate. The run file is OUT.yaml, with its list OUT.csv beside it; one that is there already is used
# as it is, so that it may be edited, and so that the same command again renders what is missing. docs/own-experiment.md says more.
set -u
if [ $# -lt 3 ] || ! [[ $3 =~ ^[1-9][0-9]*$ ]]; then
    sed -n '2,9p' "$0" | cut -c3- >&2
    exit 2
fi
experiment=$1 output=$2 parts=$3
shift 3
tessera=${TESSERA:-tessera}
run=${output%.nxs}.yaml
JOBS=${JOBS:-$(dirname "$0")}
export JOBS
# shellcheck source=jobs/common.sh
. "$JOBS/common.sh" || exit 2
[ -e "$run" ] || "$tessera" import "$experiment" --output "$run" || exit
plan
exec "$JOBS/submit_array.sh" "$run" "$output" "$parts" "$@"
