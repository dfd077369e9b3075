#include "kernel_variants.h"

#include "kernel.h"

#include "sensor.h"
#include "shape.h"

/* Pixels of a row that are computed side by side: their arrays stay in the first-level cache, and the compiler turns
 * the loops over them into vector instructions. */
enum { LANES = 64 };

#define INLINED static inline __attribute__((always_inline))

/* One row of at most LANES sub-pixels. */
typedef struct Lanes {
    int count;
    double x[LANES], y[LANES], z[LANES]; /* unit vector of the diffracted beam */
    double weight[LANES];                /* solid angle (sr) x capture fraction where all sources have the same */
    double cosine[LANES];                /* of the angle to the detector's normal */
    int layer;
} Lanes;

/* What each term needs to know of the crystal, hoisted out of the loops. */
typedef struct TermScratch {
    double h[LANES], k[LANES], l[LANES]; /* Miller indices */
    double squared[LANES];               /* |F_cell F_latt|^2 x polarization */
} TermScratch;

/* Position, solid angle and capture of the sub-pixels [sub_s, sub_f] of a row of pixels, in layer @p layer. */
INLINED void set_lanes(const Experiment *e, int64_t slow, int64_t fast, int count, int sub_s, int sub_f, int layer,
                       Lanes *lanes) {
    const Detector *detector = &e->detector;
    const double pixel = detector->pixel_size_m, oversample = e->sampling.oversample;
    const double thickness = detector->sensor_thickness_m / detector->sensor_layers;
    const double depth = sensor_depth(detector, layer);
    const double s_m = pixel * ((double)slow + (sub_s + 0.5) / oversample);
    lanes->count = count;
    lanes->layer = layer;
    for (int i = 0; i < count; i++) {
        const double f_m = pixel * ((double)(fast + i) + (sub_f + 0.5) / oversample);
        const Vec3 position = detector_position(detector, f_m, s_m, depth);
        const double r = vec3_length(position);
        const Vec3 direction = vec3_scale(1.0 / r, position);
        const double cosine = detector_cosine(detector, direction);
        lanes->x[i] = direction.x;
        lanes->y[i] = direction.y;
        lanes->z[i] = direction.z;
        lanes->cosine[i] = cosine;
        lanes->weight[i] = pixel * pixel / (r * r) * (detector->point_pixel ? 1.0 : cosine);
        if (thickness > 0.0 && !detector->sensor_by_wavelength)
            lanes->weight[i] *= sensor_capture(thickness, layer, detector->sensor_absorption_per_m, cosine);
    }
}

/* h = a.s, k = b.s, l = c.s with s = (diffracted - incident) / lambda. */
INLINED void set_miller_indices(const Lanes *lanes, const Source *source, Mat3 cell_m, TermScratch *term) {
    const double per_m = 1.0 / source->wavelength_m;
    const Vec3 incident = source->direction;
    const Vec3 a = cell_m.row[0], b = cell_m.row[1], c = cell_m.row[2];
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        const double x = (lanes->x[i] - incident.x) * per_m;
        const double y = (lanes->y[i] - incident.y) * per_m;
        const double z = (lanes->z[i] - incident.z) * per_m;
        term->h[i] = a.x * x + a.y * y + a.z * z;
        term->k[i] = b.x * x + b.y * y + b.z * z;
        term->l[i] = c.x * x + c.y * y + c.z * z;
    }
}

