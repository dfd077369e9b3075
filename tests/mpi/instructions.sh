#!/usr/bin/env bash
# run.instructions: AVX2 and AVX-512 give the same bytes; frames that were rounded without fused operations and with them
# do not come into one file unless asked.
set -u
. "$SOURCE/tests/support/case.sh"
frames=6
sweep=("${small_case[@]}" --run.precision=float32 --sampling.oversample=7 --sweep.kind=random --sweep.count="$frames" --run.wave=1)
simulate() { "$TESSERA" simulate "${sweep[@]}" --quiet "$@" 2> err; }
stop_after_a_frame() { # stop_after_a_frame INSTRUCTIONS: leaves out.nxs.partial
    local code=0 waited=0
    rm -f out out.nxs out.nxs.partial
    "$TESSERA" simulate "${sweep[@]}" --run.instructions="$1" --run.progress=lines --run.report_every=0.01 --output out.nxs > out 2> err &
    local run=$!
    until grep -qs "^[1-9][0-9]*/$frames frames" out; do
        waited=$((waited + 1))
        [ $waited -lt 600 ] && kill -0 $run 2> /dev/null || { fail "$1: no frame was finished: $(cat out err)"; return; }
        sleep 0.02
    done
    kill -TERM $run
    wait $run || code=$?
    [ $code = 75 ] || fail "$1: stopped with exit code $code: $(cat err)"
}
refused() { # refused NAME PATTERN ARGUMENT...: exit code 2, one message with PATTERN, the file as it was
    local name=$1 pattern=$2 code=0 before
    shift 2
    before=$(sha256sum out.nxs.partial)
    simulate --output out.nxs --resume "$@" || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat err)"
    [ "$(grep -c '^tessera: ' err)" = 1 ] && grep -q "$pattern" err || fail "$name: not the message: $(cat err)"
    [ "$(sha256sum out.nxs.partial)" = "$before" ] || fail "$name: the file has changed"
}

widest=$(grep -m 1 '^flags' /proc/cpuinfo 2> /dev/null)
case "$widest " in
    *' avx512vl '*) wide=(v3 v4) beyond='' ;;
    *' avx2 '*) wide=(v3) beyond=v4 ;;
    *) wide=() beyond=v3 ;;
esac
if [ -n "$beyond" ]; then
    code=0
    simulate --output beyond.nxs --run.instructions="$beyond" || code=$?
    [ $code = 2 ] && grep -q "run.instructions asks for x86-64-$beyond" err || fail "$beyond is not refused here: $code: $(cat err)"
    [ ! -e beyond.nxs.partial ] || fail "$beyond: a refused run leaves a file"
fi
[ ${#wide[@]} -gt 0 ] || { echo "instructions: this machine has only portable ones"; finish; exit; }

simulate --output portable.nxs --run.instructions=portable || fail "portable: $(cat err)"
for set in "${wide[@]}"; do
    simulate --output "$set.nxs" --run.instructions="$set" || fail "$set: $(cat err)"
    [ "$(images_of "$set.nxs")" = "$(images_of v3.nxs)" ] || fail "$set and v3 give different bytes"
    h5dump -d /entry/simulation/environment/kernel_instructions "$set.nxs" | grep -q "x86-64-$set" || fail "$set is not recorded"
done

stop_after_a_frame portable
refused "v3 after portable" 'portable instructions and this run takes x86-64-v3.*run.instructions=portable.*run.mix_instructions' --run.instructions=v3
cp out.nxs.partial kept.partial
simulate --output out.nxs --resume --run.instructions=portable || fail "portable after portable: $(cat err)"
[ "$(images_of out.nxs)" = "$(images_of portable.nxs)" ] || fail "portable after portable: other bytes"
simulate --output out.nxs --resume --run.instructions=v3 || fail "a complete file needs nothing: $(cat err)"
rm out.nxs
mv kept.partial out.nxs.partial
simulate --output out.nxs --resume --run.instructions=v3 --run.mix_instructions=true || fail "mixed as asked: $(cat err)"

stop_after_a_frame v3
refused "portable after v3" 'x86-64-v3 instructions and this run takes portable' --run.instructions=portable
simulate --output out.nxs --resume || fail "the widest after v3: $(cat err)"
[ "$(images_of out.nxs)" = "$(images_of v3.nxs)" ] || fail "the widest after v3: other bytes"
rm out.nxs

sweep+=(--run.precision=float64)
stop_after_a_frame portable
refused "float64, v3 after portable" 'portable instructions and this run takes x86-64-v3' --run.instructions=v3
finish
