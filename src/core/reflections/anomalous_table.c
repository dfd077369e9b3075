#include "reflections/anomalous_table.h"

#include "base/text.h"
#include "parameters/input.h"
#include "reflections/atoms.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_BYTES_MOST = 1 << 26 };

/* Electrons, and energies (eV), beyond which a number is of another unit or column. */
static const double ELECTRONS_MOST = 1000.0, ENERGY_LEAST_EV = 10.0, ENERGY_MOST_EV = 1e6;

/* A line: its element and the rest. */
typedef struct Line {
    int element;
    double row[3];
} Line;

static Status read_line(const LineReader *reader, Line *line) {
    static const char between[] = " \t,;";
    LineReader rest = *reader;
    char *symbol = rest.current + strspn(rest.current, between);
    const size_t length = strcspn(symbol, between);
    int count = 0;
    line->element = atoms_element(symbol, length);
    if (line->element == 0)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": \"%.*s\" is no element; a line has an element, the energy in eV, f' and f'', "
                            "like Fe 7112 -8.1 3.9, and a comment begins with #",
                            reader->path, reader->line, (int)(length < 20 ? length : 20), symbol);
    memset(symbol, ' ', length);
    TRY(text_line_numbers(&rest, 4, (double[4]){0.0}, &count));
    if (count != 3)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": %d numbers behind the element; there must be 3: the energy in eV, f' and f''",
                            reader->path, reader->line, count);
    return text_line_numbers(&rest, 3, line->row, &count);
}

static Status check_row(const LineReader *reader, const double *row, const double *before) {
    if (!(row[0] >= ENERGY_LEAST_EV && row[0] <= ENERGY_MOST_EV))
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the energy is %g; it must be %g to %g eV", reader->path,
                            reader->line, row[0], ENERGY_LEAST_EV, ENERGY_MOST_EV);
    if (!(fabs(row[1]) <= ELECTRONS_MOST && row[2] >= 0.0 && row[2] <= ELECTRONS_MOST))
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": f' is %g and f'' %g electrons; at most %g are accepted, and f'' is not negative",
                            reader->path, reader->line, row[1], row[2], ELECTRONS_MOST);
    if (before != NULL && !(row[0] > before[0]))
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64
                            ": energies of an element must ascend from line to line; this is %.9g after %.9g "
                            "eV",
                            reader->path, reader->line, row[0], before[0]);
    return status_ok();
}

/* The elements of the file in its order, and the lines of each.
 * @param lines  [DISPERSING_MOST] */
static Status count_lines(LineReader reader, int *element, int64_t *lines) {
    Line line;
    for (bool found = true;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        TRY(read_line(&reader, &line));
        int i = 0;
        while (i < DISPERSING_MOST && lines[i] > 0 && element[i] != line.element) i++;
        if (i == DISPERSING_MOST)
            return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s is one element too many; at most %d are followed",
                                reader.path, reader.line, atoms_symbol(line.element), DISPERSING_MOST);
        element[i] = line.element;
        lines[i]++;
    }
}

static Status fill(LineReader reader, const int *element, AnomalousRow *const *row) {
    int64_t filled[DISPERSING_MOST] = {0};
    Line line;
    for (bool found = true;;) {
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        TRY(read_line(&reader, &line));
        int i = 0;
        while (element[i] != line.element) i++;
        TRY(check_row(&reader, line.row, filled[i] > 0 ? row[i][filled[i] - 1] : NULL));
        memcpy(row[i][filled[i]++], line.row, sizeof line.row);
    }
}

static Status read_curves(LineReader reader, Anomalous **curve) {
    int element[DISPERSING_MOST] = {0};
    int64_t lines[DISPERSING_MOST] = {0};
    AnomalousRow *row[DISPERSING_MOST] = {NULL};
    TRY(count_lines(reader, element, lines));
    if (lines[0] == 0) return status_error(STATUS_BAD_FILE, "%s has no lines", reader.path);
    for (int i = 0; i < DISPERSING_MOST && lines[i] > 0; i++) {
        if (lines[i] < 2)
            return status_error(STATUS_BAD_FILE, "%s has one energy of %s; at least 2 are needed", reader.path,
                                atoms_symbol(element[i]));
        TRY(anomalous_of_table(element[i], lines[i], &curve[i], &row[i]));
    }
    return fill(reader, element, row);
}

Status anomalous_table_read(const Parameters *p, Anomalous **curve) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read_text(p, PARAMETER(crystal, anomalous_table), TABLE_BYTES_MOST, &contents, &bytes));
    const Status status = read_curves(text_lines(p->crystal_anomalous_table_file, contents, bytes), curve);
    free(contents);
    return status;
}
