/** @file
 *  The debug mode of mpi_calls.h for messages between two ranks: the sender announces each before it is sent, by a
 * channel of its own, and the receiver holds that against what it expects. Where they differ, one of them prints both
 * and ends all ranks with exit code 4. Nothing here does anything before message_check_start. */
#ifndef TESSERA_MESSAGE_CHECK_H
#define TESSERA_MESSAGE_CHECK_H

#include <mpi.h>

/** The channel: a copy of MPI_COMM_WORLD, on which tags from @p first_tag on are this module's. Collective.
 *  @param unanswered_s  after this, a message that nobody has announced is taken for one that differs */
void message_check_start(MPI_Comm control, int first_tag, double unanswered_s);

/** Announces a message that is about to be sent to @p to. */
void message_check_sends(int count, MPI_Datatype type, int to, int tag, MPI_Comm comm);

/** Says that a message from @p from is expected. */
void message_check_expects(int count, MPI_Datatype type, int from, int tag, MPI_Comm comm);

/** Waits for the announcements of all messages that are expected. Before their receiving ends, as MPI itself ends a
 * program whose message is too long. */
void message_check_awaits(void);

/** Looks whether a rank of @p members (of MPI_COMM_WORLD) has waited long for a message of this one, which waits for
 * the same rank in the collective call @p call. */
void message_check_looks(const char *call, const int *members, int ranks);

/** No message may be left over: neither one that was not received nor one that was not sent. Collective. */
void message_check_ends(void);

#endif
