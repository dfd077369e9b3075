/* NanoBragg's command line, a word in each line. */
#include "fuzz.h"
#include "nanobragg/nanobragg_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzWords words = fuzz_words(data, size);
    Parameters *parameters = fuzz_parameters((const char *const[]){NULL});
    int used = 0;
    Notes notes = {.count = 0};
    if (fuzz_accepted(nanobragg_parse(words.count, words.word, parameters, &used, &notes)))
        fuzz_require(used >= 0 && used <= words.count, "no more arguments are used than there are");
    fuzz_parameters_release(&parameters);
    fuzz_words_free(&words);
    return 0;
}
