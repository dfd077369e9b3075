/** @file
 *  Writes JSON, one value a line. */
#ifndef TESSERA_JSON_WRITER_H
#define TESSERA_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** A JSON text that is being written. Borrows its file. */
typedef struct JsonWriter {
    FILE *file;
    int depth;
    bool has_items; /**< the object or array that is open has something in it */
} JsonWriter;

/** Opens an object ('{') or an array ('['); @p name is NULL inside an array and at the top. */
void json_open_group(JsonWriter *writer, const char *name, char bracket);

/** Closes it ('}' or ']'). */
void json_close_group(JsonWriter *writer, char bracket);

/** One value; @p name as above. Numbers that are not finite are written as null: JSON has no others. */
void json_put_number(JsonWriter *writer, const char *name, double value);
void json_put_integer(JsonWriter *writer, const char *name, int64_t value);
void json_put_text(JsonWriter *writer, const char *name, const char *text);
void json_put_flag(JsonWriter *writer, const char *name, bool value);

#endif
