"""Random experiments: small detectors and few terms, but everything that docs/physics.md has a formula for.

    options, files = experiment(seed, number)

`options` are those of the command line, {"beam.wavelength": "1.2", ...}; `files` holds what they name, {name: text or bytes}.
The same seed and number give the same experiment everywhere.
"""
import json
import math
import random

STEPS_MOST = 40000  # of a frame: sub-pixels, layers, sources, angles, domains


class Draw(random.Random):
    """random.random() alone is the same in all versions of Python, so all others are made of it"""

    def real(self, least, greatest, digits=6):
        return float('%.*g' % (digits, least + (greatest - least) * self.random()))

    def whole(self, least, greatest):
        return least + int((greatest - least + 1) * self.random())

    def one_of(self, things):
        return things[int(len(things) * self.random())]

    def chance(self, share):
        return self.random() < share

    def normal(self, rms):
        return rms * math.sqrt(-2 * math.log(1 - self.random())) * math.cos(2 * math.pi * self.random())

    def direction(self):
        z, phi = 2 * self.random() - 1, 2 * math.pi * self.random()
        across = math.sqrt(1 - z * z)
        return [across * math.cos(phi), across * math.sin(phi), z]


def text(*values):
    return ','.join('%.10g' % value if isinstance(value, float) else str(value) for value in values)


def take(draw, budget, most):
    """a number of steps, more often few, and what is left of the budget"""
    count = min(draw.whole(1, most), draw.whole(1, most), max(int(budget), 1))
    return count, budget / count


# ------------------------------------------------------------------------------------------------------------ the beam
def add_sources(draw, axis, options, files, budget):
    """a file of sources near the beam's own direction"""
    count, budget = take(draw, budget, 5)
    columns, lines = draw.one_of([3, 4, 5]), []
    for _ in range(count):
        place = [-10.0 * part + draw.real(-0.2, 0.2) for part in axis]
        line = place + [draw.real(0.1, 2.0), draw.real(0.9e-10, 1.6e-10)]
        lines.append(' '.join('%.10g' % value for value in line[:columns]))
    files['sources.txt'] = '# X Y Z weight wavelength\n' + '\n'.join(lines) + '\n'
    options['beam.sources'] = 'sources.txt'
    return budget


def add_spectrum(draw, options, files, budget):
    count, budget = take(draw, budget, 5)
    energies = sorted(draw.real(7000.0, 16000.0) for _ in range(count))
    # the program keeps weights as float32: let them be numbers of few bits
    weights = [draw.whole(0, 64) / 64 for _ in energies]
    weights[draw.whole(0, count - 1)] = 0.75
    files['spectrum.txt'] = ''.join('%.10g %.10g\n' % pair for pair in zip(energies, weights))
    options['beam.spectrum'] = 'spectrum.txt'
    return budget


def add_divergence(draw, options, budget):
    for axis in ('horizontal', 'vertical'):
        if draw.chance(0.7):
            count, budget = take(draw, budget, 4)
            options['beam.divergence_' + axis] = text(draw.real(0.5, 30.0))
            options['beam.divergence_steps_' + axis] = text(count)
    options['beam.divergence_shape'] = draw.one_of(['round', 'square'])
    options['beam.divergence_points'] = draw.one_of(['midpoint', 'endpoints'])
    if options['beam.divergence_points'] == 'endpoints':  # one step is two there
        budget /= 2
    return budget


