#include "nanobragg/nanobragg_differences.h"

#include "model/parameter_rivals.h"
#include "model/sensor.h"
#include "physics/step.h"
#include "setup/outlook.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SIZE_BYTES = 160 };

/* What is looked at. */
typedef struct Met {
    const Parameters *parameters;
    const Experiment *experiment;
} Met;

static bool is_given(const Met *met, int row) {
    return parameters_is_given(met->parameters, row) && *met->parameters->state[row].text != '\0';
}

/* Steps over which nanoBragg takes a mean. */
static double steps_of(const Experiment *e) {
    return (double)experiment_terms(e) * e->sampling.oversample * e->sampling.oversample;
}

/* Directions of the sources that follow each other. */
static bool has_directions(const Experiment *e) {
    for (int64_t i = 1; i < e->beam.source_count; i++) {
        const Vec3 apart = vec3_subtract(e->beam.sources[i].direction, e->beam.sources[0].direction);
        if (vec3_length(apart) > 0.0) return true;
    }
    return false;
}

/* Each says whether the experiment meets a defect, and by how much, "" where that cannot be told.
 * @param size  [SIZE_BYTES], "" before */

static bool skips_phi(const Met *met, char *size) {
    const Sampling *s = &met->experiment->sampling;
    const double before = s->phi_step_rad != 0.0 ? -s->phi_start_rad / s->phi_step_rad : -1.0;
    const bool meets = s->phi_steps > 1 && before >= 0.0 && before < (double)s->phi_steps && before == floor(before);
    (void)snprintf(size, SIZE_BYTES, ": 1 of %" PRId64 " angles is another one", s->phi_steps);
    return meets;
}

static bool sums_layers(const Met *met, char *size) {
    const Sensor *sensor = &met->experiment->detector.panels[0].sensor;
    const double layers = sensor->layers;
    const double absorption = sensor_absorption_of(sensor, met->experiment->beam.sources);
    if (!(sensor->thickness_m > 0.0) || sensor->layers < 2) return false;
    const double last = sensor_capture(sensor->thickness_m / (layers - 1.0), sensor->layers - 1, absorption, 1.0);
    (void)snprintf(size, SIZE_BYTES, ": about %.3g times the photons",
                   layers * last / sensor_capture(sensor->thickness_m, 0, absorption, 1.0));
    return true;
}

/* The solid angle changes by 3 x dx / R^2 from the middle of a pixel to its first sub-pixel. */
static bool takes_first_sub_pixel(const Met *met, char *size) {
    const Experiment *e = met->experiment;
    const Panel *panel = e->detector.panels;
    const double offset = 0.5 * (1.0 - 1.0 / e->sampling.oversample);
    double greatest = 0.0;
    for (int corner = 0; corner < 4; corner++) {
        const int64_t pixels[2] = {panel->canvas.fast_pixels, panel->canvas.slow_pixels};
        double across_m2 = 0.0, change_m2 = 0.0;
        for (int i = 0; i < 2; i++) {
            const double end_m = (corner >> i) % 2 == 1 ? (double)pixels[i] * panel->pixel_size_m[i] : 0.0;
            const double from_m = end_m - panel->closest_m[i];
            across_m2 += from_m * from_m;
            change_m2 += 3.0 * from_m * offset * panel->pixel_size_m[i];
        }
        greatest = fmax(greatest, fabs(change_m2) / (panel->close_distance_m * panel->close_distance_m + across_m2));
    }
    (void)snprintf(size, SIZE_BYTES, ": up to %.2g %% of a pixel far from the centre%s", 100.0 * greatest,
                   met->parameters->beam_polarization_correction ? ", about as much again by polarization" : "");
    return e->sampling.oversample > 1 && greatest > 1e-5 && !panel->curved;
}

static bool polarizes_by_first(const Met *met, char *size) {
    (void)snprintf(size, SIZE_BYTES, ": some 1 %% of single pixels for mrad of divergence");
    return met->parameters->beam_polarization_correction && has_directions(met->experiment);
}

static bool ignores_weights(const Met *met, char *size) {
    const Beam *beam = &met->experiment->beam;
    double least = INFINITY, greatest = 0.0;
    for (int64_t i = 0; i < beam->source_count; i++) {
        least = fmin(least, beam->sources[i].weight);
        greatest = fmax(greatest, beam->sources[i].weight);
    }
    (void)snprintf(size, SIZE_BYTES, ": they differ by a factor of %.3g", greatest / least);
    return beam->source_count > 1 && greatest > least * (1.0 + 1e-9);
}

/* A lookup takes four reflections along each axis. */
static bool stops_interpolating(const Met *met, char *size) {
    const Experiment *e = met->experiment;
    const double end_m = e->sampling.interpolate ? outlook_end_of_reflections(e) : 0.0;
    double seen_per_m[2], reach_per_m = 0.0;
    (void)size;
    if (!(end_m > 0.0)) return false;
    experiment_resolution(&e->beam, &e->detector, seen_per_m);
    for (int i = 0; i < 3; i++) reach_per_m = fmax(reach_per_m, 2.0 * vec3_length(e->crystal.reciprocal_per_m.row[i]));
    return seen_per_m[1] + reach_per_m > 1.0 / end_m;
}

static bool exchanges_axes(const Met *met, char *size) {
    (void)size;
    return met->experiment->detector.panels[0].curved;
}

