#include "commands/plan_report.h"

#include "commands/progress.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "run/simulate.h"
#include "setup/frames.h"

#include <inttypes.h>
#include <math.h>

void plan_report_bytes(FILE *out, double bytes) {
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    int i = 0;
    for (; bytes >= 1024.0 && i < 5; i++) bytes /= 1024.0;
    (void)fprintf(out, "%.4g %s", bytes, names[i]);
}

static void report_detector(FILE *out, const Detector *detector) {
    const Panel *panel = detector->panels;
    double nearest_m = INFINITY, farthest_m = 0.0;
    if (detector->panel_count == 1) {
        (void)fprintf(out, "detector   distance %.6g mm, pixel %.6g mm, beam centre %.6g %.6g pixels (fast slow)\n",
                      panel->distance_m * 1e3, panel->pixel_size_m[0] * 1e3,
                      panel->beam_centre_m[0] / panel->pixel_size_m[0],
                      panel->beam_centre_m[1] / panel->pixel_size_m[1]);
        return;
    }
    for (int i = 0; i < detector->panel_count; i++) {
        nearest_m = fmin(nearest_m, fabs(panel[i].close_distance_m));
        farthest_m = fmax(farthest_m, fabs(panel[i].close_distance_m));
    }
    (void)fprintf(out, "detector   %d panels on %" PRId64 " x %" PRId64 " pixels, planes at %.6g to %.6g mm\n",
                  detector->panel_count, detector->slow_pixels, detector->fast_pixels, nearest_m * 1e3,
                  farthest_m * 1e3);
}

static void report_experiment(FILE *out, const Experiment *e) {
    const Crystal *crystal = &e->crystal;
    (void)fprintf(out,
                  "crystal    a,b,c %.5g %.5g %.5g A, angles %.5g %.5g %.5g deg, %" PRId64 " x %" PRId64 " x %" PRId64
                  " cells\n",
                  crystal->lengths_m[0] * 1e10, crystal->lengths_m[1] * 1e10, crystal->lengths_m[2] * 1e10,
                  crystal->angles_rad[0] / RADIANS_PER_DEGREE, crystal->angles_rad[1] / RADIANS_PER_DEGREE,
                  crystal->angles_rad[2] / RADIANS_PER_DEGREE, crystal->cells[0], crystal->cells[1], crystal->cells[2]);
    (void)fprintf(out, "beam       wavelength %.6g A, fluence %.6g photons/m2, Kahn factor %g\n",
                  e->beam.wavelength_m * 1e10, e->beam.fluence_per_m2, e->beam.polarization_kahn);
    report_detector(out, &e->detector);
    (void)fprintf(out, "factors    %" PRId64 " reflections read, %g elsewhere, %s\n", e->factors.reflections,
                  e->factors.default_f, e->sampling.interpolate ? "tricubic between" : "nearest");
}

double plan_report_step_seconds(const Experiment *experiment) {
    Frame frame = {.number = -1};
    double seconds = NAN;
    if (status_is_ok(frame_create(experiment, &frame))) {
        frame_set(experiment, 0, &frame);
        seconds = kernel_at(kernel_row_of(experiment))->trial_step_s(experiment, &frame);
    }
    frame_destroy(&frame);
    return seconds;
}

static void report_time(FILE *out, const PlanRequest *request, double steps, double step_s) {
    char text[40];
    progress_duration(steps * step_s / ((double)request->ranks * request->threads), text, sizeof text);
    (void)fprintf(out,
                  "time       about %s on %d x %d cores like this one, at %.3g ns a step, and what writing takes\n",
                  text, request->ranks, request->threads, step_s * 1e9);
}

double plan_report_bytes_of_images(const Experiment *e, const Plan *plan) {
    const double pixels = (double)plan->request.slow_pixels * (double)plan->request.fast_pixels;
    return (e->images == IMAGES_BOTH ? 8.0 : 4.0) * pixels * (double)plan->request.frames;
}

static void report_memory(FILE *out, const Experiment *e, const Plan *plan) {
    const double images = simulate_buffer_bytes(plan, e), grid = simulate_grid_bytes(e);
    const int of_node = simulate_ranks_of_node(plan->request.ranks);
    (void)fputs("memory     ", out);
    plan_report_bytes(out, images);
    (void)fputs(" for images on each rank, ", out);
    plan_report_bytes(out, grid);
    (void)fputs(" for structure factors on each node, ", out);
    plan_report_bytes(out, grid + images * of_node);
    (void)fprintf(out, " on a node of %d ranks\n", of_node);
}

void plan_report(FILE *out, const Experiment *e, const Plan *plan, Range slice, double step_s) {
    const PlanRequest *request = &plan->request;
    const double steps = experiment_steps(e, slice.begin, slice.end);
    const bool detailed = !isnan(step_s);
    if (detailed) report_experiment(out, e);
    (void)fprintf(out, "frames     %" PRId64 " of %" PRId64 " x %" PRId64 " pixels (slow x fast), %d x %d sub-pixels\n",
                  request->frames, request->slow_pixels, request->fast_pixels, e->sampling.oversample,
                  e->sampling.oversample);
    (void)fprintf(out,
                  "terms      %" PRId64 " sources x %" PRId64 " phi steps x %" PRId64 " mosaic domains = %" PRId64
                  " in %" PRId64 " blocks\n",
                  e->beam.source_count, e->sampling.phi_steps, e->crystal.domain_count, experiment_terms(e),
                  request->blocks);
    (void)fprintf(out, "ranks      %d x %d threads: %d groups of %d, clusters of %d\n", request->ranks,
                  request->threads, plan->groups, plan->group_ranks, plan->cluster_ranks);
    (void)fprintf(out, "tiles      %" PRId64 " x %" PRId64 " of %" PRId64 " pixels, %" PRId64 " shards\n",
                  plan->tiles_slow, plan->tiles_fast, plan->tile, plan->shards);
    (void)fprintf(out, "waves      %" PRId64 " of up to %" PRId64 " frames\n", plan->waves,
                  plan->frames_per_wave_of_group * plan->groups);
    report_memory(out, e, plan);
    (void)fputs("disk       ", out);
    plan_report_bytes(out, plan_report_bytes_of_images(e, plan));
    (void)fprintf(out, "\nsteps      %.4g\n", steps);
    if (detailed) report_time(out, request, steps, step_s);
}
