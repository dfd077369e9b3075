#include "output/wave_records.h"

#include "team/agree.h"

#include <inttypes.h>
#include <stdlib.h>

static int compare_slots(const void *left, const void *right) {
    const int64_t l = ((const FrameRecord *)left)->slot, r = ((const FrameRecord *)right)->slot;
    return (l > r) - (l < r);
}

/* Room on rank 0 for the bytes that every rank sends. */
static Status make_room(int ranks, const int *bytes, int *displacements, WaveRecords *records) {
    int64_t total = 0;
    for (int i = 0; i < ranks; i++) {
        displacements[i] = (int)total;
        total += bytes[i];
    }
    if (total > INT32_MAX)
        return status_error(STATUS_NO_MEMORY, "the records of a wave have %" PRId64 " bytes; make run.wave smaller",
                            total);
    records->count = total / (int64_t)sizeof(FrameRecord);
    records->record = malloc((size_t)(total > 0 ? total : 1));
    if (records->record == NULL) return status_error(STATUS_NO_MEMORY, "no memory for the records of a wave");
    return status_ok();
}

Status wave_records_gather(Team team, const WaveData *wave, WaveRecords *records) {
    const int mine = (int)(wave->records * (int64_t)sizeof(FrameRecord));
    int *bytes = calloc(2 * (size_t)team.ranks, sizeof *bytes);
    Status status = bytes == NULL ? status_error(STATUS_NO_MEMORY, "no memory for the records of a wave") : status_ok();
    status = agree(team, status);
    if (status_is_ok(status)) {
        int *displacements = bytes + team.ranks;
        team_gather(team, &mine, sizeof mine, bytes);
        if (team.rank == 0) status = make_room(team.ranks, bytes, displacements, records);
        status = agree(team, status);
        if (status_is_ok(status)) team_gather_parts(team, wave->record, mine, records->record, bytes, displacements);
    }
    if (status_is_ok(status) && team.rank == 0)
        qsort(records->record, (size_t)records->count, sizeof *records->record, compare_slots);
    free(bytes);
    return status;
}
