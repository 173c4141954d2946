"""Writes reference values of the elementary functions (needs mpmath; run by hand).

    python3 references.py COUNT PATH [NAME ...]

Each line of PATH: name, then x, hi and lo as the bits of f64 in hexadecimal; f(x) = hi + lo to about 100 bits, with
x spread over the domains where the algorithms behave differently, and every second x a number of f32. Functions of two numbers have
both before hi. Names restrict the table to these functions. The table in the tests was made with COUNT = 40 and no names.
"""
import random
import struct
import sys
from mpmath import mp, mpf, acos, acosh, asin, asinh, atan, atanh, cos, cosh, erf, erfc, erfinv, exp, expm1, hypot, log, log1p
from mpmath import loggamma, pi, polygamma, re, sech, sin, sinh, sqrt, tanh

mp.dps = 60
count, path, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
rng = random.Random(1)
uniform = lambda lo, hi: [rng.uniform(lo, hi) for _ in range(count)]
spread = lambda lo, hi: [rng.choice((-1, 1)) * 2 ** rng.uniform(lo, hi) for _ in range(count)]
positive = lambda xs: [abs(x) for x in xs]
# The arguments where the derivative of order n of the digamma function is a normal f64.
orders = lambda n, lo, hi: (lambda x: polygamma(n, x), positive(spread(lo, hi)) + uniform(0.1, 2 * n) + uniform(n, n + 20))
# Just below 1, odd ones also in f32.
near_one = lambda: [1 - 2.0 ** -rng.uniform(1, 23 if i % 2 == 1 else 52) for i in range(count)]
turns = [float(mpf(rng.randint(-600000, 600000)) * pi / 2) for _ in range(count)]

functions = {
    "exp": (exp, uniform(-745, 709.7) + uniform(-1, 1) + spread(-60, 0)),
    "expm1": (expm1, uniform(-40, 709.7) + uniform(-1.2, 1.2) + spread(-60, 0)),
    "log": (log, positive(spread(-1073, 1023)) + uniform(0.5, 2) + [1 + x for x in spread(-40, -2)]),
    "log1p": (log1p, positive(spread(-60, 1000)) + uniform(-0.99, 3) + spread(-60, -1)),
    "tanh": (tanh, uniform(-20, 20) + uniform(-1, 1) + spread(-60, 0)),
    "erf": (erf, uniform(-6, 6) + uniform(-1.3, 1.3) + spread(-60, 0)),
    "logistic": (lambda x: 1 / (1 + exp(-x)), uniform(-708, 40) + uniform(-5, 5) + spread(-60, 0)),
    "sin": (sin, uniform(-(2**20), 2**20) + uniform(-7, 7) + spread(-60, 0) + turns),
    "cos": (cos, uniform(-(2**20), 2**20) + uniform(-7, 7) + spread(-60, 0) + turns),
    # New functions go last, so that the others keep their arguments.
    "sinh": (sinh, uniform(-710.4, 710.4) + uniform(-1.2, 1.2) + spread(-60, 0)),
    "cosh": (cosh, uniform(-710.4, 710.4) + uniform(-1.2, 1.2) + spread(-60, 0)),
    "lgamma": (lambda x: re(loggamma(x)), positive(spread(-60, 60)) + uniform(0.01, 20) + [1 + x for x in spread(-30, -1)]),
    "digamma": (lambda x: polygamma(0, x), positive(spread(-60, 60)) + uniform(0.01, 20) + uniform(1.3, 1.6)),
    "trigamma": (lambda x: polygamma(1, x), positive(spread(-60, 60)) + uniform(0.01, 20) + uniform(1.3, 1.6)),
    "tetragamma": (lambda x: polygamma(2, x), positive(spread(-60, 60)) + uniform(0.01, 20) + uniform(1.3, 1.6)),
    "pentagamma": (lambda x: polygamma(3, x), positive(spread(-60, 60)) + uniform(0.01, 20) + uniform(1.3, 1.6)),
    "polygamma4": orders(4, -203, 255),
    "polygamma20": orders(20, -45, 53),
    "polygamma100": orders(100, -4.9, 15.3),
    "gaussian": (lambda x: exp(-x * x), uniform(-27.2, 27.2) + uniform(-10, 10) + uniform(-2, 2) + spread(-60, 0)),
    "half_gaussian": (lambda x: exp(-x * x / 2), uniform(-38.5, 38.5) + uniform(-14, 14) + uniform(-3, 3) + spread(-60, 0)),
    "normal_cdf": (lambda x: erfc(-x / sqrt(2)) / 2, uniform(-38.4, 8.3) + uniform(-14, 3) + uniform(-2, 1) + spread(-60, 0)),
    "erfc": (erfc, uniform(-6, 27.2) + uniform(-2, 10) + uniform(-1, 2) + spread(-60, 0)),
    "sech": (sech, uniform(-745, 745) + uniform(-104, 104) + uniform(-3, 3) + spread(-60, 0)),
    "softplus": (lambda x: log1p(exp(x)), uniform(-745, 40) + uniform(-104, 20) + uniform(-3, 3) + spread(-60, 0)),
    "atan": (atan, spread(-60, 100) + uniform(-3, 3) + uniform(0.9, 1.1)),
    "asin": (asin, uniform(-1, 1) + spread(-60, 0) + near_one()),
    "acos": (acos, uniform(-1, 1) + spread(-60, 0) + near_one()),
    "asinh": (asinh, spread(-60, 1000) + spread(-20, 20) + uniform(-3, 3)),
    "acosh": (acosh, [1 / x for x in near_one()] + positive(spread(0, 1000)) + uniform(1, 4)),
    "atanh": (atanh, uniform(-1, 1) + spread(-60, -0.001) + near_one()),
    "erf_inv": (erfinv, uniform(-1, 1) + spread(-60, -0.001) + near_one()),
}

