/**
 * V11: the roots of the stores that a block starts from, proven by the app hash in its header (consensus §2.7, §4.2, §4.3).
 * @module
 */
import type { StoreRoot } from "@sotto/boundary/messages";
import { PROVEN_STORES } from "@sotto/boundary/messages";
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import type { Hasher } from "@sotto/common/merkle/cometMerkle";
import { appHash } from "@sotto/common/merkle/multistore";
import { ACCOUNT_STORE } from "@sotto/common/wire/account";
import type { Header } from "@sotto/common/wire/header";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { ProvenRoots } from "../keys/trustedRecord.ts";

function refuse(message: string): never {
  throw new RefusalError(RefusalCode.BlockStateRoots, `block: ${message}`);
}

/**
 * @param header verified
 * @param stores roots of all stores as the host gives them
 * @returns those of the proven stores, and that of the accounts, which the enclave only reads
 * @throws {RefusalError} BlockStateRoots
 */
export function verifyStoreRoots(
  crypto: Hasher,
  header: Header,
  stores: readonly StoreRoot[],
): ProvenRoots & { readonly accounts: Uint8Array } {
  const roots = new Map(stores.map(({ name, root }) => [name, root]));
  if (roots.size !== stores.length) refuse("a store comes twice among the roots");
  if (!equalBytes(appHash(crypto, stores), header.appHash))
    refuse("the roots of the stores are not those of its app hash");
  const names = [...PROVEN_STORES, ACCOUNT_STORE];
  const [compute, register, accounts] = names.map((name) => roots.get(name));
  if (compute === undefined || register === undefined || accounts === undefined) {
    return refuse(`expected the stores ${names.join(", ")}`);
  }
  return { compute, register, accounts };
}

/**
 * The state that this enclave computed is the one that the network agreed on, and a block that runs again comes to what it came to
 * before (consensus §3.5 "re-run").
 * @param computed undefined where the enclave has nothing to compare
 * @throws {RefusalError} Diverged
 */
export function requireSameRoots(computed: ProvenRoots | undefined, found: ProvenRoots): void {
  for (const store of PROVEN_STORES) {
    const expected = computed?.[store];
    if (expected === undefined || equalBytes(found[store], expected)) continue;
    throw new RefusalError(
      RefusalCode.Diverged,
      `block: the state has diverged (V11): of store ${store} this enclave computed the root ${bytesToHex(expected)}, ` +
        `expected it and got ${bytesToHex(found[store])}`,
    );
  }
}
