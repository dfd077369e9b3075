#include "model/crystal.h"

#include "base/cell.h"
#include "base/random.h"
#include "base/text.h"
#include "model/background.h"
#include "parameters/input.h"
#include "reflections/structure_factors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MATRIX_FILE_BYTES_MOST = 1 << 20, DOMAINS_MOST = 100000000 };

Status crystal_nanobragg_cell(const double *lengths_m, const double *angles_rad, Mat3 *cell_m, double *star) {
    Mat3 reciprocal;
    TRY(cell_reciprocal(lengths_m, angles_rad, &reciprocal));
    const Vec3 a = reciprocal.row[0], b = reciprocal.row[1];
    const double exact_volume_m3 = 1.0 / vec3_dot(a, vec3_cross(b, reciprocal.row[2]));
    const double sin_gamma_star = b.y / vec3_length(b);
    reciprocal.row[2].z = sin(angles_rad[2]) / (lengths_m[2] * sin_gamma_star);
    *cell_m = cell_dual(reciprocal);
    for (int i = 0; i < 3; i++) cell_m->row[i] = vec3_scale(lengths_m[i] / vec3_length(cell_m->row[i]), cell_m->row[i]);
    *star = vec3_dot(cell_m->row[0], vec3_cross(cell_m->row[1], cell_m->row[2])) / exact_volume_m3;
    return status_ok();
}

bool crystal_given_cell(const Parameters *p, double *lengths_m, double *angles_rad) {
    for (int i = 0; i < 3; i++) {
        lengths_m[i] = isnan(p->crystal_cell[i]) ? p->crystal_cell[0] : p->crystal_cell[i];
        angles_rad[i] = isnan(p->crystal_cell[3 + i]) ? 0.5 * PI : p->crystal_cell[3 + i];
    }
    return parameters_is_given(p, PARAMETER(crystal, cell)) && !isnan(p->crystal_cell[0]);
}

/* Rows a, b, c of a cell, by crystal.cell_model. */
static Status lattice_of_cell(const Parameters *p, const double *lengths_m, const double *angles_rad, Mat3 *cell_m,
                              double *star) {
    Mat3 reciprocal;
    if (p->crystal_cell_model == CELL_NANOBRAGG) return crystal_nanobragg_cell(lengths_m, angles_rad, cell_m, star);
    TRY(cell_reciprocal(lengths_m, angles_rad, &reciprocal));
    *cell_m = cell_dual(reciprocal);
    *star = 1.0;
    return status_ok();
}

static double volume_of(Mat3 lattice) {
    return vec3_dot(lattice.row[0], vec3_cross(lattice.row[1], lattice.row[2]));
}

Status crystal_check_axes(Mat3 reciprocal_per_m, bool accepts_left_handed, const char *origin) {
    const Vec3 a = reciprocal_per_m.row[0], b = reciprocal_per_m.row[1], c = reciprocal_per_m.row[2];
    const double volume = volume_of(reciprocal_per_m);
    if (!(fabs(volume) > 1e-9 * vec3_length(a) * vec3_length(b) * vec3_length(c)))
        return status_error(STATUS_BAD_FILE, "%s: a*, b*, c* lie in one plane; they must span a lattice", origin);
    if (volume > 0.0 || accepts_left_handed) return status_ok();
    return status_error(
        STATUS_BAD_FILE,
        "%s: a*, b*, c* are left-handed, which would put F(h k l) where F(-h -k -l) belongs; if x, y, z "
        "there are not those of this laboratory, or one axis has the wrong sign, turn that one round; if "
        "the lattice is right, negate all nine numbers, which swaps the Friedel mates and keeps every "
        "spot's place (or give crystal.left_handed=accept)",
        origin);
}

Status crystal_check_edges(Mat3 reciprocal_per_m, const char *origin) {
    const ParameterRow *row = parameters_row(PARAMETER(crystal, cell));
    const Mat3 cell_m = cell_dual(reciprocal_per_m);
    for (int i = 0; i < 3; i++) {
        const double length = vec3_length(cell_m.row[i]) / parameters_si_factor(row, 0);
        if (!(length >= row->least && length <= row->greatest))
            return status_error(
                STATUS_BAD_FILE,
                "%s: edge %c of the cell is %g A; it must be from %g to %g A (is the unit of a*, b*, c* "
                "right?)",
                origin, "abc"[i], length, row -> least, row -> greatest);
    }
    return status_ok();
}

