#include "base/text.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void real_numbers_are_read_up_to_what_follows(void) {
    const struct {
        const char *text;
        double value;
        const char *rest;
    } cases[] = {{"1", 1.0, ""},      {"-2.5e-3mm", -2.5e-3, "mm"}, {"+.5", 0.5, ""},     {"3.", 3.0, ""},
                 {"1e400x", 0, NULL}, {"7,8", 7.0, ",8"},           {"1e", 1.0, "e"},     {"0.1 A", 0.1, " A"},
                 {"-0", -0.0, ""},    {"1e-5%", 1e-5, "%"},         {"5deg", 5.0, "deg"}, {"2.5.1", 2.5, ".1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = NAN;
        const char *rest = "";
        const bool is_read = text_read_real(cases[i].text, &value, &rest);
        UNIT_CHECK(is_read == (cases[i].rest != NULL), "\"%s\" is%s read", cases[i].text, is_read ? "" : " not");
        if (!is_read) continue;
        UNIT_CLOSE(value, cases[i].value, 0.0, cases[i].text);
        UNIT_CHECK(strcmp(rest, cases[i].rest) == 0, "\"%s\" leaves \"%s\"", cases[i].text, rest);
    }
}

static void what_is_no_decimal_number_is_refused(void) {
    const char *texts[] = {"", " 1", "x", "-", ".", "-.", "e5", "0x10", "-0X1p3", "nan", "NaN", "NAN(1)", "INF", "--1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 0.0;
        const char *rest = "";
        UNIT_CHECK(!text_read_real(texts[i], &value, &rest), "\"%s\" is refused", texts[i]);
    }
}

static void infinity_is_a_real_number(void) {
    double value = 0.0;
    const char *rest = "";
    CU_ASSERT_TRUE(text_read_real("inf", &value, &rest));
    CU_ASSERT_TRUE(isinf(value) && value > 0.0);
    CU_ASSERT_STRING_EQUAL(rest, "");
}

static void integers_are_read_whole(void) {
    int64_t value = 0;
    const char *rest = "";
    CU_ASSERT_TRUE(text_read_integer("9223372036854775807", &value, &rest) && value == INT64_MAX);
    CU_ASSERT_TRUE(text_read_integer("-9223372036854775808", &value, &rest) && value == INT64_MIN);
    CU_ASSERT_TRUE(text_read_integer("+12,", &value, &rest) && value == 12);
    CU_ASSERT_STRING_EQUAL(rest, ",");
    CU_ASSERT_TRUE(text_read_integer("1.5", &value, &rest) && value == 1);
    CU_ASSERT_STRING_EQUAL(rest, ".5");
}

static void integers_beyond_64_bits_and_other_words_are_refused(void) {
    const char *texts[] = {"9223372036854775808", "-9223372036854775809", "", " 1", "a", ".5", "-", "inf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t value = 0;
        const char *rest = "";
        UNIT_CHECK(!text_read_integer(texts[i], &value, &rest), "\"%s\" is refused", texts[i]);
    }
}

static void distance_counts_edits_and_swaps_of_neighbours(void) {
    CU_ASSERT_EQUAL(text_distance("detector.distance", "detector.distance"), 0);
    CU_ASSERT_EQUAL(text_distance("distnace", "distance"), 1);
    CU_ASSERT_EQUAL(text_distance("distanc", "distance"), 1);
    CU_ASSERT_EQUAL(text_distance("diistance", "distance"), 1);
    CU_ASSERT_EQUAL(text_distance("distamce", "distance"), 1);
    CU_ASSERT_EQUAL(text_distance("kitten", "sitting"), 3);
    CU_ASSERT_EQUAL(text_distance("", "abc"), 3);
    CU_ASSERT_EQUAL(text_distance("abc", ""), 3);
}

static void very_long_names_are_far_from_everything(void) {
    char name[500];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CU_ASSERT_EQUAL(text_distance(name, "abc"), 63);
    CU_ASSERT_EQUAL(text_distance("abc", name), 63);
}

