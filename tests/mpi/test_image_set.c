/* How ranks write images, and -1 in missing frames, without the writer around them. */
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"
#include "nxmx/image_dataset.h"
#include "output/image_set.h"

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

static const char path[] = "images.h5";

/* What rank 0 finds, and the file for every rank. */
static int open_on_all_ranks(ImageSet *set) {
    if (fake_rank() == 0) {
        hid_t file = H5I_INVALID_HID;
        CU_ASSERT(status_is_ok(hdf5_open_file(path, false, &file)));
        CU_ASSERT(status_is_ok(image_set_locate(file, "images", set)));
        CU_ASSERT(status_is_ok(hdf5_close_file(path, &file)));
    }
    team_broadcast(team_of(MPI_COMM_WORLD), 0, set, sizeof *set);
    return open(path, O_WRONLY);
}

static void create(void) {
    hid_t file = H5I_INVALID_HID;
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) {
        CU_ASSERT(status_is_ok(hdf5_create_file(path, &file)));
        CU_ASSERT(
            status_is_ok(image_dataset_create(file, "images", H5T_NATIVE_INT32, FAKE_COUNT, FAKE_SLOW, FAKE_FAST)));
        CU_ASSERT(status_is_ok(hdf5_close_file(path, &file)));
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

/* Frames 1 and 4, of which every rank has a part of the tiles. */
static Status write_two_frames(const ImageSet *set, int descriptor) {
    static const int64_t slots[] = {1, 4};
    static float photons[2 * FAKE_SLOW * FAKE_FAST];
    static int32_t counts[2 * FAKE_SLOW * FAKE_FAST];
    const int first = FAKE_TILES * fake_rank() / fake_ranks(), last = FAKE_TILES * (fake_rank() + 1) / fake_ranks();
    WaveData wave = {.frames = 2, .slots = slots, .rows = {0, FAKE_SLOW}};
    wave.rectangles = fake_rectangles(first, last, wave.rectangle);
    fake_render(&wave, (Range){0, FAKE_COUNT}, photons, counts);
    return image_set_write(set, descriptor, &wave, counts);
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

static void every_rank_writes_its_part(void) {
    static const int64_t missing[] = {0, 2, 3, 5, 6};
    ImageSet set;
    create();
    const int descriptor = open_on_all_ranks(&set);
    FAKE_CHECK(descriptor >= 0);
    FAKE_CHECK(status_is_ok(write_two_frames(&set, descriptor)));
    FAKE_CHECK(
        status_is_ok(image_set_fill(&set, team_of(MPI_COMM_WORLD), descriptor, missing, 5, (Patience){NULL, NULL})));
    FAKE_CHECK(close(descriptor) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    check();
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) CU_ASSERT(unlink(path) == 0);
}

static void images_in_pieces_are_refused(void) {
    hid_t file = H5I_INVALID_HID;
    ImageSet set;
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() != 0) return;
    const hsize_t length[3] = {4, 4, 4};
    CU_ASSERT(status_is_ok(hdf5_create_file(path, &file)));
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, length, NULL);
    CU_ASSERT(H5Pset_chunk(creation, 3, length) >= 0);
    const hid_t dataset = H5Dcreate2(file, "images", H5T_NATIVE_INT32, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    CU_ASSERT(image_set_locate(file, "images", &set).code == STATUS_BAD_FILE);
    CU_ASSERT(image_set_locate(file, "others", &set).code == STATUS_BAD_FILE);
    CU_ASSERT(H5Dclose(dataset) >= 0 && H5Sclose(space) >= 0 && H5Pclose(creation) >= 0);
    CU_ASSERT(status_is_ok(hdf5_close_file(path, &file)));
    CU_ASSERT(unlink(path) == 0);
}

/* One rank's pixels outside the images are its own failure. */
static void a_rank_with_bad_pixels_fails_alone(void) {
    static const int64_t beyond[] = {FAKE_COUNT};
    static const int32_t pixel[FAKE_FAST];
    ImageSet set;
    create();
    const int descriptor = open_on_all_ranks(&set);
    const bool bad = fake_rank() == fake_ranks() - 1;
    const WaveData wave = {.frames = bad ? 1 : 0,
                           .slots = beyond,
                           .rectangles = bad ? 1 : 0,
                           .rectangle = {{0, 0, 1, FAKE_FAST}},
                           .rows = {0, 1}};
    const Status status = image_set_write(&set, descriptor, &wave, bad ? pixel : NULL);
    FAKE_CHECK(status_is_ok(status) != bad);
    FAKE_CHECK(close(descriptor) == 0);
    MPI_Barrier(MPI_COMM_WORLD);
    if (fake_rank() == 0) CU_ASSERT(unlink(path) == 0);
}

static const UnitTest tests[] = {UNIT_TEST(every_rank_writes_its_part),
                                 UNIT_TEST(images_in_pieces_are_refused),
                                 UNIT_TEST(a_rank_with_bad_pixels_fails_alone),
                                 {NULL, NULL}};

int main(void) {
    hdf5_prepare();
    return fake_main("image_set", tests);
}
