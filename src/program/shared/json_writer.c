#include "shared/json_writer.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void put_quoted(FILE *file, const char *text) {
    (void)fputc('"', file);
    while (*text != '\0') {
        const size_t bytes = text_sign_bytes(text);
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            (void)fprintf(file, "\\u%04x", (unsigned)(unsigned char)*text);
        else if (bytes == 0)
            (void)fputs("\\ufffd", file); /* no UTF-8 */
        else
            (void)fprintf(file, "%s%.*s", *text == '"' || *text == '\\' ? "\\" : "", (int)bytes, text);
        text += bytes > 0 ? bytes : 1;
    }
    (void)fputc('"', file);
}

static void begin_value(JsonWriter *writer, const char *name) {
    if (writer->depth > 0) (void)fprintf(writer->file, "%s\n%*s", writer->has_items ? "," : "", 2 * writer->depth, "");
    if (name != NULL) {
        put_quoted(writer->file, name);
        (void)fputs(": ", writer->file);
    }
    writer->has_items = true;
}

void json_open_group(JsonWriter *writer, const char *name, char bracket) {
    begin_value(writer, name);
    (void)fputc(bracket, writer->file);
    writer->depth++;
    writer->has_items = false;
}

void json_close_group(JsonWriter *writer, char bracket) {
    writer->depth--;
    if (writer->has_items) (void)fprintf(writer->file, "\n%*s", 2 * writer->depth, "");
    (void)fputc(bracket, writer->file);
    writer->has_items = true;
    if (writer->depth == 0) (void)fputc('\n', writer->file);
}

void json_put_number(JsonWriter *writer, const char *name, double value) {
    begin_value(writer, name);
    char text[40] = "null";
    if (isfinite(value)) (void)snprintf(text, sizeof text, "%.15g", value);
    if (isfinite(value) && strtod(text, NULL) != value) (void)snprintf(text, sizeof text, "%.17g", value);
    (void)fputs(text, writer->file);
}

void json_put_integer(JsonWriter *writer, const char *name, int64_t value) {
    begin_value(writer, name);
    (void)fprintf(writer->file, "%" PRId64, value);
}

void json_put_text(JsonWriter *writer, const char *name, const char *text) {
    begin_value(writer, name);
    put_quoted(writer->file, text);
}

void json_put_flag(JsonWriter *writer, const char *name, bool value) {
    begin_value(writer, name);
    (void)fputs(value ? "true" : "false", writer->file);
}
