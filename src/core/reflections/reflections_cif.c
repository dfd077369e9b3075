#include "reflections/reflection_readers.h"

#include "base/text.h"
#include "reflections/cif.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LOOP_TAGS_MOST = 128, LABEL_PREFIX = 7 /* "_refln." */ };

/* Items of _refln that are amplitudes or intensities; in the old dictionary of small molecules the names are alike. */
static const struct {
    const char *item;
    ColumnKind kind;
    FriedelSide side;
    bool is_calculated;
} items[] = {{"F_meas_au", COLUMN_AMPLITUDE, FRIEDEL_BOTH, false},
             {"F_meas", COLUMN_AMPLITUDE, FRIEDEL_BOTH, false},
             {"F_calc_au", COLUMN_AMPLITUDE, FRIEDEL_BOTH, true},
             {"F_calc", COLUMN_AMPLITUDE, FRIEDEL_BOTH, true},
             {"pdbx_F_calc_with_solvent", COLUMN_AMPLITUDE, FRIEDEL_BOTH, true},
             {"pdbx_F_plus", COLUMN_AMPLITUDE, FRIEDEL_PLUS, false},
             {"pdbx_F_minus", COLUMN_AMPLITUDE, FRIEDEL_MINUS, false},
             {"intensity_meas", COLUMN_INTENSITY, FRIEDEL_BOTH, false},
             {"F_squared_meas", COLUMN_INTENSITY, FRIEDEL_BOTH, false},
             {"intensity_calc", COLUMN_INTENSITY, FRIEDEL_BOTH, true},
             {"F_squared_calc", COLUMN_INTENSITY, FRIEDEL_BOTH, true},
             {"pdbx_I_plus", COLUMN_INTENSITY, FRIEDEL_PLUS, false},
             {"pdbx_I_minus", COLUMN_INTENSITY, FRIEDEL_MINUS, false}};

static const char *const cell_tags[6] = {"_cell.length_a",    "_cell.length_b",   "_cell.length_c",
                                         "_cell.angle_alpha", "_cell.angle_beta", "_cell.angle_gamma"};
static const char *const name_tags[] = {"_symmetry.space_group_name_H-M", "_space_group.name_H-M_alt",
                                        "_space_group.name_H-M_full"};
static const char *const number_tags[] = {"_symmetry.Int_Tables_number", "_space_group.IT_number"};
static const char *const operation_tags[] = {"_symmetry_equiv.pos_as_xyz", "_space_group_symop.operation_xyz"};

/* Texts that hold reflections: lines of SHELX, and a CIF of its own (as SHELXL and the journals' forms have them). */
static const char *const shelx_tags[] = {"_shelx_hkl_file", "_iucr_refine_reflections_details"};
static const char *const fcf_tags[] = {"_shelx_fcf_file", "_iucr_refine_fcf_details"};

enum { NAME_BYTES = 64 };

/* A data block as far as it has been read. */
typedef struct CifBlock {
    CifReader reader;
    CifWord word; /* the one that is looked at */
    Reflections *reflections;
    double cell[6]; /* NAN where not given */
    char name[NAME_BYTES], number[NAME_BYTES];
    bool has_loop;                          /* of reflections */
    CifWord shelx_tag, shelx, fcf_tag, fcf; /* texts that hold some, of no length where there are none */
} CifBlock;

bool cif_is(FileContents contents) {
    CifReader reader = cif_words("", contents.bytes, contents.count);
    CifWord word;
    return status_is_ok(cif_next(&reader, &word)) && word.kind == CIF_BLOCK;
}

static Status advance(CifBlock *block) {
    return cif_next(&block->reader, &block->word);
}

static int find(const CifWord *tag, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (cif_tag_is(tag, names[i])) return i;
    return -1;
}

#define FIND(tag, names) find((tag), (names), (int)(sizeof(names) / sizeof *(names)))

static bool has_text(const CifWord *word) {
    if (word->kind != CIF_VALUE || cif_is_missing(word)) return false;
    for (size_t i = 0; i < word->length; i++)
        if (!isspace((unsigned char)word->text[i])) return true;
    return false;
}

