#include "export/png_file.h"

#include "formats/colour_map.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void put_uint32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Length, type, contents, CRC of type and contents. */
static bool write_chunk(FILE *file, const char *type, const uint8_t *contents, uint32_t bytes) {
    uint8_t number[4];
    put_uint32(number, bytes);
    bool ok = fwrite(number, 1, 4, file) == 4 && fwrite(type, 1, 4, file) == 4;
    if (bytes > 0) ok = fwrite(contents, 1, bytes, file) == bytes && ok;
    uLong crc = crc32(crc32(0L, Z_NULL, 0), (const Bytef *)type, 4);
    if (bytes > 0) crc = crc32(crc, contents, bytes);
    put_uint32(number, (uint32_t)crc);
    return fwrite(number, 1, 4, file) == 4 && ok;
}

static bool write_chunks(FILE *file, int64_t slow_pixels, int64_t fast_pixels, const uint8_t *colours,
                         const uint8_t *packed, uint32_t bytes) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    enum { GREY = 0, PALETTE = 3 };
    uint8_t header[13] = {0};
    put_uint32(header, (uint32_t)fast_pixels);
    put_uint32(header + 4, (uint32_t)slow_pixels);
    header[8] = 8; /* bits; the zeros behind the colours: deflate, filters by row, not interlaced */
    header[9] = colours == NULL ? GREY : PALETTE;
    return fwrite(signature, 1, sizeof signature, file) == sizeof signature &&
           write_chunk(file, "IHDR", header, sizeof header) &&
           (colours == NULL || write_chunk(file, "PLTE", colours, COLOUR_MAP_BYTES)) &&
           write_chunk(file, "IDAT", packed, bytes) && write_chunk(file, "IEND", NULL, 0);
}

Status png_file_write(FILE *file, const char *path, int64_t slow_pixels, int64_t fast_pixels, const uint8_t *level,
                      const uint8_t *colours) {
    const size_t row = (size_t)fast_pixels + 1, bytes = row * (size_t)slow_pixels;
    uLongf packed_bytes = compressBound(bytes);
    if (packed_bytes > INT32_MAX)
        return status_error(STATUS_BAD_PARAMETER, "%s: an image of %zu bytes is too large for PNG", path, bytes);
    uint8_t *rows = malloc(bytes), *packed = malloc(packed_bytes);
    Status status = status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    if (rows != NULL && packed != NULL) {
        for (int64_t s = 0; s < slow_pixels; s++) {
            rows[(size_t)s * row] = 0; /* no filter */
            memcpy(rows + (size_t)s * row + 1, level + s * fast_pixels, (size_t)fast_pixels);
        }
        const bool ok = compress2(packed, &packed_bytes, rows, bytes, Z_DEFAULT_COMPRESSION) == Z_OK &&
                        write_chunks(file, slow_pixels, fast_pixels, colours, packed, (uint32_t)packed_bytes);
        status =
            ok ? status_ok() : status_error(STATUS_OUTPUT_FAILED, "%s cannot be written: %s", path, strerror(errno));
    }
    free(packed);
    free(rows);
    return status;
}

static double brightest_of(ImageView image, int64_t slow, int64_t fast, int64_t block) {
    double brightest = 0.0;
    for (int64_t s = slow; s < slow + block && s < image.slow_pixels; s++)
        for (int64_t f = fast; f < fast + block && f < image.fast_pixels; f++)
            brightest = fmax(brightest, fabs(image.pixels[s * image.row_pixels + f]));
    return brightest;
}

static uint8_t grey_of(double value, double greatest) {
    const double decades = 6.0;
    const double level = value > 0.0 && greatest > 0.0 ? 1.0 + log10(value / greatest) / decades : 0.0;
    return (uint8_t)(255.0 - 255.0 * fmin(fmax(level, 0.0), 1.0));
}

Status png_file_grey(ImageView image, double greatest, int64_t most_pixels, int64_t *size, uint8_t **grey) {
    const int64_t edge = image.slow_pixels > image.fast_pixels ? image.slow_pixels : image.fast_pixels;
    const int64_t block = (edge + most_pixels - 1) / most_pixels;
    size[0] = (image.slow_pixels + block - 1) / block;
    size[1] = (image.fast_pixels + block - 1) / block;
    *grey = malloc((size_t)(size[0] * size[1]));
    if (*grey == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a preview");
    for (int64_t i = 0; i < size[0] * size[1]; i++)
        (*grey)[i] = grey_of(brightest_of(image, i / size[1] * block, i % size[1] * block, block), greatest);
    return status_ok();
}
