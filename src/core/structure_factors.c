#include "structure_factors.h"

#include "fdump.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Largest |index|, values of the grid, and bytes of a file that are accepted: beyond any crystal, and safe to multiply.
 */
enum { MILLER_INDEX_MOST = 1 << 20 };
static const int64_t GRID_VALUES_MOST = INT64_C(2147483647);
static const size_t FILE_BYTES_MOST = (size_t)1 << 34;

typedef struct Reflection {
    int32_t index[3];
    double f;
} Reflection;

static Status read_reflection(const LineReader *reader, Reflection *reflection) {
    double field[4];
    int count = 0;
    TRY(text_line_numbers(reader, 4, field, &count));
    if (count < 4)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": %d field%s; a reflection has h k l F (is the file cut off?)", reader->path,
                            reader->line, count, count == 1 ? "" : "s");
    for (int i = 0; i < 3; i++) {
        if (field[i] != rint(field[i]) || fabs(field[i]) > MILLER_INDEX_MOST)
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": Miller index %c is %g; it must be a whole number up to %d",
                                reader->path, reader->line, "hkl"[i], field[i], MILLER_INDEX_MOST);
        reflection->index[i] = (int32_t)field[i];
    }
    const double greatest = parameters_row(PARAMETER(crystal, default_f))->greatest;
    if (field[3] < 0.0)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": F is %g; an amplitude must not be negative", reader->path,
                            reader->line, field[3]);
    if (field[3] > greatest)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": F is %g; at most %g electrons are accepted", reader->path,
                            reader->line, field[3], greatest);
    reflection->f = field[3];
    return status_ok();
}

/* First pass: how many reflections there are, and the box of their indices. */
static Status measure(LineReader reader, StructureFactors *factors) {
    int32_t greatest[3] = {0, 0, 0};
    bool found = true;
    for (;;) {
        Reflection reflection;
        TRY(text_next_line(&reader, &found));
        if (!found) break;
        TRY(read_reflection(&reader, &reflection));
        for (int i = 0; i < 3; i++) {
            const int32_t index = reflection.index[i];
            if (factors->reflections == 0 || index < factors->least[i]) factors->least[i] = index;
            if (factors->reflections == 0 || index > greatest[i]) greatest[i] = index;
        }
        factors->reflections++;
    }
    if (factors->reflections == 0)
        return status_error(STATUS_BAD_FILE, "%s has no reflection; a line each: h k l F", reader.path);
    for (int i = 0; i < 3; i++) factors->count[i] = greatest[i] - factors->least[i] + 1;
    const double values = (double)factors->count[0] * factors->count[1] * factors->count[2];
    if (values > (double)GRID_VALUES_MOST)
        return status_error(STATUS_BAD_FILE,
                            "%s: its indices span %d x %d x %d, a grid of %.3g GiB; at most 16 GiB are accepted (is an "
                            "index wrong?)",
                            reader.path, factors->count[0], factors->count[1], factors->count[2],
                            values * sizeof(double) / 1073741824.0);
    return status_ok();
}

static int64_t place_of(const StructureFactors *factors, const int32_t *index) {
    const int64_t h = index[0] - factors->least[0], k = index[1] - factors->least[1], l = index[2] - factors->least[2];
    return (h * factors->count[1] + k) * factors->count[2] + l;
}

/* Second pass. A place not yet set holds NAN. */
static Status fill(LineReader reader, StructureFactors *factors, double *grid) {
    const int64_t size = structure_factors_grid_size(factors);
    for (int64_t i = 0; i < size; i++) grid[i] = NAN;
    for (int64_t n = 0; n < factors->reflections; n++) {
        Reflection reflection;
        bool found = false;
        TRY(text_next_line(&reader, &found));
        TRY(read_reflection(&reader, &reflection));
        double *value = &grid[place_of(factors, reflection.index)];
        if (!isnan(*value) && *value != reflection.f)
            return status_error(STATUS_BAD_FILE,
                                "%s:%" PRId64 ": reflection %d %d %d has F %g here and %g on an earlier line; keep one",
                                reader.path, reader.line, reflection.index[0], reflection.index[1], reflection.index[2],
                                reflection.f, *value);
        *value = reflection.f;
        factors->greatest_f = fmax(factors->greatest_f, reflection.f);
    }
    for (int64_t i = 0; i < size; i++)
        if (isnan(grid[i])) grid[i] = factors->default_f;
    return status_ok();
}

static Status read_grid(const char *path, const char *contents, size_t bytes, StructureFactors *factors,
                        double **grid) {
    TRY(measure(text_lines(path, contents, bytes), factors));
    *grid = malloc((size_t)structure_factors_grid_size(factors) * sizeof **grid);
    if (*grid == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " structure factors of %s",
                            structure_factors_grid_size(factors), path);
    const Status status = fill(text_lines(path, contents, bytes), factors, *grid);
    if (!status_is_ok(status)) {
        free(*grid);
        *grid = NULL;
    }
    factors->grid = *grid;
    return status;
}

static Status read_dump(const char *path, const char *contents, size_t bytes, StructureFactors *factors,
                        double **grid) {
    TRY(fdump_read(path, contents, bytes, factors, grid));
    for (int64_t i = 0; i < factors->reflections; i++) factors->greatest_f = fmax(factors->greatest_f, (*grid)[i]);
    factors->grid = *grid;
    return status_ok();
}

Status structure_factors_create(const Parameters *p, StructureFactors *factors, double **grid) {
    *factors = (StructureFactors){.default_f = p->crystal_default_f, .greatest_f = p->crystal_default_f};
    *grid = NULL;
    const char *path = p->crystal_structure_factors_file;
    if (*path == '\0' && !(p->crystal_default_f > 0.0))
        return status_error(STATUS_BAD_PARAMETER,
                            "there are no structure factors; give crystal.structure_factors or crystal.default_f "
                            "(nanobragg: -hkl or -default_F)");
    if (*path == '\0') return status_ok();
    char *contents = NULL;
    size_t bytes = 0;
    TRY(text_read_file(path, FILE_BYTES_MOST, &contents, &bytes));
    const Status status = fdump_is(contents, bytes) ? read_dump(path, contents, bytes, factors, grid)
                                                    : read_grid(path, contents, bytes, factors, grid);
    free(contents);
    return status;
}

int64_t structure_factors_grid_size(const StructureFactors *factors) {
    return (int64_t)factors->count[0] * factors->count[1] * factors->count[2];
}

int64_t structure_factors_table_size(const StructureFactors *factors) {
    if (factors->count[0] == 0) return 0;
    return (int64_t)(factors->count[0] + 2) * (factors->count[1] + 2) * (factors->count[2] + 2);
}

void structure_factors_fill_table(const StructureFactors *factors, float *table) {
    for (int64_t h = -1; h <= factors->count[0]; h++)
        for (int64_t k = -1; k <= factors->count[1]; k++)
            for (int64_t l = -1; l <= factors->count[2]; l++) {
                const double f = structure_factor(factors, (double)(h + factors->least[0]),
                                                  (double)(k + factors->least[1]), (double)(l + factors->least[2]));
                *table++ = (float)(f * f);
            }
}
