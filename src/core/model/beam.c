#include "model/beam.h"

#include "base/text.h"
#include "model/parameter_rivals.h"
#include "parameters/input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** Most sources, and most bytes of a file of them. */
static const double SOURCES_MOST = 1e8;
enum { SOURCE_FILE_BYTES_MOST = 1 << 28 };

Source beam_source(Vec3 direction, double wavelength_m, double weight, Vec3 polarization_axis) {
    Source source = {.direction = vec3_unit(direction), .wavelength_m = wavelength_m, .weight = weight};
    source.magnetic = vec3_unit(vec3_cross(polarization_axis, source.direction));
    source.electric = vec3_unit(vec3_cross(source.direction, source.magnetic));
    return source;
}

/* Points of a width: a band of wavelengths, or an angle. */
typedef struct Spread {
    int64_t count;
    double first, step; /* point i is first + i step; relative to the centre */
    double width;
} Spread;

static Spread spread_between(double width, int64_t count, double step, int law) {
    if (!(width > 0.0) || count < 1) return (Spread){.count = 1};
    if (law == LAW_MIDPOINT) return (Spread){count, width * (0.5 / (double)count - 0.5), width / (double)count, width};
    if (count < 2) count = 2;
    return (Spread){count, -0.5 * width, isnan(step) ? width / (double)(count - 1) : step, width};
}

/* The automatic rule for one divergence: width, number and step of which any may be missing (NAN, PARAMETER_AUTO). */
static Status divergence_spread(const char *axis, double width, int64_t count, double step, int law, Spread *spread) {
    if (step == 0.0) step = NAN;
    if (isnan(width) && isnan(step) && count != PARAMETER_AUTO && count > 1)
        return status_error(STATUS_BAD_PARAMETER,
                            "beam.divergence_steps_%s is %" PRId64 " but there is no divergence; give "
                            "beam.divergence_%s in mrad",
                            axis, count, axis);
    if (isnan(width) && !isnan(step)) {
        width = step;
        count = 2;
    }
    if (isnan(width)) width = 0.0;
    if (count == PARAMETER_AUTO) {
        const double intervals = isnan(step) ? 1.0 : rint(width / step);
        if (intervals > 100000.0)
            return status_error(STATUS_BAD_PARAMETER, "beam.divergence_step_%s makes %g directions; make it larger",
                                axis, intervals);
        count = (int64_t)intervals + (law == LAW_ENDPOINTS || isnan(step) ? 1 : 0);
    }
    *spread = spread_between(width, count, step, law);
    return status_ok();
}

/* Position within the ellipse of a round divergence; 1 at its edge. NanoBragg moves the edge outwards by half a step
 * when the number is even. */
static double ellipse_part(const Spread *spread, double angle, int law) {
    if (!(spread->width > 0.0)) return 0.0;
    const double even = law == LAW_ENDPOINTS && spread->count % 2 == 0 ? 0.25 * spread->step * spread->step : 0.0;
    return 4.0 * (angle * angle - even) / (spread->width * spread->width);
}

static Status allocate_sources(Beam *beam, int64_t count) {
    beam->source_count = 0;
    if (count <= beam->room) return status_ok();
    free(beam->sources);
    beam->sources = calloc((size_t)count, sizeof *beam->sources);
    beam->room = beam->sources == NULL ? 0 : count;
    if (beam->sources == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sources, %.3g GiB; give fewer steps", count,
                            (double)count * sizeof *beam->sources / 1073741824.0);
    return status_ok();
}

/* All wavelengths of one direction. */
static void add_band(Vec3 direction, const LaboratoryAxes *axes, BeamSpectrum spectrum, const Spread *band,
                     Beam *beam) {
    for (int64_t k = 0; k < band->count && spectrum.lines == 0; k++)
        beam->sources[beam->source_count++] = beam_source(
            direction, beam->wavelength_m * (1.0 + band->first + (double)k * band->step), 1.0, axes->polarization);
    for (int64_t k = 0; k < spectrum.lines; k++)
        if (spectrum.weights[k] > 0.0f)
            beam->sources[beam->source_count++] =
                beam_source(direction, spectrum.wavelengths_m[k], (double)spectrum.weights[k], axes->polarization);
}

