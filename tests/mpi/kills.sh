#!/usr/bin/env bash
# A run that is killed at random moments, one rank, the launcher or everything, leaves a file that opens, in which what is
# called finished is what an undisturbed run writes, and that --resume completes to the same bytes: on 1 and 4 ranks, with
# images as they are, compressed at the end, and in files of 4 frames.
# Environment: WRITER (direct collective), of which each session takes one; KILLS (2) in each of the six ways, FRAMES (40), SECONDS_MOST (60): CI's few; tests/run.sh full does 5 in each,
# long 50 of 200 frames. SEED repeats a series.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
kills=${KILLS:-2} frames=${FRAMES:-40} most=${SECONDS_MOST:-60} wave=2
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count="$frames" --run.wave="$wave" --sampling.oversample=4)
read -ra writers <<< "${WRITER:-direct collective}"
states=/entry/simulation/frames/status
seed=${SEED:-$$}
RANDOM=$((seed % 32768))
echo "seed $seed"

"$TESSERA" simulate "${sweep[@]}" --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
values_of reference.nxs /entry/simulation/frames/crc32 > crc32_of_reference
check_finished() { # what the killed file calls finished is bit-exact; prints the number of finished frames
    ${PYTHON:-/usr/bin/python3} - out.nxs.partial crc32_of_reference << 'P'
import sys, zlib, h5py
expected = [int(line) for line in open(sys.argv[2])]
with h5py.File(sys.argv[1], locking=False) as file:
    states = file["entry/simulation/frames/status"][:]
    images = file["entry/data/data"]
    for slot in (states == 2).nonzero()[0]:
        assert zlib.crc32(images[slot].tobytes()) == expected[slot], f"frame {slot} is called finished and is not"
    print((states == 2).sum())
P
}
ended() { # waits until none of these processes is left; ends what is left after 20 s, and says so by its exit code
    local pid waited=0 code=0
    for pid in "$@"; do
        while [ -d "/proc/$pid" ] && ! grep -q '^State:.*Z' "/proc/$pid/status" 2> /dev/null; do
            waited=$((waited + 1))
            [ $waited -lt 400 ] || { kill -KILL "$pid" 2> /dev/null; waited=0 code=1; }
            sleep 0.05
        done
    done
    return $code
}
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
sleep_ms() { sleep "$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))"; }
writer() { # writer OPTION...: one of them; where a file is begun with files of frames, it goes on so whichever is asked for
    [[ "$*" != *frames_per_file* || -e out.nxs.partial ]] && echo "${writers[RANDOM % ${#writers[@]}]}" || echo files
}
start() { # start RANKS OPTION...: a session in the background, its number in $launcher
    local ranks=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    $MPIEXEC -n "$ranks" "$TESSERA" simulate "${sweep[@]}" --output.writer="$(writer "$@")" "$@" --output out.nxs --resume \
        --quiet > out 2> err &
    launcher=$!
}
until_there_is() { # until_there_is FILE: waits for it, or the session's end
    while [ ! -s "$1" ] && kill -0 "$launcher" 2> /dev/null; do sleep 0.005; done
}
kill_something() { # kill_something: a rank or what starts it, mpirun, or all of them
    local -a below
    mapfile -t below < <(descendants "$launcher")
    case $((RANDOM % 3)) in
    0) kill -KILL "${below[RANDOM % (${#below[@]} + 1)]:-$launcher}" 2> /dev/null ;;
    1) kill -KILL "$launcher" 2> /dev/null ;;
    *) kill -KILL "$launcher" "${below[@]}" 2> /dev/null ;;
    esac
    # mpirun can lock itself up when a rank dies while it connects (Open MPI 4.1, in PMIx_server_finalize), all ranks being gone
    {
        ended "${below[@]}" || hung=$((hung + 1))
        ended "$launcher" || locked=$((locked + 1))
        wait "$launcher"
    } 2> /dev/null # the shell's notices
    rm -f vader_segment.* osc_*
}

