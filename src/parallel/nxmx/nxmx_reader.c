#include "nxmx/nxmx_reader.h"

#include "base/size.h"
#include "base/text.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/hdf5_parts.h"
#include "nxmx/data_files.h"
#include "nxmx/frame_record.h"
#include "nxmx/nxmx.h"
#include "nxmx/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

Status nxmx_open(const char *path, hid_t *file) {
    struct stat info;
    *file = H5I_INVALID_HID;
    hdf5_prepare();
    if (stat(path, &info) != 0) return status_error(STATUS_BAD_FILE, "cannot read %s: %s", path, strerror(errno));
    const Status opened = hdf5_open_file(path, false, file);
    if (!status_is_ok(opened))
        return status_error(STATUS_BAD_FILE, "%s cannot be read as HDF5: %.500s", path, opened.message);
    Status status = hdf5_inside_check_file(*file, path);
    const bool ours = status_is_ok(status) && hdf5_has(*file, "/entry") && hdf5_has(*file, "/entry/simulation") &&
                      hdf5_inside_is_ours(*file);
    if (ours) return status;
    (void)hdf5_close_file(path, file);
    return status_first(status, status_error(STATUS_BAD_FILE, "%s was not written by tessera, or is damaged", path));
}

/* ----------------------------------------------------------------------------------------------------------- frames */

void nxmx_frames_free(NxmxFrames *frames) {
    free(frames->states);
    free(frames->crc32);
    frames->states = NULL;
    frames->crc32 = NULL;
}

static Status read_images_shape(hid_t file, NxmxFrames *frames) {
    hsize_t length[3] = {0, 0, 0};
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(file, NXMX_IMAGES, &dataset));
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    const bool is_block = space >= 0 && type >= 0 && H5Sget_simple_extent_ndims(space) == 3 &&
                          H5Sget_simple_extent_dims(space, length, NULL) == 3 && length[0] <= INT32_MAX &&
                          length[1] <= INT32_MAX && length[2] <= INT32_MAX &&
                          size_fits_image((int64_t)length[1], (int64_t)length[2]);
    frames->counts = is_block && H5Tget_class(type) == H5T_INTEGER;
    frames->slow_pixels = (int64_t)length[1];
    frames->fast_pixels = (int64_t)length[2];
    frames->range = (Range){0, (int64_t)length[0]};
    if (type >= 0) (void)H5Tclose(type);
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return is_block ? status_ok() : status_error(STATUS_BAD_FILE, "%s is no list of images", NXMX_IMAGES);
}

