#include "output/image_pack.h"

#include "base/size.h"
#include "hdf5/hdf5_copy.h"
#include "hdf5/hdf5_helpers.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A frame with more bytes is cut into chunks of about so many; a thread holds two of them and a bit. */
#define CHUNK_BYTES_MOST (1 << 24)

enum { SAMPLES = 3, THREADS_MOST = 128 };

/* ------------------------------------------------------------------------------------------------------------ shape */

static size_t pixel_bytes_of(hid_t dataset) {
    const hid_t type = H5Dget_type(dataset);
    const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    const size_t bytes = class == H5T_INTEGER || class == H5T_FLOAT ? H5Tget_size(type) : 0;
    if (type >= 0) (void)H5Tclose(type);
    return bytes;
}

static bool lengths_of(hid_t dataset, hsize_t *length) {
    const hid_t space = H5Dget_space(dataset);
    const bool fits = space >= 0 && H5Sget_simple_extent_ndims(space) == 3 &&
                      H5Sget_simple_extent_dims(space, length, NULL) == 3 && length[0] > 0 && length[1] > 0 &&
                      length[2] > 0 && length[0] <= INT32_MAX && length[1] <= INT32_MAX && length[2] <= INT32_MAX &&
                      size_fits_image((int64_t)length[1], (int64_t)length[2]);
    if (space >= 0) (void)H5Sclose(space);
    return fits;
}

/* Whole frames where they are small, else parts of a frame of about the same number of rows. */
static void choose_chunks(PackedImages *images) {
    const int64_t row_bytes = images->fast_pixels * (int64_t)images->pixel_bytes;
    const int64_t fitting = CHUNK_BYTES_MOST / row_bytes > 0 ? CHUNK_BYTES_MOST / row_bytes : 1;
    images->chunks_per_frame = (images->slow_pixels + fitting - 1) / fitting;
    images->rows = (images->slow_pixels + images->chunks_per_frame - 1) / images->chunks_per_frame;
    images->chunks_per_frame = (images->slow_pixels + images->rows - 1) / images->rows;
}

Status image_pack_shape(hid_t dataset, const char *name, PackedImages *images) {
    hsize_t length[3] = {0};
    *images = (PackedImages){.pixel_bytes = pixel_bytes_of(dataset)};
    if (images->pixel_bytes == 0 || images->pixel_bytes > 8 || !lengths_of(dataset, length))
        return status_error(STATUS_BAD_FILE, "%s are no images: they must be numbers [frame][slow][fast]", name);
    images->frames = (int64_t)length[0];
    images->slow_pixels = (int64_t)length[1];
    images->fast_pixels = (int64_t)length[2];
    choose_chunks(images);
    images->crc32 = calloc((size_t)(images->frames * images->chunks_per_frame), sizeof *images->crc32);
    if (images->crc32 == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the checksums of %" PRId64 " frames", images->frames);
    return status_ok();
}

void image_pack_free(PackedImages *images) {
    free(images->crc32);
    images->crc32 = NULL;
}

static int64_t chunks_of(const PackedImages *images) {
    return images->frames * images->chunks_per_frame;
}

/* Rows of a chunk that lie within its frame. */
static int64_t rows_within(const PackedImages *images, int64_t chunk) {
    const int64_t first = chunk % images->chunks_per_frame * images->rows;
    return images->slow_pixels - first < images->rows ? images->slow_pixels - first : images->rows;
}

static size_t bytes_of_rows(const PackedImages *images, int64_t rows) {
    return (size_t)(rows * images->fast_pixels) * images->pixel_bytes;
}

uint32_t image_pack_frame_crc32(const PackedImages *images, int64_t frame) {
    const int64_t first = frame * images->chunks_per_frame;
    uLong crc = images->crc32[first];
    for (int64_t chunk = first + 1; chunk < first + images->chunks_per_frame; chunk++)
        crc = crc32_combine(crc, images->crc32[chunk], (z_off_t)bytes_of_rows(images, rows_within(images, chunk)));
    return (uint32_t)crc;
}

/* ------------------------------------------------------------------------------------------------------ HDF5's part */

/* Reads the rows of a chunk as they lie in the file. */
static bool read_chunk(hid_t dataset, const PackedImages *images, int64_t chunk, void *pixels) {
    const hsize_t start[3] = {(hsize_t)(chunk / images->chunks_per_frame),
                              (hsize_t)(chunk % images->chunks_per_frame * images->rows), 0};
    const hsize_t length[3] = {1, (hsize_t)rows_within(images, chunk), (hsize_t)images->fast_pixels};
    const hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(3, length, NULL), type = H5Dget_type(dataset);
    bool done = space >= 0 && memory >= 0 && type >= 0 &&
                H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, length, NULL) >= 0;
    if (done) done = H5Dread(dataset, type, memory, space, H5P_DEFAULT, pixels) >= 0;
    if (type >= 0) (void)H5Tclose(type);
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    return done;
}

