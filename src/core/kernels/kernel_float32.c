#include "kernels/kernel_variants.h"

#include "kernels/kernel.h"
#include "physics/float32_step.h"
#include "physics/pixel_block.h"

#include <string.h>

/* Miller indices of a lattice relative to the centre, times the wavelength in 1e-10 m. */
typedef struct Lattice {
    LANE_ALIGNED float h[PIXELS], k[PIXELS], l[PIXELS];
} Lattice;

/* How |F| is looked up. */
typedef enum Lookup { LOOKUP_DEFAULT, LOOKUP_NEAREST, LOOKUP_TRICUBIC, LOOKUP_BY_SOURCE } Lookup;

/* Lagrange interpolation at every pixel. */
typedef struct Tricubic {
    LANE_ALIGNED int32_t place[PIXELS]; /* of the first of 4 x 4 x 4 points in the padded table */
    LANE_ALIGNED float h[4][PIXELS], k[4][PIXELS], l[4][PIXELS]; /* weights of the points */
    LANE_ALIGNED float along_l[PIXELS][4];                       /* sums over h and k of the points at each l */
    LANE_ALIGNED float amplitude[PIXELS];                        /* |F| */
} Tricubic;

/* |F|^2 at a source's wavelength. What the tables have at a place is kept: most pixels stay with their reflection from
 * one source to the next. */
typedef struct BySource {
    LANE_ALIGNED int32_t place[PIXELS];                /* in the padded tables, that the next are of; -1: none */
    LANE_ALIGNED float form[FORM_VALUES_MOST][PIXELS]; /* times |F|^2 */
    LANE_ALIGNED float squared[PIXELS];                /* |F|^2 at the source's wavelength */
} BySource;

/* Arguments of the sines along the axes at every pixel. */
typedef struct Phases {
    LANE_ALIGNED float of_cells[3][PIXELS], of_one[3][PIXELS];
} Phases;

/* Work space of one block of pixels, in the first-level cache. */
typedef struct Work {
    Block block;
    Lattice lattice;
    Phases phases;
    LANE_ALIGNED float factor[PIXELS], sums[PIXELS];
    Mat3 cell_m;                      /* of the lattice */
    int64_t number;                   /* of spindle angle and domain that cell_m is of; -1 for none */
    const Source *source;             /* that the factor is of */
    LANE_ALIGNED float sharp[PIXELS]; /* |F_latt|^2 of spots with a sharp edge */
    Tricubic tricubic;
    BySource by_source;
} Work;

/* What is the same for all blocks of pixels. */
typedef struct Scene {
    const Experiment *experiment;
    const Frame *frame;
    Spot spot;
    Lookup lookup;
    double scale; /* of the sums: |F|^2 where it is the same everywhere */
} Scene;

static Scene make_scene(const Experiment *e, const Frame *frame) {
    Scene scene = {.experiment = e, .frame = frame, .spot = make_spot(&e->crystal), .scale = 1.0};
    scene.lookup = step_is_tricubic(e) ? LOOKUP_TRICUBIC : LOOKUP_NEAREST;
    if (e->factors.form_values > 0) scene.lookup = LOOKUP_BY_SOURCE;
    if (e->factors.table != NULL) return scene;
    scene.lookup = LOOKUP_DEFAULT;
    scene.scale = e->factors.default_f * e->factors.default_f;
    return scene;
}

/* --------------------------------------------------------------------------------------------------------- terms */

INLINED void set_lattice(const Block *block, Mat3 cell_m, Lattice *lattice) {
    const Float3 a = float3_of(vec3_scale(1e10, cell_m.row[0])), b = float3_of(vec3_scale(1e10, cell_m.row[1]));
    const Float3 c = float3_of(vec3_scale(1e10, cell_m.row[2]));
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float x = block->x[i], y = block->y[i], z = block->z[i];
        lattice->h[i] = float3_dot(a, x, y, z, 0.0f);
        lattice->k[i] = float3_dot(b, x, y, z, 0.0f);
        lattice->l[i] = float3_dot(c, x, y, z, 0.0f);
    }
}

/* ------------------------------------------------------------------------------------------------- interpolation */

