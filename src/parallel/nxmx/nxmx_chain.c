#include "nxmx/nxmx_chain.h"

#include "hdf5/hdf5_helpers.h"

#include <math.h>

static const double MM_PER_M = 1e3;

static Status attribute_vector(hid_t parent, const char *object, const char *name, Vec3 vector) {
    const double values[3] = {vector.x, vector.y, vector.z};
    return hdf5_attribute_reals(parent, object, name, 3, values);
}

Status nxmx_chain_attributes(hid_t parent, const char *name, const char *type, Vec3 vector, const char *depends_on) {
    TRY(hdf5_attribute_text(parent, name, "transformation_type", type));
    TRY(attribute_vector(parent, name, "vector", vector));
    TRY(attribute_vector(parent, name, "offset", vec3(0.0, 0.0, 0.0)));
    TRY(hdf5_attribute_text(parent, name, "offset_units", "mm"));
    return hdf5_attribute_text(parent, name, "depends_on", depends_on);
}

Status nxmx_chain_translation(hid_t parent, const char *name, double value_m, Vec3 vector, const char *depends_on) {
    TRY(hdf5_write_real(parent, name, MM_PER_M * value_m, "mm"));
    return nxmx_chain_attributes(parent, name, "translation", vector, depends_on);
}

/* From the quaternion, whose greatest part gives the others without loss; at half a turn too. */
static void axis_and_angle(Mat3 r, Vec3 *axis, double *angle_rad) {
    const double m[3][3] = {{r.row[0].x, r.row[0].y, r.row[0].z},
                            {r.row[1].x, r.row[1].y, r.row[1].z},
                            {r.row[2].x, r.row[2].y, r.row[2].z}};
    const double trace = m[0][0] + m[1][1] + m[2][2];
    double q[4]; /* x, y, z, w */
    int most = 0;
    for (int i = 1; i < 3; i++)
        if (m[i][i] > m[most][most]) most = i;
    if (trace > m[most][most]) {
        q[3] = 1.0 + trace;
        for (int i = 0; i < 3; i++) q[i] = m[(i + 2) % 3][(i + 1) % 3] - m[(i + 1) % 3][(i + 2) % 3];
    } else {
        const int next = (most + 1) % 3, last = (most + 2) % 3;
        q[most] = 1.0 + m[most][most] - m[next][next] - m[last][last];
        q[next] = m[next][most] + m[most][next];
        q[last] = m[last][most] + m[most][last];
        q[3] = m[last][next] - m[next][last];
    }
    const Vec3 along = vec3(q[0], q[1], q[2]);
    const double length = vec3_length(along);
    *axis = length > 0.0 ? vec3_scale(1.0 / length, along) : vec3(0.0, 0.0, 1.0);
    *angle_rad = 2.0 * atan2(length, q[3]);
}

Status nxmx_chain_rotation(hid_t parent, const char *name, Mat3 rotation, const char *depends_on) {
    Vec3 axis;
    double angle_rad;
    axis_and_angle(rotation, &axis, &angle_rad);
    TRY(hdf5_write_real(parent, name, angle_rad / RADIANS_PER_DEGREE, "deg"));
    return nxmx_chain_attributes(parent, name, "rotation", axis, depends_on);
}
