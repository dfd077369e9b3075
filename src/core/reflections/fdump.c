#include "reflections/fdump.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first line has six indices; number of values that is accepted, safe to multiply. */
enum { INDICES = 6, FIRST_LINE_MOST = 128 };
static const double VALUES_MOST = 2147483647.0;

/* Bytes of the first line with its newline and form feed; 0 when there is none. */
static size_t first_line(const char *contents, size_t bytes) {
    const size_t looked_at = bytes < FIRST_LINE_MOST ? bytes : FIRST_LINE_MOST;
    const char *newline = memchr(contents, '\n', looked_at);
    if (newline == NULL || newline + 1 >= contents + looked_at || newline[1] != '\f') return 0;
    return (size_t)(newline - contents) + 2;
}

bool fdump_is(const char *contents, size_t bytes) {
    return first_line(contents, bytes) > 0;
}

static Status read_box(const char *path, const char *contents, StructureFactors *factors) {
    const char *next = contents;
    int64_t index[INDICES];
    for (int i = 0; i < INDICES; i++) {
        while (*next == ' ') next++;
        const bool is_read = text_read_integer(next, &index[i], &next) && index[i] >= -MILLER_INDEX_MOST &&
                             index[i] <= MILLER_INDEX_MOST;
        if (!is_read || (i % 2 == 1 && index[i] < index[i - 1]))
            return status_error(STATUS_BAD_FILE,
                                "%s: index %d of its first line is wrong; it must be h_min h_max k_min k_max l_min "
                                "l_max",
                                path, i + 1);
    }
    if (*next != '\n') return status_error(STATUS_BAD_FILE, "%s: its first line must have 6 indices", path);
    for (int i = 0; i < 3; i++) {
        factors->least[i] = (int32_t)index[2 * i];
        factors->count[i] = (int32_t)(index[2 * i + 1] - index[2 * i] + 1);
    }
    return status_ok();
}

static Status check_size(const char *path, size_t bytes, const StructureFactors *factors) {
    const double values =
        (factors->count[0] + 1.0) * (factors->count[1] + 1.0) * (factors->count[2] + 1.0); /* exact up to 2^53 */
    if (values <= VALUES_MOST && (double)bytes == values * sizeof(double)) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s has %zu bytes of structure factors, its indices make %.0f (is it cut off?)", path, bytes,
                        values * sizeof(double));
}

static Status read_values(const char *path, const char *data, const StructureFactors *factors, double *grid) {
    const int64_t rows = factors->count[1], columns = factors->count[2];
    for (int64_t h = 0; h < factors->count[0]; h++)
        for (int64_t k = 0; k < rows; k++) {
            double *row = grid + (h * rows + k) * columns;
            memcpy(row, data + ((h * (rows + 1) + k) * (columns + 1)) * (int64_t)sizeof *row,
                   (size_t)columns * sizeof *row);
            for (int64_t l = 0; l < columns; l++)
                if (!isfinite(row[l]) || row[l] < 0.0)
                    return status_error(STATUS_BAD_FILE,
                                        "%s: F of reflection %" PRId64 " %" PRId64 " %" PRId64
                                        " is %g; it must be a number and not negative",
                                        path, h + factors->least[0], k + factors->least[1], l + factors->least[2],
                                        row[l]);
        }
    return status_ok();
}

Status fdump_read(const char *path, const char *contents, size_t bytes, StructureFactors *factors, double **grid) {
    const size_t line = first_line(contents, bytes);
    *grid = NULL;
    TRY(read_box(path, contents, factors));
    TRY(check_size(path, bytes - line, factors));
    factors->reflections = structure_factors_grid_size(factors);
    *grid = malloc((size_t)factors->reflections * sizeof **grid);
    if (*grid == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the %" PRId64 " structure factors of %s",
                            factors->reflections, path);
    const Status status = read_values(path, contents + line, factors, *grid);
    if (!status_is_ok(status)) {
        free(*grid);
        *grid = NULL;
    }
    return status;
}

bool fdump_write(FILE *file, const StructureFactors *factors) {
    const double nothing = 0.0;
    const int64_t rows = factors->count[1], columns = factors->count[2];
    bool ok = true;
    for (int i = 0; i < 3; i++)
        ok = fprintf(file, "%s%d %d", i > 0 ? " " : "", factors->least[i], factors->least[i] + factors->count[i] - 1) >
                 0 &&
             ok;
    ok = fputs("\n\f", file) >= 0 && ok;
    for (int64_t h = 0; ok && h <= factors->count[0]; h++)
        for (int64_t k = 0; ok && k <= rows; k++) {
            const bool inside = h < factors->count[0] && k < rows;
            const double *row = factors->grid + (h * rows + k) * columns;
            for (int64_t l = 0; ok && l <= columns; l++)
                ok = fwrite(inside && l < columns ? &row[l] : &nothing, sizeof nothing, 1, file) == 1;
        }
    return ok;
}
