#include "benchmark/benchmark_artifacts.h"

#include "base/new_file.h"
#include "benchmark/benchmark_case.h"
#include "benchmark/benchmark_json.h"
#include "benchmark/benchmark_report.h"
#include "export/png_file.h"
#include "files/unfinished_files.h"
#include "shared/file_roles.h"
#include "shared/trace_events.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 1300, PREVIEW_PIXELS_MOST = 1024 };
enum { RESULTS, PARITY, ENVIRONMENT, TRACE, BLOCKING };
static const char *const artifact_names[] = {"benchmark_results.json", "correlation.txt", "env.json", "trace.json",
                                             "blocking.md"};

static void path_of(const char *folder, const char *name, const char *end, char *path) {
    (void)snprintf(path, PATH_BYTES, "%.1024s/%s%s", folder, name, end);
}

static Status cannot_write(const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", path, strerror(errno));
}

static const char *const endings[] = {"/benchmark_results.json",
                                      "/correlation.txt",
                                      "/env.json",
                                      "/trace.json",
                                      "/blocking.md",
                                      "/benchmark_results.json.partial",
                                      "/correlation.txt.partial",
                                      "/env.json.partial",
                                      "/trace.json.partial",
                                      "/blocking.md.partial",
                                      NULL};

/* A file appears under its name when it is whole: FILE.partial until then. */
static Status open_artifact(const char *folder, const char *name, FILE **file) {
    char partial[PATH_BYTES];
    path_of(folder, name, ".partial", partial);
    unfinished_files_add(partial, NULL);
    *file = new_file_open(partial);
    return *file != NULL ? status_ok() : cannot_write(partial);
}

static Status close_artifact(const char *folder, const char *name, FILE *file, Status written) {
    char partial[PATH_BYTES], path[PATH_BYTES];
    path_of(folder, name, ".partial", partial);
    path_of(folder, name, "", path);
    const bool whole = !ferror(file);
    const bool closed = fclose(file) == 0;
    if (status_is_ok(written) && !(whole && closed && rename(partial, path) == 0)) written = cannot_write(path);
    if (!status_is_ok(written)) (void)unlink(partial);
    unfinished_files_forget(partial);
    return written;
}

static bool is_artifact(const char *name) {
    for (size_t i = 0; i < sizeof artifact_names / sizeof *artifact_names; i++)
        if (strcmp(name, artifact_names[i]) == 0) return true;
    const size_t length = strlen(name);
    return strncmp(name, "preview_", 8) == 0 && length > 4 && strcmp(name + length - 4, ".png") == 0;
}

static void remove_artifacts(const char *folder) {
    DIR *entries = opendir(folder);
    if (entries == NULL) return;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (is_artifact(entry->d_name)) (void)unlinkat(dirfd(entries), entry->d_name, 0);
    (void)closedir(entries);
}

/* What an earlier benchmark may have left, and what would be removed with it. */
static Status add_previews(const char *folder, FileList *list) {
    DIR *entries = opendir(folder);
    Status status = status_ok();
    if (entries == NULL) return status;
    for (const struct dirent *entry = readdir(entries); entry != NULL && status_is_ok(status);
         entry = readdir(entries)) {
        char path[PATH_BYTES];
        path_of(folder, entry->d_name, "", path);
        const char *const itself[] = {"", NULL};
        if (strncmp(entry->d_name, "preview_", 8) == 0)
            status = file_list_add_written(list, "--keep-artifacts", path, itself);
    }
    (void)closedir(entries);
    return status;
}

Status benchmark_artifacts_check(const BenchmarkOptions *options, const Parameters *parameters, const char *reference) {
    const char *run_file = benchmark_case_is_file(options->case_name) ? options->case_name : NULL;
    FileList list = {.count = 0};
    Status status = file_roles_add_inputs(&list, parameters, run_file);
    if (status_is_ok(status) && reference != NULL) status = file_list_add_read(&list, "--reference", reference);
    if (status_is_ok(status)) status = file_list_add_written(&list, "--keep-artifacts", options->artifacts, endings);
    if (status_is_ok(status)) status = add_previews(options->artifacts, &list);
    if (status_is_ok(status)) status = file_list_check(&list);
    file_list_free(&list);
    return status;
}

void benchmark_artifacts_print_roles(FILE *out) {
    (void)fputs("benchmark\tread\t--case\nbenchmark\tread\t--reference\nbenchmark\twritten\t--keep-artifacts", out);
    for (int i = 0; endings[i] != NULL; i++) (void)fprintf(out, "\t%s", endings[i]);
    (void)fputc('\n', out);
}

