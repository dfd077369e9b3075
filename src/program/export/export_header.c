#include "export/export_header.h"

#include "base/constants.h"
#include "formats/smv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MM_PER_M 1e3
#define DEGREES_PER_RADIAN (1.0 / RADIANS_PER_DEGREE)

/* Directions that differ by less are the same for a header: 0.01 px at a distance of 10,000 pixels. */
#define SAME_DIRECTION 1e-6

double export_tilt_deg(const NxmxDescription *d) {
    return atan2(hypot(d->normal.x, d->normal.y), d->normal.z) * DEGREES_PER_RADIAN;
}

bool export_header_misses(const NxmxDescription *d, char *what, size_t bytes, bool *flippable) {
    const bool tilted = hypot(d->normal.x, d->normal.y) > SAME_DIRECTION;
    const bool mirrored = vec3_cross(d->fast, d->slow).z < 0.0;
    const bool turned = d->rotation && vec3_length(vec3_subtract(d->spindle, d->fast)) > SAME_DIRECTION;
    const bool oblong = fabs(d->pixel_size_m[0] - d->pixel_size_m[1]) > SAME_DIRECTION * d->pixel_size_m[0];
    *flippable = mirrored && !tilted && !turned && !oblong;
    if (tilted)
        (void)snprintf(what, bytes, "the detector is tilted by %.4g degrees to the beam", export_tilt_deg(d));
    else if (turned)
        (void)snprintf(what, bytes,
                       "the rotation axis (%.3f, %.3f, %.3f in the file's frame) is not the fast axis of the detector",
                       d->spindle.x, d->spindle.y, d->spindle.z);
    else if (oblong)
        (void)snprintf(what, bytes, "the pixels are not square");
    else if (mirrored)
        (void)snprintf(what, bytes, "seen along the beam, the image is mirrored (rows run upwards)");
    return tilted || turned || oblong || mirrored;
}

NxmxDescription export_flipped(const NxmxDescription *d) {
    NxmxDescription flipped = *d;
    const double rows = (double)d->slow_pixels;
    flipped.slow = vec3_scale(-1.0, d->slow);
    flipped.corner_m = vec3_add(d->corner_m, vec3_scale(rows * d->pixel_size_m[1], d->slow));
    flipped.beam_centre_pixels[1] = rows - d->beam_centre_pixels[1];
    flipped.closest_pixels[1] = rows - d->closest_pixels[1];
    return flipped;
}

/* ------------------------------------------------------------------------------------------------------------- SMV */

/* BEAM_CENTER is MOSFLM's and DIALS': X along the slow, Y along the fast axis, from the outer corner. ADXV's Y runs
 * from the last row; XDS counts the centre of the first pixel as 1. */
Status export_smv_header(const ExportFrame *frame, char *header) {
    const NxmxDescription *d = frame->description;
    const double pixel_mm = MM_PER_M * d->pixel_size_m[0];
    const double fast_mm = d->beam_centre_pixels[0] * pixel_mm, slow_mm = d->beam_centre_pixels[1] * pixel_mm;
    char text[2 * EXPORT_SMV_HEADER_BYTES];
    const int length = snprintf(
        text, sizeof text,
        "{\nHEADER_BYTES=%5d;\nDIM=2;\nBYTE_ORDER=%s;\nTYPE=unsigned_short;\nSIZE1=%" PRId64 ";\nSIZE2=%" PRId64 ";\n"
        "PIXEL_SIZE=%.9g;\nDISTANCE=%.9g;\nWAVELENGTH=%.9g;\nTIME=%.9g;\n"
        "BEAM_CENTER_X=%.9g;\nBEAM_CENTER_Y=%.9g;\nADXV_CENTER_X=%.9g;\nADXV_CENTER_Y=%.9g;\n"
        "MOSFLM_CENTER_X=%.9g;\nMOSFLM_CENTER_Y=%.9g;\nDENZO_X_BEAM=%.9g;\nDENZO_Y_BEAM=%.9g;\n"
        "DIALS_ORIGIN=%.9g,%.9g,%.9g;\nXDS_ORGX=%.9g;\nXDS_ORGY=%.9g;\nCLOSE_DISTANCE=%.9g;\n"
        "PHI=%.9g;\nOSC_START=%.9g;\nOSC_RANGE=%.9g;\nTWOTHETA=%.9g;\nAXIS=phi;\n"
        "GAIN=%.9g;\nIMAGE_PEDESTAL=0;\nBEAMLINE=Tessera;\n}\f",
        EXPORT_SMV_HEADER_BYTES, smv_machine_is_little_endian() ? "little_endian" : "big_endian", d->fast_pixels,
        d->slow_pixels, pixel_mm, d->beam_distance_m * MM_PER_M, frame->record->wavelength_angstrom, d->exposure_s,
        slow_mm, fast_mm, fast_mm, (double)d->slow_pixels * pixel_mm - slow_mm, slow_mm - 0.5 * pixel_mm,
        fast_mm - 0.5 * pixel_mm, slow_mm, fast_mm, -MM_PER_M * d->corner_m.x, MM_PER_M * d->corner_m.y,
        -MM_PER_M * d->corner_m.z, d->closest_pixels[0] + 0.5, d->closest_pixels[1] + 0.5, d->distance_m * MM_PER_M,
        frame->record->phi_start_deg, frame->record->phi_start_deg, frame->record->phi_width_deg, export_tilt_deg(d),
        frame->scale);
    if (length > EXPORT_SMV_HEADER_BYTES)
        return status_error(STATUS_BAD_FILE, "the geometry takes %d bytes, more than the %d of an SMV header", length,
                            EXPORT_SMV_HEADER_BYTES);
    memset(header, ' ', EXPORT_SMV_HEADER_BYTES);
    memcpy(header, text, (size_t)length);
    return status_ok();
}

