#include "formats/smv.h"

#include "base/text.h"
#include "parameters/input.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The header tells its own length within this many bytes; no header and no file is longer than the others. */
enum { FIRST_BYTES = 512, HEADER_BYTES_MOST = 1 << 24, VALUE_BYTES = 64 };
static const size_t FILE_BYTES_MOST = (size_t)1 << 36;

bool smv_machine_is_little_endian(void) {
    const uint16_t one = 1;
    unsigned char low = 0;
    memcpy(&low, &one, 1);
    return low == 1;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A part of the header, without blanks at its ends. */
typedef struct Span {
    const char *begin, *end;
} Span;

static Span trimmed(const char *begin, const char *end) {
    while (begin < end && is_blank(*begin)) begin++;
    while (end > begin && is_blank(end[-1])) end--;
    return (Span){begin, end};
}

static bool span_is(Span span, const char *text) {
    const size_t length = strlen(text);
    return (size_t)(span.end - span.begin) == length && memcmp(span.begin, text, length) == 0;
}

Status smv_text(const SmvImage *image, const char *key, char *value, size_t value_bytes) {
    *value = '\0';
    for (const char *entry = image->header; *entry != '\0';) {
        const char *end = entry + strcspn(entry, ";\n");
        const char *equals = memchr(entry, '=', (size_t)(end - entry));
        if (equals != NULL && span_is(trimmed(entry, equals), key)) {
            const Span found = trimmed(equals + 1, end);
            const size_t length = (size_t)(found.end - found.begin);
            if (length >= value_bytes)
                return status_error(STATUS_BAD_FILE,
                                    "%s: the value of %s in its header has %zu characters; at most "
                                    "%zu are read",
                                    image->path, key, length, value_bytes - 1);
            memcpy(value, found.begin, length);
            value[length] = '\0';
        }
        entry = *end == '\0' ? end : end + 1;
    }
    return status_ok();
}

Status smv_number(const SmvImage *image, const char *key, double *number) {
    char text[VALUE_BYTES];
    const char *rest = text;
    *number = NAN;
    TRY(smv_text(image, key, text, sizeof text));
    if (*text == '\0' || (text_read_real(text, number, &rest) && *rest == '\0' && isfinite(*number)))
        return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s in its header is \"%s\"; it must be a number", image->path, key, text);
}

static Status read_count(const SmvImage *image, const char *key, int64_t most, int64_t *count) {
    char text[VALUE_BYTES];
    const char *rest = text;
    TRY(smv_text(image, key, text, sizeof text));
    if (text_read_integer(text, count, &rest) && *rest == '\0' && *count >= 1 && *count <= most) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s in its SMV header is \"%s\"; it must be from 1 to %" PRId64,
                        image->path, key, text, most);
}

