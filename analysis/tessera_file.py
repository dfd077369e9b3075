"""Reads Tessera's NXmx files for the programs of this folder: geometry, beam, labels, and the images one at a time.

Contiguous, compressed and merged (virtual) files open alike. Lengths are in metres, wavelengths in angstrom, reciprocal
space in 1/angstrom, angles in radians. The frame of coordinates is the file's: z along the beam, x along the electric field.
"""
import math
import os
import sys

PROGRAM = os.path.basename(sys.argv[0])
for descriptor in range(3):  # started without a standard stream (>&-): else the first file that is opened gets its number
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDONLY)
os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"  # read once, by the import: some file systems have no locks, and we only look
try:
    import h5py
    import matplotlib
    import numpy as np

    matplotlib.use("Agg")
except ImportError as missing:
    package = (missing.name or "numpy").partition(".")[0]
    print(f"{PROGRAM}: {' '.join(str(missing).split())}; this Python ({sys.executable}) needs h5py, numpy and matplotlib. On Debian: "
          f"apt install python3-{package}, and /usr/bin/python3", file=sys.stderr)
    sys.exit(2)

DETECTOR = "entry/instrument/detector"
BEAM = "entry/instrument/beam"
FRAMES = "entry/simulation/frames"
PARAMETERS = "entry/simulation/parameters"
PHI = "entry/sample/transformations/phi"
IMAGES = {"data": "entry/data/data", "expected": "entry/simulation/images/expected_photons"}
OLD_NAMES = {"crystal.mosaic_model": "crystal.mosaic_law", "crystal.spot_model": "crystal.spot_law",
             "crystal.spot_sharpness": "crystal.fudge"}  # of files that earlier revisions wrote
OLD_WORDS = {"ancestor": "nanobragg"}
COMPLETE = 2
METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6}
ANGSTROMS = {"angstrom": 1.0, "a": 1.0, "nm": 10.0, "m": 1e10}


def mask_of(file):
    """The mask of a file, or None; of panels side by side it is where DIALS, which could not read it, does not look"""
    places = [file.get(DETECTOR + name) for name in ("/pixel_mask", "/detectorSpecific/pixel_mask")]
    return next((place for place in places if place is not None), None)


class UserError(Exception):
    """Something that the user can mend; the message says what."""


class OutputLost(Exception):
    """The standard output cannot be written."""


