#include "hdf5/hdf5_helpers.h"

#include "base/text.h"
#include "hdf5/hdf5_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

static const int64_t VALUES_MOST = INT64_MAX / 64;

/* A virtual dataset keeps the files that it shows open. */
static void open_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

void hdf5_prepare(void) {
    /* HDF5 reads it once, and prefers it to what the access properties of a file say; parts of virtual datasets heed it
     */
    (void)setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
    (void)H5dont_atexit(); /* a file that could not be written and closed would be tried again, and crash HDF5 1.10 */
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hdf5_inside_forget_external_links();
    open_many_files();
}

/* The walk goes from the innermost failure outwards: the first one that says something is kept. */
static herr_t keep_first_description(unsigned depth, const H5E_error2_t *error, void *description) {
    (void)depth;
    char *kept = description;
    if (kept[0] == '\0' && error->desc != NULL) (void)text_copy(kept, 512, error->desc);
    return 0;
}

/* Where a description quotes the operating system, "error message = 'No space left on device'", only that is kept. */
static void keep_system_message(char *description) {
    static const char label[] = "error message = '";
    const char *start = strstr(description, label);
    if (start == NULL) return;
    start += sizeof label - 1;
    const size_t length = strcspn(start, "'");
    memmove(description, start, length);
    description[length] = '\0';
}

Status hdf5_error(StatusCode code, const char *action, const char *name) {
    char reason[512] = "";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first_description, reason);
    keep_system_message(reason);
    return status_error(code, "cannot %s %s: %s", action, name, reason[0] != '\0' ? reason : "HDF5 gives no reason");
}

/* ----------------------------------------------------------------------------------------------------------- files */

Status hdf5_create_file(const char *path, hid_t *file) {
    *file = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
    return *file < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", path) : status_ok();
}

Status hdf5_create_in_memory(hid_t *file) {
    enum { GROWTH_BYTES = 65536 };
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    *file = access >= 0 && H5Pset_fapl_core(access, GROWTH_BYTES, false) >= 0
                ? H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access)
                : H5I_INVALID_HID;
    const Status status = *file < 0 ? hdf5_error(STATUS_NO_MEMORY, "make", "a file in memory") : status_ok();
    if (access >= 0) (void)H5Pclose(access);
    return status;
}

Status hdf5_fill_file(const char *path, hid_t *file) {
    *file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    return *file < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", path) : status_ok();
}

Status hdf5_open_file(const char *path, bool writable, hid_t *file) {
    *file = H5Fopen(path, writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, H5P_DEFAULT);
    return *file < 0 ? hdf5_error(STATUS_BAD_FILE, "open", path) : status_ok();
}

Status hdf5_open_together(const char *path, MPI_Comm communicator, MPI_Info hints, hid_t *file) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const bool set = access >= 0 && H5Pset_fapl_mpio(access, communicator, hints) >= 0 &&
                     H5Pset_all_coll_metadata_ops(access, true) >= 0;
    *file = set ? H5Fopen(path, H5F_ACC_RDWR, access) : H5I_INVALID_HID;
    const Status status = *file < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "open", path) : status_ok();
    if (access >= 0) (void)H5Pclose(access);
    return status;
}

bool hdf5_has_writer(const char *path) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return false;
    const bool is_locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(descriptor); /* and with it the lock */
    return is_locked;
}

Status hdf5_close_file(const char *path, hid_t *file) {
    const hid_t closing = *file;
    *file = H5I_INVALID_HID;
    if (closing >= 0 && H5Fclose(closing) < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "close", path);
    return status_ok();
}

/* ---------------------------------------------------------------------------------------------------------- groups */

static Status use_and_close(hid_t group, Hdf5Use use, const void *context) {
    const Status status = use(group, context);
    (void)H5Gclose(group);
    return status;
}

/* The class comes before the contents. */
typedef struct ClassedGroup {
    const char *nx_class;
    Hdf5Use fill;
    const void *context;
} ClassedGroup;

