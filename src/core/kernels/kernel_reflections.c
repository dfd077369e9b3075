#include "kernels/kernel_variants.h"

#include "base/cell.h"
#include "base/constants.h"
#include "kernels/kernel.h"
#include "model/sensor.h"
#include "physics/shape.h"
#include "physics/spot_reach.h"

/* Rendering by reflections, in double precision. For each lattice (domain and spindle angle) the reciprocal lattice
 * points are found whose spots touch the Ewald sphere where the tile sees it; each gets a window of sub-pixels, and the
 * formula decides within the window. Windows only save time: whether a step counts depends on the step alone. */

/* Work arrays: spots and points whose loops run side by side, rows of the lattice, sources that share a row. */
enum { SPOTS = 256, POINTS = 1024, ROWS = 64, SOURCES = 8 };

/* One layer of a panel. A direction X meets it at fast = distance (across_fast.X) / (normal.X) - corner_fast. */
typedef struct Plane {
    Vec3 corner_m, fast, slow, across_fast, across_slow;
    Vec3 normal; /* of the plane of the pixels, away from the crystal */
    double distance_m, corner_fast_m, corner_slow_m;
} Plane;

/* From least to greatest. */
typedef struct Span {
    double least, greatest;
} Span;

/* The tile's cone: directions whose combinations hold all others, and the cosine of its half angle. */
typedef struct Cone {
    Vec3 corner[8], middle;
    int corners;
    double cosine;
} Cone;

/* Sub-pixels of the tile: begin..last, counted from the panel's corner. */
typedef struct Window {
    double slow_begin, slow_last, fast_begin, fast_last;
} Window;

/* A symmetric matrix, in scalars that stay in registers. */
typedef struct Symmetric {
    double xx, yy, zz, xy, yz, zx;
} Symmetric;

/* A mosaic domain at a spindle angle. */
typedef struct Lattice {
    Mat3 edges_m, reciprocal_per_m;
    Symmetric form;            /* of q, in the laboratory (m^2) */
    Symmetric inverse;         /* of that (1/m^2) */
    double radius_per_m;       /* of a ball that holds a spot */
    double along_normal_per_m; /* half width of a spot along the panel's normal */
} Lattice;

/* Sources of one direction. */
typedef struct Bundle {
    const Source *sources;
    int count;
    double wave_per_m[SOURCES], least_per_m, greatest_per_m; /* 1 / wavelength */
    double weight[SOURCES];
} Bundle;

/* Reflections of a bundle. */
typedef struct Spots {
    double x[SPOTS], y[SPOTS], z[SPOTS]; /* incident wave plus reciprocal lattice point (1/m) */
    double wave_per_m[SPOTS];            /* 1 / wavelength */
    double excess[SPOTS];                /* square of x, y, z minus that of the wave */
    double strength[SPOTS], reach[SPOTS];
    double slow_begin[SPOTS], slow_last[SPOTS], fast_begin[SPOTS], fast_last[SPOTS]; /* window */
    int32_t source[SPOTS];
    int count;
} Spots;

/* Sub-pixels that spots may reach. */
typedef struct Points {
    double slow_m[POINTS], fast_m[POINTS], value[POINTS], cosine[POINTS];
    int64_t spot[POINTS], place[POINTS];
    int count;
} Points;

/* One call of the kernel. */
typedef struct Work {
    const Experiment *e;
    const Panel *panel;
    SpotReach spot;
    Tile tile; /* as seen from the panel */
    Cone cone;
    Window within;
    Plane plane; /* of the layer */
    int layer;
    Lattice lattice;
    Bundle bundle;
    Spots spots;
    Points points;
    DoubleDouble *sums;
} Work;

/* ------------------------------------------------------------------------------------------------- geometry */

static Plane make_plane(const Panel *panel, double depth_m) {
    Plane plane = {.fast = panel->fast, .slow = panel->slow};
    plane.corner_m = vec3_add(panel->pixel0_m, vec3_scale(depth_m, panel->normal));
    const Vec3 normal = vec3_unit(vec3_cross(plane.fast, plane.slow));
    const double distance_m = vec3_dot(normal, plane.corner_m);
    plane.normal = vec3_scale(distance_m < 0.0 ? -1.0 : 1.0, normal);
    plane.distance_m = fabs(distance_m);
    const Vec3 f = vec3_cross(plane.slow, normal), s = vec3_cross(normal, plane.fast);
    plane.across_fast = vec3_scale(1.0 / vec3_dot(plane.fast, f), f);
    plane.across_slow = vec3_scale(1.0 / vec3_dot(plane.slow, s), s);
    plane.corner_fast_m = vec3_dot(plane.across_fast, plane.corner_m);
    plane.corner_slow_m = vec3_dot(plane.across_slow, plane.corner_m);
    return plane;
}

