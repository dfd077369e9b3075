#include "nxmx/provenance.h"

#include "base/clocks.h"
#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "parameters/input.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* ------------------------------------------------------------------------------------------------------ input files */

static const char *text_of_row(const Parameters *parameters, const ParameterRow *row) {
    return (const char *)parameters + row->offset;
}

static Status read_input(const Parameters *parameters, int row, const char *path, InputFile *input) {
    struct stat info;
    Input opened;
    *input = (InputFile){.parameters = parameters, .row = row, .path = path};
    TRY(input_open(parameters, row, &opened));
    const bool found = stat(opened.path, &info) == 0;
    Status status = found ? sha256_of_file(opened.path, input->checksum)
                          : status_error(STATUS_BAD_FILE, "cannot read %s, which %s names: %s", path,
                                         parameters_row(row)->public_name, strerror(errno));
    if (found) input->bytes = (int64_t)info.st_size;
    input_close(&opened);
    return status;
}

Status provenance_read_inputs(Provenance *provenance) {
    provenance->inputs = 0;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        if (row->type != PARAMETER_TYPE_FILE || text_of_row(provenance->parameters, row)[0] == '\0') continue;
        InputFile *input = &provenance->input[provenance->inputs++];
        TRY(read_input(provenance->parameters, i, text_of_row(provenance->parameters, row), input));
        if (provenance->looks != NULL) TRY(file_look_again(provenance->looks, i, input->path));
    }
    return status_ok();
}

/* NULL when the run has no such file. */
static const InputFile *find_input(const Provenance *provenance, int row) {
    for (int i = 0; i < provenance->inputs; i++)
        if (provenance->input[i].row == row) return &provenance->input[i];
    return NULL;
}

void provenance_input_name(int row, char *name) {
    (void)snprintf(name, PROVENANCE_INPUT_NAME_BYTES, "input_%s_%s", parameters_row(row)->section,
                   parameters_row(row)->name);
}

static Status write_contents(hid_t note, const char *contents, size_t bytes) {
    if (bytes == 0) return status_ok();
    const bool is_text = memchr(contents, '\0', bytes) == NULL;
    TRY(hdf5_write_text(note, "type", is_text ? "text/plain" : "application/octet-stream"));
    return is_text ? hdf5_write_text(note, "data", contents) : hdf5_write_bytes(note, "data", bytes, contents);
}

static Status check_contents(const InputFile *input, const char *contents, size_t bytes) {
    char checksum[SHA256_TEXT_BYTES];
    sha256_of_bytes(contents, bytes, checksum);
    if (strcmp(checksum, input->checksum) == 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s was changed while it was being recorded; run again when it stays as it is",
                        input->path);
}

static Status write_copy(hid_t note, const InputFile *input) {
    char *contents = NULL;
    size_t bytes = 0;
    if (input->bytes >= PROVENANCE_COPIED_BYTES) return status_ok();
    Status status = input_read(input->parameters, input->row, PROVENANCE_COPIED_BYTES, &contents, &bytes);
    if (status_is_ok(status)) status = check_contents(input, contents, bytes);
    if (status_is_ok(status)) status = write_contents(note, contents, bytes);
    free(contents);
    return status;
}

static Status fill_input(hid_t note, const void *context) {
    const InputFile *input = context;
    TRY(hdf5_write_text(note, "file_name", input->path));
    TRY(hdf5_write_text(note, "checksum", input->checksum));
    TRY(hdf5_write_text(note, "algorithm", "sha256"));
    TRY(hdf5_write_int64(note, "bytes", input->bytes));
    return write_copy(note, input);
}

