#include "shared/nanobragg_arguments.h"

#include "base/text.h"
#include "nanobragg/nanobragg_options.h"
#include "setup/idle_parameters.h"
#include "shared/absolute_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Status nanobragg_arguments_add(NanobraggArguments *arguments, const char *word) {
    if (arguments->count + 2 > arguments->room) {
        const int room = 2 * arguments->room + 32;
        char **words = realloc(arguments->word, (size_t)room * sizeof *words);
        if (words == NULL) return status_error(STATUS_NO_MEMORY, "no memory for nanoBragg's arguments");
        arguments->word = words;
        arguments->room = room;
    }
    char *copy = malloc(strlen(word) + 1);
    if (copy == NULL) return status_error(STATUS_NO_MEMORY, "no memory for nanoBragg's arguments");
    memcpy(copy, word, strlen(word) + 1);
    arguments->word[arguments->count++] = copy;
    arguments->word[arguments->count] = NULL;
    return status_ok();
}

void nanobragg_arguments_free(NanobraggArguments *arguments) {
    for (int i = 0; i < arguments->count; i++) free(arguments->word[i]);
    free(arguments->word);
    *arguments = (NanobraggArguments){.word = NULL};
}

/* ------------------------------------------------------------------------------------------ what has to be the same */

/* True where the first frame's expected photons do not depend on a row. */
static bool is_beside_the_image(const ParameterRow *row) {
    static const unsigned beside = PART_SIGNAL | PART_SWEEP | PART_ARITHMETIC | PART_IMAGES | PART_OUTPUT | PART_RUN;
    return (row->enters & ~beside) == 0;
}

