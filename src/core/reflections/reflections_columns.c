#include "reflections/reflection_columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char separators[] = " \t\r,;\"";

/* What a column of a list is. */
typedef enum NameRole { NAME_UNKNOWN, NAME_H, NAME_K, NAME_L, NAME_VALUE, NAME_PASSED } NameRole;

typedef struct KnownName {
    const char *names; /* with blanks between */
    NameRole role;
    ColumnKind kind;
    FriedelSide side;
    bool is_calculated;
} KnownName;

/* F and I are told from f and i; names of what is not read may have any case. */
static const KnownName known[] = {
    {"h H", NAME_H, COLUMN_OTHER, FRIEDEL_BOTH, false},
    {"k K", NAME_K, COLUMN_OTHER, FRIEDEL_BOTH, false},
    {"l L", NAME_L, COLUMN_OTHER, FRIEDEL_BOTH, false},
    {"F |F| FP FO Fo FOBS Fobs F_obs F_meas F_meas_au F-obs amplitude Amplitude", NAME_VALUE, COLUMN_AMPLITUDE,
     FRIEDEL_BOTH, false},
    {"FC Fc FCALC Fcalc F_calc F_calc_au F-calc |Fc| F-model FMODEL", NAME_VALUE, COLUMN_AMPLITUDE, FRIEDEL_BOTH, true},
    {"F(+) F+ Fplus F_plus", NAME_VALUE, COLUMN_AMPLITUDE, FRIEDEL_PLUS, false},
    {"F(-) F- Fminus F_minus", NAME_VALUE, COLUMN_AMPLITUDE, FRIEDEL_MINUS, false},
    {"I IMEAN Imean IOBS Iobs I_obs I_meas I-obs Int INT intensity Intensity INTENSITY F2 F^2 F**2 F*F |F|2 |F|^2 "
     "Fo2 Fo^2 FSQ Fsq Fsquared F_squared F_squared_meas Fobs2 Fobs^2",
     NAME_VALUE, COLUMN_INTENSITY, FRIEDEL_BOTH, false},
    {"IC Ic ICALC Icalc I_calc Fc2 Fc^2 F_squared_calc", NAME_VALUE, COLUMN_INTENSITY, FRIEDEL_BOTH, true},
    {"I(+) I+ Iplus I_plus", NAME_VALUE, COLUMN_INTENSITY, FRIEDEL_PLUS, false},
    {"I(-) I- Iminus I_minus", NAME_VALUE, COLUMN_INTENSITY, FRIEDEL_MINUS, false},
    {"phi phase phic phcalc phase_calc fom w weight "
     "sig sigma sd esd e.s.d. s.u. su sigf sig_f sigfp sigi sig_i sigimean sigma(F) sigma(I) sigma(IOBS) sig(F) sig(I) "
     "sigmaF sigmaI sigma_F sigma_I dF dI sigF+ sigF- sigI+ sigI- sigF(+) sigF(-) sigI(+) sigI(-) "
     "d d-spacing d_spacing dspacing d-spac. resolution resol s stol 2theta tth theta q "
     "mult mult. multiplicity m j n nmeas nobs count counts redundancy batch frame "
     "flag free freer free_flag freer_flag freeflag status test centric epsilon - _ * i",
     NAME_PASSED, COLUMN_OTHER, FRIEDEL_BOTH, false},
};

/* ----------------------------------------------------------------------------------------------------------- names */

static bool has_name(const KnownName *entry, const char *name, size_t length) {
    for (const char *next = entry->names; *next != '\0'; next += strspn(next, " ")) {
        const size_t bytes = strcspn(next, " ");
        const bool same = entry->role == NAME_PASSED ? strncasecmp(next, name, bytes) == 0 : //
                              strncmp(next, name, bytes) == 0;
        if (bytes == length && same) return true;
        next += bytes;
    }
    return false;
}

static const KnownName *find(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (has_name(&known[i], name, length)) return &known[i];
    return NULL;
}

