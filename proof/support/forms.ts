/**
 * The forms in which a secret can be seen although nobody wrote it down as it is.
 *
 * Each form encodes bytes and decodes them again; the functions use nothing from outside but `Buffer`, so that the text of
 * each can be put into the bundle of a leaking enclave (`leakyBundle.ts`).
 * @module
 */

export type Form = {
  readonly encode: (bytes: Buffer) => Buffer;
  readonly decode: (bytes: Buffer) => Buffer;
};

/** Names as the scanner reports them. */
export const FORMS: Readonly<Record<string, Form>> = {
  raw: { encode: (bytes) => bytes, decode: (bytes) => bytes },
  "hex, lower case": {
    encode: (bytes) => Buffer.from(bytes.toString("hex")),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "hex"),
  },
  "hex, upper case": {
    encode: (bytes) => Buffer.from(bytes.toString("hex").toUpperCase()),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "hex"),
  },
  base64: {
    encode: (bytes) => Buffer.from(bytes.toString("base64")),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "base64"),
  },
  "base64, one byte in front": {
    encode: (bytes) => Buffer.from(Buffer.concat([Buffer.from([255]), bytes]).toString("base64")),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "base64").subarray(1),
  },
  "base64, two bytes in front": {
    encode: (bytes) => Buffer.from(Buffer.concat([Buffer.from([255, 255]), bytes]).toString("base64")),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "base64").subarray(2),
  },
  "base64 of URLs": {
    encode: (bytes) => Buffer.from(bytes.toString("base64url")),
    decode: (bytes) => Buffer.from(bytes.toString("latin1"), "base64url"),
  },
  JSON: {
    encode: (bytes) => Buffer.from(JSON.stringify(bytes.toString("latin1")), "utf8"),
    decode: (bytes) => Buffer.from(JSON.parse(bytes.toString("utf8")), "latin1"),
  },
  "JSON, all escaped": {
    encode: (bytes) =>
      Buffer.from(`"${[...bytes].map((byte) => `\\u00${byte.toString(16).padStart(2, "0")}`).join("")}"`),
    decode: (bytes) => Buffer.from(JSON.parse(bytes.toString("latin1")), "latin1"),
  },
  "UTF-16, little endian": {
    encode: (bytes) => Buffer.from(bytes.toString("latin1"), "utf16le"),
    decode: (bytes) => Buffer.from(bytes.toString("utf16le"), "latin1"),
  },
  "UTF-16, big endian": {
    encode: (bytes) => Buffer.from(bytes.toString("latin1"), "utf16le").swap16(),
    decode: (bytes) => Buffer.from(Buffer.from(bytes).swap16().toString("utf16le"), "latin1"),
  },
};
