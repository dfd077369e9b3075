# shellcheck shell=bash
# What the scripts of golden cases share. Sourced with TESSERA (the program), GOLDEN (the folder of the cases) and
# MPIEXEC (mpiexec with its flags) in the environment. The working folder is private to the case: the caller makes it,
# we empty it.
fail() {
    echo "golden case $*" >&2
    exit 1
}

# render ID RANKS [NANOBRAGG'S ARGUMENT ...]: leaves float.bin in the folder, rendered in double precision, or in $precision
precision=float64
render() {
    local id=$1 ranks=$2 launch=() argument code=0
    shift 2
    if [ "$ranks" -gt 1 ]; then
        read -r -a launch <<< "$MPIEXEC"
        launch+=(-n "$ranks")
    fi
    rm -rf work && mkdir work && cd work || fail "$id: no folder to work in"
    for argument in "$@"; do
        if [ -f "$GOLDEN/inputs/$argument" ]; then cp "$GOLDEN/inputs/$argument" .; fi
    done
    "${launch[@]}" "$TESSERA" nanobragg "$@" -nopgm -noprogress -floatfile float.bin -intfile int.img -nonoise \
        --run.precision="$precision" > run.log 2>&1 || code=$?
    [ "$code" -eq 0 ] || { cat run.log; fail "$id on $ranks rank(s): the program ended with exit code $code"; }
    [ -f float.bin ] || { cat run.log; fail "$id on $ranks rank(s): there is no float.bin"; }
}

# check_precision ID SHAPE [NANOBRAGG'S ARGUMENT ...]: the precision that is chosen automatically keeps the bound of float32
# against the float.bin in double precision that is here.
check_precision() {
    local id=$1 shape=$2
    shift 2
    precision=auto
    render "$id" 1 "$@"
    grep -q '^.*kernel: [a-z0-9]*, selected automatically' run.log || { cat run.log; fail "$id: the run does not say which kernel it chose"; }
    "$TESSERA" compare ../float.bin float.bin --shape "$shape" --max-one-minus-correlation 1e-9 --max-sum-error 1e-5 \
        --max-relative-error 2e-3 --floor 1e-6 || { cat run.log; fail "$id: the precision that was chosen is not enough"; }
    rm float.bin int.img
    cd ..
}
