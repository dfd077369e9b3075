/* An NXmx file of Tessera's in which the bytes say what is deleted, replaced or moved elsewhere: resumed, described,
 * exported, merged, compressed. The first byte chooses one of these and the file, each eight more make a change. HDF5
 * itself does not withstand every damaged file, so the file stays one that HDF5 wrote; an input that begins with
 * DAMAGED asks for plain damage instead, whose end is waited for in a process of its own and only told. */
#define _GNU_SOURCE /* mkdtemp */
#include "base/text.h"
#include "commands/describe_nxmx.h"
#include "fuzz.h"
#include "hdf5/hdf5_helpers.h"
#include "merge/merge.h"
#include "nxmx/nxmx_read.h"
#include "output/compress.h"
#include "run/simulate.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMES_MOST = 1024, NAME_BYTES = 128, PATH_BYTES = 96, CHANGES_MOST = 8, CHANGE_BYTES = 8 };
enum { DAMAGED_SECONDS = 2, PIXELS_MOST = 10000, PARAMETERS_APART = 30 };
static const char SECRET[] = "nobody writes here, and nobody reads it";
static const uint8_t DAMAGED[4] = {0xff, 'R', 'A', 'W'};

/* An unharmed file, made once. HDF5 takes its time for each of the hundreds of datasets of a file, so those that no
 * reader looks for are left out, and of the parameters that were not given all but some: an older version would not
 * have written them. A file that is to be resumed needs those that decide the images. */
typedef enum BaseKind {
    BASE_ROTATION, /* three angles, and structure factors as an input */
    BASE_LIST,     /* a list of two frames, the second of two crystals */
    BASE_FINISHED, /* the same with all parameters */
    BASE_HALF,     /* the same, the second frame missing */
    BASE_MASTER,   /* merged; its part is the rotation */
    BASES
} BaseKind;

typedef struct Base {
    char *contents;
    size_t bytes;
    int names;
    char name[NAMES_MOST][NAME_BYTES];
} Base;

/* What all trials use. */
typedef struct Bench {
    char folder[64], file[PATH_BYTES], part[PATH_BYTES], merged[PATH_BYTES];
    char secret[PATH_BYTES]; /* a file that no reader has any business with */
    Team team;
    Parameters *list; /* resumes the list */
    Base base[BASES];
} Bench;

static Bench bench;

/* The trials' files; the inputs of the runs, which begin with "in.", stay. */
static void remove_files(bool inputs) {
    DIR *entries = opendir(bench.folder);
    if (entries == NULL) return;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (entry->d_name[0] != '.' && (inputs || strncmp(entry->d_name, "in.", 3) != 0))
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
    (void)closedir(entries);
}

static void remove_folder(void) {
    remove_files(true);
    (void)rmdir(bench.folder);
}

static void put_file(const char *path, const char *contents, size_t bytes) {
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(contents, 1, bytes, file) == bytes && fclose(file) == 0, "a file is written");
}

static void put_base(const char *path, BaseKind kind) {
    put_file(path, bench.base[kind].contents, bench.base[kind].bytes);
}

static void in_folder(const char *name, char *path) {
    (void)snprintf(path, PATH_BYTES, "%s/%s", bench.folder, name);
}

/* ------------------------------------------------------------------------------------------------- unharmed files */

static herr_t remember(hid_t group, const char *name, const H5L_info_t *info, void *context) {
    Base *base = context;
    (void)group;
    (void)info;
    if (base->names < NAMES_MOST) base->names += text_copy(base->name[base->names], NAME_BYTES, name);
    return 0;
}

static SimulateRequest request(const Parameters *parameters) {
    return (SimulateRequest){
        .parameters = parameters,
        .command_line = "fuzz",
        .build = {.version = "0", .git_revision = "0", .compiler = "cc", .flags = "", .build_type = "fuzz"}};
}

static Parameters *settings(const char *output, const char *const *more) {
    Parameters *parameters = fuzz_parameters(
        (const char *const[]){"crystal.cell=50,60,70,90,90,90", "crystal.default_f=10", "beam.fluence=1e30",
                              "detector.fast_pixels=6", "detector.slow_pixels=5", "run.progress=none",
                              "output.images=both", "run.verbosity=quiet", "sampling.oversample=1", NULL});
    fuzz_set(parameters, "run.output", output);
    for (; *more != NULL; more += 2) fuzz_set(parameters, more[0], more[1]);
    return parameters;
}

