/** @file
 *  The detector and the crystal in the frame of the file: McStas' and NeXus' axes, z along the beam, x along the
 * electric field, as nxmx-layout.md has it under "Coordinates". */
#ifndef TESSERA_NEXUS_GEOMETRY_H
#define TESSERA_NEXUS_GEOMETRY_H

#include "base/vector.h"
#include "model/detector.h"

/** The geometry that the file describes; vectors are in McStas' frame. Plain data. */
typedef struct NexusGeometry {
    Mat3 to_mcstas;               /**< proper rotation: v_McStas = to_mcstas v_laboratory */
    Vec3 fast, slow, spindle;     /**< unit vectors */
    Vec3 pixel0_m;                /**< outer corner of pixel (0,0) */
    double detector_z_m;          /**< first translation: along (0,0,1) */
    double module_offset_m;       /**< second translation, >= 0: along module_direction */
    Vec3 module_direction;        /**< unit vector across the beam; (1,0,0) when the offset is 0 */
    double beam_centre_pixels[2]; /**< fast, slow position where the beam meets the plane, from the corner */
    double distance_m;            /**< crystal to the detector's plane, along its normal */
    double linear[2];             /**< Stokes' Q/I and U/I of wholly polarized light */
} NexusGeometry;

/** The geometry of @p detector. The beam must meet its plane. */
NexusGeometry nexus_geometry(const Detector *detector, const LaboratoryAxes *axes);

/** The matrix with columns a*, b*, c* (1/A) in McStas' frame.
 *  @param reciprocal_per_m  rows a*, b*, c* (1/m) in the laboratory frame */
Mat3 nexus_ub_per_angstrom(Mat3 to_mcstas, Mat3 reciprocal_per_m);

#endif