INLINED void set_weights(Axis axis, int inside, int i, float (*weight)[PIXELS]) {
    const AxisWeights own = axis_weights(axis, inside);
    for (int k = 0; k < 4; k++) weight[k][i] = own.of[k];
}

INLINED void place_points(const StructureFactors *factors, const Lattice *lattice, Term term, Tricubic *tricubic) {
    const float count_h = (float)factors->count[0], count_k = (float)factors->count[1];
    const float count_l = (float)factors->count[2];
    const int32_t row = factors->count[1] + 2, column = factors->count[2] + 2;
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const Axis h = make_axis(fused(term.per_wavelength, lattice->h[i], term.h), term.first[0], count_h);
        const Axis k = make_axis(fused(term.per_wavelength, lattice->k[i], term.k), term.first[1], count_k);
        const Axis l = make_axis(fused(term.per_wavelength, lattice->l[i], term.l), term.first[2], count_l);
        const int inside = h.inside & k.inside & l.inside;
        set_weights(h, inside, i, tricubic->h);
        set_weights(k, inside, i, tricubic->k);
        set_weights(l, inside, i, tricubic->l);
        tricubic->place[i] = first_place(h, k, l, row, column);
    }
}

/* Sums over h and k for four points along l at once. */
INLINED void add_rows(const StructureFactors *factors, Tricubic *tricubic) {
    const int64_t column = factors->count[2] + 2, plane = column * (factors->count[1] + 2);
    for (int i = 0; i < PIXELS; i++) {
        float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        for (int h = 0; h < 4; h++) {
            float along_k[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            for (int k = 0; k < 4; k++)
                add_points(factors->table + tricubic->place[i] + h * plane + k * column, tricubic->k[k][i], along_k);
            add_points(along_k, tricubic->h[h][i], sum);
        }
        for (int l = 0; l < 4; l++) tricubic->along_l[i][l] = sum[l];
    }
}

INLINED void interpolate(const StructureFactors *factors, const Lattice *lattice, Term term, Tricubic *tricubic) {
    place_points(factors, lattice, term, tricubic);
    add_rows(factors, tricubic);
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const AxisWeights l = {{tricubic->l[0][i], tricubic->l[1][i], tricubic->l[2][i], tricubic->l[3][i]}};
        tricubic->amplitude[i] = last_sum(l, tricubic->along_l[i]);
    }
}

/* ------------------------------------------------------------------------------------------ F of each wavelength */

enum { BY_SOURCE_PIXELS = 16 }; /* whose places are compared at once */

/* What the tables have at the places of some pixels; zeros fill the last three. */
static void fetch_forms(const StructureFactors *factors, int first, const int32_t *place, BySource *by_source) {
    for (int i = first; i < first + BY_SOURCE_PIXELS; i++) {
        const float *form = factors->forms + (int64_t)place[i] * factors->form_values;
        const float f = factors->table[place[i]];
        by_source->place[i] = place[i];
        for (int n = 0; n < factors->form_values; n++) by_source->form[n][i] = f * f * form[n];
        for (int n = factors->form_values; n % 3 != 1; n++) by_source->form[n][i] = 0.0f;
    }
}

INLINED void update_forms(const StructureFactors *factors, const Lattice *lattice, Term term, BySource *by_source) {
    const TableEnd last = table_end(factors->count);
    LANE_ALIGNED int32_t place[PIXELS];
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float h = nearest(fused(term.per_wavelength, lattice->h[i], term.h));
        const float k = nearest(fused(term.per_wavelength, lattice->k[i], term.k));
        const float l = nearest(fused(term.per_wavelength, lattice->l[i], term.l));
        place[i] = place_in_table(&last, h + term.first[0], k + term.first[1], l + term.first[2]);
    }
    for (int i = 0; i < PIXELS; i += BY_SOURCE_PIXELS)
        if (memcmp(&place[i], &by_source->place[i], BY_SOURCE_PIXELS * sizeof *place) != 0)
            fetch_forms(factors, i, place, by_source);
}