bool cif_tag_of_reflections(const CifWord *tag, const CifWord *next) {
    if (cif_tag_is(tag, "_refln.index_h")) return true;
    return (FIND(tag, shelx_tags) >= 0 || FIND(tag, fcf_tags) >= 0) && has_text(next);
}

static Status bad_word(const CifBlock *block, const char *what) {
    const CifWord *word = &block->word;
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": \"%.*s\" is %s", block->reader.path, word->line,
                        word->length < 60 ? (int)word->length : 60, word->text, what);
}

/* ---------------------------------------------------------------------------------------------------- single items */

static void copy_value(const CifWord *value, char *text) {
    (void)snprintf(text, NAME_BYTES, "%.*s", value->length < NAME_BYTES ? (int)value->length : NAME_BYTES - 1,
                   value->text);
}

static Status take_operation(CifBlock *block) {
    SymmetryOperation operation;
    if (!symmetry_read_operation(block->word.text, block->word.length, &operation))
        return bad_word(block, "no symmetry operation like -x,y+1/2,-z");
    if (symmetry_add(&block->reflections->symmetry, &operation)) return status_ok();
    return bad_word(block, "one symmetry operation too many; no space group has more than 192");
}

/* The value of a tag, alone or in a loop. */
static Status take_value(CifBlock *block, const CifWord *tag) {
    const int cell = FIND(tag, cell_tags);
    if (cif_is_missing(&block->word)) return status_ok();
    if (cell >= 0 && !cif_number(&block->word, &block->cell[cell])) return bad_word(block, "no number of a cell");
    if (FIND(tag, name_tags) >= 0) copy_value(&block->word, block->name);
    if (FIND(tag, number_tags) >= 0) copy_value(&block->word, block->number);
    if (FIND(tag, shelx_tags) >= 0 && has_text(&block->word)) {
        block->shelx_tag = *tag;
        block->shelx = block->word;
    }
    if (FIND(tag, fcf_tags) >= 0 && has_text(&block->word)) {
        block->fcf_tag = *tag;
        block->fcf = block->word;
    }
    return FIND(tag, operation_tags) >= 0 ? take_operation(block) : status_ok();
}

static Status read_item(CifBlock *block) {
    const CifWord tag = block->word;
    TRY(advance(block));
    if (block->word.kind != CIF_VALUE)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %.*s has no value", block->reader.path, tag.line,
                            tag.length < 60 ? (int)tag.length : 60, tag.text);
    TRY(take_value(block, &tag));
    return advance(block);
}

/* ----------------------------------------------------------------------------------------------------------- loops */

/* The columns of a loop. */
typedef struct CifLoop {
    int64_t line;
    int tags;
    CifWord tag[LOOP_TAGS_MOST];
    int index[3], status;       /* tags of h, k, l and the status, or -1 */
    int column[LOOP_TAGS_MOST]; /* of the reflections that each tag fills, or -1 */
} CifLoop;

static Status read_tags(CifBlock *block, CifLoop *loop) {
    *loop = (CifLoop){.line = block->word.line, .index = {-1, -1, -1}, .status = -1};
    TRY(advance(block));
    for (; block->word.kind == CIF_TAG; loop->tags++) {
        if (loop->tags == LOOP_TAGS_MOST)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a loop of more than %d columns", block->reader.path,
                                loop->line, LOOP_TAGS_MOST);
        loop->tag[loop->tags] = block->word;
        TRY(advance(block));
    }
    return status_ok();
}

static Status add_column(CifLoop *loop, int tag, Reflections *reflections) {
    const CifWord *word = &loop->tag[tag];
    char label[REFLECTION_LABEL_BYTES];
    ReflectionColumn found = {.kind = COLUMN_OTHER};
    const int length = word->length > LABEL_PREFIX ? (int)word->length - LABEL_PREFIX : 0;
    (void)snprintf(label, sizeof label, "%.*s", length, word->text + word->length - length);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (strcasecmp(label, items[i].item) == 0)
            found = (ReflectionColumn){
                .kind = items[i].kind, .side = items[i].side, .is_calculated = items[i].is_calculated};
    TRY(reflections_add_column(reflections, label, found.kind, found.side));
    const int added = reflections->columns - 1;
    reflections->column[added].is_calculated = found.is_calculated;
    loop->column[tag] = reflections->column[added].kind == COLUMN_OTHER ? -1 : added;
    return status_ok();
}

