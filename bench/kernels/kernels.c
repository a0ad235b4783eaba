/*
 * Work for the processor alone, for engine.bench.mjs. Built with
 *   clang --target=wasm32 -O2 -mcpu=mvp -fno-builtin -nostdlib -Wl,--no-entry -Wl,-s -o kernels.wasm kernels.c
 * Each function takes a number of rounds and gives a number that depends on all of them.
 */
typedef unsigned int u32;
typedef unsigned char u8;
typedef unsigned long long u64;
#define EXPORT(name) __attribute__((export_name(#name)))

/* Calls and nearly nothing else. */
EXPORT(fibonacci) u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

/* Short loops that store a byte. */
static u8 bytes[1 << 18];
EXPORT(sieve) u32 sieve(u32 rounds) {
  u32 primes = 0;
  for (u32 round = 0; round < rounds; round++) {
    primes = round;
    for (u32 i = 0; i < sizeof bytes; i++) bytes[i] = 1;
    for (u32 i = 2; i < sizeof bytes; i++)
      if (bytes[i]) {
        primes++;
        for (u32 j = i * 2; j < sizeof bytes; j += i) bytes[j] = 0;
      }
  }
  return primes;
}

/* Comparisons and exchanges. */
static u32 words[1 << 15];
static void quicksort(u32 *low, u32 *high) {
  if (high - low < 2) return;
  u32 pivot = low[(high - low) / 2], *i = low, *j = high - 1;
  while (i <= j) {
    while (*i < pivot) i++;
    while (*j > pivot) j--;
    if (i <= j) {
      u32 word = *i;
      *i++ = *j;
      *j-- = word;
    }
  }
  quicksort(low, j + 1);
  quicksort(i, high);
}
EXPORT(sort) u32 sort(u32 rounds) {
  u32 x = 1, sum = 0;
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < 1 << 15; i++) words[i] = x = x * 1664525 + 1013904223;
    quicksort(words, words + (1 << 15));
    sum += words[77];
  }
  return sum;
}

/* The compression function of SHA-256 (with other constants): long stretches without a branch. */
static u32 K[64];
#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
EXPORT(hash) u32 hash(u32 rounds) {
  u32 state[8] = {1, 2, 3, 4, 5, 6, 7, 8}, w[64];
  for (u32 round = 0; round < rounds * 1000; round++) {
    for (u32 i = 0; i < 16; i++) w[i] = state[i & 7] + i;
    for (u32 i = 16; i < 64; i++) {
      u32 s0 = ROTATE(w[i - 15], 7) ^ ROTATE(w[i - 15], 18) ^ (w[i - 15] >> 3);
      u32 s1 = ROTATE(w[i - 2], 17) ^ ROTATE(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 b[8];
    for (int i = 0; i < 8; i++) b[i] = state[i];
    for (u32 i = 0; i < 64; i++) {
      u32 t1 = b[7] + (ROTATE(b[4], 6) ^ ROTATE(b[4], 11) ^ ROTATE(b[4], 25)) + ((b[4] & b[5]) ^ (~b[4] & b[6])) + K[i] + w[i];
      u32 t2 = (ROTATE(b[0], 2) ^ ROTATE(b[0], 13) ^ ROTATE(b[0], 22)) + ((b[0] & b[1]) ^ (b[0] & b[2]) ^ (b[1] & b[2]));
      b[7] = b[6];
      b[6] = b[5];
      b[5] = b[4];
      b[4] = b[3] + t1;
      b[3] = b[2];
      b[2] = b[1];
      b[1] = b[0];
      b[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += b[i];
  }
  return state[0];
}

/* A product of matrices of 64-bit numbers. */
static u64 m1[64 * 64], m2[64 * 64], m3[64 * 64];
EXPORT(matrix) u32 matrix(u32 rounds) {
  for (int i = 0; i < 64 * 64; i++) m1[i] = m2[i] = i;
  for (u32 round = 0; round < rounds; round++) {
    for (int i = 0; i < 64; i++)
      for (int j = 0; j < 64; j++) {
        u64 sum = 0;
        for (int k = 0; k < 64; k++) sum += m1[i * 64 + k] * m2[k * 64 + j];
        m3[i * 64 + j] = sum;
      }
    m1[round & 4095] = m3[round * 7 & 4095] | 1;
  }
  return (u32)m3[5];
}
