"""The source of the kernel, printed for an activation, an update rule and a data type.

The kernel is written in phases: what every thread of a block does between two barriers stands in a loop
over threads. A device's compiler makes that the thread's own turn; the host's compiler runs the threads
one after another, and so the whole kernel can be tested where there is no device.
"""

from __future__ import annotations

from textwrap import indent

from overparam.plugin import Activation, DType, FirstOrder, record_activation, record_update
from overparam_cuda.expressions import print_program

__all__ = ["THREADS", "print_kernel"]

THREADS = 128
"""Threads of a block; a block does one training."""

_KERNEL = """\
// Printed for {activation} and {optimizer}, {dtype}.
typedef {real} real;

#ifdef __CUDACC__
#define DEVICE static __device__ __forceinline__
#define THREADS_DO(t) for (int t = threadIdx.x, once = 1; once; once = 0)
#define BARRIER __syncthreads()
#else
#include <cmath>
using namespace std;
#define DEVICE static inline
#ifdef BACKWARDS
#define THREADS_DO(t) for (int t = {threads} - 1; t >= 0; --t)
#else
#define THREADS_DO(t) for (int t = 0; t < {threads}; ++t)
#endif
#define BARRIER
#endif

typedef long long integer;

DEVICE real infinite() {{ return real(1e300 * 1e300); }}
DEVICE real not_a_number() {{ return infinite() - infinite(); }}
DEVICE real maximum(real a, real b) {{ return a != a || a > b ? a : b; }}
DEVICE real minimum(real a, real b) {{ return a != a || a < b ? a : b; }}
DEVICE real sign(real a) {{ return a != a ? a : real((a > 0) - (a < 0)); }}

DEVICE void activation(const real z, real &value, real &slope) {{
{phi}
    value = {value};
    slope = {slope};
}}

// The arrays of one training in the block's memory. Rows of X and Q are `stride` apart, an odd number, so
// that threads which read the same sample of different rows meet in no memory bank.
struct Training {{
    int n, k, d, stride;
    real *x, *y, *v, *w, *g, *q, *r, *state, *partial;
}};

// The sum of what every thread left in `partial`, in an order that never changes.
DEVICE real total(const Training &a) {{
    BARRIER;
    THREADS_DO(t) {{
        if (t < 8) {{
            real sum = 0;
            for (int i = 0; i < {threads} / 8; ++i) sum += a.partial[t * ({threads} / 8) + i];
            a.partial[{threads} + t] = sum;
        }}
    }}
    BARRIER;
    real sum = 0;
    for (int i = 0; i < 8; ++i) sum += a.partial[{threads} + i];
    return sum;
}}

// r = f(W) - y and Q = phi'(Z) on `count` samples, those of `rows` or, without it, the first; returns
// ||r||^2. The residual is divided by `share`. A thread has samples of its own, and of each four units at a
// time.
DEVICE real forward(const Training &a, const int *rows, const int count, const real share) {{
    THREADS_DO(t) {{
        real squares = 0;
        for (int s = t; s < count; s += {threads}) {{
            const int row = rows ? rows[s] : s;
            real f = -a.y[row];
            for (int j = 0; j < a.k; j += 4) {{
                real z0 = 0, z1 = 0, z2 = 0, z3 = 0;
                const real *w = a.w + j;
                for (int i = 0; i < a.d; ++i, w += a.k) {{
                    const real x = a.x[i * a.stride + row];
                    z0 += x * w[0];
                    z1 += x * w[1];
                    z2 += x * w[2];
                    z3 += x * w[3];
                }}
                real value, slope;
                real *q = a.q + j * a.stride + s;
                activation(z0, value, slope);
                f += a.v[j] * value;
                q[0] = slope;
                activation(z1, value, slope);
                f += a.v[j + 1] * value;
                q[a.stride] = slope;
                activation(z2, value, slope);
                f += a.v[j + 2] * value;
                q[2 * a.stride] = slope;
                activation(z3, value, slope);
                f += a.v[j + 3] * value;
                q[3 * a.stride] = slope;
            }}
            a.r[s] = f / share;
            squares += f * f;
        }}
        a.partial[t] = squares;
    }}
    return total(a);
}}

// G = diag(v) (Q o r) X over `count` samples: two units times two inputs a thread.
DEVICE void gradient(const Training &a, const int *rows, const int count) {{
    THREADS_DO(t) {{
        const int wide = (a.d + 1) / 2;
        for (int item = t; item < a.k / 2 * wide; item += {threads}) {{
            const int j = item / wide * 2, i = item % wide * 2;
            const bool both = i + 1 < a.d;
            const real *q = a.q + j * a.stride, *x = a.x + i * a.stride;
            const int next = both ? a.stride : 0;
            real g00 = 0, g01 = 0, g10 = 0, g11 = 0;
            for (int s = 0; s < count; ++s) {{
                const int row = rows ? rows[s] : s;
                const real r = a.r[s], q0 = q[s] * r, q1 = q[a.stride + s] * r;
                const real x0 = x[row], x1 = x[next + row];
                g00 += q0 * x0;
                g01 += q0 * x1;
                g10 += q1 * x0;
                g11 += q1 * x1;
            }}
            a.g[i * a.k + j] = a.v[j] * g00;
            a.g[i * a.k + j + 1] = a.v[j + 1] * g10;
            if (both) {{
                a.g[(i + 1) * a.k + j] = a.v[j] * g01;
                a.g[(i + 1) * a.k + j + 1] = a.v[j + 1] * g11;
            }}
        }}
    }}
    BARRIER;
}}

// One update of W and of the method's state; returns ||W_new - W||.
DEVICE double update(const Training &a, const real step_size, const integer tau) {{
    const int size = a.k * a.d;
    const real iteration = real(tau);
    THREADS_DO(t) {{
        real squares = 0;
        for (int e = t; e < size; e += {threads}) {{
            const real weights = a.w[e], gradient = a.g[e];
{loads}
{rule}
            const real changed = {weights};
            squares += (changed - weights) * (changed - weights);
{stores}
            a.w[e] = changed;
        }}
        a.partial[t] = squares;
    }}
    return sqrt(double(total(a)));
}}

// Trainings `order[0..]`, one a block, up to iterate `last` or until the stop rule is met.
// given: X (d, stride), y (n) and v (k) of each training; trained: W (d, k) and the method's state; where
// they begin stands in `places`. shapes: n, k, d, stride. sizes: step size and 1/||y||^2.
// rows: (block, last - from, batch), or null for full gradients. scratch: `each` bytes a block in the
// device's memory, for trainings too large for the block's own.
#define PARAMETERS \\
    const real *given, real *trained, const integer *places, const int *shapes, const double *sizes, \\
    const int *order, const int *rows, const int batch, const integer from, const integer last, \\
    const integer final, const integer check_every, const double low, const double high, \\
    integer *iterations, double *relatives, double *paths, unsigned char *scratch, const integer each

template <bool large> DEVICE void run(unsigned char *shared_memory, const int block, PARAMETERS) {{
    const int own = order[block];
    Training a;
    a.n = shapes[4 * own];
    a.k = shapes[4 * own + 1];
    a.d = shapes[4 * own + 2];
    a.stride = shapes[4 * own + 3];
    const int held = a.d * a.stride + a.n + a.k, size = a.k * a.d, moving = (1 + {states}) * size;
    given += places[2 * own];
    trained += places[2 * own + 1];
    if (large) a.x = reinterpret_cast<real *>(scratch + block * each);
    else a.x = reinterpret_cast<real *>(shared_memory);
    a.y = a.x + a.d * a.stride;
    a.v = a.y + a.n;
    a.w = a.v + a.k;
    a.state = a.w + size;
    a.g = a.w + moving;
    a.q = a.g + size;
    a.r = a.q + a.k * a.stride;
    a.partial = a.r + a.stride;
    THREADS_DO(t) {{
        for (int e = t; e < held; e += {threads}) a.x[e] = given[e];
        for (int e = t; e < moving; e += {threads}) a.w[e] = trained[e];
    }}
    BARRIER;
    integer iteration = from;
    double path = paths[own], relative = 0;
    const real step_size = real(sizes[2 * own]);
    while (true) {{
        const bool due = iteration % check_every == 0 || iteration >= final;
        if (!rows || due || iteration >= last) {{
            relative = double(forward(a, 0, a.n, real(1))) * sizes[2 * own + 1];
            if (iteration >= last || (due && !(low <= relative && relative <= high))) break;
        }}
        if (rows) {{
            BARRIER;
            const int *mine = rows + (block * (last - from) + iteration - from) * batch;
            forward(a, mine, batch, real(batch));
            gradient(a, mine, batch);
        }} else {{
            gradient(a, 0, a.n);
        }}
        path += update(a, step_size, iteration);
        ++iteration;
        BARRIER;
    }}
    THREADS_DO(t) {{
        for (int e = t; e < moving; e += {threads}) trained[e] = a.w[e];
        if (t == 0) {{
            iterations[own] = iteration;
            relatives[own] = relative;
            paths[own] = path;
        }}
    }}
}}

#define ARGUMENTS given, trained, places, shapes, sizes, order, rows, batch, from, last, final, \\
    check_every, low, high, iterations, relatives, paths, scratch, each

// Two kernels, because the compiler must know which memory it is for the block's own to be addressed as such.
#ifdef __CUDACC__
extern "C" __global__ __launch_bounds__({threads}) void train(PARAMETERS) {{
    extern __shared__ __align__(16) unsigned char shared_memory[];
    run<false>(shared_memory, blockIdx.x, ARGUMENTS);
}}
extern "C" __global__ __launch_bounds__({threads}) void train_large(PARAMETERS) {{
    run<true>(0, blockIdx.x, ARGUMENTS);
}}
#else
extern "C" void train(unsigned char *shared_memory, const int block, PARAMETERS) {{
    run<false>(shared_memory, block, ARGUMENTS);
}}
extern "C" void train_large(unsigned char *shared_memory, const int block, PARAMETERS) {{
    run<true>(0, block, ARGUMENTS);
}}
#endif
"""


