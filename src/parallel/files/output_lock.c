#include "files/output_lock.h"

#include "base/clocks.h"
#include "files/lock_holder.h"
#include "files/output_path.h"
#include "files/unfinished_files.h"
#include "team/periodic_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A lock is renewed this often; one as young belongs to a living job; an older one is watched for so long. */
static const double RENEWED_EVERY_S = 5.0, YOUNG_S = 60.0, WATCH_S = 12.0;

enum {
    NAME_BYTES = OUTPUT_PATH_BYTES + 32,
    MORE_BYTES = NAME_BYTES + 16,
    TRIES_MOST = 5,
    WHO_BYTES = 5 * LOCK_FIELD_BYTES
};

struct OutputLock {
    char output[OUTPUT_PATH_BYTES], name[NAME_BYTES];
    LockHolder self;
    PeriodicThread renewing;
};

/* A lock as it was found on the disk. */
typedef struct FoundLock {
    bool exists;
    LockHolder holder;
    struct timespec renewed; /* by the file server's clock */
} FoundLock;

static Status cannot_lock(const char *name) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot make the lock %s: %s; choose another --output", name,
                        strerror(errno));
}

/* ------------------------------------------------------------------------------------------------- what is on the disk
 */

/* Opened anew each time: network file systems look at the server then. */
static FoundLock look(const char *name) {
    FoundLock found = {.exists = false};
    char text[LOCK_TEXT_BYTES] = "";
    struct stat info;
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        found.exists = errno != ENOENT; /* unreadable is someone's */
        return found;
    }
    const ssize_t length = read(descriptor, text, sizeof text - 1);
    found.exists = true;
    if (length > 0) found.holder = lock_holder_parse(text);
    if (fstat(descriptor, &info) == 0) found.renewed = info.st_mtim;
    (void)close(descriptor);
    return found;
}

static double seconds_between(struct timespec from, struct timespec to) {
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

static bool write_all(int descriptor, const LockHolder *self) {
    char text[LOCK_TEXT_BYTES];
    lock_holder_print(self, text);
    const size_t length = strlen(text);
    const bool written = write(descriptor, text, length) == (ssize_t)length;
    return close(descriptor) == 0 && written;
}

/* A file of our own with the text of the lock, readable as the user's other files are. */
static Status write_draft(const OutputLock *lock, char *draft) {
    (void)snprintf(draft, MORE_BYTES, "%s.XXXXXX", lock->name);
    const int descriptor = mkstemp(draft);
    if (descriptor < 0) return cannot_lock(lock->name);
    unfinished_files_add(draft, NULL);
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)fchmod(descriptor, 0666 & ~mask);
    if (write_all(descriptor, &lock->self)) return status_ok();
    const Status status = cannot_lock(lock->name);
    (void)unlink(draft);
    return status;
}

/* Gives the draft a second name, which nobody may have: 0, or the reason why not. Where there are no hard links the
 * file is made under that name. */
static int put_in_place(const OutputLock *lock, const char *draft, const char *name) {
    struct stat info;
    if (link(draft, name) == 0) return 0;
    const int reason = errno;
    /* on NFS the answer may have been lost */
    if (stat(draft, &info) == 0 && info.st_nlink == 2 && reason != EEXIST) return 0;
    if (reason != EPERM && reason != EOPNOTSUPP && reason != ENOSYS && reason != EMLINK) return reason;
    const int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return errno;
    if (write_all(descriptor, &lock->self)) return 0;
    (void)unlink(name);
    return EIO;
}

/* ------------------------------------------------------------------------------------------------------ held by others
 */

static Status refuse(const OutputLock *lock, const FoundLock *found) {
    char who[WHO_BYTES];
    lock_holder_describe(&found->holder, who, sizeof who);
    return status_error(STATUS_BAD_PARAMETER,
                        "%.200s is in use by %s; wait for its end, stop it, or choose another --output (if it is gone "
                        "for certain: rm %.200s)",
                        lock->output, who, lock->name);
}

/* Whether a lock from another machine, which @p name has, changes while we look. */
static bool is_renewed(const char *name, const FoundLock *found) {
    const double begin_s = clocks_steady_s();
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 500000000};
    while (clocks_steady_s() - begin_s < WATCH_S) {
        (void)nanosleep(&pause, NULL);
        const FoundLock now = look(name);
        if (!now.exists || seconds_between(found->renewed, now.renewed) != 0.0) return true;
    }
    return false;
}

/* @p name is the lock's, or its guard's. */
static bool is_abandoned(const OutputLock *lock, const char *name, const FoundLock *found, const char *draft) {
    struct stat info;
    const HolderState state = lock_holder_state(&found->holder, &lock->self);
    if (state != HOLDER_UNKNOWN) return state == HOLDER_GONE;
    if (stat(draft, &info) != 0) return false;
    const double age_s = seconds_between(found->renewed, info.st_mtim); /* both by the file server's clock */
    if (age_s >= 0.0 && age_s < YOUNG_S) return false;
    return !is_renewed(name, found); /* clocks that were set may make a living one look old */
}

static bool is_same(const FoundLock *left, const FoundLock *right) {
    return left->exists && right->exists && memcmp(&left->holder, &right->holder, sizeof left->holder) == 0;
}

