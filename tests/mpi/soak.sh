#!/usr/bin/env bash
# The memory, the open files and the threads of a process that renders frame after frame do not grow: less than 1 MiB after
# the first 1,000 frames, in which every frame has another crystal, beam and detector.
# Environment: FRAMES (3000); tests/run.sh full does 20,000.
set -u
. "$SOURCE/tests/support/case.sh"
frames=${FRAMES:-3000}
export OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
draws="crystal.cells=uniform(6,9);crystal.mosaic_spread=uniform(0.1,0.6);crystal.mosaic_domains=uniform(2,6);"
draws+="beam.fluence=lognormal(1e32,0.3);detector.distance=normal(60,1)"
"$TESSERA" simulate "${small_case[@]}" --sweep.kind=random --sweep.count="$frames" --sweep.draw="$draws" --noise.read_noise=1 --sampling.phi_steps=2 \
    --output soak.nxs --quiet &
process=$!
: > samples
while kill -0 $process 2> /dev/null; do
    done_frames=$(sed -n 's/.*"frames_done": *\([0-9]*\).*/\1/p' soak.nxs.progress.json 2> /dev/null)
    resident=$(awk '/^RssAnon:/ { print $2 }' /proc/$process/status 2> /dev/null)
    # the file of the progress is there for a moment each time
    files=$(find /proc/$process/fd -type l ! -lname '*.progress.json*' 2> /dev/null | wc -l)
    tasks=("/proc/$process/task/"*)
    [ -z "$done_frames" ] || [ -z "$resident" ] || [ "$files" -lt 3 ] ||
        echo "$done_frames $resident $files ${#tasks[@]}" >> samples
    sleep 0.05
done
wait $process || fail "exit code $?"
first=$(awk '$1 >= 1000 { print; exit }' samples)
[ -n "$first" ] || fail "no sample after 1,000 frames: $(tail -n 1 samples)"
read -r at resident files tasks <<< "$first"
# without the last sample: the file is being closed then
read -r most_resident most_files most_tasks seen < <(sed '$d' samples | awk -v from="${at:-0}" '$1 >= from {
    n++
    if ($2 > resident) resident = $2; if ($3 > files) files = $3; if ($4 > tasks) tasks = $4 } END { print resident, files, tasks, n }')
echo "$seen samples after frame $at: $resident KiB, then at most $most_resident; $files files, $most_files; $tasks threads, $most_tasks"
[ "${seen:-0}" -ge 5 ] || fail "too few samples to tell"
[ $((most_resident - resident)) -lt 1024 ] || fail "memory grows by $((most_resident - resident)) KiB"
[ "$most_files" -le "$files" ] || fail "$((most_files - files)) files stay open"
# one writes a wave, and is not always there
[ "$most_tasks" -le $((tasks + 1)) ] || fail "$((most_tasks - tasks)) threads stay"
finish