static Status fill_classed(hid_t group, const void *context) {
    const ClassedGroup *classed = context;
    TRY(hdf5_attribute_text(group, ".", "NX_class", classed->nx_class));
    return classed->fill(group, classed->context);
}

Status hdf5_write_group(hid_t parent, const char *name, const char *nx_class, Hdf5Use fill, const void *context) {
    const ClassedGroup classed = {.nx_class = nx_class, .fill = fill, .context = context};
    const hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0) return hdf5_error(STATUS_OUTPUT_FAILED, "create group", name);
    return use_and_close(group, fill_classed, &classed);
}

Status hdf5_use_group(hid_t parent, const char *path, Hdf5Use use, const void *context) {
    const hid_t group = H5Gopen2(parent, path, H5P_DEFAULT);
    if (group < 0) return hdf5_error(STATUS_BAD_FILE, "open group", path);
    return use_and_close(group, use, context);
}

/* --------------------------------------------------------------------------------------------------------- datasets */

static hid_t space_of(Hdf5Shape shape) {
    return shape.rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(shape.rank, shape.length, NULL);
}

/* Number of values in a space, which is closed; negative when HDF5 fails. */
static int64_t count_in(hid_t space) {
    const int64_t count = space < 0 ? -1 : (int64_t)H5Sget_simple_extent_npoints(space);
    if (space >= 0) (void)H5Sclose(space);
    return count;
}

static int64_t count_of(hid_t dataset) {
    return count_in(H5Dget_space(dataset));
}

static Status check_count(hid_t dataset, const char *name, int64_t count) {
    const int64_t stored = count_of(dataset);
    if (stored == count) return status_ok();
    return status_error(STATUS_BAD_FILE, "cannot use %s: it has %lld values, not %lld", name, (long long)stored,
                        (long long)count);
}

/* Writes all of an open dataset, uses it and closes it. */
static Status write_and_close(hid_t dataset, const char *name, hid_t type, const void *values, Hdf5Use use,
                              const void *context) {
    Status status = status_ok();
    if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    if (status_is_ok(status) && use != NULL) status = use(dataset, context);
    if (dataset >= 0 && H5Dclose(dataset) < 0 && status_is_ok(status))
        status = hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    return status;
}

Status hdf5_write_and_use(hid_t parent, const char *name, hid_t type, Hdf5Shape shape, const void *values, Hdf5Use use,
                          const void *context) {
    const hid_t space = space_of(shape);
    const hid_t dataset = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const Status status = write_and_close(dataset, name, type, values, use, context);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

Status hdf5_write(hid_t parent, const char *name, hid_t type, Hdf5Shape shape, const void *values) {
    return hdf5_write_and_use(parent, name, type, shape, values, NULL, NULL);
}

Status hdf5_write_reals(hid_t parent, const char *name, Hdf5Shape shape, const double *values, const char *units) {
    TRY(hdf5_write(parent, name, H5T_NATIVE_DOUBLE, shape, values));
    return units != NULL ? hdf5_attribute_text(parent, name, "units", units) : status_ok();
}

Status hdf5_write_real(hid_t parent, const char *name, double value, const char *units) {
    return hdf5_write_reals(parent, name, hdf5_scalar(), &value, units);
}

Status hdf5_write_int32(hid_t parent, const char *name, int32_t value) {
    return hdf5_write(parent, name, H5T_NATIVE_INT32, hdf5_scalar(), &value);
}

Status hdf5_write_int64(hid_t parent, const char *name, int64_t value) {
    return hdf5_write(parent, name, H5T_NATIVE_INT64, hdf5_scalar(), &value);
}

Status hdf5_write_flag(hid_t parent, const char *name, bool value) {
    const int8_t flag = value ? 1 : 0;
    return hdf5_write(parent, name, H5T_NATIVE_INT8, hdf5_scalar(), &flag);
}

/* Text of exactly @p bytes bytes, its final zero included, or of H5T_VARIABLE. The caller closes it. */
static hid_t text_type(size_t bytes, H5T_cset_t set) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0) (void)H5Tset_size(type, bytes);
    if (type >= 0) (void)H5Tset_cset(type, set);
    return type;
}

