#include "nxmx/undo.h"

#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { WORD_BYTES = 8, HEAD_WORDS = 4, RANGE_WORDS = 3, PIECE_BYTES = 1 << 20 };
static const uint64_t MAGIC = 0x4f444e5553534554, VERSION = 1; /* "TESSUNDO" */
static const uint64_t RANGES_MOST = 1 << 22, FILE_BYTES_MOST = INT64_MAX / 4;

static void put_word(uint8_t *bytes, uint64_t word) {
    for (int i = 0; i < WORD_BYTES; i++) bytes[i] = (uint8_t)(word >> 8 * i);
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

/* -------------------------------------------------------------------------------------------------- reading and
 * writing
 */

/* False with errno; 0 stands there where nothing is taken. */
static bool write_at(int descriptor, const uint8_t *bytes, int64_t count, int64_t offset) {
    while (count > 0) {
        const ssize_t written = pwrite(descriptor, bytes, (size_t)count, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written == 0) errno = EIO;
        if (written <= 0) return false;
        bytes += written;
        offset += written;
        count -= written;
    }
    return true;
}

/* @return bytes read, fewer at the end of the file; -1 with errno */
static int64_t read_at(int descriptor, uint8_t *bytes, int64_t count, int64_t offset) {
    int64_t done = 0;
    while (done < count) {
        const ssize_t got = pread(descriptor, bytes + done, (size_t)(count - done), (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += got;
    }
    return done;
}

static Status cannot(const char *action, const char *path) {
    return status_error(STATUS_OUTPUT_FAILED, "cannot %s %.400s: %s", action, path, strerror(errno));
}

static Status no_memory(void) {
    return status_error(STATUS_NO_MEMORY, "no memory to put the file back");
}

/* The parts from @p first on that follow each other without a gap, as one; their bytes do so in a record too.
 * @param next  the first part after them */
static UndoRange run_of(const UndoRanges *ranges, int64_t first, int64_t *next) {
    UndoRange run = {.offset = ranges->range[first].offset};
    for (*next = first; *next < ranges->count && ranges->range[*next].offset == run.offset + run.bytes; ++*next)
        run.bytes += ranges->range[*next].bytes;
    return run;
}

static int64_t piece_of(int64_t bytes) {
    return bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
}

/* ----------------------------------------------------------------------------------------------------------- recording
 */

/* A record that is being written. */
typedef struct Draft {
    const OutputPath *output;
    int from, to; /* the .partial and the record */
    int64_t bytes;
    uLong crc;
    uint8_t *piece; /* [PIECE_BYTES] */
} Draft;

static Status append(Draft *draft, const uint8_t *bytes, int64_t count) {
    if (!write_at(draft->to, bytes, count, draft->bytes)) return cannot("write", draft->output->undo_new);
    draft->crc = crc32_z(draft->crc, bytes, (size_t)count);
    draft->bytes += count;
    return status_ok();
}

static Status append_head(Draft *draft, int64_t length, const UndoRanges *ranges) {
    const int64_t bytes = head_bytes(ranges->count);
    uint8_t *head = calloc((size_t)bytes, 1);
    if (head == NULL) return no_memory();
    uint8_t *next = head + (ptrdiff_t)WORD_BYTES * HEAD_WORDS;
    put_word(head, MAGIC);
    put_word(head + WORD_BYTES, VERSION);
    put_word(head + 2 * WORD_BYTES, (uint64_t)length);
    put_word(head + 3 * WORD_BYTES, (uint64_t)ranges->count);
    for (int64_t i = 0; i < ranges->count; i++, next += WORD_BYTES * RANGE_WORDS) {
        put_word(next, (uint64_t)ranges->range[i].offset);
        put_word(next + WORD_BYTES, (uint64_t)ranges->range[i].bytes);
        put_word(next + 2 * WORD_BYTES, ranges->range[i].is_fixed ? 1 : 0);
    }
    const Status status = append(draft, head, bytes);
    free(head);
    return status;
}

static Status append_run(Draft *draft, UndoRange run) {
    for (int64_t done = 0; done < run.bytes; done += PIECE_BYTES) {
        const int64_t count = piece_of(run.bytes - done);
        errno = EIO; /* for a file that has become shorter */
        if (read_at(draft->from, draft->piece, count, run.offset + done) != count)
            return cannot("read", draft->output->partial);
        TRY(append(draft, draft->piece, count));
    }
    return status_ok();
}

static Status append_all(Draft *draft, int64_t length, const UndoRanges *ranges) {
    uint8_t crc[WORD_BYTES];
    TRY(append_head(draft, length, ranges));
    for (int64_t i = 0, next = 0; i < ranges->count; i = next) {
        const UndoRange run = run_of(ranges, i, &next);
        TRY(append_run(draft, run));
    }
    put_word(crc, draft->crc);
    TRY(append(draft, crc, sizeof crc));
    return fsync(draft->to) != 0 && errno != EINVAL ? cannot("bring to the disk", draft->output->undo_new)
                                                    : status_ok();
}

/* Leaves nothing when it fails. */
static Status write_draft(Draft *draft, int64_t length, const UndoRanges *ranges) {
    draft->to = new_file_create(draft->output->undo_new);
    if (draft->to < 0) return cannot("make", draft->output->undo_new);
    Status status = append_all(draft, length, ranges);
    if (close(draft->to) != 0) status = status_first(status, cannot("close", draft->output->undo_new));
    if (status_is_ok(status) && rename(draft->output->undo_new, draft->output->undo) != 0)
        status = cannot("rename to .undo", draft->output->undo_new);
    if (status_is_ok(status)) status = output_path_sync_folder(draft->output);
    if (!status_is_ok(status)) (void)output_path_remove_undo(draft->output);
    return status;
}

Status undo_record(const OutputPath *output, int64_t length, const UndoRanges *ranges) {
    Draft draft = {.output = output, .crc = crc32_z(0, NULL, 0), .piece = malloc(PIECE_BYTES)};
    if (draft.piece == NULL) return no_memory();
    draft.from = open(output->partial, O_RDONLY | O_CLOEXEC);
    Status status = draft.from < 0 ? cannot("open", output->partial) : write_draft(&draft, length, ranges);
    if (draft.from >= 0) (void)close(draft.from);
    free(draft.piece);
    if (status.code != STATUS_OUTPUT_FAILED) return status;
    return status_error(status.code, "before a session is added to it, what puts it back must be beside it: %.600s",
                        status.message);
}

/* ------------------------------------------------------------------------------------------------- changing a copy
 */

/* The .partial and its copy. Owns its descriptors and memory. */
typedef struct Copy {
    const OutputPath *output;
    int copy, partial;
    uint8_t *piece[2];  /* [PIECE_BYTES] each */
    UndoRanges changed; /* ascending */
    int64_t room, bytes;
} Copy;

static Status copy_open(Copy *copy, int flags_of_partial) {
    copy->partial = open(copy->output->partial, flags_of_partial | O_CLOEXEC);
    if (copy->partial < 0) return cannot("open", copy->output->partial);
    for (int i = 0; i < 2; i++) {
        copy->piece[i] = malloc(PIECE_BYTES);
        if (copy->piece[i] == NULL) return no_memory();
    }
    return status_ok();
}

static Status copy_release(Copy *copy, Status status) {
    free(copy->changed.range);
    free(copy->piece[1]);
    free(copy->piece[0]);
    if (copy->copy >= 0 && close(copy->copy) != 0)
        status = status_first(status, cannot("close", copy->output->partial_new));
    if (copy->partial >= 0 && close(copy->partial) != 0)
        status = status_first(status, cannot("close", copy->output->partial));
    return status;
}

/* From one of both, all of it. */
static Status copy_read(const Copy *copy, bool from_partial, uint8_t *bytes, int64_t count, int64_t offset) {
    errno = EIO; /* for a file that has become shorter */
    if (read_at(from_partial ? copy->partial : copy->copy, bytes, count, offset) == count) return status_ok();
    return cannot("read", from_partial ? copy->output->partial : copy->output->partial_new);
}

static Status fill_copy(const Copy *copy, int64_t length, const UndoRanges *ranges) {
    if (ftruncate(copy->copy, (off_t)length) != 0) return cannot("write", copy->output->partial_new);
    for (int64_t i = 0, next = 0; i < ranges->count; i = next) {
        const UndoRange run = run_of(ranges, i, &next);
        for (int64_t done = 0; done < run.bytes; done += PIECE_BYTES) {
            const int64_t count = piece_of(run.bytes - done);
            TRY(copy_read(copy, true, copy->piece[0], count, run.offset + done));
            if (!write_at(copy->copy, copy->piece[0], count, run.offset + done))
                return cannot("write", copy->output->partial_new);
        }
    }
    return status_ok();
}

Status undo_copy(const OutputPath *output, int64_t length, const UndoRanges *ranges) {
    Copy copy = {.output = output, .copy = -1, .partial = -1};
    Status status = copy_open(&copy, O_RDONLY);
    if (status_is_ok(status)) {
        copy.copy = new_file_create(output->partial_new);
        status = copy.copy < 0 ? cannot("make", output->partial_new) : fill_copy(&copy, length, ranges);
    }
    return copy_release(&copy, status);
}

/* Places that are near each other are one: what belongs together, such as a list and its length, changes at once. */
static Status add_changed(Copy *copy, int64_t place) {
    enum { NEAR_BYTES = 512 };
    UndoRanges *changed = &copy->changed;
    UndoRange *last = changed->count > 0 ? &changed->range[changed->count - 1] : NULL;
    if (last != NULL && place - (last->offset + last->bytes) < NEAR_BYTES) {
        copy->bytes += place + 1 - (last->offset + last->bytes);
        last->bytes = place + 1 - last->offset;
        return status_ok();
    }
    if (changed->count == copy->room) {
        const int64_t room = 2 * copy->room + 16;
        UndoRange *larger = realloc(changed->range, (size_t)room * sizeof *larger);
        if (larger == NULL) return no_memory();
        changed->range = larger;
        copy->room = room;
    }
    changed->range[changed->count++] = (UndoRange){.offset = place, .bytes = 1};
    copy->bytes++;
    return status_ok();
}

static Status find_changed(Copy *copy, UndoRange run) {
    for (int64_t done = 0; done < run.bytes; done += PIECE_BYTES) {
        const int64_t count = piece_of(run.bytes - done);
        TRY(copy_read(copy, true, copy->piece[0], count, run.offset + done));
        TRY(copy_read(copy, false, copy->piece[1], count, run.offset + done));
        if (memcmp(copy->piece[0], copy->piece[1], (size_t)count) == 0) continue;
        for (int64_t i = 0; i < count; i++)
            if (copy->piece[0][i] != copy->piece[1][i]) TRY(add_changed(copy, run.offset + done + i));
    }
    return status_ok();
}

static Status append_new(const Copy *copy, int64_t length) {
    struct stat info;
    if (fstat(copy->copy, &info) != 0) return cannot("look at", copy->output->partial_new);
    for (int64_t place = length; place < info.st_size; place += PIECE_BYTES) {
        const int64_t count = piece_of(info.st_size - place);
        TRY(copy_read(copy, false, copy->piece[0], count, place));
        if (!write_at(copy->partial, copy->piece[0], count, place)) return cannot("write", copy->output->partial);
    }
    return status_ok();
}

static Status write_changed(const Copy *copy, uint8_t *bytes) {
    uint8_t *next = bytes;
    for (int64_t i = 0; i < copy->changed.count; i++) {
        const UndoRange range = copy->changed.range[i];
        TRY(copy_read(copy, false, next, range.bytes, range.offset));
        next += range.bytes;
    }
    next = bytes;
    for (int64_t i = 0; i < copy->changed.count; i++) {
        const UndoRange range = copy->changed.range[i];
        if (!write_at(copy->partial, next, range.bytes, range.offset)) return cannot("write", copy->output->partial);
        next += range.bytes;
    }
    return status_ok();
}

static Status apply(Copy *copy, int64_t length, const UndoRanges *ranges) {
    copy->copy = open(copy->output->partial_new, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (copy->copy < 0) return cannot("open", copy->output->partial_new);
    for (int64_t i = 0, next = 0; i < ranges->count; i = next) TRY(find_changed(copy, run_of(ranges, i, &next)));
    TRY(append_new(copy, length));
    uint8_t *bytes = malloc((size_t)copy->bytes + 1);
    if (bytes == NULL) return no_memory();
    const Status status = write_changed(copy, bytes);
    free(bytes);
    return status;
}

Status undo_apply(const OutputPath *output, int64_t length, const UndoRanges *ranges) {
    Copy copy = {.output = output, .copy = -1, .partial = -1};
    Status status = copy_open(&copy, O_RDWR);
    if (status_is_ok(status)) status = apply(&copy, length, ranges);
    return copy_release(&copy, status);
}

/* -------------------------------------------------------------------------------------------------------------
 * checking
 */

/* A record that was found. Owns its descriptors and memory. */
typedef struct Record {
    const OutputPath *output;
    int from, to;      /* the record and the .partial */
    int64_t bytes;     /* of the record */
    int64_t length;    /* of the .partial, as it was */
    UndoRanges ranges; /* its bytes follow the head */
    uint8_t *piece[2]; /* [PIECE_BYTES] each */
} Record;

static void release(Record *record) {
    free(record->piece[1]);
    free(record->piece[0]);
    free(record->ranges.range);
    if (record->to >= 0) (void)close(record->to);
    if (record->from >= 0) (void)close(record->from);
}

/* Something that is no record, or a part of one. */
static Status damaged(const Record *record, const char *flaw) {
    return status_error(STATUS_BAD_FILE, "%.400s %s", record->output->undo, flaw);
}

static Status read_record(const Record *record, uint8_t *bytes, int64_t count, int64_t offset) {
    const int64_t got = read_at(record->from, bytes, count, offset);
    if (got < 0) return cannot("read", record->output->undo);
    return got == count ? status_ok() : damaged(record, "is cut off");
}

/* Sums do not overflow, as every number is compared with a length before. */
static Status read_ranges(Record *record, const uint8_t *table) {
    const uint64_t length = (uint64_t)record->length;
    uint64_t place = 0, bytes = 0;
    bool any_fixed = false;
    for (int64_t i = 0; i < record->ranges.count; i++, table += WORD_BYTES * RANGE_WORDS) {
        const uint64_t offset = get_word(table), count = get_word(table + WORD_BYTES);
        const uint64_t use = get_word(table + 2 * WORD_BYTES);
        if (use > 1 || offset < place || offset > length || count > length - offset)
            return damaged(record, "has parts that no file can have");
        record->ranges.range[i] = (UndoRange){.offset = (int64_t)offset, .bytes = (int64_t)count, .is_fixed = use == 1};
        any_fixed = any_fixed || (use == 1 && count > 0);
        place = offset + count;
        bytes += count;
    }
    if (!any_fixed) return damaged(record, "does not tell which file it belongs to");
    const uint64_t all = (uint64_t)head_bytes(record->ranges.count) + bytes + WORD_BYTES;
    return all == (uint64_t)record->bytes ? status_ok() : damaged(record, "has not the length that it should have");
}

static Status read_head(Record *record) {
    uint8_t head[WORD_BYTES * HEAD_WORDS];
    TRY(read_record(record, head, sizeof head, 0));
    const uint64_t length = get_word(head + 2 * WORD_BYTES), ranges = get_word(head + 3 * WORD_BYTES);
    if (get_word(head) != MAGIC) return damaged(record, "does not begin as it should");
    if (get_word(head + WORD_BYTES) != VERSION) return damaged(record, "was written by another version of tessera");
    if (length == 0 || length > FILE_BYTES_MOST || ranges == 0 || ranges > RANGES_MOST)
        return damaged(record, "has parts that no file can have");
    if (head_bytes((int64_t)ranges) > record->bytes) return damaged(record, "is cut off");
    record->length = (int64_t)length;
    record->ranges.count = (int64_t)ranges;
    record->ranges.range = calloc((size_t)ranges, sizeof *record->ranges.range);
    uint8_t *table = malloc((size_t)ranges * WORD_BYTES * RANGE_WORDS);
    Status status = record->ranges.range == NULL || table == NULL ? no_memory() : status_ok();
    if (status_is_ok(status))
        status = read_record(record, table, (int64_t)ranges * WORD_BYTES * RANGE_WORDS, sizeof head);
    if (status_is_ok(status)) status = read_ranges(record, table);
    free(table);
    return status;
}

static Status check_crc(const Record *record) {
    const int64_t end = record->bytes - WORD_BYTES;
    uint8_t recorded[WORD_BYTES];
    uLong crc = crc32_z(0, NULL, 0);
    for (int64_t done = 0; done < end; done += PIECE_BYTES) {
        const int64_t count = piece_of(end - done);
        TRY(read_record(record, record->piece[0], count, done));
        crc = crc32_z(crc, record->piece[0], (size_t)count);
    }
    TRY(read_record(record, recorded, sizeof recorded, end));
    return get_word(recorded) == crc ? status_ok() : damaged(record, "does not have its checksum");
}

/* A pipe is not waited for, a link not followed. */
static Status open_record(Record *record) {
    struct stat info;
    record->from = open(record->output->undo, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (record->from < 0 && errno == ELOOP) return damaged(record, "is a symbolic link");
    if (record->from < 0 && errno == ENXIO) return damaged(record, "is no regular file");
    if (record->from < 0) return cannot("open", record->output->undo);
    if (fstat(record->from, &info) != 0) return cannot("look at", record->output->undo);
    if (!S_ISREG(info.st_mode)) return damaged(record, "is no regular file");
    record->bytes = info.st_size;
    for (int i = 0; i < 2; i++) {
        record->piece[i] = malloc(PIECE_BYTES);
        if (record->piece[i] == NULL) return no_memory();
    }
    TRY(read_head(record));
    return check_crc(record);
}

/* ------------------------------------------------------------------------------------------------------------- mending
 */

static Status refuse(const Record *record, const char *reason) {
    return status_error(STATUS_BAD_FILE,
                        "%.400s was not made from %.400s, %s; put together again what belongs together, or remove the "
                        "first if tessera describe reads the second",
                        record->output->undo, record->output->partial, reason);
}

static Status compare_range(const Record *record, UndoRange range, int64_t in_record) {
    for (int64_t done = 0; done < range.bytes; done += PIECE_BYTES) {
        const int64_t count = piece_of(range.bytes - done);
        TRY(read_record(record, record->piece[0], count, in_record + done));
        const int64_t got = read_at(record->to, record->piece[1], count, range.offset + done);
        if (got < 0) return cannot("read", record->output->partial);
        if (got != count || memcmp(record->piece[0], record->piece[1], (size_t)count) != 0)
            return refuse(record, "which has other values");
    }
    return status_ok();
}

static Status compare_fixed(const Record *record) {
    int64_t in_record = head_bytes(record->ranges.count);
    for (int64_t i = 0; i < record->ranges.count; i++) {
        const UndoRange range = record->ranges.range[i];
        if (range.is_fixed) TRY(compare_range(record, range, in_record));
        in_record += range.bytes;
    }
    return status_ok();
}

static Status write_run(const Record *record, UndoRange run, int64_t in_record) {
    for (int64_t done = 0; done < run.bytes; done += PIECE_BYTES) {
        const int64_t count = piece_of(run.bytes - done);
        TRY(read_record(record, record->piece[0], count, in_record + done));
        if (!write_at(record->to, record->piece[0], count, run.offset + done))
            return cannot("write", record->output->partial);
    }
    return status_ok();
}

/* With what is fixed, which changes nothing there and makes few writes of many. */
static Status write_all(const Record *record) {
    int64_t in_record = head_bytes(record->ranges.count);
    for (int64_t i = 0, next = 0; i < record->ranges.count; i = next) {
        const UndoRange run = run_of(&record->ranges, i, &next);
        TRY(write_run(record, run, in_record));
        in_record += run.bytes;
    }
    return status_ok();
}

/* A file that is shorter than it was must get all that it lacks. */
static bool reaches_end(const Record *record, int64_t bytes) {
    const UndoRange last = record->ranges.range[record->ranges.count - 1];
    return bytes >= record->length || (last.offset <= bytes && last.offset + last.bytes == record->length);
}

static Status put_back(const Record *record) {
    TRY(write_all(record));
    if (ftruncate(record->to, (off_t)record->length) != 0) return cannot("truncate", record->output->partial);
    /* EINVAL: a file system on which this object has nothing to be synchronized */
    return fsync(record->to) != 0 && errno != EINVAL ? cannot("bring to the disk", record->output->partial)
                                                     : status_ok();
}

static Status mend(Record *record) {
    struct stat info;
    record->to = open(record->output->partial, O_RDWR | O_CLOEXEC);
    if (record->to < 0) return cannot("open", record->output->partial);
    if (fstat(record->to, &info) != 0) return cannot("look at", record->output->partial);
    if (!reaches_end(record, info.st_size)) return refuse(record, "which is shorter");
    TRY(compare_fixed(record));
    TRY(put_back(record));
    const int closed = close(record->to);
    record->to = -1;
    return closed != 0 ? cannot("close", record->output->partial) : status_ok();
}

Status undo_mend(const OutputPath *output, UndoFound *found) {
    struct stat info;
    Record record = {.output = output, .from = -1, .to = -1};
    *found = (UndoFound){.put_back = false, .damage = status_ok()};
    if (lstat(output->undo, &info) != 0) return errno == ENOENT ? status_ok() : cannot("look at", output->undo);
    Status status = open_record(&record);
    if (status.code == STATUS_BAD_FILE) {
        found->damage = status;
        status = status_ok();
    } else if (status_is_ok(status)) {
        status = mend(&record);
        found->put_back = status_is_ok(status);
    }
    release(&record);
    if (found->put_back) TRY(output_path_remove_undo(output));
    return status;
}
