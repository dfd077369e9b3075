#include "nanobragg/nanobragg_options.h"

#include "base/text.h"
#include "model/parameter_rivals.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Options that are read and change nothing. */
typedef struct IdleOption {
    const char *name;
    int values;
    const char *help;
} IdleOption;

#define IDLE "does nothing in nanoBragg, and nothing here"
#define ALWAYS_EACH                                                                                                    \
    "always so here: each sub-pixel and layer has its own value. B03: nanoBragg multiplies its running sum by them "   \
    "at every step"
static const IdleOption idle_options[] = {
    {"-density", 1, IDLE},
    {"-sample_den", 1, IDLE},
    {"-sample_density", 1, IDLE},
    {"-MW", 1, IDLE},
    {"-molec", 1, IDLE},
    {"-molecular_weight", 1, IDLE},
    {"-coherent", 0, IDLE},
    {"-stolout", 1, IDLE},
    {"-dispstep", 1, IDLE "; -dispsteps gives the number of wavelengths"},
    {"-hdiv", 1, IDLE "; -hdivrange gives the width"},
    {"-vdiv", 1, IDLE "; -vdivrange gives the width"},
    {"-source_dist", 1, IDLE},
    {"-source_distance", 1, IDLE},
    {"-oversample_thick", 0, ALWAYS_EACH},
    {"-oversample_polar", 0, ALWAYS_EACH},
    {"-oversample_omega", 0, ALWAYS_EACH},
};
enum { IDLE_OPTIONS = sizeof idle_options / sizeof *idle_options };

/* One word of a row's `nanobragg` column, taken apart: -name[component]:argument=constant. */
typedef struct Mapping {
    char name[64], argument[32], constant[32];
    bool is_constant; /* the constant counts, even when it is empty */
    int component;    /* -1: the whole row */
} Mapping;

static Mapping parse_mapping(const char *word) {
    Mapping mapping = {.component = -1};
    const char *end = word + parameters_word_length(word);
    const size_t name = strcspn(word, "[:= ");
    assert(name < sizeof mapping.name);
    memcpy(mapping.name, word, name);
    for (const char *rest = word + name; rest < end;) {
        const size_t length = strcspn(rest + 1, "]:= ");
        assert(length < sizeof mapping.argument && length < sizeof mapping.constant);
        if (*rest == '[') mapping.component = rest[1] - '0';
        if (*rest == ':') memcpy(mapping.argument, rest + 1, length);
        if (*rest == '=') memcpy(mapping.constant, rest + 1, length);
        if (*rest == '=') mapping.is_constant = true;
        rest += 1 + length + (rest[1 + length] == ']');
    }
    return mapping;
}

/* Calls for every mapping of every row; stops when @p visit returns false. */
typedef struct Visitor {
    bool (*visit)(struct Visitor *visitor, int index, const Mapping *mapping);
    void *context;
} Visitor;

static void visit_mappings(Visitor *visitor) {
    for (int index = 0; index < PARAMETER_COUNT; index++)
        for (const char *word = parameters_row(index)->nanobragg; *word != '\0';) {
            const Mapping mapping = parse_mapping(word);
            if (!visitor->visit(visitor, index, &mapping)) return;
            word += parameters_word_length(word);
            while (*word == ' ') word++;
        }
}

/* The command line while it is read. */
typedef struct Reading {
    int argc;
    char *const *argv;
    int next;     /* the option that is being read */
    int consumed; /* most arguments that a mapping took */
    bool known;
    Parameters *parameters;
    Status status;
    Notes *notes;
    const char *pivot; /* what the latest option implies for a custom convention */
    bool negative_thickness;
    bool seed_as_misset, axis_as_angle; /* what nanoBragg finds within these options' names, nothing undoing it */
} Reading;

static bool is_number(const char *text) {
    double value = 0.0;
    const char *rest = text;
    return text_read_real(text, &value, &rest) && *rest == '\0';
}

/* NanoBragg takes a value below the range for "not given" where we say auto, and 5.0 for the whole number 5.
 *  @param buffer  [PARAMETER_TEXT_BYTES] for a text that is made anew */
