#!/usr/bin/env bash
# SIGTERM, SIGUSR1 and SIGUSR2 to ranks that srun started: exit code 75 within the grace, finished frames are safe, and the
# run goes on from there. A second signal at once changes nothing.
set -u
. "$SOURCE/tests/support/slurm_case.sh"
grace_s=30
sweep=("${small_case[@]}" --run.precision=float64 --sampling.oversample=3 --sweep.kind=random --sweep.count=40 --run.wave=1)
"$TESSERA" simulate "${sweep[@]}" --quiet --output reference.nxs || fail reference
cluster 3 2

stopped() { # stopped NAME NODE COMMAND: which sends signals to the job $job or to srun itself, $launcher
    local name=$1 launcher job code=0 start
    srun --mpi=pmix --job-name="$name" --nodelist="$2" -n 2 --mem-per-cpu=200M --time=20 \
        "$TESSERA" simulate "${sweep[@]}" --quiet --output "$name.nxs" > "$name.out" 2> "$name.err" &
    launcher=$!
    await 120 begun "$name.nxs.partial"
    # shellcheck disable=SC2034 # the commands use it
    job=$(squeue -h -n "$name" -o %i)
    start=$SECONDS
    eval "$3"
    wait $launcher || code=$?
    [ $code = 75 ] || fail "$name: exit code $code: $(cat "$name.err")"
    [ $((SECONDS - start)) -le $grace_s ] || fail "$name: took $((SECONDS - start)) s to stop"
    grep -q 'stopped: [0-9]* of 40 frames are safe in ' "$name.err" || fail "$name: message: $(cat "$name.err")"
    "$TESSERA" simulate "${sweep[@]}" --quiet --output "$name.nxs" --resume || fail "$name: no resume"
    same_images "$name" "$name.nxs" reference.nxs
}
later stopped term node0 'scancel --signal=TERM "$job"'
later stopped usr1 node1 'kill -USR1 $launcher'
later stopped usr2 node2 'kill -USR2 $launcher; kill -USR2 $launcher'
finish
