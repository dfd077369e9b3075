#include "model/sweep.h"

#include "base/constants.h"
#include "base/random.h"
#include "base/text.h"
#include "base/units.h"
#include "parameters/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES_MOST = 0x7fffffff, SPECTRUM_BYTES_MOST = 1 << 28, DRAW_TRIALS = 1000 };

Status sweep_extend(Sweep *sweep, int64_t values, int64_t *at) {
    *at = sweep->block_length;
    double *longer = realloc(sweep->owned_block, (size_t)(sweep->block_length + values + 1) * sizeof *longer);
    if (longer == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " values of the sweep", values);
    sweep->owned_block = longer;
    sweep->block = longer;
    sweep->block_length += values;
    return status_ok();
}

void sweep_destroy(Sweep *sweep) {
    free(sweep->owned_block);
    sweep->owned_block = NULL;
    sweep->block = NULL;
}

void spectrum_table_free(SpectrumTable *table) {
    free(table->wavelengths_m);
    free(table->weights);
    *table = (SpectrumTable){.rows = 0};
}

/* --------------------------------------------------------------------------------------------------------- spectrum */

/* Without a unit, eV: keV and angstrom are numbers that no X-ray has in eV. */
static const double UNNAMED_EV_LEAST = 90.0;

Status spectrum_wavelength(const char *where, const char *unit, double value, double *wavelength_m) {
    const double unit_j = unit_si(*unit == '\0' ? "eV" : unit, "energy"), unit_m = unit_si(unit, "length");
    const bool of_wavelength = !isnan(unit_m);
    if (isnan(unit_j) && isnan(unit_m))
        return status_error(STATUS_BAD_FILE,
                            "%s: \"%.40s\" is no unit of a spectrum; it must be eV, keV, MeV, J, angstrom, pm, nm or m",
                            where, unit);
    if (*unit == '\0' && value > 0.0 && value < UNNAMED_EV_LEAST)
        return status_error(
            STATUS_BAD_FILE,
            "%s: %g is no energy of X-rays in eV, and no unit is given: say which it is, keV or A, in a "
            "comment before the first line of a text (\"# units: keV\") or in the attribute units of the "
            "dataset; or \"eV\" if it is that",
            where, value);
    const double energy_ev = (of_wavelength ? PLANCK_LIGHT_JM / (value * unit_m) : value * unit_j) / ELECTRON_VOLT_J;
    if (!(energy_ev >= SPECTRUM_EV_LEAST && energy_ev <= SPECTRUM_EV_MOST))
        return status_error(STATUS_BAD_FILE, "%s: the energy must be from 1 to 1e9 eV; %s %g%s%s is out of range",
                            where, of_wavelength ? "the wavelength" : "the energy", value, *unit == '\0' ? "" : " ",
                            unit);
    *wavelength_m = of_wavelength && !(value > 0.0) ? NAN : PLANCK_LIGHT_JM / (energy_ev * ELECTRON_VOLT_J);
    return status_ok();
}

/* The unit that a comment before the first line of numbers gives: "# units: keV", "# unit = A".
 * @param unit  [32] */
static void find_unit(const char *contents, char *unit) {
    *unit = '\0';
    for (const char *line = contents; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *text = line + strspn(line, " \t\r");
        if (*text == '\n' || *text == '\0') continue;
        if (*text != '#') return;
        text += 1 + strspn(text + 1, " \t");
        if (strncmp(text, "unit", 4) != 0) continue;
        text += 4 + (text[4] == 's');
        text += strspn(text, " \t:=");
        (void)snprintf(unit, 32, "%.*s", (int)strcspn(text, " \t\r\n,;"), text);
        return;
    }
}

static Status check_line(const LineReader *reader, const double *field, int count, double last) {
    const char *fault = count != 2            ? "it must have an energy (eV) and a weight"
                        : !(field[0] > 0.0)   ? "the energy must be from 1 to 1e9 eV"
                        : !(field[0] > last)  ? "the energies must go up"
                        : !(field[1] >= 0.0)  ? "the weight is negative"
                        : !(field[1] <= 1e30) ? "the weight must be at most 1e30"
                                              : NULL;
    if (fault == NULL) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s", reader->path, reader->line, fault);
}

static Status read_lines(LineReader reader, const char *unit, SpectrumTable *table) {
    bool found = true;
    double field[3], last = 0.0, wavelength_m = 0.0;
    int count = 0;
    while (true) {
        char where[PARAMETER_ORIGIN_BYTES];
        TRY(text_next_line(&reader, &found));
        if (!found) return status_ok();
        TRY(text_line_numbers(&reader, 3, field, &count));
        TRY(check_line(&reader, field, count, last));
        (void)snprintf(where, sizeof where, "%.200s:%" PRId64, reader.path, reader.line);
        TRY(spectrum_wavelength(where, unit, field[0], &wavelength_m));
        last = field[0];
        if (table->wavelengths_m != NULL) {
            table->wavelengths_m[table->lines] = wavelength_m;
            table->weights[table->lines] = (float)field[1];
        }
        table->lines++;
    }
}

