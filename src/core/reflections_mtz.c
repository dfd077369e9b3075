#include "reflection_readers.h"

#include "text.h"

#include <assert.h>
#include <ccp4/ccp4_errno.h>
#include <ccp4/ccp4_program.h>
#include <ccp4/cmtzlib.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The form is described at https://www.ccp4.ac.uk/html/mtzformat.html: a block of 20 words, the reflections as float32
 * [reflection][column], then records of 80 characters up to END, the history, and MTZENDOFHEADERS. libccp4 searches for
 * the records without looking where the file ends, so all that it relies on is checked before it is called. */
enum {
    RECORD = 80,
    DATA_BEGIN = 80,
    LABEL_MOST = 30,
    FIELD_BYTES = RECORD + 1,
    FIELDS_MOST = 8,
    MTZ_COLUMNS_MOST = 2000,
    DATASETS_MOST = 500,
    HISTORY_MOST = 30
};

/* The header as it is walked through. */
typedef struct MtzHeader {
    const char *path, *opened_path;
    FileContents contents;
    size_t begin, end; /* of the records up to END; END itself is at `end` */
    int64_t columns, rows, operations, datasets;
    int seen_columns, seen_operations, seen_datasets, cells, orders;
    double cell[6];
    int64_t project, crystal;                 /* numbers of the datasets of the last records PROJECT and CRYSTAL */
    int64_t dataset[DATASETS_MOST];           /* numbers of those that have a record DATASET */
    int64_t column_dataset[MTZ_COLUMNS_MOST]; /* number of the dataset of each column; -1 where it is not given */
    char type[MTZ_COLUMNS_MOST];
    char label[MTZ_COLUMNS_MOST][LABEL_MOST + 1];
    char space_group[SYMMETRY_NAME_BYTES];
    Symmetry symmetry;
} MtzHeader;

bool mtz_is(FileContents contents) {
    return contents.count >= 4 && memcmp(contents.bytes, "MTZ ", 4) == 0;
}

static Status damaged(const MtzHeader *header, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s is no complete MTZ file: %s; is it cut off or damaged?", header->path,
                        what);
}

/* --------------------------------------------------------------------------------------------------------- records */

static uint32_t word_at(FileContents contents, size_t at, bool is_little) {
    uint32_t word = 0;
    for (size_t i = 0; i < 4; i++) {
        const size_t place = is_little ? at + 3 - i : at + i;
        word = word << 8 | (unsigned char)contents.bytes[place];
    }
    return word;
}

/* Where the records begin, from the first block: magic, place in words, machine stamp. */
static Status find_records(MtzHeader *header) {
    const FileContents contents = header->contents;
    if (!mtz_is(contents))
        return status_error(STATUS_BAD_FILE, "%s does not begin with \"MTZ \": it is no MTZ file", header->path);
    if (contents.count < DATA_BEGIN + 3 * RECORD) return damaged(header, "it ends before its header");
    const unsigned char stamp = (unsigned char)contents.bytes[8];
    if (stamp != 0x44 && stamp != 0x11) return damaged(header, "its machine stamp is none of IEEE numbers");
    const uint32_t place = word_at(contents, 4, stamp == 0x44);
    if (place > INT32_MAX) return damaged(header, "it has more than 8 GiB, or the place of its header is wrong");
    header->begin = ((size_t)place - 1) * 4;
    if (place == 0 || header->begin < DATA_BEGIN || header->begin + RECORD > contents.count)
        return damaged(header, "its header lies beyond its end");
    return status_ok();
}

static bool record_is(const char *record, const char *keyword) {
    return strncmp(record, keyword, strlen(keyword)) == 0;
}

/* The words of a record. */
typedef char Fields[FIELDS_MOST][FIELD_BYTES];

/* As libccp4 has it, within a word too. */
static bool begins_comment(char c) {
    return c == '!' || c == '#';
}

/* A record's words into `field`; words in quotes are one. */
static int split(const char *record, Fields field) {
    int count = 0;
    const char *end = record + RECORD;
    for (const char *c = record; c < end && count < FIELDS_MOST; count++) {
        while (c < end && (*c == ' ' || *c == '\0')) c++;
        if (c == end || begins_comment(*c)) break;
        const char quote = *c == '\'' || *c == '"' ? *c++ : ' ';
        int length = 0;
        while (c < end && *c != quote && *c != '\0' && (quote != ' ' || !begins_comment(*c)))
            field[count][length++] = *c++;
        if (c < end && quote != ' ') c++;
        field[count][length] = '\0';
    }
    return count;
}

