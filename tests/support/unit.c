#include "unit.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

int unit_main(const char *suite, const UnitTest *tests) {
    if (CU_initialize_registry() != CUE_SUCCESS) return 1;
    const CU_pSuite added = CU_add_suite(suite, NULL, NULL);
    bool complete = added != NULL;
    unsigned count = 0;
    for (const UnitTest *test = tests; complete && test->run != NULL; test++, count++)
        complete = CU_add_test(added, test->name, test->run) != NULL;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    if (complete) complete = CU_basic_run_tests() == CUE_SUCCESS;
    const bool passed = complete && CU_get_number_of_tests_run() == count && CU_get_number_of_failure_records() == 0;
    CU_cleanup_registry();
    return passed ? 0 : 1;
}

bool unit_check(bool ok, const char *file, int line, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned)line, message, file, "", CU_FALSE);
    return ok;
}

void unit_close(double actual, double expected, double tolerance, const char *what, const char *file, int line) {
    (void)unit_check(fabs(actual - expected) <= tolerance, file, line, "%s is %.17g, not %.17g (off by %.3g > %.3g)",
                     what, actual, expected, fabs(actual - expected), tolerance);
}
