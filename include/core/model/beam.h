/** @file
 *  The incident beam as a list of monochromatic plane waves: its sources. */
#ifndef TESSERA_BEAM_H
#define TESSERA_BEAM_H

#include "base/status.h"
#include "model/detector.h"
#include "parameters/parameters.h"

/** One plane wave. */
typedef struct Source {
    Vec3 direction;          /**< unit vector of propagation */
    Vec3 electric;           /**< unit vector, polarization axis made orthogonal to the direction */
    Vec3 magnetic;           /**< direction x electric, up to sign */
    double wavelength_m;     /**< > 0 */
    double weight;           /**< share of the fluence; all weights together are 1 */
    double absorption_per_m; /**< of the sensor at this wavelength; 0 where its thickness is ignored */
} Source;

/** The beam. `sources` is owned: beam_destroy frees it. */
typedef struct Beam {
    double wavelength_m;          /**< mean by weight where a file has the wavelengths, else centre of the band */
    bool wavelengths_of_file;     /**< of a spectrum, or of each source of a file */
    double fluence_per_m2;        /**< photons per area in one frame */
    double polarization_kahn;     /**< Kahn factor, -1..1 */
    bool polarization_correction; /**< false: the factor is 1 */
    int64_t source_count;
    int64_t room;         /**< sources that there is memory for */
    Source *sources;      /**< [source_count] */
    double *coefficients; /**< [room][form_values of the structure factors]: dispersing_coefficients of each source;
                             NULL where |F| is the same for all wavelengths. Owned */
} Beam;

/** Wavelengths and their weights instead of the band of dispersion; lines 0: there is none. Borrows both. */
typedef struct BeamSpectrum {
    int64_t lines;
    const double *wavelengths_m;
    const float *weights;
} BeamSpectrum;

/** Makes the sources: from the source file, or divergence (horizontal outermost) x wavelengths (innermost) of the
 *  dispersion or spectrum.
 *  @return BAD_PARAMETER, BAD_FILE (naming file and line) or NO_MEMORY */
Status beam_create(const Parameters *parameters, const LaboratoryAxes *axes, BeamSpectrum spectrum, Beam *beam);

/** Makes a beam that exists anew, in its own memory where that suffices. Sources of a file stay as they are. */
Status beam_change(const Parameters *parameters, const LaboratoryAxes *axes, BeamSpectrum spectrum, Beam *beam);

/** Wavelength (m) of beam.wavelength, or of beam.energy where that is given. */
double beam_nominal_wavelength(const Parameters *parameters);

/** Mean of the wavelengths (m) by weight. */
double beam_mean_wavelength(const Beam *beam);

/** Frees what @p beam owns. */
void beam_destroy(Beam *beam);

/** Kahn et al., J. Appl. Cryst. 15 (1982) 330: (1 + cos^2 2theta - K cos 2psi sin^2 2theta) / 2.
 *  @param diffracted  unit vector */
static inline double beam_polarization_factor(double kahn, const Source *source, Vec3 diffracted) {
    const double along = vec3_dot(source->direction, diffracted); /* cos 2theta */
    const double e = vec3_dot(source->electric, diffracted);      /* sin 2theta cos psi */
    const double b = vec3_dot(source->magnetic, diffracted);      /* sin 2theta sin psi */
    return 0.5 * (1.0 + along * along - kahn * (e * e - b * b));
}

/** A source with its electric and magnetic directions. @p direction is made a unit vector. */
Source beam_source(Vec3 direction, double wavelength_m, double weight, Vec3 polarization_axis);

#endif
