/** @file
 *  What the fuzzers share. Each fuzz_NAME.c gives one parser a file, or a command line, of arbitrary bytes, and says
 * what must hold of all that it accepts. libFuzzer calls it, or replay.c with the files of corpus/NAME. */
#ifndef TESSERA_FUZZ_H
#define TESSERA_FUZZ_H

#include "base/status.h"
#include "base/vector.h"
#include "parameters/parameters.h"

#include <stddef.h>
#include <stdint.h>

/** One trial; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A file in memory that has a name. */
typedef struct FuzzFile {
    int descriptor;
    char path[64];
} FuzzFile;

/** Makes a file of these bytes; the caller closes it. */
FuzzFile fuzz_file(const uint8_t *data, size_t size);
void fuzz_file_close(const FuzzFile *file);

/** Parameters with these settings, "section.name=value"; the caller releases them.
 *  @param settings  ended by NULL */
Parameters *fuzz_parameters(const char *const *settings);

/** Keeps them for the next trial, or destroys them; NULL is left. */
void fuzz_parameters_release(Parameters **parameters);

/** Sets one parameter, which must be accepted. */
void fuzz_set(Parameters *parameters, const char *public_name, const char *text);

/** Aborts, saying @p what, unless it holds. */
void fuzz_require(bool holds, const char *what);

/** True for success; aborts when a failure is not the user's (exit code 2) or says nothing. */
bool fuzz_accepted(Status status);

/** True when all are finite. */
bool fuzz_is_finite(const double *values, int64_t count);

/** Reads the bytes as structure factors of that form, expanded to a grid of P 1, and checks the grid. */
int fuzz_reflections(const uint8_t *data, size_t size, const char *format);

/** Words of a command line, one in each line of the bytes. */
typedef struct FuzzWords {
    int count;
    char **word; /**< [count] */
    char *text;
} FuzzWords;

FuzzWords fuzz_words(const uint8_t *data, size_t size);
void fuzz_words_free(FuzzWords *words);

#endif
