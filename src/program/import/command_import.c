#define _DEFAULT_SOURCE /* realpath */

#include "import/command_import.h"

#include "base/constants.h"
#include "base/file_list.h"
#include "base/text.h"
#include "formats/crystfel_stream.h"
#include "formats/dials_experiment.h"
#include "formats/xds_geometry.h"
#include "hdf5/geometry_file.h"
#include "hdf5/nexus_experiment.h"
#include "import/import_run.h"
#include "parameters/parameters.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024 };
static const size_t STREAM_BYTES_MOST = (size_t)1 << 34;

/* What the command line asks for. */
typedef struct ImportOptions {
    const char *output, *axes, *cells, *mosaic_spread;
    const char **name; /* of the files */
    int names;
    double clen_mm, energy_ev;
    bool overwrite, without_masks, help;
} ImportOptions;

static Status take_name(const Option *option, const char *word, void *asked) {
    ImportOptions *import = asked;
    (void)option;
    import->name[import->names++] = word;
    return status_ok();
}

#define FIELD(field) offsetof(ImportOptions, field)
static const Option options[] = {
    {OPTION("--output", OPTION_TEXT, 0, 0, FIELD(output), "RUN.yaml", "the run file; its list of frames is RUN.csv")},
    {OPTION("--overwrite", OPTION_FLAG, 0, 0, FIELD(overwrite), "", "replace them")},
    {OPTION("--beam.energy", OPTION_REAL, 1, 1e9, FIELD(energy_ev), "EV",
            "photon energy, where a .geom names a place in the image files")},
    {OPTION("--detector.clen", OPTION_REAL, -1e9, 1e9, FIELD(clen_mm), "MM",
            "camera length, where a .geom names a place in the image files")},
    {OPTION("--detector.panel_axes", OPTION_TEXT, 0, 0, FIELD(axes), "LAW",
            "axes of a .geom: orthogonal, the nearest pair at right angles, or exact")},
    {OPTION("--crystal.cells", OPTION_TEXT, 0, 0, FIELD(cells), "NA,NB,NC",
            "unit cells along a, b, c, whatever domain sizes the files have")},
    {OPTION("--crystal.mosaic_spread", OPTION_TEXT, 0, 0, FIELD(mosaic_spread), "DEG",
            "mosaic spread, whatever the files say")},
    {OPTION("--without-masks", OPTION_FLAG, 0, 0, FIELD(without_masks), "", "do not read masks that the file names")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_import_options = {
    .command = "import",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before =
        "tessera import FILE [more] --output RUN.yaml [--overwrite]: a run file of an experiment that another\n"
        "program recorded or refined: .expt of DIALS, .stream or .geom of CrystFEL, NXmx\n\n"
        "The run file has the beam, the detector's panels and the spindle; a list beside it has the orientation,\n"
        "wavelength, mosaic spread and domain size of every crystal and the angles of every frame. Structure\n"
        "factors and the crystal's size are in no such file: add them, and the fluence unless the run file has it.",
    .word = take_name};

/* --------------------------------------------------------------------------------------------------------- reading */

static Status read_text(const char *path, char **text) {
    size_t bytes = 0;
    return text_read_text(path, path, STREAM_BYTES_MOST, text, &bytes);
}

/* The beam of a geometry of CrystFEL, which has a direction always. */
static Status set_beam(const ImportOptions *asked, const char *path, const CrystfelBeam *beam, RecordedExperiment *e) {
    const double energy_ev = isnan(asked->energy_ev) ? beam->energy_ev : asked->energy_ev;
    if (isnan(energy_ev) && *beam->place != '\0')
        return status_error(STATUS_BAD_FILE,
                            "%s: its photon energy is \"%.200s\", a place in the image files, which are not read; give "
                            "--beam.energy=EV",
                            path, beam->place);
    e->beam = calloc(1, sizeof *e->beam);
    if (e->beam == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a beam");
    e->beams = 1;
    *e->beam = (RecordedBeam){.direction = {0.0, 0.0, -1.0},
                              .electric_vector = {1.0, 0.0, 0.0},
                              .polarization = NAN,
                              .wavelength_m = 1e-10 * PLANCK_LIGHT_EV_A / energy_ev,
                              .fluence_per_m2 = NAN};
    return status_ok();
}

static Status take_geometry(const ImportOptions *asked, const char *path, char *text, CrystfelOptions crystfel,
                            RecordedExperiment *e, Notes *notes) {
    CrystfelBeam beam = {.energy_ev = NAN};
    e->detector = calloc(1, sizeof *e->detector);
    if (e->detector == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a detector");
    e->detectors = 1;
    TRY(crystfel_geometry_of_text(path, 1, text, crystfel, e->detector, &beam, notes));
    return set_beam(asked, path, &beam, e);
}

static Status read_crystfel(const ImportOptions *asked, const char *path, CrystfelOptions crystfel, bool stream,
                            RecordedExperiment *e, Notes *notes) {
    char *text = NULL;
    TRY(read_text(path, &text));
    const Status status = stream ? crystfel_stream_read(path, text, crystfel, e, notes)
                                 : take_geometry(asked, path, text, crystfel, e, notes);
    free(text);
    return status;
}

static Status read_xds(const char *path, RecordedExperiment *e, Notes *notes) {
    notes_add(
        notes,
        "%s says neither how many frames there are nor how the beam is polarized: the run is the first frame; give "
        "beam.polarization",
        path);
    char *text = NULL;
    TRY(read_text(path, &text));
    const Status status = xds_experiment_of_text(path, text, strlen(text), e);
    free(text);
    return status;
}

static Status read_file(const ImportOptions *asked, const char *path, CrystfelOptions crystfel, RecordedExperiment *e,
                        Notes *notes) {
    GeometryForm form = GEOMETRY_DIALS;
    TRY(geometry_file_form(path, &form));
    switch (form) {
    case GEOMETRY_DIALS:
        return dials_experiment_read(path, e, notes);
    case GEOMETRY_STREAM:
    case GEOMETRY_CRYSTFEL:
        return read_crystfel(asked, path, crystfel, form == GEOMETRY_STREAM, e, notes);
    case GEOMETRY_XDS:
        return read_xds(path, e, notes);
    case GEOMETRY_NEXUS:
        return nexus_experiment_read(path, e, notes);
    }
    return status_ok();
}

/* The detector that the run reads anew: it must be readable, with its masks, and the same in all files. */
static Status check_detectors(const ImportOptions *asked, CrystfelOptions crystfel) {
    DetectorGeometry first = {0};
    Status status = status_ok();
    for (int i = 0; i < asked->names && status_is_ok(status); i++) {
        const GeometryRequest request = {
            .path = asked->name[i], .crystfel = crystfel, .own_mask = asked->without_masks || i > 0};
        DetectorGeometry geometry;
        Notes unused = {.count = 0};
        status = geometry_file_read(&request, &geometry, &unused);
        if (status_is_ok(status) && i > 0 && !panel_geometry_is_same(&first, &geometry))
            status = status_error(STATUS_BAD_FILE, "%s and %s have different detectors; import them one by one",
                                  asked->name[0], asked->name[i]);
        if (i == 0)
            first = geometry;
        else
            panel_geometry_free(&geometry);
    }
    panel_geometry_free(&first);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- names */

/* A name as it is to stand in the run file: it counts from the run file's folder.
 * @param seen  [PATH_BYTES] */
static Status name_from_folder(const char *output, const char *path, char *seen) {
    char *whole = NULL;
    const bool same_folder = strchr(output, '/') == NULL;
    if (!same_folder && path[0] != '/') {
        whole = realpath(path, NULL);
        if (whole == NULL) return status_error(STATUS_BAD_FILE, "cannot find %s", path);
    }
    const bool fits = text_copy(seen, PATH_BYTES, whole != NULL ? whole : path);
    free(whole);
    return fits ? status_ok() : status_error(STATUS_BAD_FILE, "the name %.200s is too long", path);
}

/* RUN.yaml becomes RUN.csv. */
static Status name_of_list(const char *output, char *list) {
    const char *slash = strrchr(output, '/'), *dot = strrchr(output, '.');
    const int length =
        dot != NULL && (slash == NULL || dot > slash + 1) && dot != output ? (int)(dot - output) : (int)strlen(output);
    if (snprintf(list, PATH_BYTES, "%.*s.csv", length, output) < PATH_BYTES) return status_ok();
    return status_error(STATUS_BAD_PARAMETER, "the name --output %.200s is too long", output);
}

static Status check_files(const ImportOptions *asked, const char *list) {
    static const char *const itself[] = {"", NULL};
    const char *const written[] = {asked->output, list};
    FileList files = {.count = 0};
    Status status = status_ok();
    for (int i = 0; i < asked->names && status_is_ok(status); i++)
        status = file_list_add_read(&files, "FILE", asked->name[i]);
    for (int i = 0; i < 2 && status_is_ok(status); i++)
        status = file_list_add_written(&files, i == 0 ? "--output" : "the list of --output", written[i], itself);
    if (status_is_ok(status)) status = file_list_check(&files);
    file_list_free(&files);
    for (int i = 0; i < 2 && status_is_ok(status) && !asked->overwrite; i++)
        if (access(written[i], F_OK) == 0)
            status = status_error(STATUS_BAD_PARAMETER, "%s exists; give another --output, or --overwrite", written[i]);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- command */

static void report(const ImportOptions *asked, const ImportRun *run, const ImportResult *result, const Notes *notes,
                   FILE *out) {
    (void)fprintf(out, "wrote      %s%s%s\n", run->output, result->has_list ? " and " : "",
                  result->has_list ? run->list : "");
    (void)fprintf(out, "frames     %" PRId64 " with %" PRId64 " crystals\n", result->frames, result->rows);
    if (result->without_crystal > 0)
        (void)fprintf(out, "note: %" PRId64 " experiments have no crystal and are left out\n", result->without_crystal);
    for (int i = 0; i < notes->count; i++) (void)fprintf(out, "note: %s\n", notes->text[i]);
    (void)fputs("to add     structure factors and what else the run file has a comment for\n"
                "left out   images, profile and scaling models, and what notes say\n",
                out);
    (void)fprintf(
        out, "check      tessera describe --geometry %s\n           tessera plan %s --crystal.structure_factors=FILE\n",
        asked->name[0], run->output);
}

static Status set_axes(const char *word, bool *exact) {
    *exact = word != NULL && strcmp(word, "exact") == 0;
    if (word == NULL || *exact || strcmp(word, "orthogonal") == 0) return status_ok();
    return status_error(STATUS_BAD_PARAMETER,
                        "import: --detector.panel_axes is \"%.60s\"; it must be orthogonal or exact", word);
}

static Status write_run(const ImportOptions *asked, ImportRun run, FILE *out, Notes *notes) {
    char list[PATH_BYTES], panels[PATH_BYTES];
    ImportResult result;
    TRY(name_of_list(asked->output, list));
    TRY(check_files(asked, list));
    TRY(name_from_folder(asked->output, asked->name[0], panels));
    const char *slash = strrchr(list, '/');
    run.panels = panels;
    run.output = asked->output;
    run.list = list;
    run.list_name = slash == NULL ? list : slash + 1;
    TRY(import_run_write(&run, &result, notes));
    report(asked, &run, &result, notes, out);
    return status_ok();
}

/* What stands in the run file as it was given must be what a run takes. */
static Status check_given(const ImportOptions *asked) {
    Parameters *parameters = NULL;
    Status status = parameters_create(&parameters);
    if (status_is_ok(status) && asked->cells != NULL)
        status = parameters_set(parameters, "crystal.cells", asked->cells, "command line");
    if (status_is_ok(status) && asked->mosaic_spread != NULL)
        status = parameters_set(parameters, "crystal.mosaic_spread", asked->mosaic_spread, "command line");
    parameters_destroy(&parameters);
    return status;
}

static Status import(const ImportOptions *asked, FILE *out) {
    Notes notes = {.count = 0};
    ImportRun run = {.name = asked->name, .files = asked->names, .clen_mm = asked->clen_mm};
    run.cells = asked->cells;
    run.mosaic_spread = asked->mosaic_spread;
    TRY(check_given(asked));
    TRY(set_axes(asked->axes, &run.exact_axes));
    const CrystfelOptions crystfel = {.clen_m = 1e-3 * asked->clen_mm, .exact_axes = run.exact_axes};
    RecordedExperiment *experiment = calloc((size_t)asked->names, sizeof *experiment);
    Status status = experiment == NULL ? status_error(STATUS_NO_MEMORY, "no memory for %d files", asked->names)
                                       : check_detectors(asked, crystfel);
    for (int i = 0; i < asked->names && status_is_ok(status); i++)
        status = read_file(asked, asked->name[i], crystfel, &experiment[i], &notes);
    run.experiment = experiment;
    if (status_is_ok(status)) status = write_run(asked, run, out, &notes);
    for (int i = 0; experiment != NULL && i < asked->names; i++) recorded_experiment_free(&experiment[i]);
    free(experiment);
    return status;
}

Status command_import(int argc, char **argv, FILE *out) {
    ImportOptions asked = {.clen_mm = NAN, .energy_ev = NAN, .name = calloc((size_t)argc, sizeof *asked.name)};
    if (asked.name == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d names", argc);
    Status status = options_read(&command_import_options, argc, argv, &asked, NULL);
    if (status_is_ok(status) && asked.help)
        options_print(&command_import_options, out);
    else if (status_is_ok(status) && asked.names == 0)
        status = status_error(STATUS_BAD_PARAMETER, "import needs a file: tessera import FILE --output RUN.yaml");
    else if (status_is_ok(status) && asked.output == NULL)
        status = status_error(STATUS_BAD_PARAMETER, "import needs a name for the run file: --output RUN.yaml");
    else if (status_is_ok(status))
        status = import(&asked, out);
    free(asked.name);
    return status;
}
