#!/bin/sh
# docs/parameters.md is what the program says of its table.
# Environment: SOURCE (the project), TESSERA (the program).
set -eu
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT
"${TESSERA:?}" --parameters-markdown >"$printed"
diff -u "${SOURCE:?}/docs/parameters.md" "$printed" ||
    { echo "parameters_doc: make it anew with: tessera --parameters-markdown > docs/parameters.md"; exit 1; }