/* True when a record is that word and nothing else. */
static bool is_word(const char *record, const char *word) {
    Fields field = {""};
    return split(record, field) == 1 && strcmp(field[0], word) == 0 && record_is(record, word);
}

static bool whole_number(const char *text, int64_t least, int64_t most, int64_t *value) {
    const char *rest = text;
    return text_read_integer(text, value, &rest) && *rest == '\0' && *value >= least && *value <= most;
}

/* --------------------------------------------------------------------------------------------------- known records */

static Status take_counts(MtzHeader *header, Fields field, int fields) {
    int64_t batches = 0;
    if (fields < 4 || !whole_number(field[1], 1, INT32_MAX, &header->columns) ||
        !whole_number(field[2], 0, INT32_MAX, &header->rows) || !whole_number(field[3], 0, INT32_MAX, &batches))
        return damaged(header, "its record NCOL does not say how many columns, reflections and batches there are");
    if (batches > 0)
        return status_error(STATUS_BAD_FILE, "%s holds unmerged observations in %" PRId64 " batches; merge it first",
                            header->path, batches);
    if (header->columns > MTZ_COLUMNS_MOST)
        return status_error(STATUS_BAD_FILE, "%s has %" PRId64 " columns; at most %d are read", header->path,
                            header->columns, MTZ_COLUMNS_MOST);
    const size_t bytes = (size_t)header->columns * (size_t)header->rows * 4;
    if (header->begin != DATA_BEGIN + bytes)
        return status_error(STATUS_BAD_FILE,
                            "%s: %" PRId64 " columns of %" PRId64 " reflections take %zu bytes, but %zu lie before its "
                            "header; is it damaged?",
                            header->path, header->columns, header->rows, bytes, header->begin - DATA_BEGIN);
    return status_ok();
}

static Status take_cell(MtzHeader *header, Fields field, int fields) {
    for (int i = 0; i < 6; i++) {
        const char *rest = "";
        if (fields < 7 || !text_read_real(field[1 + i], &header->cell[i], &rest) || *rest != '\0')
            return damaged(header, "its record CELL does not have 6 numbers");
    }
    header->cells++;
    return status_ok();
}

/* SYMINF operations primitive-operations lattice number 'name' 'point group' */
static Status take_space_group(MtzHeader *header, Fields field, int fields) {
    int64_t primitive = 0, number = 0;
    if (header->operations > 0 || fields < 6 ||
        !whole_number(field[1], 1, SYMMETRY_OPERATIONS_MOST, &header->operations) ||
        !whole_number(field[2], 1, header->operations, &primitive) || strlen(field[3]) != 1 ||
        !whole_number(field[4], 0, 100000, &number) || strlen(field[5]) > MAXSPGNAMELENGTH)
        return damaged(header, "its record SYMINF is not as it should be");
    if (fields > 6 && strlen(field[6]) > MAXPGNAMELENGTH)
        return damaged(header, "its record SYMINF has too long a name of a point group");
    (void)text_copy(header->space_group, sizeof header->space_group, field[5]);
    return status_ok();
}

static Status take_operation(MtzHeader *header, const char *record) {
    SymmetryOperation operation;
    const size_t keyword = 4;
    size_t length = 0;
    while (length < RECORD - keyword && record[keyword + length] != '\0') length++;
    if (!symmetry_read_operation(record + keyword, length, &operation) ||
        header->seen_operations == SYMMETRY_OPERATIONS_MOST)
        return status_error(STATUS_BAD_FILE, "%s: \"%.*s\" is no symmetry operation; is it damaged?", header->path,
                            RECORD, record);
    header->seen_operations++;
    (void)symmetry_add(&header->symmetry, &operation);
    return status_ok();
}

static Status take_column(MtzHeader *header, Fields field, int fields) {
    int64_t dataset = -1;
    const bool is_good = fields >= 5 && header->seen_columns < MTZ_COLUMNS_MOST && strlen(field[1]) <= LABEL_MOST &&
                         strlen(field[2]) == 1 && isalpha((unsigned char)field[2][0]);
    if (!is_good || (fields >= 6 && !whole_number(field[5], 0, INT32_MAX, &dataset)))
        return damaged(header, "one of its records COLUMN is not as it should be");
    header->column_dataset[header->seen_columns] = dataset;
    memcpy(header->label[header->seen_columns], field[1], strlen(field[1]) + 1);
    header->type[header->seen_columns++] = field[2][0];
    return status_ok();
}

