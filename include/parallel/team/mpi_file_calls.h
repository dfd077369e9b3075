/** @file
 *  MPI-IO's collective calls that HDF5 makes, like those of mpi_calls.h: they pass through mpi_file_calls.c, where a
 *  failure or a short count of one rank becomes every rank's before HDF5 sees it. Left alone, the rank that fails would
 *  leave HDF5 while the others wait for it in the next call. One file at a time. */
#ifndef TESSERA_MPI_FILE_CALLS_H
#define TESSERA_MPI_FILE_CALLS_H

#include <stdbool.h>

/** True when such a call has failed in this process: its file must not be closed, as closing waits for all ranks. */
bool mpi_file_calls_have_failed(void);

#endif