static Status create_packed(hid_t source, hid_t target, const char *name, Packing packing, const PackedImages *images,
                            hid_t *dataset) {
    const hsize_t chunk[3] = {1, (hsize_t)images->rows, (hsize_t)images->fast_pixels};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), type = H5Dget_type(source), space = H5Dget_space(source);
    *dataset = H5I_INVALID_HID;
    if (creation >= 0 && H5Pset_chunk(creation, 3, chunk) >= 0 &&
        H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) >= 0 && frame_codec_set_filters(creation, packing))
        *dataset = H5Dcreate2(target, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const Status status = *dataset < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", name) : status_ok();
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    if (creation >= 0) (void)H5Pclose(creation);
    return status_is_ok(status) ? hdf5_copy_attributes(source, *dataset) : status;
}

/* ------------------------------------------------------------------------------------------------------ the threads'
 */

/* A chunk before and after. */
typedef struct ChunkBuffers {
    unsigned char *plain;
    void *packed;
    size_t plain_bytes, packed_bytes;
} ChunkBuffers;

static void free_buffers(ChunkBuffers *buffers, int count) {
    for (int i = 0; i < count; i++) {
        free(buffers[i].packed);
        free(buffers[i].plain);
    }
}

static Status make_buffers(const PackedImages *images, ChunkBuffers *buffers, int count) {
    const size_t bytes = bytes_of_rows(images, images->rows);
    bool all = true;
    for (int i = 0; i < count; i++) {
        buffers[i] = (ChunkBuffers){.plain = calloc(bytes, 1), .plain_bytes = bytes};
        all = all && buffers[i].plain != NULL;
    }
    return all ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for %d chunks of %zu bytes", count, bytes);
}

/* Packs it in place of what was packed before. */
static bool pack_chunk(const FrameCodec *codec, ChunkBuffers *buffers) {
    free(buffers->packed);
    return frame_codec_pack(codec, buffers->plain, &buffers->packed, &buffers->packed_bytes);
}

/* ------------------------------------------------------------------------------------------------------------- pack */

/* Chunks [first, first + count): read one after the other, packed side by side. The last of a frame is padded. */
static Status read_and_pack(hid_t source, const char *name, const FrameCodec *codec, const PackedImages *images,
                            int64_t first, int count, ChunkBuffers *buffers) {
    for (int i = 0; i < count; i++) {
        const size_t within = bytes_of_rows(images, rows_within(images, first + i));
        memset(buffers[i].plain + within, 0, buffers[i].plain_bytes - within);
        if (!read_chunk(source, images, first + i, buffers[i].plain)) return hdf5_error(STATUS_BAD_FILE, "read", name);
    }
    bool failed = false;
#pragma omp parallel for schedule(dynamic, 1) reduction(|| : failed)
    for (int i = 0; i < count; i++) {
        images->crc32[first + i] =
            frame_codec_crc32(buffers[i].plain, bytes_of_rows(images, rows_within(images, first + i)));
        failed = !pack_chunk(codec, &buffers[i]) || failed;
    }
    return failed ? status_error(STATUS_NO_MEMORY, "no memory to compress %s", name) : status_ok();
}

static Status write_chunks(hid_t dataset, const char *name, const PackedImages *images, int64_t first, int count,
                           const ChunkBuffers *buffers) {
    for (int i = 0; i < count; i++) {
        const int64_t chunk = first + i;
        const hsize_t start[3] = {(hsize_t)(chunk / images->chunks_per_frame),
                                  (hsize_t)(chunk % images->chunks_per_frame * images->rows), 0};
        if (H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, start, buffers[i].packed_bytes, buffers[i].packed) < 0)
            return hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    }
    return status_ok();
}

