#include "base/json.h"

#include "base/text.h"
#include "base/yaml_nesting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct Json {
    char *path;
    yaml_document_t document;
};

static yaml_node_t *node_of(JsonNode node) {
    /* libyaml's getters take a document that is not const, and leave it as it is */
    return node.index == 0 ? NULL : yaml_document_get_node((yaml_document_t *)&node.json->document, node.index);
}

/* Bytes of a file that are read. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 32;

static Status parse(const char *contents, size_t bytes, const char *path, yaml_document_t *document) {
    yaml_parser_t parser;
    TRY(yaml_nesting_check(path, contents, bytes));
    if (!yaml_parser_initialize(&parser)) return status_error(STATUS_NO_MEMORY, "no memory to read %s", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)contents, bytes);
    Status status = status_ok();
    if (!yaml_parser_load(&parser, document))
        status = status_error(STATUS_BAD_FILE, "%s:%zu: this is no JSON: %s", path, parser.problem_mark.line + 1,
                              parser.problem != NULL ? parser.problem : "unreadable");
    yaml_parser_delete(&parser);
    return status;
}

Status json_open(const char *path, Json **json) {
    char *contents = NULL;
    size_t bytes = 0;
    TRY(text_read_text(path, path, FILE_BYTES_MOST, &contents, &bytes));
    Json *opened = calloc(1, sizeof *opened);
    Status status = opened == NULL ? status_error(STATUS_NO_MEMORY, "no memory for %s", path)
                                   : parse(contents, bytes, path, &opened->document);
    free(contents);
    if (status_is_ok(status)) {
        opened->path = malloc(strlen(path) + 1);
        if (opened->path != NULL) {
            memcpy(opened->path, path, strlen(path) + 1);
            *json = opened;
            return status;
        }
        yaml_document_delete(&opened->document);
        status = status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    }
    free(opened);
    return status;
}

void json_close(Json **json) {
    if (*json == NULL) return;
    yaml_document_delete(&(*json)->document);
    free((*json)->path);
    free(*json);
    *json = NULL;
}

JsonNode json_root(const Json *json) {
    const bool empty = yaml_document_get_root_node((yaml_document_t *)&json->document) == NULL;
    return (JsonNode){.json = json, .index = empty ? 0 : 1};
}

static JsonNode nothing(JsonNode from) {
    return (JsonNode){.json = from.json, .index = 0};
}

JsonNode json_item(JsonNode array, int index) {
    const yaml_node_t *node = node_of(array);
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) return nothing(array);
    if (index < 0 || index >= json_length(array)) return nothing(array);
    return (JsonNode){.json = array.json, .index = node->data.sequence.items.start[index]};
}

static bool is_key(JsonNode key, const char *text, size_t length) {
    const yaml_node_t *node = node_of(key);
    return node != NULL && node->type == YAML_SCALAR_NODE && node->data.scalar.length == length &&
           memcmp(node->data.scalar.value, text, length) == 0;
}

static JsonNode member(JsonNode object, const char *key, size_t length) {
    const yaml_node_t *node = node_of(object);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        if (is_key((JsonNode){.json = object.json, .index = pair->key}, key, length))
            return (JsonNode){.json = object.json, .index = pair->value};
    return nothing(object);
}

static JsonNode child(JsonNode from, const char *step, size_t length) {
    const yaml_node_t *node = node_of(from);
    if (node == NULL || node->type == YAML_SCALAR_NODE) return nothing(from);
    if (node->type == YAML_MAPPING_NODE) return member(from, step, length);
    int64_t index = 0;
    const char *rest = step;
    if (!text_read_integer(step, &index, &rest) || rest != step + length || index > json_length(from))
        return nothing(from);
    return json_item(from, (int)index);
}

JsonNode json_find(JsonNode from, const char *path) {
    while (*path != '\0') {
        const size_t length = strcspn(path, "/");
        from = child(from, path, length);
        path += length;
        if (*path == '/') path++;
    }
    return from;
}

const char *json_key(JsonNode object, int index, JsonNode *value) {
    const yaml_node_t *node = node_of(object);
    *value = nothing(object);
    if (node == NULL || node->type != YAML_MAPPING_NODE || index < 0 || index >= json_length(object)) return "";
    const yaml_node_pair_t pair = node->data.mapping.pairs.start[index];
    const yaml_node_t *key = node_of((JsonNode){.json = object.json, .index = pair.key});
    if (key == NULL || key->type != YAML_SCALAR_NODE) return "";
    value->index = pair.value;
    return (const char *)key->data.scalar.value;
}

JsonKind json_kind(JsonNode node) {
    const yaml_node_t *found = node_of(node);
    if (found == NULL) return JSON_NOTHING;
    if (found->type == YAML_MAPPING_NODE) return JSON_OBJECT;
    if (found->type == YAML_SEQUENCE_NODE) return JSON_ARRAY;
    double value = 0.0;
    return status_is_ok(json_number(node, "", &value)) ? JSON_NUMBER : JSON_STRING;
}

bool json_exists(JsonNode node) {
    return node_of(node) != NULL;
}

int json_length(JsonNode node) {
    const yaml_node_t *found = node_of(node);
    if (found == NULL) return 0;
    if (found->type == YAML_SEQUENCE_NODE)
        return (int)(found->data.sequence.items.top - found->data.sequence.items.start);
    if (found->type == YAML_MAPPING_NODE) return (int)(found->data.mapping.pairs.top - found->data.mapping.pairs.start);
    return 0;
}

/* The scalar at a path: written with quotes when it is a string, without when it is a number. */
static Status scalar(JsonNode from, const char *path, bool quoted, const char **text) {
    const yaml_node_t *node = node_of(json_find(from, path));
    if (node == NULL || node->type != YAML_SCALAR_NODE)
        return status_error(STATUS_BAD_FILE, "%s: there is no scalar at \"%s\"", from.json->path, path);
    if ((node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) != quoted)
        return status_error(STATUS_BAD_FILE, "%s: \"%s\" is %s; it must be a %s", from.json->path, path,
                            (const char *)node->data.scalar.value, quoted ? "string" : "number");
    *text = (const char *)node->data.scalar.value;
    return status_ok();
}

Status json_number(JsonNode from, const char *path, double *value) {
    const char *text = "", *rest = "";
    TRY(scalar(from, path, false, &text));
    if (!text_read_real(text, value, &rest) || *rest != '\0' || !isfinite(*value))
        return status_error(STATUS_BAD_FILE, "%s: \"%s\" is %s; it must be a number", from.json->path, path, text);
    return status_ok();
}

Status json_numbers(JsonNode from, const char *path, int count, double *values) {
    const JsonNode array = json_find(from, path);
    if (json_length(array) != count)
        return status_error(STATUS_BAD_FILE, "%s: \"%s\" has %d elements; it must have %d", from.json->path, path,
                            json_length(array), count);
    for (int i = 0; i < count; i++) TRY(json_number(json_item(array, i), "", &values[i]));
    return status_ok();
}

Status json_text(JsonNode from, const char *path, const char **text) {
    return scalar(from, path, true, text);
}
