#include "kernels/kernel_variants.h"

#include "kernels/kernel.h"
#include "physics/float64_step.h"

/* Pixels of a row that are computed side by side: their arrays stay in the first-level cache, and the compiler turns
 * the loops over them into vector instructions. */
enum { LANES = 64 };

/* One row of at most LANES sub-pixels. */
typedef struct Lanes {
    int count, layer;
    const Panel *panel;
    LANE_ALIGNED double x[LANES], y[LANES], z[LANES]; /* unit vector of the diffracted beam */
    LANE_ALIGNED double weight[LANES]; /* solid angle (sr) x capture fraction where all sources have the same */
    double cosine[LANES];              /* of the angle to the detector's normal */
    const Source *source;              /* that the factor is of; NULL for none */
    LANE_ALIGNED double factor[LANES]; /* what it does whatever the crystal's orientation */
} Lanes;

/* What each term needs to know of the crystal, hoisted out of the loops. */
typedef struct TermScratch {
    LANE_ALIGNED double along_a[LANES], along_b[LANES], along_c[LANES]; /* cell edges (m) . diffracted beam */
    LANE_ALIGNED double h[LANES], k[LANES], l[LANES];                   /* Miller indices */
    LANE_ALIGNED double squared[LANES];                                 /* |F_cell F_latt|^2 */
} TermScratch;

/* Position, solid angle and capture of the sub-pixels [sub_s, sub_f] of a row of the panel's pixels, in layer @p layer.
 */
INLINED void set_lanes(const Experiment *e, int64_t slow, int64_t fast, int count, int sub_s, int sub_f, int layer,
                       Lanes *lanes) {
    const Panel *panel = lanes->panel;
    const double oversample = e->sampling.oversample;
    const double layer_m = panel->sensor.thickness_m > 0.0 ? sensor_layer(&panel->sensor) : 0.0;
    const double depth_m = sensor_depth(&panel->sensor, layer);
    const double s_m = lane_m(panel->pixel_size_m[1], slow, sub_s, oversample);
    lanes->count = count;
    lanes->layer = layer;
    lanes->source = NULL;
    for (int i = 0; i < count; i++) {
        const double f_m = lane_m(panel->pixel_size_m[0], fast + i, sub_f, oversample);
        const Lane lane =
            make_lane(panel, e->detector.point_pixel, panel_position(panel, f_m, s_m, depth_m), layer, layer_m);
        lanes->x[i] = lane.x;
        lanes->y[i] = lane.y;
        lanes->z[i] = lane.z;
        lanes->weight[i] = lane.weight;
        lanes->cosine[i] = lane.cosine;
    }
}

/* The lattice's part of a.s, b.s, c.s with s = (diffracted - incident) / lambda. */
INLINED void set_along_edges(const Lanes *lanes, Mat3 cell_m, TermScratch *term) {
    const Vec3 a = cell_m.row[0], b = cell_m.row[1], c = cell_m.row[2];
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        term->along_a[i] = fused64_dot(a, lanes->x[i], lanes->y[i], lanes->z[i]);
        term->along_b[i] = fused64_dot(b, lanes->x[i], lanes->y[i], lanes->z[i]);
        term->along_c[i] = fused64_dot(c, lanes->x[i], lanes->y[i], lanes->z[i]);
    }
}

/* h = a.s, k = b.s, l = c.s. */
INLINED void set_miller_indices(const Source *source, Mat3 cell_m, TermScratch *term) {
    const double per_m = 1.0 / source->wavelength_m;
    const Vec3 incident = incident_indices(source, cell_m);
#pragma omp simd
    for (int i = 0; i < LANES; i++) {
        term->h[i] = fused64(per_m, term->along_a[i], incident.x);
        term->k[i] = fused64(per_m, term->along_b[i], incident.y);
        term->l[i] = fused64(per_m, term->along_c[i], incident.z);
    }
}

