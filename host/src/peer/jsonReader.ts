/**
 * Reads a foreign JSON value member by member and names the place where it is not what it must be.
 *
 * The forms are those of CometBFT (consensus §2.8): integers of 64 bits as decimal strings, hashes in hex, bytes in base64; nothing is
 * `""` or null there, and an empty list may be null.
 * @module
 */
import { parseTimestamp, type Timestamp } from "@sotto/common/wire/timestamp";
import { PeerError, PeerErrorCode } from "./peerError.ts";

const MAX_INT64 = (1n << 63n) - 1n;

export class JsonReader {
  readonly #value: unknown;
  /** Where the value stands, as in `block.header.height`. */
  readonly place: string;

  constructor(value: unknown, place: string) {
    this.#value = value;
    this.place = place;
  }

  get isNull(): boolean {
    return this.#value === null || this.#value === undefined;
  }

  /** A member of an object, which may be missing. */
  member(name: string): JsonReader {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value)) this.fail("an object");
    const value = Object.hasOwn(this.#value as object, name)
      ? (this.#value as Readonly<Record<string, unknown>>)[name]
      : undefined;
    return new JsonReader(value, this.place === "" ? name : `${this.place}.${name}`);
  }

  /** Null is the empty list. */
  list(): JsonReader[] {
    if (this.isNull) return [];
    if (!Array.isArray(this.#value)) this.fail("a list");
    return (this.#value as unknown[]).map((item, index) => new JsonReader(item, `${this.place}[${index}]`));
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.fail("a text");
  }

  boolean(): boolean {
    return typeof this.#value === "boolean" ? this.#value : this.fail("true or false");
  }

  /** A decimal string of 64 bits. */
  int64(): bigint {
    if (typeof this.#value !== "string" || !/^(0|-?[1-9]\d{0,18})$/.test(this.#value)) this.fail("a decimal string");
    const value = BigInt(this.#value as string);
    return value <= MAX_INT64 && value >= -MAX_INT64 - 1n ? value : this.fail("an integer of 64 bits");
  }

  /** A height, or another count that a number holds. */
  count(): number {
    const value = this.int64();
    return value >= 0n && value <= 0xffff_ffffn ? Number(value) : this.fail("a count of 32 bits");
  }

  /** A JSON number from 0 on. */
  uint31(): number {
    const value = this.#value;
    return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fff_ffff
      ? (value as number)
      : this.fail("a whole number");
  }

  hex(): Uint8Array {
    if (this.isNull) return new Uint8Array(0);
    const text = this.text();
    if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) this.fail("hex digits");
    return new Uint8Array(Buffer.from(text, "hex"));
  }

  base64(): Uint8Array {
    if (this.isNull) return new Uint8Array(0);
    const text = this.text();
    const bytes = Buffer.from(text, "base64");
    // Buffer passes over what is no base64, so the text must come back the same.
    return bytes.toString("base64") === text ? new Uint8Array(bytes) : this.fail("base64");
  }

  time(): Timestamp {
    const text = this.text();
    try {
      return parseTimestamp(text);
    } catch {
      return this.fail("a time in RFC 3339");
    }
  }

  /** @throws {PeerError} Nonsense */
  fail(expected: string): never {
    const found = this.isNull
      ? "nothing"
      : typeof this.#value === "object"
        ? Array.isArray(this.#value)
          ? "a list"
          : "an object"
        : JSON.stringify(this.#value).slice(0, 60);
    throw new PeerError(PeerErrorCode.Nonsense, `${this.place}: expected ${expected}, got ${found}`);
  }
}
