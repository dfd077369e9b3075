#include "base/text.h"

#include "base/file_kind.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool starts_like_a_number(const char *text) {
    if (*text == '+' || *text == '-') text++;
    if (*text == '.') text++;
    return isdigit((unsigned char)*text);
}

static bool is_hexadecimal(const char *text) {
    if (*text == '+' || *text == '-') text++;
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool text_read_real(const char *text, double *value, const char **rest) {
    if (strncmp(text, "inf", 3) == 0) {
        *value = INFINITY;
        *rest = text + 3;
        return true;
    }
    if (!starts_like_a_number(text) || is_hexadecimal(text)) return false;
    char *end = NULL;
    *value = strtod(text, &end);
    *rest = end;
    return end != text && isfinite(*value);
}

bool text_read_integer(const char *text, int64_t *value, const char **rest) {
    if (!starts_like_a_number(text) || *text == '.') return false;
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    *rest = end;
    return end != text && errno == 0;
}

enum { DISTANCE_LENGTH_MOST = 63 };

static int least_of(int a, int b) {
    return a < b ? a : b;
}

int text_distance(const char *from, const char *to) {
    const size_t from_length = strlen(from), to_length = strlen(to);
    if (from_length > DISTANCE_LENGTH_MOST || to_length > DISTANCE_LENGTH_MOST) return DISTANCE_LENGTH_MOST;
    int distance[DISTANCE_LENGTH_MOST + 1][DISTANCE_LENGTH_MOST + 1];
    for (size_t i = 0; i <= from_length; i++) distance[i][0] = (int)i;
    for (size_t j = 0; j <= to_length; j++) distance[0][j] = (int)j;
    for (size_t i = 1; i <= from_length; i++)
        for (size_t j = 1; j <= to_length; j++) {
            const int replaced = distance[i - 1][j - 1] + (from[i - 1] != to[j - 1]);
            int least = least_of(replaced, least_of(distance[i - 1][j], distance[i][j - 1]) + 1);
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                least = least_of(least, distance[i - 2][j - 2] + 1);
            distance[i][j] = least;
        }
    return distance[from_length][to_length];
}

bool text_is_near(const char *name, int distance) {
    const int length = (int)strlen(name);
    return distance < length && distance <= (length < 6 ? 2 : length / 3);
}

TextNearest text_nearest_to(const char *wanted) {
    return (TextNearest){.wanted = wanted, .name = "", .distance = INT_MAX};
}

void text_nearest_try(TextNearest *nearest, const char *name) {
    const int distance = text_distance(nearest->wanted, name);
    if (distance >= nearest->distance) return;
    nearest->distance = distance;
    (void)text_copy(nearest->name, sizeof nearest->name, name);
}

bool text_nearest_is_near(const TextNearest *nearest) {
    return text_is_near(nearest->wanted, nearest->distance);
}

void text_nearest_remedy(const TextNearest *nearest, const char *otherwise, char *remedy) {
    if (text_nearest_is_near(nearest))
        (void)snprintf(remedy, TEXT_REMEDY_BYTES, "; did you mean \"%s\"?", nearest->name);
    else
        (void)snprintf(remedy, TEXT_REMEDY_BYTES, "; %s", otherwise);
}

bool text_copy(char *copy, size_t copy_bytes, const char *text) {
    const size_t length = strlen(text);
    const size_t kept = length < copy_bytes ? length : copy_bytes - 1;
    memcpy(copy, text, kept);
    copy[kept] = '\0';
    return kept == length;
}

static bool controls(const unsigned char *c) {
    const bool is_ascii = (*c < 0x20 && *c != '\t') || *c == 0x7f;
    const bool is_latin = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;                   /* U+0080 to U+009F */
    const bool is_break = c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9); /* U+2028, U+2029 */
    return is_ascii || is_latin || is_break;
}

const char *text_find_control(const char *text) {
    for (; *text != '\0'; text++)
        if (controls((const unsigned char *)text)) return text;
    return NULL;
}

