/** @file
 *  What an analyser that reads one file at a time must know of the others: which Status is a failure, and that agree()
 * keeps a rank's own. Put before each file that path_analysis.sh has read; never compiled into the program. */
#ifndef TESSERA_ANALYSED_STATUS_H
#define TESSERA_ANALYSED_STATUS_H

#include "base/status.h"
#if __has_include("team/agree.h")
#include "team/agree.h"
static inline Status analysed_agree(Team team, Status mine) {
    const Status all = agree(team, mine);
    return mine.code != STATUS_OK ? mine : all;
}
#define agree(team, mine) analysed_agree(team, mine)
#endif

static inline Status analysed_failure(StatusCode code) {
    Status status; /* gcc follows a member that is set by itself */
    status.code = code;
    status.message[0] = '\0';
    return status;
}
static inline Status analysed_first(Status first, Status second) {
    return first.code != STATUS_OK ? first : second;
}
#define status_ok() analysed_failure(STATUS_OK)
#define status_is_ok(status) ((status).code == STATUS_OK)
#define status_first(first, second) analysed_first(first, second)
/* The function itself is called too: its values are used, and held against the format. */
#define status_error(code, ...) ((void)status_error(code, __VA_ARGS__), analysed_failure(code))

#endif
