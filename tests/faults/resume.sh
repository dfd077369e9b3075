#!/usr/bin/env bash
# --resume changes the structure of a file that holds finished frames. Whichever call on the output fails meanwhile, once or
# from then on, and wherever SIGKILL ends the process, in the middle of a write too: the next --resume completes the file to
# the same bytes and nothing that was finished is lost; the same while that one puts back what an interrupted one has left.
# The output's folder counts as well: it is synchronized. The lock has tests of its own.
# shellcheck disable=SC2015,SC2154 # a failure of either is one; faults.sh sets code and disk_calls
set -u
SAMPLE=${SAMPLE:-4} # a trial is two runs and a look at what they leave
. "$SOURCE/tests/support/faults.sh"
run=("$TESSERA" simulate "${tiny_case[@]}" --run.wave=1 --quiet)
resume=("${run[@]}" --resume --run.verify=true --output there/out.nxs)
top=$PWD
where=(FILE=there NOT=.lock)
errors=(ENOSPC EDQUOT EIO EROFS)
"${run[@]}" --output reference.nxs || fail "reference"
reference=$(images_of reference.nxs)
rows_of() { # rows_of FILE: state of each frame, and when it was begun
    local values
    values=$(h5dump -y -w 1 -A 0 -m %.7f -d /entry/simulation/frames/status -d /entry/simulation/frames/start_time "$1" 2> /dev/null |
        tr -d ' ,' | grep -xE -- '-?(nan|[0-9.]+)')
    paste -d ' ' <(head -n 4 <<< "$values") <(tail -n 4 <<< "$values")
}
times_of() { rows_of "$1" | sed -n 's/^2 //p'; } # when the finished frames were begun
start_with() { rm -rf there && cp -a "$top/$1" there; } # start_with FOLDER: as it was left

# A run that was killed when some frames were finished, and one when all were, before the file got its name.
mkdir there
writes=$(calls_of 0 CALLS=write FILE=there/out.nxs.partial -- "${run[@]}" --output there/out.nxs)
for number in $(seq "$writes" -1 1); do
    rm -rf there && mkdir there
    faulty 0 CALLS=write FILE=there/out.nxs.partial AT="$number" ACTION=kill -- "${run[@]}" --output there/out.nxs
    [ "$(times_of there/out.nxs.partial | wc -l)" != 2 ] || break
done
[ $code = 137 ] || fail "no file with two finished frames"
rm -f there/out.nxs.lock
cp -a there some
rm -rf there && mkdir there
faulty 0 CALLS=rename FILE=there/out.nxs.partial AT=2 ACTION=kill -- "${run[@]}" --output there/out.nxs
[ $code = 137 ] && [ -e there/out.nxs.partial ] || fail "no whole file without its name"
cp -a there whole

check_what_is_left() { # check_what_is_left WHAT
    local what=$1 file=there/out.nxs rows
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
    rows=$(rows_of $file)
    [ "$(grep -c '^2 ' <<< "$rows")" = 4 ] || fail "$what: not finished: $rows"
    [ "$(grep -cxF "$finished" <<< "${rows//2 /}")" = "$(wc -l <<< "$finished")" ] || fail "$what: a finished frame was computed again"
    [ -z "$(find there -name '*undo*')" ] || fail "$what: there is $(ls there)"
}
check() { # check FOLDER WHAT once|lasting|kill|half [FOLDER]: a --resume of what lies there; the last has the finished frames
    local folder=$1 action=$3 calls=$disk_calls tried=0 interrupted=0 unreadable=0 finished count number what
    finished=$(times_of "${4:-$folder}/out.nxs.partial")
    mkdir "$1.$3" && cd "$1.$3" || exit
    [ "$action" != half ] || calls="write"
    start_with "$folder"
    count=$(calls_of 0 CALLS="$calls" "${where[@]}" -- "${resume[@]}")
    for number in $(numbers "$count"); do
        what="$2, $action, call $number of $count"
        start_with "$folder"
        case $action in
        once) faulty 0 CALLS="$calls" "${where[@]}" AT="$number" ERROR="${errors[number % 4]}" -- "${resume[@]}" ;;
        lasting) faulty 0 CALLS="$calls" "${where[@]}" AT="$number" ERROR="${errors[number % 4]}" LASTS=1 -- "${resume[@]}" ;;
        *) faulty 0 CALLS="$calls" "${where[@]}" AT="$number" ACTION="$action" -- "${resume[@]}" ;;
        esac
        grep -q hit log || fail "$what: it did not happen"
        case $action in
        once | lasting) told "$what" 3 0 2 ;; # 0: of the progress file and the like; 2: it cannot be opened to be read
        *) [ $code = 137 ] || fail "$what: exit code $code" ;;
        esac
        check_what_is_left "$what"
    done
    echo "$2, $action: $tried of $count calls, $interrupted left a record, $unreadable files could not be read until they were resumed"
}

