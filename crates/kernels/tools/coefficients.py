"""Prints the polynomial coefficients of src/math/{f32,f64}.rs (needs mpmath; run by hand, output pasted).

Each fit is a weighted least-squares fit on Chebyshev points, reweighted a few times towards the minimax fit
(Lawson 1961). The error printed is relative to the *function being computed*, not to the polynomial, so it
compares directly with 2^-53 or 2^-24.
"""
import struct
from mpmath import mp, mpf, cos, sin, pi, exp, log, erf, erfc, sqrt, matrix, lu_solve

mp.dps = 50


def fit(f, weight, lo, hi, degree, shift=0, rounds=12):
    """Minimises max |weight(x) (p(x - shift) - f(x))| over [lo, hi]."""
    count = 6 * degree + 40
    xs = [(lo + hi) / 2 + (hi - lo) / 2 * cos(pi * (i + mpf(1) / 2) / count) for i in range(count)]
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    lawson = [mpf(1) / count] * count
    best = None
    for _ in range(rounds):
        gram, rhs = matrix(degree + 1, degree + 1), matrix(degree + 1, 1)
        for x, y, w, l in zip(xs, fs, ws, lawson):
            powers = [(x - shift) ** k for k in range(degree + 1)]
            s = l * w * w
            for i in range(degree + 1):
                rhs[i] += s * powers[i] * y
                for j in range(degree + 1):
                    gram[i, j] += s * powers[i] * powers[j]
        c = lu_solve(gram, rhs)
        errors = [abs(w * (sum(c[k] * (x - shift) ** k for k in range(degree + 1)) - y)) for x, y, w in zip(xs, fs, ws)]
        worst = max(errors)
        if best is None or worst < best[0]:
            best = (worst, [c[k] for k in range(degree + 1)])
        lawson = [l * (e + worst / 100) for l, e in zip(lawson, errors)]
        total = sum(lawson)
        lawson = [l / total for l in lawson]
    return best


def literal(c, single):
    if not single:
        return repr(float(c))
    packed = struct.unpack("f", struct.pack("f", float(c)))[0]
    for digits in range(1, 12):
        text = "%.*g" % (digits, packed)
        if struct.unpack("f", struct.pack("f", float(text)))[0] == packed:
            return text


def show(name, result, single=False):
    error, coefficients = result
    print(f"// {name}: fit error 2^{float(log(error, 2)):.1f}")
    print("    [" + ", ".join(literal(c, single) for c in coefficients) + "],")


tiny = mpf(2) ** -60
h = log(2) / 2 * mpf("1.01")
exp_q = lambda r: (exp(r) - 1 - r) / r**2 if abs(r) > tiny else mpf(1) / 2
z_max = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.01")
# log((1+s)/(1-s)) = 2 s + s R(s^2)
log_r = lambda z: (log((1 + sqrt(z)) / (1 - sqrt(z))) - 2 * sqrt(z)) / sqrt(z)
q_max = (pi / 4 * mpf("1.01")) ** 2
sin_s = lambda z: (sin(sqrt(z)) - sqrt(z)) / sqrt(z) ** 3
cos_c = lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2
erf_p = lambda z: erf(sqrt(z)) / sqrt(z) - 1
erf_w = lambda z: sqrt(z) / erf(sqrt(z))
tail = lambda t: exp(t * t) * erfc(t)
tail_w = lambda t: exp(-t * t) / erf(t)
# Phi(-t) e^(t^2/2) (1 + 13/16 t) as a function of s = (t - 4) / (t + 4); weighted to be relatively accurate.
from_s = lambda s: 4 * (1 + s) / (1 - s)
mills = lambda s: exp(from_s(s) ** 2 / 2) * erfc(from_s(s) / sqrt(2)) / 2 * (1 + mpf(13) / 16 * from_s(s))
to_s = lambda t: (mpf(t) - 4) / (mpf(t) + 4)

for single in (False, True):
    print("f32" if single else "f64")
    pick = lambda a, b: b if single else a
    show("exp", fit(exp_q, lambda r: r * r / exp(r), -h, h, pick(9, 4)), single)
    # log1p(f) = 2s + s R: relative weight 1/2 near zero
    show("log R(z)/z", fit(lambda z: log_r(z) / z, lambda z: z / 2, mpf(10) ** -12, z_max, pick(6, 3)), single)
    if not single:
        show("sin", fit(sin_s, lambda z: z * sqrt(z) / sin(sqrt(z)), mpf(10) ** -9, q_max, 5))
        show("cos", fit(cos_c, lambda z: z * z / cos(sqrt(z)), mpf(10) ** -9, q_max, 5))
        show("sin for f32", fit(sin_s, lambda z: z * sqrt(z) / sin(sqrt(z)), mpf(10) ** -9, q_max, 3))
        show("cos for f32", fit(cos_c, lambda z: z * z / cos(sqrt(z)), mpf(10) ** -9, q_max, 3))
    for d in pick((11, 12, 13), (5, 6)):
        show(f"erf small {d}", fit(erf_p, erf_w, mpf(10) ** -15, mpf("1.001"), d), single)
    for d in pick((14, 16, 18, 20), (6, 7, 8)):
        show(f"erf tail {d}", fit(tail, tail_w, mpf(1), mpf(pick(6, 4)), d, shift=2), single)
    for d in pick((22, 23), (8, 9, 10)):
        show(f"mills {d}", fit(mills, lambda s: 1 / mills(s), mpf(-1), to_s(pick("39", "14.5")), d), single)
