#!/usr/bin/env bash
# Bad input ends with exit code 2 (3 for an output that cannot be written), one message that names the fault, nothing
# left on disk and no hang, without mpirun and on three ranks.
set -u
. "$SOURCE/tests/support/case.sh"
good=(--crystal.cell=50 --crystal.default_f=10 --detector.fast_pixels=16 --detector.slow_pixels=16)

check() { # check CODE PATTERN ARGUMENT...: of `tessera`; the pattern must be in its one message
    local code=$1 pattern=$2 ranks got
    shift 2
    for ranks in 0 3; do
        find . -mindepth 1 | sort > ../before
        # Open MPI 4.1's own end, when mpirun ends the job meanwhile, may crash on a busy machine: not three times in turn
        for try in 1 2 3; do
            got=0
            on_ranks $ranks timeout 60 "$TESSERA" "$@" > ../out 2> ../err || got=$?
            [ $ranks != 0 ] && [ $try != 3 ] && grep -q 'Process received signal' ../err || break
        done
        [ $got = "$code" ] || fail "exit code $got, not $code, on $ranks ranks: $* ($(grep tessera: ../err))"
        [ "$(grep -c '^tessera: error: ' ../err)" = 1 ] || fail "not one message on $ranks ranks: $*: $(cat ../err)"
        grep -Eq -- "$pattern" ../err || fail "no \"$pattern\" on $ranks ranks: $*: $(grep tessera: ../err)"
        ! grep -qiE 'MPI_ABORT|H5E|HDF5-DIAG|Segmentation|runtime error' ../err || fail "noise on $ranks ranks: $*: $(cat ../err)"
        find . -mindepth 1 | sort | diff ../before - > ../new || fail "left on disk by $*: $(cat ../new)"
    done
}
cases=0
refused() { # the same in a folder of its own, which holds the bad files
    cases=$((cases + 1))
    mkdir case_$cases && cp -r inputs case_$cases || fail "no folder for case $cases"
    later check_in case_$cases/inputs "$@"
}
check_in() { # check_in FOLDER CODE PATTERN ARGUMENT...
    cd "$1" || exit 1
    shift
    check "$@"
}
simulate_refused() { # the same for `tessera simulate` with a good crystal and detector
    local code=$1 pattern=$2
    shift 2
    refused "$code" "$pattern" simulate "${good[@]}" "$@" --output out.nxs
}
mkdir -p inputs && cd inputs || exit 1
printf '1 0 0 10\n0 1 0 20\n0 0 1\n' > truncated.hkl
printf '1 0 0 10\n0 x1 0 20\n' > letters.hkl
printf '1 0 0 10\n0 1.5 0 20\n' > fraction.hkl
printf '1 0 0 10\n1 0 0 11\n' > twice.hkl
printf '1 0 0 -10\n' > negative.hkl
printf '1 0 0 nan\n' > nan.hkl
printf '1 0 0 1e200\n' > overflow.hkl
printf '1 0 0 0\n0 1 0 0\n' > dark.hkl
printf '# nothing\n\n' > empty.hkl
printf '1 0 0 10\n\0\0\0' > binary.hkl
printf '900 0 0 10\n901 0 0 10\n' > outside.hkl
printf '1000000 0 0 1\n-1000000 1000000 0 1\n0 -1000000 1000000 1\n' > huge.hkl
printf '1 0 0\n0 1 0\n0 0\n' > short.mat
printf '1 0 0\n0 1 0\n0 0 0\n' > flat.mat
printf '0 0 0 1 1e-10\n' > origin.src
printf -- '-10 0 0 -1 1e-10\n' > weight.src
printf -- '-10 0 0 1e300\n' > heavy.src
printf -- '-1e300 0 0 1\n' > far.src
printf -- '-10 0 0 0\n-10 0 0.1 0\n' > weightless.src
printf 'detector:\n  distance: 100\n  pixle_size: 0.1\n' > misspelled.yaml
"${PYTHON:-/usr/bin/python3}" -c "print('beam:\n  fluence: ' + '[' * 300000)" > nested.yaml
"${PYTHON:-/usr/bin/python3}" -c "print('- ' * 300000)" > lists.yaml
"${PYTHON:-/usr/bin/python3}" -c "print('[' * 300000)" > lists.json
{ echo frame; for _ in {1..12}; do echo 0; done; } > crowd.csv # 12 crystals, each of which alone is accepted
printf 'detektor:\n  distance: 100\n' > section.yaml
printf 'detector:\n  distance: far\n' > type.yaml
printf 'detector:\n  distance: 100 deg\n' > unit.yaml
printf 'detector:\n  distance: 100\n  distance: 101\n' > duplicate.yaml
printf 'detector: {distance: [1, 2}\n' > syntax.yaml
printf 'just words\n' > words.yaml
printf 'beam.wavelength,beam.fluense\n1,1\n' > column.csv
printf 'q0,q1,q2,q3\n1,0,0,0\n0,0,0,0\n' > zero.csv
printf 'beam.wavelength\n1\n1.1\n' > two.csv
printf 'beam.wavelength\n1\nnan\n' > nan.csv
printf 'beam.wavelength,beam.fluence\n1,1\n1.1\n' > ragged.csv
printf 'beam.wavelength\n1 deg\n' > unit.csv
printf 'detector.fast_pixels\n20\n' > constant.csv
printf 'crystal.cell[3]\n90\n180\n' > cell.csv
printf 'sweep:\n  kind: list\n  file: two.csv\n  count: 3\n' > count.yaml
printf 'sweep:\n  kind: matrix\n  matrix:\n    beam.wavelenth: [1, 2]\n' > matrix.yaml
printf 'sweep:\n  kind: random\n  count: 1000000000000\n' > large.yaml
printf 'sweep:\n  draw:\n    beam.fluence: cauchy(1, 2)\n' > law.yaml
"${PYTHON:-/usr/bin/python3}" - << 'P' || exit 1
import h5py
with h5py.File("column.h5", "w") as f: f["beam.fluense"] = [1.0]
with h5py.File("zero.h5", "w") as f: f["quaternion"] = [[1.0, 0, 0, 0], [0, 0, 0, 0]]
with h5py.File("ragged.h5", "w") as f: f["beam.fluence"], f["beam.wavelength"] = [1.0, 2], [1.0]
with h5py.File("unit.h5", "w") as f:
    f["beam.wavelength"] = [1.0]
    f["beam.wavelength"].attrs["units"] = "deg"
