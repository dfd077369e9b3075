#include "base/json.h"

#include "base/text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a file that are read, and how deep values may lie in one another. */
static const size_t FILE_BYTES_MOST = (size_t)1 << 32;
enum { DEPTH_MOST = 64 };

/* What stands in the file. */
typedef enum ValueKind { VALUE_OBJECT, VALUE_ARRAY, VALUE_QUOTED, VALUE_PLAIN } ValueKind;

/* A value; its number is its place in the list, from 1. */
typedef struct Value {
    ValueKind kind;
    uint32_t line;
    int parent;   /* 0 for the outermost */
    int count;    /* of elements, or of keys and values together */
    size_t first; /* place of the first of them in `child`, or of the text in `contents` */
} Value;

struct Json {
    char *path, *contents;
    Value *value;
    int values, room;
    int *child; /* numbers of values, those of one array or object side by side */
    size_t children, child_room;
};

/* A parser, with the values whose array or object is not complete on a stack. */
typedef struct Parser {
    Json *json;
    char *next;
    uint32_t line;
    int *stack;
    size_t stacked, stack_room;
} Parser;

/* --------------------------------------------------------------------------------------------------------- parsing */

static Status problem(const Parser *parser, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%u: this is no JSON: %s", parser->json->path, parser->line, what);
}

/* Room for one more element of a list. */
static Status grow(const Json *json, void **list, size_t count, size_t *room, size_t size) {
    if (count < *room) return status_ok();
    const size_t larger = *room == 0 ? 256 : 2 * *room;
    void *grown = realloc(*list, larger * size);
    if (grown == NULL) return status_error(STATUS_NO_MEMORY, "no memory to read %s", json->path);
    *list = grown;
    *room = larger;
    return status_ok();
}

static Status add_value(Parser *parser, ValueKind kind, int parent, int *number) {
    Json *json = parser->json;
    size_t room = (size_t)json->room;
    void *list = json->value;
    if (json->values >= INT32_MAX / 4) return problem(parser, "it has too many values");
    const Status status = grow(json, &list, (size_t)json->values, &room, sizeof *json->value);
    json->value = list;
    json->room = (int)room;
    TRY(status);
    json->value[json->values] = (Value){.kind = kind, .line = parser->line, .parent = parent};
    *number = ++json->values;
    return status_ok();
}

static Status push(Parser *parser, int number) {
    void *list = parser->stack;
    const Status status = grow(parser->json, &list, parser->stacked, &parser->stack_room, sizeof *parser->stack);
    parser->stack = list;
    if (status_is_ok(status)) parser->stack[parser->stacked++] = number;
    return status;
}

/* Takes what was stacked since @p base as the children of a value. */
static Status take_children(Parser *parser, int number, size_t base) {
    Json *json = parser->json;
    Value *value = &json->value[number - 1];
    value->first = json->children;
    value->count = (int)(parser->stacked - base);
    for (size_t i = base; i < parser->stacked; i++) {
        void *list = json->child;
        const Status status = grow(json, &list, json->children, &json->child_room, sizeof *json->child);
        json->child = list;
        TRY(status);
        json->child[json->children++] = parser->stack[i];
    }
    parser->stacked = base;
    return status_ok();
}

static void skip_blanks(Parser *parser) {
    for (; *parser->next == ' ' || *parser->next == '\n' || *parser->next == '\t'; parser->next++)
        if (*parser->next == '\n') parser->line++;
}

static int hexadecimal(const char *digits) {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char *all = "0123456789abcdef", *found = NULL;
        const char digit = (char)(digits[i] >= 'A' && digits[i] <= 'F' ? digits[i] + 'a' - 'A' : digits[i]);
        if (digit != '\0') found = strchr(all, digit);
        if (found == NULL) return -1;
        value = 16 * value + (int)(found - all);
    }
    return value;
}

/* Writes a sign of Unicode in UTF-8. */
static char *put_sign(char *out, int code) {
    const unsigned sign = (unsigned)code;
    if (sign < 0x80) {
        *out++ = (char)sign;
    } else if (sign < 0x800) {
        *out++ = (char)(0xC0 | sign >> 6);
        *out++ = (char)(0x80 | (sign & 0x3F));
    } else if (sign < 0x10000) {
        *out++ = (char)(0xE0 | sign >> 12);
        *out++ = (char)(0x80 | (sign >> 6 & 0x3F));
        *out++ = (char)(0x80 | (sign & 0x3F));
    } else {
        *out++ = (char)(0xF0 | sign >> 18);
        *out++ = (char)(0x80 | (sign >> 12 & 0x3F));
        *out++ = (char)(0x80 | (sign >> 6 & 0x3F));
        *out++ = (char)(0x80 | (sign & 0x3F));
    }
    return out;
}

