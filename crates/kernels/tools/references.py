"""Writes reference values of the elementary functions (needs mpmath; run by hand).

    python3 references.py COUNT PATH [NAME ...]

Each line of PATH: name, then x, hi and lo as the bits of f64 in hexadecimal; f(x) = hi + lo to about 100 bits, with
x spread over the domains where the algorithms behave differently, and every second x a number of f32. Names restrict the
table to these functions. The table in the tests was made with COUNT = 40 and no names.
"""
import random
import struct
import sys
from mpmath import mp, mpf, cosh, erf, exp, expm1, log, log1p, loggamma, pi, polygamma, re, sin, cos, sinh, tanh

mp.dps = 60
count, path, names = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
rng = random.Random(1)
uniform = lambda lo, hi: [rng.uniform(lo, hi) for _ in range(count)]
spread = lambda lo, hi: [rng.choice((-1, 1)) * 2 ** rng.uniform(lo, hi) for _ in range(count)]
positive = lambda xs: [abs(x) for x in xs]
# The arguments where the derivative of order n of the digamma function is a normal f64.
orders = lambda n, lo, hi: (lambda x: polygamma(n, x), positive(spread(lo, hi)) + uniform(0.1, 2 * n) + uniform(n, n + 20))
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
