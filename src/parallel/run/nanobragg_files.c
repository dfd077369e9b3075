#include "run/nanobragg_files.h"

#include "base/new_file.h"
#include "files/unfinished_files.h"
#include "parameters/file_look.h"
#include "parameters/run_file.h"
#include "reflections/fdump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The rows that name a file; those before IMAGE_FILES are of the image. */
enum { FLOAT_FILE, INT_FILE, NOISE_FILE, PGM_FILE, IMAGE_FILES, DUMP_FILE = IMAGE_FILES, YAML_FILE, FILES };

static int row_of(int file) {
    static const int rows[FILES] = {
        [FLOAT_FILE] = PARAMETER(output, float_file), [INT_FILE] = PARAMETER(output, int_file),
        [NOISE_FILE] = PARAMETER(output, noise_file), [PGM_FILE] = PARAMETER(output, pgm_file),
        [DUMP_FILE] = PARAMETER(output, dump_file),   [YAML_FILE] = PARAMETER(output, yaml_file)};
    return rows[file];
}

/* The name of a file, "" where it is not asked for. */
static const char *path_of(const Parameters *parameters, int file) {
    return (const char *)parameters + parameters_row(row_of(file))->offset;
}

static bool is_wanted(const Parameters *parameters, int file) {
    return *path_of(parameters, file) != '\0';
}

bool nanobragg_files_need_image(const Parameters *parameters) {
    for (int file = 0; file < IMAGE_FILES; file++)
        if (is_wanted(parameters, file)) return true;
    return nanobragg_files_print_pixels(parameters);
}

bool nanobragg_files_print_pixels(const Parameters *parameters) {
    return parameters->output_printout || parameters->output_printout_pixel[0] != PARAMETER_AUTO;
}

bool nanobragg_files_wanted(const Parameters *parameters) {
    return nanobragg_files_need_image(parameters) || is_wanted(parameters, DUMP_FILE) ||
           is_wanted(parameters, YAML_FILE);
}

/* ------------------------------------------------------------------------------------------------------------ checks
 */

/* The folder of @p path, "." without one.
 *  @param folder  [PARAMETER_TEXT_BYTES] */
static void folder_of(const char *path, char *folder) {
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    (void)snprintf(folder, PARAMETER_TEXT_BYTES, "%.*s", length, slash == NULL ? "." : path);
}

static Status check_file(const Parameters *p, int file, bool replaces) {
    const char *path = path_of(p, file), *name = parameters_row(row_of(file))->public_name;
    char folder[PARAMETER_TEXT_BYTES];
    if (access(path, F_OK) == 0 && !p->run_overwrite && !p->run_resume && !replaces)
        return status_error(STATUS_BAD_PARAMETER, "%s %s exists; give --overwrite or another name", name, path);
    if (file_look_is_device(path)) return status_ok();
    if (file_look_is_special(path))
        return status_error(STATUS_BAD_PARAMETER, "%s %s is no regular file; give another name", name, path);
    folder_of(path, folder);
    if (access(folder, W_OK | X_OK) == 0) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written in %s: %s", path, folder, strerror(errno));
}