/* What follows "\u"; two halves of a sign beyond 16 bits count as one. */
static Status take_code(Parser *parser, char **out) {
    int code = hexadecimal(parser->next + 1);
    if (code >= 0) parser->next += 4;
    if (code >= 0xD800 && code < 0xDC00 && parser->next[1] == '\\' && parser->next[2] == 'u') {
        const int low = hexadecimal(parser->next + 3);
        if (low < 0xDC00 || low >= 0xE000) return problem(parser, "\\u is followed by no sign");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        parser->next += 6;
    }
    if (code <= 0 || (code >= 0xD800 && code < 0xE000)) return problem(parser, "\\u is followed by no sign");
    *out = put_sign(*out, code);
    return status_ok();
}

static Status take_escape(Parser *parser, char **out) {
    static const char letters[] = "\"\\/bfnrt", signs[] = "\"\\/\b\f\n\r\t";
    parser->next++;
    if (*parser->next == 'u') return take_code(parser, out);
    const char *letter = *parser->next == '\0' ? NULL : strchr(letters, *parser->next);
    if (letter == NULL) return problem(parser, "an unknown sign follows a backslash");
    *(*out)++ = signs[letter - letters];
    return status_ok();
}

/* A string: its text takes the place of what stands in the file, which is never shorter. */
static Status parse_string(Parser *parser, int number) {
    char *out = ++parser->next;
    parser->json->value[number - 1].first = (size_t)(out - parser->json->contents);
    for (; *parser->next != '"'; parser->next++) {
        if (*parser->next == '\0' || *parser->next == '\n') return problem(parser, "a string does not end");
        if (*parser->next == '\\')
            TRY(take_escape(parser, &out));
        else
            *out++ = *parser->next;
    }
    *out = '\0';
    parser->next++;
    return status_ok();
}

/* A number, true, false or null; what it is shows when it is asked for. */
static Status parse_plain(Parser *parser, int number) {
    Value *value = &parser->json->value[number - 1];
    const size_t length = strcspn(parser->next, ",]}: \n\t\"[{");
    if (length == 0) return problem(parser, "a value is missing");
    if (length > 4096) return problem(parser, "a value is too long");
    value->first = (size_t)(parser->next - parser->json->contents);
    value->count = (int)length;
    parser->next += length;
    return status_ok();
}

static Status parse_value(Parser *parser, int parent, int depth);

static Status parse_key(Parser *parser, int object) {
    int key = 0;
    if (*parser->next != '"') return problem(parser, "a key must be a string in quotes");
    TRY(add_value(parser, VALUE_QUOTED, object, &key));
    TRY(parse_string(parser, key));
    TRY(push(parser, key));
    skip_blanks(parser);
    if (*parser->next != ':') return problem(parser, "a colon must follow a key");
    parser->next++;
    return status_ok();
}

static Status parse_members(Parser *parser, int number, int depth) {
    const bool object = *parser->next == '{';
    const char closing = object ? '}' : ']';
    const size_t base = parser->stacked;
    parser->next++;
    skip_blanks(parser);
    for (bool more = *parser->next != closing; more;) {
        if (object) TRY(parse_key(parser, number));
        TRY(parse_value(parser, number, depth + 1));
        skip_blanks(parser);
        more = *parser->next == ',';
        if (more) parser->next++;
        skip_blanks(parser);
    }
    if (*parser->next != closing)
        return problem(parser, object ? "a comma or } is missing" : "a comma or ] is missing");
    parser->next++;
    return take_children(parser, number, base);
}

