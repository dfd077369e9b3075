#!/bin/bash
# Submits a sweep as a job array, and the job that merges its parts when all are complete.
#
#   jobs/submit_array.sh RUN.yaml OUT.nxs PARTS [SBATCH_OPTION...]
#
# The options go to the array: --ntasks-per-node=32 --time=02:00:00 --array=0-99%10 ... The same command again renders
# what is missing. Prints the numbers of the two jobs. Exit code: that of sbatch, 2 for bad usage.
set -u
if [ $# -lt 3 ] || ! [[ $3 =~ ^[1-9][0-9]*$ ]]; then
    sed -n '2,7p' "$0" | cut -c3- >&2
    exit 2
fi
RUN=$1 OUTPUT=$2 PARTS=$3
shift 3
JOBS=${JOBS:-$(dirname "$0")}
export RUN OUTPUT PARTS JOBS
array=$(sbatch --parsable --array="0-$((PARTS - 1))" "$@" "$JOBS/array.sbatch") || exit
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes "$JOBS/merge.sbatch") || exit
echo "array ${array%%;*}, merge ${merge%%;*}"