/* Whatever the sigma is of. */
static NameRole role_of(const char *name) {
    const KnownName *found = find(name, strlen(name));
    if (found == NULL && strncasecmp(name, "sig", 3) == 0) return NAME_PASSED;
    return found != NULL ? found->role : NAME_UNKNOWN;
}

bool list_names(const char *text, size_t length, ListNames *names) {
    *names = (ListNames){.count = 0};
    for (const char *next = text, *end = text + length; next < end;) {
        size_t bytes = 0;
        while (next + bytes < end && strchr(separators, next[bytes]) == NULL) bytes++;
        if (bytes >= REFLECTION_LABEL_BYTES || (bytes > 0 && names->count == LIST_FIELDS_MOST)) return false;
        if (bytes > 0) memcpy(names->name[names->count++], next, bytes);
        next += bytes + 1;
    }
    return true;
}

static bool begin_with_indices(const ListNames *names) {
    return names->count > 3 && role_of(names->name[0]) == NAME_H && role_of(names->name[1]) == NAME_K &&
           role_of(names->name[2]) == NAME_L;
}

void list_names_skip(ListNames *names) {
    for (int i = 1; i + 3 < names->count; i++)
        if (role_of(names->name[i]) == NAME_H && role_of(names->name[i + 1]) == NAME_K &&
            role_of(names->name[i + 2]) == NAME_L) {
            names->count -= i;
            memmove(names->name[0], names->name[i], (size_t)names->count * sizeof names->name[0]);
            return;
        }
}

bool list_names_are_header(const ListNames *names) {
    int given[NAME_PASSED + 1] = {0};
    for (int i = 0; i < names->count; i++) given[role_of(names->name[i])]++;
    return given[NAME_UNKNOWN] == 0 && given[NAME_H] == 1 && given[NAME_K] == 1 && given[NAME_L] == 1 &&
           given[NAME_VALUE] > 0;
}

/* "I(arb.units)", "F2_scaled": what stands before the first of such signs. */
bool list_names_are_doubtful(const ListNames *names) {
    if (!begin_with_indices(names)) return false;
    const char *fourth = names->name[3];
    const KnownName *whole = find(fourth, strlen(fourth)), *stem = find(fourth, strcspn(fourth, "([{/:_"));
    const KnownName *found = whole != NULL ? whole : stem;
    return found != NULL && (found->role == NAME_PASSED || found->kind == COLUMN_INTENSITY);
}

/* ---------------------------------------------------------------------------------------------------------- layout */

/* The names once more, for a message. */
static void join(const ListNames *names, size_t bytes, char *text) {
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < names->count && used + 1 < bytes; i++) {
        const int length = snprintf(text + used, bytes - used, "%s%s", i > 0 ? "," : "", names->name[i]);
        used += length > 0 ? (size_t)length : 0;
    }
}

/* The sigma of a value is the column behind it, when that is one. */
static int sigma_after(const ListNames *names, int field) {
    const char *next = field + 1 < names->count ? names->name[field + 1] : "";
    return strncasecmp(next, "sig", 3) == 0 ? field + 1 : -1;
}

static Status add_value(const ListNames *names, int field, Reflections *reflections, ListLayout *layout) {
    const char *name = names->name[field];
    const KnownName *entry = find(name, strlen(name));
    TRY(reflections_add_column(reflections, name, entry->kind, entry->side));
    reflections->column[reflections->columns - 1].is_calculated = entry->is_calculated;
    layout->field[layout->columns] = field;
    layout->sigma[layout->columns++] = sigma_after(names, field);
    return status_ok();
}

