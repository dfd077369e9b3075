#include "nxmx/nxmx.h"

#include "base/clocks.h"
#include "formats/nexus_geometry.h"
#include "hdf5/hdf5_helpers.h"
#include "model/sensor.h"
#include "nxmx/frame_table.h"
#include "nxmx/frame_values.h"
#include "nxmx/image_dataset.h"
#include "nxmx/nxmx_chain.h"
#include "nxmx/nxmx_panels.h"
#include "reflections/atoms.h"
#include "setup/rotation_series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANGSTROMS_PER_M 1e10
#define MM_PER_M 1e3

/* Paths that the chain of transformations names. */
#define PATH_PHI "/entry/sample/transformations/phi"
#define PATH_MODULE_OFFSET "/entry/instrument/detector/module/module_offset"

/* The contents, and what follows from them. */
typedef struct Nxmx {
    const NxmxContents *contents;
    const Experiment *experiment;
    const Parameters *parameters;
    NexusGeometry geometry;
    RotationSeries series;
    char now[CLOCKS_UTC_BYTES];
} Nxmx;

hid_t nxmx_image_type(OutputImages images) {
    return images == IMAGES_EXPECTED ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32;
}

static bool counts_have_defects(const Experiment *experiment) {
    return experiment->images != IMAGES_EXPECTED && detector_signal_has_defects(&experiment->signal);
}

double nxmx_image_bytes(const NxmxContents *contents) {
    const Experiment *experiment = contents->experiment;
    const double pixels = (double)experiment->detector.slow_pixels * (double)experiment->detector.fast_pixels;
    if (contents->files.frames_per_file > 0) return 0.0;
    return (experiment->images == IMAGES_BOTH ? 8.0 : 4.0) * pixels * (double)range_length(contents->frames);
}

double nxmx_bytes(const NxmxContents *contents) {
    enum { ROW_BYTES = 300, FIXED_BYTES = 1 << 20, FILE_BYTES = 1024 };
    const Experiment *experiment = contents->experiment;
    const double pixels = (double)experiment->detector.slow_pixels * (double)experiment->detector.fast_pixels;
    const double row_bytes = ROW_BYTES + frame_values_bytes(experiment);
    double bytes = FIXED_BYTES + nxmx_image_bytes(contents) + row_bytes * (double)range_length(contents->frames);
    bytes += FILE_BYTES * (double)data_files_count(&contents->files, range_length(contents->frames));
    if (experiment->active != NULL || counts_have_defects(experiment)) bytes += 4.0 * pixels; /* the mask */
    for (int i = 0; i < contents->provenance->inputs; i++) {
        const int64_t input_bytes = contents->provenance->input[i].bytes;
        if (input_bytes < PROVENANCE_COPIED_BYTES) bytes += (double)input_bytes;
    }
    return bytes;
}

/* ---------------------------------------------------------------------------------------------------- small helpers */

static Status write_vector(hid_t parent, const char *name, Vec3 vector, const char *units) {
    const double values[3] = {vector.x, vector.y, vector.z};
    return hdf5_write_reals(parent, name, hdf5_list(3), values, units);
}

static Status write_matrix(hid_t parent, const char *name, Hdf5Shape shape, Mat3 matrix, const char *units) {
    double values[9];
    for (int i = 0; i < 3; i++) {
        values[3 * i] = matrix.row[i].x;
        values[3 * i + 1] = matrix.row[i].y;
        values[3 * i + 2] = matrix.row[i].z;
    }
    return hdf5_write_reals(parent, name, shape, values, units);
}

static Status write_named(hid_t parent, const char *name, const char *text, const char *short_name) {
    TRY(hdf5_write_text(parent, name, text));
    return hdf5_attribute_text(parent, name, "short_name", short_name);
}

/* ---------------------------------------------------------------------------------------------------- data, source */

