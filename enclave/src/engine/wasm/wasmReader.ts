/**
 * A cursor over the bytes of a module: bytes, LEB128 integers, names, and whole instructions.
 *
 * Every method throws `InputError` on bytes that are not what it reads, and never reads past the end. Spec: contracts §1.3.
 * @module
 */
import { tryBytesToUtf8 } from "@sotto/common/bytes";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { EMPTY_BLOCK, Immediate, immediateOf, isValueType } from "./opcodes.ts";

export function malformed(what: string): InputError {
  return new InputError(InputErrorCode.Malformed, what);
}

export class WasmReader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;
  /** First immediate of the instruction read last: an index, a block type, or the value of an `i32.const`. */
  immediate = 0;
  /** Second one: the offset of a memory argument. */
  offset = 0;

  /** @param bytes borrowed and never changed */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) throw malformed(`unexpected end at byte ${this.end}`);
    return this.bytes[this.at++] as number;
  }

  /** An unsigned LEB128 integer of 32 bits in at most 5 bytes. */
  u32(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    byte = this.byte();
    if (byte > 0x0f) throw malformed(`integer of more than 32 bits at byte ${this.at - 1}`);
    return (value | (byte << 28)) >>> 0;
  }

  /** A signed LEB128 integer of 32 bits in at most 5 bytes. */
  s32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (shift === 28) {
        const unused = byte & 0x78;
        if (unused !== 0 && unused !== 0x78) break;
        return value;
      }
      return (value << (25 - shift)) >> (25 - shift);
    }
    throw malformed(`integer of more than 32 bits at byte ${this.at - 1}`);
  }

  /** Passes over a signed LEB128 integer of 64 bits in at most 10 bytes. */
  skipS64(): void {
    for (let count = 1; count <= 10; count++) {
      const byte = this.byte();
      if (byte >= 0x80) continue;
      if (count === 10 && byte !== 0x00 && byte !== 0x7f) break;
      return;
    }
    throw malformed(`integer of more than 64 bits at byte ${this.at - 1}`);
  }

  /** A count of items that take at least one byte each, so that a small file cannot ask for a large table. */
  count(): number {
    const count = this.u32();
    if (count > this.end - this.at) throw malformed(`count ${count} with ${this.end - this.at} bytes left`);
    return count;
  }

  /** Passes over `length` bytes and returns where they began. */
  skip(length: number): number {
    if (length > this.end - this.at) throw malformed(`length ${length} with ${this.end - this.at} bytes left`);
    const start = this.at;
    this.at += length;
    return start;
  }

  name(): string {
    const length = this.u32();
    const start = this.skip(length);
    const text = tryBytesToUtf8(this.bytes.subarray(start, start + length));
    if (text === undefined) throw malformed(`name at byte ${start} is not valid UTF-8`);
    return text;
  }

  valueType(): number {
    const type = this.byte();
    if (!isValueType(type)) throw malformed(`unknown value type ${type} at byte ${this.at - 1}`);
    return type;
  }

  /** Reads one instruction and returns its opcode; the targets of a `br_table` are passed over. */
  instruction(): number {
    const { bytes, end } = this;
    if (this.at >= end) throw malformed(`unexpected end at byte ${end}`);
    const opcode = bytes[this.at++] as number;
    const form = immediateOf(opcode);
    if (form === Immediate.None) return opcode;
    const next = bytes[this.at] as number;
    // Three of four instructions that have an immediate have an index of one byte.
    if (form === Immediate.Index && next < 0x80 && this.at < end) {
      this.at++;
      this.immediate = next;
      return opcode;
    }
    return this.longInstruction(opcode, form);
  }

  private longInstruction(opcode: number, form: number): number {
    switch (form) {
      case Immediate.BlockType:
        this.immediate = this.byte();
        if (this.immediate !== EMPTY_BLOCK && !isValueType(this.immediate)) {
          throw malformed(`unknown block type ${this.immediate} at byte ${this.at - 1}`);
        }
        return opcode;
      case Immediate.Index:
        this.immediate = this.u32();
        return opcode;
      case Immediate.MemoryArgument:
        this.immediate = this.u32();
        this.offset = this.u32();
        return opcode;
      case Immediate.I32:
        this.immediate = this.s32();
        return opcode;
      case Immediate.I64:
        this.skipS64();
        return opcode;
      default:
        return this.rareInstruction(opcode);
    }
  }

  private rareInstruction(opcode: number): number {
    switch (immediateOf(opcode)) {
      case Immediate.BranchTable: {
        const count = this.count();
        for (let i = 0; i <= count; i++) this.u32();
        return opcode;
      }
      case Immediate.CallIndirect:
        this.immediate = this.u32();
        this.zeroByte();
        return opcode;
      case Immediate.Memory:
        this.zeroByte();
        return opcode;
      case Immediate.F32:
        this.skip(4);
        return opcode;
      case Immediate.F64:
        this.skip(8);
        return opcode;
      default:
        throw malformed(`unknown opcode ${opcode} at byte ${this.at - 1}`);
    }
  }

  private zeroByte(): void {
    if (this.byte() !== 0) throw malformed(`reserved byte at ${this.at - 1} is not zero`);
  }
}