/* 0 for what begins no sign. */
static size_t length_of_sign(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return 2;
    if (first >= 0xe0 && first <= 0xef) return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t text_sign_bytes(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    const size_t length = length_of_sign(*c);
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    const bool is_too_long = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    const bool is_no_sign =
        (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90); /* surrogates, > U+10FFFF */
    const bool turns = (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
                       (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9); /* direction of writing */
    return *c == '\0' || is_too_long || is_no_sign || turns || controls(c) ? 0 : length;
}

void text_make_printable(char *text, size_t bytes) {
    char escaped[5];
    for (size_t i = 0; text[i] != '\0';) {
        const size_t good = text_sign_bytes(text + i), left = bytes - i;
        if (good > 0) {
            i += good;
            continue;
        }
        if (left < sizeof escaped) {
            text[i] = '\0';
            return;
        }
        (void)snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)(unsigned char)text[i]);
        const size_t rest = strlen(text + i + 1), kept = rest < left - sizeof escaped ? rest : left - sizeof escaped;
        memmove(text + i + sizeof escaped - 1, text + i + 1, kept);
        text[i + sizeof escaped - 1 + kept] = '\0';
        memcpy(text + i, escaped, sizeof escaped - 1);
        i += sizeof escaped - 1;
    }
}

static Status read_open_file(FILE *file, const char *path, size_t most_bytes, char **contents, size_t *bytes) {
    struct stat info;
    if (fstat(fileno(file), &info) != 0 || S_ISDIR(info.st_mode))
        return status_error(STATUS_BAD_FILE, "%s is not a file that can be read", path);
    if (info.st_size < 0 || (uint64_t)info.st_size > most_bytes)
        return status_error(STATUS_BAD_FILE, "%s has %" PRId64 " bytes, more than the %zu that are read", path,
                            (int64_t)info.st_size, most_bytes);
    size_t capacity = (size_t)info.st_size + 1, length = 0;
    char *text = malloc(capacity + 1);
    while (text != NULL) {
        length += fread(text + length, 1, capacity - length, file);
        if (length < capacity) break;
        if (length > most_bytes) {
            free(text);
            return status_error(STATUS_BAD_FILE, "%s has more than the %zu bytes that are read", path, most_bytes);
        }
        capacity *= 2; /* a pipe, or a file that grew */
        char *larger = realloc(text, capacity + 1);
        if (larger == NULL) free(text);
        text = larger;
    }
    if (text == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the %zu bytes of %s", capacity, path);
    if (ferror(file)) {
        free(text);
        return status_error(STATUS_BAD_FILE, "%s cannot be read: %s", path, strerror(errno));
    }
    text[length] = '\0';
    *contents = text;
    *bytes = length;
    return status_ok();
}

Status text_read_named(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return status_error(STATUS_BAD_FILE, "%s cannot be opened: %s", name, strerror(errno));
    const Status status = read_open_file(file, name, most_bytes, contents, bytes);
    (void)fclose(file);
    return status;
}

Status text_read_beginning(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (file == NULL) return status_error(STATUS_BAD_FILE, "%s cannot be opened: %s", name, strerror(errno));
    const bool is_file = fstat(fileno(file), &info) == 0 && !S_ISDIR(info.st_mode);
    char *text = is_file ? malloc(most_bytes + 1) : NULL;
    const size_t length = text == NULL ? 0 : fread(text, 1, most_bytes, file);
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    *contents = text;
    *bytes = length;
    if (text != NULL) text[length] = '\0';
    if (text != NULL && !failed) return status_ok();
    free(text);
    *contents = NULL;
    if (is_file && !failed) return status_error(STATUS_NO_MEMORY, "no memory for the beginning of %s", name);
    return status_error(STATUS_BAD_FILE, "%s is not a file that can be read", name);
}

Status text_read_file(const char *path, size_t most_bytes, char **contents, size_t *bytes) {
    return text_read_named(path, path, most_bytes, contents, bytes);
}

static Status refuse_zero(const char *name, const char *contents, size_t bytes, const char *zero) {
    int64_t line = 1;
    const char *kind = file_kind_of(contents, bytes);
    if (kind != NULL) return status_error(STATUS_BAD_FILE, "%s is %s; a text is wanted here", name, kind);
    for (const char *c = contents; c < zero; c++) line += *c == '\n' || (*c == '\r' && c[1] != '\n');
    return status_error(STATUS_BAD_FILE,
                        "%s:%" PRId64 ": a zero byte; this is not a text file (or it is UTF-16: save it as UTF-8)",
                        name, line);
}

static Status refuse_wide(const char *name, const char *contents, size_t bytes) {
    static const struct {
        const char *mark, *name;
    } wide[] = {{"\xff\xfe", "UTF-16 (little-endian)"}, {"\xfe\xff", "UTF-16 (big-endian)"}};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (bytes >= 2 && memcmp(contents, wide[i].mark, 2) == 0)
            return status_error(STATUS_BAD_FILE,
                                "%s begins with the byte order mark of %s; save it as UTF-8 (iconv -t UTF-8)", name,
                                wide[i].name);
    }
    return status_ok();
}

