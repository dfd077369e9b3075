# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# What the scripts of tests/faults share: a run that takes a tenth of a second, and calls that fail (support/fault.c).
# Environment: SAMPLE (10): of the calls of a run, about so many fail, one in each run; 0: each one.
# shellcheck source=tests/support/case.sh
. "$SOURCE/tests/support/case.sh"
if ldd "$TESSERA" | grep -q libasan; then # which must come before what is preloaded
    echo "not with sanitizers"
    exit 0
fi
sample=${SAMPLE:-10}
tiny_case=("${small_case[@]}" --beam.dispersion_steps=1 --crystal.mosaic_domains=2 --sampling.phi_steps=1
    --detector.pixel_size=1 --detector.fast_pixels=24 --detector.slow_pixels=20 --sweep.kind=random --sweep.count=4
    --run.wave=2)
disk_calls=open,write,truncate,allocate,sync,rename,close,unlink
faulty() { # faulty RANKS NAME=VALUE... -- COMMAND...: sets code, out, err and what the injector tells, in log
    local ranks=$1
    local -a settings=(LD_PRELOAD="$TOOLS/libfault.so" FAULT_LOG="$PWD/log")
    shift
    while [ "$1" != -- ]; do settings+=("FAULT_$1"); shift; done
    shift
    rm -f log
    code=0
    # a hang ends with exit code 137, which nothing expects
    on_ranks "$ranks" timeout -s KILL 60 env "${settings[@]}" "$@" > out 2> err || code=$?
}
calls_of() { # calls_of RANKS NAME=VALUE... -- COMMAND...: how many calls of these kinds an undisturbed run makes
    faulty "$@"
    [ $code = 0 ] || fail "without a fault: exit code $code: $(cat err)"
    sed -n 's/^calls //p' log | sort -n | tail -n 1
}
numbers() { # numbers COUNT: those that are tried of 1 to COUNT
    local step=1
    [ "$sample" = 0 ] || [ "$1" -le "$sample" ] || step=$(($1 / sample))
    [ "$1" -gt 0 ] || fail "there are no such calls" >&2
    seq 1 "$step" "$1"
}
told() { # told WHAT CODE...: one message on the standard error, and one of these exit codes
    local what=$1 wanted
    shift
    for wanted in "$@"; do [ "$code" != "$wanted" ] || break; done
    code_is "$code" "$wanted" || fail "$what: exit code $code, not $*: $(cat err)"
    [ "$code" != 0 ] || return 0
    [ "$(grep -c 'tessera: error: ' err)" = 1 ] || fail "$what: exit code $code, and not one message: $(cat err)"
    ! grep -q 'HDF5-DIAG\|Segmentation\|#000' err || fail "$what: more than our message: $(cat err)"
}
whole_or_resumed() { # whole_or_resumed WHAT FILE REFERENCE ARGUMENT...: what a failed run has left
    local what=$1 file=$2 reference=$3
    shift 3
    if [ -e "$file" ]; then
        [ "$(images_of "$file")" = "$reference" ] || fail "$what: $file has its name and other bytes"
    elif [ -e "$file.partial" ]; then
        "$TESSERA" simulate "$@" --output "$file" --resume --run.verify=true > resumed 2>&1 ||
            fail "$what: not resumed: $(cat resumed)"
        ! grep -q 'checksum' resumed || fail "$what: a finished frame was damaged: $(grep checksum resumed)"
        [ "$(images_of "$file")" = "$reference" ] || fail "$what: other bytes after --resume"
    fi
}