static bool is_ascii(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes && text[i] != '\0'; i++)
        if (((unsigned char)text[i] & 0x80) != 0) return false;
    return true;
}

/* The character set of @p count texts of at most @p bytes bytes each. HDF5 1.10 converts neither set to the other, of
 * no kind of text, and readers written in C ask for ASCII. */
static H5T_cset_t set_of_texts(const char *texts, int64_t count, size_t bytes) {
    bool ascii = true;
    for (int64_t i = 0; i < count; i++) ascii = ascii && is_ascii(texts + (size_t)i * bytes, bytes);
    return ascii ? H5T_CSET_ASCII : H5T_CSET_UTF8;
}

static hid_t type_of_texts(const char *texts, int64_t count, size_t bytes) {
    return text_type(bytes, set_of_texts(texts, count, bytes));
}

static Status write_of_type(hid_t parent, const char *name, hid_t type, Hdf5Shape shape, const void *values) {
    const Status status = hdf5_write(parent, name, type, shape, values);
    if (type >= 0) (void)H5Tclose(type);
    return status;
}

Status hdf5_write_wide_text(hid_t parent, const char *name, size_t width_bytes, const char *text) {
    return write_of_type(parent, name, type_of_texts(text, 1, width_bytes), hdf5_scalar(), text);
}

Status hdf5_write_text(hid_t parent, const char *name, const char *text) {
    return hdf5_write_wide_text(parent, name, strlen(text) + 1, text);
}

Status hdf5_write_texts(hid_t parent, const char *name, int64_t count, size_t width_bytes, const char *texts) {
    return write_of_type(parent, name, type_of_texts(texts, count, width_bytes), hdf5_list(count), texts);
}

Status hdf5_write_text_and_use(hid_t parent, const char *name, const char *text, Hdf5Use use, const void *context) {
    const hid_t type = type_of_texts(text, 1, strlen(text) + 1);
    const Status status = hdf5_write_and_use(parent, name, type, hdf5_scalar(), text, use, context);
    if (type >= 0) (void)H5Tclose(type);
    return status;
}

Status hdf5_write_bytes(hid_t parent, const char *name, size_t bytes, const void *data) {
    const hid_t type = H5Tcreate(H5T_OPAQUE, bytes);
    if (type >= 0) (void)H5Tset_tag(type, "bytes of a file");
    return write_of_type(parent, name, type, hdf5_scalar(), data);
}

Status hdf5_check_count(hid_t parent, const char *name, int64_t count) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    const Status status = check_count(dataset, name, count);
    (void)H5Dclose(dataset);
    return status;
}

Status hdf5_overwrite(hid_t parent, const char *name, hid_t type, int64_t count, const void *values) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    const Status status = check_count(dataset, name, count);
    if (status_is_ok(status)) return write_and_close(dataset, name, type, values, NULL, NULL);
    (void)H5Dclose(dataset);
    return status;
}

/* Text of @p bytes bytes in the character set of the type of the text that is stored, which is closed: HDF5 does not
 * convert between sets. */
static hid_t text_type_like(hid_t stored, size_t bytes) {
    const bool is_text = stored >= 0 && H5Tget_class(stored) == H5T_STRING;
    const hid_t type = text_type(bytes, is_text ? H5Tget_cset(stored) : H5T_CSET_UTF8);
    if (stored >= 0) (void)H5Tclose(stored);
    return type;
}

Status hdf5_overwrite_text(hid_t parent, const char *name, const char *text) {
    return hdf5_write_row_texts(parent, name, HDF5_ALONE, 1, strlen(text) + 1, text);
}

