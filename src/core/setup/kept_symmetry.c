#include "setup/kept_symmetry.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far a cell may be from the symmetry beyond what the one that is given is: what numbers with five digits round;
 * and a listed matrix, which may have been measured: as for the cell of a run. */
static const double CELL_TOLERANCE = 1e-4, MATRIX_TOLERANCE = 5e-3;

static bool varies_cell(const Sweep *sweep) {
    for (int i = 0; i < sweep_values(sweep); i++)
        if (sweep_column(sweep, i).row == PARAMETER(crystal, cell)) return true;
    return false;
}

/* The misfit of the cell that does not vary, where there is one. */
static double given_misfit(const Parameters *given, const Reflections *reflections) {
    double lengths_m[3], angles_rad[3];
    if (crystal_given_cell(given, lengths_m, angles_rad))
        return symmetry_misfit(&reflections->symmetry, lengths_m, angles_rad);
    if (!reflections->has_cell) return 0.0;
    return symmetry_misfit(&reflections->symmetry, reflections->lengths_m, reflections->angles_rad);
}

Status kept_symmetry_create(const Parameters *given, const Sweep *sweep, const Reflections *reflections,
                            KeptSymmetry **kept) {
    const Symmetry *symmetry = &reflections->symmetry;
    const bool listed = sweep->table.orientation == LISTED_UB;
    *kept = NULL;
    if (given->crystal_ignore_file_cell || symmetry->operations < 2 || !(listed || varies_cell(sweep)))
        return status_ok();
    KeptSymmetry *created = calloc(1, sizeof *created);
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a space group");
    for (int i = 0; i < symmetry->operations; i++) { /* without what only shifts, there are at most 48 */
        SymmetryOperation rotation = symmetry->operation[i];
        memset(rotation.translation, 0, sizeof rotation.translation);
        (void)symmetry_add(&created->rotations, &rotation);
    }
    created->tolerance = listed ? MATRIX_TOLERANCE : CELL_TOLERANCE + given_misfit(given, reflections);
    (void)text_copy(created->rotations.name, sizeof created->rotations.name, symmetry->name);
    (void)text_copy(created->path, sizeof created->path, given->crystal_structure_factors_file);
    *kept = created;
    return status_ok();
}

/* True where an operation puts one axis in the place of the other. */
static bool ties(const Symmetry *rotations, int one, int other) {
    for (int n = 0; n < rotations->operations; n++) {
        bool moves = true;
        for (int i = 0; i < 3; i++) moves = moves && abs(rotations->operation[n].rotation[i][one]) == (i == other);
        if (moves) return true;
    }
    return false;
}

/* Which edges must be equal, as draws that make them so. */
static void remedy_of(const Symmetry *rotations, char *text, size_t bytes) {
    size_t length = 0;
    text[0] = '\0';
    for (int other = 1; other < 3; other++)
        for (int one = 0; one < other; one++)
            if (ties(rotations, one, other) && length + 64 < bytes) {
                length += (size_t)snprintf(text + length, bytes - length, "%scrystal.cell[%d]=same(crystal.cell[%d])",
                                           length > 0 ? ";" : "", other, one);
                break;
            }
}

Status kept_symmetry_check(const KeptSymmetry *kept, const Crystal *crystal) {
    const double *length = crystal->lengths_m, *angle = crystal->angles_rad;
    char remedy[160];
    if (kept == NULL) return status_ok();
    const double misfit = symmetry_misfit(&kept->rotations, length, angle);
    if (misfit <= kept->tolerance) return status_ok();
    remedy_of(&kept->rotations, remedy, sizeof remedy);
    return status_error(STATUS_BAD_PARAMETER,
                        "its cell %.7g,%.7g,%.7g,%.6g,%.6g,%.6g has not the symmetry %s of the structure factors of "
                        "%.300s; keep the edges "
                        "and angles that it ties%s%s%s, or give crystal.ignore_file_cell=true for a strained crystal",
                        length[0] * 1e10, length[1] * 1e10, length[2] * 1e10, angle[0] / RADIANS_PER_DEGREE,
                        angle[1] / RADIANS_PER_DEGREE, angle[2] / RADIANS_PER_DEGREE,
                        *kept->rotations.name != '\0' ? kept->rotations.name : "that the file lists", kept->path,
                        *remedy != '\0' ? " (sweep.draw: " : "", remedy, *remedy != '\0' ? ")" : "");
}
