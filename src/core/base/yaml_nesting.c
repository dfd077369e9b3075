#include "base/yaml_nesting.h"

#include <stdbool.h>
#include <yaml.h>

static int change_of_depth(yaml_event_type_t type) {
    if (type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) return 1;
    return type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT ? -1 : 0;
}

static Status walk(yaml_parser_t *parser, const char *path) {
    yaml_event_t event;
    int depth = 0;
    for (bool more = true; more && yaml_parser_parse(parser, &event);) {
        const size_t line = event.start_mark.line + 1;
        depth += change_of_depth(event.type);
        more = event.type != YAML_STREAM_END_EVENT && event.type != YAML_NO_EVENT;
        yaml_event_delete(&event);
        if (depth > YAML_NESTING_MOST)
            return status_error(STATUS_BAD_FILE, "%s:%zu: more than %d lists and mappings lie in one another", path,
                                line, YAML_NESTING_MOST);
    }
    return status_ok();
}

Status yaml_nesting_check(const char *path, const char *contents, size_t bytes) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return status_error(STATUS_NO_MEMORY, "no memory to read %s", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)contents, bytes);
    const Status status = walk(&parser, path);
    yaml_parser_delete(&parser);
    return status;
}
