/**
 * The host's side of the ocalls of one ecall, alike in both transports.
 * @module
 */
import { checkFrameLength } from "./loadBundle.ts";

type OnOcall = (request: Uint8Array) => Uint8Array;

/** Answers until the host fails once; from then on there are no answers, and what the enclave returns means nothing. */
export class OcallAnswers {
  readonly #onOcall: OnOcall;
  #failure: { readonly error: unknown } | undefined;

  constructor(onOcall: OnOcall) {
    this.#onOcall = onOcall;
  }

  /** At most `LIMITS.frame` bytes, or undefined if the host failed. */
  answer(request: Uint8Array): Uint8Array | undefined {
    if (this.#failure !== undefined) return undefined;
    try {
      const answer = this.#onOcall(request);
      checkFrameLength("ocall answer", answer);
      return answer;
    } catch (error) {
      this.#failure = { error };
      return undefined;
    }
  }

  /** @throws what the host failed with, if it did */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
