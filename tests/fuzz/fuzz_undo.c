/* A record that puts a .partial back: the first byte says whether it gets the right checksum, the others are the
 * record. The file is always the same. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include "fuzz.h"
#include "nxmx/undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { FILE_BYTES = 64, WORD_BYTES = 8 };
static char folder[64];
static OutputPath output;

static void remove_all(void) {
    (void)output_path_remove_partial(&output);
    (void)rmdir(folder);
}

static void prepare(void) {
    char path[80];
    if (output.complete[0] != '\0') return;
    (void)snprintf(folder, sizeof folder, "%s/fuzz_undo.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(folder) != NULL, "there is a folder");
    (void)snprintf(path, sizeof path, "%s/x", folder);
    fuzz_require(status_is_ok(output_path_create(path, &output)), "it has a name");
    (void)atexit(remove_all);
}

static void write_file(const char *path, const uint8_t *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(bytes, 1, count, file) == count, "a file can be written");
    if (file != NULL) (void)fclose(file);
}

static void write_record(const uint8_t *data, size_t size) {
    uint8_t *record = malloc(size + 1);
    fuzz_require(record != NULL, "there is memory for a record");
    memcpy(record, data, size);
    if (size > WORD_BYTES && data[0] % 2 == 1) {
        const uLong crc = crc32_z(0, record + 1, size - 1 - WORD_BYTES);
        for (size_t i = 0; i < WORD_BYTES; i++) record[size - WORD_BYTES + i] = (uint8_t)((uint64_t)crc >> 8 * i);
    }
    write_file(output.undo, record + 1, size - 1);
    free(record);
}

static bool is_there(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

static bool is_as_it_was(const uint8_t *bytes) {
    uint8_t now[FILE_BYTES + 1];
    FILE *file = fopen(output.partial, "rb");
    const size_t count = file == NULL ? 0 : fread(now, 1, sizeof now, file);
    if (file != NULL) (void)fclose(file);
    return count == FILE_BYTES && memcmp(now, bytes, FILE_BYTES) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bytes[FILE_BYTES];
    UndoFound found;
    if (size < 1) return 0;
    prepare();
    for (int i = 0; i < FILE_BYTES; i++) bytes[i] = (uint8_t)i;
    write_file(output.partial, bytes, sizeof bytes);
    write_record(data, size);
    const bool accepted = fuzz_accepted(undo_mend(&output, &found));
    if (found.put_back) {
        fuzz_require(accepted && !is_there(output.undo), "a record that was used is gone");
    } else {
        fuzz_require(!accepted || !fuzz_accepted(found.damage), "what is not used is refused, or damaged");
        fuzz_require(is_there(output.undo) && is_as_it_was(bytes), "what is not used changes nothing");
    }
    return 0;
}