static bool has_dataset(const MtzHeader *header, int64_t number) {
    for (int i = 0; i < header->seen_datasets; i++)
        if (header->dataset[i] == number) return true;
    return false;
}

/* NDIF, once and first, as libccp4 makes room for what it counts; then the records that each have the number of a
 * dataset first, in this order: PROJECT, CRYSTAL, DATASET, DCELL, DWAVEL. */
static Status take_dataset(MtzHeader *header, Fields field, int fields) {
    int64_t number = 0;
    if (fields < 2 || !whole_number(field[1], 0, INT32_MAX, &number) || strlen(field[fields - 1]) > 64)
        return damaged(header, "a record about its datasets has no number");
    if (strcmp(field[0], "NDIF") == 0) {
        if (header->datasets > 0) return damaged(header, "it has two records NDIF");
        header->datasets = number;
        return number <= DATASETS_MOST ? status_ok() : damaged(header, "its record NDIF has too many datasets");
    }
    if (header->datasets == 0) return damaged(header, "it tells of datasets before its record NDIF counts them");
    if (strcmp(field[0], "PROJECT") == 0) header->project = header->crystal = number;
    if (strcmp(field[0], "CRYSTAL") == 0) header->crystal = number;
    if (strcmp(field[0], "DATASET") == 0 && header->seen_datasets < DATASETS_MOST)
        header->dataset[header->seen_datasets++] = number;
    const bool is_later = *field[0] == 'D'; /* DATASET, DCELL, DWAVEL */
    if (header->project == number && header->crystal == number && (!is_later || has_dataset(header, number)))
        return status_ok();
    return damaged(header, "the records about its datasets are not in order");
}

/* The columns by which the file is sorted, which libccp4 looks up. */
static Status check_order(MtzHeader *header, Fields field, int fields) {
    int64_t column = 0;
    header->orders++;
    for (int i = 1; i < fields; i++)
        if (!whole_number(field[i], -header->columns, header->columns, &column))
            return damaged(header, "its record SORT names columns that are not there");
    return fields == 6 ? status_ok() : damaged(header, "its record SORT does not have 5 numbers");
}

/* Where a column comes from: COLSRC label source dataset; COLGRP label group type place dataset. libccp4 copies the
 * words into arrays of these lengths. */
static Status check_source(const MtzHeader *header, Fields field, int fields) {
    const bool is_source = strcmp(field[0], "COLSRC") == 0;
    const size_t second = is_source ? 36 : LABEL_MOST, third = is_source ? RECORD : 4;
    if (fields >= 4 && strlen(field[1]) <= LABEL_MOST && strlen(field[2]) <= second && strlen(field[3]) <= third)
        return status_ok();
    return damaged(header, "one of its records COLSRC or COLGRP is not as it should be");
}

/* Records with nothing that is used here or that could mislead libccp4. */
static bool is_harmless(Fields field, int fields) {
    static const char *const keywords[] = {"VERS", "TITLE", "RESO"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(field[0], keywords[i]) == 0) return true;
    return strcmp(field[0], "VALM") == 0 && fields > 1;
}

static bool is_of_datasets(const char *keyword) {
    static const char *const keywords[] = {"NDIF", "PROJECT", "CRYSTAL", "DATASET", "DCELL", "DWAVEL"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keyword, keywords[i]) == 0) return true;
    return false;
}

/* True when libccp4 takes the last character, or the last one before a comment, for a sign that the record goes on: it
 * then reads the standard input. */
static bool is_continued(const char *record) {
    static const char signs[] = "&\\-";
    char last = ' ';
    for (int i = 0; i < RECORD && record[i] != '\0'; i++) {
        if (begins_comment(record[i]) && strchr(signs, last) != NULL) return true;
        if (record[i] != ' ') last = record[i];
    }
    return strchr(signs, last) != NULL;
}

