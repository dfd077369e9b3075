/** @file
 *  What a device is given to compute a job: plain data without pointers, the same on the host and there. */
#ifndef TESSERA_DEVICE_SCENE_H
#define TESSERA_DEVICE_SCENE_H

#include "base/double_double.h"
#include "model/background.h"
#include "model/crystal.h"
#include "model/detector.h"
#include "physics/float32_step.h"
#include "physics/pixel_block.h"

#include <stdint.h>

/** Pixels of a thread, threads of a group, terms that a group makes at a time, and those between two flushes. */
enum { DEVICE_PIXELS = 2, DEVICE_THREADS = PIXELS / DEVICE_PIXELS, DEVICE_TERMS = 128, DEVICE_FLUSH = 32 };

/** A crystal of a frame and how it is sampled. */
typedef struct DeviceScene {
    Spot spot;
    int32_t least[3];                /**< smallest indices of the structure factors */
    int32_t count[3];                /**< how many of each */
    TableEnd last;                   /**< of their padded table */
    int32_t oversample, sources;     /**< sub-pixels along an edge; number of sources */
    int32_t term_begin, term_end;    /**< of this job; term t is lattice t / sources and source t % sources */
    int32_t layers;                  /**< the most of any panel: depths are [panel][layers] */
    bool point_pixel, wants_photons; /**< solid angle without obliquity; photons, else sums */
    double dmin_m;                   /**< 0: no resolution limit */
    double full_kahn;                /**< Kahn's factor */
    double half, kahn;               /**< of source_factor() */
    Crystal crystal;                 /**< for spots with a sharp edge; its pointers are the host's */
    double longest_m;                /**< edge of the cell */
    Background background; /**< `points` is the host's; without molecules there is none, or another job adds it */
    double default_f;
    double times;          /**< how often each source's background counts */
    double scale, photons; /**< of the sums, and photons of one unit of these */
} DeviceScene;

/** A block of pixels of a panel, and the part of it that is wanted. */
typedef struct DeviceBlock {
    int32_t panel;
    int32_t slow, fast;                                   /**< its first pixel on the panel */
    int32_t row_begin, row_end, column_begin, column_end; /**< of the wanted part */
    int32_t width;                                        /**< from a row of the result to the next */
    int64_t place;                                        /**< of pixel (0, 0) of the block in the result */
} DeviceBlock;

/** Where all that lies on the device. Shapes, look-up and whether sources differ are constants of the code. */
typedef struct DeviceArguments {
    const DeviceScene *scene;
    const Panel *panels;
    const double *depths_m;    /**< of the panels' layers */
    const Source *sources;     /**< [scene.sources] */
    const Mat3 *lattices;      /**< rows a, b, c (m), of the lattices of all terms */
    const double *grid;        /**< of |F|, for double precision; NULL where it is the default everywhere */
    const float *table;        /**< padded table of |F|; NULL where it is the default everywhere */
    double (*points)[2];       /**< of the background */
    const DeviceBlock *blocks; /**< one for each group of threads */
    const int32_t *stop;       /**< not 0: what has not begun is given up */
    DoubleDouble *sums;        /**< the result, or NULL */
    float *photons;            /**< the result, or NULL */
} DeviceArguments;

#endif
