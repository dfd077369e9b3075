#include "kernel_variants.h"

#include "kernel.h"
#include "sensor.h"
#include "shape.h"

/* Blocks of pixels share a centre, at which the Miller indices are known in double precision. They are anchored to the
 * detector's pixel (0,0), so that a pixel's value does not depend on how tiles are cut. */
enum { BLOCK_SLOW = 8, BLOCK_FAST = 32, PIXELS = BLOCK_SLOW * BLOCK_FAST };

#define INLINED static inline __attribute__((always_inline))

/* The sub-pixels of a block of pixels, seen from its centre. */
typedef struct Block {
    Vec3 centre;                           /* unit vector of the diffracted beam at the centre */
    float x[PIXELS], y[PIXELS], z[PIXELS]; /* diffracted beam minus that */
    float weight[PIXELS];                  /* solid angle (sr) x capture */
    int layer;
} Block;

/* What the loop over pixels needs of a term. */
typedef struct Term {
    float h, k, l;        /* fraction of the Miller indices at the centre */
    float per_wavelength; /* 1e-10 m / lambda */
    float first[3];       /* place of the nearest reflection at the centre in the padded table */
    float weight;         /* of the source */
} Term;

/* Miller indices of a lattice relative to the centre, times the wavelength in 1e-10 m. */
typedef struct Lattice {
    float h[PIXELS], k[PIXELS], l[PIXELS];
} Lattice;

/* a b + c, in one rounding where the machine has an instruction for it. Written out, and with the compiler's own
 * contraction off, so that every set of instructions that has it, and every compiler, gives the same bits. */