static Cone make_cone(const Panel *panel, Tile tile) {
    const double fast = panel->pixel_size_m[0], slow = panel->pixel_size_m[1];
    const double slow_m[2] = {slow * (double)tile.slow, slow * (double)(tile.slow + tile.slow_pixels)};
    const double fast_m[2] = {fast * (double)tile.fast, fast * (double)(tile.fast + tile.fast_pixels)};
    const double depth_m[2] = {0.0, sensor_depth(&panel->sensor, panel->sensor.layers - 1)};
    Cone cone = {.corners = 8, .cosine = 1.0};
    Vec3 sum = vec3(0.0, 0.0, 0.0);
    for (int i = 0; i < 8; i++) {
        cone.corner[i] = vec3_unit(panel_position(panel, fast_m[i & 1], slow_m[i >> 1 & 1], depth_m[i >> 2]));
        sum = vec3_add(sum, cone.corner[i]);
    }
    if (!(depth_m[1] > 0.0)) cone.corners = 4;
    cone.middle = vec3_unit(sum);
    for (int i = 0; i < cone.corners; i++) cone.cosine = fmin(cone.cosine, vec3_dot(cone.middle, cone.corner[i]));
    return cone;
}

/* Bounds of axis.d over the unit vectors d of the cone. Such a d is a combination of the corners with weights >= 0; the
 * weights' sum is at least 1, as |d| is, and at most 1 / cosine, as the middle's component of d is at most 1. */
static Span cone_bounds(const Cone *cone, Vec3 axis) {
    Span range = {INFINITY, -INFINITY};
    if (!(cone->cosine > 0.5)) return (Span){-vec3_length(axis), vec3_length(axis)};
    for (int i = 0; i < cone->corners; i++) {
        const double along = vec3_dot(axis, cone->corner[i]);
        range.least = fmin(range.least, along);
        range.greatest = fmax(range.greatest, along);
    }
    if (range.least < 0.0) range.least /= cone->cosine;
    if (range.greatest > 0.0) range.greatest /= cone->cosine;
    return range;
}

/* Greatest sum of absolute values of a row: no less than the greatest eigenvalue. */
static double row_sum(Symmetric m) {
    const double x = fabs(m.xx) + fabs(m.xy) + fabs(m.zx), y = fabs(m.xy) + fabs(m.yy) + fabs(m.yz);
    return fmax(fmax(x, y), fabs(m.zx) + fabs(m.yz) + fabs(m.zz));
}

/* turn^T m turn, of a symmetric m. */
static Symmetric turned(Mat3 m, Mat3 turn) {
    const Mat3 all = mat3_multiply(mat3_transpose(turn), mat3_multiply(m, turn));
    return (Symmetric){all.row[0].x, all.row[1].y, all.row[2].z, all.row[0].y, all.row[1].z, all.row[2].x};
}

static Lattice make_lattice(const Work *work, Mat3 edges_m) {
    const SpotReach *spot = &work->spot;
    Lattice lattice = {.edges_m = edges_m, .reciprocal_per_m = cell_dual(edges_m)};
    lattice.form = turned(spot->form, edges_m);
    lattice.inverse = turned(spot->inverse, lattice.reciprocal_per_m);
    lattice.radius_per_m = sqrt(spot->reach * row_sum(lattice.inverse));
    return lattice;
}

/* ------------------------------------------------------------------------------------------------- windows of spots */

/* Loops run over whole vectors: the work arrays hold numbers of earlier spots or zeros there. */
INLINED int padded(int count) {
    return (count + 7) / 8 * 8;
}

/* What a spot's window along one coordinate follows from. */
typedef struct Shadow {
    Vec3 centre, inverse_unit; /* v, C n with n = v / |v| */
    double variance;           /* n.C n */
    double offset, sag;        /* the sphere's distance from v along n, and how much nearer it may be */
    double level;              /* of q that is left for directions across n */
    double toward, give;       /* v along the plane's normal, and how much that may change */
} Shadow;

