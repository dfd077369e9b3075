#include "nxmx/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { WORD_BYTES = 8, HEAD_WORDS = 4, RANGE_WORDS = 3 };
static const uint64_t MAGIC = 0x4f444e5553534554, VERSION = 1; /* "TESSUNDO" */
static const uint64_t RANGES_MOST = 1 << 22, FILE_BYTES_MOST = INT64_MAX / 4;

/* A file in memory. */
typedef struct Mapped {
    const uint8_t *bytes; /* NULL where it is empty, or not mapped */
    int64_t count;
} Mapped;

/* A record that is whole. */
typedef struct Record {
    Mapped file;
    int64_t length; /* of the .partial, as it was */
    int64_t ranges;
} Record;

/* A part of the .partial, and its bytes in the record. */
typedef struct UndoRange {
    uint64_t offset, bytes;
    bool is_fixed;
} UndoRange;

static Status cannot(const char *action, const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot %s %.400s: %s", action, path, strerror(errno));
}

static uint64_t get_word(const uint8_t *bytes) {
    uint64_t word = 0;
    for (int i = 0; i < WORD_BYTES; i++) word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

/* Of all that comes before the bytes of the ranges. */
static int64_t head_bytes(int64_t ranges) {
    return WORD_BYTES * (HEAD_WORDS + RANGE_WORDS * ranges);
}

static UndoRange range_of(const Record *record, int64_t i) {
    const uint8_t *words = record->file.bytes + head_bytes(i);
    return (UndoRange){get_word(words), get_word(words + WORD_BYTES), get_word(words + (ptrdiff_t)2 * WORD_BYTES) == 1};
}

/* ----------------------------------------------------------------------------------------------------------- files */

/* Of an open file. */
static Status map_file(int descriptor, const char *path, Mapped *mapped) {
    struct stat info;
    if (fstat(descriptor, &info) != 0) return cannot("look at", path);
    *mapped = (Mapped){.count = info.st_size};
    if (info.st_size == 0) return status_ok();
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED) return cannot("read", path);
    mapped->bytes = bytes;
    return status_ok();
}

static void unmap(Mapped *mapped) {
    if (mapped->bytes != NULL) (void)munmap((void *)mapped->bytes, (size_t)mapped->count);
    mapped->bytes = NULL;
}

static Status write_at(int descriptor, const char *path, const uint8_t *bytes, uint64_t count, uint64_t offset) {
    while (count > 0) {
        const ssize_t written = pwrite(descriptor, bytes, (size_t)count, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written == 0) errno = EIO;
        if (written <= 0) return cannot("write", path);
        bytes += written;
        offset += (uint64_t)written;
        count -= (uint64_t)written;
    }
    return status_ok();
}

/* -------------------------------------------------------------------------------------------------------- checking */

/* Sums do not overflow, as every number is compared with a length before. */
static const char *flaw_of_ranges(const Record *record) {
    const uint64_t length = (uint64_t)record->length;
    uint64_t place = 0, bytes = 0;
    bool any_fixed = false;
    for (int64_t i = 0; i < record->ranges; i++) {
        const UndoRange range = range_of(record, i);
        const uint64_t use = get_word(record->file.bytes + head_bytes(i) + (ptrdiff_t)2 * WORD_BYTES);
        if (use > 1 || range.offset < place || range.offset > length || range.bytes > length - range.offset)
            return "has parts that no file can have";
        any_fixed = any_fixed || (range.is_fixed && range.bytes > 0);
        place = range.offset + range.bytes;
        bytes += range.bytes;
    }
    if (!any_fixed) return "does not tell which file it belongs to";
    const uint64_t all = (uint64_t)head_bytes(record->ranges) + bytes + WORD_BYTES;
    return all == (uint64_t)record->file.count ? NULL : "has not the length that it should have";
}

/* What is wrong with a record; NULL: nothing. */
static const char *flaw_of(Record *record) {
    const uint8_t *head = record->file.bytes;
    const int64_t end = record->file.count - WORD_BYTES;
    if (end < head_bytes(1)) return "is cut off";
    const uint64_t length = get_word(head + (ptrdiff_t)2 * WORD_BYTES);
    const uint64_t ranges = get_word(head + (ptrdiff_t)3 * WORD_BYTES);
    if (get_word(head) != MAGIC) return "does not begin as it should";
    if (get_word(head + WORD_BYTES) != VERSION) return "was written by another version of tessera";
    if (length == 0 || length > FILE_BYTES_MOST || ranges == 0 || ranges > RANGES_MOST)
        return "has parts that no file can have";
    record->length = (int64_t)length;
    record->ranges = (int64_t)ranges;
    if (head_bytes(record->ranges) > end) return "is cut off";
    const char *flaw = flaw_of_ranges(record);
    if (flaw != NULL) return flaw;
    return get_word(head + end) == crc32_z(0, head, (size_t)end) ? NULL : "does not have its checksum";
}