def add_beam(draw, axis, options, files, budget):
    if draw.chance(0.3):
        options['beam.energy'] = text(draw.real(8000.0, 17000.0))
    else:
        options['beam.wavelength'] = text(draw.real(0.7, 1.8))
    kind = draw.one_of(['plain', 'plain', 'dispersion', 'divergence', 'both', 'sources', 'spectrum'])
    if kind == 'spectrum':
        for name in ('beam.energy', 'beam.wavelength'):
            options.pop(name, None)
        budget = add_spectrum(draw, options, files, budget)
    if kind == 'sources':
        budget = add_sources(draw, axis, options, files, budget)
        if all(len(line.split()) == 5 for line in files['sources.txt'].splitlines()[1:]):
            for name in ('beam.energy', 'beam.wavelength'):  # the lines have their own
                options.pop(name, None)
    if kind in ('dispersion', 'both'):
        count, budget = take(draw, budget, 5)
        options['beam.dispersion'] = text(draw.real(0.1, 8.0))
        options['beam.dispersion_steps'] = text(count)
        options['beam.dispersion_points'] = draw.one_of(['midpoint', 'endpoints'])
    if kind in ('divergence', 'both') or (kind == 'spectrum' and draw.chance(0.3)):
        budget = add_divergence(draw, options, budget)
    if draw.chance(0.3):
        options['beam.flux'], options['beam.exposure'] = text(draw.real(1e9, 1e13)), text(draw.real(0.01, 2.0))
    elif draw.chance(0.7):
        options['beam.fluence'] = text(draw.real(1e20, 1e30))
    if draw.chance(0.5) or 'beam.flux' in options:
        options['beam.size'] = text(draw.one_of([draw.real(1e-4, 0.1), draw.real(3e-6, 3e-5)]))
    if draw.chance(0.7):
        options['beam.polarization'] = text(draw.real(-1.0, 1.0))
    elif draw.chance(0.2):
        options['beam.polarization_correction'] = 'false'
    return budget


# --------------------------------------------------------------------------------------------------------- the crystal
def cell(draw):
    a, b, c = (draw.real(12.0, 60.0, 4) for _ in range(3))
    return draw.one_of([
        [a], [a, b, c], [a, b, c, 90.0, draw.real(75.0, 118.0, 5), 90.0], [a, a, c, 90.0, 90.0, 120.0],
        [a, b, c] + [draw.real(72.0, 112.0, 5) for _ in range(3)], [a, a, a] + [draw.real(60.0, 110.0, 5)] * 3])


def whole_cell(edges):
    return list(edges) + [edges[0]] * max(0, 3 - len(edges)) + [90.0] * (6 - max(3, len(edges)))


def add_cell(draw, options, files):
    edges = cell(draw)
    if draw.chance(0.2) and ('beam.energy' in options or 'beam.wavelength' in options):
        wavelength = 12398.419843320026 / float(options['beam.energy']) if 'beam.energy' in options else float(
            options['beam.wavelength'])
        # any lattice will do: rows x, y, z; columns a*, b*, c*, nearly at right angles and right-handed
        scale = [wavelength / draw.real(15.0, 50.0) for _ in range(3)]
        frame = rotation_of(draw)
        rows = [[scale[j] * (frame[i][j] + draw.real(-0.15, 0.15)) for j in range(3)] for i in range(3)]
        files['crystal.mat'] = ''.join(' '.join('%.10g' % value for value in row) + '\n' for row in rows)
        options['crystal.matrix'] = 'crystal.mat'
    else:
        options['crystal.cell'] = text(*edges)
    if draw.chance(0.3):
        options['crystal.random_misset'], options['crystal.misset_seed'] = 'true', text(draw.whole(1, 2000000000))
    elif draw.chance(0.9):
        options['crystal.misset'] = text(*(draw.real(-180.0, 180.0) for _ in range(3)))


def quaternion(draw):
    parts = [draw.normal(1.0) for _ in range(4)]
    length = math.sqrt(sum(part * part for part in parts))
    return [part / length for part in parts]


def rotation_of(draw):
    w, x, y, z = quaternion(draw)
    return [[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]]


