#include "hdf5/geometry_file.h"

#include "base/text.h"
#include "formats/dials_experiment.h"
#include "formats/xds_geometry.h"
#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "hdf5/nexus_panels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 2048, LOOK_BYTES = 65536, TEXT_BYTES_MOST = 1 << 28 };

static const char *name_of(const GeometryRequest *request) {
    return request->name != NULL ? request->name : request->path;
}

/* ------------------------------------------------------------------------------------------------------------ forms */

static bool looks_like_dials(const char *text, size_t bytes) {
    const char *blanks = " \t\r\n", *first = text + strspn(text, blanks);
    const char *next = *first == '\0' ? first : first + 1 + strspn(first + 1, blanks);
    (void)bytes;
    return (*first == '{' && (*next == '"' || *next == '}')) || (*first == '[' && *next == '{');
}

static bool looks_like_hdf5(const char *text, size_t bytes) {
    return bytes >= 8 && memcmp(text, "\x89HDF\r\n\x1a\n", 8) == 0;
}

static bool looks_like_stream(const char *text, size_t bytes) {
    (void)bytes;
    return strncmp(text, "CrystFEL stream format", 22) == 0;
}

/* Lines of a geometry are KEY = VALUE, where a key is a word, and comments begin with a semicolon. */
static bool looks_like_crystfel(const char *text, size_t bytes) {
    static const char of_key[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./";
    if (memchr(text, '\0', bytes) != NULL) return false;
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \t\r\n");
        if (*line == ';') continue;
        const size_t length = strspn(line, of_key);
        return length > 0 && line[length + strspn(line + length, " \t")] == '=';
    }
    return false;
}

static bool looks_like_xds(const char *text, size_t bytes) {
    (void)bytes;
    return xds_looks_alike(text);
}

static Status read_dials(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    (void)notes;
    return dials_detector_of_file(request->path, geometry);
}

static Status read_nexus(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    return nexus_panels_read(request->path, geometry, notes);
}

static Status read_crystfel(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    char *text = NULL;
    size_t bytes = 0;
    TRY(text_read_text(request->path, name_of(request), TEXT_BYTES_MOST, &text, &bytes));
    const Status status =
        crystfel_geometry_of_text(name_of(request), 1, text, request->crystfel, geometry, NULL, notes);
    free(text);
    return status;
}

/* The geometry that a stream holds near its beginning. */
static Status read_stream(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    static const char first[] = "----- Begin geometry file -----\n", last[] = "----- End geometry file -----";
    char *text = NULL;
    size_t bytes = 0;
    int64_t line = 2;
    TRY(text_read_beginning(request->path, name_of(request), TEXT_BYTES_MOST, &text, &bytes));
    Status status = text_normalise(name_of(request), text, &bytes);
    char *begin = status_is_ok(status) ? strstr(text, first) : NULL, *end = begin == NULL ? NULL : strstr(begin, last);
    if (status_is_ok(status) && end == NULL)
        status = status_error(STATUS_BAD_FILE, "%s holds no geometry, as streams of CrystFEL from 0.6 on do",
                              name_of(request));
    if (status_is_ok(status)) {
        for (const char *c = text; c < begin; c++) line += *c == '\n';
        *end = '\0';
        status = crystfel_geometry_of_text(name_of(request), line, begin + sizeof first - 1, request->crystfel,
                                           geometry, NULL, notes);
    }
    free(text);
    return status;
}

static Status read_xds(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    RecordedExperiment experiment;
    char *text = NULL;
    size_t bytes = 0;
    (void)notes;
    TRY(text_read_text(request->path, name_of(request), TEXT_BYTES_MOST, &text, &bytes));
    const Status status = xds_experiment_of_text(name_of(request), text, bytes, &experiment);
    if (experiment.detectors > 0) *geometry = experiment.detector[0];
    experiment.detectors = 0; /* it has another owner now */
    recorded_experiment_free(&experiment);
    free(text);
    return status;
}

/* A form: how its first bytes look, and its reader. */
typedef struct FormRow {
    GeometryForm form;
    bool (*looks_alike)(const char *text, size_t bytes);
    Status (*read)(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes);
} FormRow;

static const FormRow forms[] = {{GEOMETRY_NEXUS, looks_like_hdf5, read_nexus},
                                {GEOMETRY_DIALS, looks_like_dials, read_dials},
                                {GEOMETRY_STREAM, looks_like_stream, read_stream},
                                {GEOMETRY_XDS, looks_like_xds, read_xds},
                                {GEOMETRY_CRYSTFEL, looks_like_crystfel, read_crystfel}};
enum { FORMS = sizeof forms / sizeof *forms };

