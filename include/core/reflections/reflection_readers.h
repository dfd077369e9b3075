/** @file
 *  The readers of the forms of reflection files, called by reflections_read alone. Each fills in what its form has. */
#ifndef TESSERA_REFLECTION_READERS_H
#define TESSERA_REFLECTION_READERS_H

#include "reflections/cif.h"
#include "reflections/reflections.h"

/** The contents of a file, with a zero byte after them. */
typedef struct FileContents {
    const char *bytes;
    size_t count;
} FileContents;

/** True when @p contents begin like an MTZ file. */
bool mtz_is(FileContents contents);

/** Reads an MTZ file of merged reflections. Columns take the cells of their datasets. */
Status mtz_read(FileContents contents, Reflections *reflections);

/** True when @p contents begin like a CIF: with data_ after comments. */
bool cif_is(FileContents contents);

/** Reads the data block with reflections of an mmCIF or core CIF file: a loop of _refln, or a text that holds an fcf or
 *  SHELX's lines.
 *  @param wanted  the block's name where several have reflections, else ""
 *  @param hklf    of SHELX's lines: 3 for F, 4 for F^2
 *  @param notes   may be NULL */
Status cif_read(FileContents contents, const char *wanted, int hklf, Reflections *reflections, Notes *notes);

/** True where a tag of a CIF, with the word after it, says that its block has reflections. */
bool cif_tag_of_reflections(const CifWord *tag, const CifWord *next);

/** True when @p contents are SHELX reflections: fixed columns, ended by a line of zeros. */
bool shelx_is(FileContents contents);

/** Reads lines of 3I4,2F8.2 up to 0 0 0.
 *  @param first_line  the number of the first line in the file
 *  @param hklf        3 for F, 4 for F^2 */
Status shelx_read(FileContents contents, int64_t first_line, int hklf, Reflections *reflections);

/** Reads lines of h k l F, or of columns that are named.
 *  @param columns  crystal.structure_factor_columns; "": those of a header line or comment of the file, else h k l F */
Status hkl_read(FileContents contents, const char *columns, Reflections *reflections);

/** The form of a list of another program, which its head tells; REFLECTIONS_AUTO for none. */
ReflectionFormat list_format(FileContents contents);

/** Reads a list of the form @p format, which list_format has told. */
Status list_read(FileContents contents, ReflectionFormat format, Reflections *reflections);

/** Refuses a text that is known by its head and holds no reflections that can be used, and says what to do.
 *  @return BAD_FILE */
Status list_refuse(FileContents contents, const char *path);

#endif
