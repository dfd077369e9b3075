#include "commands/describe_nxmx.h"

#include "commands/frame_report.h"
#include "files/output_path.h"
#include "formats/run_file.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/nxmx_reader.h"
#include "shared/absolute_path.h"
#include "shared/json_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All that is known of a file. */
typedef struct Description {
    const DescribeRequest *request;
    hid_t file;
    bool partial; /* its name ends in .partial */
    NxmxFrames frames;
    Notes notes; /* of data files that are missing or damaged */
    Provenance provenance;
    Parameters *parameters;
    int parts;
    uint8_t *lost_part; /* [parts] the part is not where it was */
    uint8_t *damaged;   /* [frames] with --verify: the checksum differs */
    int64_t damaged_frames;
} Description;

bool describe_nxmx_knows(const char *path) {
    static const char signature[8] = "\211HDF\r\n\032\n";
    char start[8] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    const bool knows = fread(start, sizeof start, 1, file) == 1 && memcmp(start, signature, sizeof start) == 0;
    (void)fclose(file);
    return knows;
}

/* ------------------------------------------------------------------------------------------------------------- read */

static bool part_is_there(const OutputPath *master, const char *file_name) {
    char path[2 * OUTPUT_PATH_BYTES];
    struct stat info;
    const int written = file_name[0] == '/' ? snprintf(path, sizeof path, "%s", file_name)
                                            : snprintf(path, sizeof path, "%s/%s", master->folder, file_name);
    return written < (int)sizeof path && stat(path, &info) == 0;
}

