#include "reflections/atoms.h"

#include "base/text.h"
#include "reflections/cif.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOP_TAGS_MOST = 128, ID_BYTES = 24, NAME_BYTES = 64 };

static const char *const cell_tags[6] = {"_cell.length_a",    "_cell.length_b",   "_cell.length_c",
                                         "_cell.angle_alpha", "_cell.angle_beta", "_cell.angle_gamma"};
static const char *const name_tags[] = {"_symmetry.space_group_name_H-M", "_space_group.name_H-M_alt",
                                        "_space_group.name_H-M_full"};
static const char *const operation_tags[] = {"_symmetry_equiv.pos_as_xyz", "_space_group_symop.operation_xyz",
                                             "_space_group_symop.operation_xyz"};

/* Columns of the loop of atoms, in mmCIF and in the core dictionary. */
typedef enum Column {
    ID,
    SYMBOL,
    CARTESIAN_X,
    CARTESIAN_Y,
    CARTESIAN_Z,
    FRACTION_X,
    FRACTION_Y,
    FRACTION_Z,
    OCCUPANCY,
    B_ISO,
    U_ISO,
    MODEL,
    COLUMNS
} Column;
static const char *const column_tags[COLUMNS][2] = {
    [ID] = {"_atom_site.id", "_atom_site.label"}, [SYMBOL] = {"_atom_site.type_symbol", ""},
    [CARTESIAN_X] = {"_atom_site.Cartn_x", ""},   [CARTESIAN_Y] = {"_atom_site.Cartn_y", ""},
    [CARTESIAN_Z] = {"_atom_site.Cartn_z", ""},   [FRACTION_X] = {"_atom_site.fract_x", ""},
    [FRACTION_Y] = {"_atom_site.fract_y", ""},    [FRACTION_Z] = {"_atom_site.fract_z", ""},
    [OCCUPANCY] = {"_atom_site.occupancy", ""},   [B_ISO] = {"_atom_site.B_iso_or_equiv", ""},
    [U_ISO] = {"_atom_site.U_iso_or_equiv", ""},  [MODEL] = {"_atom_site.pdbx_PDB_model_num", ""}};

/* Displacements: orthogonal ones of mmCIF, and those of the core dictionary, which go along a*, b*, c*. */
static const char *const orthogonal_tags[6] = {"_atom_site_anisotrop.U[1][1]", "_atom_site_anisotrop.U[2][2]",
                                               "_atom_site_anisotrop.U[3][3]", "_atom_site_anisotrop.U[1][2]",
                                               "_atom_site_anisotrop.U[1][3]", "_atom_site_anisotrop.U[2][3]"};
static const char *const oblique_tags[6] = {"_atom_site_aniso.U_11", "_atom_site_aniso.U_22", "_atom_site_aniso.U_33",
                                            "_atom_site_aniso.U_12", "_atom_site_aniso.U_13", "_atom_site_aniso.U_23"};
static const char *const displaced_tags[] = {"_atom_site_anisotrop.id", "_atom_site_aniso.label"};

/* An atom as it stands there: the cell may follow. */
typedef struct Row {
    char id[ID_BYTES];
    int64_t line;
    Atom atom;
    bool is_fraction;
} Row;
typedef struct Displacement {
    char id[ID_BYTES];
    int64_t line;
    bool is_orthogonal;
    double u_m2[6];
} Displacement;

/* A block as far as it has been read. Owns rows and displacements. */
typedef struct Block {
    CifReader reader;
    CifWord word;
    Atoms *atoms;
    double cell[6];
    char name[NAME_BYTES];
    char model[ID_BYTES];
    int64_t cell_line, rows, row_room, displacements, displacement_room;
    Row *row;
    Displacement *displacement;
} Block;

static Status advance(Block *block) {
    return cif_next(&block->reader, &block->word);
}

static Status bad(const Block *block, const CifWord *word, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": \"%.*s\" is %s", block->reader.path, word->line,
                        word->length < 60 ? (int)word->length : 60, word->text, what);
}

static int find(const CifWord *tag, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (cif_tag_is(tag, names[i])) return i;
    return -1;
}

static void copy_word(const CifWord *word, size_t bytes, char *text) {
    const size_t length = word->length < bytes ? word->length : bytes - 1;
    memcpy(text, word->text, length);
    text[length] = '\0';
}

