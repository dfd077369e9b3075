/** @file
 *  Elements of a chain of transformations of NeXus: a dataset with attributes that say what it does, and on what it
 *  depends. For one process. */
#ifndef TESSERA_NXMX_CHAIN_H
#define TESSERA_NXMX_CHAIN_H

#include "base/status.h"
#include "base/vector.h"

#include <hdf5.h>

/** Makes dataset @p name an element without an offset.
 *  @param type        "translation" or "rotation"
 *  @param vector      along or about which, of length 1
 *  @param depends_on  absolute path of the element that comes next on the way to the laboratory, "." for none */
Status nxmx_chain_attributes(hid_t parent, const char *name, const char *type, Vec3 vector, const char *depends_on);

/** Writes a translation, in mm. */
Status nxmx_chain_translation(hid_t parent, const char *name, double value_m, Vec3 vector, const char *depends_on);

/** Writes a rotation, in degrees.
 *  @param rotation  a proper one */
Status nxmx_chain_rotation(hid_t parent, const char *name, Mat3 rotation, const char *depends_on);

#endif
