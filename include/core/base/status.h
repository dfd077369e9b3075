/** @file
 *  Success or failure as a value: a code that is the process's exit code, and a message for the user. */
#ifndef TESSERA_STATUS_H
#define TESSERA_STATUS_H

#include <stdbool.h>

/** Bytes of a message with its final zero; longer ones are cut. */
#define STATUS_MESSAGE_BYTES 1024

/** What went wrong; `status_exit_code` gives the exit code that the command line promises. */
typedef enum StatusCode {
    STATUS_OK = 0,
    STATUS_COMPARISON_FAILED, /**< a comparison or a gate failed, or merged frames are missing: exit code 1 */
    STATUS_BAD_PARAMETER,     /**< bad usage, or a value outside its range: exit code 2 */
    STATUS_BAD_FILE,          /**< an input file that cannot be read or understood: exit code 2 */
    STATUS_NO_MEMORY,         /**< more memory than there is: exit code 2 */
    STATUS_OUTPUT_FAILED,     /**< the output cannot be written: exit code 3 */
    STATUS_RANK_LOST,         /**< a rank hangs, or makes other calls than the others: exit code 4 */
    STATUS_INTERRUPTED        /**< stopped by a signal, finished frames are safe: exit code 75 */
} StatusCode;

/** The result of a function that can fail. Passed by value; owns nothing. */
typedef struct Status {
    StatusCode code;
    char message[STATUS_MESSAGE_BYTES];
} Status;

/** The successful status, with an empty message. */
Status status_ok(void);

/** A failure. What controls a terminal in a name or a value, or is no UTF-8, stands in the message as \x and two
 * digits.
 *  @param format  printf format of a message that names the thing, its value and the remedy */
Status status_error(StatusCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** True when @p status is not a failure. */
bool status_is_ok(Status status);

/** The exit code of the process for @p code: 0, 1, 2, 3, 4 or 75. */
int status_exit_code(StatusCode code);

/** @p first when it is a failure, otherwise @p second: keeps the first of two failures. */
Status status_first(Status first, Status second);

/** Returns from the calling function, which owns nothing, with the status of @p call when that failed. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const Status try_status = (call);                                                                              \
        if (!status_is_ok(try_status)) return try_status;                                                              \
    } while (0)

/** Most remarks that one run keeps, and the bytes of each. */
enum { NOTES_MOST = 48, NOTE_BYTES = 384 };

/** Remarks for the user that are no failures: choices made automatically, warnings. A plain value. */
typedef struct Notes {
    int count;
    char text[NOTES_MOST][NOTE_BYTES];
} Notes;

/** Adds one remark to @p notes, which may be NULL; beyond NOTES_MOST it is dropped. */
void notes_add(Notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
