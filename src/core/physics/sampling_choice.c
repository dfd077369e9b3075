#include "physics/sampling_choice.h"

#include "physics/shape.h"

enum { VIEW_EDGE = 9 };

/* ------------------------------------------------------------------------------------------------ size of the crystal
 */

/* The quadratic form, in the scattering vector, of which |F_latt|^2 near a spot's centre is a function, scaled so that
 * a feature is 1 long: sinc(r)^2 along an edge of square crystals, for others what their shape says. */
static Mat3 feature_form(const Crystal *crystal) {
    double g[6] = {0.0}, height = 0.0, scale = 1.0;
    if (crystal_shape_facts(crystal->shape).is_of_axes) {
        for (int i = 0; i < 3; i++) g[i] = (double)crystal->cells[i] * (double)crystal->cells[i];
    } else {
        shape_spot_form(crystal, g, &height);
        scale = shape_formulas(crystal->shape)->feature();
    }
    const Mat3 of_indices = {
        {vec3(g[0], 0.5 * g[3], 0.5 * g[5]), vec3(0.5 * g[3], g[1], 0.5 * g[4]), vec3(0.5 * g[5], 0.5 * g[4], g[2])}};
    const Mat3 cell = crystal->cell_m;
    Mat3 form = mat3_multiply(mat3_transpose(cell), mat3_multiply(of_indices, cell));
    for (int i = 0; i < 3; i++) form.row[i] = vec3_scale(scale, form.row[i]);
    return form;
}

/* The two greatest eigenvalues of a symmetric matrix without negative ones (Smith, Comm. ACM 4 (1961) 168). */
static void greatest_eigenvalues(Mat3 m, double *greatest, double *second) {
    const double mean = (m.row[0].x + m.row[1].y + m.row[2].z) / 3.0;
    for (int i = 0; i < 3; i++) m.row[i] = vec3_scale(1.0 / mean, m.row[i]);
    m.row[0].x -= 1.0;
    m.row[1].y -= 1.0;
    m.row[2].z -= 1.0;
    const double squares = vec3_dot(m.row[0], m.row[0]) + vec3_dot(m.row[1], m.row[1]) + vec3_dot(m.row[2], m.row[2]);
    const double p = sqrt(squares / 6.0);
    const double determinant = vec3_dot(m.row[0], vec3_cross(m.row[1], m.row[2]));
    const double cosine = p > 1e-12 ? fmax(-1.0, fmin(1.0, 0.5 * determinant / (p * p * p))) : 1.0;
    const double angle = acos(cosine) / 3.0;
    const double high = 2.0 * p * cos(angle), low = 2.0 * p * cos(angle + 2.0 * PI / 3.0);
    *greatest = mean * (1.0 + high);
    *second = mean * fmax(1.0 - high - low, 0.0);
}

/* -------------------------------------------------------------------------------------------------- view of the
 * detector */

/* Points of a panel: a grid with @p edge points along an edge, and after it what is nearest to the crystal. */
static void view_point(const Panel *panel, int edge, int i, double *fast_m, double *slow_m) {
    const double size_f = panel->pixel_size_m[0] * (double)panel->canvas.fast_pixels;
    const double size_s = panel->pixel_size_m[1] * (double)panel->canvas.slow_pixels;
    *fast_m = size_f * (i % edge) / (edge - 1);
    *slow_m = size_s * (i / edge % edge) / (edge - 1);
    if (i < edge * edge) return;
    *fast_m = fmin(fmax(panel->closest_m[0], 0.0), size_f);
    *slow_m = fmin(fmax(panel->closest_m[1], 0.0), size_s);
}

/* Unit vector to a point of a panel. */
static Vec3 direction_to(const Panel *panel, double fast_m, double slow_m) {
    return vec3_unit(panel_position(panel, fast_m, slow_m, 0.0));
}

/* Change of the direction over a pixel at a point: singular values of the Jacobian, the greater first. */
static void pixel_angles(const Panel *panel, double fast_m, double slow_m, double *angles_rad) {
    const double half_f = 0.25 * panel->pixel_size_m[0], half_s = 0.25 * panel->pixel_size_m[1];
    const Vec3 f = vec3_scale(
        2.0, vec3_subtract(direction_to(panel, fast_m + half_f, slow_m), direction_to(panel, fast_m - half_f, slow_m)));
    const Vec3 s = vec3_scale(
        2.0, vec3_subtract(direction_to(panel, fast_m, slow_m + half_s), direction_to(panel, fast_m, slow_m - half_s)));
    const double sum = vec3_dot(f, f) + vec3_dot(s, s), area = vec3_length(vec3_cross(f, s));
    const double root = sqrt(fmax(sum * sum - 4.0 * area * area, 0.0));
    angles_rad[0] = sqrt(0.5 * (sum + root));
    angles_rad[1] = sqrt(fmax(0.5 * (sum - root), 0.0));
}

