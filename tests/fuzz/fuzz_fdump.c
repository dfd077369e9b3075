/* NanoBragg's binary dump, and whatever else the contents look like. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_reflections(data, size, "auto");
}
