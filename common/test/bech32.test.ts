import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bech32Error, Bech32ErrorCode, decodeBech32, encodeBech32 } from "../src/bech32.ts";
import { bytesToHex } from "../src/bytes.ts";

function faultOf(text: string): readonly [Bech32ErrorCode, string] {
  try {
    decodeBech32(text);
  } catch (error) {
    if (error instanceof Bech32Error) return [error.code, error.message];
    throw error;
  }
  throw new Error(`was accepted: ${text}`);
}

const ADDRESS = "secret1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5a8chmq";

describe("decodeBech32", () => {
  it("reads the valid texts of BIP-173", () => {
    expect(decodeBech32("A12UEL5L")).toEqual({ prefix: "a", data: new Uint8Array(0) });
    expect(decodeBech32("a12uel5l")).toEqual({ prefix: "a", data: new Uint8Array(0) });
    const longPrefix = "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio";
    expect(decodeBech32(`${longPrefix}1tt5tgs`).prefix).toBe(longPrefix);
    expect(bytesToHex(decodeBech32("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw").data)).toBe(
      "00443214c74254b635cf84653a56d7c675be77df",
    );
    expect(decodeBech32(`11${"q".repeat(82)}c8247j`)).toEqual({ prefix: "1", data: new Uint8Array(51) });
    expect(decodeBech32("?1ezyfcl").prefix).toBe("?");
  });

  it("reads upper case as lower case", () => {
    expect(decodeBech32(ADDRESS.toUpperCase())).toEqual(decodeBech32(ADDRESS));
    expect(decodeBech32(ADDRESS.toUpperCase()).prefix).toBe("secret");
  });

  it("names the first fault in the order of contracts §2.4", () => {
    const length = [Bech32ErrorCode.InvalidLength, "invalid length"];
    const separator = [Bech32ErrorCode.MissingSeparator, 'missing human-readable separator, "1"'];
    const mixed = [Bech32ErrorCode.MixedCase, "mixed-case strings not allowed"];
    const checksum = [Bech32ErrorCode.InvalidChecksum, "invalid checksum"];
    const padding = [Bech32ErrorCode.InvalidPadding, "invalid padding"];
    const character = (c: string) => [Bech32ErrorCode.InvalidCharacter, `invalid character (code=${c})`];
    const cases: readonly (readonly [string, readonly unknown[]])[] = [
      ["", length],
      ["a1qqqqq", length],
      ["aaaaaaa", length],
      ["aaaaaaaa", separator],
      ["ÉÉÉÉ", separator],
      ["aaaaaa1qqqqq", length],
      ["aaaaaa1é", length],
      ["1qqqqqqqq", length],
      [`${"a".repeat(84)}1qqqqqq`, length],
      [`${"é".repeat(42)}1qqqqqq`, length],
      ["a b1qqqqqq", character(" ")],
      ["a\u007f1qqqqqq", character("\u007f")],
      ["é1qqqqqqq", character("Ã")],
      ["aB1qqqqqq", mixed],
      ["aB 1qqqqqq", mixed],
      ["a B1qqqqqq", character(" ")],
      ["a1qqqqqqb", character("b")],
      ["a1qqqqqqé", character("é")],
      ["a1qqqqqq😀", character("😀")],
      ["a1qqqqqqB", mixed],
      ["A1qqqqqq", mixed],
      ["A1QQQQQQB", character("B")],
      ["a1qqibQq", character("i")],
      ["a1qQibqq", mixed],
      ["a1qqqqqq", checksum],
      ["a12uel5m", checksum],
      // Bech32m of the same text.
      ["a1lqfn3a", checksum],
      // One 5-bit value that leaves bits over.
      ["a1lqqqqqqq", checksum],
    ];
    for (const [text, fault] of cases) expect([text, ...faultOf(text)]).toEqual([text, ...fault]);
    for (const text of ["?1v759aa", "x1b4n0q5v", "1nwldj5"]) expect(() => decodeBech32(text)).toThrow(Bech32Error);
    expect(faultOf(withPadding([31]))).toEqual(padding);
    expect(faultOf(withPadding([0, 1]))).toEqual(padding);
    expect(faultOf(withPadding([0, 0, 0]))).toEqual(padding);
    expect(decodeBech32(withPadding([0, 4])).data).toEqual(Uint8Array.of(1));
  });
});

/** A text with a correct checksum over 5-bit values that need not be whole bytes. */
function withPadding(values: readonly number[]): string {
  const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  const polymod = (input: readonly number[]): number => {
    let sum = 1;
    for (const value of input) {
      const top = sum >>> 25;
      sum = ((sum & 0x1ffffff) << 5) ^ value;
      for (const [i, g] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries())
        if ((top >> i) & 1) sum ^= g;
    }
    return sum;
  };
  const sum = polymod([3, 3, 0, 1, 2, ...values, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [5, 4, 3, 2, 1, 0].map((i) => (sum >>> (5 * i)) & 31);
  return `ab1${[...values, ...tail].map((value) => alphabet[value]).join("")}`;
}

describe("encodeBech32", () => {
  it("writes what decodeBech32 reads, for data of any length and any prefix", () => {
    const prefix = fc.string({ unit: fc.constantFrom(..."abcxyz1029!~?"), minLength: 1, maxLength: 83 });
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: 200 }), (prefix, data) => {
        expect(decodeBech32(encodeBech32(prefix, data))).toEqual({ prefix, data });
      }),
    );
  });

  it("refuses prefixes that no text can have", () => {
    const data = new Uint8Array(20);
    const codeOf = (prefix: string): number | undefined => {
      try {
        encodeBech32(prefix, data);
      } catch (error) {
        return (error as Bech32Error).code;
      }
      return undefined;
    };
    expect(codeOf("")).toBe(Bech32ErrorCode.InvalidLength);
    expect(codeOf("a".repeat(84))).toBe(Bech32ErrorCode.InvalidLength);
    expect(codeOf("a b")).toBe(Bech32ErrorCode.InvalidCharacter);
    expect(codeOf("é")).toBe(Bech32ErrorCode.InvalidCharacter);
    expect(codeOf("aB")).toBe(Bech32ErrorCode.MixedCase);
    expect(codeOf("AB")).toBe(Bech32ErrorCode.MixedCase);
  });
});

it("an accepted text with any one character changed is refused", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.nat(44),
      fc.string({ minLength: 1, maxLength: 1 }),
      (data, at, other) => {
        const text = encodeBech32("secret", data);
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        if (changed !== text) expect(() => decodeBech32(changed)).toThrow(Bech32Error);
      },
    ),
  );
});
