#include "reflections/dispersing.h"

#include "base/constants.h"
#include "reflections/atoms.h"

static double energy_ev(double wavelength_m) {
    return PLANCK_LIGHT_EV_A / (wavelength_m * 1e10);
}

bool dispersing_has(const Dispersing *d, int element) {
    for (int i = 0; i < d->elements; i++)
        if (d->element[i] == element) return true;
    return false;
}

Status dispersing_add(Dispersing *d, int element, double reference_ev) {
    Anomalous *curve = NULL;
    if (dispersing_has(d, element)) return status_ok();
    TRY(anomalous_create(atoms_symbol(element), &curve));
    return dispersing_add_curve(d, element, curve, reference_ev);
}

static Status check_range(int element, const Anomalous *curve, double energy) {
    double most_ev = 0.0;
    const double least_ev = anomalous_range(curve, &most_ev);
    if (energy >= least_ev && energy <= most_ev) return status_ok();
    return status_error(
        STATUS_BAD_PARAMETER,
        "crystal.anomalous_table has %s from %.9g to %.9g eV, and a source, or the mean of all, has %.9g "
        "eV; add rows, or take another beam",
        atoms_symbol(element), least_ev, most_ev, energy);
}

Status dispersing_add_curve(Dispersing *d, int element, Anomalous *curve, double reference_ev) {
    Status status = d->elements < DISPERSING_MOST
                        ? check_range(element, curve, reference_ev)
                        : status_error(STATUS_BAD_PARAMETER,
                                       "crystal.anomalous_elements and crystal.anomalous_table name more than %d "
                                       "elements; name those whose f' and f'' change most",
                                       DISPERSING_MOST);
    if (!status_is_ok(status)) {
        anomalous_destroy(&curve);
        return status;
    }
    d->element[d->elements] = element;
    d->reference[d->elements] = anomalous_at(curve, reference_ev);
    (void)anomalous_rows(curve, &d->table_rows[d->elements]);
    d->curve[d->elements++] = curve;
    return status_ok();
}

Status dispersing_make_curves(Dispersing *d) {
    for (int i = 0; i < d->elements; i++) d->curve[i] = NULL;
    for (int i = 0; i < d->elements; i++) {
        AnomalousRow *row;
        TRY(d->table_rows[i] > 0 ? anomalous_of_table(d->element[i], d->table_rows[i], &d->curve[i], &row)
                                 : anomalous_create(atoms_symbol(d->element[i]), &d->curve[i]));
    }
    return status_ok();
}

void dispersing_free(Dispersing *d) {
    for (int i = 0; i < d->elements; i++) anomalous_destroy(&d->curve[i]);
    d->elements = 0;
}

int dispersing_values(const Dispersing *d) {
    return d->elements == 0 ? 0 : (d->elements + 1) * (d->elements + 1);
}

Dispersion dispersing_at(const Dispersing *d, int index, double wavelength_m) {
    return anomalous_at(d->curve[index], energy_ev(wavelength_m));
}

Status dispersing_check(const Dispersing *d, double wavelength_m) {
    const double energy = energy_ev(wavelength_m);
    for (int i = 0; i < d->elements; i++)
        if (d->table_rows[i] > 0) TRY(check_range(d->element[i], d->curve[i], energy));
    if (energy >= ANOMALOUS_LEAST_EV && energy <= ANOMALOUS_MOST_EV) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "the dispersion of atoms is known from %d to %d eV, and a source has %.6g eV; give another "
                        "energy or crystal.model_dispersion=false",
                        ANOMALOUS_LEAST_EV, ANOMALOUS_MOST_EV, energy);
}

void dispersing_coefficients(const Dispersing *d, double wavelength_m, double *coefficients) {
    double real[DISPERSING_MOST], imaginary[DISPERSING_MOST], *next = coefficients;
    *next++ = 1.0;
    for (int e = 0; e < d->elements; e++) {
        const Dispersion at = dispersing_at(d, e, wavelength_m);
        real[e] = at.real - d->reference[e].real;
        imaginary[e] = at.imaginary - d->reference[e].imaginary;
        *next++ = 2.0 * real[e];
        *next++ = 2.0 * imaginary[e];
        *next++ = real[e] * real[e] + imaginary[e] * imaginary[e];
    }
    for (int e = 0; e < d->elements; e++)
        for (int f = e + 1; f < d->elements; f++) {
            *next++ = 2.0 * (real[e] * real[f] + imaginary[e] * imaginary[f]);
            *next++ = 2.0 * (real[e] * imaginary[f] - imaginary[e] * real[f]);
        }
}

void dispersing_form(int elements, const double *a, const double (*g)[2], double *form) {
    *form++ = a[0] * a[0] + a[1] * a[1];
    for (int e = 0; e < elements; e++) {
        *form++ = a[0] * g[e][0] + a[1] * g[e][1];
        *form++ = a[1] * g[e][0] - a[0] * g[e][1];
        *form++ = g[e][0] * g[e][0] + g[e][1] * g[e][1];
    }
    for (int e = 0; e < elements; e++)
        for (int f = e + 1; f < elements; f++) {
            *form++ = g[e][0] * g[f][0] + g[e][1] * g[f][1];
            *form++ = g[e][1] * g[f][0] - g[e][0] * g[f][1];
        }
}
