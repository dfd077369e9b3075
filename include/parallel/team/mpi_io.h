/** @file
 *  Which implementation of MPI-IO writes files. Open MPI has two: OMPIO, its default, reports success for data that it
 *  lost on a full disk; ROMIO, MPICH's, does not. So ROMIO is chosen before MPI starts, and looked for afterwards. */
#ifndef TESSERA_MPI_IO_H
#define TESSERA_MPI_IO_H

#include "base/status.h"

#include <mpi.h>
#include <stdbool.h>

/** What there is. Plain data. */
typedef struct MpiIo {
    bool is_romio;    /**< ROMIO is in force */
    bool has_threads; /**< any thread may call MPI at any time */
    char layer[64];   /**< its name, for people */
} MpiIo;

/** Chooses ROMIO, unless the user has set OMPI_MCA_io. Before MPI starts. */
void mpi_io_choose(void);

/** What is in force: in Open MPI by what it reads when the first file is opened, in others by their name. Local. */
MpiIo mpi_io_look(void);

/** True when Open MPI has loaded OMPIO, which it does, when the first file is opened, unless another is asked for: what
 *  is in force in spite of mpi_io_look. Local; after a file was opened. */
bool mpi_io_has_ompio(void);

/** The longest text of hints that a user may give, and bytes of that with some more and a final zero. */
enum { MPI_HINTS_MOST = 400, MPI_HINTS_BYTES = 512 };

/** Checks hints, "cb_buffer_size=16777216,striping_factor=8", against a list of those that are known to matter to
 *  writing: MPI-IO itself accepts any.
 *  @param origin  who gave them, for messages
 *  @return BAD_PARAMETER for an unknown name (with a suggestion) or a value of the wrong form */
Status mpi_io_check_hints(const char *hints, const char *origin);

/** Hints that mpi_io_check_hints has accepted, as MPI takes them.
 *  @return to be freed with MPI_Info_free; MPI_INFO_NULL where there are none */
MPI_Info mpi_io_hints(const char *hints);

#endif
