"""The expected photons of an experiment as docs/physics.md has them: numpy in double precision, written from that page alone.

    images = render(options, folder)        [frame][slow][fast], float64

`options` are those of the command line, {"beam.wavelength": "1.2", ...}, in the units of docs/parameters.md; the files that
they name lie in `folder`. Every factor is a function of its own, named after its section of the page. Not here, and
refused: what docs/physics.md does not define (files of crystallographic suites, materials, nanoBragg's generator) and
numbers that the program chooses by itself.
"""
import csv
import itertools
import json
import os
import re

import numpy as np

THOMSON_M2 = 7.94079248018965e-30
DEFAULT_FLUENCE = 1.25932015286227086360700780544e29
HC_EV_ANGSTROM = 12398.419843320026
AVOGADRO = 6.02214179e23
DEGREE = np.pi / 180

UNITS = {'A': 1e-10, 'nm': 1e-9, 'um': 1e-6, 'mm': 1e-3, 'm': 1.0, 'deg': DEGREE, 'mrad': 1e-3, '%': 1e-2, '': 1.0}
# Those that are not pure numbers; docs/parameters.md has them all.
UNIT_OF = {
    'beam.wavelength': 'A', 'beam.size': 'mm', 'beam.dispersion': '%', 'beam.transmission': '%', 'beam.divergence_horizontal': 'mrad',
    'beam.divergence_vertical': 'mrad', 'crystal.misset': 'deg', 'crystal.size': 'mm', 'crystal.mosaic_spread': 'deg',
    'detector.distance': 'mm', 'detector.close_distance': 'mm', 'detector.pixel_size': 'mm', 'detector.size': 'mm',
    'detector.beam_centre': 'mm', 'detector.closest_point': 'mm', 'detector.rotation': 'deg', 'detector.twotheta': 'deg',
    'detector.panels_shift': 'mm', 'detector.sensor_thickness': 'um', 'detector.sensor_attenuation': 'um', 'background.size': 'um',
    'sampling.phi_start': 'deg', 'sampling.phi_range': 'deg', 'sampling.dmin': 'A', 'sweep.start': 'deg', 'sweep.width': 'deg',
}
# What a drawn value must lie in, in the same units.
RANGE_OF = {'crystal.mosaic_spread': (0, 180), 'crystal.mosaic_domains': (1, 1e8), 'crystal.cells': (1, 1e6)}


class Options:
    """What the command line says, with the defaults of docs/parameters.md where it says nothing."""

    def __init__(self, texts, folder):
        self.texts, self.folder = dict(texts), folder

    def given(self, name):
        return self.texts.get(name, 'auto') != 'auto'

    def word(self, name, otherwise):
        return self.texts.get(name, otherwise)

    def numbers(self, name, otherwise=None):
        """SI; None or the default where nothing is given"""
        if not self.given(name):
            return otherwise
        unit = UNITS[UNIT_OF.get(name, '')]
        return np.array([float(text) * unit for text in self.texts[name].split(',')])

    def number(self, name, otherwise=None):
        values = self.numbers(name)
        return otherwise if values is None else values[0]

    def three(self, name, otherwise):
        """one value stands for all three"""
        values = self.numbers(name, np.array(otherwise, float))
        return np.repeat(values, 3) if len(values) == 1 else values

    def path(self, name):
        return os.path.join(self.folder, self.texts[name])

    def lines(self, name):
        """the numbers of each line of a text file"""
        with open(self.path(name)) as file:
            texts = [line.split('#')[0].split() for line in file]
        return [[float(word) for word in words] for words in texts if words]

    def with_values(self, values):
        """{name or name[i]: text} put in their places"""
        texts = dict(self.texts)
        for name, text in values.items():
            whole, _, place = name.partition('[')
            if place:
                parts = texts[whole].split(',')
                parts[int(place[:-1])] = text
                text = ','.join(parts)
            texts[whole] = text
        return Options(texts, self.folder)


# ------------------------------------------------------------------------------------------------------------ vectors
def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def rotation_about(axis, angle):
    """right-handed; Rodrigues' formula"""
    x, y, z = unit(np.asarray(axis, float))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def rotation_xyz(angles):
    """about x, then y, then z"""
    x, y, z = np.eye(3)
    return rotation_about(z, angles[2]) @ rotation_about(y, angles[1]) @ rotation_about(x, angles[0])


def rotation_of_quaternion(w, x, y, z):
    w, x, y, z = np.array([w, x, y, z]) / np.sqrt(w * w + x * x + y * y + z * z)
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                     [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                     [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]])


# ----------------------------------------------------------------------------------------------------- Random numbers
MASK = 2**64 - 1
STREAM_MOSAIC, STREAM_MISSET, STREAM_SWEEP, STREAM_DRAW = 1, 2, 3, 9


