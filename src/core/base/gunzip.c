#include "base/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { FIRST_CAPACITY = 1 << 16, WINDOW_BITS_GZIP = 15 + 16 };

bool gunzip_is(const char *contents, size_t bytes) {
    return bytes >= 2 && (unsigned char)contents[0] == 0x1f && (unsigned char)contents[1] == 0x8b;
}

/* What has been decompressed, with room for a zero byte after `capacity`. */
typedef struct Output {
    char *text;
    size_t bytes, capacity;
} Output;

static Status grow(const char *path, size_t most_bytes, Output *output) {
    if (output->capacity >= most_bytes)
        return status_error(STATUS_BAD_FILE, "%s: decompressed it has more than the %zu bytes that are read", path,
                            most_bytes);
    size_t capacity = output->capacity == 0 ? FIRST_CAPACITY : 2 * output->capacity;
    if (capacity > most_bytes) capacity = most_bytes;
    char *larger = realloc(output->text, capacity + 1);
    if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %zu bytes of %s", capacity, path);
    output->text = larger;
    output->capacity = capacity;
    return status_ok();
}

static unsigned piece(size_t bytes) {
    return bytes < UINT_MAX / 2 ? (unsigned)bytes : UINT_MAX / 2;
}

/* One call of zlib, with as much input and room as it takes. */
static int inflate_some(z_stream *stream, const char *end, Output *output) {
    stream->avail_in = piece((size_t)(end - (const char *)stream->next_in));
    stream->next_out = (Bytef *)output->text + output->bytes;
    stream->avail_out = piece(output->capacity - output->bytes);
    const unsigned room = stream->avail_out;
    const int result = inflate(stream, Z_NO_FLUSH);
    output->bytes += room - stream->avail_out;
    return result;
}

static Status inflate_all(const char *path, const char *end, size_t most_bytes, z_stream *stream, Output *output) {
    for (;;) {
        if (output->bytes == output->capacity) TRY(grow(path, most_bytes, output));
        const int result = inflate_some(stream, end, output);
        const bool at_end = (const char *)stream->next_in == end;
        if (result == Z_STREAM_END && at_end) return status_ok();
        if (result == Z_STREAM_END) { /* another member follows */
            if (inflateReset(stream) != Z_OK) return status_error(STATUS_NO_MEMORY, "no memory to decompress %s", path);
        } else if (result == Z_BUF_ERROR && at_end) {
            return status_error(STATUS_BAD_FILE, "%s: the gzip data end too early; is the file cut off?", path);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return status_error(STATUS_BAD_FILE, "%s: the gzip data are damaged: %s", path,
                                stream->msg != NULL ? stream->msg : "they cannot be decompressed");
        }
    }
}

Status gunzip(const char *path, const char *contents, size_t bytes, size_t most_bytes, char **text,
              size_t *text_bytes) {
    z_stream stream = {.next_in = (z_const Bytef *)contents};
    Output output = {.text = NULL};
    if (inflateInit2(&stream, WINDOW_BITS_GZIP) != Z_OK)
        return status_error(STATUS_NO_MEMORY, "no memory to decompress %s", path);
    const Status status = inflate_all(path, contents + bytes, most_bytes, &stream, &output);
    (void)inflateEnd(&stream);
    if (!status_is_ok(status)) {
        free(output.text);
        return status;
    }
    output.text[output.bytes] = '\0';
    *text = output.text;
    *text_bytes = output.bytes;
    return status;
}
