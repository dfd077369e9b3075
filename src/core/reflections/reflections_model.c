#include "base/constants.h"
#include "base/gunzip.h"
#include "base/text.h"
#include "parameters/input.h"
#include "reflections/anomalous_table.h"
#include "reflections/atoms.h"
#include "reflections/model_factors.h"
#include "reflections/reflections.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a file, and of one decompressed from gzip. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 31;

/* f'' (electrons) above which an element is followed from wavelength to wavelength, looked at so often in a band. */
static const double IMAGINARY_LEAST = 0.3;
enum { BAND_STEPS = 64 };

/* Greatest difference of cells of one crystal: relative, and of angles in radians. */
static const double CELL_DIFFERENCE_MOST = 1e-3;

/* How far apart (m) images of an atom by symmetry may be to be one atom. */
static const double SAME_PLACE_M = 0.1e-10;

static double distance_m(const Atoms *atoms, const double *difference) {
    const double *a = atoms->lengths_m, *angle = atoms->angles_rad;
    const double x = difference[0] * a[0], y = difference[1] * a[1], z = difference[2] * a[2];
    const double square =
        x * x + y * y + z * z + 2.0 * (x * y * cos(angle[2]) + x * z * cos(angle[1]) + y * z * cos(angle[0]));
    return sqrt(fmax(square, 0.0));
}

/* Operations that leave a site where it is. */
static int operations_at(const Atoms *atoms, const Symmetry *symmetry, Vec3 site) {
    const double x[3] = {site.x, site.y, site.z};
    int count = 0;
    for (int n = 0; n < symmetry->operations; n++) {
        const SymmetryOperation *operation = &symmetry->operation[n];
        double difference[3];
        for (int i = 0; i < 3; i++) {
            difference[i] = operation->translation[i] - x[i];
            for (int j = 0; j < 3; j++) difference[i] += operation->rotation[i][j] * x[j];
            difference[i] -= rint(difference[i]);
        }
        count += distance_m(atoms, difference) < SAME_PLACE_M;
    }
    return count;
}

/* The occupancy of a core CIF is that of the site: an atom there is counted once. */
static void share_sites(Atoms *atoms, const Symmetry *symmetry) {
    for (int64_t i = 0; atoms->shares_sites && i < atoms->count; i++) {
        const int count = operations_at(atoms, symmetry, atoms->atom[i].site);
        if (count > 1) atoms->atom[i].occupancy /= count;
    }
}

/* |F| of reflections is the same for both origins of a group, F of atoms is not. */
static Status check_origin(const Atoms *atoms, const Symmetry *symmetry) {
    if (!symmetry->origin_is_open) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "%s: space group %.*s has two origins, and its name does not say which; give it with :1 or :2 "
                        "behind it as crystal.space_group, or a CIF that lists the symmetry operations",
                        atoms->path, (int)strcspn(symmetry->name, ":"), symmetry->name);
}

static Status read_atoms(const char *path, char *contents, size_t bytes, Atoms *atoms) {
    TRY(text_normalise(path, contents, &bytes));
    return atoms_read(path, (FileContents){contents, bytes}, atoms);
}

static Status read_text(const char *path, char *contents, size_t bytes, Atoms *atoms) {
    char *text = NULL;
    size_t text_bytes = 0;
    if (!gunzip_is(contents, bytes)) return read_atoms(path, contents, bytes, atoms);
    TRY(gunzip(path, contents, bytes, FILE_BYTES_MOST, &text, &text_bytes));
    const Status status = read_atoms(path, text, text_bytes, atoms);
    free(text);
    return status;
}

/* @param row  the parameter that names the file */
static Status read_file(const Parameters *p, int row, const char *path, Atoms *atoms) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read(p, row, FILE_BYTES_MOST, &contents, &bytes));
    const Status status = read_text(path, contents, bytes, atoms);
    free(contents);
    return status;
}