with h5py.File("spectra.h5", "w") as f: f["energies"], f["weights"] = [1e4, 1.1e4], [[1.0, 1], [0, 1]]
P
cd ..

# sweeps
list_refused() { # list_refused PATTERN LIST
    simulate_refused 2 "$1" --sweep.kind=list --sweep.file="$2"
}
for format in csv h5; do
    list_refused "column.$format.*fluense.*did you mean \"beam.fluence\"" column.$format
    list_refused "unit.$format.*\"deg\" is no unit of length|unit.$format.*no unit of length" unit.$format
done
list_refused 'zero.csv:3: the quaternion 0 0 0 0 has length zero' zero.csv
list_refused 'zero.h5: row 1: the quaternion 0 0 0 0 has length zero' zero.h5
list_refused 'nan.csv:3: beam.wavelength is "nan"' nan.csv
list_refused 'ragged.csv:3: 1 cells' ragged.csv
list_refused 'ragged.h5: beam.wavelength has 1 rows' ragged.h5
list_refused 'constant.csv:1: detector.fast_pixels is the same in all frames' constant.csv
list_refused 'frame 1 of the sweep: crystal.cell' cell.csv
list_refused 'missing.csv.*No such file' missing.csv
simulate_refused 2 'give the list with sweep.file' --sweep.kind=list
simulate_refused 2 'sweep.file has no effect in a sweep of kind random' --sweep.kind=random --sweep.file=two.csv
simulate_refused 2 'spectra for 2 frames, and the sweep has 3' --sweep.kind=random --sweep.count=3 --beam.spectrum=spectra.h5
simulate_refused 2 'more than 1000000000 frames' --sweep.kind=grid --sweep.angle=0.001
refused 2 'count.yaml:4: sweep.count is 3, and .*two.csv has only 2 frames' simulate count.yaml "${good[@]}" --output out.nxs
refused 2 'matrix.yaml:3: .*beam.wavelenth.*did you mean "beam.wavelength"' simulate matrix.yaml "${good[@]}" --output out.nxs
refused 2 'large.yaml:3: sweep.count is "1000000000000"' simulate large.yaml "${good[@]}" --output out.nxs
refused 2 'varies part of crystal.cell' simulate --crystal.structure_factors="$SOURCE/golden/inputs/2erl_1p8A_C2.mtz" \
    --sweep.kind=matrix --sweep.matrix='crystal.cell[0]=50,60' --detector.fast_pixels=16 --detector.slow_pixels=16 --output out.nxs
