#define _GNU_SOURCE /* openat2 by its number, O_PATH, realpath */

#include "parameters/input.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY }; /* a pipe without a writer must not hold us up */

static const char *name_of(const Parameters *p, int row) {
    return (const char *)p + parameters_row(row)->offset;
}

static bool is_confined(const Parameters *p, int row) {
    return p->run_sandbox_inputs && p->state[row].from_run_file;
}

static Status refuse(const Parameters *p, int row, const char *why) {
    return status_error(STATUS_BAD_FILE,
                        "%s: %s is %.300s, which %s; run.sandbox_inputs reads nothing outside the "
                        "folder of the run file",
                        p->state[row].origin, parameters_row(row)->public_name, name_of(p, row), why);
}

static bool begins_with_folder(const char *name, const char *folder) {
    const size_t length = strlen(folder);
    return strncmp(name, folder, length) == 0 && name[length] == '/';
}

/* The part of a name below the folder, or the whole name where it does not begin with that. */
static const char *below(const char *folder, const char *name) {
    char *real = realpath(folder, NULL);
    const char *inside = name;
    if (begins_with_folder(name, folder))
        inside = name + strlen(folder) + 1;
    else if (real != NULL && begins_with_folder(name, real))
        inside = name + strlen(real) + 1;
    free(real);
    return inside;
}

/* Where the kernel cannot look after it: a folder on the way may become a link between the look and the opening. */
static int open_looked_after(const char *folder, const char *name) {
    char joined[2 * PARAMETER_TEXT_BYTES];
    (void)snprintf(joined, sizeof joined, *name == '/' ? "%.0s%s" : "%s/%s", folder, name);
    char *real_folder = realpath(folder, NULL), *real = realpath(joined, NULL);
    int descriptor = -1;
    if (real != NULL && real_folder != NULL) {
        errno = EXDEV;
        if (strcmp(real_folder, "/") == 0 || begins_with_folder(real, real_folder))
            descriptor = open(real, OPEN_FLAGS | O_NOFOLLOW);
    }
    const int failure = errno;
    free(real);
    free(real_folder);
    errno = failure;
    return descriptor;
}

/* A descriptor, or negative with errno: EXDEV for what lies outside. */
static int open_beneath(const char *folder, const char *name) {
#ifdef SYS_openat2
    const struct open_how how = {.flags = (unsigned)OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    const int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return -1;
    const int descriptor = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
    const int failure = errno;
    (void)close(root);
    errno = failure;
    if (descriptor >= 0 || (failure != ENOSYS && failure != EPERM)) return descriptor;
#endif
    return open_looked_after(folder, name);
}

static Status open_confined(const Parameters *p, int row, Input *input) {
    struct stat info;
    input->descriptor = open_beneath(p->run_file_folder, below(p->run_file_folder, name_of(p, row)));
    if (input->descriptor < 0 && (errno == EXDEV || errno == ELOOP))
        return refuse(p, row, "lies outside or leads there");
    if (input->descriptor < 0)
        return status_error(STATUS_BAD_FILE, "%s: %s: %.300s cannot be opened: %s", p->state[row].origin,
                            parameters_row(row)->public_name, name_of(p, row), strerror(errno));
    if (fstat(input->descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        input_close(input);
        return refuse(p, row, "is no regular file");
    }
    (void)snprintf(input->path, sizeof input->path, "/proc/self/fd/%d", input->descriptor);
    return status_ok();
}

Status input_open(const Parameters *parameters, int row, Input *input) {
    *input = (Input){.descriptor = -1};
    if (is_confined(parameters, row)) return open_confined(parameters, row, input);
    (void)text_copy(input->path, sizeof input->path, name_of(parameters, row));
    return status_ok();
}

void input_close(Input *input) {
    if (input->descriptor >= 0) (void)close(input->descriptor);
    input->descriptor = -1;
}

typedef Status (*Reader)(const char *path, const char *name, size_t most_bytes, char **contents, size_t *bytes);

static Status read_by(Reader reader, const Parameters *parameters, int row, size_t most_bytes, char **contents,
                      size_t *bytes) {
    Input input;
    TRY(input_open(parameters, row, &input));
    const Status status = reader(input.path, name_of(parameters, row), most_bytes, contents, bytes);
    input_close(&input);
    return status;
}

Status input_read(const Parameters *parameters, int row, size_t most_bytes, char **contents, size_t *bytes) {
    return read_by(text_read_named, parameters, row, most_bytes, contents, bytes);
}

Status input_read_text(const Parameters *parameters, int row, size_t most_bytes, char **contents, size_t *bytes) {
    return read_by(text_read_text, parameters, row, most_bytes, contents, bytes);
}

Status input_check_outputs(const Parameters *p) {
    for (int row = 0; p->run_sandbox_inputs && row < PARAMETER_COUNT; row++)
        if (p->state[row].from_run_file && parameters_row(row)->writes != FILE_NONE)
            return status_error(STATUS_BAD_PARAMETER,
                                "%s: with run.sandbox_inputs a run file does not say what is written where; give "
                                "--%s=%.200s on the command line if you want it",
                                p->state[row].origin, parameters_row(row)->public_name, p->state[row].text);
    return status_ok();
}
