#!/usr/bin/env bash
# Two parameters that say the same thing: plan and simulate stop and name both, however they were given and also where a
# sweep varies one; the same parameter twice is one; `tessera nanobragg` goes on as nanoBragg does, and says so.
set -u
. "$SOURCE/tests/support/case.sh"
good=(--crystal.cell="50,60,70" --crystal.default_f=10 --detector.pixel_size=2)
printf '9000 1\n9100 2\n' > two.spectrum
printf -- '-10 0 0 1 1e-10\n' > one.source
printf '0 2\n0.5 1\n' > water.table
printf '0.02 0 0\n0 0.02 0\n0 0 0.02\n' > cubic.mat
smv() { # smv FILE KEY=VALUE...
    local file=$1
    shift
    { printf '{\nHEADER_BYTES=  512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=8;\nSIZE2=8;\n'
        printf '%s;\n' "$@"
        printf '}\n'; } > "$file"
    truncate -s $((512 + 128)) "$file"
}
smv head.img WAVELENGTH=0.9
"${PYTHON:-/usr/bin/python3}" "$SOURCE/tests/support/make_panels.py" . || fail "the panels"
value_of() { # value_of SECTION.NAME: one that is allowed
    case $1 in
    beam.spectrum | crystal.model | crystal.structure_factors) echo two.spectrum ;;
    beam.sources) echo one.source ;;
    beam.energy) echo 9000 ;;
    beam.energy_constant) echo 12398.5 ;;
    beam.*_points) echo midpoint ;;
    beam.divergence_shape) echo round ;;
    background.file) echo water.table ;;
    crystal.matrix) echo cubic.mat ;;
    crystal.random_misset) echo true ;;
    crystal.cell) echo 50,50,50,90,90,90 ;;
    crystal.misset) echo 1,2,3 ;;
    detector.sensor_material) echo Si ;;
    detector.panels) echo plane.expt ;;
    detector.convention) echo xds ;;
    detector.closest_rule) echo middle ;;
    detector.pivot) echo sample ;;
    detector.curved) echo true ;;
    detector.header) echo head.img ;;
    detector.rotation | detector.*_vector | detector.twotheta_axis) echo 1,2,3 ;;
    detector.pixel0) echo 0.1,-0.02,0.03 ;;
    detector.beam_centre | detector.origin | detector.closest_point) echo 20,30 ;;
    *) echo 3 ;;
    esac
}
varying() { # varying SECTION.NAME: as sweep.matrix says it
    case $1 in
    crystal.random_misset) echo "$1=true,false" ;;
    detector.closest_rule) echo "$1=middle,beam" ;;
    detector.pivot) echo "$1=sample,beam" ;;
    crystal.misset | crystal.cell | detector.rotation | detector.beam_centre | detector.origin | detector.closest_point | detector.pixel0)
        echo "$1[0]=0.03,0.04" ;;
    beam.energy_constant) echo "$1=12398.5,12398.6" ;;
    beam.*_points) echo "$1=midpoint,endpoints" ;;
    beam.divergence_shape) echo "$1=round,square" ;;
    *) echo "$1=$(value_of "$1"),4" ;;
    esac
}
refused() { # refused ONE OTHER ARGUMENT...: with exit code 2, and both names in the one message
    local one=$1 other=$2 got=0
    shift 2
    "$TESSERA" "$@" > out 2> err || got=$?
    [ $got = 2 ] || fail "exit code $got, not 2: $*: $(cat err)"
    grep -q "$one (.*) and .*$other (.*) are both given\|$other (.*) and .*$one (.*) are both given" err ||
        fail "no word of $one and $other: $*: $(cat err)"
}
rows() { # the table, a row a line
    sed -e '1,/\*\//d' -e '/^\/\*.*\*\/$/d' "$SOURCE/include/core/parameters/parameters.def" | tr '\n' ' ' | sed 's/PARAMETER_[A-Z]*(/\n&/g'
}
pairs=0 sweeps=0
while read -r one other where; do
    pairs=$((pairs + 1))
    a=--$one=$(value_of "$one") b=--$other=$(value_of "$other")
    case $one in
    crystal.cell) own=("$b" --crystal.matrix_wavelength=1 --crystal.default_f=10 --detector.pixel_size=2) ;;
    detector.panels) own=("${good[@]:0:2}") ;; # one rival alone
    *) own=("${good[@]}") ;;
    esac
    if [ "$where" != YIELDS_TO_IN_SWEEP ]; then
        refused "$one" "$other" plan "${own[@]}" "$a" "$b"
        printf '%s:\n  %s: %s\n' "${one%%.*}" "${one#*.}" "$(value_of "$one")" > run.yaml
        refused "$one" "$other" simulate run.yaml "${own[@]}" "$b" --output out.nxs
        grep -q 'run.yaml:2' err && grep -q 'command line' err || fail "no origins of $one and $other: $(cat err)"
        [ ! -e out.nxs ] && [ ! -e out.nxs.partial ] || fail "$one and $other left a file"
    fi
    for pair in "$one $other" "$other $one"; do
        read -r varied fixed <<< "$pair"
        rows | grep -q "^[A-Z_]*(${varied%%.*}, ${varied#*.},.*, VARIES" || continue
        sweeps=$((sweeps + 1))
        refused "$one" "$other" plan "${own[@]}" --sweep.kind=matrix --sweep.matrix="$(varying "$varied")" \
            "--$fixed=$(value_of "$fixed")"
        grep -q 'sweep.matrix' err || fail "the sweep is not named: $(cat err)"
    done
