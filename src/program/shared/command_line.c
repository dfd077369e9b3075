#include "shared/command_line.h"

#include "base/text.h"
#include "formats/run_file.h"
#include "parameters/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_MOST = 1000000, SHORT_FORMS_MOST = 32 };

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

/* A command line that is read. */
typedef struct Reading {
    CommandLine line;
    Parameters *parameters;
    bool run_file; /* one may stand in front */
    bool as_nanobragg;
} Reading;

static Status take_short_form(const Option *option, const char *text, void *asked) {
    const Reading *reading = asked;
    return parameters_set(reading->parameters, option->parameter, option->constant != NULL ? option->constant : text,
                          "command line");
}

static Status take_help(const Option *option, const char *text, void *asked) {
    Reading *reading = asked;
    (void)option;
    reading->line.help = true;
    (void)text_copy(reading->line.help_section, sizeof reading->line.help_section, text);
    return status_ok();
}

static Status take_as_nanobragg(const Option *option, const char *text, void *asked) {
    (void)option;
    (void)text;
    ((Reading *)asked)->as_nanobragg = true;
    return status_ok();
}

/* --section.name=value; nothing else stands here but a run file in front. */
static Status take_word(const Option *option, const char *word, void *asked) {
    const Reading *reading = asked;
    char name[128];
    const char *equals = strchr(word, '=');
    (void)option;
    const char *end = strrchr(word, '.');
    if (word[0] != '-' && end != NULL && strcmp(end, ".nxs") == 0)
        return status_error(STATUS_BAD_PARAMETER,
                            "command line: \"%.100s\" is no option; did you mean --output %.100s?", word, word);
    if (word[0] != '-')
        return status_error(STATUS_BAD_PARAMETER, "command line: \"%.100s\" is no option%s", word,
                            reading->run_file ? "; one run file may stand in front of the options" : "");
    const size_t length = strcspn(word, "=") - 2;
    if (length >= sizeof name)
        return status_error(STATUS_BAD_PARAMETER, "command line: there is no parameter \"%.60s...\"", word);
    (void)snprintf(name, sizeof name, "%.*s", (int)length, word + 2);
    if (equals == NULL && parameters_find(name) >= 0)
        return status_error(STATUS_BAD_PARAMETER, "command line: %s needs a value: %s=VALUE", word, word);
    return parameters_set(reading->parameters, name, equals == NULL ? "" : equals + 1, "command line");
}

#define FIELD(field) offsetof(Reading, line.field)
static const Option of_plan[] = {
    {OPTION("--ranks", OPTION_INTEGER, 1, RANKS_MOST, FIELD(ranks), "N", "plan for that many ranks (1)")},
    {OPTION("--simulate-ranks", OPTION_INTEGER, 1, RANKS_MOST, FIELD(simulated_ranks), "N",
            "the same, simulated: when each claim and wave would be done")},
};
enum { OPTIONS_OF_PLAN = sizeof of_plan / sizeof *of_plan };
static const Option help_option = {
    OPTION("--help", OPTION_TEXT, 0, 0, 0, "[SECTION]", "the parameters of a section, or of all sections"),
    .take = take_help, .may_stand_alone = true};

static const Option as_nanobragg_option = {
    OPTION("--as-nanobragg", OPTION_FLAG, 0, 0, 0, "", "nanoBragg's laws where they are a choice and nothing is given"),
    .take = take_as_nanobragg};

/* The short forms, and --as-nanobragg and --help after them. */
static bool run_line(int index, OptionLine *line) {
    ShortForm form;
    if (command_line_short_form(index, &form)) {
        (void)text_copy(line->name, sizeof line->name, form.name);
        (void)snprintf(line->left, sizeof line->left, "%s%s", form.name, form.takes_value ? " VALUE" : "");
        (void)snprintf(line->meaning, sizeof line->meaning, "the same as --%s=%s", form.public_name,
                       form.takes_value ? "VALUE" : form.constant);
        return true;
    }
    const bool is_last = index > 0 && !command_line_short_form(index - 1, &form);
    if (is_last && index > 1 && !command_line_short_form(index - 2, &form)) return false;
    return options_line(&(OptionTable){.option = is_last ? &help_option : &as_nanobragg_option, .options = 1}, 0, line);
}

#define TABLE_OF_RUN                                                                                                   \
    .command = "command line", .list = "tessera --help lists them", .word = take_word, .takes_parameters = true,       \
    .after = "  --section.name=value     a parameter; those of the run file are overridden", .line = run_line
#define ARGUMENTS "[RUN.yaml] [--section.name=value ...] --output FILE.nxs"
const OptionTable command_line_of_simulate = {
    TABLE_OF_RUN, .before = "tessera simulate " ARGUMENTS ": renders the images of a run file\n\n"
                            "Under mpirun or srun it uses all ranks; without, all cores of this machine. Parameters of "
                            "the command line override those of the run file.\n"};
const OptionTable command_line_of_plan = {
    TABLE_OF_RUN, .option = of_plan, .options = OPTIONS_OF_PLAN,
    .before = "tessera plan " ARGUMENTS ": checks a run and says what it brings and takes, and renders nothing\n"};

/* All options of a run, for reading. */
typedef struct RunOptions {
    ShortForm form[SHORT_FORMS_MOST];
    Option option[SHORT_FORMS_MOST + OPTIONS_OF_PLAN + 2];
    OptionTable table;
} RunOptions;

/* With the options of plan, which others refuse with a better reason. */
static void list_options(RunOptions *run) {
    int count = 0;
    run->table = command_line_of_plan;
    for (int i = 0; i < OPTIONS_OF_PLAN; i++) run->option[count++] = of_plan[i];
    run->option[count++] = help_option;
    run->option[count++] = as_nanobragg_option;
    for (int i = 0; i < SHORT_FORMS_MOST && command_line_short_form(i, &run->form[i]); i++) {
        const ShortForm *form = &run->form[i];
        run->option[count++] = (Option){.name = form->name,
                                        .kind = form->takes_value ? OPTION_TEXT : OPTION_FLAG,
                                        .argument = "VALUE",
                                        .take = take_short_form,
                                        .parameter = form->public_name,
                                        .constant = form->takes_value ? NULL : form->constant};
    }
    run->table.option = run->option;
    run->table.options = count;
}

Status command_line_read(int argc, char *const *argv, bool run_file, Parameters *parameters, CommandLine *line) {
    Reading reading = {.parameters = parameters, .run_file = run_file};
    RunOptions run;
    const int first = run_file && argc > 0 && argv[0][0] != '-' ? 1 : 0;
    list_options(&run);
    if (first == 1) TRY(run_file_read(argv[0], parameters));
    const Status status = options_read_words(&run.table, argc - first, argv + first, &reading, NULL);
    *line = reading.line;
    if (status_is_ok(status) && reading.as_nanobragg) TRY(parameters_use_nanobragg_laws(parameters));
    return status_is_ok(status) ? input_check_outputs(parameters) : status;
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
