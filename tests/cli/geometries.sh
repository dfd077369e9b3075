#!/usr/bin/env bash
# Geometries of DIALS, CrystFEL and NXmx: every panel lies where numpy puts it, to 1e-9 mm; damaged and impossible ones
# are refused with exit code 2, the file, the line or path, the value and a remedy.
set -u
. "$SOURCE/tests/support/case.sh"
python=${PYTHON:-/usr/bin/python3}

$python "$SOURCE/tests/support/make_geometries.py" . || fail "the geometries"
$python "$SOURCE/tests/support/check_geometries.py" "$TESSERA" . > log || fail "positions: $(cat log)"
for form in geom expt; do
    $python "$SOURCE/tests/support/check_geometries.py" "$TESSERA" . $form > log || fail "through $form: $(cat log)"
done
rm through.*

refused() { # refused NAME PATTERN FILE [OPTION...]
    local name=$1 pattern=$2 code=0
    shift 2
    "$TESSERA" describe --geometry "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat out err)"
    [ ! -s out ] || fail "$name: printed $(cat out)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$name: message: $(cat err)"
}

# ---- DIALS
expt() { # expt NAME PYTHON: writes NAME.expt, levels64.expt with d, its detector, changed
    $python - "$1" "$2" << 'P' || fail "$1"
import json, sys
e = json.load(open("levels64.expt"))
d = e["detector"][0]
exec(sys.argv[2])
json.dump(e, open(sys.argv[1] + ".expt", "w"), indent=1)
P
}
bar='d["hierarchy"]["children"][0]["children"][1]["children"]'
expt missing 'del d["panels"][3]["slow_axis"]'
refused "missing key" 'missing.expt:[0-9]*: "detector/0/panels/3/slow_axis" is missing' missing.expt
expt twice "$bar.append({'panel': 2})"
refused "panel twice" '"detector/0/hierarchy/children/0/children/1/children/8/panel" is 2, which the hierarchy holds already' twice.expt
expt unused "$bar.pop()"
refused "unused panel" '"detector/0/panels/15" stands in no group' unused.expt
expt beyond "${bar}[0]['panel'] = 64"
refused "index" 'children/0/panel" is 64; the detector has the panels 0 to 63' beyond.expt
expt nan 'd["panels"][0]["origin"][2] = float("nan")'
refused "not finite" '"detector/0/panels/0/origin/2" is NaN; it must be a finite number' nan.expt
expt skew 'd["panels"][5]["slow_axis"] = [0.1, 0.995, 0]'
refused "skew axes" '"detector/0/panels/5/slow_axis" is not at right angles' skew.expt
expt overlap 'for i, p in enumerate(d["panels"]): p["raw_image_offset"] = [0, 79 * i]'
refused "overlap" 'panels "b0k0" and "b0k1" overlap at pixel fast 0, slow 79' overlap.expt
expt flat 'd["panels"][0]["image_size"] = [60, 0]'
refused "no pixels" '"detector/0/panels/0/image_size" must be two whole numbers' flat.expt
expt plane 'd["panels"][0]["origin"] = [0, 0, 0]; d["hierarchy"]["children"][0]["origin"] = d["hierarchy"]["children"][0]["children"][0]["origin"] = [0, 0, 0]'
refused "plane" 'panel "b0k0" lies in a plane that meets the crystal' plane.expt
expt pickle 'e["imageset"][0]["mask"] = "pixels.mask"'
refused "pickled mask" "its mask pixels.mask is a pickle.*numpy.save.*detector.mask" pickle.expt
"$TESSERA" describe pickle.expt --without-masks > out || fail "without masks"
expt detector 'e["experiment"][0]["detector"] = 1'
refused "detector" '"experiment/0/detector" is 1; the file has 1 of them' detector.expt
expt two 'e["detector"].append(d); e["experiment"].append(dict(e["experiment"][0], detector=1))'
refused "two detectors" "detectors 0 and 1.*dials.split_experiments" two.expt
head -c 5000 levels64.expt > cut.expt
refused "cut file" 'cut.expt:[0-9]*: this is no JSON' cut.expt
echo '[{"__id__": "DataBlock"}]' > old.json
refused "datablock" 'datablock of old DIALS' old.json

