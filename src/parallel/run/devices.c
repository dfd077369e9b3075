#include "run/devices.h"

#include "kernels/device_code.h"
#include "kernels/device_driver.h"
#include "kernels/kernel_table.h"
#include "team/agree.h"

#include <stdio.h>

/* The device whose turn it is, and what it is called. */
static Status find_device(const Parameters *p, int place_on_node, DeviceUse *use) {
    DeviceDriver driver;
    DeviceFacts facts;
    if (device_code_compiler() == NULL)
        return status_error(STATUS_BAD_PARAMETER,
                            "this program was built without code for devices, as no clang that makes it was found");
    TRY(device_driver_open(&driver));
    const int64_t wanted = p->run_devices == PARAMETER_AUTO ? driver.devices : p->run_devices;
    const int devices = wanted < driver.devices ? (int)wanted : driver.devices;
    use->ordinal = place_on_node % devices;
    const Status status = device_driver_facts(&driver, use->ordinal, &facts);
    device_driver_close(&driver);
    TRY(status);
    (void)snprintf(use->name, sizeof use->name, "%.24s, CUDA %d.%d", facts.name, facts.driver_version / 1000 % 1000,
                   facts.driver_version % 1000 / 10 % 100);
    use->check_share = p->run_check_device;
    use->is_used = true;
    return status_ok();
}

/* Why frames are computed by the CPU although there is a device; NULL when they are not. */
static const char *against_device(const Experiment *e) {
    for (int row = 0; row < kernel_count(); row++) {
        const Kernel *kernel = kernel_at(row);
        if (kernel->cpu != NULL || !kernel_is_used(kernel, e)) continue;
        return kernel->obstacle(e);
    }
    return e->limits.some_float32 || e->limits.some_float64 ? "no kernel of a device computes them"
                                                            : "frames are rendered by reflections";
}

static void note_use(Team team, const Experiment *e, int64_t users, Notes *notes) {
    const char *against = against_device(e);
    if (!e->device.is_used) return;
    if (against != NULL)
        notes_add(notes, "%s computes nothing: %s", e->device.name, against);
    else if (users == team.ranks)
        notes_add(notes, "computed by %s", e->device.name);
    else
        notes_add(notes, "computed by %s on %lld of %d ranks, by the CPU on the others", e->device.name,
                  (long long)users, team.ranks);
}

Status devices_choose(Team team, const Parameters *p, Experiment *e, Notes *notes) {
    e->device = (DeviceUse){.is_used = false};
    if (p->run_device == DEVICE_NONE) return status_ok();
    Team node = team_split_node(team);
    const Status found = find_device(p, node.rank, &e->device);
    team_free(&node);
    const int64_t users = (int64_t)team_sum_real(team, e->device.is_used ? 1.0 : 0.0);
    if (p->run_device == DEVICE_REQUIRED && !status_is_ok(found))
        return agree(team, status_error(STATUS_BAD_PARAMETER, "run.device is required, and %s", found.message));
    if (p->run_device == DEVICE_REQUIRED) TRY(agree(team, status_ok()));
    if (team.rank == 0) note_use(team, e, users, notes);
    return status_ok();
}
