/** @file
 *  The lines of a CrystFEL geometry: panels with the values in force for each, bad regions and groups as written. */
#ifndef TESSERA_CRYSTFEL_LINES_H
#define TESSERA_CRYSTFEL_LINES_H

#include "base/status.h"
#include "base/vector.h"
#include "model/panel_geometry.h"

#include <stdbool.h>
#include <stdint.h>

/** The numbers of a panel. */
typedef enum CrystfelValue {
    CRYSTFEL_MIN_FS,
    CRYSTFEL_MAX_FS,
    CRYSTFEL_MIN_SS,
    CRYSTFEL_MAX_SS,
    CRYSTFEL_CORNER_X,
    CRYSTFEL_CORNER_Y,
    CRYSTFEL_RES,
    CRYSTFEL_CLEN,
    CRYSTFEL_COFFSET,
    CRYSTFEL_ADU_PER_EV,
    CRYSTFEL_ADU_PER_PHOTON,
    CRYSTFEL_MAX_ADU,
    CRYSTFEL_MASK_EDGE_PIXELS,
    CRYSTFEL_NO_INDEX,
    CRYSTFEL_VALUES
} CrystfelValue;

enum { CRYSTFEL_MASKS = 8 };

/** One of a panel's masks. Texts are borrowed. */
typedef struct CrystfelMask {
    const char *data, *file; /**< NULL where not given */
    uint64_t good_bits, bad_bits;
} CrystfelMask;

/** A panel. Texts are borrowed from the geometry's text. */
typedef struct CrystfelPanel {
    const char *name;
    int64_t line;                  /**< that mentions it first */
    double value[CRYSTFEL_VALUES]; /**< NAN where not given; lengths in m */
    bool has_fs, has_ss;
    Vec3 fs, ss;                   /**< pixels, in CrystFEL's frame */
    const char *clen_place;        /**< a place in the image files that clen names; NULL: none */
    const char *data;              /**< dataset of its pixels, NULL: not given */
    int64_t axis[PANEL_AXES_MOST]; /**< of its data */
    CrystfelMask mask[CRYSTFEL_MASKS];
} CrystfelPanel;

/** A bad region: ranges of fs and ss with both ends, or of x and y in the laboratory. NAN where not given. */
typedef struct CrystfelRegion {
    const char *name, *panel; /**< panel: NULL where it names none */
    int64_t line;
    double fs[2], ss[2], x[2], y[2];
} CrystfelRegion;

/** A group of panels or groups. */
typedef struct CrystfelGroup {
    const char *name;
    char *members; /**< names with commas between */
    bool rigid;    /**< rigid_group_NAME of old versions */
    int64_t line;
} CrystfelGroup;

/** All that a geometry says. A value of zeros has nothing; crystfel_lines_free() frees what it owns. */
typedef struct CrystfelLines {
    const char *name; /**< of the file, for messages; borrowed */
    int panels, regions, groups;
    CrystfelPanel *panel;   /**< [panels], owned */
    CrystfelRegion *region; /**< [regions], owned */
    CrystfelGroup *group;   /**< [groups], owned */
    CrystfelPanel defaults; /**< of panels to come, and what holds for no panel in particular */
    double energy_ev, bandwidth, shift_m[2];
    const char *energy_place, *shift_place; /**< in the image files; NULL: none */
} CrystfelLines;

/** Takes a text apart.
 *  @param text   changed, and must outlive @p lines
 *  @return BAD_FILE naming file and line, NO_MEMORY */
Status crystfel_lines_read(const char *name, int64_t first_line, char *text, CrystfelLines *lines, Notes *notes);

/** Frees what @p lines own. */
void crystfel_lines_free(CrystfelLines *lines);

#endif