static Status take_record(MtzHeader *header, const char *record) {
    Fields field = {""};
    const int fields = split(record, field);
    const char *keyword = field[0];
    if (is_continued(record))
        return status_error(STATUS_BAD_FILE,
                            "%s: its record \"%.*s\" ends in &, \\ or -, as if it went on; end it in something else",
                            header->path, RECORD, record);
    if (!record_is(record, keyword)) /* in blanks or quotes: only some of libccp4's passes would see it */
        return damaged(header, "a record of its header does not begin with its keyword");
    if (strcmp(keyword, "NCOL") == 0) return take_counts(header, field, fields);
    if (strcmp(keyword, "CELL") == 0) return take_cell(header, field, fields);
    if (strcmp(keyword, "SYMINF") == 0) return take_space_group(header, field, fields);
    if (strcmp(keyword, "SYMM") == 0) return take_operation(header, record);
    if (strcmp(keyword, "COLUMN") == 0) return take_column(header, field, fields);
    if (strcmp(keyword, "SORT") == 0) return check_order(header, field, fields);
    if (strcmp(keyword, "BATCH") == 0) return damaged(header, "it lists batches that its record NCOL does not count");
    if (strcmp(keyword, "COLSRC") == 0 || strcmp(keyword, "COLGRP") == 0) return check_source(header, field, fields);
    if (is_of_datasets(keyword)) return take_dataset(header, field, fields);
    if (is_harmless(field, fields)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: its header has a record \"%.20s\" that is not known; is it damaged?",
                        header->path, record);
}

/* ----------------------------------------------------------------------------------------------------------- checks */

/* Blanks and letters, and zeros after the text; nothing that would end a line or a string within. */
static bool is_text(const char *record) {
    int length = RECORD;
    while (length > 0 && record[length - 1] == '\0') length--;
    for (int i = 0; i < length; i++)
        if (iscntrl((unsigned char)record[i])) return false;
    return true;
}

/* From END: a history of as many records as it says, and the last record, which stops libccp4. */
static Status check_end(MtzHeader *header) {
    const FileContents contents = header->contents;
    size_t at = header->end + RECORD;
    if (at + RECORD <= contents.count && record_is(contents.bytes + at, "MTZHIST")) {
        Fields field;
        int64_t lines = 0;
        if (split(contents.bytes + at, field) < 2 || !whole_number(field[1], 0, HISTORY_MOST, &lines))
            return damaged(header, "its history does not say how long it is");
        at += (size_t)(1 + lines) * RECORD;
    }
    if (at + RECORD <= contents.count && is_word(contents.bytes + at, "MTZENDOFHEADERS")) return status_ok();
    return damaged(header, "the record MTZENDOFHEADERS does not follow where it should");
}

static Status check_counts(MtzHeader *header) {
    int indices = 0;
    for (int i = 0; i < header->seen_columns; i++) indices += header->type[i] == 'H';
    if (header->columns == 0) return damaged(header, "it has no record NCOL");
    if (header->seen_columns != header->columns)
        return damaged(header, "it does not have as many records COLUMN as its record NCOL says");
    if (header->seen_operations != header->operations || header->operations == 0)
        return damaged(header, "it does not have as many records SYMM as its record SYMINF says");
    if (header->seen_datasets != header->datasets)
        return damaged(header, "it does not have as many records DATASET as its record NDIF says");
    for (int i = 0; i < header->seen_columns && header->datasets > 0; i++)
        if (header->column_dataset[i] >= 0 && !has_dataset(header, header->column_dataset[i]))
            return damaged(header, "a column belongs to a dataset that is not there");
    if (indices < 3 || header->type[0] != 'H' || header->type[1] != 'H' || header->type[2] != 'H')
        return damaged(header, "its first three columns are not h, k and l");
    if (header->cells != 1) return damaged(header, "it does not have one record CELL");
    if (header->orders == 0) /* libccp4 would look up columns whose numbers it has not read */
        return damaged(header, "it has no record SORT, which is \"SORT 0 0 0 0 0\" where it is not sorted");
    return check_end(header);
}

static Status check_header(MtzHeader *header) {
    TRY(find_records(header));
    for (size_t at = header->begin;; at += RECORD) {
        if (at + RECORD > header->contents.count) return damaged(header, "its header has no END");
        const char *record = header->contents.bytes + at;
        if (!is_text(record)) return damaged(header, "its header has characters that are no text");
        header->end = at;
        if (is_word(record, "END")) break;
        TRY(take_record(header, record));
    }
    return check_counts(header);
}

/* --------------------------------------------------------------------------------------------------------- reading */

