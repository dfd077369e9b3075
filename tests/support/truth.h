/** @file
 *  The stored truths golden/ID.truth.json: what nanoBragg computed on the way to its images, and our experiment for
 * the same arguments beside it. */
#ifndef TESSERA_TEST_TRUTH_H
#define TESSERA_TEST_TRUTH_H

#include "base/json.h"
#include "base/vector.h"
#include "model/frame.h"
#include "parameters/parameters.h"

/** One truth. Everything is borrowed. */
typedef struct Truth {
    const char *id;               /**< "g01_mosflm_cubic" */
    JsonNode root;                /**< of the file */
    const Parameters *parameters; /**< read from its reference_args */
    const Experiment *experiment;
    const Frame *frame; /**< frame 0 */
} Truth;

/** Calls @p check for every truth but those of cases that this release leaves out (TESSERA_TRUTHS_LEFT_OUT), whose
 * names it prints. A truth that cannot be read, or whose arguments are refused, is a failed check. */
void truth_for_each(void (*check)(const Truth *truth));

/** The number, or vector, at @p path from @p from; NAN and a failed check when there is none. */
double truth_number(const Truth *truth, JsonNode from, const char *path);
Vec3 truth_vector(const Truth *truth, JsonNode from, const char *path);

/** Checks that |actual - expected| <= tolerance; the message names the case and @p what. */
void truth_close(const Truth *truth, const char *what, double actual, double expected, double tolerance);

/** Checks the three components alike. */
void truth_close_vector(const Truth *truth, const char *what, Vec3 actual, Vec3 expected, double tolerance);

#endif
