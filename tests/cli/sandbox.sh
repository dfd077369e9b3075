#!/usr/bin/env bash
# Files that a run file names count from its folder, and with --sandbox-inputs they stay in it, whatever its text, its links
# or its pipes try; it then names no output either.
set -u
. "$SOURCE/tests/support/case.sh"
mapfile -t rows < <(sed -n 's/^PARAMETER_FILE(\([a-z_]*\), \([a-z_]*\),.*/\1.\2/p' "$SOURCE/include/core/parameters/parameters.def")
[ ${#rows[@]} -ge 8 ] || fail "only ${#rows[@]} parameters that are files"
mkdir -p job/inside outside
cp "$inputs/2erl_P1.hkl" job/inside/f.hkl
cp "$inputs/2erl_lam1.2.mat" job/inside/a.mat
cp "$inputs/2erl_P1.hkl" outside/file
ln -s ../outside/file job/link
ln -s ../outside job/folder
ln -s inside/a.mat job/good.mat
mkfifo job/pipe

run_file() { # run_file SECTION.NAME FILE: a run file that names one input, on its fourth line
    printf 'crystal.default_f: 1\ndetector.fast_pixels: 4\ndetector.slow_pixels: 4\n%s: %s\n' "$1" "$2"
    [ "$1" != sweep.file ] || echo 'sweep.kind: list'
    [ "$1" = crystal.matrix ] || echo 'crystal.cell: 50'
    [ "$1" != background.file ] || echo 'background.size: 1'
}
refused() { # refused NAME PATTERN COMMAND...
    local name=$1 pattern=$2 code=0
    shift 2
    timeout 20 "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name: exit code $code: $(cat out err)"
    [ "$(wc -l < err)" = 1 ] && grep -q -- "$pattern" err || fail "$name: message: $(cat out err)"
}

for row in "${rows[@]}"; do
    run_file "$row" none > job/run.yaml
    # sites are added to phases, without which they are refused before they are looked for; a table is looked for where there is a model
    [[ $row = crystal.anomalous_* ]] ||
        refused "$row from the run file's folder" 'job/none' "$TESSERA" plan job/run.yaml --output x.nxs
    refused "$row confined, not there" 'job/run.yaml:4: .*none cannot be opened: No such file' \
        "$TESSERA" plan job/run.yaml --output x.nxs --sandbox-inputs
    for name in /etc/passwd ../outside/file inside/../../outside/file link folder/file pipe; do
        run_file "$row" $name > job/run.yaml
        pattern='lies outside or leads there'
        [ $name != pipe ] || pattern='no regular file'
        refused "$row: $name" "^tessera: error: job/run.yaml:4: $row is .*$pattern" \
            "$TESSERA" plan job/run.yaml --output x.nxs --sandbox-inputs
    done
done

echo 'run.sandbox_inputs: true' >> job/run.yaml
refused "asked for by the run file itself" 'no regular file' "$TESSERA" plan job/run.yaml --output x.nxs

# What lies inside is read, also by its absolute name or through a link that stays inside; and the same images come of it.
cat > job/run.yaml << 'P'
crystal: {structure_factors: inside/f.hkl, matrix: good.mat, cells: 8}
beam: {wavelength: 1.2, fluence: 1e32}
detector: {distance: 60, pixel_size: 0.3, fast_pixels: 24, slow_pixels: 20}
P
"$TESSERA" simulate job/run.yaml --quiet --output free.nxs || fail "without the option"
"$TESSERA" simulate job/run.yaml --quiet --sandbox-inputs --output confined.nxs || fail "with the option"
(cd job && "$TESSERA" simulate run.yaml --quiet --sandbox-inputs --output ../here.nxs) || fail "in the folder"
sed "s|inside/f.hkl|$PWD/job/inside/f.hkl|" job/run.yaml > job/absolute.yaml
"$TESSERA" simulate job/absolute.yaml --quiet --sandbox-inputs --output absolute.nxs || fail "an absolute name inside"
sed "s|inside/f.hkl|2erl.mtz|; s|matrix: good.mat, ||" job/run.yaml > job/mtz.yaml
cp "$inputs/2erl_1p8A_C2.mtz" job/2erl.mtz
"$TESSERA" simulate job/mtz.yaml --quiet --output mtz.nxs || fail "MTZ"
"$TESSERA" simulate job/mtz.yaml --quiet --sandbox-inputs --output mtz_confined.nxs || fail "MTZ, confined"
for pair in free,confined free,here free,absolute mtz,mtz_confined; do
    [ "$("$TOOLS/dataset_sha256" "${pair%,*}.nxs" /entry/data/data)" = \
        "$("$TOOLS/dataset_sha256" "${pair#*,}.nxs" /entry/data/data)" ] || fail "$pair: other images"
done
grep -q 'proc/self' <(h5dump -y confined.nxs) && fail "the record names a descriptor"
# The user's own words reach anywhere.
"$TESSERA" simulate job/run.yaml --quiet --sandbox-inputs --crystal.structure_factors=outside/file --output own.nxs ||
    fail "a file named on the command line"

for line in 'output.yaml_file: ../victim' 'output.float_file: ../victim' 'run.trace: ../victim' \
    'run.trace_file: ../victim' 'run.overwrite: true'; do
    { cat job/run.yaml; echo "$line"; } > job/output.yaml
    refused "$line" "^tessera: error: job/output.yaml:4: .*does not say what is written where" \
        "$TESSERA" simulate job/output.yaml --quiet --sandbox-inputs --output x.nxs
done
{ cat job/run.yaml; echo 'run.output: ../victim'; } > job/output.yaml
refused "run.output" 'does not say what is written where' "$TESSERA" simulate job/output.yaml --quiet --sandbox-inputs
[ ! -e victim ] && [ ! -e x.nxs ] && [ ! -e x.nxs.partial ] || fail "something was written"
finish