INLINED double dot(Vec3 u, Vec3 v) {
    return u.x * v.x + u.y * v.y + u.z * v.z;
}

INLINED Vec3 times(Symmetric m, Vec3 v) {
    return vec3(m.xx * v.x + m.xy * v.y + m.zx * v.z, m.xy * v.x + m.yy * v.y + m.yz * v.z,
                m.zx * v.x + m.yz * v.y + m.zz * v.z);
}

/* Bounds of distance (across.X) / (normal.X) over the waves X = v + x within reach of the spot: docs/physics.md. */
INLINED Span span_of(Symmetric inverse, Vec3 normal, double distance_m, Vec3 across, Shadow s) {
    const double start = dot(across, s.centre) / s.toward;
    const Vec3 w = vec3(across.x - start * normal.x, across.y - start * normal.y, across.z - start * normal.z);
    const double covariance = dot(w, s.inverse_unit), slope = covariance / s.variance;
    const double left = dot(w, times(inverse, w)) - slope * covariance, spread = left > 0.0 ? left : 0.0;
    const double middle = s.offset * slope, half = sqrt(s.level * spread) + s.sag * fabs(slope);
    const double change = s.give / (s.toward - s.give); /* relative, of normal.X */
    const double per = distance_m / s.toward;
    const double reach = half + (fabs(middle) + half) * change;
    const double at = distance_m * start + per * middle;
    return (Span){at - per * reach, at + per * reach};
}

/* The window of every spot, in sub-pixels of the tile; begin > last where there are none. */
INLINED void set_windows(const Work *work, Spots *spots) {
    const int count = padded(spots->count);
    const Plane plane = work->plane;
    const Symmetric inverse = work->lattice.inverse;
    const Window within = work->within;
    const double radius = work->lattice.radius_per_m, give = work->lattice.along_normal_per_m;
    const double *pixel_size_m = work->panel->pixel_size_m;
    const double margin = 1e-6;
    const double per_fast_m = work->e->sampling.oversample / pixel_size_m[0];
    const double per_slow_m = work->e->sampling.oversample / pixel_size_m[1];
#pragma omp simd
    for (int i = 0; i < count; i++) {
        const Vec3 v = vec3(spots->x[i], spots->y[i], spots->z[i]);
        const double wave = spots->wave_per_m[i], length = sqrt(dot(v, v)), shrink = 1.0 / length;
        const Vec3 unit = vec3(v.x * shrink, v.y * shrink, v.z * shrink), inverse_unit = times(inverse, unit);
        const double variance = dot(unit, inverse_unit), offset = -spots->excess[i] / (wave + length);
        const double sag = radius * radius / wave;
        const double away = fabs(offset) - sag, apart = away > 0.0 ? away : 0.0;
        const double level = spots->reach[i] - apart * apart / variance;
        const double toward = dot(plane.normal, v);
        const Shadow s = {v, inverse_unit, variance, offset, sag, level > 0.0 ? level : 0.0, toward, give};
        const Span slow = span_of(inverse, plane.normal, plane.distance_m, plane.across_slow, s);
        const Span fast = span_of(inverse, plane.normal, plane.distance_m, plane.across_fast, s);
        const double slow_begin = ceil((slow.least - plane.corner_slow_m) * per_slow_m - 0.5 - margin);
        const double slow_last = floor((slow.greatest - plane.corner_slow_m) * per_slow_m - 0.5 + margin);
        const double fast_begin = ceil((fast.least - plane.corner_fast_m) * per_fast_m - 0.5 - margin);
        const double fast_last = floor((fast.greatest - plane.corner_fast_m) * per_fast_m - 0.5 + margin);
        const int grazing = !(toward > 2.0 * give); /* the window has no end */
        const int none = !(level > 0.0);
        const double first_slow = slow_begin > within.slow_begin ? slow_begin : within.slow_begin;
        const double first_fast = fast_begin > within.fast_begin ? fast_begin : within.fast_begin;
        spots->slow_last[i] = ((slow_last < within.slow_last) & !grazing) ? slow_last : within.slow_last;
        spots->fast_last[i] = ((fast_last < within.fast_last) & !grazing) ? fast_last : within.fast_last;
        spots->fast_begin[i] = grazing ? within.fast_begin : first_fast;
        spots->slow_begin[i] = none ? INFINITY : grazing ? within.slow_begin : first_slow;
    }
}