static const char *as_we_say(int index, const char *text, char *buffer) {
    const ParameterRow *row = parameters_row(index);
    double value = 0.0;
    const char *rest = text;
    if (!text_read_real(text, &value, &rest) || *rest != '\0') return text;
    if (index == PARAMETER(sampling, phi_steps) && value == 0.0) return "1";
    if (value < row->least && row->below != NULL) return row->below;
    if (value < row->least) return strcmp(row->default_text, "auto") == 0 ? "auto" : text;
    if (row->type != PARAMETER_TYPE_INTEGER || strchr(text, '.') == NULL || value != rint(value)) return text;
    (void)snprintf(buffer, PARAMETER_TEXT_BYTES, "%.0f", value);
    return buffer;
}

static Status missing_value(const char *option, int values) {
    return status_error(STATUS_BAD_PARAMETER, "command line: %s needs %d value%s", option, values,
                        values == 1 ? "" : "s");
}

/* All values of a row follow the option; of a list some may be left out at the end. */
static Status read_row(Reading *reading, int index) {
    const ParameterRow *row = parameters_row(index);
    const char *option = reading->argv[reading->next];
    const bool one_for_all = row->count > 1 && row->least_count == 1 && strchr(row->unit, ',') == NULL;
    const int most = one_for_all ? 1 : row->count;
    char text[PARAMETER_TEXT_BYTES] = "", buffer[PARAMETER_TEXT_BYTES];
    int count = 0;
    for (; count < most && reading->next + 1 + count < reading->argc; count++) {
        const char *value = reading->argv[reading->next + 1 + count];
        if (row->count > 1 && !is_number(value)) break;
        const size_t used = strlen(text);
        const int written =
            snprintf(text + used, sizeof text - used, "%s%s", count > 0 ? "," : "", as_we_say(index, value, buffer));
        if (written < 0 || (size_t)written >= sizeof text - used)
            return status_error(STATUS_BAD_PARAMETER, "command line: the value of %s is too long", option);
    }
    if (count < row->least_count) return missing_value(option, most);
    if (count > reading->consumed) reading->consumed = count;
    return parameters_set(reading->parameters, row->public_name, text, option);
}

static Status read_mapping(Reading *reading, int index, const Mapping *mapping) {
    const ParameterRow *row = parameters_row(index);
    const char *option = reading->argv[reading->next];
    const char *value = reading->next + 1 < reading->argc ? reading->argv[reading->next + 1] : NULL;
    if (mapping->is_constant) {
        if (*mapping->argument != '\0') reading->consumed = 1;
        return parameters_set(reading->parameters, row->public_name, mapping->constant, option);
    }
    if (mapping->component < 0) return read_row(reading, index);
    if (value == NULL) return missing_value(option, 1);
    if (reading->consumed < 1) reading->consumed = 1;
    char buffer[PARAMETER_TEXT_BYTES];
    return parameters_set_component(reading->parameters, index, mapping->component, as_we_say(index, value, buffer),
                                    option);
}

static bool visit_word(Visitor *visitor, int index, const Mapping *mapping) {
    (void)index;
    Reading *probe = visitor->context;
    const char *value = probe->next + 1 < probe->argc ? probe->argv[probe->next + 1] : "";
    probe->known = strcmp(mapping->name, probe->argv[probe->next]) == 0 && *mapping->argument != '\0' &&
                   strcmp(mapping->argument, value) == 0;
    return !probe->known;
}

/* "-misset random" is one option, "-misset 1 2 3" another. */
static bool has_word_behind(const Reading *reading) {
    Reading probe = *reading;
    visit_mappings(&(Visitor){visit_word, &probe});
    return probe.known;
}

