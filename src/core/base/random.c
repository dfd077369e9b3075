#include "base/random.h"

#include <Random123/philox.h>
#include <stdbool.h>
#include <stdint.h>

void random_uniform4(uint64_t seed, RandomStream stream, uint64_t index, uint64_t sub_index, uint64_t draw,
                     double *uniform) {
    const philox4x64_ctr_t counter = {{draw, sub_index, index, 0}};
    const philox4x64_key_t key = {{seed, (uint64_t)stream}};
    const philox4x64_ctr_t bits = philox4x64(counter, key);
    for (int i = 0; i < 4; i++) uniform[i] = ((double)(bits.v[i] >> 11) + 0.5) * (1.0 / 9007199254740992.0);
}

Mat3 random_rotation(uint64_t seed, RandomStream stream, uint64_t index) {
    double u[4];
    random_uniform4(seed, stream, index, 0, 0, u);
    const double r1 = sqrt(1.0 - u[0]), r2 = sqrt(u[0]);
    const double t1 = 2.0 * PI * u[1], t2 = 2.0 * PI * u[2];
    return mat3_of_quaternion(r2 * cos(t2), r1 * sin(t1), r1 * cos(t1), r2 * sin(t2));
}

Vec3 random_normal3(uint64_t seed, RandomStream stream, uint64_t index) {
    double u[4];
    random_uniform4(seed, stream, index, 0, 0, u);
    const double r1 = sqrt(-2.0 * log(u[0])), r2 = sqrt(-2.0 * log(u[2]));
    return vec3(r1 * cos(2.0 * PI * u[1]), r1 * sin(2.0 * PI * u[1]), r2 * cos(2.0 * PI * u[3]));
}

double random_normal(uint64_t seed, RandomStream stream, uint64_t index, uint64_t sub_index) {
    double u[4];
    random_uniform4(seed, stream, index, sub_index, 0, u);
    return sqrt(-2.0 * log(u[0])) * cos(2.0 * PI * u[1]);
}

/* ln k! - (k ln k - k), for k >= 1: Stirling's series (Abramowitz & Stegun 6.1.41), to 1e-12 from k = 10. */
static double stirling_rest(double k) {
    const double r = 1.0 / k, r2 = r * r;
    return 0.5 * log(2.0 * PI * k) + r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 / 1680)));
}

/* ln of the Poisson probability of k for the mean. Written so that two large numbers are not subtracted. */
static double log_poisson(double k, double mean) {
    static const double factorial[10] = {1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880};
    if (k < 10) return k * log(mean) - mean - log(factorial[(int)k]);
    return k * log(mean / k) + (k - mean) - stirling_rest(k);
}

static int32_t poisson_by_inversion(double mean, double uniform) {
    double probability = exp(-mean), cumulated = probability;
    int32_t k = 0;
    while (uniform > cumulated && k < 1000) {
        k++;
        probability *= mean / k;
        cumulated += probability;
    }
    return k;
}

int32_t random_poisson(uint64_t seed, uint64_t frame, uint64_t pixel, double mean) {
    double u[4];
    if (!(mean > 0.0)) return 0;
    if (mean > 2.2e9) return INT32_MAX; /* 1000 standard deviations above saturation */
    if (mean < 10.0) {
        random_uniform4(seed, RANDOM_COUNTING, frame, pixel, 0, u);
        return poisson_by_inversion(mean, u[0]);
    }
    const double b = 0.931 + 2.53 * sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double squeeze = 0.9277 - 3.6224 / (b - 2.0);
    for (uint64_t draw = 0;; draw++) {
        random_uniform4(seed, RANDOM_COUNTING, frame, pixel, draw / 2, u);
        const double x = u[2 * (draw % 2)] - 0.5, v = u[2 * (draw % 2) + 1];
        const double tail = 0.5 - fabs(x);
        const double k = floor((2.0 * a / tail + b) * x + mean + 0.43);
        if (k < 0.0 || (tail < 0.013 && v > tail)) continue;
        const bool quick = tail >= 0.07 && v <= squeeze;
        if (quick || log(v * inverse_alpha / (a / (tail * tail) + b)) <= log_poisson(k, mean))
            return k < (double)INT32_MAX ? (int32_t)k : INT32_MAX;
    }
}

/* Park & Miller's x -> 16807 x mod (2^31 - 1); the products fit into 64 bits. */
enum { PARK_MILLER_MULTIPLIER = 16807, PARK_MILLER_MODULUS = 2147483647, SHUFFLE_ENTRIES = 32 };

static int64_t park_miller(int64_t state) {
    return state * PARK_MILLER_MULTIPLIER % PARK_MILLER_MODULUS;
}

NanobraggRandom nanobragg_random(int64_t seed) {
    NanobraggRandom random = {.state = seed < 1 ? 1 : seed};
    for (int entry = SHUFFLE_ENTRIES + 7; entry >= 0; entry--) {
        random.state = park_miller(random.state);
        if (entry < SHUFFLE_ENTRIES) random.table[entry] = random.state;
    }
    random.last = random.table[0];
    return random;
}

float nanobragg_random_next(NanobraggRandom *random) {
    random->state = park_miller(random->state);
    const int64_t entry = random->last / (1 + (PARK_MILLER_MODULUS - 1) / SHUFFLE_ENTRIES);
    random->last = random->table[entry];
    random->table[entry] = random->state;
    const float deviate = (float)((1.0 / PARK_MILLER_MODULUS) * (double)random->last);
    const double greatest = 1.0 - 1.2e-7;
    return (double)deviate > greatest ? (float)greatest : deviate;
}

Mat3 nanobragg_random_rotation(NanobraggRandom *random, float width) {
    const double r1 = 2.0 * (double)nanobragg_random_next(random) - 1.0;
    const double r2 = 2.0 * (double)nanobragg_random_next(random) - 1.0;
    const double r3 = 2.0 * (double)nanobragg_random_next(random) - 1.0;
    const double across = sqrt(1.0 - r2 * r2);
    const Vec3 axis = vec3(across * sin(PI * r1), across * cos(PI * r1), r2);
    /* for a width of 90 radians one float32 ulp of the angle shows: float32 here as nanoBragg has it */
    const float angle = width * powf((float)(1.0 - r3 * r3), (float)(1.0 / 3.0));
    return mat3_rotation_about(axis, (double)angle);
}

Vec3 misset_of_rotation(Mat3 m) {
    const Vec3 z = m.row[2];
    return vec3(atan2(z.y, z.z), atan2(-z.x, hypot(z.y, z.z)), atan2(m.row[1].x, m.row[0].x));
}