class Output:
    """The standard output: what a pipe's reader does not want any more is dropped, and the work goes on."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def _try(self, action, *arguments):
        try:
            return action(*arguments)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
        except OSError as error:
            raise OutputLost(error) from None
        return None

    def write(self, words):
        self._try(self.stream.write, words)
        return len(words)

    def flush(self):
        self._try(self.stream.flush)


def say(message):
    print(f"{PROGRAM}: " + " ".join(str(message).split()), file=sys.stderr)


def run_program(program):
    try:
        return program()
    except (UserError, OSError) as error:
        say(error)
    except OutputLost:
        raise
    except KeyError as error:
        say(f"unknown unit or missing attribute {error}")
    except MemoryError:
        say("there is not enough memory for this")
    except Exception as error:  # a file whose values make no sense; no line of code says more to its user
        if os.environ.get("TESSERA_TRACEBACK"):
            raise
        say(f"this cannot be done with these files: {type(error).__name__}: {error} (TESSERA_TRACEBACK=1 shows where)")
    except KeyboardInterrupt:
        say("stopped")
        return 130
    return 2


def run(program):
    """Calls `program()` and returns its exit code; what the user can mend is one line on stderr and exit code 2, a standard
    output that cannot be written 3."""
    if sys.stdout is not None:
        sys.stdout = Output(sys.stdout)
    code = 0
    try:
        try:
            code = run_program(program)
        except SystemExit as end:  # argparse's
            code = end.code
        if sys.stdout is not None:
            sys.stdout.flush()
    except OutputLost as error:
        say(f"the standard output cannot be written: {error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    return code


def text(value):
    """A string from an HDF5 attribute or scalar dataset."""
    if isinstance(value, h5py.Dataset):
        value = value[()]
    if isinstance(value, np.ndarray):
        value = value.ravel()[0]
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def need(file, path):
    if path not in file:
        raise UserError(f"{file.filename} has no /{path}: it is not an NXmx file with its geometry")
    return file[path]


def open_file(path):
    if not os.path.isfile(path):
        raise UserError(f"there is no file {path}")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise UserError(f"{path} is not an HDF5 file that can be read: {error}") from None


def identity(path):
    """Tells one file from another: a file that is there by device and inode, another by its folder and name."""
    try:
        found = os.stat(path)
        return found.st_dev, found.st_ino
    except OSError:
        return os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))


def parts_of(path):
    """The files that a merged file shows."""
    with open_file(path) as file:
        for name in IMAGES.values():
            for source in file[name].virtual_sources() if name in file and file[name].is_virtual else []:
                yield os.path.join(os.path.dirname(path), source.file_name)


def check_outputs(outputs, inputs):
    """Refuses an output that is an input, a part of one, or another output. The first input is the NXmx file."""
    used = {identity(path): path for path in [*inputs, *parts_of(inputs[0])]}
    for output in outputs:
        if identity(output) in used:
            raise UserError(f"{output} would replace {used[identity(output)]}: they are one file; give another name")
        used[identity(output)] = output


def rotation(axis, angle):
    """The right-handed rotation about `axis` by `angle` (rad), as a 3 x 3 matrix."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def transformation(dataset, slot):
    """The 4 x 4 matrix (m) of one NXtransformations axis; a value for each frame is taken at `slot`."""
    values = np.atleast_1d(dataset[()]).astype(float)
    value = values[min(slot, values.size - 1)]
    unit = text(dataset.attrs["units"])
    vector = np.asarray(dataset.attrs["vector"], float)
    matrix = np.eye(4)
    if text(dataset.attrs["transformation_type"]) == "rotation":
        matrix[:3, :3] = rotation(vector, value if unit.startswith("rad") else math.radians(value))
    else:
        matrix[:3, 3] = vector * value * METRES[unit]
    if "offset" in dataset.attrs:
        offset_unit = text(dataset.attrs.get("offset_units", b"m"))
        matrix[:3, 3] += np.asarray(dataset.attrs["offset"], float) * METRES[offset_unit]
    return matrix


class Panel:
    """A panel of the detector: `window` (slow0, slow1, fast0, fast1) are its pixels of the image, `geometry` says where they are:
    the place (m) of the image's corner on the panel's plane, and the steps of one pixel along fast and slow."""

    def __init__(self, module, window, geometry):
        self.module, self.window, self.geometry = module, window, geometry

    @property
    def pixels(self):
        """The panel's part of an image."""
        return slice(*self.window[:2]), slice(*self.window[2:])

    def holds(self, fast, slow):
        """Which places (pixels from the image's corner) are on the panel."""
        slow0, slow1, fast0, fast1 = self.window
        return (fast > fast0) & (fast < fast1) & (slow > slow0) & (slow < slow1)

    def place(self, fast, slow):
        """Where such places are (m)."""
        corner, fast_step, slow_step = self.geometry
        return corner + fast[..., None] * fast_step + slow[..., None] * slow_step


