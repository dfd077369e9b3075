/** @file
 *  HDF5 with every return checked, for the serial parts of a file: groups, fixed-length text, numbers, attributes.
 *  Writing fails with OUTPUT_FAILED, reading with BAD_FILE; the message holds HDF5's innermost reason. */
#ifndef TESSERA_HDF5_HELPERS_H
#define TESSERA_HDF5_HELPERS_H

#include "base/status.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/** Lengths of an array's axes, slowest first; rank 0 is a scalar. */
typedef struct Hdf5Shape {
    int rank;
    hsize_t length[3];
} Hdf5Shape;

/** Shapes by their number of axes. */
static inline Hdf5Shape hdf5_scalar(void) {
    return (Hdf5Shape){.rank = 0};
}
static inline Hdf5Shape hdf5_list(int64_t count) {
    return (Hdf5Shape){.rank = 1, .length = {(hsize_t)count}};
}
static inline Hdf5Shape hdf5_table(int64_t rows, int64_t columns) {
    return (Hdf5Shape){.rank = 2, .length = {(hsize_t)rows, (hsize_t)columns}};
}
static inline Hdf5Shape hdf5_block(int64_t planes, int64_t rows, int64_t columns) {
    return (Hdf5Shape){.rank = 3, .length = {(hsize_t)planes, (hsize_t)rows, (hsize_t)columns}};
}

/** Before the first file: stops HDF5 from printing its errors in this process (they enter our messages instead), from
 *  following links to other files and from locking files. Our own lock keeps two jobs from one file; HDF5's would fail
 *  where a file system has none, and where somebody looks at a growing file. As the first call of HDF5 it also keeps it
 *  from closing files when the process ends: all are closed by then, or cannot be. The number of files that this
 * process may open is raised as far as it may be. */
void hdf5_prepare(void);

/** The failure of HDF5's last call.
 *  @param action  what was attempted: "write" */
Status hdf5_error(StatusCode code, const char *action, const char *name);

/** Checks that HDF5 has all filters without which the values of an open dataset of file @p path cannot be read.
 *  @return BAD_FILE naming one that it does not find */
Status hdf5_check_filters(hid_t dataset, const char *path);

/** Creates a file that must not exist yet, for one process, without HDF5's lock. The caller closes it. */
Status hdf5_create_file(const char *path, hid_t *file);

/** The same in a file that is there, in the place of what it holds. */
Status hdf5_fill_file(const char *path, hid_t *file);

/** A file that is never on the disk: what HDF5 makes of a description can be read from it. The caller closes it. */
Status hdf5_create_in_memory(hid_t *file);

/** Opens a file for one process, without HDF5's lock. The caller closes it. */
Status hdf5_open_file(const char *path, bool writable, hid_t *file);

/** Opens a file that exists for writing by all ranks of @p communicator together, on MPI-IO; what HDF5 reads of its
 *  structure one rank reads for all. Collective.
 *  @param hints  to MPI-IO; MPI_INFO_NULL: none */
Status hdf5_open_together(const char *path, MPI_Comm communicator, MPI_Info hints, hid_t *file);

/** True when another program that uses HDF5 (or h5py) has the file open to change it, and the file system can tell. */
bool hdf5_has_writer(const char *path);

/** Closes @p file, unless it is negative, and leaves H5I_INVALID_HID. */
Status hdf5_close_file(const char *path, hid_t *file);

/** What is done with an open group or dataset. */
typedef Status (*Hdf5Use)(hid_t object, const void *context);

/** Creates a group of NeXus class @p nx_class, hands it to @p fill and closes it. */
Status hdf5_write_group(hid_t parent, const char *name, const char *nx_class, Hdf5Use fill, const void *context);

/** Number of values in a shape. */
static inline int64_t hdf5_shape_count(Hdf5Shape shape) {
    int64_t count = 1;
    for (int i = 0; i < shape.rank; i++) count *= (int64_t)shape.length[i];
    return count;
}

/** Opens a group, hands it to @p use and closes it. */
Status hdf5_use_group(hid_t parent, const char *path, Hdf5Use use, const void *context);

/** Creates a dataset with all its values; they are of @p type in memory and in the file. */
Status hdf5_write(hid_t parent, const char *name, hid_t type, Hdf5Shape shape, const void *values);

/** The same, and hands it to @p use while it is open: several attributes are then faster. Of text, like
 *  hdf5_write_text. */
Status hdf5_write_and_use(hid_t parent, const char *name, hid_t type, Hdf5Shape shape, const void *values, Hdf5Use use,
                          const void *context);
Status hdf5_write_text_and_use(hid_t parent, const char *name, const char *text, Hdf5Use use, const void *context);

