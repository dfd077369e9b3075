/** @file
 *  One CUnit suite as a program, and checks whose message says what was compared. */
#ifndef TESSERA_TEST_UNIT_H
#define TESSERA_TEST_UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

/** A test; its name is the fact that it checks. */
typedef struct UnitTest {
    const char *name;
    void (*run)(void);
} UnitTest;

/** Entry of a test function in the table of a suite. */
#define UNIT_TEST(function)                                                                                            \
    { #function, function }

/** Runs all @p tests, which end with {NULL, NULL}, and prints CUnit's summary.
 *  @return 0 when every check held, else 1: the exit code of the process */
int unit_main(const char *suite, const UnitTest *tests);

/** Records a check of the current test; the printf text that follows @p line is the message.
 *  @return @p ok */
bool unit_check(bool ok, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

/** A check with a printf message of its own. */
#define UNIT_CHECK(ok, ...) unit_check((ok), __FILE__, __LINE__, __VA_ARGS__)

/** Records whether |actual - expected| <= tolerance; the message names @p what. */
void unit_close(double actual, double expected, double tolerance, const char *what, const char *file, int line);

/** A check of two numbers; @p what is text. */
#define UNIT_CLOSE(actual, expected, tolerance, what)                                                                  \
    unit_close((actual), (expected), (tolerance), (what), __FILE__, __LINE__)

#endif
