#include "commands/plan_report.h"

#include "commands/progress.h"
#include "kernels/kernel.h"
#include "kernels/kernel_table.h"
#include "run/simulate.h"
#include "setup/frames.h"
#include "setup/outlook.h"

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
                  " cells",
                  crystal->lengths_m[0] * 1e10, crystal->lengths_m[1] * 1e10, crystal->lengths_m[2] * 1e10,
                  crystal->angles_rad[0] / RADIANS_PER_DEGREE, crystal->angles_rad[1] / RADIANS_PER_DEGREE,
                  crystal->angles_rad[2] / RADIANS_PER_DEGREE, crystal->cells[0], crystal->cells[1], crystal->cells[2]);
    if (crystal->blocks != 1.0) (void)fprintf(out, ", %.6g blocks of them", crystal->blocks);
    (void)fputc('\n', out);
    (void)fprintf(out, "beam       wavelength %.6g A, fluence %.6g photons/m2, Kahn factor %g\n",
                  e->beam.wavelength_m * 1e10, e->beam.fluence_per_m2, e->beam.polarization_kahn);
    report_detector(out, &e->detector);
    (void)fprintf(out, "factors    %" PRId64 " reflections read, %g elsewhere, %s\n", e->factors.reflections,
                  e->factors.default_f, e->sampling.interpolate ? "tricubic between" : "nearest");
}

/* Spacings (m) that the edge of a detector of one panel sees: the largest of them, where a full ring ends. */
static double spacing_at_edge(const Experiment *e) {
    enum { POINTS = 64 };
    const Panel *panel = e->detector.panels;
    const double fast_m = panel->pixel_size_m[0] * (double)panel->canvas.fast_pixels;
    const double slow_m = panel->pixel_size_m[1] * (double)panel->canvas.slow_pixels;
    double least_q = INFINITY;
    for (int i = 0; i < 4 * POINTS; i++) {
        const double along = (i / 4 + 0.5) / POINTS, across = i % 2;
        const bool is_slow = i % 4 >= 2;
        const Vec3 at =
            panel_position(panel, fast_m * (is_slow ? across : along), slow_m * (is_slow ? along : across), 0.0);
        least_q = fmin(least_q, vec3_length(vec3_subtract(vec3_unit(at), e->beam.sources[0].direction)));
    }
    return e->beam.wavelength_m / least_q;
}

static void report_resolution(FILE *out, const Experiment *e) {
    const double end_m = outlook_end_of_reflections(e);
    double seen_per_m[2];
    experiment_resolution(&e->beam, &e->detector, seen_per_m);
    (void)fputs("resolution ", out);
    if (e->detector.panel_count == 1) (void)fprintf(out, "%.3g A at the edge, ", 1e10 * spacing_at_edge(e));
    (void)fprintf(out, "%.3g A %s", 1e10 / seen_per_m[1],
                  e->detector.panel_count == 1 ? "in the farthest corner" : "in the farthest pixel");
    if (end_m > 0.0) (void)fprintf(out, "; structure factors end at %.3g A", 1e10 * end_m);
    if (e->sampling.dmin_m > 0.0) (void)fprintf(out, "; cut at sampling.dmin, %.3g A", 1e10 * e->sampling.dmin_m);
    (void)fputc('\n', out);
}

void plan_report_physics(FILE *out, const Experiment *e, const TrialFrames *trial) {
    report_resolution(out, e);
    if (trial->frames == 0) return;
    (void)fputs("photons    ", out);
    if (!isnan(trial->photons)) (void)fprintf(out, "%.3g expected in a frame, ", trial->photons);
    (void)fprintf(out, "%.3g in the brightest pixel", trial->brightest_photons);
    if (trial->spot_photons > 0.0)
        (void)fprintf(out, "; strongest spot seen: %.3g, %.2g pixels wide at half its height", trial->spot_photons,
                      trial->spot_width_pixels);
    (void)fprintf(out, " (%" PRId64 " frame%s tried)\n", trial->frames, trial->frames == 1 ? "" : "s");
}