def add_structure_factors(draw, options, files):
    if draw.chance(0.4):
        options['crystal.default_f'] = text(draw.real(1.0, 1000.0))
        return
    reach = [draw.whole(3, 9) for _ in range(3)]
    share, lines = draw.one_of([0.3, 0.8, 1.0]), []
    for h in range(-reach[0], reach[0] + 1):
        for k in range(-reach[1], reach[1] + 1):
            for l in range(-reach[2], reach[2] + 1):
                if draw.chance(share):
                    lines.append('%d %d %d %.6g\n' % (h, k, l, draw.real(0.0, 300.0)))
    files['factors.hkl'] = ''.join(lines)
    options['crystal.structure_factors'] = 'factors.hkl'
    if draw.chance(0.8):
        options['crystal.default_f'] = text(draw.real(0.0, 100.0))
    if draw.chance(0.4):
        options['crystal.b_factor'] = text(draw.real(-5.0, 40.0))
    if draw.chance(0.3):
        options['crystal.structure_factor_scale'] = text(draw.real(0.1, 10.0))
    if draw.chance(0.3):
        options['crystal.f000'] = text(draw.real(0.0, 1000.0))
    options['crystal.interpolate'] = draw.one_of(['auto', 'on', 'off'])


def add_crystal(draw, options, files, budget):
    add_cell(draw, options, files)
    add_structure_factors(draw, options, files)
    shape = options['crystal.shape'] = draw.one_of(['square', 'square', 'round', 'gauss', 'tophat', 'ellipsoid'])
    if draw.chance(0.2):
        options['crystal.size'] = text(*(draw.real(2e-6, 3e-5) for _ in range(draw.one_of([1, 3]))))
    else:
        most = draw.one_of([3, 8, 8, 40])
        options['crystal.cells'] = text(*(draw.whole(1, most) for _ in range(draw.one_of([1, 3]))))
    if shape != 'square' and draw.chance(0.5):
        options['crystal.spot_sharpness'] = text(draw.real(0.05, 2.0))
    if shape != 'square':
        options['crystal.spot_model'] = draw.one_of(['per_axis', 'isotropic', 'isotropic', 'nanobragg'])
    if shape in ('gauss', 'tophat'):
        options['sampling.tolerance'] = draw.one_of(['0', '1e-9', '1e-6'])
    if draw.chance(0.4):
        count, budget = take(draw, budget, 7)
        law = options['crystal.mosaic_model'] = draw.one_of(['gaussian', 'cap'])
        widths = 3 if law == 'gaussian' and draw.chance(0.5) else 1
        options['crystal.mosaic_spread'] = text(*(draw.real(0.0, 3.0) for _ in range(widths)))
        options['crystal.mosaic_domains'] = text(count)
        options['crystal.mosaic_seed'] = text(draw.whole(1, 2000000000))
    return budget


# -------------------------------------------------------------------------------------------------------- the detector
def near(draw, axis, rms):
    return [part + draw.normal(rms) for part in axis]


def add_vectors(draw, options):
    """axes of the user's own, all right-handed or left-handed and at about right angles"""
    frame = rotation_of(draw)
    fast, slow, normal = ([row[i] for row in frame] for i in range(3))
    if draw.chance(0.5):
        slow = [-part for part in slow]
    options['detector.convention'] = 'custom'
    options['beam.direction'] = text(*near(draw, normal, 0.05))
    options['detector.fast_vector'] = text(*(3.0 * part for part in near(draw, fast, 0.01)))
    options['detector.slow_vector'] = text(*near(draw, slow, 0.01))
    if draw.chance(0.5):
        options['detector.normal_vector'] = text(*near(draw, normal, 0.01))
    if draw.chance(0.5):
        options['beam.polarization_axis'] = text(*near(draw, fast, 0.3))
    if draw.chance(0.5):
        options['sampling.spindle_axis'] = text(*draw.direction())
    if draw.chance(0.5):
        options['detector.twotheta_axis'] = text(*draw.direction())
    return fast, slow, normal