/* The numbers ascend by one: only the first is kept. */
static Status read_numbers(hid_t group, NxmxFrames *frames) {
    const int64_t count = range_length(frames->range);
    int64_t *numbers = malloc((size_t)count * sizeof *numbers);
    if (numbers == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the numbers of %" PRId64 " frames", count);
    Status status = hdf5_read(group, "number", H5T_NATIVE_INT64, count, numbers);
    for (int64_t i = 0; status_is_ok(status) && i < count; i++)
        if (numbers[i] < i || numbers[i] > INT32_MAX || numbers[i] - i != numbers[0])
            status = status_error(STATUS_BAD_FILE, "frame %" PRId64 " has number %" PRId64, i, numbers[i]);
    if (status_is_ok(status)) frames->range = (Range){numbers[0], numbers[0] + count};
    free(numbers);
    return status;
}

static Status read_table(hid_t group, const void *context) {
    NxmxFrames *frames = *(NxmxFrames *const *)context;
    const int64_t count = range_length(frames->range);
    int32_t sweep_frames = 0;
    TRY(hdf5_read_attribute_int32(group, ".", "sweep_frames", &sweep_frames));
    frames->sweep_frames = sweep_frames;
    TRY(read_numbers(group, frames));
    TRY(hdf5_read(group, "status", H5T_NATIVE_UINT8, count, frames->states));
    TRY(hdf5_read(group, "crc32", H5T_NATIVE_UINT32, count, frames->crc32));
    return status_ok();
}

static Status read_frames(hid_t file, const char *path, Notes *notes, NxmxFrames *frames) {
    TRY(read_images_shape(file, frames));
    const int64_t count = range_length(frames->range);
    if (count < 1) return status_error(STATUS_BAD_FILE, "it has no frames");
    frames->twin = hdf5_has(file, "/entry/simulation/images");
    frames->merged = hdf5_has(file, PROVENANCE_PARTS);
    frames->states = calloc((size_t)count, sizeof *frames->states);
    frames->crc32 = calloc((size_t)count, sizeof *frames->crc32);
    if (frames->states == NULL || frames->crc32 == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the states of %" PRId64 " frames", count);
    TRY(hdf5_use_group(file, "/entry/simulation/frames", read_table, &frames));
    TRY(data_files_check(file, path, count, frames->states, frames->crc32, notes));
    for (int64_t i = 0; i < count; i++) frames->complete += frames->states[i] == FRAME_COMPLETE;
    return status_ok();
}

Status nxmx_read_frames(hid_t file, const char *path, Notes *notes, NxmxFrames *frames) {
    *frames = (NxmxFrames){.states = NULL};
    const Status status = read_frames(file, path, notes, frames);
    if (status_is_ok(status)) return status;
    nxmx_frames_free(frames);
    return status_error(status.code, "%s: %.700s", path, status.message);
}

Range nxmx_next_run(const uint8_t *states, int64_t count, int64_t from, bool complete) {
    Range run = {from, from};
    while (run.begin < count && (states[run.begin] == FRAME_COMPLETE) != complete) run.begin++;
    run.end = run.begin;
    while (run.end < count && (states[run.end] == FRAME_COMPLETE) == complete) run.end++;
    return run;
}

/* ------------------------------------------------------------------------------------------------------- parameters */

/* A row that this file, made by an older version, does not know is what that version did, or keeps its default. */
static Status read_parameter(hid_t group, int index, Parameters *parameters) {
    const char *public_name = parameters_row(index)->public_name;
    char name[PARAMETER_NAME_BYTES], text[PARAMETER_TEXT_BYTES] = "", origin[PARAMETER_ORIGIN_BYTES] = "";
    int32_t given = 0;
    bool same = false;
    if (!provenance_recorded_name(group, index, name)) {
        const char *earlier = parameters_row(index)->before;
        return earlier == NULL ? status_ok() : parameters_set(parameters, public_name, earlier, "an earlier revision");
    }
    TRY(hdf5_read_attribute_text(group, name, "user_text", sizeof text, text));
    TRY(hdf5_read_attribute_text(group, name, "origin", sizeof origin, origin));
    TRY(hdf5_read_attribute_int32(group, name, "given", &given));
    TRY(parameters_set(parameters, public_name, text, origin));
    parameters->state[index].given = given != 0;
    TRY(provenance_same_value(group, parameters, index, &same));
    if (same) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s is \"%.200s\", which this version of tessera takes for another value",
                        name, text);
}

static Status read_parameters(hid_t group, const void *context) {
    for (int i = 0; i < PARAMETER_COUNT; i++) TRY(read_parameter(group, i, *(Parameters *const *)context));
    return status_ok();
}

Status nxmx_read_parameters(hid_t file, const char *path, Parameters **parameters) {
    TRY(parameters_create(parameters));
    const Status status = hdf5_use_group(file, "/entry/simulation/parameters", read_parameters, parameters);
    if (status_is_ok(status)) return status;
    parameters_destroy(parameters);
    return status_error(STATUS_BAD_FILE, "the parameters of %s: %.700s", path, status.message);
}

static Status read_input(hid_t note, const void *context) {
    InputFile *input = *(InputFile *const *)context;
    TRY(hdf5_read_text(note, "checksum", sizeof input->checksum, input->checksum));
    TRY(hdf5_read(note, "bytes", H5T_NATIVE_INT64, 1, &input->bytes));
    if (input->bytes >= 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "an input file has %" PRId64 " bytes", input->bytes);
}

Status nxmx_read_inputs(hid_t file, Provenance *provenance) {
    provenance->inputs = 0;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        char name[PROVENANCE_INPUT_NAME_BYTES], path[PROVENANCE_INPUT_NAME_BYTES + 32];
        InputFile *input = &provenance->input[provenance->inputs];
        if (parameters_row(i)->type != PARAMETER_TYPE_FILE) continue;
        provenance_input_name(i, name);
        (void)snprintf(path, sizeof path, "/entry/simulation/%s", name);
        if (!hdf5_has(file, path)) continue;
        *input = (InputFile){.row = i, .path = provenance->parameters->state[i].text};
        TRY(hdf5_use_group(file, path, read_input, &input));
        provenance->inputs++;
    }
    return status_ok();
}

/* --------------------------------------------------------------------------------------------------------- sessions */

