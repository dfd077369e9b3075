#!/usr/bin/env bash
# Two jobs on one output: the second is refused, says who has it and changes nothing; the lock of a dead job is taken over.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=6 --run.wave=1)
slow=("${small_case[@]}" --sweep.kind=random --sweep.count=6 --run.wave=1 --run.precision=float64 --sampling.oversample=30)
simulate() { "$TESSERA" simulate "$@"; }
hold() { # hold FILE: a run in the background that has its output and is busy; sets holder
    local waited=0
    "$TESSERA" simulate "${slow[@]}" --output "$1" --quiet 2> holder.err & # not by a function: $! is the program
    holder=$!
    until [ -e "$1.partial" ] && [ -e "$1.lock" ]; do
        waited=$((waited + 1))
        if [ $waited -gt 400 ] || ! kill -0 $holder 2> /dev/null; then fail "no run: $(cat holder.err)"; return; fi
        sleep 0.05
    done
    sleep 0.3
}
state() { for file in held.*; do case $file in *.partial) stat -c '%n %s %Y %i' "$file" ;; *.lock) cat "$file" ;; *) echo "$file" ;; esac; done; }

simulate "${sweep[@]}" --output reference.nxs --quiet || fail reference
reference=$(images_of reference.nxs)
[ ! -e reference.nxs.lock ] || fail "a lock is left at the end"
simulate "${sweep[@]}" --output reference.nxs --quiet 2> err && fail "an output was replaced"
[ ! -e reference.nxs.lock ] || fail "a lock is left after an error"

# ---------------------------------------------------------------------------------------------- refused by a living job
trap 'kill -KILL $holder 2> /dev/null' EXIT
hold held.nxs
before=$(state)
refused() { # refused NAME COMMAND...
    local name=$1 code=0
    shift
    "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat err)"
    [ "$(grep -c "^tessera: error: held.nxs is in use by process $holder on $(hostname), user $(id -un), since 2.*rm held.nxs.lock" err)" = 1 ] ||
        fail "$name: $(cat err)"
    [ "$(state)" = "$before" ] || fail "$name: something was changed on the disk: $(diff <(echo "$before") <(state))"
}
refused fresh simulate "${sweep[@]}" --output held.nxs
refused overwrite simulate "${sweep[@]}" --output held.nxs --overwrite
refused resume simulate "${slow[@]}" --output held.nxs --resume
refused "two ranks" on_ranks 2 "$TESSERA" simulate "${slow[@]}" --output held.nxs --resume
refused merge "$TESSERA" merge held.nxs reference.nxs --overwrite
refused compress "$TESSERA" compress held.nxs --with deflate
refused export "$TESSERA" export reference.nxs --output held.nxs --format raw --overwrite
refused nanobragg "$TESSERA" nanobragg -mat "$inputs/2erl_lam1.2.mat" -hkl "$inputs/2erl_P1.hkl" -lambda 1.2 -N 5 -detpixels 64 -nxs held.nxs
"$TESSERA" describe held.nxs.partial > out || fail "a growing file cannot be looked at"

# Asleep while another job has taken it for dead: it leaves the file alone.
kill -STOP $holder
sed 's/^token: .*/token: 1234/; s/^host: .*/host: elsewhere/' held.nxs.lock > other
cp other held.nxs.lock
cp held.nxs.partial copy
kill -CONT $holder
kill -TERM $holder
code=0
wait $holder || code=$?
[ $code = 3 ] || [ $code = 75 ] || fail "lost: exit code $code: $(cat holder.err)"
cmp -i 96 held.nxs.partial copy || # behind HDF5's own mark that the file is open
    fail "lost: a file that belongs to another job was changed"
cmp held.nxs.lock other || fail "lost: the lock of another job was changed"
rm -f held.nxs*

# ------------------------------------------------------------------------------------------------ the lock of a dead job
hold dead.nxs
kill -KILL $holder
wait $holder 2> /dev/null
[ -e dead.nxs.lock ] || fail "killed: no lock is left"
cp dead.nxs.lock lock_of_dead
"$TESSERA" simulate "${sweep[@]}" --output dead.nxs --overwrite > out 2> err || fail "dead: $(cat err)"
[ "$(grep -c "^note: took over the lock of a job that has ended: process $holder on " out)" = 1 ] || fail "dead: $(cat out)"
[ "$(images_of dead.nxs)" = "$reference" ] || fail "dead: other images"
[ ! -e dead.nxs.lock ] || fail "dead: a lock is left"
h5dump -d /entry/simulation dead.nxs 2>&1 | grep -q 'took over' && fail "dead: the name of a person is in the file"