# ---- CrystFEL
geom() { # geom NAME SED: cspad.geom, changed
    sed "$2" cspad.geom > "$1.geom"
}
geom missing '/^q1a3\/corner_x/d'
refused "missing corner" 'missing.geom:[0-9]*: panel "q1a3" has no corner_x; give it as q1a3/corner_x' missing.geom
geom place 's|^clen.*|clen = /LCLS/detector/z mm|'
refused "place of clen" 'clen "/LCLS/detector/z mm", a place in the image files.*detector.clen' place.geom
geom overlap 's|^q0a1/min_fs = 194|q0a1/min_fs = 193|'
refused "overlap" 'panels "q0a0" and "q0a1" overlap at pixel fast 193, slow 0' overlap.geom
geom inf 's|^q0a1/corner_y = .*|q0a1/corner_y = inf|'
refused "not finite" 'inf.geom:[0-9]*: corner_y is "inf"; it must be a finite number' inf.geom
geom group 's|^group_all = q0,|group_all = q7,|'
refused "unknown group" 'the group "all" holds "q7", which is no panel and no group before it' group.geom
geom cycle 's|^group_q0 = q0a0,|group_q0 = q0,|'
refused "cyclic group" 'the group "q0" holds "q0", which is no panel and no group before it' cycle.geom
geom region 's|^bad_corner/panel = q0a0|bad_corner/panel = q9|'
refused "region of no panel" 'bad region "bad_corner" is of panel "q9"' region.geom
geom mixed 's|^bad_beam/min_x|bad_beam/min_fs|'
refused "mixed region" 'bad region "bad_beam" must have min_fs, max_fs, min_ss and max_ss' mixed.geom
geom parallel 's|^q2a2/ss = .*|q2a2/ss = 1.0x|; s|^q2a2/fs = .*|q2a2/fs = 1.0x|'
refused "parallel axes" 'panel "q2a2" has an fs and ss that are not nearly of length 1 and at right angles' parallel.geom
refused "parallel axes, exact" 'panel "q2a2" has a fast and a slow axis that are nearly parallel' parallel.geom --detector.panel_axes=exact
geom direction 's|^q2a2/ss = .*|q2a2/ss = 1.0w|'
refused "direction" 'ss is "1.0w"; it must be a direction' direction.geom
echo 'res = 1' > none.geom
refused "no panel" 'has no panel' none.geom
refused "axes" 'panel_axes is "skew"' cspad.geom --detector.panel_axes=skew
sed 's|^dim0|coffest = 3\n&|' cspad.geom > typo.geom
"$TESSERA" describe typo.geom > out || fail "typo"
grep -q '^note: typo.geom:[0-9]*: the key "coffest" is not known; did you mean "coffset"?' out || fail "typo: $(cat out)"
"$TESSERA" describe --geometry jungfrau.geom --detector.clen=95.3 > out || fail "jungfrau"
grep -q '^note: .*brought to right angles.*moved most, [0-9.]* pixels' out || fail "note: $(cat out)"
rm bad.h5
refused "mask not there" 'names the mask bad.h5: .*give detector.mask' jungfrau.geom --detector.clen=95.3
$python -c 'import h5py, numpy; h5py.File("bad.h5", "w")["mask"] = numpy.ones((512, 1030), "u1")'
refused "mask of another detector" 'mask of another detector' jungfrau.geom --detector.clen=95.3

# ---- XDS
xds() { # xds NAME LINE TEXT: segments.XDS with a line replaced
    sed "$2s/.*/$3/" segments.XDS > "$1.XDS"
}
head -n 9 segments.XDS > cut.XDS
refused "cut file" 'cut.XDS ends where an axis of the detector should follow; is it cut?' cut.XDS
xds short 3 '0.97 0 0'
refused "missing number" 'short.XDS:3: there are 3 numbers where the line of the beam: wavelength, direction should be, which is 4' short.XDS
xds word 2 '7 12.5 x 1 0 0'
refused "no number" 'word.XDS:2: .*"x' word.XDS
xds still 2 '7 12.5 0.25 0 0 0'
refused "no axis" 'still.XDS:2: the rotation axis has no direction' still.XDS
xds along 2 '7 12.5 0.25 0 0 1'
sed -i '3s/.*/0.97 0 0 1/' along.XDS
refused "beam along the axis" 'along.XDS:3: the beam is along the rotation axis' along.XDS
xds flat 7 '57.3 61.9 0'
sed -i '5s/.*/1 0 0/; 6s/.*/0 1 0/; 7s/.*/1 1 0/' flat.XDS
refused "flat crystal" 'flat.XDS:7: the axes of the crystal lie in one plane' flat.XDS
xds part 8 '6.5 400 330 0.172 0.15'
refused "segments" 'part.XDS:8: the number of segments is 6.5; it must be a whole number from 1 on' part.XDS
xds skew 11 '0.5 0.8 0'
refused "skew axes" 'skew.XDS:11: X and Y axis of the detector are not at right angles' skew.XDS
xds left 12 "$(sed -n 12p segments.XDS | awk '{print -$1, -$2, -$3}')"
refused "left-handed axes" 'left.XDS:12: the third axis of the detector is not X x Y' left.XDS
xds wide 13 '1 1 401 1 100'
refused "segment too wide" 'wide.XDS:13: the segment reaches beyond NX or NY' wide.XDS
xds overlap 15 '2 195 389 1 100'
refused "overlap" 'panels "segment 1" and "segment 2" overlap at pixel fast 194, slow 0' overlap.XDS

# ---- NXmx
nexus() { # nexus NAME PYTHON: tilted4.nxs with d, its detector, changed
    cp tilted4.nxs "$1.nxs"
    $python - "$1" "$2" << 'P' || fail "$1"
import h5py, sys
with h5py.File(sys.argv[1] + ".nxs", "r+") as f:
    d = f["entry/instrument/ELE_D0"]
    t = d["transformations"]
    exec(sys.argv[2])
P
}
nexus circle 't["m2_offset"].attrs["depends_on"] = "m2_rotation"'
refused "circle" 'circle.nxs: the chain of transformations .* does not end' circle.nxs
nexus nowhere 't["m2_offset"].attrs["depends_on"] = "gone"'
refused "depends on nothing" 'm2_offset depends on "gone", which is not there' nowhere.nxs
nexus unit 't["m1_rotation"].attrs["units"] = "furlong"'
refused "unit" 'm1_rotation is "furlong"; it must be one of length or angle' unit.nxs
nexus nan 't["m1_offset"][0] = float("nan")'
refused "not finite" 'm1_offset is not a finite number' nan.nxs
nexus gone 'del d["p3/slow_pixel_direction"]'
refused "no axis" 'it has no .*p3/slow_pixel_direction' gone.nxs
nexus overlap 'd["p1/data_origin"][0] = 127'
refused "overlap" 'panels "p0" and "p1" overlap at pixel fast 0, slow 127' overlap.nxs
nexus modules 'for k in range(4): del d[f"p{k}"]'
refused "no module" 'has no NXdetector_module.*dials.import' modules.nxs
echo "what is this" > text
refused "no geometry" 'text is no geometry: it must be an .expt of DIALS, a .geom of CrystFEL, an XPARM.XDS or an NXmx file' text
refused "no file" 'gone.geom: No such file' gone.geom
