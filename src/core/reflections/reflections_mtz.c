#include "reflections/reflection_readers.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The form is described at https://www.ccp4.ac.uk/html/mtzformat.html: a block of 20 words, the reflections as float32
 * [reflection][column], then records of 80 characters up to END, the history, and MTZENDOFHEADERS. libccp4 searches for
 * the records without looking where the file ends and looks columns up without looking whether it finds them, so files
 * are read here, and only in the memory that holds them. */
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
    const char *path;
    FileContents contents;
    size_t begin, end; /* of the records up to END; END itself is at `end` */
    int64_t columns, rows, operations, datasets;
    int seen_columns, seen_operations, seen_datasets, cells;
    bool is_little;                           /* the numbers of its data, by its machine stamp */
    double cell[6], missing;                  /* of all that has no other; the value that says "not given" */
    int64_t dataset[DATASETS_MOST];           /* numbers of those that have a record DATASET */
    double dataset_cell[DATASETS_MOST][6];    /* NAN where there is no DCELL */
    int64_t column_dataset[MTZ_COLUMNS_MOST]; /* number of the dataset of each column; -1 where it is not given */
    int index[3];                             /* columns of h, k and l */
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
    header->is_little = stamp == 0x44;
    const uint32_t place = word_at(contents, 4, header->is_little);
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

/* As CCP4 has it, within a word too. */
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

static Status take_cell(const MtzHeader *header, Fields field, int fields, int first, double *cell) {
    for (int i = 0; i < 6; i++) {
        const char *rest = "";
        if (fields < first + 6 || !text_read_real(field[first + i], &cell[i], &rest) || *rest != '\0')
            return damaged(header, first == 1 ? "its record CELL does not have 6 numbers"
                                              : "a record DCELL does not have 6 numbers");
    }
    return status_ok();
}

/* VALM NAN, or the number that stands for values that are not given. */
static Status take_missing(MtzHeader *header, Fields field, int fields) {
    const char *rest = "";
    if (fields > 1 && strcasecmp(field[1], "NAN") == 0) return status_ok();
    if (fields > 1 && text_read_real(field[1], &header->missing, &rest) && *rest == '\0') return status_ok();
    return damaged(header, "its record VALM has neither a number nor NAN");
}

