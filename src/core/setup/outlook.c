#include "setup/outlook.h"

#include <inttypes.h>
#include <stdio.h>

/* Fewer photons than that in a frame: hardly ever is one counted. */
static const double PHOTONS_LEAST = 1e-2;

/* What a detector sees of reciprocal space, and what structure factors there are, as 1/d (1/m). */
typedef struct Reach {
    double seen[2];        /* by any pixel, within sampling.dmin */
    double factors[2];     /* of the reflections but 000 that the list gives and that are not 0 */
    double shortest_per_m; /* of the reflections that are not 0, but 000 */
    int64_t listed;        /* of them */
    bool touched;          /* some pixel may take a structure factor that is not 0 */
} Reach;

static Vec3 reflection_at(const Crystal *crystal, const double *miller) {
    return mat3_apply(mat3_transpose(crystal->reciprocal_per_m), vec3(miller[0], miller[1], miller[2]));
}

/* Least |h a* + k b* + l c*| of indices within @p half of a reflection: a convex function of three numbers, by turns
 * along each. */
static double least_of_box(const Crystal *crystal, const double *reflection, double half) {
    double at[3] = {reflection[0], reflection[1], reflection[2]};
    for (int turn = 0; turn < 150; turn++) {
        const int axis = turn % 3;
        const Vec3 star = crystal->reciprocal_per_m.row[axis];
        const double best = at[axis] - vec3_dot(reflection_at(crystal, at), star) / vec3_dot(star, star);
        at[axis] = fmin(fmax(best, reflection[axis] - half), reflection[axis] + half);
    }
    return vec3_length(reflection_at(crystal, at));
}

/* Whether a pixel, whatever the orientation, may take this reflection's structure factor. */
static bool is_touched(const Experiment *e, const Reach *reach, const double *reflection, double q_per_m) {
    const double half = e->sampling.interpolate ? 2.0 : 0.5, slack = 1.05;
    double margin = 0.0;
    for (int i = 0; i < 3; i++) margin += half * vec3_length(e->crystal.reciprocal_per_m.row[i]);
    if (q_per_m + margin < reach->seen[0] / slack || q_per_m - margin > reach->seen[1] * slack) return false;
    return q_per_m <= reach->seen[1] || least_of_box(&e->crystal, reflection, half) <= reach->seen[1] * slack;
}

static void add_reflection(const Experiment *e, const double *reflection, Reach *reach) {
    const double q = vec3_length(reflection_at(&e->crystal, reflection));
    reach->listed++;
    reach->touched = reach->touched || is_touched(e, reach, reflection, q);
    if (!(q > 0.0)) return;
    reach->shortest_per_m = fmin(reach->shortest_per_m, q);
    reach->factors[0] = fmin(reach->factors[0], q);
    reach->factors[1] = fmax(reach->factors[1], q);
}

static Reach measure(const Experiment *e) {
    const StructureFactors *factors = &e->factors;
    const int32_t *least = factors->least, *count = factors->count;
    Reach reach = {.factors = {INFINITY, 0.0}, .shortest_per_m = INFINITY};
    experiment_resolution(&e->beam, &e->detector, reach.seen);
    if (e->sampling.dmin_m > 0.0) reach.seen[1] = fmin(reach.seen[1], 1.0 / e->sampling.dmin_m);
    for (int64_t i = 0; factors->grid != NULL && i < structure_factors_grid_size(factors); i++) {
        if (!(factors->grid[i] > 0.0) || factors->grid[i] == factors->default_f) continue;
        const double reflection[3] = {(double)(i / count[2] / count[1]) + least[0],
                                      (double)(i / count[2] % count[1]) + least[1], (double)(i % count[2]) + least[2]};
        add_reflection(e, reflection, &reach);
    }
    if (!(factors->default_f > 0.0)) return reach;
    reach.touched = true;
    for (int i = 0; i < 27; i++) {
        const double reflection[3] = {i / 9 - 1, i / 3 % 3 - 1, i % 3 - 1};
        const double q = vec3_length(reflection_at(&e->crystal, reflection));
        if (q > 0.0) reach.shortest_per_m = fmin(reach.shortest_per_m, q);
    }
    return reach;
}

static const char *path_of(const Parameters *p) {
    return *p->crystal_model_file != '\0' ? p->crystal_model_file : p->crystal_structure_factors_file;
}

/* Without default_f an image needs at least one reflection that the detector can see, whatever the orientation. */
static Status check_touched(const Parameters *p, const Experiment *e, const Reach *reach) {
    if (reach->touched || e->factors.grid == NULL || e->background.molecules > 0.0) return status_ok();
    if (!(e->factors.greatest_f > 0.0))
        return status_error(STATUS_BAD_FILE, "%s: all its %" PRId64 " structure factors are 0", path_of(p),
                            e->factors.reflections);
    return status_error(STATUS_BAD_PARAMETER,
                        "%s: none of its %" PRId64 " reflections reaches the detector: they span d = %.4g to %.4g A, "
                        "the detector sees %.4g to %.4g A; check the cell, the wavelength and the distance, or give "
                        "crystal.default_f",
                        path_of(p), e->factors.reflections, 1e10 / reach->factors[1], 1e10 / reach->factors[0],
                        1e10 / reach->seen[1], 1e10 / reach->seen[0]);
}