static void forget_parameters(hid_t file, const Parameters *parameters, bool is_resumed) {
    char path[NAME_BYTES];
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const bool decides = is_resumed && parameters_row_decides_image(parameters_row(i));
        if (decides || parameters_is_given(parameters, i) || i % PARAMETERS_APART == 0) continue;
        (void)snprintf(path, sizeof path, "/entry/simulation/parameters/%s", parameters_row(i)->public_name);
        (void)H5Ldelete(file, path, H5P_DEFAULT);
    }
}

/* What is only written. */
static void forget_others(hid_t file) {
    static const struct {
        const char *group, *names;
    } others[] = {
        {"/entry", "source title"},
        {"/entry/instrument", "name time_zone"},
        {"/entry/instrument/beam", "incident_beam_size incident_polarization_stokes profile"},
        {"/entry/instrument/detector",
         "beam_center_derived beam_center_x beam_center_y bit_depth_readout countrate_correction_applied depends_on "
         "description distance distance_derived flatfield_applied frame_time pixel_mask_applied type underload_value "
         "x_pixel_size y_pixel_size"},
        {"/entry/instrument/detector/module", "data_origin data_size data_stride"},
        {"/entry/sample", "name space_group ub_matrix unit_cell unit_cell_abc unit_cell_alphabetagamma"},
        {"/entry/simulation", "geometry_native resumes"},
        {"/entry/simulation/environment",
         "build_type cluster_ranks compiler_flags frames_per_wave_of_group git_dirty group_ranks groups libhdf5 "
         "libhdf5_headers mpi_library openmp rank_bytes_written rank_compute_seconds rank_host rank_peak_memory "
         "rank_steps rank_threads shards tile tiles_fast tiles_slow waves zlib"},
        {"/entry/simulation/frames", "noise_seed phi0 rank seed start_time wall_seconds"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const hid_t group = H5Gopen2(file, others[i].group, H5P_DEFAULT);
        char name[NAME_BYTES];
        for (const char *next = others[i].names; *next != '\0'; next += strspn(next, " ")) {
            const size_t length = strcspn(next, " ");
            (void)snprintf(name, sizeof name, "%.*s", (int)length, next);
            (void)H5Ldelete(group, name, H5P_DEFAULT);
            next += length;
        }
        (void)H5Gclose(group);
    }
}

static void lose_second_frame(hid_t file) {
    static const uint8_t states[2] = {1, 0};
    const Status lost = hdf5_overwrite(file, "/entry/simulation/frames/status", H5T_NATIVE_UINT8, 2, states);
    fuzz_require(status_is_ok(lost), lost.message);
}

/* Takes a finished file into memory. */
static void take(const char *path, BaseKind kind, const Parameters *parameters) {
    Base *base = &bench.base[kind];
    hid_t file = H5I_INVALID_HID;
    fuzz_require(status_is_ok(hdf5_open_file(path, true, &file)), "a file that was made can be opened");
    if (parameters != NULL) forget_parameters(file, parameters, kind == BASE_FINISHED || kind == BASE_HALF);
    if (kind == BASE_ROTATION || kind == BASE_LIST) forget_others(file);
    if (kind == BASE_HALF) lose_second_frame(file);
    (void)H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, remember, base);
    (void)hdf5_close_file(path, &file);
    fuzz_require(status_is_ok(text_read_file(path, (size_t)1 << 28, &base->contents, &base->bytes)), "it can be read");
}

static void make_rotation(const char *output) {
    static const char factors[] = "0 0 1 10\n0 1 0 20\n1 0 0 30\n";
    char input[PATH_BYTES];
    in_folder("in.hkl", input);
    put_file(input, factors, sizeof factors - 1);
    Parameters *rotation = settings(output, (const char *const[]){"sweep.kind", "rotation", "sweep.count", "3",
                                                                  "crystal.structure_factors", input, NULL});
    const Status made = simulate(bench.team, request(rotation));
    fuzz_require(status_is_ok(made), made.message);
    take(output, BASE_ROTATION, rotation);
    parameters_destroy(&rotation);
    remove_files(false);
}

