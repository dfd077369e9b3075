/** @file
 *  `tessera describe FILE`: what a file says of itself. */
#ifndef TESSERA_COMMAND_DESCRIBE_H
#define TESSERA_COMMAND_DESCRIBE_H

#include "base/status.h"
#include "shared/options.h"

#include <stdbool.h>
#include <stdio.h>

/** What is to be printed. */
typedef enum DescribeForm {
    DESCRIBE_TEXT, /**< for people */
    DESCRIBE_JSON, /**< for programs */
    DESCRIBE_YAML  /**< the run file that renders the same images */
} DescribeForm;

/** One call of the command. Borrows all that it points to. */
typedef struct DescribeRequest {
    const char *path;
    DescribeForm form;
    bool verify;        /**< recompute the checksum of every complete frame */
    const char *inputs; /**< with DESCRIBE_YAML: folder to write the file's copies of its inputs to; NULL: none */
} DescribeRequest;

/** Runs the command; describe_nxmx and describe_reflections do the work. Serial.
 *  @param argc, argv  argv[0] is "describe"
 *  @return BAD_PARAMETER or BAD_FILE; COMPARISON_FAILED naming frames that --verify found damaged */
Status command_describe(int argc, char **argv, FILE *out);

/** Its options. */
extern const OptionTable command_describe_options;

#endif
