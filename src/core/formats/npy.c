#include "formats/npy.h"

#include "base/text.h"
#include "formats/smv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES_MOST = 1 << 20, DIMENSIONS_MOST = 32, TYPE_BYTES = 64, MAGIC_BYTES = 8 };

/* The header is a dictionary in Python's own notation, of exactly three entries. */
typedef struct Header {
    const char *path;
    char type[TYPE_BYTES]; /* "<i4" */
    bool is_fortran;
    int dimensions;
    int64_t length[DIMENSIONS_MOST];
    bool has_type, has_order, has_shape;
} Header;

/* A place in the header; the text ends with a zero. */
typedef struct Scan {
    const char *path, *next;
} Scan;

static Status malformed(const Scan *scan, const char *expected) {
    return status_error(STATUS_BAD_FILE, "%s: its .npy header has \"%.20s\" where %s is expected", scan->path,
                        scan->next, expected);
}

static void skip_blanks(Scan *scan) {
    while (*scan->next == ' ' || *scan->next == '\n' || *scan->next == '\t' || *scan->next == '\r') scan->next++;
}

static bool take(Scan *scan, char c) {
    skip_blanks(scan);
    if (*scan->next != c) return false;
    scan->next++;
    return true;
}

static bool take_word(Scan *scan, const char *word) {
    skip_blanks(scan);
    const size_t length = strlen(word);
    if (strncmp(scan->next, word, length) != 0) return false;
    scan->next += length;
    return true;
}

/* @param text  [TYPE_BYTES] */
static Status scan_text(Scan *scan, char *text) {
    skip_blanks(scan);
    const char quote = *scan->next;
    if (quote != '\'' && quote != '"') return malformed(scan, "text in quotes");
    const char *end = strchr(scan->next + 1, quote);
    const size_t length = end == NULL ? 0 : (size_t)(end - scan->next - 1);
    if (end == NULL || length >= TYPE_BYTES) return malformed(scan, "a short text in quotes");
    memcpy(text, scan->next + 1, length);
    text[length] = '\0';
    scan->next = end + 1;
    return status_ok();
}

static Status scan_type(Scan *scan, Header *header) {
    skip_blanks(scan);
    if (*scan->next == '[' || *scan->next == '(' || *scan->next == '{')
        return status_error(STATUS_BAD_FILE,
                            "%s holds a structured array (dtype %.40s...); save one of its fields: numpy.save(NAME, "
                            "a['FIELD'])",
                            scan->path, scan->next);
    header->has_type = true;
    return scan_text(scan, header->type);
}

static Status scan_order(Scan *scan, Header *header) {
    header->has_order = true;
    header->is_fortran = take_word(scan, "True");
    return header->is_fortran || take_word(scan, "False") ? status_ok() : malformed(scan, "True or False");
}

/* Python 2 wrote 3L. */
static Status scan_shape(Scan *scan, Header *header) {
    header->has_shape = true;
    header->dimensions = 0;
    if (!take(scan, '(')) return malformed(scan, "the shape in parentheses");
    while (!take(scan, ')')) {
        const char *rest = NULL;
        int64_t length = 0;
        if (!text_read_integer(scan->next, &length, &rest) || length < 0) return malformed(scan, "a length");
        if (header->dimensions == DIMENSIONS_MOST) return malformed(scan, "no more than 32 dimensions");
        header->length[header->dimensions++] = length;
        scan->next = *rest == 'L' ? rest + 1 : rest;
        if (take(scan, ',')) continue;
        return take(scan, ')') ? status_ok() : malformed(scan, "a comma");
    }
    return status_ok();
}

static Status scan_entry(Scan *scan, Header *header) {
    char key[TYPE_BYTES];
    const Scan before = *scan;
    TRY(scan_text(scan, key));
    if (!take(scan, ':')) return malformed(scan, "a colon");
    if (strcmp(key, "descr") == 0 && !header->has_type) return scan_type(scan, header);
    if (strcmp(key, "fortran_order") == 0 && !header->has_order) return scan_order(scan, header);
    if (strcmp(key, "shape") == 0 && !header->has_shape) return scan_shape(scan, header);
    return malformed(&before, "'descr', 'fortran_order' or 'shape', once each,");
}

static Status scan_header(const char *text, Header *header) {
    Scan scan = {.path = header->path, .next = text};
    if (!take(&scan, '{')) return malformed(&scan, "a dictionary");
    while (!take(&scan, '}')) {
        TRY(scan_entry(&scan, header));
        if (take(&scan, ',')) continue;
        if (!take(&scan, '}')) return malformed(&scan, "a comma");
        break;
    }
    skip_blanks(&scan);
    if (*scan.next != '\0') return malformed(&scan, "the end");
    if (header->has_type && header->has_order && header->has_shape) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: its .npy header lacks descr, fortran_order or shape", header->path);
}