static bool visit_option(Visitor *visitor, int index, const Mapping *mapping) {
    Reading *reading = visitor->context;
    const char *option = reading->argv[reading->next];
    if (strcmp(mapping->name, option) != 0) return true;
    const char *value = reading->next + 1 < reading->argc ? reading->argv[reading->next + 1] : "";
    reading->known = true;
    if (*mapping->argument != '\0' ? strcmp(mapping->argument, value) != 0 : has_word_behind(reading)) return true;
    reading->status = read_mapping(reading, index, mapping);
    if (status_is_ok(reading->status))
        reading->status = parameter_rivals_settle(reading->parameters, index, reading->notes);
    return status_is_ok(reading->status);
}

static bool visit_nearest(Visitor *visitor, int index, const Mapping *mapping) {
    (void)index;
    text_nearest_try(visitor->context, mapping->name);
    return true;
}

static Status unknown_option(const char *option) {
    TextNearest nearest = text_nearest_to(option);
    char remedy[TEXT_REMEDY_BYTES];
    visit_mappings(&(Visitor){visit_nearest, &nearest});
    for (int i = 0; i < IDLE_OPTIONS; i++) text_nearest_try(&nearest, idle_options[i].name);
    text_nearest_remedy(&nearest, "tessera nanobragg -help lists them", remedy);
    return status_error(STATUS_BAD_PARAMETER, "command line: there is no option \"%.100s\"%s", option, remedy);
}

static bool is_one_of(const char *option, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(option, *names) == 0) return true;
    return false;
}

/* With custom axes nanoBragg's pivot is that of the last of these options. */
static void note_pivot(Reading *reading) {
    static const char *const beam[] = {"-Xbeam", "-Ybeam", "-distance", "-mosflm", "-adxv", "-denzo", "-dials", NULL};
    static const char *const sample[] = {"-Xclose",         "-Yclose",   "-ORGX", "-ORGY",
                                         "-close_distance", "-twotheta", "-xds",  NULL};
    const char *option = reading->argv[reading->next];
    if (is_one_of(option, beam)) reading->pivot = "beam";
    if (is_one_of(option, sample)) reading->pivot = "sample";
}

/* NanoBragg's only way to one layer: a negative thickness stands for 0.5 um where the number of layers is given. */
static void note_thickness(Reading *reading) {
    if (strcmp(reading->argv[reading->next], "-detector_thick") != 0 || reading->next + 1 >= reading->argc) return;
    reading->negative_thickness = *reading->argv[reading->next + 1] == '-';
}

/* NanoBragg takes "-misset_seed n x y" for "-misset n x y" too, and "-twotheta_axis x" for "-twotheta x". */
static void note_names(Reading *reading) {
    const char *option = reading->argv[reading->next];
    if (strcmp(option, "-misset_seed") == 0 && reading->next + 3 < reading->argc) reading->seed_as_misset = true;
    if (strcmp(option, "-misset") == 0) reading->seed_as_misset = false;
    if (strcmp(option, "-twotheta_axis") == 0) reading->axis_as_angle = true;
    if (strcmp(option, "-twotheta") == 0) reading->axis_as_angle = false;
}

/* -pgmscale asks for a PGM image again after -nopgm. */
static Status revive_pgm(Reading *reading) {
    const ParameterRow *row = parameters_row(PARAMETER(output, pgm_file));
    const char *option = reading->argv[reading->next];
    if (strcmp(option, "-pgmscale") != 0 || *reading->parameters->output_pgm_file != '\0') return status_ok();
    return parameters_set(reading->parameters, row->public_name, row->nanobragg_default, option);
}

static const IdleOption *find_idle(const char *option) {
    for (int i = 0; i < IDLE_OPTIONS; i++)
        if (strcmp(option, idle_options[i].name) == 0) return &idle_options[i];
    return NULL;
}

static Status read_idle(Reading *reading, const IdleOption *idle) {
    if (reading->next + idle->values >= reading->argc) return missing_value(idle->name, idle->values);
    notes_add(reading->notes, "%s: %s", idle->name, idle->help);
    reading->next += 1 + idle->values;
    return status_ok();
}

