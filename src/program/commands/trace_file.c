#include "commands/trace_file.h"

#include "base/json.h"
#include "base/new_file.h"
#include "files/unfinished_files.h"
#include "parameters/file_look.h"
#include "physics/step.h"
#include "setup/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

Status trace_file_check(const Parameters *p, bool replaces) {
    if (p->run_trace_pixel[0] != PARAMETER_AUTO && file_look_is_special(p->run_trace_file))
        return status_error(STATUS_BAD_PARAMETER, "run.trace_file %s is no regular file; give another name",
                            p->run_trace_file);
    if (p->run_trace_pixel[0] == PARAMETER_AUTO || replaces || access(p->run_trace_file, F_OK) != 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "run.trace_file %s exists; give --overwrite or another name",
                        p->run_trace_file);
}

static void put_numbers(FILE *file, const char *name, int count, const double *values) {
    (void)fprintf(file, "\"%s\":%s", name, count > 1 ? "[" : "");
    for (int i = 0; i < count; i++) (void)fprintf(file, "%s%.17g", i > 0 ? "," : "", values[i]);
    (void)fputs(count > 1 ? "]," : ",", file);
}

static void put_vector(FILE *file, const char *name, Vec3 v) {
    put_numbers(file, name, 3, (const double[]){v.x, v.y, v.z});
}

static void put_number(FILE *file, const char *name, double value) {
    put_numbers(file, name, 1, &value);
}

static void put_detector(FILE *file, const LaboratoryAxes *axes, const Detector *detector, const Panel *panel) {
    put_vector(file, "beam_vector", axes->beam);
    put_vector(file, "fdet_vector", panel->fast);
    put_vector(file, "sdet_vector", panel->slow);
    put_vector(file, "odet_vector", panel->normal);
    put_vector(file, "polar_vector", axes->polarization);
    put_vector(file, "vert_vector", axes->vertical);
    put_vector(file, "spindle_vector", axes->spindle);
    put_vector(file, "twotheta_axis", axes->twotheta);
    put_vector(file, "pix0_vector_m", panel->pixel0_m);
    put_number(file, "distance_m", panel->distance_m);
    put_number(file, "close_distance_m", panel->close_distance_m);
    put_number(file, "pixel_size_m", panel->pixel_size_m[0]);
    put_number(file, "fpixels", (double)panel->canvas.fast_pixels);
    put_number(file, "spixels", (double)panel->canvas.slow_pixels);
    put_number(file, "Fbeam_m", panel->beam_centre_m[0]);
    put_number(file, "Sbeam_m", panel->beam_centre_m[1]);
    put_number(file, "Fclose_m", panel->closest_m[0]);
    put_number(file, "Sclose_m", panel->closest_m[1]);
    (void)fprintf(file, "\"pivot\":\"%s\",", detector->pivot == PIVOT_SAMPLE ? "SAMPLE" : "BEAM");
    put_number(file, "detector_thick_m", panel->sensor.thickness_m);
    put_number(file, "detector_thicksteps", panel->sensor.layers);
}

static void put_crystal(FILE *file, const Experiment *e) {
    static const char *const names[] = {"a_m", "b_m", "c_m"};
    static const char *const stars[] = {"a_star_invA", "b_star_invA", "c_star_invA"};
    const Crystal *crystal = &e->crystal;
    for (int i = 0; i < 3; i++) put_vector(file, names[i], crystal->cell_m.row[i]);
    for (int i = 0; i < 3; i++)
        put_vector(file, stars[i], vec3_scale(1e-10 * crystal->nanobragg_star, crystal->reciprocal_per_m.row[i]));
    put_numbers(file, "cell_deg", 6,
                (const double[]){crystal->lengths_m[0] * 1e10, crystal->lengths_m[1] * 1e10,
                                 crystal->lengths_m[2] * 1e10, crystal->angles_rad[0] / RADIANS_PER_DEGREE,
                                 crystal->angles_rad[1] / RADIANS_PER_DEGREE,
                                 crystal->angles_rad[2] / RADIANS_PER_DEGREE});
    put_numbers(file, "N", 3,
                (const double[]){(double)crystal->cells[0], (double)crystal->cells[1], (double)crystal->cells[2]});
    put_number(file, "interpolate", e->sampling.interpolate);
    put_number(file, "oversample", e->sampling.oversample);
    put_number(file, "fluence", e->beam.fluence_per_m2);
    put_number(file, "lambda0_m", e->beam.wavelength_m);
    put_number(file, "phisteps", (double)e->sampling.phi_steps);
    put_number(file, "phistep_rad", e->sampling.phi_step_rad);
}

static void put_sources(FILE *file, const Beam *beam) {
    (void)fputs("\"sources_XYZ_weight_lambda\":[", file);
    for (int64_t i = 0; i < beam->source_count; i++) {
        const Source *source = &beam->sources[i];
        (void)fprintf(file, "%s[%.17g,%.17g,%.17g,%.17g,%.17g]", i > 0 ? "," : "", -source->direction.x,
                      -source->direction.y, -source->direction.z, source->weight, source->wavelength_m);
    }
    (void)fputs("],", file);
}

