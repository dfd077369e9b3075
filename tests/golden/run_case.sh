#!/usr/bin/env bash
# run_case.sh ID RANKS FILE "OPTION ..." [NANOBRAGG'S ARGUMENT ...]
# Renders one stored case with nanoBragg's own arguments and compares it with the stored image; on one rank also in the
# precision that is chosen automatically, against double precision. OPTIONs are those of `tessera compare`, --shape first. For the environment see render.sh.
set -eu
. "$(dirname "$0")/render.sh"
id=$1 ranks=$2 file=$3
read -r -a options <<< "$4"
shape=${options[1]} # after --shape
shift 4
render "$id" "$ranks" "$@"
"$TESSERA" compare "$file" float.bin "${options[@]}" || fail "$id on $ranks rank(s): the image is outside its tolerance"
[ "$ranks" -gt 1 ] || check_precision "$id" "$shape" "$@"
rm float.bin int.img
