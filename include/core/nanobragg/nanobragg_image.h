/** @file
 *  A frame as nanoBragg has it in its integer images and in its statistics. */
#ifndef TESSERA_NANOBRAGG_IMAGE_H
#define TESSERA_NANOBRAGG_IMAGE_H

#include "model/frame.h"

#include <stddef.h>

/** Room for the header of an SMV image. */
enum { NANOBRAGG_HEADER_BYTES_MOST = 1024 };

/** What nanoBragg says of an image, of the pixels that are computed. */
typedef struct ImageStatistics {
    double solid_angle_sr;   /**< mean over sub-pixels and layers */
    double greatest;         /**< value of the brightest pixel */
    double greatest_at_m[2]; /**< fast, slow position of its last sub-pixel, from the corner */
    double mean, rms, rmsd;  /**< rms about 0 and about the mean, over one pixel less than there are */
} ImageStatistics;

/** Statistics of @p image [slow][fast]. */
Status nanobragg_image_statistics(const Experiment *experiment, const float *image, ImageStatistics *statistics);

/** Scale of the integer image: @p wanted, or if that is NAN 55000 over the brightest pixel. */
double nanobragg_image_int_scale(const ImageStatistics *statistics, double wanted);

/** Scale of the grey map: @p wanted, or if that is NAN 50 over the rmsd, or @p int_scale where that is 0. */
double nanobragg_image_pgm_scale(const ImageStatistics *statistics, double wanted, double int_scale);

/** Value x scale + offset, rounded and cut to 0..65535; pixels that are not computed are 0.
 *  @param pixels  [slow][fast] */
void nanobragg_image_integers(const Experiment *experiment, const float *image, double scale, double offset,
                              uint16_t *pixels);

/** Poisson counts of frame @p frame plus offset, cut to 65535; pixels that are not computed are 0.
 *  @param pixels     [slow][fast]
 *  @param photons    sum of the counts, uncut
 *  @param overloads  pixels that were cut */
void nanobragg_image_noise(const Experiment *experiment, int64_t frame, const float *image, double offset,
                           uint16_t *pixels, double *photons, int64_t *overloads);

/** Value x scale cut to 255.
 *  @param pixels  [slow][fast] */
void nanobragg_image_grey(const Experiment *experiment, const float *image, double scale, uint8_t *pixels);

/** The header of an SMV image of the experiment's detector, filled with blanks.
 *  @param header  [NANOBRAGG_HEADER_BYTES_MOST], not ended by a zero
 *  @return its length in bytes, a multiple of 512 */
size_t nanobragg_image_header(const Parameters *parameters, const Experiment *experiment, char *header);

#endif