static bool is_stopped(Packing packing) {
    return packing.stop != NULL && *packing.stop != 0;
}

static Status stopped(void) {
    return status_error(STATUS_INTERRUPTED, "stopped by a signal while the images were compressed");
}

/* As many chunks at a time as there are threads. */
static int batch_of(const PackedImages *images) {
    const int threads = omp_get_max_threads() < THREADS_MOST ? omp_get_max_threads() : THREADS_MOST;
    return chunks_of(images) < threads ? (int)chunks_of(images) : threads;
}

static Status make_codec(hid_t dataset, Packing packing, const PackedImages *images, FrameCodec *codec) {
    const hid_t type = H5Dget_type(dataset);
    if (type < 0) return hdf5_error(STATUS_BAD_FILE, "read", "the type of the images");
    const Status status = frame_codec_create(packing, type, images->rows, images->fast_pixels, codec);
    (void)H5Tclose(type);
    return status;
}

static Status pack_all(hid_t source, hid_t dataset, const char *name, Packing packing, const PackedImages *images,
                       ChunkBuffers *buffers, int batch) {
    FrameCodec codec;
    TRY(make_codec(source, packing, images, &codec));
    TRY(make_buffers(images, buffers, batch));
    for (int64_t first = 0; first < chunks_of(images); first += batch) {
        const int count = (int)(chunks_of(images) - first < batch ? chunks_of(images) - first : batch);
        if (is_stopped(packing)) return stopped();
        TRY(read_and_pack(source, name, &codec, images, first, count, buffers));
        TRY(write_chunks(dataset, name, images, first, count, buffers));
    }
    return status_ok();
}

Status image_pack(hid_t source, hid_t target, const char *name, Packing packing, PackedImages *images) {
    ChunkBuffers buffers[THREADS_MOST] = {{.plain = NULL}};
    const int batch = batch_of(images);
    hid_t dataset = H5I_INVALID_HID;
    Status status = create_packed(source, target, name, packing, images, &dataset);
    if (status_is_ok(status)) status = pack_all(source, dataset, name, packing, images, buffers, batch);
    free_buffers(buffers, batch);
    if (dataset >= 0 && H5Dclose(dataset) < 0)
        status = status_first(status, hdf5_error(STATUS_OUTPUT_FAILED, "write", name));
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- verify */

Status image_pack_verify(hid_t dataset, const char *name, Packing packing, const PackedImages *images) {
    unsigned char *plain = malloc(bytes_of_rows(images, images->rows));
    Status status = plain == NULL ? status_error(STATUS_NO_MEMORY, "no memory to verify %s", name) : status_ok();
    for (int64_t chunk = 0; status_is_ok(status) && chunk < chunks_of(images); chunk++) {
        if (is_stopped(packing))
            status = stopped();
        else if (!read_chunk(dataset, images, chunk, plain))
            status = hdf5_error(STATUS_OUTPUT_FAILED, "read back", name);
        else if (frame_codec_crc32(plain, bytes_of_rows(images, rows_within(images, chunk))) != images->crc32[chunk])
            status = status_error(STATUS_OUTPUT_FAILED, "frame %" PRId64 " of %s does not read back as it was written",
                                  chunk / images->chunks_per_frame, name);
    }
    free(plain);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- sample */

static Status pack_sample(hid_t dataset, const char *name, const PackedImages *images, ChunkBuffers *buffers,
                          double *share) {
    const Packing fast = {.method = PACK_DEFLATE, .level = 1, .shuffle = true};
    double plain = 0.0, packed = 0.0;
    FrameCodec codec;
    TRY(make_codec(dataset, fast, images, &codec));
    TRY(make_buffers(images, buffers, 1));
    for (int i = 0; i < SAMPLES; i++) {
        const int64_t chunk = i * (chunks_of(images) - 1) / (SAMPLES - 1);
        TRY(read_and_pack(dataset, name, &codec, images, chunk, 1, buffers));
        plain += (double)buffers->plain_bytes;
        packed += (double)buffers->packed_bytes;
    }
    *share = packed / plain;
    return status_ok();
}

Status image_pack_sample(hid_t dataset, const char *name, const PackedImages *images, double *share) {
    ChunkBuffers buffers = {.plain = NULL};
    const Status status = pack_sample(dataset, name, images, &buffers, share);
    free_buffers(&buffers, 1);
    return status;
}
