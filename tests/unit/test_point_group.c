/* A grid leaves out orientations by a point group only where their images are those of others: the decision against
 * images of the crystal, turned by the group. */
#include "setup/point_group.h"

#include "scene.h"
#include "setup/experiment_create.h"
#include "unit.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Case {
    const char *group, *setting[5];
    const char *broken; /* what the message names; NULL where nothing is */
} Case;

#define HEXAGONAL "crystal.cell=60,60,45,90,90,120"
#define ISOTROPIC "crystal.spot_model=isotropic"
static const Case cases[] = {
    {"1", {"crystal.cell=60,65,70,80,95,105", "crystal.cells=3,9,5"}, NULL},
    {"2", {"crystal.cell=60,55,66,90,112,90", "crystal.cells=5,6,7"}, NULL},
    {"2", {"crystal.cell=60,55,66,91,112,90", "crystal.cells=5"}, "cell has not"},
    {"222", {"crystal.cell=60,55,66", "crystal.cells=5,6,7"}, NULL},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=5,5,9"}, NULL},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=4,30,10"}, "4 x 30 x 10 cells"},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=4,9,5", "crystal.shape=gauss"}, "4 x 9 x 5 cells"},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=8,9,9", "crystal.shape=gauss", ISOTROPIC}, NULL},
    {"4", {"crystal.cell=60,60.5,40", "crystal.cells=8"}, "cell has not"},
    {"422", {"crystal.cell=60,60,40", "crystal.cells=5,5,9"}, NULL},
    {"3", {HEXAGONAL, "crystal.cells=8"}, "shape square"},
    {"6", {HEXAGONAL, "crystal.cells=8"}, "shape square"},
    {"6", {HEXAGONAL, "crystal.cells=8", "crystal.shape=gauss"}, "shape gauss and crystal.spot_model=per_axis"},
    {"6", {HEXAGONAL, "crystal.cells=8", "crystal.shape=gauss", ISOTROPIC}, NULL},
    {"6", {HEXAGONAL, "crystal.cells=8,8,9", "crystal.shape=tophat", "crystal.spot_model=nanobragg"}, NULL},
    {"6", {HEXAGONAL, "crystal.cells=8,8,9", "crystal.shape=round", "crystal.spot_model=nanobragg"}, "shape round"},
    {"32", {HEXAGONAL, "crystal.cells=8,9,8", "crystal.shape=gauss", ISOTROPIC}, NULL},
    {"622", {HEXAGONAL, "crystal.cells=8", "crystal.shape=tophat", ISOTROPIC}, NULL},
    {"23", {"crystal.cell=60", "crystal.cells=6"}, NULL},
    {"432", {"crystal.cell=60", "crystal.cells=6"}, NULL},
    {"432", {"crystal.cell=60", "crystal.cells=6,6,7"}, "6 x 6 x 7 cells"},
    {"432", {"crystal.cell=60", "crystal.cells=6", "crystal.mosaic_spread=0.1,0.1,0.3"}, "mosaic_spread is 0.1, 0.1"},
    {"432", {"crystal.cell=60", "crystal.cells=6", "crystal.mosaic_spread=0.1"}, NULL},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=5", "crystal.mosaic_spread=0.1,0.1,0.3"}, NULL},
    {"222", {"crystal.cell=60,61,40", "crystal.cells=5", "crystal.mosaic_spread=0.1,0.2,0.3"}, NULL},
    {"2", {"crystal.cell=60,55,66,90,112,90", "crystal.cells=5", "crystal.mosaic_spread=0.1,0.2,0.3"}, NULL},
    {"4", {"crystal.cell=60,60,40", "crystal.cells=5", "crystal.mosaic_spread=0.1,0.2,0.3"}, "mosaic_spread is 0.1"},
};
enum { CASES = sizeof cases / sizeof *cases };

static Status grid_of(const char *group, const char *const *settings, Experiment **experiment) {
    const char *const all[] = {"crystal.default_f=100",
                               "crystal.misset=31,42,53",
                               "detector.fast_pixels=8",
                               "detector.slow_pixels=8",
                               "sweep.kind=grid",
                               "sweep.angle=60",
                               NULL};
    const char *const *lists[] = {all, settings};
    Parameters *parameters = NULL;
    Status status = parameters_create(&parameters);
    for (int list = 0; list < 2; list++)
        for (const char *const *next = lists[list]; *next != NULL && status_is_ok(status); next++) {
            char name[128];
            (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(*next, "="), *next);
            status = parameters_set(parameters, name, *next + strlen(name) + 1, "test");
        }
    if (status_is_ok(status)) status = parameters_set(parameters, "sweep.point_group", group, "test");
    *experiment = NULL;
    if (status_is_ok(status)) status = experiment_create(parameters, experiment, NULL);
    parameters_destroy(&parameters);
    return status;
}

