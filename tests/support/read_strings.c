/* read_strings FILE: reads every text of a file, attributes and datasets, as readers written in C do that know ASCII
 * alone (Durin for XDS among them): H5Tis_variable_str tells whether the memory type is H5T_C_S1 of variable length or
 * of the stored length and a zero. Prints how many there are; ends with 1, naming them, when some cannot be read. Only
 * text beyond ASCII may be marked UTF-8, which HDF5 does not convert. */
#include <hdf5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What has been met. */
typedef struct Tally {
    int attributes, datasets, beyond_ascii, failures;
} Tally;

/* An attribute or a dataset. */
typedef struct Text {
    hid_t object;
    bool is_attribute;
    const char *path, *name;
} Text;

static bool read_values(const Text *text, hid_t memory, void *values) {
    return text->is_attribute ? H5Aread(text->object, memory, values) >= 0
                              : H5Dread(text->object, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
}

static bool read_as_c_string(const Text *text, hid_t stored, hid_t space) {
    const bool is_variable = H5Tis_variable_str(stored) > 0;
    const size_t bytes = is_variable ? sizeof(char *) : H5Tget_size(stored) + 1;
    const hid_t memory = H5Tcopy(H5T_C_S1);
    void *values = calloc((size_t)H5Sget_simple_extent_npoints(space) + 1, bytes);
    const bool is_read = values != NULL && H5Tset_size(memory, is_variable ? H5T_VARIABLE : bytes) >= 0 &&
                         read_values(text, memory, values);
    if (is_read && is_variable) (void)H5Dvlen_reclaim(memory, space, H5P_DEFAULT, values);
    free(values);
    (void)H5Tclose(memory);
    return is_read;
}

static void look(const Text *text, Tally *tally) {
    const hid_t stored = text->is_attribute ? H5Aget_type(text->object) : H5Dget_type(text->object);
    const hid_t space = text->is_attribute ? H5Aget_space(text->object) : H5Dget_space(text->object);
    if (H5Tget_class(stored) == H5T_STRING) {
        const bool is_variable = H5Tis_variable_str(stored) > 0;
        const bool says_utf8 = H5Tget_cset(stored) == H5T_CSET_UTF8;
        const bool is_right = text->is_attribute ? is_variable : !is_variable;
        *(text->is_attribute ? &tally->attributes : &tally->datasets) += 1;
        tally->beyond_ascii += says_utf8;
        if (!is_right || (!says_utf8 && !read_as_c_string(text, stored, space))) {
            tally->failures++;
            (void)printf("cannot be read: %s %s\n", text->path, text->name);
        }
    }
    (void)H5Sclose(space);
    (void)H5Tclose(stored);
}

/* An object whose attributes are looked at. */
typedef struct Visited {
    const char *path;
    Tally *tally;
} Visited;

static herr_t look_at_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
    (void)info;
    const Visited *visited = context;
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    look(&(Text){.object = attribute, .is_attribute = true, .path = visited->path, .name = name}, visited->tally);
    (void)H5Aclose(attribute);
    return 0;
}

static herr_t look_at_object(hid_t file, const char *path, const H5O_info_t *info, void *context) {
    Visited visited = {.path = path, .tally = context};
    const hid_t object = H5Oopen(file, path, H5P_DEFAULT);
    hsize_t next = 0;
    (void)H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &next, look_at_attribute, &visited);
    if (info->type == H5O_TYPE_DATASET)
        look(&(Text){.object = object, .is_attribute = false, .path = path, .name = ""}, visited.tally);
    (void)H5Oclose(object);
    return 0;
}

int main(int argc, char **argv) {
    Tally tally = {.attributes = 0};
    const hid_t file = argc == 2 ? H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT) : H5I_INVALID_HID;
    if (file < 0) return 2;
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, look_at_object, &tally);
    (void)H5Fclose(file);
    (void)printf("%d attributes, %d datasets, %d beyond ASCII\n", tally.attributes, tally.datasets, tally.beyond_ascii);
    return tally.failures > 0 ? 1 : 0;
}
