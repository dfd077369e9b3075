#!/usr/bin/env bash
# Any call that opens, writes, truncates, reserves, synchronizes, renames or closes an output file may fail: the run ends
# with exit code 3 and one message that names the file; what it calls finished is finished, and --resume does the rest.
set -u
. "$SOURCE/tests/support/faults.sh"
"$TESSERA" simulate "${tiny_case[@]}" --output reference.nxs --quiet || fail "reference"
reference=$(images_of reference.nxs)
for range in 0:2 2:4; do
    "$TESSERA" simulate "${tiny_case[@]}" --frames $range --output "part${range%:*}.nxs" --quiet || fail "part $range"
done
errors=(ENOSPC EDQUOT EIO EROFS)
failed=0
named() { # named WHAT NAME: the message of a failure names the file
    [ $code = 0 ] || grep 'tessera: error: ' err | grep -qF "$2" || fail "$1: $2 is not named: $(cat err)"
    [ $code = 0 ] || failed=$((failed + 1))
}
check_simulate() { # check_simulate RANKS RANK CALLS LASTS...: the n-th call of one rank, and with LASTS all after it
    local ranks=$1 rank=$2 calls=$3 number count what
    local -a settings=(CALLS="$calls" FILE=out.nxs)
    [ "$rank" = any ] || settings+=(RANK="$rank")
    local -a run=("$TESSERA" simulate "${tiny_case[@]}" --output out.nxs --quiet)
    rm -f out.nxs*
    count=$(calls_of "$ranks" "${settings[@]}" -- "${run[@]}")
    for number in $(numbers "$count"); do
        rm -f out.nxs*
        what="simulate on $ranks ranks, call $number of $count of rank $rank fails ${4:-once}"
        faulty "$ranks" "${settings[@]}" AT="$number" ERROR="${errors[number % 4]}" ${4:+LASTS=1} -- "${run[@]}"
        grep -q hit log || [ "$ranks" -gt 0 ] || fail "$what: it did not happen" # who claims which frame is not fixed
        told "$what" 3 0 # 0: of the progress file, or of closing what is on the disk already
        named "$what" out.nxs
        [ $code != 0 ] || [ -e out.nxs ] || fail "$what: exit code 0 and no file"
        whole_or_resumed "$what" out.nxs "$reference" "${tiny_case[@]}"
    done
}
check_simulate 0 any $disk_calls
check_simulate 0 any ${disk_calls%,unlink} "and goes on" # a full disk lets go of files
check_simulate 2 0 write,sync,rename,close
check_simulate 2 1 open,write,sync,close

check_serial() { # check_serial FILE OUTPUT ARGUMENT...: OUTPUT is there and as it should be only with exit code 0
    local file=$1 output=$2 number count what
    shift 2
    rm -f "$file"*
    [ "$1" != compress ] || cp reference.nxs packed.nxs
    count=$(calls_of 0 CALLS=$disk_calls FILE="$file" -- "$TESSERA" "$@")
    for number in $(numbers "$count"); do
        what="$1 to $output, call $number of $count"
        rm -f "$file"*
        [ "$1" != compress ] || cp reference.nxs packed.nxs
        faulty 0 CALLS=$disk_calls FILE="$file" AT="$number" ERROR="${errors[number % 4]}" -- "$TESSERA" "$@"
        told "$what" 3 0 2 # 2: compress cannot open what it is to read
        named "$what" "$file"
        case $1 in
        compress) [ "$(images_of packed.nxs)" = "$reference" ] || fail "$what: the images are lost" ;;
        *) [ $code != 0 ] || [ -s "$output" ] || fail "$what: exit code 0 and no file"
            [ $code = 0 ] || [ ! -e "$output" ] || fail "$what: exit code $code, and a file that looks finished" ;;
        esac
        [ $code = 0 ] || [ "$1" = merge ] || [ -z "$(find . -name "$file*partial" -o -name "$file*packed")" ] ||
            fail "$what: something is left behind: $(ls "$file"*)"
        [ $code != 0 ] || [ "$1" != merge ] || same_merge || fail "$what: exit code 0 and other contents"
    done
}
"$TESSERA" merge good.nxs part0.nxs part2.nxs > out || fail "merge"
same_merge() { # but for times, and its own name
    [ "$(values_of merged.nxs /entry/simulation/frames/status | sort -u)" = 2 ] &&
        for column in crc32 number max_photons sum_photons ub_matrix fluence; do
            [ "$(values_of merged.nxs /entry/simulation/frames/$column)" = "$(values_of good.nxs /entry/simulation/frames/$column)" ] || return 1
        done && [ "$(images_of merged.nxs)" = "$reference" ]
}
for format in smv cbf png raw; do
    check_serial "frame.$format" "frame.$format" export reference.nxs --frame 1 --format $format --output frame.$format
done
check_serial merged.nxs merged.nxs merge merged.nxs part0.nxs part2.nxs
check_serial packed.nxs packed.nxs compress packed.nxs --with deflate
for file in float int noise pgm; do
    check_serial "image.$file" "image.$file" nanobragg -cell 50 50 50 90 90 90 -default_F 100 -N 5 -lambda 1 -distance 100 \
        -detpixels 16 -floatfile own.float -intfile own.int -noisefile own.noise -pgmfile own.pgm "-${file}file" "image.$file"
done

# What goes beside the images: they are finished all the same.
trace_number() { # trace_number OPTION NUMBER
    rm -f out.nxs* run.json*
    faulty 0 CALLS=open,write,close,rename FILE=run.json AT="$2" -- "$TESSERA" simulate "${tiny_case[@]}" "$1" --run.trace_file=run.json \
        --output out.nxs --quiet
    told "$1, call $2" 3
    named "$1, call $2" run.json
    whole_or_resumed "$1, call $2" out.nxs "$reference" "${tiny_case[@]}"
}
for number in 1 2 3; do
    trace_number --run.trace=run.json $number
    trace_number --run.trace_pixel=3,4 $number
done
echo "$failed failures told"
[ "$failed" -gt 20 ] || fail "hardly anything failed"
finish
