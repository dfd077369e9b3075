#!/usr/bin/env bash
# The completion for bash, sourced and asked: commands, options, parameters, words that a parameter may be, files. Every
# option that it offers is one of the program's.
set -u
. "$SOURCE/tests/support/case.sh"
"$TESSERA" --bash-completion > tessera.bash || fail "--bash-completion: exit code $?"
shellcheck tessera.bash || fail "shellcheck finds faults in the script"
# shellcheck disable=SC1091 # made above
. ./tessera.bash
complete -p tessera > /dev/null || fail "nothing completes tessera"

offers() { # offers WORD...: what is offered for the last of the words behind `tessera`
    COMP_WORDS=(tessera "$@")
    COMP_CWORD=$#
    _tessera
    echo "${COMPREPLY[*]}"
}
expect() { # expect ANSWER WORD...
    local answer=$1 got
    shift
    got=$(offers "$@")
    [ "$got" = "$answer" ] || fail "for \"$*\" it offers \"$got\", not \"$answer\""
}
parameters() { # parameters PATTERN: of the table, in its order, as options
    "$TESSERA" --parameters-markdown | sed -n 's/^| `\([a-z0-9_.]*\)` .*/--\1=/p' | grep -E -- "$1" | paste -sd' '
}
commands=$("$TESSERA" --help | sed -n 's/^  tessera \([a-z]*\) .*/\1/p' | awk '!seen[$0]++ && $0 != "COMMAND"' | paste -sd' ')
expect "$commands --help --version" ''
expect simulate sim
expect 'compare compress' com

[ "$(parameters '^--beam\.' | wc -w)" -ge 20 ] || fail "the table lists no parameters of the beam"
for command in simulate plan nanobragg benchmark; do expect "$(parameters '^--beam\.')" $command --beam.; done
expect "$(parameters '^--crystal\.mosaic_')" describe data.mtz --crystal.mosaic_
expect '' export --beam.
expect '--ranks' plan --ra
expect --simulate-ranks plan --sim
expect '' simulate --ra
expect '--format' export file.nxs --fo
expect '--frame --frames' export --fr
expect '-misset -misset_seed' nanobragg -misset
expect '-4stol' nanobragg -4
sections=$("$TESSERA" --parameters-markdown | sed -n 's/^## //p' | paste -sd' ')
expect "$sections" simulate --help ''

# bash makes a word of '=', or does not
expect 'square round gauss tophat ellipsoid' simulate --crystal.shape = ''
expect 'square round gauss tophat ellipsoid' simulate --crystal.shape =
expect gauss simulate --crystal.shape = ga
expect --crystal.shape=gauss simulate --crystal.shape=ga
expect 'true false' simulate --detector.curved = ''
expect '' simulate --beam.wavelength = ''
expect '' simulate --crystal.shape = no_such_shape

: > 'data one.mtz'
: > data.mtz
mkdir data_folder
COMP_WORDS=(tessera simulate --crystal.structure_factors "=" data)
COMP_CWORD=4
_tessera
answer=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd,)
[ "$answer" = 'data one.mtz,data.mtz,data_folder' ] || fail "files: $answer"
expect data_folder describe data_
expect data_folder export --output data_

for command in $commands; do
    for option in $(offers "$command" -); do
        case $option in --*=) continue ;; esac
        "$TESSERA" "$command" "$option" 0 --no-such-option > /dev/null 2> message
        ! grep -qE "no option \"$option\"" message || fail "$command offers $option: $(cat message)"
        echo "$command $option"
    done
done > offered
[ "$(wc -l < offered)" -ge 150 ] || fail "only $(wc -l < offered) options are offered"
"$TESSERA" export --no-such-option 2>&1 | grep -q 'no option "--no-such-option"' || fail "unknown options are not named: the check proves nothing"
finish
