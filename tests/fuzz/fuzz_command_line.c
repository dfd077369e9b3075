/* The native command line, a word in each line, and its text in the record. */
#include "fuzz.h"
#include "shared/command_line.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzWords words = fuzz_words(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    CommandLine line;
    char *text = NULL;
    (void)fuzz_accepted(command_line_read(words.count, words.word, false, parameters, &line));
    (void)fuzz_accepted(command_line_text(words.count, words.word, &text));
    free(text);
    fuzz_parameters_release(&parameters);
    fuzz_words_free(&words);
    return 0;
}