static Status write_inputs(hid_t simulation, const Provenance *provenance) {
    for (int i = 0; i < provenance->inputs; i++) {
        char name[PROVENANCE_INPUT_NAME_BYTES];
        provenance_input_name(provenance->input[i].row, name);
        TRY(hdf5_write_group(simulation, name, "NXnote", fill_input, &provenance->input[i]));
    }
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------- parameters */

/* The word of a choice; "true" and "false" are numbers in the record. */
static void word_of_choice(const ParameterRow *row, int index, size_t bytes, char *word) {
    const char *next = row->choices;
    for (int skipped = 0; skipped < index; skipped++) {
        next += parameters_word_length(next);
        while (*next == ' ') next++;
    }
    (void)snprintf(word, bytes, "%.*s", (int)parameters_word_length(next), next);
}

static bool row_is_text(const ParameterRow *row) {
    return row->type == PARAMETER_TYPE_CHOICE || row->type == PARAMETER_TYPE_TEXT || row->type == PARAMETER_TYPE_FILE;
}

void provenance_text(const Parameters *parameters, int index, char *text) {
    const ParameterRow *row = parameters_row(index);
    double values[PARAMETER_VALUES_MOST] = {0.0};
    (void)parameters_values(parameters, index, values);
    if (row->type == PARAMETER_TYPE_CHOICE)
        word_of_choice(row, (int)values[0], PARAMETER_TEXT_BYTES, text);
    else
        parameters_current_text(index, text_of_row(parameters, row), text);
}

/* "m", or "m,m,m,rad,rad,rad" where the values differ. */
static void si_units(const ParameterRow *row, size_t bytes, char *units) {
    const bool mixed = strchr(row->unit, ',') != NULL;
    units[0] = '\0';
    if (row_is_text(row)) return;
    for (int i = 0; i < (mixed ? row->count : 1); i++) {
        const size_t used = strlen(units);
        (void)snprintf(units + used, bytes - used, "%s%s", i > 0 ? "," : "", parameters_si_unit(row, i));
    }
}

/* A parameter whose record is written. */
typedef struct RecordedParameter {
    const ParameterRow *row;
    const ParameterState *state;
} RecordedParameter;

static Status describe_parameter(hid_t dataset, const void *context) {
    const RecordedParameter *parameter = context;
    char units[64];
    si_units(parameter->row, sizeof units, units);
    TRY(hdf5_attribute_text(dataset, ".", "units", units));
    TRY(hdf5_attribute_text(dataset, ".", "user_text", parameter->state->text));
    TRY(hdf5_attribute_text(dataset, ".", "origin", parameter->state->origin));
    return hdf5_attribute_int32(dataset, ".", "given", parameter->state->given);
}

static Status write_parameter(hid_t group, const Parameters *parameters, int index) {
    const ParameterRow *row = parameters_row(index);
    const RecordedParameter recorded = {.row = row, .state = &parameters->state[index]};
    if (row_is_text(row)) {
        char text[PARAMETER_TEXT_BYTES];
        provenance_text(parameters, index, text);
        return hdf5_write_text_and_use(group, row->public_name, text, describe_parameter, &recorded);
    }
    double values[PARAMETER_VALUES_MOST];
    const int count = parameters_values(parameters, index, values);
    return hdf5_write_and_use(group, row->public_name, H5T_NATIVE_DOUBLE, count == 1 ? hdf5_scalar() : hdf5_list(count),
                              values, describe_parameter, &recorded);
}

static Status fill_parameters(hid_t group, const void *context) {
    const Parameters *parameters = ((const Provenance *)context)->parameters;
    for (int i = 0; i < PARAMETER_COUNT; i++) TRY(write_parameter(group, parameters, i));
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------- /entry/simulation */

static Status fill_note(hid_t note, const void *context) {
    TRY(hdf5_write_text(note, "type", "text/plain"));
    return hdf5_write_text(note, "data", context);
}

static Status write_notes(hid_t simulation, const Notes *notes) {
    char text[NOTES_MOST * NOTE_BYTES] = "";
    size_t used = 0;
    for (int i = 0; notes != NULL && i < notes->count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "\n" : "", notes->text[i]);
    return hdf5_write_group(simulation, "notes", "NXnote", fill_note, text);
}

Status provenance_write(hid_t simulation, const Provenance *provenance) {
    char now[CLOCKS_UTC_BYTES];
    clocks_utc(now);
    TRY(hdf5_write_text(simulation, "program", "tessera"));
    TRY(hdf5_write_text(simulation, "version", provenance->build.version));
    TRY(hdf5_write_text(simulation, "date", now));
    TRY(hdf5_write_int32(simulation, "sequence_index", 1));
    TRY(hdf5_write_group(simulation, "command_line", "NXnote", fill_note, provenance->command_line));
    TRY(write_notes(simulation, provenance->notes));
    TRY(hdf5_write_group(simulation, "parameters", "NXparameters", fill_parameters, provenance));
    return write_inputs(simulation, provenance);
}

/* --------------------------------------------------------------------------------------------------------- compare */

/* A comparison under way. */
typedef struct Comparison {
    const Provenance *provenance;
    const char *here, *there; /* "in the file", "now" */
    ProvenanceDifferences *differences;
} Comparison;

/* Beyond the room for their text, differences are only counted. */
static void add_difference(const Comparison *comparison, const char *name, const char *in_file, const char *now) {
    ProvenanceDifferences *differences = comparison->differences;
    const size_t used = strlen(differences->text);
    differences->count++;
    if (used + 300 > sizeof differences->text) return;
    (void)snprintf(differences->text + used, sizeof differences->text - used,
                   "%s%s is \"%.70s\" %.70s and \"%.70s\" %.70s", used > 0 ? "; " : "", name, in_file, comparison->here,
                   now, comparison->there);
}

/* Two values that are not numbers ("auto") are the same. */
static bool same_values(const double *left, const double *right, int count) {
    for (int i = 0; i < count; i++)
        if (!(left[i] == right[i] || (isnan(left[i]) && isnan(right[i])))) return false;
    return true;
}

bool provenance_recorded_name(hid_t group, int index, char *name) {
    for (int which = 0; parameters_name(index, which, name); which++)
        if (hdf5_has(group, name)) return true;
    return false;
}

Status provenance_same_value(hid_t group, const Parameters *parameters, int index, bool *same) {
    char name[PARAMETER_NAME_BYTES];
    if (!provenance_recorded_name(group, index, name))
        return status_error(STATUS_BAD_FILE, "it has no %s", parameters_row(index)->public_name);
    if (row_is_text(parameters_row(index))) {
        char stored[PARAMETER_TEXT_BYTES] = "", current[PARAMETER_TEXT_BYTES], now[PARAMETER_TEXT_BYTES];
        provenance_text(parameters, index, now);
        TRY(hdf5_read_text(group, name, sizeof stored, stored));
        parameters_current_text(index, stored, current);
        *same = strcmp(current, now) == 0;
        return status_ok();
    }
    double stored[PARAMETER_VALUES_MOST], now[PARAMETER_VALUES_MOST];
    const int count = parameters_values(parameters, index, now);
    int64_t known = 0;
    TRY(hdf5_count(group, name, &known));
    if (known > count || known < 1) return hdf5_check_count(group, name, count);
    TRY(hdf5_read(group, name, H5T_NATIVE_DOUBLE, known, stored));
    /* of a revision in which the list was shorter: what it lacks is not given, or one value stands for all */
    for (int64_t i = known; i < count; i++) stored[i] = isnan(now[i]) || now[i] == stored[0] ? now[i] : (double)NAN;
    *same = same_values(stored, now, count);
    return status_ok();
}

/* A row that the file does not know: the same where it is what its program did. */
static void compare_unknown(const Comparison *comparison, int index) {
    const Parameters *p = comparison->provenance->parameters;
    const char *before = parameters_row(index)->before;
    const bool same = before != NULL ? strcmp(p->state[index].text, before) == 0 : parameters_is_default(p, index);
    if (!same)
        add_difference(comparison, parameters_row(index)->public_name, before != NULL ? before : "not known",
                       p->state[index].text);
}

static Status compare_parameter(hid_t group, const Comparison *comparison, int index) {
    const Parameters *parameters = comparison->provenance->parameters;
    const ParameterRow *row = parameters_row(index);
    char stored[PARAMETER_TEXT_BYTES] = "", name[PARAMETER_NAME_BYTES];
    bool same = false;
    if (row->before != NULL && !row->before_matters(parameters)) return status_ok();
    if (!provenance_recorded_name(
            group, index, name)) { /* of a revision without it; the writer's witness shows whether bytes have changed */
        compare_unknown(comparison, index);
        return status_ok();
    }
    TRY(provenance_same_value(group, parameters, index, &same));
    if (same) return status_ok();
    TRY(hdf5_read_attribute_text(group, name, "user_text", sizeof stored, stored));
    add_difference(comparison, row->public_name, stored, parameters->state[index].text);
    return status_ok();
}

/* Files are told apart by what they hold, not by where they lie: their paths are not compared. */
static Status compare_parameters(hid_t group, const void *context) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters_row_decides_image(parameters_row(i)) && parameters_row(i)->type != PARAMETER_TYPE_FILE)
            TRY(compare_parameter(group, context, i));
    return status_ok();
}

