import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  base64ToBytes,
  bytesToBase64,
  bytesToHex,
  bytesToUtf8,
  compareBytes,
  concatBytes,
  equalBytes,
  equalBytesConstantTime,
  hexToBytes,
  tryBytesToUtf8,
  u16le,
  u32be,
  u32le,
  u64be,
  u64le,
  utf8ToBytes,
} from "../src/bytes.ts";
import { InputError } from "../src/errors.ts";

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 500, maxLength: 1100 }));

describe("joining and comparing", () => {
  it("joins in order into a new array", () => {
    const a = Uint8Array.of(1);
    const joined = concatBytes(a, new Uint8Array(0), Uint8Array.of(2, 3));
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    const copy = concatBytes(a);
    copy[0] = 9;
    expect(a).toEqual(Uint8Array.of(1));
    expect(concatBytes()).toEqual(new Uint8Array(0));
  });

  it("agrees with Buffer on equality and order", () => {
    const short = fc.uint8Array({ maxLength: 3, max: 3 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        const order = Buffer.compare(a, b);
        expect(Math.sign(compareBytes(a, b))).toBe(order);
        expect(equalBytes(a, b)).toBe(order === 0);
        expect(equalBytesConstantTime(a, b)).toBe(order === 0);
      }),
      { numRuns: 500 },
    );
  });

  it("orders bytes without sign, and a prefix first", () => {
    expect(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f))).toBeGreaterThan(0);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
  });
});

describe("hex", () => {
  it("agrees with Buffer and reads either case", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = Buffer.from(bytes).toString("hex");
        expect(bytesToHex(bytes)).toBe(text);
        expect(hexToBytes(text)).toEqual(bytes);
        expect(hexToBytes(text.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it("refuses anything but an even number of digits", () => {
    for (const text of [
      "0",
      "abc",
      "0x",
      "0g",
      "g0",
      " 0",
      "0 ",
      "00 ",
      "@0",
      "`0",
      "/0",
      ":0",
      "é0",
      "0\u0130",
      "\u00610\u0131",
      "\n0",
    ]) {
      expect(() => hexToBytes(text)).toThrow(InputError);
    }
  });
});

describe("base64", () => {
  it("agrees with Buffer, padded or not", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(bytesToBase64(bytes)).toBe(text);
        expect(base64ToBytes(text)).toEqual(bytes);
        expect(base64ToBytes(text.replaceAll("=", ""))).toEqual(bytes);
      }),
    );
  });

  it("accepts missing and incomplete padding (enclave §0)", () => {
    for (const text of ["QQ==", "QQ=", "QQ"]) expect(base64ToBytes(text)).toEqual(Uint8Array.of(0x41));
    for (const text of ["QUI=", "QUI"]) expect(base64ToBytes(text)).toEqual(Uint8Array.of(0x41, 0x42));
    expect(base64ToBytes("")).toEqual(new Uint8Array(0));
  });

  it("refuses too much padding, white space, the URL alphabet and unused bits (enclave §0)", () => {
    const refused = [
      ...["=", "==", "Q", "Q=", "Q==", "Q===", "QQ===", "QUI==", "QUJD=", "QUJD==", "QQ==QQ==", "Q=Q="],
      ...[" QQ==", "QQ ==", "QQ==\n", "Q\nQ=", "-_-_", "ab-_", "QQ\u00e9Q", "QUJ\u0130"],
      ...["QR==", "QR", "Qf==", "QUJ=", "QUL"],
    ];
    for (const text of refused) expect(() => base64ToBytes(text)).toThrow(InputError);
  });
});

describe("UTF-8", () => {
  it("agrees with TextEncoder and TextDecoder on any text", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary", minLength: 500, maxLength: 1200 }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8ToBytes(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
        expect(bytesToUtf8(utf8ToBytes(text))).toBe(text);
      }),
    );
  });

  it("agrees with a strict TextDecoder on any bytes", () => {
    const tricky = fc.array(
      fc.constantFrom(
        0,
        0x41,
        0x7f,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc0,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xed,
        0xef,
        0xf0,
        0xf4,
        0xf5,
        0xff,
      ),
      { maxLength: 6 },
    );
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(
        fc.oneof(
          tricky.map((bytes) => Uint8Array.from(bytes)),
          anyBytes,
        ),
        (bytes) => {
          let expected: string | undefined;
          try {
            expected = strict.decode(bytes);
          } catch {
            expected = undefined;
          }
          expect(tryBytesToUtf8(bytes)).toBe(expected);
          if (expected === undefined) expect(() => bytesToUtf8(bytes)).toThrow(InputError);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("writes U+FFFD for a lone surrogate", () => {
    for (const text of ["\ud800", "a\udc00b", "\ud800\ud800\udc00", "\udc00\ud800"]) {
      expect(utf8ToBytes(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
    }
  });

  it("keeps a byte order mark", () => {
    expect(bytesToUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe("\ufeffA");
  });
});

describe("integers of fixed width", () => {
  it("are written in the order that the name says", () => {
    expect(bytesToHex(u16le(0x1234))).toBe("3412");
    expect(bytesToHex(u32le(0x89abcdef))).toBe("efcdab89");
    expect(bytesToHex(u32be(0x89abcdef))).toBe("89abcdef");
    expect(bytesToHex(u64le(0x0123456789abcdefn))).toBe("efcdab8967452301");
    expect(bytesToHex(u64be(0x0123456789abcdefn))).toBe("0123456789abcdef");
    expect(bytesToHex(u64be(5))).toBe("0000000000000005");
    expect(bytesToHex(u64be(2n ** 64n + 1n))).toBe("0000000000000001");
  });
});
