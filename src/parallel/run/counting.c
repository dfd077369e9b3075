#include "run/counting.h"

#include "model/detector_signal.h"
#include "run/photon_exchange.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Point spread on a panel. Panels of equal pixels share the weights of the first of them. */
typedef struct PanelSpread {
    SpreadWindow window;
    double *weights;
    bool shares;
} PanelSpread;

struct Counting {
    const Experiment *experiment;
    const OwnPart *own;
    int64_t fast_pixels;
    /* only where photons spread */
    PanelSpread *panels; /* [panel_count] */
    double *rows;        /* [threads][2][fast_pixels] */
    PhotonExchange exchange;
};

static bool photons_spread(const Counting *c) {
    return c->experiment->signal.spread.kind != PSF_NONE;
}

static bool same_pixels(const Panel *a, const Panel *b) {
    return a->pixel_size_m[0] == b->pixel_size_m[0] && a->pixel_size_m[1] == b->pixel_size_m[1];
}

static Status prepare_panels(Counting *c) {
    const Detector *detector = &c->experiment->detector;
    c->panels = calloc((size_t)detector->panel_count, sizeof *c->panels);
    if (c->panels == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for the point spread of %d panels", detector->panel_count);
    for (int i = 0; i < detector->panel_count; i++) {
        PanelSpread *own = &c->panels[i];
        int like = 0;
        while (!same_pixels(&detector->panels[like], &detector->panels[i])) like++;
        own->shares = like < i;
        own->window = point_spread_window(&c->experiment->signal.spread, &detector->panels[i]);
        if (own->shares)
            own->weights = c->panels[like].weights;
        else
            TRY(point_spread_weights(&own->window, &own->weights));
    }
    return status_ok();
}

static Status prepare_spread(Counting *c, Team group, const Plan *plan, int member) {
    const PointSpread *spread = &c->experiment->signal.spread;
    TRY(prepare_panels(c));
    TRY(photon_exchange_create(group, plan, member, spread->reach, &c->exchange));
    c->rows = malloc(2 * (size_t)omp_get_max_threads() * (size_t)c->fast_pixels * sizeof *c->rows);
    if (c->rows == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for rows of %" PRId64 " pixels", c->fast_pixels);
    return status_ok();
}

Status counting_create(Team group, const Experiment *experiment, const Plan *plan, int member, const OwnPart *own,
                       Counting **counting) {
    Counting *c = calloc(1, sizeof *c);
    *counting = c;
    if (c == NULL) return status_error(STATUS_NO_MEMORY, "no memory for counting");
    c->experiment = experiment;
    c->own = own;
    c->fast_pixels = plan->request.fast_pixels;
    if (experiment->images == IMAGES_EXPECTED || !photons_spread(c)) return status_ok();
    const Status status = prepare_spread(c, group, plan, member);
    if (!status_is_ok(status)) counting_destroy(counting);
    return status;
}

void counting_destroy(Counting **counting) {
    Counting *c = *counting;
    if (c == NULL) return;
    free(c->rows);
    photon_exchange_destroy(&c->exchange);
    for (int i = 0; c->panels != NULL && i < c->experiment->detector.panel_count; i++)
        if (!c->panels[i].shares) free(c->panels[i].weights);
    free(c->panels);
    free(c);
    *counting = NULL;
}

/* Place of a pixel in a buffer of own rows. */
static int64_t place_of(const Counting *c, int64_t slow, int64_t fast) {
    return (slow - c->own->rows.begin) * c->fast_pixels + fast;
}

static bool is_active(const Counting *c, int64_t pixel) {
    return c->experiment->active == NULL || c->experiment->active[pixel] != 0;
}

static double photons_of(const Counting *c, const Frame *frame, int64_t pixel, float expected) {
    if (!is_active(c, pixel)) return 0.0;
    return detector_signal_photons(&c->experiment->signal, frame->number, pixel, frame->flicker * (double)expected);
}

static int32_t counts_of(const Counting *c, const Frame *frame, int64_t pixel, double photons) {
    return is_active(c, pixel) ? detector_signal_counts(&c->experiment->signal, frame->number, pixel, photons) : 0;
}

static void count_alone(const Counting *c, const Frame *frame, Tile tile, const float *expected, int32_t *counts) {
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++)
        for (int64_t f = tile.fast; f < tile.fast + tile.fast_pixels; f++) {
            const int64_t pixel = s * c->fast_pixels + f, place = place_of(c, s, f);
            counts[place] = counts_of(c, frame, pixel, photons_of(c, frame, pixel, expected[place]));
        }
}

/* The photons before they spread, to be shared with the neighbours. */
static void set_photons(const Counting *c, const Frame *frame, Tile tile, const float *expected) {
    const PhotonRows *needed = &c->exchange.needed;
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++)
        for (int64_t f = tile.fast; f < tile.fast + tile.fast_pixels; f++)
            needed->photons[(s - needed->rows.begin) * c->fast_pixels + f] =
                photons_of(c, frame, s * c->fast_pixels + f, expected[place_of(c, s, f)]);
}

/* The part of a tile that lies in one panel. */
static void count_panel(const Counting *c, const Frame *frame, int number, Tile tile, int32_t *counts) {
    const PanelSpread *spread = &c->panels[number];
    const Tile panel = c->experiment->detector.panels[number].canvas;
    const Range columns = {tile.fast, tile.fast + tile.fast_pixels};
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels; s++) {
        double *scratch = c->rows + 2 * (int64_t)omp_get_thread_num() * c->fast_pixels;
        double *photons = scratch + c->fast_pixels;
        point_spread_row(&spread->window, spread->weights, &c->exchange.needed, panel, s, columns, scratch, photons);
        for (int64_t f = columns.begin; f < columns.end; f++)
            counts[place_of(c, s, f)] = counts_of(c, frame, s * c->fast_pixels + f, photons[f]);
    }
}

/* Gaps between panels have no counts. */
static void count_spread(const Counting *c, const Frame *frame, Tile tile, int32_t *counts) {
    const Detector *detector = &c->experiment->detector;
    for (int64_t s = tile.slow; s < tile.slow + tile.slow_pixels && c->experiment->active != NULL; s++)
        memset(&counts[place_of(c, s, tile.fast)], 0, (size_t)tile.fast_pixels * sizeof *counts);
    for (int i = 0; i < detector->panel_count; i++) {
        const Tile own = panel_overlap(&detector->panels[i], tile);
        if (own.slow_pixels > 0 && own.fast_pixels > 0) count_panel(c, frame, i, own, counts);
    }
}

void counting_frame(Counting *c, const Frame *frame, const float *expected, int32_t *counts) {
    const OwnPart *own = c->own;
    if (!photons_spread(c)) {
        for (int i = 0; i < own->rectangles; i++) count_alone(c, frame, own->rectangle[i], expected, counts);
        return;
    }
    for (int i = 0; i < own->rectangles; i++) set_photons(c, frame, own->rectangle[i], expected);
    photon_exchange(&c->exchange);
    for (int i = 0; i < own->rectangles; i++) count_spread(c, frame, own->rectangle[i], counts);
}
