/** @file
 *  The units that users and files may write, in one table. */
#ifndef TESSERA_UNITS_H
#define TESSERA_UNITS_H

#include <stddef.h>

/** A unit. Constant. */
typedef struct Unit {
    const char *name;
    const char *quantity; /**< what it measures: "length"; "number" for a plain number, whose unit is "" */
    const char *si_unit;  /**< as files name it */
    double si;            /**< SI units in one */
} Unit;

/** The unit whose name is the first @p length characters of @p name; NULL when there is none. */
const Unit *unit_find(const char *name, size_t length);

/** How many of the SI unit of @p quantity are in one of @p name; NAN where that is no unit of it. */
double unit_si(const char *name, const char *quantity);

#endif
