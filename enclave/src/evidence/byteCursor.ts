/**
 * Little-endian fields one after another.
 * @module
 */
import { InputError, InputErrorCode } from "@sotto/common/errors";

export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** @param what named in errors */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** The next bytes, as a view. @throws {InputError} Malformed, if there are not as many */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw this.#malformed(`${length} more bytes are needed, ${this.#bytes.length - this.#at} are left`);
    }
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  u16(): number {
    const [low = 0, high = 0] = this.take(2);
    return low | (high << 8);
  }

  u32(): number {
    return this.u16() + this.u16() * 0x1_0000;
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }

  /** @throws {InputError} Malformed, if anything is left */
  end(): void {
    if (this.#at < this.#bytes.length) throw this.#malformed(`${this.#bytes.length - this.#at} bytes too many`);
  }

  #malformed(what: string): InputError {
    return new InputError(InputErrorCode.Malformed, `${this.#what}: ${what}`);
  }
}
