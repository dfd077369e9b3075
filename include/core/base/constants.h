/** @file
 *  Numbers of nature and of mathematics that are written out: each with its formula, to which
 *  tests/unit/test_constants.c holds it. */
#ifndef TESSERA_CONSTANTS_H
#define TESSERA_CONSTANTS_H

#define PI 3.14159265358979323846
#define RADIANS_PER_DEGREE (PI / 180.0)

/** h c, of 6.62607015e-34 J s and 299792458 m/s, and the elementary charge: exact since 2019. */
#define PLANCK_LIGHT_JM 1.9864458571489287e-25
#define ELECTRON_VOLT_J 1.602176634e-19

/** h c / e: the energy (eV) of a photon of 1 A. */
#define PLANCK_LIGHT_EV_A 12398.419843320026

/** Classical electron radius (m), CODATA 2018. */
#define ELECTRON_RADIUS_M 2.8179403262e-15

/** Its square (m^2), nanoBragg's value: CODATA's is 6e-7 less. What a free electron scatters into a unit of solid
 * angle, over the polarization factor; the default of beam.fluence is its inverse. (Thomson's cross-section, of all
 * directions, is 8 pi/3 of it.) */
#define ELECTRON_RADIUS_SQUARED_M2 7.94079248018965e-30

/** Molecules in a mole, CODATA 2006 as nanoBragg has it: 1.8e-7 more than the exact number of 2019. */
#define AVOGADRO_PER_MOL 6.02214179e23

/** Full width at half maximum over the standard deviation of a Gaussian: sqrt(8 ln 2). */
#define GAUSS_FWHM 2.3548200450309493

/** The same over g of a fibre's point spread, g (g^2 + r^2)^(-3/2): 2 sqrt(2^(2/3) - 1). */
#define FIBER_FWHM 1.5328418730817597

/** log2(e) and ln(2). */
#define LOG2_OF_E 1.4426950408889634
#define LN_OF_2 0.6931471805599453

/** The ball of volume 1: its radius squared, (3 / (4 pi))^(2/3), and the steepness of its transform,
 *  3 (sin x - x cos x) / x^3 at x = steepness R: 2 pi (3 / (4 pi))^(1/3). */
#define BALL_RADIUS_SQUARED 0.38483473155912658
#define BALL_STEEPNESS 3.8977770897207540

/** Amplitude of a ball of diameter 1 that has the integral of one of volume 1: sqrt(pi / 6). */
#define ROUND_AMPLITUDE 0.723601254558268

#endif
