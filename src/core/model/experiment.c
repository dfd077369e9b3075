#include "model/experiment.h"

#include <math.h>
#include <stdlib.h>

enum { RESOLUTION_POINTS = 33 };

static bool same_direction(const Source *a, const Source *b) {
    return a->direction.x == b->direction.x && a->direction.y == b->direction.y && a->direction.z == b->direction.z;
}

/* Directions to some points of the detector. */
typedef struct Directions {
    int count;
    Vec3 unit[RESOLUTION_POINTS * RESOLUTION_POINTS];
} Directions;

/* The least and the greatest |q| that some directions have with the sources of one direction, which follow source
 * @p first: there may be 1e8 sources, most of them other wavelengths of the one before. */
static void widen_resolution(const Beam *beam, int64_t first, const Directions *diffracted, double *least,
                             double *greatest) {
    double shortest_m = INFINITY, longest_m = 0.0;
    const Source *source = &beam->sources[first];
    for (int64_t n = first; n < beam->source_count && same_direction(&beam->sources[n], source); n++) {
        shortest_m = fmin(shortest_m, beam->sources[n].wavelength_m);
        longest_m = fmax(longest_m, beam->sources[n].wavelength_m);
    }
    for (int i = 0; i < diffracted->count; i++) {
        const double length = vec3_length(vec3_subtract(diffracted->unit[i], source->direction));
        *least = fmin(*least, length / longest_m);
        *greatest = fmax(*greatest, length / shortest_m);
    }
}

/* Adds a grid on a panel that includes its corners. */
static void add_directions(const Panel *panel, int edge, Directions *diffracted) {
    const double size_f = panel->pixel_size_m[0] * (double)panel->canvas.fast_pixels;
    const double size_s = panel->pixel_size_m[1] * (double)panel->canvas.slow_pixels;
    const int last = edge - 1;
    for (int i = 0; i < edge * edge; i++) {
        const double s = size_s * (i / edge) / last, f = size_f * (i % edge) / last;
        diffracted->unit[diffracted->count++] = vec3_unit(panel_position(panel, f, s, 0.0));
    }
}

void experiment_resolution(const Beam *beam, const Detector *detector, double *range_per_m) {
    const int edge = detector_points_along(detector, RESOLUTION_POINTS);
    const int panels_at_once = RESOLUTION_POINTS * RESOLUTION_POINTS / (edge * edge);
    double least = INFINITY, greatest = 0.0;
    for (int first = 0; first < detector->panel_count; first += panels_at_once) {
        Directions diffracted = {.count = 0};
        for (int i = first; i < detector->panel_count && i < first + panels_at_once; i++)
            add_directions(&detector->panels[i], edge, &diffracted);
#pragma omp parallel for schedule(dynamic, 256) reduction(min : least) reduction(max : greatest)
        for (int64_t n = 0; n < beam->source_count; n++)
            if (n == 0 || !same_direction(&beam->sources[n - 1], &beam->sources[n]))
                widen_resolution(beam, n, &diffracted, &least, &greatest);
    }
    range_per_m[0] = least;
    range_per_m[1] = greatest;
}

bool experiment_sources_differ(const Experiment *e, const Sensor *sensor, const Source *before, const Source *source) {
    if (before == NULL) return true;
    const Vec3 a = before->direction, b = source->direction;
    const bool by_wavelength = sensor->by_wavelength || e->sampling.dmin_m > 0.0;
    return a.x != b.x || a.y != b.y || a.z != b.z || (by_wavelength && before->wavelength_m != source->wavelength_m);
}

void experiment_destroy(Experiment **experiment) {
    if (*experiment == NULL) return;
    detector_destroy(&(*experiment)->detector);
    beam_destroy(&(*experiment)->beam);
    crystal_destroy(&(*experiment)->crystal);
    background_destroy(&(*experiment)->background);
    sweep_destroy(&(*experiment)->sweep);
    parameters_destroy(&(*experiment)->parameters);
    free((*experiment)->owned_grid);
    free((*experiment)->owned_table);
    free((*experiment)->owned_forms);
    dispersing_free(&(*experiment)->factors.dispersing);
    free((*experiment)->active);
    free(*experiment);
    *experiment = NULL;
}

int64_t experiment_terms(const Experiment *experiment) {
    return experiment->beam.source_count * experiment->sampling.phi_steps * experiment->crystal.domain_count;
}
