#include "reflections/mtz_write.h"

#include "base/constants.h"
#include "base/new_file.h"
#include "base/text.h"
#include "reflections/reflection_readers.h"

#include <ccp4/ccp4_errno.h>
#include <ccp4/ccp4_program.h>
#include <ccp4/cmtzlib.h>
#include <ccp4/csymlib.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* MTZ's types: of amplitudes, intensities and phases, of both or one of a Friedel pair. */
static const char *type_of(const ReflectionColumn *column) {
    const bool is_pair = column->side != FRIEDEL_BOTH;
    if (column->kind == COLUMN_AMPLITUDE) return is_pair ? "G" : "F";
    if (column->kind == COLUMN_INTENSITY) return is_pair ? "K" : "J";
    return "P";
}

static bool has_values(const ReflectionColumn *column) {
    return column->kind != COLUMN_OTHER;
}

/* A column, with its range and, in place of a date, its source. */
static bool add_column(MTZ *mtz, MTZSET *set, const char *label, const char *type, MTZCOL **column) {
    *column = MtzAddColumn(mtz, set, label, type);
    if (*column == NULL || (*column)->ref == NULL) return false;
    (void)snprintf((*column)->colsource, sizeof(*column)->colsource, "tessera");
    (*column)->min = INFINITY;
    (*column)->max = -INFINITY;
    return true;
}

static void set_value(MTZCOL *column, int64_t row, float value) {
    column->ref[row] = value;
    column->min = fminf(column->min, value);
    column->max = fmaxf(column->max, value);
}

static bool set_indices(MTZ *mtz, MTZSET *set, const Reflections *r) {
    MTZCOL *column = NULL;
    for (int axis = 0; axis < 3; axis++) {
        const char label[2] = {"HKL"[axis], '\0'};
        if (!add_column(mtz, set, label, "H", &column)) return false;
        for (int64_t row = 0; row < r->rows; row++) set_value(column, row, (float)r->index[row][axis]);
    }
    return true;
}

static bool set_columns(MTZ *mtz, MTZSET *set, const Reflections *r) {
    MTZCOL *column = NULL;
    for (int i = 0; i < r->columns; i++) {
        if (!has_values(&r->column[i])) continue;
        if (!add_column(mtz, set, r->column[i].label, type_of(&r->column[i]), &column)) return false;
        for (int64_t row = 0; row < r->rows; row++) set_value(column, row, (float)r->column[i].values[row]);
    }
    return true;
}

/* iotbx reads no file without one. */
static void name_point_group(const Symmetry *symmetry, size_t bytes, char *name) {
    CCP4SPG *group = symmetry->number > 0 ? ccp4spg_load_by_ccp4_num(symmetry->number) : NULL;
    (void)text_copy(name, bytes, group != NULL && *group->point_group != '\0' ? group->point_group : "PGunnamed");
    if (group != NULL) ccp4spg_free(&group);
}

static void set_symmetry(MTZ *mtz, const Symmetry *symmetry) {
    float operations[SYMMETRY_OPERATIONS_MOST][4][4];
    char lattice[2] = {*symmetry->name != '\0' ? *symmetry->name : 'P', '\0'}, name[SYMMETRY_NAME_BYTES] = "",
         point_group[SYMMETRY_NAME_BYTES];
    int primitive = 0;
    for (int n = 0; n < symmetry->operations; n++) {
        const SymmetryOperation *operation = &symmetry->operation[n];
        bool is_first = true; /* of those with this rotation */
        for (int before = 0; before < n; before++)
            is_first = is_first && memcmp(symmetry->operation[before].rotation, operation->rotation,
                                          sizeof operation->rotation) != 0;
        primitive += is_first;
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) operations[n][i][j] = (float)operation->rotation[i][j];
            operations[n][i][3] = (float)operation->translation[i];
            operations[n][3][i] = 0.0f;
        }
        operations[n][3][3] = 1.0f;
    }
    (void)text_copy(name, sizeof name, *symmetry->name != '\0' ? symmetry->name : "unnamed");
    name_point_group(symmetry, sizeof point_group, point_group);
    (void)ccp4_lwsymm(mtz, symmetry->operations, primitive, operations, lattice, symmetry->number, name, point_group);
}

