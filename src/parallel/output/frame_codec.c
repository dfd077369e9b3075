#include "output/frame_codec.h"

#include "hdf5/hdf5_helpers.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PATH_BYTES = 4096 };

/* ------------------------------------------------------------------------------------------------------- the plugin */

static void plugin_folders(char *folders, size_t bytes) {
    const char *given = getenv("HDF5_PLUGIN_PATH");
    folders[0] = '\0';
    if (given != NULL)
        (void)snprintf(folders, bytes, "%s", given);
    else
        (void)H5PLget(0, folders, bytes);
}

/* The function of a plugin; the library stays open, as HDF5 has it open too. */
static H5Z_func_t function_of(const char *path) {
    typedef const void *Ask(void);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    Ask *ask = NULL;
    void *symbol = library == NULL ? NULL : dlsym(library, "H5PLget_plugin_info");
    memcpy(&ask, &symbol, sizeof ask); /* ISO C has no cast for it */
    const H5Z_class2_t *class = ask == NULL ? NULL : ask();
    if (class != NULL && class->id == FRAME_CODEC_BITSHUFFLE_ID) return class->filter;
    if (library != NULL) (void)dlclose(library);
    return NULL;
}

/* HDF5 has found the plugin in one of its folders; its name is free, but these are in use. */
static H5Z_func_t find_function(void) {
    static const char *const names[] = {"libh5bshuf.so", "libH5Zbshuf.so", "libh5zbshuf.so"};
    H5Z_func_t filter = NULL;
    unsigned folders = 0;
    if (H5Zfilter_avail(FRAME_CODEC_BITSHUFFLE_ID) <= 0 || H5PLsize(&folders) < 0) return NULL;
    for (unsigned i = 0; i < folders && filter == NULL; i++) {
        char folder[PATH_BYTES] = "", path[PATH_BYTES + 32];
        if (H5PLget(i, folder, sizeof folder) < 0) continue;
        for (size_t name = 0; name < sizeof names / sizeof *names && filter == NULL; name++) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, names[name]);
            filter = function_of(path);
        }
    }
    return filter;
}

Status frame_codec_check(PackMethod method) {
    char folders[512];
    if (method != PACK_BITSHUFFLE || find_function() != NULL) return status_ok();
    plugin_folders(folders, sizeof folders);
    return status_error(STATUS_BAD_PARAMETER,
                        "HDF5 finds no bitshuffle plugin (filter %d, libh5bshuf.so) in %.400s; install it (Debian: "
                        "bitshuffle) or set HDF5_PLUGIN_PATH to its folder, or use deflate",
                        FRAME_CODEC_BITSHUFFLE_ID, folders);
}

/* ----------------------------------------------------------------------------------------------------------- create */

bool frame_codec_set_filters(hid_t creation, Packing packing) {
    static const unsigned lz4[2] = {0, 2}; /* blocks of the filter's own choice; LZ4 behind the shuffle */
    if (packing.method == PACK_NONE) return true;
    if (packing.method == PACK_BITSHUFFLE)
        return H5Pset_filter(creation, FRAME_CODEC_BITSHUFFLE_ID, H5Z_FLAG_MANDATORY, 2, lz4) >= 0;
    return (!packing.shuffle || H5Pset_shuffle(creation) >= 0) &&
           H5Pset_deflate(creation, (unsigned)packing.level) >= 0;
}

static bool read_values(hid_t dataset, FrameCodec *codec) {
    unsigned flags = 0, info = 0;
    const hid_t creation = H5Dget_create_plist(dataset);
    codec->values = FRAME_CODEC_VALUES_MOST;
    const bool read = creation >= 0 && H5Pget_filter_by_id2(creation, FRAME_CODEC_BITSHUFFLE_ID, &flags, &codec->values,
                                                            codec->value, 0, NULL, &info) >= 0;
    if (creation >= 0) (void)H5Pclose(creation);
    return read && codec->values <= FRAME_CODEC_VALUES_MOST;
}

