"""Mistakes to plant in the oracle: each must show as a difference in some experiment, or the experiments would not see it in the
program either.

    oracles(path)       a wrong oracle for each of MISTAKES
    parameters(cases)   names of parameters, each of which is a mistake to ignore
"""
import types

# (what stands in oracle.py, what stands there instead, an option that only concerned experiments have)
MISTAKES = [
    # vectors and random numbers
    ("rotation_about(z, angles[2]) @ rotation_about(y, angles[1]) @ rotation_about(x, angles[0])",
     "rotation_about(x, angles[0]) @ rotation_about(y, angles[1]) @ rotation_about(z, angles[2])", 'crystal.misset'),
    ("for _ in range(10):", "for _ in range(7):", 'sweep.seed'),
    ("STREAM_MISSET, STREAM_SWEEP, STREAM_DRAW = 1, 2, 3, 9", "STREAM_MISSET, STREAM_SWEEP, STREAM_DRAW = 1, 4, 3, 9",
     'crystal.random_misset'),
    ("np.sqrt(u[0]) * np.cos(2 * np.pi * u[2]), np.sqrt(1", "np.sqrt(u[0]) * np.sin(2 * np.pi * u[2]), np.sqrt(1", 'sweep.seed'),
    # the crystal
    ("return numbers.T / matrix_wavelength", "return numbers / matrix_wavelength", 'crystal.matrix'),
    ("np.linalg.cholesky(np.linalg.inv(metric))", "np.linalg.inv(np.linalg.cholesky(metric)).T", 'crystal.cell'),
    ("sign = domain // 2, 1 - 2 * (domain % 2)", "sign = domain // 2, 1", 'crystal.mosaic_domains'),
    ("if domain % 2 == 0 and domain == count - 1:", "if False:", 'crystal.mosaic_domains'),
    ("np.cbrt(uniforms(", "np.sqrt(uniforms(", 'crystal.mosaic_domains'),
    ("own @ turn @ own.T", "turn", 'crystal.mosaic_domains'),
    ("np.array([x, np.cross(z, x), z]).T", "np.array([x, np.cross(x, z), z]).T", 'crystal.mosaic_domains'),
    ("rotation_about(axes['spindle'], phi)", "rotation_about(axes['spindle'], -phi)", None),
    ("np.ceil(size / edges)", "np.floor(size / edges)", 'crystal.size'),
    ("size[1:] = np.minimum(size[1:],", "size[:1] = np.minimum(size[:1],", 'crystal.size'),
    # its shape
    ("np.sin(np.pi * n * x) / np.sin(np.pi * x)", "np.sin(np.pi * n * x) / (np.pi * x)", None),
    ("np.sqrt(np.pi / 6)", "0.7236", 'crystal.shape'),
    ("2 * np.pi * np.cbrt(3 / (4 * np.pi))", "np.pi", 'crystal.shape'),
    ("3 * (np.sin(y) - y * np.cos(y)) / y**3", "3 * np.sin(y) / y**3", 'crystal.shape'),
    ("np.pi / 2) * r2", "np.pi / 2.001) * r2", 'crystal.shape'),
    ("(1 / 0.63 if", "(1 / 0.64 if", 'crystal.spot_model'),
    ("(3 / (4 * np.pi)) ** (2 / 3)", "(3 / (4 * np.pi)) ** (1 / 2)", 'crystal.spot_model'),
    ("(0.3969 if", "(0.3 if", 'crystal.spot_model'),
    ("q2 * 1e-20 * total**2", "q2 * 1e-20 * total ** (4 / 3)", 'crystal.spot_model'),
    ("** (2 / 3) * q2", "** (1 / 3) * q2", 'crystal.spot_model'),
    ("(2 * np.pi * (3 / (4 * np.pi)) ** (1 / 3), 1.0)", "(np.pi, 1.0)", 'crystal.spot_model'),
    # structure factors
    ("np.exp(-b * q2 / 4)", "np.exp(-b * q2 / 2)", 'crystal.b_factor'),
    ("index = np.ceil(miller - 0.5)", "index = np.floor(miller)", 'crystal.structure_factors'),
    ("np.full(indices.max(axis=0) - self.least + 1, self.default)", "np.zeros(indices.max(axis=0) - self.least + 1)",
     'crystal.structure_factors'),
    ("/ (points[i] - points[j])", "/ abs(points[i] - points[j])", 'crystal.interpolate'),
    ("self.least + 2) & (miller <= greatest - 2)", "self.least + 1) & (miller <= greatest - 2)", 'crystal.interpolate'),
    ("cells.min() <= 2)", "cells.max() <= 2)", 'crystal.interpolate'),
    # the beam
    ("options.number('beam.size', 1e-4) ** 2", "options.number('beam.size', 1e-4)", 'beam.flux'),
    ("photons = photons + weight * blocks * crystal", "photons = photons + weight * crystal", 'crystal.blocks'),
    ("return transmission * options.number('beam.fluence'", "return options.number('beam.fluence'", 'beam.transmission'),
    ("unit(axis - np.dot(axis, direction) * direction)", "axis", 'beam.polarization'),
    ("kahn * ((diffracted @ electric) ** 2 - (", "kahn * ((diffracted @ electric) ** 2 + (", 'beam.polarization'),
    ("(1 + (diffracted @ incident) ** 2", "(1 + np.abs(diffracted @ incident)", None),
    ("(np.arange(count) + 0.5) / count - 0.5", "np.arange(count) / count", None),
    ("np.arange(count) / (count - 1) - 0.5", "np.arange(count) / count - 0.5", None),
    ("step**2 / 4 if", "0.0 if", 'beam.divergence_points'),
    ("<= 1.1", "<= 0.9", 'beam.divergence_shape'),
    ("turned = rotation_about(axes['polarization'], v) @ axes['beam']",
     "turned = rotation_about(axes['beam'], v) @ axes['beam']", 'beam.divergence_points'),
    ("listed.append((-unit(", "listed.append((unit(", 'beam.sources'),
    ("wave, weight / total)", "wave, 1 / len(listed))", 'beam.sources'),
    # angles
    ("frame * width", "frame * 0.9 * width", 'sweep.width'),
    ("(np.arange(steps) + offset) / steps", "(np.arange(steps) + offset) / max(steps - 1, 1)", None),
    # the detector
    ("turn = rotation_about(axes['twotheta'], options.number('detector.twotheta', 0.0)) @ rotation_xyz(\n"
     "            options.numbers('detector.rotation', np.zeros(3)))",
     "turn = rotation_xyz(options.numbers('detector.rotation', np.zeros(3))) @ rotation_about(\n"
     "            axes['twotheta'], options.number('detector.twotheta', 0.0))", 'detector.twotheta'),
    ("shift = pixel / 2 if", "shift = 0 if", 'detector.convention'),
    ("np.array([x, height - y])", "np.array([x, y])", 'detector.convention'),
    ("numbers('detector.origin') - 0.5", "numbers('detector.origin') - 1.0", 'detector.origin'),
    ("pivot = 'sample' if alone else", "pivot = 'beam' if alone else", None),
    ("closest = spot if beam else", "closest = spot if not beam else", None),
    ("number('detector.close_distance') / self.tilt_cosine()", "number('detector.close_distance')", 'detector.close_distance'),
    ("number('detector.distance', 0.1) * self.tilt_cosine()", "number('detector.distance', 0.1)", 'detector.distance'),
    ("across @ up @ beam", "up @ across @ beam", 'detector.curved'),
    ("hand = np.sign(np.cross(self.fast, self.slow) @ self.normal)", "hand = 1", 'detector.curved'),
    ("return np.ones(len(diffracted))", "return np.abs(diffracted @ self.normal)", 'detector.curved'),
    ("self.size[1] / np.sum(position**2, axis=1)", "self.size[1] / (self.pixel0 @ self.normal) ** 2", None),
    ("+ self.attenuation - t / np.expm1(", "+ self.attenuation + t / np.expm1(", 'detector.sensor_thickness'),
    ("/ self.layers / cosine", "/ self.layers / cosine**0", 'detector.sensor_thickness'),
    ("np.exp(-layer * x) - np.exp(-(layer + 1) * x)", "np.exp(-layer * x) * x", 'detector.sensor_thickness'),
    ("offsets = (np.arange(oversample) + 0.5)", "offsets = np.arange(oversample)", 'sampling.oversample'),
    ("last_s + 1, first_f:last_f + 1", "last_s + 1, first_f:last_f", 'detector.roi'),
    ("np.where(q * dmin > 1, 0.0, squared.mean(axis=0))\n", "squared.mean(axis=0)\n", 'sampling.dmin'),
    ("(fast + j) * size[0], (slow + i) * size[1]", "(fast + j) * size[1], (slow + i) * size[0]", 'detector.panels'),
    ("across * (1 if across @ self.pixel0 > 0 else -1)", "across", 'detector.panels'),
    ("1e-3 / stated['mu'] if", "1e-3 * stated['mu'] if", 'detector.panels'),
    ("1e-3 * stated.get('thickness', 0.0)", "0.0", 'detector.panels'),
    ("OF_PANELS = dict(beam=-Z", "OF_PANELS = dict(beam=Z", 'detector.panels'),
    # background
    ("size[0] * width**2", "size[0] * width * size[-1]", 'background.size'),
    ("np.interp(q / 2,", "np.interp(q,", 'background.file'),
    ("sums[1] += factor * background_squared(options, q)",
     "sums[1] += factor * np.where(q * dmin > 1, 0.0, background_squared(options, q))", 'sampling.dmin'),
    # sweeps
    ("first = 1000 * crystal if", "first = 1000 + 1000 * crystal if", 'sweep.draw'),
    ("combinations[frame]", "combinations[-1 - frame]", 'sweep.matrix'),
    ("weight * blocks * crystal + (background if number == 0 else 0.0)", "blocks * crystal + (background if number == 0 else 0.0)", 'sweep.file'),
    ("weight * blocks * crystal + (background if number == 0 else 0.0)", "weight * blocks * crystal + background", 'sweep.file'),
    ("(turn @ misset(options)).T", "(misset(options) @ turn).T", 'crystal.misset'),
]

# They say how it is computed, and change an image by less than the comparison allows.
IDLE = ('run.precision', 'sampling.tolerance')


def oracles(path):
    """(what is wrong, a module with it, an option that concerned experiments have or None)"""
    with open(path) as file:
        source = file.read()
    for right, wrong, option in MISTAKES:
        if source.count(right) != 1:
            raise ValueError('oracle.py has "%s" %d times; a mistake is planted in one place' % (right, source.count(right)))
        module = types.ModuleType('wrong_oracle')
        exec(compile(source.replace(right, wrong), path, 'exec'), module.__dict__)  # our own file
        yield '"%s" instead of "%s"' % (wrong, right), module, option


def parameters(cases):
    """names of all that images depend on"""
    return sorted({name for case in cases for name in case.options} - set(IDLE))


def without(options, name):
    return {other: text for other, text in options.items() if other != name}
