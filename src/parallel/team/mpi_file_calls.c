#include "team/mpi_file_calls.h"

#include "team/mpi_calls.h"

#include <mpi.h>
#include <stdatomic.h>

/* MPI gives its calls no context, so these are the process's. The ranks of the open file, for what they tell each
 * other; a communicator of our own, as MPI-IO's is not to be had. */
static MPI_Comm ranks_of_file = MPI_COMM_NULL;
static _Atomic bool has_failed;

bool mpi_file_calls_have_failed(void) {
    return atomic_load(&has_failed);
}

/* Success only where all ranks have it. Collective over @p comm. */
static int common(MPI_Comm comm, int mine) {
    int failed = mine != MPI_SUCCESS;
    PMPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, comm);
    if (failed == 0) return MPI_SUCCESS;
    atomic_store(&has_failed, true);
    return mine != MPI_SUCCESS ? mine : MPI_ERR_IO;
}

/* The call, known to the watchdog meanwhile, and what came of it on all ranks. */
#define FILE_CALL(name, comm, call)                                                                                    \
    do {                                                                                                               \
        const char *before = mpi_calls_enter_file(name);                                                               \
        const int result = common(comm, (call));                                                                       \
        mpi_calls_leave_file(before);                                                                                  \
        return result;                                                                                                 \
    } while (0)

int MPI_File_open(MPI_Comm comm, const char *path, int mode, MPI_Info info, MPI_File *file) {
    const char *before = mpi_calls_enter_file("MPI_File_open");
    const int result = common(comm, PMPI_File_open(comm, path, mode, info, file));
    if (result == MPI_SUCCESS) PMPI_Comm_dup(comm, &ranks_of_file);
    mpi_calls_leave_file(before);
    return result;
}

int MPI_File_set_view(MPI_File file, MPI_Offset offset, MPI_Datatype element, MPI_Datatype type, const char *form,
                      MPI_Info info) {
    FILE_CALL("MPI_File_set_view", ranks_of_file, PMPI_File_set_view(file, offset, element, type, form, info));
}

/* The write of one rank: a success only when all bytes were taken. */
static int write_all(MPI_File file, MPI_Offset offset, const void *buffer, int count, MPI_Datatype type,
                     MPI_Status *status) {
    MPI_Count bytes = 0, written = 0;
    const int result = PMPI_File_write_at_all(file, offset, buffer, count, type, status);
    if (result != MPI_SUCCESS) return result;
    PMPI_Type_size_x(type, &bytes);
    PMPI_Get_elements_x(status, MPI_BYTE, &written);
    return written == bytes * count ? MPI_SUCCESS : MPI_ERR_IO;
}

int MPI_File_write_at_all(MPI_File file, MPI_Offset offset, const void *buffer, int count, MPI_Datatype type,
                          MPI_Status *status) {
    MPI_Status own = {.MPI_ERROR = MPI_SUCCESS};
    MPI_Status *result_of = status != MPI_STATUS_IGNORE ? status : &own;
    FILE_CALL("MPI_File_write_at_all", ranks_of_file, write_all(file, offset, buffer, count, type, result_of));
}

int MPI_File_sync(MPI_File file) {
    FILE_CALL("MPI_File_sync", ranks_of_file, PMPI_File_sync(file));
}

int MPI_File_set_size(MPI_File file, MPI_Offset bytes) {
    FILE_CALL("MPI_File_set_size", ranks_of_file, PMPI_File_set_size(file, bytes));
}

int MPI_File_close(MPI_File *file) {
    const char *before = mpi_calls_enter_file("MPI_File_close");
    const int result = common(ranks_of_file, PMPI_File_close(file));
    PMPI_Comm_free(&ranks_of_file);
    mpi_calls_leave_file(before);
    return result;
}
