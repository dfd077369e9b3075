#include "import/import_run.h"

#include "base/new_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ANGSTROM = 1e-10;
static const double DEGREE = RADIANS_PER_DEGREE;

/* What all frames share, and which columns the list has. */
typedef struct Common {
    const RecordedBeam *beam;             /* NULL: no experiment has one */
    const RecordedGoniometer *goniometer; /* of a scan; NULL: no scan */
    const RecordedScan *scan;             /* the only one, where there is no crystal */
    double exposure_s, spread_rad;
    bool wavelengths, spreads, cells; /* differ between frames, or are known */
} Common;

/* Experiments of one image, or of one scan, and where their frames begin. */
typedef struct Walk {
    const ImportRun *run;
    const Common *common;
    FILE *file;
    ImportResult *result;
} Walk;

static bool is_near(double a, double b, double tolerance) {
    return (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b));
}

static Vec3 spindle_of(const RecordedGoniometer *goniometer) {
    return mat3_apply(goniometer->setting, goniometer->axis);
}

/* ---------------------------------------------------------------------------------------------------------- common */

static Status compare_shot(const ImportRun *run, int file, const RecordedShot *shot, Common *common, double *turn) {
    const RecordedExperiment *e = &run->experiment[file];
    const RecordedBeam *beam = shot->beam < 0 ? NULL : &e->beam[shot->beam];
    const RecordedCrystal *crystal = &e->crystal[shot->crystal];
    if (beam != NULL && common->beam == NULL) common->beam = beam;
    if (beam != NULL) {
        if (!is_near(beam->wavelength_m, common->beam->wavelength_m, 1e-12)) common->wavelengths = true;
        *turn = fmax(*turn, vec3_length(vec3_subtract(beam->direction, common->beam->direction)));
    }
    if (isnan(common->spread_rad)) common->spread_rad = crystal->mosaic_spread_rad;
    if (!is_near(crystal->mosaic_spread_rad, common->spread_rad, 1e-12)) common->spreads = true;
    if (!isnan(crystal->domain_size_m)) common->cells = true;
    if (shot->scan < 0) return status_ok();
    if (isnan(common->exposure_s)) common->exposure_s = e->scan[shot->scan].exposure_s;
    if (shot->goniometer < 0)
        return status_error(STATUS_BAD_FILE, "%s: an experiment has a scan and no goniometer", run->name[file]);
    const RecordedGoniometer *goniometer = &e->goniometer[shot->goniometer];
    if (common->goniometer == NULL) common->goniometer = goniometer;
    const Vec3 change = vec3_subtract(spindle_of(goniometer), spindle_of(common->goniometer));
    if (vec3_length(change) < 1e-9) return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s: its scans turn about different axes, and a run has one; import them one by one: split the "
                        "file with dials.split_experiments",
                        run->name[file]);
}