/* Largest difference of the images before and after a turn by a generator of the group, over the brightest pixel. */
static double difference_by_turns(const Case *c) {
    static const char *const names[] = {"1", "2", "3", "4", "6", "222", "32", "422", "622", "23", "432"};
    const char *settings[16] = {
        "crystal.default_f=100",   "crystal.misset=31,42,53", "detector.pixel_size=0.5", "detector.distance=100",
        "detector.fast_pixels=64", "detector.slow_pixels=60", "sampling.oversample=1",   NULL};
    int group = 0, count = 7;
    double worst = 0.0, brightest = 0.0;
    for (int i = 0; c->setting[i] != NULL; i++)
        if (strstr(c->setting[i], "mosaic") == NULL) settings[count++] = c->setting[i];
    settings[count] = NULL;
    while (strcmp(names[group], c->group) != 0) group++;
    Experiment *e = scene(settings);
    double *before = scene_image(e, 0);
    Mat3 generator[2];
    const int generators = orientation_grid_generators((PointGroup)group, generator);
    const Mat3 cell_m = e->crystal.cell_m, axes = orientation_grid_axes((PointGroup)group, cell_m);
    for (int n = 0; n < generators; n++) {
        const Mat3 turn = mat3_multiply(mat3_transpose(axes), mat3_multiply(generator[n], axes));
        for (int i = 0; i < 3; i++) e->crystal.cell_m.row[i] = mat3_apply(turn, cell_m.row[i]);
        double *after = scene_image(e, 0);
        for (int64_t i = 0; i < detector_pixels(&e->detector); i++) {
            brightest = fmax(brightest, before[i]);
            worst = fmax(worst, fabs(before[i] - after[i]));
        }
        free(after);
    }
    free(before);
    experiment_destroy(&e);
    return worst / brightest;
}

static void a_group_is_refused_where_its_images_differ(void) {
    for (int n = 0; n < CASES; n++) {
        const Case *c = &cases[n];
        Experiment *e = NULL;
        const Status status = grid_of(c->group, c->setting, &e);
        UNIT_CHECK(status_is_ok(status) == (c->broken == NULL), "case %d: %s", n, status.message);
        if (c->broken != NULL)
            UNIT_CHECK(strstr(status.message, c->broken) != NULL, "case %d: no \"%s\" in %s", n, c->broken,
                       status.message);
        const bool by_widths = c->broken != NULL && strstr(c->broken, "mosaic") != NULL;
        const double difference = difference_by_turns(c);
        UNIT_CHECK(by_widths || (difference < 1e-8) == (c->broken == NULL), "case %d: images differ by %g", n,
                   difference);
        experiment_destroy(&e);
    }
}

/* |F| = 100 + h^2 + ... of a list: all reflections to index 3, by the given strengths along a, b and c. */
static Status grid_with_list(const char *group, int a, int b, int c, const char *more) {
    char path[] = "point_group.XXXXXX", setting[64];
    const int file = mkstemp(path);
    FILE *list = file < 0 ? NULL : fdopen(file, "w");
    Experiment *e = NULL;
    if (list == NULL) abort();
    for (int h = -3; h <= 3; h++)
        for (int k = -3; k <= 3; k++)
            for (int l = -3; l <= 3; l++)
                (void)fprintf(list, "%d %d %d %d\n", h, k, l, 100 + a * h * h + b * k * k + c * l * l);
    (void)fclose(list);
    (void)snprintf(setting, sizeof setting, "crystal.structure_factors=%s", path);
    const char *const settings[] = {
        "crystal.cell=60", "crystal.cells=6", setting, "detector.distance=1000", "detector.pixel_size=10", more, NULL};
    const Status status = grid_of(group, settings, &e);
    experiment_destroy(&e);
    (void)remove(path);
    return status;
}

static void structure_factors_must_have_the_symmetry(void) {
    const char *const none = NULL;
    UNIT_CHECK(status_is_ok(grid_with_list("432", 7, 7, 7, none)), "a list of 432 is refused");
    UNIT_CHECK(status_is_ok(grid_with_list("4", 7, 7, 2, none)), "a list of 4 is refused");
    UNIT_CHECK(status_is_ok(grid_with_list("222", 7, 9, 2, none)), "a list of 222 is refused");
    const Status status = grid_with_list("432", 7, 7, 2, none);
    UNIT_CHECK(strstr(status.message, "have not this symmetry: F(") != NULL, "%s", status.message);
    CU_ASSERT_EQUAL(grid_with_list("4", 7, 9, 7, none).code, STATUS_BAD_PARAMETER);
}

static void draws_are_checked_in_every_frame(void) {
    const Case drawn[] = {
        {"4", {"crystal.cell=60,60,40", "sweep.draw=crystal.cells[0]=uniform(5,9)", NULL}, "cells"},
        {"4", {"crystal.cell=60,60,40", "sweep.draw=crystal.cell[1]=normal(60,1)", NULL}, "cell has not"},
        {"4", {"crystal.cell=60,60,40", "sweep.draw=crystal.cell[2]=normal(40,1)", NULL}, NULL},
        {"4", {"crystal.cell=60,60,40", "sweep.draw=crystal.cells[2]=uniform(5,9)", NULL}, NULL}};
    for (int n = 0; n < 4; n++) {
        Experiment *e = NULL;
        const Status status = grid_of(drawn[n].group, drawn[n].setting, &e);
        UNIT_CHECK(status_is_ok(status) == (drawn[n].broken == NULL), "draw %d: %s", n, status.message);
        if (drawn[n].broken != NULL)
            UNIT_CHECK(strstr(status.message, drawn[n].broken) != NULL, "draw %d: %s", n, status.message);
        experiment_destroy(&e);
    }
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(a_group_is_refused_where_its_images_differ),
                                     UNIT_TEST(structure_factors_must_have_the_symmetry),
                                     UNIT_TEST(draws_are_checked_in_every_frame),
                                     {NULL, NULL}};
    return unit_main("point group", tests);
}
