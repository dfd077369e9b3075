#include "reflections/anomalous.h"

#include "base/constants.h"
#include "base/text.h"
#include "base/vector.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xraylib/xraylib.h>

/* Energies are in keV here, as in xraylib. */
static const double LEAST_KEV = 0.0102, PHOTO_LEAST_KEV = 0.1001, PHOTO_MOST_KEV = 799.0, MOST_KEV = 1e5;
static const double NODES_PER_E_FOLD = 200.0, SHARPEST_KEV = 0.5e-3;
enum { SHELLS = 31, EDGES_MOST = SHELLS + 3, SCAN_STEPS = 400 };

/* 2 h c r_e in keV m, over one barn. */
static const double ABSORPTION_KEV_BARN = 2.0 * 1e-13 * PLANCK_LIGHT_EV_A * ELECTRON_RADIUS_M / 1e-28;

/* The ends of a piece in which f'' is linear. */
typedef struct Piece {
    double begin_kev, end_kev;
    double at_begin, at_end; /* f'' */
} Piece;

struct Anomalous {
    int number;
    int64_t count, room;
    Piece *piece;
    int64_t rows; /* of a table instead of the pieces */
    AnomalousRow *row;
};

/* ---------------------------------------------------------------------------------------------- cross-sections */

/* Barn for an atom; NAN where xraylib knows none. */
static double cross_section(int number, double energy_kev) {
    if (energy_kev > PHOTO_MOST_KEV)
        return CSb_Photo(number, PHOTO_MOST_KEV, NULL) * pow(energy_kev / PHOTO_MOST_KEV, -1.5);
    if (energy_kev >= PHOTO_LEAST_KEV) return CSb_Photo(number, energy_kev, NULL);
    const double at_least = CSb_Photo(number, PHOTO_LEAST_KEV, NULL);
    const double total = CSb_Photo_Total(number, energy_kev, NULL);
    const double total_at_least = CSb_Photo_Total(number, PHOTO_LEAST_KEV, NULL);
    if (total > 0.0 && total_at_least > 0.0) return at_least * total / total_at_least;
    return at_least * PHOTO_LEAST_KEV / energy_kev; /* f'' stays what it is */
}

static double imaginary_of(int number, double energy_kev) {
    return energy_kev * cross_section(number, energy_kev) / ABSORPTION_KEV_BARN;
}

/* Where the table's jump near an edge is: the interval of the greatest ratio, halved until nothing is left. */
static double find_jump(int number, double edge_kev) {
    double begin = 0.0, end = 0.0, greatest = 1.02;
    for (int i = 0; i < SCAN_STEPS; i++) {
        const double a = edge_kev * (0.995 + 0.01 * i / SCAN_STEPS),
                     b = edge_kev * (0.995 + 0.01 * (i + 1) / SCAN_STEPS);
        const double ratio = cross_section(number, b) / cross_section(number, a);
        if (!(ratio > greatest)) continue;
        greatest = ratio;
        begin = a;
        end = b;
    }
    if (!(begin > 0.0)) return edge_kev; /* it has none */
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (begin + end), at_middle = cross_section(number, middle);
        const bool before = at_middle / cross_section(number, begin) > cross_section(number, end) / at_middle;
        *(before ? &end : &begin) = middle;
    }
    return 0.5 * (begin + end);
}