static Status find_common(const ImportRun *run, Common *common, Notes *notes) {
    double turn = 0.0;
    *common = (Common){.exposure_s = NAN, .spread_rad = NAN};
    for (int file = 0; file < run->files; file++) {
        const RecordedExperiment *e = &run->experiment[file];
        if (common->beam == NULL && e->beams > 0) common->beam = e->beam;
        for (int i = 0; i < e->shots; i++)
            if (e->shot[i].crystal >= 0) TRY(compare_shot(run, file, &e->shot[i], common, &turn));
    }
    if (run->cells != NULL) common->cells = false;
    if (run->mosaic_spread != NULL) common->spreads = false;
    if (turn > 1e-9)
        notes_add(
            notes,
            "the beams of the experiments differ in direction by up to %.3g mrad, and a run has one direction: the "
            "first one's",
            1e3 * turn);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ list */

static void print_header(const Walk *walk) {
    (void)fputs("frame", walk->file);
    for (int i = 1; i <= 3; i++)
        for (int j = 1; j <= 3; j++) (void)fprintf(walk->file, ",ub_%d%d", i, j);
    if (walk->common->goniometer != NULL) (void)fputs(",sampling.phi_start,sampling.phi_range", walk->file);
    if (walk->common->wavelengths) (void)fputs(",beam.wavelength", walk->file);
    if (walk->common->spreads) (void)fputs(",crystal.mosaic_spread", walk->file);
    if (walk->common->cells) (void)fputs(",crystal.cells[0],crystal.cells[1],crystal.cells[2]", walk->file);
    (void)fputc('\n', walk->file);
}

/* The edge of a domain over that of the cell, at least one cell. */
static void print_cells(const Walk *walk, const RecordedCrystal *crystal, Mat3 reciprocal_per_m) {
    const Vec3 *r = reciprocal_per_m.row;
    const double volume = vec3_dot(r[0], vec3_cross(r[1], r[2]));
    for (int i = 0; i < 3; i++) {
        const double edge_m = vec3_length(vec3_cross(r[(i + 1) % 3], r[(i + 2) % 3])) / fabs(volume);
        const double cells = isnan(crystal->domain_size_m) ? 1.0 : crystal->domain_size_m / edge_m;
        (void)fprintf(walk->file, ",%.0f", fmin(fmax(rint(cells), 1.0), 1e6));
    }
}

/* A*, b*, c* of a frame in the laboratory at angle 0: setting fixed (A_i + A_(i+1)) / 2. */
static Mat3 orient(const RecordedExperiment *e, const RecordedShot *shot, int64_t frame) {
    const RecordedCrystal *crystal = &e->crystal[shot->crystal];
    Mat3 rows = crystal->reciprocal_per_m;
    if (crystal->scan_points > frame + 1)
        for (int i = 0; i < 3; i++)
            rows.row[i] = vec3_scale(0.5, vec3_add(crystal->reciprocal_at_points_per_m[frame].row[i],
                                                   crystal->reciprocal_at_points_per_m[frame + 1].row[i]));
    if (shot->scan < 0) return rows;
    const RecordedGoniometer *goniometer = &e->goniometer[shot->goniometer];
    for (int i = 0; i < 3; i++)
        rows.row[i] = mat3_apply(goniometer->setting, mat3_apply(goniometer->fixed, rows.row[i]));
    return rows;
}

static void print_angles(const Walk *walk, const RecordedScan *scan, int64_t frame) {
    double start_rad = 0.0, width_rad = 0.0;
    if (scan != NULL) {
        width_rad = scan->width_rad;
        start_rad = scan->start_rad + (double)frame * width_rad;
    }
    if (width_rad < 0.0) start_rad += width_rad; /* the same angles, from the other end */
    (void)fprintf(walk->file, ",%.17g,%.17g", start_rad / DEGREE, fabs(width_rad) / DEGREE);
}

static void print_row(const Walk *walk, const RecordedExperiment *e, const RecordedShot *shot, int64_t frame) {
    const RecordedCrystal *crystal = &e->crystal[shot->crystal];
    const Mat3 rows = orient(e, shot, frame);
    const Mat3 ub = mat3_transpose(rows);
    (void)fprintf(walk->file, "%" PRId64, walk->result->frames);
    for (int i = 0; i < 3; i++)
        (void)fprintf(walk->file, ",%.17g,%.17g,%.17g", ANGSTROM * ub.row[i].x + 0.0, ANGSTROM * ub.row[i].y + 0.0,
                      ANGSTROM * ub.row[i].z + 0.0); /* no -0 */
    if (walk->common->goniometer != NULL) print_angles(walk, shot->scan < 0 ? NULL : &e->scan[shot->scan], frame);
    if (walk->common->wavelengths)
        (void)fprintf(walk->file, ",%.17g",
                      (shot->beam < 0 ? walk->common->beam : &e->beam[shot->beam])->wavelength_m / ANGSTROM);
    if (walk->common->spreads)
        (void)fprintf(walk->file, ",%.17g",
                      isnan(crystal->mosaic_spread_rad) ? 0.0 : crystal->mosaic_spread_rad / DEGREE);
    if (walk->common->cells) print_cells(walk, crystal, rows);
    (void)fputc('\n', walk->file);
    walk->result->rows++;
}

/* Experiments in the order of their images. */
typedef struct Place {
    int64_t image;
    int shot;
} Place;

static int by_image(const void *left, const void *right) {
    const Place *a = left, *b = right;
    if (a->image != b->image) return a->image < b->image ? -1 : 1;
    return a->shot < b->shot ? -1 : a->shot > b->shot;
}

/* The frames of the experiments place[0 .. count) of one image or scan. */
static void print_image(const Walk *walk, const RecordedExperiment *e, const Place *place, int count) {
    int64_t frames = 0;
    for (int i = 0; i < count; i++) {
        const RecordedShot *shot = &e->shot[place[i].shot];
        const int64_t own = shot->scan < 0 ? 1 : e->scan[shot->scan].frames;
        if (own > frames) frames = own;
    }
    for (int64_t frame = 0; frame < frames; frame++, walk->result->frames++)
        for (int i = 0; i < count; i++) {
            const RecordedShot *shot = &e->shot[place[i].shot];
            if (frame < (shot->scan < 0 ? 1 : e->scan[shot->scan].frames)) print_row(walk, e, shot, frame);
        }
}

static Status print_experiment(const Walk *walk, const RecordedExperiment *e) {
    Place *place = malloc(((size_t)e->shots + 1) * sizeof *place);
    int count = 0;
    if (place == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d experiments", e->shots);
    for (int i = 0; i < e->shots; i++) {
        if (e->shot[i].crystal >= 0)
            place[count++] = (Place){e->shot[i].image, i};
        else
            walk->result->without_crystal++;
    }
    qsort(place, (size_t)count, sizeof *place, by_image);
    for (int i = 0, end = 0; i < count; i = end) {
        for (end = i; end < count && place[end].image == place[i].image;) end++;
        print_image(walk, e, place + i, end - i);
    }
    free(place);
    return status_ok();
}

/* ------------------------------------------------------------------------------------------------------------ files */

static Status close_output(const char *path, FILE *file) {
    const bool failed = ferror(file) != 0;
    if (fclose(file) == 0 && !failed) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "cannot write %s: %s", path, strerror(errno));
}

static Status open_output(const char *path, FILE **file) {
    *file = new_file_open(path);
    if (*file != NULL) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "cannot make %s: %s", path, strerror(errno));
}

