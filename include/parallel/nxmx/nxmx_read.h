/** @file
 *  Reads an NXmx file of Tessera, whole or merged from parts: geometry, beam, scan, records of the frames and images.
 *  For one process. */
#ifndef TESSERA_NXMX_READ_H
#define TESSERA_NXMX_READ_H

#include "base/clocks.h"
#include "base/status.h"
#include "base/vector.h"
#include "model/panel_geometry.h"
#include "nxmx/provenance.h"

#include <stdbool.h>
#include <stdint.h>

/** What holds for all frames. Vectors are in the file's frame: z along the beam. Plain data. */
typedef struct NxmxDescription {
    int64_t frames, slow_pixels, fast_pixels;
    int64_t panels;                    /**< of the detector; with several, what the next lines say of a plane is 0 */
    bool counts;                       /**< the main images are int32 counts, else float32 expected photons */
    bool has_expected;                 /**< expected photons are kept beside counts */
    bool has_mask;                     /**< some pixel is marked as bad */
    Vec3 fast, slow;                   /**< unit vectors of increasing pixel coordinates */
    Vec3 corner_m;                     /**< outer corner of pixel (0,0), from the crystal */
    double pixel_size_m[2];            /**< fast, slow */
    Vec3 normal;                       /**< unit vector across the detector, away from the crystal */
    double distance_m;                 /**< crystal to the detector's plane, along its normal */
    bool beam_meets;                   /**< the beam meets the detector's plane, and its axes are at right angles */
    double beam_distance_m;            /**< only if so: crystal to the detector's plane, along the beam */
    double beam_centre_pixels[2];      /**< only if so: fast, slow position where, from the corner */
    double closest_pixels[2];          /**< fast, slow position of the point nearest to the crystal, from the corner */
    bool rotation;                     /**< a rotation series; else stills */
    Vec3 spindle;                      /**< unit vector, right-handed axis; only for a rotation series */
    double sensor_thickness_m;         /**< 1e-9 stands for none */
    char sensor_material[16];          /**< Si, CdTe or GaAs */
    double saturation, exposure_s;     /**< largest good value */
    char start_time[CLOCKS_UTC_BYTES]; /**< of the run, ISO 8601 with Z */
} NxmxDescription;

/** What is known of one frame. Plain data; NAN where the file does not say. */
typedef struct NxmxFrame {
    bool complete;
    int64_t number; /**< its place in the sweep */
    double wavelength_angstrom;
    double phi_start_deg, phi_width_deg; /**< 0 for a still */
    double ub_per_angstrom[9];           /**< rows of the matrix with columns a*, b*, c* at phi = 0 */
    double fluence_per_m2, sum_photons, max_photons;
} NxmxFrame;

/** An open file. */
typedef struct NxmxReader NxmxReader;

/** Opens a file and reads what describes it.
 *  @param notes   told of data files that are missing or damaged; may be NULL
 *  @param reader  the caller closes it
 *  @return BAD_FILE naming the file and what is missing or cannot be understood; NO_MEMORY */
Status nxmx_reader_open(const char *path, Notes *notes, NxmxReader **reader);

/** Closes the file and leaves NULL; accepts NULL. */
void nxmx_reader_close(NxmxReader **reader);

/** What holds for all frames. Borrowed until the reader is closed. */
const NxmxDescription *nxmx_reader_description(const NxmxReader *reader);

/** The panels of a detector that has several, in DIALS' frame; without panels for one plane. Borrowed. */
const DetectorGeometry *nxmx_reader_panels(const NxmxReader *reader);

/** The record of frame @p frame, a place in the file from 0. */
const NxmxFrame *nxmx_reader_frame(const NxmxReader *reader, int64_t frame);

/** Reads the image of a frame.
 *  @param expected  the expected photons beside counts, instead of the counts
 *  @param pixels    [slow][fast]
 *  @return BAD_FILE when it cannot be read */
Status nxmx_reader_image(const NxmxReader *reader, int64_t frame, bool expected, double *pixels);

/** Reads the mask of bad pixels, by NXmx's bits; 0 is good, as all are where the file has no mask.
 *  @param mask  [slow][fast] */
Status nxmx_reader_mask(const NxmxReader *reader, uint32_t *mask);

#endif
