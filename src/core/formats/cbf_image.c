#include "formats/cbf_image.h"

#include "base/text.h"
#include "formats/cbf.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { VALUE_BYTES = 256 };
static const char boundary[] = "--CIF-BINARY-FORMAT-SECTION--", data_mark[] = "\x0c\x1a\x04\xd5";

/* The lines between the boundary and the data, as of a mail. */
typedef struct Section {
    const char *path;
    const char *header, *data, *end; /* end of the file */
} Section;

/* A section begins with the boundary and ends with the same and two dashes more. */
static const char *find_boundary(const char *from, const char *end, bool closing) {
    const size_t length = sizeof boundary - 1;
    while (from < end) {
        from = memchr(from, '-', (size_t)(end - from));
        if (from == NULL || (size_t)(end - from) < length) return NULL;
        const bool here = memcmp(from, boundary, length) == 0;
        const bool closes = here && (size_t)(end - from) >= length + 2 && memcmp(from + length, "--", 2) == 0;
        if (here && closes == closing) return from + length;
        from += here ? length : 1;
    }
    return NULL;
}

static Status find_section(const char *contents, size_t bytes, Section *section) {
    section->end = contents + bytes;
    section->header = find_boundary(contents, section->end, false);
    if (section->header == NULL)
        return status_error(STATUS_BAD_FILE, "%s is a CBF file without an image (no %s)", section->path, boundary);
    for (const char *at = section->header; at < section->end;) {
        at = memchr(at, data_mark[0], (size_t)(section->end - at));
        if (at == NULL || section->end - at < 4) break;
        section->data = at + 4;
        if (memcmp(at, data_mark, 4) == 0) return status_ok();
        at++;
    }
    return status_error(STATUS_BAD_FILE, "%s has no CBF image behind its header (is it cut off?)", section->path);
}

/* The value of a field, which may go on in lines that begin with blanks; "" without it. @param value [VALUE_BYTES] */
static Status field(const Section *section, const char *name, char *value) {
    const size_t length = strlen(name);
    size_t used = 0;
    *value = '\0';
    for (const char *line = section->header; line < section->data;) {
        const char *newline = memchr(line, '\n', (size_t)(section->data - line));
        const char *end = newline == NULL ? section->data : newline;
        const bool names = (size_t)(end - line) > length && strncasecmp(line, name, length) == 0 && line[length] == ':';
        if (used > 0 && *line != ' ' && *line != '\t') break;
        if (names || used > 0) {
            const char *from = names ? line + length + 1 : line;
            if (used + (size_t)(end - from) + 2 > VALUE_BYTES)
                return status_error(STATUS_BAD_FILE, "%s: %s in its CBF header is too long", section->path, name);
            for (; from < end; from++)
                if (!isspace((unsigned char)*from) || (used > 0 && value[used - 1] != ' '))
                    value[used++] = (char)(isspace((unsigned char)*from) ? ' ' : *from);
            value[used] = '\0';
            if (used == 0) value[used++] = ' '; /* the value begins in the next line */
        }
        line = end + 1;
    }
    while (used > 0 && value[used - 1] == ' ') used--;
    value[used] = '\0';
    return status_ok();
}

/* @param otherwise  what counts where there is no such field; negative: it must be there */
static Status number(const Section *section, const char *name, int64_t otherwise, int64_t *value) {
    char text[VALUE_BYTES];
    const char *rest = NULL;
    TRY(field(section, name, text));
    *value = otherwise;
    if (*text == '\0' && otherwise >= 0) return status_ok();
    if (text_read_integer(text, value, &rest) && *rest == '\0' && *value >= 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %s in its CBF header is \"%s\"; it must be a whole number", section->path,
                        name, text);
}

static Status check_compression(const Section *section) {
    char type[VALUE_BYTES], encoding[VALUE_BYTES];
    TRY(field(section, "Content-Type", type));
    TRY(field(section, "Content-Transfer-Encoding", encoding));
    const char *conversions = strstr(type, "conversions=");
    const char *name = conversions == NULL ? "none" : conversions + strlen("conversions=");
    if (*encoding != '\0' && strcasecmp(encoding, "BINARY") != 0)
        return status_error(STATUS_BAD_FILE, "%s: its CBF image is encoded as %.40s; only BINARY is read",
                            section->path, encoding);
    name += *name == '"';
    const size_t length = strcspn(name, "\"; ");
    const char expected[] = "x-CBF_BYTE_OFFSET";
    if (length == sizeof expected - 1 && strncasecmp(name, expected, length) == 0) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s: the compression of its CBF image is %.*s; only %s is read, as Pilatus, Eiger and XDS "
                        "write it",
                        section->path, (int)(length < 60 ? length : 60), name, expected);
}

