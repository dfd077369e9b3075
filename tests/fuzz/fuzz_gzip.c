/* Structure factors whose form is told by their contents, compressed or not. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_reflections(data, size, "auto");
}
