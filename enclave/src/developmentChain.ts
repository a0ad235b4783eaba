/**
 * Which networks are for development, and therefore weak on purpose: debug prints, unredacted errors, queries of the past,
 * simulation of contract messages, return to an older record. The pinned chain id decides alone, never an argument or the environment.
 * @module
 */

/** True for `secretdev-*` and `*-sim`. */
export function isDevelopmentChain(chainId: string): boolean {
  return chainId.startsWith("secretdev-") || chainId.endsWith("-sim");
}
