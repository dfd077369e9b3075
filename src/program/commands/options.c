#include "commands/options.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

static Status find_option(OptionTable table, const char *argument, size_t length, const Option **option) {
    char name[64], otherwise[96], remedy[TEXT_REMEDY_BYTES];
    (void)snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, argument);
    TextNearest nearest = text_nearest_to(name);
    for (*option = table.option; *option < table.option + table.options; (*option)++) {
        if (strcmp((*option)->name, name) == 0) return status_ok();
        text_nearest_try(&nearest, (*option)->name);
    }
    (void)snprintf(otherwise, sizeof otherwise, "see tessera %.40s --help", table.command);
    text_nearest_remedy(&nearest, otherwise, remedy);
    return status_error(STATUS_BAD_PARAMETER, "%s has no option \"%s\"%s", table.command, name, remedy);
}

static Status bad_number(OptionTable table, const Option *option, const char *text) {
    return status_error(STATUS_BAD_PARAMETER, "%s: %s is \"%.100s\"; it must be a %snumber from %.10g to %.10g",
                        table.command, option->name, text, option->kind == OPTION_INTEGER ? "whole " : "",
                        option->least, option->greatest);
}

static Status set_value(OptionTable table, const Option *option, const char *text, void *asked) {
    char *field = (char *)asked + option->offset;
    const char *rest = text;
    double real = 0.0;
    int64_t integer = 0;
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
        if (!text_read_integer(text, &integer, &rest) || *rest != '\0' ||
            !((double)integer >= option->least && (double)integer <= option->greatest))
            return bad_number(table, option, text);
        *(int64_t *)(void *)field = integer;
        return status_ok();
    }
    return status_ok();
}

/* One option at argv[*index]; leaves *index at its last word. */
static Status take_option(OptionTable table, int argc, char **argv, int *index, void *asked) {
    const char *argument = argv[*index];
    const size_t length = strcspn(argument, "=");
    const Option *option = table.option;
    TRY(find_option(table, argument, length, &option));
    const bool has_text = argument[length] == '=';
    if (option->kind == OPTION_FLAG && has_text)
        return status_error(STATUS_BAD_PARAMETER, "%s: %s takes no value", table.command, option->name);
    if (option->kind == OPTION_FLAG || has_text)
        return set_value(table, option, has_text ? argument + length + 1 : "", asked);
    if (*index + 1 >= argc)
        return status_error(STATUS_BAD_PARAMETER, "%s: %s needs a value: %s %s", table.command, option->name,
                            option->name, option->argument);
    (*index)++;
    return set_value(table, option, argv[*index], asked);
}

Status options_read(OptionTable table, int argc, char **argv, void *asked, const char **file) {
    bool has_file = false;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-", 1) == 0) {
            TRY(take_option(table, argc, argv, &i, asked));
            continue;
        }
        if (has_file)
            return status_error(STATUS_BAD_PARAMETER, "%s takes one file; \"%.200s\" is one too many", table.command,
                                argv[i]);
        *file = argv[i];
        has_file = true;
    }
    return status_ok();
}

void options_print(OptionTable table, FILE *out) {
    for (int i = 0; i < table.options; i++) {
        char left[64];
        (void)snprintf(left, sizeof left, "%s %s", table.option[i].name, table.option[i].argument);
        (void)fprintf(out, "  %-24s %s\n", left, table.option[i].help);
    }
}
