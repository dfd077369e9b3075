#include "setup/active_pixels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static Status apply_mask(const Parameters *p, const Detector *detector, MaskHdf5Reader *hdf5, uint8_t *active,
                         Notes *notes) {
    MaskImage mask;
    Status status = mask_image_read(p, detector, hdf5, &mask, notes);
    if (status_is_ok(status)) status = mask_image_apply(p, detector, &mask, active, notes);
    mask_image_free(&mask);
    return status;
}

/* First and last pixel along each axis, both included, cut to the detector. */
static Tile region_of_interest(const Parameters *p, const Detector *detector) {
    const int64_t *roi = p->detector_roi, size[2] = {detector->fast_pixels, detector->slow_pixels};
    int64_t first[2], pixels[2];
    for (int axis = 0; axis < 2; axis++) {
        const int64_t low = roi[2 * axis], high = roi[2 * axis + 1];
        first[axis] = low == PARAMETER_AUTO ? 0 : low;
        const int64_t last = high == PARAMETER_AUTO || high >= size[axis] ? size[axis] - 1 : high;
        pixels[axis] = last < first[axis] ? 0 : last - first[axis] + 1;
    }
    return (Tile){first[1], first[0], pixels[1], pixels[0]};
}

static void apply_region(Tile region, const Detector *detector, uint8_t *active) {
    for (int64_t s = 0; s < detector->slow_pixels; s++) {
        uint8_t *row = active + s * detector->fast_pixels;
        const bool inside = s >= region.slow && s < region.slow + region.slow_pixels && region.fast_pixels > 0;
        const int64_t begin = inside ? region.fast : detector->fast_pixels;
        const int64_t end = inside ? region.fast + region.fast_pixels : detector->fast_pixels;
        memset(row, 0, (size_t)begin);
        memset(row + end, 0, (size_t)(detector->fast_pixels - end));
    }
}

static int64_t count_active(const uint8_t *active, int64_t pixels) {
    int64_t count = 0;
    for (int64_t i = 0; i < pixels; i++) count += active[i];
    return count;
}

static Status fill(const Parameters *p, const Detector *detector, const DetectorGeometry *geometry,
                   MaskHdf5Reader *hdf5, uint8_t *active, int64_t *pixels, Notes *notes) {
    if (geometry == NULL)
        memset(active, 1, (size_t)detector_pixels(detector));
    else
        panel_geometry_good_pixels(geometry, active);
    if (*p->detector_mask_file != '\0') TRY(apply_mask(p, detector, hdf5, active, notes));
    apply_region(region_of_interest(p, detector), detector, active);
    *pixels = count_active(active, detector_pixels(detector));
    if (*pixels > 0) return status_ok();
    const bool has_mask = *p->detector_mask_file != '\0';
    return status_error(STATUS_BAD_PARAMETER,
                        "detector.roi %s%s%s leaves no pixel of %" PRId64 " x %" PRId64
                        " (fast x slow) to compute; it is first and last fast, first and last slow pixel, from 0",
                        p->state[PARAMETER(detector, roi)].text, has_mask ? " with detector.mask " : "",
                        p->detector_mask_file, detector->fast_pixels, detector->slow_pixels);
}

Status active_pixels_create(const Parameters *p, const Detector *detector, const DetectorGeometry *geometry,
                            MaskHdf5Reader *hdf5, uint8_t **active, int64_t *pixels, Notes *notes) {
    const Tile region = region_of_interest(p, detector);
    const bool all_good = geometry == NULL || (detector_is_covered(detector) && geometry->masks == 0);
    *active = NULL;
    *pixels = detector_pixels(detector);
    if (*p->detector_mask_file == '\0' && all_good && region.slow_pixels * region.fast_pixels == *pixels)
        return status_ok();
    *active = malloc((size_t)*pixels);
    if (*active == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a mask of %" PRId64 " pixels", *pixels);
    const Status status = fill(p, detector, geometry, hdf5, *active, pixels, notes);
    if (!status_is_ok(status)) {
        free(*active);
        *active = NULL;
    }
    return status;
}
