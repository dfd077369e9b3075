/* A process that starts MPI and HDF5 and does nothing: prints its peak memory in bytes. */
#include "nxmx/session.h"
#include "team/place.h"

#include <hdf5.h>
#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>

int main(void) {
    int provided = 0;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    const int opened = H5open();
    MPI_Barrier(MPI_COMM_WORLD);
    (void)printf("%" PRId64 "\n", place_peak_memory());
    MPI_Finalize();
    return opened < 0;
}
