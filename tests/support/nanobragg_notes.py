"""The known differences that `tessera nanobragg` notes on the command lines of stored cases.

    nanobragg_notes.py TESSERA GOLDEN

Every case of GOLDEN/divergent, in which nanoBragg is wrong, must have the note of its defect; no case of GOLDEN, in which it is right, may have one
but those of RIGHT_ALL_THE_SAME."""
import json
import os
import re
import subprocess
import sys


RIGHT_ALL_THE_SAME = {  # symmetric patterns, and a case that is stored with its factor
    ("g15", "B08"), ("g40", "B08"), ("g14", "B15"),
}


def notes_of(tessera, case, folder):
    for name in case.get("inputs", []):
        path = os.path.join(folder, name)
        if not os.path.exists(name) and os.path.exists(path):
            os.symlink(path, name)
    words = [tessera, "nanobragg", *case["reference_args"], "-nopgm", "-nonoise", "-floatfile", "f.bin", "-intfile", "i.img"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{case['id']}: exit code {done.returncode}: {done.stdout}")
    return re.findall(r"^note:.*\b(B\d\d): (.*)", done.stdout, re.M)


def cases_of(path):
    manifest = json.load(open(path))
    cases = manifest["cases"] if isinstance(manifest, dict) and "cases" in manifest else manifest
    return list(cases.values()) if isinstance(cases, dict) else cases


def main():
    tessera, golden = sys.argv[1:]
    bad = 0
    for case in cases_of(golden + "/divergent/manifest.json"):
        notes = notes_of(tessera, case, golden + "/inputs")
        for bug in re.findall(r"B\d\d", case["bug"]):
            if bug not in [name for name, _ in notes]:
                bad += 1
                print(f"{case['id']}: no note of {bug}: {notes} {case['reference_args']}")
    for case in cases_of(golden + "/manifest.json"):
        for name, text in notes_of(tessera, case, golden + "/inputs"):
            if (case["id"][:3], name) not in RIGHT_ALL_THE_SAME:
                bad += 1
                print(f"{case['id']}: {name}: {text}, though both images are equal")
    sys.exit(bad > 0)


main()
