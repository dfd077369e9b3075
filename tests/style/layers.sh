#!/bin/bash
# The three floors: core knows neither MPI nor HDF5 nor the floors above it, prints nothing and never exits.
# Environment: SOURCE (the project), BUILD (a configured build folder).
set -eu
cd "${SOURCE:?}"
: "${BUILD:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "layers: $*"; failed=1; }

# Quoted includes of a floor must exist on that floor or on one below it.
floor() { # floor NAME ALLOWED_FLOOR...
    local name=$1 file header allowed found
    shift
    while IFS=: read -r file header; do
        found=no
        for allowed in "$@"; do [ -e "include/$allowed/$header" ] && found=yes; done
        [ -e "$(dirname "$file")/$header" ] && found=yes
        [ $found = yes ] || fail "$file includes \"$header\", which is not on: $*"
    done < <(grep -rHoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]+"' "include/$name" "src/$name" |
        sed -E 's/:[^"]*"([^"]+)"/:\1/')
}
floor core core
floor parallel parallel core

foreign=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<(mpi|hdf5|H5[A-Za-z]*|hdf5_hl)\.h>' include/core src/core || true)
[ -z "$foreign" ] || fail "core includes MPI or HDF5: $foreign"

# The compiler says the same: with core's own command, these headers are not found.
compile() { # compile LINE: compiles a file of that one line as if it were src/core/base/status.c
    printf '%s\nint layers_probe(void);\n' "$1" >"$work/probe.c"
    python3 - "$BUILD/compile_commands.json" "$work/probe.c" <<'P'
import json, shlex, subprocess, sys
entry = next(e for e in json.load(open(sys.argv[1])) if e["file"].endswith("/src/core/base/status.c"))
words = shlex.split(entry["command"])
words[words.index("-o") + 1] = "/dev/null"
words[words.index("-c") + 1] = sys.argv[2]
sys.exit(subprocess.run(words, cwd=entry["directory"], stderr=subprocess.DEVNULL).returncode != 0)
P
}
compile '#include "base/status.h"' || fail "the probe itself does not compile: this test proves nothing"
for header in mpi.h hdf5.h team/agree.h output/writer.h; do
    if compile "#include \"$header\""; then fail "$header is found with core's include path"; fi
done

# What the library asks for from outside.
library=$(find "$BUILD" -name libtessera_core.a | head -n 1)
[ -n "$library" ] || { echo "layers: no libtessera_core.a in the build folder"; exit 1; }
wanted=$(nm -u "$library" | awk '$1 == "U" {print $2}' | sort -u)
noisy=$(echo "$wanted" | grep -xE 'stdout|stderr|puts|putchar|perror|(__)?v?printf(_chk)?|_?exit|quick_exit' || true)
[ -z "$noisy" ] || fail "core prints or exits, it uses: $(echo "$noisy" | tr '\n' ' ')"
upward=$(echo "$wanted" | grep -E '^(MPI_|PMPI_|ompi_|H5[A-Z])' || true)
[ -z "$upward" ] || fail "core calls $(echo "$upward" | tr '\n' ' ')"
exit $failed
