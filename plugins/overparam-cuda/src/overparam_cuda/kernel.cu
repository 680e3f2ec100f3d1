// One block trains one network, from where it stands to iterate `last`, or to its end before that.
//
// Around this text stands what is printed for one activation, loss, update rule, choice of layers and data type:
// before it, the type `real`, HIDDEN and OUTPUT, whether W and v are trained, STATES, the number of arrays that
// the method keeps, sizes, and functions.cu; behind it, the functions that are declared here.

typedef long long integer;

// phi(z) and phi'(z).
DEVICE void activation(const real z, real &value, real &slope);

// What the sum of f begins with, and from that sum dl/df and the miss. A loss of f - y alone has f - y for it.
DEVICE real beginning(const real label);
DEVICE void loss(const real sum, const real label, real &slope, real &miss);

// A weight after an update; `state` lies `size` apart, and changes with it.
DEVICE real updated(
    const real weights, const real gradient, const real step_size, const real iteration,
    real *state, const int size);

// Four neighbours in memory, moved as one.
struct __align__(16) Four {
    real at[4];
};
DEVICE Four load(const real *from) { return *reinterpret_cast<const Four *>(from); }
DEVICE void store(real *to, const Four &four) { *reinterpret_cast<Four *>(to) = four; }

// X (d, stride) and y (count). The stride is an odd multiple of 4: eight rows at the same sample meet in no
// memory bank. Beyond `count`, X is 0 up to a multiple of 4.
struct Samples {
    real *x, *y;
    int count, stride;
};
DEVICE int quads_of(const Samples &of) { return (of.count + 3) / 4; }

// A training's arrays: v (k), W (d, k) and their states, (STATES, k) and (STATES, d, k), of what is trained; for
// samples as above Q = phi'(Z) where W is trained and P = phi(Z) where v is, (k, stride), the parts of f from
// every four hidden units (k / 4, stride), and r = dl/df (stride). k is a multiple of 4; units from `units` on
// pad. `split` threads share the samples of a tile of the gradient.
struct Training {
    int k, d, split, units;
    real *v, *w, *state, *v_state, *q, *p, *parts, *r;
};

// Numbers of W and its state, and of v and its.
DEVICE int size_of_w(const int k, const int d) { return (1 + HIDDEN * STATES) * k * d; }
DEVICE int size_of_v(const int k) { return OUTPUT * (1 + STATES) * k; }

// What the threads of a block tell one another, at the beginning of its memory.
struct Board {
    double path, per_scale;
    real step_size, squares[MOST_WARPS], moved[MOST_WARPS];
};
static_assert(sizeof(Board) <= BOARD, "the board has no room");

// The sum over a warp, in an order that never changes, left for the block.
DEVICE void leave(real *sums, real own) {
    for (int lane = 16; lane > 0; lane /= 2) own += __shfl_xor_sync(0xffffffffu, own, lane);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = own;
}
DEVICE real gathered(const real *sums) {
    real sum = 0;
    for (int warp = 0; warp < blockDim.x / 32; ++warp) sum += sums[warp];
    return sum;
}

// Z = W X on four units and four samples a thread; phi and phi' of it, and where W is trained the parts of f.
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

// The parts of f from P, each by the thread that made its part of P: where only v is trained, P stays the same and
// is not made again. The parts come from here then at every iterate, so that all are rounded alike.
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

// r = scale dl/df, 0 beyond the samples; returns the sum of the squared misses.
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

// The part of an entry of W, and of v, in the update; both return the square of the step.
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

