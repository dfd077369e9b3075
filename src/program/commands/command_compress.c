#include "commands/command_compress.h"

#include "base/build_info.h"
#include "files/output_lock.h"
#include "files/output_path.h"
#include "output/compress.h"
#include "shared/file_roles.h"
#include "shared/options.h"
#include "shared/stop_signal.h"

#include <inttypes.h>
#include <string.h>

enum { LEVEL_NONE = -1, LEVEL_DEFAULT = 4 };

/* What the command line asks for. */
typedef struct CompressOptions {
    const char *file, *with, *shuffle;
    int64_t level;
    bool quiet, help;
} CompressOptions;

#define FIELD(field) offsetof(CompressOptions, field)
static const Option options[] = {
    {OPTION("--with", OPTION_TEXT, 0, 0, FIELD(with), "METHOD",
            "deflate, which every HDF5 reads, or bitshuffle (with LZ4), which "
            "needs HDF5's plugin")},
    {OPTION("--level", OPTION_INTEGER, 1, 9, FIELD(level), "L", "deflate: from 1, fast, to 9, small (4)")},
    {OPTION("--shuffle", OPTION_TEXT, 0, 0, FIELD(shuffle), "S",
            "deflate: yes or no: sort the bytes of pixels by weight first (yes)")},
    {OPTION("--quiet", OPTION_FLAG, 0, 0, FIELD(quiet), "", "print nothing")},
    {OPTION("--help", OPTION_FLAG, 0, 0, FIELD(help), "", "print this")},
};
const OptionTable command_compress_options = {
    .command = "compress",
    .option = options,
    .options = sizeof options / sizeof *options,
    .before = "tessera compress FILE.nxs --with METHOD [OPTION ...]: replaces a finished file by a copy with "
              "compressed images,\nwhich is read back and compared first. OMP_NUM_THREADS threads compress."};

static Status choose(const CompressOptions *asked, Packing *packing) {
    const bool bitshuffle = asked->with != NULL && strcmp(asked->with, "bitshuffle") == 0;
    const bool plain = asked->shuffle != NULL && strcmp(asked->shuffle, "no") == 0;
    if (asked->with == NULL)
        return status_error(STATUS_BAD_PARAMETER, "compress needs a method: --with deflate or --with bitshuffle");
    if (!bitshuffle && strcmp(asked->with, "deflate") != 0)
        return status_error(STATUS_BAD_PARAMETER, "compress: --with is \"%.60s\"; it must be deflate or bitshuffle",
                            asked->with);
    if (bitshuffle && (asked->level != LEVEL_NONE || asked->shuffle != NULL))
        return status_error(STATUS_BAD_PARAMETER, "compress: --level and --shuffle are for deflate");
    if (asked->shuffle != NULL && !plain && strcmp(asked->shuffle, "yes") != 0)
        return status_error(STATUS_BAD_PARAMETER, "compress: --shuffle is \"%.60s\"; it must be yes or no",
                            asked->shuffle);
    *packing = (Packing){.method = bitshuffle ? PACK_BITSHUFFLE : PACK_DEFLATE,
                         .level = asked->level == LEVEL_NONE ? LEVEL_DEFAULT : (int)asked->level,
                         .shuffle = !plain};
    return status_ok();
}

Status command_compress(int argc, char **argv, FILE *out) {
    CompressOptions asked = {.level = LEVEL_NONE};
    CompressRequest request = {.version = build_info().version};
    CompressResult result;
    char path[OUTPUT_PATH_BYTES];
    TRY(options_read(&command_compress_options, argc, argv, &asked, &asked.file));
    if (asked.help) {
        options_print(&command_compress_options, out);
        return status_ok();
    }
    if (asked.file == NULL)
        return status_error(STATUS_BAD_PARAMETER, "compress needs a file: tessera compress FILE.nxs --with deflate");
    TRY(choose(&asked, &request.packing));
    TRY(file_list_follow("FILE.nxs", asked.file, path, sizeof path));
    TRY(file_roles_check_compress(path));
    asked.file = request.path = path;
    request.packing.stop = stop_signal_catch(STOP_BY_LOOKING);
    Notes notes = {.count = 0};
    OutputLock *lock = NULL;
    TRY(output_lock_take(asked.file, &notes, &lock));
    for (int i = 0; i < notes.count && !asked.quiet; i++) (void)fprintf(out, "note: %s\n", notes.text[i]);
    const Status status = compress_file(request, &result);
    output_lock_release(&lock);
    if (status.code == STATUS_INTERRUPTED)
        return status_error(status.code, "%.200s; %.400s is as it was", status.message, asked.file);
    TRY(status);
    if (!asked.quiet)
        (void)fprintf(out, "%s: %" PRId64 " frames, images of %.4g MB are %.4g MB now: %.2f times smaller\n",
                      asked.file, result.frames, 1e-6 * result.bytes_before, 1e-6 * result.bytes_after,
                      result.bytes_before / result.bytes_after);
    return status_ok();
}
