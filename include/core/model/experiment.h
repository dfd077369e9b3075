/** @file
 *  The checked, constant description of a run, and what frame i of it is. */
#ifndef TESSERA_EXPERIMENT_H
#define TESSERA_EXPERIMENT_H

#include "base/constants.h"
#include "model/background.h"
#include "model/beam.h"
#include "model/crystal.h"
#include "model/detector.h"
#include "model/detector_signal.h"
#include "model/sweep.h"
#include "parameters/parameters.h"
#include "reflections/structure_factors.h"

/** Most steps of a frame, all its crystals together: far from what int64_t holds. */
#define EXPERIMENT_STEPS_MOST 1e18

/** How a frame is sampled. */
typedef struct Sampling {
    int oversample;       /**< sub-pixels along each edge */
    int64_t phi_steps;    /**< spindle angles of a frame */
    double phi_start_rad; /**< of frame 0 */
    double phi_range_rad; /**< of every frame */
    double phi_step_rad;  /**< between angles */
    double shortfall; /**< of what was chosen automatically: the number that the bound needs over the cap; 1 or less:
                         none */
    PhiLaw phi_law;
    bool interpolate;    /**< tricubic structure factors */
    double dmin_m;       /**< 0: no limit */
    double tolerance;    /**< of what is skipped, relative to the greatest intensity that a pixel could have */
    bool by_reflections; /**< only what spots reach within the tolerance is computed: spot_reach.h */
} Sampling;

/** The most that any crystal of any frame has. */
typedef struct FrameLimits {
    int64_t sources, domains, phi_steps;
    int64_t terms;           /**< of one crystal */
    int64_t steps_per_pixel; /**< of a frame, all its crystals together */
    double shortfall;        /**< of the sampling, greatest of all frames, and its frame */
    int64_t shortfall_frame;
    bool some_by_reflections, some_float64, some_float32; /**< frames are so rendered, the last two every step */
    bool rounds_by_instructions; /**< some frame differs between machines with fused operations and without: all but
                                    those rendered by reflections without a background */
} FrameLimits;

/** The device that computes frames of this rank. */
typedef struct DeviceUse {
    bool is_used;
    int ordinal;        /**< its number among those of the machine that the driver shows */
    double check_share; /**< of the frames, that the CPU computes too */
    char name[40];      /**< for people: "NVIDIA H200, CUDA 13.0" */
} DeviceUse;

/** Everything that the images depend on, as it is in frame 0. Owns what beam, crystal, detector, structure factors,
 * background and sweep own. */
typedef struct Experiment {
    LaboratoryAxes axes;
    Beam beam;
    Crystal crystal;
    Detector detector;
    StructureFactors factors;
    Background background;
    Sampling sampling;
    Sweep sweep;
    Parameters *parameters; /**< of frame 0, where frames differ in more than orientation; else NULL. Owned */
    FrameLimits limits;
    OutputImages images;
    Precision precision;       /**< where every step is computed, and of the background; chosen: not PRECISION_AUTO */
    Instructions instructions; /**< of the kernel on this rank, chosen: not INSTRUCTIONS_AUTO */
    DeviceUse device;          /**< of this rank; never changes the image */
    struct KeptSymmetry *kept; /**< what cells of frames must keep; NULL but while the experiment is created */
    DetectorSignal signal;     /**< of the counts */
    int64_t active_pixels;     /**< of a frame: those that are computed */
    uint8_t *active;           /**< [slow][fast], 0 for pixels that stay 0; NULL when all are computed. Owned */
    double *owned_grid;        /**< the structure factors' grids where this experiment owns them, else NULL */
    float *owned_table;        /**< the same for the table of the float32 kernel */
    float *owned_forms;        /**< the same for what they are at each wavelength */
} Experiment;

/** False where polarization, capture and the resolution limit at a pixel are the same for both sources.
 *  @param sensor  of the pixel
 *  @param before  NULL differs from all */
bool experiment_sources_differ(const Experiment *experiment, const Sensor *sensor, const Source *before,
                               const Source *source);

/** Frees @p experiment, which may be NULL, and leaves NULL. */
void experiment_destroy(Experiment **experiment);

/** Smallest and largest |s|/lambda difference (1/m) between diffracted and incident waves that the detector's pixels
 *  see from any source, on a grid of points that includes the corners.
 *  @param range_per_m  [2] */
void experiment_resolution(const Beam *beam, const Detector *detector, double *range_per_m);

/** Number of terms of every pixel: sources x spindle angles x mosaic domains. Term t is
 *  (domain x phi_steps + phi) x sources + source. */
int64_t experiment_terms(const Experiment *experiment);

#endif