static Status write_frame_numbers(hid_t data, int64_t frames) {
    int32_t *numbers = malloc((size_t)frames * sizeof *numbers);
    if (numbers == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the numbers of %" PRId64 " frames", frames);
    for (int64_t i = 0; i < frames; i++) numbers[i] = (int32_t)(i + 1);
    const Status status = hdf5_write(data, "frame", H5T_NATIVE_INT32, hdf5_list(frames), numbers);
    free(numbers);
    return status;
}

/* The images @p path, in the file or in data files. */
static Status create_images(hid_t data, const char *path, hid_t type, const Nxmx *nxmx) {
    const char *name = strrchr(path, '/') + 1;
    const Detector *detector = &nxmx->experiment->detector;
    const int64_t frames = range_length(nxmx->contents->frames);
    const DataImages images = {type, frames, detector->slow_pixels, detector->fast_pixels};
    return nxmx->contents->files.frames_per_file > 0
               ? data_files_show(data, name, path, &nxmx->contents->files, images)
               : image_dataset_create(data, name, type, frames, images.slow_pixels, images.fast_pixels);
}

/* An NXdata whose signal is the images @p path. */
static Status write_images(hid_t data, const char *path, hid_t type, const char *long_name, const Nxmx *nxmx) {
    static const char axes[3][6] = {"frame", ".", "."};
    const char *name = strrchr(path, '/') + 1;
    TRY(create_images(data, path, type, nxmx));
    TRY(hdf5_attribute_text(data, name, "units", "counts"));
    TRY(hdf5_attribute_text(data, name, "long_name", long_name));
    TRY(hdf5_attribute_text(data, ".", "signal", name));
    return hdf5_attribute_texts(data, ".", "axes", 3, sizeof axes[0], axes[0]);
}

/* NXmx: photons = (data + data_offset) data_scaling_factor. dxtbx takes the gain from the inverse of a
 * data_scale_factor. */
static Status write_scale(hid_t data, const DetectorSignal *signal) {
    TRY(hdf5_write_real(data, "data_scaling_factor", 1.0 / signal->gain, NULL));
    TRY(hdf5_write_real(data, "data_scale_factor", 1.0 / signal->gain, NULL));
    return hdf5_write_real(data, "data_offset", -signal->pedestal, NULL);
}

static Status fill_data(hid_t data, const void *context) {
    const Nxmx *nxmx = context;
    const bool counts = nxmx->experiment->images != IMAGES_EXPECTED;
    const DetectorSignal *signal = &nxmx->experiment->signal;
    const bool photons = !counts || (signal->gain == 1.0 && !(signal->pedestal > 0.0));
    TRY(write_images(data, NXMX_IMAGES, nxmx_image_type(nxmx->experiment->images),
                     !counts   ? "expected photons"
                     : photons ? "counted photons"
                               : "detector counts",
                     nxmx));
    if (!photons) TRY(write_scale(data, signal));
    TRY(data_files_link(data, &nxmx->contents->files, range_length(nxmx->contents->frames)));
    return write_frame_numbers(data, range_length(nxmx->contents->frames));
}

static Status fill_twin(hid_t images, const void *context) {
    TRY(write_images(images, NXMX_TWIN, H5T_NATIVE_FLOAT, "expected photons", context));
    return H5Lcreate_hard(images, "/entry/data/frame", images, "frame", H5P_DEFAULT, H5P_DEFAULT) < 0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "link", "frame")
               : status_ok();
}

static Status fill_source(hid_t source, const void *context) {
    (void)context;
    return write_named(source, "name", "Tessera simulation", "Tessera");
}

/* ----------------------------------------------------------------------------------------------------------- sample */

/* Readers such as DIALS want a width that is not negative: a reversed scan is one about the opposite axis. */
static double direction_of_scan(const RotationSeries *series) {
    return series->width_rad < 0.0 ? -1.0 : 1.0;
}

/* Start, end and width of the rotation of every frame. */
static void set_angles(const Nxmx *nxmx, double *start, double *end, double *width) {
    const RotationSeries *series = &nxmx->series;
    const Range frames = nxmx->contents->frames;
    const double unit = direction_of_scan(series) / RADIANS_PER_DEGREE;
    for (int64_t i = 0; i < range_length(frames); i++) {
        const double number = (double)(frames.begin + i);
        start[i] = (series->start_rad + number * series->width_rad + series->shift_rad) * unit;
        end[i] = (series->start_rad + (number + 1.0) * series->width_rad + series->shift_rad) * unit;
        width[i] = series->width_rad * unit;
    }
}

