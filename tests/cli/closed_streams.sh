#!/usr/bin/env bash
# A program that is started without standard streams (>&-): no file that it opens gets their numbers. Files are as ever, and so is the
# exit code, but for commands whose only product is what they print: 3.
# shellcheck disable=SC2034,SC2054 # arrays are used by their names, and hold commas
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
tiny_case=("${small_case[@]}" --crystal.mosaic_domains=2 --detector.fast_pixels=24 --detector.slow_pixels=20)
sweep=("${tiny_case[@]}" --sweep.kind=random --sweep.count=6 --run.wave=1 --run.progress=lines --run.report_every=0.01)
combinations=(0 1 2 01 02 12 012)
closed() { # closed STREAMS COMMAND...: with these closed; what goes to the others is in out and err
    local streams=$1
    shift
    # shellcheck disable=SC2016 # expanded by the inner shell
    case $streams in
    0) "$@" > out 2> err <&- ;;
    1) "$@" 2> err >&- ;;
    2) "$@" > out 2>&- ;;
    01) "$@" 2> err <&- >&- ;;
    02) "$@" > out <&- 2>&- ;;
    12) "$@" >&- 2>&- ;;
    012) "$@" <&- >&- 2>&- ;;
    none) "$@" > out 2> err ;;
    esac
}
export -f closed
same_file() { # same_file A B: of NXmx files as many bytes, of which a few differ: times, the host's load; and the images
    cmp -s "$1" "$2" && return
    [[ $1 == *.nxs ]] && [ "$(stat -c %s "$1")" = "$(stat -c %s "$2")" ] && [ "$(cmp -l "$1" "$2" | wc -l)" -lt 600 ] &&
        [ "$("$TOOLS/dataset_sha256" "$1" /entry/data/data)" = "$("$TOOLS/dataset_sha256" "$2" /entry/data/data)" ]
}
"$TESSERA" simulate "${sweep[@]}" --output whole.nxs > out || fail simulate
"$TESSERA" simulate "${sweep[@]}" --frames 0:3 --output a.nxs --quiet || fail simulate
"$TESSERA" simulate "${sweep[@]}" --frames 3:6 --output b.nxs --quiet || fail simulate
"$TESSERA" export whole.nxs --output own.expt --quiet || fail export
"$python" - << 'P' # as a run that was stopped leaves it
import h5py, shutil
shutil.copy("whole.nxs", "stopped")
with h5py.File("stopped", "r+") as file:
    file["entry/simulation/frames/status"][3:] = 0
    file["entry/data/data"][3:] = -1
P

# One run of each command: what it makes lies in the folder made; prepare_NAME comes before it.
prepare_resume() { cp stopped made/x.nxs.partial; }
prepare_compress() { cp whole.nxs made/x.nxs; }
command_simulate=(simulate "${sweep[@]}" --run.trace_pixel=3,4 --run.trace_file=made/trace.json --output made/x.nxs)
command_resume=(simulate "${sweep[@]}" --output made/x.nxs --resume)
command_plan=(plan "${tiny_case[@]}" --output made/x.nxs)
command_nanobragg=(nanobragg -hkl "$inputs/2erl_P1.hkl" -mat "$inputs/2erl_lam1.2.mat" -lambda 1.2 -N 5 -distance 60 -detpixels 24 -pixel 0.3
    -floatfile made/float.bin -intfile made/int.img -noisefile made/noise.img -pgmfile made/image.pgm -dump made/dump.bin
    -yaml made/run.yaml -nxs made/x.nxs)
