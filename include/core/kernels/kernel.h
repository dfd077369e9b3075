/** @file
 *  The expected photons of a run of terms on a part of the detector: what kernels have in common, and one tile by the
 *  calling thread. */
#ifndef TESSERA_KERNEL_H
#define TESSERA_KERNEL_H

#include "base/double_double.h"
#include "base/tile.h"
#include "model/frame.h"

/** Terms are added in blocks of this many, which begin at multiples of it: a block's sum never depends on the cut. */
enum { KERNEL_BLOCK_TERMS = 32 };

/** What turns the sums of a crystal of a frame into photons. */
typedef struct KernelScale {
    double photons; /**< in one unit of the sums */
    bool adds;      /**< a frame's crystals after the first are added to it */
} KernelScale;
KernelScale kernel_scale(const Frame *frame);

/** Turns a tile's sums into photons.
 *  @param sums      [slow][fast] of the tile
 *  @param expected  of the tile's first pixel, rows @p width apart; pixels that are not active are left alone */
void kernel_store(const Experiment *experiment, KernelScale scale, Tile tile, const DoubleDouble *sums, float *expected,
                  int64_t width);

/** Number of blocks of a frame. */
int64_t kernel_blocks(const Experiment *experiment);

/** Steps (pixel x sub-pixel x layer x term) in these blocks on a tile of one panel. */
int64_t kernel_steps(const Experiment *experiment, Tile tile, Range blocks);

/** Adds blocks of terms to the sums of a tile's pixels, by the CPU's kernel of the experiment and the calling thread.
 *  The unit is the sum over terms of source weight x polarization x |F_cell F_latt|^2 x solid angle x capture, over
 *  sub-pixels and layers too: step_photons turns it into photons.
 *  @param tile    pixels of the canvas, all of one panel
 *  @param blocks  block 0 brings the background with it
 *  @param sums    [slow][fast] of the tile, fast varying fastest; added to */
void kernel_accumulate(const Experiment *experiment, const Frame *frame, Tile tile, Range blocks, DoubleDouble *sums);

/** Expected photons of a tile by all terms: what kernel_accumulate and kernel_store give, where possible without sums.
 *  @param sums      room for the tile's
 *  @param expected  as for kernel_store */
void kernel_expected(const Experiment *experiment, const Frame *frame, Tile tile, DoubleDouble *sums, float *expected,
                     int64_t width);

#endif