Status nanobragg_files_check(const Parameters *parameters, bool replaces) {
    for (int file = 0; file < FILES; file++)
        if (is_wanted(parameters, file)) TRY(check_file(parameters, file, replaces));
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- writing
 */

/* What a file is filled from. */
typedef struct Contents {
    const Parameters *parameters;
    const Experiment *experiment;
    const float *image;
    void *pixels; /* room for 16 bits of each pixel; only where there is an image */
    int64_t frame;
    NanobraggReport *report;
} Contents;

/* Writes the contents; false when the file takes no more. */
typedef bool (*Fill)(FILE *file, Contents *contents);

static bool write_pixels(FILE *file, const Contents *c, const void *pixels, size_t bytes) {
    const size_t count = (size_t)detector_pixels(&c->experiment->detector);
    return fwrite(pixels, bytes, count, file) == count;
}

static bool write_smv(FILE *file, const Contents *c) {
    char header[NANOBRAGG_HEADER_BYTES_MOST];
    const size_t bytes = nanobragg_image_header(c->parameters, c->experiment, header);
    return fwrite(header, 1, bytes, file) == bytes && write_pixels(file, c, c->pixels, sizeof(uint16_t));
}

static bool fill_float(FILE *file, Contents *c) {
    return write_pixels(file, c, c->image, sizeof *c->image);
}

static bool fill_int(FILE *file, Contents *c) {
    nanobragg_image_integers(c->experiment, c->image, c->report->int_scale, c->parameters->output_adc_offset,
                             c->pixels);
    return write_smv(file, c);
}

static bool fill_noise(FILE *file, Contents *c) {
    nanobragg_image_noise(c->experiment, c->frame, c->image, c->parameters->output_adc_offset, c->pixels,
                          &c->report->photons, &c->report->overloads);
    return write_smv(file, c);
}

static bool fill_pgm(FILE *file, Contents *c) {
    const Detector *detector = &c->experiment->detector;
    nanobragg_image_grey(c->experiment, c->image, c->report->pgm_scale, c->pixels);
    return fprintf(file, "P5\n%" PRId64 " %" PRId64 "\n# pixels scaled by %g\n255\n", detector->fast_pixels,
                   detector->slow_pixels, c->report->pgm_scale) > 0 &&
           write_pixels(file, c, c->pixels, sizeof(uint8_t));
}

static bool fill_dump(FILE *file, Contents *c) {
    return fdump_write(file, &c->experiment->factors);
}

/* Input files are named relative to the run file, which lies where we are unless its name says otherwise. */
static bool fill_yaml(FILE *file, Contents *c) {
    char here[PARAMETER_TEXT_BYTES];
    const bool beside = strchr(c->parameters->output_yaml_file, '/') == NULL;
    if (!beside && getcwd(here, sizeof here) == NULL) return false;
    return run_file_print(file, c->parameters, beside ? NULL : here);
}

static Status write_partial(const char *partial, const char *path, bool in_place, Fill fill, Contents *contents) {
    FILE *file = in_place ? fopen(path, "wb") : new_file_open(partial);
    if (file == NULL) return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", partial, strerror(errno));
    const bool written = fill(file, contents);
    const int error = errno;
    const bool closed = fclose(file) == 0;
    if (written && closed && (in_place || rename(partial, path) == 0)) return status_ok();
    const int reason = written ? errno : error;
    if (!in_place) (void)remove(partial);
    return status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", path, strerror(reason));
}

static Status write_file(const char *path, Fill fill, Contents *contents) {
    char partial[PARAMETER_TEXT_BYTES + 16];
    const bool in_place = file_look_is_device(path); /* /dev/null shall stay what it is */
    (void)snprintf(partial, sizeof partial, "%s%s", path, in_place ? "" : ".partial");
    if (!in_place) unfinished_files_add(partial, NULL);
    const Status status = write_partial(partial, path, in_place, fill, contents);
    unfinished_files_forget(partial);
    return status;
}

static Status set_report(Contents *c) {
    const Parameters *p = c->parameters;
    NanobraggReport *report = c->report;
    *report = (NanobraggReport){.photons = 0.0};
    TRY(nanobragg_image_statistics(c->experiment, c->image, &report->statistics));
    report->int_scale = nanobragg_image_int_scale(&report->statistics, p->output_int_scale);
    report->pgm_scale = nanobragg_image_pgm_scale(&report->statistics, p->output_pgm_scale, report->int_scale);
    return status_ok();
}

static Status write_all(Contents *contents) {
    static const Fill fills[FILES] = {[FLOAT_FILE] = fill_float, [INT_FILE] = fill_int,   [NOISE_FILE] = fill_noise,
                                      [PGM_FILE] = fill_pgm,     [DUMP_FILE] = fill_dump, [YAML_FILE] = fill_yaml};
    for (int file = 0; file < FILES; file++) {
        /* without a table there is nothing to dump, as in nanoBragg */
        if (file == DUMP_FILE && !contents->experiment->factors.from_file) continue;
        if (is_wanted(contents->parameters, file))
            TRY(write_file(path_of(contents->parameters, file), fills[file], contents));
    }
    return status_ok();
}

Status nanobragg_files_write(const Parameters *parameters, const Experiment *experiment, int64_t frame,
                             const float *image, NanobraggReport *report) {
    Contents contents = {
        .parameters = parameters, .experiment = experiment, .image = image, .frame = frame, .report = report};
    if (image == NULL) return write_all(&contents);
    contents.pixels = malloc((size_t)detector_pixels(&experiment->detector) * sizeof(uint16_t));
    if (contents.pixels == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " pixels of an integer image",
                            detector_pixels(&experiment->detector));
    Status status = set_report(&contents);
    if (status_is_ok(status)) status = write_all(&contents);
    free(contents.pixels);
    return status;
}
