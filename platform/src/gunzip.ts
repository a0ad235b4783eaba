/**
 * Unpacking uploads (contracts §1.1): the first member only, with its checksum, and bounded.
 * @module
 */
import { crc32, inflateRawSync } from "node:zlib";

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

/** Where the compressed data begins (RFC 1952 §2.3). */
function dataStart(data: Uint8Array): number {
  const flags = data[3] ?? 0;
  if (data[0] !== 0x1f || data[1] !== 0x8b || data[2] !== 8 || (flags & 0xe0) !== 0)
    throw new Error("gzip: invalid header");
  let at = HEADER_BYTES;
  if (flags & FLAG.extra) at += 2 + ((data[at] ?? 0) | ((data[at + 1] ?? 0) << 8));
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    while (at < data.length && data[at] !== 0) at++;
    at++;
  }
  if (flags & FLAG.headerCrc) at += 2;
  if (at >= data.length) throw new Error("unexpected EOF");
  return at;
}

/**
 * @returns at most `maxBytes`. More output than that cannot become a contract: the rule is to cut it, and a cut module does not
 *   deserialise; zeros stand for it, which do not either.
 * @throws an Error whose message clients see, for a broken file
 */
export function gunzip(data: Uint8Array, maxBytes: number): Uint8Array {
  const start = dataStart(data);
  let inflated: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    inflated = inflateRawSync(data.subarray(start), { maxOutputLength: maxBytes, info: true }) as never;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ERR_BUFFER_TOO_LARGE") return new Uint8Array(maxBytes);
    throw new Error(code === "Z_BUF_ERROR" ? "unexpected EOF" : "flate: corrupt input");
  }
  const { buffer, engine } = inflated;
  const trailer = data.subarray(start + engine.bytesWritten, start + engine.bytesWritten + TRAILER_BYTES);
  if (trailer.length < TRAILER_BYTES) throw new Error("unexpected EOF");
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  if (view.getUint32(0, true) !== crc32(buffer) || view.getUint32(4, true) !== buffer.length)
    throw new Error("gzip: invalid checksum");
  return new Uint8Array(buffer);
}