def print_kernel(activation: Activation, optimizer: FirstOrder, dtype: DType) -> tuple[str, int]:
    """Print the kernel of an activation, a first-order method and a data type.

    Returns
    -------
    source : str
    states : int
        Arrays of the method's state.

    Raises
    ------
    Unrecordable
        Where one of them is not an elementwise expression of C++.
    """
    phi, (value, slope) = print_program(record_activation(activation), {"z": "z"})
    start, rule = record_update(optimizer)
    states = [f"state{i}" for i in range(len(start.outputs))]
    inputs = {name: name for name in ("weights", "gradient", "step_size", "iteration", *states)}
    lines, (weights, *after) = print_program(rule, inputs, "u")
    places = [f"a.state[{i} * size + e]" for i in range(len(states))]
    loads = [f"const real {name} = {place};" for name, place in zip(states, places, strict=True)]
    kept = [f"const real after{i} = {new};" for i, new in enumerate(after)]
    stores = [*kept, *(f"{place} = after{i};" for i, place in enumerate(places))]
    source = _KERNEL.format(
        activation=activation.name,
        optimizer=optimizer.name,
        dtype=dtype,
        real="float" if dtype == "float32" else "double",
        threads=THREADS,
        states=len(states),
        phi=indent("\n".join(phi), " " * 4),
        value=value,
        slope=slope,
        loads=indent("\n".join(loads), " " * 12),
        rule=indent("\n".join(lines), " " * 12),
        weights=weights,
        stores=indent("\n".join(stores), " " * 12),
    )
    return source, len(states)
