#!/usr/bin/env bash
# The parsers that hand a file to a library, under valgrind: the library is not compiled with sanitizers, and what it takes from
# memory that it never wrote shows in no other test. Replays the fuzzers' corpora.
set -u
. "$SOURCE/tests/support/case.sh"
for name in mtz run_file json gzip; do
    valgrind -q --error-exitcode=9 --log-file="$name.valgrind" "$BUILD/tests/fuzz/fuzz_$name" "$SOURCE/tests/fuzz/corpus/$name" \
        > "$name.log" 2>&1 || fail "fuzz_$name: exit code $?: $(cat "$name.valgrind" "$name.log")"
    grep -q ' files$' "$name.log" || fail "fuzz_$name replayed nothing: $(cat "$name.log")"
done
finish
