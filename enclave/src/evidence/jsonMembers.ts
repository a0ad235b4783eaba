/**
 * Members of a JSON object by name and type; what is not as expected is refused with where it is.
 * @module
 */
import { hexToBytes } from "@sotto/common/bytes";
import type { JsonObject, JsonValue } from "@sotto/common/json";

/** Makes the error that is thrown, from a text such as `sgx: mrenclave: expected a text`. */
export type Refuse = (what: string) => Error;

export class JsonMembers {
  readonly #left: JsonObject;
  readonly #where: string;
  readonly #refuse: Refuse;

  /** @param where put in front of a member's name */
  constructor(value: JsonValue | undefined, where: string, refuse: Refuse) {
    if (!(value instanceof Map)) throw refuse(`${where}expected an object`);
    this.#left = new Map(value);
    this.#where = where;
    this.#refuse = refuse;
  }

  /** The member, which is then read; undefined if there is none. */
  take(name: string): JsonValue | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  has(name: string): boolean {
    return this.#left.has(name);
  }

  text(name: string): string {
    const value = this.take(name);
    this.#check(typeof value === "string", name, "expected a text");
    return value as string;
  }

  integer(name: string, max: number): number {
    const value = this.take(name);
    const isInteger = typeof value === "bigint" && value >= 0n && value <= BigInt(max);
    this.#check(isInteger, name, `expected an integer from 0 to ${max}`);
    return Number(value);
  }

  /** Bytes written in hex, in either case. */
  hex(name: string, length: number): Uint8Array {
    return readHex(this.text(name), length, this.#where + name, this.#refuse);
  }

  list(name: string): readonly JsonValue[] {
    const value = this.take(name);
    this.#check(Array.isArray(value), name, "expected a list");
    return value as JsonValue[];
  }

  texts(name: string): readonly string[] {
    const values = this.list(name);
    this.#check(
      values.every((value) => typeof value === "string"),
      name,
      "expected texts",
    );
    return values as readonly string[];
  }

  /** Refuses members that were not read. */
  end(): void {
    for (const name of this.#left.keys()) this.#check(false, name, "is not known");
  }

  #check(holds: boolean, name: string, what: string): void {
    if (!holds) throw this.#refuse(`${this.#where}${name}: ${what}`);
  }
}

export function readHex(text: string, length: number, where: string, refuse: Refuse): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text) || text.length !== 2 * length) {
    throw refuse(`${where}: expected ${length} bytes in hex`);
  }
  return hexToBytes(text);
}
