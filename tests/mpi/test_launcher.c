/* What tells of a launcher. */
#include "fake_run.h"
#include "team/launcher.h"

#include <stdlib.h>
#include <string.h>

static const char *const all_variables[] = {"OMPI_COMM_WORLD_RANK",
                                            "OMPI_COMM_WORLD_SIZE",
                                            "PMI_RANK",
                                            "PMI_SIZE",
                                            "PMIX_RANK",
                                            "PALS_RANKID",
                                            "SLURM_PROCID",
                                            "SLURM_STEP_NUM_TASKS",
                                            "MV2_COMM_WORLD_RANK",
                                            "MV2_COMM_WORLD_SIZE",
                                            "TESSERA_START_MPI"};

static void clear(void) {
    for (size_t i = 0; i < sizeof all_variables / sizeof *all_variables; i++) (void)unsetenv(all_variables[i]);
}

/* What is found when rank and number of ranks are set, and nothing else. */
static Launcher found(const char *rank_variable, const char *rank, const char *ranks_variable, const char *ranks) {
    clear();
    if (rank_variable != NULL) (void)setenv(rank_variable, rank, 1);
    if (ranks_variable != NULL) (void)setenv(ranks_variable, ranks, 1);
    return launcher_find();
}

static void expect(Launcher launcher, const char *variable, int rank, int ranks) {
    const bool same_name = launcher.variable == variable ||
                           (launcher.variable != NULL && variable != NULL && strcmp(launcher.variable, variable) == 0);
    FAKE_CHECK(same_name && launcher.rank == rank && launcher.ranks == ranks);
}

static void nothing_is_no_launcher(void) {
    expect(found(NULL, NULL, NULL, NULL), NULL, 0, 0);
}

static void launchers_tell_rank_and_ranks(void) {
    expect(found("OMPI_COMM_WORLD_RANK", "3", "OMPI_COMM_WORLD_SIZE", "8"), "OMPI_COMM_WORLD_RANK", 3, 8);
    expect(found("PMI_RANK", "1", "PMI_SIZE", "2"), "PMI_RANK", 1, 2);
    expect(found("PMIX_RANK", "5", NULL, NULL), "PMIX_RANK", 5, 0);
    expect(found("PALS_RANKID", "4", NULL, NULL), "PALS_RANKID", 4, 0);
    expect(found("MV2_COMM_WORLD_RANK", "0", "MV2_COMM_WORLD_SIZE", "2"), "MV2_COMM_WORLD_RANK", 0, 2);
}

static void one_process_of_mpirun_has_a_launcher(void) {
    expect(found("OMPI_COMM_WORLD_RANK", "0", "OMPI_COMM_WORLD_SIZE", "1"), "OMPI_COMM_WORLD_RANK", 0, 1);
}

static void slurm_is_a_launcher_of_several_processes_only(void) {
    expect(found("SLURM_PROCID", "1", "SLURM_STEP_NUM_TASKS", "2"), "SLURM_PROCID", 1, 2);
    expect(found("SLURM_PROCID", "0", "SLURM_STEP_NUM_TASKS", "1"), NULL, 0, 0);
    expect(found("SLURM_PROCID", "0", NULL, NULL), NULL, 0, 0);
}

static void mpirun_within_srun_counts_before_srun(void) {
    (void)found("SLURM_PROCID", "1", "SLURM_STEP_NUM_TASKS", "2");
    (void)setenv("OMPI_COMM_WORLD_RANK", "6", 1);
    (void)setenv("OMPI_COMM_WORLD_SIZE", "8", 1);
    expect(launcher_find(), "OMPI_COMM_WORLD_RANK", 6, 8);
}

static void other_launchers_are_told_by_hand(void) {
    expect(found("TESSERA_START_MPI", "1", NULL, NULL), "TESSERA_START_MPI", 0, 0);
}

static void what_is_no_number_is_no_launcher(void) {
    expect(found("PMIX_RANK", "", NULL, NULL), NULL, 0, 0);
    expect(found("PMI_RANK", "-1", NULL, NULL), NULL, 0, 0);
}

int main(void) {
    static const UnitTest tests[] = {UNIT_TEST(nothing_is_no_launcher),
                                     UNIT_TEST(launchers_tell_rank_and_ranks),
                                     UNIT_TEST(one_process_of_mpirun_has_a_launcher),
                                     UNIT_TEST(slurm_is_a_launcher_of_several_processes_only),
                                     UNIT_TEST(mpirun_within_srun_counts_before_srun),
                                     UNIT_TEST(other_launchers_are_told_by_hand),
                                     UNIT_TEST(what_is_no_number_is_no_launcher),
                                     {NULL, NULL}};
    return fake_main("launcher", tests);
}
