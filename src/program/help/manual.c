#include "help/manual.h"

#include "base/build_info.h"
#include "commands/command_table.h"
#include "help/help.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1024 };

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

/* ---------------------------------------------------------------------------------- help texts as parts of the page */

/* Where the meaning begins in "--name ARGUMENT   meaning": behind two blanks, or behind the name where there is only
 * one. */
static char *meaning_of(char *option) {
    char *gap = strstr(option, "  ");
    return gap != NULL ? gap : strchr(option, ' ');
}

static void put_option(FILE *out, char *line) {
    char *meaning = meaning_of(line);
    if (meaning != NULL) *meaning++ = '\0';
    (void)fputs(".TP\n.B ", out);
    put_line(out, line);
    if (meaning != NULL && meaning[strspn(meaning, " ")] != '\0') put_line(out, meaning + strspn(meaning, " "));
}

typedef enum Place { PLACE_START, PLACE_PARAGRAPH, PLACE_OPTION, PLACE_MEANING } Place;

/* "name:" alone is a heading, "  -name ..." an option, what stands deeper belongs to the option, the rest is text. */
static Place put_help_line(FILE *out, char *line, Place place) {
    const size_t indent = strspn(line, " "), length = strlen(line);
    if (length == indent) return PLACE_START;
    if (indent == 0 && line[length - 1] == ':' && strchr(line, ' ') == NULL) {
        line[length - 1] = '\0';
        (void)fprintf(out, ".SS %s\n", line);
        return PLACE_PARAGRAPH;
    }
    if (indent == 2 && line[indent] == '-') {
        put_option(out, line + indent);
        return PLACE_OPTION;
    }
    const bool deeper = indent > 2 && (place == PLACE_OPTION || place == PLACE_MEANING);
    if (deeper && place == PLACE_MEANING) (void)fputs(".br\n", out);
    if (!deeper && place != PLACE_PARAGRAPH) (void)fputs(".PP\n", out);
    put_line(out, line + indent);
    return deeper ? PLACE_MEANING : PLACE_PARAGRAPH;
}

static void put_help(FILE *out, const char *text) {
    Place place = PLACE_PARAGRAPH;
    while (*text != '\0') {
        char line[LINE_BYTES];
        const size_t length = strcspn(text, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)length, text);
        place = put_help_line(out, line, place);
        text += length + (text[length] == '\n');
    }
}

static Status put_help_of(FILE *out, const Command *command) {
    char *text = NULL;
    TRY(command_options_text(command, &text));
    put_help(out, text);
    free(text);
    return status_ok();
}

static void print_parameters(FILE *out) {
    (void)help_parameters(out, ""); /* all sections: none is unknown */
}

static Status put_printed(FILE *out, void (*print)(FILE *out)) {
    return put_help_of(out, &(Command){.name = "", .print_options = print});
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

Status manual_print(FILE *out) {
    int count;
    const Command *table = command_table(&count);
    put_head(out);
    put_synopsis(out, table, count);
    put_description(out);
    (void)fputs(".SH OPTIONS\n", out);
    for (int i = 0; i < count; i++) {
        (void)fprintf(out, ".SS tessera %s\n", table[i].name);
        TRY(put_help_of(out, &table[i]));
    }
    (void)fputs(".SH PARAMETERS\nThe unit stands in brackets; a number may be followed by its own.\n", out);
    TRY(put_printed(out, print_parameters));
    (void)fputs(".SH EXIT STATUS\n", out);
    TRY(put_printed(out, help_exit_codes));
    put_tail(out);
    return status_ok();
}