INLINED float fused(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/* u.v for float components. */
INLINED float dot(float ux, float uy, float uz, float vx, float vy, float vz) {
    return fused(ux, vx, fused(uy, vy, uz * vz));
}

/* Nearest whole number, |x| < 2^22. */
INLINED float nearest(float x) {
    const float shift = 12582912.0f; /* 1.5 x 2^23 */
    return (x + shift) - shift;
}

/* sin(pi x), |x| <= 1/2: odd polynomial of degree 9, minimax in the relative error, 5e-9 before rounding. */
INLINED float sin_pi(float x) {
    const float y = x * x;
    float s = 0.07756038696f;
    s = fused(s, y, -0.5982421264f);
    s = fused(s, y, 2.550069726f);
    s = fused(s, y, -5.167709685f);
    s = fused(s, y, 3.141592637f);
    return s * x;
}

/* sin(pi N x) / sin(pi x), x from a whole number; N where the quotient would be 0 / 0. */
typedef struct Quotient {
    float top, bottom;
} Quotient;

INLINED Quotient interference(float offset, float cells) {
    const float x = fabsf(offset) < 1e-9f ? 1e-9f : offset; /* the limit N comes out without a branch */
    const float phase = cells * x;
    return (Quotient){sin_pi(phase - nearest(phase)), sin_pi(x)};
}

/* ------------------------------------------------------------------------------------------------- pixels of a block
 */

/* Direction and solid angle without subtracting what is nearly equal: with p the way from the centre over the centre's
 * distance r, and u = 2 d_c.p + p.p, the distance is r sqrt(1 + u) and
 * d - d_c = p / sqrt(1 + u) - d_c u / (sqrt(1 + u) (1 + sqrt(1 + u))). */
INLINED void set_flat_block(const Experiment *e, Vec3 centre_m, Block *block) {
    const Detector *detector = &e->detector;
    const double r = vec3_length(centre_m), pixel = detector->pixel_size_m;
    const Vec3 d = vec3_scale(1.0 / r, centre_m);
    const float step = (float)(pixel / r), sr = (float)(pixel * pixel / (r * r));
    const float along_fast = (float)vec3_dot(d, detector->fast), along_slow = (float)vec3_dot(d, detector->slow);
    const float skew = (float)vec3_dot(detector->fast, detector->slow);
    const float cosine = (float)vec3_dot(d, detector->normal);
    const float lean_fast = (float)vec3_dot(detector->fast, detector->normal);
    const float lean_slow = (float)vec3_dot(detector->slow, detector->normal);
    const float fx = (float)detector->fast.x, fy = (float)detector->fast.y, fz = (float)detector->fast.z;
    const float sx = (float)detector->slow.x, sy = (float)detector->slow.y, sz = (float)detector->slow.z;
    const float cx = (float)d.x, cy = (float)d.y, cz = (float)d.z;
    const float oblique = detector->point_pixel ? 0.0f : 1.0f;
    block->centre = d;
    for (int row = 0; row < BLOCK_SLOW; row++) {
        const float s = step * ((float)row - 0.5f * (BLOCK_SLOW - 1));
#pragma omp simd
        for (int column = 0; column < BLOCK_FAST; column++) {
            const int i = row * BLOCK_FAST + column;
            const float f = step * ((float)column - 0.5f * (BLOCK_FAST - 1));
            const float along = 2.0f * fused(f, along_fast, s * along_slow);
            const float u = along + fused(f, f, fused(s, s, 2.0f * f * s * skew));
            const float root = sqrtf(1.0f + u), inverse = 1.0f / root;
            const float shrink = u * inverse / (1.0f + root);
            block->x[i] = fused(fused(f, fx, s * sx), inverse, -cx * shrink);
            block->y[i] = fused(fused(f, fy, s * sy), inverse, -cy * shrink);
            block->z[i] = fused(fused(f, fz, s * sz), inverse, -cz * shrink);
            const float lean = fabsf(fused(f, lean_fast, fused(s, lean_slow, cosine))) * inverse;
            block->weight[i] = sr * inverse * inverse * (oblique > 0.0f ? lean : 1.0f);
        }
    }
}

/* The same for a detector that is not flat, in double precision. */
static void set_curved_block(const Experiment *e, double slow_m, double fast_m, double depth_m, Block *block) {
    const Detector *detector = &e->detector;
    const double pixel = detector->pixel_size_m;
    block->centre = vec3_unit(detector_position(detector, fast_m, slow_m, depth_m));
    for (int i = 0; i < PIXELS; i++) {
        const double s = slow_m + pixel * (i / BLOCK_FAST - 0.5 * (BLOCK_SLOW - 1));
        const double f = fast_m + pixel * (i % BLOCK_FAST - 0.5 * (BLOCK_FAST - 1));
        const Vec3 position = detector_position(detector, f, s, depth_m), direction = vec3_unit(position);
        const Vec3 offset = vec3_subtract(direction, block->centre);
        block->x[i] = (float)offset.x;
        block->y[i] = (float)offset.y;
        block->z[i] = (float)offset.z;
        const double cosine = detector->point_pixel ? 1.0 : detector_cosine(detector, direction);
        block->weight[i] = (float)(pixel * pixel / vec3_dot(position, position) * cosine);
    }
}

/* Fraction that the layer stops at each pixel, for one absorption coefficient. */
static void multiply_by_capture(const Experiment *e, const Block *block, double absorption_per_m, float *values) {
    const Detector *detector = &e->detector;
    const double layer_m = detector->sensor_thickness_m / detector->sensor_layers;
    for (int i = 0; i < PIXELS; i++) {
        const Vec3 offset = vec3((double)block->x[i], (double)block->y[i], (double)block->z[i]);
        const double cosine = detector_cosine(detector, vec3_add(block->centre, offset));
        values[i] *= (float)sensor_capture(layer_m, block->layer, absorption_per_m, cosine);
    }
}

INLINED void set_block(const Experiment *e, int64_t slow, int64_t fast, int sub_s, int sub_f, int layer, Block *block) {
    const Detector *detector = &e->detector;
    const double pixel = detector->pixel_size_m, oversample = e->sampling.oversample;
    /* the sub-pixels' own centre: the middle of the block moved by the sub-pixel's offset */
    const double s_m = pixel * ((double)slow + 0.5 * (BLOCK_SLOW - 1) + (sub_s + 0.5) / oversample);
    const double f_m = pixel * ((double)fast + 0.5 * (BLOCK_FAST - 1) + (sub_f + 0.5) / oversample);
    const double depth_m = sensor_depth(detector, layer);
    block->layer = layer;
    if (detector->curved)
        set_curved_block(e, s_m, f_m, depth_m, block);
    else
        set_flat_block(e, detector_position(detector, f_m, s_m, depth_m), block);
    if (detector->sensor_thickness_m > 0.0 && !detector->sensor_by_wavelength)
        multiply_by_capture(e, block, detector->sensor_absorption_per_m, block->weight);
}

/* ------------------------------------------------------------------------------------------------- terms */

INLINED void set_lattice(const Block *block, Mat3 cell_m, Lattice *lattice) {
    const float scale = 1e10f;
    const float ax = scale * (float)cell_m.row[0].x, ay = scale * (float)cell_m.row[0].y;
    const float az = scale * (float)cell_m.row[0].z, bx = scale * (float)cell_m.row[1].x;
    const float by = scale * (float)cell_m.row[1].y, bz = scale * (float)cell_m.row[1].z;
    const float cx = scale * (float)cell_m.row[2].x, cy = scale * (float)cell_m.row[2].y;
    const float cz = scale * (float)cell_m.row[2].z;
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float x = block->x[i], y = block->y[i], z = block->z[i];
        lattice->h[i] = dot(ax, ay, az, x, y, z);
        lattice->k[i] = dot(bx, by, bz, x, y, z);
        lattice->l[i] = dot(cx, cy, cz, x, y, z);
    }
}

