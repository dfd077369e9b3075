#include "base/file_kind.h"

#include <string.h>

static const struct {
    const char *begin;
    size_t bytes;
    const char *kind;
} kinds[] = {
    {"II*\0", 4, "a TIFF image"},
    {"MM\0*", 4, "a TIFF image"},
    {"II+\0", 4, "a BigTIFF image"},
    {"\x89PNG", 4, "a PNG image"},
    {"\xff\xd8\xff", 3, "a JPEG image"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file"},
    {"MTZ ", 4, "an MTZ file"},
    {"###CBF", 6, "a CBF image"},
    {"\x93NUMPY", 6, "a NumPy array"},
    {"%PDF", 4, "a PDF"},
    {"PK\x03\x04", 4, "a ZIP archive (or an office document)"},
    {"\x1f\x8b", 2, "compressed by gzip"},
    {"BZh", 3, "compressed by bzip2"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd"},
    {"\x7f"
     "ELF",
     4, "a program"},
};

const char *file_kind_of(const char *contents, size_t bytes) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bytes >= kinds[i].bytes && memcmp(contents, kinds[i].begin, kinds[i].bytes) == 0) return kinds[i].kind;
    return NULL;
}