static Status write_list(const ImportRun *run, const Common *common, ImportResult *result) {
    Walk walk = {.run = run, .common = common, .result = result};
    TRY(open_output(run->list, &walk.file));
    Status status = status_ok();
    print_header(&walk);
    for (int file = 0; file < run->files && status_is_ok(status); file++)
        status = print_experiment(&walk, &run->experiment[file]);
    return status_first(status, close_output(run->list, walk.file));
}

static void print_vector(FILE *file, const char *name, Vec3 v) {
    (void)fprintf(file, "  %s: [%.17g, %.17g, %.17g]\n", name, v.x + 0.0, v.y + 0.0, v.z + 0.0); /* no -0 */
}

/* A text of YAML in single quotes. */
static void print_quoted(FILE *file, const char *name, const char *text) {
    (void)fprintf(file, "  %s: '", name);
    for (; *text != '\0'; text++) (void)fprintf(file, *text == '\'' ? "''" : "%c", *text);
    (void)fputs("'\n", file);
}

static void print_beam(FILE *file, const Common *common) {
    const RecordedBeam *beam = common->beam;
    if (beam == NULL) return;
    (void)fputs("beam:\n", file);
    if (!common->wavelengths && !isnan(beam->wavelength_m))
        (void)fprintf(file, "  wavelength: %.17g A\n", beam->wavelength_m / ANGSTROM);
    print_vector(file, "direction", beam->direction);
    print_vector(file, "polarization_axis", beam->electric_vector);
    if (!isnan(beam->polarization)) (void)fprintf(file, "  polarization: %.17g\n", beam->polarization);
    if (!isnan(beam->fluence_per_m2)) (void)fprintf(file, "  fluence: %.17g\n", beam->fluence_per_m2);
    if (!isnan(common->exposure_s))
        (void)fprintf(file, "  # exposure: %.10g s  # with beam.flux and beam.size\n", common->exposure_s);
    if (isnan(beam->fluence_per_m2))
        (void)fputs("  # fluence: photons/m2 of a frame, which the file does not say\n", file);
}

