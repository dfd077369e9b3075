/** @file
 *  The sensor's thickness, and how fast it absorbs. */
#ifndef TESSERA_SENSOR_H
#define TESSERA_SENSOR_H

#include "base/float64_math.h"
#include "model/beam.h"
#include "model/detector.h"

/** Linear absorption coefficient (1/m) of a material by xraylib's total cross-sections.
 *  @param material            element symbol, chemical formula, or name of a NIST compound
 *  @param density_kg_per_m3   NAN: that of the element or NIST compound
 *  @return BAD_PARAMETER when the material or its density is not known, or the energy is outside the tables */
Status sensor_absorption(const char *material, double density_kg_per_m3, double wavelength_m, double *absorption_per_m);

/** Sets the sensors of the detector's panels and the absorption of every source. What the parameters do not give is
 * what the geometry's file states; else the automatic rules are nanoBragg's: two layers, an attenuation depth equal to
 * the thickness unless it follows from the material.
 *  @return BAD_PARAMETER */
Status sensor_create(const Parameters *parameters, Detector *detector, Beam *beam, Notes *notes);

/** Name of a material in a NeXus file: "Si", "CdTe" or "GaAs". */
const char *sensor_nexus_name(NexusMaterial material);

/** Fraction of the photons that layer @p layer of the sensor stops: exp(-k t mu / cos) - exp(-(k+1) t mu / cos).
 *  @param cosine  of the angle between ray and normal */
static inline double sensor_capture(double layer_m, int layer, double absorption_per_m, double cosine) {
    const double path = layer_m * absorption_per_m / cosine;
    return (layer == 0 ? 1.0 : exp_negative64(layer * path)) - exp_negative64((layer + 1) * path);
}

/** How fast the sensor absorbs the waves of a source (1/m). */
static inline double sensor_absorption_of(const Sensor *sensor, const Source *source) {
    return sensor->by_wavelength ? source->absorption_per_m : sensor->absorption_per_m;
}

/** Thickness (m) of a layer; 0 where the thickness is ignored. */
static inline double sensor_layer(const Sensor *sensor) {
    return sensor->thickness_m / sensor->layers;
}

/** Depth (m) along the normal at which layer @p layer counts its photons: its front face, or where the photons that it
 *  stops are stopped on average when they come along the normal. */
double sensor_depth(const Sensor *sensor, int layer);

#endif