AXES = {'mosflm': ([0, 0, 1], [0, -1, 0], [1, 0, 0]), 'denzo': ([0, 0, 1], [0, -1, 0], [1, 0, 0]),
        'adxv': ([1, 0, 0], [0, -1, 0], [0, 0, 1]), 'xds': ([1, 0, 0], [0, 1, 0], [0, 0, 1]),
        'dials': ([1, 0, 0], [0, 1, 0], [0, 0, 1]), 'custom': ([0, 0, 1], [0, -1, 0], [1, 0, 0])}


def place_detector(draw, options, axes, fast, slow, pixel):
    distance = draw.real(15.0, 120.0)
    middle = [fast * pixel * draw.real(-0.2, 1.2), slow * pixel * draw.real(-0.2, 1.2)]
    swap = options['detector.convention'] in ('mosflm', 'denzo')
    how = draw.one_of(['centre', 'centre', 'closest', 'origin', 'pixel0', 'default'])
    tilted = draw.chance(0.6)
    if tilted and draw.chance(0.7):
        options['detector.rotation'] = text(*(draw.real(-25.0, 25.0) for _ in range(3)))
    if tilted and draw.chance(0.6):
        options['detector.twotheta'] = text(draw.real(-45.0, 45.0))
    if how == 'pixel0':
        corner = [1e-3 * (distance * n - middle[0] * f - middle[1] * s) for f, s, n in zip(*axes)]
        options['detector.pixel0'] = text(*corner)
    else:
        kind = draw.one_of(['detector.distance', 'detector.close_distance'])
        options['detector.pivot'] = draw.one_of(['auto', 'beam', 'sample'])
        if 'detector.twotheta' in options:
            options['detector.pivot'] = 'beam' if kind == 'detector.distance' else 'sample'
        options[kind] = text(distance)
        options['detector.closest_rule'] = draw.one_of(['beam', 'beam', 'middle'])
    if how == 'centre':
        options['detector.beam_centre'] = text(*(middle[::-1] if swap else middle))
    if how == 'closest':
        options['detector.closest_point'] = text(*middle)
    if how == 'origin':
        options['detector.origin'] = text(*(value / pixel + 0.5 for value in middle))
    if not tilted and how != 'pixel0' and draw.chance(0.3):
        options['detector.curved'] = 'true'


def smv(values, fast, slow):
    header = '{\nHEADER_BYTES=512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=%d;\nSIZE2=%d;\n}\n' % (fast, slow)
    return header.encode().ljust(512) + b''.join(bytes((value, 0)) for value in values)


def add_detector(draw, options, files, budget):
    convention = options['detector.convention'] = draw.one_of(list(AXES))
    fast, slow = draw.whole(8, 22), draw.whole(8, 22)
    pixel = draw.real(0.3, 3.0)
    options.update({'detector.fast_pixels': text(fast), 'detector.slow_pixels': text(slow), 'detector.pixel_size': text(pixel)})
    axes = add_vectors(draw, options) if convention == 'custom' and draw.chance(0.8) else AXES[convention]
    place_detector(draw, options, axes, fast, slow, pixel)
    budget = budget / fast / slow
    if draw.chance(0.1):
        options['detector.point_pixel'] = 'true'
    if draw.chance(0.3):
        layers, budget = take(draw, budget, 4)
        options['detector.sensor_thickness'] = text(draw.real(50.0, 2000.0))
        options['detector.sensor_layers'] = text(layers)
        options['detector.sensor_depth_model'] = draw.one_of(['absorption', 'front'])
        if draw.chance(0.8):
            options['detector.sensor_attenuation'] = text(draw.real(20.0, 3000.0))
    over, budget = take(draw, math.sqrt(budget), 3)
    options['sampling.oversample'] = text(over)
    first = 0, 0
    if draw.chance(0.15):
        roi = [sorted((draw.whole(0, pixels - 1), draw.whole(0, pixels - 1))) for pixels in (fast, slow)]
        first = roi[0][0], roi[1][0]
        options['detector.roi'] = text(*roi[0], *roi[1])
    if draw.chance(0.15):
        values = [int(draw.chance(0.8)) for _ in range(fast * slow)]
        values[(first[1] * fast + first[0])] = 1  # one pixel at least is left of both
        files['mask.img'] = smv(values, fast, slow)
        options['detector.mask'] = 'mask.img'
    return axes[2], budget * max(budget, 1)