static void a_third_of_a_name_may_be_wrong_for_a_suggestion(void) {
    CU_ASSERT_TRUE(text_is_near("beam.wavelenght", 5));
    CU_ASSERT_FALSE(text_is_near("beam.wavelenght", 6));
    CU_ASSERT_TRUE(text_is_near("abc", 2));
    CU_ASSERT_FALSE(text_is_near("abc", 3));
    CU_ASSERT_FALSE(text_is_near("", 1)); /* nothing of the name would be left */
    CU_ASSERT_FALSE(text_is_near("ab", 2));
}

static void the_nearest_of_the_tried_names_is_suggested(void) {
    char remedy[TEXT_REMEDY_BYTES];
    TextNearest nearest = text_nearest_to("distnace");
    text_nearest_remedy(&nearest, "look it up", remedy);
    CU_ASSERT_STRING_EQUAL(remedy, "; look it up"); /* nothing was tried */
    text_nearest_try(&nearest, "dispersion");
    CU_ASSERT_FALSE(text_nearest_is_near(&nearest));
    text_nearest_try(&nearest, "distance");
    text_nearest_try(&nearest, "distanec");
    text_nearest_remedy(&nearest, "look it up", remedy);
    CU_ASSERT_STRING_EQUAL(remedy, "; did you mean \"distance\"?");
}

static void copies_are_cut_to_their_room(void) {
    char copy[4] = "zzz";
    CU_ASSERT_TRUE(text_copy(copy, sizeof copy, "abc"));
    CU_ASSERT_STRING_EQUAL(copy, "abc");
    CU_ASSERT_FALSE(text_copy(copy, sizeof copy, "defg"));
    CU_ASSERT_STRING_EQUAL(copy, "def");
    CU_ASSERT_TRUE(text_copy(copy, 1, ""));
    CU_ASSERT_STRING_EQUAL(copy, "");
}

/* A file in the current folder, removed again by the test. */
static const char *const scratch_path = "test_text.scratch";

static void write_scratch(const char *bytes, size_t count) {
    FILE *file = fopen(scratch_path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, count, file), count);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void a_file_is_read_whole_with_a_zero_after_it(void) {
    char *contents = NULL;
    size_t bytes = 0;
    write_scratch("a\0b\n", 4);
    CU_ASSERT_TRUE_FATAL(status_is_ok(text_read_file(scratch_path, 100, &contents, &bytes)));
    CU_ASSERT_EQUAL(bytes, 4);
    CU_ASSERT_EQUAL(memcmp(contents, "a\0b\n", 5), 0);
    free(contents);
    (void)remove(scratch_path);
}

static void a_file_of_just_the_most_bytes_is_read_and_one_more_is_not(void) {
    char *contents = NULL;
    size_t bytes = 0;
    write_scratch("12345", 5);
    CU_ASSERT_TRUE_FATAL(status_is_ok(text_read_file(scratch_path, 5, &contents, &bytes)));
    free(contents);
    const Status status = text_read_file(scratch_path, 4, &contents, &bytes);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, scratch_path));
    (void)remove(scratch_path);
}

static void a_missing_file_and_a_folder_are_bad_files(void) {
    char *contents = NULL;
    size_t bytes = 0;
    const Status missing = text_read_file("/nowhere/at-all.hkl", 100, &contents, &bytes);
    CU_ASSERT_EQUAL(missing.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(missing.message, "/nowhere/at-all.hkl"));
    CU_ASSERT_EQUAL(text_read_file("/tmp", 100, &contents, &bytes).code, STATUS_BAD_FILE);
}

static LineReader reader_of(const char *text) {
    return text_lines("some.hkl", text, strlen(text));
}

static void blank_lines_and_comments_are_passed_over(void) {
    LineReader reader = reader_of("# head\n\n   \t\r\n1 2 # tail\n#\n3 4");
    bool found = false;
    double values[4];
    int count = 0;
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && found);
    CU_ASSERT_EQUAL(reader.line, 4);
    CU_ASSERT_TRUE(status_is_ok(text_line_numbers(&reader, 4, values, &count)));
    CU_ASSERT_TRUE(count == 2 && values[0] == 1.0 && values[1] == 2.0);
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && found);
    CU_ASSERT_EQUAL(reader.line, 6); /* the last line needs no end */
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && !found);
}