/* One value, which is stacked for the array or object that it belongs to. */
static Status parse_value(Parser *parser, int parent, int depth) {
    int number = 0;
    skip_blanks(parser);
    const char first = *parser->next;
    const ValueKind kind = first == '{'   ? VALUE_OBJECT
                           : first == '[' ? VALUE_ARRAY
                           : first == '"' ? VALUE_QUOTED
                                          : VALUE_PLAIN;
    if (depth > DEPTH_MOST)
        return status_error(STATUS_BAD_FILE, "%s:%u: more than %d lists and mappings lie in one another",
                            parser->json->path, parser->line, DEPTH_MOST);
    TRY(add_value(parser, kind, parent, &number));
    if (kind == VALUE_QUOTED) TRY(parse_string(parser, number));
    if (kind == VALUE_PLAIN) TRY(parse_plain(parser, number));
    if (kind == VALUE_OBJECT || kind == VALUE_ARRAY) TRY(parse_members(parser, number, depth));
    return push(parser, number);
}

static Status parse(Json *json) {
    Parser parser = {.json = json, .next = json->contents, .line = 1};
    skip_blanks(&parser);
    Status status = *parser.next == '\0' ? status_ok() : parse_value(&parser, 0, 1);
    skip_blanks(&parser);
    if (status_is_ok(status) && *parser.next != '\0') status = problem(&parser, "something follows its end");
    free(parser.stack);
    return status;
}

