#include "truth.h"

#include "base/text.h"
#include "nanobragg/nanobragg_options.h"
#include "setup/experiment_create.h"
#include "setup/frames.h"
#include "unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MOST = 200 };

/* The case's number, "g01", is in the list, which has commas between. */
static bool is_left_out(const char *id) {
    const size_t length = strcspn(id, "_");
    for (const char *word = TESSERA_TRUTHS_LEFT_OUT; *word != '\0';) {
        if (strcspn(word, ",") == length && strncmp(word, id, length) == 0) return true;
        word += strcspn(word, ",");
        if (*word == ',') word++;
    }
    return false;
}

/* Splits words at single blanks, in place. */
static int split(char *words, char **argv) {
    int argc = 0;
    for (char *word = strtok(words, " "); word != NULL && argc < ARGUMENTS_MOST; word = strtok(NULL, " "))
        argv[argc++] = word;
    return argc;
}

static Status parse_arguments(JsonNode root, Parameters *parameters) {
    const char *text = "";
    char words[4096];
    char *argv[ARGUMENTS_MOST];
    TRY(json_text(root, "reference_args", &text));
    if (!text_copy(words, sizeof words, text)) return status_error(STATUS_BAD_FILE, "the arguments are too long");
    const int argc = split(words, argv);
    return nanobragg_parse(argc, argv, parameters, NULL, NULL);
}

static Status check_experiment(Truth *truth, void (*check)(const Truth *truth)) {
    Frame frame;
    TRY(frame_create(truth->experiment, &frame));
    frame_set(truth->experiment, 0, &frame);
    truth->frame = &frame;
    check(truth);
    frame_destroy(&frame);
    return status_ok();
}

static Status check_document(const Json *json, const Parameters *parameters, void (*check)(const Truth *truth)) {
    Truth truth = {.root = json_root(json), .parameters = parameters};
    Experiment *experiment = NULL;
    TRY(json_text(truth.root, "id", &truth.id));
    TRY(experiment_create(parameters, &experiment, NULL));
    truth.experiment = experiment;
    const Status status = check_experiment(&truth, check);
    experiment_destroy(&experiment);
    return status;
}

static Status check_file(const char *path, void (*check)(const Truth *truth)) {
    Json *json = NULL;
    Parameters *parameters = NULL;
    Status status = json_open(path, &json);
    if (status_is_ok(status)) status = parameters_create(&parameters);
    if (status_is_ok(status)) status = parse_arguments(json_root(json), parameters);
    if (status_is_ok(status)) status = check_document(json, parameters, check);
    parameters_destroy(&parameters);
    json_close(&json);
    return status;
}

void truth_for_each(void (*check)(const Truth *truth)) {
    glob_t files;
    int checked = 0;
    CU_ASSERT_EQUAL_FATAL(chdir(TESSERA_GOLDEN_DIR "/inputs"), 0); /* the arguments name their files without a folder */
    CU_ASSERT_EQUAL_FATAL(glob(TESSERA_GOLDEN_DIR "/*.truth.json", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *name = strrchr(files.gl_pathv[i], '/') + 1;
        if (is_left_out(name)) {
            (void)printf(" [left out: %.*s]", (int)strcspn(name, "."), name);
            continue;
        }
        const Status status = check_file(files.gl_pathv[i], check);
        UNIT_CHECK(status_is_ok(status), "%s: %s", name, status.message);
        checked++;
    }
    globfree(&files);
    UNIT_CHECK(checked > 0, "there are truths in %s", TESSERA_GOLDEN_DIR);
}

double truth_number(const Truth *truth, JsonNode from, const char *path) {
    double value = NAN;
    const Status status = json_number(from, path, &value);
    if (status_is_ok(status)) return value;
    UNIT_CHECK(false, "%s: %s", truth->id, status.message);
    return NAN;
}

Vec3 truth_vector(const Truth *truth, JsonNode from, const char *path) {
    double value[3] = {NAN, NAN, NAN};
    const Status status = json_numbers(from, path, 3, value);
    if (!status_is_ok(status)) UNIT_CHECK(false, "%s: %s", truth->id, status.message);
    return vec3(value[0], value[1], value[2]);
}

void truth_close(const Truth *truth, const char *what, double actual, double expected, double tolerance) {
    char label[200];
    (void)snprintf(label, sizeof label, "%s: %s", truth->id, what);
    UNIT_CLOSE(actual, expected, tolerance, label);
}

void truth_close_vector(const Truth *truth, const char *what, Vec3 actual, Vec3 expected, double tolerance) {
    char label[200];
    (void)snprintf(label, sizeof label, "%s: %s", truth->id, what);
    const double distance = vec3_length(vec3_subtract(actual, expected));
    UNIT_CHECK(distance <= tolerance, "%s is (%.17g, %.17g, %.17g), not (%.17g, %.17g, %.17g): %.3g apart > %.3g",
               label, actual.x, actual.y, actual.z, expected.x, expected.y, expected.z, distance, tolerance);
}
