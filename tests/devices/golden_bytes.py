#!/usr/bin/env python3
"""Every golden and divergent case by the CPU and by a device, in both precisions: the images must be the same bytes.

    golden_bytes.py TESSERA GOLDEN [PART OF PARTS]

GOLDEN is the folder of manifest.json. Prints how many images a device has computed, why it has not computed the others, and each
difference with the words of its command. MOCK=FOLDER: the driver of tests/devices is there. Exit code 1 when one differs.
"""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

IMAGES = ["-nopgm", "-noprogress", "-nonoise", "-floatfile", "float.bin", "-intfile", "int.img"]


def cases(golden):
    for manifest in ("manifest.json", "divergent/manifest.json"):
        yield from json.load(open(os.path.join(golden, manifest)))["cases"]


def render(program, case, precision, device, environment):
    """The bytes of the float image, and what was said."""
    if os.path.exists("float.bin"):
        os.remove("float.bin")
    done = subprocess.run([program, "nanobragg", *case["reference_args"], *IMAGES, "--run.precision=" + precision, "--run.device=" + device],
                          env=environment, capture_output=True, text=True)
    return open("float.bin", "rb").read() if done.returncode == 0 else None, done.stdout + done.stderr


def main():
    program, golden = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    part, parts = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (0, 1)
    usual = dict(os.environ)
    with_device = dict(usual)
    if "MOCK" in usual:
        with_device["LD_LIBRARY_PATH"] = usual["MOCK"] + ":" + usual.get("LD_LIBRARY_PATH", "")
    same = differ = 0
    reasons = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name in os.listdir(os.path.join(golden, "inputs")):
            os.symlink(os.path.join(golden, "inputs", name), name)
        for case in list(cases(golden))[part::parts]:
            for precision in ("float32", "float64"):
                other, said = render(program, case, precision, "required", with_device)
                if "note: computed by " not in said:
                    reason = re.search(r"computes nothing: (.*)|error: (.*)", said)
                    reasons[reason.group(0) if reason else said] += 1
                    continue
                one, _ = render(program, case, precision, "none", usual)
                if one == other and "warning: " not in said:
                    same += 1
                else:
                    differ += 1
                    print("DIFFERS", case["id"], precision, " ".join(case["reference_args"]), said, sep="\n  ")
    print("%d images of golden cases computed by the device, %d differ" % (same, differ))
    for reason, number in reasons.most_common():
        print("  %d by the CPU: %s" % (number, reason))
    sys.exit(1 if differ or same == 0 else 0)


main()
