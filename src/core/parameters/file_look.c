#include "parameters/file_look.h"

#include <string.h>
#include <sys/stat.h>

bool file_look_is_special(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

bool file_look_is_device(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISCHR(info.st_mode);
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_nsec;
}

static InputLook look_at(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return (InputLook){.node = 0};
    return (InputLook){.device = (int64_t)info.st_dev,
                       .node = (int64_t)info.st_ino,
                       .bytes = (int64_t)info.st_size,
                       .modified_ns = nanoseconds(info.st_mtim),
                       .changed_ns = nanoseconds(info.st_ctim)};
}

Status file_look_at_inputs(const Parameters *parameters, InputLooks *looks) {
    *looks = (InputLooks){.row = {{.node = 0}}};
    for (int i = 0; i < PARAMETER_COUNT; i++) {
        const ParameterRow *row = parameters_row(i);
        const char *path = (const char *)parameters + row->offset;
        if (row->type != PARAMETER_TYPE_FILE || *path == '\0') continue;
        struct stat info;
        if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
            return status_error(STATUS_BAD_FILE,
                                "%s %s is a pipe or a device, whose contents cannot be recorded; write them to a file",
                                row->public_name, path);
        looks->row[i] = look_at(path);
    }
    return status_ok();
}

Status file_look_again(const InputLooks *before, int row, const char *path) {
    const InputLook now = look_at(path), then = before->row[row];
    if (now.device == then.device && now.node == then.node && now.bytes == then.bytes &&
        now.modified_ns == then.modified_ns && now.changed_ns == then.changed_ns)
        return status_ok();
    return status_error(STATUS_BAD_FILE,
                        "%s %s was changed while it was being read, so that nobody could tell what was simulated; run "
                        "again when it stays as it is",
                        parameters_row(row)->public_name, path);
}
