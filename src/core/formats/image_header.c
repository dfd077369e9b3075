#include "formats/image_header.h"

#include "formats/mask_image.h"
#include "formats/smv.h"
#include "model/detector.h"
#include "model/parameter_rivals.h"

#include <math.h>
#include <stdio.h>

/* A key of the header, and the value that it is a default of. Header and table use the same units: mm, A, degrees. */
typedef struct HeaderKey {
    char key[32];
    int index;     /* row */
    int component; /* value of a list; -1 for a row of one value */
} HeaderKey;

/* The key of one value of a row, as its column HEADER says. */
static HeaderKey key_of(int index, int component) {
    const ParameterRow *row = parameters_row(index);
    HeaderKey key = {.index = index, .component = row->count > 1 ? component : -1};
    const char *word = row->header;
    for (int i = 0; i < component; i++) word += parameters_word_length(word) + 1;
    (void)snprintf(key.key, sizeof key.key, "%.*s", (int)parameters_word_length(word), word);
    return key;
}

/* One file. */
typedef struct Import {
    const SmvImage *image;
    Parameters *parameters;
    bool given[PARAMETER_COUNT], has_value[PARAMETER_COUNT]; /* before this file was opened */
    int taken;
} Import;

/* Whether a row that says the same was given before, or varies in the sweep. */
static bool has_rival(const Import *import, int row) {
    Rivals rivals = {.place = 0};
    while (parameter_rivals_next(&rivals)) {
        const int other = rivals.row[0] == row ? rivals.row[1] : rivals.row[1] == row ? rivals.row[0] : -1;
        if (other < 0) continue;
        if (sweep_text_names(import->parameters, other)) return true;
        if (!rivals.how.only_in_sweep && import->has_value[other]) return true;
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

static Status has_key(const Import *import, const HeaderKey *key, bool *has) {
    double number = 0.0;
    TRY(smv_number(import->image, key->key, &number));
    *has = !isnan(number);
    return status_ok();
}

/* Of two distances the one counts that the detector's rotations keep. Called when all else is known. */
static Status take_distance(Import *import) {
    const HeaderKey distance = key_of(PARAMETER(detector, distance), 0);
    const HeaderKey close_distance = key_of(PARAMETER(detector, close_distance), 0);
    bool has_distance = false, has_closest = false;
    TRY(has_key(import, &distance, &has_distance));
    TRY(has_key(import, &close_distance, &has_closest));
    const bool use_closest =
        has_distance && has_closest ? detector_pivot(import->parameters) == PIVOT_SAMPLE : has_closest;
    return take(import, use_closest ? &close_distance : &distance);
}

/* Of beam centre and origin the one counts that the detector's rotations keep; nanoBragg takes both. */
static Status take_centre(Import *import) {
    bool has_centre = false, has_origin = false;
    const HeaderKey first_of_centre = key_of(PARAMETER(detector, beam_centre), 0);
    const HeaderKey first_of_origin = key_of(PARAMETER(detector, origin), 0);
    TRY(has_key(import, &first_of_centre, &has_centre));
    TRY(has_key(import, &first_of_origin, &has_origin));
    const bool both =
        has_centre && has_origin && is_free(import, &first_of_centre) && is_free(import, &first_of_origin);
    const bool one = both && !import->parameters->of_nanobragg;
    const bool use_origin = one && detector_pivot(import->parameters) == PIVOT_SAMPLE;
    for (int i = 0; i < 2; i++) {
        const HeaderKey centre = key_of(PARAMETER(detector, beam_centre), i),
                        origin = key_of(PARAMETER(detector, origin), i);
        if (!one || !use_origin) TRY(take(import, &centre));
        if (!one || use_origin) TRY(take(import, &origin));
    }
    return status_ok();
}

static Status take_all(const SmvImage *image, Parameters *parameters, Notes *notes) {
    Import import = {.image = image, .parameters = parameters};
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        import.given[i] = parameters_is_given(parameters, i);
        import.has_value[i] = parameter_has_value(parameters, i);
    }
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        if (parameters_row(i)->header == NULL || parameters_row(i)->header_of_two) continue;
        const HeaderKey key = key_of(i, 0);
        TRY(take(&import, &key));
    }
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