/* Three numbers more, those of one element. */
INLINED void add_forms(const float *before, const float *c, const float (*form)[PIXELS], float *squared) {
    const float c0 = c[0], c1 = c[1], c2 = c[2];
#pragma omp simd
    for (int i = 0; i < PIXELS; i++)
        squared[i] = fused(c0, form[0][i], fused(c1, form[1][i], fused(c2, form[2][i], before[i])));
}

INLINED void set_by_source(const Experiment *e, const Source *source, Term term, Work *work) {
    const int values = e->factors.form_values;
    const double *coefficients = e->beam.coefficients + (source - e->beam.sources) * values;
    BySource *by_source = &work->by_source;
    float c[FORM_VALUES_MOST + 2] = {0.0f};
    for (int n = 0; n < values; n++) c[n] = (float)coefficients[n];
    update_forms(&e->factors, &work->lattice, term, by_source);
    for (int n = 1; n < values; n += 3)
        add_forms(n == 1 ? by_source->form[0] : by_source->squared, &c[n],
                  (const float(*)[PIXELS]) & by_source->form[n], by_source->squared);
}

/* ---------------------------------------------------------------------------------------------------------- steps */

/* In a loop of its own: what follows is a chain so long that the processor would not look ahead to the next pixels. */
INLINED void set_phases(CrystalShape shape, const Spot *spot, const Lattice *lattice, Term term, Phases *phases) {
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float index[3] = {fused(term.per_wavelength, lattice->h[i], term.h),
                                fused(term.per_wavelength, lattice->k[i], term.k),
                                fused(term.per_wavelength, lattice->l[i], term.l)};
        for (int axis = 0; axis < 3; axis++) {
            const AxisPhase phase = axis_phase(shape, index[axis], spot->cells[axis]);
            phases->of_cells[axis][i] = phase.of_cells;
            phases->of_one[axis][i] = phase.of_one;
        }
    }
}

INLINED AxisPhase phase_at(const Phases *phases, int axis, int i) {
    return (AxisPhase){phases->of_cells[axis][i], phases->of_one[axis][i]};
}

/* Rounding of the Miller indices in a block. */
static float rounding_of_indices(const Experiment *e, const Block *block, const Source *source) {
    const double longest = fmax(e->crystal.lengths_m[0], fmax(e->crystal.lengths_m[1], e->crystal.lengths_m[2]));
    return block_rounding(block->panel, vec3_length(pixel_position(block, PIXELS / 2)), longest, source->wavelength_m);
}

/* |F_latt|^2 at one pixel by the oracle's function. */
static float exact_squared(const Experiment *e, const Work *work, const Source *source, int i) {
    const Vec3 hkl = indices_at(pixel_position(&work->block, i), source, work->cell_m);
    return (float)shape_squared(&e->crystal, hkl.x, hkl.y, hkl.z);
}

/* Spots with a sharp edge: where rounding leaves in doubt on which side of it a pixel is, it is asked exactly. */
INLINED void set_sharp(CrystalShape shape, const Scene *scene, const Source *source, Term term, Work *work) {
    const Lattice *lattice = &work->lattice;
    const Spot spot = scene->spot; /* a copy: what is stored below cannot change it */
    const float doubt =
        2.0f * spot.steepness * rounding_of_indices(scene->experiment, &work->block, source) + spot.rounding;
    LANE_ALIGNED int32_t in_doubt[PIXELS];
    int32_t any = 0;
#pragma omp simd reduction(| : any)
    for (int i = 0; i < PIXELS; i++) {
        const float h = fused(term.per_wavelength, lattice->h[i], term.h);
        const float k = fused(term.per_wavelength, lattice->k[i], term.k);
        const float l = fused(term.per_wavelength, lattice->l[i], term.l);
        const float form = spot_form(&spot, h - nearest(h), k - nearest(k), l - nearest(l));
        work->sharp[i] = spot.height * shape_squared32(shape, form);
        in_doubt[i] = fabsf(form - 1.0f) < doubt ? 1 : 0;
        any |= in_doubt[i];
    }
    if (any == 0) return;
    for (int i = 0; i < PIXELS; i++)
        if (in_doubt[i] != 0) work->sharp[i] = exact_squared(scene->experiment, work, source, i);
}

/* |F_latt|^2 at a pixel, dh, dk, dl from the spot's centre; by phases or the values at sharp edges where the shape has
 * made them before. */
