#include "formats/colour_map.h"

#include <math.h>
#include <string.h>

enum { STOPS_MOST = 9 };

/* A map by colours at equal distances, between which it is linear. */
typedef struct Map {
    const char *name;
    int stops;
    uint8_t stop[STOPS_MOST][3];
} Map;

static const Map maps[] = {
    {"paper", 2, {{255, 255, 255}, {0, 0, 0}}},
    {"grey", 2, {{0, 0, 0}, {255, 255, 255}}},
    {"heat", 4, {{0, 0, 0}, {224, 16, 0}, {255, 200, 0}, {255, 255, 255}}},
    /* S. van der Walt and N. Smith's map (CC0) at every 32nd level */
    {"viridis",
     9,
     {{68, 1, 84},
      {71, 44, 122},
      {59, 81, 139},
      {44, 113, 142},
      {33, 144, 141},
      {39, 173, 129},
      {92, 200, 99},
      {170, 220, 50},
      {253, 231, 37}}},
};
enum { MAPS = sizeof maps / sizeof *maps };

const char *colour_map_names(void) {
    return "paper, grey, heat, viridis";
}

static void fill(const Map *map, uint8_t *colours) {
    for (int level = 0; level < COLOUR_MAP_LEVELS; level++) {
        const double place = (double)level * (map->stops - 1) / (COLOUR_MAP_LEVELS - 1);
        const int below = (int)fmin(floor(place), map->stops - 2);
        const double above_share = place - below;
        for (int i = 0; i < 3; i++)
            colours[3 * level + i] =
                (uint8_t)lround((1.0 - above_share) * map->stop[below][i] + above_share * map->stop[below + 1][i]);
    }
}

Status colour_map(const char *name, uint8_t *colours) {
    for (int i = 0; i < MAPS; i++) {
        if (strcmp(maps[i].name, name) != 0) continue;
        fill(&maps[i], colours);
        return status_ok();
    }
    return status_error(STATUS_BAD_PARAMETER, "there is no colour map \"%.60s\"; there are %s", name,
                        colour_map_names());
}