/* Miller index at the centre in double precision: its fraction, and the nearest reflection's place in the padded table.
 */
INLINED float fraction_at_centre(Vec3 edge_m, Vec3 scattering_per_m, int32_t least, float *first) {
    const double index = vec3_dot(edge_m, scattering_per_m), whole = shape_nearest(index);
    *first = (float)(whole - least + 1.0);
    return (float)(index - whole);
}

INLINED Term make_term(const Experiment *e, const Block *block, const Source *source, Mat3 cell_m) {
    const Vec3 scattering = vec3_scale(1.0 / source->wavelength_m, vec3_subtract(block->centre, source->direction));
    const int32_t *least = e->factors.least;
    Term term = {.per_wavelength = (float)(1e-10 / source->wavelength_m), .weight = (float)source->weight};
    term.h = fraction_at_centre(cell_m.row[0], scattering, least[0], &term.first[0]);
    term.k = fraction_at_centre(cell_m.row[1], scattering, least[1], &term.first[1]);
    term.l = fraction_at_centre(cell_m.row[2], scattering, least[2], &term.first[2]);
    return term;
}

INLINED float within(float x, float greatest) {
    const float low = x < 0.0f ? 0.0f : x;
    return low > greatest ? greatest : low;
}

/* e^-x for x >= 0, to 2e-7: 2^f by its series, |f| <= 1/2, and the whole power of two into the exponent's bits. */
INLINED float exp_negative(float x) {
    union {
        int32_t bits;
        float value;
    } power;
    const float y = x < 86.0f ? x * -1.44269504f : -124.0f, n = nearest(y), f = y - n;
    float s = 1.54035304e-4f; /* (ln 2)^k / k! */
    s = fused(s, f, 1.33335581e-3f);
    s = fused(s, f, 9.61812911e-3f);
    s = fused(s, f, 5.55041087e-2f);
    s = fused(s, f, 2.40226507e-1f);
    s = fused(s, f, 6.93147181e-1f);
    s = fused(s, f, 1.0f);
    power.bits = ((int32_t)n + 127) * (1 << 23);
    return power.value * s;
}

/* The shape of a spot: the numbers of cells, or the form q and the height of a Gaussian, height x exp(-q(dh, dk, dl)).
 */
typedef struct Spot {
    float cells[3];
    float form[6]; /* of dh^2, dk^2, dl^2, dh dk, dk dl, dl dh */
    float height;
} Spot;

INLINED Spot make_spot(const Crystal *crystal) {
    Spot spot;
    double form[6], height = 0.0;
    shape_gauss_form(crystal, form, &height);
    for (int i = 0; i < 3; i++) spot.cells[i] = (float)crystal->cells[i];
    for (int i = 0; i < 6; i++) spot.form[i] = (float)form[i];
    spot.height = (float)height;
    return spot;
}