# One that a version began which gave a file its end time only at its end.
cp -a some old
/usr/bin/python3 -c 'import h5py; del h5py.File("old/out.nxs.partial", "r+")["entry/end_time"]' || fail "h5py"

# A new file gets its name when it is whole: what a kill leaves before that is begun anew.
new=(CALLS="$disk_calls" FILE=there/out.nxs.partial.new)
rm -rf there && mkdir there
count=$(calls_of 0 "${new[@]}" -- "${run[@]}" --output there/out.nxs)
for number in $(numbers "$count"); do
    rm -rf there && mkdir there
    faulty 0 "${new[@]}" AT="$number" ACTION=kill -- "${run[@]}" --output there/out.nxs
    [ $code = 137 ] || fail "a new file, call $number of $count: exit code $code"
    [ ! -e there/out.nxs.partial ] || "$TESSERA" describe there/out.nxs.partial > described 2>&1 ||
        fail "a new file, call $number of $count: nobody can read it: $(cat described)"
    "${resume[@]}" > resumed 2>&1 || fail "a new file, call $number of $count: not resumed: $(cat resumed)"
    [ "$(images_of there/out.nxs)" = "$reference" ] || fail "a new file, call $number of $count: other bytes"
    [ -z "$(find there -name '*partial*')" ] || fail "a new file, call $number of $count: there is $(ls there)"
done
echo "a new file: killed at $(numbers "$count" | wc -l) of $count calls"

# What a resume leaves that was killed between two of the places that its session changes.
start_with some
count=$(calls_of 0 CALLS="$disk_calls" "${where[@]}" -- "${resume[@]}")
torn=
for number in $(seq 1 "$count"); do # one or two do
    start_with some
    faulty 0 CALLS="$disk_calls" "${where[@]}" AT="$number" ACTION=kill -- "${resume[@]}"
    "$TESSERA" describe there/out.nxs.partial > described 2>&1 || { torn=$number; break; }
done
if [ -n "$torn" ]; then
    cp -a there torn
else
    fail "no kill left a file that must be put back"
    finish
fi
for action in once lasting kill half; do
    later check some "a resume" $action
    later check torn "a resume after one that was killed at call $torn" $action some
    later check whole "a resume that only gives the name" $action
done
later check old "a resume of an old file" kill
wait

# Images of 1 MiB and more are no part of the record.
large=("${run[@]}" --detector.fast_pixels=600 --detector.slow_pixels=500)
"${large[@]}" --output large.nxs || fail "large images"
rm -rf there && mkdir there
faulty 0 CALLS=rename FILE=there/out.nxs.partial AT=2 ACTION=kill -- "${large[@]}" --output there/out.nxs
[ $code = 137 ] || fail "large images: exit code $code"
cp -a there large
for number in $(seq "$((torn - 5))" "$count"); do
    start_with large
    faulty 0 CALLS="$disk_calls" "${where[@]}" AT="$number" ACTION=kill -- "${large[@]}" --resume --output there/out.nxs
    "$TESSERA" describe there/out.nxs.partial > described 2>&1 || break
done
[ "$number" != "$count" ] || fail "large images: no kill left a file that must be put back"
[ "$(stat -c %s there/out.nxs.undo)" -lt 1000000 ] || fail "large images: a record of $(stat -c %s there/out.nxs.undo) bytes"
"${large[@]}" --resume --output there/out.nxs || fail "large images: not resumed"
[ "$(images_of there/out.nxs)" = "$(images_of large.nxs)" ] || fail "large images: other bytes"

# What may lie under the name of the record: of another run, damaged, laid there by somebody.
"${run[@]}" --sweep.seed=5 --output other.nxs || fail "another run"
cp -a some another && cp other.nxs another/out.nxs.partial
start_with another
for number in $(seq "$torn" "$count"); do # until there is a record of it
    start_with another
    faulty 0 CALLS="$disk_calls" "${where[@]}" AT="$number" ACTION=kill -- "${resume[@]}" --sweep.seed=5
    [ ! -e there/out.nxs.undo ] || break