static Status read_text_spectrum(const char *path, const char *contents, size_t bytes, SpectrumTable *table) {
    char unit[32];
    find_unit(contents, unit);
    TRY(read_lines(text_lines(path, contents, bytes), unit, table));
    const int64_t lines = table->lines;
    if (lines == 0) return status_error(STATUS_BAD_FILE, "%s has no line; a line each: energy (eV) weight", path);
    *table = (SpectrumTable){.rows = 1,
                             .wavelengths_m = calloc((size_t)lines, sizeof *table->wavelengths_m),
                             .weights = calloc((size_t)lines, sizeof *table->weights)};
    if (table->wavelengths_m == NULL || table->weights == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a spectrum of %" PRId64 " lines", lines);
    return read_lines(text_lines(path, contents, bytes), unit, table);
}

static Status take_spectrum(const char *path, const SpectrumTable *table, Sweep *sweep) {
    SweepSpectrum *spectrum = &sweep->spectrum;
    *spectrum = (SweepSpectrum){.rows = table->rows, .lines = table->lines};
    for (int64_t row = 0; row < table->rows; row++) {
        double sum = 0.0;
        for (int64_t i = 0; i < table->lines; i++) sum += (double)table->weights[row * table->lines + i];
        if (!(sum > 0.0))
            return status_error(STATUS_BAD_FILE, "%s: all weights of row %" PRId64 " are 0; one must be more", path,
                                row);
    }
    TRY(sweep_extend(sweep, table->lines, &spectrum->wavelengths_at));
    memcpy(sweep->block + spectrum->wavelengths_at, table->wavelengths_m, (size_t)table->lines * sizeof(double));
    const int64_t weights = table->rows * table->lines;
    TRY(sweep_extend(sweep, (weights + 1) / 2, &spectrum->weights_at));
    memcpy(sweep->block + spectrum->weights_at, table->weights, (size_t)weights * sizeof(float));
    return status_ok();
}

static Status read_spectrum(const Parameters *p, const SweepInputs *inputs, Sweep *sweep) {
    const char *path = p->beam_spectrum_file;
    char *contents = NULL;
    size_t bytes = 0;
    if (*path == '\0') return status_ok();
    if (inputs != NULL && inputs->spectrum != NULL) return take_spectrum(path, inputs->spectrum, sweep);
    SpectrumTable table = {.rows = 0};
    TRY(input_read_text(p, PARAMETER(beam, spectrum), SPECTRUM_BYTES_MOST, &contents, &bytes));
    Status status = read_text_spectrum(path, contents, bytes, &table);
    if (status_is_ok(status)) status = take_spectrum(path, &table, sweep);
    spectrum_table_free(&table);
    free(contents);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- create */

static Status read_list(const Parameters *p, const SweepInputs *inputs, Sweep *sweep) {
    char *contents = NULL;
    size_t bytes = 0;
    ListSource source = {.path = p->sweep_file};
    if (*p->sweep_file == '\0')
        return status_error(STATUS_BAD_PARAMETER, "sweep.kind is list; give the list with sweep.file");
    if (inputs != NULL && inputs->list != NULL) return sweep_read_list(inputs->list, sweep);
    TRY(input_read_text(p, PARAMETER(sweep, file), LIST_BYTES_MOST, &contents, &bytes));
    LineReader reader = text_lines(p->sweep_file, contents, bytes);
    Status status = list_source_of_text(&reader, &source);
    if (status_is_ok(status)) status = sweep_read_list(&source, sweep);
    free(contents);
    return status;
}

/* What belongs to another kind of sweep would be lost without a word. */
static Status check_idle(const Parameters *p) {
    for (int index = 0; index < PARAMETER_COUNT; index++) {
        const ParameterRow *row = parameters_row(index);
        if (row->only_in == 0 || row->only_in == p->sweep_kind || !parameters_is_given(p, index)) continue;
        return status_error(STATUS_BAD_PARAMETER, "%s: %s has no effect in a sweep of kind %s; give another sweep.kind",
                            p->state[index].origin, row->public_name, p->state[PARAMETER(sweep, kind)].text);
    }
    return status_ok();
}

static Status make_grid(const Parameters *p, Sweep *sweep) {
    const int64_t most = p->sweep_count == PARAMETER_AUTO ? 1000000000 : p->sweep_count;
    if (isnan(p->sweep_angle_rad) && p->sweep_count == PARAMETER_AUTO)
        return status_error(STATUS_BAD_PARAMETER, "sweep.kind is grid; give sweep.angle or sweep.count");
    TRY(orientation_grid_create((PointGroup)p->sweep_point_group, p->sweep_angle_rad, most, &sweep->grid));
    sweep->count = orientation_grid_count(&sweep->grid);
    return status_ok();
}

/* Fewer frames than there are rows are the first ones. */
static Status choose_count(const Parameters *p, const char *source, const char *what, int64_t there_are, Sweep *sweep) {
    if (p->sweep_count > there_are)
        return status_error(STATUS_BAD_PARAMETER, "%s: sweep.count is %" PRId64 ", and %s %s only %" PRId64 " frames",
                            p->state[PARAMETER(sweep, count)].origin, p->sweep_count, source, what, there_are);
    sweep->count = p->sweep_count == PARAMETER_AUTO ? there_are : p->sweep_count;
    return status_ok();
}

Status sweep_create(const Parameters *p, const SweepInputs *inputs, Sweep *sweep) {
    *sweep = (Sweep){.kind = (SweepKind)p->sweep_kind,
                     .count = p->sweep_count == PARAMETER_AUTO ? 1 : p->sweep_count,
                     .start_rad = p->sweep_start_rad,
                     .width_rad = p->sweep_width_rad,
                     .seed = (uint64_t)p->sweep_seed,
                     .accepts_left_handed = p->crystal_left_handed == LEFT_HANDED_ACCEPT,
                     .table = {.most_crystals = 1}};
    TRY(check_idle(p));
    if (sweep->kind == SWEEP_RANDOM) {
        sweep->table.most_crystals = p->sweep_crystals;
        sweep->table.crowded = p->sweep_crystals > 1;
    }
    if (sweep->kind == SWEEP_GRID) TRY(make_grid(p, sweep));
    if (sweep->kind == SWEEP_LIST) {
        TRY(read_list(p, inputs, sweep));
        TRY(choose_count(p, p->sweep_file, "has", sweep->count, sweep));
    }
    if (sweep->kind == SWEEP_MATRIX) {
        TRY(sweep_read_matrix(p, sweep));
        TRY(choose_count(p, "sweep.matrix", "makes", sweep->count, sweep));
    }
    TRY(sweep_read_draws(p, sweep));
    TRY(read_spectrum(p, inputs, sweep));
    if (sweep->spectrum.rows > 1 && sweep->spectrum.rows < sweep->count)
        return status_error(STATUS_BAD_FILE, "%s has spectra for %" PRId64 " frames, and the sweep has %" PRId64,
                            p->beam_spectrum_file, sweep->spectrum.rows, sweep->count);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------- grid */

void sweep_align_grid(Sweep *sweep, Mat3 cell_m, Vec3 beam, Vec3 across) {
    if (sweep->kind != SWEEP_GRID) return;
    const Vec3 z = vec3_unit(beam), x = vec3_unit(vec3_subtract(across, vec3_scale(vec3_dot(across, z), z)));
    const Mat3 laboratory = {{x, vec3_cross(z, x), z}};
    sweep->grid_from_crystal = orientation_grid_axes(sweep->grid.group, cell_m);
    sweep->grid_to_laboratory = mat3_transpose(laboratory);
}

/* ------------------------------------------------------------------------------------------------- what a frame has */

static int64_t row_of(const Sweep *sweep, int64_t frame, int64_t crystal) {
    if (!sweep->table.crowded) return frame;
    return (int64_t)sweep->block[sweep->table.first_at + frame] + crystal;
}

static const double *values_of_row(const Sweep *sweep, int64_t frame, int64_t crystal) {
    return sweep->block + sweep->table.rows_at + row_of(sweep, frame, crystal) * sweep->table.stride;
}

int64_t sweep_crystals(const Sweep *sweep, int64_t frame) {
    if (sweep->kind == SWEEP_RANDOM) return sweep->table.most_crystals;
    if (sweep->kind != SWEEP_LIST || !sweep->table.crowded) return 1;
    const double *first = sweep->block + sweep->table.first_at + frame;
    return (int64_t)(first[1] - first[0]);
}

bool sweep_varies(const Sweep *sweep) {
    return sweep_values(sweep) > 0 || sweep->spectrum.rows > 1 || sweep->table.crowded || sweep->table.weighted ||
           sweep->table.orientation == LISTED_UB;
}

int sweep_values(const Sweep *sweep) {
    return sweep->columns + sweep->draws;
}

SweepColumn sweep_column(const Sweep *sweep, int index) {
    return index < sweep->columns ? sweep->column[index] : sweep->draw[index - sweep->columns].column;
}

/* A number for a row's name, which stays when the table gets new rows: FNV-1a. */
static uint64_t key_of(SweepColumn column) {
    uint64_t key = UINT64_C(14695981039346656037);
    for (const char *c = parameters_row(column.row)->public_name; *c != '\0'; c++)
        key = (key ^ (uint64_t)*c) * UINT64_C(1099511628211);
    return (key ^ (uint64_t)(column.component + 1)) * UINT64_C(1099511628211);
}

/* A crystal's own parameters are drawn for each of a frame's crystals, the others once. */
static double draw_value(const Sweep *sweep, const SweepDraw *draw, int64_t frame, int64_t crystal) {
    const ParameterRow *row = parameters_row(draw->column.row);
    const uint64_t own = strcmp(row->section, "crystal") == 0 ? (uint64_t)crystal * DRAW_TRIALS : 0;
    double value = draw->a;
    for (uint64_t trial = 0; trial < DRAW_TRIALS; trial++) {
        double u[4];
        random_uniform4(sweep->seed, RANDOM_DRAW, (uint64_t)frame, key_of(draw->column), own + trial, u);
        const double normal = sqrt(-2.0 * log(u[0])) * cos(2.0 * PI * u[1]);
        value = draw->law == DRAW_UNIFORM  ? draw->a + (draw->b - draw->a) * u[0]
                : draw->law == DRAW_NORMAL ? draw->a + draw->b * normal
                                           : draw->a * exp(draw->b * normal);
        if (row->type == PARAMETER_TYPE_INTEGER) value = rint(value);
        if (value >= draw->least && value <= draw->greatest) return value;
    }
    return fmin(fmax(value, draw->least), draw->greatest);
}

void sweep_set_values(const Sweep *sweep, int64_t frame, int64_t crystal, double *values) {
    int64_t rest = frame;
    if (sweep->kind == SWEEP_LIST)
        memcpy(values, values_of_row(sweep, frame, crystal), (size_t)sweep->columns * sizeof *values);
    for (int i = sweep->columns - 1; sweep->kind == SWEEP_MATRIX && i >= 0; i--) {
        values[i] = sweep->block[sweep->axis_at[i] + rest % sweep->axis_length[i]];
        rest /= sweep->axis_length[i];
    }
    for (int i = 0; i < sweep->draws; i++)
        values[sweep->columns + i] = sweep->draw[i].law == DRAW_SAME
                                         ? values[sweep->draw[i].source]
                                         : draw_value(sweep, &sweep->draw[i], frame, crystal);
}

/* A frame's first crystal is the same however many there are. Frames are fewer than 2^40. */
static Mat3 random_orientation(uint64_t seed, int64_t frame, int64_t crystal) {
    return random_rotation(seed, RANDOM_SWEEP, (uint64_t)frame + ((uint64_t)crystal << 40));
}

Mat3 sweep_orientation(const Sweep *sweep, int64_t frame, int64_t crystal) {
    if (sweep->kind == SWEEP_RANDOM) return random_orientation(sweep->seed, frame, crystal);
    if (sweep->kind == SWEEP_GRID)
        return mat3_multiply(sweep->grid_to_laboratory,
                             mat3_multiply(orientation_grid_rotation(&sweep->grid, frame), sweep->grid_from_crystal));
    if (sweep->kind != SWEEP_LIST || sweep->table.orientation != LISTED_QUATERNION) return mat3_identity();
    const double *q = values_of_row(sweep, frame, crystal) + sweep->columns;
    return mat3_of_quaternion(q[0], q[1], q[2], q[3]);
}

bool sweep_reciprocal(const Sweep *sweep, int64_t frame, int64_t crystal, Mat3 *reciprocal_per_m) {
    if (sweep->kind != SWEEP_LIST || sweep->table.orientation != LISTED_UB) return false;
    const double *ub = values_of_row(sweep, frame, crystal) + sweep->columns;
    for (int i = 0; i < 3; i++) reciprocal_per_m->row[i] = vec3(ub[i], ub[3 + i], ub[6 + i]);
    return true;
}

double sweep_weight(const Sweep *sweep, int64_t frame, int64_t crystal) {
    if (!sweep->table.weighted) return 1.0;
    return values_of_row(sweep, frame, crystal)[sweep->table.stride - 1];
}

const double *sweep_wavelengths(const Sweep *sweep) {
    return sweep->spectrum.rows > 0 ? sweep->block + sweep->spectrum.wavelengths_at : NULL;
}

const float *sweep_weights(const Sweep *sweep, int64_t frame) {
    const int64_t row = sweep->spectrum.rows > 1 ? frame : 0;
    return (const float *)(const void *)(sweep->block + sweep->spectrum.weights_at) + row * sweep->spectrum.lines;
}