static void put_domains(FILE *file, const Crystal *crystal) {
    (void)fputs("\"mosaic_umats\":[", file);
    for (int64_t i = 0; i < crystal->domain_count; i++) {
        (void)fputs(i > 0 ? ",[" : "[", file);
        for (int row = 0; row < 3; row++) {
            const Vec3 v = crystal->domains[i].row[row];
            (void)fprintf(file, "%s%.17g,%.17g,%.17g", row > 0 ? "," : "", v.x, v.y, v.z);
        }
        (void)fputc(']', file);
    }
    (void)fputs("],", file);
}

static void put_step(FILE *file, const Step *step, double photons) {
    (void)fprintf(file,
                  "{\"thick\":%d,\"subS\":%d,\"subF\":%d,\"source\":%" PRId64 ",\"phi_tic\":%" PRId64
                  ",\"mos\":%" PRId64 ",",
                  step->layer, step->sub_slow, step->sub_fast, step->source, step->phi_step, step->domain);
    put_vector(file, "pixel_pos_m", step->position_m);
    put_vector(file, "diffracted", step->diffracted);
    put_vector(file, "scattering_per_m", step->scattering_per_m);
    put_vector(file, "a_m", step->cell_m.row[0]);
    put_vector(file, "b_m", step->cell_m.row[1]);
    put_vector(file, "c_m", step->cell_m.row[2]);
    put_numbers(file, "hkl", 3, step->miller);
    put_numbers(file, "h0k0l0", 3, step->nearest);
    put_number(file, "F_latt", step->lattice);
    put_number(file, "F_cell", step->structure_factor);
    put_number(file, "rad_star_sqr", step->distance_squared);
    put_number(file, "interpolate", step->interpolated);
    put_number(file, "polar", step->polarization);
    put_number(file, "omega", step->solid_angle_sr);
    put_number(file, "capture", step->capture);
    put_number(file, "weight", step->weight);
    put_number(file, "within_dmin", step->within_dmin);
    (void)fprintf(file, "\"photons\":%.17g}", photons);
}

/* The pixel: its steps, and what they add up to. */
static void put_pixel(FILE *file, const Experiment *e, const Frame *frame, int64_t slow, int64_t fast) {
    const int64_t steps = step_count(e, slow, fast);
    const double unit = step_photons(e, frame);
    double squares = 0.0, photons = 0.0;
    Step step = {.layer = 0};
    (void)fprintf(file, "\"pixels\":[{\"f\":%" PRId64 ",\"s\":%" PRId64 ",\"steps_list\":[", fast, slow);
    for (int64_t i = 0; i < steps; i++) {
        step = step_of(e, frame, slow, fast, i);
        const double added = unit * step_intensity(&step);
        const double amplitude = step.within_dmin ? step.structure_factor * step.lattice : 0.0;
        squares += amplitude * amplitude;
        photons += added;
        (void)fputs(i > 0 ? ",\n" : "\n", file);
        put_step(file, &step, added);
    }
    (void)fputs("],", file);
    put_number(file, "I_sum", squares);
    put_number(file, "polar", step.polarization);
    put_number(file, "omega", step.solid_angle_sr);
    put_number(file, "capture", step.capture);
    put_number(file, "airpath_m", step.airpath_m);
    (void)fprintf(file, "\"value_f64\":%.17g}]", photons);
}

static void put_trace(FILE *file, const Parameters *p, const Experiment *e, const Frame *frame) {
    const int64_t slow = p->run_trace_pixel[0], fast = p->run_trace_pixel[1];
    (void)fputc('{', file);
    put_detector(file, &e->axes, &e->detector, detector_panel_at(&e->detector, slow, fast));
    put_crystal(file, e);
    put_number(file, "frame", (double)frame->number);
    put_vector(file, "misset_deg", vec3_scale(1.0 / RADIANS_PER_DEGREE, e->crystal.misset_rad));
    put_sources(file, &e->beam);
    put_domains(file, &e->crystal);
    put_number(file, "steps", (double)step_count(e, slow, fast));
    put_pixel(file, e, frame, slow, fast);
    (void)fputs("}\n", file);
}

Status trace_file_write(const Parameters *p, const Experiment *e, int64_t number) {
    if (p->run_trace_pixel[0] == PARAMETER_AUTO) return status_ok();
    char partial[PARAMETER_TEXT_BYTES + 16];
    (void)snprintf(partial, sizeof partial, "%s.partial", p->run_trace_file);
    Frame frame;
    TRY(frame_create(e, &frame));
    frame_set(e, number, &frame);
    unfinished_files_add(partial, NULL);
    FILE *file = new_file_open(partial);
    bool written = file != NULL;
    if (written) {
        put_trace(file, p, frame.experiment, &frame);
        written = !ferror(file);
        written = fclose(file) == 0 && written && rename(partial, p->run_trace_file) == 0;
    }
    const int failure = errno;
    frame_destroy(&frame);
    if (!written && file != NULL) (void)remove(partial);
    unfinished_files_forget(partial);
    if (written) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "run.trace_file %s cannot be written: %s", p->run_trace_file,
                        strerror(failure));
}

