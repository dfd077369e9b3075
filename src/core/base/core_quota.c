#include "base/core_quota.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, LINE_BYTES = 4096 };

static int lesser(int a, int b) {
    if (a == 0 || b == 0) return a + b;
    return a < b ? a : b;
}

static int cores_of(double quota, double period) {
    if (!(quota > 0.0 && period > 0.0)) return 0;
    return (int)fmin(ceil(quota / period), (double)INT_MAX);
}

/* The first numbers of a small file. @return how many there are; 0 where the file says "max" or is not there */
static int read_numbers(const char *folder, const char *name, double *numbers, int most) {
    char path[PATH_BYTES], line[128] = "";
    int count = 0;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    const char *rest = fgets(line, sizeof line, file);
    (void)fclose(file);
    for (char *end = NULL; rest != NULL && count < most; rest = end) {
        numbers[count] = strtod(rest, &end);
        if (end == rest) break;
        count++;
    }
    return count;
}

static int quota_of_folder(const char *folder) {
    double unified[2], quota, period;
    if (read_numbers(folder, "cpu.max", unified, 2) == 2) return cores_of(unified[0], unified[1]);
    const bool limited = read_numbers(folder, "cpu.cfs_quota_us", &quota, 1) == 1 &&
                         read_numbers(folder, "cpu.cfs_period_us", &period, 1) == 1;
    return limited ? cores_of(quota, period) : 0; /* -1: no limit */
}

/* Of the group and of all above it. In a container the group's path may lead to nothing below what is mounted. */
static int quota_of_group(const char *root, const char *controller, const char *group) {
    char folder[PATH_BYTES];
    const int base = snprintf(folder, sizeof folder, "%s%s", root, controller);
    if (base < 0 || snprintf(folder, sizeof folder, "%s%s%s", root, controller, group) >= (int)sizeof folder) return 0;
    int cores = quota_of_folder(folder);
    for (char *slash = strrchr(folder, '/'); slash != NULL && slash - folder >= base; slash = strrchr(folder, '/')) {
        *slash = '\0';
        cores = lesser(cores, quota_of_folder(folder));
    }
    return cores;
}

static bool has_cpu(const char *controllers) {
    const size_t length = strlen(controllers);
    for (size_t begin = 0; begin < length;) {
        const size_t word = strcspn(controllers + begin, ",");
        if (word == 3 && strncmp(controllers + begin, "cpu", 3) == 0) return true;
        begin += word + 1;
    }
    return false;
}

/* A line is NUMBER:CONTROLLERS:PATH; without controllers it is version 2's. */
static int quota_of_line(char *line, const char *root) {
    char *controllers = strchr(line, ':'), mount[PATH_BYTES];
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL) return 0;
    *group++ = '\0';
    controllers++;
    group[strcspn(group, "\n")] = '\0';
    if (*controllers == '\0') return lesser(quota_of_group(root, "", group), quota_of_group(root, "/unified", group));
    if (!has_cpu(controllers) || snprintf(mount, sizeof mount, "/%s", controllers) >= (int)sizeof mount) return 0;
    return lesser(quota_of_group(root, mount, group), quota_of_group(root, "/cpu", group));
}

int core_quota(const char *membership, const char *root) {
    char line[LINE_BYTES];
    int cores = 0;
    FILE *file = fopen(membership, "r");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) cores = lesser(cores, quota_of_line(line, root));
    (void)fclose(file);
    return cores;
}
