/** @file
 *  An experiment as another program recorded or refined it: beam, goniometer, scan and crystals beside the detector of
 *  panel_geometry.h. Readers fill it; `tessera import` makes a run file of it. All vectors are in the laboratory frame
 *  of panel_geometry.h. What a file does not say is NAN. */
#ifndef TESSERA_RECORDED_EXPERIMENT_H
#define TESSERA_RECORDED_EXPERIMENT_H

#include "base/status.h"
#include "base/vector.h"
#include "model/panel_geometry.h"

#include <stdbool.h>
#include <stdint.h>

/** A beam. `spectrum_*` are owned. */
typedef struct RecordedBeam {
    Vec3 direction;          /**< unit vector of propagation */
    double wavelength_m;     /**< the mean one where there is a spectrum */
    Vec3 electric_vector;    /**< unit vector of the polarization */
    double polarization;     /**< Kahn factor, -1 to 1 */
    double fluence_per_m2;   /**< photons of one frame */
    int64_t spectrum_count;  /**< 0: one wavelength */
    double *spectrum_m;      /**< [spectrum_count] wavelengths */
    double *spectrum_weight; /**< [spectrum_count] */
} RecordedBeam;

/** A goniometer: a crystal vector r at angle phi is setting R(axis, phi) fixed r. */
typedef struct RecordedGoniometer {
    Vec3 axis;           /**< unit vector, before the setting rotation */
    Mat3 fixed, setting; /**< rotations */
} RecordedGoniometer;

/** A scan: frame i covers start_rad + i width_rad on. */
typedef struct RecordedScan {
    double start_rad, width_rad; /**< width 0: all frames at one angle */
    double exposure_s;           /**< of a frame */
    int64_t frames;
    int64_t first_image; /**< number that the file gives to its first frame */
} RecordedScan;

/** A crystal. `a_at_scan_points_per_m` is owned. */
typedef struct RecordedCrystal {
    Mat3 reciprocal_per_m;            /**< rows a*, b*, c* at angle 0, before the goniometer */
    char space_group[80];             /**< as the file writes it, "" unknown */
    int64_t scan_points;              /**< 0: it does not vary */
    Mat3 *reciprocal_at_points_per_m; /**< [scan_points], one more than there are frames */
    double mosaic_spread_rad;         /**< half width or rms, as DIALS has it */
    double domain_size_m;             /**< edge of a mosaic domain */
} RecordedCrystal;

/** One experiment: numbers of its models, -1 for none. */
typedef struct RecordedShot {
    int beam, detector, goniometer, scan, crystal;
    int64_t image; /**< experiments of one image have one number, counted from 0 in the order of the file */
} RecordedShot;

/** A file's models. A value of zeros has none. recorded_experiment_free() frees what it owns. */
typedef struct RecordedExperiment {
    int beams, detectors, goniometers, scans, crystals, shots;
    RecordedBeam *beam;             /**< [beams], owned */
    DetectorGeometry *detector;     /**< [detectors], owned */
    RecordedGoniometer *goniometer; /**< [goniometers], owned */
    RecordedScan *scan;             /**< [scans], owned */
    RecordedCrystal *crystal;       /**< [crystals], owned */
    RecordedShot *shot;             /**< [shots], owned, in the order of the file */
    int64_t images;                 /**< distinct images of the shots */
} RecordedExperiment;

/** Frees what @p experiment owns and leaves a value of zeros. */
void recorded_experiment_free(RecordedExperiment *experiment);

#endif