static Status read_session(SessionPlace place, NxmxSession *session) {
    const struct {
        const char *name;
        size_t bytes;
        char *text;
    } words[] = {{"start_time", sizeof session->start_time, session->start_time},
                 {"end_time", sizeof session->end_time, session->end_time},
                 {"version", sizeof session->version, session->version},
                 {"git_hash", sizeof session->git_hash, session->git_hash},
                 {"compiler", sizeof session->compiler, session->compiler},
                 {"kernels", sizeof session->kernels, session->kernels},
                 {"kernel_instructions", sizeof session->kernel_instructions, session->kernel_instructions},
                 {"hostname", sizeof session->hostname, session->hostname},
                 {"slurm_job_id", sizeof session->slurm_job_id, session->slurm_job_id},
                 {"slurm_array_task_id", sizeof session->slurm_array_task_id, session->slurm_array_task_id},
                 {"command_line", sizeof session->command_line, session->command_line}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        session_word(place, words[i].name, words[i].bytes, words[i].text);
    if (place.row != HDF5_ALONE)
        TRY(hdf5_read_rows(place.group, "sequence_index", place.row, 1, H5T_NATIVE_INT32, &session->index));
    TRY(hdf5_read_rows(place.group, "mpi_ranks", place.row, 1, H5T_NATIVE_INT32, &session->ranks));
    return hdf5_read_rows(place.group, "omp_threads", place.row, 1, H5T_NATIVE_INT32, &session->threads);
}

Status nxmx_read_session(hid_t group, int index, NxmxSession *session, bool *found) {
    SessionPlace place;
    *session = (NxmxSession){.index = index};
    *found = session_open(group, index, &place);
    if (!*found) return status_ok();
    const Status status = read_session(place, session);
    session_close(&place);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ parts */

static Status count_links(hid_t group, const void *context) {
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0) return hdf5_error(STATUS_BAD_FILE, "read", PROVENANCE_PARTS);
    **(int *const *)context = (int)info.nlinks;
    return status_ok();
}

int nxmx_parts(hid_t file) {
    int parts = 0, *counted = &parts;
    if (!hdf5_has(file, PROVENANCE_PARTS)) return 0;
    return status_is_ok(hdf5_use_group(file, PROVENANCE_PARTS, count_links, &counted)) ? parts : 0;
}

void nxmx_part_name(int index, char *name) {
    (void)snprintf(name, NXMX_WORD_BYTES, "part_%06d", index);
}

static Status read_part(hid_t group, const void *context) {
    NxmxPart *part = *(NxmxPart *const *)context;
    int64_t frames = 0;
    TRY(hdf5_read_text(group, "file_name", sizeof part->file_name, part->file_name));
    TRY(hdf5_read(group, "first_frame", H5T_NATIVE_INT64, 1, &part->range.begin));
    TRY(hdf5_read(group, "frames", H5T_NATIVE_INT64, 1, &frames));
    if (part->range.begin < 0 || part->range.begin > INT32_MAX || frames < 0 || frames > INT32_MAX)
        return status_error(STATUS_BAD_FILE, "part %s has no frames that there could be", part->file_name);
    part->range.end = part->range.begin + frames;
    return hdf5_read(group, "complete_frames", H5T_NATIVE_INT64, 1, &part->complete);
}

Status nxmx_read_part(hid_t file, int index, NxmxPart *part) {
    char name[NXMX_WORD_BYTES], path[NXMX_WORD_BYTES + 32];
    nxmx_part_name(index, name);
    (void)snprintf(path, sizeof path, "%s/%s", PROVENANCE_PARTS, name);
    *part = (NxmxPart){.complete = 0};
    return hdf5_use_group(file, path, read_part, &part);
}

/* ----------------------------------------------------------------------------------------------------------- verify */

static uint32_t checksum(const unsigned char *bytes, size_t count) {
    enum { AT_ONCE = 1 << 30 }; /* zlib counts in unsigned int */
    uLong sum = crc32(0, NULL, 0);
    for (size_t done = 0; done < count;) {
        const size_t some = count - done < AT_ONCE ? count - done : AT_ONCE;
        sum = crc32(sum, bytes + done, (uInt)some);
        done += some;
    }
    return (uint32_t)sum;
}

static Status verify_frame(hid_t dataset, const NxmxFrames *frames, int64_t slot, void *pixels, bool *same) {
    const hsize_t start[3] = {(hsize_t)slot, 0, 0};
    const hsize_t count[3] = {1, (hsize_t)frames->slow_pixels, (hsize_t)frames->fast_pixels};
    const hid_t space = H5Dget_space(dataset);
    const hid_t memory = H5Screate_simple(3, count, NULL);
    const bool read =
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
        H5Dread(dataset, frames->counts ? H5T_NATIVE_INT32 : H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, pixels) >= 0;
    const Status status = read ? status_ok() : hdf5_error(STATUS_BAD_FILE, "read", NXMX_IMAGES);
    *same = read && checksum(pixels, 4 * (size_t)(frames->slow_pixels * frames->fast_pixels)) == frames->crc32[slot];
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

Status nxmx_verify(hid_t file, const char *path, const NxmxFrames *frames, uint8_t *damaged) {
    void *pixels = malloc(4 * (size_t)(frames->slow_pixels * frames->fast_pixels));
    hid_t dataset = H5I_INVALID_HID;
    Status status = pixels == NULL ? status_error(STATUS_NO_MEMORY, "no memory for a frame") : status_ok();
    if (status_is_ok(status)) status = hdf5_inside_open(file, NXMX_IMAGES, &dataset);
    if (status_is_ok(status)) status = hdf5_parts_check_filters(dataset, path);
    for (int64_t slot = 0; status_is_ok(status) && slot < range_length(frames->range); slot++) {
        bool same = true;
        if (frames->states[slot] == FRAME_COMPLETE) status = verify_frame(dataset, frames, slot, pixels, &same);
        damaged[slot] = same ? 0 : 1;
    }
    if (dataset >= 0) (void)H5Dclose(dataset);
    free(pixels);
    return status;
}
