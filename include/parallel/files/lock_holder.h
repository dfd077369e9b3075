/** @file
 *  Who holds the lock of an output: what is written into the lock, and whether that process still lives. For one
 *  process; no MPI, no HDF5. */
#ifndef TESSERA_LOCK_HOLDER_H
#define TESSERA_LOCK_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of one text about a holder, and of all that a lock contains, with the final zero. */
enum { LOCK_FIELD_BYTES = 96, LOCK_TEXT_BYTES = 1024 };

/** A process that holds, or wants, a lock. Plain data; texts are "" where unknown. */
typedef struct LockHolder {
    char host[LOCK_FIELD_BYTES];
    char machine[LOCK_FIELD_BYTES]; /**< since its last start, and the numbering of its processes */
    int64_t process;
    int64_t started_ticks; /**< of the process, since the machine's start */
    char user[LOCK_FIELD_BYTES];
    char since[LOCK_FIELD_BYTES]; /**< date, UTC */
    char job[LOCK_FIELD_BYTES];   /**< SLURM's number of it */
    int64_t restarts;             /**< of that job */
    char token[LOCK_FIELD_BYTES]; /**< random: no other lock has it */
} LockHolder;

/** What can be said of a holder from here. */
typedef enum HolderState {
    HOLDER_ALIVE,
    HOLDER_GONE,   /**< its process has ended, or it is an earlier start of this very job */
    HOLDER_UNKNOWN /**< it runs on another machine */
} HolderState;

/** This process. */
LockHolder lock_holder_self(void);

/** What a lock contains: a line for each field.
 *  @param text  [LOCK_TEXT_BYTES] */
void lock_holder_print(const LockHolder *holder, char *text);

/** Reads it back. What is missing or damaged stays unknown: such a holder is no one's. */
LockHolder lock_holder_parse(const char *text);

/** True for two that are known and the same. */
bool lock_holder_is(const LockHolder *holder, const LockHolder *other);

/** What @p self can say of @p holder. */
HolderState lock_holder_state(const LockHolder *holder, const LockHolder *self);

/** "process 17 on node3, user jane, SLURM job 4711, since 2026-01-31T12:00:00Z"; only what is known. */
void lock_holder_describe(const LockHolder *holder, char *text, size_t bytes);

#endif