INLINED float gauss_squared(const Spot *spot, float dh, float dk, float dl) {
    const float *g = spot->form;
    const float along_h = dh * fused(g[0], dh, fused(g[3], dk, g[5] * dl));
    return spot->height * exp_negative(fused(dk, fused(g[1], dk, g[4] * dl), fused(g[2] * dl, dl, along_h)));
}

INLINED float square_squared(const Spot *spot, float dh, float dk, float dl) {
    const Quotient a = interference(dh, spot->cells[0]), b = interference(dk, spot->cells[1]);
    const Quotient c = interference(dl, spot->cells[2]);
    const float amplitude = (a.top * b.top * c.top) / (a.bottom * b.bottom * c.bottom);
    return amplitude * amplitude;
}

/* |F_cell F_latt|^2 of a square or Gaussian crystal at every pixel, times its weight, added. */
INLINED void add_fast_term(const Lattice *lattice, Term term, const Spot *spot, bool gauss,
                           const StructureFactors *factors, bool has_table, const float *factor, float *sums) {
    const float *table = factors->table;
    const float last_h = (float)factors->count[0] + 1.0f, last_k = (float)factors->count[1] + 1.0f;
    const float last_l = (float)factors->count[2] + 1.0f;
    const int32_t row = factors->count[1] + 2, column = factors->count[2] + 2;
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float h = fused(term.per_wavelength, lattice->h[i], term.h);
        const float k = fused(term.per_wavelength, lattice->k[i], term.k);
        const float l = fused(term.per_wavelength, lattice->l[i], term.l);
        const float h0 = nearest(h), k0 = nearest(k), l0 = nearest(l);
        const float shape =
            gauss ? gauss_squared(spot, h - h0, k - k0, l - l0) : square_squared(spot, h - h0, k - k0, l - l0);
        float squared = shape * term.weight;
        if (has_table) {
            const int32_t place =
                ((int32_t)within(h0 + term.first[0], last_h) * row + (int32_t)within(k0 + term.first[1], last_k)) *
                    column +
                (int32_t)within(l0 + term.first[2], last_l);
            squared *= table[place];
        }
        sums[i] = fused(squared, factor[i], sums[i]);
    }
}

/* The same for the other shapes and for interpolated structure factors: the oracle's functions at the float's indices.
 */
static void add_other_term(const Experiment *e, const Lattice *lattice, Term term, const float *factor, float *sums) {
    const StructureFactors *factors = &e->factors;
    for (int i = 0; i < PIXELS; i++) {
        const double h =
            (double)(term.h + term.per_wavelength * lattice->h[i]) + (double)term.first[0] - 1.0 + factors->least[0];
        const double k =
            (double)(term.k + term.per_wavelength * lattice->k[i]) + (double)term.first[1] - 1.0 + factors->least[1];
        const double l =
            (double)(term.l + term.per_wavelength * lattice->l[i]) + (double)term.first[2] - 1.0 + factors->least[2];
        const double f = e->sampling.interpolate
                             ? structure_factor_tricubic(factors, h, k, l)
                             : structure_factor(factors, ceil(h - 0.5), ceil(k - 0.5), ceil(l - 0.5));
        const double squared = f * f * shape_squared(&e->crystal, h, k, l);
        sums[i] += (float)squared * term.weight * factor[i];
    }
}

/* Kahn's factor, the capture where it depends on the wavelength, and the resolution limit: what a source does to every
 * pixel whatever the crystal's orientation. */
