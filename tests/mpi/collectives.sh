#!/usr/bin/env bash
# libmpi_check.so, loaded before the program: ranks that make different collective calls, or send messages that their
# receivers do not expect, are told so, and named, instead of hanging; the program's own runs make none of these mistakes and
# end with the same bytes. run.check_collectives, which did that, says what does it now.
set -u
. "$SOURCE/tests/support/case.sh"
export OMPI_MCA_btl_vader_backing_directory=$PWD OMPI_MCA_osc_sm_backing_directory=$PWD
checked=(env LD_PRELOAD="$TOOLS/libmpi_check.so" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0)
on_three() { # on_three ARGUMENT...: other_call and its exit code
    # shellcheck disable=SC2086 # a list of words
    timeout -k 2 30 $MPIEXEC -n 3 "${checked[@]}" MPI_CHECK_UNANSWERED_S=1 "$TOOLS/other_call" "$@"
}
differs() { # differs WAY TEXT
    local code=0
    on_three "$1" > "$1.out" 2> "$1.err" || code=$?
    [ $code = 4 ] || fail "$1: exit code $code: $(cat "$1.err")"
    grep -q "^tessera: error: ranks make different collective calls: $2" "$1.err" || fail "$1: $(cat "$1.err")"
    ! grep -q 'went on' "$1.out" || fail "$1: the ranks went on"
}
bytes='1 bytes, root 0, on 3 ranks from rank 0 (its call 3)'
differs name "rank 0 calls MPI_Bcast of 8 x $bytes; rank 2 calls MPI_Iallreduce of 1 x 8 bytes, root 0, on 3 ranks from rank 0 (its call 3)"
differs count "rank 0 calls MPI_Bcast of 8 x $bytes; rank 2 calls MPI_Bcast of 16 x $bytes"
differs root "rank 0 calls MPI_Bcast of 8 x $bytes; rank 2 calls MPI_Bcast of 8 x 1 bytes, root 1, on 3 "
differs size "rank 0 calls MPI_Bcast of 4 x 8 bytes, root 0, .*; rank 2 calls MPI_Bcast of 4 x 4 bytes"
differs missing "rank 0 calls MPI_Bcast .*; rank 2 calls MPI_Iallreduce .* (its call 3)"
differs members "rank 1 calls MPI_Bcast of 8 x $bytes; rank 2 calls MPI_Bcast of 8 x 1 bytes, root 0, on 2 ranks from rank 1"
for way in none 'first late' 'second late' 'last late'; do
    on_three "$way" > out 2> err || fail "$way: $(cat err)"
    grep -qx 'went on' out || fail "$way: $(cat out)"
done

unlike() { # unlike WAY TEXT: a message that differs, sent and received at once and started and waited for
    local code how
    for how in now started; do
        code=0
        on_three "$1" $how > "$1.$how.out" 2> "$1.$how.err" || code=$?
        [ $code = 4 ] || fail "message $1 $how: exit code $code: $(cat "$1.$how.err")"
        grep -q "^tessera: error: messages do not match: $2\$" "$1.$how.err" || fail "message $1 $how: $(cat "$1.$how.err")"
        ! grep -q 'went on' "$1.$how.out" || [ "$1" = unreceived ] || fail "message $1 $how: the ranks went on"
    done
}
expected='rank 0 expects 4 x MPI_DOUBLE, 32 bytes, tag 7, from rank 2'
unlike tag "rank 2 sends 4 x MPI_DOUBLE, 32 bytes, tag 8, to rank 0; $expected" &
unlike short "rank 2 sends 3 x MPI_DOUBLE, 24 bytes, tag 7, to rank 0; $expected" &
unlike long "rank 2 sends 5 x MPI_DOUBLE, 40 bytes, tag 7, to rank 0; $expected" &
wait
unlike type "rank 2 sends 8 x MPI_FLOAT, 32 bytes, tag 7, to rank 0; $expected" &
unlike unreceived "rank 2 sends 4 x MPI_DOUBLE, 32 bytes, tag 7, to rank 0; it is never received" &
unlike unsent "$expected; rank 2 calls MPI_Iallreduce instead" &
wait
for how in now started; do
    on_three good $how > out 2> err || fail "good message $how: $(cat err)"
    grep -qx 'went on' out || fail "good message $how: $(cat out)"
done

sweep=("${small_case[@]}" --sweep.kind=random --sweep.count=5 --output.images=both --detector.psf=gauss --detector.psf_fwhm=0.3)
"$TESSERA" simulate "${sweep[@]}" --quiet --output reference.nxs || fail reference
same() { # same RANKS OPTION...
    local ranks=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    timeout -k 10 60 $MPIEXEC -n "$ranks" "${checked[@]}" "$TESSERA" simulate "${sweep[@]}" "$@" --quiet --output "same_$ranks.nxs" 2> "err_$ranks" ||
        fail "$ranks ranks: $(cat "err_$ranks")"
    [ "$(images_of "same_$ranks.nxs")" = "$(images_of reference.nxs)" ] || fail "$ranks ranks: other images"
}
same 1
same 2 --run.wave=1
same 3 --run.shards=3
same 4 --run.shards=2 --run.tile=16 --output.float_file=first.bin
"$TESSERA" simulate "${sweep[@]}" --run.check_collectives=true --output note.nxs > out || fail "note: exit code $?"
grep -q 'note: run.check_collectives does nothing any more: libmpi_check.so' out || fail "no note: $(cat out)"
finish
