/* An NXmx file of Tessera's in which the bytes say what is deleted, replaced or moved elsewhere: resumed, described,
 * exported, merged. HDF5 itself does not withstand every damaged file, so the file stays one that HDF5 wrote; the first
 * byte 0xff asks for plain damage instead, whose end is waited for in a process of its own and only told. */
#define _GNU_SOURCE /* mkdtemp */
#include "compress.h"
#include "describe_nxmx.h"
#include "fuzz.h"
#include "hdf5_helpers.h"
#include "merge.h"
#include "nxmx_read.h"
#include "simulate.h"
#include "text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMES_MOST = 1024, NAME_BYTES = 128, CHANGES_MOST = 8, CHANGE_BYTES = 8, RAW_SECONDS = 10, PIXELS_MOST = 10000 };

/* The unharmed file, made once. */
typedef struct Base {
    char folder[64], file[96], merged[96];
    char secret[96]; /* a file that no reader has any business with */
    Parameters *parameters;
    Team team;
    char *contents;
    size_t bytes;
    int names;
    char name[NAMES_MOST][NAME_BYTES];
} Base;

static Base base;
static const char SECRET[] = "nobody writes here, and nobody reads it";

static void remove_files(void) {
    DIR *entries = opendir(base.folder);
    if (entries == NULL) return;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (entry->d_name[0] != '.') (void)unlinkat(dirfd(entries), entry->d_name, 0);
    (void)closedir(entries);
}

static void remove_folder(void) {
    remove_files();
    (void)rmdir(base.folder);
}

static void put_file(const char *path, const char *contents, size_t bytes) {
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(contents, 1, bytes, file) == bytes && fclose(file) == 0, "a file is written");
}

static herr_t remember(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    (void)group;
    (void)info;
    (void)context;
    if (base.names < NAMES_MOST) base.names += text_copy(base.name[base.names], NAME_BYTES, name);
    return 0;
}

static SimulateRequest request(void) {
    return (SimulateRequest){
        .parameters = base.parameters,
        .command_line = "fuzz",
        .build = {.version = "0", .git_revision = "0", .compiler = "cc", .flags = "", .build_type = "fuzz"}};
}

static void make_base(void) {
    hid_t file = H5I_INVALID_HID;
    (void)snprintf(base.folder, sizeof base.folder, "%s/tessera-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(base.folder) != NULL, "a folder can be made");
    (void)atexit(remove_folder);
    (void)snprintf(base.file, sizeof base.file, "%s/run.nxs.partial", base.folder);
    (void)snprintf(base.secret, sizeof base.secret, "%s/secret", base.folder);
    (void)snprintf(base.merged, sizeof base.merged, "%s/merged.nxs", base.folder);
    fuzz_require(status_is_ok(team_start(&base.team)), "a process alone is a team");
    base.parameters = fuzz_parameters((const char *const[]){
        "crystal.cell=50,60,70,90,90,90", "crystal.default_f=10", "beam.fluence=1e30", "detector.fast_pixels=6",
        "detector.slow_pixels=5", "sweep.kind=rotation", "sweep.count=3", "run.progress=none", "output.images=both",
        "run.verbosity=quiet", "sampling.oversample=1", NULL});
    char output[96];
    (void)snprintf(output, sizeof output, "%s/run.nxs", base.folder);
    fuzz_set(base.parameters, "run.output", output);
    const Status made = simulate(base.team, request());
    fuzz_require(status_is_ok(made), made.message);
    fuzz_require(status_is_ok(text_read_file(output, (size_t)1 << 28, &base.contents, &base.bytes)), "it can be read");
    fuzz_require(status_is_ok(hdf5_open_file(output, false, &file)), "it can be opened");
    (void)H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, remember, NULL);
    (void)hdf5_close_file(output, &file);
    fuzz_set(base.parameters, "run.resume", "true");
    remove_files();
}

/* ---------------------------------------------------------------------------------------------------------- changes */

/* A type of file or memory; the caller closes it. */
static hid_t type_of(uint8_t choice) {
    const hid_t kinds[] = {H5T_NATIVE_INT8,   H5T_NATIVE_UINT8,  H5T_NATIVE_INT32, H5T_NATIVE_INT64,
                           H5T_NATIVE_UINT32, H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT, H5T_NATIVE_UINT64};
    const size_t numbers = sizeof kinds / sizeof *kinds;
    if (choice % 16 < numbers) return H5Tcopy(kinds[choice % 16]);
    if (choice % 16 == 14) return H5Tcreate(H5T_OPAQUE, 1 + choice / 16u);
    if (choice % 16 == 15) return H5Tarray_create2(H5T_NATIVE_INT32, 1, (const hsize_t[]){3});
    const hid_t type = H5Tcopy(H5T_C_S1);
    const size_t lengths[] = {1, 2, 20, 64, 2000};
    (void)H5Tset_size(type, choice % 16 == 13 ? H5T_VARIABLE : lengths[choice % 16 - numbers]);
    if (choice >= 128) (void)H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static hid_t space_of(uint8_t rank, uint8_t choice) {
    static const hsize_t lengths[] = {1, 3, 2, 5, 6, 0, 100, 70000, (hsize_t)1 << 31, (hsize_t)1 << 60};
    hsize_t length[4];
    for (int i = 0; i < 4; i++) length[i] = lengths[(choice + 3 * i * (choice / 16)) % 10];
    return rank % 5 == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank % 5, length, NULL);
}

