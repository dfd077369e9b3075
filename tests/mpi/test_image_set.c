/* Both ways in which ranks write images, and -1 in missing frames, without the writer around them. */
#include "fake_run.h"
#include "hdf5_helpers.h"
#include "image_set.h"

#include <hdf5.h>
#include <unistd.h>

static const char path[] = "images.h5";

static hid_t open_on_all_ranks(void) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (fake_ranks() > 1) (void)H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
    (void)H5Pclose(access);
    return file;
}

static void create(void) {
    hid_t file = H5I_INVALID_HID;
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) {
        CU_ASSERT(status_is_ok(hdf5_create_file(path, &file)));
        CU_ASSERT(status_is_ok(image_set_create(file, "images", H5T_NATIVE_INT32, FAKE_COUNT, FAKE_SLOW, FAKE_FAST)));
        CU_ASSERT(status_is_ok(hdf5_close_file(path, &file)));
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Frames 1 and 4, of which every rank has a part of the tiles. */
static Status write_two_frames(const ImageSet *set) {
    static const int64_t slots[] = {1, 4};
    static float photons[2 * FAKE_SLOW * FAKE_FAST];
    static int32_t counts[2 * FAKE_SLOW * FAKE_FAST];
    const int first = FAKE_TILES * fake_rank() / fake_ranks(), last = FAKE_TILES * (fake_rank() + 1) / fake_ranks();
    WaveData wave = {.frames = 2, .slots = slots, .rows = {0, FAKE_SLOW}};
    wave.rectangles = fake_rectangles(first, last, wave.rectangle);
    fake_render(&wave, (Range){0, FAKE_COUNT}, photons, counts);
    return image_set_write(set, &wave, counts);
}

static void check(void) {
    static int32_t pixels[FAKE_COUNT][FAKE_SLOW][FAKE_FAST];
    hid_t file = H5I_INVALID_HID;
    int64_t wrong = 0;
    CU_ASSERT(status_is_ok(hdf5_open_file(path, false, &file)));
    CU_ASSERT(status_is_ok(hdf5_read(file, "images", H5T_NATIVE_INT32, FAKE_COUNT * FAKE_SLOW * FAKE_FAST, pixels)));
    CU_ASSERT(status_is_ok(hdf5_close_file(path, &file)));
    for (int i = 0; i < FAKE_COUNT; i++)
        for (int s = 0; s < FAKE_SLOW; s++)
            for (int f = 0; f < FAKE_FAST; f++)
                wrong += pixels[i][s][f] != (i == 1 || i == 4 ? fake_pixel(i, s, f) + 1 : -1);
    UNIT_CHECK(wrong == 0, "%lld pixels are wrong", (long long)wrong);
}

static void write_and_fill(ImageTransfer transfer) {
    static const int64_t missing[] = {0, 2, 3, 5, 6};
    ImageSet set;
    create();
    hid_t file = open_on_all_ranks();
    FAKE_CHECK(status_is_ok(image_set_open(team_of(MPI_COMM_WORLD), file, "images", H5T_NATIVE_INT32, transfer, &set)));
    FAKE_CHECK(status_is_ok(write_two_frames(&set)));
    FAKE_CHECK(status_is_ok(image_set_fill(&set, missing, 5)));
    image_set_close(&set);
    FAKE_CHECK(status_is_ok(hdf5_close_file(path, &file)));
    check();
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) CU_ASSERT(unlink(path) == 0);
}

static void ranks_write_together(void) {
    write_and_fill(IMAGE_TRANSFER_COLLECTIVE);
}

static void ranks_write_each_for_itself(void) {
    write_and_fill(IMAGE_TRANSFER_INDEPENDENT);
}

/* One rank's pixels outside the images must not leave the others waiting. */
static void a_rank_with_bad_pixels_fails_alone(void) {
    static const int64_t beyond[] = {FAKE_COUNT};
    static const int32_t pixel[FAKE_FAST];
    ImageSet set;
    create();
    hid_t file = open_on_all_ranks();
    const bool bad = fake_rank() == fake_ranks() - 1;
    const WaveData wave = {.frames = bad ? 1 : 0,
                           .slots = beyond,
                           .rectangles = bad ? 1 : 0,
                           .rectangle = {{0, 0, 1, FAKE_FAST}},
                           .rows = {0, 1}};
    FAKE_CHECK(status_is_ok(
        image_set_open(team_of(MPI_COMM_WORLD), file, "images", H5T_NATIVE_INT32, IMAGE_TRANSFER_COLLECTIVE, &set)));
    const Status status = image_set_write(&set, &wave, bad ? pixel : NULL);
    FAKE_CHECK(status_is_ok(status) != bad);
    image_set_close(&set);
    FAKE_CHECK(status_is_ok(hdf5_close_file(path, &file)));
    if (fake_rank() == 0) CU_ASSERT(unlink(path) == 0);
}

static const UnitTest tests[] = {UNIT_TEST(ranks_write_together),
                                 UNIT_TEST(ranks_write_each_for_itself),
                                 UNIT_TEST(a_rank_with_bad_pixels_fails_alone),
                                 {NULL, NULL}};

int main(void) {
    hdf5_be_quiet();
    return fake_main("image_set", tests);
}
