"""Where spots are and how many photons they have, from the truth in the file: the kinematic theory for a Gaussian crystal.

Around each reflection the crystal's |F_latt|^2 is a Gaussian in reciprocal space, of the integral that crystals of every shape
share; mosaicity widens it, and so, in effect, does divergence. The Ewald sphere, a plane across a spot, cuts a slice out of it:
partiality and the Lorentz factor are what this cut gives, summed over the angles and wavelengths of an exposure.
"""
import math

from tessera_file import COMPLETE, UserError, need, panels_of, rotation, spacing_angstrom
import numpy as np  # after tessera_file, which says what is missing

ELECTRON_RADIUS_SQUARED_M2 = 7.94079248018965e-30
VARIANCE_OF_MODEL = {"gaussian": 1.0, "cap": 1 / 5, "nanobragg": 0.2464}  # of a rotation about one axis, by the spread squared
STEPS_OF_A_SPOT = 2  # angles within a standard deviation of a spot
STEPS_MOST = 400


class Prediction:
    """Reflections of one frame: `index` into the model's list, centre `fast` `slow` (pixels from the image's corner), `photons` for a
    structure factor of 1, `covariance` (pixels^2), `nearest`, the least distance from the Ewald sphere in standard deviations, and
    `panel`, the number of the one that the spot is on."""

    def __init__(self, index, fast, slow, photons, covariance, nearest, panel):
        self.index, self.fast, self.slow = index, fast, slow
        self.photons, self.covariance, self.nearest, self.panel = photons, covariance, nearest, panel

    def chosen(self, choice):
        return Prediction(*(v[choice] for v in (self.index, self.fast, self.slow, self.photons, self.covariance, self.nearest,
                                                self.panel)))


def reflections(ub, spacing_least):
    """Miller indices [n][3] of all reflections with a spacing of at least `spacing_least`, without 0 0 0."""
    cell = np.linalg.inv(ub)  # rows a b c
    most = np.floor(np.linalg.norm(cell, axis=1) / spacing_least).astype(int)
    if np.prod(2 * most + 1.0) > 2e8:
        raise UserError(f"there are some {np.prod(2 * most + 1.0):.2g} reflections to {spacing_least:.3g} angstrom: "
                        "too many to list; use --d-min")
    found = []
    k, l = (v.ravel() for v in np.meshgrid(np.arange(-most[1], most[1] + 1), np.arange(-most[2], most[2] + 1)))
    for h in range(-most[0], most[0] + 1):
        hkl = np.stack([np.full(k.size, h), k, l], axis=1)
        length = np.linalg.norm(hkl @ ub.T, axis=1)
        found.append(hkl[(length <= 1 / spacing_least) & (length > 0)])
    return np.concatenate(found)