/* --------------------------------------------------------------------------------------------------- cell, symmetry */

static Status take_item(Block *block, const CifWord *tag, const CifWord *value) {
    const int cell = find(tag, cell_tags, 6);
    SymmetryOperation operation;
    if (cif_is_missing(value)) return status_ok();
    if (cell >= 0) {
        block->cell_line = value->line;
        if (!cif_number(value, &block->cell[cell])) return bad(block, value, "no number of a cell");
    }
    if (find(tag, name_tags, 3) >= 0) copy_word(value, sizeof block->name, block->name);
    if (find(tag, operation_tags, 3) < 0) return status_ok();
    if (!symmetry_read_operation(value->text, value->length, &operation))
        return bad(block, value, "no symmetry operation like -x,y+1/2,-z");
    return symmetry_add(&block->atoms->symmetry, &operation) ? status_ok()
                                                             : bad(block, value, "one symmetry operation too many");
}

/* ------------------------------------------------------------------------------------------------------------- atoms
 */

static bool lengthen(void **array, int64_t *room, size_t item_bytes) {
    const int64_t larger = 2 * *room + 1024;
    void *moved = realloc(*array, (size_t)larger * item_bytes);
    if (moved == NULL) return false;
    *array = moved;
    *room = larger;
    return true;
}

/* "Fe", "FE", "Fe3+", "O2-": the letters. */
static Status take_element(const Block *block, const CifWord *word, int *element) {
    size_t letters = 0;
    while (letters < word->length && letters < 3 &&
           ((word->text[letters] | 32) >= 'a' && (word->text[letters] | 32) <= 'z'))
        letters++;
    *element = atoms_element(word->text, letters);
    return *element > 0 ? status_ok() : bad(block, word, "the symbol of no element");
}

static Status take_number(const Block *block, const CifWord *value, int column, double otherwise, double *number) {
    *number = otherwise;
    if (column < 0 || cif_is_missing(&value[column])) {
        return status_ok();
    }
    return cif_number(&value[column], number) ? status_ok() : bad(block, &value[column], "no number");
}

static Status check_model(Block *block, const CifWord *word) {
    char model[ID_BYTES];
    copy_word(word, sizeof model, model);
    if (block->rows == 0) memcpy(block->model, model, sizeof model);
    if (strcmp(model, block->model) == 0) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s:%" PRId64 ": a second model; keep one, or give the atoms of all of them their share of "
                        "occupancy in one",
                        block->reader.path, word->line);
}

static Status take_atom(Block *block, const int *column, const CifWord *value) {
    Row row = {.line = value[0].line};
    double place[3] = {NAN, NAN, NAN}, b_a2 = 0.0, u_a2 = NAN;
    const int first = column[CARTESIAN_X] >= 0 ? CARTESIAN_X : FRACTION_X;
    if (column[MODEL] >= 0) TRY(check_model(block, &value[column[MODEL]]));
    TRY(take_element(block, &value[column[SYMBOL]], &row.atom.element));
    if (column[ID] >= 0) copy_word(&value[column[ID]], sizeof row.id, row.id);
    for (int i = 0; i < 3; i++) {
        TRY(take_number(block, value, column[first + i], NAN, &place[i]));
        if (isnan(place[i])) return bad(block, &value[column[first + i]], "no coordinate");
    }
    TRY(take_number(block, value, column[OCCUPANCY], 1.0, &row.atom.occupancy));
    TRY(take_number(block, value, column[B_ISO], 0.0, &b_a2));
    TRY(take_number(block, value, column[U_ISO], NAN, &u_a2));
    row.atom.b_iso_m2 = 1e-20 * (isnan(u_a2) ? b_a2 : 8.0 * PI * PI * u_a2);
    row.is_fraction = first == FRACTION_X;
    row.atom.site = vec3(place[0], place[1], place[2]);
    void *rows = block->row;
    if (block->rows == block->row_room && !lengthen(&rows, &block->row_room, sizeof row))
        return status_error(STATUS_NO_MEMORY, "no memory for the atoms of %s", block->reader.path);
    block->row = rows;
    block->row[block->rows++] = row;
    return status_ok();
}

