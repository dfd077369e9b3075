/* Every item of nxmx-layout.md: that it is there, its type, its shape, and what follows from the experiment. */
#include "fake_run.h"
#include "hdf5/hdf5_helpers.h"

#include <hdf5.h>
#include <math.h>
#include <unistd.h>

/* An item: its path, its NeXus class (group) or type, and its shape. */
typedef struct Item {
    const char *path;
    char type; /* g group, t text, d double, f float, i int32, l int64, b int8, B uint8, u uint32, a any */
    int rank;
    hsize_t shape[3];
    const char *nx_class; /* of a group */
} Item;

enum { N = FAKE_COUNT, S = FAKE_SLOW, F = FAKE_FAST };

static const Item common_items[] = {{"/", 'g', 0, {0}, "NXroot"},
                                    {"/entry", 'g', 0, {0}, "NXentry"},
                                    {"/entry/definition", 't', 0, {0}, NULL},
                                    {"/entry/title", 't', 0, {0}, NULL},
                                    {"/entry/start_time", 't', 0, {0}, NULL},
                                    {"/entry/end_time_estimated", 't', 0, {0}, NULL},
                                    {"/entry/end_time", 't', 0, {0}, NULL},
                                    {"/entry/source", 'g', 0, {0}, "NXsource"},
                                    {"/entry/source/name", 't', 0, {0}, NULL},
                                    {"/entry/data", 'g', 0, {0}, "NXdata"},
                                    {"/entry/data/frame", 'i', 1, {N}, NULL},
                                    {"/entry/sample", 'g', 0, {0}, "NXsample"},
                                    {"/entry/sample/name", 't', 0, {0}, NULL},
                                    {"/entry/sample/depends_on", 't', 0, {0}, NULL},
                                    {"/entry/sample/unit_cell", 'd', 2, {1, 6}, NULL},
                                    {"/entry/sample/unit_cell_abc", 'd', 1, {3}, NULL},
                                    {"/entry/sample/unit_cell_alphabetagamma", 'd', 1, {3}, NULL},
                                    {"/entry/sample/space_group", 't', 0, {0}, NULL},
                                    {"/entry/instrument", 'g', 0, {0}, "NXinstrument"},
                                    {"/entry/instrument/name", 't', 0, {0}, NULL},
                                    {"/entry/instrument/time_zone", 't', 0, {0}, NULL},
                                    {"/entry/instrument/beam", 'g', 0, {0}, "NXbeam"},
                                    {"/entry/instrument/beam/incident_wavelength", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/beam/incident_wavelength_spread", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/beam/flux_integrated", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/beam/incident_beam_size", 'd', 1, {2}, NULL},
                                    {"/entry/instrument/beam/profile", 't', 0, {0}, NULL},
                                    {"/entry/instrument/beam/incident_polarization_stokes", 'd', 2, {1, 4}, NULL},
                                    {"/entry/instrument/detector", 'g', 0, {0}, "NXdetector"},
                                    {"/entry/instrument/detector/depends_on", 't', 0, {0}, NULL},
                                    {"/entry/instrument/detector/data", 'a', 3, {N, S, F}, NULL},
                                    {"/entry/instrument/detector/description", 't', 0, {0}, NULL},
                                    {"/entry/instrument/detector/type", 't', 0, {0}, NULL},
                                    {"/entry/instrument/detector/distance", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/distance_derived", 'b', 0, {0}, NULL},
                                    {"/entry/instrument/detector/beam_center_x", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/beam_center_y", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/beam_center_derived", 'b', 0, {0}, NULL},
                                    {"/entry/instrument/detector/x_pixel_size", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/y_pixel_size", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/sensor_material", 't', 0, {0}, NULL},
                                    {"/entry/instrument/detector/sensor_thickness", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/saturation_value", 'i', 0, {0}, NULL},
                                    {"/entry/instrument/detector/underload_value", 'i', 0, {0}, NULL},
                                    {"/entry/instrument/detector/count_time", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/frame_time", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/pixel_mask", 'u', 2, {S, F}, NULL},
                                    {"/entry/instrument/detector/pixel_mask_applied", 'b', 0, {0}, NULL},
                                    {"/entry/instrument/detector/flatfield_applied", 'b', 0, {0}, NULL},
                                    {"/entry/instrument/detector/countrate_correction_applied", 'b', 0, {0}, NULL},
                                    {"/entry/instrument/detector/transformations", 'g', 0, {0}, "NXtransformations"},
                                    {"/entry/instrument/detector/transformations/det_z", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/module", 'g', 0, {0}, "NXdetector_module"},
                                    {"/entry/instrument/detector/module/data_origin", 'i', 1, {2}, NULL},
                                    {"/entry/instrument/detector/module/data_size", 'i', 1, {2}, NULL},
                                    {"/entry/instrument/detector/module/data_stride", 'i', 1, {2}, NULL},
                                    {"/entry/instrument/detector/module/module_offset", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/module/fast_pixel_direction", 'd', 0, {0}, NULL},
                                    {"/entry/instrument/detector/module/slow_pixel_direction", 'd', 0, {0}, NULL},
                                    {"/entry/simulation", 'g', 0, {0}, "NXprocess"},
                                    {"/entry/simulation/program", 't', 0, {0}, NULL},
                                    {"/entry/simulation/version", 't', 0, {0}, NULL},
                                    {"/entry/simulation/date", 't', 0, {0}, NULL},
                                    {"/entry/simulation/sequence_index", 'i', 0, {0}, NULL},
                                    {"/entry/simulation/command_line", 'g', 0, {0}, "NXnote"},
                                    {"/entry/simulation/command_line/data", 't', 0, {0}, NULL},
                                    {"/entry/simulation/notes", 'g', 0, {0}, "NXnote"},
                                    {"/entry/simulation/notes/data", 't', 0, {0}, NULL},
                                    {"/entry/simulation/parameters", 'g', 0, {0}, "NXparameters"},
                                    {"/entry/simulation/parameters/detector.distance", 'd', 0, {0}, NULL},
                                    {"/entry/simulation/parameters/crystal.cells", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/parameters/detector.convention", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment", 'g', 0, {0}, "NXcollection"},
                                    {"/entry/simulation/environment/sequence_index", 'i', 0, {0}, NULL},
                                    {"/entry/simulation/environment/start_time", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/end_time", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/git_hash", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/git_dirty", 'b', 0, {0}, NULL},
                                    {"/entry/simulation/environment/compiler", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/libhdf5", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/mpi_library", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/zlib", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/kernels", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/kernel_instructions", 't', 0, {0}, NULL},
                                    {"/entry/simulation/environment/mpi_ranks", 'i', 0, {0}, NULL},
                                    {"/entry/simulation/environment/omp_threads", 'i', 0, {0}, NULL},
                                    {"/entry/simulation/environment/hostname", 't', 0, {0}, NULL},
                                    {"/entry/simulation/geometry_native", 'g', 0, {0}, "NXcollection"},
                                    {"/entry/simulation/geometry_native/fdet", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/sdet", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/odet", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/beam", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/polar", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/spindle", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/pix0", 'd', 1, {3}, NULL},
                                    {"/entry/simulation/geometry_native/to_mcstas", 'd', 2, {3, 3}, NULL},
                                    {"/entry/simulation/geometry_native/convention", 't', 0, {0}, NULL},
                                    {"/entry/simulation/frames", 'g', 0, {0}, "NXcollection"},
                                    {"/entry/simulation/frames/number", 'l', 1, {N}, NULL},
                                    {"/entry/simulation/frames/status", 'B', 1, {N}, NULL},
                                    {"/entry/simulation/frames/ub_matrix", 'd', 3, {N, 3, 3}, NULL},
                                    {"/entry/simulation/frames/seed", 'l', 1, {N}, NULL},
                                    {"/entry/simulation/frames/noise_seed", 'l', 1, {N}, NULL},
                                    {"/entry/simulation/frames/fluence", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/phi0", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/crystal_N", 'l', 2, {N, 3}, NULL},
                                    {"/entry/simulation/frames/rank", 'i', 1, {N}, NULL},
                                    {"/entry/simulation/frames/start_time", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/wall_seconds", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/sum_photons", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/max_photons", 'd', 1, {N}, NULL},
                                    {"/entry/simulation/frames/crc32", 'u', 1, {N}, NULL},
                                    {NULL, 0, 0, {0}, NULL}};

static const Item rotation_items[] = {{"/entry/data/data", 'f', 3, {N, S, F}, NULL},
                                      {"/entry/sample/ub_matrix", 'd', 3, {1, 3, 3}, NULL},
                                      {"/entry/sample/transformations", 'g', 0, {0}, "NXtransformations"},
                                      {"/entry/sample/transformations/phi", 'd', 1, {N}, NULL},
                                      {"/entry/sample/transformations/phi_end", 'd', 1, {N}, NULL},
                                      {"/entry/sample/transformations/phi_increment_set", 'd', 1, {N}, NULL},
                                      {NULL, 0, 0, {0}, NULL}};

static const Item both_items[] = {{"/entry/data/data", 'i', 3, {N, S, F}, NULL},
                                  {"/entry/instrument/detector/bit_depth_readout", 'i', 0, {0}, NULL},
                                  {"/entry/simulation/images", 'g', 0, {0}, "NXdata"},
                                  {"/entry/simulation/images/expected_photons", 'f', 3, {N, S, F}, NULL},
                                  {NULL, 0, 0, {0}, NULL}};

/* Text attributes: object, name, value; a NULL value stands for any text. */
typedef struct Attribute {
    const char *object, *name, *value;
} Attribute;

static const Attribute common_attributes[] = {
    {"/", "default", "entry"},
    {"/", "file_name", NULL},
    {"/", "file_time", NULL},
    {"/", "creator", "tessera"},
    {"/", "creator_version", "0.1.0"},
    {"/", "HDF5_Version", NULL},
    {"/entry", "default", "data"},
    {"/entry", "version", "1.0"},
    {"/entry/definition", "version", NULL},
    {"/entry/source/name", "short_name", NULL},
    {"/entry/data", "signal", "data"},
    {"/entry/data/data", "units", "counts"},
    {"/entry/data/data", "long_name", NULL},
    {"/entry/sample/unit_cell_abc", "units", "angstrom"},
    {"/entry/sample/unit_cell_alphabetagamma", "units", "deg"},
    {"/entry/instrument/name", "short_name", NULL},
    {"/entry/instrument/beam/incident_wavelength", "units", "angstrom"},
    {"/entry/instrument/beam/flux_integrated", "units", "m^-2"},
    {"/entry/instrument/beam/incident_beam_size", "units", "m"},
    {"/entry/instrument/detector/distance", "units", "m"},
    {"/entry/instrument/detector/beam_center_x", "units", "pixel"},
    {"/entry/instrument/detector/x_pixel_size", "units", "m"},
    {"/entry/instrument/detector/sensor_thickness", "units", "m"},
    {"/entry/instrument/detector/count_time", "units", "s"},
    {"/entry/instrument/detector/transformations/det_z", "units", "mm"},
    {"/entry/instrument/detector/transformations/det_z", "transformation_type", "translation"},
    {"/entry/instrument/detector/transformations/det_z", "depends_on", "."},
    {"/entry/instrument/detector/module/module_offset", "units", "mm"},
    {"/entry/instrument/detector/module/module_offset", "depends_on",
     "/entry/instrument/detector/transformations/det_z"},
    {"/entry/instrument/detector/module/fast_pixel_direction", "transformation_type", "translation"},
    {"/entry/instrument/detector/module/fast_pixel_direction", "depends_on",
     "/entry/instrument/detector/module/module_offset"},
    {"/entry/instrument/detector/module/slow_pixel_direction", "depends_on",
     "/entry/instrument/detector/module/module_offset"},
    {"/entry/simulation/parameters/detector.distance", "units", "m"},
    {"/entry/simulation/parameters/detector.distance", "user_text", "100"},
    {"/entry/simulation/parameters/detector.distance", "origin", "default"},
    {"/entry/simulation/parameters/detector.fast_pixels", "origin", "test"},
    {"/entry/simulation/parameters/crystal.cell", "units", "m,m,m,rad,rad,rad"},
    {"/entry/simulation/frames/status", "flags", "0=absent 1=in_progress 2=complete"},
    {"/entry/simulation/frames/ub_matrix", "units", "1/angstrom"},
    {"/entry/simulation/frames/ub_matrix", "frame", "McStas"},
    {NULL, NULL, NULL}};

static const Attribute rotation_attributes[] = {
    {"/entry/sample/transformations/phi", "units", "deg"},
    {"/entry/sample/transformations/phi", "transformation_type", "rotation"},
    {"/entry/sample/transformations/phi", "depends_on", "."},
    {"/entry/sample/transformations/phi", "offset_units", "mm"},
    {"/entry/sample/transformations/phi_end", "units", "deg"},
    {"/entry/sample/ub_matrix", "units", "1/angstrom"},
    {NULL, NULL, NULL}};

static bool type_is(hid_t type, char wanted) {
    switch (wanted) {
    case 't':
        return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
    case 'd':
        return H5Tequal(type, H5T_IEEE_F64LE) > 0;
    case 'f':
        return H5Tequal(type, H5T_IEEE_F32LE) > 0;
    case 'i':
        return H5Tequal(type, H5T_STD_I32LE) > 0;
    case 'l':
        return H5Tequal(type, H5T_STD_I64LE) > 0;
    case 'b':
        return H5Tequal(type, H5T_STD_I8LE) > 0;
    case 'B':
        return H5Tequal(type, H5T_STD_U8LE) > 0;
    case 'u':
        return H5Tequal(type, H5T_STD_U32LE) > 0;
    default:
        return true;
    }
}

static void check_dataset(hid_t file, const Item *item) {
    const hid_t dataset = H5Dopen2(file, item->path, H5P_DEFAULT);
    UNIT_CHECK(dataset >= 0, "%s is missing", item->path);
    if (dataset < 0) return;
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hsize_t shape[3] = {0, 0, 0};
    const int rank = H5Sget_simple_extent_ndims(space);
    UNIT_CHECK(type_is(type, item->type), "%s is not of type %c", item->path, item->type);
    UNIT_CHECK(rank == item->rank, "%s has %d axes, not %d", item->path, rank, item->rank);
    if (rank == item->rank) (void)H5Sget_simple_extent_dims(space, shape, NULL);
    UNIT_CHECK(memcmp(shape, item->shape, sizeof shape) == 0, "%s has another shape", item->path);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Dclose(dataset);
}

static void check_attribute(hid_t file, const Attribute *attribute) {
    char text[512] = "";
    const Status status = hdf5_read_attribute_text(file, attribute->object, attribute->name, sizeof text, text);
    UNIT_CHECK(status_is_ok(status), "%s@%s: %s", attribute->object, attribute->name, status.message);
    if (attribute->value != NULL)
        UNIT_CHECK(strcmp(text, attribute->value) == 0, "%s@%s is \"%s\"", attribute->object, attribute->name, text);
}

static void check_items(hid_t file, const Item *items) {
    for (const Item *item = items; item->path != NULL; item++) {
        const Attribute nx_class = {item->path, "NX_class", item->nx_class};
        if (item->type == 'g')
            check_attribute(file, &nx_class);
        else
            check_dataset(file, item);
    }
}

static void check_attributes(hid_t file, const Attribute *attributes) {
    for (; attributes->object != NULL; attributes++) check_attribute(file, attributes);
}

static void check_text(hid_t file, const char *path, const char *expected) {
    char text[512] = "";
    (void)hdf5_read_text(file, path, sizeof text, text);
    UNIT_CHECK(strcmp(text, expected) == 0, "%s is \"%s\", not \"%s\"", path, text, expected);
}

static void check_reals(hid_t file, const char *path, int count, const double *expected) {
    double values[64] = {0.0};
    const Status status = hdf5_read(file, path, H5T_NATIVE_DOUBLE, count, values);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    for (int i = 0; i < count; i++) UNIT_CLOSE(values[i], expected[i], 1e-9 * fmax(1.0, fabs(expected[i])), path);
}

static void check_real(hid_t file, const char *path, double expected) {
    check_reals(file, path, 1, &expected);
}

static void check_vector(hid_t file, const char *object, const char *name, double x, double y, double z) {
    double values[3] = {0.0, 0.0, 0.0};
    const hid_t attribute = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    UNIT_CHECK(attribute >= 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0, "%s@%s", object, name);
    if (attribute >= 0) (void)H5Aclose(attribute);
    UNIT_CLOSE(values[0], x, 1e-12, object);
    UNIT_CLOSE(values[1], y, 1e-12, object);
    UNIT_CLOSE(values[2], z, 1e-12, object);
}

/* Makes a complete file and gives it to rank 0's check. */
static void with_file(FakeRun *run, Range frames, void (*check)(hid_t file)) {
    const char *path = "nxmx.nxs";
    OutputRequest request = fake_request(path, frames);
    request.overwrite = true;
    const Status status = fake_run_whole(run, request, (int)range_length(frames), 1);
    UNIT_CHECK(status_is_ok(status), "%s", status.message);
    if (fake_rank() == 0) {
        const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        UNIT_CHECK(file >= 0, "cannot open %s", path);
        if (file >= 0) check(file);
        if (file >= 0) (void)H5Fclose(file);
        (void)unlink(path);
    }
    fake_run_destroy(run);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* ------------------------------------------------------------------------------------------------------------ facts */

static const Range all_frames = {0, FAKE_COUNT};

static void check_rotation(hid_t file) {
    const double start[N] = {10, 10.5, 11, 11.5, 12, 12.5, 13}, end[N] = {10.5, 11, 11.5, 12, 12.5, 13, 13.5};
    check_items(file, common_items);
    check_items(file, rotation_items);
    check_attributes(file, common_attributes);
    check_attributes(file, rotation_attributes);
    check_text(file, "/entry/definition", "NXmx");
    check_text(file, "/entry/source/name", "Tessera simulation");
    check_text(file, "/entry/sample/depends_on", "/entry/sample/transformations/phi");
    check_reals(file, "/entry/sample/transformations/phi", N, start);
    check_reals(file, "/entry/sample/transformations/phi_end", N, end);
    check_vector(file, "/entry/sample/transformations/phi", "vector", -1, 0, 0); /* MOSFLM's z is McStas' -x */
    CU_ASSERT_FALSE(hdf5_has(file, "entry/instrument/detector/bit_depth_readout"));
}

static void a_rotation_series_has_every_item_of_the_layout(void) {
    FakeRun run;
    fake_run_create(&run, "rotation", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_rotation);
}

static void check_both(hid_t file) {
    check_items(file, common_items);
    check_items(file, both_items);
    check_attributes(file, common_attributes);
    check_text(file, "/entry/sample/depends_on", ".");
    CU_ASSERT_FALSE(hdf5_has(file, "entry/sample/transformations"));
    CU_ASSERT_FALSE(hdf5_has(file, "entry/sample/ub_matrix"));
    check_real(file, "/entry/instrument/detector/saturation_value", 2147483646.0);
    check_real(file, "/entry/instrument/detector/bit_depth_readout", 32.0);
}

static void stills_with_counts_and_photons_have_every_item_of_the_layout(void) {
    FakeRun run;
    fake_run_create(&run, "random", IMAGES_BOTH);
    with_file(&run, all_frames, check_both);
}

static void check_values(hid_t file) {
    const double stokes[4] = {1, 0.5, 0, 0}, cell[6] = {100, 50, 25, 90, 90, 90};
    const double rotation[9] = {0, 0, -1, 0, 1, 0, 1, 0, 0};
    const char *module = "/entry/instrument/detector/module/module_offset";
    check_real(file, "/entry/instrument/beam/incident_wavelength", 1.0);
    check_real(file, "/entry/instrument/beam/incident_wavelength_spread", 0.0);
    check_real(file, "/entry/instrument/beam/flux_integrated", 1e24);
    check_reals(file, "/entry/instrument/beam/incident_polarization_stokes", 4, stokes);
    check_reals(file, "/entry/sample/unit_cell", 6, cell);
    check_text(file, "/entry/sample/space_group", "P 1");
    check_real(file, "/entry/instrument/detector/distance", 0.1);
    check_real(file, "/entry/instrument/detector/beam_center_x", 20.0);
    check_real(file, "/entry/instrument/detector/beam_center_y", 15.0);
    check_real(file, "/entry/instrument/detector/sensor_thickness", 1e-9);
    check_text(file, "/entry/instrument/detector/sensor_material", "Si");
    check_real(file, "/entry/instrument/detector/saturation_value", 2147483647.0);
    check_real(file, "/entry/instrument/detector/transformations/det_z", 100.0);
    check_real(file, module, 2.5);
    check_vector(file, module, "vector", 0.8, 0.6, 0); /* the corner lies at -z, +y of MOSFLM's frame */
    check_vector(file, "/entry/instrument/detector/module/fast_pixel_direction", "vector", -1, 0, 0);
    check_vector(file, "/entry/instrument/detector/module/slow_pixel_direction", "vector", 0, -1, 0);
    check_real(file, "/entry/instrument/detector/module/fast_pixel_direction", 0.1);
    check_reals(file, "/entry/simulation/geometry_native/to_mcstas", 9, rotation);
    check_text(file, "/entry/simulation/geometry_native/convention", "mosflm");
    check_text(file, "/entry/simulation/notes/data", "a remark");
    check_text(file, "/entry/simulation/command_line/data", "tessera simulate --output x.nxs");
    check_real(file, "/entry/simulation/parameters/detector.distance", 0.1);
    check_text(file, "/entry/simulation/parameters/sweep.kind", "still");
}

static void values_follow_from_the_experiment(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_values);
}

static void check_thick(hid_t file) {
    check_real(file, "/entry/instrument/detector/sensor_thickness", 4.5e-4);
}

static void a_thick_sensor_has_its_thickness(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run.panel.sensor.thickness_m = 4.5e-4;
    with_file(&run, all_frames, check_thick);
}

static void check_left_edge(hid_t file) {
    const double start[3] = {10.95, 11.45, 11.95}, number[3] = {2, 3, 4}, one_based[3] = {1, 2, 3};
    check_reals(file, "/entry/sample/transformations/phi", 3, start);
    check_reals(file, "/entry/simulation/frames/number", 3, number);
    check_reals(file, "/entry/data/frame", 3, one_based);
}

static void a_slice_has_its_own_angles_shifted_by_half_a_step_for_left_edges(void) {
    FakeRun run;
    fake_run_create(&run, "rotation", IMAGES_EXPECTED);
    run.experiment.sampling.phi_law = PHI_LEFT_EDGE;
    with_file(&run, (Range){2, 5}, check_left_edge);
}

static void check_spectrum(hid_t file) {
    const double wavelengths[2] = {1.0, 1.2}, weights[2] = {0.75, 0.25};
    const Attribute variant = {"/entry/instrument/beam/incident_wavelength", "variant", "incident_wavelength_1D"};
    check_real(file, "/entry/instrument/beam/incident_wavelength", 1.05);
    check_attribute(file, &variant);
    check_reals(file, "/entry/instrument/beam/incident_wavelength_1D", 2, wavelengths);
    check_reals(file, "/entry/instrument/beam/incident_wavelength_1D_weights", 2, weights);
    check_reals(file, "/entry/instrument/beam/incident_wavelength_1D_weight", 2, weights);
    /* variance 0.75 x 0.05^2 + 0.25 x 0.15^2 = 0.0075 */
    check_real(file, "/entry/instrument/beam/incident_wavelength_spread", sqrt(8.0 * log(2.0) * 0.0075));
}

static void several_wavelengths_become_a_spectrum_of_distinct_ones(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    run.experiment.beam.source_count = 3;
    run.sources[0].weight = 0.5;
    run.sources[1] = fake_source(1.2e-10, 0.25);
    run.sources[2] = fake_source(1e-10, 0.25);
    with_file(&run, all_frames, check_spectrum);
}

static void check_rows(hid_t file) {
    double ub[N * 9];
    uint32_t crc[N];
    FakeRun run;
    fake_run_create(&run, "rotation", IMAGES_EXPECTED);
    CU_ASSERT(status_is_ok(hdf5_read(file, "/entry/simulation/frames/ub_matrix", H5T_NATIVE_DOUBLE, N * 9, ub)));
    CU_ASSERT(status_is_ok(hdf5_read(file, "/entry/simulation/frames/crc32", H5T_NATIVE_UINT32, N, crc)));
    for (int i = 0; i < N; i++) {
        /* c* = (0, i, 4) 1e8/m in MOSFLM's frame is (-4, i, 0) 1e-2/A in McStas': the last column */
        UNIT_CLOSE(ub[9 * i + 2], -0.04, 1e-15, "x of c*");
        UNIT_CLOSE(ub[9 * i + 5], 0.01 * i, 1e-15, "y of c*");
        UNIT_CLOSE(ub[9 * i + 6], 0.01, 1e-15, "z of a*");
        CU_ASSERT_EQUAL(crc[i], fake_crc(&run, i));
    }
    fake_run_destroy(&run);
    const double phi[N] = {10, 10.5, 11, 11.5, 12, 12.5, 13}, sum[N] = {0, 3, 6, 9, 12, 15, 18};
    check_reals(file, "/entry/simulation/frames/phi0", N, phi);
    check_reals(file, "/entry/simulation/frames/sum_photons", N, sum);
}

static void rows_of_frames_are_in_the_units_and_frame_of_the_file(void) {
    FakeRun run;
    fake_run_create(&run, "rotation", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_rows);
}

static void check_layout(hid_t file) {
    const hid_t dataset = H5Dopen2(file, "/entry/data/data", H5P_DEFAULT);
    const hid_t creation = H5Dget_create_plist(dataset);
    H5D_alloc_time_t allocation = H5D_ALLOC_TIME_ERROR;
    H5D_fill_time_t filling = H5D_FILL_TIME_ERROR;
    float fill = 0.0F;
    (void)H5Pget_alloc_time(creation, &allocation);
    (void)H5Pget_fill_time(creation, &filling);
    (void)H5Pget_fill_value(creation, H5T_NATIVE_FLOAT, &fill);
    CU_ASSERT_EQUAL(H5Pget_layout(creation), H5D_CONTIGUOUS);
    CU_ASSERT_EQUAL(allocation, H5D_ALLOC_TIME_EARLY);
    CU_ASSERT_EQUAL(filling, H5D_FILL_TIME_NEVER);
    CU_ASSERT(fill == -1.0F);
    (void)H5Pclose(creation);
    (void)H5Dclose(dataset);
}

static void images_are_contiguous_allocated_early_and_never_filled(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_layout);
}

static void check_every_parameter(hid_t file) {
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        char path[256], text[PARAMETER_TEXT_BYTES] = "";
        (void)snprintf(path, sizeof path, "/entry/simulation/parameters/%s", parameters_row(i)->public_name);
        const Status status = hdf5_read_attribute_text(file, path, "user_text", sizeof text, text);
        UNIT_CHECK(status_is_ok(status), "%s: %s", path, status.message);
    }
}

static void every_row_of_the_table_is_recorded(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_every_parameter);
}

static void check_ranks(hid_t file) {
    const int ranks = fake_ranks();
    int64_t *steps = calloc((size_t)ranks, sizeof *steps), *peak = calloc((size_t)ranks, sizeof *peak);
    char end[32] = "";
    CU_ASSERT(
        status_is_ok(hdf5_read(file, "/entry/simulation/environment/rank_steps", H5T_NATIVE_INT64, ranks, steps)));
    CU_ASSERT(
        status_is_ok(hdf5_read(file, "/entry/simulation/environment/rank_peak_memory", H5T_NATIVE_INT64, ranks, peak)));
    for (int i = 0; i < ranks; i++) CU_ASSERT(steps[i] == 100 + i && peak[i] > 1000000);
    CU_ASSERT(status_is_ok(hdf5_read_text(file, "/entry/simulation/environment/end_time", sizeof end, end)));
    UNIT_CHECK(strlen(end) == 20 && end[19] == 'Z', "end_time is \"%s\"", end);
    check_real(file, "/entry/simulation/environment/mpi_ranks", ranks);
    check_real(file, "/entry/simulation/environment/tile", FAKE_TILE);
    free(peak);
    free(steps);
}

static void the_session_records_what_every_rank_did(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    with_file(&run, all_frames, check_ranks);
}

static void write_file(const char *path, const void *bytes, size_t count) {
    FILE *file = fake_rank() == 0 ? fopen(path, "wb") : NULL;
    if (file != NULL) UNIT_CHECK(fwrite(bytes, 1, count, file) == count, "%s", path);
    if (file != NULL) (void)fclose(file);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void check_inputs(hid_t file) {
    check_text(file, "/entry/simulation/input_crystal_structure_factors/file_name", "input.hkl");
    check_text(file, "/entry/simulation/input_crystal_structure_factors/data", "abc");
    check_text(file, "/entry/simulation/input_crystal_structure_factors/algorithm", "sha256");
    check_text(file, "/entry/simulation/input_crystal_structure_factors/checksum",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_real(file, "/entry/simulation/input_crystal_structure_factors/bytes", 3.0);
    const hid_t data = H5Dopen2(file, "/entry/simulation/input_crystal_matrix/data", H5P_DEFAULT);
    const hid_t type = H5Dget_type(data);
    CU_ASSERT(H5Tget_class(type) == H5T_OPAQUE && H5Tget_size(type) == 4);
    (void)H5Tclose(type);
    (void)H5Dclose(data);
}

static void input_files_are_copied_with_their_checksum(void) {
    FakeRun run;
    fake_run_create(&run, "still", IMAGES_EXPECTED);
    write_file("input.hkl", "abc", 3);
    write_file("input.mat", "a\0bc", 4);
    fake_set(&run, "crystal.structure_factors", "input.hkl");
    fake_set(&run, "crystal.matrix", "input.mat");
    with_file(&run, all_frames, check_inputs);
    if (fake_rank() == 0) CU_ASSERT(unlink("input.hkl") == 0 && unlink("input.mat") == 0);
}

static const UnitTest tests[] = {UNIT_TEST(a_rotation_series_has_every_item_of_the_layout),
                                 UNIT_TEST(stills_with_counts_and_photons_have_every_item_of_the_layout),
                                 UNIT_TEST(values_follow_from_the_experiment),
                                 UNIT_TEST(a_thick_sensor_has_its_thickness),
                                 UNIT_TEST(a_slice_has_its_own_angles_shifted_by_half_a_step_for_left_edges),
                                 UNIT_TEST(several_wavelengths_become_a_spectrum_of_distinct_ones),
                                 UNIT_TEST(rows_of_frames_are_in_the_units_and_frame_of_the_file),
                                 UNIT_TEST(images_are_contiguous_allocated_early_and_never_filled),
                                 UNIT_TEST(every_row_of_the_table_is_recorded),
                                 UNIT_TEST(the_session_records_what_every_rank_did),
                                 UNIT_TEST(input_files_are_copied_with_their_checksum),
                                 {NULL, NULL}};

int main(void) {
    return fake_main("nxmx", tests);
}
