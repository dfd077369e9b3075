#include "model/background.h"

#include "base/constants.h"
#include "base/text.h"
#include "base/vector.h"
#include "parameters/input.h"
#include "reflections/structure_factors.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { TABLE_BYTES_MOST = 1 << 26 };
static const double NUMBER_MOST = 1e30; /* its square, times the molecules of a sample, is finite */

static Status read_point(const LineReader *reader, double per_stol, const double *before, double *point) {
    int count = 0;
    TRY(text_line_numbers(reader, 2, point, &count));
    if (count < 2)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %d field; a line has a position and a structure factor",
                            reader->path, reader->line, count);
    if (!(point[0] <= NUMBER_MOST && fabs(point[1]) <= NUMBER_MOST))
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": position and structure factor must be at most 1e30",
                            reader->path, reader->line);
    point[0] *= 1e10 / per_stol;
    if (point[0] < 0.0 || (before != NULL && !(point[0] > before[0])))
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": positions must be >= 0 and ascend from line to line; this is %g",
                            reader->path, reader->line, point[0] * per_stol / 1e10);
    return status_ok();
}

static Status read_points(LineReader reader, double per_stol, Background *background) {
    LineReader counter = reader;
    bool found = true;
    int64_t lines = 0;
    for (; found; lines += found) TRY(text_next_line(&counter, &found));
    if (lines < 2)
        return status_error(STATUS_BAD_FILE, "%s has %" PRId64 " points; at least 2 are needed", reader.path, lines);
    background->points = malloc((size_t)lines * sizeof *background->points);
    if (background->points == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the points of %s", reader.path);
    for (int64_t i = 0; i < lines; i++) {
        TRY(text_next_line(&reader, &found));
        TRY(read_point(&reader, per_stol, i > 0 ? background->points[i - 1] : NULL, background->points[i]));
    }
    background->point_count = lines;
    return status_ok();
}

static Status read_table(const Parameters *p, Background *background) {
    const double per_stol[] = {[AXIS_STOL] = 1.0, [AXIS_4STOL] = 4.0, [AXIS_Q] = 4.0 * PI};
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read_text(p, PARAMETER(background, file), TABLE_BYTES_MOST, &contents, &bytes));
    const Status status =
        read_points(text_lines(p->background_file, contents, bytes), per_stol[p->background_file_axis], background);
    free(contents);
    return status;
}

void background_change(const Parameters *p, Background *background) {
    const bool clips = p->background_clip && p->background_size_m[1] > p->beam_size_m;
    const double width_m = clips ? p->beam_size_m : p->background_size_m[1];
    const double volume_m3 = p->background_size_m[0] * width_m * width_m;
    background->f = p->background_f;
    background->molecules =
        volume_m3 * p->background_density_kg_per_m3 * AVOGADRO_PER_MOL / p->background_molecular_weight_kg_per_mol;
}

Status background_create(const Parameters *p, Background *background) {
    *background = (Background){.points = NULL};
    background_change(p, background);
    if (*p->background_file == '\0') return status_ok();
    return read_table(p, background);
}

void background_note(const Parameters *p, Notes *notes) {
    if (!(p->background_size_m[0] > 0.0)) return;
    if (p->background_clip && p->background_size_m[1] > p->beam_size_m)
        notes_add(notes, "background.size is %g um across the beam; beam.size clips it to %g um",
                  p->background_size_m[1] * 1e6, p->beam_size_m * 1e6);
    if (structure_factors_are_unwanted(p))
        notes_add(notes, "crystal.default_f is 0 and there are no structure factors: frames of background alone%s",
                  parameters_is_given(p, PARAMETER(crystal, cell)) || *p->crystal_matrix_file != '\0'
                      ? ""
                      : "; the cell in the file stands for none");
}

void background_destroy(Background *background) {
    free(background->points);
    background->points = NULL;
}
