/** @file
 *  How finely pixels and spindle angles must be sampled, from the size of the finest feature of a spot on the detector.
 *  Formulas and bound: docs/physics.md, "Automatic sampling". */
#ifndef TESSERA_SAMPLING_CHOICE_H
#define TESSERA_SAMPLING_CHOICE_H

#include "model/beam.h"
#include "model/crystal.h"
#include "model/detector.h"

/** Most sub-pixels along an edge and most spindle angles that are chosen automatically. */
enum { SAMPLING_OVERSAMPLE_MOST = 64, SAMPLING_PHI_STEPS_MOST = 10000 };

/** Relative errors that automatic choices keep to: of the brightest pixel, and of the sum of a series. */
#define SAMPLING_ERROR_MOST 1e-2
#define SAMPLING_SUM_ERROR_MOST 1e-3

/** How many features of a spot, such as fringes, a step of 1 holds where there are most. */
typedef struct SamplingFineness {
    double of_pixel[2];     /**< along two directions of a pixel, the finer first */
    double of_radian;       /**< of the spindle */
    CrystalShape shape;     /**< where its spots stop, the feature is their radius */
    double reflections;     /**< number that a term is expected to show on the detector */
    double lattices;        /**< domains that are turned far enough to have spots of their own */
    double lattices_extent; /**< features from the first to the last of these: a reflection's spots are no farther
                               apart, and so not independent of each other */
    double terms;           /**< sources x domains */
    double share_at_edges;  /**< of the spots, that the detector's borders cut; may exceed 1 */
} SamplingFineness;

/** For any orientation of the crystal, on all of the detector. */
SamplingFineness sampling_fineness(const Beam *beam, const Crystal *crystal, const Detector *detector, Vec3 spindle);

/** Relative error of the brightest pixel or of a sum, whichever is greater, at most, by @p oversample sub-pixels along
 *  each edge alone, beside so many spindle angles in a range. */
double sampling_oversample_error(const SamplingFineness *fineness, double range_rad, double phi_steps,
                                 double oversample);

/** The same by @p steps spindle angles in @p range_rad. */
double sampling_phi_error(const SamplingFineness *fineness, double range_rad, double steps);

/** The least number of spindle angles that leaves enough of the error to the pixels; at least 1, without a cap. */
double sampling_needed_phi_steps(const SamplingFineness *fineness, double range_rad);

/** The least number of sub-pixels along an edge beside so many spindle angles in a range; at least 1, without a cap. */
double sampling_needed_oversample(const SamplingFineness *fineness, double range_rad, double phi_steps);

/** NanoBragg's recommendation for sub-pixels: the crystal's longest edge over the reciprocal pixel size, times 3.
 *  May exceed what is accepted. */
double sampling_nanobragg_oversample(const Beam *beam, const Crystal *crystal, const Detector *detector);

#endif