/* CPU time of a byte that is written, and of all that a run does besides, in a virtual machine of 2020: see
 * docs/performance.md. */
static const double BYTE_S = 0.6e-9, OPEN_S = 0.01;

/* The kernel's own estimate, where no frame can be tried. */
static double step_seconds(const Experiment *experiment) {
    Frame frame = {.number = -1};
    double seconds = NAN;
    if (status_is_ok(frame_create(experiment, &frame))) {
        frame_set(experiment, 0, &frame);
        seconds = kernel_at(kernel_row_of(experiment))->trial_step_s(experiment, &frame);
    }
    frame_destroy(&frame);
    return seconds;
}

PlanTime plan_report_time(const Experiment *experiment, const Plan *plan, Range slice, const TrialFrames *trial,
                          double start_s) {
    const double steps = experiment_steps(experiment, slice.begin, slice.end);
    const double step_s = trial->frames > 0 ? trial->step_s : step_seconds(experiment);
    return (PlanTime){.frames_s = steps * step_s + (double)plan->request.frames * trial->rest_s,
                      .start_s = start_s + OPEN_S,
                      .write_s = BYTE_S * plan_report_bytes_of_images(experiment, plan)};
}

static void report_time(FILE *out, const PlanRequest *request, const PlanTime *time) {
    const int cores = request->ranks * request->threads;
    const double once_s = time->start_s + time->write_s;
    char all[40], rest[40], elapsed[40];
    progress_duration(time->frames_s + once_s, all, sizeof all);
    progress_duration(once_s, rest, sizeof rest);
    progress_duration(time->frames_s / cores + once_s, elapsed, sizeof elapsed);
    (void)fprintf(out, "time       about %s of CPU time (%.4g s)", all, time->frames_s + once_s);
    if (cores > 1) (void)fprintf(out, ", %s on %d x %d cores like this one", elapsed, request->ranks, request->threads);
    (void)fprintf(out, "; %s of it to start and to write\n", rest);
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

/* How the work is cut. */
static void report_cut(FILE *out, const Experiment *e, const Plan *plan) {
    (void)fprintf(out,
                  "terms      %" PRId64 " sources x %" PRId64 " phi steps x %" PRId64 " mosaic domains = %" PRId64
                  " in %" PRId64 " blocks\n",
                  e->beam.source_count, e->sampling.phi_steps, e->crystal.domain_count, experiment_terms(e),
                  plan->request.blocks);
    (void)fprintf(out, "tiles      %" PRId64 " x %" PRId64 " of %" PRId64 " pixels, %" PRId64 " shards\n",
                  plan->tiles_slow, plan->tiles_fast, plan->tile, plan->shards);
    (void)fprintf(out, "groups     %d groups of %d ranks, clusters of %d\n", plan->groups, plan->group_ranks,
                  plan->cluster_ranks);
    (void)fprintf(out, "waves      %" PRId64 " of up to %" PRId64 " frames\n", plan->waves,
                  plan->frames_per_wave_of_group * plan->groups);
}

void plan_report(FILE *out, const Experiment *e, const Plan *plan, Range slice, const PlanTime *time, bool detailed) {
    const PlanRequest *request = &plan->request;
    (void)fprintf(out, "frames     %" PRId64 " of %" PRId64 " x %" PRId64 " pixels (slow x fast), %d x %d sub-pixels\n",
                  request->frames, request->slow_pixels, request->fast_pixels, e->sampling.oversample,
                  e->sampling.oversample);
    if (detailed || time != NULL) report_experiment(out, e);
    (void)fprintf(out, "ranks      %d x %d threads\n", request->ranks, request->threads);
    if (detailed) report_cut(out, e, plan);
    report_memory(out, e, plan);
    (void)fputs("disk       ", out);
    plan_report_bytes(out, plan_report_bytes_of_images(e, plan));
    (void)fputc('\n', out);
    if (detailed) (void)fprintf(out, "steps      %.4g\n", experiment_steps(e, slice.begin, slice.end));
    if (time != NULL) report_time(out, request, time);
}
