/* What the writer promises: pixels, states, resumes, refusals. The same on 1, 2, 3 and 4 ranks. */
#include "base/sha256.h"
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"
#include "nxmx/nxmx_reader.h"
#include "nxmx/session.h"

#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

static const char output[] = "writer.nxs";
static const char partial[] = "writer.nxs.partial";
static const Range all_frames = {0, FAKE_COUNT};

/* ---------------------------------------------------------------------------------------------------------- helpers */

static bool exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* A clean folder for a test. */
static void remove_outputs(void) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) (void)unlink(output);
    if (fake_rank() == 0) (void)unlink(partial);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void finish_test(FakeRun *run) {
    fake_run_destroy(run);
    remove_outputs();
}

static void digest(const char *path, char *text) {
    MPI_Barrier(MPI_COMM_WORLD);
    text[0] = '\0';
    (void)sha256_of_file(path, text);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* False, and a failure of the test, when the file cannot be opened: leaving the test would leave other ranks waiting.
 */
static bool opens(const char *path, hid_t *file) {
    const Status status = hdf5_open_file(path, false, file);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    return status_is_ok(status);
}

static void check_pixels(const char *path, const char *dataset, Range frames, int64_t written, int32_t added) {
    static int64_t pixels[FAKE_COUNT][FAKE_SLOW][FAKE_FAST];
    const int64_t count = range_length(frames) * FAKE_SLOW * FAKE_FAST;
    hid_t file = H5I_INVALID_HID;
    int64_t wrong = 0;
    if (fake_rank() != 0 || !opens(path, &file)) return;
    CU_ASSERT(status_is_ok(hdf5_read(file, dataset, H5T_NATIVE_INT64, count, pixels)));
    for (int64_t i = 0; i < range_length(frames); i++)
        for (int64_t s = 0; s < FAKE_SLOW; s++)
            for (int64_t f = 0; f < FAKE_FAST; f++)
                wrong += pixels[i][s][f] != (i < written ? fake_pixel(frames.begin + i, s, f) + added : -1);
    UNIT_CHECK(wrong == 0, "%lld pixels of %s are wrong", (long long)wrong, dataset);
    (void)hdf5_close_file(path, &file);
}

/* The first @p complete frames are complete, the others absent. */
static void check_states(const char *path, int64_t frames, int64_t complete) {
    uint8_t states[FAKE_COUNT];
    hid_t file = H5I_INVALID_HID;
    if (fake_rank() != 0 || !opens(path, &file)) return;
    CU_ASSERT(status_is_ok(hdf5_read(file, "/entry/simulation/frames/status", H5T_NATIVE_UINT8, frames, states)));
    for (int64_t i = 0; i < frames; i++) CU_ASSERT_EQUAL(states[i], i < complete ? FRAME_COMPLETE : FRAME_ABSENT);
    (void)hdf5_close_file(path, &file);
}

static bool has(const char *path, const char *item) {
    hid_t file = H5I_INVALID_HID;
    if (fake_rank() != 0) return true;
    if (!opens(path, &file)) return false;
    const bool found = hdf5_has(file, item);
    (void)hdf5_close_file(path, &file);
    return found;
}

/* Number of the last session that a file tells of; 0 where it cannot be read. */
static int last_session(const char *path) {
    hid_t file = H5I_INVALID_HID, simulation = H5I_INVALID_HID;
    int last = 0;
    bool found = fake_rank() == 0 && opens(path, &file);
    if (found) simulation = H5Gopen2(file, "/entry/simulation", H5P_DEFAULT);
    for (int i = 1; found; i++) {
        NxmxSession session;
        found = status_is_ok(nxmx_read_session(simulation, i, &session, &found)) && found;
        if (found) last = session.index;
    }
    if (simulation >= 0) (void)H5Gclose(simulation);
    (void)hdf5_close_file(path, &file);
    MPI_Bcast(&last, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return last;
}

static void run_ok(const FakeRun *run, OutputRequest request, int written, int group_ranks) {
    const Status status = fake_run_whole(run, request, written, group_ranks);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The run is refused with that code, says these words, and leaves the file as it was. */
static void run_refused(const FakeRun *run, OutputRequest request, StatusCode code, const char *file,
                        const char *const *words) {
    char before[SHA256_TEXT_BYTES], after[SHA256_TEXT_BYTES];
    digest(file, before);
    const Status status = fake_run_whole(run, request, FAKE_COUNT, 1);
    digest(file, after);
    FAKE_CHECK(status.code == code);
    for (; *words != NULL; words++)
        UNIT_CHECK(strstr(status.message, *words) != NULL, "\"%s\" is not in: %s", *words, status.message);
    CU_ASSERT_STRING_EQUAL(before, after);
}

static OutputRequest request_of(bool overwrite, bool resume) {
    OutputRequest request = fake_request(output, all_frames);
    request.overwrite = overwrite;
    request.resume = resume;
    return request;
}

/* ----------------------------------------------------------------------------------------------------------- pixels */

static void write_in_groups(OutputImages images, int group_ranks) {
    FakeRun run;
    const bool counts = images != IMAGES_EXPECTED;
    fake_run_create(&run, "still", images);
    run_ok(&run, request_of(true, false), FAKE_COUNT, group_ranks);
    check_pixels(output, "/entry/data/data", all_frames, FAKE_COUNT, counts ? 1 : 0);
    if (images == IMAGES_BOTH)
        check_pixels(output, "/entry/simulation/images/expected_photons", all_frames, FAKE_COUNT, 0);
    check_states(output, FAKE_COUNT, FAKE_COUNT);
    finish_test(&run);
}

static void every_pixel_is_where_it_belongs_when_ranks_share_frames(void) {
    for (int group_ranks = 1; group_ranks <= 4; group_ranks++) write_in_groups(IMAGES_EXPECTED, group_ranks);
}

static void counts_and_photons_both_are_where_they_belong(void) {
    for (int group_ranks = 1; group_ranks <= 4; group_ranks++) write_in_groups(IMAGES_BOTH, group_ranks);
    write_in_groups(IMAGES_COUNTS, 2);
}

/* Slots with gaps in one wave: each run of consecutive ones is a selection of its own. */
static void scattered_frames_are_written_where_they_belong(void) {
    static const int64_t even[] = {0, 2, 3, 6}, odd[] = {1, 4, 5};
    FakeRun run;
    Writer *writer = NULL;
    bool complete = false;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    FAKE_CHECK(status_is_ok(fake_open(&run, request_of(true, false), &writer, &complete)));
    FAKE_CHECK(status_is_ok(fake_write(&run, writer, all_frames, even, 4, 2)));
    FAKE_CHECK(writer_states(writer)[3] == FRAME_COMPLETE && writer_states(writer)[4] == FRAME_ABSENT);
    FAKE_CHECK(status_is_ok(fake_write(&run, writer, all_frames, odd, 3, 3)));
    FAKE_CHECK(status_is_ok(writer_close(&writer, true, NULL, fake_rank_record(), (Patience){NULL, NULL})));
    FAKE_CHECK(writer == NULL);
    check_pixels(output, "/entry/data/data", all_frames, FAKE_COUNT, 0);
    finish_test(&run);
}

static void a_slice_holds_its_own_frames_only(void) {
    FakeRun run;
    OutputRequest request = fake_request(output, (Range){3, 6});
    fake_run_create(&run, "rotation", IMAGES_EXPECTED);
    run_ok(&run, request, 3, 2);
    check_pixels(output, "/entry/data/data", request.frames, 3, 0);
    check_states(output, 3, 3);
    finish_test(&run);
}

static void any_number_of_ranks_writes_the_same_images(void) {
    FakeRun run;
    char whole[SHA256_TEXT_BYTES], shared[SHA256_TEXT_BYTES];
    static float pixels[FAKE_COUNT * FAKE_SLOW * FAKE_FAST];
    char *const digests[] = {whole, shared};
    for (int i = 0; i < 2; i++) {
        hid_t file = H5I_INVALID_HID;
        fake_run_create(&run, "still", IMAGES_EXPECTED);
        run_ok(&run, request_of(true, false), FAKE_COUNT, i == 0 ? 1 : fake_ranks());
        if (opens(output, &file))
            CU_ASSERT(status_is_ok(
                hdf5_read(file, "/entry/data/data", H5T_NATIVE_FLOAT, FAKE_COUNT * FAKE_SLOW * FAKE_FAST, pixels)));
        (void)hdf5_close_file(output, &file);
        sha256_of_bytes(pixels, sizeof pixels, digests[i]);
        finish_test(&run);
    }
    CU_ASSERT_STRING_EQUAL(whole, shared);
}

/* ------------------------------------------------------------------------------------------------- finished or not */

static void a_complete_file_gets_its_name_and_its_end(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    FAKE_CHECK(exists(output) && !exists(partial));
    CU_ASSERT(has(output, "/entry/end_time"));
    finish_test(&run);
}

static void a_growing_file_is_a_partial_and_is_removed_when_it_ends_without_a_frame(void) {
    FakeRun run;
    Writer *writer = NULL;
    bool complete = false;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    FAKE_CHECK(status_is_ok(fake_open(&run, request_of(false, false), &writer, &complete)));
    FAKE_CHECK(!complete && writer != NULL && exists(partial) && !exists(output));
    FAKE_CHECK(status_is_ok(writer_close(&writer, false, &run.plan, fake_rank_record(), (Patience){NULL, NULL})));
    FAKE_CHECK(!exists(partial) && !exists(output));
    finish_test(&run);
}

static void missing_frames_are_minus_one_and_the_file_stays_partial(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_BOTH);
    run_ok(&run, request_of(false, false), 3, 2);
    FAKE_CHECK(exists(partial) && !exists(output));
    check_pixels(partial, "/entry/data/data", all_frames, 3, 1);
    check_pixels(partial, "/entry/simulation/images/expected_photons", all_frames, 3, 0);
    check_states(partial, FAKE_COUNT, 3);
    CU_ASSERT(fake_rank() != 0 || has(partial, "/entry/end_time")); /* empty until the end */
    finish_test(&run);
}

static void all_frames_without_the_word_finished_stay_partial(void) {
    static const int64_t slots[] = {0, 1, 2, 3, 4, 5, 6};
    FakeRun run;
    Writer *writer = NULL;
    bool complete = false;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    FAKE_CHECK(status_is_ok(fake_open(&run, request_of(false, false), &writer, &complete)));
    FAKE_CHECK(status_is_ok(fake_write(&run, writer, all_frames, slots, FAKE_COUNT, 1)));
    FAKE_CHECK(status_is_ok(writer_close(&writer, false, &run.plan, fake_rank_record(), (Patience){NULL, NULL})));
    FAKE_CHECK(exists(partial) && !exists(output));
    check_pixels(partial, "/entry/data/data", all_frames, FAKE_COUNT, 0);
    finish_test(&run);
}

static void closing_nothing_is_no_failure(void) {
    Writer *writer = NULL;
    FAKE_CHECK(status_is_ok(writer_close(&writer, true, NULL, fake_rank_record(), (Patience){NULL, NULL})));
}

/* ---------------------------------------------------------------------------------------------------------- resume */

static void a_resume_keeps_complete_frames_and_adds_the_others(void) {
    static const int64_t rest[] = {3, 4, 5, 6};
    FakeRun run;
    Writer *writer = NULL;
    bool complete = false;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    FAKE_CHECK(status_is_ok(fake_open(&run, request_of(false, true), &writer, &complete)));
    for (int64_t i = 0; i < FAKE_COUNT; i++)
        FAKE_CHECK(writer_states(writer)[i] == (i < 3 ? FRAME_COMPLETE : FRAME_ABSENT));
    FAKE_CHECK(status_is_ok(fake_write(&run, writer, all_frames, rest, 4, 2)));
    FAKE_CHECK(status_is_ok(writer_close(&writer, true, &run.plan, fake_rank_record(), (Patience){NULL, NULL})));
    FAKE_CHECK(exists(output) && !exists(partial));
    check_pixels(output, "/entry/data/data", all_frames, FAKE_COUNT, 0);
    check_states(output, FAKE_COUNT, FAKE_COUNT);
    CU_ASSERT_EQUAL(last_session(output), 2);
    finish_test(&run);
}

static off_t bytes_of(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : -1;
}

static void check_ranks_of_resumes(hid_t file) {
    enum { ROWS = 256 };
    const int ranks = fake_ranks(), resumes = SESSION_RESUMES_MOST;
    int64_t steps[ROWS] = {0};
    int32_t first[SESSION_RESUMES_MOST] = {0}, count[SESSION_RESUMES_MOST] = {0};
    const char *const lists[] = {"first_rank_row", "rank_rows"};
    for (int i = 0; i < 2; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "/entry/simulation/resumes/%s", lists[i]);
        CU_ASSERT(status_is_ok(hdf5_read(file, path, H5T_NATIVE_INT32, resumes, i == 0 ? first : count)));
    }
    CU_ASSERT(
        status_is_ok(hdf5_read_rows(file, "/entry/simulation/resumes/rank_steps", 0, ROWS, H5T_NATIVE_INT64, steps)));
    for (int i = 0; i < resumes; i++) {
        CU_ASSERT(first[i] == i * ranks && count[i] == ranks);
        for (int rank = 0; rank < ranks; rank++) CU_ASSERT_EQUAL(steps[i * ranks + rank], 100 + rank);
    }
}

/* The structure of a file that holds finished frames is not changed, however often it is resumed. */
static void resumes_write_into_their_rows_and_the_last_row_is_of_the_last_one(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    const off_t bytes = bytes_of(partial);
    for (int i = 2; i < SESSION_RESUMES_MOST + 5; i++) {
        Writer *writer = NULL;
        bool complete = false;
        FAKE_CHECK(status_is_ok(fake_open(&run, request_of(false, true), &writer, &complete)));
        CU_ASSERT_EQUAL(last_session(partial), i);
        FAKE_CHECK(status_is_ok(writer_close(&writer, false, &run.plan, fake_rank_record(), (Patience){NULL, NULL})));
        FAKE_CHECK(bytes_of(partial) == bytes);
    }
    hid_t file = H5I_INVALID_HID;
    if (fake_rank() == 0 && opens(partial, &file)) {
        check_ranks_of_resumes(file);
        (void)hdf5_close_file(partial, &file);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    finish_test(&run);
}

static void a_resume_of_nothing_starts(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, true), FAKE_COUNT, 1);
    FAKE_CHECK(exists(output));
    finish_test(&run);
}