killed=0 growing=0 told=0 hung=0 locked=0
series() { # series RANKS OPTION...: kills sessions of one sweep after another
    local ranks=$1 before=0 done_here=0 in_work=$((2 * wave * $1)) starting growing_ms began finished said
    rm -f out.nxs* out_data_*
    # an undisturbed one: the same bytes, and the times within which to kill
    [[ "$*" != *frames_per_file* ]] || in_work=$((in_work + 4 * 2)) # a kill loses the frames of files that are not whole
    began=$(now_ms)
    start "$@"
    until_there_is out.nxs.partial
    starting=$(($(now_ms) - began))
    until_there_is out.nxs
    growing_ms=$(($(now_ms) - began - starting)) # without the launcher's own end
    wait "$launcher" || fail "$*: $(cat err)"
    [ "$(images_of out.nxs)" = "$reference" ] || fail "$*: other bytes without a kill"
    rm -f out.nxs out_data_*
    SECONDS=0
    while [ $done_here -lt "$kills" ] && [ $SECONDS -lt "$most" ]; do
        rm -f out.nxs.progress.json
        start "$@"
        if [ $((RANDOM % 4)) = 0 ]; then # at the start
            sleep_ms $((RANDOM % (starting + 1)))
        else # in the frames that are missing, before or after the session has told of itself, or in what follows them
            until_there_is "$([ $((RANDOM % 2)) = 0 ] && echo out.nxs.partial || echo out.nxs.progress.json)"
            sleep_ms $((RANDOM * growing_ms * (frames - before) / (32768 * frames) + RANDOM % 20))
        fi
        kill_something
        killed=$((killed + 1)) done_here=$((done_here + 1))
        if [ -e out.nxs ]; then # it was done before the signal: the next one starts anew
            [ "$(images_of out.nxs)" = "$reference" ] || fail "kill $killed ($*): other bytes"
            rm -f out.nxs out_data_*
            before=0
            continue
        fi
        [ -s out.nxs.partial ] || continue # killed before anything was there
        finished=$(check_finished) || { fail "kill $killed ($*): not readable, or not exact"; rm -f out.nxs.partial out_data_*; continue; }
        growing=$((growing + 1))
        [ "$finished" -ge "$before" ] || fail "kill $killed ($*): $before frames were finished, now $finished"
        # what the session had said of itself is there, but for the wave that was being written and the one in work
        said=$(sed -n 's/.*"frames_done": *\([0-9]*\).*/\1/p' out.nxs.progress.json 2> /dev/null)
        [ "$finished" -ge $((before + ${said:-0} - in_work)) ] ||
            fail "kill $killed ($*): $finished frames are finished, $before before the session, which had rendered $said"
        [ -z "$said" ] || told=$((told + 1))
        before=$finished
    done
    on_ranks 2 "$TESSERA" simulate "${sweep[@]}" "${@:2}" --output.writer="$(writer "${@:2}")" --output out.nxs --resume --quiet 2> err ||
        fail "$*: not resumed: $(cat err)"
    [ "$(images_of out.nxs)" = "$reference" ] || fail "$*: other bytes after $killed kills"
    [ "$(values_of out.nxs $states | sort -u)" = 2 ] || fail "$*: frames are missing after $killed kills"
}
for ranks in 1 4; do
    series $ranks --output.compression=none
    series $ranks --output.compression=deflate
    series $ranks --output.frames_per_file=4 --output.compression=bitshuffle
done
for ((more = 0; told == 0 && more < 20; more++)); do # by chance none of these few kills came between the first image and the last
    kills=1 series 1 --output.compression=none
done
[ $growing -gt 0 ] || fail "no kill met a growing file"
[ $told -gt 0 ] || fail "no session that met its end in the frames had told how far it was"
[ $hung = 0 ] || fail "ranks of $hung sessions did not end within 20 s"
echo "$killed kills, $growing growing files, $told of sessions that had told how far they were; mpirun locked itself up $locked times"
finish
