#include "model/recorded_experiment.h"

#include <stdlib.h>

void recorded_experiment_free(RecordedExperiment *experiment) {
    for (int i = 0; i < experiment->beams; i++) {
        free(experiment->beam[i].spectrum_m);
        free(experiment->beam[i].spectrum_weight);
    }
    for (int i = 0; i < experiment->detectors; i++) panel_geometry_free(&experiment->detector[i]);
    for (int i = 0; i < experiment->crystals; i++) free(experiment->crystal[i].reciprocal_at_points_per_m);
    free(experiment->beam);
    free(experiment->detector);
    free(experiment->goniometer);
    free(experiment->scan);
    free(experiment->crystal);
    free(experiment->shot);
    *experiment = (RecordedExperiment){0};
}
