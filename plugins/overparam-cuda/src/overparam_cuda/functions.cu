// Functions that printed expressions may call besides those of C++. They return NaN for NaN.

#define DEVICE static __device__ __forceinline__

DEVICE real infinite() { return real(1e300 * 1e300); }
DEVICE real not_a_number() { return infinite() - infinite(); }
DEVICE real maximum(real a, real b) { return a != a || a > b ? a : b; }
DEVICE real minimum(real a, real b) { return a != a || a < b ? a : b; }
DEVICE real sign(real a) { return a != a ? a : real((a > 0) - (a < 0)); }
