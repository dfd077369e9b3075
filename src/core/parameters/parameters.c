#include "parameters/parameters.h"

#include "base/text.h"
#include "base/units.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What programs without a row chose matters where something is chosen, or clipped. */
static bool samples_automatically(const Parameters *p) {
    const bool turns = p->sweep_kind == SWEEP_ROTATION || fabs(p->sampling_phi_range_rad) > 0.0;
    return p->sampling_oversample == PARAMETER_AUTO || (turns && p->sampling_phi_steps == PARAMETER_AUTO);
}

static bool has_background(const Parameters *p) {
    return p->background_size_m[0] > 0.0;
}

/* The columns that a row may have. */
#define ENTERS(parts) .enters = (parts)
#define VARIES .varies = true
#define NEEDS(name) .need = NEED_##name
#define ASKS_NOTHING_AT(value) .has_nothing = true, .nothing = (double)(value)
#define PLAUSIBLE(...) .plausible = {__VA_ARGS__}
#define HEADER(keys) .header = (keys)
#define HEADER_OF_TWO(keys) .header = (keys), .header_of_two = true
#define SHORT(forms) .short_forms = (forms)
#define ONLY_IN(kind) .only_in = (kind)
#define HOLDS_VALUES .holds_values = true
#define ORIENTS .orients = true
#define WRITES(form) .writes = FILE_##form
#define KEPT_IN_RUN_FILE .kept_in_run_file = true
#define OLD_NAMES(names) .old_names = (names)
#define ALSO_CALLED(words) .also_called = (words)
#define OLD_WORDS(words) .old_words = (words)
#define BELOW(text) .below = (text)
#define NANOBRAGG_DIFFERS(name) .nanobragg_differs = NEED_##name
#define BEFORE(text, matters) .before = (text), .before_matters = (matters)
#define RIVALS(...)                                                                                                    \
    .rivals = (const Rival[RIVALS_MOST + 1]) {                                                                         \
        __VA_ARGS__                                                                                                    \
    }
#define RIVAL(sect, nam, says, ...)                                                                                    \
    { .row = PARAMETER(sect, nam), .what = (says), __VA_ARGS__ }
#define YIELDS_TO(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_SECOND)
#define YIELDS_TO_WHOLE(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_SECOND, .whole = true)
#define YIELDS_TO_IN_SWEEP(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_SECOND, .only_in_sweep = true)
#define REPLACES(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_FAULT)
#define OR_LATER(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_LATER)
#define BY_PIVOT(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_BY_PIVOT)
#define BY_PIXELS(sect, nam, says) RIVAL(sect, nam, says, .nanobragg = RIVAL_BY_PIXELS)
#define TOGETHER_BESIDE(sect, nam, third, says)                                                                        \
    RIVAL(sect, nam, says, .nanobragg = RIVAL_TOGETHER, .beside = PARAMETER(sect, third))

#define ROW(sect, nam, typ, cnt, lst, un, def, lo, hi, ch, anc, ancdef, hlp, fld, ...)                                 \
    {.section = #sect,                                                                                                 \
     .name = #nam,                                                                                                     \
     .public_name = #sect "." #nam,                                                                                    \
     .type = (typ),                                                                                                    \
     .count = (cnt),                                                                                                   \
     .least_count = (lst),                                                                                             \
     .unit = (un),                                                                                                     \
     .default_text = (def),                                                                                            \
     .least = (lo),                                                                                                    \
     .greatest = (hi),                                                                                                 \
     .choices = (ch),                                                                                                  \
     .nanobragg = (anc),                                                                                               \
     .nanobragg_default = (ancdef),                                                                                    \
     .help = (hlp),                                                                                                    \
     .offset = offsetof(Parameters, fld),                                                                              \
     __VA_ARGS__},
