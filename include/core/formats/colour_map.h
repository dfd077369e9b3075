/** @file
 *  Colours for levels from 0 to 255. */
#ifndef TESSERA_COLOUR_MAP_H
#define TESSERA_COLOUR_MAP_H

#include "base/status.h"

#include <stdint.h>

/** Levels of a map; red, green and blue of each. */
enum { COLOUR_MAP_LEVELS = 256, COLOUR_MAP_BYTES = 3 * COLOUR_MAP_LEVELS };

/** The names of the maps, with commas between. */
const char *colour_map_names(void);

/** The map @p name: "paper" white to black, "grey" black to white, "heat" black, red, yellow, white, "viridis".
 *  @param colours  [COLOUR_MAP_BYTES]
 *  @return BAD_PARAMETER for another name */
Status colour_map(const char *name, uint8_t *colours);

#endif