static bool is_elsewhere(hid_t dataset) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const bool elsewhere = creation < 0 || H5Pget_external_count(creation) != 0;
    if (creation >= 0) (void)H5Pclose(creation);
    return elsewhere;
}

/* Values without meaning, of small objects. What is written to a dataset whose values lie in another file would get
 * there. */
static void fill(hid_t object, bool is_attribute, uint8_t pattern) {
    if (!is_attribute && is_elsewhere(object)) return;
    const hid_t type = is_attribute ? H5Aget_type(object) : H5Dget_type(object);
    const hid_t space = is_attribute ? H5Aget_space(object) : H5Dget_space(object);
    const hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
    if (count > 0 && count <= 4096 && H5Tis_variable_str(type) == 0) {
        char *bytes = malloc((size_t)count * H5Tget_size(type));
        fuzz_require(bytes != NULL, "there is memory for values");
        memset(bytes, pattern, (size_t)count * H5Tget_size(type));
        if (is_attribute)
            (void)H5Awrite(object, type, bytes);
        else
            (void)H5Dwrite(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
        free(bytes);
    }
    if (space >= 0) (void)H5Sclose(space);
    if (type >= 0) (void)H5Tclose(type);
}

static void set_layout(hid_t creation, hid_t space, uint8_t choice) {
    hsize_t ones[4] = {1, 1, 1, 1};
    const int rank = H5Sget_simple_extent_ndims(space);
    if (choice % 4 == 1) (void)H5Pset_external(creation, base.secret, 0, H5F_UNLIMITED);
    if (choice % 4 == 2)
        (void)H5Pset_virtual(creation, space, choice < 128 ? "." : "run.nxs.partial", "/entry/data/data", space);
    if (choice % 4 == 3 && rank > 0) (void)H5Pset_chunk(creation, rank, ones);
    if (choice % 4 == 3 && rank > 0 && choice >= 128) (void)H5Pset_deflate(creation, 1);
}

static void replace_dataset(hid_t file, const char *name, const uint8_t *change) {
    const hid_t type = type_of(change[3]), space = space_of(change[4], change[5]);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    set_layout(creation, space, change[7]);
    if (H5Lexists(file, name, H5P_DEFAULT) > 0) (void)H5Ldelete(file, name, H5P_DEFAULT);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (set >= 0 && change[7] % 4 != 1 && change[7] % 4 != 2) fill(set, false, change[6]);
    if (set >= 0) (void)H5Dclose(set);
    (void)H5Pclose(creation);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static void replace_attribute(hid_t file, const char *name, const uint8_t *change) {
    static const char *const names[] = {"units",  "user_text",           "origin",     "given",        "vector",
                                        "offset", "transformation_type", "depends_on", "sweep_frames", "NX_class",
                                        "signal", "offset_units"};
    const char *attribute = names[change[7] % 12];
    const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    const hid_t type = type_of(change[3]), space = space_of(change[4] % 2, change[5] % 6);
    if (object >= 0 && H5Aexists(object, attribute) > 0) (void)H5Adelete(object, attribute);
    const hid_t made = object < 0 ? object : H5Acreate2(object, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (made >= 0) fill(made, true, change[6]);
    if (made >= 0) (void)H5Aclose(made);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    if (object >= 0) (void)H5Oclose(object);
}

static void overwrite(hid_t file, const char *name, uint8_t pattern) {
    const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set >= 0) fill(set, false, pattern);
    if (set >= 0) (void)H5Dclose(set);
}

static void change_one(hid_t file, const uint8_t *change) {
    const char *name = base.name[(change[1] + 256 * change[2]) % base.names];
    const char *other = base.name[(change[3] + 256 * change[4]) % base.names];
    switch (change[0] % 8) {
    case 0:
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        return;
    case 1:
    case 2:
        replace_dataset(file, name, change);
        return;
    case 3:
    case 4:
        replace_attribute(file, name, change);
        return;
    case 5: /* a link to another object, a group inside itself too */
        (void)H5Ldelete(file, name, H5P_DEFAULT);
        if (change[5] % 2 == 0) (void)H5Lcreate_hard(file, other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        if (change[5] % 2 == 1) (void)H5Lcreate_soft(other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 6:
        (void)H5Lmove(file, name, file, other, H5P_DEFAULT, H5P_DEFAULT);
        return;
    default:
        overwrite(file, name, change[6]);
    }
}

static void change_file(const uint8_t *data, size_t size) {
    hid_t file = H5I_INVALID_HID;
    if (!status_is_ok(hdf5_open_file(base.file, true, &file))) return;
    for (size_t i = 0; i < CHANGES_MOST && (i + 1) * CHANGE_BYTES <= size; i++)
        change_one(file, data + i * CHANGE_BYTES);
    (void)hdf5_close_file(base.file, &file);
}

/* ---------------------------------------------------------------------------------------------------------- reading */

/* An input may be refused, and a file that was changed under the program's feet may fail to be written. */
static bool accepted(Status status) {
    if (status_is_ok(status)) return true;
    fuzz_require(strlen(status.message) > 10, "a refusal says why");
    return false;
}

static void describe(DescribeForm form) {
    FILE *out = fopen("/dev/null", "w");
    fuzz_require(out != NULL, "nothing can be written to");
    const DescribeRequest asked = {.path = base.file,
                                   .form = form,
                                   .verify = form == DESCRIBE_TEXT,
                                   .inputs = form == DESCRIBE_YAML ? base.folder : NULL};
    (void)accepted(describe_nxmx(&asked, out));
    (void)fclose(out);
}

static void read_images(void) {
    NxmxReader *reader = NULL;
    if (!accepted(nxmx_reader_open(base.file, &reader))) return;
    const NxmxDescription *d = nxmx_reader_description(reader);
    double *pixels = calloc(PIXELS_MOST, sizeof *pixels);
    uint32_t *mask = calloc(PIXELS_MOST, sizeof *mask);
    fuzz_require(pixels != NULL && mask != NULL, "there is memory for an image");
    if (d->slow_pixels * d->fast_pixels <= PIXELS_MOST) {
        (void)accepted(nxmx_reader_image(reader, 0, false, pixels));
        (void)accepted(nxmx_reader_mask(reader, mask));
    }
    free(mask);
    free(pixels);
    nxmx_reader_close(&reader);
}

static void merge(void) {
    Merge merged;
    char *const names[] = {base.file};
    const MergeRequest asked = {.output = base.merged,
                                .overwrite = true,
                                .names = 1,
                                .name = names,
                                .command_line = "fuzz",
                                .build = request().build};
    (void)accepted(merge_run(&asked, &merged));
    merge_free(&merged);
}

static void pack(void) {
    CompressResult result;
    (void)accepted(compress_file(
        (CompressRequest){.path = base.file, .packing = {.method = PACK_DEFLATE, .level = 1}, .version = "0"},
        &result));
}

static void read_in_way(uint8_t way) {
    switch (way % 8) {
    case 0:
        describe(DESCRIBE_TEXT);
        return;
    case 1:
        describe(DESCRIBE_JSON);
        return;
    case 2:
        describe(DESCRIBE_YAML);
        return;
    case 3:
        read_images();
        return;
    case 4:
        merge();
        return;
    case 5:
        pack();
        return;
    default:
        (void)accepted(simulate(base.team, request()));
    }
}

/* Bytes as they may come from a disk, in a process of its own. */
static void read_damaged(const uint8_t *data, size_t size) {
    char *contents = malloc(base.bytes);
    fuzz_require(contents != NULL, "there is memory for the file");
    memcpy(contents, base.contents, base.bytes);
    for (size_t i = 0; i + 4 <= size; i += 4)
        contents[(data[i] + 256u * data[i + 1] + 65536u * data[i + 2]) % base.bytes] = (char)data[i + 3];
    put_file(base.file, contents, base.bytes);
    free(contents);
    (void)fflush(NULL);
    const pid_t child = fork();
    fuzz_require(child >= 0, "a process can be made");
    if (child == 0) {
        (void)alarm(RAW_SECONDS);
        for (uint8_t way = 0; way < 7; way++) read_in_way(way);
        _exit(0);
    }
    int end = 0;
    (void)waitpid(child, &end, 0);
    if (end != 0) (void)fprintf(stderr, "damaged bytes: the process that read them ended with %d\n", end);
}

static void check_secret(void) {
    char *contents = NULL;
    size_t bytes = 0;
    fuzz_require(status_is_ok(text_read_file(base.secret, 4096, &contents, &bytes)), "the secret can be read");
    fuzz_require(bytes == sizeof SECRET - 1 && memcmp(contents, SECRET, bytes) == 0, "nobody writes to another file");
    free(contents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (base.bytes == 0) make_base();
    if (size < 1) return 0;
    if (data[0] == 0xff) {
        read_damaged(data + 1, size - 1);
    } else {
        put_file(base.file, base.contents, base.bytes);
        put_file(base.secret, SECRET, sizeof SECRET - 1);
        change_file(data + 1, size - 1);
        check_secret();
        read_in_way(data[0]);
        check_secret();
    }
    remove_files();
    return 0;
}