/* The filter completes its values when a dataset is created: one in memory tells them. */
static Status ask_for_values(hid_t type, int64_t slow_pixels, int64_t fast_pixels, FrameCodec *codec) {
    const hsize_t length[3] = {1, (hsize_t)slow_pixels, (hsize_t)fast_pixels};
    hid_t file = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    TRY(hdf5_create_in_memory(&file));
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(3, length, NULL);
    if (creation >= 0 && space >= 0 && H5Pset_chunk(creation, 3, length) >= 0 &&
        frame_codec_set_filters(creation, codec->packing))
        dataset = H5Dcreate2(file, "images", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const bool read = dataset >= 0 && read_values(dataset, codec);
    const Status status = read ? status_ok() : hdf5_error(STATUS_BAD_PARAMETER, "use", "the bitshuffle filter");
    if (dataset >= 0) (void)H5Dclose(dataset);
    if (space >= 0) (void)H5Sclose(space);
    if (creation >= 0) (void)H5Pclose(creation);
    (void)hdf5_close_file("memory", &file);
    return status;
}

Status frame_codec_create(Packing packing, hid_t type, int64_t slow_pixels, int64_t fast_pixels, FrameCodec *codec) {
    const size_t pixel_bytes = H5Tget_size(type);
    *codec = (FrameCodec){.packing = packing,
                          .pixel_bytes = pixel_bytes,
                          .chunk_bytes = (size_t)slow_pixels * (size_t)fast_pixels * pixel_bytes};
    if (packing.method != PACK_BITSHUFFLE) return status_ok();
    TRY(frame_codec_check(packing.method));
    codec->filter = find_function();
    return ask_for_values(type, slow_pixels, fast_pixels, codec);
}

/* ------------------------------------------------------------------------------------------------------------- pack */

size_t frame_codec_bytes_most(const FrameCodec *codec) {
    enum { HEADER_BYTES = 65536 };
    /* LZ4 adds 1/255, and 4 bytes to each block of 8 KiB or more */
    return codec->chunk_bytes + codec->chunk_bytes / 64 + HEADER_BYTES;
}

/* As HDF5's shuffle filter: the first bytes of all pixels, then the second ones ... */
static void shuffle(const unsigned char *plain, size_t bytes, size_t pixel_bytes, unsigned char *shuffled) {
    const size_t pixels = bytes / pixel_bytes;
    for (size_t byte = 0; byte < pixel_bytes; byte++)
        for (size_t i = 0; i < pixels; i++) shuffled[byte * pixels + i] = plain[i * pixel_bytes + byte];
}

static bool pack_deflate(const FrameCodec *codec, const void *pixels, void **packed, size_t *packed_bytes) {
    uLongf bytes = compressBound(codec->chunk_bytes);
    unsigned char *shuffled = codec->packing.shuffle ? malloc(codec->chunk_bytes) : NULL;
    const unsigned char *source = codec->packing.shuffle ? shuffled : pixels;
    *packed = malloc(bytes);
    bool done = *packed != NULL && source != NULL;
    if (done && shuffled != NULL) shuffle(pixels, codec->chunk_bytes, codec->pixel_bytes, shuffled);
    done = done && compress2(*packed, &bytes, source, codec->chunk_bytes, codec->packing.level) == Z_OK;
    free(shuffled);
    *packed_bytes = bytes;
    return done;
}

/* The filter takes a buffer of malloc, and leaves another one in its place. */
static bool pack_bitshuffle(const FrameCodec *codec, const void *pixels, void **packed, size_t *packed_bytes) {
    size_t room = codec->chunk_bytes;
    *packed = malloc(room);
    if (*packed == NULL) return false;
    memcpy(*packed, pixels, codec->chunk_bytes);
    *packed_bytes = codec->filter(0, codec->values, codec->value, codec->chunk_bytes, &room, packed);
    return *packed_bytes > 0;
}

static bool pack_nothing(const FrameCodec *codec, const void *pixels, void **packed, size_t *packed_bytes) {
    *packed_bytes = codec->chunk_bytes;
    *packed = malloc(codec->chunk_bytes);
    if (*packed == NULL) return false;
    memcpy(*packed, pixels, codec->chunk_bytes);
    return true;
}

bool frame_codec_pack(const FrameCodec *codec, const void *pixels, void **packed, size_t *packed_bytes) {
    *packed = NULL;
    *packed_bytes = 0;
    const bool done = codec->packing.method == PACK_NONE      ? pack_nothing(codec, pixels, packed, packed_bytes)
                      : codec->packing.method == PACK_DEFLATE ? pack_deflate(codec, pixels, packed, packed_bytes)
                                                              : pack_bitshuffle(codec, pixels, packed, packed_bytes);
    if (done) return true;
    free(*packed);
    *packed = NULL;
    *packed_bytes = 0;
    return false;
}

uint32_t frame_codec_crc32(const void *bytes, size_t count) {
    const unsigned char *from = bytes;
    uLong crc = crc32(0L, Z_NULL, 0);
    for (size_t done = 0, part = 0; done < count; done += part) {
        part = count - done < (1U << 30) ? count - done : 1U << 30; /* zlib counts in unsigned int */
        crc = crc32(crc, from + done, (uInt)part);
    }
    return (uint32_t)crc;
}