def panel_of(file, name, slot):
    module = need(file, f"{DETECTOR}/{name}")
    matrix, path = np.eye(4), text(need(file, f"{DETECTOR}/{name}/fast_pixel_direction").attrs["depends_on"])
    parent = module
    while path != ".":
        axis = file[path] if path.startswith("/") else parent[path]
        matrix = transformation(axis, slot) @ matrix
        path, parent = text(axis.attrs["depends_on"]), axis.parent
    steps = []
    for direction in ("fast_pixel_direction", "slow_pixel_direction"):
        axis = need(file, f"{DETECTOR}/{name}/{direction}")
        size = float(np.ravel(axis[()])[0]) * METRES[text(axis.attrs["units"])]
        steps.append(matrix[:3, :3] @ np.asarray(axis.attrs["vector"], float) * size)
    if name == "module":
        first, size = (0, 0), need(file, IMAGES["data"]).shape[1:]
    else:
        first, size = (tuple(int(v) for v in need(file, f"{DETECTOR}/{name}/{part}")[()]) for part in ("data_origin", "data_size"))
    corner = matrix[:3, 3] - first[1] * steps[0] - first[0] * steps[1]
    return Panel(module, (first[0], first[0] + size[0], first[1], first[1] + size[1]), (corner, *steps))


def panels_of(file, slot=0):
    """The detector's panels, one or more."""
    names = sorted(name for name in need(file, DETECTOR) if name.startswith("module_"))
    return [panel_of(file, name, slot) for name in names or ["module"]]


def wavelength_angstrom(file, slot):
    """The mean wavelength of a frame."""
    dataset = need(file, BEAM + "/incident_wavelength")
    values = np.atleast_1d(dataset[()]).astype(float)
    unit = text(dataset.attrs.get("units", b"angstrom")).lower()
    return float(values[min(slot, values.size - 1)]) * ANGSTROMS[unit]


def spacing_angstrom(geometry, wavelength, fast, slow):
    """Bragg's d at detector coordinates `fast`, `slow` (pixels from the corner; a pixel's centre is at index + 0.5)."""
    corner, fast_step, slow_step = geometry
    place = corner + fast[..., None] * fast_step + slow[..., None] * slow_step
    cosine = place[..., 2] / np.linalg.norm(place, axis=-1)
    sine_theta = np.sqrt(np.clip((1 - cosine) / 2, 1e-12, None))
    return wavelength / (2 * sine_theta)


def spacings_of_pixels(panels, wavelength, shape):
    """Bragg's d of each pixel of an image of `shape`; NaN between panels."""
    found = np.full(shape, np.nan)
    for panel in panels:
        slow0, slow1, fast0, fast1 = panel.window
        fast, slow = np.meshgrid(np.arange(fast0, fast1) + 0.5, np.arange(slow0, slow1) + 0.5)
        found[panel.pixels] = spacing_angstrom(panel.geometry, wavelength, fast, slow)
    return found


def frames_text(numbers, most=12):
    """Numbers as runs, "3, 5 to 9", cut after `most` runs."""
    runs = []
    for number in sorted(int(n) for n in numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:most]]
    return ", ".join(words) + (f" and {len(runs) - most} more runs" if len(runs) > most else "")


