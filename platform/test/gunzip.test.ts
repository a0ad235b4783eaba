import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gunzip } from "../src/gunzip.ts";

const content = Buffer.from("a contract ".repeat(1_000));
const packed = gzipSync(content);

describe("gunzip", () => {
  it("unpacks the first member and ignores what follows", () => {
    expect(gunzip(packed, 1 << 20)).toEqual(new Uint8Array(content));
    expect(gunzip(Buffer.concat([packed, packed]), 1 << 20)).toEqual(new Uint8Array(content));
    expect(gunzip(Buffer.concat([packed, Buffer.from("rest")]), 1 << 20)).toEqual(new Uint8Array(content));
  });

  it("gives no more than the limit, and nothing that could be a module", () => {
    expect(gunzip(gzipSync(Buffer.alloc(50_000_000)), 1_000)).toEqual(new Uint8Array(1_000));
  });

  it("skips the optional fields of the header", () => {
    const named = Buffer.concat([
      packed.subarray(0, 3),
      Buffer.of(4 | 8 | 16 | 2),
      packed.subarray(4, 10),
      Buffer.from("\x03\0abcname\0comment\0\0\0", "latin1"),
      packed.subarray(10),
    ]);
    expect(gunzip(named, 1 << 20)).toEqual(new Uint8Array(content));
  });

  it("refuses any damage with a sentence", () => {
    for (let length = 0; length < packed.length; length++)
      expect(() => gunzip(packed.subarray(0, length), 1 << 20)).toThrow(/EOF|header|corrupt/);
    const wrong = Buffer.from(packed);
    wrong[wrong.length - 6] = (wrong[wrong.length - 6] as number) ^ 1;
    expect(() => gunzip(wrong, 1 << 20)).toThrow("gzip: invalid checksum");
  });
});