// The entries of (Q o r) X, each handed with its unit and place to one thread. Four units and four inputs are a
// tile, whose samples SPLIT neighbouring threads share; their sums are exchanged so that each ends with entries
// of its own.
template <int SPLIT, class Take>
DEVICE void sums_of_tiles(const Training &a, const Samples &of, const Take take) {
    const int quads = quads_of(of), wide = (a.d + 3) / 4, items = a.k / 4 * wide * SPLIT;
    const int lane = threadIdx.x % 32, part = lane % SPLIT;
    // A warp stays together: it exchanges.
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
        // Of the inputs, two and then one stay with a thread; of the units four, two or one.
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

// The entries of P r, each handed with its unit to one thread. A warp shares the samples of four units.
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

// Samples of all beside one another: those of `rows`, or without it from `first` on.
DEVICE void gather(const Samples &all, const int *rows, const int first, const int d, const Samples &of) {
    const int wide = quads_of(of) * 4;
    for (int e = threadIdx.x; e < wide * d; e += blockDim.x) {
        const int i = e / wide, s = e - i * wide;
        const int row = rows && s < of.count ? rows[first + s] : first + s;
        of.x[i * of.stride + s] = s < of.count ? all.x[i * all.stride + row] : 0;
    }
    for (int s = threadIdx.x; s < of.count; s += blockDim.x) of.y[s] = all.y[rows ? rows[first + s] : first + s];
    __syncthreads();
}

// given: X (d, stride), v (k) and y (n) of each training; trained: W (d, k) and then its state, v (k) and its
// state, of what is trained; where they begin stands in `places`. shapes: n, k, d, stride, split, units. sizes:
// step size and 1/scale^2 of the loss. Block b trains number order[b], by the rows (block, last - from, batch), or
// null for full gradients. Of the large kernel alone: the samples that a block holds, and for each block as many
// numbers as its gradient has, `each` apart.
#define PARAMETERS \
    real *given, real *trained, const integer *places, const int *shapes, const double *sizes, \
    const int *order, const int *rows, const int batch, const int batch_stride, const integer from, \
    const integer last, const integer final, const integer check_every, const double low, const double high, \
    integer *iterations, double *relatives, double *paths, const int held, real *sums, const integer each
#define ARGUMENTS \
    given, trained, places, shapes, sizes, order, rows, batch, batch_stride, from, last, final, check_every, \
    low, high, iterations, relatives, paths, held, sums, each

// The loop over iterates. `evaluate(rows, count, scale)` leaves dl/df, times the scale, on so many samples and
// returns the sum of the squared misses; `improve(step_size, iteration)` updates and returns a thread's part in the
// square of the step. A full gradient looks at every iterate in passing; a stochastic method has to go and see.
template <class Evaluate, class Improve>
DEVICE void iterate(Board &board, const Evaluate evaluate, const Improve improve, const int n, PARAMETERS) {
    const int number = order[blockIdx.x];
    if (threadIdx.x == 0) {
        board.path = paths[number];
        board.step_size = real(sizes[2 * number]);
        board.per_scale = sizes[2 * number + 1];
    }
    __syncthreads();
    integer iteration = from;
    double relative = 0;
    bool looks = true;
    while (true) {
        // A remainder of 64 bits takes about a hundred instructions.
        const bool due = check_every == 1 || iteration % check_every == 0 || iteration >= final;
        if (rows && looks) looks = due || iteration >= last;
        const int *const mine = looks ? 0 : rows + (blockIdx.x * (last - from) + iteration - from) * batch;
        const real squared = evaluate(mine, looks ? n : batch, looks ? real(1) : real(1) / batch);
        if (looks) {
            relative = double(squared) * board.per_scale;
            if (iteration >= last || (due && !(low <= relative && relative <= high))) break;
            if (rows) {
                looks = false;
                continue;
            }
        }
        leave(board.moved, improve(board.step_size, real(iteration)));
        __syncthreads();
        if (threadIdx.x == 0) board.path += sqrt(double(gathered(board.moved)));
        ++iteration;
        looks = true;
    }
    if (threadIdx.x == 0) {
        iterations[number] = iteration;
        relatives[number] = relative;
        paths[number] = board.path;
    }
}

// A training that lies in the block's memory as a whole.
extern "C" __global__ __launch_bounds__(MOST_THREADS, BLOCKS) void train(PARAMETERS) {
    extern __shared__ __align__(32) unsigned char block_memory[];
    Board &board = *reinterpret_cast<Board *>(block_memory);
    const int number = order[blockIdx.x];
    shapes += 6 * number;
    const int n = shapes[0], k = shapes[1], d = shapes[2], stride = shapes[3];
    const int widest = stride > batch_stride ? stride : batch_stride;
    const int whole = d * stride + k + n, moving = size_of_w(k, d) + size_of_v(k);
    real *const x = reinterpret_cast<real *>(block_memory + BOARD), *const v = x + d * stride;
    const Samples all = {x, v + k, n, stride};
    Training a = {k, d, shapes[4], shapes[5], v, all.y + (n + 3) / 4 * 4};
    a.state = a.w + k * d;
    if constexpr (OUTPUT) a.v = a.w + size_of_w(k, d);
    a.v_state = a.v + k;
    a.q = a.w + moving;
    a.p = a.q + HIDDEN * k * widest;
    a.parts = a.p + OUTPUT * k * widest;
    a.r = a.parts + k / 4 * widest;
    real *const some_x = a.r + widest, *const some_y = some_x + d * batch_stride;

    given += places[2 * number];
    for (int e = threadIdx.x; e < whole; e += blockDim.x) x[e] = given[e];
    real *const kept = trained + places[2 * number + 1];
    for (int e = threadIdx.x; e < moving; e += blockDim.x) a.w[e] = kept[e];
    Samples of = all;
    bool known = false;  // P, which stays the same while W does
    iterate(
        board,
        [&](const int *mine, const int count, const real scale) {
            of = {mine ? some_x : x, mine ? some_y : all.y, count, mine ? batch_stride : stride};
            if (mine) gather(all, mine, 0, d, of);
            if (HIDDEN || rows || !known) hidden_layer(a, of);
            if constexpr (!HIDDEN) output_layer(a, of);
            known = true;
            return residual(a, of, scale, board.squares);
        },
        [&](const real step_size, const real iteration) {
            real squares = 0;
            if constexpr (HIDDEN)
                gradient(a, of, [&](const int unit, const int e, const real sum) {
                    squares += step(a, unit, e, sum, step_size, iteration);
                });
            if constexpr (HIDDEN && OUTPUT) __syncthreads();  // the gradient of W has v as it was
            if constexpr (OUTPUT)
                sums_of_units(a, of, [&](const int unit, const real sum) {
                    squares += step_of_output(a, unit, sum, step_size, iteration);
                });
            return squares;
        },
        n, ARGUMENTS);
    for (int e = threadIdx.x; e < moving; e += blockDim.x) kept[e] = a.w[e];
}

// A training whose samples come into the block's memory by portions; W, the state and the sums of the gradient
// stay in the device's.
extern "C" __global__ __launch_bounds__(MOST_THREADS_OF_LARGE, 1) void train_large(PARAMETERS) {
    extern __shared__ __align__(32) unsigned char block_memory[];
    Board &board = *reinterpret_cast<Board *>(block_memory);
    const int number = order[blockIdx.x];
    shapes += 6 * number;
    const int n = shapes[0], k = shapes[1], d = shapes[2], stride = shapes[3];
    given += places[2 * number];
    const Samples all = {given, given + d * stride + k, n, stride};
    real *const v = reinterpret_cast<real *>(block_memory + BOARD);
    Training a = {k, d, shapes[4], shapes[5], v, trained + places[2 * number + 1]};
    a.state = a.w + k * d;
    real *const kept = a.w + size_of_w(k, d);  // v, where it is trained
    a.v_state = kept + k;
    Samples of = {v + k, v + k + d * held, held, held};
    a.q = of.y + held;
    a.p = a.q + HIDDEN * k * held;
    a.parts = a.p + OUTPUT * k * held;
    a.r = a.parts + k / 4 * held;
    real *const g = sums + blockIdx.x * each, *const g_of_v = g + HIDDEN * k * d;

    for (int j = threadIdx.x; j < k; j += blockDim.x) v[j] = OUTPUT ? kept[j] : given[d * stride + j];
    iterate(
        board,
        [&](const int *mine, const int count, const real scale) {
            real squared = 0;
            for (int first = 0; first < count; first += held) {
                of.count = count - first < held ? count - first : held;
                gather(all, mine, first, d, of);
                hidden_layer(a, of);
                if constexpr (!HIDDEN) output_layer(a, of);
                squared += residual(a, of, scale, board.squares);
                if constexpr (HIDDEN)
                    gradient(a, of, [&](const int, const int e, const real sum) {
                        g[e] = first == 0 ? sum : g[e] + sum;
                    });
                if constexpr (OUTPUT)
                    sums_of_units(a, of, [&](const int unit, const real sum) {
                        g_of_v[unit] = first == 0 ? sum : g_of_v[unit] + sum;
                    });
                __syncthreads();
            }
            return squared;
        },
        [&](const real step_size, const real iteration) {
            real squares = 0;
            if constexpr (HIDDEN)
                for (int e = threadIdx.x; e < k * d; e += blockDim.x)
                    squares += step(a, e % k, e, g[e], step_size, iteration);
            if constexpr (HIDDEN && OUTPUT) __syncthreads();  // as above
            if constexpr (OUTPUT)
                for (int j = threadIdx.x; j < k; j += blockDim.x)
                    squares += step_of_output(a, j, g_of_v[j], step_size, iteration);
            return squares;
        },
        n, ARGUMENTS);
    if constexpr (OUTPUT)
        for (int j = threadIdx.x; j < k; j += blockDim.x) kept[j] = v[j];
}
