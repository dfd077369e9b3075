#include "commands/describe_anomalous.h"

#include "base/text.h"
#include "reflections/anomalous.h"

#include <math.h>

/* Energies in eV. */
typedef struct Energies {
    double first, last, step;
} Energies;

static const double ENERGIES_MOST = 1e6;

/* FIRST:LAST:STEP, or one energy. */
static Status read_energies(const char *text, Energies *energies) {
    double value[3] = {0.0, 0.0, 1.0};
    const char *rest = text;
    int count = 0;
    bool is_right = *text != '\0';
    while (is_right && count < 3) {
        is_right = text_read_real(rest, &value[count], &rest) && isfinite(value[count]);
        count += is_right;
        if (*rest != ':' || count == 3) break;
        rest++;
    }
    if (count == 1) value[1] = value[0];
    *energies = (Energies){value[0], value[1], value[2]};
    if (!is_right || *rest != '\0' || count == 2 || !(energies->step > 0.0) || energies->last < energies->first)
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: --energies is \"%.60s\"; give FIRST:LAST:STEP in eV, ascending, or one energy",
                            text);
    if (energies->first < ANOMALOUS_LEAST_EV || energies->last > ANOMALOUS_MOST_EV)
        return status_error(STATUS_BAD_PARAMETER, "describe: --energies is \"%.60s\"; they must be from %d to %d eV",
                            text, ANOMALOUS_LEAST_EV, ANOMALOUS_MOST_EV);
    if ((energies->last - energies->first) / energies->step > ENERGIES_MOST)
        return status_error(STATUS_BAD_PARAMETER,
                            "describe: --energies is \"%.60s\", which are more than %g; make the step larger", text,
                            ENERGIES_MOST);
    return status_ok();
}

Status describe_anomalous(const char *symbol, const char *range, FILE *out) {
    Anomalous *element = NULL;
    Energies energies;
    if (symbol == NULL) return status_error(STATUS_BAD_PARAMETER, "describe --energies needs --anomalous SYMBOL");
    if (range == NULL)
        return status_error(STATUS_BAD_PARAMETER, "describe --anomalous needs --energies FIRST:LAST:STEP in eV");
    TRY(read_energies(range, &energies));
    TRY(anomalous_create(symbol, &element));
    const double steps = floor((energies.last - energies.first) / energies.step + 1e-9);
    for (double i = 0.0; i <= steps; i++) {
        const double energy_ev = energies.first + i * energies.step;
        const Dispersion dispersion = anomalous_at(element, energy_ev);
        (void)fprintf(out, "%.10g %.10g %.10g\n", energy_ev, dispersion.real, dispersion.imaginary);
    }
    anomalous_destroy(&element);
    return status_ok();
}
