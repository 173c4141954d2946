"""Trains the networks of `training_curves DIR` with PyTorch and JAX, from the same weights on the same batches, and compares the losses.

    cargo run --release -p quadric-benches --bin training_curves -- DIR
    python benches/peers/training_curves.py DIR

Needs numpy and jax or torch; a system that is not installed is left out. Ends with exit code 1 unless something
was compared and no loss differs by more than 1e-4, or is not a number.
"""
import json
import math
import sys

import numpy as np

BATCH, HEADS = 64, 4


def read(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    kinds = {"F32": np.float32, "F64": np.float64, "I32": np.int32}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[start:end], kinds[entry["dtype"]]).reshape(entry["shape"]).copy()
    params = {k[len("param."):]: v for k, v in arrays.items() if k.startswith("param.")}
    return params, arrays["x"], arrays["y"], arrays["loss"]


def with_torch(kind, params, x, y, steps):
    import torch
    import torch.nn.functional as F

    torch.manual_seed(0)
    p = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}

    def conv(x, y):
        for i in (0, 1):
            x = F.conv2d(x, p[f"blocks.{i}.0.weight"], padding=1)
            x = F.batch_norm(x, None, None, p[f"blocks.{i}.1.scale"], p[f"blocks.{i}.1.shift"], training=True, eps=1e-5)
            x = F.max_pool2d(F.relu(x), 2)
        return F.cross_entropy(x.flatten(1) @ p["head.1.weight"] + p["head.1.bias"], y)

    def gpt(x, y):
        b = "transformer.blocks.blocks."
        width = p["tokens.weight"].shape[1]
        norm = lambda h, scale, shift: F.layer_norm(h, (width,), scale, shift, 1e-5)
        h = p["tokens.weight"][x] + p["positions.weight"][: x.shape[1]]
        for i in range(p[b + "attention.query.weight"].shape[0]):
            at = lambda name: p[b + name][i]
            z = norm(h, at("attention_norm.scale"), at("attention_norm.shift"))
            split = lambda name: (z @ at(f"attention.{name}.weight") + at(f"attention.{name}.bias")).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            z = F.scaled_dot_product_attention(split("query"), split("key"), split("value"), is_causal=True)
            h = h + z.transpose(1, 2).flatten(-2) @ at("attention.output.weight") + at("attention.output.bias")
            z = norm(h, at("feed_forward_norm.scale"), at("feed_forward_norm.shift"))
            z = F.gelu(z @ at("feed_forward.up.weight") + at("feed_forward.up.bias"))
            h = h + z @ at("feed_forward.down.weight") + at("feed_forward.down.bias")
        h = norm(h, p["transformer.norm.scale"], p["transformer.norm.shift"])
        return F.cross_entropy((h @ p["tokens.weight"].T).flatten(0, 1), y.flatten())

    loss = {"conv": conv, "gpt": gpt}[kind]
    leaves = list(p.values())
    optimizer = torch.optim.SGD(leaves, 0.05, momentum=0.9) if kind == "conv" else torch.optim.Adam(leaves, 0.003)
    losses = []
    for i in range(steps):
        rows = slice(i * BATCH, (i + 1) * BATCH)
        value = loss(torch.tensor(x[rows]) if kind == "conv" else torch.tensor(x[rows]).long(), torch.tensor(y[rows]).long())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return np.array(losses)


def with_jax(kind, params, x, y, steps):
    import jax
    import jax.numpy as jnp

    def picked(z, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(z), y[..., None], -1).mean()

    def conv(p, x, y):
        for i in (0, 1):
            x = jax.lax.conv_general_dilated(x, p[f"blocks.{i}.0.weight"], (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))
            mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
            scale, shift = (p[f"blocks.{i}.1.{n}"][:, None, None] for n in ("scale", "shift"))
            x = jax.nn.relu((x - mean) * jax.lax.rsqrt(var + 1e-5) * scale + shift)
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return picked(x.reshape(x.shape[0], -1) @ p["head.1.weight"] + p["head.1.bias"], y)

    def gpt(p, x, y):
        b = "transformer.blocks.blocks."

        def norm(h, scale, shift):
            return (h - h.mean(-1, keepdims=True)) * jax.lax.rsqrt(h.var(-1, keepdims=True) + 1e-5) * scale + shift

        length = x.shape[1]
        mask = jnp.tril(jnp.ones((length, length), bool))
        h = p["tokens.weight"][x] + p["positions.weight"][:length]
        for i in range(p[b + "attention.query.weight"].shape[0]):
            at = lambda name: p[b + name][i]
            z = norm(h, at("attention_norm.scale"), at("attention_norm.shift"))
            split = lambda name: (z @ at(f"attention.{name}.weight") + at(f"attention.{name}.bias")).reshape(*z.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)
            q, k, v = split("query"), split("key"), split("value")
            scores = jnp.where(mask, q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]), -jnp.inf)
            z = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(h.shape)
            h = h + z @ at("attention.output.weight") + at("attention.output.bias")
            z = norm(h, at("feed_forward_norm.scale"), at("feed_forward_norm.shift"))
            z = jax.nn.gelu(z @ at("feed_forward.up.weight") + at("feed_forward.up.bias"), approximate=False)
            h = h + z @ at("feed_forward.down.weight") + at("feed_forward.down.bias")
        h = norm(h, p["transformer.norm.scale"], p["transformer.norm.shift"])
        return picked(h @ p["tokens.weight"].T, y)

    loss = {"conv": conv, "gpt": gpt}[kind]
    tree = jax.tree_util.tree_map

    @jax.jit
    def step(p, m, s, t, x, y):
        value, g = jax.value_and_grad(loss)(p, x, y)
        if kind == "conv":
            m = tree(lambda m, g: 0.9 * m + g, m, g)
            return value, tree(lambda p, m: p - 0.05 * m, p, m), m, s
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        s = tree(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
        rule = lambda p, m, s: p - 0.003 * (m / (1 - 0.9**t)) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8)
        return value, tree(rule, p, m, s), m, s

    p = tree(jnp.asarray, params)
    m = s = tree(jnp.zeros_like, p)
    losses = []
    for i in range(steps):
        rows = slice(i * BATCH, (i + 1) * BATCH)
        value, p, m, s = step(p, m, s, float(i + 1), x[rows], y[rows])
        losses.append(float(value))
    return np.array(losses)


def main():
    alike, compared = True, 0
    for kind in ("conv", "gpt"):
        params, x, y, ours = read(f"{sys.argv[1]}/{kind}.safetensors")
        for name, train in (("torch", with_torch), ("jax", with_jax)):
            try:
                theirs = train(kind, params, x, y, len(ours))
            except ImportError:
                print(f"{kind}: {name} is not installed")
                continue
            apart = np.abs(theirs - ours).max()
            # Not `apart > 1e-4`: a NaN is no likeness.
            alike, compared = alike and bool(apart <= 1e-4), compared + 1
            print(f"{kind}: {name} from {theirs[0]:.6f} to {theirs[-1]:.6f}, ours to {ours[-1]:.6f}; the losses of {len(ours)} steps differ by {apart:.1e} at most")
    if compared == 0:
        print("nothing was compared: neither torch nor jax is installed")
    return int(not (alike and compared > 0))


if __name__ == "__main__":
    sys.exit(main())
