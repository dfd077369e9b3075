#include "base/sha256.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8, DIGEST_WORDS = 8, FILE_PIECE_BYTES = 1 << 14 };

/* The digest of the bytes so far; `block` holds those that do not fill a block yet. */
typedef struct Sha256 {
    uint32_t word[DIGEST_WORDS];
    uint64_t bytes;
    uint8_t block[BLOCK_BYTES];
} Sha256;

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* FIPS 180-4, 5.3.3: from the square roots of the first eight primes. */
static Sha256 sha256_start(void) {
    return (Sha256){
        .word = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static inline uint32_t rotate_right(uint32_t word, int bits) {
    return (word >> bits) | (word << (32 - bits));
}

static uint32_t big_endian_word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The message schedule W of FIPS 180-4, 6.2.2 step 1. */
static void expand(const uint8_t *block, uint32_t *schedule) {
    for (int t = 0; t < 16; t++) schedule[t] = big_endian_word(block + (ptrdiff_t)4 * t);
    for (int t = 16; t < 64; t++) {
        const uint32_t w2 = schedule[t - 2], w15 = schedule[t - 15];
        const uint32_t sigma1 = rotate_right(w2, 17) ^ rotate_right(w2, 19) ^ (w2 >> 10);
        const uint32_t sigma0 = rotate_right(w15, 7) ^ rotate_right(w15, 18) ^ (w15 >> 3);
        schedule[t] = sigma1 + schedule[t - 7] + sigma0 + schedule[t - 16];
    }
}

/* FIPS 180-4, 6.2.2 steps 2 to 4; v[0..7] are its working variables a..h. */
static void compress(Sha256 *sha, const uint8_t *block) {
    uint32_t schedule[64], v[DIGEST_WORDS];
    expand(block, schedule);
    memcpy(v, sha->word, sizeof v);
    for (int t = 0; t < 64; t++) {
        const uint32_t sum1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t first = v[7] + sum1 + choice + round_constant[t] + schedule[t];
        const uint32_t sum0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + sum0 + majority;
    }
    for (int i = 0; i < DIGEST_WORDS; i++) sha->word[i] += v[i];
}

static void sha256_add(Sha256 *sha, const uint8_t *data, size_t bytes) {
    while (bytes > 0) {
        const size_t used = sha->bytes % BLOCK_BYTES;
        const size_t taken = bytes < BLOCK_BYTES - used ? bytes : BLOCK_BYTES - used;
        memcpy(sha->block + used, data, taken);
        sha->bytes += taken;
        data += taken;
        bytes -= taken;
        if (sha->bytes % BLOCK_BYTES == 0) compress(sha, sha->block);
    }
}

/* Padding of FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits. */
static void sha256_finish(Sha256 *sha, char *text) {
    static const uint8_t padding[BLOCK_BYTES] = {0x80};
    const uint64_t bits = 8 * sha->bytes;
    const size_t used = sha->bytes % BLOCK_BYTES;
    const size_t whole = used < BLOCK_BYTES - LENGTH_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    sha256_add(sha, padding, 1);
    for (size_t filled = used + 1; filled < whole - LENGTH_BYTES; filled++) sha256_add(sha, padding + 1, 1);
    uint8_t length[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++) length[i] = (uint8_t)(bits >> (8 * (LENGTH_BYTES - 1 - i)));
    sha256_add(sha, length, sizeof length);
    for (int i = 0; i < DIGEST_WORDS; i++) (void)snprintf(text + (ptrdiff_t)8 * i, 9, "%08x", (unsigned)sha->word[i]);
}

void sha256_of_bytes(const void *data, size_t bytes, char *text) {
    Sha256 sha = sha256_start();
    sha256_add(&sha, data, bytes);
    sha256_finish(&sha, text);
}

Status sha256_of_file(const char *path, char *text) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return status_error(STATUS_BAD_FILE, "cannot read %s: %s; check the name and permissions", path,
                            strerror(errno));
    uint8_t piece[FILE_PIECE_BYTES];
    Sha256 sha = sha256_start();
    size_t bytes = 0;
    while ((bytes = fread(piece, 1, sizeof piece, file)) > 0) sha256_add(&sha, piece, bytes);
    const int failure = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (failure != 0) return status_error(STATUS_BAD_FILE, "cannot read %s: %s", path, strerror(failure));
    sha256_finish(&sha, text);
    return status_ok();
}
