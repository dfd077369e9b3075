#include "base/status.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

Status status_ok(void) {
    return (Status){.code = STATUS_OK, .message = ""};
}

Status status_error(StatusCode code, const char *format, ...) {
    Status status = {.code = code, .message = ""};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(status.message, sizeof status.message, format, arguments);
    va_end(arguments);
    text_make_printable(status.message, sizeof status.message);
    return status;
}

bool status_is_ok(Status status) {
    return status.code == STATUS_OK;
}

int status_exit_code(StatusCode code) {
    switch (code) {
    case STATUS_OK:
        return 0;
    case STATUS_COMPARISON_FAILED:
        return 1;
    case STATUS_BAD_PARAMETER:
    case STATUS_BAD_FILE:
    case STATUS_NO_MEMORY:
        return 2;
    case STATUS_OUTPUT_FAILED:
        return 3;
    case STATUS_RANK_LOST:
        return 4;
    case STATUS_INTERRUPTED:
        return 75;
    }
    return 2;
}

Status status_first(Status first, Status second) {
    return status_is_ok(first) ? second : first;
}

void notes_add(Notes *notes, const char *format, ...) {
    if (notes == NULL || notes->count >= NOTES_MOST) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(notes->text[notes->count], NOTE_BYTES, format, arguments);
    va_end(arguments);
    text_make_printable(notes->text[notes->count], NOTE_BYTES);
    notes->count++;
}
