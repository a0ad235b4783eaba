import { describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes, utf8ToBytes } from "../src/bytes.ts";
import { InputError } from "../src/errors.ts";
import {
  DerReader,
  DerTag,
  derBits,
  derElement,
  derOid,
  derSequence,
  derSignature,
  derTime,
  derUnsigned,
  readDerSequence,
  readDerSignature,
} from "../src/wire/der.ts";

const reader = (hex: string): DerReader => new DerReader(hexToBytes(hex));

describe("registration §6.4: DER", () => {
  it("reads back what it writes", () => {
    const bytes = derSequence(derUnsigned(200), derOid("1.2.840.113741.1.13.1"), derBits(Uint8Array.of(1, 2)));
    const inner = readDerSequence(bytes);
    expect(inner.smallUnsigned()).toBe(200);
    expect(inner.oid()).toBe("2a864886f84d010d01");
    expect(inner.bits()).toEqual(Uint8Array.of(1, 2));
    inner.end();
  });

  it.each([0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000])("writes and reads %i bytes of content", (length) => {
    const content = new Uint8Array(length).fill(7);
    expect(new DerReader(derElement(DerTag.OctetString, content)).octets()).toEqual(content);
  });

  it.each([
    ["a tag of several bytes", "1f8100"],
    ["an indefinite length", "0480"],
    ["a length of four bytes", "048400000001aa"],
    ["a length in a longer form", "048101aa"],
    ["a length with a zero in front", `04820080${"aa".repeat(128)}`],
    ["content that is cut", "0403aaaa"],
    ["nothing at all", ""],
  ])("refuses %s", (_, hex) => {
    expect(() => reader(hex).any()).toThrow(InputError);
  });

  it.each(["0200", "0201ff", "02020001", "0300"])("refuses %s as an integer that is not negative", (hex) => {
    expect(() => reader(hex).unsigned()).toThrow(InputError);
  });

  it("refuses an integer above 31 bits where a small one is asked for", () => {
    expect(reader("02047fffffff").smallUnsigned()).toBe(2 ** 31 - 1);
    expect(() => reader("02050080000000").smallUnsigned()).toThrow(InputError);
  });

  it.each(["010101", "0100", "01020000"])("refuses %s as a boolean", (hex) => {
    expect(() => reader(hex).boolean()).toThrow(InputError);
  });

  it("refuses bit strings that are not of whole bytes, and what is left over", () => {
    expect(() => reader("03020180").bits()).toThrow(InputError);
    expect(() => reader("0300").bits()).toThrow(InputError);
    expect(() => readDerSequence(hexToBytes("300000"))).toThrow(InputError);
    expect(() => reader("0500").end()).toThrow(InputError);
  });

  it.each([
    ["UTC of this century", 1_750_330_571, "UtcTime"],
    ["the last second with two digits", 2_524_607_999, "UtcTime"],
    ["the first with four", 2_524_608_000, "GeneralizedTime"],
    ["1950", -631_152_000, "UtcTime"],
  ] as const)("reads the time that it wrote: %s", (_, seconds, tag) => {
    const bytes = derTime(seconds);
    expect(bytes[0]).toBe(DerTag[tag]);
    expect(new DerReader(bytes).time()).toBe(seconds);
  });

  it.each(["250229000000Z", "251301000000Z", "2506191056Z", "250619105611+0000", "250619245611Z", "250619105660Z"])(
    "refuses %s as a time",
    (text) => {
      expect(() => new DerReader(derElement(DerTag.UtcTime, utf8ToBytes(text))).time()).toThrow(InputError);
    },
  );

  it("takes signatures apart, and refuses other forms of them", () => {
    const signature = hexToBytes(`00ff${"11".repeat(30)}80${"22".repeat(31)}`);
    expect(bytesToHex(readDerSignature(derSignature(signature)))).toBe(bytesToHex(signature));
    expect(() => readDerSignature(hexToBytes("3003020101"))).toThrow(InputError);
    expect(() => readDerSignature(hexToBytes("3009020101020101020101"))).toThrow(InputError);
    const tooLong = derSequence(derUnsigned(new Uint8Array(33).fill(1)), derUnsigned(1));
    expect(() => readDerSignature(tooLong)).toThrow(InputError);
  });
});