static void numbers_may_stand_between_blanks_tabs_commas_and_semicolons(void) {
    LineReader reader = reader_of("\t1, -2;3e1  ,4\r\n");
    bool found = false;
    double values[8];
    int count = 0;
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && found);
    CU_ASSERT_TRUE(status_is_ok(text_line_numbers(&reader, 8, values, &count)));
    CU_ASSERT_TRUE(count == 4 && values[0] == 1 && values[1] == -2 && values[2] == 30 && values[3] == 4);
}

static void only_as_many_numbers_as_asked_for_are_read(void) {
    LineReader reader = reader_of("1 2 3 words\n");
    bool found = false;
    double values[3];
    int count = 0;
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && found);
    CU_ASSERT_TRUE(status_is_ok(text_line_numbers(&reader, 3, values, &count)));
    CU_ASSERT_EQUAL(count, 3);
}

static void a_field_that_is_no_number_is_named_with_file_and_line(void) {
    const char *texts[] = {"1 2\n3 4x\n", "1 2\n3 nan\n", "1 2\n3 inf\n", "1 2\n3 0x5\n"};
    const char *fields[] = {"\"4x\"", "\"nan\"", "\"inf\"", "\"0x5\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        LineReader reader = reader_of(texts[i]);
        bool found = false;
        double values[4];
        int count = 0;
        for (int line = 0; line < 2; line++) CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && found);
        const Status status = text_line_numbers(&reader, 4, values, &count);
        CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
        UNIT_CHECK(strstr(status.message, "some.hkl:2") != NULL && strstr(status.message, fields[i]) != NULL,
                   "file, line and field are in \"%s\"", status.message);
    }
}

static void a_zero_byte_or_an_endless_line_is_a_bad_file(void) {
    bool found = false;
    LineReader reader = text_lines("some.hkl", "1 2\n3\0 4\n", 9);
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)));
    const Status zero = text_next_line(&reader, &found);
    CU_ASSERT_EQUAL(zero.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(zero.message, "some.hkl:2"));

    char line[5000];
    memset(line, '1', sizeof line);
    reader = text_lines("some.hkl", line, sizeof line);
    const Status endless = text_next_line(&reader, &found);
    CU_ASSERT_EQUAL(endless.code, STATUS_BAD_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(endless.message, "some.hkl:1"));
}

static void an_empty_text_has_no_line(void) {
    LineReader reader = reader_of("");
    bool found = true;
    CU_ASSERT_TRUE(status_is_ok(text_next_line(&reader, &found)) && !found);
}