/* ------------------------------------------------------------------------------------------------- points of windows
 */

/* The formula at every point, 0 beyond the spot's reach and the resolution limit; without the capture. */
INLINED void set_values(CrystalShape shape, const Work *work, const Spots *spots, Points *points) {
    const Experiment *e = work->e;
    const Plane plane = work->plane;
    const Symmetric form = work->lattice.form;
    const Source *source = work->bundle.sources; /* one direction: the wavelengths are the spots' */
    const Vec3 incident = source->direction, electric = source->electric, magnetic = source->magnetic;
    const Vec3 normal = work->panel->normal;
    const double kahn = e->beam.polarization_kahn, on = e->beam.polarization_correction ? 1.0 : 0.0;
    const double area = work->panel->pixel_size_m[0] * work->panel->pixel_size_m[1];
    const double oblique = e->detector.point_pixel ? 0.0 : 1.0;
    const int count = padded(points->count);
    const double most_per_m = e->sampling.dmin_m > 0.0 ? 1.0 / e->sampling.dmin_m : INFINITY;
#pragma omp simd
    for (int i = 0; i < count; i++) {
        const int64_t n = points->spot[i];
        const double f = points->fast_m[i], s = points->slow_m[i], wave = spots->wave_per_m[n];
        const Vec3 at = vec3(plane.corner_m.x + f * plane.fast.x + s * plane.slow.x,
                             plane.corner_m.y + f * plane.fast.y + s * plane.slow.y,
                             plane.corner_m.z + f * plane.fast.z + s * plane.slow.z);
        const double shrink = 1.0 / sqrt(dot(at, at));
        const Vec3 d = vec3(at.x * shrink, at.y * shrink, at.z * shrink);
        const Vec3 x = vec3(d.x * wave - spots->x[n], d.y * wave - spots->y[n], d.z * wave - spots->z[n]);
        const double q = dot(x, times(form, x));
        const double lattice = shape_squared64(shape, q);
        const double along = dot(incident, d), p = dot(electric, d), m = dot(magnetic, d);
        const double polarized = 1.0 + on * (0.5 * (1.0 + along * along - kahn * (p * p - m * m)) - 1.0);
        const double cosine = fabs(dot(normal, d)), leaning = 1.0 + oblique * (cosine - 1.0);
        const int counts = (q < spots->reach[n]) & ((2.0 - 2.0 * along) * wave * wave <= most_per_m * most_per_m);
        const double value = spots->strength[n] * lattice * polarized * (area * shrink * shrink * leaning);
        points->value[i] = counts ? value : 0.0;
        points->cosine[i] = cosine;
    }
}

