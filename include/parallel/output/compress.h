/** @file
 *  Replaces a complete NXmx file by a copy whose images are compressed. The copy grows beside it as FILE.packed, is
 * read back and compared, and takes the file's name in one step; until then the file is left as it is. For one process.
 */
#ifndef TESSERA_COMPRESS_H
#define TESSERA_COMPRESS_H

#include "base/status.h"
#include "output/image_pack.h"

/** What to do. Borrows all that it points to. */
typedef struct CompressRequest {
    const char *path; /**< FILE, whole or a master over parts */
    Packing packing;
    bool unless_packed;  /**< a file whose images are compressed already is left alone */
    const char *version; /**< of the program, for the record */
} CompressRequest;

/** What came of it. Plain data. */
typedef struct CompressResult {
    int64_t frames;
    double bytes_before, bytes_after; /**< of the images; 0 where the file was left alone */
} CompressResult;

/** Compresses a file.
 *  @return BAD_PARAMETER when another process is at it or a plugin is missing; BAD_FILE when it is not a complete file
 * or its images differ from their checksums; OUTPUT_FAILED when there is no room; INTERRUPTED. Then the file is as it
 * was */
Status compress_file(CompressRequest request, CompressResult *result);

#endif
