/**
 * The results of a block as they go back to the enclave with the next one: in parts, since contracts may answer more than fits into one
 * call (consensus §2.7 V12).
 * @module
 */

/** Bytes of results in one call, which beside them may hold a block's transactions. */
const MAX_PART = 8_388_608;
/** Of an item of a list. */
const LENGTH = 4;

/** Results from a position on, as many as fit beside something else; maybe none. */
export function partBeside(results: readonly Uint8Array[], from = 0): readonly Uint8Array[] {
  let end = from;
  for (let left = MAX_PART; end < results.length; end++) {
    left -= LENGTH + (results[end] as Uint8Array).length;
    if (left < 0) break;
  }
  return results.slice(from, end);
}

/** The same for a call of their own: at least one, if there is one. */
export function partAlone(results: readonly Uint8Array[], from: number): readonly Uint8Array[] {
  const part = partBeside(results, from);
  return part.length > 0 ? part : results.slice(from, from + 1);
}