/* Kahn's factor for each lane, and the sensor's capture where it depends on the wavelength. */
INLINED void apply_polarization(const Experiment *e, const Lanes *lanes, const Source *source, TermScratch *term) {
    const double kahn = e->beam.polarization_kahn;
    const Vec3 incident = source->direction, electric = source->electric, magnetic = source->magnetic;
    const double on = e->beam.polarization_correction ? 1.0 : 0.0;
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        const double along = incident.x * lanes->x[i] + incident.y * lanes->y[i] + incident.z * lanes->z[i];
        const double p = electric.x * lanes->x[i] + electric.y * lanes->y[i] + electric.z * lanes->z[i];
        const double q = magnetic.x * lanes->x[i] + magnetic.y * lanes->y[i] + magnetic.z * lanes->z[i];
        const double factor = 0.5 * (1.0 + along * along - kahn * (p * p - q * q));
        term->squared[i] *= 1.0 + on * (factor - 1.0);
    }
    if (e->detector.sensor_by_wavelength) {
        const double layer_m = e->detector.sensor_thickness_m / e->detector.sensor_layers;
        for (int i = 0; i < lanes->count; i++)
            term->squared[i] *= sensor_capture(layer_m, lanes->layer, source->absorption_per_m, lanes->cosine[i]);
    }
}

/* Beyond the resolution limit nothing is diffracted. */
INLINED void apply_dmin(const Experiment *e, const Lanes *lanes, const Source *source, TermScratch *term) {
    if (!(e->sampling.dmin_m > 0.0)) return;
    const double least = source->wavelength_m / e->sampling.dmin_m; /* of |diffracted - incident| */
    for (int i = 0; i < lanes->count; i++) {
        const Vec3 s = vec3_subtract(vec3(lanes->x[i], lanes->y[i], lanes->z[i]), source->direction);
        if (vec3_dot(s, s) > least * least) term->squared[i] = 0.0;
    }
}

INLINED void apply_nearest_structure_factor(const StructureFactors *factors, TermScratch *term) {
    const double *grid = factors->grid;
    const double h0 = factors->least[0], k0 = factors->least[1], l0 = factors->least[2];
    const double nh = factors->count[0], nk = factors->count[1], nl = factors->count[2];
    const int32_t row = factors->count[1], column = factors->count[2];
    const double default_f = factors->default_f;
    for (int i = 0; i < LANES; i++) {
        const double h = ceil(term->h[i] - 0.5) - h0, k = ceil(term->k[i] - 0.5) - k0, l = ceil(term->l[i] - 0.5) - l0;
        const int inside = (h >= 0.0) & (h < nh) & (k >= 0.0) & (k < nk) & (l >= 0.0) & (l < nl);
        const int32_t place =
            inside ? ((int32_t)h * row + (int32_t)k) * column + (int32_t)l : 0; /* the grid fits: see the reader */
        const double f = inside ? grid[place] : default_f;
        term->squared[i] *= f * f;
    }
}

INLINED void apply_structure_factor(const Experiment *e, TermScratch *term, int count) {
    const StructureFactors *factors = &e->factors;
    if (factors->grid == NULL) {
        for (int i = 0; i < LANES; i++) term->squared[i] *= factors->default_f * factors->default_f;
    } else if (!e->sampling.interpolate) {
        apply_nearest_structure_factor(factors, term);
    } else {
        for (int i = 0; i < count; i++) {
            const double f = structure_factor_tricubic(factors, term->h[i], term->k[i], term->l[i]);
            term->squared[i] *= f * f;
        }
    }
}

INLINED void set_square_lattice(const double *cells, TermScratch *term) {
#pragma omp simd
    for (int i = 0; i < LANES; i++)
        term->squared[i] = shape_interference(term->h[i], cells[0]) * shape_interference(term->k[i], cells[1]) *
                           shape_interference(term->l[i], cells[2]);
}

INLINED void set_lattice(const Crystal *crystal, TermScratch *term, int count) {
    const double cells[3] = {(double)crystal->cells[0], (double)crystal->cells[1], (double)crystal->cells[2]};
    if (crystal->shape == SHAPE_SQUARE) {
        set_square_lattice(cells, term);
        return;
    }
    for (int i = 0; i < count; i++) term->squared[i] = shape_squared(crystal, term->h[i], term->k[i], term->l[i]);
}