#define PARAMETER_REAL(s, n, field, unit, def, lo, hi, anc, ancdef, help, ...)                                         \
    ROW(s, n, PARAMETER_TYPE_REAL, 1, 1, unit, def, lo, hi, "", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_REALS(s, n, field, count, least, unit, def, lo, hi, anc, ancdef, help, ...)                          \
    ROW(s, n, PARAMETER_TYPE_REAL, count, least, unit, def, lo, hi, "", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_INTEGER(s, n, field, def, lo, hi, anc, ancdef, help, ...)                                            \
    ROW(s, n, PARAMETER_TYPE_INTEGER, 1, 1, "", def, lo, hi, "", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_INTEGERS(s, n, field, count, least, def, lo, hi, anc, ancdef, help, ...)                             \
    ROW(s, n, PARAMETER_TYPE_INTEGER, count, least, "", def, lo, hi, "", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_BOOLEAN(s, n, field, def, anc, ancdef, help, ...)                                                    \
    ROW(s, n, PARAMETER_TYPE_BOOLEAN, 1, 1, "", def, 0, 1, "true false", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_CHOICE(s, n, field, choices, def, anc, ancdef, help, ...)                                            \
    ROW(s, n, PARAMETER_TYPE_CHOICE, 1, 1, "", def, 0, 0, choices, anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_TEXT(s, n, field, def, anc, ancdef, help, ...)                                                       \
    ROW(s, n, PARAMETER_TYPE_TEXT, 1, 1, "", def, 0, 0, "", anc, ancdef, help, s##_##field, __VA_ARGS__)
#define PARAMETER_FILE(s, n, field, def, anc, ancdef, help, ...)                                                       \
    ROW(s, n, PARAMETER_TYPE_FILE, 1, 1, "", def, 0, 0, "", anc, ancdef, help, s##_##field, __VA_ARGS__)

/* The words of crystal.shape, each after a blank. */
static const char shape_words[] =
#define SHAPE_OF_AXES(NAME, name) " " #name
#define SHAPE_OF_FORM(NAME, name, ...) " " #name
#include "parameters/shapes.def"
    ;

static const ParameterRow rows[PARAMETER_COUNT] = {
#include "parameters/parameters.def"
};
#undef PARAMETER_REAL
#undef PARAMETER_REALS
#undef PARAMETER_INTEGER
#undef PARAMETER_INTEGERS
#undef PARAMETER_BOOLEAN
#undef PARAMETER_CHOICE
#undef PARAMETER_TEXT
#undef PARAMETER_FILE

/* The unit of one value of a row: its own in a list with commas, else the only one. */
static const Unit *unit_of_row(const ParameterRow *row, int component) {
    const char *name = row->unit;
    for (int skipped = 0; skipped < component && strchr(name, ',') != NULL; skipped++) name = strchr(name, ',') + 1;
    const Unit *unit = unit_find(name, strcspn(name, ","));
    assert(unit != NULL); /* each unit of parameters.def is in the table */
    return unit;
}

const char *parameters_si_unit(const ParameterRow *row, int component) {
    return unit_of_row(row, component)->si_unit;
}

double parameters_si_factor(const ParameterRow *row, int component) {
    return unit_of_row(row, component < 0 ? 0 : component)->si;
}

size_t parameters_word_length(const char *word) {
    return strcspn(word, " ");
}

const ParameterRow *parameters_row(int index) {
    return &rows[index];
}

/* The next of the words with blanks between. */
static const char *next_word(const char *word) {
    word += parameters_word_length(word);
    return word + strspn(word, " ");
}

bool parameters_name(int index, int which, char *name) {
    const ParameterRow *row = &rows[index];
    const char *word = which == 0 ? row->name : row->old_names != NULL ? row->old_names : "";
    for (int i = 1; i < which && *word != '\0'; i++) word = next_word(word);
    (void)snprintf(name, PARAMETER_NAME_BYTES, "%s.%.*s", row->section, (int)parameters_word_length(word), word);
    return *word != '\0';
}

int parameters_find(const char *public_name) {
    char name[PARAMETER_NAME_BYTES];
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (strcmp(rows[i].public_name, public_name) == 0) return i;
    for (int i = 0; i < PARAMETER_COUNT; i++)
        for (int which = 1; parameters_name(i, which, name); which++)
            if (strcmp(name, public_name) == 0) return i;
    return -1;
}

/* A row as the user calls it, for messages. */
static ParameterRow row_called(int index, const char *name) {
    ParameterRow row = rows[index];
    row.public_name = name;
    return row;
}

/* Whether a row is called so here, or elsewhere. */
static bool is_called(const ParameterRow *row, const char *bare) {
    if (strcmp(row->name, bare) == 0) return true;
    for (const char *word = row->also_called; word != NULL && *word != '\0'; word = next_word(word))
        if (strlen(bare) == parameters_word_length(word) && strncmp(word, bare, strlen(bare)) == 0) return true;
    return false;
}

/* The row that others call so, in the section that was named if there is one, else in any. */
static const ParameterRow *row_called_elsewhere(const char *public_name) {
    const char *dot = strchr(public_name, '.'), *bare = dot != NULL ? dot + 1 : public_name;
    const size_t section = dot != NULL ? (size_t)(dot - public_name) : 0;
    const ParameterRow *found = NULL;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const bool is_here = section == strlen(rows[i].section) && strncmp(rows[i].section, public_name, section) == 0;
        if (!is_called(&rows[i], bare)) continue;
        if (is_here) return &rows[i];
        if (found == NULL) found = &rows[i];
    }
    return found;
}

const char *parameters_nearest(const char *public_name) {
    TextNearest nearest = text_nearest_to(public_name);
    const bool has_section = strchr(public_name, '.') != NULL;
    const ParameterRow *called = row_called_elsewhere(public_name);
    const char *found = NULL;
    if (called != NULL) return called->public_name;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const int before = nearest.distance;
        char old[PARAMETER_NAME_BYTES];
        text_nearest_try(&nearest, has_section ? rows[i].public_name : rows[i].name);
        for (int which = 1; parameters_name(i, which, old); which++)
            text_nearest_try(&nearest, has_section ? old : strchr(old, '.') + 1);
        if (nearest.distance < before) found = rows[i].public_name;
    }
    return text_nearest_is_near(&nearest) ? found : NULL;
}

void parameters_section_remedy(const char *section, char *remedy) {
    TextNearest nearest = text_nearest_to(section);
    const char *parameter = parameters_nearest(section);
    for (int i = 0; i < PARAMETER_COUNT; i++) text_nearest_try(&nearest, rows[i].section);
    text_nearest_remedy(&nearest, "tessera simulate --help lists them", remedy);
    if (parameter != NULL && strchr(section, '.') == NULL && is_called(&rows[parameters_find(parameter)], section))
        (void)snprintf(remedy, TEXT_REMEDY_BYTES,
                       "; did you mean \"%s\"? In a run file it stands below \"%s:\", indented by blanks", parameter,
                       rows[parameters_find(parameter)].section);
    else if (!text_nearest_is_near(&nearest) && parameter != NULL)
        (void)snprintf(remedy, TEXT_REMEDY_BYTES, "; did you mean \"%s\"?", parameter);
}

bool parameters_is_given(const Parameters *parameters, int index) {
    return parameters->state[index].given;
}

bool parameters_is_default(const Parameters *parameters, int index) {
    const ParameterState *state = &parameters->state[index];
    return !state->given || strcmp(state->text, parameters_row(index)->default_text) == 0;
}

bool parameters_row_decides_image(const ParameterRow *row) {
    return (row->enters & ~(unsigned)(PART_OUTPUT | PART_RUN)) != 0;
}

static void *field_of(Parameters *parameters, const ParameterRow *row) {
    return (char *)parameters + row->offset;
}

static Status bad_value(const ParameterRow *row, const char *text, const char *origin, const char *remedy) {
    return status_error(STATUS_BAD_PARAMETER, "%s: %s is \"%.200s\"; it must be %s", origin, row->public_name, text,
                        remedy);
}

static Status bad_range(const ParameterRow *row, const char *text, const char *origin, const char *unit) {
    char remedy[160];
    (void)snprintf(remedy, sizeof remedy, "from %.12g to %.12g%s%s", row->least, row->greatest, *unit ? " " : "", unit);
    return bad_value(row, text, origin, remedy);
}

/* One number of a row from [text, text + length). */
static Status read_number(const ParameterRow *row, int component, const char *text, size_t length, const char *origin,
                          double *si_value) {
    char number[128];
    const Unit *unit = unit_of_row(row, component);
    char remedy[128];
    (void)snprintf(remedy, sizeof remedy, "a number%s%s%s", *unit->name ? " in " : "", unit->name,
                   strcmp(row->default_text, "auto") == 0 ? ", or auto" : "");
    if (length == 0 || length >= sizeof number) return bad_value(row, text, origin, remedy);
    memcpy(number, text, length);
    number[length] = '\0';
    if (strcmp(number, "auto") == 0 && strncmp(row->default_text, "auto", 4) == 0) {
        *si_value = NAN;
        return status_ok();
    }
    double value = 0.0;
    const char *rest = number;
    if (!text_read_real(number, &value, &rest)) return bad_value(row, number, origin, remedy);
    while (*rest == ' ') rest++;
    const Unit *given = *rest == '\0' ? unit : unit_find(rest, strlen(rest));
    if (given == NULL || strcmp(given->quantity, unit->quantity) != 0) {
        (void)snprintf(remedy, sizeof remedy, "a number%s%s; \"%.40s\" is no unit of %s", *unit->name ? " in " : "",
                       unit->name, rest, unit->quantity);
        return bad_value(row, number, origin, remedy);
    }
    const double in_user_unit = given == unit ? value : value * given->si / unit->si;
    if (!(in_user_unit >= row->least && in_user_unit <= row->greatest))
        return bad_range(row, number, origin, unit->name);
    *si_value = value * given->si;
    return status_ok();
}

static Status read_integer(const ParameterRow *row, const char *text, size_t length, const char *origin,
                           int64_t *value) {
    char number[64];
    if (length == 0 || length >= sizeof number) return bad_value(row, text, origin, "a whole number");
    memcpy(number, text, length);
    number[length] = '\0';
    if (strcmp(number, "auto") == 0 && strncmp(row->default_text, "auto", 4) == 0) {
        *value = PARAMETER_AUTO;
        return status_ok();
    }
    const char *rest = number;
    if (!text_read_integer(number, value, &rest) || *rest != '\0')
        return bad_value(row, number, origin, "a whole number");
    if (!((double)*value >= row->least && (double)*value <= row->greatest)) return bad_range(row, number, origin, "");
    return status_ok();
}

static Status read_component(Parameters *parameters, const ParameterRow *row, int component, const char *text,
                             size_t length, const char *origin) {
    if (row->type == PARAMETER_TYPE_INTEGER)
        return read_integer(row, text, length, origin, (int64_t *)field_of(parameters, row) + component);
    return read_number(row, component, text, length, origin, (double *)field_of(parameters, row) + component);
}

static size_t part_length(const char *text) {
    return strcspn(text, ",");
}

/* One value of a list, without the blanks around it. */
static Status read_part(Parameters *parameters, const ParameterRow *row, int component, const char *part,
                        const char *origin) {
    size_t length = part_length(part);
    for (; *part == ' '; length--) part++;
    while (length > 0 && part[length - 1] == ' ') length--;
    return read_component(parameters, row, component, part, length, origin);
}

/* "1,0", where a decimal point is meant. */
static bool is_decimal_comma(const char *text) {
    const size_t whole = strspn(text, "+-0123456789");
    return whole > 0 && text[whole] == ',' && text[whole + 1 + strspn(text + whole + 1, "0123456789")] == '\0';
}

static Status bad_list(const ParameterRow *row, const char *text, const char *origin) {
    char remedy[160];
    const bool one_is_enough = row->least_count == 1;
    if (row->count == 1 && is_decimal_comma(text))
        (void)snprintf(remedy, sizeof remedy, "one number; the decimal sign is a point: %.*s.%.40s",
                       (int)part_length(text), text, text + part_length(text) + 1);
    else if (row->count == 1)
        (void)snprintf(remedy, sizeof remedy, "one number");
    else
        (void)snprintf(remedy, sizeof remedy, "%d numbers separated by commas%s", row->count,
                       one_is_enough ? ", or one for all" : "");
    return bad_value(row, text, origin, remedy);
}

/* Numbers, but with something else between them than commas. */
static bool has_other_separators(const ParameterRow *row, const char *text) {
    const size_t first = strspn(text, "+-.0123456789"), between = strspn(text + first, " ;x/:");
    return row->count > 1 && first > 0 && between > 0 && strchr("+-.0123456789", text[first + between]) != NULL &&
           text[first + between] != '\0';
}

static Status read_list(Parameters *parameters, const ParameterRow *row, const char *text, const char *origin) {
    int parts = 1;
    for (const char *c = text; *c != '\0'; c++) parts += *c == ',';
    const bool mixed_units = strchr(row->unit, ',') != NULL; /* a cell's first value does not stand for its angles */
    const bool may_miss = mixed_units || strncmp(row->default_text, "auto", 4) == 0;
    const bool one_for_all = parts == 1 && (row->least_count == 1 || strcmp(text, "auto") == 0);
    const bool too_few = parts < row->least_count || (parts < row->count && !may_miss);
    if (parts > row->count || (too_few && !one_for_all) || has_other_separators(row, text))
        return bad_list(row, text, origin);
    const char *part = text;
    for (int i = 0; i < row->count; i++) {
        if (i < parts || (one_for_all && !mixed_units)) {
            TRY(read_part(parameters, row, i, part, origin));
            if (i + 1 < parts) part += part_length(part) + 1;
        } else {
            TRY(read_component(parameters, row, i, "auto", 4, origin));
        }
    }
    return status_ok();
}

static int place_of_word(const ParameterRow *row, const char *text, size_t length) {
    int place = 0;
    for (const char *word = row->choices; *word != '\0'; word = next_word(word), place++)
        if (parameters_word_length(word) == length && strncmp(word, text, length) == 0) return place;
    return -1;
}

/* What a word is called now: itself, or behind the '=' of "old=new". */
static const char *current_word(const ParameterRow *row, const char *text, size_t *length) {
    if (row->old_words == NULL) return text;
    for (const char *pair = row->old_words; *pair != '\0'; pair = next_word(pair)) {
        const size_t old = strcspn(pair, "=");
        if (old != *length || strncmp(pair, text, old) != 0) continue;
        *length = parameters_word_length(pair) - old - 1;
        return pair + old + 1;
    }
    return text;
}

static Status read_word(const ParameterRow *row, const char *text, const char *origin, int *index) {
    size_t length = strlen(text);
    const char *current = current_word(row, text, &length);
    *index = place_of_word(row, current, length);
    if (*index >= 0) return status_ok();
    TextNearest nearest = text_nearest_to(text);
    for (const char *word = row->choices; *word != '\0'; word = next_word(word)) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)parameters_word_length(word), word);
        text_nearest_try(&nearest, name);
    }
    char remedy[256];
    const bool near = text_nearest_is_near(&nearest);
    (void)snprintf(remedy, sizeof remedy, "one of: %s%s%s%s", row->choices, near ? " (did you mean \"" : "",
                   near ? nearest.name : "", near ? "\"?)" : "");
    return bad_value(row, text, origin, remedy);
}

static Status read_value(Parameters *parameters, const ParameterRow *row, const char *text, const char *origin) {
    int index = 0;
    switch (row->type) {
    case PARAMETER_TYPE_REAL:
    case PARAMETER_TYPE_INTEGER:
        return read_list(parameters, row, text, origin);
    case PARAMETER_TYPE_BOOLEAN:
        TRY(read_word(row, text, origin, &index));
        *(bool *)field_of(parameters, row) = index == 0;
        return status_ok();
    case PARAMETER_TYPE_CHOICE:
        TRY(read_word(row, text, origin, &index));
        *(int *)field_of(parameters, row) = index;
        return status_ok();
    case PARAMETER_TYPE_TEXT:
    case PARAMETER_TYPE_FILE:
        if (!text_copy(field_of(parameters, row), PARAMETER_TEXT_BYTES, text))
            return bad_value(row, text, origin, "shorter than 1024 characters");
        return status_ok();
    }
    return status_ok();
}

static void remember(ParameterState *state, bool given, const char *text, const char *origin) {
    state->given = given;
    state->from_run_file = false;
    (void)text_copy(state->text, sizeof state->text, text);
    (void)text_copy(state->origin, sizeof state->origin, origin);
}

static Status unknown_parameter(const char *public_name, const char *origin) {
    const char *nearest = parameters_nearest(public_name);
    return status_error(STATUS_BAD_PARAMETER, "%s: there is no parameter \"%.100s\"%s%s%s", origin, public_name,
                        nearest ? "; did you mean \"" : "; tessera --help lists them", nearest ? nearest : "",
                        nearest ? "\"?" : "");
}

static Status too_long(const ParameterRow *row, size_t length, const char *origin) {
    return status_error(STATUS_BAD_PARAMETER, "%s: %s has %zu characters; the most is %d%s", origin, row->public_name,
                        length, PARAMETER_TEXT_BYTES - 1,
                        row->holds_values
                            ? ". A list of frames has no such limit: write them to a CSV or HDF5 file and name it "
                              "with sweep.kind=list and sweep.file (docs/run-file.md)"
                            : "");
}

/* Names of files and the like are taken as they are. */
static bool is_free_text(int index) {
    return !rows[index].holds_values &&
           (rows[index].type == PARAMETER_TYPE_TEXT || rows[index].type == PARAMETER_TYPE_FILE);
}

static Status check_signs(const char *public_name, const char *text, const char *origin) {
    const char *control = text_find_control(text);
    if (control != NULL) /* it could not be written to a run file, or a header, and read back */
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: character %td of %s is a control character or ends a line; leave it out", origin,
                            control - text + 1, public_name);
    for (const char *c = text; *c != '\0'; c += text_sign_bytes(c))
        if (text_sign_bytes(c) == 0)
            return status_error(STATUS_BAD_PARAMETER,
                                "%s: character %td of %s is no UTF-8, in which the record is written", origin,
                                c - text + 1, public_name);
    return status_ok();
}

static const char as[] = ", as ";

void parameters_called(const Parameters *parameters, int index, char *name) {
    const char *old = strstr(parameters->state[index].origin, as);
    const char *called = old != NULL ? old + strlen(as) : "";
    (void)snprintf(name, PARAMETER_NAME_BYTES, "%.*s", (int)strcspn(called, "="), called);
    if (strchr(name, '.') == NULL) (void)snprintf(name, PARAMETER_NAME_BYTES, "%s", rows[index].public_name);
}

/* One of the names that a row had or has, given by one origin; its others are no second value. */
static Status check_one_name(const Parameters *parameters, int index, const char *public_name, const char *origin) {
    const ParameterState *state = &parameters->state[index];
    const char *old = strstr(state->origin, as);
    char before[PARAMETER_NAME_BYTES];
    const size_t length = old != NULL ? (size_t)(old - state->origin) : strlen(state->origin);
    if (!state->given || strlen(origin) != length || strncmp(origin, state->origin, length) != 0) return status_ok();
    parameters_called(parameters, index, before);
    if (strcmp(before, public_name) == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "%s: %s and %s are two names of one parameter; keep one", origin, before,
                        public_name);
}

/* Words as they are called now; what the user called them stands in the origin. */
static void remember_called(ParameterState *state, int index, const char *public_name, const char *text,
                            const char *origin) {
    const ParameterRow *row = &rows[index];
    char current[PARAMETER_TEXT_BYTES], called[PARAMETER_ORIGIN_BYTES];
    const bool old_name = strcmp(public_name, row->public_name) != 0;
    const bool is_choice = row->type == PARAMETER_TYPE_CHOICE;
    parameters_current_text(index, text, current);
    const bool old_word = is_choice && strcmp(current, text) != 0;
    (void)snprintf(called, sizeof called, "%.180s%s%s%s%.60s", origin, old_name || old_word ? as : "",
                   old_name ? public_name : "", old_name && old_word ? "=" : "", old_word ? text : "");
    remember(state, true, is_choice ? current : text, old_name || old_word ? called : origin);
}

Status parameters_set(Parameters *parameters, const char *public_name, const char *text, const char *origin) {
    const int index = parameters_find(public_name);
    if (index < 0) return unknown_parameter(public_name, origin);
    const ParameterRow called = row_called(index, public_name);
    if (strlen(text) >= PARAMETER_TEXT_BYTES) return too_long(&called, strlen(text), origin);
    TRY(check_one_name(parameters, index, public_name, origin));
    TRY(check_signs(public_name, text, origin));
    char plain[PARAMETER_TEXT_BYTES];
    (void)text_copy(plain, sizeof plain, text);
    if (!is_free_text(index)) text_make_plain(plain);
    TRY(read_value(parameters, &called, plain, origin));
    remember_called(&parameters->state[index], index, public_name, plain, origin);
    return status_ok();
}

Status parameters_set_component(Parameters *parameters, int index, int component, const char *text,
                                const char *origin) {
    const ParameterRow *row = &rows[index];
    char plain[PARAMETER_TEXT_BYTES];
    (void)text_copy(plain, sizeof plain, text);
    text_make_plain(plain);
    TRY(read_component(parameters, row, component, plain, strlen(plain), origin));
    /* the record of the list: the new part among the old ones, a single word standing for all */
    char whole[PARAMETER_TEXT_BYTES] = "";
    const char *old = parameters->state[index].text;
    const bool old_is_list = strchr(old, ',') != NULL;
    for (int i = 0; i < row->count; i++) {
        const size_t used = strlen(whole);
        const char *part = i == component ? plain : old;
        (void)snprintf(whole + used, sizeof whole - used, "%s%.*s", i > 0 ? "," : "", (int)part_length(part), part);
        if (old_is_list && old[part_length(old)] == ',') old += part_length(old) + 1;
    }
    remember(&parameters->state[index], true, whole, origin);
    return status_ok();
}

static Status set_default(Parameters *parameters, int index, const char *text, const char *origin) {
    TRY(read_value(parameters, &rows[index], text, origin));
    remember(&parameters->state[index], false, text, origin);
    return status_ok();
}

Status parameters_create(Parameters **parameters) {
    Parameters *created = calloc(1, sizeof *created);
    if (created == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the parameters");
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const Status status = set_default(created, i, rows[i].default_text, "default");
        if (!status_is_ok(status)) {
            parameters_destroy(&created);
            return status;
        }
    }
    *parameters = created;
    return status_ok();
}

void parameters_destroy(Parameters **parameters) {
    free(*parameters);
    *parameters = NULL;
}

Status parameters_unset(Parameters *parameters, int index) {
    const ParameterRow *row = &rows[index];
    const bool of_nanobragg = parameters->of_nanobragg && *row->nanobragg_default != '\0';
    return set_default(parameters, index, of_nanobragg ? row->nanobragg_default : row->default_text,
                       of_nanobragg ? "default of nanoBragg" : "default");
}

Status parameters_use_nanobragg_defaults(Parameters *parameters) {
    parameters->of_nanobragg = true;
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (*rows[i].nanobragg_default != '\0' && !parameters->state[i].given)
            TRY(set_default(parameters, i, rows[i].nanobragg_default, "default of nanoBragg"));
    return status_ok();
}

Status parameters_use_nanobragg_laws(Parameters *parameters) {
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const bool is_law = *rows[i].nanobragg_default != '\0' && parameters_row_decides_image(&rows[i]);
        if (is_law && !parameters->state[i].given)
            TRY(set_default(parameters, i, rows[i].nanobragg_default, "--as-nanobragg"));
    }
    return status_ok();
}

int parameters_values(const Parameters *parameters, int index, double *values) {
    const ParameterRow *row = &rows[index];
    const char *field = (const char *)parameters + row->offset;
    switch (row->type) {
    case PARAMETER_TYPE_REAL:
        for (int i = 0; i < row->count; i++) values[i] = ((const double *)(const void *)field)[i];
        return row->count;
    case PARAMETER_TYPE_INTEGER:
        for (int i = 0; i < row->count; i++) values[i] = (double)((const int64_t *)(const void *)field)[i];
        return row->count;
    case PARAMETER_TYPE_BOOLEAN:
        values[0] = *(const bool *)field;
        return 1;
    case PARAMETER_TYPE_CHOICE:
        values[0] = *(const int *)(const void *)field;
        return 1;
    case PARAMETER_TYPE_TEXT:
    case PARAMETER_TYPE_FILE:
        return 0;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------- old names and words
 */

/* A token of sweep.matrix or sweep.draw under its name of today; a name in front of the '=' says whose the words are.
 */
static const char *current_token(const char *token, size_t *length, bool is_name, int *row) {
    char name[PARAMETER_NAME_BYTES];
    const bool may_be_name = *length < sizeof name && memchr(token, '.', *length) != NULL;
    (void)snprintf(name, sizeof name, "%.*s", may_be_name ? (int)*length : 0, token);
    const int index = may_be_name ? parameters_find(name) : -1;
    if (is_name) *row = index;
    if (index < 0) return *row >= 0 ? current_word(&rows[*row], token, length) : token;
    *length = strlen(rows[index].public_name);
    return rows[index].public_name;
}

static bool make_values_current(const char *text, char *current) {
    size_t used = 0;
    int row = -1;
    bool is_name = true;
    for (const char *next = text; *next != '\0';) {
        const size_t signs = strspn(next, ";=,()[] "), words = strcspn(next + signs, ";=,()[] ");
        for (size_t i = 0; i < signs; i++) is_name = next[i] == ';' || (is_name && next[i] == ' ');
        size_t length = words;
        const char *word = current_token(next + signs, &length, is_name, &row);
        if (used + signs + length >= PARAMETER_TEXT_BYTES) return false;
        memcpy(current + used, next, signs);
        memcpy(current + used + signs, word, length);
        used += signs + length;
        next += signs + words;
        is_name = false;
    }
    current[used] = '\0';
    return true;
}

void parameters_current_text(int index, const char *text, char *current) {
    const ParameterRow *row = &rows[index];
    size_t length = strlen(text);
    if (row->holds_values && make_values_current(text, current)) return;
    const char *word = row->type == PARAMETER_TYPE_CHOICE ? current_word(row, text, &length) : text;
    (void)snprintf(current, PARAMETER_TEXT_BYTES, "%.*s", (int)length, word);
}

/* ------------------------------------------------------------------------------------------------ values of a sweep */

static Status find_component(const ParameterRow *row, const char *name, const char *bracket, const char *origin,
                             int *component) {
    int64_t place = -1;
    const char *rest = bracket + 1;
    if (text_read_integer(bracket + 1, &place, &rest) && strcmp(rest, "]") == 0 && place >= 0 && place < row->count) {
        *component = (int)place;
        return status_ok();
    }
    return status_error(STATUS_BAD_PARAMETER, "%s: \"%.100s\": %s has %d value%s, counted from [0]", origin, name,
                        row->public_name, row->count, row->count > 1 ? "s" : "");
}

Status parameters_find_value(const char *name, const char *origin, int *index, int *component) {
    char public_name[128];
    const char *bracket = strchr(name, '[');
    const size_t length = strcspn(name, "[");
    (void)snprintf(public_name, sizeof public_name, "%.*s", length < 127 ? (int)length : 127, name);
    *index = parameters_find(public_name);
    *component = -1;
    if (*index < 0) return unknown_parameter(public_name, origin);
    if (!rows[*index].varies)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: %s is the same in all frames and cannot vary in a sweep; give it in the run file or "
                            "on the command line",
                            origin, public_name);
    const ParameterRow called = row_called(*index, public_name);
    return bracket == NULL ? status_ok() : find_component(&called, name, bracket, origin, component);
}

Status parameters_read_value(const char *name, int index, int component, const char *text, const char *origin,
                             double *value) {
    char public_name[128];
    (void)snprintf(public_name, sizeof public_name, "%.*s", (int)strcspn(name, "["), name);
    const ParameterRow called = row_called(index, public_name), *row = &called;
    const bool stands_for_all = row->count == 1 || (row->least_count == 1 && strchr(row->unit, ',') == NULL);
    if (component < 0 && !stands_for_all)
        return status_error(STATUS_BAD_PARAMETER,
                            "%s: %s has %d values; name one of them, %s[0] to %s[%d], in each column or list", origin,
                            row->public_name, row->count, row->public_name, row->public_name, row->count - 1);
    if (row->type == PARAMETER_TYPE_REAL)
        return read_number(row, component < 0 ? 0 : component, text, strlen(text), origin, value);
    int64_t whole = 0;
    int word = 0;
    if (row->type == PARAMETER_TYPE_INTEGER) {
        TRY(read_integer(row, text, strlen(text), origin, &whole));
    } else {
        TRY(read_word(row, text, origin, &word));
        whole = row->type == PARAMETER_TYPE_BOOLEAN ? word == 0 : word; /* the words are "true false" */
    }
    *value = (double)whole;
    return status_ok();
}

void parameters_put_value(Parameters *parameters, int index, int component, double value) {
    const ParameterRow *row = &rows[index];
    void *field = field_of(parameters, row);
    const int first = component < 0 ? 0 : component, end = component < 0 ? row->count : component + 1;
    for (int i = first; i < end; i++) switch (row->type) {
        case PARAMETER_TYPE_REAL:
            ((double *)field)[i] = value;
            break;
        case PARAMETER_TYPE_INTEGER:
            ((int64_t *)field)[i] = (int64_t)value;
            break;
        case PARAMETER_TYPE_BOOLEAN:
            *(bool *)field = value != 0.0;
            break;
        case PARAMETER_TYPE_CHOICE:
            *(int *)field = (int)value;
            break;
        case PARAMETER_TYPE_TEXT:
        case PARAMETER_TYPE_FILE:
            break;
        }
    remember(&parameters->state[index], true, "of the sweep", "sweep");
}
