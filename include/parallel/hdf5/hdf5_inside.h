/** @file
 *  What is read from an HDF5 file lies inside it: links to other files are never followed, and of datasets that lie
 *  elsewhere only those that show parts of a merged file are opened.
 *
 *  The parts of a virtual dataset must have relative names, and lie in the folder of the file that shows them or below;
 *  elsewhere only images of files that Tessera wrote are taken. Such a part may not show others in turn.
 *
 *  Links data_NNNNNN to the images of NAME_data_NNNNNN.h5 in the same folder, which a master has for other programs,
 * may be there; they are not followed either. */
#ifndef TESSERA_HDF5_INSIDE_H
#define TESSERA_HDF5_INSIDE_H

#include "base/status.h"

#include <hdf5.h>

/** Images in the main dataset, int32 counts or else float32 photons; and the photons beside counts. */
#define NXMX_IMAGES "/entry/data/data"
#define NXMX_TWIN "/entry/simulation/images/expected_photons"

/** Makes HDF5 forget how links to other files are followed, in this process. */
void hdf5_inside_forget_external_links(void);

/** Adds a link to dataset @p path of another file, in the folder of this one, for other programs. */
Status hdf5_inside_link_to_part(hid_t group, const char *name, const char *file, const char *path);

/** True for such a link, as a master has them.
 *  @param name  of the link, or a path to it from @p group */
bool hdf5_inside_is_part_link(hid_t group, const char *name, const H5L_info_t *info);

/** Walks through all that a file of Tessera's holds.
 *  @return BAD_FILE naming a link to another file, or a dataset that lies elsewhere and is no part */
Status hdf5_inside_check_file(hid_t file, const char *path);

/** Uses a dataset, which it does not close. */
typedef Status Hdf5InsideVisit(hid_t dataset, void *context);

/** The same, and @p visit with every dataset: once or more, where it has several names.
 *  @return the first failure */
Status hdf5_inside_visit(hid_t file, const char *path, Hdf5InsideVisit *visit, void *context);

/** Looks at the links on the way to an object.
 *  @param path  of the file
 *  @return BAD_FILE naming the first that leads to another file */
Status hdf5_inside_check_way(hid_t parent, const char *path, const char *name);

/** Opens a dataset; the caller closes it.
 *  @return BAD_FILE when it is not there, or lies elsewhere and is no part; @p dataset is negative then */
Status hdf5_inside_open(hid_t parent, const char *name, hid_t *dataset);

/** True when tessera wrote the file. */
bool hdf5_inside_is_ours(hid_t file);

#endif
