/** @file
 *  Where the pixels are: a flat detector (or a curved one) of square pixels in nanoBragg's laboratory frame. */
#ifndef TESSERA_DETECTOR_H
#define TESSERA_DETECTOR_H

#include "base/status.h"
#include "base/vector.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stdint.h>

/** The axes that a convention fixes; unit vectors, before detector rotations. */
typedef struct LaboratoryAxes {
    Vec3 beam;         /**< direction of propagation */
    Vec3 fast, slow;   /**< increasing pixel coordinates */
    Vec3 normal;       /**< increasing distance */
    Vec3 twotheta;     /**< axis of the detector swing */
    Vec3 polarization; /**< electric field */
    Vec3 vertical;     /**< beam x polarization */
    Vec3 spindle;      /**< axis of phi */
} LaboratoryAxes;

/** The sensor materials that NeXus readers know. */
typedef enum NexusMaterial { NEXUS_SILICON, NEXUS_CADMIUM_TELLURIDE, NEXUS_GALLIUM_ARSENIDE } NexusMaterial;

/** Geometry in force after rotations and twotheta. Plain data. */
typedef struct Detector {
    int64_t fast_pixels, slow_pixels;
    double pixel_size_m;
    Vec3 fast, slow, normal;        /**< unit vectors */
    Vec3 pixel0_m;                  /**< outer corner of pixel (0,0), from the crystal */
    Vec3 beam;                      /**< unit vector along the beam */
    double close_distance_m;        /**< crystal to the plane, along its normal */
    double distance_m;              /**< crystal to the plane, along the beam */
    double beam_centre_m[2];        /**< fast, slow position where the beam meets the plane, from the corner */
    double stated_centre_m[2];      /**< X, Y of the unrotated beam centre in the convention's meaning */
    double closest_m[2];            /**< fast, slow position of the point nearest to the crystal */
    Pivot pivot;                    /**< beam or sample: what the rotations kept */
    bool point_pixel;               /**< solid angle without obliquity */
    bool curved;                    /**< every pixel at distance_m, facing the crystal */
    DepthLaw depth_law;             /**< where in a layer its photons are counted */
    int sensor_layers;              /**< 1 where the thickness is ignored */
    double sensor_thickness_m;      /**< 0 where the thickness is ignored */
    double sensor_absorption_per_m; /**< 1 / attenuation length, of all sources together where they differ */
    bool sensor_by_wavelength;      /**< each source has an absorption of its own */
    NexusMaterial nexus_material; /**< that a NeXus file names: the sensor's own, or the one that absorbs most alike */
    bool nexus_stand_in;          /**< it is not the sensor's own */
} Detector;

/** The axes of the convention; one that the user gives replaces it.
 *  @return BAD_PARAMETER for a zero vector, parallel fast and slow axes, or a polarization along the beam */
Status detector_axes(const Parameters *parameters, LaboratoryAxes *axes);

/** Geometry of the detector.
 *  @return BAD_PARAMETER when two values that exclude each other are given, when the detector has no or too many
 * pixels, or when the beam never meets it */
Status detector_create(const Parameters *parameters, const LaboratoryAxes *axes, Detector *detector, Notes *notes);

/** What the rotations of the detector leave in place, PIVOT_BEAM or PIVOT_SAMPLE. */
Pivot detector_pivot(const Parameters *parameters);

/** Position (m) of a point of the detector, @p fast_m and @p slow_m from the corner, @p depth_m behind its front. On a
 *  curved detector the coordinates from the beam centre, over the distance, are angles: the beam is turned towards the
 *  slow axis, then towards the fast axis. */
Vec3 detector_position(const Detector *detector, double fast_m, double slow_m, double depth_m);

/** Cosine of the angle between a unit vector towards a pixel and the normal of its surface, > 0. */
double detector_cosine(const Detector *detector, Vec3 direction);

/** Number of pixels. */
int64_t detector_pixels(const Detector *detector);

#endif
