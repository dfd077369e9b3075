#include "parameters/parameter_roles.h"

#include <assert.h>
#include <math.h>

/* A parameter that stands twice in the table is declared twice here. */
enum {
#define ROLE(section, name, ...) ROLE_OF_##section##_##name,
#include "parameters/parameter_roles.def"
#undef ROLE
    ROLES
};
static_assert((int)ROLES == (int)PARAMETER_COUNT, "each row of parameters.def has one in parameter_roles.def");

#define PER_FRAME true
#define PER_RUN false
#define WORD(enumerator) ((double)(int)(enumerator))
#define ROLE(section, name, parts, scope, needs, harmless)                                                             \
    [PARAMETER(section, name)] = {.enters = (parts), .per_frame = (scope), .need = (needs), .nothing = (harmless)},
static const ParameterRole roles[PARAMETER_COUNT] = {
#include "parameters/parameter_roles.def"
};

const ParameterRole *parameter_role(int index) {
    return &roles[index];
}