/* Most numbers of a matrix's file that are looked at: Mosflm's go on with missets (3), U (9) and the cell (6). */
enum { MATRIX_NUMBERS = 9, MATRIX_CELL_AT = 21, MATRIX_NUMBERS_MOST = 27 };

/* The cell that such a file ends with says whether the wavelength is the matrix's.
 * @param number  [MATRIX_NUMBERS_MOST] */
static Status check_cell_of_file(const char *path, const double *number, Mat3 reciprocal_per_m, double wavelength_m) {
    const Mat3 cell_m = cell_dual(reciprocal_per_m);
    const double *cell = number + MATRIX_CELL_AT;
    double length[3];
    bool differs = false;
    for (int i = 0; i < 3; i++) {
        length[i] = vec3_length(cell_m.row[i]) * 1e10;
        if (!(cell[i] > 0.0) || !(cell[3 + i] > 1.0 && cell[3 + i] < 180.0)) return status_ok(); /* no cell */
        differs = differs || fabs(length[i] / cell[i] - 1.0) > 1e-2;
    }
    if (!differs) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s: its cell is %.4g,%.4g,%.4g A, and its matrix at %.6g A makes %.4g,%.4g,%.4g A; it was "
                        "written for about %.5g A: give crystal.matrix_wavelength",
                        path, cell[0], cell[1], cell[2], wavelength_m * 1e10, length[0], length[1], length[2],
                        wavelength_m * 1e10 * cell[0] / length[0]);
}

/* Nine numbers, row by row: the x, then y, then z components of a*, b*, c*, times the wavelength in angstrom. */
static Status read_matrix(const Parameters *p, double wavelength_m, Mat3 *cell_m) {
    const char *path = p->crystal_matrix_file;
    Mat3 reciprocal;
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read_text(p, PARAMETER(crystal, matrix), MATRIX_FILE_BYTES_MOST, &contents, &bytes));
    LineReader reader = text_lines(path, contents, bytes);
    double number[MATRIX_NUMBERS_MOST];
    int read = 0, count = 0;
    bool found = true;
    Status status = status_ok();
    while (read < MATRIX_NUMBERS_MOST && found && status_is_ok(status)) {
        status = text_next_line(&reader, &found);
        const int most = read < MATRIX_NUMBERS ? MATRIX_NUMBERS - read : MATRIX_NUMBERS_MOST - read;
        if (status_is_ok(status) && found) status = text_line_numbers(&reader, most, number + read, &count);
        if (found) read += count;
    }
    free(contents);
    if (read < MATRIX_NUMBERS) TRY(status); /* what follows may be anything */
    if (read < MATRIX_NUMBERS)
        return status_error(STATUS_BAD_FILE, "%s has %d numbers; an orientation matrix has 9: a*, b*, c* in columns",
                            path, read);
    /* lambda in A times 1/A is a pure number, so lambda in m gives 1/m */
    for (int i = 0; i < 3; i++)
        reciprocal.row[i] = vec3_scale(1.0 / wavelength_m, vec3(number[i], number[3 + i], number[6 + i]));
    TRY(crystal_check_axes(reciprocal, p->crystal_left_handed == LEFT_HANDED_ACCEPT, path));
    if (!p->of_nanobragg) TRY(crystal_check_edges(reciprocal, path));
    if (!p->of_nanobragg && read == MATRIX_NUMBERS_MOST)
        TRY(check_cell_of_file(path, number, reciprocal, wavelength_m));
    *cell_m = cell_dual(reciprocal);
    return status_ok();
}