static Status prepare_reflections(CifLoop *loop, CifBlock *block) {
    static const char *const index_tags[] = {"_refln.index_h", "_refln.index_k", "_refln.index_l"};
    for (int i = 0; i < loop->tags; i++) {
        const int index = FIND(&loop->tag[i], index_tags);
        loop->column[i] = -1;
        if (index >= 0) loop->index[index] = i;
        if (cif_tag_is(&loop->tag[i], "_refln.status")) loop->status = i;
        if (index < 0) TRY(add_column(loop, i, block->reflections));
    }
    for (int i = 0; i < 3; i++)
        if (loop->index[i] < 0)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the loop of reflections has no %s",
                                block->reader.path, loop->line, index_tags[i]);
    return status_ok();
}

/* Status: '-' is systematically absent, 'x' unreliable or not measured; all others have values that count. */
static bool is_used(const CifLoop *loop, const CifWord *value) {
    const CifWord *status = loop->status >= 0 ? &value[loop->status] : NULL;
    return status == NULL || status->length != 1 || strchr("-x", *status->text) == NULL;
}

static Status take_reflection(CifBlock *block, const CifLoop *loop, const CifWord *value) {
    double index[3], number = 0.0;
    for (int i = 0; i < 3; i++) {
        block->word = value[loop->index[i]];
        if (!cif_number(&block->word, &index[i])) return bad_word(block, "no Miller index");
    }
    if (!is_used(loop, value)) return status_ok();
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a loop has a column at least, and read_row has filled all
    TRY(reflections_add_row(block->reflections, index, value[0].line));
    for (int i = 0; i < loop->tags; i++) {
        if (loop->column[i] < 0 || cif_is_missing(&value[i])) continue;
        block->word = value[i];
        if (!cif_number(&block->word, &number)) return bad_word(block, "no number");
        TRY(reflections_set(block->reflections, loop->column[i], number));
    }
    return status_ok();
}

/* One row of a loop; @p complete is false at the end of the loop. */
static Status read_row(CifBlock *block, const CifLoop *loop, CifWord *value, bool *complete) {
    *complete = block->word.kind == CIF_VALUE;
    if (!*complete) return status_ok();
    for (int i = 0; i < loop->tags; i++) {
        if (block->word.kind != CIF_VALUE)
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": the last row of the loop of line %" PRId64
                                " has %d values, not %d (is the file cut off?)",
                                block->reader.path, block->word.line, loop->line, i, loop->tags);
        value[i] = block->word;
        TRY(advance(block));
    }
    return status_ok();
}

static Status take_row(CifBlock *block, const CifLoop *loop, const CifWord *value) {
    const CifWord looked_at = block->word;
    if (loop->index[0] >= 0) TRY(take_reflection(block, loop, value));
    for (int i = 0; loop->index[0] < 0 && i < loop->tags; i++) {
        block->word = value[i];
        TRY(take_value(block, &loop->tag[i]));
    }
    block->word = looked_at;
    return status_ok();
}

static bool has_reflections(const CifLoop *loop) {
    for (int i = 0; i < loop->tags; i++)
        if (cif_tag_is(&loop->tag[i], "_refln.index_h")) return true;
    return false;
}

static Status read_loop(CifBlock *block) {
    CifLoop loop;
    CifWord value[LOOP_TAGS_MOST];
    bool complete = true;
    TRY(read_tags(block, &loop));
    if (loop.tags == 0) return bad_word(block, "no name of a column, which loop_ wants");
    if (has_reflections(&loop)) {
        if (block->has_loop)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a second loop of reflections in one data block",
                                block->reader.path, loop.line);
        block->has_loop = true;
        TRY(prepare_reflections(&loop, block));
    }
    for (;;) {
        TRY(read_row(block, &loop, value, &complete));
        if (!complete) break;
        TRY(take_row(block, &loop, value));
    }
    if (has_reflections(&loop) && block->reflections->rows == 0)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the loop of reflections has none that can be used",
                            block->reader.path, loop.line);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- blocks */

static CifBlock begin_block(CifReader reader, Reflections *reflections) {
    CifBlock block = {.reader = reader, .reflections = reflections};
    for (int i = 0; i < 6; i++) block.cell[i] = NAN;
    reflections->symmetry = (Symmetry){.operations = 0};
    return block;
}

