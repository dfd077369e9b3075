#include "team/launcher.h"

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Variables that launchers set, the surest first. */
static const struct {
    const char *rank, *ranks; /* ranks: NULL where there is none */
    bool several_only;        /* it is also set where nothing was launched, or one process */
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", false}, /* Open MPI's mpirun, jsrun */
    {"PMI_RANK", "PMI_SIZE", false},                         /* MPICH, Intel MPI, Cray MPI, srun --mpi=pmi2, Flux */
    {"PMIX_RANK", NULL, false},                              /* srun --mpi=pmix, prun */
    {"PALS_RANKID", NULL, false},                            /* Cray PALS */
    {"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", false},   /* MVAPICH2's mpirun_rsh */
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", true}, /* srun without any of them; batch scripts have the first */
};

/* What a user sets under a launcher that is not among them. */
static const char by_hand[] = "TESSERA_START_MPI";

static bool read_number(const char *variable, int *number) {
    int64_t value = 0;
    const char *text = variable != NULL ? getenv(variable) : NULL, *rest = NULL;
    if (text == NULL || !text_read_integer(text, &value, &rest) || value < 0 || value > INT32_MAX) return false;
    *number = (int)value;
    return true;
}

Launcher launcher_find(void) {
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        Launcher found = {.variable = launchers[i].rank};
        if (!read_number(launchers[i].rank, &found.rank)) continue;
        (void)read_number(launchers[i].ranks, &found.ranks);
        if (!launchers[i].several_only || found.ranks > 1) return found;
    }
    const bool told = getenv(by_hand) != NULL;
    return (Launcher){.variable = told ? by_hand : NULL};
}