static Status read_option(Reading *reading) {
    const char *option = reading->argv[reading->next];
    const IdleOption *idle = find_idle(option);
    if (idle != NULL) return read_idle(reading, idle);
    reading->consumed = 0;
    reading->known = false;
    reading->status = status_ok();
    visit_mappings(&(Visitor){visit_option, reading});
    TRY(reading->status);
    if (!reading->known) return unknown_option(option);
    note_pivot(reading);
    note_thickness(reading);
    note_names(reading);
    TRY(revive_pgm(reading));
    reading->next += 1 + reading->consumed;
    return status_ok();
}

/* -dump names a file to be read when there is no -hkl, else one to be written. */
static Status finish_dump(Parameters *p) {
    if (*p->output_dump_file == '\0' || *p->crystal_structure_factors_file != '\0') return status_ok();
    TRY(parameters_set(p, "crystal.structure_factors", p->output_dump_file, "-dump"));
    return parameters_set(p, "output.dump_file", "", "-dump");
}

/* An axis makes the convention custom, in which a beam centre means something else than with MOSFLM's axes. */
static void note_custom_centre(const Reading *reading) {
    const Parameters *p = reading->parameters;
    if (p->detector_convention != CONVENTION_CUSTOM || !parameter_has_value(p, PARAMETER(detector, beam_centre)))
        return;
    notes_add(reading->notes,
              "axes of your own make the convention custom: -Xbeam and -Ybeam are fast and slow from the corner, as in "
              "nanoBragg, without the exchange and the half a pixel of the mosflm convention");
}

static Status finish(Reading *reading) {
    Parameters *p = reading->parameters;
    TRY(finish_dump(p));
    TRY(parameters_use_nanobragg_defaults(p));
    if (p->detector_convention == CONVENTION_CUSTOM && p->detector_pivot == PIVOT_AUTO)
        TRY(parameters_set(p, "detector.pivot", reading->pivot, "the order of the options"));
    if (reading->negative_thickness && parameters_is_given(p, PARAMETER(detector, sensor_layers)))
        TRY(parameters_set(p, "detector.sensor_thickness", "0.5", "-detector_thick"));
    note_custom_centre(reading);
    if (reading->seed_as_misset)
        notes_add(reading->notes, "B12: nanoBragg reads -misset_seed as -misset too: another orientation");
    if (reading->axis_as_angle)
        notes_add(reading->notes,
                  "B13: nanoBragg reads -twotheta_axis as -twotheta too: the detector is turned by its x");
    return parameter_rivals_settle(p, -1, reading->notes);
}

Status nanobragg_parse(int argc, char *const *argv, Parameters *parameters, int *used, Notes *notes) {
    Reading reading = {
        .argc = argc, .argv = argv, .parameters = parameters, .notes = notes, .pivot = "beam", .status = status_ok()};
    while (reading.next < argc && strncmp(argv[reading.next], "--", 2) != 0) TRY(read_option(&reading));
    if (used != NULL) *used = reading.next;
    return finish(&reading);
}

typedef struct Counting {
    int wanted, seen;
    NanobraggOption *option;
} Counting;

static bool visit_counting(Visitor *visitor, int index, const Mapping *mapping) {
    Counting *counting = visitor->context;
    if (counting->seen++ != counting->wanted) return true;
    NanobraggOption *option = counting->option;
    (void)text_copy(option->name, sizeof option->name, mapping->name);
    (void)text_copy(option->argument, sizeof option->argument, mapping->argument);
    (void)text_copy(option->constant, sizeof option->constant, mapping->constant);
    option->component = mapping->component;
    option->is_constant = mapping->is_constant;
    option->row = parameters_row(index);
    option->help = option->row->help;
    return false;
}

bool nanobragg_option(int index, NanobraggOption *option) {
    Counting counting = {.wanted = index, .seen = 0, .option = option};
    *option = (NanobraggOption){.row = NULL};
    visit_mappings(&(Visitor){visit_counting, &counting});
    if (option->row != NULL) return true;
    const int idle = index - counting.seen; /* those without effect come last */
    if (idle >= IDLE_OPTIONS) return false;
    (void)text_copy(option->name, sizeof option->name, idle_options[idle].name);
    option->help = idle_options[idle].help;
    return true;
}
