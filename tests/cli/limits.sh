#!/usr/bin/env bash
# A limit on the size of files (ulimit -f) is a full disk: exit code 3, one message, no half file, lock or .new; finished frames
# stay. plan says so beforehand. A standard output that cannot be written is 3 too, a pipe that nobody reads is nothing.
set -u
. "$SOURCE/tests/support/case.sh"
frames=6
run=("$TESSERA" simulate "${small_case[@]}" --sampling.phi_steps=1 --crystal.mosaic_domains=1 --beam.dispersion_steps=1
    --sweep.kind=random --sweep.count="$frames")
"${run[@]}" --output whole.nxs --quiet || fail reference
reference=$(images_of whole.nxs)
limited() { # limited RANKS KIB COMMAND...: a limit for the ranks alone, as Open MPI has files of its own
    local ranks=$1 kib=$2
    shift 2
    # shellcheck disable=SC2016
    on_ranks "$ranks" bash -c 'ulimit -f "$0"; exec timeout -s KILL 60 "$@"' "$kib" "$@"
}
refused() { # refused NAME RANKS KIB COMMAND...: with 3, a message, and nothing left behind
    local name=$1 ranks=$2 kib=$3 code=0 before
    shift 3
    before=$(ls)
    { limited "$ranks" "$kib" "$@" | cat > out; } 2>&1 | cat > err
    code=$(limited "$ranks" "$kib" "$@" 2> /dev/null | cat > /dev/null; echo "${PIPESTATUS[0]}")
    [ "$code" = 3 ] || fail "$name, $kib KiB, $ranks ranks: exit code $code: $(cat err)"
    [ "$(grep -c '^tessera: error: ' err)" = 1 ] || fail "$name, $kib KiB: not one message: $(cat err)"
    [ "$(ls)" = "$before" ] || fail "$name, $kib KiB, $ranks ranks: $(ls | tr '\n' ' ') and not $before"
}
: > out
: > err
images=$((frames * 96 * 80 * 8 / 1024))
for kib in 0 1 20 $((images - 1)) $((images + 8)); do refused simulate 0 "$kib" "${run[@]}" --output out.nxs --quiet; done
# under mpirun the message is the program's too; its segments of shared memory are larger than a small file
wide=("${run[@]}" --detector.fast_pixels=2000 --detector.slow_pixels=1500 "--detector.roi=0,8,0,8" --quiet --output out.nxs)
refused "simulate beyond its images" 3 100000 "${wide[@]}"
refused "simulate beyond its file" 3 140640 "${wide[@]}"
refused "nanobragg's float image" 3 100000 "$TESSERA" nanobragg -cell 50 50 50 90 90 90 -default_F 100 -N 5 -lambda 1 -distance 100 \
    -detpixels 5200 -oversample 1 -floatfile f.img -intfile i.img -nonoise -nopgm
for command in "export whole.nxs --frame 0 --expected --format raw --output e.raw" "merge m.nxs whole.nxs" \
    "compress whole.nxs --with deflate"; do # one process of three does what is to be done
    # shellcheck disable=SC2086 # a list of words
    refused "${command%% *}" 3 1 "$TESSERA" $command
done
mkdir kept # stays, as the user may have made it; no half file is in it
refused benchmark 0 1 "$TESSERA" benchmark --sizes 64 --iterations 1 --keep-artifacts kept
[ -z "$(ls -A kept)" ] || fail "benchmark: half files: $(ls kept)"
for kib in 0 1 12; do
    for format in smv cbf png raw; do
        [ "$kib$format" != 12png ] || continue # it fits
        refused "export $format" 0 "$kib" "$TESSERA" export whole.nxs --frame 0 --expected --format $format --output "e.$format"
    done
    [ "$kib" = 12 ] || refused nanobragg 0 "$kib" "$TESSERA" nanobragg -cell 50 50 50 90 90 90 -default_F 100 -N 5 -lambda 1 \
        -distance 100 -detpixels 64 -floatfile f.img -intfile i.img -noisefile n.img -pgmfile p.pgm
    refused merge 0 "$kib" "$TESSERA" merge m.nxs whole.nxs
    refused compress 0 "$kib" "$TESSERA" compress whole.nxs --with deflate
done
[ "$(images_of whole.nxs)" = "$reference" ] || fail "compress has changed its file"
code=0
(ulimit -f 1; "$TESSERA" --bash-completion > completion) 2> err || code=$?
[ $code = 3 ] && grep -q 'standard output cannot be written: File too large' err || fail "--bash-completion: $code, $(cat err)"
(ulimit -f 20; "$TESSERA" plan "${small_case[@]}" --output out.nxs | cat) | grep -q '^warning: .*ulimit -f' || fail "plan says nothing"
"$TESSERA" plan "${small_case[@]}" --output out.nxs | grep -q 'ulimit' && fail "plan warns without a limit"

# A resume that may not write beyond what is there leaves the finished frames.
"${run[@]}" --run.wave=1 --frames 0:3 --output part.nxs --quiet || fail "part"
mv part.nxs part.nxs.partial
cp part.nxs.partial before
refused "resume" 0 20 "${run[@]}" --frames 0:3 --output other/part.nxs --quiet
limited 0 20 "${run[@]}" --run.wave=1 --frames 0:3 --output part.nxs --resume --quiet 2> err; code=$?
[ $code = 3 ] || fail "resume: exit code $code: $(cat err)"
cmp -s before part.nxs.partial && [ ! -e part.nxs.lock ] || fail "resume: the file has changed, or is locked"

# The standard output
for ranks in 0 3; do
    code=0
    on_ranks $ranks "${run[@]}" --output log.nxs --overwrite > /dev/full 2> err || code=$?
    if [ $ranks = 0 ]; then
        [ $code = 3 ] && grep -q 'standard output cannot be written: No space left' err || fail "/dev/full: $code, $(cat err)"
    fi
    [ "$(images_of log.nxs)" = "$reference" ] || fail "/dev/full, $ranks ranks: other images"
    code=$(on_ranks $ranks "${run[@]}" --run.progress=lines --run.report_every=0.01 --output log.nxs --overwrite 2> err | head -n 1 > /dev/null
        echo "${PIPESTATUS[0]}")
    [ "$ranks" != 0 ] || [ "$code" = 0 ] || fail "| head -n 1: exit code $code: $(cat err)"
    [ "$(images_of log.nxs)" = "$reference" ] && [ ! -e log.nxs.lock ] || fail "| head -n 1, $ranks ranks: other images, or a lock"
done
for command in "plan ${small_case[*]}" "describe whole.nxs" "compare whole.nxs#0 whole.nxs#0" --man --help; do
    # shellcheck disable=SC2086 # a list of words
    code=$("$TESSERA" $command 2> err | true; echo "${PIPESTATUS[0]}")
    [ "$code" = 0 ] && [ ! -s err ] || fail "$command | true: exit code $code: $(cat err)"
    code=0
    # shellcheck disable=SC2086
    "$TESSERA" $command > /dev/full 2> err || code=$?
    [ $code = 3 ] || fail "$command > /dev/full: exit code $code: $(cat err)"
done
finish