static void note(const Parameters *p, const Atoms *atoms, const ModelRequest *request, const Reflections *r,
                 Notes *notes) {
    notes_add(notes,
              "%.160s: %" PRId64 " atoms, %" PRId64 " of them anisotropic, %s; structure factors to %.4g A, %" PRId64
              " reflections, without the solvent between them",
              r->path, atoms->count, atoms->anisotropic, r->symmetry.name, request->resolution_m * 1e10, r->rows);
    if (!isnan(request->energy_ev))
        notes_add(notes, "crystal.model: f' and f'' at %.6g eV, for all wavelengths of the beam%s", request->energy_ev,
                  r->dispersing.elements > 0 ? " but for elements that follow" : "");
    if (atoms->guessed > 0)
        notes_add(notes,
                  "%.160s: the elements of %" PRId64 " atoms are told by their names, as columns 77 and 78 do not hold "
                  "them",
                  r->path, atoms->guessed);
    (void)p;
}

/* -------------------------------------------------------------------------------- elements that are followed */

/* The greatest f'' in a band, of some energies in it. */
static double greatest_imaginary(const Anomalous *curve, ModelWaves waves) {
    double greatest = 0.0;
    for (int i = 0; i <= BAND_STEPS; i++) {
        const double wavelength_m = waves.shortest_m + (waves.longest_m - waves.shortest_m) * i / BAND_STEPS;
        greatest = fmax(greatest, anomalous_at(curve, PLANCK_LIGHT_EV_A / (wavelength_m * 1e10)).imaginary);
    }
    return greatest;
}

/* Atoms of each element. */
static void count_elements(const Atoms *atoms, int64_t *count) {
    for (int element = 0; element <= ATOM_ELEMENTS; element++) count[element] = 0;
    for (int64_t i = 0; i < atoms->count; i++) count[atoms->atom[i].element]++;
}

/* Those with a large f'', the heaviest first. */
static Status follow_strong(const Atoms *atoms, ModelWaves waves, double reference_ev, Dispersing *dispersing,
                            Notes *notes) {
    int64_t count[ATOM_ELEMENTS + 1];
    count_elements(atoms, count);
    for (int element = ATOM_ELEMENTS; element > 2; element--) {
        Anomalous *curve = NULL;
        if (count[element] == 0 || dispersing_has(dispersing, element)) continue;
        TRY(anomalous_create(atoms_symbol(element), &curve));
        const double greatest = greatest_imaginary(curve, waves);
        anomalous_destroy(&curve);
        if (!(greatest > IMAGINARY_LEAST)) continue;
        if (dispersing->elements < DISPERSING_MOST)
            TRY(dispersing_add(dispersing, element, reference_ev));
        else
            notes_add(notes, "crystal.anomalous_elements: f' and f'' of %s stay what they are at the mean wavelength",
                      atoms_symbol(element));
    }
    return status_ok();
}

/* Those that the user names. */
static Status follow_named(const Parameters *p, const Atoms *atoms, double reference_ev, Dispersing *dispersing) {
    int64_t count[ATOM_ELEMENTS + 1];
    count_elements(atoms, count);
    for (const char *name = p->crystal_anomalous_elements; *name != '\0';) {
        name += strspn(name, " ");
        const size_t length = strcspn(name, ", ");
        const int element = atoms_element(name, length);
        if (element == 0)
            return status_error(STATUS_BAD_PARAMETER,
                                "crystal.anomalous_elements: %.*s is no element; give symbols like Fe,S, or none",
                                (int)(length < 20 ? length : 20), name);
        if (count[element] == 0)
            return status_error(STATUS_BAD_PARAMETER, "crystal.anomalous_elements: %s has no atom of %s", atoms->path,
                                atoms_symbol(element));
        TRY(dispersing_add(dispersing, element, reference_ev));
        name += length + strspn(name + length, " ,");
    }
    return status_ok();
}