static void note_resolution(const Parameters *p, const Experiment *e, const Reach *reach, Notes *notes) {
    double spot_per_m = 0.0;
    for (int i = 0; i < 3; i++)
        spot_per_m = fmax(spot_per_m, 1.0 / ((double)e->crystal.cells[i] * e->crystal.lengths_m[i]));
    if (reach->seen[1] + spot_per_m < reach->shortest_per_m && isfinite(reach->shortest_per_m))
        notes_add(
            notes,
            "no reflection but 000 can be excited: the detector sees to d = %.4g A, the first reflection has %.4g A; "
            "check wavelength, distance and cell",
            1e10 / reach->seen[1], 1e10 / reach->shortest_per_m);
    if (e->factors.grid != NULL && reach->factors[1] > 0.0 && reach->seen[1] > 1.02 * reach->factors[1])
        notes_add(
            notes,
            "%.160s ends at d = %.4g A, and the detector sees to %.4g A: beyond the list F is crystal.default_f, %g",
            path_of(p), 1e10 / reach->factors[1], 1e10 / reach->seen[1], e->factors.default_f);
}

/* Not more than that many photons can fall on a frame: all its pixels on the strongest reflection. */
static double most_photons(const Experiment *e) {
    const double cells = (double)e->crystal.cells[0] * (double)e->crystal.cells[1] * (double)e->crystal.cells[2];
    const double amplitude = e->factors.greatest_f * cells;
    double solid_angle_sr = 0.0;
    for (int i = 0; i < e->detector.panel_count; i++) {
        const Panel *panel = &e->detector.panels[i];
        const double pixels = (double)panel->canvas.slow_pixels * (double)panel->canvas.fast_pixels;
        const double area_m2 = panel->pixel_size_m[0] * panel->pixel_size_m[1] * pixels;
        solid_angle_sr += area_m2 / (panel->close_distance_m * panel->close_distance_m);
    }
    return ELECTRON_RADIUS_SQUARED_M2 * e->beam.fluence_per_m2 * e->crystal.blocks * amplitude * amplitude *
           fmin(4.0 * PI, solid_angle_sr);
}

double outlook_end_of_reflections(const Experiment *e) {
    const Reach reach = measure(e);
    return e->factors.grid != NULL && reach.factors[1] > 0.0 ? 1.0 / reach.factors[1] : 0.0;
}

Status outlook_check(const Parameters *p, const Experiment *e, Notes *notes) {
    const Reach reach = measure(e);
    const Status status = check_touched(p, e, &reach);
    const bool frames_differ = e->parameters != NULL; /* then this is the first one only */
    if (!status_is_ok(status) && p->run_empty == EMPTY_REFUSE && !frames_differ) return status;
    if (!status_is_ok(status))
        notes_add(notes, "%s%.340s", frames_differ ? "frame 0 is empty: " : "", status.message);
    else
        note_resolution(p, e, &reach, notes);
    if (!frames_differ && !(e->background.molecules > 0.0) && status_is_ok(status) && most_photons(e) < PHOTONS_LEAST)
        notes_add(
            notes,
            "at this fluence, %.4g photons/m2, not more than %.3g photons can fall on a frame: all counts will be 0",
            e->beam.fluence_per_m2, most_photons(e));
    return status_ok();
}

/* Why there is nothing, in words. */
static const char *reason(const Experiment *e) {
    if (!(e->beam.fluence_per_m2 > 0.0)) return "beam.fluence is 0";
    if (!(e->factors.greatest_f > 0.0)) return "all structure factors are 0";
    if (crystal_shape_facts(e->crystal.shape).end == SPOTS_STOP || e->sampling.by_reflections)
        return "no spot reaches a pixel: give other orientations, a rotation or mosaic spread, or a detector that sees "
               "more";
    return "the pixels see only reflections whose F is 0, or the photons are too few for a number; check the list of "
           "structure factors, the orientation and the fluence";
}

bool outlook_dark(const Experiment *e, OutlookResult result, char *text) {
    if (result.frames == 0 || result.brightest >= PHOTONS_LEAST) return false;
    char subject[64] = "the frame";
    if (result.frames > 1) (void)snprintf(subject, sizeof subject, "every one of %" PRId64 " frames", result.frames);
    const bool counts = result.expected_photons > 0.0;
    if (counts)
        (void)snprintf(text, OUTLOOK_TEXT_BYTES,
                       "%s has 0 counts: %.3g photons are expected in all of them; more need a higher beam.fluence or "
                       "a larger crystal",
                       subject, result.expected_photons);
    else if (result.brightest > 0.0)
        (void)snprintf(
            text, OUTLOOK_TEXT_BYTES,
            "%s is dark: the brightest has %.3g expected photons, so that all counts would be 0; more need a "
            "higher beam.fluence or a larger crystal",
            subject, result.brightest);
    else
        (void)snprintf(text, OUTLOOK_TEXT_BYTES, "%s is 0, no photon is expected: %s", subject, reason(e));
    return true;
}
