#!/usr/bin/env bash
# Every script of jobs/ on a real SLURM: one node, several, an array and its merge, a requeue at the time limit, scancel and
# another submission, preemption. Whatever happens to a job, the file ends with the images of an undisturbed run.
# shellcheck disable=SC2154 # small_case comes from case.sh
set -u
. "$SOURCE/tests/support/slurm_case.sh"
run_file() { # run_file NAME FRAMES OVERSAMPLE
    local option key
    : > "$1.options"
    for option in "${small_case[@]}" --run.precision=float64 --sweep.kind=random --sweep.count="$2" \
        --sampling.oversample="$3" --run.wave=1 --run.report_every=0.5; do
        key=${option%%=*}
        echo "${key#--}: ${option#*=}" >> "$1.options"
    done
    awk -F': ' '{ value[$1] = $2; if (!($1 in seen)) order[++n] = $1; seen[$1] = 1 }
        END { for (i = 1; i <= n; i++) print order[i] ": " value[order[i]] }' "$1.options" > "$1.yaml"
}
submit() { # submit SCRIPT OUTPUT SBATCH_OPTION...: prints the number of the job
    local script=$1 output=$2
    shift 2
    OUTPUT=$output sbatch --parsable --ntasks-per-node=2 --mem-per-cpu=200M --time=60 "$@" "$SOURCE/jobs/$script"
}
run_file small 12 2
run_file medium 30 6
run_file long 1 6
# 40 s of work at the speed of this machine: more than the half minute within which SLURM sends its signal
long_frames=$("$TESSERA" plan long.yaml --output long.nxs | sed -n 's/^time .*CPU time (\([0-9.e+-]*\) s).*/\1/p' | awk '$1 > 0 { print int(40 / $1) }')
[ -n "$long_frames" ] || fail "no plan for a long run"
run_file long "$long_frames" 6
"$TESSERA" simulate small.yaml --quiet --output small.nxs || fail reference
cluster 4 2

# A job that is longer than its time limit, on one rank: SLURM signals it 30 to 60 s before the minute is over.
export RUN=long.yaml
limited=$(LAUNCHER=mpirun submit requeue.sbatch limited.nxs --ntasks-per-node=1 --time=1 --signal=B:USR2@30 --nodelist=node0)
undisturbed=$(submit single_node.sbatch undisturbed.nxs --ntasks-per-node=1 --nodelist=node0)
RUN=medium.yaml
reference=$(LAUNCHER=mpirun submit single_node.sbatch medium.nxs --nodelist=node2)
RUN=small.yaml

restarted() { [[ $(state_of "$1") == *' '[1-9]* ]]; }
single=$(submit single_node.sbatch single.nxs --nodelist=node1)
expect single "$single" COMPLETED 0:0 0
same_images single single.nxs small.nxs
grep -q '^frames     12 of 80 x 96 pixels' tessera-"$single".log || fail "single: the plan is not in the log"
several=$(LAUNCHER=mpirun submit several_nodes.sbatch several.nxs --nodes=2 --nodelist=node[1,3])
array=$("$JOBS/submit_array.sh" small.yaml array.nxs 4 --ntasks-per-node=1 --mem-per-cpu=200M --time=60)
expect several "$several" COMPLETED 0:0 0
same_images several several.nxs small.nxs
h5dump -d /entry/simulation/environment/rank_host several.nxs | grep -o '"node[13]' | sort | uniq -c | grep -c ' 2 ' | grep -qx 2 ||
    fail "several: not two nodes: $(h5dump -d /entry/simulation/environment/rank_host several.nxs)"
merge=${array##* }
environment=/entry/simulation/environment
h5dump -y -d $environment/writer several.nxs | grep -q '"collective"' || fail "several: not written collectively: $(h5dump -d $environment/writer_reason several.nxs)"
[ "$(values_of several.nxs $environment/rank_mpi_io_mode | sort | uniq -c | xargs)" = "4 4" ] ||
    fail "several: HDF5 did not write collectively on each of 4 ranks: $(values_of several.nxs $environment/rank_mpi_io_mode | xargs)"
expect array "$merge" COMPLETED 0:0 0
same_images array array.nxs small.nxs
"$TESSERA" describe array.nxs | grep -q '^part 4 .*part_000003_of_000004.nxs, frames 9:12, 3 complete$' ||
    fail "array: $("$TESSERA" describe array.nxs | grep '^part')"

# The limited job has met its limit; once is enough.
await 200 restarted "$limited" && scontrol update JobId="$limited" TimeLimit=60

# Cancelled in the middle, and submitted again.
cancelled=$(RUN=medium.yaml submit single_node.sbatch cancelled.nxs --nodelist=node3)
await 120 begun cancelled.nxs.partial && scancel "$cancelled"
expect cancelled "$cancelled" 'CANCELLED* 0'
[ -e cancelled.nxs.partial ] && [ ! -e cancelled.nxs ] || fail "cancelled: there is no .partial"
again=$(RUN=medium.yaml submit several_nodes.sbatch cancelled.nxs --nodes=2 --nodelist=node[2-3])

# An urgent job takes the node.
preempted=$(RUN=medium.yaml submit preemptible.sbatch preempted.nxs --partition=spare --nodelist=node1 --signal=B:USR2@20)
await 120 begun preempted.nxs.partial
urgent=$(sbatch --parsable --partition=urgent --nodelist=node1 --ntasks=2 --mem=300M --output=urgent-%j.log --wrap='sleep 2')
expect urgent "$urgent" COMPLETED 0:0 0
expect "submitted again" "$again" COMPLETED 0:0 0
expect preempted "$preempted" 'COMPLETED 0:0 [1-9]'
expect limited "$limited" 'COMPLETED 0:0 [1-9]'
expect undisturbed "$undisturbed" COMPLETED 0:0 0
expect reference "$reference" COMPLETED 0:0 0
same_images preempted preempted.nxs medium.nxs
same_images "submitted again" cancelled.nxs medium.nxs
same_images limited limited.nxs undisturbed.nxs
"$TESSERA" describe limited.nxs | grep -q '^  2  .*SLURM job' || fail "limited: one session only"
finish
