#include "hdf5/hdf5_helpers.h"
#include "hdf5/hdf5_inside.h"
#include "nxmx/nxmx.h"
#include "nxmx/slots.h"
#include "output/image_writer.h"
#include "team/agree.h"
#include "team/mpi_file_calls.h"
#include "team/mpi_io.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a rank gives to one call: MPI counts bytes in an int, and HDF5 joins the pieces of a selection one by one. */
static const int64_t CALL_BYTES = INT64_C(1) << 29, CALL_FRAMES = 1024;

/* The file on this rank. */
typedef struct CollectiveFile {
    Team team; /* a copy: the thread that writes must not meet the messages of another */
    hid_t file, main, twin, transfer;
} CollectiveFile;

/* Of a wave's frames, and of their rows, what one call writes. */
typedef struct Piece {
    Range frames, rows;
} Piece;

/* ------------------------------------------------------------------------------------------------------------- open
 */

static Status open_file(const ImageTarget *target, CollectiveFile *own) {
    MPI_Info hints = mpi_io_hints(target->hints);
    const Status status = hdf5_open_together(target->path, own->team.communicator, hints, &own->file);
    if (hints != MPI_INFO_NULL) MPI_Info_free(&hints);
    return status;
}

static Status open_images(const ImageTarget *target, CollectiveFile *own) {
    TRY(hdf5_inside_open(own->file, NXMX_IMAGES, &own->main));
    if (target->has_twin) TRY(hdf5_inside_open(own->file, NXMX_TWIN, &own->twin));
    own->transfer = H5Pcreate(H5P_DATASET_XFER);
    return own->transfer >= 0 && H5Pset_dxpl_mpio(own->transfer, H5FD_MPIO_COLLECTIVE) >= 0
               ? status_ok()
               : hdf5_error(STATUS_OUTPUT_FAILED, "set up", "collective writing");
}

/* Open MPI's own files of settings can override what is asked for. */
static Status check_layer(void) {
    if (!mpi_io_has_ompio()) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED, "MPI-IO is OMPIO although ROMIO was asked for, so that images could be "
                                              "lost without a word; give --output.writer=direct");
}

static Status open_together(ImageTarget *target) {
    CollectiveFile *own = malloc(sizeof *own);
    const Status room =
        agree(target->team, own != NULL ? status_ok() : status_error(STATUS_NO_MEMORY, "no memory for a file"));
    if (!status_is_ok(room)) {
        free(own);
        return room;
    }
    *own = (CollectiveFile){
        .file = H5I_INVALID_HID, .main = H5I_INVALID_HID, .twin = H5I_INVALID_HID, .transfer = H5I_INVALID_HID};
    MPI_Comm copy = MPI_COMM_NULL;
    MPI_Comm_split(target->team.communicator, 0, target->team.rank, &copy);
    own->team = team_of(copy);
    target->own = own;
    TRY(agree(target->team, open_file(target, own)));
    TRY(agree(target->team, check_layer()));
    return agree(target->team, open_images(target, own));
}

/* ------------------------------------------------------------------------------------------------------------ pieces
 */

static int64_t at_least_one(int64_t count) {
    return count > 1 ? count : 1;
}

/* How a rank cuts its part of a wave: a frame too large for a call by rows, else so many frames in a call. */
typedef struct Cut {
    int64_t frames_of_call, rows_of_call, bands;
} Cut;

static Cut cut_of(const ImageSet *set, const WaveData *wave) {
    const int64_t row_bytes = IMAGE_PIXEL_BYTES * set->fast_pixels, rows = range_length(wave->rows);
    const int64_t fitting = CALL_BYTES / at_least_one(rows * row_bytes);
    Cut cut = {.frames_of_call = fitting < CALL_FRAMES ? at_least_one(fitting) : CALL_FRAMES,
               .rows_of_call = fitting > 0 ? at_least_one(rows) : at_least_one(CALL_BYTES / row_bytes)};
    cut.bands = (at_least_one(rows) + cut.rows_of_call - 1) / cut.rows_of_call;
    return cut;
}

