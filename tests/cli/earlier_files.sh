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
[ -z "$(find . ! -name 'old_names*' -name '*.undo' -o ! -name 'old_names*' -name '*.partial*')" ] || fail "left: $(ls)"

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
grep -q 'automatic_rule: nanobragg' out || fail "the run file of an earlier file does not say by which law it was sampled"
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

# Names and words that have changed since: a run file with the new ones goes on with what the old ones began, parts of both
# merge, also where the sweep varies them, and what is written has the new ones.
sed 's/dispersion_law/dispersion_points/; s/cell_law/cell_model/; s/spot_law/spot_model/; s/mosaic_law/mosaic_model/; s/crystal.fudge/crystal.spot_sharpness/
    s/ancestor/nanobragg/' old_names.yaml > new_names.yaml
cmp -s old_names.yaml new_names.yaml && fail "new_names.yaml has the old names"
run "old names" simulate old_names.yaml --quiet --output old_today.nxs
run "new names" simulate new_names.yaml --quiet --output new_today.nxs
photons_of() { "$TOOLS/dataset_sha256" "$1" /entry/data/data; }
reference=$(photons_of new_today.nxs)
same_photons() { [ "$(photons_of "$1")" = "$reference" ] || fail "$1: other images"; }
same_photons old_today.nxs
for names in old new; do
    cp old_names.nxs.partial resumed.nxs.partial
    run "resume by $names names" simulate ${names}_names.yaml --quiet --resume --run.verify=true --output resumed.nxs
    same_photons resumed.nxs
    rm resumed.nxs
    run "part by $names names" simulate ${names}_names.yaml --quiet --frames 2:4 --output part_by_$names.nxs
    for parts in "old_names_a.nxs part_by_$names.nxs" "part_by_$names.nxs old_names_a.nxs"; do
        # shellcheck disable=SC2086 # two names
        run "merge $parts" merge merged_names.nxs $parts
        same_photons merged_names.nxs
        for name in fudge spot_sharpness; do
            column=/entry/simulation/frames/crystal.$name
            h5dump -H -d $column merged_names.nxs > /dev/null 2>&1 || continue
            [ "$(h5dump -y -w 1 -m %g -d $column merged_names.nxs | tr -d ' ,' | grep -xE '[0-9.]+' | tr '\n' ' ')" = '0.5 2 0.5 2 ' ] ||
                fail "merge $parts: $column"
        done
        rm merged_names.nxs
    done
done
code=0
cp old_names.nxs.partial other.nxs.partial
"$TESSERA" simulate new_names.yaml --quiet --resume --output other.nxs --crystal.spot_model=isotropic > out 2> err || code=$?
[ $code = 2 ] && grep -q 'crystal.spot_model is "ancestor" in the file and "isotropic" now' err || fail "another model: exit code $code: $(cat err)"
rm other.nxs.partial
for file in old_names_a old_today new_today; do
    run "yaml of $file" describe $file.nxs --yaml
    ! grep -E '_law|fudge|ancestor' out || fail "the run file of $file has old names"
    cp out again.yaml
    run "again of $file" simulate again.yaml --quiet --overwrite --frames 0:2 --output again.nxs
    [ "$(photons_of again.nxs)" = "$(photons_of old_names_a.nxs)" ] || fail "the run file of $file: other images"
done
h5dump -n old_today.nxs > out
! grep -E '_law|fudge' out || fail "a new file has old names"
finish
