#include "formats/crystfel_stream.h"

#include "base/constants.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A stream on its way. */
typedef struct Stream {
    const char *name;
    int64_t line;
    char *next; /* of the text */
    RecordedExperiment *experiment;
    double energy_ev;    /* of the image */
    bool image_has_beam; /* a crystal of this image came before */
    Vec3 axis[3];        /* a*, b*, c* of the crystal */
    int axes;            /* which of them were read, as bits */
} Stream;

/* The next line, ended by a zero; NULL at the end. */
static char *next_line(Stream *stream) {
    char *line = stream->next;
    if (*line == '\0') return NULL;
    const size_t length = strcspn(line, "\n");
    stream->next = line + length + (line[length] == '\n' ? 1 : 0);
    line[length] = '\0';
    stream->line++;
    return line;
}

static bool begins(const char *line, const char *with) {
    return strncmp(line, with, strlen(with)) == 0;
}

static Status bad_line(const Stream *stream, const char *what) {
    return status_error(STATUS_BAD_FILE, "%s:%" PRId64 ": %s", stream->name, stream->line, what);
}

/* Room for one more element; rooms double. */
static Status grow(void **list, int count, size_t size) {
    if ((count & (count - 1)) != 0) return status_ok();
    void *larger = realloc(*list, (count == 0 ? 1 : 2 * (size_t)count) * size);
    if (larger == NULL) return status_error(STATUS_NO_MEMORY, "no memory for %d crystals", count + 1);
    *list = larger;
    return status_ok();
}

/* "astar = +0.1 -0.2 +0.3 nm^-1", in CrystFEL's frame. */
static Status read_axis(Stream *stream, const char *line) {
    double value[3] = {0.0, 0.0, 0.0};
    const char *rest = strchr(line, '=');
    bool right = rest != NULL;
    for (int i = 0; right && i < 3; i++) {
        rest += i == 0 ? 1 : 0;
        rest += strspn(rest, " \t");
        right = text_read_real(rest, &value[i], &rest) && isfinite(value[i]);
    }
    if (!right || !begins(rest + strspn(rest, " \t"), "nm^-1"))
        return bad_line(stream, "a reciprocal axis must be three finite numbers in nm^-1");
    stream->axes |= 1 << (line[0] - 'a');
    stream->axis[line[0] - 'a'] = vec3(-1e9 * value[0], 1e9 * value[1], -1e9 * value[2]);
    return status_ok();
}

static Status read_energy(Stream *stream, const char *line) {
    const char *rest = strchr(line, '=');
    rest += 1 + strspn(rest + 1, " \t");
    if (text_read_real(rest, &stream->energy_ev, &rest) && stream->energy_ev > 0.0 && isfinite(stream->energy_ev))
        return status_ok();
    return bad_line(stream, "photon_energy_eV must be a number larger than 0");
}

static Status add_beam(Stream *stream) {
    RecordedExperiment *e = stream->experiment;
    void *list = e->beam;
    const Status status = grow(&list, e->beams, sizeof *e->beam);
    e->beam = list;
    TRY(status);
    e->beam[e->beams++] = (RecordedBeam){.direction = {0.0, 0.0, -1.0},
                                         .electric_vector = {1.0, 0.0, 0.0},
                                         .polarization = NAN,
                                         .wavelength_m = 1e-10 * PLANCK_LIGHT_EV_A / stream->energy_ev,
                                         .fluence_per_m2 = NAN};
    e->images++;
    stream->image_has_beam = true;
    return status_ok();
}

static Status add_crystal(Stream *stream) {
    RecordedExperiment *e = stream->experiment;
    if (stream->axes != 7) return bad_line(stream, "the crystal ends without astar, bstar and cstar");
    if (!stream->image_has_beam) TRY(add_beam(stream));
    void *list = e->crystal;
    Status status = grow(&list, e->crystals, sizeof *e->crystal);
    e->crystal = list;
    TRY(status);
    list = e->shot;
    status = grow(&list, e->shots, sizeof *e->shot);
    e->shot = list;
    TRY(status);
    RecordedCrystal crystal = {.mosaic_spread_rad = NAN, .domain_size_m = NAN};
    memcpy(crystal.reciprocal_per_m.row, stream->axis, sizeof stream->axis);
    e->crystal[e->crystals] = crystal;
    e->shot[e->shots] = (RecordedShot){.beam = e->beams - 1,
                                       .detector = 0,
                                       .goniometer = -1,
                                       .scan = -1,
                                       .crystal = e->crystals,
                                       .image = e->images - 1};
    e->crystals++;
    e->shots++;
    return status_ok();
}

/* The geometry's text ends where its last line begins. */
static Status read_geometry(Stream *stream, CrystfelOptions options, Notes *notes) {
    RecordedExperiment *e = stream->experiment;
    CrystfelBeam beam;
    char *text = stream->next;
    const int64_t first_line = stream->line + 1;
    char *end = strstr(text, "----- End geometry file -----");
    if (end == NULL) return bad_line(stream, "the geometry does not end");
    if (e->detectors > 0) return bad_line(stream, "there is a second geometry");
    for (const char *c = text; c < end; c++) stream->line += *c == '\n';
    stream->next = end + strcspn(end, "\n");
    *end = '\0';
    e->detector = calloc(1, sizeof *e->detector);
    if (e->detector == NULL) return status_error(STATUS_NO_MEMORY, "no memory for a detector");
    e->detectors = 1;
    TRY(crystfel_geometry_of_text(stream->name, first_line, text, options, e->detector, &beam, notes));
    stream->energy_ev = beam.energy_ev;
    return status_ok();
}

static Status take_line(Stream *stream, const char *line) {
    if (begins(line, "----- Begin chunk")) stream->image_has_beam = false;
    if (begins(line, "--- Begin crystal")) stream->axes = 0;
    if (begins(line, "astar = ") || begins(line, "bstar = ") || begins(line, "cstar = "))
        return read_axis(stream, line);
    if (begins(line, "photon_energy_eV = ")) return read_energy(stream, line);
    return begins(line, "--- End crystal") ? add_crystal(stream) : status_ok();
}

Status crystfel_stream_read(const char *name, char *text, CrystfelOptions options, RecordedExperiment *experiment,
                            Notes *notes) {
    Stream stream = {.name = name, .next = text, .experiment = experiment, .energy_ev = NAN};
    *experiment = (RecordedExperiment){0};
    for (char *line = next_line(&stream); line != NULL; line = next_line(&stream)) {
        if (begins(line, "----- Begin geometry file"))
            TRY(read_geometry(&stream, options, notes));
        else
            TRY(take_line(&stream, line));
    }
    if (experiment->detectors == 0)
        return status_error(STATUS_BAD_FILE, "%s holds no geometry, as streams of CrystFEL from 0.6 on do", name);
    return status_ok();
}