Status benchmark_artifacts_begin(const char *folder) {
    if (strlen(folder) > 1000)
        return status_error(STATUS_OUTPUT_FAILED, "--keep-artifacts: the name of the folder is too long");
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return status_error(STATUS_OUTPUT_FAILED, "--keep-artifacts: the folder %s cannot be made: %s", folder,
                            strerror(errno));
    DIR *entries = opendir(folder);
    const bool usable = entries != NULL && access(folder, W_OK | X_OK) == 0;
    if (entries != NULL) (void)closedir(entries);
    if (!usable)
        return status_error(STATUS_OUTPUT_FAILED, "--keep-artifacts: %s takes no files: %s", folder, strerror(errno));
    remove_artifacts(folder);
    return status_ok();
}

/* What a file holds. */
typedef struct Contents {
    const BenchmarkOptions *options;
    const BenchmarkResult *results;
    int count;
    const Timeline *timeline;
} Contents;

static void print_results(FILE *file, const Contents *contents) {
    benchmark_json_results(file, contents->options, contents->results, contents->count);
}

static void print_parity(FILE *file, const Contents *contents) {
    benchmark_report_parity(file, contents->results, contents->count);
}

static void print_environment(FILE *file, const Contents *contents) {
    (void)contents;
    benchmark_json_environment(file);
}

static void print_trace(FILE *file, const Contents *contents) {
    const Timeline *timeline = contents->timeline;
    JsonWriter json = trace_events_begin(file);
    trace_events_add(&json, 0, timeline->events, timeline->count, timeline->start_s);
    (void)trace_events_end(&json); /* closing the file tells */
}

static void print_blocking(FILE *file, const Contents *contents) {
    benchmark_report_blocking(file, contents->options, contents->results, contents->count);
}

static Status write_artifact(const char *folder, const char *name, bool wanted, void (*print)(FILE *, const Contents *),
                             const Contents *contents) {
    FILE *file = NULL;
    if (!wanted) return status_ok();
    TRY(open_artifact(folder, name, &file));
    print(file, contents);
    return close_artifact(folder, name, file, status_ok());
}

Status benchmark_artifacts_write(const char *folder, const BenchmarkOptions *options, const BenchmarkResult *results,
                                 int count, const Timeline *timeline) {
    const Contents contents = {.options = options, .results = results, .count = count, .timeline = timeline};
    bool passed = true;
    for (int i = 0; i < count; i++) passed = passed && benchmark_passed(&results[i]);
    TRY(write_artifact(folder, artifact_names[RESULTS], true, print_results, &contents));
    TRY(write_artifact(folder, artifact_names[PARITY], true, print_parity, &contents));
    TRY(write_artifact(folder, artifact_names[ENVIRONMENT], true, print_environment, &contents));
    TRY(write_artifact(folder, artifact_names[TRACE], timeline != NULL, print_trace, &contents));
    return write_artifact(folder, artifact_names[BLOCKING], !passed, print_blocking, &contents);
}

/* -------------------------------------------------------------------------------------------------------- previews */

static double greatest_of(ImageView image) {
    double greatest = 0.0;
    for (int64_t i = 0; i < image.slow_pixels * image.fast_pixels; i++)
        greatest = fmax(greatest, fabs(image.pixels[i]));
    return greatest;
}

static Status write_preview(const char *folder, const char *kind, ImageView image, double greatest) {
    char name[96], path[PATH_BYTES];
    int64_t size[2];
    uint8_t *grey = NULL;
    FILE *file = NULL;
    (void)snprintf(name, sizeof name, "preview_%" PRId64 "x%" PRId64 "_%s.png", image.slow_pixels, image.fast_pixels,
                   kind);
    path_of(folder, name, "", path);
    TRY(png_file_grey(image, greatest, PREVIEW_PIXELS_MOST, size, &grey));
    Status status = open_artifact(folder, name, &file);
    if (status_is_ok(status))
        status = close_artifact(folder, name, file, png_file_write(file, path, size[0], size[1], grey, NULL));
    free(grey);
    return status;
}

static Status write_difference(const char *folder, ImageView reference, ImageView ours) {
    const int64_t count = ours.slow_pixels * ours.fast_pixels;
    double *pixels = malloc((size_t)count * sizeof *pixels);
    if (pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a preview");
    for (int64_t i = 0; i < count; i++) pixels[i] = ours.pixels[i] - reference.pixels[i];
    ImageView difference = ours;
    difference.pixels = pixels;
    const Status status = write_preview(folder, "difference", difference, greatest_of(difference));
    free(pixels);
    return status;
}

Status benchmark_artifacts_previews(const char *folder, ImageView reference, ImageView ours) {
    const double greatest = greatest_of(reference);
    TRY(write_preview(folder, "ours", ours, greatest));
    TRY(write_preview(folder, "reference", reference, greatest));
    return write_difference(folder, reference, ours);
}
