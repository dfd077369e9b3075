#include "shared/help.h"

#include "base/text.h"
#include "nanobragg/nanobragg_options.h"
#include "parameters/parameters.h"
#include "shared/wrapped_text.h"

#include <math.h>
#include <string.h>

const char *help_exit_codes(void) {
    return "Exit codes: 0 done; 1 images differ or frames are missing; 2 bad input;\n"
           "3 output cannot be written; 4 a rank hung, 75 stopped by a signal: --resume.";
}

HelpRow help_row(const ParameterRow *row) {
    HelpRow text = {.left = "", .range = ""};
    const bool numeric = row->type == PARAMETER_TYPE_REAL || row->type == PARAMETER_TYPE_INTEGER;
    char several[32] = "", unit[64] = "";
    size_t used = 0;
    if (row->count > 1) (void)snprintf(several, sizeof several, " (%d values)", row->count);
    if (*row->unit != '\0') (void)snprintf(unit, sizeof unit, " [%s]", row->unit);
    (void)snprintf(text.left, sizeof text.left, "--%s%s%s", row->public_name, several, unit);
    if (numeric && isinf(row->greatest)) (void)snprintf(text.range, sizeof text.range, "from %.12g", row->least);
    if (numeric && !isinf(row->greatest))
        (void)snprintf(text.range, sizeof text.range, "%.12g to %.12g", row->least, row->greatest);
    for (const char *c = row->choices; !numeric && *c != '\0' && used + 3 < sizeof text.range; c++) {
        if (*c == ' ') text.range[used++] = ',';
        text.range[used++] = *c;
    }
    if (row->type == PARAMETER_TYPE_FILE) (void)text_copy(text.range, sizeof text.range, "file name");
    if (row->type == PARAMETER_TYPE_TEXT) (void)text_copy(text.range, sizeof text.range, "text");
    return text;
}

const char *help_default(const ParameterRow *row) {
    return *row->default_text ? row->default_text : "none";
}

static void print_row(FILE *out, const ParameterRow *row) {
    const HelpRow text = help_row(row);
    char last[1024];
    (void)snprintf(last, sizeof last, "      default %s; %s", help_default(row), text.range);
    (void)fprintf(out, "  %s\n      ", text.left);
    wrapped_text_print(out, row->help, 6, 6);
    wrapped_text_print(out, last, 0, 8);
}

/* What each section is about; one without a line is listed all the same. */
static const struct {
    const char *section, *about;
} sections[] = {
    {"beam", "wavelengths, divergence, fluence, polarization"},
    {"crystal", "cell, orientation, size and shape, mosaicity, structure factors"},
    {"detector", "geometry, panels, sensor, point spread, mask"},
    {"sampling", "sub-pixels, angles within a frame, resolution limit"},
    {"background", "water, air, or a table of your own"},
    {"noise", "counts: Poisson, gain, read-out, calibration"},
    {"sweep", "which frames: rotation, random orientations, a list, a matrix"},
    {"output", "which images and files are written, and how"},
    {"run", "ranks, precision, progress, stopping and resuming"},
};

static void print_section(FILE *out, const char *section) {
    const char *about = "";
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].section, section) == 0) about = sections[i].about;
    (void)fprintf(out, "  %-12s %s\n", section, about);
}

void help_run(FILE *out, const OptionTable *table) {
    const char *printed = "";
    options_print(table, out);
    (void)fputs("\nSections of parameters (--help SECTION prints one, --help all prints all):\n", out);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const char *section = parameters_row(i)->section;
        if (strcmp(printed, section) != 0) print_section(out, section);
        printed = section;
    }
}

