// One block trains one network from its current iterate to iterate `last`, or until the run stops.
//
// The rest of the source is printed for one activation, loss, update rule, choice of layers and data type. Before this
// file: the type `real`; HIDDEN and OUTPUT, whether W and v are trained; GUARDED, whether the rule could move padding;
// STATES, the number of state arrays of the method; sizes; and functions.cu. After it: the functions that network.cu
// declares.

typedef long long integer;

// Copies samples of `all` side by side: those that `rows` lists, or the ones from `first` on if it is null.
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

// given: X (d, stride), v (k) and y (n) of each training run. trained: W (d, k), its state, v (k) and its state; states
// only of what is trained. places: where the arrays of each run begin in `given` and `trained`. shapes: n, k, d,
// stride, split, units. sizes: step size and 1/scale^2 of the loss. Block b trains run number order[b] on the given
// rows, (block, last - from, batch), or with full gradients if `rows` is null. For the large kernel only: `held`, how
// many samples a block holds, and `sums`, memory for each block's gradient, `each` numbers apart.
#define PARAMETERS \
    real *given, real *trained, const integer *places, const int *shapes, const double *sizes, \
    const int *order, const int *rows, const int batch, const int batch_stride, const integer from, \
    const integer last, const integer final, const integer check_every, const double low, const double high, \
    integer *iterations, double *relatives, double *paths, const int held, real *sums, const integer each
#define ARGUMENTS \
    given, trained, places, shapes, sizes, order, rows, batch, batch_stride, from, last, final, check_every, \
    low, high, iterations, relatives, paths, held, sums, each

// The loop over iterates. `evaluate(rows, count, scale)` computes scale dl/df on `count` samples and returns the sum of
// the squared misses. `improve(step_size, iteration)` makes an update and returns the thread's part of the squared
// step. With full gradients every evaluation covers all samples. A stochastic method evaluates all samples separately,
// at the iterates where the stop rule is checked.
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

// A training run whose data all fit into the block's shared memory.
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
    bool known = false;  // whether P is computed; it depends on W only
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
            if constexpr (HIDDEN && OUTPUT) __syncthreads();  // the gradient of W uses the old v
            if constexpr (OUTPUT)
                sums_of_units(a, of, [&](const int unit, const real sum) {
                    squares += step_of_output(a, unit, sum, step_size, iteration);
                });
            return squares;
        },
        n, ARGUMENTS);
    for (int e = threadIdx.x; e < moving; e += blockDim.x) kept[e] = a.w[e];
}

// A training run whose samples are loaded into the block's shared memory in portions. W, the state and the sums of the
// gradient stay in the device's memory.
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
    real *const kept = a.w + size_of_w(k, d);  // v, if it is trained
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
