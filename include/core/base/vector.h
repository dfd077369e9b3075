/** @file
 *  Vectors and rotations of three dimensions, in the laboratory frame of nanoBragg unless said otherwise. */
#ifndef TESSERA_VECTOR_H
#define TESSERA_VECTOR_H

#include "base/constants.h"

#include <math.h>

/** A vector, or a point. */
typedef struct Vec3 {
    double x, y, z;
} Vec3;

/** A matrix as three rows. */
typedef struct Mat3 {
    Vec3 row[3];
} Mat3;

static inline Vec3 vec3(double x, double y, double z) {
    return (Vec3){x, y, z};
}
static inline Vec3 vec3_add(Vec3 u, Vec3 v) {
    return vec3(u.x + v.x, u.y + v.y, u.z + v.z);
}
static inline Vec3 vec3_subtract(Vec3 u, Vec3 v) {
    return vec3(u.x - v.x, u.y - v.y, u.z - v.z);
}
static inline Vec3 vec3_scale(double factor, Vec3 v) {
    return vec3(factor * v.x, factor * v.y, factor * v.z);
}
static inline double vec3_dot(Vec3 u, Vec3 v) {
    return u.x * v.x + u.y * v.y + u.z * v.z;
}
static inline Vec3 vec3_cross(Vec3 u, Vec3 v) {
    return vec3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x);
}
static inline double vec3_length(Vec3 v) {
    return sqrt(vec3_dot(v, v));
}
/** The unit vector along @p v; @p v itself when its length is zero. */
static inline Vec3 vec3_unit(Vec3 v) {
    const double length = vec3_length(v);
    return length > 0.0 ? vec3(v.x / length, v.y / length, v.z / length) : v;
}
/** @p matrix times the column vector @p v. */
static inline Vec3 mat3_apply(Mat3 matrix, Vec3 v) {
    return vec3(vec3_dot(matrix.row[0], v), vec3_dot(matrix.row[1], v), vec3_dot(matrix.row[2], v));
}
static inline Mat3 mat3_identity(void) {
    return (Mat3){{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
}

Mat3 mat3_multiply(Mat3 left, Mat3 right);
Mat3 mat3_transpose(Mat3 matrix);

/** @p v turned by @p x_rad about x, then @p y_rad about y, then @p z_rad about z (each right-handed). */
Vec3 vec3_rotate_xyz(Vec3 v, double x_rad, double y_rad, double z_rad);

/** @p v turned right-handed by @p angle_rad about the unit vector @p axis (Rodrigues' formula). */
Vec3 vec3_rotate_about(Vec3 v, Vec3 axis, double angle_rad);

/** The rotation matrix by @p angle_rad about the unit vector @p axis. */
Mat3 mat3_rotation_about(Vec3 axis, double angle_rad);

/** The rotation matrix of the unit quaternion w + x i + y j + z k. */
Mat3 mat3_of_quaternion(double w, double x, double y, double z);

#endif
