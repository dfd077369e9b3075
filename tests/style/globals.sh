#!/bin/bash
# core keeps no state: no global or static variable that can change.
# Environment: SOURCE (the project), BUILD (a configured build folder).
set -eu
cd "${SOURCE:?}"
: "${BUILD:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Sanitizers add variables of their own, so the objects are compiled here without them; and without
# optimisation, which takes the kernels long.
cat >"$work/probe.c" <<'P'
int probe_next(void);
int probe_next(void) {
    static int count;
    return ++count;
}
P
python3 - "$BUILD/compile_commands.json" "$work" <<'P'
import json, os, shlex, subprocess, sys
commands, work = sys.argv[1:]
entries = [e for e in json.load(open(commands)) if "/src/core/" in e["file"]]
assert entries, "no file of src/core in compile_commands.json"
def compile(entry, source, name):
    left_out = ("-fsanitize", "-fno-sanitize", "-O", "-D_FORTIFY_SOURCE", "-Wstack-usage", "-Wframe-larger-than")
    words = [w for w in shlex.split(entry["command"]) if not w.startswith(left_out)]
    words[words.index("-o") + 1] = os.path.join(work, name + ".o")
    words[words.index("-c") + 1] = source
    subprocess.run(words, cwd=entry["directory"], check=True)
for entry in entries:
    compile(entry, entry["file"], os.path.basename(entry["file"]))
compile(entries[0], os.path.join(work, "probe.c"), "probe")
P

# Objects in writable sections; .data.rel.ro is constant once the program is loaded. OpenMP's critical sections need a lock.
writable() {
    objdump -t "$1" | awk '
        { name = $NF; section = "" }
        match($0, /(\.t?data[^ \t]*|\.t?bss[^ \t]*|\*COM\*)\t/) { section = substr($0, RSTART, RLENGTH - 1) }
        $0 !~ /^[0-9a-f]+ ......O/ && section != "*COM*" { next }
        section == "" || section ~ /^\.data\.rel\.ro/ || name ~ /^\.gomp_critical_user/ { next }
        { print name " in " section }'
}
[ -n "$(writable "$work/probe.o")" ] || { echo "globals: a seeded static variable was not found: this test proves nothing"; exit 1; }
failed=0
for object in "$work"/*.c.o; do
    found=$(writable "$object")
    [ -z "$found" ] || { echo "globals: $(basename "$object" .o): $found"; failed=1; }
done
exit $failed
