#include "formats/colour_map.h"
#include "unit.h"

#include <string.h>

static const char *const names[] = {"paper", "grey", "heat", "viridis"};
enum { NAMES = sizeof names / sizeof *names };

/* Rec. 709 luma of a level. */
static double brightness(const uint8_t *colours, int level) {
    const uint8_t *c = colours + 3 * level;
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

static void every_map_runs_from_dark_to_bright_or_back_without_turning(void) {
    for (int i = 0; i < NAMES; i++) {
        uint8_t colours[COLOUR_MAP_BYTES];
        CU_ASSERT_TRUE(status_is_ok(colour_map(names[i], colours)));
        const double sign = strcmp(names[i], "paper") == 0 ? -1.0 : 1.0;
        for (int level = 1; level < COLOUR_MAP_LEVELS; level++)
            UNIT_CHECK(sign * (brightness(colours, level) - brightness(colours, level - 1)) > -0.8,
                       "%s turns at level %d", names[i], level);
        UNIT_CHECK(sign * (brightness(colours, COLOUR_MAP_LEVELS - 1) - brightness(colours, 0)) > 190.0,
                   "%s has little contrast", names[i]);
    }
}

static void grey_is_the_level_itself(void) {
    uint8_t colours[COLOUR_MAP_BYTES];
    CU_ASSERT_TRUE(status_is_ok(colour_map("grey", colours)));
    for (int i = 0; i < COLOUR_MAP_BYTES; i++) CU_ASSERT_EQUAL(colours[i], i / 3);
}

static void every_map_is_listed_and_no_other_is_known(void) {
    uint8_t colours[COLOUR_MAP_BYTES];
    for (int i = 0; i < NAMES; i++) CU_ASSERT_PTR_NOT_NULL(strstr(colour_map_names(), names[i]));
    const Status status = colour_map("gray", colours);
    CU_ASSERT_EQUAL(status.code, STATUS_BAD_PARAMETER);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.message, "viridis"));
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(every_map_runs_from_dark_to_bright_or_back_without_turning),
                                     UNIT_TEST(grey_is_the_level_itself),
                                     UNIT_TEST(every_map_is_listed_and_no_other_is_known),
                                     {NULL, NULL}};
    return unit_main("colour_map", tests);
}