/* Those that a table is given of, which are followed whatever the wavelengths are. */
static Status follow_measured(const Parameters *p, const Atoms *atoms, bool is_off, double reference_ev,
                              Dispersing *dispersing) {
    Anomalous *curve[DISPERSING_MOST] = {NULL};
    int64_t count[ATOM_ELEMENTS + 1];
    if (*p->crystal_anomalous_table_file == '\0') return status_ok();
    if (is_off)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_table is given, and crystal.anomalous_elements=none or "
                            "crystal.model_dispersion=false; leave one out");
    count_elements(atoms, count);
    Status status = anomalous_table_read(p, curve);
    for (int i = 0; i < DISPERSING_MOST && curve[i] != NULL; i++) {
        const int element = anomalous_atomic_number(curve[i]);
        if (status_is_ok(status) && count[element] == 0)
            status = status_error(STATUS_BAD_PARAMETER, "%s: %s has no atom of %s; leave its rows out",
                                  p->crystal_anomalous_table_file, atoms->path, atoms_symbol(element));
        if (status_is_ok(status))
            status = dispersing_add_curve(dispersing, element, curve[i], reference_ev);
        else
            anomalous_destroy(&curve[i]);
    }
    return status;
}

static void note_followed(const Dispersing *dispersing, Notes *notes) {
    char names[64] = "";
    for (int i = 0; i < dispersing->elements; i++) {
        const size_t length = strlen(names);
        (void)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
                       atoms_symbol(dispersing->element[i]));
    }
    if (dispersing->elements > 0) notes_add(notes, "each wavelength has its own f' and f'' of %s", names);
}

static Status follow(const Parameters *p, const Atoms *atoms, ModelWaves waves, Dispersing *dispersing, Notes *notes) {
    const char *text = p->crystal_anomalous_elements;
    const bool is_auto = *text == '\0' || strcmp(text, "auto") == 0;
    const double mean_ev = PLANCK_LIGHT_EV_A / (waves.mean_m * 1e10);
    const bool only_where_they_differ = *p->crystal_anomalous_sites_file == '\0';
    const bool is_off = strcmp(text, "none") == 0 || (only_where_they_differ && !p->crystal_model_dispersion);
    TRY(follow_measured(p, atoms, is_off, mean_ev, dispersing));
    const bool has_table = dispersing->elements > 0;
    if (is_off) return status_ok();
    if (only_where_they_differ && is_auto && !has_table && waves.shortest_m == waves.longest_m && !waves.frames_differ)
        return status_ok();
    TRY(dispersing_check(dispersing, waves.shortest_m));
    TRY(dispersing_check(dispersing, waves.longest_m));
    TRY(is_auto ? follow_strong(atoms, waves, mean_ev, dispersing, notes)
                : follow_named(p, atoms, mean_ev, dispersing));
    if (dispersing->elements == 0 || p->crystal_interpolate != INTERPOLATE_ON) {
        note_followed(dispersing, notes);
        return status_ok();
    }
    if (has_table)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_table is given and crystal.interpolate is on; structure factors of each "
                            "wavelength are not interpolated: give one of them");
    if (!is_auto)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_elements is %s and crystal.interpolate is on; structure factors of each "
                            "wavelength are not interpolated: give one of them",
                            text);
    if (!only_where_they_differ)
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_sites is given and crystal.interpolate is on; structure factors of each "
                            "wavelength are not interpolated: give one of them");
    dispersing_free(dispersing);
    notes_add(notes, "crystal.interpolate is on: f' and f'' are those of the mean wavelength for all");
    return status_ok();
}

static void take_cell(const Atoms *atoms, Reflections *r) {
    memcpy(r->lengths_m, atoms->lengths_m, sizeof r->lengths_m);
    memcpy(r->angles_rad, atoms->angles_rad, sizeof r->angles_rad);
    r->has_cell = true;
}

