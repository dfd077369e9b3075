/* A JSON document, walked through. */
#include "base/json.h"
#include "fuzz.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MOST = 4, ELEMENTS_MOST = 8 };

static void walk(JsonNode node, int depth) {
    double value = 0.0;
    const char *text = "";
    char where[JSON_WHERE_BYTES];
    JsonNode member;
    json_where(node, where);
    fuzz_require(strlen(where) < sizeof where, "a path ends");
    if (json_kind(node) == JSON_NUMBER)
        fuzz_require(status_is_ok(json_number(node, "", &value)) && isfinite(value), "a number is one");
    (void)fuzz_accepted(json_text(node, "", &text));
    (void)fuzz_accepted(json_numbers(node, "0/a/-1", 1, &value));
    (void)json_exists(json_find(node, "a/99999999999"));
    for (int i = 0; depth < DEPTH_MOST && i < json_length(node) && i < ELEMENTS_MOST; i++) {
        walk(json_item(node, i), depth + 1);
        (void)json_key(node, i, &member);
        walk(member, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const FuzzFile file = fuzz_file(data, size);
    Json *json = NULL;
    if (fuzz_accepted(json_open(file.path, &json))) walk(json_root(json), 0);
    json_close(&json);
    fuzz_file_close(&file);
    return 0;
}