INLINED float squared_at(CrystalShape shape, const Spot *spot, const Phases *phases, const float *sharp, int i,
                         float dh, float dk, float dl) {
    switch (shape) {
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return name##_squared32(phase_at(phases, 0, i), phase_at(phases, 1, i), phase_at(phases, 2, i));
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        return (end) == SPOTS_STOP ? sharp[i] : spot->height * name##_squared32(spot_form(spot, dh, dk, dl));
#include "parameters/shapes.def"
    }
    return 0.0f;
}

/* |F_cell F_latt|^2 at every pixel, times its weight, added. Shape and lookup are constants where it is called. */
INLINED void add_term(CrystalShape shape, Lookup lookup, const Scene *scene, Term term, Work *work) {
    const StructureFactors *factors = &scene->experiment->factors;
    const Lattice *lattice = &work->lattice;
    const float *table = factors->table, *amplitude = work->tricubic.amplitude, *factor = work->factor;
    const float *sharp = work->sharp, *by_source = work->by_source.squared;
    const Phases *phases = &work->phases;
    const Spot *spot = &scene->spot;
    const TableEnd last = table_end(factors->count);
    float *sums = work->sums;
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float h = fused(term.per_wavelength, lattice->h[i], term.h);
        const float k = fused(term.per_wavelength, lattice->k[i], term.k);
        const float l = fused(term.per_wavelength, lattice->l[i], term.l);
        const float h0 = nearest(h), k0 = nearest(k), l0 = nearest(l);
        float squared = squared_at(shape, spot, phases, sharp, i, h - h0, k - k0, l - l0);
        squared *= term.weight;
        if (lookup == LOOKUP_NEAREST) {
            const float f = table[place_in_table(&last, h0 + term.first[0], k0 + term.first[1], l0 + term.first[2])];
            squared *= f * f;
        } else if (lookup == LOOKUP_TRICUBIC) {
            squared *= amplitude[i] * amplitude[i];
        } else if (lookup == LOOKUP_BY_SOURCE) {
            squared *= by_source[i] > 0.0f ? by_source[i] : 0.0f; /* rounding may make it less */
        }
        sums[i] = fused(squared, factor[i], sums[i]);
    }
}

INLINED void add_term_of_shape(CrystalShape shape, const Scene *scene, const Source *source, Term term, Work *work) {
    if (scene->lookup == LOOKUP_DEFAULT) {
        add_term(shape, LOOKUP_DEFAULT, scene, term, work);
    } else if (scene->lookup == LOOKUP_NEAREST) {
        add_term(shape, LOOKUP_NEAREST, scene, term, work);
    } else if (scene->lookup == LOOKUP_BY_SOURCE) {
        set_by_source(scene->experiment, source, term, work);
        add_term(shape, LOOKUP_BY_SOURCE, scene, term, work);
    } else {
        interpolate(&scene->experiment->factors, &work->lattice, term, &work->tricubic);
        add_term(shape, LOOKUP_TRICUBIC, scene, term, work);
    }
}