class SpotModel:
    """Predicts the spots of the frames of a sweep whose crystals have one cell."""

    def __init__(self, sweep, spacing_least=0.0):
        self.sweep = sweep
        for name, why in (("entry/simulation/frames/crystals", "several crystals in a frame, or weights for them"),
                          ("entry/simulation/frames/detector.distance", "a detector that moves")):
            if name in sweep.file:
                raise UserError(f"{sweep.path} has {why}: its spots cannot be predicted")
        if sweep.parameter("detector.curved"):
            raise UserError(f"{sweep.path} has a curved detector: its spots cannot be predicted")
        self.ubs = sweep.column("ub_matrix")
        self.panels = panels_of(sweep.file)
        self.to_pixels = [np.linalg.inv(np.stack([*panel.geometry[1:], panel.geometry[0]], axis=1)) for panel in self.panels]
        seen = min(self.least_spacing(panel, sweep.shortest_wavelength()) for panel in self.panels)
        self.spacing_least = max(seen, spacing_least, float(sweep.parameter("sampling.dmin")) * 1e10)
        first = self.ubs[np.argmax(sweep.status == COMPLETE)]
        self.hkl = reflections(first, self.spacing_least)
        self.inverse_spacing = np.linalg.norm(self.hkl @ first.T, axis=1)
        self.polarization = self.stokes()
        self.axis = sweep.spindle()

    @staticmethod
    def least_spacing(panel, wavelength):
        slow0, slow1, fast0, fast1 = panel.window
        fast, slow = np.meshgrid(np.linspace(fast0, fast1, 33), np.linspace(slow0, slow1, 33))
        return float(spacing_angstrom(panel.geometry, wavelength, fast, slow).min())

    def stokes(self):
        """Stokes' parameters of linear polarization, or None where polarization was left out."""
        if not self.sweep.parameter("beam.polarization_correction"):
            return None
        return self.sweep.file["entry/instrument/beam/incident_polarization_stokes"][0, 1:3]

    def crystal_spread(self, slot):
        """Covariance (1/angstrom^2) of a spot of a perfect crystal, and the photons of its integral per F^2 and fluence."""
        sweep, ub = self.sweep, self.ubs[slot]
        cells = np.asarray(sweep.column_of("crystal_N", slot), float)
        sharpness = float(sweep.parameter("crystal.spot_sharpness", slot))
        shape = sweep.parameter("crystal.shape", slot)
        model = sweep.parameter("crystal.spot_model", slot)
        if model == "isotropic" and shape != "square":
            square_edge = (np.prod(cells) * abs(np.linalg.det(np.linalg.inv(ub)))) ** (2 / 3)
            covariance = np.eye(3) / (2 * math.pi * sharpness * square_edge)
        elif shape in ("gauss", "tophat") and model == "nanobragg":
            covariance = np.eye(3) * 0.63 / (4 * sharpness * np.prod(cells) ** 2)
        else:
            edges = cells[:, None] * np.linalg.inv(ub) * (1.0 if shape == "square" else math.sqrt(sharpness))
            covariance = np.linalg.inv(edges.T @ edges) / (2 * math.pi)
        return covariance, np.prod(cells) ** 2 * math.sqrt((2 * math.pi) ** 3 * np.linalg.det(covariance))

    def mosaic_covariance(self, slot):
        """Covariance (rad^2) of the rotation vectors of the mosaic domains, in the frame of the crystal at phi = 0."""
        spread = np.broadcast_to(np.asarray(self.sweep.parameter("crystal.mosaic_spread", slot), float), 3).copy()
        spread[1:][~np.isfinite(spread[1:])] = spread[0]
        spread = np.nan_to_num(spread)
        first = self.ubs[slot][:, 0] / np.linalg.norm(self.ubs[slot][:, 0])
        third = np.cross(self.ubs[slot][:, 0], self.ubs[slot][:, 1])
        third /= np.linalg.norm(third)
        axes = np.stack([first, np.cross(third, first), third], axis=1)
        return VARIANCE_OF_MODEL[self.sweep.parameter("crystal.mosaic_model", slot)] * (axes * spread**2) @ axes.T

    def divergence_covariance(self, slot):
        """Covariance (rad^2) of the directions of the beam, horizontal being along the electric field."""
        names = ("beam.divergence_horizontal", "beam.divergence_vertical")
        widths = np.nan_to_num([float(self.sweep.parameter(name, slot)) for name in names])
        part = 12 if self.sweep.parameter("beam.divergence_shape", slot) == "square" else 16
        native = need(self.sweep.file, "entry/simulation/geometry_native")
        horizontal = native["to_mcstas"][()] @ native["polar"][()] * (1, 1, 0)
        horizontal /= np.linalg.norm(horizontal)
        axes = np.stack([horizontal, np.cross([0, 0, 1], horizontal), [0, 0, 1]], axis=1)
        return (axes * [*(widths**2 / part), 0.0]) @ axes.T

    def angles(self, slot, covariance):
        """Spindle angles (rad) that stand for the exposure of a frame."""
        begin, end = self.sweep.phi_interval(slot)
        steps = int(self.sweep.parameter("sampling.phi_steps", slot))
        if end == begin:
            steps = 1
        elif steps < 1:
            width = math.sqrt(np.linalg.eigvalsh(covariance)[0]) * self.spacing_least
            steps = min(max(1, math.ceil(abs(end - begin) / width * STEPS_OF_A_SPOT)), STEPS_MOST)
        return begin + (np.arange(steps) + 0.5) * (end - begin) / steps

    def spread_of(self, places, crystal, mosaic, divergence):
        """Covariances [n][3][3] of the spots at `places`: v = mosaic rotation x place is what a rotation moves it by."""
        x, y, z = places.T
        zero = np.zeros_like(x)
        cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
        return crystal + divergence + cross @ mosaic @ cross.transpose(0, 2, 1)

    def polarization_factor(self, ray):
        if self.polarization is None:
            return 1.0
        x, y, z = ray.T
        return (1 + z**2 - self.polarization[0] * (x**2 - y**2) - self.polarization[1] * 2 * x * y) / 2

    def on_panels(self, rays):
        """For each panel that rays meet: its number, which of them, and x, y, 1 times their depth, in pixels of the image."""
        free = np.ones(len(rays), bool)
        for number, (panel, to_pixels) in enumerate(zip(self.panels, self.to_pixels)):
            ahead = rays @ to_pixels.T
            met = free & (ahead[:, 2] > 0)
            if len(self.panels) > 1:  # of one alone, spots beside it reach onto it
                depth = np.where(met, ahead[:, 2], 1.0)
                met &= panel.holds(ahead[:, 0] / depth, ahead[:, 1] / depth)
            free &= ~met
            if met.any():
                yield number, np.flatnonzero(met), ahead[met]

    def add_exposure(self, sums, which, wavelength, weight, turn, spread):
        """Adds the photons of the spots `which` at one angle and wavelength to `sums`: photons, their first and second moments."""
        crystal, mosaic, divergence, nearest, reach = spread
        crystal, mosaic = turn @ crystal @ turn.T, turn @ mosaic @ turn.T
        places = self.hkl[which] @ self.ub.T @ turn.T
        rays = places + np.array([0, 0, 1 / wavelength])
        length = np.linalg.norm(rays, axis=1)
        off = length - 1 / wavelength  # how far outside the Ewald sphere
        near = np.abs(off) < reach
        which, places, rays, length, off = (v[near] for v in (which, places, rays, length, off))
        normal = rays / length[:, None]
        covariance = self.spread_of(places, crystal, mosaic, divergence / wavelength**2)
        lean = (covariance @ normal[:, :, None])[:, :, 0]
        variance = (lean * normal).sum(axis=1)
        nearest[which] = np.minimum(nearest[which], np.abs(off) / np.sqrt(variance))
        rays -= lean * (off / variance)[:, None]
        rays /= np.linalg.norm(rays, axis=1)[:, None]
        flat = covariance - lean[:, :, None] * lean[:, None, :] / variance[:, None, None]
        photons = weight * wavelength**2 * np.exp(-(off**2) / (2 * variance)) / np.sqrt(2 * math.pi * variance)
        photons = photons * self.polarization_factor(rays)
        for number, met, ahead in self.on_panels(rays):
            self.add_panel(sums, number, which[met], ahead, flat[met] * wavelength**2, photons[met])

    def add_panel(self, sums, number, which, ahead, flat, photons):
        """The share of one panel; a spot that goes on to another one counts where it was first."""
        total, centres, blurs, panel = sums
        depth = ahead[:, 2]
        centre = ahead[:, :2] / depth[:, None]
        to_pixels = self.to_pixels[number]
        slope = (to_pixels[None, :2] - centre[:, :, None] * to_pixels[2]) / depth[:, None, None]
        blur = slope @ flat @ slope.transpose(0, 2, 1) + centre[:, :, None] * centre[:, None, :]
        photons = np.where((panel[which] < 0) | (panel[which] == number), photons, 0.0)
        panel[which] = np.where(panel[which] < 0, number, panel[which])
        total[which] += photons
        centres[which] += photons[:, None] * centre
        blurs[which] += photons[:, None, None] * blur

    def candidates(self, turns, wavelengths, widest):
        """Which reflections can come near the Ewald sphere: seen from the middle of the exposure, with room for all of it."""
        places = self.hkl @ self.ub.T
        length = np.linalg.norm(places, axis=1)
        middle = places @ turns[len(turns) // 2].T
        swing = self.swing / 2 * length + widest
        near = np.zeros(len(places), bool)
        for wavelength in (wavelengths.min(), wavelengths.max()):
            off = np.linalg.norm(middle + np.array([0, 0, 1 / wavelength]), axis=1) - 1 / wavelength
            band = length**2 * (wavelengths.max() - wavelengths.min())
            near |= np.abs(off) < swing + band
        return np.flatnonzero(near)

    def predict(self, slot, sigmas=4.0):
        """The spots of a frame within `sigmas` standard deviations of the Ewald sphere, on the detector."""
        self.ub = self.ubs[slot]
        crystal, integral = self.crystal_spread(slot)
        mosaic, divergence = self.mosaic_covariance(slot), self.divergence_covariance(slot)
        wavelengths, weights = self.sweep.wavelengths(slot)
        angles = self.angles(slot, crystal)
        begin, end = self.sweep.phi_interval(slot)
        self.swing = abs(end - begin)
        turns = [rotation(self.axis, angle) for angle in angles]
        widest = math.sqrt(np.linalg.eigvalsh(crystal)[-1] + np.linalg.eigvalsh(mosaic)[-1] / self.spacing_least**2
                           + divergence.max() / wavelengths.min() ** 2)
        reach = sigmas * widest
        which = self.candidates(turns, wavelengths, reach)
        n = len(self.hkl)
        sums = np.zeros(n), np.zeros((n, 2)), np.zeros((n, 2, 2)), np.full(n, -1)
        nearest = np.full(n, np.inf)
        for turn in turns:
            for wavelength, weight in zip(wavelengths, weights):
                self.add_exposure(sums, which, wavelength, weight / len(turns), turn, (crystal, mosaic, divergence, nearest, reach))
        which = which[(nearest[which] < sigmas) & (sums[0][which] > 0)]
        photons = sums[0][which]
        centre = sums[1][which] / photons[:, None]
        blur = sums[2][which] / photons[:, None, None] - centre[:, :, None] * centre[:, None, :] + np.eye(2) / 12
        photons = photons * integral * self.sweep.fluence(slot) * ELECTRON_RADIUS_SQUARED_M2
        found = Prediction(which, centre[:, 0], centre[:, 1], photons, blur, nearest[which], sums[3][which])
        inside = np.zeros(len(which), bool)
        for number, panel in enumerate(self.panels):
            inside |= (found.panel == number) & panel.holds(found.fast, found.slow)
        return self.corrected(found.chosen(inside), slot)

    def sensor(self, panel, slot):
        """Thickness and attenuation depth (m) of a panel's sensor: the frame's own, or the panel's."""
        for name, own in (("thickness", "sensor_thickness"), ("attenuation", "sensor_attenuation")):
            moves = f"entry/simulation/frames/detector.sensor_{name}" in self.sweep.file
            if own in panel.module and not moves:
                yield float(panel.module[own][()])
            else:
                yield float(self.sweep.parameter(f"detector.sensor_{name}", slot))

    def corrected(self, found, slot):
        """What a pixel does to the photons: obliquity left out by point pixels, and the part that the sensor absorbs."""
        for number, panel in enumerate(self.panels):
            on = np.flatnonzero(found.panel == number)
            place = panel.place(found.fast[on], found.slow[on])
            normal = np.cross(*panel.geometry[1:])
            cosine = np.abs(place @ normal) / (np.linalg.norm(place, axis=1) * np.linalg.norm(normal))
            if self.sweep.parameter("detector.point_pixel"):
                found.photons[on] /= cosine
            thickness, depth = self.sensor(panel, slot)
            if thickness > 0 and depth > 0 and math.isfinite(depth):
                found.photons[on] *= -np.expm1(-thickness / (depth * cosine))
        return found