def turned(vector, angles):
    """about x, then y, then z, by degrees"""
    x, y, z = vector
    a, b, c = (math.radians(angle) for angle in angles)
    y, z = math.cos(a) * y - math.sin(a) * z, math.sin(a) * y + math.cos(a) * z
    x, z = math.cos(b) * x + math.sin(b) * z, math.cos(b) * z - math.sin(b) * x
    return [math.cos(c) * x - math.sin(c) * y, math.sin(c) * x + math.cos(c) * y, z]


def panel(draw, first, last, pixel):
    """a rectangle of the image as DIALS describes a panel, somewhere around the beam; first and last: fast, slow"""
    angles = [draw.real(-30.0, 30.0), draw.real(-30.0, 30.0), draw.one_of([0.0, 90.0, 180.0]) + draw.real(-20.0, 20.0)]
    fast, slow = turned([1, 0, 0], angles), turned([0, draw.one_of([-1, 1]), 0], angles)
    sizes = [pixel * draw.real(0.6, 1.5) for _ in range(2)]
    pixels = [last[i] - first[i] for i in (0, 1)]
    middle = [draw.real(-0.7, 0.7) * pixels[0] * pixel, draw.real(-0.7, 0.7) * pixels[1] * pixel, -draw.real(20.0, 120.0)]
    origin = [m - 0.5 * (pixels[0] * sizes[0] * f + pixels[1] * sizes[1] * s) for m, f, s in zip(middle, fast, slow)]
    thick = draw.chance(0.3)
    return {'name': '%d,%d' % tuple(first), 'type': '', 'fast_axis': fast, 'slow_axis': slow, 'origin': origin,
            'raw_image_offset': first, 'image_size': pixels, 'pixel_size': sizes, 'trusted_range': [0, 1e6],
            'thickness': draw.real(0.1, 2.0) if thick else 0.0, 'material': '', 'mu': draw.real(0.5, 20.0) if thick else 0.0,
            'identifier': '', 'mask': [], 'gain': 1.0, 'pedestal': 0.0, 'px_mm_strategy': {'type': 'SimplePxMmStrategy'}}


def use_panels(draw, options, files):
    """panels instead of the one plane: its image cut once or twice, with gaps; no other draws depend on these"""
    size = int(options['detector.fast_pixels']), int(options['detector.slow_pixels'])
    pixel = float(options['detector.pixel_size'])
    cuts = [sorted({0, draw.whole(3, pixels - 3), pixels}) if draw.chance(0.8) else [0, pixels] for pixels in size]
    panels = []
    for s, slow in zip(cuts[1], cuts[1][1:]):
        for f, fast in zip(cuts[0], cuts[0][1:]):
            gaps = [0 if last == pixels else draw.whole(0, 2) for last, pixels in zip((fast, slow), size)]
            panels.append(panel(draw, [f, s], [fast - gaps[0], slow - gaps[1]], pixel))
    kept = ('point_pixel', 'sensor_thickness', 'sensor_layers', 'sensor_depth_model', 'sensor_attenuation')
    for name in [name for name in options if name.startswith('detector.') and name[9:] not in kept]:
        del options[name]
    options.pop('beam.direction', None)
    files.pop('mask.img', None)
    files['panels.expt'] = json.dumps({'__id__': 'ExperimentList', 'experiment': [{'__id__': 'Experiment', 'detector': 0}],
                                       'detector': [{'panels': panels}]})
    options['detector.panels'] = 'panels.expt'
    if draw.chance(0.5):
        options['detector.panels_shift'] = text(*(draw.real(-5.0, 5.0) for _ in range(3)))
    if draw.chance(0.3):
        options['detector.roi'] = text(draw.whole(0, 2), size[0] - 1 - draw.whole(0, 2), draw.whole(0, 2), size[1] - 2)


