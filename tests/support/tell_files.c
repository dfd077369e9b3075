/* Loaded before the C library (LD_PRELOAD): tells, in the file TELL_LOG, every name that is opened, made, given or
 * removed: a line "read NAME" or "write NAME" for each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const char *what, const char *name) {
    static int (*next)(const char *, int, ...);
    char line[8192];
    const char *log = getenv("TELL_LOG");
    if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "open64");
    const int file = log == NULL ? -1 : next(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    const int length = snprintf(line, sizeof line, "%s %s\n", what, name);
    if (file < 0) return;
    if (write(file, line, (size_t)length) != length) abort();
    (void)close(file);
}

static void tell_open(const char *name, int flags) {
    tell((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0 ? "write" : "read", name);
}

#define OPEN(function)                                                                                                 \
    int function(const char *name, int flags, ...) {                                                                   \
        static int (*next)(const char *, int, ...);                                                                    \
        if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #function);                                               \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;                                         \
        va_end(rest);                                                                                                  \
        tell_open(name, flags);                                                                                        \
        return next(name, flags, mode);                                                                                \
    }
OPEN(open)
OPEN(open64)

#define FOPEN(function)                                                                                                \
    FILE *function(const char *name, const char *mode) {                                                               \
        static FILE *(*next)(const char *, const char *);                                                              \
        if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #function);                                               \
        tell(strpbrk(mode, "wa+") != NULL ? "write" : "read", name);                                                   \
        return next(name, mode);                                                                                       \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define RENAME(function, what)                                                                                         \
    int function(const char *from, const char *to) {                                                                   \
        static int (*next)(const char *, const char *);                                                                \
        if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, #function);                                               \
        tell(what, from);                                                                                              \
        tell("write", to);                                                                                             \
        return next(from, to);                                                                                         \
    }
RENAME(rename, "write")
RENAME(link, "read")

int unlink(const char *name) {
    static int (*next)(const char *);
    if (next == NULL) *(void **)&next = dlsym(RTLD_NEXT, "unlink");
    tell("write", name);
    return next(name);
}