Status text_normalise(const char *name, char *contents, size_t *bytes) {
    static const char mark[] = "\xef\xbb\xbf";
    const char *from = contents, *end = contents + *bytes;
    char *to = contents;
    TRY(refuse_wide(name, contents, *bytes));
    const char *zero = memchr(contents, '\0', *bytes);
    if (zero != NULL) return refuse_zero(name, contents, *bytes, zero);
    if (strncmp(contents, mark, sizeof mark - 1) == 0) from += sizeof mark - 1;
    if (from == contents && memchr(contents, '\r', *bytes) == NULL) return status_ok();
    for (; from < end; from++) {
        if (*from == '\r' && from[1] == '\n') continue;
        *to++ = (char)(*from == '\r' ? '\n' : *from);
    }
    *to = '\0';
    *bytes = (size_t)(to - contents);
    return status_ok();
}

Status text_read_text(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes) {
    TRY(text_read_named(path, name, most_bytes, contents, bytes));
    const Status status = text_normalise(name, *contents, bytes);
    if (status_is_ok(status)) return status;
    free(*contents);
    *contents = NULL;
    return status;
}

LineReader text_lines(const char *path, const char *contents, size_t bytes) {
    return (LineReader){.path = path, .next = contents, .end = contents + bytes, .line = 0, .current = ""};
}

static bool is_separator(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';';
}

Status text_next_line(LineReader *reader, bool *found) {
    *found = false;
    while (reader->next < reader->end && !*found) {
        const size_t left = (size_t)(reader->end - reader->next);
        const char *newline = memchr(reader->next, '\n', left);
        const size_t length = newline == NULL ? left : (size_t)(newline - reader->next);
        reader->line++;
        if (memchr(reader->next, '\0', length) != NULL)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a zero byte; this is not a text file", reader->path,
                                reader->line);
        if (length >= sizeof reader->current)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the line has %zu characters; at most %zu are read",
                                reader->path, reader->line, length, sizeof reader->current - 1);
        memcpy(reader->current, reader->next, length);
        reader->current[length] = '\0';
        reader->current[strcspn(reader->current, "#")] = '\0';
        reader->next += length + (newline != NULL);
        const char *text = reader->current;
        while (is_separator(*text)) text++;
        *found = *text != '\0';
    }
    return status_ok();
}

Status text_line_numbers(const LineReader *reader, int most, double *values, int *count) {
    const char *text = reader->current;
    *count = 0;
    while (*count < most) {
        while (is_separator(*text)) text++;
        if (*text == '\0') break;
        const char *rest = text;
        if (!text_read_real(text, &values[*count], &rest) || !isfinite(values[*count]) ||
            (*rest != '\0' && !is_separator(*rest))) {
            const int length = (int)strcspn(text, " \t\r,;");
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": field %d is \"%.*s\"; it must be a number",
                                reader->path, reader->line, *count + 1, length < 60 ? length : 60, text);
        }
        text = rest;
        (*count)++;
    }
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------ as papers
 * write
 */

size_t text_blank_bytes(const char *text) {
    static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x87", "\xe2\x80\x89"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (strncmp(text, blanks[i], strlen(blanks[i])) == 0) return strlen(blanks[i]);
    return 0;
}

/* The letter that stands for a sign at @p text, whose length is @p bytes; 0 for what stays. */
static char plain_letter(const char *text, size_t *bytes) {
    static const struct {
        const char *sign;
        char letter;
    } signs[] = {{"\xc3\x85", 'A'}, {"\xe2\x84\xab", 'A'}, {"A\xcc\x8a", 'A'}, {"\xc2\xb5", 'u'},
                 {"\xce\xbc", 'u'}, {"\xe2\x88\x92", '-'}, {"\xc2\xb2", '2'},  {"\xc2\xb3", '3'}};
    *bytes = text_blank_bytes(text);
    if (*bytes > 0) return ' ';
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *bytes = strlen(signs[i].sign);
        if (strncmp(text, signs[i].sign, *bytes) == 0) return signs[i].letter;
    }
    return '\0';
}

void text_make_plain(char *text) {
    size_t length = 0, bytes = 0;
    for (const char *from = text; *from != '\0'; from += bytes) {
        const char letter = plain_letter(from, &bytes);
        if (letter == '\0') bytes = 1;
        const char kept = letter != '\0' ? letter : *from;
        if (kept != ' ' || length > 0) text[length++] = kept;
    }
    while (length > 0 && text[length - 1] == ' ') length--;
    text[length] = '\0';
}