/* The scan of a detector and beam without a crystal, which the user adds. */
static void print_scan(FILE *file, const Common *common) {
    const RecordedScan *scan = common->scan;
    (void)fputs("sampling:\n", file);
    print_vector(file, "spindle_axis", spindle_of(common->goniometer));
    (void)fprintf(file, "sweep:\n  kind: rotation\n  start: %.17g deg\n  width: %.17g deg\n  count: %" PRId64 "\n",
                  scan->start_rad / DEGREE, scan->width_rad / DEGREE, scan->frames);
}

/* What the run has of all its crystals. */
static void print_crystal(FILE *file, const ImportRun *run, const Common *common) {
    (void)fputs("crystal:\n  # structure_factors: FILE (MTZ, mmCIF, SHELX or text), or model: FILE (PDB, CIF)\n", file);
    if (run->cells != NULL)
        print_quoted(file, "cells", run->cells);
    else if (!common->cells)
        (void)fputs("  # cells: how many unit cells along a, b, c, which the file does not say\n", file);
    if (run->mosaic_spread != NULL)
        print_quoted(file, "mosaic_spread", run->mosaic_spread);
    else if (!common->spreads && !isnan(common->spread_rad))
        (void)fprintf(file, "  mosaic_spread: %.17g deg\n", common->spread_rad / DEGREE);
}

static void print_run(FILE *file, const ImportRun *run, const Common *common, const ImportResult *result) {
    (void)fprintf(file, "# Made by tessera import of %s", run->name[0]);
    for (int i = 1; i < run->files; i++) (void)fprintf(file, ", %s", run->name[i]);
    (void)fputs("\n", file);
    print_beam(file, common);
    (void)fputs("detector:\n", file);
    print_quoted(file, "panels", run->panels);
    if (!isnan(run->clen_mm)) (void)fprintf(file, "  clen: %.17g mm\n", run->clen_mm);
    if (run->exact_axes) (void)fputs("  panel_axes: exact\n", file);
    if (!result->has_list && common->scan != NULL) print_scan(file, common);
    if (!result->has_list) return;
    print_crystal(file, run, common);
    if (common->goniometer != NULL) {
        (void)fputs("sampling:\n", file);
        print_vector(file, "spindle_axis", spindle_of(common->goniometer));
    }
    (void)fputs("sweep:\n  kind: list\n", file);
    print_quoted(file, "file", run->list_name);
}

/* The one scan that has no crystal, in a file without crystals. */
static void find_scan(const ImportRun *run, Common *common) {
    const RecordedExperiment *e = run->experiment;
    if (run->files != 1 || e->shots != 1 || e->shot->crystal >= 0) return;
    if (e->shot->scan < 0 || e->shot->goniometer < 0 || e->scan[e->shot->scan].width_rad == 0.0) return;
    common->scan = &e->scan[e->shot->scan];
    common->goniometer = &e->goniometer[e->shot->goniometer];
    common->exposure_s = common->scan->exposure_s;
}

Status import_run_write(const ImportRun *run, ImportResult *result, Notes *notes) {
    Common common;
    FILE *file = NULL;
    *result = (ImportResult){0};
    TRY(find_common(run, &common, notes));
    for (int i = 0; i < run->files; i++) result->has_list = result->has_list || run->experiment[i].crystals > 0;
    if (result->has_list)
        TRY(write_list(run, &common, result));
    else
        find_scan(run, &common);
    if (common.scan != NULL) result->frames = common.scan->frames;
    result->has_list = result->has_list && result->rows > 0;
    TRY(open_output(run->output, &file));
    print_run(file, run, &common, result);
    return close_output(run->output, file);
}