/* ------------------------------------------------------------------------------------------------------------- rows */

Status hdf5_write_text_column(hid_t parent, const char *name, int64_t rows, size_t width_bytes, const char *like) {
    void *empty = calloc((size_t)rows, width_bytes);
    if (empty == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s", name);
    const hid_t type = text_type(width_bytes, set_of_texts(like, 1, SIZE_MAX));
    const Status status = write_of_type(parent, name, type, hdf5_list(rows), empty);
    free(empty);
    return status;
}

/* Of an open dataset. The caller closes the space, which is negative on failure. */
static Status select_rows(hid_t dataset, const char *name, int64_t row, int64_t count, hid_t *space) {
    const hsize_t start = (hsize_t)row, rows = (hsize_t)count;
    hsize_t length = 0;
    *space = H5Dget_space(dataset);
    if (row == HDF5_ALONE) return check_count(dataset, name, count);
    if (*space < 0 || H5Sget_simple_extent_ndims(*space) != 1 ||
        H5Sget_simple_extent_dims(*space, &length, NULL) != 1 || row < 0 || count < 1 || rows > length ||
        start > length - rows || H5Sselect_hyperslab(*space, H5S_SELECT_SET, &start, NULL, &rows, NULL) < 0)
        return status_error(STATUS_BAD_FILE, "cannot use %s: it has no rows %lld to %lld", name, (long long)row,
                            (long long)(row + count - 1));
    return status_ok();
}

/* Whether HDF5 converts between a type of memory and the stored one, which is closed. */
static bool converts(hid_t type, hid_t stored) {
    H5T_cdata_t *path = NULL;
    const bool found = stored >= 0 && H5Tfind(type, stored, &path) != NULL && H5Tfind(stored, type, &path) != NULL;
    if (stored >= 0) (void)H5Tclose(stored);
    return found;
}

static Status move_rows(hid_t dataset, const char *name, int64_t row, int64_t count, hid_t type, const void *from,
                        void *to) {
    const hsize_t rows = (hsize_t)count;
    hid_t space = H5I_INVALID_HID;
    Status status = select_rows(dataset, name, row, count, &space);
    if (status_is_ok(status) && !converts(type, H5Dget_type(dataset)))
        status = status_error(STATUS_BAD_FILE, "cannot use %s: its values are of another kind", name);
    const hid_t memory = status_is_ok(status) ? H5Screate_simple(1, &rows, NULL) : H5I_INVALID_HID;
    if (status_is_ok(status) && to != NULL && H5Dread(dataset, type, memory, space, H5P_DEFAULT, to) < 0)
        status = hdf5_error(STATUS_BAD_FILE, "read", name);
    if (status_is_ok(status) && from != NULL && H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, from) < 0)
        status = hdf5_error(STATUS_OUTPUT_FAILED, "write", name);
    if (memory >= 0) (void)H5Sclose(memory);
    if (space >= 0) (void)H5Sclose(space);
    if (H5Dclose(dataset) < 0) status = status_first(status, hdf5_error(STATUS_OUTPUT_FAILED, "write", name));
    return status;
}

Status hdf5_write_rows(hid_t parent, const char *name, int64_t row, int64_t count, hid_t type, const void *values) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    return move_rows(dataset, name, row, count, type, values, NULL);
}

Status hdf5_read_rows(hid_t parent, const char *name, int64_t row, int64_t count, hid_t type, void *values) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    return move_rows(dataset, name, row, count, type, NULL, values);
}

static Status move_texts(hid_t parent, const char *name, int64_t row, int64_t count, size_t width_bytes,
                         const char *from, char *to) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    const hid_t type = text_type_like(H5Dget_type(dataset), width_bytes);
    const Status status = move_rows(dataset, name, row, count, type, from, to);
    if (type >= 0) (void)H5Tclose(type);
    return status;
}

