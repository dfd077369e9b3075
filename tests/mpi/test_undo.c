/* A record, as earlier revisions left it, puts its file back, and only its file; what is no record changes nothing.
 * Each rank has a file of its own. */
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"
#include "nxmx/undo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* The file: 300 bytes of HDF5's, 200 fixed ones, 1000 of images, 524 of HDF5's. */
enum { LENGTH = 2024, MOST = 8192, WORD = 8, HEAD = 32, RANGE = 24 };
enum { PARTS = 3 };
static const struct { int64_t offset, bytes, is_fixed; } parts[PARTS] = {{0, 300, 0}, {300, 200, 1}, {1500, 524, 0}};
static OutputPath output;

/* ---------------------------------------------------------------------------------------------------------- helpers */

typedef struct Bytes {
    int64_t count;
    uint8_t byte[MOST];
} Bytes;

static Bytes contents(const char *path) {
    Bytes bytes = {.count = -1};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return bytes;
    bytes.count = (int64_t)fread(bytes.byte, 1, sizeof bytes.byte, file);
    (void)fclose(file);
    return bytes;
}

static void write_contents(const char *path, const Bytes *bytes) {
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes->byte, 1, (size_t)bytes->count, file), (size_t)bytes->count);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static bool same(const Bytes *left, const Bytes *right) {
    return left->count == right->count && memcmp(left->byte, right->byte, (size_t)left->count) == 0;
}

static bool exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

static void remove_all(void) {
    (void)unlink(output.partial);
    (void)unlink(output.undo);
    (void)rmdir(output.undo);
}

static void put(Bytes *record, int64_t place, uint64_t word) {
    for (int i = 0; i < WORD; i++) record->byte[place + i] = (uint8_t)(word >> 8 * i);
}

/* With the checksum that an enemy would give it. */
static void write_sealed(Bytes record) {
    put(&record, record.count - WORD, crc32_z(0, record.byte, (size_t)(record.count - WORD)));
    write_contents(output.undo, &record);
}

static void append(Bytes *record, uint64_t word) {
    put(record, record->count, word);
    record->count += WORD;
}

static void write_record(const Bytes *before) {
    Bytes record = {.count = WORD, .byte = "TESSUNDO"};
    append(&record, 1);
    append(&record, LENGTH);
    append(&record, PARTS);
    for (int i = 0; i < PARTS; i++) {
        append(&record, (uint64_t)parts[i].offset);
        append(&record, (uint64_t)parts[i].bytes);
        append(&record, (uint64_t)parts[i].is_fixed);
    }
    for (int i = 0; i < PARTS; i++) {
        memcpy(record.byte + record.count, before->byte + parts[i].offset, (size_t)parts[i].bytes);
        record.count += parts[i].bytes;
    }
    append(&record, 0);
    write_sealed(record);
}

/* A file of this process alone, and a record of it. */
static Bytes begin(void) {
    char name[64];
    Bytes before = {.count = LENGTH};
    (void)snprintf(name, sizeof name, "undo%d.nxs", fake_rank());
    CU_ASSERT_FATAL(status_is_ok(output_path_create(name, &output)));
    remove_all();
    for (int i = 0; i < LENGTH; i++) before.byte[i] = (uint8_t)(i * 7 + i / 256);
    write_contents(output.partial, &before);
    write_record(&before);
    return before;
}

/* What HDF5 makes of it. */
static Bytes changed(const Bytes *before) {
    Bytes after = *before;
    memset(after.byte, 0xaa, 250);
    memset(after.byte + 1600, 0xbb, 1400);
    after.count = 3000;
    return after;
}

/* That the record is taken for damaged, and that nothing has changed. */
static void check_damaged(const char *what) {
    UndoFound found;
    const Bytes before = contents(output.partial);
    const Status status = undo_mend(&output, &found);
    const Bytes after = contents(output.partial);
    UNIT_CHECK(status_is_ok(status), "%s: %s", what, status.message);
    UNIT_CHECK(!found.put_back && found.damage.code == STATUS_BAD_FILE, "%s is taken for a record", what);
    UNIT_CHECK(strstr(found.damage.message, output.undo) != NULL, "%s: not named: %s", what, found.damage.message);
    UNIT_CHECK(same(&before, &after) && exists(output.undo), "%s: something has changed", what);
}

/* ------------------------------------------------------------------------------------------------------------ tests */

static void nothing_is_done_without_a_record(void) {
    UndoFound found;
    const Bytes before = begin();
    CU_ASSERT(status_is_ok(output_path_remove_undo(&output)));
    CU_ASSERT(status_is_ok(undo_mend(&output, &found)) && !found.put_back && status_is_ok(found.damage));
    const Bytes after = contents(output.partial);
    CU_ASSERT(same(&before, &after));
    remove_all();
}

static void a_changed_file_is_as_it_was_but_for_its_images(void) {
    UndoFound found;
    Bytes before = begin(), after = changed(&before);
    after.byte[1000] ^= 1;
    before.byte[1000] ^= 1;
    write_contents(output.partial, &after);
    const Status status = undo_mend(&output, &found);
    UNIT_CHECK(status_is_ok(status) && found.put_back, "%s%s", status.message, found.damage.message);
    after = contents(output.partial);
    CU_ASSERT(same(&before, &after));
    CU_ASSERT(!exists(output.undo));
    remove_all();
}

static void a_record_may_be_used_again(void) {
    UndoFound found;
    const Bytes before = begin(), record = contents(output.undo);
    Bytes half = changed(&before);
    memcpy(half.byte, before.byte, 100); /* killed while it put the file back */
    for (int i = 0; i < 2; i++) {
        write_contents(output.undo, &record);
        write_contents(output.partial, i == 0 ? &half : &before);
        CU_ASSERT(status_is_ok(undo_mend(&output, &found)) && found.put_back);
        const Bytes after = contents(output.partial);
        CU_ASSERT(same(&before, &after));
    }
    remove_all();
}