class Sweep:
    """An open file: its labels, and its images one at a time. `slot` is a frame's place in the file, from 0."""

    def __init__(self, path, images="data"):
        self.path = path
        self.file = open_file(path)
        self.images = need(self.file, IMAGES[images])
        self.expected = images == "expected" or self.images.dtype.kind == "f"
        if self.images.ndim != 3:
            raise UserError(f"/{IMAGES[images]} of {path} has {self.images.ndim} dimensions; a stack of frames has 3")
        self.count, self.slow_pixels, self.fast_pixels = self.images.shape
        self.numbers = self.column("number", np.arange(self.count)).astype(int)
        self.status = self.column("status", np.full(self.count, COMPLETE))
        mask = mask_of(self.file)
        self.good = np.ones(self.images.shape[1:], bool) if mask is None else mask[()] == 0
        limit = self.file.get(DETECTOR + "/saturation_value")
        self.greatest_good = math.inf if limit is None or self.expected else float(np.ravel(limit[()])[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def column(self, name, default=None):
        """A column of the table of frames."""
        dataset = self.file.get(f"{FRAMES}/{name}")
        if dataset is None and default is None:
            raise UserError(f"{self.path} has no /{FRAMES}/{name}: it does not come from tessera simulate")
        return default if dataset is None else dataset[()]

    def column_of(self, name, slot):
        """The row of one frame."""
        if f"{FRAMES}/{name}" not in self.file:
            raise UserError(f"{self.path} has no /{FRAMES}/{name}: it does not come from tessera simulate")
        return self.file[f"{FRAMES}/{name}"][slot]

    def complete(self):
        """The slots of complete frames; names the others on stderr."""
        done = np.flatnonzero(self.status == COMPLETE)
        if 0 < done.size < self.count:
            left = frames_text(self.numbers[self.status != COMPLETE])
            print(f"{PROGRAM}: {self.path}: left out, not complete: frames {left}", file=sys.stderr)
        if done.size == 0:
            raise UserError(f"{self.path} has no complete frame")
        return done

    def frame(self, slot):
        """One image [slow][fast] as it is in the file."""
        image = self.images[slot]
        if image.size and image.max() < 0:
            raise UserError(f"every pixel of frame {self.numbers[slot]} of {self.path} is negative: "
                            "a part of the merged file is not where it was")
        return image

    def parameter(self, name, slot=0):
        """A parameter in SI units: a number, an array or a string. A frame's own value goes before the run's."""
        names = [name, OLD_NAMES.get(name, name)]
        own = next((self.file[f"{FRAMES}/{n}"] for n in names if f"{FRAMES}/{n}" in self.file), None)
        if own is not None:
            value = text(own.attrs["words"]).split()[int(own[slot])] if "words" in own.attrs else own[slot]
        else:
            known = next((n for n in names if f"{PARAMETERS}/{n}" in self.file), name)
            value = need(self.file, f"{PARAMETERS}/{known}")[()]
        value = text(value) if isinstance(value, bytes) else value
        return OLD_WORDS.get(value, value) if isinstance(value, str) else value

    def wavelengths(self, slot):
        """Wavelengths (angstrom) of a frame and their weights, of sum 1."""
        lines, weights = (self.file.get(f"{BEAM}/incident_wavelength_1D{end}") for end in ("", "_weights"))
        if lines is None or weights is None:
            return np.array([wavelength_angstrom(self.file, slot)]), np.ones(1)
        weights = weights[slot] if weights.ndim == 2 else weights[()]
        return lines[()] * ANGSTROMS[text(lines.attrs["units"]).lower()], weights / weights.sum()

    def shortest_wavelength(self):
        """The shortest wavelength (angstrom) of all frames."""
        lines = self.file.get(BEAM + "/incident_wavelength_1D")
        lines = need(self.file, BEAM + "/incident_wavelength") if lines is None else lines
        return float(np.nanmin(lines[()])) * ANGSTROMS[text(lines.attrs.get("units", b"angstrom")).lower()]

    def fluence(self, slot):
        """Photons/m^2: of the counts with their flicker, or the nominal one of expected photons."""
        if not self.expected:
            return float(self.column_of("fluence", slot))
        values = np.atleast_1d(need(self.file, BEAM + "/flux_integrated")[()])
        return float(values[min(slot, values.size - 1)])

    def spindle(self):
        """The axis of phi."""
        if PHI in self.file:
            return np.asarray(self.file[PHI].attrs["vector"], float)
        native = need(self.file, "entry/simulation/geometry_native")
        return native["to_mcstas"][()] @ native["spindle"][()]

    def phi_interval(self, slot):
        """Spindle angles (rad) where the exposure of a frame begins and ends."""
        if PHI in self.file:
            return math.radians(self.file[PHI][slot]), math.radians(self.file[PHI + "_end"][slot])
        begin = math.radians(float(self.column_of("phi0", slot)))
        width = float(self.parameter("sampling.phi_range", slot))
        return begin, begin + (width if math.isfinite(width) else 0.0)