static int64_t pieces_of(const ImageSet *set, const WaveData *wave) {
    const Cut cut = cut_of(set, wave);
    return wave->rectangles == 0 ? 0 : (wave->frames + cut.frames_of_call - 1) / cut.frames_of_call * cut.bands;
}

/* Piece @p index, which is empty behind the last one. */
static Piece piece_of(const ImageSet *set, const WaveData *wave, int64_t index) {
    const Cut cut = cut_of(set, wave);
    if (index >= pieces_of(set, wave)) return (Piece){.frames = {0, 0}};
    const int64_t first = index / cut.bands * cut.frames_of_call;
    const int64_t row = wave->rows.begin + index % cut.bands * cut.rows_of_call;
    const int64_t end = first + cut.frames_of_call, row_end = row + cut.rows_of_call;
    return (Piece){.frames = {first, end < wave->frames ? end : wave->frames},
                   .rows = {row, row_end < wave->rows.end ? row_end : wave->rows.end}};
}

/* ------------------------------------------------------------------------------------------------------- selections
 */

/* What a call writes, in the file and in memory: the same pixels in the same order. */
typedef struct Selection {
    hid_t in_file, in_memory;
} Selection;

static void close_selection(Selection *selection) {
    if (selection->in_file >= 0) (void)H5Sclose(selection->in_file);
    if (selection->in_memory >= 0) (void)H5Sclose(selection->in_memory);
}

/* The first one replaces what is selected: a single hyperslab is simpler for MPI than a union of one. */
static bool add(hid_t space, int64_t frame, int64_t frames, Tile tile, int64_t row) {
    const hsize_t start[3] = {(hsize_t)frame, (hsize_t)row, (hsize_t)tile.fast};
    const hsize_t count[3] = {(hsize_t)frames, (hsize_t)tile.slow_pixels, (hsize_t)tile.fast_pixels};
    const H5S_seloper_t how = H5Sget_select_type(space) == H5S_SEL_NONE ? H5S_SELECT_SET : H5S_SELECT_OR;
    return H5Sselect_hyperslab(space, how, start, NULL, count, NULL) >= 0;
}

/* The rows of a rectangle that belong to the piece. */
static Tile cut_rows(Tile tile, Range rows) {
    const int64_t begin = tile.slow > rows.begin ? tile.slow : rows.begin;
    const int64_t tile_end = tile.slow + tile.slow_pixels, end = tile_end < rows.end ? tile_end : rows.end;
    return (Tile){begin, tile.fast, end > begin ? end - begin : 0, tile.fast_pixels};
}

static bool select_piece(const WaveData *wave, Piece piece, const Selection *selection) {
    bool selected = H5Sselect_none(selection->in_file) >= 0 && H5Sselect_none(selection->in_memory) >= 0;
    for (int64_t i = piece.frames.begin, run = 0; i < piece.frames.end; i += run) {
        run = slots_run(wave->slots + i, piece.frames.end - i);
        for (int r = 0; selected && r < wave->rectangles; r++) {
            const Tile tile = cut_rows(wave->rectangle[r], piece.rows);
            if (tile.slow_pixels == 0 || tile.fast_pixels == 0) continue;
            selected = add(selection->in_file, wave->slots[i], run, tile, tile.slow) &&
                       add(selection->in_memory, i, run, tile, tile.slow - wave->rows.begin);
        }
    }
    return selected;
}

/* To be closed, whatever came of it. Local. */
static Status prepare(hid_t dataset, const ImageSet *set, const WaveData *wave, Piece piece, Selection *selection) {
    const hsize_t frames = (hsize_t)at_least_one(wave->frames), rows = (hsize_t)at_least_one(range_length(wave->rows));
    const hsize_t length[3] = {frames, rows, (hsize_t)set->fast_pixels};
    *selection = (Selection){.in_file = H5Dget_space(dataset), .in_memory = H5Screate_simple(3, length, NULL)};
    const bool made = selection->in_file >= 0 && selection->in_memory >= 0 && select_piece(wave, piece, selection);
    return made ? status_ok() : hdf5_error(STATUS_OUTPUT_FAILED, "select", "the images of a wave");
}

