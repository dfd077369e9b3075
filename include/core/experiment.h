/** @file
 *  The checked, constant description of a run, and what frame i of it is. */
#ifndef TESSERA_EXPERIMENT_H
#define TESSERA_EXPERIMENT_H

#include "background.h"
#include "beam.h"
#include "crystal.h"
#include "detector.h"
#include "detector_signal.h"
#include "parameters.h"
#include "structure_factors.h"

/** Classical electron radius squared (m^2), the ancestor's value. */
#define THOMSON_CROSS_SECTION_M2 7.94079248018965e-30

/** How a frame is sampled. */
typedef struct Sampling {
    int oversample;       /**< sub-pixels along each edge */
    int64_t phi_steps;    /**< spindle angles of a frame */
    double phi_start_rad; /**< of frame 0 */
    double phi_range_rad; /**< of every frame */
    double phi_step_rad;  /**< between angles */
    PhiLaw phi_law;
    bool interpolate;    /**< tricubic structure factors */
    double dmin_m;       /**< 0: no limit */
    double tolerance;    /**< of what is skipped, relative to the greatest intensity that a pixel could have */
    bool by_reflections; /**< only what spots reach within the tolerance is computed: spot_reach.h */
} Sampling;

/** Which frames there are. */
typedef struct Sweep {
    SweepKind kind;
    int64_t count;
    double start_rad, width_rad;
    uint64_t seed;
} Sweep;

/** Everything that the images depend on. Owns what beam, crystal, structure factors and background own. */
typedef struct Experiment {
    LaboratoryAxes axes;
    Beam beam;
    Crystal crystal;
    Detector detector;
    StructureFactors factors;
    Background background;
    Sampling sampling;
    Sweep sweep;
    OutputImages images;
    Precision precision;       /**< of the kernel, chosen: not PRECISION_AUTO */
    Instructions instructions; /**< of the kernel on this rank, chosen: not INSTRUCTIONS_AUTO */
    DetectorSignal signal;     /**< of the counts */
    int64_t active_pixels;     /**< of a frame: those that are computed */
    uint8_t *active;           /**< [slow][fast], 0 for pixels that stay 0; NULL when all are computed. Owned */
    double *owned_grid;        /**< the structure factors' grid where this experiment owns it, else NULL */
    float *owned_table;        /**< the same for the table of the float32 kernel */
} Experiment;

/** Reads and checks everything that @p parameters name.
 *  @param experiment  the caller destroys it
 *  @param notes       choices made automatically and warnings; may be NULL
 *  @return the first failure, before anything is computed or written */
Status experiment_create(const Parameters *parameters, Experiment **experiment, Notes *notes);

/** Frees @p experiment, which may be NULL, and leaves NULL. */
void experiment_destroy(Experiment **experiment);

/** Smallest and largest |s|/lambda difference (1/m) between diffracted and incident waves that the detector's pixels
 *  see from any source, on a grid of points that includes the corners.
 *  @param range_per_m  [2] */
void experiment_resolution(const Beam *beam, const Detector *detector, double *range_per_m);

/** The ancestor's recommendation for sub-pixels: the crystal's longest edge over the reciprocal pixel size, times 3.
 *  May exceed what is accepted. */
double experiment_recommended_oversample(const Beam *beam, const Crystal *crystal, const Detector *detector);

/** Number of terms of every pixel: sources x spindle angles x mosaic domains. Term t is
 *  (domain x phi_steps + phi) x sources + source. */
int64_t experiment_terms(const Experiment *experiment);

/** Steps (pixel x sub-pixel x layer x term) of frame @p number: what it costs. */
int64_t experiment_frame_steps(const Experiment *experiment, int64_t number);

/** Steps of frames @p begin .. @p end - 1 together. */
double experiment_steps(const Experiment *experiment, int64_t begin, int64_t end);

/** What is particular to one frame. `cells_m` is owned: frame_destroy frees it. */
typedef struct Frame {
    int64_t number;        /**< absolute number in the sweep, from 0 */
    double phi_start_rad;  /**< spindle angle where the exposure begins */
    double phi_end_rad;    /**< and where it ends, by the law of the steps */
    Mat3 orientation;      /**< of the sweep, after the misset and before phi */
    Mat3 reciprocal_per_m; /**< rows a*, b*, c* at phi = 0, orientation included */
    double fluence_per_m2; /**< of the expected photons */
    double flicker;        /**< fluence of the counts over that of the expected photons */
    Mat3 *cells_m;         /**< [phi_steps] rows a, b, c (m) at each spindle angle, before the mosaic domains */
} Frame;

/** Room for the frames of @p experiment. */
Status frame_create(const Experiment *experiment, Frame *frame);

/** Fills in frame @p number, a function of (experiment, number) alone. */
void frame_set(const Experiment *experiment, int64_t number, Frame *frame);

/** Frees what @p frame owns. */
void frame_destroy(Frame *frame);

#endif
