/* Instructions that Rust guards by a check of its own, so that its programs never reach the trap of the machine. */

int probe_divide(int dividend, int divisor) { return dividend / divisor; }

int probe_remainder(int dividend, int divisor) { return dividend % divisor; }

/* A call through the table: index 0 is empty in clang's and rustc's layout, a large one is past its end. */
int probe_call_indirect(int index, int argument) { return ((int (*)(int))index)(argument); }

static long long takes_two(long long a, long long b) { return a + b; }

/* A call of a function that is there but has another signature. Through a volatile, or the compiler sees the mismatch. */
int probe_call_wrong_signature(int argument) {
    long long (*volatile function)(long long, long long) = takes_two;
    return ((int (*)(int))function)(argument);
}
