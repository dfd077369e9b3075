#include "reflections/model_factors.h"

#include "base/cell.h"
#include "reflections/anomalous.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** f0 is tabulated up to here; terms that are summed, and rows of them, that are accepted. */
static const double STOL_MOST_PER_M = 6e10, TERMS_MOST = 1e14;
enum { INDEX_MOST = 2000 };

/* Of an amplitude, over that of one electron more in every dispersing atom. */
static const double AMPLITUDE_LEAST = 1e-3;

/* A run of reflections h, k, first_l ... whose F are neighbours. */
typedef struct Row {
    int32_t h, k, first_l;
    int count;
    int64_t place;
} Row;

/* The sum under way. Owns its arrays. */
typedef struct Sum {
    const ModelRequest *request;
    Mat3 reciprocal_per_m;
    int32_t most[3];
    int64_t rows, row_room, reflections;
    Row *row;
    int elements, slot[ATOM_ELEMENTS + 1], element[ATOM_ELEMENTS];
    double dispersion[ATOM_ELEMENTS][2]; /* f', f'' */
    double *g;                           /* [elements][reflections][2]: sum of occupancy T exp(2 pi i h x) */
    const Dispersing *dispersing;        /* elements whose forms are wanted */
} Sum;

/* -------------------------------------------------------------------------------------------------------- reflections
 */

static double length_squared_per_m2(const Sum *sum, double h, double k, double l) {
    const Vec3 q = mat3_apply(mat3_transpose(sum->reciprocal_per_m), vec3(h, k, l));
    return vec3_dot(q, q);
}

/* Of all equivalents and their Friedel mates, the greatest stands for them. */
static bool is_representative(const Symmetry *symmetry, const int32_t *index) {
    for (int i = 0; i < symmetry->operations; i++) {
        int32_t other[3];
        symmetry_rotate(&symmetry->operation[i], index, other);
        for (int sign = 1; sign >= -1; sign -= 2)
            for (int axis = 0; axis < 3; axis++) {
                const int32_t value = sign * other[axis];
                if (value > index[axis]) return false;
                if (value < index[axis]) break;
            }
    }
    return true;
}

static Status add_to_row(Sum *sum, const int32_t *index) {
    Row *last = sum->rows > 0 ? &sum->row[sum->rows - 1] : NULL;
    sum->reflections++;
    if (last != NULL && last->h == index[0] && last->k == index[1] && last->first_l + last->count == index[2]) {
        last->count++;
        return status_ok();
    }
    if (sum->row == NULL || sum->rows == sum->row_room) {
        const int64_t room = 2 * sum->row_room + 1024;
        Row *larger = realloc(sum->row, (size_t)room * sizeof *larger);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a list of reflections");
        sum->row = larger;
        sum->row_room = room;
    }
    sum->row[sum->rows++] = (Row){index[0], index[1], index[2], 1, sum->reflections - 1};
    return status_ok();
}

static Status find_bounds(Sum *sum) {
    const Atoms *atoms = sum->request->atoms;
    for (int i = 0; i < 3; i++) {
        const double most = atoms->lengths_m[i] / sum->request->resolution_m; /* |h| = |a . s| <= a / d */
        if (!(most <= INDEX_MOST))
            return status_error(
                STATUS_BAD_PARAMETER,
                "%s: its reflections to %.3g A have indices up to %.0f; at most %d are computed: give a "
                "larger crystal.resolution",
                atoms->path, sum->request->resolution_m * 1e10, most, INDEX_MOST);
        sum->most[i] = (int32_t)floor(most);
    }
    return status_ok();
}

