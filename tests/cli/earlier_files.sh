#!/usr/bin/env bash
# Files that an earlier revision wrote (golden/earlier_files) go through every command: what was killed is resumed to the
# bytes of the whole run, and nothing of a finished frame is computed again; parts merge, also with a new one; images come out
# as they went in.
set -u
. "$SOURCE/tests/support/case.sh"
cp "$SOURCE"/golden/earlier_files/* . && chmod u+w ./* || exit 1
rm other_bytes.nxs.partial
reference=$(images_of complete.nxs)
same() { [ "$(images_of "$1")" = "$reference" ] || fail "$1: other images"; }
run() { # run NAME ARGUMENT...: exit code 0; what it prints is in out
    local name=$1
    shift
    "$TESSERA" "$@" > out 2> err || fail "$name: exit code $?: $(cat err)"
}
began() { h5dump -y -w 1 -A 0 -m %.7f -d /entry/simulation/frames/start_time "$1" | tr -d ' ,' | grep -xE '[0-9.]+'; }
same compressed.nxs
same master.nxs

# The same run today.
run simulate simulate run.yaml --quiet --output today.nxs
same today.nxs

# Resume: of the complete one there is nothing to do; of the others what was finished stays as it is.
for file in complete compressed partial undo; do
    finished=
    options=()
    [ $file != compressed ] || options=(--output.compression=deflate)
    [ $file != partial ] || finished=$(began partial.nxs.partial | head -n 2)
    run "resume $file" simulate run.yaml --quiet --resume --run.verify=true --output $file.nxs "${options[@]}"
    ! grep -q checksum out err || fail "resume $file: a finished frame was damaged"
    same $file.nxs
    [ $file != partial ] || [ "$(began partial.nxs | head -n 2)" = "$finished" ] || fail "a finished frame was computed again"
    run "verify $file" describe $file.nxs --verify
done
[ -z "$(find . -name '*.undo' -o -name '*.partial*')" ] || fail "left: $(ls)"

# Frames of one file are of one kind: where this revision gives a finished frame other bytes, nothing is added to it.
other=(--crystal.shape=tophat --sampling.oversample=24 --crystal.mosaic_domains=20 --output.images=expected)
for ranks in 0 3; do
    cp "$SOURCE/golden/earlier_files/other_bytes.nxs.partial" . && chmod u+w other_bytes.nxs.partial
    finished=$(began other_bytes.nxs.partial | head -n 2)
    code=0
    on_ranks $ranks "$TESSERA" simulate run.yaml "${other[@]}" --quiet --resume --output other_bytes.nxs > out 2> err || code=$?
    [ $code = 2 ] && grep -q 'other_bytes.nxs was begun by revision 8b22b0c51c70 .* frame 0 has other bytes' err ||
        fail "other bytes on $ranks: exit code $code: $(cat err)"
    [ "$(began other_bytes.nxs.partial | head -n 2)" = "$finished" ] || fail "other bytes on $ranks: finished frames have changed"
    [ "$(h5dump -y -w 1 -m %.9g -s 0,0,0 -c 2,20,24 -d /entry/data/data other_bytes.nxs.partial | md5sum)" = \
        "$(h5dump -y -w 1 -m %.9g -s 0,0,0 -c 2,20,24 -d /entry/data/data "$SOURCE/golden/earlier_files/other_bytes.nxs.partial" | md5sum)" ] ||
        fail "other bytes on $ranks: images of finished frames have changed"
    rm other_bytes.nxs.partial
done

# What the earlier revision chose by other rules is named, with what chooses it again.
cp "$SOURCE/golden/earlier_files/partial.nxs.partial" chosen.nxs.partial && chmod u+w chosen.nxs.partial
run "yaml of the partial" describe chosen.nxs.partial --yaml
grep -q 'automatic_law: ancestor' out || fail "the run file of an earlier file does not say by which law it was sampled"
rm chosen.nxs.partial

# The run file that a file gives renders its bytes.
run yaml describe complete.nxs --yaml
cp out again.yaml
run again simulate again.yaml --quiet --output again.nxs
same again.nxs

# Merge: old parts, and an old one with a new one.
run merge merge merged.nxs part_a.nxs part_b.nxs
same merged.nxs
run "new part" simulate run.yaml --quiet --frames 2:4 --output part_new.nxs
run "merge old and new" merge mixed.nxs part_a.nxs part_new.nxs
same mixed.nxs
run "merge new and old" merge mixed_2.nxs part_new.nxs part_a.nxs
same mixed_2.nxs

# Export, compare, compress; a compressed copy has its texts as files have them now.
for format in raw smv cbf png; do
    for file in complete today; do
        name=$file.$format
        [ $format != smv ] || name=${file}_1.img
        run "export $file as $format" export $file.nxs --frame 1 --format $format --output "$name"
    done
done
cmp complete.raw today.raw || fail "raw"
cmp complete.png today.png || fail "png"
cmp <(tail -c 1920 complete_1.img) <(tail -c 1920 today_1.img) || fail "smv"
run compare compare complete.nxs#1 today.nxs#1 --min-correlation 1 --max-sum-error 0
for file in complete rotation; do
    cp $file.nxs small.nxs
    run compress compress small.nxs --with deflate
    [ "$(images_of small.nxs)" = "$(images_of $file.nxs)" ] || fail "compress $file: other images"
    "$TOOLS/read_strings" small.nxs > out || fail "compress $file: texts: $(head -n 3 out)"
done
run describe describe rotation.nxs --json
finish
