#include "shared/file_roles.h"

#include "base/text.h"
#include "files/output_path.h"
#include "hdf5/hdf5_parts.h"
#include "parameters/input.h"

#include <string.h>
#include <unistd.h>

/* What appears beside a name, "" being the name itself. */
static const char *const of_nxmx[] = {"",        ".partial", ".partial.new",   ".partial.packed",
                                      ".packed", ".undo",    ".progress.json", ".progress.json.new",
                                      ".alive",  ".lock",    ".lock.takeover", NULL};
static const char *const of_new_file[] = {"", ".partial", NULL};
static const char *const of_open_file[] = {"", NULL};
static const char *const of_raw_file[] = {"", ".partial", ".json", ".json.partial", NULL};
static const char *const of_lock[] = {".lock", ".lock.takeover", NULL};
static const char *const of_export[] = {"", ".partial", ".json", ".json.partial", ".lock", ".lock.takeover", NULL};

/* The roles of arguments, which are not parameters. */
enum { MERGE_OUTPUT, MERGE_PART, EXPORT_FILE, EXPORT_OUTPUT, COMPRESS_FILE, ROLES };
static const struct {
    const char *command, *name;
    const char *const *endings; /* NULL: it is read */
} roles[ROLES] = {[MERGE_OUTPUT] = {"merge", "OUT.nxs", of_nxmx},
                  [MERGE_PART] = {"merge", "PART.nxs", NULL},
                  [EXPORT_FILE] = {"export", "FILE.nxs", NULL},
                  [EXPORT_OUTPUT] = {"export", "--output", of_export},
                  [COMPRESS_FILE] = {"compress", "FILE.nxs", of_nxmx}};

/* The names that a row's file has, NULL where it is no file that is written. */
static const char *const *endings_of(int row) {
    switch (parameters_row(row)->writes) {
    case FILE_NONE:
    case FILE_REPLACED:
    case FILES:
        return NULL;
    case FILE_NXMX:
        return of_nxmx;
    case FILE_TIMELINE:
        return of_open_file;
    case FILE_PIXEL_TRACE:
    case FILE_FLOAT:
    case FILE_INT:
    case FILE_NOISE:
    case FILE_PGM:
    case FILE_DUMP:
    case FILE_YAML:
        return of_new_file;
    }
    return NULL;
}

static char *value_of(Parameters *p, int row) {
    return (char *)p + parameters_row(row)->offset;
}

static bool is_written(Parameters *p, int row) {
    if (endings_of(row) == NULL || *value_of(p, row) == '\0') return false;
    return parameters_row(row)->writes != FILE_PIXEL_TRACE || p->run_trace_pixel[0] != PARAMETER_AUTO;
}

/* "RUN.yaml:3: run.output" where a run file says it. */
static const char *name_of(const Parameters *p, int row, char *role, size_t bytes) {
    const ParameterState *state = &p->state[row];
    (void)snprintf(role, bytes, "%s%s%s", state->from_run_file ? state->origin : "", state->from_run_file ? ": " : "",
                   parameters_row(row)->public_name);
    return role;
}

enum { ROLE_BYTES = PARAMETER_ORIGIN_BYTES + 64 };

/* Parts of a file, which come with it. */
typedef struct Parts {
    FileList *list;
    char role[ROLE_BYTES + 16];
} Parts;

static Status add_part(const char *path, void *context) {
    const Parts *parts = context;
    return file_list_add_read(parts->list, parts->role, path);
}

static Status add_with_parts(FileList *list, const char *role, const char *opened_as, const char *path) {
    Parts parts = {.list = list};
    (void)snprintf(parts.role, sizeof parts.role, "a part of %s", role);
    TRY(file_list_add_read(list, role, path));
    return hdf5_parts_visit(opened_as, path, add_part, &parts);
}

Status file_roles_add_inputs(FileList *list, const Parameters *parameters, const char *run_file) {
    if (run_file != NULL) TRY(file_list_add_read(list, "the run file", run_file));
    for (int row = 0; row < PARAMETER_COUNT; row++) {
        const ParameterRow *r = parameters_row(row);
        const char *path = (const char *)parameters + r->offset;
        char role[ROLE_BYTES];
        Input input;
        if (r->type != PARAMETER_TYPE_FILE || *path == '\0') continue;
        TRY(input_open(parameters, row, &input));
        const Status status = add_with_parts(list, name_of(parameters, row, role, sizeof role), input.path, path);
        input_close(&input);
        TRY(status);
    }
    return status_ok();
}