refused 2 'law.yaml:2: the draw of beam.fluence is "cauchy' simulate law.yaml "${good[@]}" --output out.nxs

# files
simulate_refused 2 'missing.hkl.*No such file' --crystal.structure_factors=missing.hkl
simulate_refused 2 'truncated.hkl:3: 3 fields' --crystal.structure_factors=truncated.hkl
simulate_refused 2 'letters.hkl:2: field 2 is "x1"' --crystal.structure_factors=letters.hkl
simulate_refused 2 'fraction.hkl:2: Miller index k is 1.5' --crystal.structure_factors=fraction.hkl
simulate_refused 2 'twice.hkl:2: reflection 1 0 0' --crystal.structure_factors=twice.hkl
simulate_refused 2 'negative.hkl:1: F is -10' --crystal.structure_factors=negative.hkl
simulate_refused 2 'nan.hkl:1: field 4 is "nan"' --crystal.structure_factors=nan.hkl
simulate_refused 2 'overflow.hkl:1: F is 1e\+200' --crystal.structure_factors=overflow.hkl
refused 2 'dark.hkl: all its 2 structure factors are 0' simulate --crystal.cell=50 --crystal.structure_factors=dark.hkl --output out.nxs
simulate_refused 2 'empty.hkl has no reflection' --crystal.structure_factors=empty.hkl
simulate_refused 2 'binary.hkl:2: a zero byte' --crystal.structure_factors=binary.hkl
simulate_refused 2 'huge.hkl.*GiB' --crystal.structure_factors=huge.hkl
simulate_refused 2 'is not a file' --crystal.structure_factors=.
refused 2 'none of its 2 reflections reaches' simulate --crystal.cell=50 --crystal.structure_factors=outside.hkl --output out.nxs
refused 2 'short.mat has 8 numbers' simulate --crystal.matrix=short.mat --crystal.matrix_wavelength=1 --crystal.default_f=1 --output out.nxs
refused 2 'flat.mat.*one plane' simulate --crystal.matrix=flat.mat --crystal.matrix_wavelength=1 --crystal.default_f=1 --output out.nxs
simulate_refused 2 'origin.src:1:' --beam.sources=origin.src
simulate_refused 2 'weight.src:1: the weight is negative' --beam.sources=weight.src
simulate_refused 2 'heavy.src:1: the weight must be' --beam.sources=heavy.src
simulate_refused 2 'far.src:1: the source must be at most' --beam.sources=far.src
simulate_refused 2 'weight 0' --beam.sources=weightless.src