/* ------------------------------------------------------------------------------------------------------------- write
 */

/* HDF5 writes independently, and says so here alone, where it finds a call unfit to be collective. */
static Status check_mode(ImageTarget *target, hid_t transfer) {
    H5D_mpio_actual_io_mode_t mode = H5D_MPIO_NO_COLLECTIVE;
    if (H5Pget_mpio_actual_io_mode(transfer, &mode) < 0 ||
        H5Pget_mpio_no_collective_cause(transfer, &target->local_cause, &target->all_cause) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "ask", "how the images were written");
    target->io_mode = (int)mode;
    if (mode == H5D_MPIO_CONTIGUOUS_COLLECTIVE) return status_ok();
    return status_error(STATUS_OUTPUT_FAILED,
                        "HDF5 did not write the images collectively (mode %d, causes 0x%x and 0x%x); give "
                        "--output.writer=direct",
                        (int)mode, target->local_cause, target->all_cause);
}

static Status write_piece(ImageTarget *target, hid_t dataset, const ImageSet *set, const Selection *selection,
                          const void *values) {
    const CollectiveFile *own = target->own;
    const hid_t type = set->reals ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32; /* the file's: no conversion */
    if (H5Dwrite(dataset, type, selection->in_memory, selection->in_file, own->transfer, values) < 0)
        return hdf5_error(STATUS_OUTPUT_FAILED, "write", "the images");
    return check_mode(target, own->transfer);
}

/* Once a call is entered all ranks finish it; before it, they hear of one that cannot come.
 * @param pieces  the most of all ranks
 * @param before  what came of the calls before on this rank
 * @return on this rank; what fails in a call fails on all */
static Status write_set(ImageTarget *target, hid_t dataset, const ImageSet *set, const WaveData *wave,
                        const void *values, int64_t pieces, Status before) {
    const CollectiveFile *own = target->own;
    Status status = status_is_ok(before) ? image_set_check(set, wave) : before;
    for (int64_t i = 0; i < pieces; i++) {
        Selection selection = {.in_file = H5I_INVALID_HID, .in_memory = H5I_INVALID_HID};
        if (status_is_ok(status)) status = prepare(dataset, set, wave, piece_of(set, wave, i), &selection);
        status = agree(own->team, status);
        if (status_is_ok(status)) status = write_piece(target, dataset, set, &selection, values);
        close_selection(&selection);
    }
    return status;
}

/* The two datasets are of one shape. */
static Status write_together(ImageTarget *target, const ImageValues *values) {
    const CollectiveFile *own = target->own;
    const WaveData *wave = &values->wave;
    const int64_t pieces = team_greatest(own->team, pieces_of(&target->main, wave));
    Status status = write_set(target, own->main, &target->main, wave, values->main, pieces, status_ok());
    if (target->has_twin) status = write_set(target, own->twin, &target->twin, wave, values->twin, pieces, status);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- close
 */

static bool close_handles(const CollectiveFile *own) {
    bool closed = own->transfer < 0 || H5Pclose(own->transfer) >= 0;
    closed = (own->main < 0 || H5Dclose(own->main) >= 0) && closed;
    closed = (own->twin < 0 || H5Dclose(own->twin) >= 0) && closed;
    return (own->file < 0 || H5Fclose(own->file) >= 0) && closed;
}

/* A file of which a call has failed stays open to the end of the process: to close it, ranks would wait for each other.
 */
static Status close_together(ImageTarget *target, bool failed) {
    CollectiveFile *own = target->own;
    Status status = status_ok();
    if (own == NULL) return status;
    if (!failed && !mpi_file_calls_have_failed()) {
        if (!close_handles(own)) status = hdf5_error(STATUS_OUTPUT_FAILED, "close", target->path);
        team_free(&own->team);
    }
    free(own);
    target->own = NULL;
    return status;
}

const ImageWriter image_writer_collective = {
    .name = "collective", .open = open_together, .write = write_together, .close = close_together};