/* Adds the points to the sums of their pixels, and forgets them. */
static void add_points(Work *work) {
    const Sensor *sensor = &work->panel->sensor;
    const double layer_m = sensor_layer(sensor);
    Points *points = &work->points;
    const int count = points->count;
    switch (work->e->crystal.shape) { /* a constant in each */
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        break;
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        if ((end) != SPOTS_HAVE_TAILS) set_values(SHAPE_##NAME, work, &work->spots, points);                           \
        break;
#include "parameters/shapes.def"
    }
    for (int i = 0; i < count; i++) {
        double value = points->value[i];
        if (value == 0.0) continue;
        if (layer_m > 0.0) {
            const Source *source = &work->bundle.sources[work->spots.source[points->spot[i]]];
            const double absorption = sensor_absorption_of(sensor, source);
            value *= sensor_capture(layer_m, work->layer, absorption, points->cosine[i]);
        }
        DoubleDouble *sum = &work->sums[points->place[i]];
        *sum = double_double_add(*sum, value);
    }
    points->count = 0;
}

/* The points of one spot's window, row by row. */
static void add_window(Work *work, int n) {
    const Spots *spots = &work->spots;
    Points *points = &work->points;
    const int64_t oversample = work->e->sampling.oversample;
    const double step_fast = work->panel->pixel_size_m[0] / (double)oversample;
    const double step_slow = work->panel->pixel_size_m[1] / (double)oversample;
    const int64_t fast_begin = (int64_t)spots->fast_begin[n], fast_last = (int64_t)spots->fast_last[n];
    const int64_t slow_begin = (int64_t)spots->slow_begin[n], slow_last = (int64_t)spots->slow_last[n];
    for (int64_t s = slow_begin; s <= slow_last; s++) {
        const int64_t slow = oversample == 1 ? s : s / oversample;
        const int64_t row = (slow - work->tile.slow) * work->tile.fast_pixels - work->tile.fast;
        for (int64_t f = fast_begin; f <= fast_last; f++) {
            if (points->count == POINTS) add_points(work);
            const int i = points->count++;
            points->spot[i] = n;
            points->place[i] = row + (oversample == 1 ? f : f / oversample);
            points->slow_m[i] = step_slow * ((double)s + 0.5);
            points->fast_m[i] = step_fast * ((double)f + 0.5);
        }
    }
}

/* Adds the collected spots in every layer, and forgets them. */
static void add_spots(Work *work) {
    Spots *spots = &work->spots;
    const Panel *panel = work->panel;
    if (spots->count == 0) return;
    for (int layer = 0; layer < panel->sensor.layers; layer++) {
        if (layer != work->layer) work->plane = make_plane(panel, sensor_depth(&panel->sensor, layer));
        work->layer = layer;
        const Vec3 normal = work->plane.normal;
        work->lattice.along_normal_per_m =
            sqrt(work->spot.reach * vec3_dot(normal, times(work->lattice.inverse, normal)));
        set_windows(work, spots);
        for (int n = 0; n < spots->count; n++)
            if (spots->slow_begin[n] <= spots->slow_last[n] && spots->fast_begin[n] <= spots->fast_last[n])
                add_window(work, n);
        add_points(work);
    }
    spots->count = 0;
}

/* ------------------------------------------------------------------------------------------------- lattice points */

/* Rows of lattice points along the axis that crosses the Ewald sphere most steeply where the tile sees it. */
typedef struct Rows {
    int along, outer, inner;      /* axes: 0, 1, 2 for h, k, l */
    double least[3], greatest[3]; /* Miller indices that the tile sees */
    double side;                  /* sign of the crossing */
    double margin;                /* of the index along the row */
    bool steep;                   /* rows cross the sphere once; else all points between the bounds are tried */
} Rows;

/* The bounds of the Miller indices: a.(d - i) / lambda over the cone and the wavelengths, and a spot's half width. */
static void bound_indices(const Work *work, Rows *rows) {
    const Bundle *bundle = &work->bundle;
    for (int axis = 0; axis < 3; axis++) {
        const Vec3 edge = work->lattice.edges_m.row[axis];
        const double incident = vec3_dot(edge, bundle->sources->direction);
        const Span along = cone_bounds(&work->cone, edge);
        const double least = along.least - incident, greatest = along.greatest - incident;
        const double reach = work->spot.half_width[axis] + 1e-6;
        rows->least[axis] = ceil((least < 0.0 ? bundle->greatest_per_m : bundle->least_per_m) * least - reach);
        rows->greatest[axis] =
            floor((greatest > 0.0 ? bundle->greatest_per_m : bundle->least_per_m) * greatest + reach);
    }
}

static Rows make_rows(const Work *work) {
    Rows rows = {.steep = false};
    double most = 0.0;
    bound_indices(work, &rows);
    for (int axis = 0; axis < 3; axis++) {
        const Vec3 unit = vec3_unit(work->lattice.reciprocal_per_m.row[axis]);
        const double along = fabs(vec3_dot(unit, work->cone.middle));
        if (along > most) rows.along = axis;
        most = fmax(most, along);
    }
    rows.outer = (rows.along + 1) % 3;
    rows.inner = (rows.along + 2) % 3;
    /* Within the reach r of a spot a row may turn towards the sphere: the least cosine c becomes c - r (1 + 2/c) / E,
     * which must stay above c/2. */
    const Vec3 axis = work->lattice.reciprocal_per_m.row[rows.along];
    const Span across = cone_bounds(&work->cone, vec3_unit(axis));
    const double cosine = fmax(across.least, -across.greatest), radius = work->lattice.radius_per_m;
    if (!(cosine > 0.2)) return rows;
    const double left = cosine - 1.2 * radius * (1.0 + 2.0 / cosine) / work->bundle.least_per_m;
    rows.steep = left > 0.5 * cosine;
    rows.side = across.least > 0.0 ? 1.0 : -1.0;
    rows.margin = radius / (left * vec3_length(axis)) + 1e-6;
    return rows;
}

/* What source @p i of the bundle makes of spot @p n, whose |F|^2 is @p share of the greatest at the reference. */
static void apply_dispersion(Work *work, const double *miller, double share, int i, int n) {
    const Experiment *e = work->e;
    const int64_t source = work->bundle.sources + i - e->beam.sources;
    const double times = structure_factor_share(&e->factors, e->beam.coefficients + source * e->factors.form_values,
                                                miller[0], miller[1], miller[2]);
    work->spots.strength[n] *= times;
    work->spots.reach[n] = spot_reach_of(&work->spot, share * times);
}

/* One reflection of the bundle: a spot for each source whose sphere it may touch. */
static void add_reflection(Work *work, const double *miller) {
    const StructureFactors *factors = &work->e->factors;
    const Bundle *bundle = &work->bundle;
    Spots *spots = &work->spots;
    const bool constant = factors->grid == NULL;
    const double f = constant ? factors->default_f : structure_factor(factors, miller[0], miller[1], miller[2]);
    const double share = constant ? 1.0 : f * f / (factors->greatest_f * factors->greatest_f);
    const double reach = spot_reach_of(&work->spot, share), radius = work->lattice.radius_per_m;
    if (!(reach > 0.0) && factors->form_values == 0) return;
    const Mat3 *star = &work->lattice.reciprocal_per_m;
    const Vec3 g = vec3_add(vec3_add(vec3_scale(miller[0], star->row[0]), vec3_scale(miller[1], star->row[1])),
                            vec3_scale(miller[2], star->row[2]));
    const Vec3 incident = bundle->sources->direction;
    const double square = vec3_dot(g, g), along = 2.0 * vec3_dot(incident, g);
    if (spots->count + SOURCES > SPOTS) add_spots(work);
    int n = spots->count;
    for (int i = 0; i < bundle->count; i++) {
        const double wave = bundle->wave_per_m[i], excess = square + wave * along;
        if (!(fabs(excess) <= (2.0 * wave + radius) * radius)) continue;
        spots->x[n] = wave * incident.x + g.x;
        spots->y[n] = wave * incident.y + g.y;
        spots->z[n] = wave * incident.z + g.z;
        spots->wave_per_m[n] = wave;
        spots->excess[n] = excess;
        spots->strength[n] = bundle->weight[i] * f * f * work->spot.height;
        spots->reach[n] = reach;
        if (factors->form_values > 0) apply_dispersion(work, miller, share, i, n);
        spots->source[n++] = i;
    }
    spots->count = n;
}

/* Where rows cross the spheres of the least and the greatest wave: the first and last index, for @p count rows that
 * begin at @p start and follow each other by @p step. */
INLINED void cross_rows(const Work *work, const Rows *rows, Vec3 start, Vec3 step, int count, double *first,
                        double *last) {
    const Vec3 axis = work->lattice.reciprocal_per_m.row[rows->along], incident = work->bundle.sources->direction;
    const double least = rows->least[rows->along], greatest = rows->greatest[rows->along], side = rows->side;
    const double wave0 = work->bundle.least_per_m, wave1 = work->bundle.greatest_per_m, margin = rows->margin;
    const double length = dot(axis, axis), per_length = 1.0 / length, axis_incident = dot(axis, incident);
#pragma omp simd
    for (int i = 0; i < count; i++) {
        const Vec3 g = vec3(start.x + i * step.x, start.y + i * step.y, start.z + i * step.z);
        const double square = dot(g, g), along = 2.0 * dot(incident, g), across = dot(axis, g);
        const double b0 = wave0 * axis_incident + across, b1 = wave1 * axis_incident + across;
        const double root0 = b0 * b0 - length * (square + wave0 * along);
        const double root1 = b1 * b1 - length * (square + wave1 * along);
        const double at0 = (side * sqrt(root0 > 0.0 ? root0 : 0.0) - b0) * per_length;
        const double at1 = (side * sqrt(root1 > 0.0 ? root1 : 0.0) - b1) * per_length;
        const double low = ceil((at0 < at1 ? at0 : at1) - margin), high = floor((at0 > at1 ? at0 : at1) + margin);
        const int all = (root0 < 0.0) | (root1 < 0.0); /* the row touches or misses a sphere */
        first[i] = (all | (low < least)) ? least : low;
        last[i] = (all | (high > greatest)) ? greatest : high;
    }
}

/* All reflections of the lattice that the sources of the bundle may show on the tile. */
static void add_bundle(Work *work) {
    const Rows rows = make_rows(work);
    const Mat3 *star = &work->lattice.reciprocal_per_m;
    const Vec3 step = star->row[rows.inner];
    double first[ROWS], last[ROWS], miller[3];
    for (double outer = rows.least[rows.outer]; outer <= rows.greatest[rows.outer]; outer += 1.0)
        for (double inner = rows.least[rows.inner]; inner <= rows.greatest[rows.inner]; inner += ROWS) {
            const double left = rows.greatest[rows.inner] - inner + 1.0;
            const int count = left < ROWS ? (int)left : ROWS;
            const Vec3 start = vec3_add(vec3_scale(outer, star->row[rows.outer]), vec3_scale(inner, step));
            if (rows.steep) cross_rows(work, &rows, start, step, count, first, last);
            miller[rows.outer] = outer;
            for (int i = 0; i < count; i++) {
                const double begin = rows.steep ? first[i] : rows.least[rows.along];
                const double end = rows.steep ? last[i] : rows.greatest[rows.along];
                miller[rows.inner] = inner + i;
                for (miller[rows.along] = begin; miller[rows.along] <= end; miller[rows.along] += 1.0)
                    add_reflection(work, miller);
            }
        }
    add_spots(work);
}

/* ------------------------------------------------------------------------------------------------- terms */

static bool same_direction(const Source *a, const Source *b) {
    return a->direction.x == b->direction.x && a->direction.y == b->direction.y && a->direction.z == b->direction.z;
}

/* Sources first..end-1 in bundles of one direction. */
static void add_sources(Work *work, const Source *sources, int64_t first, int64_t end) {
    while (first < end) {
        Bundle bundle = {.sources = &sources[first], .count = 0, .least_per_m = INFINITY};
        for (; first < end && bundle.count < SOURCES && same_direction(bundle.sources, &sources[first]); first++) {
            const double wave = 1.0 / sources[first].wavelength_m;
            bundle.least_per_m = fmin(bundle.least_per_m, wave);
            bundle.greatest_per_m = fmax(bundle.greatest_per_m, wave);
            bundle.weight[bundle.count] = sources[first].weight;
            bundle.wave_per_m[bundle.count++] = wave;
        }
        work->bundle = bundle;
        add_bundle(work);
    }
}

void KERNEL_VARIANT(kernel_reflections)(const Experiment *e, const Frame *frame, Tile place, Range blocks,
                                        DoubleDouble *sums) {
    const int64_t sources = e->beam.source_count, phi_steps = e->sampling.phi_steps, all = experiment_terms(e);
    const int64_t begin = blocks.begin * KERNEL_BLOCK_TERMS, asked = blocks.end * KERNEL_BLOCK_TERMS;
    const int64_t end = asked < all ? asked : all, oversample = e->sampling.oversample;
    if (begin >= end || !(e->factors.greatest_f > 0.0)) return;
    const Panel *panel = detector_panel_at(&e->detector, place.slow, place.fast);
    const Tile tile = panel_tile(panel, place);
    Work work = {.e = e, .panel = panel, .tile = tile, .layer = -1, .sums = sums};
    work.spot = spot_reach_create(&e->crystal, e->sampling.tolerance);
    work.cone = make_cone(panel, tile);
    work.within = (Window){.slow_begin = (double)(tile.slow * oversample),
                           .slow_last = (double)((tile.slow + tile.slow_pixels) * oversample - 1),
                           .fast_begin = (double)(tile.fast * oversample),
                           .fast_last = (double)((tile.fast + tile.fast_pixels) * oversample - 1)};
    for (int64_t lattice = begin / sources; lattice * sources < end; lattice++) {
        const int64_t first = begin - lattice * sources, last = end - lattice * sources;
        const Mat3 cell_m = crystal_domain(&e->crystal, frame->cells_m[lattice % phi_steps], lattice / phi_steps);
        work.lattice = make_lattice(&work, cell_m);
        add_sources(&work, e->beam.sources, first > 0 ? first : 0, last < sources ? last : sources);
    }
}