/* What the pixels of all panels see. */
typedef struct View {
    double angles_rad[2]; /* of a pixel, at most */
    double across;        /* of scattering vectors and the spindle, at most */
    double solid_angle_sr;
    double edges_pixels; /* over area: per pixel */
} View;

static void add_panel(const Panel *panel, int edge, Vec3 spindle, View *view) {
    const int points = edge * edge + 1;
    double pixel_sr = 0.0;
    for (int i = 0; i < points; i++) {
        double fast_m = 0.0, slow_m = 0.0, here_rad[2];
        view_point(panel, edge, i, &fast_m, &slow_m);
        pixel_angles(panel, fast_m, slow_m, here_rad);
        const Vec3 scattering = vec3_subtract(direction_to(panel, fast_m, slow_m), panel->beam);
        view->across = fmax(view->across, vec3_length(vec3_cross(spindle, scattering)));
        for (int axis = 0; axis < 2; axis++) view->angles_rad[axis] = fmax(view->angles_rad[axis], here_rad[axis]);
        pixel_sr += here_rad[0] * here_rad[1] / points;
    }
    const double fast = (double)panel->canvas.fast_pixels, slow = (double)panel->canvas.slow_pixels;
    view->solid_angle_sr += pixel_sr * (fast * slow);
    view->edges_pixels = fmax(view->edges_pixels, 1.0 / fast + 1.0 / slow);
}

/* The shortest wavelength that counts, and how far the directions are from the beam's, at most. */
static void measure_sources(const Beam *beam, Vec3 middle, double *shortest_m, double *farthest) {
    *shortest_m = INFINITY;
    *farthest = 0.0;
    for (int64_t n = 0; n < beam->source_count; n++) {
        const Source *source = &beam->sources[n];
        if (!(source->weight > 0.0)) continue;
        *shortest_m = fmin(*shortest_m, source->wavelength_m);
        *farthest = fmax(*farthest, vec3_length(vec3_subtract(source->direction, middle)));
    }
}

SamplingFineness sampling_fineness(const Beam *beam, const Crystal *crystal, const Detector *detector, Vec3 spindle) {
    double greatest = 0.0, second = 0.0, shortest_m = 0.0, farthest = 0.0;
    View view = {.across = 0.0};
    greatest_eigenvalues(feature_form(crystal), &greatest, &second);
    measure_sources(beam, detector->panels[0].beam, &shortest_m, &farthest);
    const int edge = detector_points_along(detector, VIEW_EDGE);
    for (int i = 0; i < detector->panel_count; i++) add_panel(&detector->panels[i], edge, spindle, &view);
    SamplingFineness fineness = {.shape = crystal->shape};
    fineness.of_pixel[0] = sqrt(greatest) * view.angles_rad[0] / shortest_m;
    fineness.of_pixel[1] = sqrt(second) * view.angles_rad[1] / shortest_m;
    fineness.of_radian = sqrt(greatest) * (view.across + farthest) / shortest_m;
    /* lattice points in a shell of the Ewald sphere as thick as the spots */
    const double shell = view.solid_angle_sr / (shortest_m * shortest_m) * 2.0 / sqrt(greatest);
    fineness.reflections = shell * crystal->volume_m3;
    const double turned = 1.0 + crystal->mosaic_spread_rad * fineness.of_radian;
    fineness.lattices = fmin((double)crystal->domain_count, turned);
    fineness.lattices_extent = fineness.lattices > 1.0 ? turned - 1.0 : 0.0;
    fineness.terms = (double)beam->source_count * (double)crystal->domain_count;
    fineness.share_at_edges = 2.0 / fineness.of_pixel[1] * view.edges_pixels;
    return fineness;
}

/* ------------------------------------------------------------------------------------------------------------- errors
 */