Status json_open(const char *path, Json **json) {
    Json *opened = calloc(1, sizeof *opened);
    size_t bytes = 0;
    if (opened == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    Status status = text_read_text(path, path, FILE_BYTES_MOST, &opened->contents, &bytes);
    if (status_is_ok(status)) {
        opened->path = malloc(strlen(path) + 1);
        if (opened->path == NULL) status = status_error(STATUS_NO_MEMORY, "no memory for %s", path);
    }
    if (status_is_ok(status)) {
        memcpy(opened->path, path, strlen(path) + 1);
        status = parse(opened);
    }
    if (!status_is_ok(status)) json_close(&opened);
    *json = opened;
    return status;
}

void json_close(Json **json) {
    if (*json == NULL) return;
    free((*json)->path);
    free((*json)->contents);
    free((*json)->value);
    free((*json)->child);
    free(*json);
    *json = NULL;
}

/* --------------------------------------------------------------------------------------------------------- walking */

static const Value *value_of(JsonNode node) {
    return node.index == 0 ? NULL : &node.json->value[node.index - 1];
}

static const char *text_of(const Json *json, const Value *value) {
    return json->contents + value->first;
}

static JsonNode nothing(JsonNode from) {
    return (JsonNode){.json = from.json, .index = 0};
}

const char *json_path(JsonNode node) {
    return node.json->path;
}

JsonNode json_root(const Json *json) {
    return (JsonNode){.json = json, .index = json->values > 0 ? 1 : 0};
}

int json_length(JsonNode node) {
    const Value *value = value_of(node);
    if (value == NULL || value->kind == VALUE_QUOTED || value->kind == VALUE_PLAIN) return 0;
    return value->kind == VALUE_ARRAY ? value->count : value->count / 2;
}

JsonNode json_item(JsonNode array, int index) {
    const Value *value = value_of(array);
    if (value == NULL || value->kind != VALUE_ARRAY || index < 0 || index >= value->count) return nothing(array);
    return (JsonNode){.json = array.json, .index = array.json->child[value->first + (size_t)index]};
}

const char *json_key(JsonNode object, int index, JsonNode *value) {
    const Value *found = value_of(object);
    *value = nothing(object);
    if (found == NULL || found->kind != VALUE_OBJECT || index < 0 || index >= json_length(object)) return "";
    const int *pair = object.json->child + found->first + 2 * (size_t)index;
    value->index = pair[1];
    return text_of(object.json, &object.json->value[pair[0] - 1]);
}

static JsonNode member(JsonNode object, const char *key, size_t length) {
    for (int i = 0; i < json_length(object); i++) {
        JsonNode value;
        const char *name = json_key(object, i, &value);
        if (strncmp(name, key, length) == 0 && name[length] == '\0') return value;
    }
    return nothing(object);
}

static JsonNode child(JsonNode from, const char *step, size_t length) {
    const Value *value = value_of(from);
    if (value == NULL) return nothing(from);
    if (value->kind == VALUE_OBJECT) return member(from, step, length);
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

bool json_exists(JsonNode node) {
    return value_of(node) != NULL;
}

bool json_is_null(JsonNode node) {
    const Value *value = value_of(node);
    return value != NULL && value->kind == VALUE_PLAIN && value->count == 4 &&
           memcmp(text_of(node.json, value), "null", 4) == 0;
}

JsonKind json_kind(JsonNode node) {
    const Value *found = value_of(node);
    double value = 0.0;
    if (found == NULL) return JSON_NOTHING;
    if (found->kind == VALUE_OBJECT) return JSON_OBJECT;
    if (found->kind == VALUE_ARRAY) return JSON_ARRAY;
    return status_is_ok(json_number(node, "", &value)) ? JSON_NUMBER : JSON_STRING;
}

/* ------------------------------------------------------------------------------------------------ values and messages
 */

/* The step from a value's parent to it. */
static void step_to(const Json *json, int number, char *step, size_t bytes) {
    const Value *parent = &json->value[json->value[number - 1].parent - 1];
    for (int i = 0; i < parent->count; i++) {
        const int *place = json->child + parent->first + i;
        if (*place != number) continue;
        if (parent->kind == VALUE_ARRAY)
            (void)snprintf(step, bytes, "%d", i);
        else if (i % 2 == 1)
            (void)snprintf(step, bytes, "%s", text_of(json, &json->value[place[-1] - 1]));
        return;
    }
}

void json_where(JsonNode node, char *where) {
    int way[DEPTH_MOST + 1], steps = 0;
    const Value *value = value_of(node);
    for (int number = node.index; value != NULL && value->parent != 0 && steps < DEPTH_MOST; value = value_of(node)) {
        way[steps++] = number;
        number = node.index = value->parent;
    }
    *where = '\0';
    for (size_t used = 0; steps > 0; used = strlen(where)) {
        char step[JSON_WHERE_BYTES] = "";
        step_to(node.json, way[--steps], step, sizeof step);
        (void)snprintf(where + used, JSON_WHERE_BYTES - used, "%s%s", used == 0 ? "" : "/", step);
    }
}

/* File, line and whole path of what lies at @p path from a value, or would lie there. */
static void place_of(JsonNode from, const char *path, char *place, size_t bytes) {
    char where[JSON_WHERE_BYTES] = "";
    const JsonNode found = json_find(from, path);
    json_where(json_exists(found) ? found : from, where);
    const bool below = !json_exists(found) && *path != '\0';
    const Value *near = value_of(json_exists(found) ? found : from);
    (void)snprintf(place, bytes, "%s:%u: \"%s%s%s\"", from.json->path, near == NULL ? 1U : near->line, where,
                   below && *where != '\0' ? "/" : "", below ? path : "");
}

Status json_error(JsonNode from, const char *path, const char *what) {
    char place[2 * JSON_WHERE_BYTES];
    place_of(from, path, place, sizeof place);
    return status_error(STATUS_BAD_FILE, "%s %s", place, what);
}

static Status scalar(JsonNode from, const char *path, ValueKind kind, const Value **value) {
    const JsonNode node = json_find(from, path);
    *value = value_of(node);
    if (*value != NULL && (*value)->kind == kind) return status_ok();
    if (*value == NULL) return json_error(from, path, "is missing");
    return json_error(from, path, kind == VALUE_QUOTED ? "must be a string" : "must be a number");
}

Status json_number(JsonNode from, const char *path, double *value) {
    const Value *found = NULL;
    const char *rest = "";
    TRY(scalar(from, path, VALUE_PLAIN, &found));
    const char *text = text_of(from.json, found);
    if (text_read_real(text, value, &rest) && rest == text + found->count && isfinite(*value)) return status_ok();
    char what[128];
    (void)snprintf(what, sizeof what, "is %.*s; it must be a finite number", found->count < 40 ? found->count : 40,
                   text);
    return json_error(from, path, what);
}

Status json_numbers(JsonNode from, const char *path, int count, double *values) {
    const JsonNode array = json_find(from, path);
    char what[96];
    if (!json_exists(array)) return json_error(from, path, "is missing");
    if (json_length(array) != count || value_of(array)->kind != VALUE_ARRAY) {
        (void)snprintf(what, sizeof what, "has %d elements; it must have %d", json_length(array), count);
        return json_error(array, "", what);
    }
    for (int i = 0; i < count; i++) TRY(json_number(json_item(array, i), "", &values[i]));
    return status_ok();
}

Status json_text(JsonNode from, const char *path, const char **text) {
    const Value *value = NULL;
    TRY(scalar(from, path, VALUE_QUOTED, &value));
    *text = text_of(from.json, value);
    return status_ok();
}
