"""The shards that training_set.py writes, as a PyTorch Dataset; without torch the same class gives numpy arrays.

    from tessera_dataset import TesseraDataset
    loader = torch.utils.data.DataLoader(TesseraDataset("training"), batch_size=16, shuffle=True, num_workers=4)
    for images, labels in loader:                        # images [16, slow, fast]; labels["quaternion"] [16, 4], ...

Needs h5py alone (and the numpy that comes with it). Copy this file to where the training runs; it uses nothing of Tessera.
"""
import bisect
import json
import os

os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")  # read once, by the import: some file systems have no locks
import h5py
import numpy as np

try:
    import torch
    from torch.utils.data import Dataset
except ImportError:
    torch, Dataset = None, object


class TesseraDataset(Dataset):
    """Item i is (image [slow, fast], {label: value}). Shards are opened when they are first read, once in each worker process.

    `transform` is applied to the image, a numpy array; `labels` names those that are wanted (default: all of a fixed size)."""

    def __init__(self, folder, transform=None, labels=None):
        with open(os.path.join(folder, "index.json")) as file:
            index = json.load(file)
        self.folder, self.transform = folder, transform
        self.shards, self.format = [shard["name"] for shard in index["shards"]], index["format"]
        self.ends = list(np.cumsum([shard["frames"] for shard in index["shards"]]))
        self.labels = list(labels) if labels is not None else index["labels"]
        self.opened = {}

    def __len__(self):
        return int(self.ends[-1])

    def __getstate__(self):
        return {**self.__dict__, "opened": {}}  # open files do not go to worker processes

    def shard(self, number):
        """Images and labels of a shard, both indexed by the frame."""
        if number not in self.opened:
            path = os.path.join(self.folder, self.shards[number])
            if self.format == "hdf5":
                file = h5py.File(path, "r")
                self.opened[number] = file["images"], file["labels"]
            else:
                labels = np.load(path + "_labels.npz")
                self.opened[number] = np.load(path + "_images.npy", mmap_mode="r"), {n: labels[n] for n in labels.files}
        return self.opened[number]

    def place(self, item):
        """The shard of an item, and where the item is in it."""
        if not -len(self) <= item < len(self):
            raise IndexError(f"there is no item {item} among {len(self)}")
        item %= len(self)
        number = bisect.bisect_right(self.ends, item)
        return number, item - (int(self.ends[number - 1]) if number else 0)

    def __getitem__(self, item):
        number, row = self.place(item)
        images, table = self.shard(number)
        image = np.array(images[row])
        if self.transform is not None:
            image = self.transform(image)
        labels = {name: np.array(table[name][row]) for name in self.labels}
        if torch is not None:
            image = torch.from_numpy(image) if isinstance(image, np.ndarray) else image
            labels = {name: torch.from_numpy(value) if value.ndim else torch.tensor(value.item())
                      for name, value in labels.items()}
        return image, labels

    def spots(self, item):
        """Predicted spots of an item, a structured array of h k l fast slow photons (of F = 1); needs training_set.py --spots."""
        number, row = self.place(item)
        _, table = self.shard(number)
        if "spots" not in table:
            raise KeyError(f"{self.folder} has no spots: write it with training_set.py --spots")
        begin, end = table["spots_begin"][row], table["spots_end"][row]
        return table["spots"][begin:end]