static void measure_cell(Crystal *crystal) {
    const Vec3 a = crystal->cell_m.row[0], b = crystal->cell_m.row[1], c = crystal->cell_m.row[2];
    const Vec3 edges[3] = {a, b, c};
    crystal->volume_m3 = fabs(volume_of(crystal->cell_m));
    for (int i = 0; i < 3; i++) {
        const Vec3 u = edges[(i + 1) % 3], v = edges[(i + 2) % 3];
        crystal->lengths_m[i] = vec3_length(edges[i]);
        crystal->angles_rad[i] = atan2(vec3_length(vec3_cross(u, v)), vec3_dot(u, v));
    }
}

/* A cell beside a matrix only confirms it. */
static Status check_cell_agrees(const Parameters *p, const Crystal *crystal) {
    Crystal of_parameters = {.domains = NULL};
    double lengths_m[3], angles_rad[3];
    if (!crystal_given_cell(p, lengths_m, angles_rad)) return status_ok();
    TRY(lattice_of_cell(p, lengths_m, angles_rad, &of_parameters.cell_m, &of_parameters.nanobragg_star));
    measure_cell(&of_parameters);
    for (int i = 0; i < 3; i++)
        if (fabs(of_parameters.lengths_m[i] / crystal->lengths_m[i] - 1.0) > 1e-2 ||
            fabs(of_parameters.angles_rad[i] - crystal->angles_rad[i]) > RADIANS_PER_DEGREE)
            return status_error(
                STATUS_BAD_PARAMETER,
                "crystal.cell %s and crystal.matrix %s, which gives %.4g,%.4g,%.4g,%.4g,%.4g,%.4g at "
                "this wavelength, disagree by more than 1 %% or 1 degree; give one, or the wavelength "
                "of the matrix",
                p->state[PARAMETER(crystal, cell)].text, p->crystal_matrix_file, crystal->lengths_m[0] * 1e10,
                crystal->lengths_m[1] * 1e10, crystal->lengths_m[2] * 1e10, crystal->angles_rad[0] / RADIANS_PER_DEGREE,
                crystal->angles_rad[1] / RADIANS_PER_DEGREE, crystal->angles_rad[2] / RADIANS_PER_DEGREE);
    return status_ok();
}

static Vec3 misset(const Parameters *p) {
    if (!p->crystal_random_misset)
        return vec3(p->crystal_misset_rad[0], p->crystal_misset_rad[1], p->crystal_misset_rad[2]);
    if (p->crystal_misset_model == MISSET_UNIFORM)
        return misset_of_rotation(random_rotation((uint64_t)p->crystal_misset_seed, RANDOM_MISSET, 0));
    NanobraggRandom random = nanobragg_random(p->crystal_misset_seed);
    return misset_of_rotation(nanobragg_random_rotation(&random, 90.0f));
}

/* The lattice of the cell that is given, or of the file's. */
static Status set_unturned(const Parameters *p, double *lengths_m, double *angles_rad, Crystal *crystal) {
    if (!crystal_given_cell(p, lengths_m, angles_rad)) {
        memcpy(lengths_m, crystal->file_lengths_m, sizeof crystal->file_lengths_m);
        memcpy(angles_rad, crystal->file_angles_rad, sizeof crystal->file_angles_rad);
    }
    return lattice_of_cell(p, lengths_m, angles_rad, &crystal->unturned_m, &crystal->nanobragg_star);
}

/* The cell that counts, before any rotation: of the matrix, the parameters or the reflections' file. */
static Status make_cell(const Parameters *p, double matrix_wavelength_m, const Reflections *reflections,
                        Crystal *crystal) {
    double *lengths_m = crystal->lengths_m, *angles_rad = crystal->angles_rad;
    crystal->nanobragg_star = 1.0;
    crystal->from_matrix = *p->crystal_matrix_file != '\0';
    if (crystal->from_matrix) {
        TRY(read_matrix(p, matrix_wavelength_m, &crystal->unturned_m));
        crystal->cell_m = crystal->unturned_m;
        measure_cell(crystal);
        return reflections_check_cell(p, reflections, lengths_m, angles_rad);
    }
    const bool is_given = parameters_is_given(p, PARAMETER(crystal, cell)) && !isnan(p->crystal_cell[0]);
    const bool stands_for_none = !is_given && !reflections->has_cell && structure_factors_are_unwanted(p);
    if (!is_given && !reflections->has_cell && !stands_for_none)
        return status_error(STATUS_BAD_PARAMETER,
                            "there is no crystal; give crystal.cell or crystal.matrix (nanobragg: -cell or -mat)");
    for (int i = 0; i < 3; i++) {
        crystal->file_lengths_m[i] = stands_for_none ? 1e-9 : reflections->lengths_m[i];
        crystal->file_angles_rad[i] = stands_for_none ? 0.5 * PI : reflections->angles_rad[i];
    }
    TRY(set_unturned(p, lengths_m, angles_rad, crystal));
    return reflections_check_cell(p, reflections, lengths_m, angles_rad);
}

