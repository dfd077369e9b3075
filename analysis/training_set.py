#!/usr/bin/env python3
"""Writes the complete frames of an NXmx file and their labels as shards for training: HDF5, or numpy's .npy and .npz.

Needs h5py and numpy (and matplotlib installed). One frame is in memory at a time. The folder gets shard_00000 ... and index.json;
the class TesseraDataset of tessera_dataset.py reads them into PyTorch. Labels of each frame: number in the sweep, ub_matrix
(1/angstrom, in the middle of the exposure), quaternion (w x y z, w >= 0: the rotation that this matrix is of the standard setting
of the cell, a* along x and b* in the xy plane), fluence (1/m^2), phi (degree, middle of the exposure), wavelength (angstrom),
cells; with --spots the predicted spots.
"""
import argparse
import json
import math
import os
import sys

from tessera_file import Sweep, UserError, rotation, run, wavelength_angstrom
import h5py  # after tessera_file, which sets it up
import numpy as np
from spot_model import SpotModel

SPOT = np.dtype([("h", "i4"), ("k", "i4"), ("l", "i4"), ("fast", "f4"), ("slow", "f4"), ("photons", "f4"), ("panel", "i4")])
SPOT_SIGMAS = 2.0


def quaternion(matrix):
    """w x y z of a rotation matrix, w >= 0 (K. Shepperd's method: the largest component first)."""
    diagonal = np.diag(matrix)
    squares = np.array([1 + diagonal.sum(), *(1 + 2 * diagonal - diagonal.sum())])
    cross = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
    best = int(np.argmax(squares))
    if best == 0:
        q = np.array([squares[0], *cross])
    else:
        i = best - 1
        q = np.array([cross[i], *(matrix[i] + matrix[:, i])])
        q[best] = squares[best]
    q /= np.linalg.norm(q)
    return -q if q[0] < 0 else q


def orientation(ub):
    """The rotation U in UB = U B, with B upper triangular: a* along x, b* in the xy plane."""
    u, b = np.linalg.qr(ub)
    u = u * np.sign(np.diag(b))
    if np.linalg.det(u) < 0:
        raise UserError("an orientation matrix is left-handed: it has no quaternion")
    return u


def labels_of(sweep, slot):
    """The labels of one frame, each a number or a small array."""
    begin, end = sweep.phi_interval(slot)
    ub = rotation(sweep.spindle(), (begin + end) / 2) @ sweep.column_of("ub_matrix", slot)
    return {"number": np.int64(sweep.numbers[slot]), "ub_matrix": ub, "quaternion": quaternion(orientation(ub)),
            "fluence": np.float64(sweep.fluence(slot)), "phi": np.float64(math.degrees((begin + end) / 2)),
            "wavelength": np.float64(wavelength_angstrom(sweep.file, slot)),
            "cells": np.asarray(sweep.column_of("crystal_N", slot), np.int64)}


def spots_of(model, slot):
    """The predicted spots of a frame, the strongest for a structure factor of 1 first."""
    found = model.predict(slot, SPOT_SIGMAS)
    spots = np.empty(found.index.size, SPOT)
    spots["h"], spots["k"], spots["l"] = model.hkl[found.index].T
    spots["fast"], spots["slow"], spots["photons"] = found.fast, found.slow, found.photons
    spots["panel"] = found.panel
    return np.sort(spots, order="photons")[::-1]


class Hdf5Images:
    """The images of a shard in NAME.h5, a chunk each."""

    def __init__(self, path, shape, dtype):
        self.file = h5py.File(path + ".h5", "w")
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        self.images = self.file.create_dataset("images", shape, dtype, chunks=(1, *shape[1:]), **options)

    def put(self, row, image):
        self.images[row] = image

    def finish(self, labels):
        for name, values in labels.items():
            self.file[f"labels/{name}"] = values
        self.file.close()


class NumpyImages:
    """The images of a shard in NAME_images.npy, the labels in NAME_labels.npz."""

    def __init__(self, path, shape, dtype):
        self.path = path
        self.file = open(path + "_images.npy", "wb")
        np.lib.format.write_array_header_1_0(self.file, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape})
        self.dtype = dtype

    def put(self, row, image):
        self.file.write(np.ascontiguousarray(image, self.dtype).tobytes())

    def finish(self, labels):
        self.file.close()
        np.savez(self.path + "_labels.npz", **labels)


def write_shard(path, sweep, slots, writer, dtype, model):
    """One shard of the frames at `slots`."""
    shard = writer(path, (len(slots), sweep.slow_pixels, sweep.fast_pixels), dtype)
    rows, spots = [], []
    for row, slot in enumerate(slots):
        shard.put(row, np.where(sweep.good, sweep.frame(slot), 0).astype(dtype))
        rows.append(labels_of(sweep, slot))
        if model is not None:
            spots.append(spots_of(model, slot))
    labels = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    if model is not None:
        ends = np.cumsum([len(s) for s in spots])
        labels.update(spots=np.concatenate(spots), spots_begin=ends - [len(s) for s in spots], spots_end=ends)
    shard.finish(labels)
    return [name for name in rows[0]]


def write_set(sweep, folder, arguments):
    """All shards and their index; returns the numbers of frames and of shards."""
    slots = sweep.complete()
    model = SpotModel(sweep) if arguments.spots else None
    dtype = np.dtype("f4") if sweep.expected else sweep.images.dtype
    writer, ending = {"hdf5": (Hdf5Images, ".h5"), "numpy": (NumpyImages, "")}[arguments.format]
    shards, labels = [], []
    for number, first in enumerate(range(0, len(slots), arguments.frames)):
        part = slots[first:first + arguments.frames]
        name = f"shard_{number:05d}"
        labels = write_shard(os.path.join(folder, name), sweep, part, writer, dtype, model)
        shards.append({"name": name + ending, "frames": len(part)})
    index = {"source": os.path.basename(sweep.path), "format": arguments.format, "dtype": dtype.name,
             "shape": list(sweep.images.shape[1:]), "labels": labels, "spots": arguments.spots, "shards": shards}
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump(index, file, indent=1)
        file.write("\n")
    return len(slots), len(shards)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE.nxs")
    parser.add_argument("--output", metavar="FOLDER", required=True, help="new or empty folder for the shards")
    parser.add_argument("--frames", type=int, default=1000, metavar="N", help="in each shard (default 1000)")
    parser.add_argument("--format", choices=("hdf5", "numpy"), default="hdf5", help="of the shards (default hdf5, deflated)")
    parser.add_argument("--images", choices=("data", "expected"), default="data",
                        help="which images: those of /entry/data, or the expected photons beside counts")
    parser.add_argument("--spots", action="store_true", help="also write the predicted spots of each frame")
    arguments = parser.parse_args()
    if arguments.frames < 1:
        parser.error(f"--frames {arguments.frames} must be 1 or more")
    with Sweep(arguments.file, arguments.images) as sweep:
        sweep.column("ub_matrix")
        os.makedirs(arguments.output, exist_ok=True)
        if os.listdir(arguments.output):
            raise UserError(f"{arguments.output} is not empty: name a new folder")
        frames, shards = write_set(sweep, arguments.output, arguments)
    print(f"{arguments.output}: {frames} frames in {shards} shards")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