Status help_parameters(FILE *out, const char *asked) {
    const char *printed = "", *section = strcmp(asked, "all") == 0 ? "" : asked;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        if (*section != '\0' && strcmp(row->section, section) != 0) continue;
        if (strcmp(printed, row->section) != 0) (void)fprintf(out, "%s%s:\n", *printed ? "\n" : "", row->section);
        printed = row->section;
        print_row(out, row);
    }
    if (*printed != '\0') return status_ok();
    char remedy[TEXT_REMEDY_BYTES];
    parameters_section_remedy(section, remedy);
    return status_error(STATUS_BAD_PARAMETER, "command line: there is no section \"%.60s\"%s", section, remedy);
}

/* The option, and what it sets: "-Nb  crystal.cells[1]", "-misset random  crystal.random_misset=true". */
static bool nanobragg_line(int index, OptionLine *line) {
    NanobraggOption option;
    char sets[192] = "(no effect)";
    if (!nanobragg_option(index, &option)) return false;
    (void)text_copy(line->name, sizeof line->name, option.name);
    (void)snprintf(line->left, sizeof line->left, "%s%s%s", option.name, *option.argument ? " " : "", option.argument);
    if (option.row != NULL && option.is_constant)
        (void)snprintf(sets, sizeof sets, "%s=%s", option.row->public_name, option.constant);
    else if (option.row != NULL && option.component >= 0)
        (void)snprintf(sets, sizeof sets, "%s[%d]", option.row->public_name, option.component);
    else if (option.row != NULL)
        (void)snprintf(sets, sizeof sets, "%s", option.row->public_name);
    (void)snprintf(line->meaning, sizeof line->meaning, "%s: %s", sets, option.help);
    return true;
}

const OptionTable help_nanobragg_options = {
    .command = "nanobragg",
    .before = "tessera nanobragg: nanoBragg's options, its defaults and its laws where they are a choice\n"
              "Each line: an option, the parameter that it sets ([1]: the second value of a list), and its meaning.",
    .after = "After these, --section.name=value as for tessera simulate.",
    .takes_parameters = true,
    .line = nanobragg_line};

/* '|' would end a cell. */
static void print_cell(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '|') (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

/* Names and words that are still read. */
static void print_old(FILE *out, const ParameterRow *row) {
    const char *words = row->old_words;
    if (row->old_names != NULL) (void)fprintf(out, "; once called %s", row->old_names);
    if (words != NULL)
        (void)fprintf(out, "; %.*s is read as %s", (int)strcspn(words, "="), words, words + strcspn(words, "=") + 1);
}

static void print_markdown_row(FILE *out, const ParameterRow *row) {
    (void)fprintf(out, "| `%s` | %s | ", row->public_name, row->unit);
    print_cell(out, help_default(row));
    if (*row->nanobragg_default != '\0') (void)fprintf(out, " (`nanobragg`: %s)", row->nanobragg_default);
    (void)fputs(" | ", out);
    (void)fputs(help_row(row).range, out);
    (void)fputs(" | ", out);
    if (*row->nanobragg != '\0') (void)fprintf(out, "`%s`", row->nanobragg);
    (void)fputs(" | ", out);
    print_cell(out, row->help);
    print_old(out, row);
    (void)fputs(" |\n", out);
}

void help_markdown(FILE *out) {
    const char *printed = "";
    (void)fputs("# Parameters\n\nMade by `tessera --parameters-markdown` from the one table, "
                "`include/core/parameters/parameters.def`; a test fails when it is stale.\n\n"
                "Every parameter is set as `--section.name=value`, or in a run file as `section: {name: value}`. Lists "
                "are written with commas. A number may be followed by its unit (`100mm`, `0.1 m`). The last column but "
                "one gives the options of `tessera nanobragg`: `-x[1]` sets one value of a list, `-x=word` sets the "
                "word (`-x=` nothing), `-x:arg=word` does when `arg` follows.\n",
                out);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        if (strcmp(printed, row->section) != 0)
            (void)fprintf(
                out, "\n## %s\n\n| name | unit | default | range | nanoBragg | meaning |\n|---|---|---|---|---|---|\n",
                row->section);
        printed = row->section;
        print_markdown_row(out, row);
    }
}
