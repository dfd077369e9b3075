#include "base/json.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char scratch[] = "test_json.json";

static Status open_text(const char *text, Json **json) {
    FILE *file = fopen(scratch, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs(text, file);
    (void)fclose(file);
    const Status status = json_open(scratch, json);
    (void)remove(scratch);
    return status;
}

static void refuses(const char *text, const char *wanted) {
    Json *json = NULL;
    const Status status = open_text(text, &json);
    UNIT_CHECK(status.code == STATUS_BAD_FILE && strstr(status.message, wanted) != NULL, "\"%s\": %s", text,
               status.message);
    json_close(&json);
}

static void values_are_found_by_their_path(void) {
    Json *json = NULL;
    double value = 0.0;
    const char *text = "";
    JsonNode member;
    CU_ASSERT_TRUE_FATAL(
        status_is_ok(open_text("{\"a\": [1, {\"b c\": -2.5e-3}, []],\n \"d\": \"x\", \"e\": null}", &json)));
    const JsonNode root = json_root(json);
    CU_ASSERT_TRUE(status_is_ok(json_number(root, "a/1/b c", &value)));
    CU_ASSERT_DOUBLE_EQUAL(value, -2.5e-3, 0.0);
    CU_ASSERT_EQUAL(json_length(root), 3);
    CU_ASSERT_EQUAL(json_length(json_find(root, "a")), 3);
    CU_ASSERT_EQUAL(json_kind(json_find(root, "a/2")), JSON_ARRAY);
    CU_ASSERT_STRING_EQUAL(json_key(root, 1, &member), "d");
    CU_ASSERT_TRUE(status_is_ok(json_text(member, "", &text)) && strcmp(text, "x") == 0);
    CU_ASSERT_TRUE(json_is_null(json_find(root, "e")));
    CU_ASSERT_FALSE(json_exists(json_find(root, "a/3")));
    json_close(&json);
}

static void escapes_become_signs(void) {
    Json *json = NULL;
    const char *text = "";
    CU_ASSERT_TRUE_FATAL(status_is_ok(open_text("[\"\\u00c5\\ud83d\\ude00\\n\\\"\\/\"]", &json)));
    CU_ASSERT_TRUE(status_is_ok(json_text(json_root(json), "0", &text)));
    CU_ASSERT_STRING_EQUAL(text, "\xc3\x85\xf0\x9f\x98\x80\n\"/");
    json_close(&json);
}

static void errors_name_file_line_and_whole_path(void) {
    Json *json = NULL;
    double value = 0.0;
    CU_ASSERT_TRUE_FATAL(status_is_ok(open_text("{\"a\": [\n{\"b\": NaN, \"c\": [1]}]}", &json)));
    const JsonNode inner = json_find(json_root(json), "a/0");
    CU_ASSERT_STRING_EQUAL(json_number(inner, "b", &value).message,
                           "test_json.json:2: \"a/0/b\" is NaN; it must be a finite number");
    CU_ASSERT_STRING_EQUAL(json_number(inner, "x", &value).message, "test_json.json:2: \"a/0/x\" is missing");
    CU_ASSERT_STRING_EQUAL(json_numbers(inner, "c", 2, &value).message,
                           "test_json.json:2: \"a/0/c\" has 1 elements; it must have 2");
    json_close(&json);
}

static void what_is_no_json_is_refused_with_its_line(void) {
    refuses("{\"a\": 1,\n \"b\" 2}", "test_json.json:2: this is no JSON: a colon must follow a key");
    refuses("[1\n2]", ":2: this is no JSON: a comma or ] is missing");
    refuses("{\"a\": }", "a value is missing");
    refuses("{a: 1}", "a key must be a string in quotes");
    refuses("[\"a\n\"]", "a string does not end");
    refuses("[\"\\q\"]", "an unknown sign follows a backslash");
    refuses("[\"\\u12\"]", "\\u is followed by no sign");
    refuses("[\"\\ud83d\\u0041\"]", "\\u is followed by no sign");
    refuses("{\"c5\\ud83d\\ue", "\\u is followed by no sign");
    refuses("[] []", "something follows its end");
    char deep[256];
    memset(deep, '[', 200);
    deep[200] = '\0';
    refuses(deep, "more than 64 lists and mappings lie in one another");
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(values_are_found_by_their_path),
                              UNIT_TEST(escapes_become_signs),
                              UNIT_TEST(errors_name_file_line_and_whole_path),
                              UNIT_TEST(what_is_no_json_is_refused_with_its_line),
                              {NULL, NULL}};
    return unit_main("json", tests);
}
