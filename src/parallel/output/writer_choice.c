#include "output/writer_choice.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* From here on a rank's write fills the stripes of parallel file systems by itself. */
static const double LARGE_FRAME_BYTES = 1048576.0;

/* Why collective writing cannot be, whoever asks for it; "" where it can. */
static void say_impossible(const WriterFacts *facts, char *reason, size_t bytes) {
    reason[0] = '\0';
    if (!facts->has_mpi)
        (void)snprintf(reason, bytes, "one process without MPI");
    else if (!facts->io.is_romio)
        (void)snprintf(reason, bytes,
                       "MPI-IO is %.40s, which may report success for images that it lost; unset OMPI_MCA_io to have "
                       "ROMIO",
                       facts->io.layer);
}

/* Why it is not chosen by itself; "" where it is. */
static void say_unwise(const WriterFacts *facts, char *reason, size_t bytes) {
    reason[0] = '\0';
    if (facts->ranks == 1)
        (void)snprintf(reason, bytes, "one rank");
    else if (!facts->whole_frames)
        (void)snprintf(reason, bytes, "frames are cut into runs of tiles, which each rank writes faster by itself");
    else if (facts->file_system != NULL)
        (void)snprintf(reason, bytes, "the output lies on %s", facts->file_system);
    else if (!facts->is_reserved)
        (void)snprintf(reason, bytes, "the disk space of the images could not be reserved");
}

int64_t writer_frames_per_file(OutputWriter asked, int64_t given) {
    enum { WHERE_NOT_SAID = 1000 };
    if (asked != WRITER_AUTO && asked != WRITER_FILES) return 0;
    return asked == WRITER_FILES && given == 0 ? WHERE_NOT_SAID : given;
}

WriterChoice writer_choose(const WriterFacts *facts) {
    WriterChoice choice = {.writer = WRITER_DIRECT};
    if (facts->has_files) {
        choice.writer = WRITER_FILES;
        (void)snprintf(choice.reason, sizeof choice.reason, "the output has files of frames");
        return choice;
    }
    if (facts->asked == WRITER_FILES) { /* of a file that was begun otherwise */
        choice.is_refused = true;
        (void)snprintf(choice.reason, sizeof choice.reason, "the file was begun with its images inside");
        return choice;
    }
    if (facts->asked == WRITER_DIRECT) {
        (void)snprintf(choice.reason, sizeof choice.reason, "asked for");
        return choice;
    }
    say_impossible(facts, choice.reason, sizeof choice.reason);
    choice.is_refused = choice.reason[0] != '\0' && facts->asked == WRITER_COLLECTIVE;
    if (choice.reason[0] != '\0') return choice;
    if (facts->asked == WRITER_AUTO) say_unwise(facts, choice.reason, sizeof choice.reason);
    if (choice.reason[0] != '\0') return choice;
    choice.writer = WRITER_COLLECTIVE;
    if (facts->asked == WRITER_COLLECTIVE)
        (void)snprintf(choice.reason, sizeof choice.reason, "asked for");
    else
        (void)snprintf(choice.reason, sizeof choice.reason, "whole frames of %d ranks", facts->ranks);
    return choice;
}

bool writer_may_be_collective(const WriterFacts *facts) {
    WriterFacts best = *facts;
    best.is_reserved = true;
    return writer_choose(&best).writer == WRITER_COLLECTIVE;
}

void writer_hints(const char *asked, double frame_bytes, char *hints) {
    static const char *const ours[] = {"romio_cb_write", "romio_ds_write"};
    (void)text_copy(hints, MPI_HINTS_BYTES, asked);
    for (size_t i = 0; frame_bytes >= LARGE_FRAME_BYTES && i < sizeof ours / sizeof *ours; i++) {
        const size_t used = strlen(hints);
        if (strstr(asked, ours[i]) == NULL)
            (void)snprintf(hints + used, MPI_HINTS_BYTES - used, "%s%s=disable", used > 0 ? "," : "", ours[i]);
    }
}

bool writer_has_whole_frames(const Plan *plan, int64_t frames) {
    PlanRequest request = plan->request;
    request.frames = frames;
    return plan_create(request, NULL).group_ranks == 1;
}

const char *writer_file_system(const char *path) {
    static const struct {
        unsigned long type; /* statfs(2) */
        const char *name;
    } known[] = {{0x6969, "NFS"}, {0x65735546, "FUSE"}, {0xff534d42, "SMB"}, {0xfe534d42, "SMB"}};
    struct statfs system;
    if (statfs(path, &system) != 0) return NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if ((unsigned long)system.f_type == known[i].type) return known[i].name;
    return NULL;
}
