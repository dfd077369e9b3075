/** @file
 *  The sum over steps, written plainly (physics/step.h): one pixel, one step after the other, sin(pi N h) / sin(pi h)
 * by the mathematical library, as nanoBragg's inner loop. A measure of speed that is at hand where no binary of
 * nanoBragg is, and a second opinion on the photons. */
#ifndef TESSERA_YARDSTICK_H
#define TESSERA_YARDSTICK_H

#include "model/frame.h"

/** What the plain loop did on some pixels of a frame. */
typedef struct Yardstick {
    int64_t pixels, steps;
    double cpu_s;         /**< of one thread */
    double nanoseconds;   /**< per step */
    double largest_error; /**< of a pixel of the image against the plain loop, relative to the image's greatest */
} Yardstick;

/** Computes pixels spread over the detector, one at least.
 *  @param steps  about so many are computed
 *  @param image  [slow][fast] expected photons to be checked */
Yardstick yardstick_measure(const Experiment *experiment, const Frame *frame, int64_t steps, const float *image);

#endif
