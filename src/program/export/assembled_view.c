#include "export/assembled_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Points of a view for each pixel of the image: gaps are as large as all panels, at most. */
enum { POINTS_PER_PIXEL_MOST = 4, POINTS_MORE = 1 << 20 };

/* Least and greatest x and y of all panels, and the size of a point. */
typedef struct Frame {
    double least[2], greatest[2], point_m;
} Frame;

static Frame frame_of(const DetectorGeometry *panels) {
    Frame frame = {.least = {INFINITY, INFINITY}, .greatest = {-INFINITY, -INFINITY}, .point_m = INFINITY};
    for (int i = 0; i < panels->panels; i++) {
        const PanelGeometry *panel = &panels->panel[i];
        frame.point_m = fmin(frame.point_m, fmin(panel->pixel_size_m[0], panel->pixel_size_m[1]));
        for (int corner = 0; corner < 4; corner++) {
            const Vec3 at = panel_geometry_position(panel, (corner & 1) != 0 ? (double)panel->pixels[0] : 0.0,
                                                    (corner & 2) != 0 ? (double)panel->pixels[1] : 0.0);
            const double xy[2] = {at.x, at.y};
            for (int axis = 0; axis < 2; axis++) {
                frame.least[axis] = fmin(frame.least[axis], xy[axis]);
                frame.greatest[axis] = fmax(frame.greatest[axis], xy[axis]);
            }
        }
    }
    const double area_m2 = (frame.greatest[0] - frame.least[0]) * (frame.greatest[1] - frame.least[1]);
    const double pixels = (double)panels->canvas_pixels[0] * (double)panels->canvas_pixels[1];
    frame.point_m = fmax(frame.point_m, sqrt(area_m2 / (POINTS_PER_PIXEL_MOST * pixels + POINTS_MORE)));
    return frame;
}

static int64_t within(double place, int64_t most) {
    return place < 0.0 ? 0 : place > (double)most ? most : (int64_t)place;
}

/* Rows or columns that an edge of the panels' box may reach. */
static void reach_of(const PanelGeometry *panel, const Frame *frame, const AssembledView *view, int64_t *begin,
                     int64_t *end) {
    double least[2] = {INFINITY, INFINITY}, greatest[2] = {-INFINITY, -INFINITY};
    for (int corner = 0; corner < 4; corner++) {
        const Vec3 at = panel_geometry_position(panel, (corner & 1) != 0 ? (double)panel->pixels[0] : 0.0,
                                                (corner & 2) != 0 ? (double)panel->pixels[1] : 0.0);
        const double place[2] = {(at.x - frame->least[0]) / frame->point_m,
                                 (frame->greatest[1] - at.y) / frame->point_m};
        for (int axis = 0; axis < 2; axis++) {
            least[axis] = fmin(least[axis], place[axis]);
            greatest[axis] = fmax(greatest[axis], place[axis]);
        }
    }
    const int64_t most[2] = {view->columns, view->rows};
    for (int axis = 0; axis < 2; axis++) {
        begin[axis] = within(floor(least[axis]), most[axis]);
        end[axis] = within(ceil(greatest[axis]) + 1.0, most[axis]);
    }
}

/* Solves corner + f fast + s slow = (x, y) at the middle of each point. */
static void show_panel(const PanelGeometry *panel, const Frame *frame, int64_t canvas_columns, AssembledView *view) {
    const Vec3 f = vec3_scale(panel->pixel_size_m[0], panel->fast), s = vec3_scale(panel->pixel_size_m[1], panel->slow);
    const double area = f.x * s.y - f.y * s.x;
    int64_t begin[2], end[2];
    if (!(fabs(area) > 1e-6 * panel->pixel_size_m[0] * panel->pixel_size_m[1])) return; /* it is seen edge on */
    reach_of(panel, frame, view, begin, end);
    for (int64_t row = begin[1]; row < end[1]; row++)
        for (int64_t column = begin[0]; column < end[0]; column++) {
            const double x = frame->least[0] + ((double)column + 0.5) * frame->point_m - panel->corner_m.x;
            const double y = frame->greatest[1] - ((double)row + 0.5) * frame->point_m - panel->corner_m.y;
            const double fast = floor((x * s.y - y * s.x) / area), slow = floor((y * f.x - x * f.y) / area);
            if (fast < 0.0 || slow < 0.0 || fast >= (double)panel->pixels[0] || slow >= (double)panel->pixels[1])
                continue;
            view->pixel[row * view->columns + column] =
                (panel->canvas[1] + (int64_t)slow) * canvas_columns + panel->canvas[0] + (int64_t)fast;
        }
}

Status assembled_view_create(const DetectorGeometry *panels, AssembledView *view) {
    const Frame frame = frame_of(panels);
    view->columns = (int64_t)fmax(ceil((frame.greatest[0] - frame.least[0]) / frame.point_m - 1e-6), 1.0);
    view->rows = (int64_t)fmax(ceil((frame.greatest[1] - frame.least[1]) / frame.point_m - 1e-6), 1.0);
    view->pixel = malloc((size_t)(view->rows * view->columns) * sizeof *view->pixel);
    if (view->pixel == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a view of %" PRId64 " x %" PRId64 " points", view->rows,
                            view->columns);
    for (int64_t i = 0; i < view->rows * view->columns; i++) view->pixel[i] = -1;
    for (int i = 0; i < panels->panels; i++) show_panel(&panels->panel[i], &frame, panels->canvas_pixels[0], view);
    return status_ok();
}

void assembled_view_free(AssembledView *view) {
    free(view->pixel);
    *view = (AssembledView){.rows = 0};
}

void assembled_view_take(const AssembledView *view, const double *pixels, double *points) {
    for (int64_t i = 0; i < view->rows * view->columns; i++)
        points[i] = view->pixel[i] < 0 ? (double)NAN : pixels[view->pixel[i]];
}
