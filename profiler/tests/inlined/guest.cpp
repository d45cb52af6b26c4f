// Functions that are inlined, and call others from where they are: what a call path must show.
typedef unsigned long word;

#define INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

namespace demo {

// Called from two inlined functions and from their caller.
NOINLINE word leaf(word x) {
    asm volatile("" : "+r"(x));  // So that no call is left out.
    return x * 3 + 1;
}

// In the place of `helper`.
NOINLINE word tail(word x) {
    return leaf(x) ^ 5;
}

// Called from one place only, which is inlined.
NOINLINE word helper(word x) {
    x = x * 3 + 1;
    return tail(x);
}

INLINE word inner(word x) {
    return helper(x) + 7;
}

INLINE word outer(word x) {
    return inner(x) ^
           x >> 3;
}

INLINE word twice(word x) {
    return leaf(x) +
           leaf(x + 1);
}

struct Sum {
    word total = 0;
    INLINE void add(word x) {
        total += x;
        total ^= total << 7;
    }
};

NOINLINE word work(word rounds) {
    Sum sum;
    for (word i = 0; i < rounds; i++) {
        sum.add(i);
        sum.add(outer(i));
        sum.add(twice(i));
        sum.add(leaf(i));
    }
    return sum.total;
}

}  // namespace demo

extern "C" [[noreturn]] void _start() {
    word ok = demo::work(20) != 0;
    register word code asm("a0") = !ok;
    register word number asm("a7") = 93;
    asm volatile("ecall" ::"r"(code), "r"(number));
    __builtin_unreachable();
}