static bool scales_water(const Met *met, char *size) {
    const Experiment *e = met->experiment;
    const double factor = ELECTRON_RADIUS_SQUARED_M2 * e->beam.fluence_per_m2 / steps_of(e);
    const bool small = factor < 1.0;
    (void)snprintf(size, SIZE_BYTES, ": nanoBragg's water is %.2g times too %s", small ? 1.0 / factor : factor,
                   small ? "small" : "large");
    return e->background.molecules > 0.0 && fabs(factor - 1.0) > 1e-6;
}

static bool interpolates_by_cells(const Met *met, char *size) {
    (void)size;
    return is_given(met, PARAMETER(crystal, size)) && !is_given(met, PARAMETER(crystal, cells)) &&
           met->parameters->crystal_interpolate == INTERPOLATE_AUTO && !met->experiment->sampling.interpolate;
}

static bool ignores_pixel0(const Met *met, char *size) {
    (void)size;
    return is_given(met, PARAMETER(detector, pixel0));
}

static bool ignores_pivot(const Met *met, char *size) {
    const int convention = met->parameters->detector_convention;
    const bool is_sample = convention == CONVENTION_XDS || convention == CONVENTION_DIALS;
    (void)size;
    return is_given(met, PARAMETER(detector, pivot)) && convention != CONVENTION_CUSTOM &&
           met->experiment->detector.pivot != (is_sample ? PIVOT_SAMPLE : PIVOT_BEAM);
}

static bool forgets_pixel_size(const Met *met, char *size) {
    const double pixel_m = met->experiment->detector.panels[0].pixel_size_m[0];
    (void)snprintf(size, SIZE_BYTES, ": by a factor of %.3g", 1.0 / (pixel_m * pixel_m));
    return met->experiment->detector.point_pixel;
}

static bool turns_mask(const Met *met, char *size) {
    const char *origin = met->parameters->state[PARAMETER(detector, beam_centre)].origin;
    const bool is_asked = strcmp(origin, "-Xbeam") == 0 || strcmp(origin, "-Ybeam") == 0;
    (void)size;
    return is_given(met, PARAMETER(detector, mask)) && !is_given(met, PARAMETER(detector, header)) && !is_asked &&
           parameter_has_value(met->parameters, PARAMETER(detector, beam_centre));
}

static bool turns_by_header(const Met *met, char *size) {
    const char *origin = met->parameters->state[PARAMETER(detector, twotheta)].origin;
    const bool has_header = is_given(met, PARAMETER(detector, header)) || is_given(met, PARAMETER(detector, mask));
    (void)size;
    return has_header && met->parameters->detector_twotheta_rad != 0.0 && strncmp(origin, "-twotheta", 9) != 0;
}

static bool counts_steps(const Met *met, char *size) {
    (void)size;
    return is_given(met, PARAMETER(beam, divergence_step_horizontal)) ||
           is_given(met, PARAMETER(beam, divergence_step_vertical));
}

static bool loses_water(const Met *met, char *size) {
    (void)size;
    return met->experiment->sampling.dmin_m > 0.0 && met->experiment->background.molecules > 0.0;
}

static bool ignores_closest(const Met *met, char *size) {
    (void)size;
    return is_given(met, PARAMETER(detector, closest_point)) &&
           met->parameters->detector_convention != CONVENTION_CUSTOM;
}

static bool reads_old_dump(const Met *met, char *size) {
    (void)size;
    return *met->parameters->crystal_structure_factors_file == '\0' && access("Fdump.bin", F_OK) == 0;
}

static const struct {
    const char *id, *what;
    bool (*meets)(const Met *met, char *size);
} differences[] = {
    {"B01", "nanoBragg leaves the rotation out at phi = 0", skips_phi},
    {"B02", "nanoBragg adds the layers of the sensor without weights", sums_layers},
    {"B04", "nanoBragg takes solid angle and polarization at the first sub-pixel", takes_first_sub_pixel},
    {"B05", "nanoBragg polarizes all sources as the first", polarizes_by_first},
    {"B06", "nanoBragg ignores the weights of sources", ignores_weights},
    {"B07", "nanoBragg stops interpolating for good at the first lookup outside of the table", stops_interpolating},
    {"B08", "nanoBragg exchanges fast and slow on a curved detector: another image unless the pattern is symmetric",
     exchanges_axes},
    {"B09", "nanoBragg multiplies water by the fluence once more and divides it by the steps", scales_water},
    {"B10", "nanoBragg decides about interpolation before -xtalsize: it interpolates here", interpolates_by_cells},
    {"B11", "nanoBragg ignores -pix0_vector: another image", ignores_pixel0},
    {"B14", "nanoBragg ignores -pivot with this convention: another image of a tilted detector", ignores_pivot},
    {"B15", "nanoBragg forgets the pixel's area with -point_pixel", forgets_pixel_size},
    {"B16", "nanoBragg turns a beam centre in the mask's header upside down", turns_mask},
    {"B17", "nanoBragg does not turn the detector by the header's TWOTHETA", turns_by_header},
    {"B18", "nanoBragg makes one step too few of a step's width", counts_steps},
    {"B19", "nanoBragg loses the water beyond -dmin", loses_water},
    {"B22", "nanoBragg ignores -Xclose and -Yclose with this convention: another image", ignores_closest},
    {"B24", "nanoBragg reads the Fdump.bin in this folder unasked", reads_old_dump},
};

void nanobragg_note_differences(const Parameters *parameters, const Experiment *experiment, Notes *notes) {
    const Met met = {parameters, experiment};
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        char size[SIZE_BYTES] = "";
        if (!differences[i].meets(&met, size)) continue;
        notes_add(notes, "%s: %s%s", differences[i].id, differences[i].what, size);
    }
}