static Status find_form(const char *path, const char *name, const FormRow **row) {
    char *text = NULL;
    size_t bytes = 0;
    size_t form = 0;
    TRY(text_read_beginning(path, name, LOOK_BYTES, &text, &bytes));
    while (form < FORMS && !forms[form].looks_alike(text, bytes)) form++;
    free(text);
    *row = &forms[form < FORMS ? form : 0];
    if (form < FORMS) return status_ok();
    return status_error(
        STATUS_BAD_FILE,
        "%s is no geometry: it must be an .expt of DIALS, a .geom of CrystFEL, an XPARM.XDS or an NXmx file", name);
}

Status geometry_file_form(const char *path, GeometryForm *form) {
    const FormRow *row = &forms[0];
    TRY(find_form(path, path, &row));
    *form = row->form;
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ masks */

/* A mask's pixels of one panel, or of the whole image. */
typedef struct MaskPart {
    const PanelMaskFile *file;
    PanelMask area;                 /* of the canvas */
    int rank, slow_axis, fast_axis; /* of the dataset */
    hsize_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    bool turned; /* fast comes before slow */
} MaskPart;

/* How the axes of the dataset are to be taken: as named, or without that of events where it has one fewer.
 * @return false where it has another number of axes */
static bool match_axes(MaskPart *part, int rank) {
    const int64_t *axis = part->file->axis;
    int named = 0, events = 0, place = 0;
    while (named < PANEL_AXES_MOST && axis[named] != PANEL_AXIS_NONE) events += axis[named++] == PANEL_AXIS_EVENT;
    const bool without = rank == named - events;
    if (rank != named && !without) return false;
    part->rank = rank;
    part->slow_axis = part->fast_axis = -1;
    for (int i = 0; i < named; i++) {
        if (without && axis[i] == PANEL_AXIS_EVENT) continue;
        part->start[place] = axis[i] >= 0 ? (hsize_t)axis[i] : 0;
        part->count[place] = 1;
        if (axis[i] == PANEL_AXIS_SLOW) part->slow_axis = place;
        if (axis[i] == PANEL_AXIS_FAST) part->fast_axis = place;
        place++;
    }
    return part->slow_axis >= 0 && part->fast_axis >= 0;
}

/* Which part of the dataset holds the panel's pixels. */
static Status select_part(hid_t space, const char *name, MaskPart *part) {
    hsize_t length[H5S_MAX_RANK] = {0};
    const int rank = H5Sget_simple_extent_dims(space, length, NULL);
    if (rank < 2 || !match_axes(part, rank))
        return status_error(STATUS_BAD_FILE, "%s: %s has %d dimensions, which are not those that the geometry names",
                            name, part->file->dataset, rank);
    part->start[part->fast_axis] = (hsize_t)part->file->first[0];
    part->start[part->slow_axis] = (hsize_t)part->file->first[1];
    part->count[part->fast_axis] = (hsize_t)(part->area.fast_end - part->area.fast_first);
    part->count[part->slow_axis] = (hsize_t)(part->area.slow_end - part->area.slow_first);
    part->turned = part->fast_axis < part->slow_axis;
    for (int i = 0; i < rank; i++)
        if (part->start[i] + part->count[i] > length[i])
            return status_error(STATUS_BAD_FILE,
                                "%s: %s has %" PRIu64 " elements along axis %d and the geometry needs %" PRIu64
                                ": it is the mask of another detector; give detector.mask",
                                name, part->file->dataset, (uint64_t)length[i], i,
                                (uint64_t)(part->start[i] + part->count[i]));
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, part->start, NULL, part->count, NULL) < 0)
        return hdf5_error(STATUS_BAD_FILE, "select a part of", part->file->dataset);
    return status_ok();
}

/* Runs of bad pixels along rows become rectangles. */
static Status add_bad_pixels(const MaskPart *part, const int64_t *values, DetectorGeometry *geometry) {
    const PanelMaskFile *file = part->file;
    const int64_t width = part->area.fast_end - part->area.fast_first;
    const int64_t height = part->area.slow_end - part->area.slow_first;
    for (int64_t s = 0; s < height; s++) {
        int64_t first = -1;
        for (int64_t f = 0; f <= width; f++) {
            const uint64_t bits = f == width ? 0 : (uint64_t)values[part->turned ? f * height + s : s * width + f];
            const bool bad = f < width && ((bits & file->bad_bits) != 0 || (bits & file->good_bits) != file->good_bits);
            if (bad && first < 0) first = f;
            if (bad || first < 0) continue;
            const PanelMask run = {part->area.fast_first + first, part->area.slow_first + s, part->area.fast_first + f,
                                   part->area.slow_first + s + 1};
            TRY(panel_geometry_add_mask(geometry, run));
            first = -1;
        }
    }
    return status_ok();
}

