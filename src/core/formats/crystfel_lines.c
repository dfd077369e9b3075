#include "formats/crystfel_lines.h"

#include "base/constants.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys of a panel whose values are numbers. */
static const char *const value_names[CRYSTFEL_VALUES] = {
    "min_fs", "max_fs",  "min_ss",     "max_ss",         "corner_x", "corner_y",         "res",
    "clen",   "coffset", "adu_per_eV", "adu_per_photon", "max_adu",  "mask_edge_pixels", "no_index"};

/* Keys that say nothing of what is simulated. */
static const char *const idle_names[] = {"badrow_direction",    "badrow",
                                         "rail_direction",      "clen_for_centering",
                                         "saturation_map",      "saturation_map_file",
                                         "flag_lessthan",       "flag_morethan",
                                         "flag_equal",          "peak_list",
                                         "peak_list_type",      "peak_info_location",
                                         "integr_radius",       "location",
                                         "photon_energy_scale", "photon_energy_bandwidth"};

/* One line on its way. */
typedef struct Line {
    CrystfelLines *lines;
    int64_t number;
    const char *key; /* without the panel's name */
    char *value;
    Notes *notes;
} Line;

static Status bad_line(const Line *line, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s is \"%.60s\"; %s", line->lines->name, line->number,
                        line->key, line->value, what);
}

