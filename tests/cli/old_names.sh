#!/usr/bin/env bash
# Old names of parameters, and old words, are read wherever the new ones are and mean the same: on the command line, in run
# files, matrices, draws and lists. Messages say the name that was typed; both names in one place are refused.
set -u
. "$SOURCE/tests/support/case.sh"
good=(--crystal.cell="50,60,70" --crystal.default_f=10 --crystal.cells=5 --crystal.shape=gauss --detector.fast_pixels=12
    --detector.slow_pixels=10 --detector.pixel_size=2 --sampling.oversample=2 --crystal.mosaic_spread=1 --crystal.mosaic_domains=3)
sha() { "$TOOLS/dataset_sha256" "$1" /entry/data/data; }
same() { # same NAME OLD... -- NEW...: both give one image
    local name=$1 old=()
    shift
    while [ "$1" != -- ]; do old+=("$1"); shift; done
    shift
    rm -f old.nxs new.nxs
    "$TESSERA" simulate "${old[@]}" "${good[@]}" --quiet --output old.nxs 2> err || fail "$name, old: $(cat err)"
    "$TESSERA" simulate "$@" "${good[@]}" --quiet --output new.nxs 2> err || fail "$name, new: $(cat err)"
    [ "$(sha old.nxs)" = "$(sha new.nxs)" ] || fail "$name: other images"
}
refused() { # refused TEXT ARGUMENT...: exit code 2 and that text
    local words=$1 code=0
    shift
    "$TESSERA" plan "$@" > out 2> err || code=$?
    [ $code = 2 ] && grep -qF -- "$words" err || fail "exit code $code, not 2 with \"$words\": $*: $(cat err)"
}
same "command line" --crystal.fudge=2 --crystal.mosaic_law=ancestor -- --crystal.spot_sharpness=2 --crystal.mosaic_model=nanobragg
[ "$(sha old.nxs)" != "$("$TESSERA" simulate "${good[@]}" --quiet --output plain.nxs && sha plain.nxs)" ] || fail "neither has an effect"
printf 'crystal: {fudge: 2, mosaic_law: ancestor, spot_law: ancestor}\n' > old.yaml
printf 'crystal: {spot_sharpness: 2, mosaic_model: nanobragg, spot_model: nanobragg}\n' > new.yaml
same "run file" old.yaml -- new.yaml
same "a run file that the command line overrides" old.yaml --crystal.spot_sharpness=3 -- new.yaml --crystal.fudge=3
matrix=(--sweep.kind=matrix)
same matrix "${matrix[@]}" '--sweep.matrix=crystal.mosaic_law=ancestor,cap;crystal.fudge=1,2' -- \
    "${matrix[@]}" '--sweep.matrix=crystal.mosaic_model=nanobragg,cap;crystal.spot_sharpness=1,2'
same draw --sweep.count=2 '--sweep.draw=crystal.fudge=uniform(1,2)' -- --sweep.count=2 '--sweep.draw=crystal.spot_sharpness=uniform(1,2)'
printf 'crystal.fudge,crystal.mosaic_law\n1,ancestor\n2,cap\n' > old.csv
printf 'crystal.spot_sharpness,crystal.mosaic_model\n1,nanobragg\n2,cap\n' > new.csv
same list --sweep.kind=list --sweep.file=old.csv -- --sweep.kind=list --sweep.file=new.csv

refused 'command line: crystal.fudge is "0"; it must be from' "${good[@]}" --crystal.fudge=0
refused 'command line: crystal.mosaic_law is "flat"; it must be one of: gaussian cap nanobragg' "${good[@]}" --crystal.mosaic_law=flat
refused 'sampling.phi_law is "left"; it must be one of' "${good[@]}" --sampling.phi_law=left
refused 'crystal.fudge and crystal.spot_sharpness are two names of one parameter; keep one' "${good[@]}" --crystal.fudge=2 --crystal.spot_sharpness=2
refused 'crystal.spot_sharpness and crystal.fudge are two names of one parameter; keep one' "${good[@]}" --crystal.spot_sharpness=2 --crystal.fudge=2
printf 'crystal:\n  fudge: 2\n  spot_sharpness: 3\n' > both.yaml
refused 'both.yaml:3: crystal.spot_sharpness was already given at both.yaml:2, as crystal.fudge; keep one' both.yaml "${good[@]}"
refused 'the sweep sets crystal.spot_sharpness twice' "${good[@]}" "${matrix[@]}" '--sweep.matrix=crystal.fudge=1,2;crystal.spot_sharpness=1,2'
refused 'the sweep sets crystal.fudge twice' "${good[@]}" "${matrix[@]}" '--sweep.matrix=crystal.spot_sharpness=1,2' '--sweep.draw=crystal.fudge=uniform(1,2)'
printf 'crystal.fudge,crystal.spot_sharpness\n1,1\n' > both.csv
refused 'both.csv:1: column 2, crystal.spot_sharpness, is another name of an earlier one' "${good[@]}" --sweep.kind=list --sweep.file=both.csv
printf 'crystal.fudge\n-1\n' > low.csv
refused 'low.csv:2: crystal.fudge is "-1"; it must be from' "${good[@]}" --sweep.kind=list --sweep.file=low.csv
refused 'crystal.fudge is "-1"; it must be from' "${good[@]}" "${matrix[@]}" --sweep.matrix=crystal.fudge=-1
refused 'detector.mask_law' "${good[@]}" --detector.mask_law=good
printf -- '-10 0 0 1 1e-10\n' > one.source
refused 'beam.dispersion_points (sweep.matrix) and beam.sources' "${good[@]}" --beam.sources=one.source "${matrix[@]}" \
    --sweep.matrix=beam.dispersion_law=midpoint,endpoints

"$TESSERA" plan "${good[@]}" --crystal.shape=square --crystal.fudge=2 > out 2>&1 || fail "$(cat out)"
grep -q 'crystal.fudge has no effect: needs a crystal.shape other than square' out || fail "no remark: $(cat out)"
"$TESSERA" nanobragg -cell 50 60 70 90 90 90 -default_F 10 -N 5 -detpixels 12 -pixel 2 -fudge 2 -gauss_xtal -floatfile a.bin \
    -nonoise -nopgm -intfile a.img --crystal.fudge=3 > out 2>&1 || fail "an old name behind nanoBragg's options: $(cat out)"
finish
