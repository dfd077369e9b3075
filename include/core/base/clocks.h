/** @file
 *  The clocks, in seconds where they give numbers. */
#ifndef TESSERA_CLOCKS_H
#define TESSERA_CLOCKS_H

/** Bytes of a time in ISO 8601 with Z, "2026-01-31T12:00:00Z", with its final zero. */
enum { CLOCKS_UTC_BYTES = 21 };

/** On a clock that only goes forward; alike for all processes of a machine. */
double clocks_steady_s(void);

/** CPU time that this process has used, all threads together. */
double clocks_cpu_s(void);

/** The date: seconds since the beginning of 1970, UTC. */
double clocks_since_1970_s(void);

/** The time now in UTC, ISO 8601 to the second.
 *  @param text  [CLOCKS_UTC_BYTES] */
void clocks_utc(char *text);

#endif
