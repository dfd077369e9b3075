#!/usr/bin/env bash
# A disk that is really full, in the middle of a run, with each writer on 1, 2 and 4 ranks: exit code 3, one message, finished
# frames whole; with more room another writer and other ranks go on to the same bytes. Images whose room was reserved come to
# their end on a disk that somebody else fills. Needs the right to mount; quotas are in the other scripts, as calls that fail.
set -u
. "$SOURCE/tests/support/faults.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # ended ranks leave files there
trap 'umount "$PWD/disk" 2> /dev/null' EXIT
mkdir disk
if ! mount -t tmpfs -o size=1m tmpfs disk 2> /dev/null; then
    echo "not without the right to mount"
    exit 0
fi
umount disk
frames=16 # of 375 KiB
run=("${tiny_case[@]}" --sampling.oversample=16 --sweep.count="$frames" --run.wave=1 --detector.fast_pixels=240 --detector.slow_pixels=200 --detector.pixel_size=0.1 --quiet)
"$TESSERA" simulate "${run[@]}" --output reference.nxs || fail "reference"
reference=$(images_of reference.nxs)
with() { # with WRITER: its options
    case $1 in
    files) echo --output.frames_per_file=2 --output.compression=none ;;
    *) echo "--output.writer=$1" ;;
    esac
}
# what reserves room fails as on a file system that cannot
unreserved=(LD_PRELOAD="$TOOLS/libfault.so" FAULT_CALLS=allocate FAULT_AT=1 FAULT_LASTS=1 FAULT_ERROR=EOPNOTSUPP)
kept_in_all=0
fill_meanwhile() { # fill_meanwhile WRITER RANKS NAME=VALUE...: somebody fills the disk while the run is at work; its exit code
    local -a options
    local running room
    mount -t tmpfs -o size=20m tmpfs disk || fail "cannot mount again"
    read -ra options < <(with "$1")
    on_ranks "$2" timeout -s KILL 60 env "${@:3}" "$TESSERA" simulate "${run[@]}" "${options[@]}" --run.stall_timeout=10 --output disk/out.nxs 2> err &
    running=$!
    until [ -s disk/out.nxs.partial ]; do
        kill -0 $running 2> /dev/null || break
        sleep 0.005
    done
    room=$(stat -f -c '%f * %S' disk)
    head -c $((room - 2000000)) /dev/zero > disk/filled # leaves it five frames
    code=0
    wait $running || code=$?
    rm -f disk/filled
}
fills() { # fills WRITER RANKS NEXT_WRITER NEXT_RANKS: no room was reserved
    local what="$1 on $2 ranks" kept=0
    local -a options
    fill_meanwhile "$1" "$2" "${unreserved[@]}"
    told "$what" 3 4
    [ ! -e disk/out.nxs ] || fail "$what: it looks complete"
    [ ! -e disk/out.nxs.partial ] || kept=$(values_of disk/out.nxs.partial /entry/simulation/frames/status | grep -c '^2$')
    kept_in_all=$((kept_in_all + kept))
    read -ra options < <(with "$3")
    on_ranks "$4" "$TESSERA" simulate "${run[@]}" "${options[@]}" --run.verify=true --resume --output disk/out.nxs > resumed 2>&1 ||
        fail "$what: not resumed by $3: $(cat resumed)"
    ! grep -q checksum resumed || fail "$what: a finished frame was damaged: $(grep checksum resumed)"
    [ "$(images_of disk/out.nxs)" = "$reference" ] || fail "$what: other bytes after --resume by $3"
    echo "$what: exit code $code, $kept of $frames frames kept"
    umount disk
}
fills direct 0 collective 2
fills direct 2 direct 0
fills direct 4 collective 4
fills collective 2 direct 4
fills collective 4 collective 2
fills files 0 files 4
fills files 2 direct 2
fills files 4 files 0
[ $kept_in_all -gt $frames ] || fail "only $kept_in_all frames were kept in all"

for writer in direct collective; do
    fill_meanwhile $writer 2
    [ $code = 0 ] || fail "$writer, reserved, and another fills the disk: exit code $code: $(cat err)"
    [ "$(images_of disk/out.nxs)" = "$reference" ] || fail "$writer, reserved: other images"
    umount disk
done
finish
