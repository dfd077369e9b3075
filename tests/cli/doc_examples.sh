#!/usr/bin/env bash
# The examples of docs/coming-from-nanobragg.md that name files of this project run as they stand, and the two ways to say
# the same make the same image.
set -u
. "$SOURCE/tests/support/case.sh"
ln -s "$SOURCE/golden" golden || fail "no link to golden/"
PATH=$(dirname "$TESSERA"):$PATH
# Indented commands, with the lines that continue them; those without such a file have places to fill in.
awk '/^ +tessera / {command = 1}
     command {sub(/^ +/, ""); command = sub(/\\$/, ""); printf "%s%s", $0, command ? "" : "\n"}' \
    "$SOURCE/docs/coming-from-nanobragg.md" | grep -E 'golden/|still' > commands
[ "$(wc -l < commands)" = 5 ] || fail "not five examples: $(cat commands)"
while read -r command; do
    bash -c "$command" > log 2>&1 || fail "exit code $?: $command: $(tail -n 3 log)"
done < commands
for file in run.yaml run.nxs four.nxs still.nxs still_in_new_names.nxs; do
    [ -s $file ] || fail "no $file from: $(cat commands)"
done
"$TESSERA" simulate run.yaml --output again.nxs --quiet || fail "the run file that an example wrote does not run"
"$TESSERA" compare run.nxs again.nxs > log || fail "the run file of an example makes another image: $(cat log)"
finish