static void make_list(const char *output) {
    static const char rows[] = "frame,q0,q1,q2,q3,weight\n0,1,0,0,0,1\n1,0,1,0,0,1\n1,0,0,1,0,0.5\n";
    char input[PATH_BYTES];
    in_folder("in.csv", input);
    put_file(input, rows, sizeof rows - 1);
    bench.list = settings(output, (const char *const[]){"sweep.kind", "list", "sweep.file", input, NULL});
    const Status made = simulate(bench.team, request(bench.list));
    fuzz_require(status_is_ok(made), made.message);
    take(output, BASE_FINISHED, bench.list);
    take(output, BASE_HALF, bench.list);
    put_base(output, BASE_FINISHED);
    take(output, BASE_LIST, bench.list);
    fuzz_set(bench.list, "run.resume", "true");
    remove_files(false);
}

static void make_master(void) {
    char *const names[] = {bench.part};
    put_base(bench.part, BASE_ROTATION);
    Merge merged;
    const Status made = merge_run(
        &(MergeRequest){
            .output = bench.merged, .names = 1, .name = names, .command_line = "fuzz", .build = request(NULL).build},
        &merged);
    fuzz_require(status_is_ok(made), made.message);
    merge_free(&merged);
    take(bench.merged, BASE_MASTER, NULL);
    remove_files(false);
}

