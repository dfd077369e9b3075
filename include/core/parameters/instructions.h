/** @file
 *  Sets of instructions: the kernels are compiled for each and chosen when the program runs. */
#ifndef TESSERA_INSTRUCTIONS_H
#define TESSERA_INSTRUCTIONS_H

#include "base/status.h"
#include "parameters/parameters.h"

#include <stdbool.h>

/** The widest set that this machine has: not INSTRUCTIONS_AUTO. */
Instructions instructions_widest(void);

/** What @p wanted means on this machine.
 *  @return BAD_PARAMETER where the machine, or this build, does not have it */
Status instructions_choose(Instructions wanted, Instructions *chosen);

/** "portable", "x86-64-v3" or "x86-64-v4", as files record it. */
const char *instructions_name(Instructions instructions);

/** True where kernels round alike: with fused operations, or without. @p one and @p other are names. */
bool instructions_round_alike(const char *one, const char *other);

#endif
