#!/bin/bash
# The analyzers of gcc and clang, which follow every path through each function, find nothing in src/. Takes minutes.
# Environment: SOURCE (the project), BUILD (a folder configured for gcc), ANALYZERS (gcc, clang or, as usual, both).
set -u
cd "${SOURCE:?}" || exit 1
: "${BUILD:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# A mistake that each must find, or its silence proves nothing.
cat >"$work/probe.c" <<'P'
#include "base/status.h"

#include <stdlib.h>

Status probe(const char *path, int **numbers);
Status probe(const char *path, int **numbers) {
    int *made = calloc(4, sizeof *made);
    if (made == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    if (path[0] == '\0') return status_error(STATUS_BAD_PARAMETER, "%s is no file", path);
    *numbers = made;
    return status_ok();
}
P

# Each file once, as the build compiles it but with assertions, and with what is known of a Status (but for the files that
# define that): as commands for clang-tidy in a folder, and as a list for gcc.
python3 - "$PWD" "$BUILD" "$work" <<'P' || exit 1
import json, os, shlex, sys

source, build, work = sys.argv[1:]
known = ["-include", source + "/tests/style/analysed_status.h"]
commands = {}
for entry in json.load(open(build + "/compile_commands.json")):
    name = os.path.relpath(entry["file"], source)
    if not name.startswith("src/") or name in commands:
        continue
    words = shlex.split(entry["command"])
    words = words[next(i for i, word in enumerate(words) if word.startswith("-")):words.index("-o")] + ["-UNDEBUG"]
    first = open(entry["file"]).readline().split()
    words += ["-D" + first[1] + "="] if first[:2] == ["#define", "_GNU_SOURCE"] else []  # before what is known
    commands[name] = words + (known if name not in ("src/core/base/status.c", "src/parallel/team/agree.c") else [])
commands[work + "/probe.c"] = commands["src/core/base/text.c"]
paths = {name: os.path.join(source, name) for name in commands}
json.dump([{"directory": build, "file": paths[name], "arguments": ["cc", *words, "-c", paths[name]]}
           for name, words in commands.items()], open(work + "/compile_commands.json", "w"))
for name, words in commands.items():
    with open(work + "/" + name.replace("/", "_") + ".flags", "w") as flags:
        flags.write("\n".join(shlex.quote(word) for word in words))
P

# What they are not asked. gcc takes the rest of a message, which a designated initializer sets to zero, for unset, and what is
# put into a growing array for lost. clang wants functions that only Annex K of C has, whole
# numbers in loops over Miller indices, the kernel's lanes packed closer, and each MPI request completed in the function that
# makes it, which waiting_for() does.
checks='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'
checks+=',-clang-analyzer-security.FloatLoopCounter,-clang-analyzer-optin.performance.Padding'
checks+=',-clang-analyzer-optin.mpi.MPI-Checker'
analyse() { # analyse FILE: says only what is found
    local said quiet=()
    case $1 in
        src/program/shared/nanobragg_arguments.c | src/core/base/file_list.c | src/core/formats/dials_experiment.c)
            quiet=(-Wno-analyzer-malloc-leak) ;;
    esac
    if [ "$ANALYZER" = gcc ]; then
        said=$(gcc @"$work/${1//\//_}.flags" -O1 -fanalyzer -Werror -Wno-analyzer-use-of-uninitialized-value "${quiet[@]}" \
            -fdiagnostics-plain-output -c -o /dev/null "$1" 2>&1) && return 0
    else
        said=$(clang-tidy -p "$work" --quiet --config='{}' --warnings-as-errors='*' --checks="$checks" \
            --extra-arg=-Wno-unknown-warning-option "$1" 2>&1) && return 0
    fi
    grep -v 'warnings\? generated' <<<"$said"
    return 1
}
export -f analyse
export ANALYZER checks work

for ANALYZER in ${ANALYZERS:-gcc clang}; do
    if analyse "$work/probe.c" >"$work/found" || ! grep -qi 'leak' "$work/found"; then
        echo "path_analysis: $ANALYZER does not see memory that is lost when a function fails"
        cat "$work/found"
        failed=1
    fi
    find src -name '*.c' ! -name '*.ptx.c' -print0 | sort -z | xargs -0 -P "$(nproc)" -I{} bash -c 'analyse {}' || failed=1
done
exit $failed
