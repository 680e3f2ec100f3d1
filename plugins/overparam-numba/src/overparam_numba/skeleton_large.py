"""Template of a printed module for large runs; `overparam_numba.template` fills in the recipe's parts."""

__all__ = ["LARGE"]

LARGE = '''

@njit(**OPTIONS, inline="always")
def pass_over(a, places, sizes, cuts, slot, own):
    """A slot's share of the gradient; returns its Σ miss². `own` is where this thread's own memory begins."""
    x, xs, y, features, v, w, gs, hs, g, h, for_w, for_v, _ = places
    n, k, d, wide, tall, real, most, _ = sizes
    slots, blocks, panels, _ = cuts
    lanes = lane_count(a)
    r, part = own, own + most
    z = part + tall
    squares = 0.0
    for block in range(slots[slot], slots[slot + 1]):
        first, last = blocks[block], blocks[block + 1]
        at = panels[first] * lanes
        m = panels[last] * lanes - at
        adding = block - slots[slot]
{large_forward}
        squares += residual(a, y + at, z, p, r, v, k, n - at, m)
{large_gradients}
    return squares


@njit(**OPTIONS, inline="always")
def move(a, places, sizes, cuts, task, size, tau):
    """Update some rows of W, and with the first task v; returns the squared length of the step."""
    x, xs, y, features, v, w, gs, hs, g, h, for_w, for_v, _ = places
    n, k, d, wide, tall, real, most, _ = sizes
    slots, _, _, rows = cuts
    count = len(slots) - 1
    moved = 0.0
{large_moves}
    return moved


@njit(**OPTIONS, cache=KEPT)
def prepare(a, places, sizes, cuts):
    """What is computed once, before the first update."""
    x, xs, y, features, v, w, gs, hs, g, h, for_w, for_v, _ = places
    n, k, d, wide, tall, real, most, _ = sizes
    _, blocks, panels, _ = cuts
    lanes = lane_count(a)
{large_features}
{large_begin}


@njit(**OPTIONS, cache=KEPT)
def assist(a, places, sizes, cuts, c, f, thread, last):
    """Work on a run's tasks until its slice ends; with `last` ≥ 0, open a slice that ends at that iterate.

    `c` is the state of `overparam_numba.tasks`; `f` has the step size, 1/scale², the bounds, the path's
    length and Σ miss²/scale², and from 8 on what the tasks return.
    """
    slots, _, _, rows = cuts
    passes, moves = len(slots) - 1, len(rows) - 1
    own = places[12] + thread * sizes[7]
    subnormals = flush_subnormals()
    if last >= 0:
        c[LAST] = last
        if c[MEASURED] == 0:
            publish(c, PASS, passes)
        elif c[ITERATION] < last:
            publish(c, MOVE, moves)
    while True:
        kind, task = take(c)
        if kind == PASS:
            f[8 + task] = pass_over(a, places, sizes, cuts, task, own)
            if finish(c, passes):
                total = 0.0
                for i in range(passes):
                    total += f[8 + i]
                f[5] = total * f[1]
                c[MEASURED] = 1
                checked = c[ITERATION] % c[CHECK_EVERY] == 0
                if c[ITERATION] >= c[LAST] or (checked and not (f[2] <= f[5] <= f[3])):
                    publish(c, ENDED, 0)
                else:
                    publish(c, MOVE, moves)
        elif kind == MOVE:
            f[8 + task] = move(a, places, sizes, cuts, task, f[0], float(c[ITERATION]))
            if finish(c, moves):
                total = 0.0
                for i in range(moves):
                    total += f[8 + i]
                f[4] += math.sqrt(total)
                c[ITERATION] += 1
                publish(c, PASS, passes)
        else:
            restore_subnormals(subnormals)
            return
'''
