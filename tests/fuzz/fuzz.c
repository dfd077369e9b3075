/* memfd_create is Linux's own */
#define _GNU_SOURCE
#include "fuzz.h"

#include <math.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_require(bool holds, const char *what) {
    if (holds) return;
    (void)fprintf(stderr, "fuzz: this must hold and does not: %s\n", what);
    abort();
}

bool fuzz_accepted(Status status) {
    if (status_is_ok(status)) return true;
    fuzz_require(status_exit_code(status.code) == 2, "a refused input is the user's fault, exit code 2");
    fuzz_require(strlen(status.message) > 10, "a refusal says why");
    return false;
}

FuzzFile fuzz_file(const uint8_t *data, size_t size) {
    FuzzFile file = {.descriptor = memfd_create("fuzz", MFD_CLOEXEC)};
    fuzz_require(file.descriptor >= 0, "a file in memory can be made");
    fuzz_require(write(file.descriptor, data, size) == (ssize_t)size, "a file in memory can be written");
    (void)snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

void fuzz_file_close(const FuzzFile *file) {
    (void)close(file->descriptor);
}

void fuzz_set(Parameters *parameters, const char *public_name, const char *text) {
    const Status status = parameters_set(parameters, public_name, text, "fuzz");
    fuzz_require(status_is_ok(status), status.message);
}

/* A set that was given back, which nobody may touch. Fresh memory for each trial, a third of a megabyte, would come
 * from the system and go back to it. */
static Parameters *spare = NULL;

static Parameters *take_memory(void) {
    Parameters *parameters = spare != NULL ? spare : malloc(sizeof *parameters);
    fuzz_require(parameters != NULL, "there is memory for parameters");
    ASAN_UNPOISON_MEMORY_REGION(parameters, sizeof *parameters);
    spare = NULL;
    return parameters;
}

void fuzz_parameters_release(Parameters **parameters) {
    if (spare != NULL) {
        parameters_destroy(parameters);
        return;
    }
    spare = *parameters;
    ASAN_POISON_MEMORY_REGION(spare, sizeof *spare);
    *parameters = NULL;
}

Parameters *fuzz_parameters(const char *const *settings) {
    static Parameters *defaults = NULL; /* made once: that takes longer than most parsers do */
    if (defaults == NULL) fuzz_require(status_is_ok(parameters_create(&defaults)), "there are parameters");
    Parameters *parameters = take_memory();
    memcpy(parameters, defaults, sizeof *parameters);
    for (; *settings != NULL; settings++) {
        char name[64];
        const size_t length = strcspn(*settings, "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, *settings);
        fuzz_set(parameters, name, *settings + length + 1);
    }
    return parameters;
}

bool fuzz_is_finite(const double *values, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

FuzzWords fuzz_words(const uint8_t *data, size_t size) {
    FuzzWords words = {.text = malloc(size + 1), .word = malloc((size + 1) * sizeof *words.word)};
    fuzz_require(words.text != NULL && words.word != NULL, "there is memory for a command line");
    memcpy(words.text, data, size);
    words.text[size] = '\0';
    for (char *next = words.text; *next != '\0';) {
        const size_t length = strcspn(next, "\n");
        const bool is_last = next[length] == '\0';
        next[length] = '\0';
        words.word[words.count++] = next;
        next += length + !is_last;
    }
    return words;
}

void fuzz_words_free(FuzzWords *words) {
    free(words->word);
    free(words->text);
}
