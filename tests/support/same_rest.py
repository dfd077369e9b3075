"""Compares two NXmx files of one run that were written in different ways: all groups, datasets, attributes and values but for a
set that is listed here must be the same. Usage: same_rest.py A.nxs B.nxs"""
import sys

import h5py
import numpy

# What a run does not share with another one: where and when it ran, who rendered a frame, how it was asked for.
OTHER = {
    "/entry/start_time", "/entry/end_time", "/entry/end_time_estimated", "/entry/simulation/date", "/entry/simulation/command_line",
    "/entry/simulation/notes", "/entry/simulation/frames/rank", "/entry/simulation/frames/start_time",
    "/entry/simulation/frames/wall_seconds", "/entry/simulation/parameters/output.writer", "/entry/simulation/parameters/run.output",
    "/entry/simulation/parameters/output.frames_per_file", "/entry/simulation/parameters/output.compression",
    "/entry/simulation/data_files", "/entry/simulation/parameters/run.tile", "/entry/simulation/parameters/run.shards", "/entry/simulation/parameters/run.wave", "/entry/simulation/parameters/run.verbosity",
}
OTHER_GROUPS = ("/entry/simulation/environment", "/entry/simulation/resumes")
OTHER_ATTRIBUTES = {("/", "file_time"), ("/", "file_name")}


def is_other(path):
    if path.startswith("/entry/data/data_00"):  # a link to a file of frames
        return True
    return any(path == name or path.startswith(name + "/") for name in OTHER) or path.startswith(OTHER_GROUPS)


def contents(name):
    """Path -> value or list of members, and attributes; without following links to other files."""
    found = {}
    with h5py.File(name, locking=False) as file:
        def add(path, thing):
            path = "/" + path if path else "/"
            if not is_other(path):
                value = sorted(m for m in thing if not is_other(path.rstrip("/") + "/" + m)) if isinstance(thing, h5py.Group) else thing[()]
                attributes = {k: v for k, v in thing.attrs.items() if (path, k) not in OTHER_ATTRIBUTES}
                found[path] = (value, getattr(thing, "dtype", None), attributes)
        add("", file)
        file.visititems(add)
    return found


def same(left, right):
    if isinstance(left, numpy.ndarray) and isinstance(right, numpy.ndarray) and left.dtype.kind == "f":
        return left.shape == right.shape and left.tobytes() == right.tobytes()
    return numpy.array_equal(left, right) or (left != left and right != right)


def main(one, other):
    a, b = contents(one), contents(other)
    wrong = sorted(set(a) ^ set(b))
    for path in sorted(set(a) & set(b)):
        (value, dtype, attributes), (value_b, dtype_b, attributes_b) = a[path], b[path]
        if not same(value, value_b) or dtype != dtype_b or attributes.keys() != attributes_b.keys():
            wrong.append(path)
        else:
            wrong += [f"{path}@{k}" for k in attributes if not same(attributes[k], attributes_b[k])]
    for path in wrong:
        print(f"{path} differs")
    print(f"{len(a)} objects compared")
    return 1 if wrong or len(a) < 100 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
