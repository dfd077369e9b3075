/* Loaded before MPI (LD_PRELOAD) into the ranks: counts MPI-IO's collective writes and lets some go wrong.
 * FILE_CALLS: a folder; each call adds a line to its file of the rank.
 * FILE_CALLS_PLANT: WHAT:RANK:NUMBER, what goes wrong in that rank's call of that number, from 1. skip: it is not made;
 *   fail: it is made, and fails on this rank alone; short: it is made, and says on this rank that nothing was written.
 * FILE_CALLS_LIMIT: RANK:BYTES or all:BYTES, the size that files may have from when MPI-IO opens one.
 * FILE_CALLS_OMPIO: MPI-IO does not hear that ROMIO is asked for, as where a file of settings overrides it.
 * FILE_CALLS_THREADS: MPI is started for one thread alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int rank_here(void) {
    int rank = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static void count_call(void) {
    char path[4096];
    const char *folder = getenv("FILE_CALLS");
    if (folder == NULL) return;
    (void)snprintf(path, sizeof path, "%s/%d", folder, rank_here());
    FILE *file = fopen(path, "a");
    if (file == NULL) abort();
    (void)fprintf(file, "MPI_File_write_at_all\n");
    (void)fclose(file);
}

static bool is_planted(const char *what, int number) {
    const char *plant = getenv("FILE_CALLS_PLANT");
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "%s:%d:%d", what, rank_here(), number);
    return plant != NULL && strcmp(plant, wanted) == 0;
}

typedef int WriteAll(MPI_File file, MPI_Offset offset, const void *buffer, int count, MPI_Datatype type,
                     MPI_Status *status);

int PMPI_File_write_at_all(MPI_File file, MPI_Offset offset, const void *buffer, int count, MPI_Datatype type,
                           MPI_Status *status) {
    static int calls;
    calls++;
    count_call();
    if (is_planted("skip", calls)) return MPI_SUCCESS;
    WriteAll *real = NULL;
    void *found = dlsym(RTLD_NEXT, "PMPI_File_write_at_all");
    memcpy(&real, &found, sizeof found); /* ISO C has no cast for it */
    const int result = real(file, offset, buffer, count, type, status);
    if (is_planted("short", calls)) MPI_Status_set_elements(status, MPI_BYTE, 0);
    return is_planted("fail", calls) ? MPI_ERR_IO : result;
}

static void limit_files(void) {
    const char *text = getenv("FILE_CALLS_LIMIT"), *colon = text != NULL ? strchr(text, ':') : NULL;
    if (colon == NULL || (strncmp(text, "all", 3) != 0 && atoi(text) != rank_here())) return;
    const rlim_t bytes = (rlim_t)strtoul(colon + 1, NULL, 10);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY});
}

int PMPI_File_open(MPI_Comm comm, const char *path, int mode, MPI_Info info, MPI_File *file) {
    int (*real)(MPI_Comm, const char *, int, MPI_Info, MPI_File *) = NULL;
    void *found = dlsym(RTLD_NEXT, "PMPI_File_open");
    memcpy(&real, &found, sizeof found);
    limit_files();
    if (getenv("FILE_CALLS_OMPIO") != NULL) (void)unsetenv("OMPI_MCA_io");
    return real(comm, path, mode, info, file);
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
    return PMPI_Init_thread(argc, argv, getenv("FILE_CALLS_THREADS") != NULL ? MPI_THREAD_FUNNELED : required,
                            provided);
}
