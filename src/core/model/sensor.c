#include "model/sensor.h"

#include "base/constants.h"

#include <string.h>
#include <xraylib/xraylib.h>

/* The NIST compound of the same elements in the same proportions, for its density. */
static bool nist_density(const struct compoundData *formula, double *density_g_per_cm3) {
    int count = 0;
    char **names = GetCompoundDataNISTList(&count, NULL);
    bool found = false;
    for (int i = 0; names != NULL && i < count; i++) {
        struct compoundDataNIST *candidate = found ? NULL : GetCompoundDataNISTByIndex(i, NULL);
        if (candidate != NULL) {
            bool same = candidate->nElements == formula->nElements;
            for (int e = 0; same && e < candidate->nElements; e++)
                same = candidate->Elements[e] == formula->Elements[e] &&
                       fabs(candidate->massFractions[e] - formula->massFractions[e]) < 2e-3;
            if (same) *density_g_per_cm3 = candidate->density;
            found = same;
            FreeCompoundDataNIST(candidate);
        }
        xrlFree(names[i]);
    }
    xrlFree(names);
    return found;
}

static double known_density(const char *material) {
    double density_g_per_cm3 = NAN;
    struct compoundDataNIST *named = GetCompoundDataNISTByName(material, NULL);
    if (named != NULL) {
        density_g_per_cm3 = named->density;
        FreeCompoundDataNIST(named);
        return density_g_per_cm3 * 1e3;
    }
    struct compoundData *formula = CompoundParser(material, NULL);
    if (formula == NULL) return NAN;
    if (formula->nElements == 1)
        density_g_per_cm3 = ElementDensity(formula->Elements[0], NULL);
    else if (!nist_density(formula, &density_g_per_cm3))
        density_g_per_cm3 = NAN;
    FreeCompoundData(formula);
    return density_g_per_cm3 > 0.0 ? density_g_per_cm3 * 1e3 : NAN;
}

Status sensor_absorption(const char *material, double density_kg_per_m3, double wavelength_m,
                         double *absorption_per_m) {
    const double energy_kev = 1e-3 * PLANCK_LIGHT_EV_A / (wavelength_m * 1e10);
    const double density = isnan(density_kg_per_m3) ? known_density(material) : density_kg_per_m3;
    const double mass_cm2_per_g = CS_Total_CP(material, energy_kev, NULL);
    if (!(mass_cm2_per_g > 0.0))
        return status_error(STATUS_BAD_PARAMETER,
                            "detector.sensor_material \"%.100s\" is no element, formula or NIST compound with known "
                            "absorption at %.6g keV; give detector.sensor_attenuation",
                            material, energy_kev);
    if (isnan(density))
        return status_error(STATUS_BAD_PARAMETER,
                            "the density of detector.sensor_material \"%.100s\" is not known; give "
                            "detector.sensor_density in g/cm3",
                            material);
    *absorption_per_m = mass_cm2_per_g * 0.1 * density; /* cm2/g = 0.1 m2/kg */
    return status_ok();
}

static const char *material_of(const Parameters *p, const Detector *detector) {
    return *p->detector_sensor_material != '\0' ? p->detector_sensor_material : detector->file_material;
}

/* Absorption of each source by the material at its wavelength.
 * @param mean  by weight
 * @return whether they differ */
static Status set_by_material(const Parameters *p, const char *material, Beam *beam, double *mean, bool *differ) {
    *mean = 0.0;
    *differ = false;
    for (int64_t i = 0; i < beam->source_count; i++) {
        Source *source = &beam->sources[i];
        if (i > 0 && source->wavelength_m == beam->sources[i - 1].wavelength_m)
            source->absorption_per_m = beam->sources[i - 1].absorption_per_m;
        else
            TRY(sensor_absorption(material, p->detector_sensor_density_kg_per_m3, source->wavelength_m,
                                  &source->absorption_per_m));
        *mean += source->weight * source->absorption_per_m;
        *differ = *differ || source->absorption_per_m != beam->sources[0].absorption_per_m;
    }
    if (!*differ) *mean = beam->sources[0].absorption_per_m;
    return status_ok();
}

static const char *const nexus_names[] = {
    [NEXUS_SILICON] = "Si", [NEXUS_CADMIUM_TELLURIDE] = "CdTe", [NEXUS_GALLIUM_ARSENIDE] = "GaAs"};
enum { NEXUS_MATERIALS = sizeof nexus_names / sizeof *nexus_names };

const char *sensor_nexus_name(NexusMaterial material) {
    return nexus_names[material];
}

