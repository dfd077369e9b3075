#include "commands/command_line.h"

#include "base/text.h"
#include "parameters/input.h"
#include "parameters/run_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_MOST = 1000000 };

/* Takes "--name" or "--name=word" apart. */
static void read_short_form(const char *text, int row, ShortForm *form) {
    const size_t length = parameters_word_length(text), name = strcspn(text, "= ");
    const size_t constant = name < length ? length - name - 1 : 0;
    *form = (ShortForm){.public_name = parameters_row(row)->public_name, .takes_value = constant == 0};
    (void)snprintf(form->name, sizeof form->name, "%.*s", (int)name, text);
    (void)snprintf(form->constant, sizeof form->constant, "%.*s", (int)constant, text + name + 1);
}

bool command_line_short_form(int index, ShortForm *form) {
    for (int row = 0; row < PARAMETER_COUNT; row++) {
        const char *text = parameters_row(row)->short_forms;
        for (; text != NULL && *text != '\0'; index--) {
            if (index == 0) {
                read_short_form(text, row, form);
                return true;
            }
            text += parameters_word_length(text);
            text += *text == ' ';
        }
    }
    return false;
}

/* An argument that is neither a short form nor section.name: the nearest of both is suggested. */
static Status unknown(const char *argument) {
    char name[64], remedy[TEXT_REMEDY_BYTES];
    const size_t length = strcspn(argument, "=");
    (void)snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, argument);
    const char *parameter = parameters_nearest(name + strspn(name, "-"));
    TextNearest nearest = text_nearest_to(name);
    ShortForm form;
    for (int i = 0; command_line_short_form(i, &form); i++) text_nearest_try(&nearest, form.name);
    text_nearest_remedy(&nearest, "tessera --help lists them", remedy);
    if (!text_nearest_is_near(&nearest) && parameter != NULL)
        (void)snprintf(remedy, sizeof remedy, "; did you mean \"--%.100s=VALUE\"?", parameter);
    return status_error(STATUS_BAD_PARAMETER, "command line: there is no option \"%s\"%s", name, remedy);
}

/* Value of argument @p i, either behind its '=' or the next argument. */
static Status value_of(int argc, char *const *argv, int *i, const char **value) {
    const char *equals = strchr(argv[*i], '=');
    if (equals != NULL) {
        *value = equals + 1;
        return status_ok();
    }
    if (*i + 1 >= argc) return status_error(STATUS_BAD_PARAMETER, "command line: %s needs a value", argv[*i]);
    *value = argv[++*i];
    return status_ok();
}

static bool is_named(const char *argument, const char *name) {
    const size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && (argument[length] == '\0' || argument[length] == '=');
}

/* --section.name=value */
static Status set_by_name(const char *argument, Parameters *parameters) {
    char name[128];
    const char *equals = strchr(argument, '=');
    const int length = (int)strcspn(argument, "=") - 2;
    if (length >= (int)sizeof name) return unknown(argument);
    (void)snprintf(name, sizeof name, "%.*s", length, argument + 2);
    if (equals == NULL && parameters_find(name) >= 0)
        return status_error(STATUS_BAD_PARAMETER, "command line: %s needs a value: %s=VALUE", argument, argument);
    return parameters_set(parameters, name, equals == NULL ? "" : equals + 1, "command line");
}

static Status read_ranks(const char *name, const char *text, int *ranks) {
    int64_t value = 0;
    const char *rest = text;
    if (!text_read_integer(text, &value, &rest) || *rest != '\0' || value < 1 || value > RANKS_MOST)
        return status_error(STATUS_BAD_PARAMETER, "command line: %s is \"%.40s\"; it must be from 1 to %d", name, text,
                            RANKS_MOST);
    *ranks = (int)value;
    return status_ok();
}

static Status read_option(int argc, char *const *argv, int *i, Parameters *parameters, CommandLine *line) {
    const char *argument = argv[*i], *value = NULL;
    ShortForm form;
    for (int s = 0; command_line_short_form(s, &form); s++) {
        if (!is_named(argument, form.name)) continue;
        if (!form.takes_value && strchr(argument, '=') != NULL)
            return status_error(STATUS_BAD_PARAMETER, "command line: %s takes no value", form.name);
        if (form.takes_value) TRY(value_of(argc, argv, i, &value));
        return parameters_set(parameters, form.public_name, form.takes_value ? value : form.constant, "command line");
    }
    if (is_named(argument, "--ranks")) {
        TRY(value_of(argc, argv, i, &value));
        return read_ranks("--ranks", value, &line->ranks);
    }
    if (is_named(argument, "--simulate-ranks")) {
        TRY(value_of(argc, argv, i, &value));
        return read_ranks("--simulate-ranks", value, &line->simulated_ranks);
    }
    if (is_named(argument, "--help")) {
        line->help = true;
        if (strchr(argument, '=') != NULL || (*i + 1 < argc && argv[*i + 1][0] != '-'))
            TRY(value_of(argc, argv, i, &value));
        (void)text_copy(line->help_section, sizeof line->help_section, value == NULL ? "" : value);
        return status_ok();
    }
    if (memchr(argument, '.', strcspn(argument, "=")) != NULL) return set_by_name(argument, parameters);
    return unknown(argument);
}

Status command_line_read(int argc, char *const *argv, bool run_file, Parameters *parameters, CommandLine *line) {
    *line = (CommandLine){.help = false};
    int first = 0;
    if (run_file && argc > 0 && argv[0][0] != '-') {
        TRY(run_file_read(argv[0], parameters));
        first = 1;
    }
    for (int i = first; i < argc; i++) {
        if (argv[i][0] != '-')
            return status_error(STATUS_BAD_PARAMETER, "command line: \"%.100s\" is no option%s", argv[i],
                                run_file ? "; one run file may stand in front of the options" : "");
        if (argv[i][1] != '-') return unknown(argv[i]);
        TRY(read_option(argc, argv, &i, parameters, line));
    }
    return input_check_outputs(parameters);
}

static bool needs_quotes(const char *argument) {
    return *argument == '\0' || strpbrk(argument, " \t\n'\"\\$`*?&|;<>()") != NULL;
}

static char *append(char *end, const char *text) {
    const size_t length = strlen(text);
    memcpy(end, text, length + 1);
    return end + length;
}

/* In single quotes, where a quote is written as '\''. */
static char *append_quoted(char *end, const char *argument) {
    *end++ = '\'';
    for (; *argument != '\0'; argument++) {
        if (*argument == '\'') end = append(end, "'\\'");
        *end++ = *argument;
    }
    return append(end, "'");
}

Status command_line_text(int argc, char *const *argv, char **text) {
    size_t bytes = 1;
    for (int i = 0; i < argc; i++) bytes += 4 * strlen(argv[i]) + 3; /* were it all quotes */
    *text = malloc(bytes);
    if (*text == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the command line");
    char *end = append(*text, "");
    for (int i = 0; i < argc; i++) {
        if (i > 0) end = append(end, " ");
        end = needs_quotes(argv[i]) ? append_quoted(end, argv[i]) : append(end, argv[i]);
    }
    text_make_printable(*text, bytes);
    return status_ok();
}