/* Operations say more than a name, and a name more than a number. */
static void name_symmetry(CifBlock *block) {
    Symmetry *symmetry = &block->reflections->symmetry;
    (void)text_copy(symmetry->name, sizeof symmetry->name, *block->name ? block->name : block->number);
}

/* The cell that was given before or after the reflections. */
static Status take_cell(CifBlock *block) {
    int given = 0;
    for (int i = 0; i < 6; i++) given += !isnan(block->cell[i]);
    if (given == 6) return reflections_set_cell(block->reflections, block->cell);
    if (given == 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: only %d of the 6 numbers of its cell are given", block->reader.path,
                        given);
}

/* Up to the end of the block. */
static Status read_block(CifBlock *block) {
    TRY(advance(block));
    while (block->word.kind != CIF_END && block->word.kind != CIF_BLOCK) {
        if (block->word.kind == CIF_VALUE) return bad_word(block, "a value without a name");
        TRY(block->word.kind == CIF_LOOP ? read_loop(block) : read_item(block));
    }
    name_symmetry(block);
    return status_ok();
}

static Status no_reflections(const char *path) {
    return status_error(
        STATUS_BAD_FILE,
        "%s has no loop of reflections (_refln.index_h and so on); if it is a file of coordinates, give "
        "it as crystal.model",
        path);
}

/* A CIF within a text of a block. What it does not say of cell and symmetry, the block around it does. */
static Status read_fcf(const CifBlock *around) {
    Reflections *reflections = around->reflections;
    const Symmetry symmetry = reflections->symmetry;
    CifBlocks blocks;
    TRY(cif_choose_block(cif_words_within(reflections->path, &around->fcf), "", cif_tag_of_reflections, "reflections",
                         NULL, &blocks));
    CifBlock block = begin_block(blocks.chosen, reflections);
    TRY(read_block(&block));
    if (!block.has_loop) return no_reflections(reflections->path);
    TRY(take_cell(&block));
    if (reflections->symmetry.operations == 0 && *reflections->symmetry.name == '\0') reflections->symmetry = symmetry;
    return status_ok();
}

static Status read_shelx(const CifBlock *block, int hklf) {
    const FileContents lines = {block->shelx.text, block->shelx.length};
    block->reflections->is_shelx_in_cif = true;
    TRY(shelx_read(lines, block->shelx.line, hklf, block->reflections));
    if (block->reflections->rows > 0) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the text of %.*s has no reflection", block->reader.path,
                        block->shelx.line, (int)block->shelx_tag.length, block->shelx_tag.text);
}

/* Reflections that stand in a text of the block, which a loop goes before; an fcf is merged, SHELX's lines often not.
 */
static Status read_texts(const CifBlock *block, int hklf, Notes *notes) {
    const CifWord *tag = block->fcf.length > 0 ? &block->fcf_tag : &block->shelx_tag;
    if (block->has_loop) return status_ok();
    notes_add(notes, "%.160s: the reflections are those in the text of %.*s", block->reader.path,
              tag->length < 60 ? (int)tag->length : 60, tag->text);
    return block->fcf.length > 0 ? read_fcf(block) : read_shelx(block, hklf);
}

Status cif_read(FileContents contents, const char *wanted, int hklf, Reflections *reflections, Notes *notes) {
    const CifReader reader = cif_words(reflections->path, contents.bytes, contents.count);
    CifBlocks blocks;
    TRY(cif_choose_block(reader, wanted, cif_tag_of_reflections, "reflections", "crystal.structure_factor_block",
                         &blocks));
    (void)text_copy(reflections->block, sizeof reflections->block, blocks.name);
    (void)text_copy(reflections->blocks, sizeof reflections->blocks, blocks.list);
    if (blocks.blocks > 1)
        notes_add(notes, "%.160s: data block %s of %d is used", reflections->path, blocks.name, blocks.blocks);
    CifBlock block = begin_block(blocks.chosen, reflections);
    TRY(read_block(&block));
    if (!block.has_loop && block.fcf.length == 0 && block.shelx.length == 0) return no_reflections(reflections->path);
    TRY(take_cell(&block));
    return read_texts(&block, hklf, notes);
}
