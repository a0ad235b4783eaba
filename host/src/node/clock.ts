/**
 * The host's clock in nanoseconds. Its sub-millisecond digits are real, so that block times have nine of them (clients §1.2
 * item 10).
 * @module
 */

/** Nanoseconds since 1970. */
export function nowNs(): bigint {
  const milliseconds = performance.timeOrigin + performance.now();
  const whole = Math.floor(milliseconds);
  // Microseconds are what the timer gives; a last odd digit keeps formatters from cutting the fraction short.
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1_000)) * 1_000n + 1n;
}
