/** @file
 *  Reads a JSON document into memory, some 30 bytes for each value beside the text. */
#ifndef TESSERA_JSON_H
#define TESSERA_JSON_H

#include "base/status.h"

#include <stdbool.h>

/** A document in memory. */
typedef struct Json Json;

/** A value within a document: an object, an array, a scalar, or nothing. Borrowed from the document. */
typedef struct JsonNode {
    const Json *json;
    int index; /**< number of the value, 0 for nothing */
} JsonNode;

/** Reads the file @p path.
 *  @param json  the caller closes it
 *  @return BAD_FILE naming file and line, NO_MEMORY */
Status json_open(const char *path, Json **json);

/** Frees @p json, which may be NULL, and leaves NULL. */
void json_close(Json **json);

/** The file that a value is from. Borrowed from the document. */
const char *json_path(JsonNode node);

/** The outermost value. */
JsonNode json_root(const Json *json);

/** The value at @p path from @p from: keys and numbers of elements with slashes between, as in "pixels/0/omega".
 *  @return nothing where there is none; @p from itself for "" */
JsonNode json_find(JsonNode from, const char *path);

/** Element @p index of an array, counted from 0; nothing where there is none. */
JsonNode json_item(JsonNode array, int index);

/** Key @p index of an object and its value, in the order of the file. Borrowed from the document.
 *  @return "" and nothing where there is none */
const char *json_key(JsonNode object, int index, JsonNode *value);

/** What a value is. */
typedef enum JsonKind { JSON_NOTHING, JSON_OBJECT, JSON_ARRAY, JSON_NUMBER, JSON_STRING } JsonKind;

/** The kind of a value; true, false and null count as strings. */
JsonKind json_kind(JsonNode node);

/** True for the word null. */
bool json_is_null(JsonNode node);

/** False for nothing. */
bool json_exists(JsonNode node);

/** Number of elements of an array or keys of an object, 0 for anything else. */
int json_length(JsonNode node);

/** Bytes of a path with its final zero. */
enum { JSON_WHERE_BYTES = 256 };

/** The path of a value from the outermost one, as json_find takes it.
 *  @param where  [JSON_WHERE_BYTES] */
void json_where(JsonNode node, char *where);

/** The error that @p what says of what lies at @p path from @p from, or is missing there.
 *  @return BAD_FILE naming file, line and path */
Status json_error(JsonNode from, const char *path, const char *what);

/** The finite number at @p path from @p from.
 *  @return BAD_FILE, naming file, line and path, when there is none, it is a string or not finite */
Status json_number(JsonNode from, const char *path, double *value);

/** The numbers of the array at @p path, which must have exactly @p count elements.
 *  @param values  [count] */
Status json_numbers(JsonNode from, const char *path, int count, double *values);

/** The string at @p path. Borrowed from the document. */
Status json_text(JsonNode from, const char *path, const char **text);

#endif
