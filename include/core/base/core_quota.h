/** @file
 *  How many cores the process may keep busy by the quotas of its control groups (containers, systemd, batch systems).
 */
#ifndef TESSERA_CORE_QUOTA_H
#define TESSERA_CORE_QUOTA_H

/** The least quota of the process's groups and of those above them, in versions 1 and 2, rounded up to whole cores.
 *  @param membership  what /proc/self/cgroup is
 *  @param root        what /sys/fs/cgroup is
 *  @return at least 1; 0 where there is no quota, or none can be read */
int core_quota(const char *membership, const char *root);

#endif
