#include "commands/forecast_report.h"

#include "base/clocks.h"
#include "commands/plan_report.h"
#include "commands/progress.h"
#include "files/output_path.h"
#include "output/image_writer.h"
#include "output/writer_choice.h"
#include "plan/schedule.h"
#include "run/simulate.h"
#include "run/trial_frame.h"
#include "setup/frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* What rank 0 needs for the row of a frame, and to hear from one rank in a wave: assumed, see docs/scaling.md. */
static const double RECORD_S = 3e-6, WAVE_AND_RANK_S = 5e-7;

static int64_t cost_of_frame(const void *experiment, int64_t number) {
    return experiment_frame_steps(experiment, number);
}

static void print_time(FILE *out, const char *name, double seconds, const char *what) {
    char text[40];
    progress_duration(seconds, text, sizeof text);
    (void)fprintf(out, "%-10s %s (%.4g s), %s\n", name, text, seconds, what);
}

/* What the run's time goes into most, beside computing on all ranks. */
static void print_bottleneck(FILE *out, const ScheduleForecast *f) {
    const double waiting_s = f->compute_s - f->busy_s;
    const double all_s = f->compute_s + f->write_s + f->records_s;
    const struct {
        const char *name;
        double seconds;
    } parts[] = {{"computing", f->busy_s},
                 {"waiting for the last group of each wave", waiting_s},
                 {"writing images at run.disk_rate", f->write_s},
                 {"rank 0 writing the rows of frames", f->records_s}};
    int most = 0;
    for (int i = 1; i < 4; i++)
        if (parts[i].seconds > parts[most].seconds) most = i;
    (void)fprintf(out, "bottleneck %s, %.3g %% of the time", parts[most].name, 100.0 * parts[most].seconds / all_s);
    int next = most == 0 ? 1 : 0;
    for (int i = 0; i < 4; i++)
        if (i != most && parts[i].seconds > parts[next].seconds) next = i;
    (void)fprintf(out, "; then %s, %.3g %%\n", parts[next].name, 100.0 * parts[next].seconds / all_s);
}

static void print_forecast(FILE *out, const ScheduleForecast *f) {
    (void)fprintf(out, "simulated  %" PRId64 " waves, imbalance %.4g, %.3g %% of the ranks' time idle\n", f->waves,
                  f->imbalance, 100.0 * f->idle_fraction);
    print_time(out, "computing", f->compute_s, "of the group that ends last in each wave");
    print_time(out, "writing", f->write_s, "the images, all ranks together");
    print_time(out, "rows", f->records_s, "on rank 0");
    (void)fputs("a wave     writes up to ", out);
    plan_report_bytes(out, (double)f->wave_bytes);
    (void)fputs(", one rank up to ", out);
    plan_report_bytes(out, (double)f->rank_wave_bytes);
    (void)fprintf(out, " in %" PRId64 " extents\n", f->wave_extents);
    (void)fprintf(out, "messages   %.4g extents of the file, %.4g sums of shards sent, %.4g frames claimed\n",
                  f->extents, f->messages, f->claims);
    print_bottleneck(out, f);
}

Status forecast_report(FILE *out, const ForecastRun *run, double step_s, double disk_bytes) {
    const Parameters *p = run->parameters;
    const Experiment *e = run->experiment;
    /* the waves are counted in pixels, and the disk takes what is left of them when they are packed */
    const ScheduleMachine machine = {.seconds_per_step = step_s,
                                     .disk_bytes_per_s = p->run_disk_rate_per_s * run->bytes / disk_bytes,
                                     .seconds_per_record = RECORD_S,
                                     .seconds_per_wave_and_rank = WAVE_AND_RANK_S};
    const ScheduleFrames frames = {.cost = cost_of_frame,
                                   .context = e,
                                   .first = run->slice.begin,
                                   .bytes_of_pixel = e->images == IMAGES_BOTH ? 8 : 4};
    ScheduleForecast forecast;
    TRY(schedule_forecast(run->plan, frames, machine, &forecast));
    print_forecast(out, &forecast);
    return status_ok();
}

/* Name of the folder of a file.
 * @param folder  [PARAMETER_TEXT_BYTES] */
