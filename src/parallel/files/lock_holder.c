#include "files/lock_holder.h"

#include "base/clocks.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first line of a lock, and its fields. */
static const char title[] = "tessera output lock";
typedef struct Field {
    const char *name;
    size_t offset;
    bool is_number;
} Field;
static const Field fields[] = {
    {"host", offsetof(LockHolder, host), false},      {"machine", offsetof(LockHolder, machine), false},
    {"process", offsetof(LockHolder, process), true}, {"started", offsetof(LockHolder, started_ticks), true},
    {"user", offsetof(LockHolder, user), false},      {"since", offsetof(LockHolder, since), false},
    {"job", offsetof(LockHolder, job), false},        {"restarts", offsetof(LockHolder, restarts), true},
    {"token", offsetof(LockHolder, token), false},
};
enum { FIELDS = sizeof fields / sizeof *fields, LINE_BYTES = 256 };

/* Words of the environment and of other people's locks are printed: letters, digits and plain signs only. */
static void put_text(char *field, const char *text) {
    (void)text_copy(field, LOCK_FIELD_BYTES, text != NULL ? text : "");
    for (char *c = field; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr(".-_:@[]+/", *c) == NULL) *c = '?';
}

static void read_line(const char *path, char *line) {
    FILE *file = fopen(path, "r");
    line[0] = '\0';
    if (file == NULL) return;
    if (fgets(line, LINE_BYTES, file) == NULL) line[0] = '\0';
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
}

/* ---------------------------------------------------------------------------------------------------- this machine */

/* Processes have the same numbers where the system has been started once and the numbering is the same. */
static void name_machine(char *machine) {
    char boot[LINE_BYTES], numbering[64] = "", both[LINE_BYTES + 70];
    read_line("/proc/sys/kernel/random/boot_id", boot);
    if (boot[0] == '\0' || readlink("/proc/self/ns/pid", numbering, sizeof numbering - 1) < 0) return;
    (void)snprintf(both, sizeof both, "%s/%s", boot, numbering);
    put_text(machine, both);
}

/* What the system says of a process. */
typedef struct ProcessRecord {
    char state;            /* 0 where there is no record */
    int64_t started_ticks; /* since the machine's start */
} ProcessRecord;

static ProcessRecord record_of(int64_t process) {
    ProcessRecord record = {.state = '\0'};
    char path[64], line[2 * LINE_BYTES];
    const char *rest = NULL;
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", process);
    FILE *file = fopen(path, "r");
    if (file == NULL) return record;
    const size_t length = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[length] = '\0';
    char *field =
        strrchr(line, ')'); /* the name before it may have blanks: fields are counted from here, 3 (proc(5)) */
    if (field == NULL || strlen(field) < 3) return record;
    const char state = field[2];
    for (int i = 2; field != NULL && i < 22; i++) field = strchr(field + 1, ' ');
    if (field != NULL && text_read_integer(field + 1, &record.started_ticks, &rest)) record.state = state;
    return record;
}

static void make_token(char *token) {
    unsigned char bytes[16] = {0};
    FILE *file = fopen("/dev/urandom", "rb");
    const bool read = file != NULL && fread(bytes, sizeof bytes, 1, file) == 1;
    if (file != NULL) (void)fclose(file);
    for (size_t i = 0; read && i < sizeof bytes; i++) (void)snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

static void name_user(char *user) {
    const struct passwd *entry = getpwuid(geteuid());
    char number[24];
    (void)snprintf(number, sizeof number, "%ld", (long)geteuid());
    put_text(user, entry != NULL ? entry->pw_name : number);
}

LockHolder lock_holder_self(void) {
    LockHolder self = {.process = (int64_t)getpid()};
    char host[LOCK_FIELD_BYTES] = "", now[CLOCKS_UTC_BYTES];
    const char *restarts = getenv("SLURM_RESTART_COUNT"), *rest = NULL;
    (void)gethostname(host, sizeof host - 1);
    clocks_utc(now);
    put_text(self.host, host);
    put_text(self.since, now);
    put_text(self.job, getenv("SLURM_JOB_ID"));
    if (restarts != NULL) (void)text_read_integer(restarts, &self.restarts, &rest);
    name_machine(self.machine);
    name_user(self.user);
    make_token(self.token);
    self.started_ticks = record_of(self.process).started_ticks;
    return self;
}

/* ------------------------------------------------------------------------------------------------------------- text */

void lock_holder_print(const LockHolder *holder, char *text) {
    size_t used = (size_t)snprintf(text, LOCK_TEXT_BYTES, "%s\n", title);
    for (int i = 0; i < FIELDS; i++) {
        const char *field = (const char *)holder + fields[i].offset;
        char number[24];
        (void)snprintf(number, sizeof number, "%" PRId64,
                       fields[i].is_number ? *(const int64_t *)(const void *)field : 0);
        used += (size_t)snprintf(text + used, LOCK_TEXT_BYTES - used, "%s: %s\n", fields[i].name,
                                 fields[i].is_number ? number : field);
    }
}

static void parse_field(const Field *field, const char *text, LockHolder *holder) {
    char value[LOCK_FIELD_BYTES], *place = (char *)holder + field->offset;
    const char *rest = NULL;
    (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(text, "\n"), text);
    if (!field->is_number)
        put_text(place, value);
    else if (!text_read_integer(value, (int64_t *)(void *)place, &rest))
        *(int64_t *)(void *)place = 0;
}

LockHolder lock_holder_parse(const char *text) {
    LockHolder holder = {.process = 0};
    if (strncmp(text, title, sizeof title - 1) != 0) return holder;
    for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        for (int i = 0; i < FIELDS; i++) {
            const size_t length = strlen(fields[i].name);
            if (strncmp(line, fields[i].name, length) == 0 && strncmp(line + length, ": ", 2) == 0)
                parse_field(&fields[i], line + length + 2, &holder);
        }
    }
    return holder;
}

bool lock_holder_is(const LockHolder *holder, const LockHolder *other) {
    return holder->token[0] != '\0' && strcmp(holder->token, other->token) == 0;
}

/* ------------------------------------------------------------------------------------------------------- dead or alive
 */

static bool process_lives(const LockHolder *holder) {
    const ProcessRecord record = record_of(holder->process);
    if (record.state == '\0') /* ended, or the system hides processes of others */
        return kill((pid_t)holder->process, 0) == 0 || errno == EPERM;
    return record.started_ticks == holder->started_ticks && record.state != 'Z' && record.state != 'X';
}

HolderState lock_holder_state(const LockHolder *holder, const LockHolder *self) {
    const bool same_job = holder->job[0] != '\0' && strcmp(holder->job, self->job) == 0;
    if (same_job && holder->restarts < self->restarts) return HOLDER_GONE;
    if (holder->machine[0] == '\0' || strcmp(holder->machine, self->machine) != 0 || holder->process <= 0)
        return HOLDER_UNKNOWN;
    return process_lives(holder) ? HOLDER_ALIVE : HOLDER_GONE;
}

void lock_holder_describe(const LockHolder *holder, char *text, size_t bytes) {
    if (holder->process <= 0) {
        (void)text_copy(text, bytes, "an unknown process");
        return;
    }
    (void)snprintf(text, bytes, "process %" PRId64 " on %s, user %s%s%s, since %s", holder->process, holder->host,
                   holder->user, holder->job[0] != '\0' ? ", SLURM job " : "", holder->job, holder->since);
}
