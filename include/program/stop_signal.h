/** @file
 *  The signals by which a batch system or a user asks a command to stop. */
#ifndef TESSERA_STOP_SIGNAL_H
#define TESSERA_STOP_SIGNAL_H

/** Catches SIGTERM, SIGUSR1 and SIGUSR2 from now on.
 *  @return a StopLevel (frame_queue.h), which the first sets to STOP_SOON and a second one, more than 0.1 s later, to
 *          STOP_NOW */
const volatile int *stop_signal_catch(void);

#endif