/* SYMINF operations primitive-operations lattice number 'name' 'point group' */
static Status take_space_group(MtzHeader *header, Fields field, int fields) {
    int64_t primitive = 0, number = 0;
    if (header->operations > 0 || fields < 6 ||
        !whole_number(field[1], 1, SYMMETRY_OPERATIONS_MOST, &header->operations) ||
        !whole_number(field[2], 1, header->operations, &primitive) || strlen(field[3]) != 1 ||
        !whole_number(field[4], 0, 100000, &number))
        return damaged(header, "its record SYMINF is not as it should be");
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

/* The place of a dataset; negative when there is none of that number. */
static int find_dataset(const MtzHeader *header, int64_t number) {
    for (int i = 0; i < header->seen_datasets; i++)
        if (header->dataset[i] == number) return i;
    return -1;
}

/* NDIF, which counts the datasets, and the records that have the number of a dataset first: PROJECT, CRYSTAL, DATASET,
 * DCELL, DWAVEL. Names after the number are not used. */
static Status take_dataset(MtzHeader *header, Fields field, int fields) {
    int64_t number = 0;
    if (fields < 2 || !whole_number(field[1], 0, INT32_MAX, &number))
        return damaged(header, "a record about its datasets has no number");
    if (strcmp(field[0], "NDIF") == 0) {
        if (header->datasets > 0) return damaged(header, "it has two records NDIF");
        header->datasets = number;
        return number <= DATASETS_MOST ? status_ok() : damaged(header, "its record NDIF has too many datasets");
    }
    int place = find_dataset(header, number);
    if (strcmp(field[0], "DATASET") == 0) {
        if (place >= 0) return damaged(header, "it has two datasets of one number");
        if (header->seen_datasets == DATASETS_MOST) return damaged(header, "it has too many datasets");
        place = header->seen_datasets++;
        header->dataset[place] = number;
        for (int i = 0; i < 6; i++) header->dataset_cell[place][i] = NAN;
    }
    if (strcmp(field[0], "DCELL") != 0) return status_ok();
    if (place < 0) return damaged(header, "a cell belongs to a dataset that is not there");
    return take_cell(header, field, fields, 2, header->dataset_cell[place]);
}

/* Records with nothing that is used here. */
static bool is_harmless(Fields field) {
    static const char *const keywords[] = {"VERS", "TITLE", "RESO", "SORT", "COLSRC", "COLGRP"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(field[0], keywords[i]) == 0) return true;
    return false;
}

static bool is_of_datasets(const char *keyword) {
    static const char *const keywords[] = {"NDIF", "PROJECT", "CRYSTAL", "DATASET", "DCELL", "DWAVEL"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(keyword, keywords[i]) == 0) return true;
    return false;
}

static Status take_record(MtzHeader *header, const char *record) {
    Fields field = {""};
    const int fields = split(record, field);
    const char *keyword = field[0];
    if (!record_is(record, keyword)) /* in blanks or quotes: other programs would not see it */
        return damaged(header, "a record of its header does not begin with its keyword");
    if (strcmp(keyword, "NCOL") == 0) return take_counts(header, field, fields);
    if (strcmp(keyword, "CELL") == 0) {
        header->cells++;
        return take_cell(header, field, fields, 1, header->cell);
    }
    if (strcmp(keyword, "VALM") == 0) return take_missing(header, field, fields);
    if (strcmp(keyword, "SYMINF") == 0) return take_space_group(header, field, fields);
    if (strcmp(keyword, "SYMM") == 0) return take_operation(header, record);
    if (strcmp(keyword, "COLUMN") == 0) return take_column(header, field, fields);
    if (strcmp(keyword, "BATCH") == 0) return damaged(header, "it lists batches that its record NCOL does not count");
    if (is_of_datasets(keyword)) return take_dataset(header, field, fields);
    if (is_harmless(field)) return status_ok();
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

/* From END: a history of as many records as it says, and the last record. */
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

/* The columns of type H that are labelled H, K and L, wherever they stand. */
static Status find_indices(MtzHeader *header) {
    char labels[200] = "";
    for (int i = 0; i < 3; i++) {
        const char wanted[2] = {"HKL"[i], '\0'};
        header->index[i] = -1;
        for (int column = 0; column < header->seen_columns; column++)
            if (header->type[column] == 'H' && strcasecmp(header->label[column], wanted) == 0) {
                if (header->index[i] >= 0)
                    return status_error(STATUS_BAD_FILE, "%s has two columns of type H that are labelled %s",
                                        header->path, wanted);
                header->index[i] = column;
            }
    }
    if (header->index[0] >= 0 && header->index[1] >= 0 && header->index[2] >= 0) return status_ok();
    for (int i = 0, used = 0; i < header->seen_columns && used < 160; i++)
        if (header->type[i] == 'H')
            used +=
                snprintf(labels + used, sizeof labels - (size_t)used, "%s%s", used > 0 ? ", " : "", header->label[i]);
    return status_error(STATUS_BAD_FILE,
                        "%s: the columns of Miller indices (type H) must be labelled H, K and L; they are: %s",
                        header->path, *labels ? labels : "none");
}

static Status check_counts(MtzHeader *header) {
    if (header->columns == 0) return damaged(header, "it has no record NCOL");
    if (header->seen_columns != header->columns)
        return damaged(header, "it does not have as many records COLUMN as its record NCOL says");
    if (header->seen_operations != header->operations || header->operations == 0)
        return damaged(header, "it does not have as many records SYMM as its record SYMINF says");
    if (header->seen_datasets != header->datasets)
        return damaged(header, "it does not have as many records DATASET as its record NDIF says");
    for (int i = 0; i < header->seen_columns && header->datasets > 0; i++)
        if (header->column_dataset[i] >= 0 && find_dataset(header, header->column_dataset[i]) < 0)
            return damaged(header, "a column belongs to a dataset that is not there");
    if (header->cells != 1) return damaged(header, "it does not have one record CELL");
    TRY(find_indices(header));
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

/* The cell of a column's dataset, where that has one; gemmi and iotbx take it too, as CELL is out of use. */
static void set_column_cells(const MtzHeader *header, Reflections *reflections) {
    for (int i = 0; i < header->columns; i++) {
        const int dataset = find_dataset(header, header->column_dataset[i]);
        const double *cell = dataset < 0 ? header->cell : header->dataset_cell[dataset];
        const bool is_given = cell[0] > 0.0; /* false for NAN too */
        memcpy(reflections->column[i].cell, is_given ? cell : header->cell, sizeof header->cell);
    }
}

static float value_at(const MtzHeader *header, int64_t row, int column) {
    const size_t at = DATA_BEGIN + ((size_t)row * (size_t)header->columns + (size_t)column) * 4;
    const uint32_t word = word_at(header->contents, at, header->is_little);
    float value = 0.0f;
    memcpy(&value, &word, sizeof value);
    return value;
}

static Status take_rows(const MtzHeader *header, Reflections *reflections) {
    for (int64_t row = 0; row < header->rows; row++) {
        double index[3];
        for (int i = 0; i < 3; i++) index[i] = (double)value_at(header, row, header->index[i]);
        TRY(reflections_add_row(reflections, index, 0));
        for (int i = 0; i < header->columns; i++) {
            if (reflections->column[i].kind == COLUMN_OTHER) continue;
            const float value = value_at(header, row, i);
            if (!isnan(value) && value != (float)header->missing) TRY(reflections_set(reflections, i, (double)value));
        }
    }
    return status_ok();
}

static Status take_data(const MtzHeader *header, Reflections *reflections) {
    TRY(reflections_set_cell(reflections, header->cell));
    reflections->symmetry = header->symmetry;
    (void)text_copy(reflections->symmetry.name, sizeof reflections->symmetry.name, header->space_group);
    TRY(add_columns(header, reflections));
    set_column_cells(header, reflections);
    return take_rows(header, reflections);
}

Status mtz_read(FileContents contents, Reflections *reflections) {
    MtzHeader *header = calloc(1, sizeof *header);
    if (header == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the header of %s", reflections->path);
    header->path = reflections->path;
    header->contents = contents;
    header->missing = NAN;
    Status status = check_header(header);
    if (status_is_ok(status)) status = take_data(header, reflections);
    free(header);
    return status;
}
