#!/usr/bin/env bash
# Where files lie may be full, protected, no file at all, or gone; inputs may change while they are read; a plug-in that HDF5
# needs may be missing. The run says so in one message, never waits, and keeps what is finished.
# shellcheck disable=SC2015 # a failure of either is one
set -u
. "$SOURCE/tests/support/faults.sh"
trap 'umount "$PWD/small" 2> /dev/null' EXIT
"$TESSERA" simulate "${tiny_case[@]}" --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
run=("$TESSERA" simulate "${tiny_case[@]}" --quiet)
patience=(timeout -s KILL 60)
try() { # try WHAT CODE TEXT COMMAND...: the exit code, and one message with this text
    local what=$1 wanted=$2 text=$3
    shift 3
    code=0
    if [ "$(type -t "$1")" = function ]; then "$@"; else "${patience[@]}" "$@"; fi > out 2> err || code=$?
    told "$what" "$wanted"
    [ "$wanted" = 0 ] || grep 'tessera: error: ' err | grep -qF -- "$text" || fail "$what: \"$text\" is not in: $(cat err)"
}
as_user() { # as_user COMMAND...: root may write anywhere
    local -a other=()
    [ "$(id -u)" != 0 ] || other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${other[@]}" "${patience[@]}" "$@"
}

# A file system that is full, or too small; without one of our own, a limit on the size of files.
mkdir small
if mount -t tmpfs -o size=256k tmpfs small 2> /dev/null; then
    for ranks in 0 3; do
        code=0
        on_ranks $ranks timeout -s KILL 60 "${run[@]}" --output small/out.nxs > out 2> err || code=$?
        told "a small disk, $ranks ranks" 3
        grep -q 'small/out.nxs.* room for ' err || fail "a small disk, $ranks ranks: $(cat err)"
        head -c 1M /dev/zero > small/filled 2> /dev/null
        code=0
        on_ranks $ranks timeout -s KILL 60 "${run[@]}" --output small/out.nxs > out 2> err || code=$?
        told "a full disk, $ranks ranks" 3
        rm -f small/filled
        [ -z "$(ls small)" ] || fail "a full disk: something is left: $(ls small)"
    done
    head -c 1M /dev/zero > small/filled 2> /dev/null
    try "export to a full disk" 3 small/frame.img "$TESSERA" export reference.nxs --frame 0 --output small/frame.img
    try "nanobragg on a full disk" 3 small/float.img "$TESSERA" nanobragg -cell 50 50 50 90 90 90 -default_F 100 -N 5 -lambda 1 \
        -distance 100 -detpixels 64 -floatfile small/float.img -intfile i.img -noisefile n.img -pgmfile p.pgm
    try "a trace on a full disk" 3 small/trace.json "${run[@]}" --run.trace=small/trace.json --output traced.nxs
    [ "$(images_of traced.nxs)" = "$reference" ] || fail "a trace on a full disk: other images"
    umount small
fi
limited() { (ulimit -f "$1"; shift; exec "${patience[@]}" "$@"); }
try "a limit on the size of files" 3 out.nxs.partial limited 100 "${run[@]}" --output out.nxs
[ ! -e out.nxs ] && [ ! -e out.nxs.partial ] || fail "a limit on the size of files: something is left"

# The folder is renamed, or the file removed, in the middle of a run.
mkdir here
writes=$(calls_of 0 CALLS=write FILE=out.nxs.partial -- "${run[@]}" --run.wave=1 --output here/out.nxs)
rm -r here
for before_end in 36 30; do
    mkdir here
    faulty 0 CALLS=write FILE=out.nxs.partial AT=$((writes - before_end)) MOVE="$PWD/here:$PWD/there" -- "${run[@]}" --run.wave=1 --output here/out.nxs
    grep -q hit log || fail "a renamed folder: it did not happen"
    told "a renamed folder" 3
    grep -q 'here/out.nxs' err || fail "a renamed folder: $(cat err)"
    [ ! -e there/out.nxs ] || fail "a renamed folder: the file is taken for finished"
    if [ -e there/out.nxs.partial ]; then
        whole_or_resumed "a renamed folder" there/out.nxs "$reference" "${tiny_case[@]}"
    fi
    rm -rf here there
done

# Names that are no files, and files that may not be touched.
mkdir folder
try "a folder" 2 'no regular file' "${run[@]}" --output folder --overwrite
mkfifo pipe
try "a pipe" 2 'no regular file' "${run[@]}" --output pipe --overwrite
try "a trace into a pipe" 2 'no regular file' "${run[@]}" --run.trace=pipe --output out.nxs --overwrite
try "a trace of a pixel into a pipe" 2 'no regular file' "${run[@]}" --run.trace_pixel=1,1 --run.trace_file=pipe --output out.nxs --overwrite
try "export to a pipe" 2 'no regular file' "$TESSERA" export reference.nxs --frame 0 --format raw --output pipe --overwrite
try "merge to a pipe" 2 'pipe' "$TESSERA" merge pipe reference.nxs --overwrite
try "an input that is a pipe" 2 'pipe or a device' "${run[@]}" --crystal.structure_factors=pipe --output out.nxs
ln -s nowhere.nxs loose.nxs
try "a symbolic link to nothing" 2 'symbolic link to nothing' "${run[@]}" --output loose.nxs
[ -L loose.nxs ] && [ ! -e out.nxs ] || fail "the link is gone, or there is an output"
try "no folder" 3 'mkdir -p' "${run[@]}" --output missing/out.nxs
mknod null c 1 3 2> /dev/null || ln -s /dev/null null # what is there must stay what it is
try "an image to /dev/null" 0 '' "$TESSERA" nanobragg -cell 50 50 50 90 90 90 -default_F 100 -N 5 -lambda 1 -distance 100 \
    -detpixels 16 -floatfile null -intfile i.img -noisefile n.img -pgmfile p.pgm
