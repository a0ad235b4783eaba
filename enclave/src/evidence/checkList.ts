/**
 * The checks of a verification as people read them; the first that fails ends it.
 * @module
 */
import { BoundaryError } from "@sotto/boundary/errors";
import type { EvidenceCheck } from "@sotto/boundary/messages";
import { bytesToHex } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { JsonError } from "@sotto/common/json";
import { EvidenceError, EvidenceErrorCode } from "./evidenceError.ts";

/** Characters; texts out of documents may be long. */
const MAX_SHOWN = 1_000;
/** Last second that a `Date` can hold. */
const MAX_DATE_SECONDS = 8_640_000_000_000;

export type Check = {
  /** Of registration §2.8, 1 to 14. */
  readonly step: number;
  readonly name: string;
  /** What the evidence is refused with if the check fails. */
  readonly code: EvidenceErrorCode;
};

export class CheckList {
  readonly #checks: EvidenceCheck[] = [];

  /** In the order of the steps. */
  get checks(): readonly EvidenceCheck[] {
    return [...this.#checks].sort((a, b) => a.step - b.step);
  }

  /** @throws {EvidenceError} with the check's code, unless `passed` */
  expect({ step, name, code }: Check, passed: boolean, expected: string, found: string): void {
    const shown = { expected: expected.slice(0, MAX_SHOWN), found: found.slice(0, MAX_SHOWN) };
    this.#checks.push({ step, name, ...shown, passed });
    if (!passed) throw new EvidenceError(code, `${name}: expected ${shown.expected}, got ${shown.found}`);
  }

  /** The same for what is worth a line only if it fails. */
  demand(check: Check, passed: boolean, expected: string, found: string): void {
    if (!passed) this.expect(check, passed, expected, found);
  }

  /** @throws {EvidenceError} unless the bytes are the same */
  expectEqual(check: Check, expected: Uint8Array, found: Uint8Array): void {
    const [a, b] = [bytesToHex(expected), bytesToHex(found)];
    this.expect(check, a === b, a, b);
  }

  /**
   * Takes foreign bytes apart; succeeds silently.
   * @throws {EvidenceError} Malformed, or the code that `read` gave
   */
  read<T>(step: number, name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const isForeign = error instanceof InputError || error instanceof JsonError || error instanceof BoundaryError;
      if (!isForeign && !(error instanceof EvidenceError)) throw error;
      const code = error instanceof EvidenceError ? error.code : EvidenceErrorCode.Malformed;
      this.expect({ step, name, code }, false, "the form of registration §2 and §6", error.message);
      throw error;
    }
  }
}

/** A time for people. @param seconds since 1970 */
export function formatSeconds(seconds: number): string {
  return Math.abs(seconds) <= MAX_DATE_SECONDS
    ? new Date(seconds * 1000).toISOString().replace(".000Z", "Z")
    : `${seconds} seconds since 1970`;
}