/* The least and the greatest value of an element; without a type, of a signed one of 32 bits. */
static Status read_range(const Section *section, int64_t *least, int64_t *greatest) {
    static const struct {
        const char *name;
        int64_t least, greatest;
    } types[] = {
        {"signed 32-bit integer", INT32_MIN, INT32_MAX}, {"unsigned 32-bit integer", 0, UINT32_MAX},
        {"signed 16-bit integer", INT16_MIN, INT16_MAX}, {"unsigned 16-bit integer", 0, UINT16_MAX},
        {"signed 8-bit integer", INT8_MIN, INT8_MAX},    {"unsigned 8-bit integer", 0, UINT8_MAX},
    };
    char text[VALUE_BYTES];
    TRY(field(section, "X-Binary-Element-Type", text));
    const size_t quotes = strspn(text, "\""), length = strcspn(text + quotes, "\"");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        *least = types[i].least;
        *greatest = types[i].greatest;
        const size_t expected = strlen(types[i].name);
        if (length == 0 || (length == expected && strncasecmp(text + quotes, types[i].name, length) == 0))
            return status_ok();
    }
    return status_error(STATUS_BAD_FILE, "%s: the elements of its CBF image are of type %.60s; integers are read",
                        section->path, text);
}

static Status check_size(const Section *section, const Detector *detector, int64_t *bytes) {
    const int64_t left = section->end - section->data;
    int64_t fast = 0, slow = 0, planes = 0, elements = 0;
    TRY(number(section, "X-Binary-Size-Fastest-Dimension", -1, &fast));
    TRY(number(section, "X-Binary-Size-Second-Dimension", -1, &slow));
    TRY(number(section, "X-Binary-Size-Third-Dimension", 1, &planes));
    if (planes > 1)
        return status_error(STATUS_BAD_FILE, "%s: its CBF image has %" PRId64 " planes; one is read", section->path,
                            planes);
    TRY(mask_image_check_shape(section->path, "", slow, fast, detector));
    TRY(number(section, "X-Binary-Number-of-Elements", detector_pixels(detector), &elements));
    if (elements != detector_pixels(detector))
        return status_error(STATUS_BAD_FILE, "%s: its CBF image of %" PRId64 " x %" PRId64 " has %" PRId64 " elements",
                            section->path, fast, slow, elements);
    TRY(number(section, "X-Binary-Size", -1, bytes));
    if (*bytes > left)
        return status_error(STATUS_BAD_FILE,
                            "%s has %" PRId64 " bytes behind its CBF header, fewer than the %" PRId64
                            " of its image (is it cut off?)",
                            section->path, left, *bytes);
    if (find_boundary(section->data + *bytes, section->end, false) == NULL) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s holds several CBF images; a mask has one", section->path);
}

static Status read_values(const Section *section, int64_t bytes, const Detector *detector, MaskImage *image) {
    int64_t least = 0, greatest = 0, value = 0;
    const uint8_t *next = (const uint8_t *)section->data, *end = next + bytes;
    TRY(read_range(section, &least, &greatest));
    for (int64_t i = 0; i < detector_pixels(detector); i++) {
        int64_t difference = 0;
        if (!cbf_unpack(&next, end, &difference))
            return status_error(STATUS_BAD_FILE, "%s: its CBF image ends after %" PRId64 " of %" PRId64 " pixels",
                                section->path, i, detector_pixels(detector));
        if (difference > greatest - value || difference < least - value)
            return status_error(STATUS_BAD_FILE,
                                "%s: pixel %" PRId64 " of its CBF image is beyond its type (from %" PRId64
                                " to %" PRId64 "); it is damaged",
                                section->path, i, least, greatest);
        value += difference;
        image->signs[i] = value == 0 ? MASK_ZERO : value < 0 ? MASK_NEGATIVE : MASK_POSITIVE;
    }
    if (next == end) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: %td bytes are left behind the pixels of its CBF image; it is damaged",
                        section->path, end - next);
}

Status cbf_read_mask(const char *contents, size_t bytes, const Detector *detector, MaskImage *image) {
    Section section = {.path = image->path};
    int64_t packed_bytes = 0;
    image->kind = MASK_OF_INTENSITY;
    TRY(find_section(contents, bytes, &section));
    TRY(check_compression(&section));
    TRY(check_size(&section, detector, &packed_bytes));
    TRY(mask_image_allocate(detector, image));
    return read_values(&section, packed_bytes, detector, image);
}
