#include "formats/image_header.h"

#include "formats/mask_image.h"
#include "formats/smv.h"
#include "model/detector.h"
#include "parameters/parameter_rivals.h"

#include <math.h>
#include <stdio.h>

/* A key of the header, and the value that it is a default of. Header and table use the same units: mm, A, degrees. */
typedef struct HeaderKey {
    const char *key;
    int index;     /* row */
    int component; /* value of a list; -1 for a row of one value */
} HeaderKey;

static const HeaderKey keys[] = {
    {"SIZE1", PARAMETER(detector, fast_pixels), -1},     {"SIZE2", PARAMETER(detector, slow_pixels), -1},
    {"PIXEL_SIZE", PARAMETER(detector, pixel_size), -1}, {"WAVELENGTH", PARAMETER(beam, wavelength), -1},
    {"PHI", PARAMETER(sampling, phi_start), -1},         {"OSC_RANGE", PARAMETER(sampling, phi_range), -1},
    {"TWOTHETA", PARAMETER(detector, twotheta), -1},
};
static const HeaderKey centre_keys[] = {{"BEAM_CENTER_X", PARAMETER(detector, beam_centre), 0},
                                        {"BEAM_CENTER_Y", PARAMETER(detector, beam_centre), 1}};
static const HeaderKey origin_keys[] = {{"ORGX", PARAMETER(detector, origin), 0},
                                        {"ORGY", PARAMETER(detector, origin), 1}};
static const HeaderKey distance_key = {"DISTANCE", PARAMETER(detector, distance), -1};
static const HeaderKey close_distance_key = {"CLOSE_DISTANCE", PARAMETER(detector, close_distance), -1};

/* One file. */
typedef struct Import {
    const SmvImage *image;
    Parameters *parameters;
    bool given[PARAMETER_COUNT], has_value[PARAMETER_COUNT]; /* before this file was opened */
    int taken;
} Import;

/* Whether a row that says the same was given before, or varies in the sweep. */
static bool has_rival(const Import *import, int row) {
    const Rivals *rivals = NULL;
    for (int i = 0; (rivals = parameter_rivals(i)) != NULL; i++) {
        const int other = rivals->row[0] == row ? rivals->row[1] : rivals->row[1] == row ? rivals->row[0] : -1;
        if (other < 0) continue;
        if (sweep_text_names(import->parameters, other)) return true;
        if (rivals->scope == RIVALS_ANYWHERE && import->has_value[other]) return true;
    }
    return false;
}

/* What was given before stands, value by value in a list. */
static bool is_free(const Import *import, const HeaderKey *key) {
    double values[PARAMETER_VALUES_MOST];
    if (has_rival(import, key->index)) return false;
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

static Status has_key(const Import *import, const HeaderKey *key, bool *has) {
    double number = 0.0;
    TRY(smv_number(import->image, key->key, &number));
    *has = !isnan(number) && is_free(import, key);
    return status_ok();
}

/* Of beam centre and origin the one counts that the detector's rotations keep; nanoBragg takes both. */
static Status take_centre(Import *import) {
    bool has_centre = false, has_origin = false;
    TRY(has_key(import, &centre_keys[0], &has_centre));
    TRY(has_key(import, &origin_keys[0], &has_origin));
    const bool one = has_centre && has_origin && !import->parameters->of_nanobragg;
    const bool use_origin = one && detector_pivot(import->parameters) == PIVOT_SAMPLE;
    for (int i = 0; i < 2; i++) {
        if (!one || !use_origin) TRY(take(import, &centre_keys[i]));
        if (!one || use_origin) TRY(take(import, &origin_keys[i]));
    }
    return status_ok();
}

static Status take_all(const SmvImage *image, Parameters *parameters, Notes *notes) {
    Import import = {.image = image, .parameters = parameters};
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        import.given[i] = parameters_is_given(parameters, i);
        import.has_value[i] = parameter_has_value(parameters, i);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) TRY(take(&import, &keys[i]));
    TRY(take_centre(&import));
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
    MaskForm form = MASK_SMV;
    if (*parameters->detector_mask_file != '\0') TRY(mask_image_form(parameters, &form));
    if (form != MASK_SMV) return status_ok(); /* other forms do not say what it takes */
    return import_file(parameters->detector_mask_file, PARAMETER(detector, mask), parameters, notes);
}
