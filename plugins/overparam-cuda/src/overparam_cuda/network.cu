// The network and its gradient on the samples in a block's shared memory.

// phi(z) and phi'(z).
DEVICE void activation(const real z, real &value, real &slope);

// The first term of the sum for f; then dl/df and the miss, computed from the sum. If the loss depends on f - y
// alone, the sum begins with -y and is f - y.
DEVICE real beginning(const real label);
DEVICE void loss(const real sum, const real label, real &slope, real &miss);

// A weight after an update. Its numbers of state are `size` apart and are updated too.
DEVICE real updated(
    const real weights, const real gradient, const real step_size, const real iteration,
    real *state, const int size);

// Four consecutive numbers, loaded and stored together.
struct __align__(16) Four {
    real at[4];
};
DEVICE Four load(const real *from) { return *reinterpret_cast<const Four *>(from); }
DEVICE void store(real *to, const Four &four) { *reinterpret_cast<Four *>(to) = four; }

// X (d, stride) and y (count). The stride is an odd multiple of 4, so eight rows at the same sample are in different
// memory banks. X is padded with zeros from `count` to a multiple of 4.
struct Samples {
    real *x, *y;
    int count, stride;
};
DEVICE int quads_of(const Samples &of) { return (of.count + 3) / 4; }

// Arrays of a training run: v (k), W (d, k), and the states of the trained ones, (STATES, k) and (STATES, d, k). For
// samples as above: Q = phi'(Z) (k, stride) if W is trained, P = phi(Z) (k, stride) if v is trained, each group of
// four hidden units' part of f (k / 4, stride), and r = dl/df (stride). k is a multiple of 4; units from number
// `units` on are padding. `split` threads share the samples of a tile of the gradient.
struct Training {
    int k, d, split, units;
    real *v, *w, *state, *v_state, *q, *p, *parts, *r;
};

// How many numbers W and its state have, and v and its state.
DEVICE int size_of_w(const int k, const int d) { return (1 + HIDDEN * STATES) * k * d; }
DEVICE int size_of_v(const int k) { return OUTPUT * (1 + STATES) * k; }

// Data that the threads of a block exchange, at the beginning of its shared memory.
struct Board {
    double path, per_scale;
    real step_size, squares[MOST_WARPS], moved[MOST_WARPS];
};
static_assert(sizeof(Board) <= BOARD, "the board has no room");

// Stores the sum over a warp, always added in the same order, for `gathered`.
DEVICE void leave(real *sums, real own) {
    for (int lane = 16; lane > 0; lane /= 2) own += __shfl_xor_sync(0xffffffffu, own, lane);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = own;
}
DEVICE real gathered(const real *sums) {
    real sum = 0;
    for (int warp = 0; warp < blockDim.x / 32; ++warp) sum += sums[warp];
    return sum;
}

// Z = W X, four units and four samples for each thread; phi(Z) and phi'(Z); and, if W is trained, the parts of f.
DEVICE void hidden_layer(const Training &a, const Samples &of) {
    const int quads = quads_of(of), items = quads * (a.k / 4);
    for (int item = threadIdx.x; item < items; item += blockDim.x) {
        const int group = item / quads, s = (item - group * quads) * 4, j = group * 4;
        const real *x = of.x + s, *w = a.w + j;
        real z[4][4] = {};
#pragma unroll 4
        for (int i = 0; i < a.d; ++i, x += of.stride, w += a.k) {
            const Four xs = load(x), ws = load(w);
            for (int u = 0; u < 4; ++u)
                for (int m = 0; m < 4; ++m) z[u][m] += ws.at[u] * xs.at[m];
        }
        const Four v = load(a.v + j);
        Four f = {};
#pragma unroll
        for (int u = 0; u < 4; ++u) {
            Four value, slope;
#pragma unroll
            for (int m = 0; m < 4; ++m) {
                activation(z[u][m], value.at[m], slope.at[m]);
                f.at[m] += v.at[u] * value.at[m];
            }
            if constexpr (HIDDEN) store(a.q + (j + u) * of.stride + s, slope);
            if constexpr (OUTPUT) store(a.p + (j + u) * of.stride + s, value);
        }
        if constexpr (HIDDEN) store(a.parts + group * of.stride + s, f);
    }
    if constexpr (HIDDEN) __syncthreads();
}