static void what_controls_a_terminal_or_is_no_utf8_is_written_out(void) {
    const struct {
        const char *given, *expected;
    } texts[] = {{"plain, \ttab", "plain, \ttab"},
                 {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
                 {"two\nlines\r\x7f", "two\\x0alines\\x0d\\x7f"},
                 {"\xc3\xa5ngstr\xc3\xb6m \xe2\x82\xac \xf0\x9f\x98\x80",
                  "\xc3\xa5ngstr\xc3\xb6m \xe2\x82\xac \xf0\x9f\x98\x80"},
                 {"\xe5ngstr", "\\xe5ngstr"},
                 {"\xc3", "\\xc3"},
                 {"\xc0\xaf", "\\xc0\\xaf"},          /* / in too many bytes */
                 {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* half a pair of UTF-16 */
                 {"\xc2\x9b"
                  "31m",
                  "\\xc2\\x9b31m"}, /* begins a sequence like ESC [ */
                 {"a\xe2\x80\xae"
                  "b",
                  "a\\xe2\\x80\\xaeb"}}; /* from right to left */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[128];
        (void)text_copy(text, sizeof text, texts[i].given);
        text_make_printable(text, sizeof text);
        UNIT_CHECK(strcmp(text, texts[i].expected) == 0, "%zu: %s", i, text);
        text_make_printable(text, sizeof text);
        UNIT_CHECK(strcmp(text, texts[i].expected) == 0, "%zu, once more: %s", i, text);
    }
}

static void what_is_written_out_stays_in_its_room(void) {
    for (size_t room = 1; room < 24; room++) {
        char text[32];
        memset(text, '#', sizeof text);
        memset(text, 0x1b, room - 1);
        text[room - 1] = '\0';
        text_make_printable(text, room);
        UNIT_CHECK(strlen(text) < room && strlen(text) % 4 == 0 && text[room] == '#', "%zu: %s", room, text);
    }
}

/* All that ends a line, in one text, and the mark before it. */
static void every_end_of_a_line_becomes_one(void) {
    static const char *const texts[] = {"1\n2\n\n3\n", "1\r\n2\r\n\r\n3\r\n", "1\r2\r\r3\r", "1\r\n2\r\n\r3\n",
                                        ("\xef\xbb\xbf"
                                         "1\r2\n\r\n3\r")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        size_t bytes = strlen(texts[i]);
        (void)text_copy(text, sizeof text, texts[i]);
        CU_ASSERT_TRUE(status_is_ok(text_normalise("file", text, &bytes)));
        UNIT_CHECK(strcmp(text, "1\n2\n\n3\n") == 0 && bytes == 7, "%zu: %s", i, text);
    }
}

static void wide_characters_and_zeros_are_named(void) {
    char little[] = "\xff\xfe"
                    "1\0 \0",
         big[] = "\xfe\xff\0"
                 "1",
         zero[] = "1\r2\r\n3\0";
    size_t bytes = sizeof little;
    UNIT_CHECK(strstr(text_normalise("a", little, &bytes).message, "a begins with the byte order mark of UTF-16") !=
                   NULL,
               "little");
    bytes = 4;
    UNIT_CHECK(strstr(text_normalise("a", big, &bytes).message, "UTF-16 (big-endian)") != NULL, "big");
    bytes = sizeof zero - 1;
    UNIT_CHECK(strstr(text_normalise("a", zero, &bytes).message, "a:3: a zero byte") != NULL, "zero");
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(real_numbers_are_read_up_to_what_follows),
                              UNIT_TEST(what_is_no_decimal_number_is_refused),
                              UNIT_TEST(infinity_is_a_real_number),
                              UNIT_TEST(integers_are_read_whole),
                              UNIT_TEST(integers_beyond_64_bits_and_other_words_are_refused),
                              UNIT_TEST(distance_counts_edits_and_swaps_of_neighbours),
                              UNIT_TEST(very_long_names_are_far_from_everything),
                              UNIT_TEST(a_third_of_a_name_may_be_wrong_for_a_suggestion),
                              UNIT_TEST(the_nearest_of_the_tried_names_is_suggested),
                              UNIT_TEST(copies_are_cut_to_their_room),
                              UNIT_TEST(a_file_is_read_whole_with_a_zero_after_it),
                              UNIT_TEST(a_file_of_just_the_most_bytes_is_read_and_one_more_is_not),
                              UNIT_TEST(a_missing_file_and_a_folder_are_bad_files),
                              UNIT_TEST(every_end_of_a_line_becomes_one),
                              UNIT_TEST(wide_characters_and_zeros_are_named),
                              UNIT_TEST(blank_lines_and_comments_are_passed_over),
                              UNIT_TEST(numbers_may_stand_between_blanks_tabs_commas_and_semicolons),
                              UNIT_TEST(only_as_many_numbers_as_asked_for_are_read),
                              UNIT_TEST(a_field_that_is_no_number_is_named_with_file_and_line),
                              UNIT_TEST(a_zero_byte_or_an_endless_line_is_a_bad_file),
                              UNIT_TEST(an_empty_text_has_no_line),
                              UNIT_TEST(what_controls_a_terminal_or_is_no_utf8_is_written_out),
                              UNIT_TEST(what_is_written_out_stays_in_its_room),
                              {NULL, NULL}};
    return unit_main("text", tests);
}
