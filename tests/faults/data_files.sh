#!/usr/bin/env bash
# Files of frames that cannot be written: every rank ends with exit code 3 and one message, files that have their name are
# whole, and --resume does the rest. Calls fail as on a full disk, over a quota and with a broken disk; a limit to the size
# of files is the system's own.
set -u
. "$SOURCE/tests/support/faults.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # ended ranks leave files there
run=("${tiny_case[@]}" --sweep.count=8 --output.frames_per_file=3 --output.compression=bitshuffle)
"$TESSERA" simulate "${tiny_case[@]}" --sweep.count=8 --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
errors=(ENOSPC EDQUOT EIO EROFS)
hits=0
check() { # check RANKS RANK FILE CALLS LASTS...: the n-th call to such a file
    local ranks=$1 rank=$2 file=$3 calls=$4 number count what
    local -a settings=(CALLS="$calls" FILE="$file")
    [ "$rank" = any ] || settings+=(RANK="$rank")
    rm -f out*
    count=$(calls_of "$ranks" "${settings[@]}" -- "$TESSERA" simulate "${run[@]}" --output out.nxs --quiet)
    for number in $(numbers "$count"); do
        rm -f out*
        what="$file on $ranks ranks, call $number of $count of rank $rank fails ${5:-once}"
        faulty "$ranks" "${settings[@]}" AT="$number" ERROR="${errors[number % 4]}" ${5:+LASTS=1} -- "$TESSERA" simulate "${run[@]}" \
            --output out.nxs --quiet
        told "$what" 3 0 # 0: of closing what is on the disk already
        [ $code = 0 ] || hits=$((hits + 1))
        [ $code = 0 ] || grep -q 'out' err || fail "$what: no file is named: $(cat err)"
        [ -z "$(find . -name 'out_data_*.partial')" ] || fail "$what: something is left in work"
        [ $code != 0 ] || [ -e out.nxs ] || fail "$what: exit code 0 and no file"
        whole_or_resumed "$what" out.nxs "$reference" "${run[@]}"
    done
}
check 0 any out_data_ $disk_calls
check 0 any out_data_ open,write,truncate,sync "and goes on"
check 2 1 out_data_ open,write,sync,rename,close
check 3 0 out_data_ write,sync "and goes on"
[ $hits -gt 9 ] || fail "only $hits runs failed"

# The system's own limit: below a file of frames, in kilobytes. The master fits.
"$TESSERA" simulate "${run[@]}" --detector.fast_pixels=480 --detector.slow_pixels=400 --output.compression=none --output wide.nxs --quiet || fail "wide"
size=$(($(stat -c %s wide_data_000001.h5) / 1024)) master=$(($(stat -c %s wide.nxs) / 1024))
[ $((master + 64)) -lt $size ] || fail "the master, $master KiB, is not smaller than a file of frames, $size KiB"
wide=$(images_of wide.nxs)
for ranks in 0 3; do
    rm -f limited*
    code=0
    (ulimit -f $((size - 32)); on_ranks $ranks timeout -s KILL 60 "$TESSERA" simulate "${run[@]}" --detector.fast_pixels=480 --detector.slow_pixels=400 \
        --output.compression=none --output limited.nxs --quiet > out 2> err) || code=$?
    told "a limit of $((size - 32)) KiB on $ranks ranks" 3
    [ ! -e limited.nxs ] || fail "limit on $ranks ranks: a file that looks whole"
    "$TESSERA" simulate "${run[@]}" --detector.fast_pixels=480 --detector.slow_pixels=400 --output.compression=bitshuffle --output limited.nxs --resume \
        --quiet || fail "limit on $ranks ranks: not resumed"
    [ "$(images_of limited.nxs)" = "$wide" ] || fail "limit on $ranks ranks: other images"
done
echo "$hits runs failed and were resumed"
finish
