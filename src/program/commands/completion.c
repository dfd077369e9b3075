#include "commands/completion.h"

#include "commands/command_table.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <string.h>

/* What follows the names. In bash's words '=' is a word of its own, unless COMP_WORDBREAKS says otherwise. */
static const char completion_code[] =
    "_tessera_reply() { # _tessera_reply START WORD PREFIX: those of the words that begin so\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$3\" -W \"$2\" -- \"$1\")\n"
    "    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null\n"
    "}\n"
    "_tessera_files() { # _tessera_files START\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$1\")\n"
    "}\n"
    "_tessera_value() { # _tessera_value OPTION START PREFIX: what may follow an option and '='\n"
    "    local words=''\n"
    "    _tessera_words_of \"$1\"\n"
    "    case $words in\n"
    "    FILE) _tessera_files \"$2\" ;;\n"
    "    ?*) _tessera_reply \"$2\" \"$words\" \"$3\" ;;\n"
    "    esac\n"
    "}\n"
    "_tessera() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before='' command=${COMP_WORDS[1]} options=''\n"
    "    COMPREPLY=()\n"
    "    [ \"$COMP_CWORD\" = 0 ] || before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    if [ \"$COMP_CWORD\" -le 1 ]; then\n"
    "        _tessera_reply \"$word\" \"$_tessera_commands\" ''\n"
    "    elif [ \"$word\" = = ]; then\n"
    "        _tessera_value \"$before\" '' ''\n"
    "    elif [ \"$before\" = = ]; then\n"
    "        _tessera_value \"${COMP_WORDS[COMP_CWORD - 2]}\" \"$word\" ''\n"
    "    elif [[ $word == --*=* ]]; then\n"
    "        _tessera_value \"${word%%=*}\" \"${word#*=}\" \"${word%%=*}=\"\n"
    "    elif [ \"$before\" = --help ]; then\n"
    "        _tessera_reply \"$word\" \"$_tessera_sections\" ''\n"
    "    elif [[ $word == -* ]]; then\n"
    "        _tessera_options_of \"$command\"\n"
    "        _tessera_reply \"$word\" \"$options\" ''\n"
    "    else\n"
    "        _tessera_files \"$word\"\n"
    "    fi\n"
    "}\n"
    "complete -F _tessera tessera\n";

/* ------------------------------------------------------------------------------------------------- parameters' words
 */

static void put_parameters(FILE *out) {
    (void)fputs("_tessera_parameters='", out);
    for (int i = 0; i < PARAMETER_COUNT; i++)
        (void)fprintf(out, "%s--%s=", i > 0 ? " " : "", parameters_row(i)->public_name);
    (void)fputs("'\n_tessera_sections='", out);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const char *section = parameters_row(i)->section;
        const bool first = i == 0;
        if (first || strcmp(section, parameters_row(i - 1)->section) != 0)
            (void)fprintf(out, "%s%s", first ? "" : " ", section);
    }
    (void)fputs("'\n", out);
}

static void put_words(FILE *out) {
    (void)fputs("_tessera_words_of() { # _tessera_words_of OPTION: sets words; FILE stands for files\n"
                "    case $1 in\n",
                out);
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        const bool is_file = row->type == PARAMETER_TYPE_FILE;
        if (is_file || *row->choices != '\0')
            (void)fprintf(out, "    --%s) words='%s' ;;\n", row->public_name, is_file ? "FILE" : row->choices);
    }
    (void)fputs("    --*.*) ;;\n    *) words=FILE ;;\n    esac\n}\n", out);
}

/* --------------------------------------------------------------------------------------------------------- commands */

/* True when an earlier line has the name; --help comes last, whether a table has it or not. */
static bool is_known(const OptionTable *table, int index, const char *name) {
    OptionLine line;
    for (int i = 0; i < index && options_line(table, i, &line); i++)
        if (strcmp(line.name, name) == 0) return true;
    return strcmp(name, "--help") == 0;
}

static void put_command(FILE *out, const Command *command) {
    const OptionTable *table = command->options;
    OptionLine line;
    (void)fprintf(out, "    %s) options=\"", command->name);
    for (int i = 0; options_line(table, i, &line); i++)
        if (!is_known(table, i, line.name)) (void)fprintf(out, "%s ", line.name);
    (void)fprintf(out, "--help%s\" ;;\n", table->takes_parameters ? " $_tessera_parameters" : "");
}

void completion_print(FILE *out) {
    int count;
    const Command *table = command_table(&count);
    (void)fputs("# Completion of tessera for bash, printed by: tessera --bash-completion\n"
                "# shellcheck shell=bash disable=SC2034 # functions set variables of their caller\n_tessera_commands='",
                out);
    for (int i = 0; i < count; i++) (void)fprintf(out, "%s ", table[i].name);
    (void)fputs("--help --version'\n", out);
    put_parameters(out);
    put_words(out);
    (void)fputs("_tessera_options_of() { # _tessera_options_of COMMAND: sets options\n    case $1 in\n", out);
    for (int i = 0; i < count; i++) put_command(out, &table[i]);
    (void)fputs("    esac\n}\n", out);
    (void)fputs(completion_code, out);
}
