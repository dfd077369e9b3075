#!/usr/bin/env bash
# --resume writes into a file that holds finished frames. Whichever call on the output fails meanwhile, once or from then on,
# and wherever SIGKILL ends the process, in the middle of a write too: the file can be read, the next --resume completes it
# to the same bytes and nothing that was finished is lost. A file of an earlier revision is copied first, and one that its
# --resume has left torn is put back before. The output's folder counts as well: it is synchronized. The lock has tests of
# its own.
# shellcheck disable=SC2015,SC2154 # a failure of either is one; faults.sh sets code and disk_calls
set -u
SAMPLE=${SAMPLE:-4} # a trial is two runs and a look at what they leave
. "$SOURCE/tests/support/faults.sh"
run=("$TESSERA" simulate "${tiny_case[@]}" --run.wave=1 --quiet)
resume=("${run[@]}" --resume --run.verify=true --output there/out.nxs)
top=$PWD
where=(FILE=there NOT=.lock)
errors=(ENOSPC EDQUOT EIO EROFS)
file=there/out.nxs
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
[ "$code" = 137 ] || fail "no file with two finished frames"
rm -f there/out.nxs.lock
cp -a there some
rm -rf there && mkdir there
faulty 0 CALLS=rename FILE=there/out.nxs.partial AT=2 ACTION=kill -- "${run[@]}" --output there/out.nxs
[ $code = 137 ] && [ -e there/out.nxs.partial ] || fail "no whole file without its name"
cp -a there whole

check_what_is_left() { # check_what_is_left WHAT
    local what=$1 rows
    tried=$((tried + 1))
    if [ -e $file.partial ] && ! "$TESSERA" describe $file.partial > described 2>&1; then
        [ -e $file.undo ] || fail "$what: nobody can read the file: $(cat described)"
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
    [ -z "$(find there -name '*undo' -o -name '*partial*')" ] || fail "$what: there is $(ls there)"
}
check() { # check FOLDER WHAT once|lasting|kill|half [TIMES]: a --resume of what lies there; the last are of finished frames
    local folder=$1 action=$3 calls=$disk_calls tried=0 finished count number what
    finished=${4:-$(times_of "$folder/${file#*/}.partial")}
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
    echo "$2, $action: $tried of $count calls"
}

# One of an earlier revision, without room for what a resume records and for the end time.
cp -a some old
/usr/bin/python3 -c 'import h5py; f = h5py.File("old/out.nxs.partial", "r+"); del f["entry/end_time"], f["entry/simulation/resumes"]' || fail "h5py"

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

for action in once lasting kill half; do
    later check some "a resume" $action
    later check old "a resume of an old file" $action
    later check whole "a resume that only gives the name" $action
done
wait

# One that an earlier revision has left torn, with the record that puts it back. Its frames were finished long ago.
earlier=$SOURCE/golden/earlier_files
mkdir torn && cp "$earlier"/undo.nxs.* torn && chmod u+w torn/* && cp "$earlier"/run.yaml "$earlier"/small3.hkl .
run=("$TESSERA" simulate "$top/run.yaml" --quiet)
file=there/undo.nxs
resume=("${run[@]}" --resume --run.verify=true --output "$file")
reference=$(images_of "$earlier/complete.nxs")
start_with torn
! "$TESSERA" describe $file.partial > described 2>&1 || fail "a torn file can be read"
"${resume[@]}" || fail "a torn file is not resumed"
finished=$(times_of $file | awk -v now="$(date +%s)" '$1 < now - 3600')
[ "$(wc -l <<< "$finished")" = 2 ] || fail "a torn file: finished were $finished"
for action in once lasting kill half; do
    later check torn "a resume of a torn file" $action "$finished"
done
wait

# What may lie under the name of the record: of another file, damaged, laid there by somebody.
mkdir another && cp "$earlier/partial.nxs.partial" another/undo.nxs.partial && chmod u+w another/*
/usr/bin/python3 -c 'import h5py; h5py.File("another/undo.nxs.partial", "r+")["entry/simulation/frames/crc32"][3] += 1' || fail "h5py"
mkdir untorn && cp "$earlier/partial.nxs.partial" untorn/undo.nxs.partial && chmod u+w untorn/*
lay() { # lay KIND: under the name of the record
    rm -f $file.undo precious
    echo precious > precious
    case $1 in
    another) cp torn/undo.nxs.undo $file.undo ;;
    damaged) head -c -100 torn/undo.nxs.undo > $file.undo ;;
    text) echo no record > $file.undo ;;
    link) ln -s ../precious $file.undo ;;
    pipe) mkfifo $file.undo ;;
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
    [ "$(images_of $file)" = "$reference" ] || fail "$1: other bytes"
    [ -z "$(find there -name '*undo' -o -name '*partial*')" ] || fail "$1: left: $(ls there)"
}
loud=("$TESSERA" simulate run.yaml --output "$file")
sum() { sha256sum < $file.partial; }
start_with another
lay another
before=$(sum)
try "another file's record" 2 'was not made from' "${loud[@]}" --resume
[ "$(sum)" = "$before" ] && [ -e $file.undo ] || fail "another file's record: something has changed"
for kind in damaged text link pipe; do
    start_with torn
    lay $kind
    before=$(sum)
    try "a torn file and $kind" 2 'that it cannot be put back' "${loud[@]}" --resume
    [ "$(sum)" = "$before" ] || fail "a torn file and $kind: it has changed"
    [ -e $file.undo ] || [ -L $file.undo ] || fail "a torn file and $kind: it is gone"
    try "a torn file and $kind, replaced" 0 '' "${loud[@]}" --overwrite
    complete "a torn file and $kind, replaced"
    start_with untorn
    lay $kind
    try "a whole file and $kind" 0 'it is removed' "${loud[@]}" --resume
    complete "a whole file and $kind"
    rm -rf there && mkdir there
    lay $kind
    try "a new file and $kind" 0 '' "${loud[@]}"
    complete "a new file and $kind"
    rm -rf there && mkdir there && cp "$earlier/complete.nxs" $file && chmod u+w $file # a .partial again when a frame is damaged
    lay $kind
    /usr/bin/python3 -c 'import h5py; d = h5py.File("there/undo.nxs", "r+")["entry/data/data"]; d[1, 2, 3] += 1' || fail "h5py"
    try "a damaged file and $kind" 0 'checksum' "${loud[@]}" --resume --run.verify=true
    complete "a damaged file and $kind"
done

# What is said, with several ranks too; without the record nothing helps.
lay none
start_with torn
rm $file.undo
try "a torn file without a record" 2 'undo.nxs.partial cannot be resumed' "${loud[@]}" --resume
start_with torn
try "a torn file" 0 'is put back as it was' "${loud[@]}" --resume
grep -q 'was copied' out || fail "the copy is not told: $(cat out)"
complete "a torn file"
start_with torn
# shellcheck disable=SC2086 # a list of words
try "a torn file on 2 ranks" 0 'is put back as it was' $MPIEXEC -n 2 "${loud[@]}" --resume
complete "a torn file on 2 ranks"
finish
