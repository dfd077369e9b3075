/** @file
 *  What this program was built from; the values are made by the build. */
#ifndef TESSERA_BUILD_INFO_H
#define TESSERA_BUILD_INFO_H

#include <stdbool.h>

/** Constant text. */
typedef struct BuildInfo {
    const char *version;      /**< "0.1.0" */
    const char *git_revision; /**< hexadecimal, or "unknown" outside a repository */
    bool git_dirty;           /**< files differed from that revision */
    const char *compiler;     /**< name and version */
    const char *flags;        /**< compiler flags of the build type */
    const char *build_type;
} BuildInfo;

/** The build of this program. */
BuildInfo build_info(void);

#endif
