/**
 * Evidence that gets old is made anew in time: where the network's policy asks its members to attest every so many blocks, a node that runs
 * registers the key that it has again when half of them have passed (registration §1.6, §7 N). A founder, whom genesis admitted, begins with it
 * when it first sees such a policy.
 *
 * The enclave decides by itself when its evidence is too old, and stops; this is only what keeps it from getting there.
 * @module
 */
import { bytesToUtf8, concatBytes } from "@sotto/common/bytes";
import { ATTESTED_PREFIX, POLICY_KEY, REGISTER_STORE } from "../app/modules/registration/keys.ts";
import type { StateStore, StateView } from "../store/store.ts";
import { type AttestDeps, attest, type SealedFiles } from "./join.ts";

export type RenewalDeps = AttestDeps & {
  /** For reading. */
  readonly store: Pick<StateStore, "latest">;
  readonly sealed: Pick<SealedFiles, "loadRegistration" | "saveRegistration">;
  /** That it was done, or why not; a sentence. */
  readonly report: (text: string) => void;
};

export interface Renewal {
  /** To be called at the tip, when blocks were committed. */
  look(): void;
  /** Waits for a renewal that runs: it ends when its peer answers no more. */
  stop(): Promise<void>;
}

/** A failure costs the account a fee, and makes a block, which would be the next reason to try. */
const RETRY_MS = 10_000;

/** @param deps `peer` may be this node itself: it passes the transaction on, or makes the block with it */
export function makeRenewal(deps: RenewalDeps): Renewal {
  let running: Promise<void> | undefined;
  let stopped = false;
  let failedAt = Number.NEGATIVE_INFINITY;
  let nodeKey: Uint8Array | undefined;

  async function renewIfDue(): Promise<void> {
    nodeKey ??= await ownKey(deps);
    if (!isDue(deps.store, nodeKey)) return;
    const height = await attest(deps, () => undefined);
    deps.report(`evidence renewed in block ${height}`);
  }

  return {
    look() {
      if (stopped || running !== undefined || performance.now() - failedAt < RETRY_MS) return;
      if (!inState(deps.store, asksAgain)) return;
      running = renewIfDue()
        .catch((error: unknown) => {
          failedAt = performance.now();
          const reason = error instanceof Error ? error.message : "unknown failure";
          if (!stopped) deps.report(`evidence was not renewed: ${reason}. It is tried again, until it is too old`);
        })
        .finally(() => {
          running = undefined;
        });
    },
    async stop() {
      stopped = true;
      await running;
      deps.peer.close();
    },
  };
}

/** The key of the enclave of this run, which a founder gets here. */
async function ownKey({ enclave, sealed }: RenewalDeps): Promise<Uint8Array> {
  const key = await enclave.call("registrationKey", { sealed: sealed.loadRegistration() });
  sealed.saveRegistration(key.sealed);
  return key.nodeKey;
}

function inState<T>(store: RenewalDeps["store"], read: (view: StateView) => T): T {
  const view = store.latest();
  try {
    return read(view);
  } finally {
    view.release();
  }
}

const asksAgain = (view: StateView): boolean => reattestEvery(view) > 0;

/** 0 where nobody has to. */
function reattestEvery(view: StateView): number {
  const policy = view.get(REGISTER_STORE, POLICY_KEY);
  if (policy === undefined) return 0;
  return (JSON.parse(bytesToUtf8(policy)) as { readonly reattest_every: number }).reattest_every;
}

function isDue(store: RenewalDeps["store"], nodeKey: Uint8Array): boolean {
  return inState(store, (view) => {
    const attested = view.get(REGISTER_STORE, concatBytes(ATTESTED_PREFIX, nodeKey));
    if (attested === undefined) return true;
    const at = new DataView(attested.buffer, attested.byteOffset).getBigUint64(0);
    return BigInt(view.height) >= at + BigInt(Math.floor(reattestEvery(view) / 2));
  });
}
