/** @file
 *  The kernels are compiled once for each set of instructions, from the same source, and chosen when the program runs.
 */
#ifndef TESSERA_KERNEL_VARIANTS_H
#define TESSERA_KERNEL_VARIANTS_H

#include "base/double_double.h"
#include "base/tile.h"
#include "model/frame.h"

/** A kernel: see kernel_accumulate. */
typedef void (*KernelFunction)(const Experiment *experiment, const Frame *frame, Tile tile, Range blocks,
                               DoubleDouble *sums);

/** Name of a function of the set of instructions that is being compiled; the build sets KERNEL_INSTRUCTIONS. */
#ifndef KERNEL_INSTRUCTIONS
#define KERNEL_INSTRUCTIONS portable
#endif
#define KERNEL_JOIN(name, instructions) name##_##instructions
#define KERNEL_EXPAND(name, instructions) KERNEL_JOIN(name, instructions)
#define KERNEL_VARIANT(name) KERNEL_EXPAND(name, KERNEL_INSTRUCTIONS)

/** The oracle: the formulas in double precision. v3 and v4 compute the same bits; the portable one, without FMA, may
 * not.
 */
void kernel64_accumulate_portable(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel64_accumulate_v3(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel64_accumulate_v4(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);

/** The fast kernel in single precision. v3 and v4 compute the same bits; the portable one, without FMA, may not. */
void kernel32_accumulate_portable(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel32_accumulate_v3(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel32_accumulate_v4(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);

/** Rendering by reflections, where sampling.by_reflections says so. All variants compute the same bits. */
void kernel_reflections_portable(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel_reflections_v3(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);
void kernel_reflections_v4(const Experiment *, const Frame *, Tile, Range, DoubleDouble *);

/** The expected photons of a tile where one flush of the sums is all there is (one block of terms, one sub-pixel, one
 *  layer, no background): what the kernel's sums would give, without them. Arguments: see kernel_expected. */
typedef void (*KernelDirectFunction)(const Experiment *experiment, const Frame *frame, Tile tile, double photons,
                                     float *expected, int64_t width);
void kernel32_expected_portable(const Experiment *, const Frame *, Tile, double, float *, int64_t);
void kernel32_expected_v3(const Experiment *, const Frame *, Tile, double, float *, int64_t);
void kernel32_expected_v4(const Experiment *, const Frame *, Tile, double, float *, int64_t);

#endif