/* @param data_at  where the values begin */
static Status read_header(const char *contents, size_t bytes, Header *header, size_t *data_at) {
    const unsigned char *c = (const unsigned char *)contents;
    const int major = bytes > 6 ? c[6] : 0, minor = bytes > 7 ? c[7] : 0;
    const size_t counted = major == 1 ? 2 : 4;
    size_t length = 0;
    if (bytes >= MAGIC_BYTES && (major < 1 || major > 3 || minor != 0))
        return status_error(STATUS_BAD_FILE, "%s is a .npy file of format %d.%d; 1.0, 2.0 and 3.0 are read",
                            header->path, major, minor);
    for (size_t i = counted; i > 0 && bytes >= MAGIC_BYTES + counted; i--)
        length = length << 8 | c[MAGIC_BYTES + i - 1];
    *data_at = MAGIC_BYTES + counted + length;
    if (bytes < MAGIC_BYTES + counted || *data_at > bytes || length > HEADER_BYTES_MOST)
        return status_error(STATUS_BAD_FILE, "%s has %zu bytes and a .npy header of %zu (is it cut off?)", header->path,
                            bytes, length);
    char *text = malloc(length + 1);
    if (text == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the header of %s", header->path);
    memcpy(text, contents + MAGIC_BYTES + counted, length);
    text[length] = '\0';
    const Status status = strlen(text) == length
                              ? scan_header(text, header)
                              : status_error(STATUS_BAD_FILE, "%s: a zero byte in its .npy header", header->path);
    free(text);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- values */

/* How the values lie in the file. */
typedef struct ValueType {
    char kind; /* b, i, u, f */
    size_t bytes;
    bool is_little;
} ValueType;

static Status read_type(const Header *header, ValueType *type) {
    static const char *const known[] = {"b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"};
    const char *text = header->type;
    const char order = *text != '\0' && strchr("<>|=", *text) != NULL ? *text++ : '=';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(text, known[i]) != 0) continue;
        type->kind = text[0];
        type->bytes = (size_t)(text[1] - '0');
        if (order == '|' && type->bytes > 1) break;
        type->is_little = order == '<' || (order != '>' && smv_machine_is_little_endian());
        return status_ok();
    }
    if (*text == 'O')
        return status_error(STATUS_BAD_FILE,
                            "%s holds pickled Python objects (dtype %s), which could run programs; save an array of "
                            "bool or numbers",
                            header->path, header->type);
    return status_error(STATUS_BAD_FILE,
                        "%s has values of dtype %s; bool, int8 to int64, uint8 to uint64, float32 and float64 are read",
                        header->path, header->type);
}

static Status check_size(const Header *header, const ValueType *type, size_t bytes, const Detector *detector) {
    if (header->dimensions != 2)
        return status_error(STATUS_BAD_FILE, "%s has %d dimensions; a mask has two, [slow][fast]", header->path,
                            header->dimensions);
    TRY(mask_image_check_shape(header->path, "", header->length[0], header->length[1], detector));
    const size_t values = (size_t)detector_pixels(detector);
    if (bytes % type->bytes == 0 && bytes / type->bytes == values) return status_ok();
    return status_error(
        STATUS_BAD_FILE, "%s has %zu bytes behind its header; %zu values of %zu bytes are expected (%s)", header->path,
        bytes, values, type->bytes, bytes / type->bytes < values ? "is it cut off?" : "something follows them");
}

/* Whole numbers need no arithmetic for their sign. */
static uint8_t sign_of_integer(const unsigned char *value, const ValueType *type) {
    bool any = false;
    for (size_t i = 0; i < type->bytes; i++) any = any || value[i] != 0;
    const unsigned char high = value[type->is_little ? type->bytes - 1 : 0];
    if (type->kind == 'i' && (high & 0x80) != 0) return MASK_NEGATIVE;
    return any ? MASK_POSITIVE : MASK_ZERO;
}

static double real_of(const unsigned char *value, const ValueType *type) {
    unsigned char turned[sizeof(double)] = {0};
    double wide = 0.0;
    float narrow = 0.0f;
    const bool swapped = type->is_little != smv_machine_is_little_endian();
    for (size_t i = 0; i < type->bytes; i++) turned[i] = value[swapped ? type->bytes - 1 - i : i];
    if (type->bytes == sizeof narrow) {
        memcpy(&narrow, turned, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&wide, turned, sizeof wide);
    return wide;
}

static Status read_values(const unsigned char *data, const Header *header, const ValueType *type, MaskImage *image) {
    const int64_t slow = header->length[0], fast = header->length[1];
    for (int64_t s = 0; s < slow; s++)
        for (int64_t f = 0; f < fast; f++) {
            const int64_t place = header->is_fortran ? f * slow + s : s * fast + f;
            const unsigned char *value = data + (size_t)place * type->bytes;
            const double real = type->kind == 'f' ? real_of(value, type) : 0.0;
            if (isnan(real))
                return status_error(STATUS_BAD_FILE, "%s: [%" PRId64 ", %" PRId64 "] (slow, fast) is not a number",
                                    header->path, s, f);
            image->signs[s * fast + f] = type->kind == 'f' ? mask_sign(real) : sign_of_integer(value, type);
        }
    return status_ok();
}

Status npy_read_mask(const char *contents, size_t bytes, const Detector *detector, MaskImage *image) {
    Header header = {.path = image->path};
    ValueType type = {.kind = 'b'};
    size_t data_at = 0;
    TRY(read_header(contents, bytes, &header, &data_at));
    TRY(read_type(&header, &type));
    TRY(check_size(&header, &type, bytes - data_at, detector));
    TRY(mask_image_allocate(detector, image));
    image->kind = type.kind == 'b' ? MASK_OF_TRUTHS : MASK_OF_NUMBERS;
    return read_values((const unsigned char *)contents + data_at, &header, &type, image);
}