static Status take_displacement(Block *block, const int *column, int id, bool is_orthogonal, const CifWord *value) {
    Displacement displacement = {.line = value[0].line, .is_orthogonal = is_orthogonal};
    copy_word(&value[id], sizeof displacement.id, displacement.id);
    for (int i = 0; i < 6; i++) {
        TRY(take_number(block, value, column[i], NAN, &displacement.u_m2[i]));
        if (isnan(displacement.u_m2[i])) return bad(block, &value[id], "an atom without all of its displacements");
        displacement.u_m2[i] *= 1e-20;
    }
    void *all = block->displacement;
    if (block->displacements == block->displacement_room &&
        !lengthen(&all, &block->displacement_room, sizeof displacement))
        return status_error(STATUS_NO_MEMORY, "no memory for the atoms of %s", block->reader.path);
    block->displacement = all;
    block->displacement[block->displacements++] = displacement;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- loops
 */

/* The columns of a loop, and what is taken of it. */
typedef struct Loop {
    int tags;
    CifWord tag[LOOP_TAGS_MOST];
    int column[COLUMNS], displaced[6], id;
    bool has_atoms, has_displacements, is_orthogonal;
} Loop;

static Status read_tags(Block *block, Loop *loop) {
    const int64_t line = block->word.line;
    TRY(advance(block));
    for (loop->tags = 0; block->word.kind == CIF_TAG; loop->tags++) {
        if (loop->tags == LOOP_TAGS_MOST)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": a loop of more than %d columns", block->reader.path,
                                line, LOOP_TAGS_MOST);
        loop->tag[loop->tags] = block->word;
        TRY(advance(block));
    }
    return loop->tags > 0 ? status_ok() : bad(block, &block->word, "no name of a column, which loop_ wants");
}

static int column_of(const Loop *loop, const char *name) {
    for (int i = 0; i < loop->tags && *name != '\0'; i++)
        if (cif_tag_is(&loop->tag[i], name)) return i;
    return -1;
}

static Status understand(Loop *loop, const Block *block) {
    int complete = 0, places[2] = {0, 0};
    for (int i = 0; i < COLUMNS; i++) {
        loop->column[i] = column_of(loop, column_tags[i][0]);
        if (loop->column[i] < 0) loop->column[i] = column_of(loop, column_tags[i][1]);
    }
    for (int i = 0; i < 3; i++) {
        places[0] += loop->column[CARTESIAN_X + i] >= 0;
        places[1] += loop->column[FRACTION_X + i] >= 0;
    }
    loop->has_atoms = places[0] > 0 || places[1] > 0;
    if (loop->has_atoms && ((places[0] != 3 && places[1] != 3) || loop->column[SYMBOL] < 0))
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": the loop of atoms lacks coordinates or _atom_site.type_symbol",
                            block->reader.path, loop->tag[0].line);
    if (places[0] != 3) loop->column[CARTESIAN_X] = -1;
    loop->is_orthogonal = column_of(loop, orthogonal_tags[0]) >= 0;
    for (int i = 0; i < 6; i++) {
        loop->displaced[i] = column_of(loop, (loop->is_orthogonal ? orthogonal_tags : oblique_tags)[i]);
        complete += loop->displaced[i] >= 0;
    }
    loop->id = column_of(loop, displaced_tags[loop->is_orthogonal ? 0 : 1]);
    loop->has_displacements = complete == 6 && loop->id >= 0;
    return status_ok();
}

static Status take_row(Block *block, const Loop *loop, const CifWord *value) {
    if (loop->has_atoms) return take_atom(block, loop->column, value);
    if (loop->has_displacements) return take_displacement(block, loop->displaced, loop->id, loop->is_orthogonal, value);
    for (int i = 0; i < loop->tags; i++) TRY(take_item(block, &loop->tag[i], &value[i]));
    return status_ok();
}

static Status read_loop(Block *block) {
    Loop loop;
    CifWord value[LOOP_TAGS_MOST];
    TRY(read_tags(block, &loop));
    TRY(understand(&loop, block));
    while (block->word.kind == CIF_VALUE) {
        for (int i = 0; i < loop.tags; i++) {
            if (block->word.kind != CIF_VALUE)
                return status_error(STATUS_BAD_FILE,
                                    "%s:%" PRId64
                                    ": the last row of the loop has %d values, not %d (is the file cut off?)",
                                    block->reader.path, block->word.line, i, loop.tags);
            value[i] = block->word;
            TRY(advance(block));
        }
        TRY(take_row(block, &loop, value));
    }
    return status_ok();
}

