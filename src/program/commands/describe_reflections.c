#include "commands/describe_reflections.h"

#include "base/cell.h"
#include "base/gunzip.h"
#include "base/text.h"
#include "model/beam.h"
#include "model/crystal.h"
#include "reflections/atoms.h"
#include "reflections/mtz_write.h"
#include "reflections/reflection_grid.h"
#include "reflections/reflections.h"
#include "shared/command_line.h"
#include "shared/help.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_cell(FILE *out, const Reflections *r, bool has_cell, const Mat3 *reciprocal_per_m) {
    if (!has_cell) {
        (void)fprintf(out, "cell         not given; crystal.cell gives it\n");
        return;
    }
    const Mat3 cell_m = cell_dual(*reciprocal_per_m);
    double edge[3], cosine[3];
    for (int i = 0; i < 3; i++) edge[i] = vec3_length(cell_m.row[i]);
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        cosine[i] = vec3_dot(cell_m.row[j], cell_m.row[k]) / (edge[j] * edge[k]);
    }
    (void)fprintf(out, "cell         %.6g %.6g %.6g A, %.6g %.6g %.6g degrees%s\n", edge[0] * 1e10, edge[1] * 1e10,
                  edge[2] * 1e10, acos(cosine[0]) / RADIANS_PER_DEGREE, acos(cosine[1]) / RADIANS_PER_DEGREE,
                  acos(cosine[2]) / RADIANS_PER_DEGREE, r->has_cell ? "" : ", from crystal.cell");
}

static void print_block(FILE *out, const Reflections *r) {
    if (*r->blocks == '\0') return;
    (void)fprintf(out, "data block   %s", r->block);
    if (strlen(r->blocks) > strlen(r->block) + 1) (void)fprintf(out, " of %s (* with reflections)", r->blocks);
    (void)fprintf(out, "\n");
}

static void print_symmetry(FILE *out, const Reflections *r) {
    if (r->symmetry.operations == 0)
        (void)fprintf(out, "symmetry     not given; the reflections are used as they are\n");
    else
        (void)fprintf(out, "symmetry     %s, %d operations\n", *r->symmetry.name ? r->symmetry.name : "without a name",
                      r->symmetry.operations);
}

static int64_t values_given(const Reflections *r, const ReflectionColumn *column) {
    int64_t given = 0;
    for (int64_t i = 0; i < r->rows; i++) given += !isnan(column->values[i]);
    return given;
}

static void print_columns(FILE *out, const Reflections *r, ColumnChoice choice) {
    static const char *const kinds[] = {"other", "amplitude", "intensity", "phase"};
    static const char *const sides[] = {"", " of h k l", " of -h -k -l"};
    (void)fprintf(out, "reflections  %" PRId64 " in the file\n", r->rows);
    for (int i = 0; i < r->columns; i++) {
        const ReflectionColumn *column = &r->column[i];
        if (column->kind == COLUMN_OTHER) {
            (void)fprintf(out, "  column %s\n", column->label);
            continue;
        }
        (void)fprintf(out, "  column %s: %s%s%s, %" PRId64 " values%s\n", column->label,
                      column->is_calculated ? "calculated " : "", kinds[column->kind], sides[column->side],
                      values_given(r, column), i == choice.plus || i == choice.minus ? ", used" : "");
    }
}

static double resolution_per_m(Mat3 reciprocal_per_m, const int32_t *index) {
    return vec3_length(mat3_apply(mat3_transpose(reciprocal_per_m), vec3(index[0], index[1], index[2])));
}

/* Reflections that there are up to the highest resolution of the file: all of P 1 but 0 0 0 and the absences. */
static int64_t count_possible(const Reflections *r, const ReflectionGrid *grid, Mat3 reciprocal_per_m,
                              double limit_per_m) {
    int64_t possible = 0;
    const Mat3 cell_m = cell_dual(reciprocal_per_m);
    int32_t most[3];
    for (int i = 0; i < 3; i++) most[i] = (int32_t)(limit_per_m * vec3_length(cell_m.row[i])) + 1; /* |h| <= a |q| */
    if ((double)most[0] * most[1] * most[2] > 8.0 * (double)reflection_grid_size(grid) + 1e7) return 0;
    for (int32_t h = -most[0]; h <= most[0]; h++)
        for (int32_t k = -most[1]; k <= most[1]; k++)
            for (int32_t l = -most[2]; l <= most[2]; l++) {
                const int32_t index[3] = {h, k, l};
                const bool is_within = resolution_per_m(reciprocal_per_m, index) <= limit_per_m * (1.0 + 1e-9);
                possible += is_within && (h != 0 || k != 0 || l != 0) && !symmetry_is_absent(&r->symmetry, index);
            }
    return possible;
}

