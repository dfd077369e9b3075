#include "team/broadcast.h"

#include "team/agree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

Status broadcast_parameters(Team team, Parameters **parameters) {
    Status status = status_ok();
    if (team.rank != 0) status = parameters_create(parameters);
    status = agree(team, status);
    if (status_is_ok(status)) team_broadcast(team, 0, *parameters, sizeof **parameters);
    return status;
}

/* Room for what each wavelength makes of structure factors, and the curves that it comes from. */
static Status receive_dispersion(StructureFactors *factors, Beam *beam) {
    const size_t values = (size_t)factors->form_values;
    beam->coefficients = values == 0 ? NULL : malloc((size_t)beam->source_count * values * sizeof(double));
    const Status status = dispersing_make_curves(&factors->dispersing);
    if (!status_is_ok(status) || values == 0 || beam->coefficients != NULL) return status;
    return status_error(STATUS_NO_MEMORY, "no memory for the dispersion at %" PRId64 " sources", beam->source_count);
}

/* Allocates the arrays of a freshly received experiment. */
static Status allocate_arrays(Experiment *experiment) {
    Beam *beam = &experiment->beam;
    Crystal *crystal = &experiment->crystal;
    Detector *detector = &experiment->detector;
    Background *background = &experiment->background;
    const bool masked = experiment->active != NULL; /* rank 0's */
    const int64_t pixels = detector_pixels(detector);
    experiment->owned_grid = NULL;
    experiment->owned_table = NULL;
    experiment->owned_forms = NULL;
    experiment->sweep.owned_block = NULL;
    experiment->parameters = NULL;
    experiment->active = masked ? malloc((size_t)pixels) : NULL;
    beam->room = beam->source_count;
    crystal->room = crystal->domain_count;
    detector->panels = malloc((size_t)detector->panel_count * sizeof *detector->panels);
    detector->groups =
        detector->group_count == 0 ? NULL : malloc((size_t)detector->group_count * sizeof *detector->groups);
    detector->places = malloc((size_t)detector->panel_count * sizeof *detector->places);
    beam->sources = malloc((size_t)beam->source_count * sizeof *beam->sources);
    crystal->domains = malloc((size_t)crystal->domain_count * sizeof *crystal->domains);
    background->points = malloc((size_t)(background->point_count + 1) * sizeof *background->points);
    const Status dispersion = receive_dispersion(&experiment->factors, beam);
    if (detector->panels == NULL || detector->places == NULL || (detector->group_count > 0 && detector->groups == NULL))
        return status_error(STATUS_NO_MEMORY, "no memory for %d panels", detector->panel_count);
    TRY(dispersion);
    if (beam->sources == NULL || crystal->domains == NULL || background->points == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for %" PRId64 " sources and %" PRId64 " mosaic domains",
                            beam->source_count, crystal->domain_count);
    if (masked && experiment->active == NULL)
        return status_error(STATUS_NO_MEMORY, "no memory for a mask of %" PRId64 " pixels", pixels);
    return status_ok();
}

/* Values of the grids of structure factors: what is scaled, then what is not where frames need it. */
static size_t grid_values(const StructureFactors *factors, bool rescaled) {
    return (size_t)structure_factors_grid_size(factors) * (rescaled ? 2 : 1);
}

/* Where the node's copy of the grids lies; the table of the float32 kernel follows them. */
static void use_grid(Experiment *experiment, const SharedMemory *grid, bool rescaled, bool tabulated) {
    StructureFactors *factors = &experiment->factors;
    double *values = grid->bytes;
    const float *after = (const float *)(values + grid_values(factors, rescaled));
    factors->grid = values;
    if (rescaled) factors->unscaled = values + structure_factors_grid_size(factors);
    if (factors->form_values > 0) factors->forms = after;
    if (tabulated) factors->table = after + structure_factors_forms_size(factors);
}

/* Rank 0 of every node fills its node's memory: that of the job with its own grids, which it sends to those of other
 * nodes. @p tabulated: float32 needs the table too. */
static void fill_grid(Team leaders, Experiment *experiment, const SharedMemory *grid, bool rescaled, bool tabulated) {
    const size_t count = grid_values(&experiment->factors, rescaled);
    double *values = grid->bytes;
    if (experiment->owned_grid != NULL) memcpy(values, experiment->owned_grid, count * sizeof *values);
    team_broadcast(leaders, 0, values, count * sizeof *values);
    float *after = (float *)(values + count);
    const size_t forms = (size_t)structure_factors_forms_size(&experiment->factors);
    if (experiment->owned_forms != NULL) memcpy(after, experiment->owned_forms, forms * sizeof *after);
    if (forms > 0) team_broadcast(leaders, 0, after, forms * sizeof *after);
    if (tabulated) structure_factors_fill_table(&experiment->factors, after + forms);
}