[ -c null ] || fail "the device was replaced"
mkdir closed
cp reference.nxs closed/whole.nxs
"${run[@]}" --frames 0:2 --output closed/begun.nxs && mv closed/begun.nxs closed/begun.nxs.partial || fail "begun"
chmod 755 . closed && chmod 444 closed/*
if as_user "$TESSERA" --version > /dev/null 2>&1; then # which may lie where only root can see it
    try "a folder without permission" 3 'Permission denied' as_user "${run[@]}" --output closed/out.nxs
    [ "$(id -u)" != 0 ] || chown -R 65534 closed
    try "a protected file" 3 'chmod u+w' as_user "${run[@]}" --output closed/whole.nxs --overwrite
    cmp -s closed/whole.nxs reference.nxs || fail "a protected file was replaced"
    try "a protected .partial" 3 'Permission denied' as_user "${run[@]}" --frames 0:2 --output closed/begun.nxs --resume
fi

# An input is changed between its being read and its being recorded, and between a session and the next.
cp "$inputs/2erl_P1.hkl" factors.hkl
sed '1s/[0-9.]*$/77.7/' factors.hkl > other.hkl
own=("$TESSERA" simulate "${tiny_case[@]}" --crystal.structure_factors=factors.hkl --quiet --output in.nxs)
opened=$(calls_of 0 CALLS=open FILE=factors.hkl -- "${own[@]}")
for number in $(seq 2 "$opened"); do # the first opening reads what is then computed with
    rm -f in.nxs*
    cp "$inputs/2erl_P1.hkl" factors.hkl
    cp other.hkl next.hkl
    faulty 0 CALLS=open FILE=factors.hkl AT="$number" MOVE="next.hkl:factors.hkl" -- "${own[@]}"
    told "an input changed before it was opened for time $number" 2
    grep -q 'factors.hkl was changed' err || fail "a changed input, opening $number: $(cat err)"
    ! ls in.nxs* > /dev/null 2>&1 || fail "a changed input, opening $number: $(ls in.nxs*) is there"
done
[ "$opened" -ge 3 ] || fail "the input was opened $opened times, not to be read, hashed and recorded"
cp "$inputs/2erl_P1.hkl" factors.hkl
writes=$(calls_of 0 CALLS=write FILE=in.nxs.partial -- "${own[@]}")
for number in $(seq $((writes - 1)) -1 1); do # the last wave's, and no file that is whole
    rm -f in.nxs*
    faulty 0 CALLS=write FILE=in.nxs.partial AT="$number" -- "${own[@]}"
    [ ! -e in.nxs.partial ] || break
done
[ -e in.nxs.partial ] || fail "no begun file: $(cat err)"
cp in.nxs.partial begun
cp other.hkl factors.hkl
try "an input changed between sessions" 2 'crystal.structure_factors' "${own[@]}" --resume
cmp -s begun in.nxs.partial || fail "an input changed between sessions: the file is no longer what it was"
cp "$inputs/2erl_P1.hkl" factors.hkl
try "the input as it was" 0 '' "${own[@]}" --resume

# A compressed file, and HDF5 without the plug-in that reads it.
cp reference.nxs packed.nxs
if "$TESSERA" compress packed.nxs --with bitshuffle > /dev/null 2>&1; then
    cp packed.nxs before.nxs
    export HDF5_PLUGIN_PATH=$PWD/nowhere
    try "describe without the plug-in" 0 '' "$TESSERA" describe packed.nxs
    try "describe --verify without the plug-in" 2 'HDF5_PLUGIN_PATH' "$TESSERA" describe packed.nxs --verify
    try "compare without the plug-in" 2 'HDF5_PLUGIN_PATH' "$TESSERA" compare 'reference.nxs#0' 'packed.nxs#0'
    try "export without the plug-in" 2 'HDF5_PLUGIN_PATH' "$TESSERA" export packed.nxs --frame 0 --output frame.img
    try "compress without the plug-in" 2 'HDF5_PLUGIN_PATH' "$TESSERA" compress packed.nxs --with deflate
    try "resume and verify without the plug-in" 2 'HDF5_PLUGIN_PATH' "${run[@]}" --output packed.nxs --resume --run.verify=true
    try "resume without the plug-in" 0 '' "${run[@]}" --output packed.nxs --resume
    try "merge without the plug-in" 0 '' "$TESSERA" merge virtual.nxs packed.nxs # which needs no pixel
    unset HDF5_PLUGIN_PATH
    cmp -s before.nxs packed.nxs || fail "without the plug-in the file was changed"
fi
finish
