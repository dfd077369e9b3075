/* dataset_sha256 FILE DATASET: prints the SHA-256 of the dataset's values as they lie in memory, in the type that the
 * file has them in: what two files with different chunks, filters or ranks must have in common. */
#include "base/sha256.h"
#include "base/status.h"

#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Bytes of all values, 0 when the dataset is empty or beyond memory. */
static size_t bytes_of(hid_t space, hid_t type) {
    const hssize_t values = H5Sget_simple_extent_npoints(space);
    const size_t size = H5Tget_size(type);
    if (values <= 0 || size == 0 || (uint64_t)values > SIZE_MAX / size) return 0;
    return (size_t)values * size;
}

static Status digest_of_values(hid_t set, hid_t type, size_t bytes, char *digest) {
    void *values = bytes > 0 ? malloc(bytes) : NULL;
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %zu bytes, or nothing to read", bytes);
    const bool is_read = H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    if (is_read) sha256_of_bytes(values, bytes, digest);
    free(values);
    return is_read ? status_ok() : status_error(STATUS_BAD_FILE, "the dataset cannot be read");
}

static Status digest_of_dataset(const char *path, const char *dataset, char *digest) {
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t set = file < 0 ? H5I_INVALID_HID : H5Dopen2(file, dataset, H5P_DEFAULT);
    const hid_t type = set < 0 ? H5I_INVALID_HID : H5Dget_type(set);
    const hid_t space = set < 0 ? H5I_INVALID_HID : H5Dget_space(set);
    const Status status = type >= 0 && space >= 0
                              ? digest_of_values(set, type, bytes_of(space, type), digest)
                              : status_error(STATUS_BAD_FILE, "%s has no dataset %s", path, dataset);
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
    if (set >= 0) (void)H5Dclose(set);
    if (file >= 0) (void)H5Fclose(file);
    return status;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        (void)fputs("usage: dataset_sha256 FILE DATASET\n", stderr);
        return 2;
    }
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    char digest[SHA256_TEXT_BYTES];
    const Status status = digest_of_dataset(argv[1], argv[2], digest);
    (void)(status_is_ok(status) ? printf("%s\n", digest) : fprintf(stderr, "dataset_sha256: %s\n", status.message));
    return status_exit_code(status.code);
}
