/* Loaded before a program (LD_PRELOAD): the n-th call of some kinds fails, as on a full disk or without memory.
 * - FAULT_CALLS: which, with commas: open, write (and what stdio writes), truncate, allocate (fallocate), sync, rename,
 *   close, unlink, read, memory (malloc and its kin), thread (pthread_create)
 * - FAULT_FILE, FAULT_NOT: only files whose path has this in it; but not those whose path has that
 * - FAULT_CALLER: memory and thread: only calls out of the object whose name has this in it, else of the program itself
 * - FAULT_SKIP: a file of lines "BEGIN END", hexadecimal: parts of the program whose calls are not counted either
 * - FAULT_AT: the number of the call that fails, from 1; 0: none, they are only counted
 * - FAULT_LASTS: set: all calls after it fail too
 * - FAULT_ERROR: ENOSPC (default), EDQUOT, EIO, EROFS, EACCES, ENOMEM
 * - FAULT_MOVE: FROM:TO: instead of failing, the call is preceded by a renaming
 * - FAULT_ACTION: instead of failing, the call is the process's last: kill: SIGKILL comes before it; half: SIGKILL
 * comes after the first half of the bytes that it writes, or after the call where it writes none
 * - FAULT_RANK: only this rank of the job
 * - FAULT_LOG: a file that gets "hit" when it happens, and "calls N" when the process ends */
#define _GNU_SOURCE
#include "rank.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096, RANGES = 16, SKIPPED_MOST = 64 };

static bool is_on;
static long fails_at;
static int error_number;
static const char *calls, *wanted_file, *unwanted_file, *caller_name, *move, *action, *log_path;
static _Thread_local bool is_last_call;
static atomic_long called;
static atomic_bool is_watched[DESCRIPTORS];
static struct { uintptr_t begin, end; } ranges[RANGES];
static int range_count;
static struct { uintptr_t begin, end; } skipped[SKIPPED_MOST];
static int skipped_count;
static uintptr_t program_base;

/* glibc's own, which need no looking up: dlsym itself allocates. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *memory, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

/* ------------------------------------------------------------------------------------------------------------ set-up
 */

static int number_of_error(const char *name) {
    static const struct {
        const char *name;
        int number;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},        {"EIO", EIO}, {"EROFS", EROFS}, {"EACCES", EACCES},
                  {"ENOMEM", ENOMEM}, {"EOPNOTSUPP", EOPNOTSUPP}};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(name, errors[i].name) == 0) return errors[i].number;
    return ENOSPC;
}

/* The program itself is the first object and has no name. */
static int note_object(struct dl_phdr_info *info, size_t bytes, void *first) {
    (void)bytes;
    const bool is_program = *(bool *)first;
    *(bool *)first = false;
    if (is_program) program_base = info->dlpi_addr;
    if (caller_name == NULL ? !is_program : strstr(info->dlpi_name, caller_name) == NULL) return 0;
    for (int i = 0; i < info->dlpi_phnum && range_count < RANGES; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
            ranges[range_count].begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            ranges[range_count].end = ranges[range_count].begin + info->dlpi_phdr[i].p_memsz;
            range_count++;
        }
    return 0;
}

static void read_skipped(const char *path) {
    FILE *file = fopen(path, "r");
    unsigned long begin = 0, end = 0;
    while (file != NULL && skipped_count < SKIPPED_MOST && fscanf(file, "%lx %lx", &begin, &end) == 2) {
        skipped[skipped_count].begin = program_base + begin;
        skipped[skipped_count++].end = program_base + end;
    }
    if (file != NULL) (void)fclose(file);
}

__attribute__((constructor)) static void set_up(void) {
    const char *at = getenv("FAULT_AT"), *rank = getenv("FAULT_RANK");
    bool first = true;
    calls = getenv("FAULT_CALLS");
    wanted_file = getenv("FAULT_FILE");
    unwanted_file = getenv("FAULT_NOT");
    caller_name = getenv("FAULT_CALLER");
    move = getenv("FAULT_MOVE");
    action = getenv("FAULT_ACTION");
    log_path = getenv("FAULT_LOG");
    fails_at = at != NULL ? strtol(at, NULL, 10) : 0;
    error_number = number_of_error(getenv("FAULT_ERROR") != NULL ? getenv("FAULT_ERROR") : "");
    (void)dl_iterate_phdr(note_object, &first);
    if (getenv("FAULT_SKIP") != NULL) read_skipped(getenv("FAULT_SKIP"));
    is_on = calls != NULL && (rank == NULL || strcmp(rank, rank_of_process()) == 0);
}

