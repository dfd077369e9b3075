#include "image_header.h"

#include "detector.h"
#include "smv.h"

#include <math.h>
#include <stdio.h>

/* A key of the header, and the value that it is a default of. Header and table use the same units: mm, A, degrees. */
typedef struct HeaderKey {
    const char *key;
    int index;      /* row */
    int component;  /* value of a list; -1 for a row of one value */
    int instead[2]; /* rows that say the same otherwise: when one was given, the key is not used; -1: none */
} HeaderKey;

static const HeaderKey keys[] = {
    {"SIZE1", PARAMETER(detector, fast_pixels), -1, {PARAMETER(detector, size), -1}},
    {"SIZE2", PARAMETER(detector, slow_pixels), -1, {PARAMETER(detector, size), -1}},
    {"PIXEL_SIZE", PARAMETER(detector, pixel_size), -1, {-1, -1}},
    {"WAVELENGTH", PARAMETER(beam, wavelength), -1, {PARAMETER(beam, energy), -1}},
    {"BEAM_CENTER_X",
     PARAMETER(detector, beam_centre),
     0,
     {PARAMETER(detector, origin), PARAMETER(detector, closest_point)}},
    {"BEAM_CENTER_Y",
     PARAMETER(detector, beam_centre),
     1,
     {PARAMETER(detector, origin), PARAMETER(detector, closest_point)}},
    {"ORGX", PARAMETER(detector, origin), 0, {PARAMETER(detector, closest_point), PARAMETER(detector, beam_centre)}},
    {"ORGY", PARAMETER(detector, origin), 1, {PARAMETER(detector, closest_point), PARAMETER(detector, beam_centre)}},
    {"PHI", PARAMETER(sampling, phi_start), -1, {-1, -1}},
    {"OSC_RANGE", PARAMETER(sampling, phi_range), -1, {-1, -1}},
    {"TWOTHETA", PARAMETER(detector, twotheta), -1, {-1, -1}},
};
static const HeaderKey distance_key = {
    "DISTANCE", PARAMETER(detector, distance), -1, {PARAMETER(detector, close_distance), -1}};
static const HeaderKey close_distance_key = {
    "CLOSE_DISTANCE", PARAMETER(detector, close_distance), -1, {PARAMETER(detector, distance), -1}};

/* One file. */
typedef struct Import {
    const SmvImage *image;
    Parameters *parameters;
    bool given[PARAMETER_COUNT]; /* before this file was opened */
    int taken;
} Import;

/* What was given before stands, value by value in a list. */
static bool is_free(const Import *import, const HeaderKey *key) {
    double values[PARAMETER_VALUES_MOST];
    for (int i = 0; i < 2; i++)
        if (key->instead[i] >= 0 && import->given[key->instead[i]]) return false;
    if (!import->given[key->index]) return true;
    (void)parameters_values(import->parameters, key->index, values);
    return key->component >= 0 && isnan(values[key->component]);
}

/* Takes one key, if the header has it and nothing stands against it. */
static Status take(Import *import, const HeaderKey *key) {
    double number = 0.0;
    char text[PARAMETER_TEXT_BYTES], origin[PARAMETER_ORIGIN_BYTES];
    if (!is_free(import, key)) return status_ok();
    TRY(smv_number(import->image, key->key, &number));
    if (isnan(number)) return status_ok();
    TRY(smv_text(import->image, key->key, text, sizeof text));
    (void)snprintf(origin, sizeof origin, "%.200s, %s", import->image->path, key->key);
    import->taken++;
    if (key->component < 0)
        return parameters_set(import->parameters, parameters_row(key->index)->public_name, text, origin);
    return parameters_set_component(import->parameters, key->index, key->component, text, origin);
}

/* Of two distances the one counts that the detector's rotations keep. Called when all else is known. */
static Status take_distance(Import *import) {
    double along_beam = 0.0, closest = 0.0;
    TRY(smv_number(import->image, distance_key.key, &along_beam));
    TRY(smv_number(import->image, close_distance_key.key, &closest));
    const bool both = !isnan(along_beam) && !isnan(closest);
    const bool use_closest = both ? detector_pivot(import->parameters) == PIVOT_SAMPLE : !isnan(closest);
    return take(import, use_closest ? &close_distance_key : &distance_key);
}

static Status take_all(const SmvImage *image, Parameters *parameters, Notes *notes) {
    Import import = {.image = image, .parameters = parameters};
    for (int i = 0; i < PARAMETER_COUNT; i++) import.given[i] = parameters_is_given(parameters, i);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) TRY(take(&import, &keys[i]));
    TRY(take_distance(&import));
    notes_add(notes, "%.200s: %d values taken from its header", image->path, import.taken);
    return status_ok();
}

static Status import_file(const char *path, int row, Parameters *parameters, Notes *notes) {
    SmvImage image;
    if (*path == '\0') return status_ok();
    TRY(smv_read_input(parameters, row, false, &image));
    const Status status = take_all(&image, parameters, notes);
    smv_free(&image);
    return status;
}

Status image_header_import(Parameters *parameters, Notes *notes) {
    TRY(import_file(parameters->detector_header_file, PARAMETER(detector, header), parameters, notes));
    return import_file(parameters->detector_mask_file, PARAMETER(detector, mask), parameters, notes);
}