static bool same_number(double a, double b) {
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

/* The name of a file as anybody finds it. */
static void name_for_all(const char *path, char *absolute, size_t bytes) {
    char *found = *path == '\0' ? NULL : absolute_path(path);
    (void)text_copy(absolute, bytes, found != NULL ? found : path);
    free(found);
}

static const char *text_field(const Parameters *p, const ParameterRow *row) {
    return (const char *)p + row->offset;
}

static bool same_row(const Parameters *a, const Parameters *b, int index) {
    const ParameterRow *row = parameters_row(index);
    if (row->type == PARAMETER_TYPE_TEXT || row->type == PARAMETER_TYPE_FILE) {
        char left[PARAMETER_TEXT_BYTES], right[PARAMETER_TEXT_BYTES];
        name_for_all(text_field(a, row), left, sizeof left);
        name_for_all(text_field(b, row), right, sizeof right);
        return strcmp(left, right) == 0;
    }
    double x[PARAMETER_VALUES_MOST], y[PARAMETER_VALUES_MOST];
    const int count = parameters_values(a, index, x);
    if (count != parameters_values(b, index, y)) return false;
    for (int i = 0; i < count; i++)
        if (!same_number(x[i], y[i])) return false;
    return true;
}

/* ---------------------------------------------------------------------------------------------------- one row's words
 */

/* True when the option takes no values of another row. */
static bool is_of_one_row(const NanobraggOption *wanted) {
    NanobraggOption option;
    for (int i = 0; nanobragg_option(i, &option); i++)
        if (strcmp(option.name, wanted->name) == 0 && option.row != wanted->row && !option.is_constant &&
            strcmp(option.argument, wanted->argument) == 0)
            return false;
    return true;
}

/* What the user wrote for one value. */
static const char *text_of_value(const Parameters *p, int index, int component) {
    const char *text = p->state[index].text;
    for (int i = 0; i < component && strchr(text, ',') != NULL; i++) text = strchr(text, ',') + 1;
    return text + strspn(text, " ");
}

/* SI value of a number in the row's own unit. */
static Status si_of_number(int index, int component, const char *number, double *si) {
    Parameters *scratch = NULL;
    double values[PARAMETER_VALUES_MOST];
    TRY(parameters_create(&scratch));
    const Status status = parameters_set_component(scratch, index, component, number, "benchmark");
    (void)parameters_values(scratch, index, values);
    *si = values[component];
    parameters_destroy(&scratch);
    return status;
}

/* A number as nanoBragg reads it, in the row's own unit: the user may have written another one behind it. */
static Status plain_number(const Parameters *p, int index, int component, char *word, size_t bytes) {
    const char *text = text_of_value(p, index, component), *rest = text;
    double values[PARAMETER_VALUES_MOST], number = 0.0, si = 0.0;
    (void)text_read_real(text, &number, &rest);
    (void)snprintf(word, bytes, "%.*s", (int)(rest - text), text);
    if (*rest == '\0' || *rest == ',') return status_ok();
    (void)parameters_values(p, index, values);
    TRY(si_of_number(index, component, word, &si));
    if (si != 0.0) (void)snprintf(word, bytes, "%.17g", number * (values[component] / si));
    return status_ok();
}

static bool is_auto(const Parameters *p, int index, int component) {
    double values[PARAMETER_VALUES_MOST];
    (void)parameters_values(p, index, values);
    return parameters_row(index)->type == PARAMETER_TYPE_INTEGER ? values[component] == PARAMETER_AUTO
                                                                 : isnan(values[component]);
}

/* "-misset 1 2 3", "-hkl FILE", "-pivot beam". */
static Status add_values(const Parameters *p, int index, const NanobraggOption *option, NanobraggArguments *arguments) {
    const ParameterRow *row = parameters_row(index);
    char word[PARAMETER_TEXT_BYTES];
    const bool all_alike = row->count > 1 && row->least_count == 1 && strchr(row->unit, ',') == NULL;
    const int first = option->component < 0 ? 0 : option->component;
    const int last = option->component < 0 && !all_alike ? row->count : first + 1;
    TRY(nanobragg_arguments_add(arguments, option->name));
    if (row->type == PARAMETER_TYPE_FILE || row->type == PARAMETER_TYPE_TEXT) {
        name_for_all(text_field(p, row), word, sizeof word);
        return nanobragg_arguments_add(arguments, word);
    }
    if (row->type == PARAMETER_TYPE_CHOICE) return nanobragg_arguments_add(arguments, p->state[index].text);
    for (int i = first; i < last; i++) {
        TRY(plain_number(p, index, i, word, sizeof word));
        TRY(nanobragg_arguments_add(arguments, word));
    }
    return status_ok();
}

static Status add_constant(const NanobraggOption *option, NanobraggArguments *arguments) {
    TRY(nanobragg_arguments_add(arguments, option->name));
    return *option->argument == '\0' ? status_ok() : nanobragg_arguments_add(arguments, option->argument);
}

static bool values_are_alike(const Parameters *p, int index) {
    double values[PARAMETER_VALUES_MOST];
    const int count = parameters_values(p, index, values);
    for (int i = 1; i < count; i++)
        if (!same_number(values[0], values[i])) return false;
    return true;
}

/* The first option that can say a row's value; where its values have options each, all of these. */
static Status add_row(const Parameters *p, int index, NanobraggArguments *arguments) {
    const ParameterRow *row = parameters_row(index);
    const bool one_for_all = row->count > 1 && row->least_count == 1 && strchr(row->unit, ',') == NULL;
    NanobraggOption option;
    uint32_t given = 0;
    for (int i = 0; nanobragg_option(i, &option); i++) {
        if (option.row != row || !is_of_one_row(&option)) continue;
        if (option.is_constant) {
            if (strcmp(option.constant, p->state[index].text) == 0) return add_constant(&option, arguments);
            continue;
        }
        if (option.component < 0) {
            if (one_for_all && !values_are_alike(p, index)) continue;
            return add_values(p, index, &option, arguments);
        }
        const uint32_t bit = UINT32_C(1) << option.component;
        if ((given & bit) != 0 || is_auto(p, index, option.component)) continue;
        given |= bit;
        TRY(add_values(p, index, &option, arguments));
    }
    return status_ok();
}

/* -------------------------------------------------------------------------------------------------------- all of them
 */

static Status cannot_say(const Parameters *p, const Parameters *nanobragg, int index) {
    const ParameterRow *row = parameters_row(index);
    return status_error(STATUS_BAD_PARAMETER, "%s is \"%.100s\", which nanoBragg cannot be told (it takes \"%.100s\")",
                        row->public_name, p->state[index].text, nanobragg->state[index].text);
}

/* Reads the words back: what matters must be what it was. */
static Status check(const Parameters *p, const Experiment *e, const NanobraggArguments *arguments, Parameters *back) {
    Notes notes = {.count = 0};
    TRY(nanobragg_parse(arguments->count, arguments->word, back, NULL, &notes));
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (!is_beside_the_image(parameters_row(i)) && !same_row(p, back, i) &&
            idle_parameters_matter_to_nanobragg(i, e, p))
            return cannot_say(p, back, i);
    return status_ok();
}

static Status add_rows(const Parameters *p, const Parameters *defaults, NanobraggArguments *arguments) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (!is_beside_the_image(parameters_row(i)) && !same_row(p, defaults, i)) TRY(add_row(p, i, arguments));
    return status_ok();
}

static Status fill(const Parameters *p, const Experiment *e, Parameters *defaults, Parameters *back,
                   NanobraggArguments *arguments) {
    if (e->sweep.kind != SWEEP_STILL || sweep_varies(&e->sweep))
        return status_error(STATUS_BAD_PARAMETER, "%s, and nanoBragg knows no sweeps",
                            e->sweep.kind != SWEEP_STILL ? "sweep.kind is not still" : "the sweep varies parameters");
    TRY(nanobragg_parse(0, NULL, defaults, NULL, NULL));
    TRY(add_rows(p, defaults, arguments));
    return check(p, e, arguments, back);
}

Status nanobragg_arguments_create(const Parameters *p, const Experiment *e, NanobraggArguments *arguments) {
    Parameters *defaults = NULL, *back = NULL;
    *arguments = (NanobraggArguments){.word = NULL};
    Status status = parameters_create(&defaults);
    if (status_is_ok(status)) status = parameters_create(&back);
    if (status_is_ok(status)) status = fill(p, e, defaults, back, arguments);
    if (!status_is_ok(status)) nanobragg_arguments_free(arguments);
    parameters_destroy(&back);
    parameters_destroy(&defaults);
    return status;
}
