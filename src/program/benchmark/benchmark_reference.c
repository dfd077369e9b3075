#include "benchmark/benchmark_reference.h"

#include "base/clocks.h"
#include "base/text.h"
#include "shared/absolute_path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char float_name[] = "reference.bin", int_name[] = "reference.img", log_name[] = "reference.log";

/* ------------------------------------------------------------------------------------------------------- the binary */

static bool can_be_started(const char *path) {
    struct stat state;
    return stat(path, &state) == 0 && S_ISREG(state.st_mode) && access(path, X_OK) == 0;
}

static Status keep_absolute(const char *path, char **absolute) {
    *absolute = absolute_path(path);
    return *absolute != NULL ? status_ok() : status_error(STATUS_BAD_FILE, "%s: %s", path, strerror(errno));
}

Status benchmark_reference_find(const char *name, char **path) {
    *path = NULL;
    if (strchr(name, '/') != NULL && can_be_started(name)) return keep_absolute(name, path);
    const char *folders = getenv("PATH");
    while (strchr(name, '/') == NULL && folders != NULL && *folders != '\0') {
        char place[1024];
        const int length = (int)strcspn(folders, ":");
        const int used = snprintf(place, sizeof place, "%.*s/%s", length, folders, name);
        if (used > 0 && (size_t)used < sizeof place && can_be_started(place)) return keep_absolute(place, path);
        folders += length + (folders[length] == ':');
    }
    return status_error(STATUS_BAD_FILE,
                        "benchmark: the reference \"%.300s\" (--reference or NB_C_BIN) is no program that can be "
                        "started; give its path",
                        name);
}

/* -------------------------------------------------------------------------------------------------------- the child */

static double children_seconds(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* What we ignore, the child does not. */
static int spawn(const char *path, char *const *argv, const posix_spawn_file_actions_t *actions, pid_t *child) {
    posix_spawnattr_t attributes;
    sigset_t usual;
    int failure = posix_spawnattr_init(&attributes);
    if (failure != 0) return failure;
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGXFSZ);
    (void)posix_spawnattr_setsigdefault(&attributes, &usual);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    failure = posix_spawn(child, path, actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return failure;
}

/* Starts the child in the scratch folder: it may write files there that nobody asked for, or read stale ones here. */
static int start(const char *path, char *const *argv, const ScratchFolder *folder, pid_t *child) {
    posix_spawn_file_actions_t actions;
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    if (here < 0) return errno;
    int failure = chdir(folder->path) == 0 ? 0 : errno;
    if (failure == 0) failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log_name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        (void)posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        (void)posix_spawn_file_actions_addclose(&actions, here);
        failure = spawn(path, argv, &actions, child);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    if (fchdir(here) != 0 && failure == 0) failure = errno;
    (void)close(here);
    return failure;
}

/* A signal to us ends the child. */
static Status wait_for(BenchmarkSession session, pid_t child, int *state) {
    bool ended = false;
    while (waitpid(child, state, 0) < 0) {
        if (errno != EINTR) return status_error(STATUS_BAD_FILE, "the reference is lost: %s", strerror(errno));
        if (!ended && !status_is_ok(benchmark_check_stop(session))) ended = kill(child, SIGTERM) == 0;
    }
    return benchmark_check_stop(session);
}

/* The last of what it printed, on one line. */
static void end_of_log(const ScratchFolder *folder, char *text, size_t bytes) {
    char path[SCRATCH_FILE_BYTES], *contents = NULL;
    size_t length = 0;
    scratch_folder_file(folder, log_name, path);
    *text = '\0';
    if (!status_is_ok(text_read_file(path, (size_t)1 << 28, &contents, &length))) return;
    while (length > 0 && (contents[length - 1] == '\n' || contents[length - 1] == ' ')) contents[--length] = '\0';
    (void)text_copy(text, bytes, length < bytes ? contents : contents + length - (bytes - 1));
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20) *text = ' ';
    free(contents);
}

static Status judge_exit(const char *path, int state, const ScratchFolder *folder) {
    char said[300];
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return status_ok();
    end_of_log(folder, said, sizeof said);
    return status_error(STATUS_BAD_FILE, "benchmark: the reference %.200s ended with %s %d; it said: %s", path,
                        WIFEXITED(state) ? "exit code" : "signal",
                        WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state), *said ? said : "nothing");
}

static Status read_image(const char *path, const ScratchFolder *folder, BenchmarkImage *image) {
    char name[SCRATCH_FILE_BYTES];
    const size_t pixels = (size_t)(image->slow_pixels * image->fast_pixels);
    if (image->pixels == NULL) image->pixels = malloc(pixels * sizeof *image->pixels);
    if (image->pixels == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the reference's image");
    scratch_folder_file(folder, float_name, name);
    FILE *file = fopen(name, "rb");
    const bool whole =
        file != NULL && fread(image->pixels, sizeof *image->pixels, pixels, file) == pixels && fgetc(file) == EOF;
    if (file != NULL) (void)fclose(file);
    if (whole) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "benchmark: the reference %.200s wrote no float image of %" PRId64 " x %" PRId64
                        " pixels; is it nanoBragg?",
                        path, image->slow_pixels, image->fast_pixels);
}

static Status run_in_folder(BenchmarkSession session, const char *path, char *const *argv, const ScratchFolder *folder,
                            BenchmarkImage *image, ReferenceTimes *times) {
    pid_t child = 0;
    int state = 0;
    const double begin = clocks_steady_s(), cpu = children_seconds();
    const int failure = start(path, argv, folder, &child);
    if (failure != 0)
        return status_error(STATUS_BAD_FILE, "benchmark: the reference %.200s cannot be started: %s", path,
                            strerror(failure));
    TRY(wait_for(session, child, &state));
    times->wall_s = clocks_steady_s() - begin;
    times->cpu_s = children_seconds() - cpu;
    timeline_add(session.timeline, PHASE_WAIT, "reference", 0, begin, begin + times->wall_s);
    TRY(judge_exit(path, state, folder));
    return read_image(path, folder, image);
}

Status benchmark_reference_run(BenchmarkSession session, const char *path, const NanobraggArguments *arguments,
                               const ScratchFolder *folder, BenchmarkImage *image, ReferenceTimes *times) {
    static const char *const output[] = {"-floatfile", float_name, "-intfile",    int_name,
                                         "-nonoise",   "-nopgm",   "-noprogress", NULL};
    NanobraggArguments all = {.word = NULL};
    Status status = nanobragg_arguments_add(&all, path);
    for (int i = 0; i < arguments->count && status_is_ok(status); i++)
        status = nanobragg_arguments_add(&all, arguments->word[i]);
    for (int i = 0; output[i] != NULL && status_is_ok(status); i++) status = nanobragg_arguments_add(&all, output[i]);
    if (status_is_ok(status)) status = run_in_folder(session, path, all.word, folder, image, times);
    scratch_folder_clear(folder);
    nanobragg_arguments_free(&all);
    return status;
}
