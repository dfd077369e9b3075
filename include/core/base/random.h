/** @file
 *  Random numbers as functions of (seed, stream, index), and nanoBragg's generator for compatibility. */
#ifndef TESSERA_RANDOM_H
#define TESSERA_RANDOM_H

#include "base/vector.h"

#include <stdint.h>

/** What a random number is for; each purpose is a sequence of its own. */
typedef enum RandomStream {
    RANDOM_MOSAIC = 1,      /**< index: mosaic domain */
    RANDOM_MISSET = 2,      /**< index: 0 */
    RANDOM_SWEEP = 3,       /**< index: frame + 2^40 crystal of the frame */
    RANDOM_COUNTING = 4,    /**< index: frame and pixel */
    RANDOM_FLICKER = 5,     /**< index: frame */
    RANDOM_CALIBRATION = 6, /**< index: 0 and pixel */
    RANDOM_READ_NOISE = 7,  /**< index: frame and pixel */
    RANDOM_DEFECTS = 8,     /**< index: 0 and pixel */
    RANDOM_DRAW = 9,        /**< index: frame and parameter */
} RandomStream;

/** Four independent uniform numbers in (0, 1), each a multiple of 2^-53 plus 2^-54, by Philox4x64-10 (Salmon et al.,
 *  "Parallel random numbers: as easy as 1, 2, 3", SC11).
 *  @param index, sub_index  which element of the stream, and which draw of it
 *  @param uniform           [4] */
void random_uniform4(uint64_t seed, RandomStream stream, uint64_t index, uint64_t sub_index, uint64_t draw,
                     double *uniform);

/** Rotation uniform on SO(3), for element @p index of the stream (Shoemake, Graphics Gems III, 1992). */
Mat3 random_rotation(uint64_t seed, RandomStream stream, uint64_t index);

/** Three independent standard normal numbers for element @p index of the stream (Box & Muller 1958). */
Vec3 random_normal3(uint64_t seed, RandomStream stream, uint64_t index);

/** Standard normal number for element (@p index, @p sub_index) of the stream (Box & Muller 1958). */
double random_normal(uint64_t seed, RandomStream stream, uint64_t index, uint64_t sub_index);

/** Poisson deviate of photon counting for one pixel of one frame: inversion below a mean of 10, above it the
 *  transformed rejection PTRS of W. Hoermann, Insurance: Mathematics and Economics 12 (1993) 39.
 *  @param mean  expected count, >= 0
 *  @return a count, saturated at 2147483647 */
int32_t random_poisson(uint64_t seed, uint64_t frame, uint64_t pixel, double mean);

/** State of nanoBragg's generator: Park & Miller's minimal standard with a Bays-Durham shuffle (CACM 31 (1988) 1192;
 *  ACM TOMS 2 (1976) 59). */
typedef struct NanobraggRandom {
    int64_t state, last, table[32];
} NanobraggRandom;

/** Starts nanoBragg's generator as it does for "-seed @p seed". */
NanobraggRandom nanobragg_random(int64_t seed);

/** Next deviate in (0, 1), rounded to float32 as nanoBragg has it. */
float nanobragg_random_next(NanobraggRandom *random);

/** Next rotation of nanoBragg's "spherical cap": axis uniform on the sphere, angle width x (1 - r^2)^(1/3), with
 *  nanoBragg's float32 roundings.
 *  @param width  radians for mosaic domains; nanoBragg passes 90 for a random orientation */
Mat3 nanobragg_random_rotation(NanobraggRandom *random, float width);

/** Angles about x, y, z (radians) whose rotations in that order make the rotation @p matrix. */
Vec3 misset_of_rotation(Mat3 matrix);

#endif
