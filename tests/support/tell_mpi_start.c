/* Loaded before MPI (LD_PRELOAD): says on the standard error that MPI is started. */
#include <mpi.h>
#include <unistd.h>

static void tell(void) {
    static const char text[] = "MPI is started\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(1);
}

int MPI_Init(int *argc, char ***argv) {
    tell();
    return PMPI_Init(argc, argv);
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided) {
    tell();
    return PMPI_Init_thread(argc, argv, required, provided);
}
