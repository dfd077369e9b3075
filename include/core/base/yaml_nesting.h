/** @file
 *  libyaml takes time that grows with the square of the depth of what lies in one another: a look at the depth before.
 */
#ifndef TESSERA_YAML_NESTING_H
#define TESSERA_YAML_NESTING_H

#include "base/status.h"

#include <stddef.h>

/** Most lists and mappings in one another that are read. */
enum { YAML_NESTING_MOST = 64 };

/** @return BAD_FILE, naming the line, when YAML or JSON is nested more deeply than that; a text that is neither passes,
 *  for the parser to say what is wrong with it */
Status yaml_nesting_check(const char *path, const char *contents, size_t bytes);

#endif