/* Without stdio and memory, which are under test. */
static void tell(const char *word, long number) {
    char text[64];
    const int kept = errno;
    if (log_path == NULL) return;
    const int length = snprintf(text, sizeof text, "%s %ld\n", word, number);
    const long file = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file >= 0 && syscall(SYS_write, file, text, length) < 0) _exit(99);
    if (file >= 0) (void)syscall(SYS_close, file);
    errno = kept;
}

__attribute__((destructor)) static void tear_down(void) {
    if (is_on) tell("calls", atomic_load(&called));
    is_on = false;
}

/* ----------------------------------------------------------------------------------------------------------- choosing
 */

static bool is_wanted(const char *kind) {
    const size_t length = strlen(kind);
    const char *word = is_on ? calls : NULL;
    while (word != NULL && !(strncmp(word, kind, length) == 0 && (word[length] == ',' || word[length] == '\0'))) {
        word = strchr(word, ',');
        if (word != NULL) word++;
    }
    return word != NULL;
}

static void move_file(void) {
    char from[4096];
    const char *colon = strchr(move, ':');
    if (colon == NULL || (size_t)(colon - move) >= sizeof from) return;
    memcpy(from, move, (size_t)(colon - move));
    from[colon - move] = '\0';
    if (syscall(SYS_rename, from, colon + 1) != 0) tell("not moved, errno", errno);
}

static void die(void) {
    (void)syscall(SYS_kill, (long)getpid(), SIGKILL);
}

/* What a call has returned, unless it was the last one. */
static long done(long result) {
    if (is_last_call) die();
    return result;
}

/* Of the bytes to be written, those that are. */
static size_t share(size_t count) {
    return is_last_call ? count / 2 : count;
}

/* Counts a call of a wanted kind. @return true, with errno set, when it shall fail */
static bool fails(void) {
    const long number = atomic_fetch_add(&called, 1) + 1;
    const bool lasts = getenv("FAULT_LASTS") != NULL;
    if (fails_at == 0 || (lasts ? number < fails_at : number != fails_at)) return false;
    if (number == fails_at) tell("hit", number);
    if (move != NULL) {
        if (number == fails_at) move_file();
        return false;
    }
    if (action != NULL) {
        if (strcmp(action, "kill") == 0) die();
        is_last_call = true;
        return false;
    }
    errno = error_number;
    return true;
}

static bool names_file(const char *path) {
    return path != NULL && (wanted_file == NULL || strstr(path, wanted_file) != NULL) &&
           (unwanted_file == NULL || strstr(path, unwanted_file) == NULL);
}

static bool path_fails(const char *kind, const char *path) {
    return is_wanted(kind) && names_file(path) && fails();
}

static bool file_fails(const char *kind, int file) {
    return is_wanted(kind) && file >= 0 && file < DESCRIPTORS && atomic_load(&is_watched[file]) && fails();
}

static bool caller_fails(const char *kind, const void *caller) {
    const uintptr_t address = (uintptr_t)caller;
    if (!is_wanted(kind)) return false;
    for (int i = 0; i < skipped_count; i++)
        if (address >= skipped[i].begin && address < skipped[i].end) return false;
    for (int i = 0; i < range_count; i++)
        if (address >= ranges[i].begin && address < ranges[i].end) {
            errno = ENOMEM;
            return fails();
        }
    return false;
}

static void watch(int file, const char *path) {
    if (is_on && file >= 0 && file < DESCRIPTORS) atomic_store(&is_watched[file], names_file(path));
}

typedef FILE *OpenStream(const char *path, const char *mode);
typedef FILE *StreamOfFile(int file, const char *mode);
typedef int StartThread(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

/* The library's own function of this name; ISO C has no cast for it. */
static void find_next(const char *name, void *function) {
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

/* ------------------------------------------------------------------------------------------------------ opening files
 */

static int open_path(const char *path, int flags, mode_t mode) {
    if (path_fails("open", path)) return -1;
    const int file = (int)done(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
    watch(file, path);
    return file;
}

static mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...);                                                                        \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        const mode_t mode = mode_of(flags, arguments);                                                                 \
        va_end(arguments);                                                                                             \
        return open_path(path, flags, mode);                                                                           \
    }
OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)

/* A stream for writing, whose own calls of write inside of libc nobody can step into: one around it. */
static ssize_t write_stream(void *inner, const char *bytes, size_t count) {
    if (is_wanted("write") && fails()) return 0;
    return done(fwrite(bytes, 1, share(count), inner) == count) ? (ssize_t)count : 0;
}

