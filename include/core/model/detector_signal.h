/** @file
 *  From expected photons to counts: what the beam, the sensor and the electronics do to a frame after the physics. */
#ifndef TESSERA_DETECTOR_SIGNAL_H
#define TESSERA_DETECTOR_SIGNAL_H

#include "base/status.h"
#include "model/detector.h"
#include "model/point_spread.h"
#include "parameters/parameters.h"

/** The steps from photons to counts; in brackets the value that switches a step off. Plain data. */
typedef struct DetectorSignal {
    uint64_t seed;                      /**< of flicker, photon counting and read noise */
    uint64_t calibration_seed;          /**< of what belongs to the detector: calibration, dead and hot pixels */
    double flicker;                     /**< relative rms of a frame's fluence [0] */
    double calibration;                 /**< relative rms of a pixel's response [0] */
    PointSpread spread;                 /**< [PSF_NONE] */
    double gain;                        /**< counts for each photon [1] */
    double pedestal;                    /**< counts [0] */
    double read_noise;                  /**< rms counts [0] */
    double dead_fraction, hot_fraction; /**< shares of the pixels [0] */
    int32_t hot_value;                  /**< counts */
    int32_t saturation;                 /**< counts; the greatest that there are */
} DetectorSignal;

/** How a pixel works. */
typedef enum PixelState { PIXEL_GOOD, PIXEL_DEAD, PIXEL_HOT } PixelState;

/** The signal of the run.
 *  @param notes  what has no effect or a bias; may be NULL
 *  @return BAD_PARAMETER for a point spread without a width, or more dead and hot pixels than pixels */
Status detector_signal_create(const Parameters *parameters, const Detector *detector, DetectorSignal *signal,
                              Notes *notes);

/** Fluence of frame @p frame over the nominal one, >= 0: normal about 1. */
double detector_signal_flicker(const DetectorSignal *signal, int64_t frame);

/** Photons that a pixel counts before they spread: a Poisson deviate times the pixel's calibration.
 *  @param pixel     slow x fast_pixels + fast
 *  @param expected  photons, flicker included */
double detector_signal_photons(const DetectorSignal *signal, int64_t frame, int64_t pixel, double expected);

/** What the electronics make of them: gain, pedestal and read noise, rounded, then dead and hot pixels, then the
 *  limits of the readout.
 *  @param photons  after the point spread
 *  @return 0 .. saturation */
int32_t detector_signal_counts(const DetectorSignal *signal, int64_t frame, int64_t pixel, double photons);

/** Response of a pixel over the nominal one, >= 0: normal about 1, the same in every frame. */
double detector_signal_calibration(const DetectorSignal *signal, int64_t pixel);

/** How a pixel works, in every frame. */
PixelState detector_signal_state(const DetectorSignal *signal, int64_t pixel);

/** True when some pixels are dead or hot. */
bool detector_signal_has_defects(const DetectorSignal *signal);

#endif
