#include "shared/options.h"

#include "base/text.h"
#include "parameters/parameters.h"
#include "shared/wrapped_text.h"

#include <stdint.h>
#include <string.h>

enum { NAME_BYTES = 64 };

/* "-v", where there is a "--verbose". */
static const Option *option_of_letter(const OptionTable *table, const char *name) {
    for (int i = 0; name[0] == '-' && name[1] != '\0' && name[2] == '\0' && i < table->options; i++)
        if (table->option[i].name[1] == '-' && table->option[i].name[2] == name[1]) return &table->option[i];
    return NULL;
}

static Status unknown_option(const OptionTable *table, const char *name) {
    const Option *of_letter = option_of_letter(table, name);
    char otherwise[96], remedy[TEXT_REMEDY_BYTES];
    const char *parameter = table->takes_parameters ? parameters_nearest(name + strspn(name, "-")) : NULL;
    TextNearest nearest = text_nearest_to(name);
    for (int i = 0; i < table->options; i++) text_nearest_try(&nearest, table->option[i].name);
    (void)snprintf(otherwise, sizeof otherwise, "see tessera %.40s --help", table->command);
    text_nearest_remedy(&nearest, table->list != NULL ? table->list : otherwise, remedy);
    if (!text_nearest_is_near(&nearest) && parameter != NULL)
        (void)snprintf(remedy, sizeof remedy, "; did you mean \"--%.100s=VALUE\"?", parameter);
    if (of_letter != NULL) (void)snprintf(remedy, sizeof remedy, "; did you mean \"%.60s\"?", of_letter->name);
    return status_error(STATUS_BAD_PARAMETER, "%s has no option \"%s\"%s", table->command, name, remedy);
}

static Status find_option(const OptionTable *table, const char *argument, size_t length, const Option **option) {
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, argument);
    for (*option = table->option; *option < table->option + table->options; (*option)++)
        if (strcmp((*option)->name, strcmp(name, "-h") == 0 ? "--help" : name) == 0) return status_ok();
    return unknown_option(table, name);
}

static Status bad_number(const OptionTable *table, const Option *option, const char *text) {
    const bool several = option->count > 1;
    return status_error(STATUS_BAD_PARAMETER, "%s: %s is \"%.100s\"; %s must be %s%s from %.10g to %.10g",
                        table->command, option->name, text, several ? option->argument : "it", several ? "" : "a ",
                        option->kind == OPTION_REAL ? "number"
                        : several                   ? "whole numbers"
                                                    : "whole number",
                        option->least, option->greatest);
}

static Status set_integers(const OptionTable *table, const Option *option, const char *text, int64_t *values) {
    const int count = option->count > 1 ? option->count : 1;
    const char *next = text;
    for (int i = 0; i < count; i++) {
        const char *rest = next;
        int64_t value = 0;
        if (!text_read_integer(next, &value, &rest) || *rest != (i + 1 < count ? ',' : '\0') ||
            !((double)value >= option->least && (double)value <= option->greatest))
            return bad_number(table, option, text);
        values[i] = value;
        next = rest + 1;
    }
    return status_ok();
}

static Status set_value(const OptionTable *table, const Option *option, const char *text, void *asked) {
    char *field = (char *)asked + option->offset;
    const char *rest = text;
    double real = 0.0;
    if (option->take != NULL) return option->take(option, text, asked);
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)(void *)field = true;
        return status_ok();
    case OPTION_TEXT:
        *(const char **)(void *)field = text;
        return status_ok();
    case OPTION_REAL:
        if (!text_read_real(text, &real, &rest) || *rest != '\0' ||
            !(real >= option->least && real <= option->greatest))
            return bad_number(table, option, text);
        *(double *)(void *)field = real;
        return status_ok();
    case OPTION_INTEGER:
        return set_integers(table, option, text, (int64_t *)(void *)field);
    }
    return status_ok();
}

/* One option at argv[*index]; leaves *index at its last word. */
static Status take_option(const OptionTable *table, int argc, char *const *argv, int *index, void *asked) {
    const char *argument = argv[*index];
    const size_t length = strcspn(argument, "=");
    const Option *option = table->option;
    TRY(find_option(table, argument, length, &option));
    const bool has_text = argument[length] == '=', is_last = *index + 1 >= argc;
    if (option->kind == OPTION_FLAG && has_text)
        return status_error(STATUS_BAD_PARAMETER, "%s: %s takes no value", table->command, option->name);
    const bool is_alone = option->may_stand_alone && (is_last || argv[*index + 1][0] == '-');
    if (option->kind == OPTION_FLAG || has_text || is_alone)
        return set_value(table, option, has_text ? argument + length + 1 : "", asked);
    if (is_last)
        return status_error(STATUS_BAD_PARAMETER, "%s: %s needs a value: %s %s", table->command, option->name,
                            option->name, option->argument);
    (*index)++;
    return set_value(table, option, argv[*index], asked);
}

static Status take_file(const OptionTable *table, const char *word, const char *before, const char **file) {
    if (before != NULL)
        return status_error(STATUS_BAD_PARAMETER, "%s takes one file; \"%.200s\" is one too many", table->command,
                            word);
    *file = word;
    return status_ok();
}

static bool is_parameter(const char *word) {
    return strncmp(word, "--", 2) == 0 && memchr(word, '.', strcspn(word, "=")) != NULL;
}

Status options_read_words(const OptionTable *table, int words, char *const *word, void *asked, const char **file) {
    const char *before = NULL;
    for (int i = 0; i < words; i++) {
        if (word[i][0] == '-' && !(table->takes_parameters && is_parameter(word[i]))) {
            TRY(take_option(table, words, word, &i, asked));
        } else if (table->word != NULL) {
            TRY(table->word(NULL, word[i], asked));
        } else {
            TRY(take_file(table, word[i], before, file));
            before = word[i];
        }
    }
    return status_ok();
}

Status options_read(const OptionTable *table, int argc, char *const *argv, void *asked, const char **file) {
    return options_read_words(table, argc - 1, argv + 1, asked, file);
}

bool options_line(const OptionTable *table, int index, OptionLine *line) {
    if (index >= table->options) return table->line != NULL && table->line(index - table->options, line);
    const Option *option = &table->option[index];
    const bool is_bare = *option->argument == '\0';
    (void)text_copy(line->name, sizeof line->name, option->name);
    (void)snprintf(line->left, sizeof line->left, "%s%s%s", option->name, is_bare ? "" : " ", option->argument);
    (void)text_copy(line->meaning, sizeof line->meaning, option->help);
    return true;
}

/* Of the names and arguments; longer ones than most push their meaning aside. */
static int width_of(const OptionTable *table) {
    enum { LEAST = 24, MOST = 32 };
    OptionLine line;
    int width = LEAST;
    for (int i = 0; options_line(table, i, &line); i++) {
        const int length = (int)strlen(line.left);
        if (length > width && length <= MOST) width = length;
    }
    return width;
}

void options_print(const OptionTable *table, FILE *out) {
    const int width = width_of(table);
    OptionLine line;
    if (table->before != NULL) wrapped_text_print(out, table->before, 0, 0);
    for (int i = 0; options_line(table, i, &line); i++) {
        const int column = fprintf(out, "  %-*s ", width, line.left);
        wrapped_text_print(out, line.meaning, column, width + 3);
    }
    if (table->after != NULL) wrapped_text_print(out, table->after, 0, 0);
}