Status hdf5_write_row_texts(hid_t parent, const char *name, int64_t row, int64_t count, size_t width_bytes,
                            const char *texts) {
    return move_texts(parent, name, row, count, width_bytes, texts, NULL);
}

Status hdf5_read_row_text(hid_t parent, const char *name, int64_t row, size_t width_bytes, char *text) {
    const Status status = move_texts(parent, name, row, 1, width_bytes, NULL, text);
    text[width_bytes - 1] = '\0'; /* HDF5 copies a text of this very size as it is, with an end or without */
    return status;
}

/* ------------------------------------------------------------------------------------------------------- attributes */

static Status write_attribute(hid_t parent, const char *object, const char *name, hid_t type, Hdf5Shape shape,
                              const void *values) {
    const hid_t space = space_of(shape);
    const bool itself = strcmp(object, ".") == 0; /* HDF5 opens an object that is named once more */
    const hid_t attribute =
        itself ? H5Acreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT)
               : H5Acreate_by_name(parent, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    Status status = status_ok();
    if (attribute < 0 || H5Awrite(attribute, type, values) < 0)
        status = hdf5_error(STATUS_OUTPUT_FAILED, "write attribute", name);
    if (attribute >= 0) (void)H5Aclose(attribute);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

/* Of variable length: readers in Python then get a str. */
static Status write_text_attribute(hid_t parent, const char *object, const char *name, H5T_cset_t set, Hdf5Shape shape,
                                   const char *const *texts) {
    const hid_t type = text_type(H5T_VARIABLE, set);
    const Status status = write_attribute(parent, object, name, type, shape, texts);
    if (type >= 0) (void)H5Tclose(type);
    return status;
}

Status hdf5_attribute_text(hid_t parent, const char *object, const char *name, const char *text) {
    return write_text_attribute(parent, object, name, set_of_texts(text, 1, SIZE_MAX), hdf5_scalar(), &text);
}

Status hdf5_attribute_texts(hid_t parent, const char *object, const char *name, int64_t count, size_t width_bytes,
                            const char *texts) {
    const char **text = calloc((size_t)count + 1, sizeof *text);
    if (text == NULL) return status_error(STATUS_NO_MEMORY, "no memory for attribute %s", name);
    for (int64_t i = 0; i < count; i++) text[i] = texts + (size_t)i * width_bytes;
    const Status status =
        write_text_attribute(parent, object, name, set_of_texts(texts, count, width_bytes), hdf5_list(count), text);
    free(text);
    return status;
}

Status hdf5_attribute_reals(hid_t parent, const char *object, const char *name, int64_t count, const double *values) {
    return write_attribute(parent, object, name, H5T_NATIVE_DOUBLE, hdf5_list(count), values);
}

Status hdf5_attribute_int32(hid_t parent, const char *object, const char *name, int32_t value) {
    return write_attribute(parent, object, name, H5T_NATIVE_INT32, hdf5_scalar(), &value);
}

/* ---------------------------------------------------------------------------------------------------------- reading */

static Status check_filter(hid_t creation, unsigned index, const char *path) {
    unsigned flags = 0, settings = 0;
    size_t count = 0;
    char name[128] = "";
    const H5Z_filter_t filter = H5Pget_filter2(creation, index, &flags, &count, NULL, sizeof name - 1, name, &settings);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) return status_ok();
    return status_error(
        STATUS_BAD_FILE,
        "%.500s is compressed by filter %d (%.60s), whose plug-in HDF5 does not find; install it (Debian "
        "has bitshuffle), or set HDF5_PLUGIN_PATH to its folder",
        path, (int)filter, name);
}

Status hdf5_check_filters(hid_t dataset, const char *path) {
    const hid_t creation = H5Dget_create_plist(dataset);
    const int filters = creation < 0 ? 0 : H5Pget_nfilters(creation);
    Status status = status_ok();
    for (int i = 0; status_is_ok(status) && i < filters; i++) status = check_filter(creation, (unsigned)i, path);
    if (creation >= 0) (void)H5Pclose(creation);
    return status;
}

