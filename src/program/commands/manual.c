#include "commands/manual.h"

#include "base/build_info.h"
#include "commands/command_table.h"
#include "shared/help.h"

#include <string.h>

enum { PARAGRAPH_BYTES = 2048 };

/* Text as troff takes it: nothing in it is a command or an escape, and runs of blanks are one. */
static void put_text(FILE *out, const char *text) {
    if (*text == '.' || *text == '\'') (void)fputs("\\&", out);
    for (; *text != '\0'; text++) {
        const bool blank = *text == ' ' || *text == '\n';
        if (blank && (text[1] == ' ' || text[1] == '\n')) continue;
        if (*text == '\\')
            (void)fputs("\\e", out);
        else if (*text == '-')
            (void)fputs("\\-", out);
        else
            (void)fputc(blank ? ' ' : *text, out);
    }
}

static void put_line(FILE *out, const char *text) {
    put_text(out, text);
    (void)fputc('\n', out);
}

/* A paragraph for each that an empty line ends. */
static void put_paragraphs(FILE *out, const char *text) {
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        char paragraph[PARAGRAPH_BYTES];
        (void)snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        (void)fputs(".PP\n", out);
        put_line(out, paragraph);
        text = end != NULL ? end + 2 : NULL;
    }
}

static void put_item(FILE *out, const char *left, const char *meaning) {
    (void)fputs(".TP\n.B ", out);
    put_line(out, left);
    put_line(out, meaning);
}

static void put_options(FILE *out, const OptionTable *table) {
    OptionLine line;
    put_paragraphs(out, table->before);
    for (int i = 0; options_line(table, i, &line); i++) put_item(out, line.left, line.meaning);
    put_paragraphs(out, table->after);
}

static void put_parameter(FILE *out, const ParameterRow *row) {
    const HelpRow text = help_row(row);
    put_item(out, text.left, row->help);
    (void)fputs(".br\n", out);
    put_text(out, "default ");
    put_text(out, help_default(row));
    put_text(out, "; ");
    put_line(out, text.range);
}

static void put_parameters(FILE *out) {
    const char *section = "";
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        if (strcmp(section, row->section) != 0) (void)fprintf(out, ".SS %s\n", row->section);
        section = row->section;
        put_parameter(out, row);
    }
}

/* ------------------------------------------------------------------------------------------------------------ page */

static void put_synopsis(FILE *out, const Command *table, int count) {
    (void)fputs(".SH SYNOPSIS\n", out);
    for (int i = 0; i < count; i++) {
        (void)fprintf(out, ".TP\n.B tessera %s\n", table[i].name);
        put_line(out, table[i].usage);
    }
}

static void put_head(FILE *out) {
    (void)fprintf(out,
                  ".\\\" printed by tessera \\-\\-man\n"
                  ".TH TESSERA 1 \"\" \"tessera %s\" \"User Commands\"\n"
                  ".ad l\n.nh\n"
                  ".SH NAME\ntessera \\- X\\-ray diffraction images of nanocrystals at cluster scale\n",
                  build_info().version);
}

static void put_description(FILE *out) {
    (void)fputs(
        ".SH DESCRIPTION\n"
        "Tessera simulates far\\-field X\\-ray diffraction images of small crystals with the physics of nanoBragg and\n"
        "writes them to one NeXus (NXmx) HDF5 file that DIALS, h5py and silx read.\n"
        "A run is described by parameters: in a run file (YAML), on the command line as\n"
        ".BR \\-\\-section.name=value ,\n"
        "or both, in which case the command line wins.\n"
        ".PP\n"
        "Started under\n.BR mpirun (1)\nor\n.BR srun (1)\n"
        "it uses all ranks; without, it is one rank. The images are the same bytes for any number of ranks and\n"
        "threads.\n",
        out);
}

static void put_tail(FILE *out) {
    (void)fputs(".SH ENVIRONMENT\n"
                ".TP\n.B OMP_NUM_THREADS\nthreads of each rank\n"
                ".TP\n.B SYMINFO\nthe table of space groups, where it is not in the place that was found when the "
                "program was built\n"
                ".TP\n.B TESSERA_START_MPI\nset to 1 under a launcher that is not recognised\n"
                ".TP\n.B NB_C_BIN\na binary of nanoBragg for tessera benchmark\n",
                out);
    (void)fputs(".SH EXAMPLES\n.EX\n"
                "tessera plan run.yaml \\-\\-output run.nxs\n"
                "mpirun \\-n 64 tessera simulate run.yaml \\-\\-output run.nxs\n"
                "tessera describe run.nxs\n"
                "tessera export run.nxs \\-\\-frame 0 \\-\\-output picture.png\n"
                "dials.import run.nxs\n"
                ".EE\n"
                ".SH SEE ALSO\n.BR mpirun (1),\n.BR sbatch (1),\n.BR h5dump (1)\n",
                out);
}

void manual_print(FILE *out) {
    int count;
    const Command *table = command_table(&count);
    put_head(out);
    put_synopsis(out, table, count);
    put_description(out);
    (void)fputs(".SH OPTIONS\n", out);
    for (int i = 0; i < count; i++) {
        (void)fprintf(out, ".SS tessera %s\n", table[i].name);
        put_options(out, table[i].options);
    }
    (void)fputs(".SH PARAMETERS\nThe unit stands in brackets; a number may be followed by its own.\n", out);
    put_parameters(out);
    (void)fputs(".SH EXIT STATUS\n", out);
    put_line(out, help_exit_codes());
    put_tail(out);
}
