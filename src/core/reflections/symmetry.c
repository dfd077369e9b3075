#include "reflections/symmetry.h"

#include "base/vector.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Translations are whole fractions like 1/6 that a file may have rounded. */
#define TRANSLATION_TOLERANCE 1e-2

Symmetry symmetry_none(void) {
    Symmetry symmetry = {.name = "P 1", .operations = 1};
    for (int i = 0; i < 3; i++) symmetry.operation[0].rotation[i][i] = 1;
    return symmetry;
}

/* ------------------------------------------------------------------------------------------------------- operations */

/* A text that is read from left to right. */
typedef struct Cursor {
    const char *next, *end;
} Cursor;

static char peek(Cursor *cursor) {
    while (cursor->next < cursor->end && isspace((unsigned char)*cursor->next)) cursor->next++;
    return cursor->next < cursor->end ? (char)tolower((unsigned char)*cursor->next) : '\0';
}

/* Digits with a point among them. */
static bool read_digits(Cursor *cursor, double *value) {
    char digits[16];
    size_t length = 0;
    for (const char *c = cursor->next; c < cursor->end && (isdigit((unsigned char)*c) || *c == '.'); c++) {
        if (length + 1 >= sizeof digits) return false;
        digits[length++] = *c;
    }
    digits[length] = '\0';
    char *rest = NULL;
    *value = strtod(digits, &rest);
    cursor->next += length;
    return length > 0 && *rest == '\0';
}

/* One term of a coordinate: x, y, z, or a number like 1/2 or 0.25. */
static bool read_term(Cursor *cursor, double sign, int *row, double *translation) {
    const char first = peek(cursor);
    if (first >= 'x' && first <= 'z') {
        row[first - 'x'] += sign > 0.0 ? 1 : -1;
        cursor->next++;
        return true;
    }
    double value = 0.0, divisor = 1.0;
    if (!read_digits(cursor, &value)) return false;
    if (peek(cursor) == '/') {
        cursor->next++;
        (void)peek(cursor);
        if (!read_digits(cursor, &divisor) || !(divisor > 0.0)) return false;
    }
    *translation += sign * value / divisor;
    return true;
}

static bool read_coordinate(Cursor *cursor, int *row, double *translation) {
    double sum = 0.0;
    int terms = 0;
    for (;; terms++) {
        const char sign = peek(cursor);
        if (sign == '+' || sign == '-')
            cursor->next++;
        else if (terms > 0)
            break;
        if (!read_term(cursor, sign == '-' ? -1.0 : 1.0, row, &sum)) return false;
    }
    *translation = sum - floor(sum + 1e-6); /* 0.9999999 is 0 */
    if (*translation < 0.0) *translation = 0.0;
    return isfinite(sum);
}

static int determinant(const SymmetryOperation *operation) {
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        const int *const u = operation->rotation[1], *const v = operation->rotation[2];
        sum += operation->rotation[0][i] * (u[j] * v[k] - u[k] * v[j]);
    }
    return sum;
}

bool symmetry_read_operation(const char *text, size_t length, SymmetryOperation *operation) {
    Cursor cursor = {text, text + length};
    *operation = (SymmetryOperation){.translation = {0.0}};
    for (int i = 0; i < 3; i++) {
        if (!read_coordinate(&cursor, operation->rotation[i], &operation->translation[i])) return false;
        for (int j = 0; j < 3; j++)
            if (abs(operation->rotation[i][j]) > 1) return false;
        if (i < 2 && peek(&cursor) != ',') return false;
        if (i < 2) cursor.next++;
    }
    return peek(&cursor) == '\0' && abs(determinant(operation)) == 1;
}

/* ---------------------------------------------------------------------------------------------------------- groups */

static bool is_whole(double number) {
    return fabs(number - rint(number)) < TRANSLATION_TOLERANCE;
}

static bool is_same_operation(const SymmetryOperation *one, const SymmetryOperation *other) {
    for (int i = 0; i < 3; i++)
        if (!is_whole(one->translation[i] - other->translation[i])) return false;
    return memcmp(one->rotation, other->rotation, sizeof one->rotation) == 0;
}

static bool has_operation(const Symmetry *symmetry, const SymmetryOperation *wanted) {
    for (int i = 0; i < symmetry->operations; i++)
        if (is_same_operation(&symmetry->operation[i], wanted)) return true;
    return false;
}

bool symmetry_add(Symmetry *symmetry, const SymmetryOperation *operation) {
    if (has_operation(symmetry, operation)) return true;
    if (symmetry->operations == SYMMETRY_OPERATIONS_MOST) return false;
    symmetry->operation[symmetry->operations++] = *operation;
    return true;
}

/* First @p second, then @p first. */
static SymmetryOperation product(const SymmetryOperation *first, const SymmetryOperation *second) {
    SymmetryOperation result = {.translation = {0.0}};
    for (int i = 0; i < 3; i++) {
        result.translation[i] = first->translation[i];
        for (int j = 0; j < 3; j++) {
            result.translation[i] += first->rotation[i][j] * second->translation[j];
            for (int n = 0; n < 3; n++) result.rotation[i][j] += first->rotation[i][n] * second->rotation[n][j];
        }
    }
    return result;
}

bool symmetry_is_group(const Symmetry *symmetry) {
    for (int i = 0; i < symmetry->operations; i++)
        for (int j = 0; j < symmetry->operations; j++) {
            const SymmetryOperation both = product(&symmetry->operation[i], &symmetry->operation[j]);
            if (!has_operation(symmetry, &both)) return false;
        }
    return symmetry->operations > 0;
}

bool symmetry_is_same(const Symmetry *one, const Symmetry *other) {
    for (int i = 0; i < one->operations; i++)
        if (!has_operation(other, &one->operation[i])) return false;
    return one->operations == other->operations;
}

double symmetry_misfit(const Symmetry *symmetry, const double *lengths_m, const double *angles_rad) {
    double metric[3][3], misfit = 0.0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            metric[i][j] = lengths_m[i] * lengths_m[j] * (i == j ? 1.0 : cos(angles_rad[3 - i - j]));
    for (int n = 0; n < symmetry->operations; n++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                double turned = 0.0; /* R^T G R */
                for (int u = 0; u < 3; u++)
                    for (int v = 0; v < 3; v++)
                        turned += symmetry->operation[n].rotation[u][i] * metric[u][v] *
                                  symmetry->operation[n].rotation[v][j];
                misfit = fmax(misfit, fabs(turned - metric[i][j]) / (lengths_m[i] * lengths_m[j]));
            }
    return misfit;
}

void symmetry_rotate(const SymmetryOperation *operation, const int32_t *index, int32_t *equivalent) {
    for (int j = 0; j < 3; j++)
        equivalent[j] = index[0] * operation->rotation[0][j] + index[1] * operation->rotation[1][j] +
                        index[2] * operation->rotation[2][j];
}

bool symmetry_is_absent(const Symmetry *symmetry, const int32_t *index) {
    for (int n = 0; n < symmetry->operations; n++) {
        const SymmetryOperation *operation = &symmetry->operation[n];
        int32_t equivalent[3];
        symmetry_rotate(operation, index, equivalent);
        if (equivalent[0] != index[0] || equivalent[1] != index[1] || equivalent[2] != index[2]) continue;
        /* a translation that a file rounded to 0.333 is off by 3e-4: whole fractions of 24 are all there are */
        double shift = 0.0;
        for (int i = 0; i < 3; i++) shift += index[i] * (rint(24.0 * operation->translation[i]) / 24.0);
        if (!is_whole(shift)) return true;
    }
    return false;
}
