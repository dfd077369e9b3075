#include "reflections/cif.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

CifReader cif_words(const char *path, const char *text, size_t bytes) {
    return (CifReader){.path = path, .begin = text, .next = text, .end = text + bytes, .line = 1};
}

CifReader cif_words_within(const char *path, const CifWord *text) {
    return (CifReader){
        .path = path, .begin = text->text, .next = text->text, .end = text->text + text->length, .line = text->line};
}

static void step(CifReader *reader) {
    if (*reader->next++ == '\n') reader->line++;
}

static void skip_blanks_and_comments(CifReader *reader) {
    bool in_comment = false;
    for (; reader->next < reader->end; step(reader)) {
        const char c = *reader->next;
        if (c == '\n') in_comment = false;
        if (c == '#') in_comment = true;
        if (!in_comment && !isspace((unsigned char)c)) return;
    }
}

static bool is_at_line_start(const CifReader *reader) {
    return reader->next == reader->begin || reader->next[-1] == '\n';
}

/* From ';' at the start of a line to the next. */
static Status read_text_field(CifReader *reader, CifWord *word) {
    step(reader);
    word->text = reader->next;
    for (; reader->next < reader->end; step(reader))
        if (*reader->next == ';' && is_at_line_start(reader)) {
            word->length = (size_t)(reader->next - word->text);
            step(reader);
            return status_ok();
        }
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the text that begins with ; on this line has no end",
                        reader->path, word->line);
}

/* Up to the same quote with a blank after it. */
static Status read_quoted(CifReader *reader, CifWord *word) {
    const char quote = *reader->next;
    step(reader);
    word->text = reader->next;
    for (; reader->next < reader->end && *reader->next != '\n'; step(reader)) {
        const bool ends = reader->next + 1 == reader->end || isspace((unsigned char)reader->next[1]);
        if (*reader->next != quote || !ends) continue;
        word->length = (size_t)(reader->next - word->text);
        step(reader);
        return status_ok();
    }
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a quote without end", reader->path, word->line);
}

static bool begins_with(const CifWord *word, const char *start) {
    const size_t length = strlen(start);
    return word->length >= length && strncasecmp(word->text, start, length) == 0;
}

static Status classify(const CifReader *reader, CifWord *word) {
    static const char data[] = "data_";
    word->kind = *word->text == '_' ? CIF_TAG : CIF_VALUE;
    if (begins_with(word, "loop_") && word->length == 5) word->kind = CIF_LOOP;
    if (begins_with(word, data)) {
        word->kind = CIF_BLOCK;
        word->text += sizeof data - 1;
        word->length -= sizeof data - 1;
    }
    if (begins_with(word, "save_") || begins_with(word, "global_") || begins_with(word, "stop_"))
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": \"%.*s\" has no place in a file of reflections or atoms",
                            reader->path, word->line, word->length < 40 ? (int)word->length : 40, word->text);
    return status_ok();
}

static Status read_plain(CifReader *reader, CifWord *word) {
    word->text = reader->next;
    while (reader->next < reader->end && !isspace((unsigned char)*reader->next)) {
        if (*reader->next == '\0')
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a zero byte; this is not a text file", reader->path,
                                reader->line);
        step(reader);
    }
    word->length = (size_t)(reader->next - word->text);
    return classify(reader, word);
}

Status cif_next(CifReader *reader, CifWord *word) {
    skip_blanks_and_comments(reader);
    *word = (CifWord){.kind = CIF_END, .text = "", .line = reader->line};
    if (reader->next == reader->end) return status_ok();
    const char first = *reader->next;
    const bool is_field = first == ';' && is_at_line_start(reader);
    if (!is_field && first != '\'' && first != '"') return read_plain(reader, word);
    word->kind = CIF_VALUE;
    word->is_quoted = true;
    return is_field ? read_text_field(reader, word) : read_quoted(reader, word);
}

bool cif_is_missing(const CifWord *word) {
    return !word->is_quoted && word->length == 1 && (*word->text == '.' || *word->text == '?');
}

bool cif_tag_is(const CifWord *word, const char *name) {
    if (word->length != strlen(name)) return false;
    for (size_t i = 0; i < word->length; i++) {
        const char c = (char)tolower((unsigned char)word->text[i]);
        if (c != tolower((unsigned char)name[i]) && !(name[i] == '.' && c == '_')) return false;
    }
    return true;
}