/* Error of midpoint sums along one direction, relative to the brightest of intervals that hold @p width features each,
 * wherever the spot lies: the curvature of narrow spots against the interval, the slope at a border that cuts wide
 * ones.
 */
static double smooth_error(double width, double samples) {
    const double step = width / samples;
    return fmax(0.28 / (1.0 + 0.4 * width * width), 0.11) * step * step;
}

/* Sampled points in a disc of a radius of so many steps are as many as its area to within 0.69 sqrt(radius), root mean
 * square, as long as the disc holds several. */
static double disc_error(double width, double samples) {
    const double radius = samples / width;
    return 0.22 / (radius * sqrt(radius));
}

/* Error that is aimed at for the brightest pixel, less than what is promised, and what of it the spindle angles may
 * take: with two directions of the pixel, each step of which costs more, they are the fewest steps then. */
static const double ERROR_AIM = 0.8 * SAMPLING_ERROR_MOST, PHI_SHARE = 1.0 / 3.0;

/* Error that is aimed at for the sum over pixels and frames, and what of it the angles may take. Few bright spots
 * decide a sum: as many as a quarter of all, if all were alike. Errors of independent spots are taken three times as
 * large as they are on average. */
static const double SUM_AIM = 0.65 * SAMPLING_SUM_ERROR_MOST, SUM_PHI_SHARE = 0.4;
static const double SHARE_OF_SPOTS = 0.25, DEVIATIONS = 3.0;

/* Expected spots within some distance of the view, of which one is as good as certain to be there; and how far a spot
 * can be: a Gaussian one is below 1e-9 of its peak there. */
static const double SPOTS_SURE = 5.0, FARTHEST = 2.57;

/* Thinnest segment of a disc that is looked at, in radii; error of one as thin as a radius, in that of whole discs. */
static const double THINNEST = 0.02, SEGMENT = 1.4;

/* The feature is then a disc of this radius. */
static bool stops(const SamplingFineness *fineness) {
    return crystal_shape_facts(fineness->shape).end == SPOTS_STOP;
}

/* How far, in features, the nearest spot's centre may be from what is seen: the border of the detector, the Ewald
 * sphere, the first and last of @p turned features of the spindle. */
static double farthest_spot(const SamplingFineness *fineness, double turned) {
    double near = 0.0, far = stops(fineness) ? 1.0 : FARTHEST;
    for (int i = 0; i < 40; i++) {
        const double middle = 0.5 * (near + far), wider = 1.0 + 0.5 * fineness->share_at_edges * middle;
        const double reach = middle + 0.5 * turned;
        const double near_lattices = fmin(fineness->lattices * reach, reach + 0.5 * fineness->lattices_extent);
        const double spots = fineness->reflections * near_lattices * wider * wider;
        if (spots < SPOTS_SURE)
            near = middle;
        else
            far = middle;
    }
    return far;
}

/* Error of a sum over what is beyond a border so far from a spot's centre, in squares of a step: the slope at the
 * border, over 24 times the sum. The flank of a Gaussian falls the faster the farther out, fringes do not. */
static double flank_error(CrystalShape shape, double distance) {
    const double gaussian = 0.11 + 4.0 * PI * PI / 24.0 * distance * distance;
    return fmin(gaussian, shape_formulas(shape)->flank_most());
}

/* What cuts a spot spoils a sum: the borders of the detector, or the first and the last angle. Spots that are cut
 * anywhere err to both sides, so the sum of the errors grows with the root of their number; of a few spots, one is.
 * @param share   of the spots, that are cut
 * @param turned  features that the spindle turns by in a frame */
static double cut_error(const SamplingFineness *fineness, double step_squared, double share, double turned) {
    const double spots = fmax(SHARE_OF_SPOTS * fineness->reflections * fineness->lattices, 1.0);
    const double flank = flank_error(fineness->shape, farthest_spot(fineness, turned));
    const double of_many = 0.5 * DEVIATIONS * sqrt(fmin(share, 1.0) / spots);
    return flank * step_squared * fmin(fmax(of_many, 1.0 / spots), 1.0);
}

/* The same of the borders of the detector, by one sub-pixel. */
static double border_error(const SamplingFineness *fineness, double range_rad) {
    const double *width = fineness->of_pixel;
    return cut_error(fineness, width[0] * width[0] + width[1] * width[1], fineness->share_at_edges,
                     fineness->of_radian * range_rad);
}