def add_background(draw, options, files):
    options['background.size'] = text(*(draw.real(0.05, 5.0) for _ in range(draw.one_of([1, 2]))))
    if draw.chance(0.3):
        options['background.clip'] = 'false'
    if draw.chance(0.1):  # alone
        for name in [name for name in options if name.startswith('crystal.') and ('factor' in name or name in (
                'crystal.b_factor', 'crystal.f000', 'crystal.interpolate'))]:
            del options[name]
        options['crystal.default_f'] = '0'
    options['background.density'], options['background.molecular_weight'] = text(draw.real(0.5, 3.0)), text(draw.real(10.0, 60.0))
    if draw.chance(0.5):
        options['background.f'] = text(draw.real(0.5, 8.0))
    else:
        axis = options['background.file_axis'] = draw.one_of(['stol', '4stol', 'q'])
        scale = {'stol': 1.0, '4stol': 4.0, 'q': 12.566}[axis]
        places = sorted(draw.real(0.0, 0.6) for _ in range(draw.whole(2, 9)))
        files['background.txt'] = ''.join('%.8g %.8g\n' % (scale * place, draw.real(0.3, 8.0)) for place in places)
        options['background.file'] = 'background.txt'


# ----------------------------------------------------------------------------------------------------------- the sweep
def axis_of_matrix(draw, options):
    """one parameter with some values"""
    name, values = draw.one_of([
        ('detector.distance', [draw.real(30.0, 90.0) for _ in range(2)]),
        ('beam.fluence', [draw.real(1e24, 1e28) for _ in range(2)]),
        ('crystal.mosaic_spread', [0.0, draw.real(0.1, 2.0)]),
        ('crystal.cells', [draw.whole(1, 9) for _ in range(2)]),
        ('crystal.misset[1]', [draw.real(-90.0, 90.0) for _ in range(2)]),
        ('crystal.spot_sharpness', [draw.real(0.3, 1.5) for _ in range(2)]),
        ('sampling.dmin', [draw.real(1.0, 5.0) for _ in range(2)]),
        ('beam.polarization', [draw.real(-1.0, 1.0) for _ in range(2)]),
        ('detector.rotation[0]', [draw.real(-20.0, 20.0) for _ in range(2)])])
    return name, values


def fits(name, options):
    """whether a sweep may set that parameter beside what the run says"""
    rivals = {'detector.distance': ('detector.close_distance', 'detector.pixel0', 'detector.curved', 'detector.panels'),
              'beam.fluence': ('beam.flux',), 'crystal.cells': ('crystal.size',),
              'crystal.misset[1]': ('crystal.random_misset',), 'detector.rotation[0]': ('detector.curved',),
              'beam.polarization': ('beam.polarization_correction',)}
    needs = {'crystal.misset[1]': 'crystal.misset', 'detector.rotation[0]': 'detector.rotation'}
    if any(rival in options for rival in rivals.get(name, ())) or needs.get(name, name) not in list(options) + [name]:
        return False
    if name == 'crystal.mosaic_spread' and 'crystal.mosaic_domains' not in options:
        return False
    return name != 'crystal.spot_sharpness' or options['crystal.shape'] != 'square'


def add_sweep(draw, options, files):
    kind = draw.one_of(['still', 'still', 'rotation', 'random', 'matrix', 'list', 'draw'])
    if kind in ('rotation', 'random'):
        options['sweep.kind'], options['sweep.count'] = kind, text(draw.whole(1, 3))
    if kind == 'rotation':
        options['sweep.start'], options['sweep.width'] = text(draw.real(-90.0, 90.0)), text(draw.real(0.1, 5.0))
    if kind == 'random':
        options['sweep.seed'] = text(draw.whole(0, 9000000000000000))
    if kind == 'matrix':
        chosen = dict(axis_of_matrix(draw, options) for _ in range(2))
        chosen = {name: values for name, values in chosen.items() if fits(name, options)}
        if chosen:
            options['sweep.kind'] = 'matrix'
            options['sweep.matrix'] = ';'.join('%s=%s' % (name, text(*values)) for name, values in chosen.items())
    if kind == 'draw':
        add_draws(draw, options)
    if kind == 'list':
        add_list(draw, options, files)


