/** @file
 *  Where the pixels are: panels, flat or curved, in nanoBragg's laboratory frame. */
#ifndef TESSERA_DETECTOR_H
#define TESSERA_DETECTOR_H

#include "base/status.h"
#include "base/tile.h"
#include "base/vector.h"
#include "model/panel_geometry.h"
#include "parameters/parameters.h"

#include <stdbool.h>
#include <stdint.h>

/** The axes that a convention fixes; unit vectors, before detector rotations. */
typedef struct LaboratoryAxes {
    Vec3 beam;         /**< direction of propagation */
    Vec3 fast, slow;   /**< increasing pixel coordinates */
    Vec3 normal;       /**< increasing distance */
    Vec3 twotheta;     /**< axis of the detector swing */
    Vec3 polarization; /**< electric field */
    Vec3 vertical;     /**< beam x polarization */
    Vec3 spindle;      /**< axis of phi */
} LaboratoryAxes;

/** The sensor materials that NeXus readers know. */
typedef enum NexusMaterial { NEXUS_SILICON, NEXUS_CADMIUM_TELLURIDE, NEXUS_GALLIUM_ARSENIDE } NexusMaterial;

/** The absorbing layer of a panel. Plain data. */
typedef struct Sensor {
    double thickness_m;      /**< 0 where it is ignored */
    double absorption_per_m; /**< 1 / attenuation length, of all sources together where they differ */
    int layers;              /**< 1 where the thickness is ignored */
    bool by_wavelength;      /**< each source has an absorption of its own */
    DepthLaw depth_law;      /**< where in a layer its photons are counted */
    double stated_thickness_m, stated_absorption_per_m; /**< of the geometry's file, NAN where it says nothing */
} Sensor;

/** A rectangle of equal pixels, flat or curved, and the part of the image that it covers; geometry in force after
 *  rotations and twotheta. Coordinates on it begin at the outer corner of its first pixel. Plain data. */
typedef struct Panel {
    Tile canvas;             /**< the pixels of the image that are its own */
    double pixel_size_m[2];  /**< along fast and slow */
    Vec3 fast, slow, normal; /**< unit vectors */
    Vec3 pixel0_m;           /**< that corner, from the crystal */
    Vec3 beam;               /**< unit vector along the beam */
    double close_distance_m; /**< crystal to the plane, along its normal */
    double distance_m;       /**< crystal to the plane, along the beam */
    double beam_centre_m[2]; /**< fast, slow position where the beam meets the plane, from the corner */
    double closest_m[2];     /**< fast, slow position of the point nearest to the crystal */
    bool curved;             /**< every pixel at distance_m, facing the crystal */
    Sensor sensor;
    Vec3 file_corner_m;          /**< of a geometry's file: pixel0_m without detector.panels_shift */
    int group;                   /**< its number in the detector's groups, -1 where it is in none */
    char name[PANEL_NAME_BYTES]; /**< "" for the panel of the parameters */
} Panel;

/** Where a panel is on the canvas, apart from all else that is known of it: looking one up is fast. */
typedef struct PanelPlace {
    Tile canvas;
    int32_t panel; /**< its number */
} PanelPlace;

/** Panels, and what they have in common. The image is one array of pixels, the canvas; pixels of no panel are gaps.
 *  The arrays are owned: detector_destroy frees them. */
typedef struct Detector {
    int64_t fast_pixels, slow_pixels; /**< of the canvas */
    double stated_centre_m[2];        /**< X, Y of the unrotated beam centre in the convention's meaning */
    Pivot pivot;                      /**< beam or sample: what the rotations kept */
    bool point_pixel;                 /**< solid angle without obliquity */
    NexusMaterial nexus_material; /**< that a NeXus file names: the sensor's own, or the one that absorbs most alike */
    bool nexus_stand_in;          /**< it is not the sensor's own */
    bool of_crystfel;             /**< and that file is CrystFEL's */
    bool of_file;                 /**< the panels are those of a geometry's file */
    char file_material[PANEL_MATERIAL_BYTES]; /**< of the sensor by that file, "" where it says nothing */
    int common_layers; /**< of all panels' sensors, so that nobody need look a panel up; 0 where they differ */
    int panel_count, group_count;
    Panel *panels;      /**< [panel_count] */
    PanelGroup *groups; /**< [group_count] as the file has them, without detector.panels_shift; NULL for none */
    PanelPlace *places; /**< [panel_count] sorted by first row, then first column; not read for one panel */
} Detector;