static void print_resolution(FILE *out, const Reflections *r, const ReflectionGrid *grid, Mat3 reciprocal_per_m) {
    double least = INFINITY, greatest = 0.0;
    int64_t given = 0;
    for (int64_t i = 0; i < reflection_grid_size(grid); i++) {
        int32_t index[3];
        reflection_grid_index(grid, i, index);
        const double q = resolution_per_m(reciprocal_per_m, index);
        if (isnan(grid->values[i]) || !(q > 0.0)) continue;
        least = fmin(least, q);
        greatest = fmax(greatest, q);
        given++;
    }
    if (given == 0) return;
    const int64_t possible = count_possible(r, grid, reciprocal_per_m, greatest);
    (void)fprintf(out, "resolution   %.5g to %.5g A\n", 1e10 / least, 1e10 / greatest);
    if (possible > 0)
        (void)fprintf(out,
                      "completeness %.2f %%: %" PRId64 " of the %" PRId64 " reflections in P 1 to this resolution\n",
                      100.0 * (double)given / (double)possible, given, possible);
}

static void print_grid(FILE *out, const ReflectionGrid *grid) {
    int64_t expanded = 0;
    for (int64_t i = 0; i < reflection_grid_size(grid); i++) expanded += !isnan(grid->values[i]);
    (void)fprintf(out, "in P 1       %" PRId64 " reflections, indices", expanded);
    for (int i = 0; i < 3; i++)
        (void)fprintf(out, "%s %d to %d", i > 0 ? "," : "", grid->least[i], grid->least[i] + grid->count[i] - 1);
    (void)fprintf(out, "\ngreatest F   %.6g electrons\n", grid->greatest);
    (void)fprintf(out, "Friedel      %" PRId64 " pairs of different F\n", grid->pairs);
    if (grid->absences > 0) (void)fprintf(out, "absences     %" PRId64 " are not 0 in the file\n", grid->absences);
    if (grid->negatives > 0) (void)fprintf(out, "negative     %" PRId64 " intensities, F = 0\n", grid->negatives);
}

/* a*, b*, c* of crystal.cell or of the file; false when neither gives a cell. */
static Status find_cell(const Parameters *p, const Reflections *r, bool *has_cell, Mat3 *reciprocal_per_m) {
    double lengths_m[3], angles_rad[3];
    *has_cell = crystal_given_cell(p, lengths_m, angles_rad) || r->has_cell;
    if (!*has_cell) return status_ok();
    for (int i = 0; r->has_cell && i < 3; i++) {
        lengths_m[i] = r->lengths_m[i];
        angles_rad[i] = r->angles_rad[i];
    }
    TRY(reflections_check_cell(p, r, lengths_m, angles_rad));
    return cell_reciprocal(lengths_m, angles_rad, reciprocal_per_m);
}

/* A text of lines h k l F, all of P 1. */
static Status write_list(const char *path, const ReflectionGrid *grid) {
    FILE *file = fopen(path, "wx");
    if (file == NULL)
        return status_error(STATUS_OUTPUT_FAILED, "--hkl %.200s cannot be written: %s", path, strerror(errno));
    for (int64_t i = 0; i < reflection_grid_size(grid); i++) {
        int32_t index[3];
        reflection_grid_index(grid, i, index);
        if (isnan(grid->values[i])) continue;
        (void)fprintf(file, "%" PRId32 " %" PRId32 " %" PRId32 " %.9g\n", index[0], index[1], index[2],
                      grid->values[i]);
    }
    const bool written = !ferror(file);
    if (fclose(file) == 0 && written) return status_ok();
    (void)unlink(path);
    return status_error(STATUS_OUTPUT_FAILED, "--hkl %.200s cannot be written: %s", path, strerror(errno));
}

static Status print_expansion(FILE *out, const Parameters *p, const char *list, const Reflections *r,
                              ColumnChoice choice, bool has_cell, Mat3 reciprocal_per_m) {
    ReflectionGrid grid;
    Status status = reflection_grid_create(r, choice, (Duplicates)p->crystal_structure_factor_duplicates, false, &grid);
    if (status_is_ok(status) && list != NULL) status = write_list(list, &grid);
    if (status_is_ok(status)) {
        print_grid(out, &grid);
        if (has_cell) print_resolution(out, r, &grid, reciprocal_per_m);
    }
    reflection_grid_free(&grid);
    return status;
}

static Status print_all(FILE *out, const Parameters *p, const char *list, const Reflections *r, const Notes *notes) {
    bool has_cell = false;
    Mat3 reciprocal_per_m;
    ColumnChoice choice = {.plus = -1, .minus = -1};
    TRY(find_cell(p, r, &has_cell, &reciprocal_per_m));
    const Status chosen = reflections_choose(r, p->crystal_structure_factor_label, &choice);
    if (!status_is_ok(chosen) && (*p->crystal_structure_factor_label != '\0' || list != NULL)) return chosen;
    for (int i = 0; i < notes->count; i++) (void)fprintf(out, "note: %s\n", notes->text[i]);
    (void)fprintf(out, "file         %s\nformat       %s\n", r->path, reflections_format_name(r->format));
    print_block(out, r);
    print_cell(out, r, has_cell, &reciprocal_per_m);
    print_symmetry(out, r);
    print_columns(out, r, choice);
    if (status_is_ok(chosen)) return print_expansion(out, p, list, r, choice, has_cell, reciprocal_per_m);
    (void)fprintf(out, "none used    %s\n", chosen.message);
    return status_ok();
}