stale() { # stale NAME CODE TEXT SED COMMAND...: COMMAND meets the dead job's lock, changed by SED; its message or note is TEXT
    local name=$1 want=$2 text=$3 code=0
    rm -f ./"$name".*
    sed "$4" lock_of_dead > "$name.nxs.lock"
    shift 4
    "$@" "$TESSERA" simulate "${sweep[@]}" --output "$name.nxs" > "$name.out" 2>&1 || code=$?
    [ $code = "$want" ] || fail "$name: exit code $code: $(cat "$name.out")"
    grep -q "$text" "$name.out" || fail "$name: $(cat "$name.out")"
    [ $code != 0 ] || [ "$(images_of "$name.nxs")" = "$reference" ] || fail "$name: other images"
    [ $code = 0 ] || [ ! -e "$name.nxs.partial" ] || fail "$name: a file was made"
    rm -f "$name.nxs.lock"
}
own="s/^process: .*/process: $$/"
elsewhere='s/^machine: .*/machine: another/; s/^host: .*/host: node7/'
later stale other_process 0 'note: took over' "$own" env
later stale own_process 2 "in use by process $$ on" "$own; s/^started: .*/started: $(awk '{ print $22 }' /proc/$$/stat)/" env
later stale node7_young 2 'in use by process .* on node7' "$elsewhere" env
later stale damaged 2 'in use by an unknown process.*rm damaged.nxs.lock' '1s/.*/x/' env
later stale same_job 0 'note: took over.* SLURM job 4711' "$elsewhere; s/^job: .*/job: 4711/" env SLURM_JOB_ID=4711 SLURM_RESTART_COUNT=1
later stale same_start 2 'on node7, user .*, SLURM job 4711' "$elsewhere; s/^job: .*/job: 4711/; s/^restarts: .*/restarts: 1/" env SLURM_JOB_ID=4711 SLURM_RESTART_COUNT=1
later stale other_job 2 'on node7, user .*, SLURM job 4711' "$elsewhere; s/^job: .*/job: 4711/" env SLURM_JOB_ID=4712 SLURM_RESTART_COUNT=1
later stale hostile 2 'user j?\[31mx, ' "$elsewhere; s/^user: .*/user: j\x1b[31mx/" env

# From another machine, and old: it is watched for a while.
old() { # old NAME CODE TEXT RENEWED
    local code=0 i
    sed "$elsewhere" lock_of_dead > "$1.nxs.lock"
    touch -d '2 hours ago' "$1.nxs.lock"
    if [ "$4" = yes ]; then for i in 1 2 3; do sleep 3; touch -d "$((90 - i)) minutes ago" "$1.nxs.lock"; done & fi
    simulate "${sweep[@]}" --output "$1.nxs" > "$1.out" 2>&1 || code=$?
    wait
    { [ $code = "$2" ] && grep -q "$3" "$1.out"; } || fail "$1: exit code $code: $(cat "$1.out")"
    [ $code = 0 ] || grep -q '^host: node7' "$1.nxs.lock" || fail "$1: the lock was changed"
}
later old node7_dead 0 'note: took over .* on node7' no
later old node7_renews 2 'in use by process .* on node7' yes
wait

# A job was killed while it took over the lock of another: its guard is no obstacle, a living job's is.
cp lock_of_dead guarded.nxs.lock
cp lock_of_dead guarded.nxs.lock.takeover
"$TESSERA" simulate "${sweep[@]}" --output guarded.nxs > out 2> err || fail "guard of a dead job: $(cat err)"
[ "$(images_of guarded.nxs)" = "$reference" ] || fail "guard of a dead job: other images"
cp lock_of_dead busy.nxs.lock
sed "$elsewhere" lock_of_dead > busy.nxs.lock.takeover
code=0
"$TESSERA" simulate "${sweep[@]}" --output busy.nxs > out 2> err || code=$?
[ $code = 2 ] && grep -q 'another job takes it over.*rm busy.nxs.lock.takeover' err || fail "guard of another job: exit code $code: $(cat err)"
[ -e busy.nxs.lock.takeover ] && cmp -s busy.nxs.lock lock_of_dead && [ ! -e busy.nxs.partial ] || fail "guard of another job: something was changed"
rm -f busy.nxs.*

# Several jobs at once find the lock of a dead one, one and all with the guard of a dead one: one of them runs.
race() {
    local code=0
    simulate "${sweep[@]}" --output race.nxs --quiet 2> "race.err.$1" || code=$?
    echo $code >> race.codes
}
cp lock_of_dead race.nxs.lock
cp lock_of_dead race.nxs.lock.takeover
for i in 1 2 3 4 5 6; do race $i & done
wait
[ "$(sort race.codes | uniq -c | xargs)" = "1 0 5 2" ] || fail "race: $(sort race.codes | uniq -c) $(cat race.err.*)"
[ "$(images_of race.nxs)" = "$reference" ] || fail "race: other images"
left=$(find . -name '*.takeover' -o -name '*.lock.??????')
[ -z "$left" ] || fail "left behind: $left"
finish