static Status make_sources(const Parameters *p, const LaboratoryAxes *axes, BeamSpectrum spectrum, Beam *beam) {
    Spread horizontal, vertical;
    const int law = p->beam_divergence_points;
    TRY(divergence_spread("horizontal", p->beam_divergence_horizontal_rad, p->beam_divergence_steps_horizontal,
                          p->beam_divergence_step_horizontal_rad, law, &horizontal));
    TRY(divergence_spread("vertical", p->beam_divergence_vertical_rad, p->beam_divergence_steps_vertical,
                          p->beam_divergence_step_vertical_rad, law, &vertical));
    const int64_t wavelengths = p->beam_dispersion_steps == PARAMETER_AUTO ? 2 : p->beam_dispersion_steps;
    const Spread band = spread_between(p->beam_dispersion_fraction, wavelengths, NAN, p->beam_dispersion_points);
    const int64_t lines = spectrum.lines > 0 ? spectrum.lines : band.count;
    const double sources = (double)horizontal.count * (double)vertical.count * (double)lines;
    if (sources > SOURCES_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "the beam has %" PRId64 " x %" PRId64 " directions of %" PRId64
                            " wavelengths, %.3g sources; at most %g are accepted: give fewer steps",
                            horizontal.count, vertical.count, lines, sources, SOURCES_MOST);
    TRY(allocate_sources(beam, horizontal.count * vertical.count * lines));
    for (int64_t i = 0; i < horizontal.count; i++)
        for (int64_t j = 0; j < vertical.count; j++) {
            const double h = horizontal.first + (double)i * horizontal.step;
            const double v = vertical.first + (double)j * vertical.step;
            const double position = ellipse_part(&horizontal, h, law) + ellipse_part(&vertical, v, law);
            if (p->beam_divergence_shape == DIVERGENCE_ROUND && position > 1.1) continue;
            /* nanoBragg's order: about the polarization axis, then about the vertical */
            const Vec3 direction =
                vec3_rotate_about(vec3_rotate_about(axes->beam, axes->polarization, v), axes->vertical, h);
            add_band(direction, axes, spectrum, &band, beam);
        }
    return status_ok();
}

/* Between these distances the square of a length is neither 0 nor infinite. */
static const double SOURCE_LEAST_M = 1e-100, SOURCE_MOST_M = 1e100;

/* One line of a source file: X Y Z [weight [wavelength]]. */
static Status read_source(const LineReader *reader, const LaboratoryAxes *axes, Beam *beam, Source *source) {
    double field[5] = {0.0, 0.0, 0.0, 1.0, beam->wavelength_m};
    int count = 0;
    TRY(text_line_numbers(reader, 5, field, &count));
    const Vec3 place_m = vec3(field[0], field[1], field[2]);
    const char *fault = count < 3 ? "it must have X Y Z, then perhaps weight and wavelength"
                        : !(vec3_length(place_m) >= SOURCE_LEAST_M)
                            ? "the source lies at the crystal; X Y Z must not be all zero"
                        : !(vec3_length(place_m) <= SOURCE_MOST_M) ? "the source must be at most 1e100 m away"
                        : field[3] < 0.0                           ? "the weight is negative"
                        : field[3] > 1e100                         ? "the weight must be at most 1e100"
                                                                   : NULL;
    if (fault == NULL && count > 4 && !(field[4] >= 1e-14 && field[4] <= 1e-6))
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": the wavelength is %g; it must be in metres, from 1e-14 to 1e-6 (1 A is 1e-10)",
                            reader->path, reader->line, field[4]);
    if (fault != NULL) return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s", reader->path, reader->line, fault);
    if (count < 5) beam->wavelengths_of_file = false;
    *source = beam_source(vec3_scale(-1.0, place_m), field[4], field[3], axes->polarization);
    return status_ok();
}

static Status read_sources(const char *path, const char *contents, size_t bytes, const LaboratoryAxes *axes,
                           Beam *beam) {
    bool found = true;
    int64_t lines = 0;
    for (LineReader reader = text_lines(path, contents, bytes); found; lines += found)
        TRY(text_next_line(&reader, &found));
    if (lines == 0)
        return status_error(STATUS_BAD_FILE, "%s has no source; a line each: X Y Z weight wavelength", path);
    TRY(allocate_sources(beam, lines)); /* fewer than SOURCE_FILE_BYTES_MOST */
    beam->wavelengths_of_file = true;
    LineReader reader = text_lines(path, contents, bytes);
    for (; beam->source_count < lines; beam->source_count++) {
        TRY(text_next_line(&reader, &found));
        TRY(read_source(&reader, axes, beam, &beam->sources[beam->source_count]));
    }
    return status_ok();
}