static Status check_names(const ListNames *names, const char *origin, StatusCode code) {
    char list[240];
    int given[NAME_PASSED + 1] = {0};
    join(names, sizeof list, list);
    for (int i = 0; i < names->count; i++) {
        given[role_of(names->name[i])]++;
        for (int j = 0; j < i; j++)
            if (role_of(names->name[i]) == NAME_VALUE && strcmp(names->name[i], names->name[j]) == 0)
                return status_error(code, "%.300s: %s: %s stands twice", origin, list, names->name[i]);
    }
    for (int i = 0; i < 3; i++)
        if (given[NAME_H + i] != 1)
            return status_error(code, "%.300s: %s: %c must stand once, as in h,k,l,F or h,k,l,I,sigI", origin, list,
                                "hkl"[i]);
    if (given[NAME_VALUE] > 0) return status_ok();
    return status_error(code,
                        "%.300s: %s: no column is F or I; amplitudes are named F, F(+), F(-) and intensities I, I(+), "
                        "I(-), all else is not read",
                        origin, list);
}

Status list_layout(const ListNames *names, const char *origin, StatusCode code, Reflections *reflections,
                   ListLayout *layout) {
    *layout = (ListLayout){.columns = 0};
    TRY(check_names(names, origin, code));
    for (int i = 0; i < names->count; i++) {
        const NameRole role = role_of(names->name[i]);
        if (role >= NAME_H && role <= NAME_L) layout->index[role - NAME_H] = i;
        if (role == NAME_VALUE) TRY(add_value(names, i, reflections, layout));
        if (role != NAME_PASSED && role != NAME_UNKNOWN) layout->fields = i + 1;
    }
    return status_ok();
}

/* ----------------------------------------------------------------------------------------------------------- lines */

static bool is_not_given(const char *word) {
    return *word == '\0' || (word[1] == '\0' && strchr("-?.*", *word) != NULL);
}

static Status read_number(const char *place, const char *const *word, int field, double *value) {
    const char *rest = word[field];
    if (text_read_real(word[field], value, &rest) && *rest == '\0' && isfinite(*value)) return status_ok();
    return status_error(STATUS_BAD_FILE, "%s: field %d is \"%.60s\"; it must be a number", place, field + 1,
                        word[field]);
}

/* A sigma that is no number says nothing; a negative one says that the value does not count (XDS, Scalepack). */
static bool is_rejected(const char *const *word, int words, int sigma) {
    double value = 0.0;
    const char *rest = "";
    return sigma >= 0 && sigma < words && text_read_real(word[sigma], &value, &rest) && value < 0.0;
}

Status list_read_words(const char *place, int64_t line, const char *const *word, int words, const ListLayout *layout,
                       Reflections *reflections) {
    double index[3], value = 0.0;
    if (words < layout->fields)
        return status_error(STATUS_BAD_FILE, "%s: %d field%s; its columns need %d (is the file cut off?)", place, words,
                            words == 1 ? "" : "s", layout->fields);
    for (int i = 0; i < 3; i++) TRY(read_number(place, word, layout->index[i], &index[i]));
    TRY(reflections_add_row(reflections, index, line));
    for (int i = 0; i < layout->columns; i++) {
        const int field = layout->field[i];
        const bool is_dropped = layout->drops_negative_sigma && is_rejected(word, words, layout->sigma[i]);
        if (is_dropped || is_not_given(word[field])) continue;
        TRY(read_number(place, word, field, &value));
        TRY(reflections_set(reflections, i, value));
    }
    return status_ok();
}

Status list_read_line(const LineReader *reader, const ListLayout *layout, Reflections *reflections) {
    char text[sizeof reader->current], place[512];
    const char *word[LIST_FIELDS_MOST];
    int words = 0;
    memcpy(text, reader->current, sizeof text);
    char *rest;
    for (char *next = text + strspn(text, separators); *next != '\0' && words < LIST_FIELDS_MOST;
         next = rest + strspn(rest, separators)) {
        word[words++] = next;
        rest = next + strcspn(next, separators);
        if (*rest != '\0') *rest++ = '\0';
    }
    (void)snprintf(place, sizeof place, "%.480s:%" PRId64, reader->path, reader->line);
    return list_read_words(place, reader->line, word, words, layout, reflections);
}
