/** @file
 *  How the images of a wave reach the file: a row for each way. The contract is the same for all: what writer.c marks
 *  after `write` has succeeded on all ranks is in the file, bit for bit, whenever a process is killed afterwards. */
#ifndef TESSERA_IMAGE_WRITER_H
#define TESSERA_IMAGE_WRITER_H

#include "nxmx/data_files.h"
#include "output/frame_codec.h"
#include "output/image_set.h"

/** The file of the images on one rank. */
typedef struct ImageTarget {
    Team team;
    const char *path;       /**< of the .partial. Borrowed */
    int descriptor;         /**< open for writing on every rank, whichever way images go; -1: closed */
    bool has_twin;          /**< counts and photons are kept */
    ImageSet main, twin;    /**< where they lie */
    const DataFiles *files; /**< where they lie in files of frames. Borrowed */
    int64_t first_number;   /**< files: of the first frame in the sweep */
    const uint8_t *states;  /**< files: [main.frames] what is complete. Borrowed */
    PackMethod method;      /**< files: how frames are packed */
    int level;              /**< files: of deflate */
    const char *hints;      /**< for MPI-IO, as mpi_io_check_hints accepts them. Borrowed */
    void *own;              /**< the row's, between its open and close */
    int io_mode;            /**< of collective calls, a H5D_mpio_actual_io_mode_t; -1: none was made */
    uint32_t local_cause; /**< why one was not collective on this rank, of H5D_mpio_no_collective_cause_t; 0: it was */
    uint32_t all_cause;   /**< the same, of all ranks */
} ImageTarget;

/** The images that one rank has of a wave. */
typedef struct ImageValues {
    WaveData wave;
    const void *main, *twin; /**< [frames][rows][fast_pixels] as in @p wave; NULL for a rank without frames */
} ImageValues;

/** One way. The functions are called by one thread of a rank at a time, which alone calls HDF5 meanwhile. */
typedef struct ImageWriter {
    const char *name; /**< of output.writer */

    /** Prepares for waves. Collective.
     *  @return the same on every rank */
    Status (*open)(ImageTarget *target);

    /** Writes a wave, to the operating system at least. Every rank calls it, with images or without. */
    Status (*write)(ImageTarget *target, const ImageValues *values);

    /** Makes frames whole that have been written and are not yet, as the run ends; NULL where all are. Local. */
    Status (*publish)(ImageTarget *target);

    /** Ends it. Collective.
     *  @param failed  a wave could not be written: only what waits for nobody is done */
    Status (*close)(ImageTarget *target, bool failed);
} ImageWriter;

/** Each rank by itself, past HDF5: no rank waits for another. */
extern const ImageWriter image_writer_direct;

/** All ranks together, by collective calls of parallel HDF5 on ROMIO. */
extern const ImageWriter image_writer_collective;

/** One rank for each file of frames (data_file.h), which the others send packed frames; frames are whole with their
 * file. */
extern const ImageWriter image_writer_files;

/** The row of any writer but WRITER_AUTO. */
const ImageWriter *image_writer_of(OutputWriter writer);

#endif
