/** The scanner finds a marker in every form, wherever it stands, and nothing where there is none. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FORMS } from "./support/forms.ts";
import { makeRandom } from "./support/random.ts";
import { Scanner } from "./support/scanner.ts";

const random = makeRandom("scanner");
const MARKER = { name: "marker", secret: 'Zq0123"\\/<>\nabcdefYx' };
const KEY = { name: "key", secret: random.bytes(32) };
/** What no escaping touches. */
const PART = { name: "part", secret: "Zq0123part4567Yx" };
const scanner = new Scanner([MARKER, KEY, PART]);

/** In the middle of other bytes, at any distance from their begin. */
const buried = (bytes: Uint8Array, before: number): Buffer =>
  Buffer.concat([Buffer.alloc(before, "x"), bytes, Buffer.from("yyyy")]);
const formsOf = (bytes: Uint8Array, before = 0): string[] =>
  scanner.scan("here", buried(bytes, before)).map(({ form }) => form);

describe("the scanner", () => {
  it.each([
    "raw",
    "hex, lower case",
    "hex, upper case",
    "JSON",
    "JSON, all escaped",
    "UTF-16, little endian",
    "UTF-16, big endian",
  ])("finds a text as %s", (name) => {
    const { encode } = FORMS[name] as (typeof FORMS)[string];
    for (const before of [0, 1, 2, 3, 50]) expect(formsOf(encode(Buffer.from(MARKER.secret)), before)).toContain(name);
  });

  it.each(["base64", "base64url"] as const)("finds a text in %s at each of three offsets", (encoding) => {
    const name = encoding === "base64" ? "base64" : "base64 of URLs";
    for (const offset of [0, 1, 2]) {
      const encoded = Buffer.concat([randomBytes(offset + 30), Buffer.from(`${MARKER.secret}tail`)]).toString(encoding);
      const forms = formsOf(Buffer.from(encoded));
      expect(
        forms.some((form) => form.includes(`offset ${offset}`)),
        `${name} ${forms}`,
      ).toBe(true);
    }
  });

  it("finds a key that is not text, raw, in hex, in base64 and as a list of numbers", () => {
    const key = Buffer.from(KEY.secret);
    for (const bytes of [key, Buffer.from(key.toString("hex")), Buffer.from(key.toString("hex").toUpperCase())]) {
      expect(formsOf(bytes, 5)).not.toEqual([]);
    }
    for (const offset of [0, 1, 2]) {
      const encoded = Buffer.concat([randomBytes(offset), key, randomBytes(4)]).toString("base64url");
      expect(formsOf(Buffer.from(encoded))).not.toEqual([]);
    }
    expect(formsOf(Buffer.from(JSON.stringify([...key])))).toContain("numbers");
  });

  it("finds forms of forms", () => {
    const base64 = Buffer.from(Buffer.from(`{"key":${JSON.stringify(PART.secret)}}`).toString("base64"));
    expect(formsOf(Buffer.from(base64.toString("hex")))).not.toEqual([]);
    expect(formsOf(Buffer.from(Buffer.concat([randomBytes(1), base64]).toString("base64")))).not.toEqual([]);
    expect(formsOf(Buffer.from(Buffer.from(PART.secret, "utf16le").toString("base64")))).not.toEqual([]);
  });

  it("finds nothing in a million random bytes, nor half a marker", () => {
    expect(scanner.scan("noise", random.bytes(1_000_000))).toEqual([]);
    expect(formsOf(Buffer.from(MARKER.secret.slice(0, -1)))).toEqual([]);
  });
});