static Status fill_transformations(hid_t group, const void *context) {
    const Nxmx *nxmx = context;
    const int64_t frames = range_length(nxmx->contents->frames);
    const Hdf5Shape shape = hdf5_list(frames);
    double *angles = malloc(3 * (size_t)frames * sizeof *angles);
    if (angles == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the angles of %" PRId64 " frames", frames);
    double *end = angles + frames, *width = end + frames;
    set_angles(nxmx, angles, end, width);
    Status status = hdf5_write_reals(group, "phi", shape, angles, "deg");
    if (status_is_ok(status)) status = hdf5_write_reals(group, "phi_end", shape, end, "deg");
    if (status_is_ok(status)) status = hdf5_write_reals(group, "phi_increment_set", shape, width, "deg");
    free(angles);
    TRY(status);
    const double direction = direction_of_scan(&nxmx->series);
    return nxmx_chain_attributes(group, "phi", "rotation", vec3_scale(direction, nxmx->geometry.spindle), ".");
}

static Status write_cell(hid_t sample, const Crystal *crystal) {
    double cell[6];
    for (int i = 0; i < 3; i++) {
        cell[i] = ANGSTROMS_PER_M * crystal->lengths_m[i];
        cell[3 + i] = crystal->angles_rad[i] / RADIANS_PER_DEGREE;
    }
    TRY(hdf5_write_reals(sample, "unit_cell", hdf5_table(1, 6), cell, NULL));
    TRY(hdf5_write_reals(sample, "unit_cell_abc", hdf5_list(3), cell, "angstrom"));
    return hdf5_write_reals(sample, "unit_cell_alphabetagamma", hdf5_list(3), cell + 3, "deg");
}

static Status fill_sample(hid_t sample, const void *context) {
    const Nxmx *nxmx = context;
    const bool rotation = nxmx->series.exists;
    TRY(hdf5_write_text(sample, "name", "simulated crystal"));
    TRY(hdf5_write_text(sample, "depends_on", rotation ? PATH_PHI : "."));
    TRY(write_cell(sample, &nxmx->experiment->crystal));
    TRY(hdf5_write_text(sample, "space_group", nxmx->experiment->factors.space_group));
    if (!rotation) return status_ok();
    const Mat3 ub = nexus_ub_per_angstrom(nxmx->geometry.to_mcstas, nxmx->series.reciprocal_per_m);
    TRY(write_matrix(sample, "ub_matrix", hdf5_block(1, 3, 3), ub, "1/angstrom"));
    return hdf5_write_group(sample, "transformations", "NXtransformations", fill_transformations, nxmx);
}

/* ------------------------------------------------------------------------------------------------------------- beam */

/* The spectrum: distinct wavelengths, ascending, and their shares of the fluence. Owns `line`. */
typedef struct SpectralLine {
    double wavelength_angstrom, weight;
} SpectralLine;
typedef struct Spectrum {
    int64_t lines;
    SpectralLine *line;
    double mean_angstrom, width_angstrom; /* width: FWHM of the normal distribution of the same variance */
} Spectrum;

static int compare_lines(const void *left, const void *right) {
    const double l = ((const SpectralLine *)left)->wavelength_angstrom;
    const double r = ((const SpectralLine *)right)->wavelength_angstrom;
    return (l > r) - (l < r);
}

static void merge_lines(Spectrum *spectrum, int64_t count) {
    qsort(spectrum->line, (size_t)count, sizeof *spectrum->line, compare_lines);
    SpectralLine *last = spectrum->line;
    for (int64_t i = 1; i < count; i++) {
        if (last->wavelength_angstrom == spectrum->line[i].wavelength_angstrom)
            last->weight += spectrum->line[i].weight;
        else
            *++last = spectrum->line[i];
    }
    spectrum->lines = last - spectrum->line + 1;
}

/* Measured from the first line, so that a single line's wavelength comes out exactly. */
static void set_moments(Spectrum *spectrum) {
    const double first = spectrum->line[0].wavelength_angstrom;
    double weight = 0.0, mean = 0.0, variance = 0.0;
    for (int64_t i = 0; i < spectrum->lines; i++) {
        weight += spectrum->line[i].weight;
        mean += spectrum->line[i].weight * (spectrum->line[i].wavelength_angstrom - first);
    }
    mean = weight > 0.0 ? mean / weight : 0.0;
    for (int64_t i = 0; i < spectrum->lines; i++) {
        const double away = spectrum->line[i].wavelength_angstrom - first - mean;
        variance += weight > 0.0 ? spectrum->line[i].weight / weight * away * away : 0.0;
    }
    spectrum->mean_angstrom = first + mean;
    spectrum->width_angstrom = 2.0 * sqrt(2.0 * log(2.0) * variance);
}

static Status spectrum_create(const Beam *beam, Spectrum *spectrum) {
    *spectrum = (Spectrum){.line = calloc((size_t)beam->source_count, sizeof *spectrum->line)};
    if (spectrum->line == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the spectrum of %" PRId64 " sources", beam->source_count);
    for (int64_t i = 0; i < beam->source_count; i++)
        spectrum->line[i] = (SpectralLine){.wavelength_angstrom = ANGSTROMS_PER_M * beam->sources[i].wavelength_m,
                                           .weight = beam->sources[i].weight};
    merge_lines(spectrum, beam->source_count);
    set_moments(spectrum);
    return status_ok();
}

/* One of the two columns of the spectrum. */
static Status write_lines(hid_t beam, const char *name, const Spectrum *spectrum, size_t offset, const char *units) {
    double *values = calloc((size_t)spectrum->lines, sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the spectrum");
    for (int64_t i = 0; i < spectrum->lines; i++)
        memcpy(&values[i], (const char *)&spectrum->line[i] + offset, sizeof values[i]);
    const Status status = hdf5_write_reals(beam, name, hdf5_list(spectrum->lines), values, units);
    free(values);
    return status;
}

/* The scalar mean first, with the spectrum as its variant: what every version of dxtbx reads. */
static Status write_spectrum(hid_t beam, const Spectrum *spectrum) {
    TRY(hdf5_write_real(beam, "incident_wavelength", spectrum->mean_angstrom, "angstrom"));
    TRY(hdf5_write_real(beam, "incident_wavelength_spread", spectrum->width_angstrom, "angstrom"));
    if (spectrum->lines == 1) return status_ok();
    TRY(hdf5_attribute_text(beam, "incident_wavelength", "variant", "incident_wavelength_1D"));
    TRY(write_lines(beam, "incident_wavelength_1D", spectrum, offsetof(SpectralLine, wavelength_angstrom), "angstrom"));
    TRY(write_lines(beam, "incident_wavelength_1D_weights", spectrum, offsetof(SpectralLine, weight), NULL));
    if (H5Lcreate_hard(beam, "incident_wavelength_1D_weights", beam, "incident_wavelength_1D_weight", H5P_DEFAULT,
                       H5P_DEFAULT) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "link", "incident_wavelength_1D_weight");
    return status_ok();
}

/* The weights of every frame's own spectrum, wavelengths ascending. */
static Status write_spectra(hid_t beam, const Sweep *sweep, Range frames) {
    const int64_t lines = sweep->spectrum.lines, count = range_length(frames);
    double *values = malloc((size_t)(count * lines) * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the spectra of %" PRId64 " frames", count);
    for (int64_t k = 0; k < lines; k++) values[k] = ANGSTROMS_PER_M * sweep_wavelengths(sweep)[lines - 1 - k];
    Status status = hdf5_write_reals(beam, "incident_wavelength_1D", hdf5_list(lines), values, "angstrom");
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < lines; k++)
            values[i * lines + k] = (double)sweep_weights(sweep, frames.begin + i)[lines - 1 - k];
    if (status_is_ok(status))
        status = hdf5_write_reals(beam, "incident_wavelength_1D_weights", hdf5_table(count, lines), values, NULL);
    free(values);
    TRY(status);
    return hdf5_attribute_text(beam, "incident_wavelength", "variant", "incident_wavelength_1D");
}

/* One value for each frame, in the units of the file. */
static Status write_list(hid_t beam, const char *name, const double *values, int64_t count, double factor,
                         const char *units) {
    double *scaled = malloc((size_t)count * sizeof *scaled);
    if (scaled == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %s of %" PRId64 " frames", name, count);
    for (int64_t i = 0; i < count; i++) scaled[i] = factor * values[i];
    const Status status = hdf5_write_reals(beam, name, hdf5_list(count), scaled, units);
    free(scaled);
    return status;
}

/* Wavelength and fluence: one for all frames where they do not differ. */
static Status write_wavelengths(hid_t beam, const Nxmx *nxmx, const double *wavelengths_m, bool differ) {
    const Range frames = nxmx->contents->frames;
    Spectrum spectrum;
    if (differ) {
        TRY(write_list(beam, "incident_wavelength", wavelengths_m, range_length(frames), ANGSTROMS_PER_M, "angstrom"));
        return nxmx->experiment->sweep.spectrum.rows > 1 ? write_spectra(beam, &nxmx->experiment->sweep, frames)
                                                         : status_ok();
    }
    TRY(spectrum_create(&nxmx->experiment->beam, &spectrum));
    const Status status = write_spectrum(beam, &spectrum);
    free(spectrum.line);
    return status;
}

static Status write_beam_values(hid_t beam, const Nxmx *nxmx) {
    const Range frames = nxmx->contents->frames;
    const int64_t count = range_length(frames);
    const bool varies = nxmx->experiment->parameters != NULL;
    bool wavelengths_differ = false, fluences_differ = false;
    double *values = malloc((size_t)(varies ? 2 * count : 1) * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the beam of %" PRId64 " frames", count);
    Status status = !varies ? status_ok()
                            : frame_values_beam(nxmx->experiment, frames, values, values + count, &wavelengths_differ,
                                                &fluences_differ);
    if (status_is_ok(status)) status = write_wavelengths(beam, nxmx, values, wavelengths_differ);
    if (status_is_ok(status))
        status = fluences_differ
                     ? write_list(beam, "flux_integrated", values + count, count, 1.0, "m^-2")
                     : hdf5_write_real(beam, "flux_integrated",
                                       varies ? values[count] : nxmx->experiment->beam.fluence_per_m2, "m^-2");
    free(values);
    return status;
}

static Status fill_beam(hid_t group, const void *context) {
    const Nxmx *nxmx = context;
    const Beam *beam = &nxmx->experiment->beam;
    const double size_m[2] = {nxmx->parameters->beam_size_m, nxmx->parameters->beam_size_m};
    const double kahn = beam->polarization_kahn, *linear = nxmx->geometry.linear;
    const double stokes[4] = {1.0, kahn * linear[0], kahn * linear[1] + 0.0, 0.0}; /* no -0 */
    TRY(write_beam_values(group, nxmx));
    TRY(hdf5_write_reals(group, "incident_beam_size", hdf5_list(2), size_m, "m"));
    TRY(hdf5_write_text(group, "profile", "rectangular"));
    return hdf5_write_reals(group, "incident_polarization_stokes", hdf5_table(1, 4), stokes, NULL);
}

/* --------------------------------------------------------------------------------------------------------- detector */

static Status fill_detector_transformations(hid_t group, const void *context) {
    const Nxmx *nxmx = context;
    TRY(nxmx_chain_translation(group, "det_z", nxmx->geometry.detector_z_m, vec3(0.0, 0.0, 1.0), "."));
    return nxmx_panels_place(group, &nxmx->experiment->detector, &nxmx->geometry);
}

static Status fill_module(hid_t module, const void *context) {
    const Nxmx *nxmx = context;
    const NexusGeometry *geometry = &nxmx->geometry;
    const Detector *detector = &nxmx->experiment->detector;
    const double *pixel_size_m = detector->panels[0].pixel_size_m;
    const int32_t origin[2] = {0, 0}, stride[2] = {1, 1};
    const int32_t size[2] = {(int32_t)detector->slow_pixels, (int32_t)detector->fast_pixels};
    TRY(hdf5_write(module, "data_origin", H5T_NATIVE_INT32, hdf5_list(2), origin));
    TRY(hdf5_write(module, "data_size", H5T_NATIVE_INT32, hdf5_list(2), size));
    TRY(hdf5_write(module, "data_stride", H5T_NATIVE_INT32, hdf5_list(2), stride));
    TRY(nxmx_panels_write_sensor(module, detector->panels));
    TRY(nxmx_chain_translation(module, "module_offset", geometry->module_offset_m, geometry->module_direction,
                               NXMX_DETECTOR_Z));
    TRY(nxmx_chain_translation(module, "fast_pixel_direction", pixel_size_m[0], geometry->fast, PATH_MODULE_OFFSET));
    return nxmx_chain_translation(module, "slow_pixel_direction", pixel_size_m[1], geometry->slow, PATH_MODULE_OFFSET);
}

static Status write_position(hid_t detector, const Nxmx *nxmx) {
    const double *pixel_size_m = nxmx->experiment->detector.panels[0].pixel_size_m;
    TRY(hdf5_write_text(detector, "depends_on", NXMX_DETECTOR_Z));
    TRY(hdf5_write_real(detector, "distance", nxmx->geometry.distance_m, "m"));
    TRY(hdf5_write_flag(detector, "distance_derived", true));
    TRY(hdf5_write_real(detector, "beam_center_x", nxmx->geometry.beam_centre_pixels[0], "pixel"));
    TRY(hdf5_write_real(detector, "beam_center_y", nxmx->geometry.beam_centre_pixels[1], "pixel"));
    TRY(hdf5_write_flag(detector, "beam_center_derived", true));
    TRY(hdf5_write_real(detector, "x_pixel_size", pixel_size_m[0], "m"));
    return hdf5_write_real(detector, "y_pixel_size", pixel_size_m[1], "m");
}

static const char *true_material(const Nxmx *nxmx) {
    const char *given = nxmx->parameters->detector_sensor_material;
    const char *material = *given != '\0' ? given : nxmx->experiment->detector.file_material;
    return *material != '\0' ? material : "a material known by its attenuation depth alone";
}

/* DIALS refuses a sensor without thickness, and shifts spots by the parallax of one that has it. Of panels that differ
 * the thickest is written. */
static Status write_sensor(hid_t detector, const Nxmx *nxmx) {
    const Detector *from = &nxmx->experiment->detector;
    double thickness_m = 1e-9;
    for (int i = 0; i < from->panel_count; i++) thickness_m = fmax(thickness_m, from->panels[i].sensor.thickness_m);
    TRY(hdf5_write_text(detector, "sensor_material", sensor_nexus_name(nxmx->experiment->detector.nexus_material)));
    if (nxmx->experiment->detector.nexus_stand_in)
        TRY(hdf5_attribute_text(detector, "sensor_material", "stand_in_for", true_material(nxmx)));
    return hdf5_write_real(detector, "sensor_thickness", thickness_m, "m");
}

/* The largest good count is one less than that of a saturated pixel; photons are good up to the largest that DIALS
 * takes. Counts are never negative: the fill value -1 lies below the range of good values. */
static Status write_range(hid_t detector, const Experiment *experiment) {
    const bool counts = experiment->images != IMAGES_EXPECTED;
    TRY(hdf5_write_int32(detector, "saturation_value", counts ? experiment->signal.saturation - 1 : INT32_MAX));
    TRY(hdf5_write_int32(detector, "underload_value", 0));
    return counts ? hdf5_write_int32(detector, "bit_depth_readout", 32) : status_ok();
}

/* All pixels are good: zeros that HDF5 gives without their being on the disk. */
static Status write_empty_mask(hid_t detector, const Detector *shape) {
    const hsize_t length[2] = {(hsize_t)shape->slow_pixels, (hsize_t)shape->fast_pixels};
    const hid_t space = H5Screate_simple(2, length, NULL);
    const hid_t mask =
        H5Dcreate2(detector, "pixel_mask", H5T_NATIVE_UINT32, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const Status status = mask < 0 ? hdf5_error(STATUS_OUTPUT_FAILED, "create", "pixel_mask") : status_ok();
    if (mask >= 0) (void)H5Dclose(mask);
    if (space >= 0) (void)H5Sclose(space);
    return status;
}

/* What is wrong with a pixel, by NXmx's bits; the user's mask are pixels that are not computed: those of masks and
 * those outside the region of interest. */
static uint32_t mask_bits(const Experiment *experiment, int64_t pixel) {
    enum { GAP = 1 << 0, DEAD = 1 << 1, NOISY = 1 << 4, USER_MASK = 1 << 8 };
    static const uint32_t bits_of_state[] = {[PIXEL_GOOD] = 0, [PIXEL_DEAD] = DEAD, [PIXEL_HOT] = NOISY};
    const bool active = experiment->active == NULL || experiment->active[pixel] != 0;
    const int64_t columns = experiment->detector.fast_pixels;
    if (!active && detector_panel_at(&experiment->detector, pixel / columns, pixel % columns) == NULL) return GAP;
    const uint32_t user = active ? 0 : USER_MASK;
    if (!counts_have_defects(experiment)) return user;
    return user | bits_of_state[detector_signal_state(&experiment->signal, pixel)];
}

static Status write_full_mask(hid_t detector, const Experiment *experiment) {
    const int64_t pixels = detector_pixels(&experiment->detector);
    uint32_t *mask = malloc((size_t)pixels * sizeof *mask);
    if (mask == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a mask of %" PRId64 " pixels", pixels);
    for (int64_t i = 0; i < pixels; i++) mask[i] = mask_bits(experiment, i);
    const Hdf5Shape shape = hdf5_table(experiment->detector.slow_pixels, experiment->detector.fast_pixels);
    const Status status = hdf5_write(detector, "pixel_mask", H5T_NATIVE_UINT32, shape, mask);
    free(mask);
    return status;
}

/* Gaps between panels are no pixels of a module. */
static bool needs_mask(const Experiment *experiment) {
    const Detector *detector = &experiment->detector;
    if (detector->panel_count == 1) return true;
    if (experiment->active == NULL && !counts_have_defects(experiment)) return false;
    for (int i = 0; i < detector->panel_count; i++) {
        const Tile canvas = detector->panels[i].canvas;
        for (int64_t slow = canvas.slow; slow < canvas.slow + canvas.slow_pixels; slow++)
            for (int64_t fast = canvas.fast; fast < canvas.fast + canvas.fast_pixels; fast++)
                if (mask_bits(experiment, slow * detector->fast_pixels + fast) != 0) return true;
    }
    return false;
}

static bool panels_lie_side_by_side(const Detector *detector) {
    for (int i = 0; i < detector->panel_count; i++)
        if (detector->panels[i].canvas.fast_pixels != detector->fast_pixels) return true;
    return false;
}

/* Of modules that lie side by side dxtbx 3.11 opens no file that has a mask: it stands with what is our own then. */
static Status write_mask(hid_t detector, const Experiment *experiment) {
    const bool all_good = experiment->active == NULL && !counts_have_defects(experiment);
    if (!needs_mask(experiment) || panels_lie_side_by_side(&experiment->detector)) return status_ok();
    TRY(all_good ? write_empty_mask(detector, &experiment->detector) : write_full_mask(detector, experiment));
    return hdf5_write_flag(detector, "pixel_mask_applied", false);
}

static Status write_readout(hid_t detector, const Nxmx *nxmx) {
    const double exposure_s = nxmx->parameters->beam_exposure_s;
    TRY(write_range(detector, nxmx->experiment));
    TRY(hdf5_write_real(detector, "count_time", exposure_s, "s"));
    TRY(hdf5_write_real(detector, "frame_time", exposure_s, "s"));
    TRY(write_mask(detector, nxmx->experiment));
    TRY(hdf5_write_flag(detector, "flatfield_applied", false));
    return hdf5_write_flag(detector, "countrate_correction_applied", false);
}

/* Where Neggia, a plug-in of XDS, looks. */
static Status fill_specific(hid_t specific, const void *context) {
    const Nxmx *nxmx = context;
    TRY(hdf5_write_int64(specific, "nimages", range_length(nxmx->contents->frames)));
    TRY(hdf5_write_int64(specific, "ntrigger", 1));
    if (!needs_mask(nxmx->experiment)) return status_ok();
    if (panels_lie_side_by_side(&nxmx->experiment->detector)) return write_full_mask(specific, nxmx->experiment);
    return H5Lcreate_soft("/entry/instrument/detector/pixel_mask", specific, "pixel_mask", H5P_DEFAULT, H5P_DEFAULT) < 0
               ? hdf5_error(STATUS_OUTPUT_FAILED, "link", "pixel_mask")
               : status_ok();
}

static Status fill_detector(hid_t detector, const void *context) {
    const Nxmx *nxmx = context;
    TRY(hdf5_write_text(detector, "description", "simulated photon-counting detector"));
    TRY(hdf5_write_text(detector, "type", "PIXEL"));
    if (H5Lcreate_soft(NXMX_IMAGES, detector, "data", H5P_DEFAULT, H5P_DEFAULT) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "link", "data");
    TRY(write_position(detector, nxmx));
    TRY(write_sensor(detector, nxmx));
    TRY(write_readout(detector, nxmx));
    TRY(hdf5_write_group(detector, "detectorSpecific", "NXcollection", fill_specific, nxmx));
    TRY(hdf5_write_group(detector, "transformations", "NXtransformations", fill_detector_transformations, nxmx));
    if (nxmx->experiment->detector.panel_count > 1) return nxmx_panels_write(detector, &nxmx->experiment->detector);
    return hdf5_write_group(detector, "module", "NXdetector_module", fill_module, nxmx);
}

static Status fill_instrument(hid_t instrument, const void *context) {
    TRY(write_named(instrument, "name", "Tessera", "Tessera"));
    TRY(hdf5_write_text(instrument, "time_zone", "+00:00"));
    TRY(hdf5_write_group(instrument, "beam", "NXbeam", fill_beam, context));
    return hdf5_write_group(instrument, "detector", "NXdetector", fill_detector, context);
}

/* ------------------------------------------------------------------------------------------------------- simulation */

/* The vectors of the laboratory frame, so that the transformation can be undone. */
static Status fill_native(hid_t group, const void *context) {
    const Nxmx *nxmx = context;
    const Detector *detector = &nxmx->experiment->detector;
    const LaboratoryAxes *axes = &nxmx->experiment->axes;
    TRY(nxmx_panels_write_native(group, detector));
    TRY(write_vector(group, "beam", axes->beam, NULL));
    TRY(write_vector(group, "polar", axes->polarization, NULL));
    TRY(write_vector(group, "spindle", axes->spindle, NULL));
    TRY(write_matrix(group, "to_mcstas", hdf5_table(3, 3), nxmx->geometry.to_mcstas, NULL));
    char convention[PARAMETER_TEXT_BYTES];
    provenance_text(nxmx->parameters, PARAMETER(detector, convention), convention);
    return hdf5_write_text(group, "convention", detector->of_file ? "imgCIF" : convention);
}

/* f' and f'' of one element. */
typedef struct ElementRecord {
    const Dispersing *dispersing;
    int index;
    const Spectrum *spectrum;
} ElementRecord;

static Status write_dispersion(hid_t group, const ElementRecord *record, double *real, double *imaginary) {
    const Dispersion reference = record->dispersing->reference[record->index];
    for (int64_t i = 0; i < record->spectrum->lines; i++) {
        const double wavelength_m = record->spectrum->line[i].wavelength_angstrom / ANGSTROMS_PER_M;
        const Dispersion at = dispersing_at(record->dispersing, record->index, wavelength_m);
        real[i] = at.real;
        imaginary[i] = at.imaginary;
    }
    TRY(hdf5_write_reals(group, "f_prime", hdf5_list(record->spectrum->lines), real, NULL));
    TRY(hdf5_write_reals(group, "f_double_prime", hdf5_list(record->spectrum->lines), imaginary, NULL));
    TRY(hdf5_write_real(group, "reference_f_prime", reference.real, NULL));
    return hdf5_write_real(group, "reference_f_double_prime", reference.imaginary, NULL);
}

static Status fill_element(hid_t group, const void *context) {
    const ElementRecord *record = context;
    const size_t lines = (size_t)record->spectrum->lines;
    double *values = malloc(2 * lines * sizeof *values);
    if (values == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the dispersion of %zu wavelengths", lines);
    const Status status = write_dispersion(group, record, values, values + lines);
    free(values);
    return status;
}

/* Elements that are followed from wavelength to wavelength, at those of the first frame. */
static Status fill_dispersion(hid_t group, const void *context) {
    const Nxmx *nxmx = context;
    const Dispersing *dispersing = &nxmx->experiment->factors.dispersing;
    Spectrum spectrum;
    TRY(spectrum_create(&nxmx->experiment->beam, &spectrum));
    Status status =
        write_lines(group, "wavelength", &spectrum, offsetof(SpectralLine, wavelength_angstrom), "angstrom");
    for (int i = 0; status_is_ok(status) && i < dispersing->elements; i++) {
        const ElementRecord record = {dispersing, i, &spectrum};
        status = hdf5_write_group(group, atoms_symbol(dispersing->element[i]), "NXcollection", fill_element, &record);
    }
    free(spectrum.line);
    return status;
}

static Status fill_simulation(hid_t simulation, const void *context) {
    const Nxmx *nxmx = context;
    TRY(provenance_write(simulation, nxmx->contents->provenance));
    TRY(hdf5_write_group(simulation, "geometry_native", "NXcollection", fill_native, nxmx));
    if (nxmx->experiment->detector.nexus_stand_in)
        TRY(hdf5_write_text(simulation, "sensor_material", true_material(nxmx)));
    if (nxmx->experiment->factors.form_values > 0)
        TRY(hdf5_write_group(simulation, "dispersion", "NXcollection", fill_dispersion, nxmx));
    TRY(frame_table_create(simulation, nxmx->experiment, nxmx->contents->frames));
    TRY(data_files_record(simulation, &nxmx->contents->files));
    if (nxmx->experiment->images != IMAGES_BOTH) return status_ok();
    return hdf5_write_group(simulation, "images", "NXdata", fill_twin, nxmx);
}

/* ------------------------------------------------------------------------------------------------------------ entry */

static Status fill_entry(hid_t entry, const void *context) {
    const Nxmx *nxmx = context;
    const char never[CLOCKS_UTC_BYTES] = "";
    TRY(hdf5_attribute_text(entry, ".", "default", "data"));
    TRY(hdf5_attribute_text(entry, ".", "version", "1.0"));
    TRY(hdf5_write_text(entry, "definition", "NXmx"));
    TRY(hdf5_attribute_text(entry, "definition", "version", "1.0"));
    TRY(hdf5_write_text(entry, "title", "X-ray diffraction images simulated by Tessera"));
    TRY(hdf5_write_text(entry, "start_time", nxmx->now));
    TRY(hdf5_write_text(entry, "end_time_estimated", nxmx->now));
    /* there from the beginning: a file that gets a new object at its end is not readable if that fails half-way */
    TRY(hdf5_write_wide_text(entry, "end_time", sizeof never, never));
    TRY(hdf5_write_group(entry, "data", "NXdata", fill_data, nxmx));
    TRY(hdf5_write_group(entry, "source", "NXsource", fill_source, nxmx));
    TRY(hdf5_write_group(entry, "sample", "NXsample", fill_sample, nxmx));
    TRY(hdf5_write_group(entry, "instrument", "NXinstrument", fill_instrument, nxmx));
    return hdf5_write_group(entry, "simulation", "NXprocess", fill_simulation, nxmx);
}

static Status write_root(hid_t file, const Nxmx *nxmx) {
    char hdf5[64];
    (void)snprintf(hdf5, sizeof hdf5, "%d.%d.%d", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    TRY(hdf5_attribute_text(file, ".", "NX_class", "NXroot"));
    TRY(hdf5_attribute_text(file, ".", "default", "entry"));
    TRY(hdf5_attribute_text(file, ".", "file_name", nxmx->contents->complete_path));
    TRY(hdf5_attribute_text(file, ".", "file_time", nxmx->now));
    TRY(hdf5_attribute_text(file, ".", "creator", "tessera"));
    TRY(hdf5_attribute_text(file, ".", "creator_version", nxmx->contents->provenance->build.version));
    return hdf5_attribute_text(file, ".", "HDF5_Version", hdf5);
}

Status nxmx_create(hid_t file, const NxmxContents *contents) {
    Nxmx nxmx = {.contents = contents,
                 .experiment = contents->experiment,
                 .parameters = contents->parameters,
                 .geometry = nexus_geometry(&contents->experiment->detector, &contents->experiment->axes)};
    TRY(rotation_series_find(nxmx.experiment, &nxmx.series));
    clocks_utc(nxmx.now);
    TRY(write_root(file, &nxmx));
    return hdf5_write_group(file, "entry", "NXentry", fill_entry, &nxmx);
}

Status nxmx_make_room_for_end(hid_t file) {
    const char never[CLOCKS_UTC_BYTES] = "";
    return hdf5_has(file, "/entry/end_time") ? status_ok()
                                             : hdf5_write_wide_text(file, "/entry/end_time", sizeof never, never);
}

Status nxmx_check_end(hid_t file) {
    TRY(hdf5_check_count(file, "/entry/end_time_estimated", 1));
    return hdf5_has(file, "/entry/end_time") ? hdf5_check_count(file, "/entry/end_time", 1) : status_ok();
}

Status nxmx_complete(hid_t file) {
    char now[CLOCKS_UTC_BYTES];
    clocks_utc(now);
    TRY(hdf5_overwrite_text(file, "/entry/end_time_estimated", now));
    return hdf5_overwrite_text(file, "/entry/end_time", now);
}
