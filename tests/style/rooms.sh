#!/bin/bash
# The rooms of each floor in their order: a file includes headers of its own room and of those before it, so that no two rooms need
# each other, and no header includes itself by way of others. The order is also written in docs/architecture.md.
# Environment: SOURCE (the project).
set -eu
cd "${SOURCE:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/look.py" <<'P'
import glob, os, re, sys
ORDER = {
    "core": "base parameters plan reflections model physics formats kernels setup nanobragg",
    "parallel": "hdf5 team files nxmx output merge run",
    "program": "shared import export benchmark commands",
}
root, faults, includes = sys.argv[1], [], {}
places = [name for kind in ("include", "src") for name in glob.glob(f"{root}/{kind}/**/*.[chd]*", recursive=True)]
place, files = {}, []
for name in places:
    parts = os.path.relpath(name, root).split("/")
    if len(parts) < 4 or parts[2] not in ORDER.get(parts[1], "").split():
        faults.append(f"{'/'.join(parts)} lies in no room: {parts[1]} has {ORDER.get(parts[1], 'none')}")
        continue
    files.append(name)
    if parts[0] == "include":
        place["/".join(parts[2:])] = (parts[1], parts[2])
for name in files:
    kind, floor, room = os.path.relpath(name, root).split("/")[:3]
    mine = "/".join(os.path.relpath(name, root).split("/")[2:])
    for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', open(name).read(), re.M):
        if header not in place:
            faults.append(f"{kind}/{floor}/{mine} includes \"{header}\", which is no ROOM/NAME.h of include/")
            continue
        there, other = place[header]
        order = ORDER[floor].split()
        if there == floor and order.index(other) > order.index(room):
            faults.append(f"{kind}/{floor}/{mine} includes \"{header}\": {other} comes after {room}")
        if kind == "include":
            includes.setdefault(mine, set()).add(header)
def reaches(header, seen):
    for other in includes.get(header, ()):
        if other not in seen:
            seen.add(other)
            reaches(other, seen)
    return seen
faults += [f"{header} includes itself by way of others" for header in includes if header in reaches(header, set())]
with open(f"{root}/docs/architecture.md") as text:
    words = text.read()
faults += [f"docs/architecture.md does not list the rooms of {floor}: {rooms.replace(' ', ', ')}"
           for floor, rooms in ORDER.items() if rooms.replace(" ", ", ") not in words]
print("\n".join(faults) if faults else "all passed")
sys.exit(1 if faults else 0)
P
python3 "$work/look.py" .

# Planted, each must be found: an include upwards, a circle of headers, a file outside every room.
plant() { # plant WORDS FILE TEXT
    rm -rf "$work/copy"
    mkdir -p "$work/copy/docs"
    cp -r include src "$work/copy/"
    cp docs/architecture.md "$work/copy/docs/"
    printf '%s\n' "$3" >>"$work/copy/$2"
    if python3 "$work/look.py" "$work/copy" >"$work/found"; then echo "rooms: planted in $2, not found: $3"; exit 1; fi
    grep -q "$1" "$work/found" || { echo "rooms: planted in $2, found instead:"; cat "$work/found"; exit 1; }
}
plant 'kernels comes after model' src/core/model/beam.c '#include "kernels/kernel.h"'
plant 'includes itself' include/core/base/status.h '#include "base/text.h"'
plant 'lies in no room' src/core/astray.c '#include "base/text.h"'
