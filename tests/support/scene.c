#include "scene.h"

#include "kernels/kernel.h"
#include "physics/step.h"
#include "setup/experiment_create.h"
#include "setup/frames.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const scene_shapes[SCENE_SHAPES] = {
#define SHAPE_OF_AXES(NAME, name) "crystal.shape=" #name,
#define SHAPE_OF_FORM(NAME, name, ...) "crystal.shape=" #name,
#include "parameters/shapes.def"
};

static Status set_text(Parameters *parameters, const char *setting) {
    char name[128];
    const size_t length = strcspn(setting, "=");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, setting);
    return parameters_set(parameters, name, setting + length + 1, "test");
}

static Experiment *make(const char *const *settings, const DetectorGeometry *panels, Notes *notes) {
    const ExperimentInputs inputs = {.panels = panels};
    Parameters *parameters = NULL;
    Experiment *experiment = NULL;
    Status status = parameters_create(&parameters);
    if (status_is_ok(status))
        status = set_text(parameters, "run.precision=float64"); /* unless the settings say other */
    for (; status_is_ok(status) && *settings != NULL; settings++) status = set_text(parameters, *settings);
    if (status_is_ok(status)) status = experiment_create_from(parameters, &inputs, &experiment, notes);
    if (!status_is_ok(status)) {
        (void)fprintf(stderr, "scene: %s\n", status.message);
        CU_FAIL("the scene cannot be made");
    }
    parameters_destroy(&parameters);
    return experiment;
}

Experiment *scene_of_panels(const char *const *settings, const DetectorGeometry *panels) {
    return make(settings, panels, NULL);
}

Experiment *scene(const char *const *settings) {
    return make(settings, NULL, NULL);
}

void scene_notes(const char *const *settings, Notes *notes) {
    Experiment *experiment = make(settings, NULL, notes);
    experiment_destroy(&experiment);
}

double *scene_image(const Experiment *e, int64_t number) {
    const int64_t pixels = detector_pixels(&e->detector);
    DoubleDouble *sums = calloc((size_t)pixels, sizeof *sums);
    double *image = calloc((size_t)pixels, sizeof *image);
    Frame frame;
    if (sums == NULL || image == NULL || !status_is_ok(frame_create(e, &frame))) abort();
    frame_set(e, number, &frame);
    const Experiment *own = frame.experiment; /* the frame's values are set in it */
    const double photons = step_photons(own, &frame) / (ELECTRON_RADIUS_SQUARED_M2 * frame.fluence_per_m2);
    for (int panel = 0; panel < own->detector.panel_count; panel++) {
        const Tile tile = own->detector.panels[panel].canvas;
        const int64_t count = tile.slow_pixels * tile.fast_pixels;
        memset(sums, 0, (size_t)count * sizeof *sums);
        kernel_accumulate(own, &frame, tile, (Range){0, kernel_blocks(own)}, sums);
        for (int64_t i = 0; i < count; i++) {
            const int64_t slow = tile.slow + i / tile.fast_pixels, fast = tile.fast + i % tile.fast_pixels;
            image[slow * own->detector.fast_pixels + fast] = photons * (sums[i].high + sums[i].low);
        }
    }
    frame_destroy(&frame);
    free(sums);
    return image;
}

double scene_sum(const char *const *settings) {
    Experiment *experiment = scene(settings);
    if (experiment == NULL) return NAN;
    double *image = scene_image(experiment, 0), sum = 0.0;
    for (int64_t i = 0; i < detector_pixels(&experiment->detector); i++) sum += image[i];
    free(image);
    experiment_destroy(&experiment);
    return sum;
}
