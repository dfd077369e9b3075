#!/usr/bin/env bash
# output.compression: the same images on any number of ranks; a signal or a kill while they are compressed leaves the
# .partial whole, and --resume finishes it.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD # killed ranks leave files there
sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=6 --quiet)
is_packed() { h5dump -H -p -d /entry/data/data "$1" | grep -q 'COMPRESSION DEFLATE'; }

"$TESSERA" simulate "${sweep[@]}" --output plain.nxs || fail "plain"
is_packed plain.nxs && fail "compressed by default"
reference=$(images_of plain.nxs)
compressed() { # compressed RANKS ARGUMENT...
    local ranks=$1 name=ranks_$1.nxs
    shift
    on_ranks "$ranks" "$TESSERA" simulate "${sweep[@]}" --output "$name" --output.compression=deflate "$@" 2> "$name.err" ||
        fail "$ranks ranks: $(cat "$name.err")"
    is_packed "$name" || fail "$ranks ranks: not compressed"
    [ "$(images_of "$name")" = "$reference" ] || fail "$ranks ranks: other images"
    [ ! -e "$name.partial" ] && [ ! -e "$name.partial.packed" ] || fail "$ranks ranks: files are left behind"
    h5dump -H -d /entry/end_time "$name" > /dev/null || fail "$ranks ranks: no end time"
}
for ranks in 0 1 3; do later compressed "$ranks" --output.compression_level=9; done
wait

# Another compression is no other run: a file is resumed with and without.
cp plain.nxs turn.nxs.partial
"$TESSERA" simulate "${sweep[@]}" --output turn.nxs --resume --output.compression=deflate 2> err || fail "resumed: $(cat err)"
is_packed turn.nxs && [ "$(images_of turn.nxs)" = "$reference" ] || fail "resumed: not compressed, or other images"
# Killed between the compression and the final name.
sum=$(sha256sum < turn.nxs)
mv turn.nxs turn.nxs.partial
$MPIEXEC -n 2 "$TESSERA" simulate "${sweep[@]}" --output turn.nxs --resume --output.compression=deflate 2> err || fail "renamed: $(cat err)"
is_packed turn.nxs && [ "$(images_of turn.nxs)" = "$reference" ] || fail "renamed: not compressed, or other images"
[ "$(sha256sum < turn.nxs)" != "$sum" ] || fail "renamed: the session of the resume is not recorded"
"$TESSERA" simulate "${sweep[@]}" --output turn.nxs --resume --output.compression=deflate || fail "complete"
code=0
"$TESSERA" simulate "${sweep[@]}" --output no.nxs --output.compression=gzip > out 2> err || code=$?
[ $code = 2 ] && [ ! -e no.nxs.partial ] || fail "output.compression=gzip: exit code $code"

# Frames of noise that take some seconds to compress: signals and kills come while that goes on.
# shellcheck disable=SC2054 # words with commas
large=(--crystal.cell=40,50,60,90,90,90 --crystal.default_f=100 --crystal.cells=8,9,10 --beam.fluence=1e24 --beam.wavelength=1.1
    --detector.distance=90 --detector.pixel_size=0.05 --detector.fast_pixels=900 --detector.slow_pixels=800
    --sampling.oversample=1 --sweep.kind=random --sweep.count=6 --quiet)
"$TESSERA" simulate "${large[@]}" --output large.nxs || fail "large"
reference=$("$TOOLS/dataset_sha256" large.nxs /entry/data/data)
during() { # during NAME RANKS SIGNAL: sends it to all ranks while rank 0 compresses; sets code
    local command=("$TESSERA") waited=0 launcher processes
    # shellcheck disable=SC2206 # a list of words
    [ "$2" = 0 ] || command=($MPIEXEC -n "$2" "$TESSERA")
    "${command[@]}" simulate "${large[@]}" --output out.nxs --output.compression=deflate --output.compression_level=9 > out 2> err &
    launcher=$!
    until [ -s out.nxs.partial.packed ]; do
        waited=$((waited + 1))
        [ $waited -lt 1200 ] && kill -0 $launcher 2> /dev/null || { fail "$1: no compression: $(cat err)"; return; }
        sleep 0.05
    done
    mapfile -t processes < <(ranks_below $launcher)
    [ "$2" != 0 ] || processes=("$launcher")
    kill "-$3" "${processes[@]}"
    code=0
    wait $launcher 2> /dev/null || code=$?
    [ -e out.nxs.partial ] && [ ! -e out.nxs ] || fail "$1: $(ls)"
    ! is_packed out.nxs.partial || fail "$1: the .partial is compressed"
    [ "$("$TOOLS/dataset_sha256" out.nxs.partial /entry/data/data)" = "$reference" ] || fail "$1: other images in the .partial"
}
finished() { # finished NAME RANKS: --resume compresses what is there
    on_ranks "$2" "$TESSERA" simulate "${large[@]}" --output out.nxs --resume --output.compression=deflate \
        --output.compression_level=1 2> err || fail "$1: not resumed: $(cat err)"
    is_packed out.nxs && [ "$("$TOOLS/dataset_sha256" out.nxs /entry/data/data)" = "$reference" ] || fail "$1: not compressed, or other images"
    [ ! -e out.nxs.partial ] && [ ! -e out.nxs.partial.packed ] || fail "$1: files are left behind"
    rm out.nxs
}
during "TERM to one process" 0 TERM
[ $code = 75 ] && grep -q 'stopped by a signal while the images were compressed' err || fail "TERM: exit code $code: $(cat err)"
[ ! -e out.nxs.partial.packed ] || fail "TERM: a copy is left behind"
finished "TERM" 2
during "USR1 to three ranks" 3 USR1
[ $code = 75 ] && [ "$(grep -c '^tessera: ' err)" = 1 ] || fail "USR1: exit code $code: $(cat err)"
finished "USR1" 0
during "KILL of two ranks" 2 KILL
finished "KILL" 3
finish