INLINED void set_source_factor(const Experiment *e, const Block *block, const Source *source, float *factor) {
    const float kahn = (float)e->beam.polarization_kahn, on = e->beam.polarization_correction ? 1.0f : 0.0f;
    const Vec3 centre = block->centre, incident = source->direction, electric = source->electric;
    const Vec3 magnetic = source->magnetic;
    const float along_centre = (float)vec3_dot(incident, centre), e_centre = (float)vec3_dot(electric, centre);
    const float b_centre = (float)vec3_dot(magnetic, centre);
    const float ix = (float)incident.x, iy = (float)incident.y, iz = (float)incident.z;
    const float ex = (float)electric.x, ey = (float)electric.y, ez = (float)electric.z;
    const float bx = (float)magnetic.x, by = (float)magnetic.y, bz = (float)magnetic.z;
#pragma omp simd
    for (int i = 0; i < PIXELS; i++) {
        const float x = block->x[i], y = block->y[i], z = block->z[i];
        const float along = along_centre + dot(ix, iy, iz, x, y, z);
        const float p = e_centre + dot(ex, ey, ez, x, y, z), q = b_centre + dot(bx, by, bz, x, y, z);
        const float polarized = 0.5f * fused(along, along, fused(kahn, fused(q, q, -p * p), 1.0f));
        factor[i] = fused(on, polarized - 1.0f, 1.0f);
    }
    if (e->detector.sensor_by_wavelength) multiply_by_capture(e, block, source->absorption_per_m, factor);
    if (!(e->sampling.dmin_m > 0.0)) return;
    const double least = source->wavelength_m / e->sampling.dmin_m; /* of |diffracted - incident| */
    for (int i = 0; i < PIXELS; i++) {
        const Vec3 offset = vec3((double)block->x[i], (double)block->y[i], (double)block->z[i]);
        const Vec3 s = vec3_subtract(vec3_add(centre, offset), incident);
        if (vec3_dot(s, s) > least * least) factor[i] = 0.0f;
    }
}

/* Crystals whose steps are computed side by side. */
static bool is_fast(const Experiment *e) {
    return (e->crystal.shape == SHAPE_SQUARE || e->crystal.shape == SHAPE_GAUSS) && !e->sampling.interpolate;
}

static bool sources_differ(const Experiment *e, const Source *a, const Source *b) {
    if (a == NULL) return true;
    const bool turned =
        a->direction.x != b->direction.x || a->direction.y != b->direction.y || a->direction.z != b->direction.z;
    const bool by_wavelength = e->detector.sensor_by_wavelength || e->sampling.dmin_m > 0.0;
    return turned || (by_wavelength && a->wavelength_m != b->wavelength_m);
}

/* Work space of one block of pixels, in the first-level cache. */
typedef struct Work {
    Block block;
    Lattice lattice;
    float factor[PIXELS], sums[PIXELS];
    const Source *source; /* that the factor is of */
} Work;

INLINED void add_terms(const Experiment *e, const Frame *frame, Range terms, Work *work) {
    const int64_t sources = e->beam.source_count, phi_steps = e->sampling.phi_steps;
    const Spot spot = make_spot(&e->crystal);
    const bool fast = is_fast(e), gauss = e->crystal.shape == SHAPE_GAUSS, has_table = e->factors.table != NULL;
    Mat3 cell_m = {{{0}}};
    for (int i = 0; i < PIXELS; i++) work->sums[i] = 0.0f;
    for (int64_t t = terms.begin; t < terms.end; t++) {
        const Source *source = &e->beam.sources[t % sources];
        const int64_t number = t / sources;
        if (t == terms.begin || t % sources == 0) { /* sources come first in the order of terms: the lattice lasts */
            cell_m = crystal_domain(&e->crystal, frame->cells_m[number % phi_steps], number / phi_steps);
            set_lattice(&work->block, cell_m, &work->lattice);
        }
        if (sources_differ(e, work->source, source)) set_source_factor(e, &work->block, source, work->factor);
        work->source = source;
        const Term term = make_term(e, &work->block, source, cell_m);
        if (!fast)
            add_other_term(e, &work->lattice, term, work->factor, work->sums);
        else if (gauss && has_table)
            add_fast_term(&work->lattice, term, &spot, true, &e->factors, true, work->factor, work->sums);
        else if (gauss)
            add_fast_term(&work->lattice, term, &spot, true, &e->factors, false, work->factor, work->sums);
        else if (has_table)
            add_fast_term(&work->lattice, term, &spot, false, &e->factors, true, work->factor, work->sums);
        else
            add_fast_term(&work->lattice, term, &spot, false, &e->factors, false, work->factor, work->sums);
    }
}

