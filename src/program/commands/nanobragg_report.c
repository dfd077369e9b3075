#include "commands/nanobragg_report.h"

#include "physics/step.h"
#include "setup/frames.h"

#include <inttypes.h>

static void print_writing(FILE *out, const char *path, size_t bytes) {
    if (*path != '\0') (void)fprintf(out, "writing %s as %zu-byte integers\n", path, bytes);
}

void nanobragg_report(FILE *out, const Parameters *p, const Experiment *e, const NanobraggReport *report) {
    const ImageStatistics *s = &report->statistics;
    const double solid_angle = s->solid_angle_sr;
    (void)fprintf(out, "\nsolid angle subtended by detector = %g steradian ( %g%% sphere)\n", solid_angle,
                  100.0 * solid_angle / (4.0 * PI));
    if (*p->output_float_file != '\0')
        (void)fprintf(out, "writing %s as %" PRId64 " %zu-byte floats\n", p->output_float_file,
                      detector_pixels(&e->detector), sizeof(float));
    (void)fprintf(out, "max_I = %g  at %g %g\n", s->greatest, s->greatest_at_m[0], s->greatest_at_m[1]);
    (void)fprintf(out, "mean= %g rms= %g rmsd= %g\n", s->mean, s->rms, s->rmsd);
    (void)fprintf(out, "intfile_scale = %g\n", report->int_scale);
    print_writing(out, p->output_int_file, sizeof(uint16_t));
    if (*p->output_pgm_file != '\0') (void)fprintf(out, "pgm_scale = %g\n", report->pgm_scale);
    print_writing(out, p->output_pgm_file, sizeof(uint8_t));
    if (*p->output_noise_file != '\0')
        (void)fprintf(out, "%.0f photons on noise image (%" PRId64 " overloads)\n", report->photons, report->overloads);
    print_writing(out, p->output_noise_file, sizeof(uint16_t));
}

static void print_row(FILE *out, char axis, const double *abc) {
    (void)fprintf(out, "%c: %11.8f %11.8f %11.8f\n", axis, abc[0] * 1e10, abc[1] * 1e10, abc[2] * 1e10);
}

static void print_cell(FILE *out, Mat3 cell_m) {
    const Mat3 axes = mat3_transpose(cell_m);
    (void)fprintf(out, "real-space cell vectors (Angstrom):\n     %-10s  %-10s  %-10s\n", "a", "b", "c");
    for (int i = 0; i < 3; i++)
        print_row(
            out, "XYZ" [i], (const double[3]) { axes.row[i].x, axes.row[i].y, axes.row[i].z });
}

/* What the last step at a pixel had: last layer, sub-pixel, source, spindle angle and domain. */
static void print_pixel(FILE *out, const Experiment *e, const Frame *frame, int64_t slow, int64_t fast, float value) {
    const Step step = step_of(e, frame, slow, fast, step_count(e, slow, fast) - 1);
    const double correction = step.polarization * step.solid_angle_sr * step.capture;
    /* nanoBragg's I: what would be corrected by the last step's factors */
    const double mean =
        correction > 0.0 ? (double)value / (ELECTRON_RADIUS_SQUARED_M2 * frame->fluence_per_m2 * correction) : 0.0;
    const double steps = (double)experiment_terms(e) * e->sampling.oversample * e->sampling.oversample;
    /* of this source, and of the beam's centre */
    const double stol_per_m = 0.5 * vec3_length(step.scattering_per_m);
    const double nominal_per_m = 0.5 * vec3_length(vec3_subtract(step.diffracted, e->axes.beam)) / e->beam.wavelength_m;
    (void)fprintf(out, "%4" PRId64 " %4" PRId64 " : stol = %g or %g\n", fast, slow, stol_per_m, nominal_per_m * 1e-10);
    (void)fprintf(out, "at %g %g %g\n", step.position_m.x, step.position_m.y, step.position_m.z);
    (void)fprintf(out, "hkl= %f %f %f  hkl0= %.0f %.0f %.0f\n", step.miller[0], step.miller[1], step.miller[2],
                  step.nearest[0], step.nearest[1], step.nearest[2]);
    (void)fprintf(out, " F_cell=%g  F_latt=%g   I = %g\n", step.structure_factor, fabs(step.lattice), mean * steps);
    (void)fprintf(out, "I/steps %15.10g\npolar   %15.10g\nomega   %15.10g\ncapfrac %15.10g\npixel   %15.10g\n", mean,
                  step.polarization, step.solid_angle_sr, step.capture, (double)value);
    print_cell(out, step.cell_m);
}

static bool is_shown(const Parameters *p, const Experiment *e, int64_t slow, int64_t fast) {
    const int64_t *wanted = p->output_printout_pixel; /* fast, slow */
    const bool any = wanted[0] == PARAMETER_AUTO;
    const bool computed = e->active == NULL || e->active[slow * e->detector.fast_pixels + fast] != 0;
    return computed && (any || (wanted[0] == fast && wanted[1] == slow));
}

void nanobragg_report_pixels(FILE *out, const Parameters *p, const Experiment *e, int64_t number, const float *image) {
    Frame frame;
    if (!status_is_ok(frame_create(e, &frame))) return; /* the frame was rendered: there is room */
    frame_set(e, number, &frame);
    for (int64_t slow = 0; slow < e->detector.slow_pixels; slow++)
        for (int64_t fast = 0; fast < e->detector.fast_pixels; fast++)
            if (is_shown(p, e, slow, fast))
                print_pixel(out, frame.experiment, &frame, slow, fast, image[slow * e->detector.fast_pixels + fast]);
    frame_destroy(&frame);
}
