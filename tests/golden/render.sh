# shellcheck shell=bash
# What the scripts of golden cases share. Sourced with TESSERA (the program), GOLDEN (the folder of the cases) and
# MPIEXEC (mpiexec with its flags) in the environment. The working folder is private to the case: the caller makes it,
# we empty it.
fail() {
    echo "golden case $*" >&2
    exit 1
}

# render ID RANKS [ANCESTOR'S ARGUMENT ...]: leaves float.bin in the folder, rendered in double precision
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
        --run.precision=float64 > run.log 2>&1 || code=$?
    [ "$code" -eq 0 ] || { cat run.log; fail "$id on $ranks rank(s): the program ended with exit code $code"; }
    [ -f float.bin ] || { cat run.log; fail "$id on $ranks rank(s): there is no float.bin"; }
}