/* The text between the braces, of which the closing one may still lie beyond @p bytes. */
static Status copy_header(const char *contents, size_t bytes, SmvImage *image) {
    const char *close = memchr(contents, '}', bytes);
    const size_t length = close == NULL ? bytes : (size_t)(close - contents);
    free(image->header);
    image->header = NULL;
    if (bytes == 0 || *contents != '{' || memchr(contents, '\0', length) != NULL)
        return status_error(STATUS_BAD_FILE, "%s has no SMV header: it must begin with text in braces", image->path);
    image->header = malloc(length);
    if (image->header == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the header of %s", image->path);
    memcpy(image->header, contents + 1, length - 1);
    image->header[length - 1] = '\0';
    return status_ok();
}

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Copies the header and sets the size; @p header_bytes is where the pixels begin. */
static Status decode_header(const char *contents, size_t bytes, SmvImage *image, size_t *header_bytes) {
    int64_t length = 0;
    TRY(copy_header(contents, least_of(bytes, FIRST_BYTES), image));
    TRY(read_count(image, "HEADER_BYTES", HEADER_BYTES_MOST, &length));
    *header_bytes = (size_t)length;
    if (*header_bytes > bytes)
        return status_error(STATUS_BAD_FILE, "%s has %zu bytes, fewer than the %zu of its SMV header (is it cut off?)",
                            image->path, bytes, *header_bytes);
    if (memchr(contents, '}', *header_bytes) == NULL)
        return status_error(STATUS_BAD_FILE, "%s: its SMV header of %zu bytes has no closing brace", image->path,
                            *header_bytes);
    TRY(copy_header(contents, *header_bytes, image));
    TRY(read_count(image, "SIZE1", INT32_MAX, &image->fast_pixels));
    return read_count(image, "SIZE2", INT32_MAX, &image->slow_pixels);
}

static Status read_byte_order(const SmvImage *image, bool *swapped) {
    char type[VALUE_BYTES], order[VALUE_BYTES];
    TRY(smv_text(image, "TYPE", type, sizeof type));
    TRY(smv_text(image, "BYTE_ORDER", order, sizeof order));
    if (*type != '\0' && strcmp(type, "unsigned_short") != 0)
        return status_error(STATUS_BAD_FILE, "%s: TYPE is \"%s\"; only unsigned_short is read", image->path, type);
    const bool is_little = strcmp(order, "little_endian") == 0;
    if (!is_little && strcmp(order, "big_endian") != 0)
        return status_error(STATUS_BAD_FILE, "%s: BYTE_ORDER is \"%s\"; it must be little_endian or big_endian",
                            image->path, order);
    *swapped = is_little != smv_machine_is_little_endian();
    return status_ok();
}

static Status decode_pixels(const char *data, size_t bytes, SmvImage *image) {
    const int64_t fast = image->fast_pixels, slow = image->slow_pixels;
    bool swapped = false;
    /* both are below 2^31, so that the products fit */
    const size_t pixels = (size_t)(fast * slow);
    if (pixels > bytes / sizeof *image->pixels)
        return status_error(STATUS_BAD_FILE,
                            "%s has %zu bytes behind its header, too few for %" PRId64 " x %" PRId64
                            " 16-bit pixels (is it cut off?)",
                            image->path, bytes, fast, slow);
    TRY(read_byte_order(image, &swapped));
    image->pixels = malloc(pixels * sizeof *image->pixels);
    if (image->pixels == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %zu pixels of %s", pixels, image->path);
    memcpy(image->pixels, data, pixels * sizeof *image->pixels);
    for (size_t i = 0; swapped && i < pixels; i++)
        image->pixels[i] = (uint16_t)((image->pixels[i] << 8 | image->pixels[i] >> 8) & 0xffff);
    return status_ok();
}

/* The file @p opened_path, which messages call @p path. */
static Status read_parts(const char *opened_path, const char *path, bool with_pixels, SmvImage *image) {
    char *contents = NULL;
    size_t bytes = 0, header_bytes = 0;
    *image = (SmvImage){.path = path};
    TRY(text_read_named(opened_path, path, FILE_BYTES_MOST, &contents, &bytes));
    Status status = decode_header(contents, bytes, image, &header_bytes);
    if (status_is_ok(status) && with_pixels)
        status = decode_pixels(contents + header_bytes, bytes - header_bytes, image);
    free(contents);
    if (!status_is_ok(status)) smv_free(image);
    return status;
}

Status smv_read(const char *path, SmvImage *image) {
    return read_parts(path, path, true, image);
}

Status smv_read_input(const Parameters *p, int row, bool with_pixels, SmvImage *image) {
    Input input;
    *image = (SmvImage){.path = NULL};
    TRY(input_open(p, row, &input));
    const char *path = (const char *)p + parameters_row(row)->offset;
    const Status status = read_parts(input.path, path, with_pixels, image);
    input_close(&input);
    return status;
}

Status smv_read_header(const char *path, SmvImage *image) {
    return read_parts(path, path, false, image);
}

void smv_free(SmvImage *image) {
    free(image->pixels);
    free(image->header);
    *image = (SmvImage){.path = NULL};
}
