#include "base/status.h"
#include "unit.h"

#include <string.h>

static void success_has_no_message(void) {
    CU_ASSERT_TRUE(status_is_ok(status_ok()));
    CU_ASSERT_STRING_EQUAL(status_ok().message, "");
}

static void failure_keeps_code_and_formatted_message(void) {
    const Status status = status_error(STATUS_BAD_FILE, "%s:%d is bad", "a.hkl", 7);
    CU_ASSERT_FALSE(status_is_ok(status));
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_FILE);
    CU_ASSERT_STRING_EQUAL(status.message, "a.hkl:7 is bad");
}

static void long_message_is_cut_and_ends_with_zero(void) {
    char text[2 * STATUS_MESSAGE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CU_ASSERT_EQUAL(strlen(status_error(STATUS_BAD_FILE, "%s", text).message), STATUS_MESSAGE_BYTES - 1);
}

static void exit_codes_are_those_that_the_command_line_promises(void) {
    CU_ASSERT_EQUAL(status_exit_code(STATUS_OK), 0);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_COMPARISON_FAILED), 1);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_BAD_PARAMETER), 2);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_BAD_FILE), 2);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_NO_MEMORY), 2);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_OUTPUT_FAILED), 3);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_RANK_LOST), 4);
    CU_ASSERT_EQUAL(status_exit_code(STATUS_INTERRUPTED), 75);
}

static void first_of_two_failures_is_kept(void) {
    const Status one = status_error(STATUS_BAD_FILE, "one"), two = status_error(STATUS_NO_MEMORY, "two");
    CU_ASSERT_STRING_EQUAL(status_first(one, two).message, "one");
    CU_ASSERT_STRING_EQUAL(status_first(status_ok(), two).message, "two");
    CU_ASSERT_STRING_EQUAL(status_first(one, status_ok()).message, "one");
    CU_ASSERT_TRUE(status_is_ok(status_first(status_ok(), status_ok())));
}

static Status passes_up(Status inner, bool *went_on) {
    TRY(inner);
    *went_on = true;
    return status_ok();
}

static void try_returns_on_failure_only(void) {
    bool went_on = false;
    CU_ASSERT_EQUAL(passes_up(status_error(STATUS_OUTPUT_FAILED, "full"), &went_on).code, STATUS_OUTPUT_FAILED);
    CU_ASSERT_FALSE(went_on);
    CU_ASSERT_TRUE(status_is_ok(passes_up(status_ok(), &went_on)));
    CU_ASSERT_TRUE(went_on);
}

static void notes_are_kept_in_order(void) {
    Notes notes = {.count = 0};
    notes_add(&notes, "first %d", 1);
    notes_add(&notes, "second");
    CU_ASSERT_EQUAL(notes.count, 2);
    CU_ASSERT_STRING_EQUAL(notes.text[0], "first 1");
    CU_ASSERT_STRING_EQUAL(notes.text[1], "second");
}

static void notes_beyond_the_last_are_dropped(void) {
    Notes notes = {.count = 0};
    for (int i = 0; i < NOTES_MOST + 5; i++) notes_add(&notes, "%d", i);
    CU_ASSERT_EQUAL(notes.count, NOTES_MOST);
    notes_add(NULL, "nobody listens"); /* allowed */
}

int main(void) {
    const UnitTest tests[] = {UNIT_TEST(success_has_no_message),
                              UNIT_TEST(failure_keeps_code_and_formatted_message),
                              UNIT_TEST(long_message_is_cut_and_ends_with_zero),
                              UNIT_TEST(exit_codes_are_those_that_the_command_line_promises),
                              UNIT_TEST(first_of_two_failures_is_kept),
                              UNIT_TEST(try_returns_on_failure_only),
                              UNIT_TEST(notes_are_kept_in_order),
                              UNIT_TEST(notes_beyond_the_last_are_dropped),
                              {NULL, NULL}};
    return unit_main("status", tests);
}