bool cif_number(const CifWord *word, double *value) {
    char text[64];
    if (word->length >= sizeof text) return false;
    memcpy(text, word->text, word->length);
    text[word->length] = '\0';
    const char *rest = text;
    if (!text_read_real(text, value, &rest) || !isfinite(*value)) return false;
    if (*rest == '\0') return true;
    const size_t digits = *rest == '(' ? strspn(rest + 1, "0123456789.") : 0;
    return digits > 0 && strcmp(rest + 1 + digits, ")") == 0;
}

/* ---------------------------------------------------------------------------------------------------------- blocks */

/* A data block as far as it has been gone through. */
typedef struct BlockSeen {
    char name[CIF_NAME_BYTES];
    CifReader inside;
    bool has;
} BlockSeen;

static BlockSeen begin_block(const CifReader *reader, const CifWord *word) {
    BlockSeen seen = {.inside = *reader};
    const bool has_name = word->kind == CIF_BLOCK;
    (void)snprintf(seen.name, sizeof seen.name, "%.*s",
                   has_name && word->length < CIF_NAME_BYTES ? (int)word->length : (has_name ? CIF_NAME_BYTES - 1 : 0),
                   word->text);
    return seen;
}

static bool is_wanted(const BlockSeen *seen, const char *wanted) {
    static const char data[] = "data_";
    const bool has_data = strncasecmp(wanted, data, sizeof data - 1) == 0;
    return *wanted == '\0' || strcasecmp(seen->name, wanted) == 0 ||
           (has_data && strcasecmp(seen->name, wanted + sizeof data - 1) == 0);
}

/* @p chosen counts those that may be meant. */
static void end_block(const BlockSeen *seen, const char *wanted, CifBlocks *blocks, int *chosen) {
    const size_t used = strlen(blocks->list), room = sizeof blocks->list - used;
    (void)snprintf(blocks->list + used, room, "%s%s%s", blocks->blocks > 0 ? ", " : "", seen->name,
                   seen->has ? "*" : "");
    if (strlen(seen->name) + 8 > room) (void)snprintf(blocks->list + sizeof blocks->list - 8, 8, " ...");
    if (blocks->blocks++ == 0) blocks->chosen = seen->inside;
    blocks->found += seen->has;
    if (!seen->has || !is_wanted(seen, wanted)) return;
    ++*chosen;
    blocks->chosen = seen->inside;
    (void)text_copy(blocks->name, sizeof blocks->name, seen->name);
}

static Status go_through(CifReader reader, const char *wanted, CifLookFor look_for, CifBlocks *blocks, int *chosen) {
    CifReader ahead = reader;
    CifWord word, next;
    TRY(cif_next(&ahead, &word));
    BlockSeen seen = begin_block(word.kind == CIF_BLOCK ? &ahead : &reader, &word);
    for (; word.kind != CIF_END; word = next) {
        TRY(cif_next(&ahead, &next));
        seen.has = seen.has || (word.kind == CIF_TAG && look_for(&word, &next));
        if (next.kind != CIF_BLOCK && next.kind != CIF_END) continue;
        end_block(&seen, wanted, blocks, chosen);
        seen = begin_block(&ahead, &next);
    }
    return status_ok();
}

Status cif_choose_block(CifReader reader, const char *wanted, CifLookFor look_for, const char *what,
                        const char *setting, CifBlocks *blocks) {
    int chosen = 0;
    *blocks = (CifBlocks){.chosen = reader};
    TRY(go_through(reader, wanted, look_for, blocks, &chosen));
    if (chosen == 1 || (blocks->found == 0 && *wanted == '\0')) return status_ok();
    if (chosen == 0)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s is \"%.60s\", and no data block of that name in %s has %s; its blocks, those with %s "
                            "marked by *: %s",
                            setting, wanted, reader.path, what, what, blocks->list);
    return status_error(STATUS_BAD_FILE, "%s has %s in %d data blocks, marked by *: %s; %s%s", reader.path, what,
                        chosen, blocks->list, setting == NULL ? "keep one of them in the file" : "name one by ",
                        setting == NULL ? "" : setting);
}