static Status compare_input(hid_t simulation, const Comparison *comparison, int row) {
    const InputFile *input = find_input(comparison->provenance, row);
    const char *now = input != NULL ? input->checksum : "no file";
    char group[PROVENANCE_INPUT_NAME_BYTES], checksum[PROVENANCE_INPUT_NAME_BYTES + 16];
    char stored[SHA256_TEXT_BYTES] = "no file";
    provenance_input_name(row, group);
    if (hdf5_has(simulation, group)) {
        (void)snprintf(checksum, sizeof checksum, "%s/checksum", group);
        TRY(hdf5_read_text(simulation, checksum, sizeof stored, stored));
    }
    if (strcmp(stored, now) != 0) add_difference(comparison, parameters_row(row)->public_name, stored, now);
    return status_ok();
}

static Status compare_frames(hid_t simulation, const Comparison *comparison) {
    const Range frames = comparison->provenance->frames;
    char in_file[64], now[64];
    int64_t count = 0;
    TRY(hdf5_count(simulation, "frames/number", &count));
    int64_t *numbers = malloc((size_t)(count > 0 ? count : 1) * sizeof *numbers);
    if (numbers == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the numbers of %" PRId64 " frames", count);
    const Status status = hdf5_read(simulation, "frames/number", H5T_NATIVE_INT64, count, numbers);
    const int64_t first = count > 0 ? numbers[0] : 0;
    free(numbers);
    TRY(status);
    if (first < 0 || first > INT32_MAX)
        return status_error(STATUS_BAD_FILE, "its first frame has number %" PRId64, first);
    (void)snprintf(in_file, sizeof in_file, "%" PRId64 ":%" PRId64, first, first + count);
    (void)snprintf(now, sizeof now, "%" PRId64 ":%" PRId64, frames.begin, frames.end);
    if (strcmp(in_file, now) != 0) add_difference(comparison, "the range of frames", in_file, now);
    return status_ok();
}

static Status compare_simulation(hid_t simulation, const void *context) {
    TRY(hdf5_use_group(simulation, "parameters", compare_parameters, context));
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters_row(i)->type == PARAMETER_TYPE_FILE) TRY(compare_input(simulation, context, i));
    return status_ok();
}