static Status compute(const Parameters *p, Atoms *atoms, double seen_m, ModelWaves waves, bool wants_phases,
                      Reflections *r, Notes *notes) {
    take_cell(atoms, r);
    r->symmetry = atoms->symmetry;
    TRY(reflections_settle_symmetry(p, r, notes));
    TRY(check_origin(atoms, &r->symmetry));
    (void)symmetry_find_name(&r->symmetry); /* for people: without the table there is none */
    share_sites(atoms, &r->symmetry);
    const double energy_ev = PLANCK_LIGHT_EV_A / (waves.mean_m * 1e10);
    const ModelRequest request = {
        .atoms = atoms,
        .symmetry = r->symmetry,
        .resolution_m = isnan(p->crystal_resolution_m) ? seen_m : p->crystal_resolution_m,
        .energy_ev = p->crystal_model_dispersion ? energy_ev : NAN,
        .wants_phases = wants_phases,
    };
    TRY(follow(p, atoms, waves, &r->dispersing, notes));
    TRY(model_factors(&request, r));
    note(p, atoms, &request, r, notes);
    return status_ok();
}

static Status read_and_compute(const Parameters *p, double seen_m, ModelWaves waves, bool wants_phases, Reflections *r,
                               Notes *notes) {
    Atoms atoms = {.path = ""};
    *r = (Reflections){.path = p->crystal_model_file, .format = REFLECTIONS_MODEL};
    Status status = read_file(p, PARAMETER(crystal, model), p->crystal_model_file, &atoms);
    if (status_is_ok(status)) status = compute(p, &atoms, seen_m, waves, wants_phases, r, notes);
    atoms_free(&atoms);
    return status;
}

Status reflections_of_model(const Parameters *p, double seen_m, ModelWaves waves, Reflections *r, Notes *notes) {
    return read_and_compute(p, seen_m, waves, false, r, notes);
}

/* Of four columns, the amplitude and the phase of h k l stay, as those of any file without pairs. */
static void leave_mates_out(Reflections *r) {
    free(r->column[1].values);
    free(r->column[3].values);
    r->column[1] = r->column[2];
    r->columns = 2;
    for (int i = 0; i < 2; i++) {
        r->column[i].side = FRIEDEL_BOTH;
        r->column[i].label[strlen(r->column[i].label) - strlen("(+)")] = '\0';
    }
}

Status reflections_of_model_with_phases(const Parameters *p, double seen_m, double wavelength_m, Reflections *r,
                                        Notes *notes) {
    const ModelWaves waves = {wavelength_m, wavelength_m, wavelength_m, false};
    TRY(read_and_compute(p, seen_m, waves, true, r, notes));
    if (!p->crystal_model_dispersion) leave_mates_out(r);
    return status_ok();
}

/* ------------------------------------------------------------------------- sites beside structure factors of a file */

/* What is added to must be a sum of waves: amplitudes with phases. */
static Status find_columns(const Parameters *p, const Reflections *r, int *amplitude, int *phase) {
    ColumnChoice choice;
    const char *label = p->crystal_structure_factor_phase;
    if (*label == '\0')
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_sites needs phases: give the label of their column in %s as "
                            "crystal.structure_factor_phase, like PHIC",
                            r->path);
    TRY(reflections_choose(r, p->crystal_structure_factor_label, &choice));
    const ReflectionColumn *chosen = &r->column[choice.plus];
    if (chosen->kind != COLUMN_AMPLITUDE || choice.minus >= 0)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: %s is %s; crystal.anomalous_sites is added to amplitudes that are the same for "
                            "Friedel pairs, of atoms without f' and f'', like FC",
                            r->path, chosen->label, choice.minus >= 0 ? "one of a pair" : "an intensity");
    *amplitude = choice.plus;
    for (*phase = 0; *phase < r->columns; ++*phase)
        if (r->column[*phase].kind == COLUMN_PHASE) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s has no column %s, which crystal.structure_factor_phase names",
                        r->path, label);
}