def add_draws(draw, options):
    laws = {'detector.distance': 'normal(60,5)', 'beam.fluence': 'lognormal(1e26,0.5)',
            'crystal.mosaic_spread': 'normal(0.3,0.5)', 'crystal.cells': 'uniform(1,9)', 'crystal.misset[1]': 'uniform(-90,90)'}
    chosen = [name for name in laws if draw.chance(0.5) and fits(name, options)]
    if chosen:
        options['sweep.draw'] = ';'.join('%s=%s' % (name, laws[name]) for name in chosen)
        options['sweep.seed'], options['sweep.count'] = text(draw.whole(0, 9000000000000000)), '2'


def add_list(draw, options, files):
    """quaternions, fluences and several crystals in a frame, with weights"""
    names = ['frame', 'q0', 'q1', 'q2', 'q3', 'weight'] + ([] if 'beam.flux' in options else ['beam.fluence'])
    rows, frame = [names], 0
    for _ in range(draw.whole(1, 2)):
        shared = draw.real(1e24, 1e28)
        for _ in range(draw.whole(1, 2)):
            row = [frame] + quaternion(draw) + [draw.real(0.1, 2.0), shared]
            rows.append(['%.12g' % value for value in row[:len(names)]])
        frame += 1
    files['frames.csv'] = ''.join(','.join(row) + '\n' for row in rows)
    options['sweep.kind'], options['sweep.file'] = 'list', 'frames.csv'


def experiment(seed, number):
    draw = Draw('%d %d' % (seed, number))
    options, files, budget = {}, {}, STEPS_MOST
    axis, budget = add_detector(draw, options, files, budget)
    alone = Draw('panels %d %d' % (seed, number))
    if alone.chance(0.2):
        use_panels(alone, options, files)
        axis = [0.0, 0.0, -1.0]
    if 'beam.direction' in options:
        axis = [float(part) for part in options['beam.direction'].split(',')]
    budget = add_beam(draw, axis, options, files, budget)
    budget = add_crystal(draw, options, files, budget)
    if draw.chance(0.3):
        add_background(draw, options, files)
    if draw.chance(0.2):
        options['sampling.dmin'] = text(draw.real(0.8, 6.0))
    options['sampling.phi_steps'] = '1'
    if draw.chance(0.4):
        steps, budget = take(draw, budget, 4)
        options.update({'sampling.phi_steps': text(steps), 'sampling.phi_start': text(draw.real(-180.0, 180.0)),
                        'sampling.phi_range': text(draw.real(0.0, 4.0))})
        options['sampling.phi_points'] = draw.one_of(['midpoint', 'left_edge'])
    add_sweep(draw, options, files)
    if options.get('sweep.kind') == 'rotation':
        options.pop('sampling.phi_start', None)
        options.pop('sampling.phi_range', None)
    if 'detector.panels_shift' in options and 'sweep.kind' not in options and 'sweep.draw' not in options:
        options['sweep.kind'] = 'matrix'
        options['sweep.matrix'] = 'detector.panels_shift[1]=%s' % text(alone.real(-9.0, 0.0), alone.real(1.0, 9.0))
    options['run.precision'] = draw.one_of(['float64', 'float64', 'auto', 'auto', 'float32'])
    if draw.chance(0.2):
        options['beam.transmission'] = text(draw.real(1.0, 100.0))
    if draw.chance(0.2):
        options['crystal.blocks'] = text(draw.real(1.0, 1000.0))
    return options, files