/** Like hdf5_write for doubles, with the attribute `units` unless @p units is NULL. */
Status hdf5_write_reals(hid_t parent, const char *name, Hdf5Shape shape, const double *values, const char *units);

/** One value. */
Status hdf5_write_real(hid_t parent, const char *name, double value, const char *units);
Status hdf5_write_int32(hid_t parent, const char *name, int32_t value);
Status hdf5_write_int64(hid_t parent, const char *name, int64_t value);
Status hdf5_write_flag(hid_t parent, const char *name, bool value);

/** A scalar of fixed-length text, in ASCII where that is enough and else in UTF-8: HDF5 converts neither to the other.
 */
Status hdf5_write_text(hid_t parent, const char *name, const char *text);

/** The same with room for longer text, for hdf5_overwrite_text.
 *  @param text  [width_bytes], ending with a zero */
Status hdf5_write_wide_text(hid_t parent, const char *name, size_t width_bytes, const char *text);

/** A list of fixed-length texts, in ASCII where all of them are and else in UTF-8.
 *  @param texts  [count][width_bytes], each ending with a zero */
Status hdf5_write_texts(hid_t parent, const char *name, int64_t count, size_t width_bytes, const char *texts);

/** A scalar of opaque bytes. */
Status hdf5_write_bytes(hid_t parent, const char *name, size_t bytes, const void *data);

/** An error that tells both numbers where a dataset does not have @p count values. */
Status hdf5_check_count(hid_t parent, const char *name, int64_t count);

/** Writes all values of a dataset that exists, in place; an error where it does not have @p count of them. */
Status hdf5_overwrite(hid_t parent, const char *name, hid_t type, int64_t count, const void *values);

/** Writes fixed-length text that exists, in place; it is cut to the length that is there. */
Status hdf5_overwrite_text(hid_t parent, const char *name, const char *text);

/** The only value of a dataset, in the place of a row of the calls below. */
enum { HDF5_ALONE = -1 };

/** Creates a list of texts, all empty, in the character set of @p like; each takes @p width_bytes with its final zero.
 */
Status hdf5_write_text_column(hid_t parent, const char *name, int64_t rows, size_t width_bytes, const char *like);

/** Writes rows of a list that exists, in place, or reads them; text is cut to the length that is there, or to @p
 *  width_bytes with its final zero.
 *  @param row    the first, or HDF5_ALONE
 *  @param count  of rows; 1 of what is alone
 *  @param values, texts  to be written; NULL: only looks whether they could be
 *  @return BAD_FILE where there are no such rows */
Status hdf5_write_rows(hid_t parent, const char *name, int64_t row, int64_t count, hid_t type, const void *values);
Status hdf5_read_rows(hid_t parent, const char *name, int64_t row, int64_t count, hid_t type, void *values);
Status hdf5_write_row_texts(hid_t parent, const char *name, int64_t row, int64_t count, size_t width_bytes,
                            const char *texts);
Status hdf5_read_row_text(hid_t parent, const char *name, int64_t row, size_t width_bytes, char *text);

/** Attributes of @p object, a name below @p parent or "." for itself. Texts are of variable length, in
 *  ASCII where that is enough and else in UTF-8. */
Status hdf5_attribute_text(hid_t parent, const char *object, const char *name, const char *text);
Status hdf5_attribute_texts(hid_t parent, const char *object, const char *name, int64_t count, size_t width_bytes,
                            const char *texts);
Status hdf5_attribute_reals(hid_t parent, const char *object, const char *name, int64_t count, const double *values);
Status hdf5_attribute_int32(hid_t parent, const char *object, const char *name, int32_t value);

/** True when @p parent has a link of that name; the groups on the way to it must exist. */
bool hdf5_has(hid_t parent, const char *name);

/** Number of values of an open attribute, negative when HDF5 fails. */
int64_t hdf5_attribute_count(hid_t attribute);

/** Number of values of a dataset, so few that the bytes of any numbers can be counted. */
Status hdf5_count(hid_t parent, const char *name, int64_t *count);

/** Reads all values of a dataset that has @p count of them, converted to @p type. */
Status hdf5_read(hid_t parent, const char *name, hid_t type, int64_t count, void *values);

/** Reads text, cut to @p bytes with its final zero: of fixed length, an attribute also of variable length. */
Status hdf5_read_text(hid_t parent, const char *name, size_t bytes, char *text);
Status hdf5_read_attribute_text(hid_t parent, const char *object, const char *name, size_t bytes, char *text);

/** Reads one whole number of an attribute. */
Status hdf5_read_attribute_int32(hid_t parent, const char *object, const char *name, int32_t *value);

#endif