bool hdf5_has(hid_t parent, const char *name) {
    return H5Lexists(parent, name, H5P_DEFAULT) > 0;
}

int64_t hdf5_attribute_count(hid_t attribute) {
    return count_in(H5Aget_space(attribute));
}

Status hdf5_count(hid_t parent, const char *name, int64_t *count) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    *count = count_of(dataset);
    Status status = *count < 0 ? hdf5_error(STATUS_BAD_FILE, "read", name) : status_ok();
    if (*count > VALUES_MOST)
        status = status_error(STATUS_BAD_FILE, "cannot read %s: it has %lld values", name, (long long)*count);
    (void)H5Dclose(dataset);
    return status;
}

/* Reads all of an open dataset. */
static Status read_open(hid_t dataset, const char *name, hid_t type, int64_t count, void *values) {
    TRY(check_count(dataset, name, count));
    return H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0 ? hdf5_error(STATUS_BAD_FILE, "read", name)
                                                                             : status_ok();
}

Status hdf5_read(hid_t parent, const char *name, hid_t type, int64_t count, void *values) {
    hid_t dataset = H5I_INVALID_HID;
    TRY(hdf5_inside_open(parent, name, &dataset));
    const Status status = read_open(dataset, name, type, count, values);
    (void)H5Dclose(dataset);
    return status;
}

Status hdf5_read_text(hid_t parent, const char *name, size_t bytes, char *text) {
    return hdf5_read_row_text(parent, name, HDF5_ALONE, bytes, text);
}

/* Of an attribute that has no more than one value. */
static Status read_one(hid_t attribute, const char *name, hid_t type, void *value) {
    if (hdf5_attribute_count(attribute) != 1)
        return status_error(STATUS_BAD_FILE, "cannot read attribute %s: it has not one value", name);
    return H5Aread(attribute, type, value) < 0 ? hdf5_error(STATUS_BAD_FILE, "read attribute", name) : status_ok();
}

/* Text of variable length is HDF5's own memory. */
static Status read_variable_text(hid_t attribute, const char *name, hid_t type, size_t bytes, char *text) {
    char *stored = NULL;
    TRY(read_one(attribute, name, type, &stored));
    (void)text_copy(text, bytes, stored != NULL ? stored : "");
    (void)H5free_memory(stored);
    return status_ok();
}

static Status read_fixed_text(hid_t attribute, const char *name, hid_t type, size_t bytes, char *text) {
    const Status status = read_one(attribute, name, type, text);
    text[bytes - 1] = '\0'; /* as of a dataset */
    return status;
}

Status hdf5_read_attribute_text(hid_t parent, const char *object, const char *name, size_t bytes, char *text) {
    const hid_t attribute = H5Aopen_by_name(parent, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return hdf5_error(STATUS_BAD_FILE, "read attribute", name);
    const hid_t stored = H5Aget_type(attribute);
    const bool is_variable = stored >= 0 && H5Tis_variable_str(stored) > 0;
    const hid_t type = text_type_like(stored, is_variable ? H5T_VARIABLE : bytes);
    const Status status = is_variable ? read_variable_text(attribute, name, type, bytes, text)
                                      : read_fixed_text(attribute, name, type, bytes, text);
    if (type >= 0) (void)H5Tclose(type);
    (void)H5Aclose(attribute);
    return status;
}

Status hdf5_read_attribute_int32(hid_t parent, const char *object, const char *name, int32_t *value) {
    const hid_t attribute = H5Aopen_by_name(parent, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return hdf5_error(STATUS_BAD_FILE, "read attribute", name);
    const Status status = read_one(attribute, name, H5T_NATIVE_INT32, value);
    (void)H5Aclose(attribute);
    return status;
}