/* Removes a guard whose job was killed in the moment that it had it. Of several jobs that want to, one gets it under a
 * name of its own; who gets a living one, made since we looked, puts it back. */
static void remove_abandoned_guard(const OutputLock *lock, const char *guard, const char *draft) {
    char own[2 * MORE_BYTES];
    const FoundLock found = look(guard);
    (void)snprintf(own, sizeof own, "%s.guard", draft);
    if (!found.exists || !is_abandoned(lock, guard, &found, draft) || rename(guard, own) != 0) return;
    const FoundLock moved = look(own);
    const bool settled = is_same(&moved, &found) || link(own, guard) == 0;
    if (settled || errno == EEXIST) (void)unlink(own); /* a third job has made one meanwhile */
}

/* Puts the draft in the place of the lock that was found. Of several jobs that want to, one has the guard. */
static Status take_over(const OutputLock *lock, const FoundLock *found, const char *draft) {
    char guard[MORE_BYTES];
    (void)snprintf(guard, sizeof guard, "%s.takeover", lock->name);
    int reason = put_in_place(lock, draft, guard);
    if (reason == EEXIST) {
        remove_abandoned_guard(lock, guard, draft);
        reason = put_in_place(lock, draft, guard);
    }
    if (reason != 0)
        return status_error(
            STATUS_BAD_PARAMETER,
            "%.200s has the lock of a job that has ended, and another job takes it over (%s); try again, "
            "and if it stays: rm %.200s",
            lock->output, strerror(reason), guard);
    const FoundLock now = look(lock->name);
    Status status = is_same(&now, found) ? status_ok() : refuse(lock, &now);
    if (status_is_ok(status) && rename(draft, lock->name) != 0) status = cannot_lock(lock->name);
    (void)unlink(guard);
    return status;
}

static Status take_draft(const OutputLock *lock, const char *draft, Notes *notes) {
    for (int i = 0; i < TRIES_MOST; i++) {
        const int reason = put_in_place(lock, draft, lock->name);
        if (reason == 0) return status_ok();
        errno = reason;
        if (reason != EEXIST) return cannot_lock(lock->name);
        const FoundLock found = look(lock->name);
        if (!found.exists) continue; /* just released */
        if (!is_abandoned(lock, lock->name, &found, draft)) return refuse(lock, &found);
        TRY(take_over(lock, &found, draft));
        char who[WHO_BYTES];
        lock_holder_describe(&found.holder, who, sizeof who);
        notes_add(notes, "took over the lock of a job that has ended: %.300s", who);
        return status_ok();
    }
    errno = EBUSY;
    return cannot_lock(lock->name);
}

/* ------------------------------------------------------------------------------------------------------------ renewing
 */

static void renew(void *context) {
    const OutputLock *lock = context;
    const FoundLock found = look(lock->name);
    if (!found.exists || !lock_holder_is(&found.holder, &lock->self)) return;
    (void)utimensat(AT_FDCWD, lock->name, NULL, AT_SYMLINK_NOFOLLOW); /* by the file server's clock */
}

/* -------------------------------------------------------------------------------------------------------------- public
 */

static Status make(OutputLock *lock, const OutputPath *path, Notes *notes) {
    char draft[MORE_BYTES];
    lock->self = lock_holder_self();
    (void)snprintf(lock->output, sizeof lock->output, "%s", path->complete);
    (void)snprintf(lock->name, sizeof lock->name, "%s.lock", path->complete);
    Status status = write_draft(lock, draft);
    if (status_is_ok(status)) {
        unfinished_files_add(lock->name, draft);
        status = take_draft(lock, draft, notes);
        (void)unlink(draft);
        if (!status_is_ok(status)) unfinished_files_forget(lock->name);
    }
    unfinished_files_forget(draft);
    return status;
}

Status output_lock_take(const char *path, Notes *notes, OutputLock **lock) {
    OutputPath output;
    *lock = NULL;
    TRY(output_path_create(path, &output));
    TRY(output_path_check_folder(&output));
    OutputLock *made = calloc(1, sizeof *made);
    if (made == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a lock");
    const Status status = make(made, &output, notes);
    if (status_is_ok(status)) {
        /* without a thread the lock only looks old to other machines */
        (void)periodic_thread_start(&made->renewing, RENEWED_EVERY_S, renew, made);
        *lock = made;
    } else
        free(made);
    return status;
}

Status output_lock_check(const OutputLock *lock) {
    const FoundLock found = look(lock->name);
    char who[WHO_BYTES];
    if (!found.exists || lock_holder_is(&found.holder, &lock->self)) return status_ok();
    lock_holder_describe(&found.holder, who, sizeof who);
    return status_error(STATUS_OUTPUT_FAILED,
                        "%.200s now belongs to %s, which took this job for dead; this job leaves the file to it",
                        lock->output, who);
}

void output_lock_release(OutputLock **lock) {
    OutputLock *released = *lock;
    if (released == NULL) return;
    periodic_thread_stop(&released->renewing);
    const FoundLock found = look(released->name);
    if (found.exists && lock_holder_is(&found.holder, &released->self)) (void)unlink(released->name);
    unfinished_files_forget(released->name);
    free(released);
    *lock = NULL;
}