def philox(counter, key):
    """Philox4x64-10 of Salmon et al., SC11: four words of 64 bits"""
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(second >> 64) ^ c[1] ^ k[0], second & MASK, (first >> 64) ^ c[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return c


def uniforms(seed, stream, index, sub_index=0, draw=0):
    words = philox((draw & MASK, sub_index & MASK, index & MASK, 0), (seed, stream))
    return [((word >> 11) + 0.5) / 2**53 for word in words]


def normals(u):
    """Box and Muller's: two of the first pair, one of the second"""
    first, second = np.sqrt(-2 * np.log(u[0])), np.sqrt(-2 * np.log(u[2]))
    return np.array([first * np.cos(2 * np.pi * u[1]), first * np.sin(2 * np.pi * u[1]), second * np.cos(2 * np.pi * u[3])])


def random_orientation(seed, stream, index):
    """Shoemake's"""
    u = uniforms(seed, stream, index)
    return rotation_of_quaternion(np.sqrt(u[0]) * np.cos(2 * np.pi * u[2]), np.sqrt(1 - u[0]) * np.sin(2 * np.pi * u[1]),
                                  np.sqrt(1 - u[0]) * np.cos(2 * np.pi * u[1]), np.sqrt(u[0]) * np.sin(2 * np.pi * u[2]))


# ------------------------------------------------------------------------------- The unit cell and its orientation
def reciprocal_of_cell(cell):
    """rows a*, b*, c* (1/m); a* along x, b* in the xy plane"""
    lengths, angles = cell[:3] * 1e-10, cell[3:] * DEGREE
    ca, cb, cg = np.cos(angles)
    metric = np.outer(lengths, lengths) * [[1, cg, cb], [cg, 1, ca], [cb, ca, 1]]
    # of the metric of the reciprocal lattice, that with rows of a lower triangle (Cholesky) has just these axes
    return np.linalg.cholesky(np.linalg.inv(metric))


def cell_of(options):
    """a, b, c, alpha, beta, gamma; lengths left out equal a, angles left out are 90"""
    given = list(options.numbers('crystal.cell'))
    return np.array(given + [given[0]] * max(0, 3 - len(given)) + [90.0] * (3 - max(0, len(given) - 3)))


def unturned_reciprocal(options, matrix_wavelength):
    if not options.given('crystal.matrix'):
        return reciprocal_of_cell(cell_of(options))
    numbers = np.array(sum(options.lines('crystal.matrix'), [])[:9]).reshape(3, 3)
    return numbers.T / matrix_wavelength


def misset(options):
    if options.word('crystal.random_misset', 'false') == 'true':
        return random_orientation(int(options.number('crystal.misset_seed', 1)), STREAM_MISSET, 0)
    return rotation_xyz(options.numbers('crystal.misset', np.zeros(3)))


def reciprocal_of_crystal(base, options, turn):
    """at phi = 0; the matrix is of the run, not of a frame"""
    return unturned_reciprocal(options, nominal_wavelength(base)) @ (turn @ misset(options)).T


def domain_turns(options):
    """rotations in the crystal's own axes"""
    widths = options.three('crystal.mosaic_spread', (0.0,))
    count = int(options.number('crystal.mosaic_domains', 10 if widths.max() > 0 else 1))
    seed = int(options.number('crystal.mosaic_seed', 12345678))
    if not widths.max() > 0:
        return [np.eye(3)]
    turns = []
    for domain in range(count):
        pair, sign = domain // 2, 1 - 2 * (domain % 2)
        if domain % 2 == 0 and domain == count - 1:
            turns.append(np.eye(3))
            continue
        normal = normals(uniforms(seed, STREAM_MOSAIC, pair))
        if options.word('crystal.mosaic_model', 'gaussian') == 'gaussian':
            turn = normal * widths
        else:
            turn = unit(normal) * widths[0] * np.cbrt(uniforms(seed, STREAM_MOSAIC, pair, 1)[0])
        turns.append(rotation_about(turn, sign * np.linalg.norm(turn)))
    return turns


def crystal_axes(reciprocal):
    """columns: along a*, across it in the plane of a* and b*, along the normal of that plane"""
    x, z = unit(reciprocal[0]), unit(np.cross(reciprocal[0], reciprocal[1]))
    return np.array([x, np.cross(z, x), z]).T


def lattices(options, reciprocal, axes, phis):
    """cell vectors [lattice][a b c][x y z] of all domains at all spindle angles, from the reciprocal vectors at phi = 0"""
    cells = []
    for phi in phis:
        turned = reciprocal @ rotation_about(axes['spindle'], phi).T
        own = crystal_axes(turned)
        for turn in domain_turns(options):
            domain = turned @ (own @ turn @ own.T).T
            cells.append(np.linalg.inv(domain).T)
    return np.array(cells)


def number_of_cells(options, reciprocal):
    cells, size = options.three('crystal.cells', (1,)), options.numbers('crystal.size')
    if size is None:
        return cells
    size, edges = options.three('crystal.size', ()), np.linalg.norm(np.linalg.inv(reciprocal).T, axis=1)
    size[1:] = np.minimum(size[1:], options.number('beam.size', 1e-4))
    return np.where(size > 0, np.maximum(np.ceil(size / edges), 1), cells)


# ----------------------------------------------------------------------------------------------- Shape of the crystal
def interference(x, n):
    """(sin(pi N x)/sin(pi x))^2 of the distance from an integer"""
    near = np.abs(x) < 1e-9
    x = np.where(near, 0.5, x)
    return np.where(near, n, np.sin(np.pi * n * x) / np.sin(np.pi * x)) ** 2


def ball_transform(x):
    """3 (sin x - x cos x)/x^3"""
    small = x < 0.05
    y = np.where(small, 1.0, x)
    return np.where(small, 1 - x**2 / 10 + x**4 / 280 - x**6 / 15120, 3 * (np.sin(y) - y * np.cos(y)) / y**3)


def reciprocal_distance_squared(distances, reciprocal):
    """|dh a* + dk b* + dl c*|^2 (1/m^2)"""
    return np.sum(np.einsum('lpi,lij->lpj', distances, reciprocal) ** 2, axis=-1)


def radius_squared(law, distances, cells, reciprocal):
    """R^2 without fudge; nanoBragg's r^2"""
    if law == 'per_axis':
        return np.sum((cells * distances) ** 2, axis=-1)
    q2, total = reciprocal_distance_squared(distances, reciprocal), np.prod(cells)
    if law == 'nanobragg':
        return q2 * 1e-20 * total**2
    volume = 1 / np.abs(np.linalg.det(reciprocal))[:, None]
    return (total * volume) ** (2 / 3) * q2


def lattice_squared(options, miller, cells, reciprocal):
    """|F_latt|^2"""
    shape, law = options.word('crystal.shape', 'square'), options.word('crystal.spot_model', 'per_axis')
    total, distances = np.prod(cells), miller - np.ceil(miller - 0.5)
    if shape == 'square':
        return np.prod(interference(distances, cells), axis=-1)
    if shape in ('round', 'ellipsoid') and law == 'nanobragg':
        law = 'per_axis'
    r2 = options.number('crystal.spot_sharpness', 1.0) * radius_squared(law, distances, cells, reciprocal)
    if shape == 'ellipsoid':
        return (total * ball_transform(2 * np.pi * np.cbrt(3 / (4 * np.pi)) * np.sqrt(r2))) ** 2
    if shape == 'round':
        s, a = (np.pi, np.sqrt(np.pi / 6)) if law == 'per_axis' else (2 * np.pi * (3 / (4 * np.pi)) ** (1 / 3), 1.0)
        return (total * a * ball_transform(s * np.sqrt(r2))) ** 2
    if shape == 'gauss':
        return (total * np.exp(-(1 / 0.63 if law == 'nanobragg' else np.pi / 2) * r2)) ** 2
    return total**2 * (r2 < (0.3969 if law == 'nanobragg' else (3 / (4 * np.pi)) ** (2 / 3)))


# -------------------------------------------------------------------------------------------------- Structure factors
class StructureFactors:
    """what text files of h k l F and the scalars beside them give"""

    def __init__(self, options, reciprocal):
        self.default = options.number('crystal.default_f', 0.0)
        self.grid, self.least = None, None
        f000 = options.number('crystal.f000')
        if not options.given('crystal.structure_factors'):
            self.f000 = f000
            self.greatest = max(self.default, f000 or 0.0)
            return
        rows = np.array([line[:4] for line in options.lines('crystal.structure_factors')])
        indices, values = rows[:, :3].astype(int), rows[:, 3]
        q2 = np.sum((indices @ reciprocal) ** 2, axis=1)
        b = options.number('crystal.b_factor', 0.0) * 1e-20
        values = values * options.number('crystal.structure_factor_scale', 1.0) * np.exp(-b * q2 / 4)
        if f000 is not None:
            indices, values = np.vstack([indices, [0, 0, 0]]), np.append(values, f000)
        self.least = indices.min(axis=0)
        self.grid = np.full(indices.max(axis=0) - self.least + 1, self.default)
        self.grid[tuple((indices - self.least).T)] = values
        self.greatest = max(self.grid.max(), self.default)

    def nearest(self, miller):
        index = np.ceil(miller - 0.5).astype(int)
        if self.grid is None:
            at_origin = np.all(index == 0, axis=-1)
            return np.where(at_origin & (self.f000 is not None), self.f000 or 0.0, self.default)
        place = index - self.least
        inside = np.all((place >= 0) & (place < self.grid.shape), axis=-1)
        return np.where(inside, self.grid[tuple(np.moveaxis(np.where(inside[..., None], place, 0), -1, 0))], self.default)

    def tricubic(self, miller):
        """Lagrange's polynomial through floor(h)-1 .. floor(h)+2 along each axis; nearest within 2 of the box's edge"""
        greatest = self.least + np.array(self.grid.shape) - 1
        inside = np.all((miller >= self.least + 2) & (miller <= greatest - 2), axis=-1)
        result = self.nearest(miller)
        h = miller[inside]
        first = np.floor(h).astype(int) - 1 - self.least
        x = h - np.floor(h)
        points = np.arange(-1, 3)
        weights = np.ones(x.shape + (4,))
        for i, j in itertools.permutations(range(4), 2):
            weights[..., i] *= (x - points[j]) / (points[i] - points[j])
        total = np.zeros(len(h))
        for i, j, k in itertools.product(range(4), repeat=3):
            value = self.grid[first[:, 0] + i, first[:, 1] + j, first[:, 2] + k]
            total += weights[:, 0, i] * weights[:, 1, j] * weights[:, 2, k] * value
        result[inside] = total
        return result


def interpolates(options, factors, cells):
    wanted = options.word('crystal.interpolate', 'auto')
    return factors.grid is not None and (wanted == 'on' or (wanted == 'auto' and cells.min() <= 2))


# ------------------------------------------------------------------------------------ Fluence, polarization, sources
def fluence(options):
    transmission = options.number('beam.transmission', 1.0)
    if options.given('beam.flux'):
        return transmission * options.number('beam.flux') * options.number('beam.exposure', 1.0) / options.number('beam.size', 1e-4) ** 2
    return transmission * options.number('beam.fluence', DEFAULT_FLUENCE)


def electric_field(axis, direction):
    return unit(axis - np.dot(axis, direction) * direction)


def polarization_factor(options, axes, incident, diffracted):
    if options.word('beam.polarization_correction', 'true') == 'false':
        return np.ones(diffracted.shape[:-1])
    electric = electric_field(axes['polarization'], incident)
    magnetic = np.cross(incident, electric)
    kahn = options.number('beam.polarization', 0.0)
    return (1 + (diffracted @ incident) ** 2 - kahn * ((diffracted @ electric) ** 2 - (diffracted @ magnetic) ** 2)) / 2


def nominal_wavelength(options):
    if options.given('beam.energy'):
        return HC_EV_ANGSTROM / options.number('beam.energy') * 1e-10
    return options.number('beam.wavelength', 1e-10)


def points_of_width(width, count, law):
    """positions in units of the width that is sampled, and their distance"""
    if not width > 0:
        return np.zeros(1), 0.0
    if law == 'midpoint':
        return width * ((np.arange(count) + 0.5) / count - 0.5), width / count
    count = max(count, 2)
    return width * (np.arange(count) / (count - 1) - 0.5), width / (count - 1)


def wavelengths(options, frame):
    """(wavelength, weight) of each line of the band or spectrum"""
    centre = nominal_wavelength(options)
    if options.given('beam.spectrum'):
        lines = np.array(options.lines('beam.spectrum'))
        return [(HC_EV_ANGSTROM / energy * 1e-10, weight) for energy, weight in lines if weight > 0]
    count = int(options.number('beam.dispersion_steps', 2))
    band, _ = points_of_width(options.number('beam.dispersion', 0.0), count, options.word('beam.dispersion_points', 'midpoint'))
    return [(centre * (1 + part), 1.0) for part in band]


def directions(options, axes):
    law = options.word('beam.divergence_points', 'midpoint')
    parts, angles = [], []
    for axis in ('horizontal', 'vertical'):
        width = options.number('beam.divergence_' + axis, 0.0)
        count = int(options.number('beam.divergence_steps_' + axis, 2))
        angle, step = points_of_width(width, count, law)
        even = step**2 / 4 if law == 'endpoints' and max(count, 2) % 2 == 0 else 0.0
        angles.append(angle)
        parts.append(4 * (angle**2 - even) / width**2 if width > 0 else np.zeros(1))
    for i, h in enumerate(angles[0]):
        for j, v in enumerate(angles[1]):
            if options.word('beam.divergence_shape', 'round') == 'square' or parts[0][i] + parts[1][j] <= 1.1:
                turned = rotation_about(axes['polarization'], v) @ axes['beam']
                yield rotation_about(np.cross(axes['beam'], axes['polarization']), h) @ turned


def sources(options, axes, frame):
    """(direction, wavelength, weight) of each plane wave"""
    if options.given('beam.sources'):
        listed = []
        for line in options.lines('beam.sources'):
            weight = line[3] if len(line) > 3 else 1.0
            listed.append((-unit(np.array(line[:3])), line[4] if len(line) > 4 else nominal_wavelength(options), weight))
    else:
        listed = [(d, wave, weight) for d in directions(options, axes) for wave, weight in wavelengths(options, frame)]
    total = sum(weight for _, _, weight in listed)
    return [(d, wave, weight / total) for d, wave, weight in listed]


# ----------------------------------------------------------------------------------------------------- Spindle angles
def spindle_angles(options, frame):
    if options.word('sweep.kind', 'still') == 'rotation':
        width = options.number('sweep.width', 0.1 * DEGREE)
        first = options.number('sweep.start', 0.0) + frame * width
    else:
        first, width = options.number('sampling.phi_start', 0.0), options.number('sampling.phi_range', 0.0)
    steps = int(options.number('sampling.phi_steps', 1))
    offset = 0.5 if options.word('sampling.phi_points', 'midpoint') == 'midpoint' else 0.0
    return first + width * (np.arange(steps) + offset) / steps


# ------------------------------------------------------------------------------------------- Geometry of the detector
X, Y, Z = np.eye(3)
CONVENTIONS = {
    'mosflm': dict(beam=X, fast=Z, slow=-Y, normal=X, twotheta=-Z, polarization=Z, spindle=Z, pivot='beam'),
    'denzo': dict(beam=X, fast=Z, slow=-Y, normal=X, twotheta=-Z, polarization=Z, spindle=Z, pivot='beam'),
    'adxv': dict(beam=Z, fast=X, slow=-Y, normal=Z, twotheta=-X, polarization=X, spindle=X, pivot='beam'),
    'xds': dict(beam=Z, fast=X, slow=Y, normal=Z, twotheta=X, polarization=X, spindle=X, pivot='sample'),
    'dials': dict(beam=Z, fast=X, slow=Y, normal=Z, twotheta=Y, polarization=Y, spindle=Y, pivot='sample'),
    'custom': dict(beam=X, fast=Z, slow=-Y, normal=None, twotheta=Y, polarization=Z, spindle=Z, pivot='beam'),
}


# The laboratory frame of a file of panels
OF_PANELS = dict(beam=-Z, fast=X, slow=-Y, normal=-Z, twotheta=Y, polarization=X, spindle=X, pivot='sample')


def laboratory_axes(options):
    axes = dict(OF_PANELS if options.given('detector.panels') else CONVENTIONS[options.word('detector.convention', 'mosflm')])
    for axis, name in dict(beam='beam.direction', fast='detector.fast_vector', slow='detector.slow_vector',
                           normal='detector.normal_vector', twotheta='detector.twotheta_axis',
                           polarization='beam.polarization_axis', spindle='sampling.spindle_axis').items():
        if options.given(name):
            axes[axis] = unit(options.numbers(name))
    if axes['normal'] is None:
        normal = unit(np.cross(axes['fast'], axes['slow']))
        away = options.numbers('detector.pixel0', axes['beam'])
        axes['normal'] = normal * (1 if normal @ away >= 0 else -1)
    return axes


def beam_spot(options, pixel, width, height):
    """fast, slow distance of the beam from the corner, by the convention's meaning of X, Y"""
    convention = options.word('detector.convention', 'mosflm')
    given = options.numbers('detector.beam_centre')
    if convention in ('mosflm', 'denzo'):
        x, y = given if given is not None else ((height + pixel) / 2, (width + pixel) / 2)
        shift = pixel / 2 if convention == 'mosflm' else 0.0
        return np.array([y + shift, x + shift])
    if convention == 'adxv':
        x, y = given if given is not None else ((width + pixel) / 2, (height - pixel) / 2)
        return np.array([x, height - y])
    return given if given is not None else np.array([width, height]) / 2


class Detector:
    """the one panel of the parameters"""

    def __init__(self, options, axes):
        self.options, self.axes, self.first = options, axes, (0, 0)
        self.pixel = options.number('detector.pixel_size', 1e-4)
        self.size = self.pixel, self.pixel
        self.shape = int(options.number('detector.slow_pixels')), int(options.number('detector.fast_pixels'))
        height, width = self.shape[0] * self.pixel, self.shape[1] * self.pixel
        turn = rotation_about(axes['twotheta'], options.number('detector.twotheta', 0.0)) @ rotation_xyz(
            options.numbers('detector.rotation', np.zeros(3)))
        self.fast, self.slow, self.normal = turn @ axes['fast'], turn @ axes['slow'], turn @ axes['normal']
        spot = beam_spot(options, self.pixel, width, height)
        closest, pivot = self.closest_point(spot, width, height)
        if options.given('detector.pixel0'):
            self.pixel0 = turn @ options.numbers('detector.pixel0')
        elif pivot == 'sample':
            self.pixel0 = turn @ (self.close_distance() * axes['normal'] - closest[0] * axes['fast'] - closest[1] * axes['slow'])
        else:
            if self.closest_given and not options.given('detector.beam_centre'):
                spot = closest
            self.pixel0 = self.distance() * axes['beam'] - spot[0] * self.fast - spot[1] * self.slow

    def closest_point(self, spot, width, height):
        options = self.options
        convention = options.word('detector.convention', 'mosflm')
        closest = options.numbers('detector.closest_point')
        if options.given('detector.origin'):
            closest = (options.numbers('detector.origin') - 0.5) * self.pixel
        self.closest_given = closest is not None
        alone = self.closest_given and not options.given('detector.beam_centre')
        pivot = options.word('detector.pivot', 'auto')
        if pivot == 'auto':
            pivot = 'sample' if alone else self.axes['pivot']
        if closest is None:
            keeps_middle = (options.word('detector.closest_rule', 'beam') == 'middle'
                            and convention in ('mosflm', 'denzo', 'adxv'))
            beam = options.given('detector.beam_centre') and not keeps_middle
            closest = spot if beam else np.array([width, height]) / 2
        return closest, pivot

    def tilt_cosine(self):
        return abs(self.axes['beam'] @ self.normal)

    def distance(self):
        """along the beam"""
        if self.options.given('detector.close_distance'):
            return self.options.number('detector.close_distance') / self.tilt_cosine()
        return self.options.number('detector.distance', 0.1)

    def close_distance(self):
        """along the normal"""
        if self.options.given('detector.close_distance'):
            return self.options.number('detector.close_distance')
        return self.options.number('detector.distance', 0.1) * self.tilt_cosine()

    def positions(self, fast, slow, depth):
        """[point][x y z] of distances from the corner along fast and slow"""
        fast, slow = fast[:, None], slow[:, None]
        if self.options.word('detector.curved', 'false') == 'false':
            return self.pixel0 + fast * self.fast + slow * self.slow + depth * self.normal
        beam = self.axes['beam']
        distance = (self.pixel0 @ self.normal) / (beam @ self.normal)
        spot = distance * beam - self.pixel0
        hand = np.sign(np.cross(self.fast, self.slow) @ self.normal)
        result = []
        for f, s in zip(fast[:, 0], slow[:, 0]):
            up = rotation_about(self.fast, -hand * (s - spot @ self.slow) / distance)
            across = rotation_about(self.slow, hand * (f - spot @ self.fast) / distance)
            result.append((distance + depth) * (across @ up @ beam))
        return np.array(result)

    def cosine(self, diffracted):
        if self.options.word('detector.curved', 'false') == 'true':
            return np.ones(len(diffracted))
        return np.abs(diffracted @ self.normal)

    def solid_angle(self, position, cosine):
        omega = self.size[0] * self.size[1] / np.sum(position**2, axis=1)
        return omega if self.options.word('detector.point_pixel', 'false') == 'true' else omega * cosine


class Panel(Detector):
    """one of a file's; first: slow, fast of its first pixel on the image"""

    def __init__(self, options, described):
        self.options, self.described = options, described
        self.size = tuple(1e-3 * edge for edge in described['pixel_size'])
        self.shape, self.first = described['image_size'][::-1], described['raw_image_offset'][::-1]
        self.fast, self.slow = np.array(described['fast_axis']), np.array(described['slow_axis'])
        self.pixel0 = 1e-3 * np.array(described['origin']) + options.numbers('detector.panels_shift', np.zeros(3))
        across = unit(np.cross(self.fast, self.slow))
        self.normal = across * (1 if across @ self.pixel0 > 0 else -1)


def panels_of(options, axes):
    if not options.given('detector.panels'):
        return [Detector(options, axes)]
    with open(options.path('detector.panels')) as file:
        return [Panel(options, described) for described in json.load(file)['detector'][0]['panels']]


# ------------------------------------------------------------------------------------------------------------- Pixels
class Sensor:
    def __init__(self, options, panel):
        stated = getattr(panel, 'described', {})
        depth = 1e-3 / stated['mu'] if stated.get('mu') else None
        self.thickness = options.number('detector.sensor_thickness', 1e-3 * stated.get('thickness', 0.0))
        self.attenuation = options.number('detector.sensor_attenuation', self.thickness if depth is None else depth)
        self.layers = int(options.number('detector.sensor_layers', 2))
        self.law = options.word('detector.sensor_depth_model', 'absorption')
        if self.thickness == 0 or self.attenuation == 0 or np.isinf(self.attenuation):
            self.thickness, self.layers = 0.0, 1

    def depth(self, layer):
        t = self.thickness / self.layers
        if t == 0 or self.law == 'front':
            return layer * t
        return layer * t + self.attenuation - t / np.expm1(t / self.attenuation)

    def captured(self, layer, cosine):
        if self.thickness == 0:
            return np.ones(len(cosine))
        x = self.thickness / self.attenuation / self.layers / cosine
        return np.exp(-layer * x) - np.exp(-(layer + 1) * x)


def sub_pixels(oversample, pixels, size):
    """fast, slow distance from the corner of each sub-pixel of some pixels"""
    slow, fast = pixels
    offsets = (np.arange(oversample) + 0.5) / oversample
    for i, j in itertools.product(offsets, repeat=2):
        yield (fast + j) * size[0], (slow + i) * size[1]


def read_smv(path):
    with open(path, 'rb') as file:
        contents = file.read()
    header = dict(re.findall(r'(\w+)=([^;]*);', contents[:512].decode('latin-1')))
    shape = int(header['SIZE2']), int(header['SIZE1'])
    return np.frombuffer(contents[int(header['HEADER_BYTES']):], '<u2', shape[0] * shape[1]).reshape(shape)


def computed_pixels(options, shape):
    computed = np.ones(shape, bool)
    if options.given('detector.roi'):
        first_f, last_f, first_s, last_s = (int(value) for value in options.numbers('detector.roi'))
        computed[:] = False
        computed[first_s:last_s + 1, first_f:last_f + 1] = True
    if options.given('detector.mask'):
        computed &= read_smv(options.path('detector.mask')) != 0
    return computed


# --------------------------------------------------------------------------------------------------------- Background
def background_squared(options, q):
    """n f^2 at |s| = q"""
    size, density = options.numbers('background.size', np.zeros(1)), options.number('background.density', 1.0) * 1e3
    width = size[-1]
    if options.word('background.clip', 'true') == 'true':
        width = min(width, options.number('beam.size', 1e-4))
    molecules = size[0] * width**2 * density * AVOGADRO / (options.number('background.molecular_weight', 18.0) * 1e-3)
    f = np.full(q.shape, options.number('background.f', 2.57))
    if options.given('background.file'):
        table = np.array(options.lines('background.file'))
        per_stol = {'stol': 1.0, '4stol': 4.0, 'q': 4 * np.pi}[options.word('background.file_axis', 'stol')]
        f = np.interp(q / 2, table[:, 0] / per_stol * 1e10, table[:, 1])
    return molecules * f**2


# -------------------------------------------------------------------------------------------------------------- Sweeps
def fnv1a(name, component):
    key = 14695981039346656037
    for byte in list(name.encode()) + [component + 1]:
        key = (key ^ byte) * 1099511628211 & MASK
    return key


def drawn_values(options, frame, crystal):
    """{parameter: text} of sweep.draw"""
    values, seed = {}, int(options.number('sweep.seed', 1))
    for clause in filter(None, options.word('sweep.draw', '').split(';')):
        name, law, a, b = re.fullmatch(r'\s*([\w.\[\]]+)\s*=\s*(\w+)\(([^,]+),([^)]+)\)\s*', clause).groups()
        whole, _, place = name.partition('[')
        a, b = float(a), float(b)
        least, greatest = RANGE_OF.get(whole, (-np.inf, np.inf))
        first = 1000 * crystal if whole.startswith('crystal.') else 0
        for trial in itertools.count(first):
            u = uniforms(seed, STREAM_DRAW, frame, fnv1a(whole, int(place[:-1]) if place else -1), trial)
            value = {'uniform': a + (b - a) * u[0], 'normal': a + b * normals(u)[0],
                     'lognormal': a * np.exp(b * normals(u)[0])}[law]
            value = np.rint(value) if whole in ('crystal.mosaic_domains', 'crystal.cells') else value
            if least <= value <= greatest:
                break
        values[name] = repr(float(value))
    return values


def listed_crystals(options):
    """rows of sweep.file, {column: text}, of each frame"""
    with open(options.path('sweep.file')) as file:
        rows = list(csv.DictReader(file, skipinitialspace=True))
    frames = {}
    for number, row in enumerate(rows):
        frames.setdefault(int(row.pop('frame', number)), []).append(row)
    return [frames[frame] for frame in sorted(frames)]


def crystals_of_frame(options, frame):
    """(options, rotation, UB or None, weight) of each crystal of a frame"""
    kind, rotation = options.word('sweep.kind', 'still'), np.eye(3)
    rows = [{}]
    if kind == 'random':
        rotation = random_orientation(int(options.number('sweep.seed', 1)), STREAM_SWEEP, frame)
    if kind == 'matrix':
        lists = [clause.partition('=')[::2] for clause in options.word('sweep.matrix', '').split(';')]
        combinations = list(itertools.product(*(values.split(',') for _, values in lists)))
        rows = [dict(zip([name.strip() for name, _ in lists], combinations[frame]))]
    if kind == 'list':
        rows = listed_crystals(options)[frame]
    for crystal, row in enumerate(rows):
        row, ub, turn = dict(row), None, rotation
        weight = float(row.pop('weight', 1.0))
        if 'q0' in row:
            turn = rotation_of_quaternion(*(float(row.pop(name)) for name in ('q0', 'q1', 'q2', 'q3')))
        if 'ub_11' in row:
            ub = np.array([[float(row.pop('ub_%d%d' % (i, j))) for j in (1, 2, 3)] for i in (1, 2, 3)]).T * 1e10
        row.update(drawn_values(options, frame, crystal))
        yield options.with_values(row), turn, ub, weight


def frames_of(options):
    kind = options.word('sweep.kind', 'still')
    if options.given('sweep.count'):
        return int(options.number('sweep.count'))
    if kind == 'matrix':
        return int(np.prod([clause.count(',') + 1 for clause in options.word('sweep.matrix', '').split(';')]))
    return len(listed_crystals(options)) if kind == 'list' else 1


# -------------------------------------------------------------------------------------------------- The whole formula
def crystal_photons(options, frame, reciprocal):
    """photons of one crystal, of the background, and the most that any pixel could have of the crystal: [slow][fast]"""
    axes = laboratory_axes(options)
    panels = panels_of(options, axes)
    shape = tuple(max(panel.first[i] + panel.shape[i] for panel in panels) for i in (0, 1))
    computed, images = computed_pixels(options, shape), np.zeros((3,) + shape)
    for panel in panels:
        part = tuple(slice(panel.first[i], panel.first[i] + panel.shape[i]) for i in (0, 1))
        images[(slice(None),) + part] = panel_photons(options, frame, reciprocal, axes, panel, computed[part])
    return images


def panel_photons(options, frame, reciprocal, axes, panel, computed):
    """the same of one panel, whose pixels are computed where that says so"""
    sensor = Sensor(options, panel)
    cells = number_of_cells(options, reciprocal)
    factors = StructureFactors(options, reciprocal)
    lookup = factors.tricubic if interpolates(options, factors, cells) else factors.nearest
    vectors = lattices(options, reciprocal, axes, spindle_angles(options, frame))
    own_reciprocal = np.linalg.inv(vectors).transpose(0, 2, 1)
    oversample, dmin = int(options.number('sampling.oversample', 1)), options.number('sampling.dmin', 0.0)
    pixels = np.nonzero(computed)
    sums = np.zeros((3, len(pixels[0])))
    waves = sources(options, axes, frame)
    for fast, slow in sub_pixels(oversample, pixels, panel.size):
        for layer in range(sensor.layers):
            position = panel.positions(fast, slow, sensor.depth(layer))
            diffracted = unit(position)
            cosine = panel.cosine(diffracted)
            counted = panel.solid_angle(position, cosine) * sensor.captured(layer, cosine)
            for incident, wavelength, weight in waves:
                s = (diffracted - incident) / wavelength
                q = np.linalg.norm(s, axis=1)
                miller = np.einsum('lij,pj->lpi', vectors, s)
                squared = lookup(miller) ** 2 * lattice_squared(options, miller, cells, own_reciprocal)
                factor = weight * polarization_factor(options, axes, incident, diffracted) * counted
                sums[0] += factor * np.where(q * dmin > 1, 0.0, squared.mean(axis=0))
                sums[1] += factor * background_squared(options, q)
                sums[2] += factor * (factors.greatest * np.prod(cells)) ** 2
    images = np.zeros((3,) + computed.shape)
    images[:, computed] = sums * THOMSON_M2 * fluence(options) / oversample**2
    return images


def render(texts, folder):
    """photons [frame][slow][fast], and the most that each pixel could have, to which sampling.tolerance is relative"""
    base = Options(texts, folder)
    images = []
    for frame in range(frames_of(base)):
        photons, most = 0.0, 0.0
        for number, (options, turn, ub, weight) in enumerate(crystals_of_frame(base, frame)):
            reciprocal = ub if ub is not None else reciprocal_of_crystal(base, options, turn)
            crystal, background, limit = crystal_photons(options, frame, reciprocal)
            blocks = options.number('crystal.blocks', 1.0)
            photons = photons + weight * blocks * crystal + (background if number == 0 else 0.0)
            most = most + weight * blocks * limit
        images.append((photons, most))
    return np.array(images)[:, 0], np.array(images)[:, 1]
