#include "atoms.h"
#include "constants.h"
#include "gunzip.h"
#include "input.h"
#include "model_factors.h"
#include "reflections.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a file, and of one decompressed from gzip. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 31;

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

/* Groups of two origins, by number in the International Tables: |F| of reflections is the same for both, F of atoms is
 * not. */
static const char *const two_origins[] = {"Pnnn",    "Pban",    "Pmmn",    "Ccca",    "Fddd",    "P4/n",
                                          "P42/n",   "I41/a",   "P4/nbm",  "P4/nnc",  "P4/nmm",  "P4/ncc",
                                          "P42/nbc", "P42/nnm", "P42/nmc", "P42/ncm", "I41/amd", "I41/acd",
                                          "Pn-3",    "Fd-3",    "Pn-3n",   "Pn-3m",   "Fd-3m",   "Fd-3c"};

static Status check_origin(const Parameters *p, const Atoms *atoms) {
    const bool by_parameter = *p->crystal_space_group != '\0';
    const char *name = by_parameter ? p->crystal_space_group : atoms->symmetry.name;
    char packed[SYMMETRY_NAME_BYTES] = "";
    size_t length = 0;
    if (!by_parameter && atoms->symmetry.operations > 0) return status_ok();
    for (; *name != '\0' && length + 1 < sizeof packed; name++)
        if (*name != ' ' && *name != '_') packed[length++] = *name;
    for (size_t i = 0; i < sizeof two_origins / sizeof *two_origins; i++)
        if (strcasecmp(packed, two_origins[i]) == 0)
            return status_error(STATUS_BAD_PARAMETER,
                                "%s: space group %s has two origins, and its name does not say which; give a CIF that "
                                "lists the symmetry operations",
                                atoms->path, packed);
    return status_ok();
}

static Status read_text(const Parameters *p, FileContents contents, Atoms *atoms) {
    char *text = NULL;
    size_t bytes = 0;
    if (!gunzip_is(contents.bytes, contents.count)) return atoms_read(p->crystal_model_file, contents, atoms);
    TRY(gunzip(p->crystal_model_file, contents.bytes, contents.count, FILE_BYTES_MOST, &text, &bytes));
    const Status status = atoms_read(p->crystal_model_file, (FileContents){text, bytes}, atoms);
    free(text);
    return status;
}

static Status read_file(const Parameters *p, Atoms *atoms) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(input_read(p, PARAMETER(crystal, model), FILE_BYTES_MOST, &contents, &bytes));
    const Status status = read_text(p, (FileContents){contents, bytes}, atoms);
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
        notes_add(notes, "crystal.model: f' and f'' at %.6g eV, for all wavelengths of the beam", request->energy_ev);
    if (atoms->guessed > 0)
        notes_add(notes,
                  "%.160s: the elements of %" PRId64 " atoms are told by their names, as columns 77 and 78 do not hold "
                  "them",
                  r->path, atoms->guessed);
    (void)p;
}

static Status compute(const Parameters *p, Atoms *atoms, double seen_m, double wavelength_m, Reflections *r,
                      Notes *notes) {
    memcpy(r->lengths_m, atoms->lengths_m, sizeof r->lengths_m);
    memcpy(r->angles_rad, atoms->angles_rad, sizeof r->angles_rad);
    r->has_cell = true;
    r->symmetry = atoms->symmetry;
    TRY(check_origin(p, atoms));
    TRY(reflections_settle_symmetry(p, r, notes));
    share_sites(atoms, &r->symmetry);
    const double energy_ev = PLANCK_LIGHT_EV_A / (wavelength_m * 1e10);
    const ModelRequest request = {
        .atoms = atoms,
        .symmetry = r->symmetry,
        .resolution_m = isnan(p->crystal_resolution_m) ? seen_m : p->crystal_resolution_m,
        .energy_ev = p->crystal_model_dispersion ? energy_ev : NAN,
    };
    TRY(model_factors(&request, r));
    note(p, atoms, &request, r, notes);
    return status_ok();
}

Status reflections_of_model(const Parameters *p, double seen_m, double wavelength_m, Reflections *r, Notes *notes) {
    Atoms atoms = {.path = ""};
    *r = (Reflections){.path = p->crystal_model_file, .format = REFLECTIONS_MODEL};
    Status status = read_file(p, &atoms);
    if (status_is_ok(status)) status = compute(p, &atoms, seen_m, wavelength_m, r, notes);
    atoms_free(&atoms);
    return status;
}
