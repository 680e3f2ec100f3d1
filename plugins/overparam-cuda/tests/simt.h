// A block of CUDA threads on the host. A thread is a coroutine that runs until it waits for warp or block.
//
// Between two barriers the threads run one after another, in an order that the test chooses. The kernel's
// results must not depend on this order.

#include <cmath>
#include <csetjmp>
#include <ucontext.h>

using namespace std;

#define __device__
#define __global__
#define __shared__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

struct Index {
    unsigned x;
};
static Index threadIdx, blockIdx, blockDim;
extern "C" {
__align__(32) unsigned char block_memory[1 << 19];
}

namespace simt {

enum State { READY, AT_WARP, AT_BLOCK, DONE };
enum Order { FORWARD, BACKWARD, SHUFFLED };

struct Thread {
    ucontext_t beginning;
    jmp_buf place;
    State state;
    bool begun;
    int exchanges;
    double offered[2];
};

const int MOST = 1024, STACK = 1 << 16;
static Thread threads[MOST];
static char stacks[MOST][STACK];
static jmp_buf scheduler, outside;
static const char *failure;
static int current, barriers;
static void (*body)(void *);
static void *argument;

static void fail(const char *why) {
    failure = why;
    _longjmp(outside, 1);
}

static void wait(const State state) {
    threads[current].state = state;
    if (!_setjmp(threads[current].place)) _longjmp(scheduler, 1);
}

static void begin() {
    body(argument);
    threads[current].state = DONE;
    _longjmp(scheduler, 1);
}

static void resume(const int number) {
    current = threadIdx.x = number;
    if (_setjmp(scheduler)) return;
    if (threads[number].begun) _longjmp(threads[number].place, 1);
    threads[number].begun = true;
    setcontext(&threads[number].beginning);
}

// Number of the thread or warp that runs i-th among `count`; 7 does not divide any count.
static int turn(const Order order, const int i, const int count) {
    if (order == FORWARD) return i;
    if (order == BACKWARD) return count - 1 - i;
    return (7 * i + barriers) % count;
}

static bool any(const int from, const int count, const State state) {
    for (int t = from; t < from + count; ++t)
        if (threads[t].state == state) return true;
    return false;
}

static void release(const int from, const int count) {
    for (int t = from; t < from + count; ++t) threads[t].state = READY;
}

// Run the threads of a warp until all of them wait for the block or are done.
static void run_warp(const int first, const Order order) {
    do {
        for (int i = 0; i < 32; ++i) {
            const int t = first + turn(order, i, 32);
            if (threads[t].state == READY) resume(t);
        }
        if (!any(first, 32, AT_WARP)) return;
        if (any(first, 32, AT_BLOCK) || any(first, 32, DONE)) fail("a warp waits for different things");
        release(first, 32);
    } while (true);
}

// Run a kernel as one block; return an error message, or null.
template <class Kernel>
const char *run_block(const int block, const int size, const int order, Kernel kernel) {
    if (_setjmp(outside)) return failure;
    if (size % 32 || size > MOST || size / 32 % 7 == 0) fail("no such block");
    blockIdx.x = block, blockDim.x = size;
    body = [](void *given) { (*static_cast<Kernel *>(given))(); };
    argument = &kernel;
    for (int t = 0; t < size; ++t) {
        threads[t].state = READY, threads[t].begun = false, threads[t].exchanges = 0;
        getcontext(&threads[t].beginning);
        threads[t].beginning.uc_stack.ss_sp = stacks[t];
        threads[t].beginning.uc_stack.ss_size = STACK;
        threads[t].beginning.uc_link = nullptr;
        makecontext(&threads[t].beginning, begin, 0);
    }
    do {
        for (int i = 0; i < size / 32; ++i) run_warp(32 * turn(Order(order), i, size / 32), Order(order));
        if (!any(0, size, AT_BLOCK)) return nullptr;
        if (any(0, size, DONE)) fail("a thread left while others wait for it");
        release(0, size);
        ++barriers;
    } while (true);
}

}  // namespace simt

static void __syncthreads() { simt::wait(simt::AT_BLOCK); }

template <class Number> static Number __shfl_xor_sync(const unsigned mask, const Number own, const int lane) {
    if (mask != 0xffffffffu) simt::fail("a part of a warp exchanges");
    const int mine = simt::current, turn = simt::threads[mine].exchanges++ % 2;
    simt::threads[mine].offered[turn] = own;
    simt::wait(simt::AT_WARP);
    return Number(simt::threads[mine ^ lane].offered[turn]);
}
