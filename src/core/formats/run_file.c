#include "formats/run_file.h"

#include "base/text.h"
#include "base/yaml_nesting.h"
#include "model/parameter_rivals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { RUN_FILE_BYTES_MOST = 1 << 26 };

/* A parsed document and where it came from. */
typedef struct RunFile {
    const char *path;
    yaml_document_t document;
    Parameters *parameters;
} RunFile;

static const char *text_of(const yaml_node_t *node) {
    return (const char *)node->data.scalar.value;
}

static Status fault(const RunFile *file, const yaml_node_t *node, const char *what, const char *name) {
    return status_error(STATUS_BAD_FILE, "%s:%zu: %s%s%.100s%s", file->path, node->start_mark.line + 1, what,
                        *name ? " \"" : "", name, *name ? "\"" : "");
}

static void origin_of(const RunFile *file, const yaml_node_t *node, char *origin, size_t bytes) {
    (void)snprintf(origin, bytes, "%.200s:%zu", file->path, node->start_mark.line + 1);
}

static Status too_long(const RunFile *file, const yaml_node_t *node, const char *name) {
    return fault(
        file, node,
        "a value has at most 1023 characters; what sweep.matrix and sweep.draw cannot hold goes into a list of "
        "frames (sweep.kind=list, sweep.file):",
        name);
}

/* A scalar as it is, a sequence as its scalars with commas between. */
static Status value_text(RunFile *file, const char *name, yaml_node_t *node, char *text, size_t bytes) {
    *text = '\0';
    if (node->type == YAML_SCALAR_NODE) {
        if (strlen(text_of(node)) != node->data.scalar.length)
            return fault(file, node, "the value has a zero byte:", name);
        return text_copy(text, bytes, text_of(node)) ? status_ok() : too_long(file, node, name);
    }
    if (node->type != YAML_SEQUENCE_NODE)
        return fault(file, node, "the value must be a number, a word or a list, not a mapping:", name);
    for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        const yaml_node_t *part = yaml_document_get_node(&file->document, *item);
        const size_t used = strlen(text);
        if (part->type != YAML_SCALAR_NODE) return fault(file, part, "a list must hold numbers or words:", name);
        const char *comma = item > node->data.sequence.items.start ? "," : "";
        const int written = snprintf(text + used, bytes - used, "%s%s", comma, text_of(part));
        if (written < 0 || (size_t)written >= bytes - used) return too_long(file, part, name);
    }
    return status_ok();
}

/* A mapping of sweep.matrix or sweep.draw as one text: name=value;name=value. */
static Status mapping_text(RunFile *file, yaml_node_t *node, char *text, size_t bytes) {
    *text = '\0';
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&file->document, pair->key);
        char value[PARAMETER_TEXT_BYTES];
        if (key->type != YAML_SCALAR_NODE) return fault(file, key, "a name must be a word", "");
        TRY(value_text(file, text_of(key), yaml_document_get_node(&file->document, pair->value), value, sizeof value));
        const size_t used = strlen(text);
        const int written = snprintf(text + used, bytes - used, "%s%s=%s", used > 0 ? ";" : "", text_of(key), value);
        if (written < 0 || (size_t)written >= bytes - used) return too_long(file, key, text_of(key));
    }
    return status_ok();
}

/* A file named in a run file lies beside it unless the name is absolute. */
static Status beside_run_file(const RunFile *file, const yaml_node_t *node, char *text, size_t bytes) {
    const char *slash = strrchr(file->path, '/');
    char joined[PARAMETER_TEXT_BYTES];
    if (*text == '\0' || *text == '/' || slash == NULL) return status_ok();
    const int written = snprintf(joined, sizeof joined, "%.*s/%s", (int)(slash - file->path), file->path, text);
    if (written < 0 || (size_t)written >= sizeof joined || !text_copy(text, bytes, joined))
        return fault(file, node, "the file's name is too long:", text);
    return status_ok();
}

static Status set_one(RunFile *file, const char *public_name, const yaml_node_t *key, yaml_node_t *value) {
    char text[PARAMETER_TEXT_BYTES], origin[PARAMETER_ORIGIN_BYTES];
    const int index = parameters_find(public_name);
    origin_of(file, key, origin, sizeof origin);
    if (index >= 0 && parameters_row(index)->holds_values && value->type == YAML_MAPPING_NODE)
        TRY(mapping_text(file, value, text, sizeof text));
    else
        TRY(value_text(file, public_name, value, text, sizeof text));
    if (index >= 0 && parameters_is_given(file->parameters, index))
        return status_error(STATUS_BAD_FILE, "%s: %s was already given at %s; keep one", origin, public_name,
                            file->parameters->state[index].origin);
    if (index >= 0 && parameters_row(index)->type == PARAMETER_TYPE_FILE)
        TRY(beside_run_file(file, value, text, sizeof text));
    TRY(parameters_set(file->parameters, public_name, text, origin));
    file->parameters->state[index].from_run_file = true;
    return status_ok();
}