/* One block of terms for one row of sub-pixels, added to the sums of their pixels. */
INLINED void add_block(const Experiment *e, const Frame *frame, const Lanes *lanes, Range terms, DoubleDouble *sums) {
    const int64_t sources = e->beam.source_count, phi_steps = e->sampling.phi_steps;
    double block[LANES] = {0.0};
    TermScratch scratch;
    Mat3 cell_m = {{{0}}};
    for (int64_t t = terms.begin; t < terms.end; t++) {
        const Source *source = &e->beam.sources[t % sources];
        const int64_t lattice = t / sources;
        if (t == terms.begin || t % sources == 0) /* sources come first in the order of terms: the lattice lasts */
            cell_m = crystal_domain(&e->crystal, frame->cells_m[lattice % phi_steps], lattice / phi_steps);
        set_miller_indices(lanes, source, cell_m, &scratch);
        set_lattice(&e->crystal, &scratch, lanes->count);
        apply_structure_factor(e, &scratch, lanes->count);
        apply_polarization(e, lanes, source, &scratch);
        apply_dmin(e, lanes, source, &scratch);
        const double weight = source->weight;
#pragma omp simd
        for (int i = 0; i < LANES; i++) block[i] += weight * scratch.squared[i];
    }
    for (int i = 0; i < lanes->count; i++) sums[i] = double_double_add(sums[i], lanes->weight[i] * block[i]);
}

/* The background of one row of sub-pixels: once for every source, whatever the crystal does. */
static void add_background(const Experiment *e, const Lanes *lanes, DoubleDouble *sums) {
    const double times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count; /* as often as the crystal */
    double all[LANES] = {0.0};
    TermScratch scratch;
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        for (int i = 0; i < LANES; i++) scratch.squared[i] = 0.0;
        for (int i = 0; i < lanes->count; i++) {
            const Vec3 s = vec3_subtract(vec3(lanes->x[i], lanes->y[i], lanes->z[i]), source->direction);
            scratch.squared[i] = background_squared(&e->background, 0.5 * vec3_length(s) / source->wavelength_m);
        }
        apply_polarization(e, lanes, source, &scratch);
        for (int i = 0; i < lanes->count; i++) all[i] += source->weight * scratch.squared[i];
    }
    for (int i = 0; i < lanes->count; i++) sums[i] = double_double_add(sums[i], times * lanes->weight[i] * all[i]);
}

/* All sub-pixels and layers of a row of at most LANES pixels. */
static void add_row(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast, int count, Range blocks,
                    DoubleDouble *sums) {
    const int64_t all = experiment_terms(e);
    Lanes lanes = {0};
    for (int sub_s = 0; sub_s < e->sampling.oversample; sub_s++)
        for (int sub_f = 0; sub_f < e->sampling.oversample; sub_f++)
            for (int layer = 0; layer < e->detector.sensor_layers; layer++) {
                set_lanes(e, slow, fast, count, sub_s, sub_f, layer, &lanes);
                if (blocks.begin == 0 && e->background.molecules > 0.0) add_background(e, &lanes, sums);
                for (int64_t block = blocks.begin; block < blocks.end; block++) {
                    const int64_t begin = block * KERNEL_BLOCK_TERMS, end = begin + KERNEL_BLOCK_TERMS;
                    add_block(e, frame, &lanes, (Range){begin, end < all ? end : all}, sums);
                }
            }
}

void KERNEL_VARIANT(kernel64_accumulate)(const Experiment *experiment, const Frame *frame, Tile tile, Range blocks,
                                         DoubleDouble *sums) {
    for (int64_t s = 0; s < tile.slow_pixels; s++)
        for (int64_t f = 0; f < tile.fast_pixels; f += LANES) {
            const int64_t left = tile.fast_pixels - f;
            add_row(experiment, frame, tile.slow + s, tile.fast + f, left < LANES ? (int)left : LANES, blocks,
                    &sums[s * tile.fast_pixels + f]);
        }
}