/* --------------------------------------------------------------------------------------------------------- miniCBF */

/* "# Silicon sensor, thickness 0.000450 m": the names that DIALS reads. */
static const char *sensor_name(const char *material) {
    return strcmp(material, "Si") == 0 ? "Silicon" : material;
}

/* Print at @p *end, which advances. */
#define ADD(...) end += snprintf(header + end, (size_t)(EXPORT_CBF_HEADER_BYTES - end), __VA_ARGS__)

Status export_cbf_header(const ExportFrame *frame, size_t packed_bytes, char *header) {
    const NxmxDescription *d = frame->description;
    const NxmxFrame *record = frame->record;
    const double cutoff = fmin(floor(d->saturation * frame->scale), INT32_MAX);
    const double energy_ev = PLANCK_LIGHT_EV_A / record->wavelength_angstrom;
    int end = 0;
    ADD("###CBF: VERSION 1.5, Tessera\r\n\r\ndata_frame_%05" PRId64 "\r\n\r\n", frame->frame + 1);
    ADD("_array_data.header_convention \"GENERIC_MINI\"\r\n_array_data.header_contents\r\n;\r\n");
    ADD("# Detector: Tessera simulation, S/N 0\r\n# %.19s.000\r\n", d->start_time);
    ADD("# Pixel_size %.9ge-6 m x %.9ge-6 m\r\n", 1e6 * d->pixel_size_m[0], 1e6 * d->pixel_size_m[1]);
    ADD("# %s sensor, thickness %.9g m\r\n", sensor_name(d->sensor_material), d->sensor_thickness_m);
    ADD("# Exposure_time %.9g s\r\n# Exposure_period %.9g s\r\n# Tau = 0 s\r\n", d->exposure_s, d->exposure_s);
    ADD("# Count_cutoff %.0f counts\r\n# Threshold_setting: %.0f eV\r\n", cutoff, 0.5 * energy_ev);
    ADD("# Gain_setting: %.9g counts per photon\r\n# N_excluded_pixels = 0\r\n", frame->scale);
    ADD("# Wavelength %.9g A\r\n# Detector_distance %.9g m\r\n", record->wavelength_angstrom, d->beam_distance_m);
    ADD("# Beam_xy (%.9g, %.9g) pixels\r\n", d->beam_centre_pixels[0], d->beam_centre_pixels[1]);
    ADD("# Start_angle %.9g deg.\r\n# Angle_increment %.9g deg.\r\n", record->phi_start_deg, record->phi_width_deg);
    ADD("# Detector_2theta %.9g deg.\r\n# Phi %.9g deg.\r\n", export_tilt_deg(d), record->phi_start_deg);
    ADD(";\r\n\r\n_array_data.data\r\n;\r\n--CIF-BINARY-FORMAT-SECTION--\r\n"
        "Content-Type: application/octet-stream;\r\n     conversions=\"x-CBF_BYTE_OFFSET\"\r\n"
        "Content-Transfer-Encoding: BINARY\r\nX-Binary-Size: %zu\r\nX-Binary-ID: 1\r\n"
        "X-Binary-Element-Type: \"signed 32-bit integer\"\r\nX-Binary-Element-Byte-Order: LITTLE_ENDIAN\r\n",
        packed_bytes);
    ADD("X-Binary-Number-of-Elements: %" PRId64 "\r\nX-Binary-Size-Fastest-Dimension: %" PRId64
        "\r\nX-Binary-Size-Second-Dimension: %" PRId64 "\r\nX-Binary-Size-Padding: 4095\r\n\r\n",
        d->slow_pixels * d->fast_pixels, d->fast_pixels, d->slow_pixels);
    return status_ok();
}
