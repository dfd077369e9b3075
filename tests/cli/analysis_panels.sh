#!/usr/bin/env bash
# The programs of analysis/ on a detector of four tilted panels: spots are where the model has them, F^2 comes out on the absolute scale,
# panels are drawn where they are, rings are where Bragg's law has them, and a panel that moved by a micrometre is a difference.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
"$python" "$SOURCE/tests/support/make_geometries.py" . || fail geometries
run=("$TESSERA" simulate "${gauss_case[@]:0:2}" "--crystal.cells=12,28,28" --crystal.shape=gauss --beam.wavelength=1.2 --beam.fluence=1e28 --beam.polarization=0.9
    "--beam.direction=0,0,-1" "--beam.polarization_axis=0.8,0.6,0" --sampling.oversample=3 --output.images=both --quiet --sampling.phi_steps=40)
"${run[@]}" --detector.panels=tilted4.expt --sweep.kind=rotation --sweep.count=12 --sweep.width=1 --output panels.nxs || fail simulate
analysis show_frame panels.nxs --frame 3 --resolution-rings --predicted
picture panels_frame_3.png 1200 1200
analysis show_frame panels.nxs --frame 3 --spots 9 --predicted --output spots.png
picture spots.png 900 1056
analysis show_frame panels.nxs --frame 3 --zoom 128,64 --resolution-rings --predicted --output zoom.png
analysis sweep_report panels.nxs --output report.html
[ "$(grep -c '<img' report.html)" -ge 4 ] || fail "report: $(grep -c '<img' report.html) pictures"
analysis training_set panels.nxs --output training --spots --images expected
analysis merge_frames panels.nxs --images expected --shells 2
analysis compare_sweeps panels.nxs panels.nxs
"$python" - << 'P' || fail "a moved panel"
import json
e = json.load(open("tilted4.expt"))
e["detector"][0]["panels"][2]["origin"][0] += 1e-3
json.dump(e, open("moved.expt", "w"))
P
"${run[@]}" --detector.panels=moved.expt --sweep.kind=rotation --sweep.count=12 --sweep.width=1 --output moved.nxs || fail simulate
refused_code=0
"$python" "$SOURCE/analysis/compare_sweeps.py" panels.nxs moved.nxs --min-correlation 0 --max-sum-error 1 > out 2> err || refused_code=$?
[ $refused_code = 1 ] && grep -q 'corner .*beyond' out || fail "a moved panel: exit code $refused_code: $(cat out err)"
analysis merge_frames panels.nxs --images expected --shells 2
"$python" - << 'P' || fail "spots and factors: $(cat out)"
import h5py, json, sys
import numpy as np
from show_frame import several_panels, strongest_spots, view_of
from spot_model import SpotModel
from tessera_file import Sweep, spacings_of_pixels
number, correlation, scale = [row.split() for row in open("out") if row.split()[0] == "all"][0][1:4]
assert int(number) >= 20 and float(correlation) > 0.999 and abs(float(scale) - 1) < 0.005, (number, correlation, scale)
places = [(first, points) for first, _, points in json.load(open("expected.json"))["tilted4.expt"]["panels"].values()]
with Sweep("panels.nxs", "expected") as sweep, h5py.File("training/shard_00000.h5") as training:
    panels = several_panels(sweep.file)
    assert len(panels) == 4
    d = spacings_of_pixels(panels, 1.2, sweep.good.shape)
    for panel, (first, points) in zip(panels, places):
        f, s = np.array(first)[:, None] + np.array([p[:2] for p in points]).T
        xyz = np.array([p[2:] for p in points])
        assert np.abs(panel.place(f, s) * 1e3 * (-1, 1, -1) - xyz).max() < 1e-9  # expected.json has DIALS' frame, in mm
        assert np.abs(np.stack(view_of(panel, f, s), axis=1) - xyz[:, :2]).max() < 1e-9
        theta = np.arccos(-xyz[1, 2] / np.linalg.norm(xyz[1])) / 2  # the second point is the first pixel's centre
        assert abs(d[first[1], first[0]] * 2 * np.sin(theta) / 1.2 - 1) < 1e-9
    spots, image, labels = SpotModel(sweep).predict(3), sweep.frame(3), training["labels"]
    own = labels["spots"][labels["spots_begin"][3]:labels["spots_end"][3]]
    assert sorted(own["panel"]) == sorted(SpotModel(sweep).predict(3, 2.0).panel) and set(own["panel"]) <= {0, 1, 2, 3}
    offsets = []
    for slow, fast in strongest_spots(sweep, 3, 60):
        near = np.flatnonzero(np.hypot(spots.fast - fast, spots.slow - slow) < 4)
        slow0, slow1, fast0, fast1 = panels[spots.panel[near[0]]].window if near.size == 1 else (0, 0, 0, 0)
        if fast0 + 5 <= fast < fast1 - 5 and slow0 + 5 <= slow < slow1 - 5 and image[slow, fast] > 1e-3 * image.max():
            part = image[slow - 4:slow + 5, fast - 4:fast + 5].astype(float)
            rows, columns = np.mgrid[slow - 4:slow + 5, fast - 4:fast + 5] + 0.5
            offsets.append(np.hypot((part * columns).sum() / part.sum() - spots.fast[near[0]],
                                    (part * rows).sum() / part.sum() - spots.slow[near[0]]))
    # the model has a plane for the Ewald sphere, which moves spots of a turning crystal by 0.2 mrad; a pixel is 1 mrad
    assert len(offsets) >= 6 and max(offsets) < 0.3, offsets
P
finish