# run files
refused 2 'nested.yaml:2: more than 64 lists and mappings' simulate nested.yaml --output out.nxs
refused 2 'lists.yaml:1: more than 64 lists and mappings' simulate lists.yaml --output out.nxs
refused 2 'lists.json:1: more than 64 lists and mappings' compare --traces lists.json lists.json
refused 2 'frame 0 of the sweep: its crystals take 1.2e\+19 steps together; at most 1e\+18' simulate "${good[@]}" \
    --detector.fast_pixels=1 --detector.slow_pixels=1 --sampling.oversample=1000 --detector.sensor_thickness=100 \
    --detector.sensor_layers=100000 --sampling.phi_range=1 --sampling.phi_steps=10000000 --sweep.kind=list --sweep.file=crowd.csv \
    --output out.nxs
simulate_refused 2 'wavelengths, 2e\+10 sources; at most 1e\+08' --beam.divergence_horizontal=1 --beam.divergence_vertical=1 \
    --beam.divergence_steps_horizontal=100000 --beam.divergence_steps_vertical=100000 --beam.dispersion=1
refused 2 'misspelled.yaml:3: .*pixle_size.*did you mean "detector.pixel_size"' simulate misspelled.yaml --output out.nxs
refused 2 'section.yaml:1: .*detektor.*did you mean "detector"' simulate section.yaml --output out.nxs
refused 2 'type.yaml:2: detector.distance is "far"' simulate type.yaml --output out.nxs
refused 2 'unit.yaml:2: .*"deg" is no unit of length' simulate unit.yaml --output out.nxs
refused 2 'duplicate.yaml:3: detector.distance was already given at duplicate.yaml:2' simulate duplicate.yaml --output out.nxs
refused 2 'syntax.yaml:[12]: a list that does not end' simulate syntax.yaml --output out.nxs
refused 2 'words.yaml:1: a run file must hold sections' simulate words.yaml --output out.nxs
refused 2 'missing.yaml.*No such file' simulate missing.yaml --output out.nxs

# values
refused 2 'no cell has the angles 120, 130, 140' simulate --crystal.cell=50,60,70,120,130,140 --crystal.default_f=1 --output out.nxs
simulate_refused 2 'crystal.cell is "0"' --crystal.cell=0,50,50
simulate_refused 2 'crystal.cell is "-50"' --crystal.cell=-50
simulate_refused 2 'detector.fast_pixels is "0"' --detector.fast_pixels=0
simulate_refused 2 'detector.slow_pixels is "-16"' --detector.slow_pixels=-16
simulate_refused 2 'detector.distance is "0"' --detector.distance=0
simulate_refused 2 'beam.wavelength is "nan"' --beam.wavelength=nan
simulate_refused 2 'beam.wavelength is "inf"' --beam.wavelength=inf
simulate_refused 2 'beam.wavelength is "0x1"' --beam.wavelength=0x1
simulate_refused 2 'beam.wavelength is "1 2"' "--beam.wavelength=1 2"
simulate_refused 2 'crystal.cells is "1.5"' --crystal.cells=1.5
simulate_refused 2 'crystal.cells is "1,2,3,4"' --crystal.cells=1,2,3,4
simulate_refused 2 'GiB of memory' --detector.fast_pixels=1000000000 --detector.slow_pixels=1000000000
simulate_refused 2 'this node has' --detector.fast_pixels=900000 --detector.slow_pixels=900000
simulate_refused 2 'crystal.shape is "sqare".*did you mean "square"' --crystal.shape=sqare
simulate_refused 2 "crystal lies in the detector's plane.*pivot=sample" --detector.twotheta=90
simulate_refused 2 'roi 10,5,1,2 leaves no pixel' --detector.roi=10,5,1,2
simulate_refused 2 'steps for each frame' --sampling.oversample=1000 --detector.sensor_thickness=100 --detector.sensor_layers=100000 --beam.dispersion=1 --beam.dispersion_steps=100000
simulate_refused 2 'phi_step is 0.1 and there is no range' --sampling.phi_step=0.1
simulate_refused 2 'do not make up the range of 1 degrees' --sampling.phi_range=1 --sampling.phi_step=0.1 --sampling.phi_steps=5
simulate_refused 2 'trace_pixel 3,auto is no pixel' --trace-pixel 3,auto
simulate_refused 2 'no cell has the angles 90, 90, 450' --crystal.cell=50,50,50,90,90,450
simulate_refused 2 'both given' --beam.wavelength=1 --beam.energy=12000
simulate_refused 2 'run.frames is "3:2"' --sweep.kind=random --sweep.count=9 --frames 3:2
simulate_refused 2 'run.frames is "0:10"' --sweep.kind=random --sweep.count=9 --frames 0:10
simulate_refused 2 'sweep.count is "1000000000000"' --sweep.kind=random --sweep.count=1000000000000
refused 2 'there is no crystal' simulate --crystal.default_f=1 --output out.nxs
refused 2 'no structure factors' simulate --crystal.cell=50 --output out.nxs
refused 2 'nowhere to write' simulate "${good[@]}"

