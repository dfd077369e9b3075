#include "setup/rotation_series.h"

#include <math.h>

/* Of a step: digits that lists of angles leave out. */
static const double STEP_TOLERANCE = 1e-6;

/* Of the lengths of a*, b*, c*: a crystal that is refined along a scan moves less, one of another image more. */
static const double CRYSTAL_TOLERANCE = 0.5 * RADIANS_PER_DEGREE;

/* What readers have once for a rotation. */
static const unsigned CONSTANT_PARTS =
    PART_AXES | PART_SOURCES | PART_WAVELENGTHS | PART_POLARIZATION | PART_GEOMETRY | PART_PIXELS | PART_SENSOR;

static bool moves_angles_alone(const Sweep *sweep) {
    bool moves_angles = false;
    if (sweep->count < 2 || sweep->spectrum.rows > 1) return false;
    for (int i = 0; i < sweep_values(sweep); i++) {
        const unsigned enters = parameters_row(sweep_column(sweep, i).row)->enters;
        if ((enters & CONSTANT_PARTS) != 0) return false;
        moves_angles = moves_angles || (enters & PART_SAMPLING) != 0;
    }
    return moves_angles;
}

static bool is_same_crystal(Mat3 a, Mat3 b) {
    for (int i = 0; i < 3; i++)
        if (vec3_length(vec3_subtract(a.row[i], b.row[i])) > CRYSTAL_TOLERANCE * vec3_length(a.row[i])) return false;
    return true;
}

/* Whether frame @p number - 1 goes on in frame @p number. Both frames are set. */
static bool goes_on(const Experiment *e, int64_t number, Frame *before, Frame *after) {
    const int64_t crystals = sweep_crystals(&e->sweep, number);
    if (sweep_crystals(&e->sweep, number - 1) != crystals) return false;
    for (int64_t crystal = crystals - 1; crystal >= 0; crystal--) { /* ends with the first, which stays set */
        frame_set_crystal(e, number - 1, crystal, before);
        frame_set_crystal(e, number, crystal, after);
        if (!is_same_crystal(before->reciprocal_per_m, after->reciprocal_per_m)) return false;
    }
    return true;
}

/* Whether all crystals of a frame are exposed from @p start_rad on. */
static bool is_exposed(const Experiment *e, int64_t number, double start_rad, double end_rad, Frame *frame) {
    const double tolerance = STEP_TOLERANCE * fabs(end_rad - start_rad);
    for (int64_t crystal = sweep_crystals(&e->sweep, number) - 1; crystal >= 0; crystal--) {
        frame_set_crystal(e, number, crystal, frame);
        if (!(fabs(frame->phi_start_rad - start_rad) <= tolerance && fabs(frame->phi_end_rad - end_rad) <= tolerance))
            return false;
    }
    return true;
}

static void follow(const Experiment *e, Frame *before, Frame *after, RotationSeries *series) {
    frame_set(e, 0, before);
    frame_set(e, 1, after);
    const double first_rad = before->phi_start_rad, width_rad = before->phi_end_rad - first_rad;
    const double step_rad = after->phi_start_rad < first_rad ? -width_rad : width_rad;
    if (!(width_rad > 0.0)) return;
    for (int64_t number = 0; number < e->sweep.count; number++) {
        const double start_rad = first_rad + (double)number * step_rad;
        if (!is_exposed(e, number, start_rad, start_rad + width_rad, after)) return;
        if (number > 0 && !goes_on(e, number, before, after)) return;
    }
    frame_set(e, 0, before);
    series->exists = true;
    series->start_rad = step_rad < 0.0 ? first_rad + width_rad : first_rad;
    series->width_rad = step_rad;
    series->reciprocal_per_m = before->reciprocal_per_m;
}

Status rotation_series_find(const Experiment *e, RotationSeries *series) {
    Frame before, after;
    *series = (RotationSeries){.exists = false};
    if (e->sweep.kind == SWEEP_ROTATION) {
        const double shift_rad = e->sampling.phi_law == PHI_LEFT_EDGE ? -0.5 * e->sampling.phi_step_rad : 0.0;
        *series = (RotationSeries){.exists = true,
                                   .start_rad = e->sweep.start_rad,
                                   .shift_rad = shift_rad,
                                   .width_rad = e->sweep.width_rad,
                                   .reciprocal_per_m = e->crystal.reciprocal_per_m};
        return status_ok();
    }
    if (!moves_angles_alone(&e->sweep)) return status_ok();
    TRY(frame_create(e, &before));
    const Status status = frame_create(e, &after);
    if (status_is_ok(status)) follow(e, &before, &after, series);
    frame_destroy(&before);
    if (status_is_ok(status)) frame_destroy(&after);
    return status;
}