static Status read_source_file(const Parameters *p, const LaboratoryAxes *axes, Beam *beam) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read_text(p, PARAMETER(beam, sources), SOURCE_FILE_BYTES_MOST, &contents, &bytes));
    const Status status = read_sources(p->beam_sources_file, contents, bytes, axes, beam);
    free(contents);
    return status;
}

static Status normalize_weights(Beam *beam) {
    double sum = 0.0;
    for (int64_t i = 0; i < beam->source_count; i++) sum += beam->sources[i].weight;
    if (!(sum > 0.0)) return status_error(STATUS_BAD_FILE, "all sources have weight 0; at least one must have more");
    for (int64_t i = 0; i < beam->source_count; i++) beam->sources[i].weight /= sum;
    return status_ok();
}

double beam_nominal_wavelength(const Parameters *p) {
    return isnan(p->beam_energy_j) ? p->beam_wavelength_m : p->beam_energy_constant_jm / p->beam_energy_j;
}

static void set_scalars(const Parameters *p, Beam *beam) {
    beam->wavelength_m = beam_nominal_wavelength(p);
    beam->fluence_per_m2 = p->beam_fluence_per_m2;
    beam->polarization_kahn = p->beam_polarization_kahn;
    beam->polarization_correction = p->beam_polarization_correction;
    if (!isnan(p->beam_flux_per_s))
        beam->fluence_per_m2 = p->beam_flux_per_s * p->beam_exposure_s / p->beam_size_m / p->beam_size_m;
    beam->fluence_per_m2 *= p->beam_transmission_fraction;
}

double beam_mean_wavelength(const Beam *beam) {
    double mean = 0.0; /* measured from the first, so that a single one comes out exactly */
    for (int64_t i = 0; i < beam->source_count; i++)
        mean += beam->sources[i].weight * (beam->sources[i].wavelength_m - beam->sources[0].wavelength_m);
    return beam->sources[0].wavelength_m + mean;
}

/* Where a file has the wavelengths, that of the parameters is in no use; nanoBragg goes on with it. */
static void centre_of_file(const Parameters *p, Beam *beam) {
    if (!p->of_nanobragg && (beam->wavelengths_of_file || *p->beam_sources_file != '\0'))
        beam->wavelength_m = beam_mean_wavelength(beam);
}

/* A header may hold a wavelength beside all else. */
static Status check_wavelength_of_sources(const Parameters *p, const Beam *beam) {
    const bool by_energy = parameter_has_value(p, PARAMETER(beam, energy));
    const int row = by_energy ? PARAMETER(beam, energy) : PARAMETER(beam, wavelength);
    if (!beam->wavelengths_of_file || p->of_nanobragg || !parameter_has_value(p, row)) return status_ok();
    if (strstr(p->state[row].origin, ", WAVELENGTH") != NULL) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%s (%.200s) and the wavelength of each line of beam.sources (%.200s) are both given; give one",
                        parameters_row(row)->public_name, p->state[row].origin, p->beam_sources_file);
}

Status beam_change(const Parameters *p, const LaboratoryAxes *axes, BeamSpectrum spectrum, Beam *beam) {
    set_scalars(p, beam);
    if (*p->beam_sources_file == '\0') {
        TRY(make_sources(p, axes, spectrum, beam));
        TRY(normalize_weights(beam));
    }
    centre_of_file(p, beam);
    return status_ok();
}

Status beam_create(const Parameters *p, const LaboratoryAxes *axes, BeamSpectrum spectrum, Beam *beam) {
    *beam = (Beam){.sources = NULL};
    set_scalars(p, beam);
    const bool from_file = *p->beam_sources_file != '\0';
    beam->wavelengths_of_file = spectrum.lines > 0;
    TRY(from_file ? read_source_file(p, axes, beam) : make_sources(p, axes, spectrum, beam));
    if (from_file) TRY(check_wavelength_of_sources(p, beam));
    TRY(normalize_weights(beam));
    centre_of_file(p, beam);
    return status_ok();
}

void beam_destroy(Beam *beam) {
    free(beam->sources);
    free(beam->coefficients);
    beam->sources = NULL;
    beam->coefficients = NULL;
}