done < <(rows | grep -oE '^[^(]*\(\w+, \w+,|(YIELDS_TO[A-Z_]*|REPLACES|OR_LATER|BY_[A-Z]+|TOGETHER_BESIDE)\(\w+, \w+' | sed -E 's/[(,]/ /g' |
    awk '/^PARAMETER/ { row = $2 "." $3; next } { print row, $2 "." $3, $1 }')
[ $pairs -ge 62 ] || fail "only $pairs pairs were tried"
[ $sweeps -gt 50 ] || fail "only $sweeps sweeps were tried"

accepted() { "$TESSERA" "$@" > out 2> err || fail "refused: $*: $(cat err)"; }
printf 'detector:\n  distance: 90\n' > distance.yaml
accepted plan distance.yaml "${good[@]}" --detector.distance=80
accepted plan "${good[@]}" --detector.distance=80 --detector.close_distance=auto --crystal.size=auto --crystal.cells=5
accepted plan "${good[@]}" --crystal.misset=1,2,3 --crystal.random_misset=false
accepted plan "${good[@]}" --crystal.size=0.001,auto,auto --crystal.cells=5 # of the axes without a size

# a list of matrices, and an orientation beside them; a draw beside a value
printf 'ub_11,ub_12,ub_13,ub_21,ub_22,ub_23,ub_31,ub_32,ub_33\n0.02,0,0,0,0.02,0,0,0,0.02\n' > ub.csv
for given in --crystal.misset=1,2,3 --crystal.random_misset=true --crystal.matrix=cubic.mat; do
    name=${given%%=*}
    refused "${name#--}" 'ub_11 to ub_33' plan "${good[@]}" --sweep.kind=list --sweep.file=ub.csv "$given"
done
refused detector.distance detector.close_distance plan "${good[@]}" --sweep.count=2 \
    --sweep.draw='detector.distance=uniform(90,100)' --detector.close_distance=95
printf 'detector.distance\n90\n' > distance.csv
refused detector.distance detector.close_distance plan "${good[@]}" --sweep.kind=list --sweep.file=distance.csv \
    --detector.close_distance=95
refused crystal.cells crystal.size plan "${good[@]}" --sweep.kind=matrix \
    --sweep.matrix='crystal.cells=2,3;crystal.size=0.001,0.002'

# range, step and number of angles: any two make the third
for law in midpoint left_edge; do
    accepted plan "${good[@]}" --sampling.phi_points=$law --sampling.phi_range=1 --sampling.phi_step=0.1 --sampling.phi_steps=10
    got=0
    "$TESSERA" plan "${good[@]}" --sampling.phi_points=$law --sampling.phi_range=2 --sampling.phi_step=0.1 \
        --sampling.phi_steps=10 > out 2> err || got=$?
    [ $got = 2 ] && grep -q 'do not make up the range' err || fail "three values of phi, $law: $got $(cat err)"
done

# what a header says and something else says already is left out
smv head.img PIXEL_SIZE=0.5 DISTANCE=150 WAVELENGTH=0.9 BEAM_CENTER_X=2 BEAM_CENTER_Y=2 ORGX=4.5 ORGY=4.5
cubic=(--crystal.cell="50,60,70" --crystal.default_f=10 --detector.header=head.img)
accepted plan "${cubic[@]}"
for pair in detector.close_distance=140 beam.energy=9000 beam.spectrum=two.spectrum detector.pixel0=0.1,0,0 \
    detector.origin=4,4 detector.closest_point=2,2 detector.beam_centre=2,2 detector.size=4; do
    accepted plan "${cubic[@]}" --$pair
done
accepted plan "${cubic[@]}" --sweep.kind=matrix --sweep.matrix='detector.close_distance=100,200;beam.energy=9000,9100'

# nanoBragg's command line
nanobragg() { # nanobragg PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$TESSERA" nanobragg -cell 50 60 70 90 90 90 -default_F 10 -detpixels 8 -pixel 2 -nopgm -nonoise -intfile /dev/null \
        -floatfile "${image:-image.bin}" "$@" > out 2> err || fail "nanobragg refused: $*: $(cat err)"
    grep -q "$pattern" out || fail "nanobragg says no \"$pattern\": $*: $(grep note out)"
}
same() { cmp -s "$1" "$2" || fail "$3"; }
nanobragg 'detector.close_distance counts' -distance 100 -close_distance 80
image=alone.bin nanobragg . -close_distance 80
same image.bin alone.bin "close_distance does not count"
nanobragg 'beam.energy counts' -lambda 1.5 -energy 9000
image=alone.bin nanobragg . -energy 9000
same image.bin alone.bin "the later energy does not count"
nanobragg 'beam.wavelength counts' -energy 9000 -lambda 1.5
image=alone.bin nanobragg . -lambda 1.5
same image.bin alone.bin "the later wavelength does not count"
nanobragg 'beam.flux counts' -flux 1e20 -fluence 1e30
nanobragg 'crystal.size counts' -N 3 -xtalsize 0.0001
nanobragg 'both are used' -Xbeam 5 -Ybeam 5 -ORGX 3 -ORGY 3
nanobragg . -Xbeam 5 -Ybeam 6 -ORGX 3 -ORGY 3 -pivot sample -yaml both.yaml
"$TESSERA" simulate both.yaml --output.float_file=again.bin --output again.nxs > out 2> err || fail "run file: $(cat err)"
same image.bin again.bin "the run file of beam centre and origin gives another image"
nanobragg 'half a pixel' -fdet_vector 0 0 1 -Xbeam 5 -Ybeam 5
finish
