# shellcheck shell=bash
# shellcheck disable=SC2154 # what the scripts set
# What the scripts for SLURM share. They set, before they source it:
#
#   run       the run file                    output    the file to be written
#   tessera   the program                     launcher  srun or mpirun
#
# OPTIONS in the environment holds further options of tessera simulate. Quotes keep words together, as in a shell:
#
#     OPTIONS='--detector.mask="my masks/beam stop.cbf" --run.wave=4'
#
# Exit codes are those of tessera: 0 done, 2 bad usage or input, 3 output could not be written, 4 a rank hung, 75 stopped,
# all finished frames are safe.

say() { echo "$(date -u +%H:%M:%S) ${SLURM_JOB_NAME:-job} ${SLURM_JOB_ID:-}: $*"; }

# read_options TEXT: its words, into the array options; nothing in them is expanded or run.
read_options() {
    local words
    if ! words=$(xargs -r printf '%s\n' <<<"$1" 2>/dev/null); then
        say "OPTIONS is ${1@Q}: a quote is not closed"
        exit 2
    fi
    options=()
    [ -z "$words" ] || mapfile -t options <<<"$words"
}
read_options "${OPTIONS:-}"

# One thread for each CPU of a task, kept on its cores.
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1} OMP_PROC_BIND=${OMP_PROC_BIND:-close} OMP_PLACES=${OMP_PLACES:-cores}

# plan OPTION...: checks everything and prints what will be done. Ends the job where something is wrong.
plan() {
    "$tessera" plan "$run" "${options[@]}" --output "$output" --ranks "${SLURM_NTASKS:-1}" "$@" || exit
}

# launch OPTION...: renders what is missing in the output, on all tasks of the job.
# SIGUSR2, which SLURM sends before the time limit, and SIGTERM stop it: the frames in hand are finished, the code is 75.
# USR2 is the one signal that both launchers pass on to the ranks.
launch() {
    local start code=0
    case $launcher in
    srun) # since SLURM 22.05 srun must be told the CPUs of a task again
        start=(srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task="$OMP_NUM_THREADS" --cpu-bind=cores) ;;
    mpirun)
        # USR2 is passed on and gives the ranks their time. After a TERM or ^C of its own mpirun kills them within 2 s; with
        # --mca odls_base_sigkill_timeout 30 it would not, but then it takes a minute to end with any code but 0 (4.1.4).
        start=(mpirun -n "${SLURM_NTASKS:-1}")
        [ "$OMP_NUM_THREADS" = 1 ] || start+=(--map-by "slot:PE=$OMP_NUM_THREADS" --bind-to core) ;;
    *)
        say "launcher is \"$launcher\"; it must be srun or mpirun"
        exit 2 ;;
    esac
    say "start ${SLURM_RESTART_COUNT:-0} on ${SLURM_JOB_NODELIST:-this machine}: ${SLURM_NTASKS:-1} ranks x $OMP_NUM_THREADS threads"
    stop=''
    "${start[@]}" "$tessera" simulate "$run" --run.stall_timeout=1800 "${options[@]}" --output "$output" --resume "$@" &
    launched=$!
    trap 'stop=yes; say "asked to stop"; kill -USR2 $launched 2>/dev/null' USR2 TERM
    wait $launched || code=$?
    # a signal ends the wait, not the launcher: wait again for its own code
    while [ "$code" -gt 128 ] && [ -n "$stop" ]; do
        stop='' code=0
        wait $launched || code=$?
    done
    trap - USR2 TERM
    return $code
}

# finish CODE: ends the job.
finish() {
    case $1 in
    0) say "complete: $output" ;;
    4) say "a rank hung; what is finished is in $output.partial: submit this job again, on other nodes if it stays" ;;
    75) say "stopped; what is finished is in $output.partial: submit this job again" ;;
    *) say "failed with exit code $1; submit this job again to go on with $output.partial where there is one" ;;
    esac
    exit "$1"
}

# requeue_or_finish CODE MOST: puts a job that was stopped, or of which a rank hung, back into the queue, at most MOST times;
# ends it otherwise.
requeue_or_finish() {
    if { [ "$1" = 75 ] || [ "$1" = 4 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt "$2" ]; then
        say "ended with exit code $1; back into the queue"
        scontrol requeue "$SLURM_JOB_ID"
        exit "$1"
    fi
    finish "$1"
}

# frames_of_sweep: the number of frames that the run file asks for.
frames_of_sweep() {
    local planned
    planned=$("$tessera" plan "$run" "${options[@]}" --output "$output") || return
    echo "$planned" | awk '$1 == "frames" { print $2; exit }'
}

# part_name PARTS INDEX: the file of one part of an array, in a folder beside the output.
part_name() { printf '%s.parts/part_%06d_of_%06d.nxs\n' "${output%.nxs}" "$2" "$1"; }
