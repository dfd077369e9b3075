/** @file
 *  Space groups: the operations by which reflections are equivalent. */
#ifndef TESSERA_SYMMETRY_H
#define TESSERA_SYMMETRY_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYMMETRY_OPERATIONS_MOST = 192, SYMMETRY_NAME_BYTES = 40 };

/** x' = rotation x + translation, in fractions of the cell. */
typedef struct SymmetryOperation {
    int rotation[3][3];
    double translation[3]; /**< each in [0, 1) */
} SymmetryOperation;

/** A space group in one setting, centring included. Plain value. */
typedef struct Symmetry {
    char name[SYMMETRY_NAME_BYTES]; /**< for people; "" when only operations are known */
    bool origin_is_open;            /**< the name has two origins and does not say which: |F| is the same, F is not */
    int number;                     /**< CCP4's, of the setting; 0: not from its table */
    int operations;                 /**< 0: nothing is known */
    SymmetryOperation operation[SYMMETRY_OPERATIONS_MOST];
} Symmetry;

/** P 1. */
Symmetry symmetry_none(void);

/** Reads an operation like "-x+1/2, y, -z" of @p length characters.
 *  @return false when it is none */
bool symmetry_read_operation(const char *text, size_t length, SymmetryOperation *operation);

/** Adds an operation, unless it is there already.
 *  @return false when there are too many */
bool symmetry_add(Symmetry *symmetry, const SymmetryOperation *operation);

/** True when the operations form a group: with any two their product, so that every reflection has the same number of
 *  equivalents wherever one starts. */
bool symmetry_is_group(const Symmetry *symmetry);

/** True when both have the same operations, in any order. */
bool symmetry_is_same(const Symmetry *one, const Symmetry *other);

/** How far the operations are from leaving a cell as it is: the largest change of a scalar product of two edges, over
 *  their lengths. 0 for a cell that fits exactly.
 *  @param lengths_m, angles_rad  [3] a, b, c and alpha, beta, gamma */
double symmetry_misfit(const Symmetry *symmetry, const double *lengths_m, const double *angles_rad);

/** The equivalent h' = h R of a reflection; its amplitude is the same (International Tables B 1.4.4). */
void symmetry_rotate(const SymmetryOperation *operation, const int32_t *index, int32_t *equivalent);

/** True when the space group makes the reflection zero: some operation leaves it in place and shifts its phase. */
bool symmetry_is_absent(const Symmetry *symmetry, const int32_t *index);

/** The space group of a name ("P 21 21 21", "C2", "R 3 :H") or number ("19"; also CCP4's numbers of settings, "1005"),
 *  from libccp4's table.
 *  @param origin  what is named in an error: a parameter or a file
 *  @return BAD_PARAMETER when the table has none of that name; BAD_FILE when there is no table */
Status symmetry_of_name(const char *name, const char *origin, Symmetry *symmetry);

/** Gives operations the name and number that libccp4's table has for them, where it has any and they have none.
 *  @return BAD_FILE when there is no table; NO_MEMORY */
Status symmetry_find_name(Symmetry *symmetry);

#endif