/* A pipe is not waited for, a link not followed. */
static Status read_record(const OutputPath *output, Record *record, const char **flaw) {
    struct stat info;
    const int descriptor = open(output->undo, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0 && errno != ELOOP && errno != ENXIO) return cannot("open", output->undo);
    if (descriptor < 0 || (fstat(descriptor, &info) == 0 && !S_ISREG(info.st_mode))) {
        if (descriptor >= 0) (void)close(descriptor);
        *flaw = "is no regular file";
        return status_ok();
    }
    const Status status = map_file(descriptor, output->undo, &record->file);
    (void)close(descriptor);
    if (status_is_ok(status)) *flaw = flaw_of(record);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- mending */

static Status refuse(const OutputPath *output, const char *reason) {
    return status_error(STATUS_BAD_FILE,
                        "%.400s was not made from %.400s, %s; put together again what belongs together, or remove the "
                        "first if tessera describe reads the second",
                        output->undo, output->partial, reason);
}

/* A file that is shorter than it was must get all that it lacks. */
static Status check_partial(const OutputPath *output, const Record *record, Mapped partial) {
    const UndoRange last = range_of(record, record->ranges - 1);
    const uint8_t *bytes = record->file.bytes + head_bytes(record->ranges);
    const uint64_t there = (uint64_t)partial.count;
    if (partial.count < record->length && (last.offset > there || last.offset + last.bytes != (uint64_t)record->length))
        return refuse(output, "which is shorter");
    for (int64_t i = 0; i < record->ranges; i++) {
        const UndoRange range = range_of(record, i);
        if (range.is_fixed && range.bytes > 0 &&
            (partial.bytes == NULL || range.offset + range.bytes > there ||
             memcmp(bytes, partial.bytes + range.offset, (size_t)range.bytes) != 0))
            return refuse(output, "which has other values");
        bytes += range.bytes;
    }
    return status_ok();
}

static Status put_back(const OutputPath *output, const Record *record, int descriptor) {
    const uint8_t *bytes = record->file.bytes + head_bytes(record->ranges);
    for (int64_t i = 0; i < record->ranges; i++) {
        const UndoRange range = range_of(record, i);
        TRY(write_at(descriptor, output->partial, bytes, range.bytes, range.offset));
        bytes += range.bytes;
    }
    if (ftruncate(descriptor, (off_t)record->length) != 0) return cannot("truncate", output->partial);
    /* EINVAL: a file system on which this object has nothing to be synchronized */
    return fsync(descriptor) != 0 && errno != EINVAL ? cannot("bring to the disk", output->partial) : status_ok();
}

static Status mend(const OutputPath *output, const Record *record) {
    Mapped partial = {.bytes = NULL};
    const int descriptor = open(output->partial, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return cannot("open", output->partial);
    Status status = map_file(descriptor, output->partial, &partial);
    if (status_is_ok(status)) status = check_partial(output, record, partial);
    unmap(&partial);
    if (status_is_ok(status)) status = put_back(output, record, descriptor);
    if (close(descriptor) != 0) status = status_first(status, cannot("close", output->partial));
    return status;
}

Status undo_mend(const OutputPath *output, UndoFound *found) {
    struct stat info;
    Record record = {.length = 0};
    const char *flaw = NULL;
    *found = (UndoFound){.put_back = false, .damage = status_ok()};
    if (lstat(output->undo, &info) != 0) return errno == ENOENT ? status_ok() : cannot("look at", output->undo);
    Status status = read_record(output, &record, &flaw);
    if (flaw != NULL) found->damage = status_error(STATUS_BAD_FILE, "%.400s %s", output->undo, flaw);
    if (status_is_ok(status) && flaw == NULL) status = mend(output, &record);
    unmap(&record.file);
    if (!status_is_ok(status) || flaw != NULL) return status;
    found->put_back = true;
    return output_path_remove_undo(output);
}