static void folder_of(const char *path, char *folder) {
    (void)snprintf(folder, PARAMETER_TEXT_BYTES, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    else
        (void)snprintf(folder, PARAMETER_TEXT_BYTES, ".");
}

static double room_beside(const char *path) {
    char folder[PARAMETER_TEXT_BYTES];
    struct statvfs system;
    folder_of(path, folder);
    if (statvfs(folder, &system) != 0 || system.f_blocks == 0) return (double)INFINITY;
    return (double)system.f_bavail * (double)system.f_frsize;
}

static int64_t frames_per_file(const Parameters *p, OutputWriter asked) {
    return writer_frames_per_file(asked, p->output_frames_per_file);
}

/* As the run would choose, on a disk that can be reserved. */
static WriterChoice choose_writer(const Parameters *p, const Plan *plan, OutputWriter asked) {
    char folder[PARAMETER_TEXT_BYTES];
    folder_of(p->run_output, folder);
    return writer_choose(&(WriterFacts){.asked = asked,
                                        .has_files = frames_per_file(p, asked) > 0,
                                        .ranks = plan->request.ranks,
                                        .has_mpi = plan->request.ranks > 1,
                                        .whole_frames = writer_has_whole_frames(plan, plan->request.frames),
                                        .is_reserved = true,
                                        .file_system = writer_file_system(folder),
                                        .io = mpi_io_look()});
}

/* A frame that takes longer is not rendered for the sake of a plan. */
static const double TRIAL_S_MOST = 10.0;

/* Beyond this share of the free disk, files of frames are proposed. */
static const double DISK_SHARE = 0.5;

static Packing packing_of(const Parameters *p, OutputCompression compression) {
    const bool deflates = compression == COMPRESSION_DEFLATE || !status_is_ok(frame_codec_check(PACK_BITSHUFFLE));
    return (Packing){.method = deflates ? PACK_DEFLATE : PACK_BITSHUFFLE,
                     .level = (int)p->output_compression_level,
                     .shuffle = true};
}

/* @return false where no frame was tried */
static bool try_frame(const ForecastRun *run, Packing packing, TrialFrame *trial) {
    const double frame_s = run->seconds * run->plan->request.ranks / (double)range_length(run->slice);
    return frame_s <= TRIAL_S_MOST &&
           status_is_ok(trial_frame_pack(run->experiment, run->plan, run->slice, packing, trial));
}

static const char *name_of(Packing packing) {
    return packing.method == PACK_DEFLATE ? "deflate" : "bitshuffle";
}

static void print_packing(FILE *out, Packing packing, const TrialFrame *trial) {
    (void)fprintf(out, ", %.3g times fewer by %s at %.0f MB/s for each thread (frame %" PRId64 " was tried)",
                  trial->bytes / trial->packed_bytes, name_of(packing), 1e-6 * trial->bytes_per_s, trial->number);
}

static void warn_of_files(FILE *out, int64_t files) {
    const double others = 64.0;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY ||
        (double)files + others <= (double)limit.rlim_max)
        return;
    (void)fprintf(out,
                  "warning: a program that reads all frames has %" PRId64 " files open, and may have %.0f here (ulimit "
                  "-n): what is beyond reads as -1; make output.frames_per_file larger\n",
                  files, (double)limit.rlim_max);
}

/* A disk that raw images fill by half: what files of frames would take. */
static void propose_files(FILE *out, const ForecastRun *run) {
    TrialFrame trial;
    const Packing packing = packing_of(run->parameters, COMPRESSION_BITSHUFFLE);
    const double room = room_beside(run->parameters->run_output);
    if (!(run->bytes > DISK_SHARE * room)) return;
    (void)fputs("note: the images have ", out);
    plan_report_bytes(out, run->bytes);
    (void)fputs(", more than half of the ", out);
    plan_report_bytes(out, room);
    (void)fprintf(
        out, " that are free; --output.frames_per_file=1000 --output.compression=%s packs them as they are written",
        name_of(packing));
    if (try_frame(run, packing, &trial)) {
        (void)fputs(": ", out);
        plan_report_bytes(out, run->bytes * trial.packed_bytes / trial.bytes);
        print_packing(out, packing, &trial);
    }
    (void)fputs("\n", out);
}

static void print_times(FILE *out, const ForecastRun *run, double bytes) {
    char writing[40], computing[40];
    progress_duration(bytes / run->parameters->run_disk_rate_per_s, writing, sizeof writing);
    progress_duration(run->seconds, computing, sizeof computing);
    (void)fprintf(out, "; about %s of writing at run.disk_rate, beside %s of computing\n", writing, computing);
}