static void make_bases(void) {
    char output[PATH_BYTES];
    (void)snprintf(bench.folder, sizeof bench.folder, "%s/tessera-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fuzz_require(mkdtemp(bench.folder) != NULL, "a folder can be made");
    (void)atexit(remove_folder);
    in_folder("run.nxs", output);
    in_folder("run.nxs.partial", bench.file);
    in_folder("part.nxs", bench.part);
    in_folder("merged.nxs", bench.merged);
    in_folder("in.secret", bench.secret);
    put_file(bench.secret, SECRET, sizeof SECRET - 1);
    fuzz_require(status_is_ok(team_start(&bench.team)), "a process alone is a team");
    /* HDF5 keeps what it frees for its next file; else it asks the sanitizer for a fresh megabyte for each */
    (void)H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    make_rotation(output);
    make_list(output);
    make_master();
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
    /* some are those that the readers have room for */
    const size_t lengths[][5] = {{1, 2, 20, 64, 2000}, {16, 65, 256, 400, 1024}};
    (void)H5Tset_size(type, choice % 16 == 13 ? H5T_VARIABLE : lengths[choice / 16 % 2][choice % 16 - numbers]);
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
    const bool elsewhere =
        creation < 0 || H5Pget_external_count(creation) != 0 || H5Pget_layout(creation) == H5D_VIRTUAL;
    if (creation >= 0) (void)H5Pclose(creation);
    return elsewhere;
}

/* Values without meaning, of small objects. What is written to a dataset whose values lie in another file would get
 * there; to one that is a part of itself, HDF5 writes until the stack ends. */
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
    if (choice % 4 == 1) (void)H5Pset_external(creation, bench.secret, 0, H5F_UNLIMITED);
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

static void change_one(hid_t file, const Base *base, const uint8_t *change) {
    const char *name = base->name[(change[1] + 256 * change[2]) % base->names];
    const char *other = base->name[(change[3] + 256 * change[4]) % base->names];
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

static void change_file(const Base *base, const uint8_t *data, size_t size) {
    hid_t file = H5I_INVALID_HID;
    if (size < CHANGE_BYTES || !status_is_ok(hdf5_open_file(bench.file, true, &file))) return;
    for (size_t i = 0; i < CHANGES_MOST && (i + 1) * CHANGE_BYTES <= size; i++)
        change_one(file, base, data + i * CHANGE_BYTES);
    (void)hdf5_close_file(bench.file, &file);
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
    const DescribeRequest asked = {.path = bench.file,
                                   .form = form,
                                   .verify = form == DESCRIBE_TEXT,
                                   .inputs = form == DESCRIBE_YAML ? bench.folder : NULL};
    (void)accepted(describe_nxmx(&asked, out));
    (void)fclose(out);
}

static void describe_text(void) {
    describe(DESCRIBE_TEXT);
}

static void describe_json(void) {
    describe(DESCRIBE_JSON);
}

static void describe_yaml(void) {
    describe(DESCRIBE_YAML);
}

static void read_images(void) {
    NxmxReader *reader = NULL;
    if (!accepted(nxmx_reader_open(bench.file, NULL, &reader))) return;
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

static void merge(int parts) {
    Merge merged;
    char *const names[] = {bench.file, bench.part};
    const MergeRequest asked = {.output = bench.merged,
                                .overwrite = true,
                                .names = parts,
                                .name = names,
                                .command_line = "fuzz",
                                .build = request(NULL).build};
    (void)accepted(merge_run(&asked, &merged));
    merge_free(&merged);
}

static void merge_it(void) {
    merge(1);
}

static void merge_with_part(void) {
    merge(2);
}

static void pack(void) {
    CompressResult result;
    (void)accepted(compress_file(
        (CompressRequest){.path = bench.file, .packing = {.method = PACK_DEFLATE, .level = 1}, .version = "0"},
        &result));
}

static void resume(void) {
    (void)accepted(simulate(bench.team, request(bench.list)));
}

/* What is done with which file. */
typedef struct Trial {
    BaseKind base;
    void (*read)(void);
    bool has_part; /* unharmed, beside it */
} Trial;

static const Trial trials[] = {{BASE_ROTATION, describe_text, false}, {BASE_ROTATION, describe_json, false},
                               {BASE_ROTATION, describe_yaml, false}, {BASE_ROTATION, read_images, false},
                               {BASE_ROTATION, merge_it, false},      {BASE_ROTATION, pack, false},
                               {BASE_FINISHED, resume, false},        {BASE_HALF, resume, false},
                               {BASE_LIST, merge_with_part, true},    {BASE_LIST, describe_yaml, false},
                               {BASE_MASTER, describe_text, true},    {BASE_MASTER, describe_json, true},
                               {BASE_MASTER, read_images, true},      {BASE_MASTER, pack, true}};
enum { TRIALS = sizeof trials / sizeof *trials };

static void check_secret(void) {
    char *contents = NULL;
    size_t bytes = 0;
    fuzz_require(status_is_ok(text_read_file(bench.secret, 4096, &contents, &bytes)), "the secret can be read");
    fuzz_require(bytes == sizeof SECRET - 1 && memcmp(contents, SECRET, bytes) == 0, "nobody writes to another file");
    free(contents);
}

static void put_part(const Trial *trial) {
    if (trial->has_part) put_base(bench.part, trial->base == BASE_LIST ? BASE_FINISHED : BASE_ROTATION);
}

/* Bytes as they may come from a disk, in a process of its own: the sanitizer is to say nothing of HDF5's faults. */
static void read_damaged(const uint8_t *data, size_t size) {
    const Trial *trial = &trials[data[0] % TRIALS];
    const Base *base = &bench.base[trial->base];
    char *contents = malloc(base->bytes);
    fuzz_require(contents != NULL, "there is memory for the file");
    memcpy(contents, base->contents, base->bytes);
    for (size_t i = 1; i + 4 <= size; i += 4)
        contents[(data[i] + 256u * data[i + 1] + 65536u * data[i + 2]) % base->bytes] = (char)data[i + 3];
    put_file(bench.file, contents, base->bytes);
    put_part(trial);
    free(contents);
    (void)fflush(NULL);
    const pid_t child = fork();
    fuzz_require(child >= 0, "a process can be made");
    if (child == 0) {
        static const int ends[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) (void)signal(ends[i], SIG_DFL);
        (void)alarm(DAMAGED_SECONDS);
        trial->read();
        _exit(0);
    }
    int end = 0;
    (void)waitpid(child, &end, 0);
    if (end != 0) (void)fprintf(stderr, "damaged bytes: the process that read them ended with %d\n", end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (bench.list == NULL) make_bases();
    if (size < 1) return 0;
    if (size > sizeof DAMAGED && memcmp(data, DAMAGED, sizeof DAMAGED) == 0) {
        read_damaged(data + sizeof DAMAGED, size - sizeof DAMAGED);
    } else {
        const Trial *trial = &trials[data[0] % TRIALS];
        put_base(bench.file, trial->base);
        put_part(trial);
        change_file(&bench.base[trial->base], data + 1, size - 1);
        check_secret();
        trial->read();
        check_secret();
    }
    remove_files(false);
    return 0;
}