/* Kahn's factor for each lane. */
INLINED void set_polarization(const Experiment *e, const Source *source, Lanes *lanes) {
    const double kahn = e->beam.polarization_kahn, on = e->beam.polarization_correction ? 1.0 : 0.0;
#pragma omp simd
    for (int i = 0; i < LANES; i++)
        lanes->factor[i] = polarization64(on, kahn, source, lanes->x[i], lanes->y[i], lanes->z[i]);
}

/* Beyond the resolution limit nothing is diffracted. */
INLINED void apply_dmin(const Experiment *e, const Source *source, Lanes *lanes) {
    if (!(e->sampling.dmin_m > 0.0)) return;
    for (int i = 0; i < lanes->count; i++)
        if (is_beyond_limit64(lanes->x[i], lanes->y[i], lanes->z[i], source, e->sampling.dmin_m))
            lanes->factor[i] = 0.0;
}

/* What a source does to each lane whatever diffracts: polarization, and capture where it depends on the wavelength. */
INLINED void set_source_factor(const Experiment *e, const Source *source, Lanes *lanes) {
    set_polarization(e, source, lanes);
    const Sensor *sensor = &lanes->panel->sensor;
    if (!sensor->by_wavelength) return;
    const double layer_m = sensor_layer(sensor);
    for (int i = 0; i < lanes->count; i++)
        lanes->factor[i] *= sensor_capture(layer_m, lanes->layer, source->absorption_per_m, lanes->cosine[i]);
}

INLINED void apply_nearest_structure_factor(const StructureFactors *factors, TermScratch *term) {
    const int32_t least[3] = {factors->least[0], factors->least[1], factors->least[2]};
    const int32_t count[3] = {factors->count[0], factors->count[1], factors->count[2]};
    const double default_f = factors->default_f;
    for (int i = 0; i < LANES; i++) {
        const double f = nearest_factor64(factors->grid, least, count, default_f, term->h[i], term->k[i], term->l[i]);
        term->squared[i] *= f * f;
    }
}

/* What |F|^2 is at the wavelength over what it is at the reference. */
static void apply_dispersion(const StructureFactors *factors, const double *coefficients, TermScratch *term,
                             int count) {
    for (int i = 0; i < count; i++)
        term->squared[i] *= structure_factor_share(factors, coefficients, ceil(term->h[i] - 0.5),
                                                   ceil(term->k[i] - 0.5), ceil(term->l[i] - 0.5));
}

INLINED void apply_structure_factor(const Experiment *e, const Source *source, TermScratch *term, int count) {
    const StructureFactors *factors = &e->factors;
    if (factors->grid == NULL) return; /* it is the same everywhere: scale_of */
    if (factors->form_values > 0)
        apply_dispersion(factors, e->beam.coefficients + (source - e->beam.sources) * factors->form_values, term,
                         count);
    if (!e->sampling.interpolate) {
        apply_nearest_structure_factor(factors, term);
    } else {
        for (int i = 0; i < count; i++) {
            const double f = structure_factor_tricubic(factors, term->h[i], term->k[i], term->l[i]);
            term->squared[i] *= f * f;
        }
    }
}

/* Of the sums: |F|^2 without a grid. */
static double scale_of(const StructureFactors *factors) {
    return factors->grid == NULL ? factors->default_f * factors->default_f : 1.0;
}

INLINED void set_lattice_of_axes(CrystalShape shape, const double *cells, TermScratch *term) {
#pragma omp simd
    for (int i = 0; i < LANES; i++) term->squared[i] = axes_squared64(shape, cells, term->h[i], term->k[i], term->l[i]);
}

/* The same of a shape of a form. */
INLINED void set_lattice_of_form(CrystalShape shape, const Crystal *crystal, TermScratch *term) {
    const Crystal own = *crystal; /* a copy: what is stored below cannot change it */
    for (int i = 0; i < LANES; i++)
        term->squared[i] =
            shape_square(shape_amplitude_of_indices(shape, &own, vec3(term->h[i], term->k[i], term->l[i])));
}

