#!/usr/bin/env bash
# The manual page: troff finds no fault in it, and it says word by word what --help says.
set -u
. "$SOURCE/tests/support/case.sh"
"$TESSERA" --man > tessera.1 || fail "--man: exit code $?"
groff -ww -man -Tutf8 -z tessera.1 2> warnings || fail "groff: exit code $?"
[ ! -s warnings ] || fail "groff warns: $(cat warnings)"
printf '.TH A 1\n.no_such_macro\n\\*[no_such_string]\n' | groff -ww -man -Tutf8 -z 2> seeded
[ "$(grep -c warning seeded)" -ge 2 ] || fail "seeded faults were not found: the check of warnings proves nothing"

# One long line without bold face, blanks squeezed.
words() { tr -s ' \n\t' ' ' | sed 's/^ //; s/ $//'; }
page=$(groff -man -Tutf8 -rLL=100000n -P-c -P-b -P-u tessera.1 | words)
says() { # says WHAT TEXT
    [ -n "$2" ] || fail "$1 is empty"
    case $page in *"$2"*) ;; *) fail "the page does not say what $1 says: ${2:0:200}..." ;; esac
}
commands=$("$TESSERA" --help | sed -n 's/^  tessera \([a-z]*\) .*/\1/p' | sort -u)
[ "$(echo "$commands" | wc -l)" -ge 9 ] || fail "only these commands: $commands"
for command in $commands; do
    says "the list of commands" "tessera $command "
    case $command in
    simulate | plan) ;;
    nanobragg) says "tessera $command -help" "$("$TESSERA" $command -help | words)" ;;
    *) says "tessera $command --help" "$("$TESSERA" "$command" --help | words)" ;;
    esac
done
for section in $("$TESSERA" --parameters-markdown | sed -n 's/^## //p'); do
    says "tessera simulate --help $section" "$("$TESSERA" simulate --help "$section" | sed '1s/:$//' | words)"
done
says "the version" "tessera $("$TESSERA" --version | cut -d' ' -f2)"
for code in 0 1 2 3 75; do says "exit code $code" "$code $("$TESSERA" --help | words | grep -oE "[ ;:]$code [a-z ]+" | head -n 1 | words | cut -d' ' -f2-)"; done
finish