static Status share_grid(Team team, Experiment *experiment, SharedMemory *grid) {
    StructureFactors *factors = &experiment->factors;
    const bool rescaled = factors->unscaled != NULL, tabulated = factors->table != NULL; /* rank 0's */
    const size_t values = grid_values(factors, rescaled);
    factors->grid = NULL;
    factors->unscaled = NULL;
    factors->table = NULL;
    factors->forms = NULL;
    if (values == 0) return status_ok();
    const int64_t table_values = tabulated ? structure_factors_table_size(factors) : 0;
    Team node = team_split_node(team);
    Team leaders = team_split(team, node.rank == 0 ? 0 : -1, team.rank);
    const size_t floats = (size_t)(table_values + structure_factors_forms_size(factors));
    const size_t bytes = values * sizeof(double) + floats * sizeof(float);
    const Status status = agree(team, team_share(node, bytes, grid));
    if (status_is_ok(status)) {
        use_grid(experiment, grid, rescaled, tabulated);
        team_share_sync(node, grid);
        if (leaders.ranks > 0) fill_grid(leaders, experiment, grid, rescaled, tabulated);
        team_share_sync(node, grid);
    }
    team_free(&leaders);
    team_free(&node);
    free(experiment->owned_grid);
    free(experiment->owned_table);
    free(experiment->owned_forms);
    experiment->owned_grid = NULL;
    experiment->owned_table = NULL;
    experiment->owned_forms = NULL;
    return status;
}

Status broadcast_experiment(Team team, Experiment **experiment, SharedMemory *grid) {
    const bool root = team.rank == 0;
    Status status = status_ok();
    *grid = team_no_memory();
    if (!root) {
        *experiment = calloc(1, sizeof **experiment);
        if (*experiment == NULL) status = status_error(STATUS_NO_MEMORY, "no memory for the experiment");
    }
    status = agree(team, status);
    if (!status_is_ok(status)) return status;
    Experiment *e = *experiment;
    team_broadcast(team, 0, e, sizeof *e);
    status = agree(team, root ? status_ok() : allocate_arrays(e));
    if (!status_is_ok(status)) return status;
    Detector *detector = &e->detector;
    team_broadcast(team, 0, detector->panels, (size_t)detector->panel_count * sizeof *detector->panels);
    if (detector->group_count > 0)
        team_broadcast(team, 0, detector->groups, (size_t)detector->group_count * sizeof *detector->groups);
    team_broadcast(team, 0, detector->places, (size_t)detector->panel_count * sizeof *detector->places);
    team_broadcast(team, 0, e->beam.sources, (size_t)e->beam.source_count * sizeof *e->beam.sources);
    if (e->factors.form_values > 0)
        team_broadcast(team, 0, e->beam.coefficients,
                       (size_t)(e->beam.source_count * e->factors.form_values) * sizeof *e->beam.coefficients);
    for (int i = 0; i < e->factors.dispersing.elements; i++) {
        int64_t rows = 0;
        AnomalousRow *row = anomalous_rows(e->factors.dispersing.curve[i], &rows);
        if (rows > 0) team_broadcast(team, 0, row, (size_t)rows * sizeof *row);
    }
    team_broadcast(team, 0, e->crystal.domains, (size_t)e->crystal.domain_count * sizeof *e->crystal.domains);
    team_broadcast(team, 0, e->background.points, (size_t)e->background.point_count * sizeof *e->background.points);
    if (e->active != NULL) team_broadcast(team, 0, e->active, (size_t)detector_pixels(&e->detector));
    return share_grid(team, e, grid);
}

/* Every rank's copy of the parameters of frame 0, where rank 0 has any. */
static Status share_parameters(Team team, Experiment *experiment) {
    bool has = experiment->parameters != NULL;
    team_broadcast(team, 0, &has, sizeof has);
    return has ? broadcast_parameters(team, &experiment->parameters) : status_ok();
}

Status broadcast_sweep(Team team, Experiment *experiment, SharedMemory *lists) {
    Sweep *sweep = &experiment->sweep;
    const size_t bytes = (size_t)sweep->block_length * sizeof *sweep->block;
    *lists = team_no_memory();
    TRY(share_parameters(team, experiment));
    if (bytes == 0) return status_ok();
    Team node = team_split_node(team);
    Team leaders = team_split(team, node.rank == 0 ? 0 : -1, team.rank);
    const Status status = agree(team, team_share(node, bytes, lists));
    if (status_is_ok(status)) {
        team_share_sync(node, lists);
        if (leaders.ranks > 0 && sweep->owned_block != NULL) memcpy(lists->bytes, sweep->owned_block, bytes);
        if (leaders.ranks > 0) team_broadcast(leaders, 0, lists->bytes, bytes);
        team_share_sync(node, lists);
        sweep_destroy(sweep);
        sweep->block = lists->bytes;
    }
    team_free(&leaders);
    team_free(&node);
    return status;
}