static Status read_item(Block *block) {
    const CifWord tag = block->word;
    TRY(advance(block));
    if (block->word.kind != CIF_VALUE)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %.*s has no value", block->reader.path, tag.line,
                            tag.length < 60 ? (int)tag.length : 60, tag.text);
    TRY(take_item(block, &tag, &block->word));
    return advance(block);
}

/* --------------------------------------------------------------------------------------------------------- together */

static int compare_rows(const void *left, const void *right) {
    return strcmp(((const Displacement *)left)->id, ((const Displacement *)right)->id);
}

/* U_ij of the core dictionary belong to h_i a*_i: U*_ij = a*_i a*_j U_ij. */
static void set_oblique(const Atoms *atoms, const double *u_m2, Atom *atom) {
    static const int first[6] = {0, 1, 2, 0, 0, 1}, second[6] = {0, 1, 2, 1, 2, 2};
    double star_per_m[3];
    for (int i = 0; i < 3; i++) {
        const double *row = &atoms->fractional[3 * i];
        star_per_m[i] = sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]);
    }
    for (int n = 0; n < 6; n++) atom->u_star[n] = star_per_m[first[n]] * star_per_m[second[n]] * u_m2[n];
    atom->is_anisotropic = true;
}

static Status add_row(Block *block, const Row *row) {
    Atom atom = row->atom;
    const double *f = block->atoms->fractional;
    const Vec3 place_m = vec3_scale(1e-10, row->atom.site);
    if (!row->is_fraction)
        atom.site = vec3(f[0] * place_m.x + f[1] * place_m.y + f[2] * place_m.z,
                         f[3] * place_m.x + f[4] * place_m.y + f[5] * place_m.z,
                         f[6] * place_m.x + f[7] * place_m.y + f[8] * place_m.z);
    Displacement wanted = {.line = row->line};
    (void)text_copy(wanted.id, sizeof wanted.id, row->id);
    const Displacement *found =
        block->displacements == 0
            ? NULL
            : bsearch(&wanted, block->displacement, (size_t)block->displacements, sizeof wanted, compare_rows);
    if (found != NULL && found->is_orthogonal) atoms_set_anisotropic(block->atoms, found->u_m2, &atom);
    if (found != NULL && !found->is_orthogonal) set_oblique(block->atoms, found->u_m2, &atom);
    return atoms_add(block->atoms, &atom, row->line);
}

static Status put_together(Block *block) {
    int given = 0;
    for (int i = 0; i < 6; i++) given += !isnan(block->cell[i]);
    if (block->rows == 0) return status_ok();
    if (given != 6)
        return status_error(STATUS_BAD_FILE, "%s: only %d of the 6 numbers of its cell are given", block->reader.path,
                            given);
    TRY(atoms_set_cell(block->atoms, block->cell, block->cell_line));
    (void)text_copy(block->atoms->symmetry.name, sizeof block->atoms->symmetry.name, block->name);
    if (block->displacements > 0)
        qsort(block->displacement, (size_t)block->displacements, sizeof *block->displacement, compare_rows);
    block->atoms->shares_sites = block->row[0].is_fraction;
    for (int64_t i = 0; i < block->rows; i++) TRY(add_row(block, &block->row[i]));
    return status_ok();
}

static Status read_block(Block *block) {
    TRY(advance(block));
    while (block->word.kind != CIF_END && block->word.kind != CIF_BLOCK) {
        if (block->word.kind == CIF_VALUE) return bad(block, &block->word, "a value without a name");
        TRY(block->word.kind == CIF_LOOP ? read_loop(block) : read_item(block));
    }
    return put_together(block);
}

bool atoms_cif_tag(const CifWord *tag, const CifWord *next) {
    (void)next;
    return cif_tag_is(tag, column_tags[CARTESIAN_X][0]) || cif_tag_is(tag, column_tags[FRACTION_X][0]);
}

Status atoms_read_cif(FileContents contents, Atoms *atoms) {
    CifBlocks blocks;
    TRY(cif_choose_block(cif_words(atoms->path, contents.bytes, contents.count), "", atoms_cif_tag, "atoms", NULL,
                         &blocks));
    Block block = {.reader = blocks.chosen, .atoms = atoms};
    for (int i = 0; i < 6; i++) block.cell[i] = NAN;
    const Status status = read_block(&block);
    free(block.row);
    free(block.displacement);
    return status;
}
