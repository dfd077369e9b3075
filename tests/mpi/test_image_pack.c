/* Images are cut into chunks, packed, read back and compared, by rank 0: no other rank has a part in it. */
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"
#include "output/image_pack.h"

#include <hdf5.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* A frame of 2051 rows of 2048 float32 is more than a chunk holds, and its last chunk is cut short. */
enum { FRAMES = 2, SLOW = 2051, FAST = 2048, PIXELS = SLOW * FAST };

static const Packing deflate_1 = {.method = PACK_DEFLATE, .level = 1, .shuffle = true};

/* A file with "images" and what is packed from them. */
typedef struct Fixture {
    hid_t file, source;
    float *pixels;
    PackedImages images;
} Fixture;

static float pixel(int64_t i) {
    return (float)(i % 1000) * 0.37F + (float)(i / 77777);
}

static const char path[] = "pack.h5";

static Fixture open_fixture(void) {
    Fixture fixture = {.pixels = malloc((size_t)FRAMES * PIXELS * sizeof(float))};
    (void)unlink(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fixture.pixels);
    for (int64_t i = 0; i < (int64_t)FRAMES * PIXELS; i++) fixture.pixels[i] = pixel(i);
    CU_ASSERT_FATAL(status_is_ok(hdf5_create_file(path, &fixture.file)));
    CU_ASSERT_FATAL(status_is_ok(
        hdf5_write(fixture.file, "images", H5T_NATIVE_FLOAT, hdf5_block(FRAMES, SLOW, FAST), fixture.pixels)));
    fixture.source = H5Dopen2(fixture.file, "images", H5P_DEFAULT);
    CU_ASSERT_FATAL(status_is_ok(image_pack_shape(fixture.source, "images", &fixture.images)));
    return fixture;
}

static void close_fixture(Fixture *fixture) {
    image_pack_free(&fixture->images);
    (void)H5Dclose(fixture->source);
    CU_ASSERT(status_is_ok(hdf5_close_file(path, &fixture->file)));
    free(fixture->pixels);
    CU_ASSERT(unlink(path) == 0);
}

static void large_frames_are_cut_into_chunks_of_even_size(void) {
    if (fake_rank() != 0) return;
    Fixture fixture = open_fixture();
    CU_ASSERT_EQUAL(fixture.images.chunks_per_frame, 2);
    CU_ASSERT_EQUAL(fixture.images.rows, 1026);
    close_fixture(&fixture);
}

static void packed_images_read_back_and_have_the_checksums_of_whole_frames(void) {
    if (fake_rank() != 0) return;
    Fixture fixture = open_fixture();
    float *read = malloc((size_t)FRAMES * PIXELS * sizeof *read);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    CU_ASSERT(status_is_ok(image_pack(fixture.source, fixture.file, "packed", deflate_1, &fixture.images)));
    CU_ASSERT(status_is_ok(hdf5_read(fixture.file, "packed", H5T_NATIVE_FLOAT, (int64_t)FRAMES * PIXELS, read)));
    CU_ASSERT(memcmp(read, fixture.pixels, (size_t)FRAMES * PIXELS * sizeof *read) == 0);
    for (int frame = 0; frame < FRAMES; frame++) {
        const uLong whole =
            crc32(0L, (const Bytef *)(fixture.pixels + (ptrdiff_t)frame * PIXELS), PIXELS * sizeof(float));
        CU_ASSERT_EQUAL(image_pack_frame_crc32(&fixture.images, frame), whole);
    }
    free(read);
    close_fixture(&fixture);
}

static void a_changed_pixel_is_found_and_its_frame_named(void) {
    if (fake_rank() != 0) return;
    Fixture fixture = open_fixture();
    CU_ASSERT(status_is_ok(image_pack(fixture.source, fixture.file, "packed", deflate_1, &fixture.images)));
    const hid_t packed = H5Dopen2(fixture.file, "packed", H5P_DEFAULT);
    CU_ASSERT(status_is_ok(image_pack_verify(packed, "packed", deflate_1, &fixture.images)));
    const hsize_t last[3] = {1, SLOW - 1, FAST - 1}, one[3] = {1, 1, 1};
    const hid_t space = H5Dget_space(packed), memory = H5Screate_simple(3, one, NULL);
    const float other = -1.0F;
    CU_ASSERT(H5Sselect_hyperslab(space, H5S_SELECT_SET, last, NULL, one, NULL) >= 0);
    CU_ASSERT(H5Dwrite(packed, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, &other) >= 0);
    const Status status = image_pack_verify(packed, "packed", deflate_1, &fixture.images);
    CU_ASSERT_EQUAL(status.code, STATUS_OUTPUT_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "frame 1 of packed"));
    (void)H5Sclose(memory);
    (void)H5Sclose(space);
    (void)H5Dclose(packed);
    close_fixture(&fixture);
}

static void a_signal_stops_packing_and_verifying(void) {
    if (fake_rank() != 0) return;
    static const volatile int stop = 1;
    Packing packing = deflate_1;
    Fixture fixture = open_fixture();
    packing.stop = &stop;
    CU_ASSERT_EQUAL(image_pack(fixture.source, fixture.file, "packed", packing, &fixture.images).code,
                    STATUS_INTERRUPTED);
    CU_ASSERT_EQUAL(image_pack_verify(fixture.source, "images", packing, &fixture.images).code, STATUS_INTERRUPTED);
    close_fixture(&fixture);
}

static void a_sample_tells_the_share(void) {
    if (fake_rank() != 0) return;
    Fixture fixture = open_fixture();
    double share = 0.0;
    CU_ASSERT(status_is_ok(image_pack_sample(fixture.source, "images", &fixture.images, &share)));
    CU_ASSERT(status_is_ok(image_pack(fixture.source, fixture.file, "packed", deflate_1, &fixture.images)));
    const hid_t packed = H5Dopen2(fixture.file, "packed", H5P_DEFAULT);
    const double true_share = (double)H5Dget_storage_size(packed) / ((double)FRAMES * PIXELS * sizeof(float));
    UNIT_CLOSE(share / true_share, 1.0, 0.25, "share of the sample over that of all");
    (void)H5Dclose(packed);
    close_fixture(&fixture);
}

static const UnitTest tests[] = {UNIT_TEST(large_frames_are_cut_into_chunks_of_even_size),
                                 UNIT_TEST(packed_images_read_back_and_have_the_checksums_of_whole_frames),
                                 UNIT_TEST(a_changed_pixel_is_found_and_its_frame_named),
                                 UNIT_TEST(a_signal_stops_packing_and_verifying),
                                 UNIT_TEST(a_sample_tells_the_share),
                                 {NULL, NULL}};

int main(void) {
    hdf5_prepare();
    return fake_main("image_pack", tests);
}
