// One block trains one network, from where it stands to iterate `last`, or to its end before that.
//
// Around this text stands what is printed for one activation, update rule and data type: before it, the type
// `real`, STATES, the number of arrays that the method keeps, sizes, and functions.cu; behind it, the two
// functions that are declared here.

typedef long long integer;

// phi(z) and phi'(z).
DEVICE void activation(const real z, real &value, real &slope);

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

// A training's arrays: v (k), W (d, k), state (STATES, d, k); for samples as above Q = phi'(Z) (k, stride), the
// parts of f from every four hidden units (k / 4, stride), and the residual r (stride). k is a multiple of 4.
// `split` threads share the samples of a tile of the gradient.
struct Training {
    int k, d, split;
    real *v, *w, *state, *q, *parts, *r;
};

// What the threads of a block tell one another, at the beginning of its memory.
struct Board {
    double path, per_label;
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

// Z = W X on four units and four samples a thread; phi and phi' of it.
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
            Four slope;
#pragma unroll
            for (int m = 0; m < 4; ++m) {
                real value;
                activation(z[u][m], value, slope.at[m]);
                f.at[m] += v.at[u] * value;
            }
            store(a.q + (j + u) * of.stride + s, slope);
        }
        store(a.parts + group * of.stride + s, f);
    }
    __syncthreads();
}

// r = scale (f - y), 0 beyond the samples; returns ||f - y||^2.
DEVICE real residual(const Training &a, const Samples &of, const real scale, real *sums) {
    const int groups = a.k / 4;
    real squares = 0;
    for (int s = threadIdx.x; s < quads_of(of) * 4; s += blockDim.x) {
        real f = 0;
        if (s < of.count) {
            f = -of.y[s];
            for (int group = 0; group < groups; ++group) f += a.parts[group * of.stride + s];
        }
        a.r[s] = scale * f;
        squares += f * f;
    }
    leave(sums, squares);
    __syncthreads();
    return gathered(sums);
}

// A weight's part in the update; returns the square of the step.
DEVICE real step(
    const Training &a, const int unit, const int e, const real sum, const real step_size,
    const real iteration) {
    const real weights = a.w[e], gradient = a.v[unit] * sum;
    const real changed = updated(weights, gradient, step_size, iteration, a.state + e, a.k * a.d);
    a.w[e] = changed;
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

// given: X (d, stride), v (k) and y (n) of each training; trained: W (d, k) and the method's state; where
// they begin stands in `places`. shapes: n, k, d, stride, split. sizes: step size and 1/||y||^2.
// Block b trains number order[b], by the rows (block, last - from, batch), or null for full gradients.
// Of the large kernel alone: the samples that a block holds, and for each block k d numbers, `each` apart.
#define PARAMETERS \
    real *given, real *trained, const integer *places, const int *shapes, const double *sizes, \
    const int *order, const int *rows, const int batch, const int batch_stride, const integer from, \
    const integer last, const integer final, const integer check_every, const double low, const double high, \
    integer *iterations, double *relatives, double *paths, const int held, real *sums, const integer each
#define ARGUMENTS \
    given, trained, places, shapes, sizes, order, rows, batch, batch_stride, from, last, final, check_every, \
    low, high, iterations, relatives, paths, held, sums, each

// The loop over iterates. `evaluate(rows, count, scale)` leaves the residual, times the scale, on so many samples
// and returns its square without; `improve(step_size, iteration)` updates and returns a thread's part in the
// square of the step. A full gradient looks at every iterate in passing; a stochastic method has to go and see.
template <class Evaluate, class Improve>
DEVICE void iterate(Board &board, const Evaluate evaluate, const Improve improve, const int n, PARAMETERS) {
    const int number = order[blockIdx.x];
    if (threadIdx.x == 0) {
        board.path = paths[number];
        board.step_size = real(sizes[2 * number]);
        board.per_label = sizes[2 * number + 1];
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
            relative = double(squared) * board.per_label;
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
    shapes += 5 * number;
    const int n = shapes[0], k = shapes[1], d = shapes[2], stride = shapes[3];
    const int widest = stride > batch_stride ? stride : batch_stride;
    const int whole = d * stride + k + n, moving = (1 + STATES) * k * d;
    real *const x = reinterpret_cast<real *>(block_memory + BOARD), *const v = x + d * stride;
    const Samples all = {x, v + k, n, stride};
    Training a = {k, d, shapes[4], v, all.y + (n + 3) / 4 * 4};
    a.state = a.w + k * d;
    a.q = a.w + moving;
    a.parts = a.q + k * widest;
    a.r = a.parts + k / 4 * widest;
    real *const some_x = a.r + widest, *const some_y = some_x + d * batch_stride;

    given += places[2 * number];
    for (int e = threadIdx.x; e < whole; e += blockDim.x) x[e] = given[e];
    real *const kept = trained + places[2 * number + 1];
    for (int e = threadIdx.x; e < moving; e += blockDim.x) a.w[e] = kept[e];
    Samples of = all;
    iterate(
        board,
        [&](const int *mine, const int count, const real scale) {
            of = {mine ? some_x : x, mine ? some_y : all.y, count, mine ? batch_stride : stride};
            if (mine) gather(all, mine, 0, d, of);
            hidden_layer(a, of);
            return residual(a, of, scale, board.squares);
        },
        [&](const real step_size, const real iteration) {
            real squares = 0;
            gradient(a, of, [&](const int unit, const int e, const real sum) {
                squares += step(a, unit, e, sum, step_size, iteration);
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
    shapes += 5 * number;
    const int n = shapes[0], k = shapes[1], d = shapes[2], stride = shapes[3];
    given += places[2 * number];
    const Samples all = {given, given + d * stride + k, n, stride};
    real *const v = reinterpret_cast<real *>(block_memory + BOARD);
    Training a = {k, d, shapes[4], v, trained + places[2 * number + 1]};
    a.state = a.w + k * d;
    Samples of = {v + k, v + k + d * held, held, held};
    a.q = of.y + held;
    a.parts = a.q + k * held;
    a.r = a.parts + k / 4 * held;
    real *const g = sums + blockIdx.x * each;

    for (int j = threadIdx.x; j < k; j += blockDim.x) v[j] = given[d * stride + j];
    iterate(
        board,
        [&](const int *mine, const int count, const real scale) {
            real squared = 0;
            for (int first = 0; first < count; first += held) {
                of.count = count - first < held ? count - first : held;
                gather(all, mine, first, d, of);
                hidden_layer(a, of);
                squared += residual(a, of, scale, board.squares);
                gradient(a, of, [&](const int, const int e, const real sum) {
                    g[e] = first == 0 ? sum : g[e] + sum;
                });
                __syncthreads();
            }
            return squared;
        },
        [&](const real step_size, const real iteration) {
            real squares = 0;
            for (int e = threadIdx.x; e < k * d; e += blockDim.x)
                squares += step(a, e % k, e, g[e], step_size, iteration);
            return squares;
        },
        n, ARGUMENTS);
}