// The parts of f from P; each thread uses the part of P that it computed. If only v is trained, P is computed once.
// The parts of f are then computed here at every iterate, the first included, so that all are rounded alike.
DEVICE void output_layer(const Training &a, const Samples &of) {
    const int quads = quads_of(of), items = quads * (a.k / 4);
    for (int item = threadIdx.x; item < items; item += blockDim.x) {
        const int group = item / quads, s = (item - group * quads) * 4, j = group * 4;
        const Four v = load(a.v + j);
        Four f = {};
#pragma unroll
        for (int u = 0; u < 4; ++u) {
            const Four value = load(a.p + (j + u) * of.stride + s);
            for (int m = 0; m < 4; ++m) f.at[m] += v.at[u] * value.at[m];
        }
        store(a.parts + group * of.stride + s, f);
    }
    __syncthreads();
}

// r = scale dl/df, and 0 for padding. Returns the sum of the squared misses.
DEVICE real residual(const Training &a, const Samples &of, const real scale, real *sums) {
    const int groups = a.k / 4;
    real squares = 0;
    for (int s = threadIdx.x; s < quads_of(of) * 4; s += blockDim.x) {
        real slope = 0, miss = 0;
        if (s < of.count) {
            const real label = of.y[s];
            real f = beginning(label);
            for (int group = 0; group < groups; ++group) f += a.parts[group * of.stride + s];
            loss(f, label, slope, miss);
        }
        a.r[s] = scale * slope;
        squares += miss * miss;
    }
    leave(sums, squares);
    __syncthreads();
    return gathered(sums);
}

// Update one entry of W, or of v. Both functions return the square of its change.
DEVICE real step(
    const Training &a, const int unit, const int e, const real sum, const real step_size,
    const real iteration) {
    if (GUARDED && unit >= a.units) return 0;
    const real weights = a.w[e], gradient = a.v[unit] * sum;
    const real changed = updated(weights, gradient, step_size, iteration, a.state + e, a.k * a.d);
    a.w[e] = changed;
    return (changed - weights) * (changed - weights);
}
DEVICE real step_of_output(
    const Training &a, const int unit, const real sum, const real step_size, const real iteration) {
    if (unit >= a.units) return 0;
    const real weights = a.v[unit];
    const real changed = updated(weights, sum, step_size, iteration, a.v_state + unit, a.k);
    a.v[unit] = changed;
    return (changed - weights) * (changed - weights);
}