/* Column types (mtzformat): F amplitude, J intensity, G and K those of one of a Friedel pair. */
static Status add_columns(const MtzHeader *header, Reflections *reflections) {
    int of_pairs[2] = {0, 0}; /* columns of type G and K so far: plus and minus take turns unless their labels say */
    for (int i = 0; i < header->columns; i++) {
        const char type = header->type[i];
        const char *label = header->label[i];
        const bool is_pair = type == 'G' || type == 'K';
        ColumnKind kind = COLUMN_OTHER;
        FriedelSide side = FRIEDEL_BOTH;
        if (type == 'F' || type == 'G') kind = COLUMN_AMPLITUDE;
        if (type == 'J' || type == 'K') kind = COLUMN_INTENSITY;
        if (is_pair) side = of_pairs[type == 'K']++ % 2 == 0 ? FRIEDEL_PLUS : FRIEDEL_MINUS;
        if (is_pair && strstr(label, "(+)") != NULL) side = FRIEDEL_PLUS;
        if (is_pair && strstr(label, "(-)") != NULL) side = FRIEDEL_MINUS;
        TRY(reflections_add_column(reflections, label, kind, side));
    }
    return status_ok();
}

/* The columns in the order of the file; false when libccp4 found others than the header has. */
static bool collect_columns(const MTZ *mtz, int columns, const MTZCOL **column) {
    int found = 0;
    for (int x = 0; x < mtz->nxtal; x++)
        for (int s = 0; s < mtz->xtal[x]->nset; s++)
            for (int c = 0; c < mtz->xtal[x]->set[s]->ncol; c++) {
                const MTZCOL *next = mtz->xtal[x]->set[s]->col[c];
                if (next->source < 1 || next->source > (unsigned)columns || next->ref == NULL) continue;
                column[next->source - 1] = next;
                found++;
            }
    for (int i = 0; i < columns; i++)
        if (column[i] == NULL) return false;
    return found == columns;
}

static Status take_rows(const MtzHeader *header, const MTZ *mtz, const MTZCOL **column, Reflections *reflections) {
    assert(header->columns >= 3); /* the first are h, k and l */
    for (int64_t row = 0; row < header->rows; row++) {
        double index[3];
        for (int i = 0; i < 3; i++) index[i] = (double)column[i]->ref[row];
        TRY(reflections_add_row(reflections, index, 0));
        for (int i = 0; i < header->columns; i++) {
            const float value = column[i]->ref[row];
            if (reflections->column[i].kind == COLUMN_OTHER || ccp4_ismnf(mtz, value)) continue;
            TRY(reflections_set(reflections, i, (double)value));
        }
    }
    return status_ok();
}

static Status take_data(const MtzHeader *header, const MTZ *mtz, Reflections *reflections) {
    const MTZCOL *column[MTZ_COLUMNS_MOST] = {NULL};
    if (mtz->nref != header->rows || !collect_columns(mtz, (int)header->columns, column))
        return damaged(header, "libccp4 does not find the columns that its header lists");
    TRY(reflections_set_cell(reflections, header->cell));
    reflections->symmetry = header->symmetry;
    (void)text_copy(reflections->symmetry.name, sizeof reflections->symmetry.name, header->space_group);
    TRY(add_columns(header, reflections));
    return take_rows(header, mtz, column, reflections);
}

static Status read_checked(const MtzHeader *header, Reflections *reflections) {
    char path[PARAMETER_TEXT_BYTES + 2];
    /* without a slash libccp4 would take it for the name of a variable that names the file */
    (void)snprintf(path, sizeof path, "%s%s", strchr(header->opened_path, '/') == NULL ? "./" : "",
                   header->opened_path);
    (void)ccp4_liberr_verbosity(0);
    (void)ccp4VerbosityLevel(0);
    MTZ *mtz = MtzGet(path, 1);
    if (mtz == NULL) return damaged(header, "libccp4 cannot read it");
    const Status status = take_data(header, mtz, reflections);
    (void)MtzFree(mtz);
    return status;
}

Status mtz_read(FileContents contents, Reflections *reflections) {
    MtzHeader *header = calloc(1, sizeof *header);
    if (header == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the header of %s", reflections->path);
    header->path = reflections->path;
    header->opened_path = reflections->opened_path;
    header->contents = contents;
    header->project = header->crystal = -1;
    Status status = check_header(header);
    if (status_is_ok(status)) status = read_checked(header, reflections);
    free(header);
    return status;
}
