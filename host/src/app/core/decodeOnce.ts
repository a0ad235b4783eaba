/**
 * Decoding state values once: a transaction reads the same few records several times.
 * @module
 */

/**
 * Remembers what each byte string decoded to, as long as somebody holds that very array. State values are never changed in
 * place, and branches hand out the same array until the next write. What is shared must not be changed either.
 */
export function decodeOnce<T>(decode: (bytes: Uint8Array) => T): (bytes: Uint8Array) => T {
  const known = new WeakMap<Uint8Array, T>();
  return (bytes) => {
    let value = known.get(bytes);
    if (value === undefined) {
      value = decode(bytes);
      known.set(bytes, value);
    }
    return value;
  };
}
