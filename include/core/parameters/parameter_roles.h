/** @file
 *  What each parameter is good for, made from the one table parameter_roles.def: the parts of an experiment that it
 *  enters, whether frames may differ in it, and what it needs in order to matter. */
#ifndef TESSERA_PARAMETER_ROLES_H
#define TESSERA_PARAMETER_ROLES_H

#include "parameters/parameters.h"

/** Parts of an experiment, as bits. */
typedef enum ParameterPart {
    PART_AXES = 1 << 0,         /**< the laboratory's */
    PART_SOURCES = 1 << 1,      /**< wavelengths and directions of the beam */
    PART_FLUENCE = 1 << 2,      /**< photons for each area */
    PART_POLARIZATION = 1 << 3, /**< of the beam */
    PART_LATTICE = 1 << 4,      /**< cell and orientation */
    PART_EXTENT = 1 << 5,       /**< number of cells */
    PART_SHAPE = 1 << 6,        /**< of crystal and spots */
    PART_DOMAINS = 1 << 7,      /**< of the mosaic */
    PART_FACTORS = 1 << 8,      /**< structure factors as their file gives them */
    PART_FACTOR_SCALE = 1 << 9, /**< what is made of them */
    PART_GEOMETRY = 1 << 10,    /**< where the pixels are */
    PART_PIXELS = 1 << 11,      /**< which there are, and the solid angle of each */
    PART_SENSOR = 1 << 12,      /**< what absorbs the photons */
    PART_SIGNAL = 1 << 13,      /**< from photons to counts */
    PART_BACKGROUND = 1 << 14,  /**< amorphous material */
    PART_SAMPLING = 1 << 15,    /**< sub-pixels, spindle angles, what is skipped */
    PART_SWEEP = 1 << 16,       /**< which frames there are */
    PART_OUTPUT = 1 << 17,      /**< files */
    PART_RUN = 1 << 18          /**< how it is computed */
} ParameterPart;

/** What a parameter needs in order to matter: the rows of parameter_needs.def. */
typedef enum ParameterNeed {
    NEED_ALWAYS, /**< nothing: it always matters */
#define NEED(name, ...) NEED_##name,
#include "parameters/parameter_needs.def"
#undef NEED
    NEEDS
} ParameterNeed;

/** One row of the table. */
typedef struct ParameterRole {
    unsigned enters; /**< bits of ParameterPart */
    bool per_frame;  /**< a sweep may vary it */
    ParameterNeed need;
    double nothing; /**< a value (SI) that asks for nothing; NAN: there is none */
} ParameterRole;

/** The role of parameter @p index, 0 <= index < PARAMETER_COUNT. */
const ParameterRole *parameter_role(int index);

#endif