/* The sites are those of the same crystal. */
static Status check_sites(const Atoms *atoms, const Reflections *r) {
    for (int i = 0; i < 3; i++) {
        const double length = atoms->lengths_m[i] / r->lengths_m[i] - 1.0;
        const double angle = atoms->angles_rad[i] - r->angles_rad[i];
        if (r->has_cell && !(fabs(length) < CELL_DIFFERENCE_MOST && fabs(angle) < CELL_DIFFERENCE_MOST))
            return status_error(
                STATUS_BAD_PARAMETER,
                "%s has the cell %.6g,%.6g,%.6g A and %s %.6g,%.6g,%.6g A, more than 0.1 %% apart; sites "
                "and structure factors must be of one crystal",
                atoms->path, 1e10 * atoms->lengths_m[0], 1e10 * atoms->lengths_m[1], 1e10 * atoms->lengths_m[2],
                r->path, 1e10 * r->lengths_m[0], 1e10 * r->lengths_m[1], 1e10 * r->lengths_m[2]);
    }
    Symmetry own = atoms->symmetry;
    if (r->symmetry.operations == 0)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s does not say its space group, which crystal.anomalous_sites needs; give "
                            "crystal.space_group",
                            r->path);
    if (own.operations == 0 && *own.name == '\0') return status_ok();
    if (own.operations == 0) TRY(symmetry_of_name(atoms->symmetry.name, atoms->path, &own));
    if (symmetry_is_same(&own, &r->symmetry)) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s has space group %s and %s %s; sites and structure factors must agree",
                        atoms->path, own.name, r->path, r->symmetry.name);
}

static Status replace_by_sum(const Parameters *p, Atoms *atoms, ModelWaves waves, Reflections *r, Notes *notes) {
    int amplitude = 0, phase = 0;
    TRY(find_columns(p, r, &amplitude, &phase));
    TRY(read_file(p, PARAMETER(crystal, anomalous_sites), p->crystal_anomalous_sites_file, atoms));
    TRY(check_sites(atoms, r));
    if (!r->has_cell) take_cell(atoms, r);
    TRY(check_origin(atoms, &r->symmetry));
    share_sites(atoms, &r->symmetry);
    Reflections sum = *r; /* without what it owns */
    sum.columns = 0;
    sum.column = NULL;
    sum.rows = sum.capacity = 0;
    sum.index = NULL;
    sum.line = NULL;
    sum.phase_label = NULL;
    Status status = follow(p, atoms, waves, &sum.dispersing, notes);
    const ModelRequest request = {.atoms = atoms, .symmetry = r->symmetry};
    if (status_is_ok(status) && sum.dispersing.elements == 0)
        status =
            status_error(STATUS_BAD_PARAMETER,
                         "crystal.anomalous_sites: %s has no element whose f'' exceeds 0.3 electrons; name some as "
                         "crystal.anomalous_elements",
                         atoms->path);
    if (status_is_ok(status)) status = model_add_sites(&request, r, amplitude, phase, &sum);
    reflections_free(status_is_ok(status) ? r : &sum);
    if (status_is_ok(status)) *r = sum;
    return status;
}

Status reflections_add_sites(const Parameters *p, ModelWaves waves, Reflections *r, Notes *notes) {
    Atoms atoms = {.path = ""};
    if (*p->crystal_anomalous_sites_file == '\0') return status_ok();
    if (r->format == REFLECTIONS_MODEL || r->format == REFLECTIONS_DUMP || *r->path == '\0')
        return status_error(STATUS_BAD_PARAMETER,
                            "crystal.anomalous_sites is added to amplitudes and phases of crystal.structure_factors; "
                            "give a file of these, or the atoms alone as crystal.model");
    const Status status = replace_by_sum(p, &atoms, waves, r, notes);
    atoms_free(&atoms);
    return status;
}
