/** @file
 *  What the loops over pixels of all kernels are written with. */
#ifndef TESSERA_INLINED_H
#define TESSERA_INLINED_H

/** For what the loops over pixels call: the compiler must see through it. */
#define INLINED static inline __attribute__((always_inline))

/** Arrays that loops fill from their beginning: a vector's width, or the compiler computes up to it one by one. */
#define LANE_ALIGNED _Alignas(64)

/** Defined where the machine computes a b + c in one instruction and one rounding. Kernels write it out, with the
 *  compiler's own contraction off, so that every set of instructions that has it, and every compiler, gives the same
 *  bits. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define MACHINE_IS_FUSED
#endif

#endif
