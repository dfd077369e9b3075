#include "setup/experiment_change.h"

#include "kernels/kernel_choice.h"
#include "model/sensor.h"
#include "setup/sampling_setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

BeamSpectrum experiment_spectrum(const Sweep *sweep, int64_t frame) {
    if (sweep->spectrum.rows == 0) return (BeamSpectrum){.lines = 0};
    return (BeamSpectrum){sweep->spectrum.lines, sweep_wavelengths(sweep), sweep_weights(sweep, frame)};
}

void experiment_align_grid(Experiment *e) {
    sweep_align_grid(&e->sweep, e->crystal.cell_m, e->axes.beam, e->axes.polarization);
}

void experiment_set_coefficients(Experiment *e) {
    const int values = e->factors.form_values;
    for (int64_t i = 0; values > 0 && i < e->beam.source_count; i++) {
        double *own = e->beam.coefficients + i * values;
        const double wavelength_m = e->beam.sources[i].wavelength_m;
        if (i > 0 && wavelength_m == e->beam.sources[i - 1].wavelength_m)
            memcpy(own, own - values, (size_t)values * sizeof *own);
        else
            dispersing_coefficients(&e->factors.dispersing, wavelength_m, own);
    }
}

/* Structure factors with this frame's scale, B and cell. */
static void rescale(const Experiment *base, const Parameters *p, Experiment *own) {
    own->factors = base->factors;
    own->factors.table = NULL;
    structure_factors_scale(p, own->crystal.reciprocal_per_m, &own->factors, own->owned_grid);
    if (own->owned_table == NULL || own->factors.grid == NULL) return;
    structure_factors_fill_table(&own->factors, own->owned_table);
    own->factors.table = own->owned_table;
}

static bool enters(unsigned parts, unsigned some) {
    return (parts & some) != 0;
}

/* Detector, beam and crystal, where these parts enter them. */
static Status change_scene(const Experiment *base, const Parameters *p, int64_t frame, int64_t crystal, unsigned parts,
                           bool renders, Experiment *own) {
    static const unsigned beam = PART_SOURCES | PART_FLUENCE | PART_POLARIZATION;
    static const unsigned detector = PART_GEOMETRY | PART_PIXELS | PART_SENSOR;
    static const unsigned lattice = PART_LATTICE | PART_EXTENT | PART_SHAPE | PART_DOMAINS;
    Mat3 reciprocal;
    const bool listed = sweep_reciprocal(&base->sweep, frame, crystal, &reciprocal);
    if (enters(parts, detector)) TRY(detector_change(p, &own->axes, &own->detector));
    if (enters(parts, beam)) TRY(beam_change(p, &own->axes, experiment_spectrum(&base->sweep, frame), &own->beam));
    if (enters(parts, detector | beam)) TRY(sensor_create(p, &own->detector, &own->beam, NULL));
    if (enters(parts, lattice)) TRY(crystal_change(p, listed ? &reciprocal : NULL, renders, &own->crystal));
    if (enters(parts, PART_LATTICE)) experiment_align_grid(own);
    return status_ok();
}

/* Structure factors of atoms are computed once: what they depend on must be the same in all frames. */
static Status check_model(const Experiment *base, const Parameters *p, const Experiment *own) {
    double first[2], other[2];
    const double wavelength_m = beam_mean_wavelength(&base->beam), frame_m = beam_mean_wavelength(&own->beam);
    for (int64_t i = 0; base->factors.form_values > 0 && i < own->beam.source_count; i++)
        TRY(dispersing_check(&base->factors.dispersing, own->beam.sources[i].wavelength_m));
    if (base->factors.format != REFLECTIONS_MODEL) return status_ok();
    if (base->factors.form_values == 0 && p->crystal_model_dispersion && fabs(frame_m / wavelength_m - 1.0) > 1e-12)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.model has f' and f'' at the mean wavelength of frame 0, %.9g A, and here it is "
                            "%.9g A; give crystal.model_dispersion=false, or write the structure factors once with "
                            "output.dump_file and give them with crystal.structure_factors",
                            wavelength_m * 1e10, frame_m * 1e10);
    if (!isnan(p->crystal_resolution_m)) return status_ok();
    experiment_resolution(&base->beam, &base->detector, first);
    experiment_resolution(&own->beam, &own->detector, other);
    if (fabs(other[1] / first[1] - 1.0) <= 1e-12) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "crystal.model is computed to %.4g A, as far as the detector of frame 0 sees, and here it sees "
                        "%.4g A; give crystal.resolution",
                        1e10 / first[1], 1e10 / other[1]);
}

Status experiment_change(const Experiment *base, const Parameters *p, int64_t frame, int64_t crystal, unsigned parts,
                         bool renders, Experiment *own) {
    TRY(change_scene(base, p, frame, crystal, parts, renders, own));
    if (!renders) TRY(check_model(base, p, own));
    if (renders && enters(parts, PART_SOURCES)) experiment_set_coefficients(own);
    if (renders && base->factors.unscaled != NULL && enters(parts, PART_LATTICE | PART_FACTOR_SCALE))
        rescale(base, p, own);
    background_change(p, &own->background);
    if (crystal > 0) own->background.molecules = 0.0; /* all crystals of a frame stand in one background */
    own->background.molecules /= sweep_weight(&base->sweep, frame, crystal) * own->crystal.blocks;
    own->sampling.dmin_m = p->sampling_dmin_m;
    TRY(sampling_setup_choose(p, own, NULL));
    TRY(kernel_choose(p, own));
    return sampling_setup_check_size(own);
}