/* Of a file of atoms, where crystal.resolution says nothing. */
static const double MODEL_RESOLUTION_M = 2e-10;

static Status write_mtz(const Parameters *p, const Reflections *r, double wavelength_m, const char *path, FILE *out) {
    TRY(mtz_write(path, r, wavelength_m, "structure factors of a model, without solvent; tessera"));
    (void)fprintf(out, "written      %s, %s\n", path,
                  p->crystal_model_dispersion ? "FC(+), PHIC(+), FC(-), PHIC(-)" : "FC, PHIC");
    return status_ok();
}

/* Files that F goes to, or NULL. */
typedef struct Outputs {
    const char *list, *mtz;
} Outputs;

static Status read_and_print(const Parameters *p, Outputs to, FILE *out) {
    Reflections reflections;
    Notes notes = {.count = 0};
    const double wavelength_m = beam_nominal_wavelength(p);
    const ModelWaves waves = {wavelength_m, wavelength_m, wavelength_m, false};
    Status status = *p->crystal_model_file == '\0' ? reflections_read(p, &reflections, &notes)
                    : to.mtz == NULL
                        ? reflections_of_model(p, MODEL_RESOLUTION_M, waves, &reflections, &notes)
                        : reflections_of_model_with_phases(p, MODEL_RESOLUTION_M, wavelength_m, &reflections, &notes);
    if (status_is_ok(status) && reflections.format == REFLECTIONS_DUMP)
        status = status_error(STATUS_BAD_FILE, "%s is a dump of structure factors, which has no more to describe",
                              reflections.path);
    if (status_is_ok(status)) status = print_all(out, p, to.list, &reflections, &notes);
    if (status_is_ok(status) && to.mtz != NULL) status = write_mtz(p, &reflections, wavelength_m, to.mtz, out);
    reflections_free(&reflections);
    return status;
}

/* A file that cannot be read is no model: reading it says why. */
static bool holds_atoms(const char *path) {
    static const size_t most = (size_t)1 << 31;
    char *contents = NULL, *text = NULL;
    size_t bytes = 0, text_bytes = 0;
    bool is = status_is_ok(text_read_file(path, most, &contents, &bytes));
    const bool packed = is && gunzip_is(contents, bytes);
    if (packed) is = status_is_ok(gunzip(path, contents, bytes, most, &text, &text_bytes));
    is = is && status_is_ok(text_normalise(path, packed ? text : contents, packed ? &text_bytes : &bytes)) &&
         atoms_is_model(packed ? (FileContents){text, text_bytes} : (FileContents){contents, bytes});
    free(text);
    free(contents);
    return is;
}

/* Takes "--hkl OUT" or the like out of the words.
 * @param name  "--hkl"
 * @param file  OUT, or NULL */
static Status take_output(int *words, char **word, const char *name, const char **file) {
    const size_t length = strlen(name);
    int kept = 0;
    *file = NULL;
    for (int i = 0; i < *words; i++) {
        const bool is_it = strncmp(word[i], name, length) == 0 && (word[i][length] == '\0' || word[i][length] == '=');
        if (!is_it) {
            word[kept++] = word[i];
            continue;
        }
        const char *given = word[i][length] == '=' ? word[i] + length + 1 : i + 1 < *words ? word[++i] : "";
        if (*given == '\0' || *given == '-' || *file != NULL)
            return status_error(STATUS_BAD_PARAMETER, "describe: %s needs one name of a file: %s OUT.%s", name, name,
                                name + 2);
        *file = given;
    }
    *words = kept;
    return status_ok();
}

static Status check_mtz(const char *mtz, bool is_model) {
    struct stat info;
    if (mtz == NULL) return status_ok();
    if (!is_model)
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: --mtz writes structure factors of atoms, and this file has reflections already");
    if (lstat(mtz, &info) == 0)
        return status_error(STATUS_BAD_FILE, "%s exists; remove it, or give another name to --mtz", mtz);
    return status_ok();
}

/* @param words, word  behind the file; changed */
static Status describe_words(const char *path, int words, char **word, Parameters *parameters, FILE *out) {
    CommandLine line;
    Outputs to = {NULL, NULL};
    const bool is_model = holds_atoms(path);
    TRY(parameters_set(parameters, is_model ? "crystal.model" : "crystal.structure_factors", path, "command line"));
    TRY(take_output(&words, word, "--hkl", &to.list));
    TRY(take_output(&words, word, "--mtz", &to.mtz));
    TRY(command_line_read(words, word, false, parameters, &line));
    if (line.help) return help_parameters(out, "crystal");
    TRY(check_mtz(to.mtz, is_model));
    return read_and_print(parameters, to, out);
}

Status describe_reflections(int argc, char *const *argv, FILE *out) {
    Parameters *parameters = NULL;
    char **word = calloc((size_t)argc + 1, sizeof *word);
    if (word == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the command line");
    for (int i = 2; i < argc; i++) word[i - 2] = argv[i];
    Status status = parameters_create(&parameters);
    if (status_is_ok(status)) status = describe_words(argv[1], argc - 2, word, parameters, out);
    parameters_destroy(&parameters);
    free(word);
    return status;
}