static bool is_section(const char *name) {
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (strcmp(parameters_row(i)->section, name) == 0) return true;
    return false;
}

static Status unknown_section(const RunFile *file, const yaml_node_t *key) {
    char remedy[TEXT_REMEDY_BYTES];
    parameters_section_remedy(text_of(key), remedy);
    return status_error(STATUS_BAD_FILE, "%s:%zu: there is no section \"%.100s\"%s", file->path,
                        key->start_mark.line + 1, text_of(key), remedy);
}

static Status no_mapping(const RunFile *file, const char *section, const yaml_node_t *value) {
    const bool is_text = value->type == YAML_SCALAR_NODE;
    return status_error(STATUS_BAD_FILE,
                        "%s:%zu: section \"%.60s\" holds %s%.100s%s; it must hold a line for each value, as in \"name: "
                        "1.0\": a colon and a blank behind the name",
                        file->path, value->start_mark.line + 1, section, is_text ? "\"" : "a list",
                        is_text ? text_of(value) : "", is_text ? "\"" : "");
}

static Status read_section(RunFile *file, const yaml_node_t *key, yaml_node_t *value) {
    const char *section = text_of(key);
    if (!is_section(section)) return unknown_section(file, key);
    if (value->type == YAML_SCALAR_NODE && *text_of(value) == '\0') return status_ok(); /* an empty section */
    if (value->type != YAML_MAPPING_NODE) return no_mapping(file, section, value);
    for (yaml_node_pair_t *pair = value->data.mapping.pairs.start; pair < value->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&file->document, pair->key);
        char public_name[256];
        if (name->type != YAML_SCALAR_NODE) return fault(file, name, "a name must be a word", "");
        (void)snprintf(public_name, sizeof public_name, "%.100s.%.120s", section, text_of(name));
        TRY(set_one(file, public_name, name, yaml_document_get_node(&file->document, pair->value)));
    }
    return status_ok();
}

static Status read_document(RunFile *file) {
    yaml_node_t *root = yaml_document_get_root_node(&file->document);
    if (root == NULL) return status_ok(); /* an empty file: every default */
    if (root->type != YAML_MAPPING_NODE)
        return fault(file, root, "a run file must hold sections, like \"detector: {distance: 100}\"", "");
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&file->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(&file->document, pair->value);
        if (key->type != YAML_SCALAR_NODE) return fault(file, key, "a section's name must be a word", "");
        if (strchr(text_of(key), '.') != NULL)
            TRY(set_one(file, text_of(key), key, value));
        else
            TRY(read_section(file, key, value));
    }
    return status_ok();
}

/* What users do to come by a complaint of the parser's. */
static const struct {
    const char *problem, *meaning;
} complaints[] = {
    {"mapping values are not allowed",
     "its indent is not that of the line above (all names of a section begin in the same column), or a value with "
     "\": \" in it lacks its quotes"},
    {"did not find expected key",
     "its indent is that of no line above; all names of a section begin in the same column, sections in the first"},
    {"could not find expected ':'", "a name without \": \" behind it"},
    {"found duplicate", "a name that stands there twice"},
    {"did not find expected ',' or ']'", "a list that does not end: [1, 2, 3]"},
    {"found unexpected end of stream", "quotes that do not end"},
};

static const char *meaning_of(const char *problem) {
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
        if (strncmp(problem, complaints[i].problem, strlen(complaints[i].problem)) == 0) return complaints[i].meaning;
    return NULL;
}

/* A tab that a line of the text is indented with. */
static bool is_indented_by_tab(const char *text, size_t line) {
    for (; line > 0 && text != NULL; line--) text = strchr(text, '\n') != NULL ? strchr(text, '\n') + 1 : NULL;
    return text != NULL && text[strspn(text, " ")] == '\t';
}

static Status not_yaml(const char *path, const char *contents, const yaml_parser_t *parser) {
    const char *problem = parser->problem != NULL ? parser->problem : "the text cannot be read";
    const char *meaning = meaning_of(problem);
    if (parser->error == YAML_MEMORY_ERROR) return status_error(STATUS_NO_MEMORY, "no memory to read %s", path);
    if (is_indented_by_tab(contents, parser->problem_mark.line)) meaning = "a tab; YAML takes only blanks as indent";
    return status_error(STATUS_BAD_FILE, "%s:%zu: %s%s%s%s", path, parser->problem_mark.line + 1,
                        meaning != NULL ? meaning : "this is not YAML: ", meaning != NULL ? " (YAML: " : "", problem,
                        meaning != NULL ? ")" : "");
}

/* What stands behind the first document would be lost without a word. */
static Status refuse_more(const RunFile *file, const char *contents, yaml_parser_t *parser) {
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more)) return not_yaml(file->path, contents, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&more);
    const Status status =
        root == NULL ? status_ok() : fault(file, root, "a second document; a run file holds only one", "");
    yaml_document_delete(&more);
    return status;
}

