import { describe, expect, it } from "vitest";
import {
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  fixed,
  list,
  option,
  struct,
  text,
  u8,
  u32,
  u64,
  union,
} from "../src/codec.ts";
import { BoundaryErrorCode } from "../src/errors.ts";

/** The cases of a table have codecs of different types. */
type AnyCodec = Codec<unknown>;
const any = <T>(codec: Codec<T>): AnyCodec => codec as AnyCodec;

const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const fromHex = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "hex"));

describe("the wire form", () => {
  it.each<[string, AnyCodec, unknown, string]>([
    ["a byte", any(u8), 255, "ff"],
    ["a little-endian number", any(u32), 0x01020304, "04030201"],
    ["the largest u64", any(u64), 2n ** 64n - 1n, "ffffffffffffffff"],
    ["truth", any(bool), true, "01"],
    ["bytes with their count", any(bytes(3)), Uint8Array.of(1, 2), "020000000102"],
    ["bytes of known length without", any(fixed(2)), Uint8Array.of(1, 2), "0102"],
    ["text as UTF-8", any(text(4)), "€", "03000000e282ac"],
    ["nothing", any(option(u8)), undefined, "00"],
    ["something", any(option(u8)), 7, "0107"],
    ["a list", any(list(u8, 3)), [1, 2], "020000000102"],
    ["fields in their order", any(struct({ b: u8, a: bool })), { b: 5, a: false }, "0500"],
    ["an alternative behind its position", any(union({ x: u8, y: bool })), { kind: "y", value: true }, "0101"],
  ])("of %s", (_, codec, value, expected) => {
    expect(hex(encode(codec, value))).toBe(expected);
    expect(decode(codec, fromHex(expected))).toEqual(value);
  });

  it.each<[string, AnyCodec, string, BoundaryErrorCode]>([
    ["a missing byte", any(u32), "000000", BoundaryErrorCode.Malformed],
    ["a byte too many", any(u8), "0000", BoundaryErrorCode.Malformed],
    ["a truth of 2", any(bool), "02", BoundaryErrorCode.Malformed],
    ["an option of 2", any(option(u8)), "0200", BoundaryErrorCode.Malformed],
    ["an alternative that there is not", any(union({ x: u8 })), "0100", BoundaryErrorCode.Malformed],
    ["a count above the limit", any(bytes(2)), "03000000010203", BoundaryErrorCode.TooLong],
    ["a list above the limit", any(list(u8, 1)), "020000000102", BoundaryErrorCode.TooLong],
    ["a count above what follows", any(bytes(1000)), "e803000000", BoundaryErrorCode.Malformed],
  ])("has no place for %s", (_, codec, input, code) => {
    expect(() => decode(codec, fromHex(input))).toThrow(expect.objectContaining({ codespace: "boundary", code }));
  });

  it.each<[string, AnyCodec, unknown, BoundaryErrorCode]>([
    ["bytes above the limit", any(bytes(1)), new Uint8Array(2), BoundaryErrorCode.TooLong],
    ["text above the limit in bytes", any(text(2)), "€", BoundaryErrorCode.TooLong],
    ["a list above the limit", any(list(u8, 1)), [1, 2], BoundaryErrorCode.TooLong],
    ["bytes of another length", any(fixed(2)), new Uint8Array(1), BoundaryErrorCode.Malformed],
  ])("is not made of %s", (_, codec, value, code) => {
    expect(() => encode(codec, value)).toThrow(expect.objectContaining({ codespace: "boundary", code }));
  });

  it("hands out copies", () => {
    const input = fromHex("020000000102");
    const output = decode(bytes(2), input);
    input.fill(9);
    expect([...output]).toEqual([1, 2]);
  });
});
