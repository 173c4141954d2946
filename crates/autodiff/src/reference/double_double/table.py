"""Writes table.txt: arguments and 40-digit values, by mpmath at 80 digits.

    python3 -m venv v && v/bin/pip install mpmath && v/bin/python table.py > table.txt

Each line is a function, its arguments as pairs hi lo (f64, exact), and the value. The arguments are random with a fixed seed: over the range of
the function, towards zero, and close to its zeros and poles. Constants of double_double.rs are printed with `--constants`.
"""
import random
import struct
import sys

from mpmath import mp, mpf

mp.dps = 80
random.seed(2)


def pair(x):
    hi = float(x)
    return hi, float(mpf(x) - mpf(hi))


def exact(p):
    return mpf(p[0]) + mpf(p[1])


def uniform(a, b):
    return pair(mpf(a) + (mpf(b) - mpf(a)) * mpf(random.getrandbits(160)) / mpf(2) ** 160)


def log_uniform(a, b):
    """Magnitudes spread evenly over decades a to b."""
    return pair(mpf(10) ** exact(uniform(a, b)))


def signed(p):
    return p if random.random() < 0.5 else (-p[0], -p[1])


def line(name, args, value):
    print(name, *[f"{part!r}" for p in args for part in p], mp.nstr(value, 40, strip_zeros=False, min_fixed=1, max_fixed=0))


def unary(name, f, points):
    for p in points:
        line(name, [p], f(exact(p)))


def binary(name, f, points):
    for p, q in points:
        line(name, [p, q], f(exact(p), exact(q)))


def table():
    print("# Made by table.py: function, arguments as hi lo, value to 40 digits (mpmath). Do not edit.")
    wide = lambda n: [signed(log_uniform(-60, 60)) for _ in range(n)]
    near = lambda centre, n: [pair(mpf(centre) + exact(signed(log_uniform(-29, -2)))) for _ in range(n)]
    # Close in the first number as well as in the second: sums that cancel.
    cancel = [(p, pair(-exact(p) * (1 + exact(signed(log_uniform(-25, -3)))))) for p in wide(20)]
    pairs = list(zip(wide(25), wide(25)))
    same = [(signed(uniform(1, 2)), signed(uniform(1, 2))) for _ in range(25)]
    binary("add", lambda x, y: x + y, pairs + same + cancel)
    binary("sub", lambda x, y: x - y, pairs + same + [(p, (-q[0], -q[1])) for p, q in cancel])
    binary("mul", lambda x, y: x * y, pairs + same)
    binary("div", lambda x, y: x / y, pairs + same)
    unary("sqrt", mp.sqrt, [log_uniform(-280, 300) for _ in range(30)] + [uniform(0, 4) for _ in range(20)] + [pair(k) for k in (1, 2, 4, 1e300)])
    small = [signed(log_uniform(-250, 0)) for _ in range(25)]
    unary("exp", mp.exp, [uniform(-600, 709) for _ in range(40)] + small + near(0, 10))
    unary("expm1", mp.expm1, [uniform(-80, 709) for _ in range(30)] + small + [uniform(-1, 1) for _ in range(30)])
    unary("log", mp.log, [log_uniform(-280, 308) for _ in range(30)] + near(1, 25) + [uniform(0.1, 3) for _ in range(30)])
    unary("log1p", mp.log1p, small + [p for p in near(-1, 40) if exact(p) > -1] + [uniform(-0.99, 3) for _ in range(30)] + [log_uniform(0, 300) for _ in range(15)])
    angles = [uniform(-10, 10) for _ in range(30)] + small + [signed(log_uniform(1, 300)) for _ in range(30)]
    multiples = [k for k in (1, 2, 3, 4, 7, 100, 355, 10**6 + 1, 10**12 + 3, 2**60 + 1)]
    # The closest pairs to multiples of π/2, where sine or cosine is what the pair leaves out: about 1e-32 of k.
    zeros = [pair(k * mp.pi / 2) for k in multiples] + [pair(k * mp.pi / 2 + exact(signed(log_uniform(-20, -3)))) for k in multiples]
    # The f64 closest to a multiple of π/2 of all: 6381956970095103 · 2^797.
    unary("sin", mp.sin, angles + zeros + [(6381956970095103.0 * 2.0**797, 0.0)])
    unary("cos", mp.cos, angles + zeros + [(6381956970095103.0 * 2.0**797, 0.0)])
    unary("tanh", mp.tanh, small + [uniform(-4, 4) for _ in range(30)] + [signed(uniform(4, 50)) for _ in range(15)])
    unary("erf", mp.erf, small + [uniform(-3, 3) for _ in range(40)] + [signed(uniform(3, 10)) for _ in range(25)])
    unary("floor", mp.floor, [signed(log_uniform(0, 40)) for _ in range(25)] + [pair(mpf(k) + s * mpf(10) ** -25) for k in (0, 1, -1, 7, 2**60) for s in (1, -1)])
    moderate = [(log_uniform(-4, 4), uniform(-3, 3)) for _ in range(40)]
    steep = [(log_uniform(-40, 40), uniform(-6, 6)) for _ in range(30)]
    flat = [(pair(1 + exact(signed(log_uniform(-20, -3)))), signed(log_uniform(0, 3))) for _ in range(20)]
    whole = [(signed(log_uniform(-3, 3)), (float(k), 0.0)) for k in range(-12, 13)]
    many = [(pair(1 + exact(signed(log_uniform(-8, -5)))), (float(signed((random.randint(1, 10**7), 0.0))[0]), 0.0)) for _ in range(10)]
    binary("pow", lambda x, y: x**y, moderate + steep + flat + whole)
    binary("powi", lambda x, y: x ** int(y), whole + [(signed(uniform(0.5, 2)), (float(random.randint(-200, 200)), 0.0)) for _ in range(25)] + many)
    unary("rsqrt", lambda x: 1 / mp.sqrt(x), [log_uniform(-280, 300) for _ in range(20)])
    unary("logistic", lambda x: 1 / (1 + mp.exp(-x)), [uniform(-100, 100) for _ in range(30)] + small[:10])


def constants():
    def show(name, x):
        hi, lo = pair(x)
        print(f"{name}: Dd {{ hi: {hi!r}, lo: {lo!r} }}")

    show("PI_2", mp.pi / 2)
    show("LN_2", mp.log(2))
    show("TWO_OVER_SQRT_PI", 2 / mp.sqrt(mp.pi))
    # ln 2 in two parts of 32 bits, whose products with exponents up to 2^11 are exact, and a rest.
    ln2, parts = mp.log(2), []
    for bits in (32, 64):
        part = mp.floor(ln2 * mpf(2) ** bits) / mpf(2) ** bits
        parts.append(float(part))
        assert mpf(parts[-1]) == part
        ln2 -= part
    print("LN_2 parts", parts, pair(ln2))
    mp.prec = 1600
    words = int(mp.floor(2 / mp.pi * mpf(2) ** (64 * 21)))
    print("2/pi", [f"0x{(words >> (64 * (20 - k))) & (2**64 - 1):016x}" for k in range(21)])


constants() if "--constants" in sys.argv else table()
