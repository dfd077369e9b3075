/** @file
 *  The signals by which a user, a terminal, a batch system or a limit asks a command to stop: HUP, INT, TERM, XCPU,
 * USR1, USR2, ALRM and VTALRM. One that was ignored when the program was started (nohup, a background job) stays
 * ignored. */
#ifndef TESSERA_STOP_SIGNAL_H
#define TESSERA_STOP_SIGNAL_H

/** How a command stops. */
typedef enum StopManner {
    STOP_BY_WAVES,   /**< it looks at its StopLevel, which a second signal raises */
    STOP_BY_LOOKING, /**< it looks; its system calls end early; a second signal ends the process */
    STOP_AT_ONCE     /**< the first signal ends the process; unfinished files are removed */
} StopManner;

/** For every command, before anything is printed or written: a pipe that nobody reads and the limit on the size of
 * files fail the call that meets them, and end no process. */
void stop_signal_prepare(void);

/** Catches the signals from now on.
 *  @return a StopLevel (frame_queue.h), which the first sets to STOP_SOON and a second one, more than 0.1 s later, to
 *          STOP_NOW; XCPU, which comes every second, is never a second one */
const volatile int *stop_signal_catch(StopManner manner);

#endif