# Functions of two numbers.
pairs = lambda *groups: [(a, b) for first, second in groups for a, b in zip(first, second)]
near = lambda xs, lo, hi: (xs, [x + d for x, d in zip(xs, uniform(lo, hi))])


def powers():
    """x and n with x^n in the range of f64, or of f32 for every second pair; n up to 20, up to 5000, up to 2^31."""
    rows = []
    for most in (20, 5000, 2**31 - 1):
        for i in range(2 * count):
            n = rng.choice((-1, 1)) * int(2 ** rng.uniform(1, float(log(most, 2))))
            lo, hi = (-149, 127.9) if i % 2 == 1 else (-1074, 1023.9)
            rows.append((rng.choice((-1, 1)) * 2 ** (rng.uniform(lo, hi) / n), n))
    return rows


functions_of_two = {
    "hypot": (hypot, pairs((uniform(-3, 3), uniform(-3, 3)), (spread(-1060, 1000), spread(-1060, 1000)), (spread(-30, 30), spread(-30, 30)))),
    "logaddexp": (
        lambda a, b: max(a, b) + log1p(exp(-abs(a - b))),
        pairs((uniform(-3, 3), uniform(-3, 3)), near(uniform(-1000, 1000), -40, 40), near(uniform(-1, 1), -1, 1), near(spread(-60, 0), -3, 3)),
    ),
    "powi": (lambda x, n: x ** int(n), powers()),
}


def to_f32(x):
    """The nearest f32, or x itself where that is 0 or infinite."""
    narrow = struct.unpack("f", struct.pack("f", x))[0] if abs(x) < 2.0**127 else 0.0
    return narrow if narrow != 0.0 else x


bits = lambda x: struct.pack(">d", x).hex()
with open(path, "w") as out:
    for name, (f, xs) in functions.items():
        if names and name not in names:
            continue
        for i, x in enumerate(xs):
            x = to_f32(x) if i % 2 == 1 else x
            y = f(mpf(x))
            hi = float(y)
            out.write(f"{name} {bits(x)} {bits(hi)} {bits(float(y - mpf(hi)))}\n")
    for name, (f, xs) in functions_of_two.items():
        if names and name not in names:
            continue
        for i, (a, b) in enumerate(xs):
            a, b = (x if i % 2 == 0 or isinstance(x, int) else to_f32(x) for x in (a, b))
            y = f(mpf(a), mpf(b))
            # Rounded to f32, the base of a large power may lead it out of the range.
            if abs(y) > 2**1023:
                continue
            hi = float(y)
            out.write(f"{name} {bits(a)} {bits(float(b))} {bits(hi)} {bits(float(y - mpf(hi)))}\n")