command_compare=(compare a.nxs#1 whole.nxs#1)
command_describe=(describe whole.nxs --verify)
command_yaml=(describe whole.nxs --yaml --inputs made)
command_merge=(merge made/x.nxs a.nxs b.nxs)
command_export=(export whole.nxs --frames all --output 'made/x_###.raw')
command_import=(import own.expt --output made/x.yaml)
command_compress=(compress made/x.nxs --with deflate)
command_benchmark=(benchmark --sizes 32 --iterations 1 --keep-artifacts made)
command_help=(help)
command_man=(--man)
command_completion=(--bash-completion)
command_markdown=(--parameters-markdown)
command_version=(--version)
only_prints=' plan compare describe yaml benchmark help man completion markdown version '

run() { # run NAME STREAMS RANKS: command_NAME; sets code
    local -n words=command_$1
    rm -rf made out err
    mkdir made
    touch out err
    ! declare -F "prepare_$1" > /dev/null || "prepare_$1"
    code=0
    # shellcheck disable=SC2016 # expanded by the inner shell
    if [ "$3" = 0 ]; then
        closed "$2" "$TESSERA" "${words[@]}" || code=$?
    else
        $MPIEXEC -n "$3" bash -c 'closed "$@"' - "$2" "$TESSERA" "${words[@]}" < /dev/null > launcher 2>&1 || code=$?
    fi
}
same_as_ordinary() { # same_as_ordinary WHAT
    local file
    [ "$(ls made)" = "$(ls ordinary)" ] || fail "$1: makes $(ls made), not $(ls ordinary)"
    for file in made/*; do
        [[ $file == *.json && $file != */trace.json ]] || [ ! -e "$file" ] || same_file "$file" "ordinary/${file#made/}" || fail "$1: $file is another file"
    done
}
try() { # try NAME RANKS STREAMS...
    local name=$1 ranks=$2 streams wanted
    shift 2
    run "$name" none "$ranks"
    [ $code = 0 ] || fail "$name on $ranks: exit code $code: $(cat out err)"
    rm -rf ordinary printed
    mv made ordinary
    mv out printed
    for streams in "$@"; do
        run "$name" "$streams" "$ranks"
        wanted=0
        [[ $only_prints == *" $name "* && $streams == *1* ]] && wanted=3
        [ $code = $wanted ] || fail "$name on $ranks without $streams: exit code $code: $(cat out err)"
        same_as_ordinary "$name on $ranks without $streams"
        [[ $streams == *1* || $name == benchmark || $name == plan ]] || [ "$(wc -l < out)" = "$(wc -l < printed)" ] || # times differ
            [[ $name =~ simulate|resume|nanobragg ]] || fail "$name on $ranks without $streams: prints $(cat out)"
        [ $wanted = 0 ] || [[ $streams == *2* ]] || grep -q '^tessera: error: .*\(cannot be written\|cannot be printed\)' err ||
            fail "$name on $ranks without $streams: $(cat err)"
    done
}
read -ra commands < <("$TESSERA" --help | sed -n 's/^  tessera \([a-z]*\) .*/\1/p' | sort -u | tr '\n' ' ')
[ ${#commands[@]} -ge 9 ] || fail "the list of commands: ${commands[*]}"
for name in "${commands[@]}" resume yaml help man completion markdown version; do
    declare -p "command_$name" > /dev/null || { fail "there is a new command: $name"; continue; }
    chosen=("${combinations[@]}")
    [ "$name" != benchmark ] || chosen=(1 012)
    try "$name" 0 "${chosen[@]}"
done
for ranks in 1 3; do
    for name in simulate resume nanobragg; do try $name $ranks 0 1 012; done
done

# An error has its own exit code, whether somebody hears of it or not.
for streams in "${combinations[@]}"; do
    code=0
    closed "$streams" "$TESSERA" simulate --crystal.cells=none || code=$?
    [ $code = 2 ] || fail "an error without $streams: exit code $code"
done

# The programs of analysis/.
analyse() { # analyse NAME ARGUMENT...: which writes made/
    local name=$1
    rm -rf made ordinary && mkdir made
    "$python" "$SOURCE/analysis/$name.py" "${@:2}" > out 2> err || fail "$name: $(cat err)"
    mv made ordinary
    mkdir made
    closed 012 "$python" "$SOURCE/analysis/$name.py" "${@:2}" || fail "$name without streams: exit code $?"
    same_as_ordinary "$name without streams"
}
analyse show_frame whole.nxs --output made/x.png
analyse training_set whole.nxs --format numpy --output made
finish