done
mv there/out.nxs.undo other.undo || fail "no record of another run"
lay() { # lay KIND: under the name of the record
    rm -f there/out.nxs.undo precious
    echo precious > precious
    case $1 in
    another) cp other.undo there/out.nxs.undo ;;
    damaged) head -c -100 torn/out.nxs.undo > there/out.nxs.undo ;;
    text) echo no record > there/out.nxs.undo ;;
    link) ln -s ../precious there/out.nxs.undo ;;
    pipe) mkfifo there/out.nxs.undo ;;
    esac
}
try() { # try WHAT CODE TEXT COMMAND...: its exit code and what it says
    local what=$1 wanted=$2 text=$3
    shift 3
    code=0
    timeout -s KILL 60 "$@" > out 2>&1 || code=$?
    [ $code = "$wanted" ] || fail "$what: exit code $code, not $wanted: $(cat out)"
    grep -qF -- "$text" out || fail "$what: \"$text\" is not in: $(cat out)"
    [ "$(cat precious)" = precious ] || fail "$what: it was written through a link"
}
complete() { # complete WHAT: all is done, and nothing of a record left
    [ "$(images_of there/out.nxs)" = "$reference" ] || fail "$1: other bytes"
    [ -z "$(find there -name '*undo*' -o -name '*partial')" ] || fail "$1: left: $(ls there)"
}
loud=("$TESSERA" simulate "${tiny_case[@]}" --run.wave=1 --output there/out.nxs)
sum() { sha256sum < there/out.nxs.partial; }
for kind in another damaged text link pipe; do
    start_with torn
    lay $kind
    before=$(sum)
    if [ $kind = another ]; then text='was not made from'; else text='that it cannot be put back'; fi
    try "a torn file and $kind" 2 "$text" "${loud[@]}" --resume
    [ "$(sum)" = "$before" ] || fail "a torn file and $kind: it has changed"
    [ -e there/out.nxs.undo ] || [ -L there/out.nxs.undo ] || fail "a torn file and $kind: it is gone"
    try "a torn file and $kind, replaced" 0 '' "${loud[@]}" --overwrite
    complete "a torn file and $kind, replaced"
    start_with some
    lay $kind
    before=$(sum)
    if [ $kind = another ]; then
        try "a whole file and $kind" 2 'was not made from' "${loud[@]}" --resume
        [ "$(sum)" = "$before" ] || fail "a whole file and $kind: it has changed"
    else
        try "a whole file and $kind" 0 'it is removed' "${loud[@]}" --resume
        complete "a whole file and $kind"
    fi
    rm -rf there && mkdir there
    lay $kind
    try "a new file and $kind" 0 '' "${loud[@]}"
    complete "a new file and $kind"
    rm -rf there && mkdir there && cp reference.nxs there/out.nxs # which is a .partial again when a frame is damaged
    lay $kind
    /usr/bin/python3 -c 'import h5py; d = h5py.File("there/out.nxs", "r+")["entry/data/data"]; d[1, 2, 3] += 1' || fail "h5py"
    try "a damaged file and $kind" 0 'checksum' "${loud[@]}" --resume --run.verify=true
    complete "a damaged file and $kind"
done

# What is said: by the one that puts back, with several ranks and by nanobragg too; by others, which change nothing.
start_with torn
lay none
try "a torn file without a record" 2 'out.nxs.partial cannot be resumed' "${loud[@]}" --resume
start_with torn
before=$(sum)
for command in describe "compress --with deflate" "export --format raw --output raw"; do
    # shellcheck disable=SC2086 # a list of words
    try "$command of a torn file" 2 'puts it back first' "$TESSERA" ${command%% *} there/out.nxs.partial ${command#"${command%% *}"}
    [ "$(sum)" = "$before" ] || fail "$command: the file has changed"
done
try "a torn file" 0 'is put back as it was' "${loud[@]}" --resume
complete "a torn file"
start_with torn
try "a torn file on 2 ranks" 0 'is put back as it was' $MPIEXEC -n 2 "${loud[@]}" --resume
complete "a torn file on 2 ranks"
start_with some
lay damaged
try "describe of a whole file" 0 'a --resume was interrupted' "$TESSERA" describe there/out.nxs.partial
try "compress of a whole file" 2 'puts it back first' "$TESSERA" compress there/out.nxs.partial --with deflate

# No room for the record: the file stays as it is.
for kind in open write sync rename close; do
    start_with some
    before=$(sum)
    faulty 0 CALLS=$kind FILE=.undo AT=1 -- "${loud[@]}" --resume
    told "no room for the record, $kind" 3
    grep -q 'out.nxs.undo.*--resume goes on' err || fail "no room for the record, $kind: $(cat err)"
    [ "$(sum)" = "$before" ] || fail "no room for the record, $kind: the file has changed"
    [ -z "$(find there -name '*undo*')" ] || fail "no room for the record, $kind: left: $(ls there)"
done
finish
