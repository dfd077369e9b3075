/** @file
 *  One step of the sum that makes a pixel: docs/physics.md as a program. Scalar, in double precision, by the
 *  mathematical library: slow, and simple enough to be read against the formulas. The kernels are tested against it;
 * what is printed for people is computed by it. */
#ifndef TESSERA_STEP_H
#define TESSERA_STEP_H

#include "model/frame.h"

/** A term (source, spindle angle, domain) in a layer of a sub-pixel, with every intermediate value. */
typedef struct Step {
    int layer, sub_slow, sub_fast;
    int64_t source, phi_step, domain;
    /* of the point on the detector */
    const Panel *panel;    /**< that has the pixel; borrowed */
    Vec3 position_m;       /**< of the sub-pixel, from the crystal */
    Vec3 diffracted;       /**< unit vector towards it */
    double airpath_m;      /**< distance */
    double cosine;         /**< of the angle to the pixel's normal */
    double solid_angle_sr; /**< as if the sub-pixel were a whole pixel */
    /* and of the source */
    double weight;
    Vec3 scattering_per_m; /**< (diffracted - incident) / lambda */
    bool within_dmin;      /**< false: the crystal diffracts nothing there */
    double polarization, capture;
    /* and of the lattice */
    Mat3 cell_m;                  /**< rows a, b, c */
    double miller[3], nearest[3]; /**< h, k, l, and the reflection whose spot this is */
    double distance_squared;      /**< from the spot's centre: shape_distance_squared; 0 for square crystals */
    double lattice;               /**< F_latt */
    double structure_factor;      /**< F_cell */
    bool interpolated;            /**< F_cell is between reflections */
} Step;

/** Number of steps of a pixel of the canvas, which lies in a panel. */
int64_t step_count(const Experiment *experiment, int64_t slow, int64_t fast);

/** Step @p number of a pixel: layer outermost, then sub-pixel slow, fast, source, spindle angle, and domain fastest. */
Step step_of(const Experiment *experiment, const Frame *frame, int64_t slow, int64_t fast, int64_t number);

/** Sets what follows from the layer and sub-pixel of @p step in a pixel. For those who loop themselves, as the next. */
void step_set_point(const Experiment *experiment, int64_t slow, int64_t fast, Step *step);

/** Sets what follows from the source of @p step, whose point is set. */
void step_set_source(const Experiment *experiment, Step *step);

/** Sets what follows from the spindle angle and domain of @p step, whose point and source are set. */
void step_set_lattice(const Experiment *experiment, const Frame *frame, Step *step);

/** w P |F_cell F_latt|^2 Omega c: what the crystal adds in a step, in the unit of kernel_accumulate. */
double step_intensity(const Step *step);

/** The same of the background, for all spindle angles and domains of the step's source and point together. */
double step_background(const Experiment *experiment, const Step *step);

/** Photons in that unit: r_e^2 fluence / (spindle angles x domains x sub-pixels). */
double step_photons(const Experiment *experiment, const Frame *frame);

/** Expected photons of a pixel: the sum over all its steps, and the background. */
double step_pixel(const Experiment *experiment, const Frame *frame, int64_t slow, int64_t fast);

#endif