# options
simulate_refused 2 'no parameter "detector.distanse".*did you mean "detector.distance"' --detector.distanse=100
simulate_refused 2 '"--outptu".*did you mean "--output"' --outptu
simulate_refused 2 '"--outptu".*did you mean "--output"' --outptu=out.nxs
simulate_refused 2 '"--distanse".*did you mean "--detector.distance=VALUE"' --distanse=100
simulate_refused 2 'mpirun -n N starts N ranks' --ranks 4
simulate_refused 2 'no option "-lambda"' -lambda 1
refused 2 'no command "simulte".*did you mean "simulate"' simulte
refused 2 'no option "-lamda".*did you mean "-lambda"' nanobragg -cell 50 50 50 90 90 90 -default_F 1 -lamda 1 -floatfile f.bin
refused 2 '-lambda needs 1 value' nanobragg -cell 50 50 50 90 90 90 -default_F 1 -lambda

# the output, in one folder, one after the other
wait
cd inputs || exit 1
check 3 'no/such/folder' simulate "${good[@]}" --output no/such/folder/out.nxs
echo precious > out.nxs
check 2 'out.nxs exists' simulate "${good[@]}" --output out.nxs
[ "$(cat out.nxs)" = precious ] || fail "an existing output was changed"
rm out.nxs
echo precious > out.nxs.partial
check 2 'out.nxs.partial' simulate "${good[@]}" --output out.nxs
check 2 'out.nxs.partial' simulate "${good[@]}" --output out.nxs --resume
[ "$(cat out.nxs.partial)" = precious ] || fail "an existing .partial was changed"
rm out.nxs.partial
# more combinations than a value has room for: the way out is named
many=$(seq -s, 1 400)
check 2 'sweep.matrix has 1504 characters; the most is 1023.*sweep.kind=list.*sweep.file' simulate "${good[@]}" --sweep.kind=matrix --sweep.matrix="beam.fluence=$many" --output out.nxs
for text in "'beam.fluence=$many'" "{beam.fluence: [$many]}" "{beam.fluence: '$many'}" "{beam.fluence: '${many:0:800}', beam.exposure: '${many:0:800}'}"; do
    printf 'sweep:\n  kind: matrix\n  matrix: %s\n' "$text" > many.yaml
    check 2 'many.yaml:3: .*1023.*sweep.file' simulate many.yaml "${good[@]}" --output out.nxs
done
rm many.yaml
if [ "$(id -u)" != 0 ]; then # root may write anywhere
    mkdir locked && chmod a-w locked
    check 3 'locked' simulate "${good[@]}" --output locked/out.nxs
    chmod u+w locked
elif mkdir -p /proc/self/fd/tessera 2> /dev/null; then
    fail "a folder could be made in /proc"
else # where not even root may write
    check 3 '/proc/self' simulate "${good[@]}" --output /proc/self/out.nxs
fi
finish