/* The same of the first and last angle, by one angle. */
static double end_error(const SamplingFineness *fineness, double range_rad) {
    const double width = fineness->of_radian * range_rad;
    return cut_error(fineness, width * width, 2.0 / width, width);
}

/* Error of the sum over so many discs, each of which is sampled by itself, over that of one. Where few spots are in
 * view only a segment of one may show, as thin as what is left beyond the farthest centre, and lie along the rows. */
static double discs_deviations(const SamplingFineness *fineness, double range_rad, double phi_steps) {
    const double discs = fmax(SHARE_OF_SPOTS * fineness->reflections * fineness->terms * phi_steps, 1.0);
    const double thin = 1.0 - farthest_spot(fineness, fineness->of_radian * range_rad);
    return fmax(DEVIATIONS, SEGMENT / pow(fmax(thin, THINNEST), 1.5)) / sqrt(discs);
}

static double pixel_error(const SamplingFineness *fineness, double oversample) {
    const double *width = fineness->of_pixel;
    return smooth_error(width[0], oversample) + smooth_error(width[1], oversample);
}

double sampling_oversample_error(const SamplingFineness *fineness, double range_rad, double phi_steps,
                                 double oversample) {
    const double border = border_error(fineness, range_rad) / (oversample * oversample);
    if (!stops(fineness)) return fmax(pixel_error(fineness, oversample), border);
    return disc_error(fineness->of_pixel[0], oversample) *
           fmax(DEVIATIONS, discs_deviations(fineness, range_rad, phi_steps));
}

double sampling_phi_error(const SamplingFineness *fineness, double range_rad, double steps) {
    return fmax(smooth_error(fineness->of_radian * range_rad, steps), end_error(fineness, range_rad) / (steps * steps));
}

/* Least number of samples with an error of @p most in an interval, given that it falls with their square. */
static double samples_for(double error_of_one, double most) {
    return fmax(ceil(sqrt(error_of_one / most) - 1e-9), 1.0);
}

double sampling_needed_phi_steps(const SamplingFineness *fineness, double range_rad) {
    const double width = fineness->of_radian * range_rad;
    return fmax(samples_for(smooth_error(width, 1.0), PHI_SHARE * ERROR_AIM),
                samples_for(end_error(fineness, range_rad), SUM_PHI_SHARE * SUM_AIM));
}

/* The sum over discs, and the brightest pixel where it holds a border of one. */
static double needed_for_discs(const SamplingFineness *fineness, double range_rad, double phi_steps) {
    const double of_sum = SUM_AIM / discs_deviations(fineness, range_rad, phi_steps), of_pixel = ERROR_AIM / DEVIATIONS;
    const double most = fineness->of_pixel[0] < 0.5 ? of_sum : fmin(of_sum, of_pixel);
    return fmax(ceil(pow(disc_error(fineness->of_pixel[0], 1.0) / most, 2.0 / 3.0)), 1.0);
}

double sampling_needed_oversample(const SamplingFineness *fineness, double range_rad, double phi_steps) {
    const double phi_error = smooth_error(fineness->of_radian * range_rad, phi_steps);
    if (stops(fineness)) return needed_for_discs(fineness, range_rad, phi_steps);
    const double left = ERROR_AIM - fmin(phi_error, PHI_SHARE * ERROR_AIM);
    return fmax(
        samples_for(pixel_error(fineness, 1.0), left),
        samples_for(border_error(fineness, range_rad), (range_rad > 0.0 ? 1.0 - SUM_PHI_SHARE : 1.0) * SUM_AIM));
}

double sampling_nanobragg_oversample(const Beam *beam, const Crystal *crystal, const Detector *detector) {
    double longest_m = 0.0, most = 1.0;
    for (int i = 0; i < 3; i++) longest_m = fmax(longest_m, (double)crystal->cells[i] * crystal->lengths_m[i]);
    for (int i = 0; i < detector->panel_count; i++) {
        const Panel *panel = &detector->panels[i];
        const double distance_m = isfinite(panel->distance_m) ? panel->distance_m : panel->close_distance_m;
        const double pixel_m = fmax(panel->pixel_size_m[0], panel->pixel_size_m[1]);
        const double reciprocal_pixel_m = beam->wavelength_m * fabs(distance_m) / pixel_m;
        most = fmax(most, ceil(3.0 * longest_m / reciprocal_pixel_m));
    }
    return most;
}