/* Turns the lattice by the misset. */
static void turn(const Parameters *p, Crystal *crystal) {
    const Vec3 angles = misset(p);
    for (int i = 0; i < 3; i++)
        crystal->cell_m.row[i] = vec3_rotate_xyz(crystal->unturned_m.row[i], angles.x, angles.y, angles.z);
    crystal->misset_rad = angles;
    crystal->reciprocal_per_m = cell_dual(crystal->cell_m);
    measure_cell(crystal);
}

/* A listed matrix is cell and orientation. */
static void take_reciprocal(Mat3 reciprocal_per_m, Crystal *crystal) {
    crystal->nanobragg_star = 1.0;
    crystal->unturned_m = crystal->cell_m = cell_dual(reciprocal_per_m);
    crystal->misset_rad = vec3(0.0, 0.0, 0.0);
    crystal->reciprocal_per_m = reciprocal_per_m;
    measure_cell(crystal);
}

static Status orient(const Parameters *p, double matrix_wavelength_m, const Reflections *reflections,
                     Crystal *crystal) {
    TRY(make_cell(p, matrix_wavelength_m, reflections, crystal));
    turn(p, crystal);
    return *p->crystal_matrix_file != '\0' ? check_cell_agrees(p, crystal) : status_ok();
}

ShapeFacts crystal_shape_facts(CrystalShape shape) {
    static const ShapeFacts facts[] = {
#define SHAPE_OF_AXES(NAME, name) [SHAPE_##NAME] = {#name, true, SPOTS_HAVE_TAILS, false},
#define SHAPE_OF_FORM(NAME, name, end, nanobragg) [SHAPE_##NAME] = {#name, false, end, nanobragg},
#include "parameters/shapes.def"
    };
    return facts[shape];
}

/* A ball stands for a crystal that is about as long as it is wide. */
static const double EDGES_DIFFER = 1.1;

/* Where the form of the spots is not what the shape's name lets one expect. */
static void note_spot_law(const Crystal *crystal, Notes *notes) {
    double least_m = INFINITY, greatest_m = 0.0, skew_rad = 0.0;
    for (int i = 0; i < 3; i++) {
        const double edge_m = (double)crystal->cells[i] * crystal->lengths_m[i];
        least_m = fmin(least_m, edge_m);
        greatest_m = fmax(greatest_m, edge_m);
        skew_rad = fmax(skew_rad, fabs(crystal->angles_rad[i] - 0.5 * PI));
    }
    if (crystal_shape_facts(crystal->shape).is_of_axes) return;
    if (crystal->spot_law == SPOT_PER_AXIS && skew_rad > 1e-6)
        notes_add(
            notes,
            "crystal.spot_model is per_axis: spots of shape %s are not round in this oblique cell, and rotations of "
            "the lattice may change the image; isotropic makes them round",
            crystal_shape_facts(crystal->shape).name);
    if (crystal->spot_law == SPOT_ISOTROPIC && greatest_m > EDGES_DIFFER * least_m)
        notes_add(notes,
                  "crystal.spot_model is isotropic: the crystal of %.4g x %.4g x %.4g A counts as a ball of the same "
                  "volume, %.4g A across; per_axis keeps its proportions",
                  1e10 * (double)crystal->cells[0] * crystal->lengths_m[0],
                  1e10 * (double)crystal->cells[1] * crystal->lengths_m[1],
                  1e10 * (double)crystal->cells[2] * crystal->lengths_m[2],
                  1e10 * cbrt(6.0 / PI) * crystal->cube_edge_m);
}

