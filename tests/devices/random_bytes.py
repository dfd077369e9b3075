#!/usr/bin/env python3
"""Random experiments by the CPU and by a device: the images must be the same bytes.

    random_bytes.py TESSERA COUNT SEED [PRECISION] [OPTION...]

The experiments are those of tests/oracle. Prints how many a device has computed, why it has not computed the others, and each
difference as a complete command. MOCK=FOLDER: the driver of tests/devices is there. Exit code 1 when one differs.
"""
import collections
import hashlib
import os
import re
import subprocess
import sys
import tempfile

import h5py

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import random_experiments  # noqa: E402


def image(path):
    with h5py.File(path) as file:
        return hashlib.sha256(file["/entry/data/data"][()].tobytes()).hexdigest()


def main():
    program, count, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    precision, more = sys.argv[4] if len(sys.argv) > 4 else "float32", sys.argv[5:]
    usual = dict(os.environ)
    with_device = dict(usual)
    if "MOCK" in usual:
        with_device["LD_LIBRARY_PATH"] = usual["MOCK"] + ":" + usual.get("LD_LIBRARY_PATH", "")
    same = differ = refused = 0
    reasons = collections.Counter()
    for number in range(count):
        *_, parameters, files = random_experiments.experiment(seed, number)
        options = {**parameters, "run.precision": precision}
        words = ["--%s=%s" % x for x in options.items()] + more
        with tempfile.TemporaryDirectory() as folder:
            for name, contents in files.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(contents.encode() if isinstance(contents, str) else contents)

            def run(output, device, environment):
                return subprocess.run([program, "simulate", *words, "--run.output=" + output, "--run.device=" + device],
                                      cwd=folder, env=environment, capture_output=True, text=True)

            one, other = run("cpu.nxs", "none", usual), run("device.nxs", "required", with_device)
            if one.returncode == 2 and other.returncode == 2:
                refused += 1
                continue
            said = other.stdout + other.stderr
            right = one.returncode == 0 == other.returncode and image(folder + "/cpu.nxs") == image(folder + "/device.nxs")
            against = re.search(r"computes nothing: (.*)", said)
            if not right or "warning: rank" in said:
                differ += 1
                print("DIFFERS: experiment %d (exit codes %d, %d): %s\n%s simulate %s" % (
                    number, one.returncode, other.returncode, other.stderr.strip()[:300], program, " ".join(words)), flush=True)
            elif against:
                reasons[against.group(1)] += 1
            else:
                assert "computed by" in said, said
                same += 1
    print("%d of %d experiments computed by the device, %d differ, %d refused by both" % (same, count, differ, refused))
    for reason, times in reasons.most_common():
        print("%4d by the CPU: %s" % (times, reason))
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()