static void a_resume_of_the_complete_file_has_nothing_to_do(void) {
    FakeRun run;
    Writer *writer = NULL;
    bool complete = false;
    char before[SHA256_TEXT_BYTES], after[SHA256_TEXT_BYTES];
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    digest(output, before);
    FAKE_CHECK(status_is_ok(fake_open(&run, request_of(false, true), &writer, &complete)));
    FAKE_CHECK(complete && writer == NULL);
    digest(output, after);
    CU_ASSERT_STRING_EQUAL(before, after);
    finish_test(&run);
}

static void a_resume_may_change_what_decides_no_pixel(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    fake_set(&run, "run.tile", "64");
    fake_set(&run, "detector.distance", "10cm"); /* the same 100 mm */
    run_ok(&run, request_of(false, true), FAKE_COUNT, 1);
    FAKE_CHECK(exists(output));
    finish_test(&run);
}

static void a_resume_with_other_parameters_is_refused_with_both_values(void) {
    static const char *const words[] = {"detector.distance", "\"100\"",       "\"120\"", "crystal.shape",
                                        "\"gauss\"",         "2 differences", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    fake_set(&run, "detector.distance", "120");
    fake_set(&run, "crystal.shape", "gauss");
    run_refused(&run, request_of(false, true), STATUS_BAD_PARAMETER, partial, words);
    finish_test(&run);
}

static void a_resume_of_a_complete_file_of_another_run_is_refused(void) {
    static const char *const words[] = {"detector.distance", output, NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    fake_set(&run, "detector.distance", "120");
    run_refused(&run, request_of(false, true), STATUS_BAD_PARAMETER, output, words);
    finish_test(&run);
}

static void a_resume_with_other_frames_is_refused(void) {
    static const char *const words[] = {"range of frames", "\"0:7\"", "\"0:6\"", NULL};
    FakeRun run;
    OutputRequest request = fake_request(output, (Range){0, 6});
    request.resume = true;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    run_refused(&run, request, STATUS_BAD_PARAMETER, partial, words);
    finish_test(&run);
}

static void write_text(const char *path, const char *text) {
    MPI_Barrier(MPI_COMM_WORLD);
    FILE *file = fake_rank() == 0 ? fopen(path, "wb") : NULL;
    if (file != NULL) CU_ASSERT(fputs(text, file) >= 0 && fclose(file) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void a_resume_with_a_changed_input_file_is_refused(void) {
    static const char *const words[] = {"crystal.structure_factors", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    write_text("input.hkl", "0 0 0 1\n");
    write_text("moved.hkl", "0 0 0 1\n");
    fake_set(&run, "crystal.structure_factors", "input.hkl");
    run_ok(&run, request_of(false, false), 3, 1);
    fake_set(&run, "crystal.structure_factors", "moved.hkl"); /* the same contents elsewhere are no change */
    run_ok(&run, request_of(false, true), 3, 1);
    write_text("moved.hkl", "0 0 0 2\n");
    run_refused(&run, request_of(false, true), STATUS_BAD_PARAMETER, partial, words);
    if (fake_rank() == 0) CU_ASSERT(unlink("input.hkl") == 0 && unlink("moved.hkl") == 0);
    finish_test(&run);
}

static void a_resume_of_a_damaged_file_is_refused(void) {
    static const char *const words[] = {partial, "cannot be resumed", "--overwrite", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    write_text(partial, "this is no HDF5 file");
    run_refused(&run, request_of(false, true), STATUS_BAD_FILE, partial, words);
    finish_test(&run);
}

static void a_resume_of_a_foreign_file_is_refused(void) {
    static const char *const words[] = {partial, "was not written by tessera", NULL};
    FakeRun run;
    hid_t file = H5I_INVALID_HID;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    if (fake_rank() == 0) {
        CU_ASSERT(status_is_ok(hdf5_create_file(partial, &file)));
        CU_ASSERT(status_is_ok(hdf5_write_int32(file, "entry", 1)));
        CU_ASSERT(status_is_ok(hdf5_close_file(partial, &file)));
    }
    run_refused(&run, request_of(false, true), STATUS_BAD_FILE, partial, words);
    finish_test(&run);
}

/* --------------------------------------------------------------------------------------------------------- refusals */

static void a_complete_file_is_not_replaced_unasked(void) {
    static const char *const words[] = {output, "--overwrite", "--resume", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    run_refused(&run, request_of(false, false), STATUS_BAD_PARAMETER, output, words);
    FAKE_CHECK(!exists(partial));
    finish_test(&run);
}

static void a_partial_file_is_not_replaced_unasked(void) {
    static const char *const words[] = {partial, "--overwrite", "--resume", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), 3, 1);
    run_refused(&run, request_of(false, false), STATUS_BAD_PARAMETER, partial, words);
    finish_test(&run);
}

static void overwrite_keeps_the_old_file_until_the_new_one_is_complete(void) {
    FakeRun run;
    char before[SHA256_TEXT_BYTES], after[SHA256_TEXT_BYTES];
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    digest(output, before);
    fake_set(&run, "detector.distance", "120");
    run_ok(&run, request_of(true, false), 3, 1);
    digest(output, after);
    CU_ASSERT_STRING_EQUAL(before, after);
    FAKE_CHECK(exists(partial));
    run_ok(&run, request_of(true, false), FAKE_COUNT, 1);
    digest(output, after);
    CU_ASSERT_STRING_NOT_EQUAL(before, after);
    FAKE_CHECK(!exists(partial));
    finish_test(&run);
}

static void overwrite_and_resume_go_on_with_the_partial(void) {
    static const char *const words[] = {"both", "--overwrite", NULL};
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run_ok(&run, request_of(false, false), FAKE_COUNT, 1);
    run_ok(&run, request_of(true, false), 3, 1);
    run_refused(&run, request_of(false, true), STATUS_BAD_PARAMETER, partial, words);
    run_ok(&run, request_of(true, true), FAKE_COUNT, 1);
    FAKE_CHECK(exists(output) && !exists(partial));
    CU_ASSERT_EQUAL(last_session(output), 2);
    finish_test(&run);
}

/* ------------------------------------------------------------------------------------------------ failures to write */

static void check_output_fails(const char *path, const char *word) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    const Status status = fake_run_whole(&run, fake_request(path, all_frames), FAKE_COUNT, 1);
    FAKE_CHECK(status.code == STATUS_OUTPUT_FAILED);
    UNIT_CHECK(strstr(status.message, word) != NULL, "\"%s\" is not in: %s", word, status.message);
    fake_run_destroy(&run);
}

static void a_missing_folder_is_named_with_a_remedy(void) {
    check_output_fails("no/such/folder/x.nxs", "mkdir -p no/such/folder");
}

static void a_folder_that_is_a_file_is_named(void) {
    write_text("file.txt", "x");
    check_output_fails("file.txt/x.nxs", "file.txt");
    if (fake_rank() == 0) CU_ASSERT(unlink("file.txt") == 0);
}

static void a_folder_in_the_place_of_the_file_is_refused(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    remove_outputs();
    if (fake_rank() == 0) CU_ASSERT(mkdir(output, 0777) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    const Status status = fake_run_whole(&run, request_of(true, false), FAKE_COUNT, 1);
    FAKE_CHECK(status.code == STATUS_BAD_PARAMETER && !exists(partial));
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) CU_ASSERT(rmdir(output) == 0);
    finish_test(&run);
}

static void a_disk_without_room_is_refused_with_both_numbers(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run.experiment.detector.slow_pixels = run.experiment.detector.fast_pixels = 1 << 24;
    const Status status = fake_run_whole(&run, request_of(false, false), 0, 1);
    FAKE_CHECK(status.code == STATUS_OUTPUT_FAILED && !exists(partial));
    CU_ASSERT(strstr(status.message, "has room for") != NULL && strstr(status.message, "needs 78812993") != NULL);
    finish_test(&run);
}

static void an_input_that_vanished_leaves_nothing_on_the_disk(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    fake_set(&run, "crystal.structure_factors", "vanished.hkl");
    const Status status = fake_run_whole(&run, request_of(false, false), FAKE_COUNT, 1);
    FAKE_CHECK(status.code == STATUS_BAD_FILE && !exists(partial) && !exists(output));
    finish_test(&run);
}

static void no_frames_are_refused(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    const Status status = fake_run_whole(&run, fake_request(output, (Range){3, 3}), 0, 1);
    FAKE_CHECK(status.code == STATUS_BAD_PARAMETER && !exists(partial));
    finish_test(&run);
}

static const UnitTest tests[] = {UNIT_TEST(every_pixel_is_where_it_belongs_when_ranks_share_frames),
                                 UNIT_TEST(counts_and_photons_both_are_where_they_belong),
                                 UNIT_TEST(scattered_frames_are_written_where_they_belong),
                                 UNIT_TEST(a_slice_holds_its_own_frames_only),
                                 UNIT_TEST(any_number_of_ranks_writes_the_same_images),
                                 UNIT_TEST(a_complete_file_gets_its_name_and_its_end),
                                 UNIT_TEST(a_growing_file_is_a_partial_and_is_removed_when_it_ends_without_a_frame),
                                 UNIT_TEST(missing_frames_are_minus_one_and_the_file_stays_partial),
                                 UNIT_TEST(all_frames_without_the_word_finished_stay_partial),
                                 UNIT_TEST(closing_nothing_is_no_failure),
                                 UNIT_TEST(a_resume_keeps_complete_frames_and_adds_the_others),
                                 UNIT_TEST(resumes_write_into_their_rows_and_the_last_row_is_of_the_last_one),
                                 UNIT_TEST(a_resume_of_nothing_starts),
                                 UNIT_TEST(a_resume_of_the_complete_file_has_nothing_to_do),
                                 UNIT_TEST(a_resume_may_change_what_decides_no_pixel),
                                 UNIT_TEST(a_resume_with_other_parameters_is_refused_with_both_values),
                                 UNIT_TEST(a_resume_of_a_complete_file_of_another_run_is_refused),
                                 UNIT_TEST(a_resume_with_other_frames_is_refused),
                                 UNIT_TEST(a_resume_with_a_changed_input_file_is_refused),
                                 UNIT_TEST(a_resume_of_a_damaged_file_is_refused),
                                 UNIT_TEST(a_resume_of_a_foreign_file_is_refused),
                                 UNIT_TEST(a_complete_file_is_not_replaced_unasked),
                                 UNIT_TEST(a_partial_file_is_not_replaced_unasked),
                                 UNIT_TEST(overwrite_keeps_the_old_file_until_the_new_one_is_complete),
                                 UNIT_TEST(overwrite_and_resume_go_on_with_the_partial),
                                 UNIT_TEST(a_missing_folder_is_named_with_a_remedy),
                                 UNIT_TEST(a_folder_that_is_a_file_is_named),
                                 UNIT_TEST(a_folder_in_the_place_of_the_file_is_refused),
                                 UNIT_TEST(a_disk_without_room_is_refused_with_both_numbers),
                                 UNIT_TEST(an_input_that_vanished_leaves_nothing_on_the_disk),
                                 UNIT_TEST(no_frames_are_refused),
                                 {NULL, NULL}};

int main(void) {
    return fake_main("writer", tests);
}
