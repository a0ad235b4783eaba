/**
 * The life cycle of an enclave: empty, with fresh seeds, or carrying a network.
 * @module
 */
import type { NetworkKeys } from "@sotto/boundary/messages";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { KeyTree } from "../keys/keyTree.ts";
import type { Network } from "./network.ts";

export type Phase =
  | { readonly kind: "empty" }
  /** Seeds exist, but are bound to no genesis yet; they are lost with the process. */
  | { readonly kind: "bootstrapped"; readonly chainId: string; readonly seeds: readonly Uint8Array[] }
  /** Has a registration key and waits for the seeds of a network (registration §1.2 A). */
  | { readonly kind: "applicant"; readonly secret: Uint8Array }
  | { readonly kind: "ready"; readonly network: Network };

export class EnclaveState {
  phase: Phase = { kind: "empty" };
  /** @throws {RefusalError} WrongState, Latched */
  network(): Network {
    if (this.phase.kind !== "ready") {
      throw new RefusalError(
        RefusalCode.WrongState,
        `expected an enclave with a network, this one is ${this.phase.kind}`,
      );
    }
    return this.phase.network;
  }
}

/** The public keys that clients and joining nodes need. */
export function networkKeys({ last }: KeyTree): NetworkKeys {
  return { ioExchange: last.ioExchange.publicKey, seedExchange: last.seedExchange.publicKey };
}
