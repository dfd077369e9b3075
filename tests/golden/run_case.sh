#!/usr/bin/env bash
# run_case.sh ID RANKS FILE "OPTION ..." [ANCESTOR'S ARGUMENT ...]
# Renders one stored case with the ancestor's own arguments and compares it with the stored image; OPTIONs are those of
# `tessera compare`. For the environment see render.sh.
set -eu
. "$(dirname "$0")/render.sh"
id=$1 ranks=$2 file=$3
read -r -a options <<< "$4"
shift 4
render "$id" "$ranks" "$@"
"$TESSERA" compare "$file" float.bin "${options[@]}" || fail "$id on $ranks rank(s): the image is outside its tolerance"
rm float.bin int.img