/* The material for the file. Readers know three and correct parallax by their own absorption of it; for any other
 * sensor the one that absorbs most alike stands in. */
static void choose_nexus_material(const char *given, double absorption_per_m, double wavelength_m, Detector *detector,
                                  Notes *notes) {
    const char *material = strcmp(given, "Silicon") == 0 ? "Si" : given;
    double least = INFINITY;
    detector->nexus_stand_in = false;
    for (int i = 0; i < NEXUS_MATERIALS; i++) {
        double per_m = 0.0;
        if (strcmp(material, nexus_names[i]) == 0) {
            detector->nexus_material = (NexusMaterial)i;
            detector->nexus_stand_in = false;
            return;
        }
        if (!status_is_ok(sensor_absorption(nexus_names[i], NAN, wavelength_m, &per_m))) continue;
        const double difference = fabs(log(per_m / absorption_per_m));
        if (difference >= least) continue;
        least = difference;
        detector->nexus_material = (NexusMaterial)i;
        detector->nexus_stand_in = true;
    }
    notes_add(notes, "the NeXus file names the sensor's material %s, which absorbs most like the true one (%.60s)",
              nexus_names[detector->nexus_material],
              *material != '\0' ? material : "given by its attenuation depth alone");
}

static double given_or(double given, double otherwise) {
    return isnan(given) ? otherwise : given;
}

/* Thickness and attenuation depth of a panel, both 0 where they are ignored. */
static void thickness_of(const Parameters *p, const Sensor *sensor, double *thickness_m, double *attenuation_m) {
    const double stated_m = given_or(sensor->stated_thickness_m, 0.0);
    const double thickness = given_or(p->detector_sensor_thickness_m, stated_m);
    const double stated_attenuation_m = given_or(1.0 / sensor->stated_absorption_per_m, thickness);
    const double attenuation = given_or(p->detector_sensor_attenuation_m, stated_attenuation_m);
    const bool ignored = thickness == 0.0 || attenuation == 0.0 || isinf(attenuation);
    *thickness_m = ignored ? 0.0 : thickness;
    *attenuation_m = ignored ? 0.0 : attenuation;
}

Status sensor_create(const Parameters *p, Detector *detector, Beam *beam, Notes *notes) {
    const int64_t layers = p->detector_sensor_layers == PARAMETER_AUTO ? 2 : p->detector_sensor_layers;
    const char *material = material_of(p, detector);
    const Sensor *thick = NULL;
    double mean = 0.0;
    bool differ = false, known = false;
    detector->nexus_material = NEXUS_SILICON;
    detector->nexus_stand_in = false;
    for (int i = 0; i < detector->panel_count; i++) {
        Sensor *sensor = &detector->panels[i].sensor;
        double attenuation_m = 0.0;
        const bool by_material = *material != '\0' && isnan(p->detector_sensor_attenuation_m) &&
                                 (isnan(sensor->stated_absorption_per_m) || *p->detector_sensor_material != '\0');
        thickness_of(p, sensor, &sensor->thickness_m, &attenuation_m);
        sensor->layers = sensor->thickness_m > 0.0 ? (int)layers : 1;
        sensor->absorption_per_m = 0.0;
        sensor->by_wavelength = false;
        if (!(sensor->thickness_m > 0.0)) continue;
        if (by_material && !known) TRY(set_by_material(p, material, beam, &mean, &differ));
        known = known || by_material;
        sensor->absorption_per_m = by_material ? mean : 1.0 / attenuation_m;
        sensor->by_wavelength = by_material && differ;
        if (thick == NULL) thick = sensor;
    }
    detector->common_layers = detector->panels[0].sensor.layers;
    for (int i = 1; i < detector->panel_count; i++)
        if (detector->panels[i].sensor.layers != detector->common_layers) detector->common_layers = 0;
    if (thick != NULL) choose_nexus_material(material, thick->absorption_per_m, beam->wavelength_m, detector, notes);
    return status_ok();
}

double sensor_depth(const Sensor *sensor, int layer) {
    const double layer_m = sensor_layer(sensor);
    if (sensor->depth_law == DEPTH_FRONT || !(layer_m > 0.0)) return layer_m * layer;
    /* mean of z exp(-mu z) over 0..t: 1/mu - t / (exp(mu t) - 1), and t/2 for a thin layer */
    const double mu = sensor->absorption_per_m, path = mu * layer_m;
    const double within = path < 1e-4 ? layer_m * (0.5 - path / 12.0) : 1.0 / mu - layer_m / expm1(path);
    return layer_m * layer + within;
}
