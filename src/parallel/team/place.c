#include "team/place.h"

#include "base/text.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

RankPlace place_here(void) {
    RankPlace place = {.threads = omp_get_max_threads()};
    char name[PLACE_HOST_BYTES] = "";
    (void)gethostname(name, sizeof name - 1);
    (void)text_copy(place.host, sizeof place.host, name);
    return place;
}

int64_t place_peak_memory(void) {
    static const char label[] = "VmHWM:"; /* kB, proc(5) */
    char line[256];
    int64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *number = line + sizeof label - 1, *rest = NULL;
        if (strncmp(line, label, sizeof label - 1) != 0) continue;
        number += strspn(number, " \t");
        if (!text_read_integer(number, &kilobytes, &rest)) kilobytes = 0;
    }
    (void)fclose(file);
    return kilobytes * 1024;
}
