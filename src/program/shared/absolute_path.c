#define _XOPEN_SOURCE 700 /* realpath is X/Open's */
#include "shared/absolute_path.h"

#include <stdlib.h>

char *absolute_path(const char *path) {
    return realpath(path, NULL);
}