static Status compare_simulation_and_frames(hid_t simulation, const void *context) {
    TRY(compare_simulation(simulation, context));
    return compare_frames(simulation, context);
}

Status provenance_differences(hid_t file, const Provenance *provenance, const char *here, const char *there,
                              ProvenanceDifferences *differences) {
    *differences = (ProvenanceDifferences){.count = 0};
    const Comparison comparison = {.provenance = provenance, .here = here, .there = there, .differences = differences};
    return hdf5_use_group(file, "/entry/simulation", compare_simulation, &comparison);
}

Status provenance_compare(hid_t file, const char *path, const Provenance *provenance) {
    ProvenanceDifferences differences = {.count = 0};
    const Comparison comparison = {
        .provenance = provenance, .here = "in the file", .there = "now", .differences = &differences};
    if (!hdf5_inside_is_ours(file))
        return status_error(STATUS_BAD_FILE,
                            "%s was not written by tessera, so --resume cannot use it; choose another --output, or "
                            "--overwrite to replace it",
                            path);
    if (hdf5_has(file, PROVENANCE_PARTS))
        return status_error(STATUS_BAD_PARAMETER,
                            "%s was merged from parts: resume those that are not complete, and merge again", path);
    const Status status = hdf5_use_group(file, "/entry/simulation", compare_simulation_and_frames, &comparison);
    if (!status_is_ok(status))
        return status_error(status.code, "%s cannot be resumed: %.700s; --overwrite replaces it", path, status.message);
    if (differences.count == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%s belongs to another run, %d difference%s: %s; use the same values, another --output, or "
                        "--overwrite to replace it",
                        path, differences.count, differences.count > 1 ? "s" : "", differences.text);
}
