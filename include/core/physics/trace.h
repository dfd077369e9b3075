/** @file
 *  Every intermediate value of one pixel, to be read against the formulas or compared with another program's. */
#ifndef TESSERA_TRACE_H
#define TESSERA_TRACE_H

#include "model/frame.h"

/** One step: a term of a layer of a sub-pixel. */
typedef struct TraceStep {
    int layer, sub_slow, sub_fast;
    int64_t source, phi_step, domain;
    Vec3 position_m;              /**< of the sub-pixel, from the crystal */
    Vec3 diffracted;              /**< unit vector towards it */
    Vec3 scattering_per_m;        /**< (diffracted - incident) / lambda */
    Mat3 cell_m;                  /**< rows a, b, c */
    double miller[3], nearest[3]; /**< h, k, l, and the reflection whose spot this is */
    double lattice;               /**< F_latt, with its sign for square crystals */
    double structure_factor;      /**< F_cell */
    double distance_squared;      /**< from the spot's centre in the units of the shape's law; 0 for square crystals */
    bool interpolated;            /**< F_cell is between reflections */
    double polarization, solid_angle_sr, capture;
    double weight; /**< of the source */
    double airpath_m;
    bool within_dmin; /**< false: nothing is diffracted */
} TraceStep;

/** Number of steps of a pixel. */
int64_t trace_steps(const Experiment *experiment);

/** Step @p number, layer outermost, then sub-pixel slow, fast, source, spindle angle, and domain fastest. */
TraceStep trace_step(const Experiment *experiment, const Frame *frame, int64_t slow, int64_t fast, int64_t number);

/** What a step adds to the pixel, in photons, without the background. */
double trace_photons(const Experiment *experiment, const Frame *frame, const TraceStep *step);

#endif