/* One more element of a list whose room doubles, of zeros. */
static Status append(const Line *line, void **list, int *count, size_t size) {
    if ((*count & (*count - 1)) == 0) {
        void *larger = realloc(*list, (*count == 0 ? 1 : 2 * (size_t)*count) * size);
        if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the panels of %s", line->lines->name);
        *list = larger;
    }
    memset((char *)*list + (size_t)*count * size, 0, size);
    (*count)++;
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- values */

static Status read_number(const Line *line, double *value) {
    const char *rest = line->value;
    if (strcmp(line->value, "true") == 0) *value = 1.0;
    if (strcmp(line->value, "true") == 0) return status_ok();
    if (strcmp(line->value, "false") == 0) *value = 0.0;
    if (strcmp(line->value, "false") == 0) return status_ok();
    if (text_read_real(line->value, value, &rest) && *rest == '\0' && isfinite(*value)) return status_ok();
    return bad_line(line, "it must be a finite number");
}

/* A number with a unit behind it, or a place in the image files.
 * @param units   names with blanks between, the first being that of a number without one
 * @param factor  of each */
static Status read_quantity(const Line *line, const char *const *units, const double *factors, int count, double *value,
                            const char **place) {
    const char *rest = line->value;
    *place = NULL;
    *value = NAN;
    if (text_read_real(line->value, value, &rest) && isfinite(*value)) {
        rest += strspn(rest, " \t");
        for (int i = 0; i < count; i++) {
            if (strcmp(rest, units[i]) != 0 && !(i == 0 && *rest == '\0')) continue;
            *value *= factors[i];
            return status_ok();
        }
        *value = NAN;
        return bad_line(line, "its unit is not known");
    }
    *value = NAN;
    if (strchr(line->value, '/') == NULL) return bad_line(line, "it must be a number, or a place in the image files");
    *place = line->value;
    return status_ok();
}

static Status read_length(const Line *line, double *value, const char **place) {
    static const char *const units[] = {"m", "mm"};
    static const double factors[] = {1.0, 1e-3};
    return read_quantity(line, units, factors, 2, value, place);
}

/* A vector as a sum: "+0.1x -y + 2 z". */
static Status read_vector(const Line *line, Vec3 *vector) {
    double sum[3] = {0.0, 0.0, 0.0};
    const char *next = line->value + strspn(line->value, " \t");
    while (*next != '\0') {
        double factor = 1.0;
        const double sign = *next == '-' ? -1.0 : 1.0;
        if (*next == '+' || *next == '-') next++;
        next += strspn(next, " \t");
        if (*next == '+' || *next == '-') break;
        (void)text_read_real(next, &factor, &next);
        next += strspn(next, " \t");
        if (*next < 'x' || *next > 'z' || !isfinite(factor)) break;
        sum[*next - 'x'] += sign * factor;
        next += 1 + strspn(next + 1, " \t");
    }
    *vector = vec3(sum[0], sum[1], sum[2]);
    if (*next == '\0' && vec3_length(*vector) > 0.0) return status_ok();
    return bad_line(line, "it must be a direction such as +0.01x -0.99y");
}

static Status read_bits(const Line *line, uint64_t *bits) {
    char *end = NULL;
    if (*line->value >= '0' && *line->value <= '9') *bits = strtoull(line->value, &end, 0);
    if (end != NULL && *end == '\0') return status_ok();
    return bad_line(line, "it must be a whole number, as 255 or 0xff");
}

/* ----------------------------------------------------------------------------------------------------- keys of panels
 */

static Status set_axis(const Line *line, CrystfelPanel *panel, bool *known) {
    int64_t number = 0, index = 0;
    const char *rest = "";
    *known = strncmp(line->key, "dim", 3) == 0 && text_read_integer(line->key + 3, &number, &rest) && *rest == '\0';
    if (!*known) return status_ok();
    if (number < 0 || number >= PANEL_AXES_MOST) return bad_line(line, "axes have the numbers 0 to 7");
    int64_t *axis = &panel->axis[number];
    if (strcmp(line->value, "%") == 0)
        *axis = PANEL_AXIS_EVENT;
    else if (strcmp(line->value, "ss") == 0)
        *axis = PANEL_AXIS_SLOW;
    else if (strcmp(line->value, "fs") == 0)
        *axis = PANEL_AXIS_FAST;
    else if (text_read_integer(line->value, &index, &rest) && *rest == '\0' && index >= 0 && index < INT32_MAX)
        *axis = index;
    else
        return bad_line(line, "it must be %, ss, fs or a whole number");
    return status_ok();
}

/* mask, mask_file, mask_good and mask_bad are mask0_data, mask0_file and so on. */
static Status set_mask(const Line *line, CrystfelPanel *panel, bool *known) {
    static const char *const old[] = {"mask", "mask_file", "mask_good", "mask_bad"};
    static const char *const new[] = {"_data", "_file", "_goodbits", "_badbits"};
    int what = -1, slot = 0;
    for (int i = 0; i < 4; i++) {
        if (strcmp(line->key, old[i]) == 0) what = i;
        if (strncmp(line->key, "mask", 4) == 0 && line->key[4] >= '0' && line->key[4] < '0' + CRYSTFEL_MASKS &&
            strcmp(line->key + 5, new[i]) == 0) {
            what = i;
            slot = line->key[4] - '0';
        }
    }
    *known = what >= 0;
    CrystfelMask *mask = &panel->mask[slot];
    switch (what) {
    case 0:
        mask->data = line->value;
        break;
    case 1:
        mask->file = line->value;
        break;
    case 2:
        return read_bits(line, &mask->good_bits);
    case 3:
        return read_bits(line, &mask->bad_bits);
    default:
        break;
    }
    return status_ok();
}

static Status set_number(const Line *line, CrystfelPanel *panel, bool *known) {
    *known = false;
    for (int i = 0; i < CRYSTFEL_VALUES; i++) {
        if (strcmp(line->key, value_names[i]) != 0) continue;
        *known = true;
        const char *place = NULL;
        if (i == CRYSTFEL_CLEN) return read_length(line, &panel->value[i], &panel->clen_place);
        if (i != CRYSTFEL_COFFSET) return read_number(line, &panel->value[i]);
        TRY(read_length(line, &panel->value[i], &place));
        if (place != NULL) return bad_line(line, "it must be a length");
    }
    return status_ok();
}

static void note_unknown(const Line *line) {
    char remedy[TEXT_REMEDY_BYTES];
    TextNearest nearest = text_nearest_to(line->key);
    for (size_t i = 0; i < sizeof idle_names / sizeof *idle_names; i++)
        if (strcmp(line->key, idle_names[i]) == 0) return;
    for (int i = 0; i < CRYSTFEL_VALUES; i++) text_nearest_try(&nearest, value_names[i]);
    text_nearest_try(&nearest, "photon_energy");
    text_nearest_remedy(&nearest, "it has no effect", remedy);
    notes_add(line->notes, "%.120s:%" PRId64 ": the key \"%.60s\" is not known%s", line->lines->name, line->number,
              line->key, remedy);
}

/* A key of one panel, or of all that come after it. */
static Status set_panel(const Line *line, CrystfelPanel *panel) {
    bool known = false;
    TRY(set_number(line, panel, &known));
    if (!known) TRY(set_axis(line, panel, &known));
    if (!known) TRY(set_mask(line, panel, &known));
    if (known) return status_ok();
    if (strcmp(line->key, "fs") == 0) {
        panel->has_fs = true;
        return read_vector(line, &panel->fs);
    }
    if (strcmp(line->key, "ss") == 0) {
        panel->has_ss = true;
        return read_vector(line, &panel->ss);
    }
    if (strcmp(line->key, "data") == 0)
        panel->data = line->value;
    else
        note_unknown(line);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------- keys of the whole file */

static Status set_energy(const Line *line) {
    static const char *const energy_units[] = {"eV", "keV", "MeV"};
    static const double energy_factors[] = {1.0, 1e3, 1e6};
    static const char *const length_units[] = {"m", "A"};
    static const double length_factors[] = {1.0, 1e-10};
    CrystfelLines *lines = line->lines;
    double wavelength_m = NAN;
    if (strcmp(line->key, "photon_energy") == 0)
        return read_quantity(line, energy_units, energy_factors, 3, &lines->energy_ev, &lines->energy_place);
    TRY(read_quantity(line, length_units, length_factors, 2, &wavelength_m, &lines->energy_place));
    lines->energy_ev = PLANCK_LIGHT_EV_A * 1e-10 / wavelength_m;
    return status_ok();
}

static Status add_group(const Line *line, const char *name, bool rigid) {
    CrystfelLines *lines = line->lines;
    void *list = lines->group;
    const Status status = append(line, &list, &lines->groups, sizeof *lines->group);
    lines->group = list;
    TRY(status);
    lines->group[lines->groups - 1] =
        (CrystfelGroup){.name = name, .members = line->value, .rigid = rigid, .line = line->number};
    return status_ok();
}

static Status set_whole(const Line *line) {
    CrystfelLines *lines = line->lines;
    if (strncmp(line->key, "group_", 6) == 0) return add_group(line, line->key + 6, false);
    if (strncmp(line->key, "rigid_group_collection", 22) == 0) return status_ok();
    if (strncmp(line->key, "rigid_group_", 12) == 0) return add_group(line, line->key + 12, true);
    if (strcmp(line->key, "photon_energy") == 0 || strcmp(line->key, "wavelength") == 0) return set_energy(line);
    if (strcmp(line->key, "electron_voltage") == 0)
        return bad_line(line, "scattering is computed for X-rays; give photon_energy");
    if (strcmp(line->key, "bandwidth") == 0) return read_number(line, &lines->bandwidth);
    if (strcmp(line->key, "detector_shift_x") == 0) return read_length(line, &lines->shift_m[0], &lines->shift_place);
    if (strcmp(line->key, "detector_shift_y") == 0) return read_length(line, &lines->shift_m[1], &lines->shift_place);
    return set_panel(line, &lines->defaults);
}

/* ------------------------------------------------------------------------------------------------ regions and panels
 */

static Status set_region(const Line *line, CrystfelRegion *region) {
    static const char *const names[] = {"min_fs", "max_fs", "min_ss", "max_ss", "min_x", "max_x", "min_y", "max_y"};
    double *const places[] = {&region->fs[0], &region->fs[1], &region->ss[0], &region->ss[1],
                              &region->x[0],  &region->x[1],  &region->y[0],  &region->y[1]};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(line->key, names[i]) == 0) return read_number(line, places[i]);
    if (strcmp(line->key, "panel") == 0)
        region->panel = line->value;
    else
        return bad_line(line,
                        "a bad region has min_fs, max_fs, min_ss, max_ss and panel, or min_x, max_x, min_y, max_y");
    return status_ok();
}

static Status find_region(const Line *line, const char *name, CrystfelRegion **region) {
    CrystfelLines *lines = line->lines;
    for (int i = lines->regions - 1; i >= 0; i--) {
        *region = &lines->region[i];
        if (strcmp((*region)->name, name) == 0) return status_ok();
    }
    void *list = lines->region;
    const Status status = append(line, &list, &lines->regions, sizeof *lines->region);
    lines->region = list;
    TRY(status);
    *region = &lines->region[lines->regions - 1];
    **region = (CrystfelRegion){
        .name = name, .line = line->number, .fs = {NAN, NAN}, .ss = {NAN, NAN}, .x = {NAN, NAN}, .y = {NAN, NAN}};
    return status_ok();
}

/* The newest panel is nearly always the one that is looked for. */
static Status find_panel(const Line *line, const char *name, CrystfelPanel **panel) {
    CrystfelLines *lines = line->lines;
    for (int i = lines->panels - 1; i >= 0; i--) {
        *panel = &lines->panel[i];
        if (strcmp((*panel)->name, name) == 0) return status_ok();
    }
    if (strlen(name) >= PANEL_NAME_BYTES)
        return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": the panel's name has more than %d letters", lines->name,
                            line->number, PANEL_NAME_BYTES - 1);
    void *list = lines->panel;
    const Status status = append(line, &list, &lines->panels, sizeof *lines->panel);
    lines->panel = list;
    TRY(status);
    *panel = &lines->panel[lines->panels - 1];
    **panel = lines->defaults;
    (*panel)->name = name;
    (*panel)->line = line->number;
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- lines */

/* Takes the blanks at both ends off. */
static char *trimmed(char *text) {
    text += strspn(text, " \t");
    for (size_t length = strlen(text); length > 0 && strchr(" \t", text[length - 1]) != NULL; length--)
        text[length - 1] = '\0';
    return text;
}

static Status take_line(Line *line, char *text) {
    text[strcspn(text, ";")] = '\0';
    char *key = trimmed(text), *equals = strchr(key, '=');
    if (*key == '\0') return status_ok();
    if (equals == NULL)
        return status_error(STATUS_BAD_FILE,
                            "%s:%" PRId64 ": \"%.60s\" has no \"=\"; a line of a geometry of CrystFEL "
                            "is KEY = VALUE",
                            line->lines->name, line->number, key);
    *equals = '\0';
    key = trimmed(key);
    line->value = trimmed(equals + 1);
    line->key = key;
    char *slash = strchr(key, '/');
    if (slash == NULL) return set_whole(line);
    *slash = '\0';
    line->key = trimmed(slash + 1);
    key = trimmed(key);
    if (strncmp(key, "bad", 3) == 0) {
        CrystfelRegion *region = NULL;
        TRY(find_region(line, key, &region));
        return set_region(line, region);
    }
    CrystfelPanel *panel = NULL;
    TRY(find_panel(line, key, &panel));
    return set_panel(line, panel);
}

Status crystfel_lines_read(const char *name, int64_t first_line, char *text, CrystfelLines *lines, Notes *notes) {
    *lines = (CrystfelLines){.name = name, .energy_ev = NAN, .bandwidth = NAN};
    for (int i = 0; i < CRYSTFEL_VALUES; i++) lines->defaults.value[i] = NAN;
    for (int i = 0; i < PANEL_AXES_MOST; i++) lines->defaults.axis[i] = PANEL_AXIS_NONE;
    Line line = {.lines = lines, .number = first_line, .notes = notes};
    for (char *next = text; *next != '\0'; line.number++) {
        const size_t length = strcspn(next, "\n");
        const bool last = next[length] == '\0';
        next[length] = '\0';
        TRY(take_line(&line, next));
        next += length + (last ? 0 : 1);
    }
    return status_ok();
}

void crystfel_lines_free(CrystfelLines *lines) {
    free(lines->panel);
    free(lines->region);
    free(lines->group);
    *lines = (CrystfelLines){0};
}
