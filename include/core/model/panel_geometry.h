/** @file
 *  A detector as a file describes it: panels of pixels, each a rectangle of one image, the canvas [slow][fast].
 *  Readers (formats/geometry_*.h) fill it, detector_create() makes the detector of a run from it.
 *
 *  Laboratory frame of all vectors here: that of imgCIF, dxtbx and DIALS. The crystal is the origin, y points up, z
 *  points from the crystal towards the source where the beam is not tilted, so the beam is (0,0,-1) unless a file says
 *  otherwise, and x completes a right-handed frame (to the right when looking towards the source). CrystFEL's frame is
 *  diag(-1, 1, -1) times it, and so is McStas'. */
#ifndef TESSERA_PANEL_GEOMETRY_H
#define TESSERA_PANEL_GEOMETRY_H

#include "base/status.h"
#include "base/vector.h"

#include <stdbool.h>
#include <stdint.h>

/** Bytes of a panel's or group's name and of a material, with the final zero. */
enum { PANEL_NAME_BYTES = 128, PANEL_MATERIAL_BYTES = 32 };

/** One panel: a flat rectangle of equal rectangular pixels. What a file does not say is NAN, or "" for a text.
 *  The outer corner of pixel (f, s) is corner_m + f pixel_size_m[0] fast + s pixel_size_m[1] slow, and its centre half
 *  a pixel further on both. Plain data. */
typedef struct PanelGeometry {
    char name[PANEL_NAME_BYTES];
    Vec3 fast, slow;         /**< unit vectors; at right angles except where `exact` axes of a .geom were asked for */
    Vec3 corner_m;           /**< outer corner of the panel's first pixel, from the crystal */
    double pixel_size_m[2];  /**< along fast and slow */
    int64_t pixels[2];       /**< along fast and slow */
    int64_t canvas[2];       /**< fast, slow coordinates of its first pixel on the canvas */
    double thickness_m;      /**< of the sensor; 0: as thin as can be, also where a file has a nanometre */
    double absorption_per_m; /**< of the sensor, "mu" */
    char material[PANEL_MATERIAL_BYTES]; /**< "Si", "CdTe", ... */
    double gain;                         /**< counts for each photon */
    double pedestal;                     /**< counts without photons */
    double trusted[2];                   /**< least and greatest value of a good pixel */
    int group;                           /**< number of its group in DetectorGeometry, -1 where it is in none */
} PanelGeometry;

/** A group of panels (a quadrant, a bar): a frame of its own, in the laboratory's coordinates. A group's parent has a
 *  smaller number. Plain data. */
typedef struct PanelGroup {
    char name[PANEL_NAME_BYTES];
    Vec3 fast, slow; /**< unit vectors of its frame; the third is fast x slow */
    Vec3 origin_m;
    int parent; /**< -1 for a group of the first level */
} PanelGroup;

/** Pixels [fast_first, fast_end) x [slow_first, slow_end) of the canvas that hold nothing. */
typedef struct PanelMask {
    int64_t fast_first, slow_first, fast_end, slow_end;
} PanelMask;

/** What an axis of a dataset is, where it is no fixed index >= 0: of one event (image), or along slow or fast. */
enum { PANEL_AXIS_NONE = -4, PANEL_AXIS_EVENT, PANEL_AXIS_SLOW, PANEL_AXIS_FAST, PANEL_AXES_MOST = 8 };

/** A file of bad pixels that the geometry names. A pixel is bad where a bit of `bad_bits` is set, or one of `good_bits`
 *  is not. */
typedef struct PanelMaskFile {
    char *path;    /**< owned; seen from the geometry's folder, "": the geometry's own file */
    char *dataset; /**< owned; NULL: a pickle of Python, which no other program reads */
    uint64_t good_bits, bad_bits;
    int panel;                     /**< whose pixels it speaks of, -1: of all */
    int64_t axis[PANEL_AXES_MOST]; /**< of the dataset; PANEL_AXIS_NONE behind the last one */
    int64_t first[2];              /**< fast, slow coordinates of the panel's first pixel in the dataset */
} PanelMaskFile;

/** Panels, their groups and their bad pixels. A value of zeros has none. panel_geometry_free() frees what it owns. */
typedef struct DetectorGeometry {
    bool of_crystfel;         /**< the file is CrystFEL's: camera length and axes may be chosen */
    int64_t canvas_pixels[2]; /**< fast, slow size of the canvas; pixels of no panel are gaps */
    int panels, groups, masks, mask_files;
    PanelGeometry *panel;     /**< [panels], owned */
    PanelGroup *group;        /**< [groups], owned */
    PanelMask *mask;          /**< [masks], owned */
    PanelMaskFile *mask_file; /**< [mask_files], owned */
} DetectorGeometry;

/** Frees what @p geometry owns and leaves a value of zeros. */
void panel_geometry_free(DetectorGeometry *geometry);

/** Adds a panel, a group, a rectangle of bad pixels: the value is copied.
 *  @return NO_MEMORY, leaving @p geometry as it was */
Status panel_geometry_add_panel(DetectorGeometry *geometry, const PanelGeometry *panel);
Status panel_geometry_add_group(DetectorGeometry *geometry, const PanelGroup *group);
Status panel_geometry_add_mask(DetectorGeometry *geometry, PanelMask mask);

/** Adds a mask file: its texts are copied. */
Status panel_geometry_add_mask_file(DetectorGeometry *geometry, const PanelMaskFile *file);

/** Checks what must hold of every detector and sets canvas_pixels to the least rectangle from (0,0) that holds all
 *  panels: there is a panel; numbers are finite; axes are unit vectors that are not parallel; sizes are positive;
 *  panels lie on the canvas and do not overlap there; the crystal is in no panel's plane.
 *  @param origin  the file, for messages
 *  @return BAD_FILE naming the panel, the value and the remedy */
Status panel_geometry_check(DetectorGeometry *geometry, const char *origin);

/** True when both have the same panels: pixels and their places, to a nanometre. Names, sensors and masks may differ.
 */
bool panel_geometry_is_same(const DetectorGeometry *a, const DetectorGeometry *b);

/** Position (m) of a point of a panel, in pixels from its corner. */
static inline Vec3 panel_geometry_position(const PanelGeometry *panel, double fast_pixels, double slow_pixels) {
    return vec3_add(panel->corner_m, vec3_add(vec3_scale(fast_pixels * panel->pixel_size_m[0], panel->fast),
                                              vec3_scale(slow_pixels * panel->pixel_size_m[1], panel->slow)));
}

/** The panel that holds pixel (@p fast, @p slow) of the canvas, or -1 in a gap. */
int panel_geometry_panel_at(const DetectorGeometry *geometry, int64_t fast, int64_t slow);

/** Marks the pixels that are good: in a panel and in no rectangle of `mask`. Mask files are not read.
 *  @param good  [canvas slow][canvas fast], set to 1 or 0 */
void panel_geometry_good_pixels(const DetectorGeometry *geometry, uint8_t *good);

#endif