INLINED void add_term_by_shape(const Scene *scene, const Source *source, Term term, Work *work) {
    switch (scene->experiment->crystal.shape) { /* a constant in each */
#define SHAPE_OF_AXES(NAME, name)                                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        set_phases(SHAPE_##NAME, &scene->spot, &work->lattice, term, &work->phases);                                   \
        add_term_of_shape(SHAPE_##NAME, scene, source, term, work);                                                    \
        return;
#define SHAPE_OF_FORM(NAME, name, end, nanobragg)                                                                      \
    case SHAPE_##NAME:                                                                                                 \
        if ((end) == SPOTS_STOP) set_sharp(SHAPE_##NAME, scene, source, term, work);                                   \
        add_term_of_shape(SHAPE_##NAME, scene, source, term, work);                                                    \
        return;
#include "parameters/shapes.def"
    }
}

/* The terms of one lattice. All are made before the first is added: side by side, as none needs another. */
INLINED void add_sources(const Scene *scene, const Source *sources, int64_t count, Work *work) {
    const Experiment *e = scene->experiment;
    Term terms[KERNEL_BLOCK_TERMS];
    for (int64_t n = 0; n < count; n++)
        terms[n] = make_term(e->factors.least, work->block.centre, &sources[n], work->cell_m);
    for (int64_t n = 0; n < count; n++) {
        if (experiment_sources_differ(e, &work->block.panel->sensor, work->source, &sources[n]))
            set_source_factor(e, &work->block, &sources[n], work->factor);
        work->source = &sources[n];
        add_term_by_shape(scene, &sources[n], terms[n], work);
    }
}

/* Terms of one block of terms. */
INLINED void add_terms(const Scene *scene, Range terms, Work *work) {
    const Experiment *e = scene->experiment;
    const int64_t sources = e->beam.source_count, phi_steps = e->sampling.phi_steps;
    for (int i = 0; i < PIXELS; i++) work->sums[i] = 0.0f;
    for (int64_t t = terms.begin, end; t < terms.end; t = end) { /* sources come first in the order of terms */
        const int64_t number = t / sources, next = (number + 1) * sources;
        end = next < terms.end ? next : terms.end;
        if (work->number != number)
            work->cell_m = crystal_domain(&e->crystal, scene->frame->cells_m[number % phi_steps], number / phi_steps);
        work->number = number;
        set_lattice(&work->block, work->cell_m, &work->lattice);
        add_sources(scene, &e->beam.sources[t % sources], end - t, work);
    }
}

/* The background in double precision: once for every source. */
static void add_background(const Experiment *e, const Block *block, int i, DoubleDouble *sum) {
    const double times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count;
    const Vec3 offset = vec3((double)block->x[i], (double)block->y[i], (double)block->z[i]);
    const Vec3 diffracted = vec3_unit(vec3_add(block->centre, offset));
    const Sensor *sensor = &block->panel->sensor;
    double all = 0.0;
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        const double s = vec3_length(vec3_subtract(diffracted, source->direction)) / source->wavelength_m;
        double added = source->weight * background_squared(&e->background, 0.5 * s);
        if (e->beam.polarization_correction)
            added *= beam_polarization_factor(e->beam.polarization_kahn, source, diffracted);
        if (sensor->by_wavelength)
            added *= sensor_capture(sensor_layer(sensor), block->layer, source->absorption_per_m,
                                    panel_cosine(block->panel, diffracted));
        all += added;
    }
    *sum = double_double_add(*sum, times * (double)block->weight[i] * all);
}

/* -------------------------------------------------------------------------------------------------------- pixels */

/* The part of a block of pixels that lies in a tile of their panel: begin..end-1 of its rows and columns. */
typedef struct Overlap {
    int row_begin, row_end, column_begin, column_end;
} Overlap;

static int clip(int64_t x, int greatest) {
    return x < 0 ? 0 : x > greatest ? greatest : (int)x;
}

static Overlap overlap_of(int64_t slow, int64_t fast, Tile tile) {
    return (Overlap){clip(tile.slow - slow, BLOCK_SLOW), clip(tile.slow + tile.slow_pixels - slow, BLOCK_SLOW),
                     clip(tile.fast - fast, BLOCK_FAST), clip(tile.fast + tile.fast_pixels - fast, BLOCK_FAST)};
}

/* Adds the block's values to the sums of those of its pixels that lie in the tile; @p sums is where pixel 0 of the
 * block would be. */
INLINED void store(const Work *work, Overlap overlap, double scale, int64_t width, DoubleDouble *sums) {
    for (int row = overlap.row_begin; row < overlap.row_end; row++) {
        const float *weight = &work->block.weight[row * BLOCK_FAST], *value = &work->sums[row * BLOCK_FAST];
        DoubleDouble *sum = sums + row * width;
        for (int column = overlap.column_begin; column < overlap.column_end; column++)
            sum[column] = double_double_add(sum[column], scale * (double)(weight[column] * value[column]));
    }
}

static void store_background(const Experiment *e, const Block *block, Overlap overlap, int64_t width,
                             DoubleDouble *sums) {
    for (int row = overlap.row_begin; row < overlap.row_end; row++)
        for (int column = overlap.column_begin; column < overlap.column_end; column++)
            add_background(e, block, row * BLOCK_FAST + column, &sums[row * width + column]);
}

static void add_pixels(const Scene *scene, int64_t slow, int64_t fast, Tile tile, Range blocks, Work *work,
                       DoubleDouble *sums) {
    const Experiment *e = scene->experiment;
    const int64_t all = experiment_terms(e);
    const Overlap overlap = overlap_of(slow, fast, tile);
    DoubleDouble *origin = sums + (slow - tile.slow) * tile.fast_pixels + (fast - tile.fast);
    for (int sub_s = 0; sub_s < e->sampling.oversample; sub_s++)
        for (int sub_f = 0; sub_f < e->sampling.oversample; sub_f++)
            for (int layer = 0; layer < work->block.panel->sensor.layers; layer++) {
                set_block(e, slow, fast, sub_s, sub_f, layer, &work->block);
                work->source = NULL;
                if (blocks.begin == 0 && e->background.molecules > 0.0)
                    store_background(e, &work->block, overlap, tile.fast_pixels, origin);
                for (int64_t block = blocks.begin; block < blocks.end; block++) {
                    const int64_t begin = block * KERNEL_BLOCK_TERMS, end = begin + KERNEL_BLOCK_TERMS;
                    add_terms(scene, (Range){begin, end < all ? end : all}, work);
                    store(work, overlap, scene->scale, tile.fast_pixels, origin);
                }
            }
}

/* The tile as seen from its panel, whose blocks of pixels come next. */
static Tile begin_tile(const Experiment *e, Tile tile, Work *work) {
    work->number = -1;
    for (int i = 0; i < PIXELS; i++) work->by_source.place[i] = -1;
    work->block.panel = detector_panel_at(&e->detector, tile.slow, tile.fast);
    return panel_tile(work->block.panel, tile);
}

void KERNEL_VARIANT(kernel32_accumulate)(const Experiment *e, const Frame *frame, Tile tile, Range blocks,
                                         DoubleDouble *sums) {
    const Scene scene = make_scene(e, frame);
    Work work;
    const Tile own = begin_tile(e, tile, &work);
    const int64_t first_slow = own.slow / BLOCK_SLOW * BLOCK_SLOW, first_fast = own.fast / BLOCK_FAST * BLOCK_FAST;
    for (int64_t slow = first_slow; slow < own.slow + own.slow_pixels; slow += BLOCK_SLOW)
        for (int64_t fast = first_fast; fast < own.fast + own.fast_pixels; fast += BLOCK_FAST)
            add_pixels(&scene, slow, fast, own, blocks, &work, sums);
}

/* ----------------------------------------------------------------------------------------- images without sums */

/* As store and the conversion to photons would round it. */
INLINED void store_photons(const Work *work, Overlap overlap, double scale, double photons, int64_t width,
                           float *expected) {
    for (int row = overlap.row_begin; row < overlap.row_end; row++) {
        const float *weight = &work->block.weight[row * BLOCK_FAST], *value = &work->sums[row * BLOCK_FAST];
        float *pixel = expected + row * width;
        for (int column = overlap.column_begin; column < overlap.column_end; column++)
            pixel[column] = (float)(photons * (scale * (double)(weight[column] * value[column])));
    }
}

void KERNEL_VARIANT(kernel32_expected)(const Experiment *e, const Frame *frame, Tile tile, double photons,
                                       float *expected, int64_t width) {
    const Scene scene = make_scene(e, frame);
    Work work;
    const Tile own = begin_tile(e, tile, &work);
    const int64_t first_slow = own.slow / BLOCK_SLOW * BLOCK_SLOW, first_fast = own.fast / BLOCK_FAST * BLOCK_FAST;
    for (int64_t slow = first_slow; slow < own.slow + own.slow_pixels; slow += BLOCK_SLOW)
        for (int64_t fast = first_fast; fast < own.fast + own.fast_pixels; fast += BLOCK_FAST) {
            set_block(e, slow, fast, 0, 0, 0, &work.block);
            work.source = NULL;
            add_terms(&scene, (Range){0, experiment_terms(e)}, &work);
            store_photons(&work, overlap_of(slow, fast, own), scene.scale, photons, width,
                          expected + (slow - own.slow) * width + (fast - own.fast));
        }
}
