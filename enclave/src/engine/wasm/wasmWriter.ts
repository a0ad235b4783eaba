/**
 * A growing byte buffer with the encodings of the WebAssembly binary format.
 * @module
 */
import { utf8ToBytes } from "@sotto/common/bytes";

export class WasmWriter {
  private buffer: Uint8Array;
  private length = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  get size(): number {
    return this.length;
  }

  /** A view of what was written; valid until the next write. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  ops(...values: readonly number[]): void {
    for (const value of values) this.byte(value);
  }

  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A signed LEB128 integer; also right for an `i64.const` whose value fits 32 bits. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** One opcode and one u32. */
  op(opcode: number, index: number): void {
    this.byte(opcode);
    this.u32(index);
  }

  /** One opcode and one signed integer. */
  constant(opcode: number, value: number): void {
    this.byte(opcode);
    this.s32(value);
  }

  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const count = end - start;
    if (this.length + count > this.buffer.length) this.reserve(count);
    if (count > 32) this.buffer.set(bytes.subarray(start, end), this.length);
    else for (let i = 0; i < count; i++) this.buffer[this.length + i] = bytes[start + i] as number;
    this.length += count;
  }

  /** Length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  name(text: string): void {
    this.sized(utf8ToBytes(text));
  }

  section(id: number, body: WasmWriter): void {
    this.byte(id);
    this.sized(body.view());
  }

  private reserve(count: number): void {
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