/* Cells along each axis, from the size where that is given; the beam clips what is across it. */
static void count_cells(const Parameters *p, Crystal *crystal, Notes *notes) {
    static const char axes[] = "abc";
    crystal->blocks = p->crystal_blocks;
    for (int i = 0; i < 3; i++) {
        double size_m = p->crystal_size_m[i];
        crystal->cells[i] = p->crystal_cells[i];
        if (isnan(size_m) || !(size_m > 0.0)) continue;
        if (i > 0 && size_m > p->beam_size_m) {
            notes_add(notes, "crystal.size is %g mm along %c; beam.size clips it to %g mm", size_m * 1e3, axes[i],
                      p->beam_size_m * 1e3);
            size_m = p->beam_size_m;
        }
        crystal->cells[i] = (int64_t)fmin(fmax(ceil(size_m / crystal->lengths_m[i]), 1.0), 1e15);
    }
    const double cells = (double)crystal->cells[0] * (double)crystal->cells[1] * (double)crystal->cells[2];
    crystal->cube_edge_m = cbrt(cells * crystal->volume_m3);
    note_spot_law(crystal, notes);
}

Mat3 crystal_axes(Mat3 cell_m) {
    const Mat3 reciprocal = cell_dual(cell_m);
    const Vec3 x = vec3_unit(reciprocal.row[0]), z = vec3_unit(vec3_cross(reciprocal.row[0], reciprocal.row[1]));
    return (Mat3){{x, vec3_cross(z, x), z}};
}

Mat3 crystal_domain(const Crystal *crystal, Mat3 cell_m, int64_t domain) {
    Mat3 turn = crystal->domains[domain];
    if (crystal->domains_are_fixed) { /* from the crystal's axes to the laboratory's */
        const Mat3 axes = crystal_axes(cell_m);
        turn = mat3_multiply(mat3_transpose(axes), mat3_multiply(turn, axes));
    }
    return (Mat3){{mat3_apply(turn, cell_m.row[0]), mat3_apply(turn, cell_m.row[1]), mat3_apply(turn, cell_m.row[2])}};
}

/* Domains come in pairs of opposite turns, so that the mean orientation is the crystal's own whatever their number; the
 * last of an odd number is not turned. */
static Mat3 random_domain(const Parameters *p, const double *width_rad, int64_t index, int64_t count) {
    const uint64_t seed = (uint64_t)p->crystal_mosaic_seed, pair = (uint64_t)(index / 2);
    const double sign = index % 2 == 0 ? 1.0 : -1.0;
    const Vec3 normal = random_normal3(seed, RANDOM_MOSAIC, pair);
    if (index % 2 == 0 && index + 1 == count) return mat3_identity();
    if (p->crystal_mosaic_model == MOSAIC_GAUSSIAN) {
        const Vec3 turn_rad = vec3(width_rad[0] * normal.x, width_rad[1] * normal.y, width_rad[2] * normal.z);
        return mat3_rotation_about(vec3_unit(turn_rad), sign * vec3_length(turn_rad));
    }
    double uniform[4];
    random_uniform4(seed, RANDOM_MOSAIC, pair, 1, 0, uniform);
    return mat3_rotation_about(vec3_unit(normal), sign * width_rad[0] * cbrt(uniform[0]));
}

/* The three widths, 0 where none is given; only normal rotations know different ones. */
static Status mosaic_widths(const Parameters *p, double *width_rad, double *largest_rad) {
    *largest_rad = 0.0;
    for (int i = 0; i < 3; i++) {
        width_rad[i] = isnan(p->crystal_mosaic_spread_rad[i]) ? 0.0 : p->crystal_mosaic_spread_rad[i];
        *largest_rad = fmax(*largest_rad, width_rad[i]);
    }
    const bool equal = width_rad[0] == width_rad[1] && width_rad[1] == width_rad[2];
    if (equal || p->crystal_mosaic_model == MOSAIC_GAUSSIAN) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "crystal.mosaic_spread has three widths; only crystal.mosaic_model=gaussian knows them apart");
}