/* ---------------------------------------------------------------------------------------------------- comparison */

typedef struct Comparison {
    double tolerance;
    double scale; /* largest element of the array that is being compared, 0 outside arrays */
    int64_t numbers, unmatched;
    const char *names[2];
} Comparison;

enum { PATH_BYTES = 512 };

static Status compare_values(Comparison *comparison, const char *path, JsonNode a, JsonNode b);

static Status compare_numbers(Comparison *comparison, const char *path, JsonNode a, JsonNode b) {
    double x = 0.0, y = 0.0;
    TRY(json_number(a, "", &x));
    TRY(json_number(b, "", &y));
    comparison->numbers++;
    /* a component of a vector may be zero but for rounding: its error is that of the vector */
    if (fabs(x - y) <= comparison->tolerance * fmax(comparison->scale, fmax(fabs(x), fabs(y)))) return status_ok();
    return status_error(STATUS_COMPARISON_FAILED, "%s is %.17g in %s and %.17g in %s: relative difference %.3g", path,
                        x, comparison->names[0], y, comparison->names[1], fabs(x - y) / fmax(fabs(x), fabs(y)));
}

static Status compare_strings(const Comparison *comparison, const char *path, JsonNode a, JsonNode b) {
    const char *x = "", *y = "";
    if (!status_is_ok(json_text(a, "", &x)) || !status_is_ok(json_text(b, "", &y)) || strcmp(x, y) == 0)
        return status_ok();
    return status_error(STATUS_COMPARISON_FAILED, "%s is \"%s\" in %s and \"%s\" in %s", path, x, comparison->names[0],
                        y, comparison->names[1]);
}

static Status compare_objects(Comparison *comparison, const char *path, JsonNode a, JsonNode b) {
    for (int i = 0; i < json_length(a); i++) {
        JsonNode value;
        const char *key = json_key(a, i, &value);
        const JsonNode other = json_find(b, key);
        char name[PATH_BYTES];
        (void)snprintf(name, sizeof name, "%s%s%.100s", path, *path ? "/" : "", key);
        if (json_exists(other))
            TRY(compare_values(comparison, name, value, other));
        else
            comparison->unmatched++;
    }
    return status_ok();
}

static Status compare_arrays(Comparison *comparison, const char *path, JsonNode a, JsonNode b) {
    if (json_length(a) != json_length(b))
        return status_error(STATUS_COMPARISON_FAILED, "%s has %d elements in %s and %d in %s", path, json_length(a),
                            comparison->names[0], json_length(b), comparison->names[1]);
    double scale = 0.0, value = 0.0;
    for (int i = 0; i < json_length(a); i++)
        if (status_is_ok(json_number(json_item(a, i), "", &value))) scale = fmax(scale, fabs(value));
    for (int i = 0; i < json_length(a); i++) {
        char name[PATH_BYTES];
        (void)snprintf(name, sizeof name, "%s/%d", path, i);
        comparison->scale = scale;
        TRY(compare_values(comparison, name, json_item(a, i), json_item(b, i)));
    }
    comparison->scale = 0.0;
    return status_ok();
}

static Status compare_values(Comparison *comparison, const char *path, JsonNode a, JsonNode b) {
    const JsonKind kind = json_kind(a);
    if (kind != json_kind(b))
        return status_error(STATUS_COMPARISON_FAILED, "%s is of another kind in %s than in %s", path,
                            comparison->names[0], comparison->names[1]);
    switch (kind) {
    case JSON_OBJECT:
        return compare_objects(comparison, path, a, b);
    case JSON_ARRAY:
        return compare_arrays(comparison, path, a, b);
    case JSON_NUMBER:
        return compare_numbers(comparison, path, a, b);
    case JSON_STRING:
        return compare_strings(comparison, path, a, b);
    case JSON_NOTHING:
        return status_ok();
    }
    return status_ok();
}

Status trace_file_compare(const char *reference, const char *test, double tolerance, FILE *out) {
    Comparison comparison = {.tolerance = tolerance, .names = {reference, test}};
    Json *a = NULL, *b = NULL;
    Status status = json_open(reference, &a);
    if (status_is_ok(status)) status = json_open(test, &b);
    if (status_is_ok(status)) status = compare_values(&comparison, "", json_root(a), json_root(b));
    if (status_is_ok(status) && comparison.numbers == 0)
        status = status_error(STATUS_BAD_FILE, "%s and %s have no number in common: are they traces?", reference, test);
    if (status_is_ok(status))
        (void)fprintf(out, "%" PRId64 " numbers agree within %g; %" PRId64 " names stand only in %s\n",
                      comparison.numbers, tolerance, comparison.unmatched, reference);
    json_close(&b);
    json_close(&a);
    return status;
}
