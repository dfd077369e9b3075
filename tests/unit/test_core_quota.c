/* Quotas of cores in folders that look like /sys/fs/cgroup. */
#include "base/core_quota.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[] = "/tmp/quotaXXXXXX", membership[64];

static void put(const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static int quota_of(const char *line) {
    put("membership", line);
    return core_quota(membership, root);
}

static void version_2_is_rounded_up(void) {
    put("a/cpu.max", "250000 100000\n");
    CU_ASSERT_EQUAL(quota_of("0::/a\n"), 3);
    put("a/cpu.max", "200000 100000\n");
    CU_ASSERT_EQUAL(quota_of("0::/a\n"), 2);
    put("a/cpu.max", "1000 100000\n");
    CU_ASSERT_EQUAL(quota_of("0::/a\n"), 1);
}

static void a_group_above_counts(void) {
    put("b/cpu.max", "150000 50000\n");
    put("b/c/cpu.max", "max 100000\n");
    put("b/c/d/cpu.max", "900000 100000\n");
    CU_ASSERT_EQUAL(quota_of("0::/b/c/d\n"), 3);
    CU_ASSERT_EQUAL(quota_of("0::/b/c/absent/e\n"), 3);
}

static void version_1_is_read(void) {
    put("cpu,cpuacct/job/cpu.cfs_quota_us", "350000\n");
    put("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    put("cpu,cpuacct/free/cpu.cfs_quota_us", "-1\n");
    put("cpu,cpuacct/free/cpu.cfs_period_us", "100000\n");
    CU_ASSERT_EQUAL(quota_of("12:cpuset:/job\n4:cpu,cpuacct:/job/step\n0::/\n"), 4);
    CU_ASSERT_EQUAL(quota_of("4:cpu,cpuacct:/free\n"), 0);
    put("cpu/job/cpu.cfs_quota_us", "100000\n");
    put("cpu/job/cpu.cfs_period_us", "100000\n");
    CU_ASSERT_EQUAL(quota_of("4:cpuacct,cpu:/job\n"), 1);
}

static void without_a_quota_there_is_none(void) {
    put("e/cpu.max", "max 100000\n");
    CU_ASSERT_EQUAL(quota_of("0::/e\n"), 0);
    put("e/cpu.max", "nonsense\n");
    CU_ASSERT_EQUAL(quota_of("0::/e\n"), 0);
    CU_ASSERT_EQUAL(quota_of("0::/../../absent\n"), 0);
    CU_ASSERT_EQUAL(quota_of("no line\n\n"), 0);
    CU_ASSERT_EQUAL(quota_of("3:cpuset:/a\n"), 0);
    CU_ASSERT_EQUAL(core_quota("/absent", root), 0);
}

int main(void) {
    if (mkdtemp(root) == NULL) return 1;
    (void)snprintf(membership, sizeof membership, "%s/membership", root);
    const UnitTest tests[] = {UNIT_TEST(version_2_is_rounded_up),
                              UNIT_TEST(a_group_above_counts),
                              UNIT_TEST(version_1_is_read),
                              UNIT_TEST(without_a_quota_there_is_none),
                              {NULL, NULL}};
    const int failed = unit_main("core_quota", tests);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", root);
    return system(command) == 0 ? failed : 1;
}
