/** @file
 *  The clocks, all in seconds. */
#ifndef TESSERA_CLOCKS_H
#define TESSERA_CLOCKS_H

/** On a clock that only goes forward; alike for all processes of a machine. */
double clocks_steady_s(void);

/** CPU time that this process has used, all threads together. */
double clocks_cpu_s(void);

/** The date: seconds since the beginning of 1970, UTC. */
double clocks_since_1970_s(void);

#endif