static int compare_energies(const void *left, const void *right) {
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Where f'' may jump, ascending, with the ends of the whole range and of the tables.
 * @return how many */
static int find_edges(int number, double *edge_kev) {
    int count = 0;
    edge_kev[count++] = LEAST_KEV;
    edge_kev[count++] = PHOTO_MOST_KEV;
    edge_kev[count++] = MOST_KEV;
    for (int shell = 0; shell < SHELLS; shell++) {
        const double nominal = EdgeEnergy(number, shell, NULL);
        if (nominal > LEAST_KEV && nominal < PHOTO_MOST_KEV)
            edge_kev[count++] = nominal > 0.15 ? find_jump(number, nominal) : nominal;
    }
    qsort(edge_kev, (size_t)count, sizeof *edge_kev, compare_energies);
    return count;
}

/* ------------------------------------------------------------------------------------------------------- the table */

static Status add_piece(Anomalous *element, Piece piece) {
    if (element->count == element->room) {
        const int64_t room = 2 * element->room + 1024;
        Piece *larger = realloc(element->piece, (size_t)room * sizeof *larger);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the absorption of an element");
        element->piece = larger;
        element->room = room;
    }
    element->piece[element->count++] = piece;
    return status_ok();
}

/* Between two edges, which are not looked at themselves: energies in a geometric series. */
static Status add_between(Anomalous *element, double begin_kev, double end_kev) {
    const double inside = 1e-7, first = begin_kev * (1.0 + inside), ratio = end_kev * (1.0 - inside) / first;
    if (!(ratio > 1.0)) return status_ok();
    const int pieces = (int)fmax(60.0, ceil(NODES_PER_E_FOLD * log(ratio)));
    Piece piece = {.end_kev = begin_kev, .at_end = imaginary_of(element->number, first)};
    for (int i = 1; i <= pieces; i++) {
        const double next_kev = first * pow(ratio, (double)i / pieces);
        piece = (Piece){.begin_kev = piece.end_kev,
                        .end_kev = i < pieces ? next_kev : end_kev,
                        .at_begin = piece.at_end,
                        .at_end = imaginary_of(element->number, next_kev)};
        if (!(piece.at_end > 0.0))
            return status_error(STATUS_BAD_PARAMETER, "element %d has no absorption at %.6g keV in xraylib's tables",
                                element->number, next_kev);
        TRY(add_piece(element, piece));
    }
    return status_ok();
}

static Status tabulate(Anomalous *element) {
    double edge_kev[EDGES_MOST];
    const int edges = find_edges(element->number, edge_kev);
    for (int i = 0; i + 1 < edges; i++) TRY(add_between(element, edge_kev[i], edge_kev[i + 1]));
    return status_ok();
}

static int number_of_symbol(const char *symbol) {
    char normal[4] = "";
    if (strlen(symbol) < 1 || strlen(symbol) > 2) return 0;
    normal[0] = (char)toupper((unsigned char)symbol[0]);
    normal[1] = (char)tolower((unsigned char)symbol[1]);
    return SymbolToAtomicNumber(normal, NULL);
}

Status anomalous_create(const char *symbol, Anomalous **element) {
    const int number = number_of_symbol(symbol);
    *element = NULL;
    if (number < 1 || !(CSb_Photo(number, 10.0, NULL) > 0.0))
        return status_error(STATUS_BAD_PARAMETER,
                            "\"%.20s\" is no element whose absorption is known; give its symbol, such as Fe", symbol);
    Anomalous *created = calloc(1, sizeof *created);
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the absorption of an element");
    created->number = number;
    const Status status = tabulate(created);
    if (!status_is_ok(status)) anomalous_destroy(&created);
    *element = created;
    return status;
}

void anomalous_destroy(Anomalous **element) {
    if (*element == NULL) return;
    free((*element)->piece);
    free((*element)->row);
    free(*element);
    *element = NULL;
}

Status anomalous_of_table(int number, int64_t rows, Anomalous **element, AnomalousRow **row) {
    Anomalous *created = calloc(1, sizeof *created);
    *element = NULL;
    if (created != NULL) created->row = calloc((size_t)rows, sizeof *created->row);
    if (created == NULL || created->row == NULL) {
        free(created);
        return status_error(STATUS_NO_MEMORY, "no memory for a table of f' and f''");
    }
    created->number = number;
    created->rows = rows;
    *row = created->row;
    *element = created;
    return status_ok();
}

AnomalousRow *anomalous_rows(const Anomalous *element, int64_t *rows) {
    *rows = element->rows;
    return element->row;
}

double anomalous_range(const Anomalous *element, double *most_ev) {
    *most_ev = element->row != NULL ? element->row[element->rows - 1][0] : ANOMALOUS_MOST_EV;
    return element->row != NULL ? element->row[0][0] : ANOMALOUS_LEAST_EV;
}

int anomalous_atomic_number(const Anomalous *element) {
    return element->number;
}

/* ---------------------------------------------------------------------------------------------------------- the sums
 */

/* ln |E - x|, of a distance of at least SHARPEST_KEV: the ends of two pieces that meet cancel each other. */
static double log_distance(double energy_kev, double node_kev) {
    return log(fmax(fabs(energy_kev - node_kev), SHARPEST_KEV));
}

/* The principal value of int x (c + m x) / (E^2 - x^2) dx over a piece, c + m x being its f''. */
static double integrate(const Piece *piece, double energy_kev) {
    const double a = piece->begin_kev, b = piece->end_kev;
    const double slope = (piece->at_end - piece->at_begin) / (b - a), constant = piece->at_begin - slope * a;
    const double minus = log_distance(energy_kev, b) - log_distance(energy_kev, a);
    const double plus = log((energy_kev + b) / (energy_kev + a));
    return -0.5 * constant * (minus + plus) + slope * (0.5 * energy_kev * (plus - minus) - (b - a));
}

static Dispersion between_rows(const Anomalous *element, double energy_ev) {
    int64_t low = 0, high = element->rows - 1;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        *(element->row[middle][0] <= energy_ev ? &low : &high) = middle;
    }
    const double *a = element->row[low], *b = element->row[high];
    const double share = (energy_ev - a[0]) / (b[0] - a[0]);
    return (Dispersion){.real = a[1] + share * (b[1] - a[1]), .imaginary = a[2] + share * (b[2] - a[2])};
}

Dispersion anomalous_at(const Anomalous *element, double energy_ev) {
    if (element->row != NULL) return between_rows(element, energy_ev);
    const double energy_kev = 1e-3 * energy_ev;
    double sum = 0.0;
    for (int64_t i = 0; i < element->count; i++) sum += integrate(&element->piece[i], energy_kev);
    return (Dispersion){.real = 2.0 / PI * sum - pow(element->number / 82.5, 2.37),
                        .imaginary = imaginary_of(element->number, energy_kev)};
}
