#!/usr/bin/env bash
# --resume changes the structure of a file that holds finished frames. Whichever call on the output fails meanwhile, once or
# from then on, and wherever SIGKILL ends the process, in the middle of a write too: the next --resume completes the file to
# the same bytes and nothing that was finished is lost; the same while that one puts back what an interrupted one has left.
# The output's folder counts as well: it is synchronized. The lock has tests of its own.
# shellcheck disable=SC2015,SC2154 # a failure of either is one; faults.sh sets code and disk_calls
set -u
. "$SOURCE/tests/support/faults.sh"
run=("$TESSERA" simulate "${tiny_case[@]}" --run.wave=1 --quiet)
resume=("${run[@]}" --resume --run.verify=true --output there/out.nxs)
where=(FILE=there NOT=.lock)
errors=(ENOSPC EDQUOT EIO EROFS)
"${run[@]}" --output reference.nxs || fail "reference"
reference=$(images_of reference.nxs)
states_of() { values_of "$1" /entry/simulation/frames/status 2> /dev/null | sort | uniq -c | tr -s ' \n' ' '; }
times_of() { # when the finished frames were begun
    paste -d ' ' <(values_of "$1" /entry/simulation/frames/status) \
        <(h5dump -y -w 1 -A 0 -m %.7f -d /entry/simulation/frames/start_time "$1" | tr -d ' ,' | grep -xE -- '-?(nan|[0-9.]+)') |
        sed -n 's/^2 //p'
}
start_with() { rm -rf there && cp -a "$1" there; } # start_with FOLDER: as it was left

# A run that was killed when some frames were finished, and one when all were, before the file got its name.
mkdir there
writes=$(calls_of 0 CALLS=write FILE=there/out.nxs.partial -- "${run[@]}" --output there/out.nxs)
for number in $(seq "$writes" -1 1); do
    rm -rf there && mkdir there
    faulty 0 CALLS=write FILE=there/out.nxs.partial AT="$number" ACTION=kill -- "${run[@]}" --output there/out.nxs
    [ "$(states_of there/out.nxs.partial)" != ' 2 0 2 2 ' ] || break
done
[ $code = 137 ] || fail "no file with two finished frames"
rm -f there/out.nxs.lock
cp -a there some
rm -rf there && mkdir there
faulty 0 CALLS=rename FILE=there/out.nxs.partial AT=1 ACTION=kill -- "${run[@]}" --output there/out.nxs
[ $code = 137 ] && [ -e there/out.nxs.partial ] || fail "no whole file without its name"
cp -a there whole

tried=0 interrupted=0 unreadable=0
check_what_is_left() { # check_what_is_left WHAT
    local what=$1 file=there/out.nxs
    tried=$((tried + 1))
    [ ! -e $file.undo ] || interrupted=$((interrupted + 1))
    if [ -e $file.partial ] && ! "$TESSERA" describe $file.partial > described 2>&1; then
        unreadable=$((unreadable + 1))
        [ -e $file.undo ] || fail "$what: nobody can read the file: $(cat described)"
        grep -q -- '--resume' described || fail "$what: describe does not say what to do: $(cat described)"
    fi
    if ! "${resume[@]}" > resumed 2>&1; then
        fail "$what: not resumed: $(cat resumed)"
        return
    fi
    ! grep -q checksum resumed || fail "$what: a finished frame was damaged: $(cat resumed)"
    [ "$(images_of $file)" = "$reference" ] || fail "$what: other bytes"
    [ "$(states_of $file)" = ' 4 2 ' ] || fail "$what: states $(states_of $file)"
    [ "$(times_of $file | grep -cxF "$finished")" = "$(wc -l <<< "$finished")" ] || fail "$what: a finished frame was computed again"
    [ -z "$(find there -name '*undo*')" ] || fail "$what: there is $(ls there)"
}
check_number() { # check_number FOLDER WHAT CALLS NUMBER COUNT once|lasting|kill|half
    local what="$2, call $4 of $5 of $3: $6" error=${errors[$4 % 4]}
    start_with "$1"
    case $6 in
    once) faulty 0 CALLS="$3" "${where[@]}" AT="$4" ERROR="$error" -- "${resume[@]}" ;;
    lasting) faulty 0 CALLS="$3" "${where[@]}" AT="$4" ERROR="$error" LASTS=1 -- "${resume[@]}" ;;
    *) faulty 0 CALLS="$3" "${where[@]}" AT="$4" ACTION="$6" -- "${resume[@]}" ;;
    esac
    grep -q hit log || fail "$what: it did not happen"
    case $6 in
    once | lasting) told "$what" 3 0 2 ;; # 0: of the progress file and the like; 2: it cannot be opened to be read
    *) [ $code = 137 ] || fail "$what: exit code $code" ;;
    esac
    check_what_is_left "$what"
}
check() { # check FOLDER WHAT [FOLDER]: a --resume of what lies there; sets finished, when the finished frames were begun
    local folder=$1 count writes number action
    finished=$(times_of "${3:-$folder}/out.nxs.partial")
    start_with "$folder"
    count=$(calls_of 0 CALLS="$disk_calls" "${where[@]}" -- "${resume[@]}")
    start_with "$folder"
    writes=$(calls_of 0 CALLS=write "${where[@]}" -- "${resume[@]}")
    check_what_is_left "$2"
    for number in $(numbers "$count"); do
        for action in once lasting kill; do check_number "$folder" "$2" "$disk_calls" "$number" "$count" $action; done
    done
    for number in $(numbers "$writes"); do check_number "$folder" "$2" write "$number" "$writes" half; done
    echo "$2: $count calls, $writes of them writes"
}
check some "a resume"

# What a resume leaves that was killed while HDF5 brought the new session to the disk.
start_with some
count=$(calls_of 0 CALLS="$disk_calls" "${where[@]}" -- "${resume[@]}")
torn=
for number in $(seq 1 "$count"); do
    start_with some
    faulty 0 CALLS="$disk_calls" "${where[@]}" AT="$number" ACTION=kill -- "${resume[@]}"
    "$TESSERA" describe there/out.nxs.partial > described 2>&1 || { torn=$number; break; }
done
if [ -n "$torn" ]; then
    cp -a there torn
    check torn "a resume after one that was killed at call $torn" some
else
    fail "no kill left a file that must be put back"
fi
check whole "a resume that only gives the name"
echo "$tried trials: $interrupted left an undo file, $unreadable of the files could not be read until they were resumed"
finish