static Status parse(const char *path, const char *contents, size_t bytes, Parameters *parameters) {
    yaml_parser_t parser;
    RunFile file = {.path = path, .parameters = parameters};
    if (!yaml_parser_initialize(&parser)) return status_error(STATUS_NO_MEMORY, "no memory to read %s", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)contents, bytes);
    Status status;
    if (!yaml_parser_load(&parser, &file.document)) {
        status = not_yaml(path, contents, &parser);
    } else {
        status = read_document(&file);
        if (status_is_ok(status)) status = refuse_more(&file, contents, &parser);
        yaml_document_delete(&file.document);
    }
    yaml_parser_delete(&parser);
    return status;
}

/* The folder from which the file's own files count. */
static Status take_folder(const char *path, Parameters *parameters) {
    const char *slash = strrchr(path, '/');
    const int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    const int written = snprintf(parameters->run_file_folder, sizeof parameters->run_file_folder, "%.*s", length,
                                 slash == NULL ? "." : path);
    return written < (int)sizeof parameters->run_file_folder
               ? status_ok()
               : status_error(STATUS_BAD_FILE, "the name %.60s... of a run file is too long", path);
}

/* Two characters that stand for one in quotes: '' and what follows a backslash. */
static bool is_escaped(char quote, const char *place) {
    if (quote == '"') return place[0] == '\\' && place[1] != '\0';
    return quote == '\'' && place[0] == '\'' && place[1] == '\'';
}

/* No-break spaces, which editors and web pages leave behind, are blanks for YAML too; in quotes they stay. */
static void make_blanks_plain(char *contents, size_t *bytes) {
    size_t length = 0, skipped = 1;
    char quote = '\0';
    if (*bytes >= 2 && (memcmp(contents, "\xff\xfe", 2) == 0 || memcmp(contents, "\xfe\xff", 2) == 0))
        return; /* UTF-16 */
    for (size_t i = 0; i < *bytes; i += skipped) {
        const size_t blank = quote == '\0' ? text_blank_bytes(contents + i) : 0;
        const char c = contents[i];
        const bool pair = is_escaped(quote, contents + i);
        skipped = blank > 0 ? blank : pair ? 2 : 1;
        if (quote == '\0' && (c == '"' || c == '\'') && (i == 0 || strchr(" ,:[{\n", contents[length - 1]) != NULL))
            quote = c;
        else if (!pair && (c == quote || c == '\n'))
            quote = '\0';
        contents[length++] = blank > 0 ? ' ' : c;
        if (pair) contents[length++] = contents[i + 1];
    }
    contents[length] = '\0';
    *bytes = length;
}

Status run_file_read(const char *path, Parameters *parameters) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(take_folder(path, parameters));
    TRY(text_read_text(path, path, RUN_FILE_BYTES_MOST, &contents, &bytes));
    make_blanks_plain(contents, &bytes);
    Status status = yaml_nesting_check(path, contents, bytes);
    if (status_is_ok(status)) status = parse(path, contents, bytes, parameters);
    free(contents);
    return status;
}

static bool is_printed(const Parameters *parameters, int index) {
    const ParameterRow *row = parameters_row(index);
    const ParameterState *state = &parameters->state[index];
    if (row->kept_in_run_file) return *state->text != '\0';
    if (parameter_rivals_is_idle(parameters, index)) return false;
    return parameters_row_decides_image(row) && (state->given || strcmp(state->text, row->default_text) != 0);
}

/* In single quotes, where a quote is written twice. */
static bool print_quoted(FILE *file, const char *folder, const char *text) {
    bool ok = fputc('\'', file) != EOF;
    if (folder != NULL) ok = fprintf(file, "%s/", folder) > 0 && ok;
    for (; *text != '\0'; text++) {
        if (*text == '\'') ok = fputc('\'', file) != EOF && ok;
        ok = fputc(*text, file) != EOF && ok;
    }
    return fputs("'\n", file) != EOF && ok;
}

bool run_file_print(FILE *file, const Parameters *parameters, const char *folder) {
    const char *section = "";
    bool ok = true;
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        char text[PARAMETER_TEXT_BYTES];
        parameters_current_text(i, parameters->state[i].text, text);
        const bool is_file = row->type == PARAMETER_TYPE_FILE && *text != '/' && *text != '\0';
        if (!is_printed(parameters, i)) continue;
        if (strcmp(section, row->section) != 0) ok = fprintf(file, "%s:\n", row->section) > 0 && ok;
        section = row->section;
        const bool is_name = row->type == PARAMETER_TYPE_FILE || row->type == PARAMETER_TYPE_TEXT;
        ok = fprintf(file, "  %s: ", row->name) > 0 && ok;
        ok = (is_name ? print_quoted(file, is_file ? folder : NULL, text) : fprintf(file, "%s\n", text) > 0) && ok;
    }
    return ok;
}
