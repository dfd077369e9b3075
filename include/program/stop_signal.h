/** @file
 *  The signals by which a batch system or a user asks a command to stop. */
#ifndef TESSERA_STOP_SIGNAL_H
#define TESSERA_STOP_SIGNAL_H

/** Catches SIGTERM, SIGUSR1 and SIGUSR2 from now on.
 *  @return what they set to 1 */
const volatile int *stop_signal_catch(void);

#endif