/* What a writer leaves on the disk, and when. @return bytes at the worst moment, but for a compressed copy */
static double print_needs(FILE *out, const ForecastRun *run, OutputWriter asked, OutputCompression compression) {
    const int64_t per_file = frames_per_file(run->parameters, asked), frames = range_length(run->slice);
    const int64_t files = per_file > 0 ? (frames + per_file - 1) / per_file : 1;
    const Packing packing = packing_of(run->parameters, compression);
    TrialFrame trial;
    const bool tried = per_file > 0 && compression != COMPRESSION_NONE && try_frame(run, packing, &trial);
    const double bytes = tried ? run->bytes * trial.packed_bytes / trial.bytes : run->bytes;
    (void)fprintf(out, "%" PRId64 " file%s, at the worst moment ", files, files == 1 ? "" : "s");
    plan_report_bytes(out, bytes);
    if (tried) print_packing(out, packing, &trial);
    if (per_file == 0 && compression != COMPRESSION_NONE) (void)fputs(" and its compressed copy", out);
    print_times(out, run, bytes);
    return bytes;
}

/* The same of a writer that is not taken, or why it cannot be. */
static void print_other(FILE *out, const ForecastRun *run, OutputWriter writer) {
    const WriterChoice choice = choose_writer(run->parameters, run->plan, writer);
    const OutputCompression asked = (OutputCompression)run->parameters->output_compression;
    (void)fprintf(out, "           or %s: ", image_writer_of(writer)->name);
    if (choice.writer != writer)
        (void)fprintf(out, "not here, %s\n", choice.reason);
    else
        (void)print_needs(out, run, writer,
                          writer == WRITER_FILES && asked == COMPRESSION_NONE ? COMPRESSION_BITSHUFFLE : asked);
}

double forecast_writer(FILE *out, const ForecastRun *run) {
    static const OutputWriter all[] = {WRITER_COLLECTIVE, WRITER_DIRECT, WRITER_FILES};
    const Parameters *p = run->parameters;
    const OutputWriter asked = (OutputWriter)p->output_writer;
    const WriterChoice choice = choose_writer(p, run->plan, asked);
    const int64_t per_file = frames_per_file(p, asked);
    if (per_file == 0) propose_files(out, run);
    (void)fprintf(out, "writer     %s (%s), ", image_writer_of(choice.writer)->name, choice.reason);
    const double bytes = print_needs(out, run, asked, (OutputCompression)p->output_compression);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != choice.writer) print_other(out, run, all[i]);
    if (per_file > 0) warn_of_files(out, (range_length(run->slice) + per_file - 1) / per_file);
    return bytes;
}

/* Seconds until the batch system ends the job; NAN where nobody said. */
static double walltime(const Parameters *p) {
    const char *end = getenv("SLURM_JOB_END_TIME");
    if (!isnan(p->run_walltime_s)) return p->run_walltime_s;
    return end != NULL ? strtod(end, NULL) - clocks_since_1970_s() : (double)NAN;
}

void forecast_warn(FILE *out, const Parameters *p, double seconds, double bytes) {
    const double year_s = 3.15e7, most_s = walltime(p);
    char text[40], limit[40];
    progress_duration(seconds, text, sizeof text);
    progress_duration(most_s, limit, sizeof limit);
    if (seconds > most_s)
        (void)fprintf(
            out, "warning: about %s are needed and %s are left of the walltime; --resume goes on, or use more ranks\n",
            text, limit);
    if (seconds > year_s)
        (void)fprintf(out,
                      "warning: this would take %.3g years; check sampling.oversample, the mosaic domains, the "
                      "sources and the phi steps\n",
                      seconds / year_s);
    if (*p->run_output != '\0' && frames_per_file(p, (OutputWriter)p->output_writer) == 0 &&
        bytes > output_path_bytes_most()) {
        (void)fputs("warning: a file of ", out);
        plan_report_bytes(out, bytes);
        (void)fputs(" is needed, and files of this process may have ", out);
        plan_report_bytes(out, output_path_bytes_most());
        (void)fputs(" (ulimit -f); raise that limit, or write fewer frames to a file with --frames\n", out);
    }
    if (*p->run_output == '\0' || bytes <= room_beside(p->run_output)) return;
    (void)fputs("warning: ", out);
    plan_report_bytes(out, bytes);
    (void)fputs(" are needed on the disk and ", out);
    plan_report_bytes(out, room_beside(p->run_output));
    (void)fputs(" are free; choose another --output, or write the frames to several files with --frames\n", out);
}