/* The background in double precision: once for every source. */
static void add_background(const Experiment *e, const Block *block, int i, DoubleDouble *sum) {
    const double times = (double)e->sampling.phi_steps * (double)e->crystal.domain_count;
    const Vec3 offset = vec3((double)block->x[i], (double)block->y[i], (double)block->z[i]);
    const Vec3 diffracted = vec3_unit(vec3_add(block->centre, offset));
    const Detector *detector = &e->detector;
    const double layer_m = detector->sensor_thickness_m / detector->sensor_layers;
    double all = 0.0;
    for (int64_t n = 0; n < e->beam.source_count; n++) {
        const Source *source = &e->beam.sources[n];
        const double s = vec3_length(vec3_subtract(diffracted, source->direction)) / source->wavelength_m;
        double added = source->weight * background_squared(&e->background, 0.5 * s);
        if (e->beam.polarization_correction)
            added *= beam_polarization_factor(e->beam.polarization_kahn, source, diffracted);
        if (detector->sensor_by_wavelength)
            added *=
                sensor_capture(layer_m, block->layer, source->absorption_per_m, detector_cosine(detector, diffracted));
        all += added;
    }
    *sum = double_double_add(*sum, times * (double)block->weight[i] * all);
}

/* The part of a block of pixels that lies in a tile: begin..end-1 of its rows and columns. */
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
            sum[column] = double_double_add(sum[column], scale * (double)weight[column] * (double)value[column]);
    }
}

static void store_background(const Experiment *e, const Block *block, Overlap overlap, int64_t width,
                             DoubleDouble *sums) {
    for (int row = overlap.row_begin; row < overlap.row_end; row++)
        for (int column = overlap.column_begin; column < overlap.column_end; column++)
            add_background(e, block, row * BLOCK_FAST + column, &sums[row * width + column]);
}

static void add_pixels(const Experiment *e, const Frame *frame, int64_t slow, int64_t fast, Tile tile, Range blocks,
                       DoubleDouble *sums) {
    const int64_t all = experiment_terms(e);
    const double scale = is_fast(e) && e->factors.table == NULL ? e->factors.default_f * e->factors.default_f : 1.0;
    const Overlap overlap = overlap_of(slow, fast, tile);
    DoubleDouble *origin = sums + (slow - tile.slow) * tile.fast_pixels + (fast - tile.fast);
    Work work;
    for (int sub_s = 0; sub_s < e->sampling.oversample; sub_s++)
        for (int sub_f = 0; sub_f < e->sampling.oversample; sub_f++)
            for (int layer = 0; layer < e->detector.sensor_layers; layer++) {
                set_block(e, slow, fast, sub_s, sub_f, layer, &work.block);
                work.source = NULL;
                if (blocks.begin == 0 && e->background.molecules > 0.0)
                    store_background(e, &work.block, overlap, tile.fast_pixels, origin);
                for (int64_t block = blocks.begin; block < blocks.end; block++) {
                    const int64_t begin = block * KERNEL_BLOCK_TERMS, end = begin + KERNEL_BLOCK_TERMS;
                    add_terms(e, frame, (Range){begin, end < all ? end : all}, &work);
                    store(&work, overlap, scale, tile.fast_pixels, origin);
                }
            }
}

void KERNEL_VARIANT(kernel32_accumulate)(const Experiment *e, const Frame *frame, Tile tile, Range blocks,
                                         DoubleDouble *sums) {
    const int64_t first_slow = tile.slow / BLOCK_SLOW * BLOCK_SLOW;
    const int64_t first_fast = tile.fast / BLOCK_FAST * BLOCK_FAST;
    for (int64_t slow = first_slow; slow < tile.slow + tile.slow_pixels; slow += BLOCK_SLOW)
        for (int64_t fast = first_fast; fast < tile.fast + tile.fast_pixels; fast += BLOCK_FAST)
            add_pixels(e, frame, slow, fast, tile, blocks, sums);
}