/* @return NULL without memory; the caller frees it */
static MTZ *fill(const Reflections *r, const Symmetry *symmetry, double wavelength_m, const char *title) {
    int no_sets[1] = {0};
    float cell[6];
    MTZ *mtz = MtzMalloc(0, no_sets);
    if (mtz == NULL) return NULL;
    for (int i = 0; i < 3; i++) {
        cell[i] = (float)(1e10 * r->lengths_m[i]);
        cell[3 + i] = (float)(r->angles_rad[i] / RADIANS_PER_DEGREE);
    }
    mtz->refs_in_memory = 1;
    mtz->nref = (int)r->rows;
    MTZXTAL *crystal = MtzAddXtal(mtz, "crystal", "tessera", cell);
    MTZSET *set = crystal == NULL ? NULL : MtzAddDataset(mtz, crystal, "model", (float)(1e10 * wavelength_m));
    if (set != NULL && set_indices(mtz, set, r) && set_columns(mtz, set, r)) {
        set_symmetry(mtz, symmetry);
        (void)ccp4_lwtitl(mtz, title, 0);
        return mtz;
    }
    (void)MtzFree(mtz);
    return NULL;
}

/* True when a file that has been read has these rows and columns, in single precision. */
static bool is_as_written(const Reflections *found, const Reflections *r) {
    int place = 3; /* behind h, k, l */
    if (found->rows != r->rows) return false;
    for (int i = 0; i < r->columns; i++) {
        if (!has_values(&r->column[i])) continue;
        if (place >= found->columns || strcmp(found->column[place].label, r->column[i].label) != 0) return false;
        const double *values = found->column[place++].values;
        for (int64_t row = 0; values != NULL && row < r->rows; row++) {
            const float written = (float)r->column[i].values[row];
            if (!isnan(written) && (float)values[row] != written) return false;
        }
    }
    return memcmp(found->index, r->index, (size_t)r->rows * sizeof *r->index) == 0;
}

/* libccp4 reports a full disk and goes on. */
static Status check_written(const char *partial, const Reflections *r) {
    char *contents = NULL;
    size_t bytes = 0;
    Reflections found = {.path = partial};
    Status status = text_read_file(partial, (size_t)1 << 34, &contents, &bytes);
    if (status_is_ok(status)) status = mtz_read((FileContents){contents, bytes}, &found);
    const bool is_complete = status_is_ok(status) && is_as_written(&found, r);
    reflections_free(&found);
    free(contents);
    if (is_complete) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "%s is not what was written; is the disk full?", partial);
}

static Status cannot_write(const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", path, strerror(errno));
}

/* @param descriptor  of the empty file that libccp4 fills by its name */
static Status fill_partial(int descriptor, const char *partial, MTZ *mtz, const Reflections *r) {
    errno = 0;
    if (MtzPut(mtz, partial) != 1) return cannot_write(partial);
    TRY(check_written(partial, r));
    /* EINVAL: a file system on which there is nothing to be synchronized */
    return fsync(descriptor) == 0 || errno == EINVAL ? status_ok() : cannot_write(partial);
}

static Status write_partial(const char *partial, MTZ *mtz, const Reflections *r) {
    const int descriptor = new_file_create(partial);
    if (descriptor < 0) return cannot_write(partial);
    const Status status = fill_partial(descriptor, partial, mtz, r);
    (void)close(descriptor);
    return status;
}

Status mtz_write(const char *path, const Reflections *r, double wavelength_m, const char *title) {
    char partial[4096];
    if (snprintf(partial, sizeof partial, "%s.partial", path) >= (int)sizeof partial)
        return status_error(STATUS_OUTPUT_FAILED, "the name %.200s... is too long", path);
    (void)ccp4_liberr_verbosity(0);
    (void)ccp4VerbosityLevel(0);
    Symmetry symmetry = r->symmetry;
    TRY(symmetry_find_name(&symmetry));
    MTZ *mtz = fill(r, &symmetry, wavelength_m, title);
    if (mtz == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the columns of %s", path);
    Status status = write_partial(partial, mtz, r);
    (void)MtzFree(mtz);
    if (status_is_ok(status) && rename(partial, path) != 0) status = cannot_write(path);
    if (!status_is_ok(status)) (void)unlink(partial);
    return status;
}
