#include "base/vector.h"

Mat3 mat3_multiply(Mat3 left, Mat3 right) {
    const Mat3 columns = mat3_transpose(right);
    Mat3 product;
    for (int i = 0; i < 3; i++)
        product.row[i] = vec3(vec3_dot(left.row[i], columns.row[0]), vec3_dot(left.row[i], columns.row[1]),
                              vec3_dot(left.row[i], columns.row[2]));
    return product;
}

Mat3 mat3_transpose(Mat3 m) {
    return (Mat3){{{m.row[0].x, m.row[1].x, m.row[2].x},
                   {m.row[0].y, m.row[1].y, m.row[2].y},
                   {m.row[0].z, m.row[1].z, m.row[2].z}}};
}

Vec3 vec3_rotate_xyz(Vec3 v, double x_rad, double y_rad, double z_rad) {
    const double cx = cos(x_rad), sx = sin(x_rad);
    const double cy = cos(y_rad), sy = sin(y_rad);
    const double cz = cos(z_rad), sz = sin(z_rad);
    v = vec3(v.x, cx * v.y - sx * v.z, sx * v.y + cx * v.z);
    v = vec3(cy * v.x + sy * v.z, v.y, cy * v.z - sy * v.x);
    return vec3(cz * v.x - sz * v.y, sz * v.x + cz * v.y, v.z);
}

Vec3 vec3_rotate_about(Vec3 v, Vec3 axis, double angle_rad) {
    const double along = vec3_dot(axis, v) * (1.0 - cos(angle_rad));
    const Vec3 kept = vec3_scale(cos(angle_rad), v);
    const Vec3 swung = vec3_scale(sin(angle_rad), vec3_cross(axis, v));
    return vec3_add(vec3_scale(along, axis), vec3_add(kept, swung));
}

Mat3 mat3_rotation_about(Vec3 axis, double angle_rad) {
    return mat3_transpose(
        (Mat3){{vec3_rotate_about(vec3(1, 0, 0), axis, angle_rad), vec3_rotate_about(vec3(0, 1, 0), axis, angle_rad),
                vec3_rotate_about(vec3(0, 0, 1), axis, angle_rad)}});
}

Mat3 mat3_of_quaternion(double w, double x, double y, double z) {
    return (Mat3){{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                   {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                   {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}