static int close_stream(void *inner) {
    const bool failed = is_wanted("close") && fails();
    const int kept = errno;
    const int closed = (int)done(fclose(inner));
    if (!failed) return closed;
    errno = kept;
    return EOF;
}

static FILE *wrap_stream(FILE *inner, const char *mode, bool is_wanted_file) {
    if (inner == NULL || !is_on || mode[0] != 'w' || !is_wanted_file) return inner;
    (void)setvbuf(inner, NULL, _IONBF, 0);
    return fopencookie(inner, "w", (cookie_io_functions_t){.write = write_stream, .close = close_stream});
}

static FILE *open_stream(const char *name, const char *path, const char *mode) {
    OpenStream *real = NULL;
    find_next(name, &real);
    return path_fails("open", path) ? NULL : wrap_stream(real(path, mode), mode, names_file(path));
}

FILE *fdopen(int file, const char *mode) {
    StreamOfFile *real = NULL;
    find_next("fdopen", &real);
    const bool watched = file >= 0 && file < DESCRIPTORS && atomic_load(&is_watched[file]);
    return wrap_stream(real(file, mode), mode, watched);
}

FILE *fopen(const char *restrict path, const char *restrict mode) {
    return open_stream("fopen", path, mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode) {
    return open_stream("fopen64", path, mode);
}

/* ------------------------------------------------------------------------------------------------------- using files
 */

ssize_t write(int file, const void *bytes, size_t count) {
    return file_fails("write", file) ? -1 : done(syscall(SYS_write, file, bytes, share(count)));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return file_fails("write", file) ? -1 : done(syscall(SYS_pwrite64, file, bytes, share(count), offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

ssize_t read(int file, void *bytes, size_t count) {
    return file_fails("read", file) ? -1 : syscall(SYS_read, file, bytes, count);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    return file_fails("read", file) ? -1 : syscall(SYS_pread64, file, bytes, count, offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    return pread(file, bytes, count, offset);
}

int ftruncate(int file, off_t length) {
    return file_fails("truncate", file) ? -1 : (int)done(syscall(SYS_ftruncate, file, length));
}

int ftruncate64(int file, off64_t length) {
    return ftruncate(file, length);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
    return file_fails("allocate", file) ? -1 : (int)done(syscall(SYS_fallocate, file, mode, offset, length));
}

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    return fallocate(file, mode, offset, length);
}

int fsync(int file) {
    return file_fails("sync", file) ? -1 : (int)done(syscall(SYS_fsync, file));
}

int fdatasync(int file) {
    return file_fails("sync", file) ? -1 : (int)done(syscall(SYS_fdatasync, file));
}

/* It is closed all the same, as by Linux. */
int close(int file) {
    const bool failed = file_fails("close", file);
    const int kept = errno;
    watch(file, NULL);
    const int closed = (int)done(syscall(SYS_close, file));
    if (!failed) return closed;
    errno = kept;
    return -1;
}

int rename(const char *from, const char *to) {
    return path_fails("rename", from) ? -1 : (int)done(syscall(SYS_rename, from, to));
}

int unlink(const char *path) {
    return path_fails("unlink", path) ? -1 : (int)done(syscall(SYS_unlink, path));
}

int remove(const char *path) {
    return unlink(path);
}

/* ------------------------------------------------------------------------------------------------- memory and threads
 */

void *malloc(size_t bytes) {
    return caller_fails("memory", __builtin_return_address(0)) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
    return caller_fails("memory", __builtin_return_address(0)) ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes) {
    return caller_fails("memory", __builtin_return_address(0)) ? NULL : __libc_realloc(memory, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    return caller_fails("memory", __builtin_return_address(0)) ? NULL : __libc_memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
    if (caller_fails("memory", __builtin_return_address(0))) return ENOMEM;
    *memory = __libc_memalign(alignment, bytes);
    return *memory == NULL ? ENOMEM : 0;
}

char *strdup(const char *text) {
    if (caller_fails("memory", __builtin_return_address(0))) return NULL;
    char *copy = __libc_malloc(strlen(text) + 1);
    return copy == NULL ? NULL : strcpy(copy, text);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict argument) {
    StartThread *real = NULL;
    find_next("pthread_create", &real);
    return caller_fails("thread", __builtin_return_address(0)) ? EAGAIN : real(thread, attributes, run, argument);
}
