/** @file
 *  Small experiments for unit tests, made from parameters as a user would write them. */
#ifndef TESSERA_TEST_SCENE_H
#define TESSERA_TEST_SCENE_H

#include "model/frame.h"

/** An experiment from "section.name=value" texts, in double precision unless they say otherwise; the test fails and
 * NULL comes back when it cannot be made.
 *  @param settings  ended by NULL
 *  @return to be destroyed with experiment_destroy */
Experiment *scene(const char *const *settings);

/** The same with these panels for a detector; they are borrowed. */
Experiment *scene_of_panels(const char *const *settings, const DetectorGeometry *panels);

/** The notes that come with an experiment; the same without it. */
void scene_notes(const char *const *settings, Notes *notes);

/** "crystal.shape=WORD" for every shape, in the order of CrystalShape. */
enum {
    SCENE_SHAPES = 0
#define SHAPE_OF_AXES(NAME, name) +1
#define SHAPE_OF_FORM(NAME, name, ...) +1
#include "parameters/shapes.def"
};
extern const char *const scene_shapes[SCENE_SHAPES];

/** Expected photons over (r_e^2 fluence) of all pixels of frame @p number.
 *  @param image  [slow_pixels][fast_pixels], allocated here; the caller frees it */
double *scene_image(const Experiment *experiment, int64_t number);

/** Sum of the image of frame 0. */
double scene_sum(const char *const *settings);

#endif
