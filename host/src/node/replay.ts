/**
 * Runs accepted blocks again whose outcome the host has lost: its database was restored from an older copy, or is gone (consensus §3.5
 * "backward").
 *
 * The enclave wants the headers first, from the block accepted last downward. It keeps one stretch of them; the next one is shown again
 * when the blocks of the one below have been run. So the headers of any distance are shown twice at most.
 * @module
 */
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";

/** Both included. */
export type HeaderRange = { readonly from: number; readonly to: number };

/** Headers of one stretch. */
const STRETCH = 1_000;

export class Replay {
  readonly #enclave: EnclaveHost;
  readonly #latestHeight: () => number;
  /** The block accepted last. */
  readonly #target: number;
  /** Heights from here up were shown on the way down. */
  #shownFrom: number;
  /** Last height of the stretch that the enclave has now. */
  #stretchTo = 0;

  /** @param latestHeight of the host's state */
  constructor(enclave: EnclaveHost, target: number, latestHeight: () => number) {
    this.#enclave = enclave;
    this.#target = target;
    this.#latestHeight = latestHeight;
    this.#shownFrom = target + 1;
  }

  /** What must be shown before the next block is begun; undefined if nothing. */
  wanted(): HeaderRange | undefined {
    const next = this.#latestHeight() + 1;
    if (next > this.#target) return undefined;
    if (this.#shownFrom > next) {
      const to = this.#shownFrom - 1;
      return { from: Math.max(next, to - STRETCH + 1), to };
    }
    if (next <= this.#stretchTo) return undefined;
    return { from: next, to: Math.min(this.#target, next + STRETCH - 1) };
  }

  /**
   * @param headers of the range wanted, ascending, protobuf
   * @throws {RefusedError} they are not those that the enclave has accepted
   */
  show(headers: readonly Uint8Array[]): void {
    const range = this.wanted();
    if (range === undefined) return;
    this.#enclave.call("rewind", { headers: [...headers].reverse() });
    this.#shownFrom = Math.min(this.#shownFrom, range.from);
    this.#stretchTo = range.to;
  }
}