// The entries of (Q o r) X. `take` receives each one, with its unit and its place, in one thread. A tile is four
// units times four inputs. SPLIT neighbouring threads share its samples, then exchange their sums so that each
// thread has the totals of different entries.
template <int SPLIT, class Take>
DEVICE void sums_of_tiles(const Training &a, const Samples &of, const Take take) {
    const int quads = quads_of(of), wide = (a.d + 3) / 4, items = a.k / 4 * wide * SPLIT;
    const int lane = threadIdx.x % 32, part = lane % SPLIT;
    // All threads of a warp take part in the exchange, so all stay in the loop.
    for (int first = threadIdx.x - lane; first < items; first += blockDim.x) {
        const bool exists = first + lane < items;
        const int tile = (exists ? first + lane : 0) / SPLIT, j = tile / wide * 4, i = tile % wide * 4;
        const real *q = a.q + j * of.stride, *x[4];
        for (int m = 0; m < 4; ++m) x[m] = of.x + (i + m < a.d ? i + m : i) * of.stride;
        real g[4][4] = {};
        for (int quad = part; quad < quads; quad += SPLIT) {
            const Four r = load(a.r + 4 * quad);
            Four qr[4];
            for (int u = 0; u < 4; ++u) {
                qr[u] = load(q + u * of.stride + 4 * quad);
                for (int e = 0; e < 4; ++e) qr[u].at[e] *= r.at[e];
            }
            for (int m = 0; m < 4; ++m) {
                const Four xs = load(x[m] + 4 * quad);
                for (int u = 0; u < 4; ++u)
                    for (int e = 0; e < 4; ++e) g[m][u] += qr[u].at[e] * xs.at[e];
            }
        }
        // A thread keeps two inputs, then one, and of the four units all, two or one.
        const unsigned warp = 0xffffffffu;
        real two[2][4], own[4];
        const bool odd = part & 1, high = part & 2;
        for (int m = 0; m < 2; ++m)
            for (int u = 0; u < 4; ++u)
                two[m][u] = (odd ? g[m + 2][u] : g[m][u])
                    + __shfl_xor_sync(warp, odd ? g[m][u] : g[m + 2][u], 1);
        for (int u = 0; u < 4; ++u)
            own[u] = (high ? two[1][u] : two[0][u]) + __shfl_xor_sync(warp, high ? two[0][u] : two[1][u], 2);
        const int input = i + (odd ? 2 : 0) + (high ? 1 : 0);
        int unit = j;
        if constexpr (SPLIT >= 8) {
            const bool upper = part & 4;
            for (int u = 0; u < 2; ++u)
                own[u] = (upper ? own[u + 2] : own[u])
                    + __shfl_xor_sync(warp, upper ? own[u] : own[u + 2], 4);
            unit += upper ? 2 : 0;
        }
        if constexpr (SPLIT >= 16) {
            const bool upper = part & 8;
            own[0] = (upper ? own[1] : own[0]) + __shfl_xor_sync(warp, upper ? own[0] : own[1], 8);
            unit += upper ? 1 : 0;
        }
        if constexpr (SPLIT >= 32) own[0] += __shfl_xor_sync(warp, own[0], 16);
        constexpr int entries = SPLIT >= 16 ? 1 : 16 / SPLIT;
        if (exists && input < a.d && part < 16)
            for (int u = 0; u < entries; ++u) take(unit + u, input * a.k + unit + u, own[u]);
    }
}

template <class Take> DEVICE void gradient(const Training &a, const Samples &of, const Take take) {
    if (a.split == 4) sums_of_tiles<4>(a, of, take);
    else if (a.split == 8) sums_of_tiles<8>(a, of, take);
    else if (a.split == 16) sums_of_tiles<16>(a, of, take);
    else sums_of_tiles<32>(a, of, take);
}

// The entries of P r. `take` receives each one, with its unit, in one thread. A warp shares samples of four units.
template <class Take> DEVICE void sums_of_units(const Training &a, const Samples &of, const Take take) {
    const unsigned warp = 0xffffffffu;
    const int quads = quads_of(of), lane = threadIdx.x % 32;
    const bool odd = lane & 1, high = lane & 2;
    for (int group = threadIdx.x / 32; group < a.k / 4; group += blockDim.x / 32) {
        const real *p = a.p + 4 * group * of.stride;
        real g[4] = {}, two[2];
        for (int quad = lane; quad < quads; quad += 32) {
            const Four r = load(a.r + 4 * quad);
            for (int u = 0; u < 4; ++u) {
                const Four values = load(p + u * of.stride + 4 * quad);
                for (int e = 0; e < 4; ++e) g[u] += values.at[e] * r.at[e];
            }
        }
        for (int m = 0; m < 2; ++m)
            two[m] = (odd ? g[m + 2] : g[m]) + __shfl_xor_sync(warp, odd ? g[m] : g[m + 2], 1);
        real own = (high ? two[1] : two[0]) + __shfl_xor_sync(warp, high ? two[0] : two[1], 2);
        for (int apart = 4; apart < 32; apart *= 2) own += __shfl_xor_sync(warp, own, apart);
        if (lane < 4) take(4 * group + (odd ? 2 : 0) + (high ? 1 : 0), own);
    }
}
