#include "run/nanobragg_files.h"

#include "base/new_file.h"
#include "files/unfinished_files.h"
#include "formats/run_file.h"
#include "parameters/file_look.h"
#include "reflections/fdump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_of_image(ParameterFile form) {
    return form == FILE_FLOAT || form == FILE_INT || form == FILE_NOISE || form == FILE_PGM;
}

/* The name of the file that a row asks for, where it is one of these; else "". */
static const char *path_of(const Parameters *parameters, int index) {
    const ParameterRow *row = parameters_row(index);
    const bool is_ours = is_of_image(row->writes) || row->writes == FILE_DUMP || row->writes == FILE_YAML;
    return is_ours ? (const char *)parameters + row->offset : "";
}

bool nanobragg_files_need_image(const Parameters *parameters) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (is_of_image(parameters_row(i)->writes) && *path_of(parameters, i) != '\0') return true;
    return nanobragg_files_print_pixels(parameters);
}

bool nanobragg_files_print_pixels(const Parameters *parameters) {
    return parameters->output_printout || parameters->output_printout_pixel[0] != PARAMETER_AUTO;
}

bool nanobragg_files_wanted(const Parameters *parameters) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (*path_of(parameters, i) != '\0') return true;
    return nanobragg_files_print_pixels(parameters);
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

static Status check_file(const Parameters *p, int index, bool replaces) {
    const char *path = path_of(p, index), *name = parameters_row(index)->public_name;
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
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (*path_of(parameters, i) != '\0') TRY(check_file(parameters, i, replaces));
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
    static const Fill fills[FILES] = {[FILE_FLOAT] = fill_float, [FILE_INT] = fill_int,   [FILE_NOISE] = fill_noise,
                                      [FILE_PGM] = fill_pgm,     [FILE_DUMP] = fill_dump, [FILE_YAML] = fill_yaml};
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterFile form = parameters_row(i)->writes;
        /* without a table there is nothing to dump, as in nanoBragg */
        if (form == FILE_DUMP && !contents->experiment->factors.from_file) continue;
        if (*path_of(contents->parameters, i) != '\0')
            TRY(write_file(path_of(contents->parameters, i), fills[form], contents));
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
