/**
 * The checks of a verification as people read them; the first that fails ends it.
 * @module
 */
import { BoundaryError } from "@sotto/boundary/errors";
import type { EvidenceCheck } from "@sotto/boundary/messages";
import { bytesToHex } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { InputError } from "@sotto/common/errors";
import { JsonError } from "@sotto/common/json";
import { EvidenceError, EvidenceErrorCode } from "./evidenceError.ts";

/** Characters; texts out of documents may be long. */
const MAX_SHOWN = 1_000;
/** Last second that a `Date` can hold. */
const MAX_DATE_SECONDS = 8_640_000_000_000;

export class CheckList {
  readonly crypto: Crypto;
  readonly #checks: EvidenceCheck[] = [];

  constructor(crypto: Crypto) {
    this.crypto = crypto;
  }

  /** In the order of the steps. */
  get checks(): readonly EvidenceCheck[] {
    return [...this.#checks].sort((a, b) => a.step - b.step);
  }

  /** Checks of one step (registration §2.8, 1 to 14), for each of which evidence is refused with the code. */
  at(step: number, code: EvidenceErrorCode): StepChecks {
    return new StepChecks(this, step, code);
  }

  /** @throws {EvidenceError} unless `passed` */
  add(code: EvidenceErrorCode, check: EvidenceCheck): void {
    this.#checks.push(check);
    const { name, expected, found, passed } = check;
    if (!passed) throw new EvidenceError(code, `${name}: expected ${expected}, got ${found}`);
  }
}

/** Every method throws the {@link EvidenceError} of its check, if that fails. */
export class StepChecks {
  readonly #list: CheckList;
  readonly #step: number;
  readonly #code: EvidenceErrorCode;

  constructor(list: CheckList, step: number, code: EvidenceErrorCode) {
    this.#list = list;
    this.#step = step;
    this.#code = code;
  }

  expect(name: string, passed: boolean, expected: string, found: string): void {
    const shown = { expected: expected.slice(0, MAX_SHOWN), found: found.slice(0, MAX_SHOWN) };
    this.#list.add(this.#code, { step: this.#step, name, ...shown, passed });
  }

  /** The same for what is worth a line only if it fails. */
  demand(name: string, passed: boolean, expected: string, found: string): void {
    if (!passed) this.expect(name, passed, expected, found);
  }

  /** Whether bytes are the same. */
  equal(name: string, expected: Uint8Array, found: Uint8Array): void {
    const [a, b] = [bytesToHex(expected), bytesToHex(found)];
    this.expect(name, a === b, a, b);
  }

  /** Whether a message is signed with a key on P-256 (x ‖ y). */
  signed(what: string, by: string, key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    const passed = this.#list.crypto.p256Verify(message, signature, key);
    this.expect(`signature of the ${what}`, passed, `by the ${by}`, passed ? "by it" : "not by it");
  }

  /** Whether a time is within two others, which count; seconds since 1970. */
  current(what: string, time: number, from: number, until: number): void {
    const found = `${formatSeconds(from)} to ${formatSeconds(until)}`;
    const check = this.#list.at(this.#step, EvidenceErrorCode.OutOfDate);
    check.expect(`validity of the ${what}`, from <= time && time <= until, `valid at ${formatSeconds(time)}`, found);
  }

  /** Takes foreign bytes apart: refused as Malformed, or with the code that `read` gave. Success is worth no line. */
  read<T>(name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const isForeign = error instanceof InputError || error instanceof JsonError || error instanceof BoundaryError;
      if (!isForeign && !(error instanceof EvidenceError)) throw error;
      const code = error instanceof EvidenceError ? error.code : EvidenceErrorCode.Malformed;
      this.#list.at(this.#step, code).expect(name, false, "the form of registration §2 and §6", error.message);
      throw error;
    }
  }
}

/** A time for people. @param seconds since 1970 */
export function formatSeconds(seconds: number): string {
  if (Math.abs(seconds) > MAX_DATE_SECONDS) return `${seconds} seconds since 1970`;
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