INLINED void set_lattice(const Crystal *crystal, TermScratch *term) {
    const double cells[3] = {(double)crystal->cells[0], (double)crystal->cells[1], (double)crystal->cells[2]};
    switch (crystal->shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        set_lattice_of_axes(SHAPE_##NAME, cells, term);                                                                \
        return;
#define SHAPE_OF_FORM(NAME, name, ...)                                                                                 \
    case SHAPE_##NAME:                                                                                                 \
        set_lattice_of_form(SHAPE_##NAME, crystal, term);                                                              \
        return;
#include "parameters/shapes.def"
    }
}

/* One block of terms for one row of sub-pixels, added to the sums of their pixels. */
INLINED void add_block(const Experiment *e, const Frame *frame, Lanes *lanes, Range terms, DoubleDouble *sums) {
    const int64_t sources = e->beam.source_count, phi_steps = e->sampling.phi_steps;
    const double scale = scale_of(&e->factors);
    LANE_ALIGNED double block[LANES] = {0.0};
    TermScratch scratch;
    Mat3 cell_m = {{{0}}};
    for (int64_t t = terms.begin; t < terms.end; t++) {
        const Source *source = &e->beam.sources[t % sources];
        const int64_t lattice = t / sources;
        if (t == terms.begin || t % sources == 0) { /* sources come first in the order of terms: the lattice lasts */
            cell_m = crystal_domain(&e->crystal, frame->cells_m[lattice % phi_steps], lattice / phi_steps);
            set_along_edges(lanes, cell_m, &scratch);
        }
        if (experiment_sources_differ(e, &lanes->panel->sensor, lanes->source, source)) {
            set_source_factor(e, source, lanes);
            apply_dmin(e, source, lanes);
        }
        lanes->source = source;
        set_miller_indices(source, cell_m, &scratch);
        set_lattice(&e->crystal, &scratch);
        apply_structure_factor(e, source, &scratch, lanes->count);
        const double weight = source->weight;
#pragma omp simd
        for (int i = 0; i < LANES; i++) block[i] = fused64(weight * scratch.squared[i], lanes->factor[i], block[i]);
    }
    for (int i = 0; i < lanes->count; i++) sums[i] = double_double_add(sums[i], scale * lanes->weight[i] * block[i]);
}

/* The background of one row of sub-pixels: once for every source, whatever the crystal does. */
static void add_background(const Experiment *e, Lanes *lanes, DoubleDouble *sums) {
    const double times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count; /* as often as the crystal */
    double all[LANES] = {0.0};
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        set_source_factor(e, source, lanes);
        for (int i = 0; i < lanes->count; i++) {
            all[i] += background64(&e->background, source, lanes->factor[i], lanes->x[i], lanes->y[i], lanes->z[i]);
        }
    }
    for (int i = 0; i < lanes->count; i++) sums[i] = double_double_add(sums[i], times * lanes->weight[i] * all[i]);
}

/* All sub-pixels and layers of a row of at most LANES pixels of a panel. */
static void add_row(const Experiment *e, const Frame *frame, const Panel *panel, int64_t slow, int64_t fast, int count,
                    Range blocks, DoubleDouble *sums) {
    const int64_t all = experiment_terms(e);
    Lanes lanes = {.panel = panel};
    for (int sub_s = 0; sub_s < e->sampling.oversample; sub_s++)
        for (int sub_f = 0; sub_f < e->sampling.oversample; sub_f++)
            for (int layer = 0; layer < panel->sensor.layers; layer++) {
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
    const Panel *panel = detector_panel_at(&experiment->detector, tile.slow, tile.fast);
    const Tile own = panel_tile(panel, tile);
    for (int64_t s = 0; s < tile.slow_pixels; s++)
        for (int64_t f = 0; f < tile.fast_pixels; f += LANES) {
            const int64_t left = tile.fast_pixels - f;
            add_row(experiment, frame, panel, own.slow + s, own.fast + f, left < LANES ? (int)left : LANES, blocks,
                    &sums[s * tile.fast_pixels + f]);
        }
}