/** The axes of the convention; one that the user gives replaces it.
 *  @param geometry  NULL, or the panels of a file, whose axes are those of panel_geometry.h
 *  @return BAD_PARAMETER for a zero vector, parallel fast and slow axes, or a polarization along the beam */
Status detector_axes(const Parameters *parameters, const DetectorGeometry *geometry, LaboratoryAxes *axes);

/** Geometry of the detector: one panel from the parameters, or the panels of @p geometry, which is borrowed and may be
 *  NULL.
 *  @param detector  the caller destroys it, after a failure too
 *  @return BAD_PARAMETER when two values that exclude each other are given, when the detector has no or too many
 *          pixels, when the beam never meets the one panel, or when a panel's plane meets the crystal; NO_MEMORY */
Status detector_create(const Parameters *parameters, const LaboratoryAxes *axes, const DetectorGeometry *geometry,
                       Detector *detector, Notes *notes);

/** Makes a detector that exists anew, in its own memory, by the parameters as they are in a frame: the one panel, or
 * the place of those of a file. */
Status detector_change(const Parameters *parameters, const LaboratoryAxes *axes, Detector *detector);

/** Frees what @p detector owns. */
void detector_destroy(Detector *detector);

/** What the rotations of the detector leave in place, PIVOT_BEAM or PIVOT_SAMPLE. */
Pivot detector_pivot(const Parameters *parameters);

/** Position (m) of a point of a panel, @p fast_m and @p slow_m from its corner, @p depth_m behind its front. On a
 * curved panel the coordinates from the beam centre, over the distance, are angles: the beam is turned towards the slow
 * axis, then towards the fast axis. */
Vec3 panel_position(const Panel *panel, double fast_m, double slow_m, double depth_m);

/** The same of a flat panel. */
static inline Vec3 panel_flat_position(const Panel *panel, double fast_m, double slow_m, double depth_m) {
    const Vec3 in_plane = vec3_add(vec3_scale(fast_m, panel->fast), vec3_scale(slow_m, panel->slow));
    return vec3_add(vec3_add(in_plane, vec3_scale(depth_m, panel->normal)), panel->pixel0_m);
}

/** Cosine of the angle between a unit vector towards a pixel and the normal of its surface, > 0. */
static inline double panel_cosine(const Panel *panel, Vec3 direction) {
    return panel->curved ? 1.0 : fabs(vec3_dot(direction, panel->normal));
}

/** The part of a tile of the canvas that is the panel's own; of size 0 where there is none. */
Tile panel_overlap(const Panel *panel, Tile tile);

/** A tile of the canvas as seen from the panel's first pixel. */
Tile panel_tile(const Panel *panel, Tile tile);

/** The panel that has this pixel of the canvas; NULL in a gap. */
const Panel *detector_panel_at(const Detector *detector, int64_t slow, int64_t fast);

/** Points along an edge of each panel such that all panels together have about as many as one of @p points along an
 *  edge; at least 3. */
int detector_points_along(const Detector *detector, int points);

/** The layers of the sensor of the panel that has this pixel. */
int detector_layers_at(const Detector *detector, int64_t slow, int64_t fast);

/** The most layers that any panel's sensor has. */
int detector_layers(const Detector *detector);

/** True when the thickness of some panel's sensor counts. */
bool detector_is_thick(const Detector *detector);

/** True when every pixel of the canvas is a panel's. */
bool detector_is_covered(const Detector *detector);

/** Number of pixels of the canvas. */
int64_t detector_pixels(const Detector *detector);

#endif