/* The user's text too: the record holds both. */
static Status rename_output(Parameters *p, int row, const char *real) {
    char origin[PARAMETER_ORIGIN_BYTES];
    const bool from_run_file = p->state[row].from_run_file;
    (void)text_copy(origin, sizeof origin, p->state[row].origin);
    TRY(parameters_set(p, parameters_row(row)->public_name, real, origin));
    p->state[row].from_run_file = from_run_file;
    return status_ok();
}

static Status add_outputs(FileList *list, Parameters *p) {
    for (int row = 0; row < PARAMETER_COUNT; row++) {
        char real[PARAMETER_TEXT_BYTES], role[ROLE_BYTES];
        if (!is_written(p, row)) continue;
        TRY(file_list_follow(name_of(p, row, role, sizeof role), value_of(p, row), real, sizeof real));
        if (strcmp(real, value_of(p, row)) != 0) TRY(rename_output(p, row, real));
        TRY(file_list_add_written(list, role, real, endings_of(row)));
    }
    return status_ok();
}

/* Frees the list. */
static Status check(FileList *list, Status added) {
    const Status status = status_is_ok(added) ? file_list_check(list) : added;
    file_list_free(list);
    return status;
}

Status file_roles_check_run(Parameters *parameters, const char *run_file) {
    FileList list = {.count = 0};
    Status status = file_roles_add_inputs(&list, parameters, run_file);
    if (status_is_ok(status)) status = add_outputs(&list, parameters);
    return check(&list, status);
}

/* A part that is not there yet is taken from its .partial. */
static Status add_merge(FileList *list, const char *output, char *const *parts, int count) {
    char partial[OUTPUT_PATH_BYTES];
    TRY(file_list_add_written(list, roles[MERGE_OUTPUT].name, output, of_nxmx));
    for (int i = 0; i < count; i++) {
        TRY(file_list_add_read(list, roles[MERGE_PART].name, parts[i]));
        if (access(parts[i], F_OK) == 0) continue;
        (void)snprintf(partial, sizeof partial, "%.4000s.partial", parts[i]);
        TRY(file_list_add_read(list, roles[MERGE_PART].name, partial));
    }
    return status_ok();
}

Status file_roles_check_merge(const char *output, char *const *parts, int count) {
    FileList list = {.count = 0};
    return check(&list, add_merge(&list, output, parts, count));
}

static Status add_export(FileList *list, const ExportFiles *files) {
    char path[OUTPUT_PATH_BYTES];
    const char *name = roles[EXPORT_OUTPUT].name;
    TRY(add_with_parts(list, roles[EXPORT_FILE].name, files->source, files->source));
    TRY(file_list_add_written(list, name, files->output, of_lock));
    for (int64_t frame = files->begin; frame < files->end; frame++) {
        TRY(files->name_of_frame(files->context, frame, path));
        TRY(file_list_add_written(list, name, path, files->has_sidecars ? of_raw_file : of_new_file));
    }
    return status_ok();
}

Status file_roles_check_export(const ExportFiles *files) {
    FileList list = {.count = 0};
    return check(&list, add_export(&list, files));
}

Status file_roles_check_compress(const char *file) {
    FileList list = {.count = 0};
    Parts parts = {.list = &list, .role = "a part of FILE.nxs"};
    Status status = file_list_add_written(&list, roles[COMPRESS_FILE].name, file, of_nxmx);
    if (status_is_ok(status)) status = hdf5_parts_visit(file, file, add_part, &parts);
    return check(&list, status);
}

/* ------------------------------------------------------------------------------------------------------------- print
 */

static void print_role(FILE *out, const char *command, const char *name, const char *const *endings) {
    (void)fprintf(out, "%s\t%s\t%s", command, endings == NULL ? "read" : "written", name);
    for (int i = 0; endings != NULL && endings[i] != NULL; i++) (void)fprintf(out, "\t%s", endings[i]);
    (void)fputc('\n', out);
}

static void print_run(FILE *out, const char *command, bool has_run_file) {
    if (has_run_file) print_role(out, command, "RUN.yaml", NULL);
    for (int row = 0; row < PARAMETER_COUNT; row++) {
        const ParameterRow *r = parameters_row(row);
        if (r->type == PARAMETER_TYPE_FILE || endings_of(row) != NULL)
            print_role(out, command, r->public_name, endings_of(row));
    }
}

void file_roles_print(FILE *out) {
    print_run(out, "simulate", true);
    print_run(out, "plan", true);
    print_run(out, "nanobragg", false);
    for (int i = 0; i < ROLES; i++) print_role(out, roles[i].command, roles[i].name, roles[i].endings);
}
