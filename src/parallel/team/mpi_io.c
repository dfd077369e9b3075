#define _GNU_SOURCE /* dl_iterate_phdr */

#include "team/mpi_io.h"

#include "base/text.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ROMIO's name in this Open MPI. */
#if !defined(OMPI_MAJOR_VERSION)
static const char romio[] = "";
#elif OMPI_MAJOR_VERSION >= 5
static const char romio[] = "romio341";
#elif OMPI_MAJOR_VERSION == 4
static const char romio[] = "romio321";
#else
static const char romio[] = "romio314";
#endif

void mpi_io_choose(void) {
    if (romio[0] != '\0') (void)setenv("OMPI_MCA_io", romio, 0);
}

/* "romio321" asks for it, "^ompio" for anything but OMPIO. */
static bool selects_romio(const char *selection) {
    if (selection[0] == '^') return strstr(selection, "romio") == NULL && strstr(selection, "ompio") != NULL;
    return strncmp(selection, "romio", 5) == 0 && strchr(selection, ',') == NULL;
}

/* Those that come with ROMIO, and nothing else. */
static bool is_of_mpich(const char *version) {
    static const char *const names[] = {"MPICH", "Intel(R) MPI", "MVAPICH", "CRAY MPICH"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(version, names[i], strlen(names[i])) == 0) return true;
    return false;
}

MpiIo mpi_io_look(void) {
    MpiIo io = {.is_romio = false};
    char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int started = 0, level = MPI_THREAD_MULTIPLE, length = 0;
    const char *asked = getenv("OMPI_MCA_io");
    MPI_Initialized(&started);
    if (started) MPI_Query_thread(&level);
    io.has_threads = level == MPI_THREAD_MULTIPLE;
    MPI_Get_library_version(version, &length); /* allowed before MPI starts (MPI-3.1, 8.1) */
    if (strncmp(version, "Open MPI", 8) != 0) {
        io.is_romio = is_of_mpich(version);
        (void)text_copy(io.layer, sizeof io.layer, io.is_romio ? "ROMIO" : "unknown");
        return io;
    }
    if (asked == NULL) asked = romio; /* as it will be */
    io.is_romio = selects_romio(asked);
    (void)text_copy(io.layer, sizeof io.layer, asked[0] == '\0' ? "ompio" : asked);
    return io;
}

static int find_ompio(struct dl_phdr_info *object, size_t bytes, void *found) {
    (void)bytes;
    if (strstr(object->dlpi_name, "mca_io_ompio") != NULL) *(bool *)found = true;
    return 0;
}

bool mpi_io_has_ompio(void) {
    bool found = false;
    (void)dl_iterate_phdr(find_ompio, &found);
    return found;
}

/* -------------------------------------------------------------------------------------------------------------- hints
 */

static const struct {
    const char *name;
    bool is_number; /* else one of enable, disable, automatic */
} known[] = {{"cb_buffer_size", true},        {"cb_nodes", true},
             {"romio_cb_write", false},       {"romio_ds_write", false},
             {"striping_unit", true},         {"striping_factor", true},
             {"ind_wr_buffer_size", true},    {"start_iodevice", true},
             {"romio_lustre_co_ratio", true}, {"romio_lustre_coll_threshold", true}};

enum { KNOWN = sizeof known / sizeof *known, NAME_BYTES = 64 };

/* One hint of a list. */
typedef struct Hint {
    char name[NAME_BYTES], value[NAME_BYTES];
} Hint;

/* Takes the first hint off the list.
 * @return the rest; NULL when it is no NAME=VALUE */
static const char *next_hint(const char *text, Hint *hint) {
    const size_t length = strcspn(text, ","), name = strcspn(text, "=,");
    if (name == 0 || name >= NAME_BYTES || name + 1 >= length || length - name - 1 >= NAME_BYTES) return NULL;
    (void)snprintf(hint->name, sizeof hint->name, "%.*s", (int)name, text);
    (void)snprintf(hint->value, sizeof hint->value, "%.*s", (int)(length - name - 1), text + name + 1);
    return text + length + (text[length] == ',');
}

static bool is_switch(const char *value) {
    return strcmp(value, "enable") == 0 || strcmp(value, "disable") == 0 || strcmp(value, "automatic") == 0;
}

static bool is_count(const char *value) {
    const char *rest = NULL;
    int64_t number = 0;
    return text_read_integer(value, &number, &rest) && *rest == '\0' && number >= 0;
}

static Status check_hint(const Hint *hint, const char *origin) {
    TextNearest nearest = text_nearest_to(hint->name);
    char remedy[TEXT_REMEDY_BYTES];
    for (int i = 0; i < KNOWN; i++) {
        text_nearest_try(&nearest, known[i].name);
        if (strcmp(hint->name, known[i].name) != 0) continue;
        if (known[i].is_number ? is_count(hint->value) : is_switch(hint->value)) return status_ok();
        return status_error(STATUS_BAD_PARAMETER, "%s: output.mpi_hints: %s is \"%s\"; it must be %s", origin,
                            hint->name, hint->value,
                            known[i].is_number ? "a whole number" : "enable, disable or automatic");
    }
    text_nearest_remedy(&nearest, "docs/cluster.md lists them", remedy);
    return status_error(STATUS_BAD_PARAMETER, "%s: output.mpi_hints: there is no hint \"%s\"%s", origin, hint->name,
                        remedy);
}

Status mpi_io_check_hints(const char *hints, const char *origin) {
    Hint hint;
    if (strlen(hints) > MPI_HINTS_MOST)
        return status_error(STATUS_BAD_PARAMETER, "%s: output.mpi_hints has %zu characters; the most is %d", origin,
                            strlen(hints), (int)MPI_HINTS_MOST);
    for (const char *rest = hints; *rest != '\0';) {
        rest = next_hint(rest, &hint);
        if (rest == NULL)
            return status_error(STATUS_BAD_PARAMETER,
                                "%s: output.mpi_hints is \"%.200s\"; it must be NAME=VALUE, several of them separated "
                                "by commas",
                                origin, hints);
        TRY(check_hint(&hint, origin));
    }
    return status_ok();
}

MPI_Info mpi_io_hints(const char *hints) {
    MPI_Info info = MPI_INFO_NULL;
    Hint hint;
    if (*hints == '\0') return info;
    MPI_Info_create(&info);
    for (const char *rest = next_hint(hints, &hint); rest != NULL; rest = *rest != '\0' ? next_hint(rest, &hint) : NULL)
        MPI_Info_set(info, hint.name, hint.value);
    return info;
}