static Status list_reflections(Sum *sum) {
    const double most_per_m2 = 1.0 / (sum->request->resolution_m * sum->request->resolution_m);
    TRY(find_bounds(sum));
    for (int32_t h = 0; h <= sum->most[0]; h++) /* the greatest of a Friedel pair begins with no negative index */
        for (int32_t k = -sum->most[1]; k <= sum->most[1]; k++)
            for (int32_t l = -sum->most[2]; l <= sum->most[2]; l++) {
                const int32_t index[3] = {h, k, l};
                const bool is_origin = h == 0 && k == 0 && l == 0;
                if (length_squared_per_m2(sum, h, k, l) > most_per_m2 * (1.0 + 1e-12)) continue;
                if (!is_representative(&sum->request->symmetry, index)) continue;
                if (!is_origin && symmetry_is_absent(&sum->request->symmetry, index)) continue;
                TRY(add_to_row(sum, index));
            }
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- elements
 */

static Status list_elements(Sum *sum) {
    const Atoms *atoms = sum->request->atoms;
    memset(sum->slot, -1, sizeof sum->slot);
    for (int64_t i = 0; i < atoms->count; i++) {
        const int element = atoms->atom[i].element;
        if (sum->slot[element] >= 0) continue;
        sum->slot[element] = sum->elements;
        sum->element[sum->elements++] = element;
    }
    return status_ok();
}

/* Of an element that is followed, from a table perhaps: f' and f'' that the others are differences from. */
static bool take_reference(Sum *sum, int i) {
    const Dispersing *dispersing = sum->dispersing;
    for (int e = 0; e < dispersing->elements; e++) {
        if (dispersing->element[e] != sum->element[i]) continue;
        sum->dispersion[i][0] = dispersing->reference[e].real;
        sum->dispersion[i][1] = dispersing->reference[e].imaginary;
        return true;
    }
    return false;
}

/* Hydrogen and helium have none that is worth it. */
static Status find_dispersion(Sum *sum) {
    for (int i = 0; i < sum->elements; i++) {
        Anomalous *element = NULL;
        sum->dispersion[i][0] = sum->dispersion[i][1] = 0.0;
        if (isnan(sum->request->energy_ev) || sum->element[i] < 3) continue;
        if (take_reference(sum, i)) continue;
        TRY(anomalous_create(atoms_symbol(sum->element[i]), &element));
        const Dispersion dispersion = anomalous_at(element, sum->request->energy_ev);
        sum->dispersion[i][0] = dispersion.real;
        sum->dispersion[i][1] = dispersion.imaginary;
        anomalous_destroy(&element);
    }
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- one atom
 */

/* exp(2 pi i n x) for n = -most ... most along an axis, each from the one before. */
static void fill_phases(double x, int32_t most, double (*phase)[2]) {
    const double angle = 2.0 * PI * (x - rint(x)), step[2] = {cos(angle), sin(angle)};
    double next[2] = {1.0, 0.0};
    for (int32_t n = 0; n <= most; n++) {
        const double real = next[0], imaginary = next[1];
        phase[most + n][0] = phase[most - n][0] = real;
        phase[most + n][1] = imaginary;
        phase[most - n][1] = -imaginary;
        next[0] = real * step[0] - imaginary * step[1];
        next[1] = real * step[1] + imaginary * step[0];
    }
}

/* A quadratic form of h, k, l: q = sum of f_ij h_i h_j, given 11, 22, 33, 12, 13, 23. */
static double form_at(const double *f, double h, double k, double l) {
    return f[0] * h * h + f[1] * k * k + f[2] * l * l + 2.0 * (f[3] * h * k + f[4] * h * l + f[5] * k * l);
}

/* The form of T = exp(-q) of an atom under an operation: of h R, so R U R^T. */
static void damping_form(const Sum *sum, const Atom *atom, const SymmetryOperation *operation, double *form) {
    static const int first[6] = {0, 1, 2, 0, 0, 1}, second[6] = {0, 1, 2, 1, 2, 2};
    const double *u = atom->u_star;
    const double star[3][3] = {{u[0], u[3], u[4]}, {u[3], u[1], u[5]}, {u[4], u[5], u[2]}};
    for (int n = 0; n < 6; n++) {
        form[n] =
            0.25 * atom->b_iso_m2 * vec3_dot(sum->reciprocal_per_m.row[first[n]], sum->reciprocal_per_m.row[second[n]]);
        if (!atom->is_anisotropic) continue;
        form[n] = 0.0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                form[n] +=
                    2.0 * PI * PI * operation->rotation[first[n]][i] * star[i][j] * operation->rotation[second[n]][j];
    }
}

/* What an atom at one of its places needs. */
typedef struct Place {
    double (*phase[3])[2]; /* [2 most + 1] along each axis; borrowed */
    double form[6];
    double occupancy;
} Place;

static void set_place(const Sum *sum, const Atom *atom, const SymmetryOperation *operation, Place *place) {
    const double x[3] = {atom->site.x, atom->site.y, atom->site.z};
    for (int i = 0; i < 3; i++) {
        double moved = operation->translation[i];
        for (int j = 0; j < 3; j++) moved += operation->rotation[i][j] * x[j];
        fill_phases(moved, sum->most[i], place->phase[i]);
    }
    damping_form(sum, atom, operation, place->form);
    place->occupancy = atom->occupancy;
}

/* Adds the atom at a place to one row of reflections. The exponent of T is quadratic in l: T is the running product of
 * ratios whose ratio is constant. */
static void add_to_reflections(const Sum *sum, const Place *place, const Row *row, double (*g)[2]) {
    const double *p = place->phase[0][sum->most[0] + row->h], *q = place->phase[1][sum->most[1] + row->k];
    const double real = p[0] * q[0] - p[1] * q[1], imaginary = p[0] * q[1] + p[1] * q[0];
    const double at_first = form_at(place->form, row->h, row->k, row->first_l);
    const double at_second = form_at(place->form, row->h, row->k, row->first_l + 1.0);
    const double curvature = exp(-2.0 * place->form[2]);
    double damping = place->occupancy * exp(-at_first), ratio = exp(at_first - at_second);
    const double(*along_l)[2] = (const double(*)[2]) & place->phase[2][sum->most[2] + row->first_l];
    for (int i = 0; i < row->count; i++) {
        g[i][0] += damping * (real * along_l[i][0] - imaginary * along_l[i][1]);
        g[i][1] += damping * (real * along_l[i][1] + imaginary * along_l[i][0]);
        damping *= ratio;
        ratio *= curvature;
    }
}

/* All atoms, one after the other, on the rows of one thread. */
static void add_atoms(const Sum *sum, int64_t first_row, int64_t last_row, Place *place) {
    const Symmetry *symmetry = &sum->request->symmetry;
    for (int64_t n = 0; n < sum->request->atoms->count; n++) {
        const Atom *atom = &sum->request->atoms->atom[n];
        if (sum->slot[atom->element] < 0) continue;
        double(*g)[2] = (double(*)[2])sum->g + (ptrdiff_t)sum->slot[atom->element] * sum->reflections;
        for (int i = 0; i < symmetry->operations; i++) {
            set_place(sum, atom, &symmetry->operation[i], place);
            for (int64_t row = first_row; row < last_row; row++)
                add_to_reflections(sum, place, &sum->row[row], g + sum->row[row].place);
        }
    }
}

/* Each piece of the rows is one thread's and takes the atoms in their order: the sums do not depend on the pieces. */
static Status add_all(Sum *sum) {
    const int64_t pieces = 4 * (int64_t)omp_get_max_threads();
    const size_t phases = 2 * ((size_t)sum->most[0] + (size_t)sum->most[1] + (size_t)sum->most[2]) + 3;
    bool fits = true;
#pragma omp parallel reduction(&& : fits)
    {
        double(*memory)[2] = calloc(phases, sizeof *memory);
        Place place = {.phase = {memory, NULL, NULL}};
        fits = memory != NULL;
        if (fits) place.phase[1] = memory + 2 * sum->most[0] + 1;
        if (fits) place.phase[2] = place.phase[1] + 2 * sum->most[1] + 1;
#pragma omp for schedule(dynamic, 1)
        for (int64_t piece = 0; piece < pieces; piece++) {
            if (fits) add_atoms(sum, sum->rows * piece / pieces, sum->rows * (piece + 1) / pieces, &place);
        }
        free(memory);
    }
    return fits ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for the phases of atoms");
}

/* --------------------------------------------------------------------------------------------------------------
 * results */

/* Adds (f + i d) g to F(h), and (f + i d) g* to F(-h). */
static void add_to_pair(const double *g, double f, double d, double *of_plus, double *of_minus) {
    of_plus[0] += f * g[0] - d * g[1];
    of_plus[1] += f * g[1] + d * g[0];
    of_minus[0] += f * g[0] + d * g[1];
    of_minus[1] += d * g[0] - f * g[1];
}

/* F(h) and F(-h): of the mate, the sum over conjugates with the same f''. */
static void factors_of_pair(const Sum *sum, const Row *row, int i, double *of_plus, double *of_minus) {
    const double stol = 0.5 * sqrt(length_squared_per_m2(sum, row->h, row->k, row->first_l + (double)i));
    const double(*g)[2] = (const double(*)[2])sum->g;
    of_plus[0] = of_plus[1] = of_minus[0] = of_minus[1] = 0.0;
    for (int e = 0; e < sum->elements; e++) {
        const double *value = g[e * sum->reflections + row->place + i];
        const double f = atoms_form_factor(sum->element[e], stol) + sum->dispersion[e][0];
        add_to_pair(value, f, sum->dispersion[e][1], of_plus, of_minus);
    }
}

/* Amplitude of F, and its form over the square of that.
 * @param sign  1 for h k l, -1 for -h -k -l
 * @param form  not used without dispersing elements */
static double amplitude_and_form(const Sum *sum, int64_t place, double sign, const double *f, float *form) {
    const Dispersing *dispersing = sum->dispersing;
    double g[DISPERSING_MOST][2], values[FORM_VALUES_MOST], squares = 0.0;
    const double own = hypot(f[0], f[1]);
    if (dispersing->elements == 0) return own;
    for (int e = 0; e < dispersing->elements; e++) {
        const double *value = &sum->g[2 * (sum->slot[dispersing->element[e]] * sum->reflections + place)];
        g[e][0] = value[0];
        g[e][1] = sign * value[1];
        squares += g[e][0] * g[e][0] + g[e][1] * g[e][1];
    }
    const double amplitude = fmax(own, AMPLITUDE_LEAST * sqrt(squares));
    dispersing_form(dispersing->elements, f, (const double(*)[2])g, values);
    const double per = amplitude > 0.0 ? 1.0 / (amplitude * amplitude) : 0.0;
    for (int n = 0; n < dispersing_values(dispersing); n++) form[n] = (float)(per * values[n]);
    return amplitude;
}

/* Room for all forms; NULL without dispersing elements. */
static Status allocate_forms(const Sum *sum, Reflections *reflections) {
    const size_t values = 2 * (size_t)dispersing_values(sum->dispersing);
    if (values == 0) return status_ok();
    reflections->form = malloc(((size_t)sum->reflections * values + 1) * sizeof *reflections->form);
    return reflections->form != NULL
               ? status_ok()
               : status_error(STATUS_NO_MEMORY, "no memory for the dispersion of %" PRId64 " reflections",
                              sum->reflections);
}

static Status fill(const Sum *sum, Reflections *reflections) {
    TRY(reflections_add_column(reflections, "FC(+)", COLUMN_AMPLITUDE, FRIEDEL_PLUS));
    TRY(reflections_add_column(reflections, "FC(-)", COLUMN_AMPLITUDE, FRIEDEL_MINUS));
    if (sum->request->wants_phases) {
        TRY(reflections_add_column(reflections, "PHIC(+)", COLUMN_PHASE, FRIEDEL_PLUS));
        TRY(reflections_add_column(reflections, "PHIC(-)", COLUMN_PHASE, FRIEDEL_MINUS));
    }
    TRY(allocate_forms(sum, reflections));
    float *form = reflections->form; /* rows are in the order of the places */
    const int values = dispersing_values(sum->dispersing);
    for (int64_t n = 0; n < sum->rows; n++)
        for (int i = 0; i < sum->row[n].count; i++) {
            const double index[3] = {sum->row[n].h, sum->row[n].k, (double)sum->row[n].first_l + i};
            const int64_t place = sum->row[n].place + i;
            double of_plus[2], of_minus[2];
            factors_of_pair(sum, &sum->row[n], i, of_plus, of_minus);
            const double plus = amplitude_and_form(sum, place, 1.0, of_plus, form);
            const double minus = amplitude_and_form(sum, place, -1.0, of_minus, form == NULL ? NULL : form + values);
            if (form != NULL) form += 2 * values;
            TRY(reflections_add_row(reflections, index, 0));
            TRY(reflections_set(reflections, 0, plus));
            TRY(reflections_set(reflections, 1, minus));
            if (!sum->request->wants_phases) continue;
            TRY(reflections_set(reflections, 2, atan2(of_plus[1], of_plus[0]) / RADIANS_PER_DEGREE));
            TRY(reflections_set(reflections, 3, atan2(of_minus[1], of_minus[0]) / RADIANS_PER_DEGREE));
        }
    return status_ok();
}

/* One row of a file with its F of free atoms. */
static Status fill_site(const Sum *sum, int64_t place, const int32_t *index, const double *f, Reflections *to) {
    const Dispersing *dispersing = sum->dispersing;
    const double miller[3] = {index[0], index[1], index[2]};
    const int values = dispersing_values(dispersing);
    float *form = to->form + 2 * place * values;
    double of_plus[2] = {f[0], f[1]}, of_minus[2] = {f[0], -f[1]};
    for (int e = 0; e < dispersing->elements; e++)
        add_to_pair(&sum->g[2 * (e * sum->reflections + place)], dispersing->reference[e].real,
                    dispersing->reference[e].imaginary, of_plus, of_minus);
    TRY(reflections_add_row(to, miller, 0));
    TRY(reflections_set(to, 0, amplitude_and_form(sum, place, 1.0, of_plus, form)));
    return reflections_set(to, 1, amplitude_and_form(sum, place, -1.0, of_minus, form + values));
}

/* The rows of a file that have both. */
static bool has_f(const Reflections *from, int amplitude, int phase, int64_t row) {
    return !isnan(from->column[amplitude].values[row]) && !isnan(from->column[phase].values[row]);
}

static Status fill_sites(const Sum *sum, const Reflections *from, int amplitude, int phase, Reflections *to) {
    char label[REFLECTION_LABEL_BYTES + 4];
    int64_t place = 0;
    (void)snprintf(label, sizeof label, "%s(-)", from->column[amplitude].label);
    TRY(reflections_add_column(to, from->column[amplitude].label, COLUMN_AMPLITUDE, FRIEDEL_PLUS));
    TRY(reflections_add_column(to, label, COLUMN_AMPLITUDE, FRIEDEL_MINUS));
    TRY(allocate_forms(sum, to));
    for (int64_t row = 0; row < from->rows; row++) {
        if (!has_f(from, amplitude, phase, row)) continue;
        const double length = from->column[amplitude].values[row];
        const double angle = from->column[phase].values[row] * RADIANS_PER_DEGREE;
        const double f[2] = {length * cos(angle), length * sin(angle)};
        TRY(fill_site(sum, place++, from->index[row], f, to));
    }
    return status_ok();
}

/* Reflections of a file, in its order. */
static Status list_rows(Sum *sum, const Reflections *from, int amplitude, int phase) {
    for (int64_t row = 0; row < from->rows; row++) {
        if (!has_f(from, amplitude, phase, row)) continue;
        for (int i = 0; i < 3; i++)
            if (abs(from->index[row][i]) > sum->most[i]) sum->most[i] = abs(from->index[row][i]);
        TRY(add_to_row(sum, from->index[row]));
    }
    for (int i = 0; i < 3; i++)
        if (sum->most[i] > INDEX_MOST)
            return status_error(STATUS_BAD_FILE, "%s: index %c is up to %d; with sites at most %d are computed",
                                from->path, "hkl"[i], sum -> most[i], INDEX_MOST);
    return status_ok();
}

static Status check_request(const ModelRequest *request) {
    const double energy_ev = request->energy_ev;
    if (!(0.5 / request->resolution_m <= STOL_MOST_PER_M))
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.resolution is %.4g A; scattering factors of atoms are known to %.4g A",
                            request->resolution_m * 1e10, 0.5e10 / STOL_MOST_PER_M);
    if (!isnan(energy_ev) && !(energy_ev >= ANOMALOUS_LEAST_EV && energy_ev <= ANOMALOUS_MOST_EV))
        return status_error(STATUS_BAD_PARAMETER,
                            "the dispersion of atoms is known from %d to %d eV, and the beam has %.6g eV",
                            ANOMALOUS_LEAST_EV, ANOMALOUS_MOST_EV, energy_ev);
    return status_ok();
}

static Status prepare(const ModelRequest *request, Sum *sum) {
    const Atoms *atoms = request->atoms;
    sum->request = request;
    TRY(check_request(request));
    TRY(cell_reciprocal(atoms->lengths_m, atoms->angles_rad, &sum->reciprocal_per_m));
    TRY(list_elements(sum));
    TRY(find_dispersion(sum));
    return list_reflections(sum);
}

static Status add_up(Sum *sum) {
    const Atoms *atoms = sum->request->atoms;
    const double terms = (double)sum->reflections * (double)atoms->count * sum->request->symmetry.operations;
    if (terms > TERMS_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: %" PRId64 " reflections of %" PRId64
                            " atoms in %d places each are %.2g terms, too many; give a larger crystal.resolution",
                            atoms->path, sum->reflections, atoms->count, sum->request->symmetry.operations, terms);
    sum->g = calloc((size_t)sum->elements * (size_t)sum->reflections + 1, 2 * sizeof *sum->g);
    if (sum->g == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " reflections", sum->reflections);
    return add_all(sum);
}

static void release(Sum *sum) {
    free(sum->row);
    free(sum->g);
}

static Status prepare_sites(const Reflections *from, int amplitude, int phase, Sum *sum) {
    const Atoms *atoms = sum->request->atoms;
    memset(sum->slot, -1, sizeof sum->slot);
    for (int e = 0; e < sum->dispersing->elements; e++) sum->slot[sum->dispersing->element[e]] = e;
    sum->elements = sum->dispersing->elements;
    TRY(cell_reciprocal(atoms->lengths_m, atoms->angles_rad, &sum->reciprocal_per_m));
    return list_rows(sum, from, amplitude, phase);
}

Status model_add_sites(const ModelRequest *request, const Reflections *from, int amplitude, int phase,
                       Reflections *to) {
    Sum sum = {.request = request, .dispersing = &to->dispersing};
    Status status = prepare_sites(from, amplitude, phase, &sum);
    if (status_is_ok(status)) status = add_up(&sum);
    if (status_is_ok(status)) status = fill_sites(&sum, from, amplitude, phase, to);
    release(&sum);
    return status;
}

Status model_factors(const ModelRequest *request, Reflections *reflections) {
    Sum sum = {.row = NULL, .dispersing = &reflections->dispersing};
    Status status = prepare(request, &sum);
    if (status_is_ok(status)) status = add_up(&sum);
    if (status_is_ok(status)) status = fill(&sum, reflections);
    release(&sum);
    return status;
}