/* The frames of parts that are gone are missing again. */
static Status lose_frames(Description *d) {
    const int64_t count = range_length(d->frames.range);
    int32_t *parts = malloc((size_t)count * sizeof *parts);
    if (parts == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the table of frames");
    const Status status = hdf5_read(d->file, "/entry/simulation/frames/part", H5T_NATIVE_INT32, count, parts);
    for (int64_t i = 0; status_is_ok(status) && i < count; i++)
        if (parts[i] > 0 && parts[i] <= d->parts && d->lost_part[parts[i] - 1] && d->frames.states[i] != 0) {
            d->frames.states[i] = 0;
            d->frames.complete--;
        }
    free(parts);
    return status;
}

static Status find_parts(Description *d) {
    OutputPath master;
    d->parts = nxmx_parts(d->file);
    if (d->parts == 0) return status_ok();
    TRY(output_path_create(d->request->path, &master));
    d->lost_part = calloc((size_t)d->parts, sizeof *d->lost_part);
    if (d->lost_part == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d parts", d->parts);
    for (int i = 0; i < d->parts; i++) {
        NxmxPart part;
        TRY(nxmx_read_part(d->file, i + 1, &part));
        d->lost_part[i] = !part_is_there(&master, part.file_name);
    }
    return lose_frames(d);
}

static Status verify(Description *d) {
    const int64_t count = range_length(d->frames.range);
    d->damaged = calloc((size_t)count, sizeof *d->damaged);
    if (d->damaged == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of %" PRId64 " frames", count);
    TRY(nxmx_verify(d->file, d->request->path, &d->frames, d->damaged));
    for (int64_t i = 0; i < count; i++) d->damaged_frames += d->damaged[i];
    return status_ok();
}

static Status read_all(Description *d) {
    const char *path = d->request->path;
    TRY(nxmx_read_frames(d->file, path, &d->notes, &d->frames));
    TRY(nxmx_read_parameters(d->file, path, &d->parameters));
    d->provenance.parameters = d->parameters;
    TRY(nxmx_read_inputs(d->file, &d->provenance));
    TRY(find_parts(d));
    return d->request->verify ? verify(d) : status_ok();
}

/* Numbers of the damaged frames, as the states of frames of which only these are complete. */
static Status judge(const Description *d) {
    char ranges[400] = "";
    if (d->damaged_frames == 0) return status_ok();
    for (int64_t i = 0; i < range_length(d->frames.range); i++) {
        const size_t used = strlen(ranges);
        if (d->damaged[i] && used + 40 < sizeof ranges)
            (void)snprintf(ranges + used, sizeof ranges - used, "%s%" PRId64, used > 0 ? ", " : "",
                           d->frames.range.begin + i);
    }
    return status_error(STATUS_COMPARISON_FAILED,
                        "%s: %" PRId64 " frames differ from their CRC-32: %s; render them again", d->request->path,
                        d->damaged_frames, ranges);
}

/* ------------------------------------------------------------------------------------------------------------- text */

static const char *state_of_file(const Description *d) {
    if (d->frames.complete < range_length(d->frames.range)) return d->frames.merged ? "frames missing" : "not complete";
    return d->partial ? "complete but for its name; --resume gives it" : "complete";
}

static void print_frames(const Description *d, FILE *out) {
    const NxmxFrames *frames = &d->frames;
    (void)fprintf(out,
                  "file       %s (%s%s)\n"
                  "images     %" PRId64 " x %" PRId64 " pixels (slow x fast), %s%s\n"
                  "frames     %" PRId64 ":%" PRId64 " of a sweep of %" PRId64 "\n",
                  d->request->path, frames->merged ? "merged, " : "", state_of_file(d), frames->slow_pixels,
                  frames->fast_pixels, frames->counts ? "int32 counts" : "float32 expected photons",
                  frames->twin ? ", float32 expected photons beside them" : "", frames->range.begin, frames->range.end,
                  frames->sweep_frames);
    frame_report(out, frames->states, range_length(frames->range), frames->range.begin);
    for (int i = 0; i < d->notes.count; i++) (void)fprintf(out, "           %s\n", d->notes.text[i]);
    if (d->damaged != NULL)
        (void)fprintf(out, "verified   %" PRId64 " frames, %" PRId64 " damaged\n", frames->complete, d->damaged_frames);
}

static void print_parameters(const Description *d, FILE *out) {
    (void)fputs("parameters given\n", out);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters_is_given(d->parameters, i))
            (void)fprintf(out, "  %s = %s  (%s)\n", parameters_row(i)->public_name, d->parameters->state[i].text,
                          d->parameters->state[i].origin);
    if (d->provenance.inputs > 0) (void)fputs("inputs\n", out);
    for (int i = 0; i < d->provenance.inputs; i++) {
        const InputFile *input = &d->provenance.input[i];
        (void)fprintf(out, "  %s  %s  %" PRId64 " bytes, sha256 %s\n", parameters_row(input->row)->public_name,
                      input->path, input->bytes, input->checksum);
    }
}

static void print_session(const NxmxSession *session, FILE *out) {
    (void)fprintf(out, "  %d  %s to %s, %d ranks x %d threads, first on %s", session->index, session->start_time,
                  *session->end_time ? session->end_time : "(killed, or still at work)", session->ranks,
                  session->threads, session->hostname);
    if (*session->slurm_job_id) (void)fprintf(out, ", SLURM job %s", session->slurm_job_id);
    if (*session->slurm_array_task_id) (void)fprintf(out, " task %s", session->slurm_array_task_id);
    (void)fprintf(out, "\n     tessera %s (%.12s, %s, %s%s%s)\n     %s\n", session->version, session->git_hash,
                  session->compiler, session->kernels, *session->kernels != '\0' ? " on " : "",
                  session->kernel_instructions, session->command_line);
}

static Status print_sessions(hid_t group, const void *context) {
    FILE *out = *(FILE *const *)context;
    NxmxSession session;
    bool found = true;
    for (int i = 1; found; i++) {
        TRY(nxmx_read_session(group, i, &session, &found));
        if (found) print_session(&session, out);
    }
    return status_ok();
}

static void path_of_part(int index, char *path) {
    char name[NXMX_WORD_BYTES];
    nxmx_part_name(index, name);
    (void)snprintf(path, 2 * NXMX_WORD_BYTES, "%s/%s", PROVENANCE_PARTS, name);
}

static Status print_parts(const Description *d, FILE *out) {
    for (int i = 0; i < d->parts; i++) {
        char path[2 * NXMX_WORD_BYTES];
        NxmxPart part;
        TRY(nxmx_read_part(d->file, i + 1, &part));
        (void)fprintf(out, "part %d     %s, frames %" PRId64 ":%" PRId64 ", %" PRId64 " complete%s\n", i + 1,
                      part.file_name, part.range.begin, part.range.end, part.complete,
                      d->lost_part[i] ? "; NOT THERE any more: bring it back, or merge again" : "");
        path_of_part(i + 1, path);
        TRY(hdf5_use_group(d->file, path, print_sessions, &out));
    }
    return status_ok();
}

static Status print_text(const Description *d, FILE *out) {
    char notes[NOTES_MOST * NOTE_BYTES] = "";
    print_frames(d, out);
    print_parameters(d, out);
    if (d->parts > 0) return print_parts(d, out);
    TRY(hdf5_read_text(d->file, "/entry/simulation/notes/data", sizeof notes, notes));
    if (*notes != '\0') (void)fprintf(out, "notes\n%s\n", notes);
    (void)fputs("sessions\n", out);
    return hdf5_use_group(d->file, "/entry/simulation", print_sessions, &out);
}

/* ------------------------------------------------------------------------------------------------------------- JSON */

static void put_ranges(JsonWriter *json, const char *name, const uint8_t *states, Range frames, bool complete) {
    const int64_t count = range_length(frames);
    json_open_group(json, name, '[');
    for (Range run = nxmx_next_run(states, count, 0, complete); range_length(run) > 0;
         run = nxmx_next_run(states, count, run.end, complete)) {
        json_open_group(json, NULL, '[');
        json_put_integer(json, NULL, frames.begin + run.begin);
        json_put_integer(json, NULL, frames.begin + run.end);
        json_close_group(json, ']');
    }
    json_close_group(json, ']');
}

static void put_frames(const Description *d, JsonWriter *json) {
    const NxmxFrames *frames = &d->frames;
    json_put_text(json, "file", d->request->path);
    json_put_flag(json, "merged", frames->merged);
    json_put_flag(json, "complete", frames->complete == range_length(frames->range));
    json_put_text(json, "images", frames->counts ? "counts" : "expected");
    json_put_flag(json, "expected_photons_beside", frames->twin);
    json_put_integer(json, "slow_pixels", frames->slow_pixels);
    json_put_integer(json, "fast_pixels", frames->fast_pixels);
    json_put_integer(json, "first_frame", frames->range.begin);
    json_put_integer(json, "frames", range_length(frames->range));
    json_put_integer(json, "sweep_frames", frames->sweep_frames);
    json_put_integer(json, "complete_frames", frames->complete);
    put_ranges(json, "complete_ranges", frames->states, frames->range, true);
    put_ranges(json, "missing_ranges", frames->states, frames->range, false);
    if (d->damaged == NULL) return;
    json_open_group(json, "damaged_frames", '[');
    for (int64_t i = 0; i < range_length(frames->range); i++)
        if (d->damaged[i]) json_put_integer(json, NULL, frames->range.begin + i);
    json_close_group(json, ']');
    json_open_group(json, "lost_data_files", '[');
    for (int i = 0; i < d->notes.count; i++) json_put_text(json, NULL, d->notes.text[i]);
    json_close_group(json, ']');
}

static void put_parameters(const Description *d, JsonWriter *json) {
    json_open_group(json, "parameters_given", '{');
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters_is_given(d->parameters, i))
            json_put_text(json, parameters_row(i)->public_name, d->parameters->state[i].text);
    json_close_group(json, '}');
    json_open_group(json, "inputs", '[');
    for (int i = 0; i < d->provenance.inputs; i++) {
        const InputFile *input = &d->provenance.input[i];
        json_open_group(json, NULL, '{');
        json_put_text(json, "parameter", parameters_row(input->row)->public_name);
        json_put_text(json, "name", input->path);
        json_put_integer(json, "bytes", input->bytes);
        json_put_text(json, "sha256", input->checksum);
        json_close_group(json, '}');
    }
    json_close_group(json, ']');
}

static void put_session(const NxmxSession *session, JsonWriter *json) {
    json_open_group(json, NULL, '{');
    json_put_integer(json, "index", session->index);
    json_put_text(json, "start_time", session->start_time);
    json_put_text(json, "end_time", session->end_time);
    json_put_text(json, "version", session->version);
    json_put_text(json, "git_hash", session->git_hash);
    json_put_text(json, "compiler", session->compiler);
    json_put_text(json, "kernels", session->kernels);
    json_put_text(json, "kernel_instructions", session->kernel_instructions);
    json_put_text(json, "hostname", session->hostname);
    json_put_integer(json, "ranks", session->ranks);
    json_put_integer(json, "threads", session->threads);
    json_put_text(json, "slurm_job_id", session->slurm_job_id);
    json_put_text(json, "slurm_array_task_id", session->slurm_array_task_id);
    json_put_text(json, "command_line", session->command_line);
    json_close_group(json, '}');
}

static Status put_sessions(hid_t group, const void *context) {
    JsonWriter *json = *(JsonWriter *const *)context;
    NxmxSession session;
    bool found = true;
    json_open_group(json, "sessions", '[');
    for (int i = 1; found; i++) {
        TRY(nxmx_read_session(group, i, &session, &found));
        if (found) put_session(&session, json);
    }
    json_close_group(json, ']');
    return status_ok();
}

static Status put_parts(const Description *d, JsonWriter *json) {
    json_open_group(json, "parts", '[');
    for (int i = 0; i < d->parts; i++) {
        char path[2 * NXMX_WORD_BYTES];
        NxmxPart part;
        TRY(nxmx_read_part(d->file, i + 1, &part));
        json_open_group(json, NULL, '{');
        json_put_text(json, "file_name", part.file_name);
        json_put_flag(json, "is_there", !d->lost_part[i]);
        json_put_integer(json, "first_frame", part.range.begin);
        json_put_integer(json, "frames", range_length(part.range));
        json_put_integer(json, "complete_frames", part.complete);
        path_of_part(i + 1, path);
        TRY(hdf5_use_group(d->file, path, put_sessions, &json));
        json_close_group(json, '}');
    }
    json_close_group(json, ']');
    return status_ok();
}

static Status print_json(const Description *d, FILE *out) {
    JsonWriter json = {.file = out}, *writer = &json;
    json_open_group(&json, NULL, '{');
    put_frames(d, &json);
    put_parameters(d, &json);
    TRY(d->parts > 0 ? put_parts(d, &json) : hdf5_use_group(d->file, "/entry/simulation", put_sessions, &writer));
    json_close_group(&json, '}');
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- YAML */

/* One input's copy in the file, on its way to a folder. */
typedef struct CopiedInput {
    const char *path; /* of the new file */
    const InputFile *input;
} CopiedInput;

static Status write_bytes(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "wbx");
    bool written = file != NULL && fwrite(bytes, 1, count, file) == count;
    if (file != NULL) written = fclose(file) == 0 && written;
    return written ? status_ok() : status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", path, strerror(errno));
}

/* Text has a final zero in the file that its original had not. */
static Status write_copy(hid_t note, const void *context) {
    const CopiedInput *copied = context;
    const size_t bytes = (size_t)copied->input->bytes;
    char checksum[SHA256_TEXT_BYTES];
    char *data = calloc(bytes + 1, 1);
    hid_t set = H5I_INVALID_HID;
    int64_t values = 0;
    Status status = hdf5_count(note, "data", &values);
    if (status_is_ok(status)) status = hdf5_inside_open(note, "data", &set);
    const hid_t type = set < 0 ? H5I_INVALID_HID : H5Dget_type(set);
    const size_t stored = type < 0 ? 0 : H5Tget_size(type);
    if (status_is_ok(status) && (data == NULL || values != 1 || (stored != bytes && stored != bytes + 1)))
        status = status_error(STATUS_BAD_FILE, "the copy of %s has not its %zu bytes", copied->input->path, bytes);
    if (status_is_ok(status) && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        status = hdf5_error(STATUS_BAD_FILE, "read", "the copy of an input file");
    if (type >= 0) (void)H5Tclose(type);
    if (set >= 0) (void)H5Dclose(set);
    if (status_is_ok(status)) sha256_of_bytes(data, bytes, checksum);
    if (status_is_ok(status) && strcmp(checksum, copied->input->checksum) != 0)
        status =
            status_error(STATUS_BAD_FILE, "the copy of %s is damaged: its SHA-256 is another", copied->input->path);
    if (status_is_ok(status)) status = write_bytes(copied->path, data, bytes);
    free(data);
    return status;
}

/* Writes the copy of one input, where the file has one, and names it in the parameters. */
static Status extract(Description *d, const char *folder, const InputFile *input) {
    char group[PROVENANCE_INPUT_NAME_BYTES], note[PROVENANCE_INPUT_NAME_BYTES + 32];
    char data[sizeof note + 8], path[PARAMETER_TEXT_BYTES];
    const ParameterRow *row = parameters_row(input->row);
    const char *slash = strrchr(input->path, '/');
    provenance_input_name(input->row, group);
    (void)snprintf(note, sizeof note, "/entry/simulation/%s", group);
    (void)snprintf(data, sizeof data, "%s/data", note);
    if (input->bytes > 0 && !hdf5_has(d->file, data)) return status_ok();
    const int written = snprintf(path, sizeof path, "%s/%s_%s_%s", folder, row->section, row->name,
                                 slash != NULL ? slash + 1 : input->path);
    if (written >= (int)sizeof path)
        return status_error(STATUS_BAD_PARAMETER, "the name of folder %.200s is too long", folder);
    const CopiedInput copied = {.path = path, .input = input};
    TRY(input->bytes == 0 ? write_bytes(path, "", 0) : hdf5_use_group(d->file, note, write_copy, &copied));
    return parameters_set(d->parameters, row->public_name, path, "tessera describe");
}

static Status extract_all(Description *d) {
    char *folder = absolute_path(d->request->inputs);
    Status status = folder == NULL ? status_error(STATUS_OUTPUT_FAILED, "folder %s: %s; make it first: mkdir -p %s",
                                                  d->request->inputs, strerror(errno), d->request->inputs)
                                   : status_ok();
    for (int i = 0; status_is_ok(status) && i < d->provenance.inputs; i++)
        status = extract(d, folder, &d->provenance.input[i]);
    free(folder);
    return status;
}

static Status print_yaml(Description *d, FILE *out) {
    const Range range = d->frames.range;
    char frames[64] = "";
    if (range.begin != 0 || range.end != d->frames.sweep_frames)
        (void)snprintf(frames, sizeof frames, "%" PRId64 ":%" PRId64, range.begin, range.end);
    TRY(parameters_set(d->parameters, "run.output", "", "tessera describe"));
    TRY(parameters_set(d->parameters, "run.frames", frames, "tessera describe"));
    if (d->request->inputs != NULL) TRY(extract_all(d));
    (void)fputs("# Renders the same images: tessera simulate THIS.yaml --output NEW.nxs\n", out);
    if (d->provenance.inputs > 0)
        (void)fputs("# Names of files that begin without / count from the folder of this file.\n", out);
    for (int i = 0; i < d->provenance.inputs; i++)
        (void)fprintf(out, "# %s: sha256 %s\n", parameters_row(d->provenance.input[i].row)->public_name,
                      d->provenance.input[i].checksum);
    return run_file_print(out, d->parameters, NULL)
               ? status_ok()
               : status_error(STATUS_OUTPUT_FAILED, "the run file cannot be printed: %s", strerror(errno));
}

/* ------------------------------------------------------------------------------------------------------------------ */

static Status print(Description *d, FILE *out) {
    switch (d->request->form) {
    case DESCRIBE_TEXT:
        return print_text(d, out);
    case DESCRIBE_JSON:
        return print_json(d, out);
    case DESCRIBE_YAML:
        return print_yaml(d, out);
    }
    return status_ok();
}

static void release(Description *d) {
    nxmx_frames_free(&d->frames);
    parameters_destroy(&d->parameters);
    free(d->lost_part);
    free(d->damaged);
    (void)hdf5_close_file(d->request->path, &d->file);
}

Status describe_nxmx(const DescribeRequest *request, FILE *out) {
    static const char partial[] = ".partial";
    const size_t length = strlen(request->path), ending = sizeof partial - 1;
    Description *d = calloc(1, sizeof *d);
    if (d == NULL) return status_error(STATUS_NO_MEMORY, "no memory to describe %s", request->path);
    d->request = request;
    d->partial = length > ending && strcmp(request->path + length - ending, partial) == 0;
    Status status = nxmx_open(request->path, &d->file);
    if (status_is_ok(status)) status = read_all(d);
    if (status_is_ok(status)) status = print(d, out);
    if (status_is_ok(status)) status = judge(d);
    release(d);
    free(d);
    return status;
}