static Status read_dataset(hid_t dataset, hid_t space, const char *name, MaskPart *part, DetectorGeometry *geometry) {
    TRY(hdf5_check_filters(dataset, name));
    TRY(select_part(space, name, part));
    const hsize_t pixels = part->count[part->fast_axis] * part->count[part->slow_axis];
    const hid_t memory = H5Screate_simple(1, &pixels, NULL);
    int64_t *values = malloc((size_t)pixels * sizeof *values);
    Status status = status_error(STATUS_NO_MEMORY, "no memory for the mask %s", name);
    if (values != NULL && memory >= 0)
        status = H5Dread(dataset, H5T_NATIVE_INT64, memory, space, H5P_DEFAULT, values) < 0
                     ? hdf5_error(STATUS_BAD_FILE, "read", part->file->dataset)
                     : add_bad_pixels(part, values, geometry);
    free(values);
    if (memory >= 0) (void)H5Sclose(memory);
    return status;
}

static Status read_part(hid_t file, const char *name, MaskPart *part, DetectorGeometry *geometry) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_check_way(file, name, part->file->dataset));
    TRY(hdf5_inside_open(file, part->file->dataset, &dataset));
    const hid_t space = H5Dget_space(dataset);
    const Status status = space < 0 ? hdf5_error(STATUS_BAD_FILE, "read", part->file->dataset)
                                    : read_dataset(dataset, space, name, part, geometry);
    if (space >= 0) (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    return status;
}

static PanelMask area_of(const DetectorGeometry *geometry, const PanelMaskFile *file) {
    if (file->panel < 0) return (PanelMask){0, 0, geometry->canvas_pixels[0], geometry->canvas_pixels[1]};
    const PanelGeometry *p = &geometry->panel[file->panel];
    return (PanelMask){p->canvas[0], p->canvas[1], p->canvas[0] + p->pixels[0], p->canvas[1] + p->pixels[1]};
}

/* The mask files of one name, from @p index on; the file is opened once. */
static Status read_mask_file(const GeometryRequest *request, int index, DetectorGeometry *geometry) {
    char path[PATH_BYTES];
    const char *wanted = geometry->mask_file[index].path, *name = name_of(request), *slash = strrchr(name, '/');
    hid_t file = H5I_INVALID_HID;
    const int folder = slash == NULL || wanted[0] == '/' ? 0 : (int)(slash - name) + 1;
    const bool own = *wanted == '\0';
    if (snprintf(path, sizeof path, "%.*s%s", own ? 0 : folder, name, own ? request->path : wanted) >= (int)sizeof path)
        return status_error(STATUS_BAD_FILE, "%s: the name of its mask is too long", name);
    if (geometry->mask_file[index].dataset == NULL)
        return status_error(STATUS_BAD_FILE,
                            "%s: its mask %s is a pickle, which only Python can read, and may run any program there; "
                            "write it with numpy.save and give that as detector.mask",
                            name, wanted);
    const Status opened = hdf5_open_file(path, false, &file);
    if (!status_is_ok(opened))
        return status_error(STATUS_BAD_FILE, "%s names the mask %.200s: %.400s; put it there, or give detector.mask",
                            name, wanted, opened.message);
    Status status = status_ok();
    for (int i = index; status_is_ok(status) && i < geometry->mask_files; i++) {
        if (strcmp(geometry->mask_file[i].path, wanted) != 0) continue;
        MaskPart part = {.file = &geometry->mask_file[i], .area = area_of(geometry, &geometry->mask_file[i])};
        status = read_part(file, path, &part, geometry);
    }
    return status_first(status, hdf5_close_file(path, &file));
}

static void forget_mask_files(DetectorGeometry *geometry) {
    for (int i = 0; i < geometry->mask_files; i++) {
        free(geometry->mask_file[i].path);
        free(geometry->mask_file[i].dataset);
    }
    free(geometry->mask_file);
    geometry->mask_file = NULL;
    geometry->mask_files = 0;
}

static bool is_first_of_its_name(const DetectorGeometry *geometry, int index) {
    for (int i = 0; i < index; i++)
        if (strcmp(geometry->mask_file[i].path, geometry->mask_file[index].path) == 0) return false;
    return true;
}

Status geometry_masks_read(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    hdf5_prepare();
    if (geometry->mask_files > 0 && request->own_mask)
        notes_add(notes, "%s: its mask %.200s is not read", name_of(request),
                  *geometry->mask_file[0].path == '\0' ? "pixel_mask" : geometry->mask_file[0].path);
    else if (geometry->mask_files > 0 && request->confined && *geometry->mask_file[0].path != '\0')
        return status_error(STATUS_BAD_FILE,
                            "%s names the mask %.200s, which run.sandbox_inputs does not let it read; "
                            "give detector.mask",
                            name_of(request), geometry->mask_file[0].path);
    for (int i = 0; i < geometry->mask_files && !request->own_mask; i++)
        if (is_first_of_its_name(geometry, i)) TRY(read_mask_file(request, i, geometry));
    forget_mask_files(geometry);
    return status_ok();
}

Status geometry_file_read(const GeometryRequest *request, DetectorGeometry *geometry, Notes *notes) {
    const FormRow *row = &forms[0];
    *geometry = (DetectorGeometry){0};
    TRY(find_form(request->path, name_of(request), &row));
    TRY(row->read(request, geometry, notes));
    return geometry_masks_read(request, geometry, notes);
}