/* Number of domains, and what decides them; @p same when the crystal was made from equal values before. */
static Status count_domains(const Parameters *p, Crystal *crystal, bool *same) {
    double width_rad[3], spread = 0.0;
    TRY(mosaic_widths(p, width_rad, &spread));
    int64_t count = p->crystal_mosaic_domains;
    if (count == PARAMETER_AUTO) count = spread > 0.0 ? 10 : 1;
    if (!(spread > 0.0)) count = 1;
    const MosaicLaw law = (MosaicLaw)p->crystal_mosaic_model;
    *same = crystal->domains != NULL && crystal->domain_count == count && crystal->mosaic_law == law &&
            crystal->mosaic_seed == p->crystal_mosaic_seed;
    for (int i = 0; i < 3; i++) {
        *same = *same && crystal->mosaic_width_rad[i] == width_rad[i];
        crystal->mosaic_width_rad[i] = width_rad[i];
    }
    crystal->mosaic_seed = p->crystal_mosaic_seed;
    crystal->mosaic_law = law;
    crystal->mosaic_spread_rad = spread;
    crystal->domains_are_fixed = law != MOSAIC_NANOBRAGG;
    crystal->domain_count = count;
    return status_ok();
}

static Status make_domains(const Parameters *p, Crystal *crystal) {
    const int64_t count = crystal->domain_count;
    const double spread = crystal->mosaic_spread_rad;
    if (count > crystal->room) {
        free(crystal->domains);
        crystal->domains = count <= DOMAINS_MOST ? malloc((size_t)count * sizeof *crystal->domains) : NULL;
        crystal->room = crystal->domains == NULL ? 0 : count;
    }
    if (crystal->domains == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " mosaic domains", count);
    const MosaicLaw law = crystal->mosaic_law;
    NanobraggRandom random = nanobragg_random(p->crystal_mosaic_seed);
    for (int64_t i = 0; i < count; i++)
        crystal->domains[i] = law == MOSAIC_NANOBRAGG ? nanobragg_random_rotation(&random, (float)spread)
                                                      : random_domain(p, crystal->mosaic_width_rad, i, count);
    /* nanoBragg draws domain 0 and then aligns it; without a spread the one domain is aligned under every law */
    if (law == MOSAIC_NANOBRAGG || !(spread > 0.0)) crystal->domains[0] = mat3_identity();
    return status_ok();
}

static void set_shape(const Parameters *p, Crystal *crystal) {
    crystal->shape = (CrystalShape)p->crystal_shape;
    crystal->fudge = p->crystal_spot_sharpness;
    crystal->spot_law = (SpotLaw)p->crystal_spot_model;
}

Status crystal_create(const Parameters *p, double matrix_wavelength_m, const Mat3 *reciprocal_per_m,
                      const Reflections *reflections, Crystal *crystal, Notes *notes) {
    bool same = false;
    *crystal = (Crystal){.domains = NULL};
    set_shape(p, crystal);
    if (reciprocal_per_m != NULL)
        take_reciprocal(*reciprocal_per_m, crystal);
    else
        TRY(orient(p, matrix_wavelength_m, reflections, crystal));
    if (volume_of(crystal->cell_m) < 0.0)
        notes_add(notes, "a*, b*, c* are left-handed: F(h k l) stands where F(-h -k -l) of right-handed axes would");
    count_cells(p, crystal, notes);
    TRY(count_domains(p, crystal, &same));
    return make_domains(p, crystal);
}

Status crystal_change(const Parameters *p, const Mat3 *reciprocal_per_m, bool domains, Crystal *crystal) {
    double lengths_m[3], angles_rad[3];
    bool same = false;
    set_shape(p, crystal);
    if (reciprocal_per_m != NULL) {
        take_reciprocal(*reciprocal_per_m, crystal);
    } else {
        if (!crystal->from_matrix) TRY(set_unturned(p, lengths_m, angles_rad, crystal));
        turn(p, crystal);
    }
    count_cells(p, crystal, NULL);
    TRY(count_domains(p, crystal, &same));
    return same || !domains ? status_ok() : make_domains(p, crystal);
}

void crystal_destroy(Crystal *crystal) {
    free(crystal->domains);
    crystal->domains = NULL;
}