static void a_file_that_has_lost_its_end_gets_it_back(void) {
    UndoFound found;
    const Bytes before = begin();
    Bytes cut = before;
    cut.count = 1500;
    write_contents(output.partial, &cut);
    CU_ASSERT(status_is_ok(undo_mend(&output, &found)) && found.put_back);
    const Bytes after = contents(output.partial);
    CU_ASSERT(same(&before, &after));
    remove_all();
}

static void check_refused(const char *what, Bytes other) {
    UndoFound found;
    write_contents(output.partial, &other);
    const Status status = undo_mend(&output, &found);
    const Bytes after = contents(output.partial);
    UNIT_CHECK(status.code == STATUS_BAD_FILE && !found.put_back, "%s: it is not refused: %s", what, status.message);
    UNIT_CHECK(same(&other, &after) && exists(output.undo), "%s: something has changed", what);
}

static void another_file_is_refused_and_stays_as_it_is(void) {
    const Bytes before = begin();
    Bytes other = before;
    other.byte[499] ^= 1;
    check_refused("another value", other);
    other = before;
    other.count = 1499; /* images are lost, of which the record has no copy */
    check_refused("a short file", other);
    other.count = 0;
    check_refused("an empty file", other);
    remove_all();
}

static void a_part_of_a_record_is_none(void) {
    (void)begin();
    const Bytes record = contents(output.undo);
    CU_ASSERT_EQUAL(record.count, HEAD + 3 * RANGE + 300 + 200 + 524 + WORD);
    for (int64_t count = 0; count < record.count; count += count < HEAD + 4 * RANGE ? 1 : 37) {
        Bytes part = record;
        part.count = count;
        write_contents(output.undo, &part);
        check_damaged("a part of a record");
    }
    remove_all();
}

static void a_changed_bit_is_found(void) {
    (void)begin();
    const Bytes record = contents(output.undo);
    for (int64_t i = 0; i < record.count; i += i < HEAD + 4 * RANGE ? 1 : 41) {
        Bytes damaged = record;
        damaged.byte[i] = (uint8_t)(damaged.byte[i] ^ 1 << i % 8);
        write_contents(output.undo, &damaged);
        check_damaged("a record with a changed bit");
    }
    remove_all();
}

static void numbers_are_checked_although_the_checksum_is_right(void) {
    static const struct {
        const char *what;
        int64_t place;
        uint64_t word;
    } lies[] = {{"another version", WORD, 2},
                {"no length", 2 * WORD, 0},
                {"a negative length", 2 * WORD, UINT64_MAX},
                {"a length before the end", 2 * WORD, LENGTH - 1},
                {"no parts", 3 * WORD, 0},
                {"a part more", 3 * WORD, 4},
                {"a part less", 3 * WORD, 2},
                {"as many parts as numbers", 3 * WORD, UINT64_MAX},
                {"parts whose bytes overflow", 3 * WORD, UINT64_C(1) << 61},
                {"a part behind the next one", HEAD, 301},
                {"a part that is too long", HEAD + WORD, 301},
                {"a part of all bytes", HEAD + WORD, UINT64_MAX},
                {"a part that ends before it begins", HEAD + RANGE + WORD, UINT64_MAX - 300},
                {"a part behind the end", HEAD + 2 * RANGE, LENGTH + 1},
                {"a part that begins nowhere", HEAD + 2 * RANGE, UINT64_MAX - 100},
                {"a part over the end", HEAD + 2 * RANGE, 1501},
                {"an unknown use", HEAD + 2 * WORD, 2},
                {"nothing that is fixed", HEAD + RANGE + 2 * WORD, 0}};
    (void)begin();
    const Bytes record = contents(output.undo);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        Bytes lie = record;
        put(&lie, lies[i].place, lies[i].word);
        write_sealed(lie);
        check_damaged(lies[i].what);
    }
    remove_all();
}

static void links_pipes_and_folders_are_no_records(void) {
    (void)begin();
    char other[64];
    (void)snprintf(other, sizeof other, "undo%d.other", fake_rank());
    CU_ASSERT_EQUAL(rename(output.undo, other), 0); /* a whole record elsewhere */
    CU_ASSERT_EQUAL(symlink(other, output.undo), 0);
    check_damaged("a symbolic link");
    CU_ASSERT_EQUAL(unlink(output.undo), 0);
    CU_ASSERT_EQUAL(mkfifo(output.undo, 0600), 0);
    check_damaged("a pipe");
    CU_ASSERT_EQUAL(unlink(output.undo), 0);
    CU_ASSERT_EQUAL(mkdir(output.undo, 0700), 0);
    check_damaged("a folder");
    (void)unlink(other);
    remove_all();
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(nothing_is_done_without_a_record),
                                     UNIT_TEST(a_changed_file_is_as_it_was_but_for_its_images),
                                     UNIT_TEST(a_record_may_be_used_again),
                                     UNIT_TEST(a_file_that_has_lost_its_end_gets_it_back),
                                     UNIT_TEST(another_file_is_refused_and_stays_as_it_is),
                                     UNIT_TEST(a_part_of_a_record_is_none),
                                     UNIT_TEST(a_changed_bit_is_found),
                                     UNIT_TEST(numbers_are_checked_although_the_checksum_is_right),
                                     UNIT_TEST(links_pipes_and_folders_are_no_records),
                                     {NULL, NULL}};
    hdf5_prepare();
    return fake_main("undo", tests);
}
