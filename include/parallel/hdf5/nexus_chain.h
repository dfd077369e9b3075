/** @file
 *  Objects of a NeXus file, and the chains of transformations that say where they are. */
#ifndef TESSERA_NEXUS_CHAIN_H
#define TESSERA_NEXUS_CHAIN_H

#include "base/status.h"
#include "base/vector.h"

#include <hdf5.h>
#include <stdbool.h>

/** Bytes of a path in the file, with the final zero. */
enum { NEXUS_PATH_BYTES = 512 };

/** A file that is being read. */
typedef struct NexusFile {
    hid_t file;
    bool varies; /**< a quantity was read that has several values */
} NexusFile;

/** One transformation. Plain data. */
typedef struct NexusTransformation {
    bool rotation;
    double value; /**< m or rad; the first of several */
    Vec3 vector, offset_m;
    char depends_on[NEXUS_PATH_BYTES]; /**< whole path of the next one, "." at the end */
} NexusTransformation;

/** A group's members of one class, in the order of their names. The caller frees `path`. */
typedef struct NexusMembers {
    hid_t file;
    const char *parent, *nx_class;
    int count;
    char (*path)[NEXUS_PATH_BYTES]; /**< [count] */
} NexusMembers;

/** Whether the object is there, and what its path leads through. */
bool nexus_exists(hid_t file, const char *path);
bool nexus_has_attribute(hid_t file, const char *object, const char *name);

/** @param joined  [NEXUS_PATH_BYTES]; "" where it is too long */
void nexus_join(const char *parent, const char *name, char *joined);

/** @return BAD_FILE when there are too many, or the group cannot be read */
Status nexus_find_members(hid_t file, const char *parent, const char *nx_class, NexusMembers *members);

/** The path of the first group below @p parent with that NX_class.
 *  @param found  [bytes]; "" where there is none */
void nexus_find_class(hid_t file, const char *parent, const char *nx_class, size_t bytes, char *found);

/** A dataset of one text, of fixed or variable length.
 *  @param text  [bytes] */
Status nexus_read_text(hid_t file, const char *object, size_t bytes, char *text);

/** All numbers of a dataset of lengths or angles, in m or rad.
 *  @param unit    what they are in where no attribute says it
 *  @param values  [count], the caller frees it; NULL after a failure
 *  @return BAD_FILE for what is no number, or of another unit */
Status nexus_read_values(hid_t file, const char *object, const char *unit, int64_t *count, double **values);

/** The first number of a dataset, in m or rad.
 *  @return BAD_FILE also where it is not finite */
Status nexus_read_quantity(NexusFile *from, const char *object, double *value);

/** @return BAD_FILE for a transformation that is not there or cannot be understood */
Status nexus_read_transformation(NexusFile *from, const char *object, NexusTransformation *transformation);

/** Takes a direction and a point through the chain that begins at @p start: R v, and R p + offset, or p + value vector
 *  + offset.
 *  @return BAD_FILE also for a chain that does not end */
Status nexus_follow_chain(NexusFile *from, const char *start, Vec3 *direction, Vec3 *point_m);

#endif
