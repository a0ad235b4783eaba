/**
 * Rewrites one function: gas at each sequence, stack accounting, emulated memory size and growth, marks of what it stores to.
 *
 * Instructions that are dead in the sense of contracts §4.1 and `nop` are dropped. Float instructions trap when reached: an
 * `unreachable` is put before each. Everything inserted is free of gas. Spec: contracts §4.1, §1.4, §1.6; ADR 0003.
 * @module
 */
import type { BodyReport } from "./analyzeBody.ts";
import type { FunctionBody, FunctionType } from "./decodeModule.ts";
import { EMPTY_BLOCK, endsSequence, isFloatOp, isPlain, isStore, Op, ValueType } from "./opcodes.ts";
import { WasmReader } from "./wasmReader.ts";
import { WasmWriter } from "./wasmWriter.ts";

/** Value of the fault global when a trap is not the contract's own; 0 otherwise. */
export const Fault = {
  None: 0,
  /** The call chain needs more than {@link STACK_BYTES}. */
  StackOverflow: 1,
  /** The function is too large, or calls an import that does not exist (contracts §1.6, §1.7). */
  FailedFunction: 2,
  /** The machine has no memory left: not a result, the process cannot go on. */
  MachineOutOfMemory: 3,
} as const;

/** The call chain's stack (contracts §1.6), and what a frame costs beyond its slots, in slots. */
export const STACK_BYTES = 61_440;
const FRAME_SLOTS = 4;
const SLOT_BYTES = 8;
const MAX_OPERAND_SLOTS = 2000;
const MAX_SLOTS = 4000;

/** Indices of what the rewrite appends to the module. */
export type Appended = {
  readonly gas: number;
  readonly exhausted: number;
  readonly stack: number;
  readonly fault: number;
  readonly pages: number;
  readonly tableIndex: number;
  readonly marks: number;
  readonly growFunction: number;
};

/** A function that only fails: it cannot be entered (contracts §1.6). */
function isUncallable(type: FunctionType, body: FunctionBody, report: BodyReport): boolean {
  const slots = type.params.length + body.localCount + report.deepest;
  return report.callsUnlinked || report.deepest > MAX_OPERAND_SLOTS || slots > MAX_SLOTS;
}

/** Writes locals and code of the function, without its length. */
export function rewriteBody(
  out: WasmWriter,
  appended: Appended,
  bytes: Uint8Array,
  type: FunctionType,
  body: FunctionBody,
  report: BodyReport,
): void {
  if (isUncallable(type, body, report)) {
    out.byte(0);
    writeFault(out, appended, Fault.FailedFunction);
    out.byte(Op.End);
    return;
  }
  new BodyRewriter(out, appended, bytes, type, body, report).run();
}

function writeFault(out: WasmWriter, appended: Appended, fault: number): void {
  out.constant(Op.I32Const, fault);
  out.op(Op.GlobalSet, appended.fault);
  out.byte(Op.Unreachable);
}

/** Reads the gas into the local that {@link writeGasCheck} counts in: at the start, and after what may have used gas. */
export function writeGasLoad(out: WasmWriter, appended: Appended, local: number): void {
  out.op(Op.GlobalGet, appended.gas);
  out.op(Op.LocalSet, local);
}

/**
 * `if gas < cost { exhausted := cost; trap }; gas := gas - cost`, with gas known to be below 2^63.
 *
 * The gas is in a local as well as in its global, which is only written here: reading it back would make each check wait for
 * the one before.
 */
export function writeGasCheck(out: WasmWriter, appended: Appended, local: number, cost: number): void {
  if (cost === 0) return;
  out.op(Op.LocalGet, local);
  out.constant(Op.I64Const, cost);
  out.byte(Op.I64Sub);
  out.op(Op.LocalTee, local);
  out.constant(Op.I64Const, 0);
  out.ops(Op.I64LtS, Op.If, EMPTY_BLOCK);
  out.constant(Op.I64Const, cost);
  out.op(Op.GlobalSet, appended.exhausted);
  out.ops(Op.Unreachable, Op.End);
  out.op(Op.LocalGet, local);
  out.op(Op.GlobalSet, appended.gas);
}

/** Locals of a function that stores: its marks, then room for the operands of a store. */
const STORE_LOCALS = 4;
/** Below this offset a store ends at most one page behind that of its address: it takes 8 bytes. */
const MARKED_WITH_ADDRESS = 65_528;
const PAGE_BITS = 16;

type Frame = { readonly counted: boolean; live: boolean };

class BodyRewriter {
  private readonly out: WasmWriter;
  private readonly appended: Appended;
  private readonly bytes: Uint8Array;
  private readonly body: FunctionBody;
  private readonly report: BodyReport;
  private readonly firstScratch: number;
  private readonly stackBytes: number;
  private readonly frames: Frame[] = [];
  private sequence = 0;
  /** Instructions that were read but not written yet, to be copied together. */
  private pendingStart = 0;
  private pendingEnd = 0;
  /** What marks a store of an i32, and of an i64. */
  private readonly marks: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined];

  constructor(
    out: WasmWriter,
    appended: Appended,
    bytes: Uint8Array,
    type: FunctionType,
    body: FunctionBody,
    report: BodyReport,
  ) {
    this.out = out;
    this.appended = appended;
    this.bytes = bytes;
    this.body = body;
    this.report = report;
    this.firstScratch = type.params.length + body.localCount;
    this.stackBytes = SLOT_BYTES * (this.firstScratch + report.deepest + FRAME_SLOTS);
  }

  run(): void {
    this.writeLocals();
    this.writePrologue();
    this.openSequence(true);
    const reader = new WasmReader(this.bytes, this.body.code.start, this.body.code.end);
    while (this.frames.length > 0) {
      const start = reader.at;
      const opcode = reader.instruction();
      if (opcode === Op.End || opcode === Op.Else) this.closeSequence(opcode);
      else this.instruction(reader, start, opcode);
    }
  }

  private get gasLocal(): number {
    return this.firstScratch;
  }

  /** What is left of the call chain's stack for the functions that this one calls. */
  private get stackLocal(): number {
    return this.firstScratch + 1;
  }

  /** One bit for each page that this function has stored to, by the page number modulo 64. */
  private get marksLocal(): number {
    return this.firstScratch + 2;
  }

  private writeLocals(): void {
    const { out } = this;
    out.u32(this.body.locals.length + (this.report.stores ? 4 : 2));
    for (const group of this.body.locals) {
      out.u32(group.count);
      out.byte(group.type);
    }
    out.u32(1);
    out.byte(ValueType.I64);
    out.u32(1);
    out.byte(ValueType.I32);
    if (!this.report.stores) return;
    for (const type of [ValueType.I64, ValueType.I32]) {
      out.u32(STORE_LOCALS / 2);
      out.byte(type);
    }
  }

  /**
   * Takes the frame's bytes from what the caller left. A function that calls others keeps what is left for them in a local and
   * hands it over before each call, so that nothing has to be given back on the way out.
   */
  private writePrologue(): void {
    const { out, appended, stackBytes } = this;
    out.op(Op.GlobalGet, appended.stack);
    out.constant(Op.I32Const, stackBytes);
    if (!this.report.isLeaf) {
      out.byte(Op.I32Sub);
      out.op(Op.LocalTee, this.stackLocal);
      out.constant(Op.I32Const, 0);
    }
    out.ops(Op.I32LtS, Op.If, EMPTY_BLOCK);
    writeFault(out, appended, Fault.StackOverflow);
    out.byte(Op.End);
    writeGasLoad(out, appended, this.gasLocal);
  }

  /** Writes what is pending: to be called before anything else is written. */
  private copyPending(): void {
    if (this.pendingEnd > this.pendingStart) this.out.raw(this.bytes, this.pendingStart, this.pendingEnd);
    this.pendingStart = this.pendingEnd;
  }

  private openSequence(counted: boolean): void {
    this.frames.push({ counted, live: true });
    if (!counted) return;
    this.copyPending();
    writeGasCheck(this.out, this.appended, this.gasLocal, this.report.costs[this.sequence++] as number);
  }

  private closeSequence(opcode: number): void {
    const frame = this.frames.pop() as Frame;
    this.copyPending();
    if (this.frames.length === 0) this.writeMarks();
    if (frame.counted) this.out.byte(opcode);
    if (opcode === Op.Else) this.openSequence(frame.counted);
  }

  private instruction(reader: WasmReader, start: number, opcode: number): void {
    const frame = this.frames[this.frames.length - 1] as Frame;
    const runs = frame.counted && frame.live;
    if (runs && isPlain(opcode)) {
      if (start !== this.pendingEnd) {
        this.copyPending();
        this.pendingStart = start;
      }
      this.pendingEnd = reader.at;
      return;
    }
    if (runs && opcode !== Op.Nop) this.emit(reader, start, opcode);
    if (opcode === Op.Block || opcode === Op.Loop || opcode === Op.If) this.openSequence(runs);
    else if (endsSequence(opcode)) frame.live = false;
  }

  /** Whether the instruction may end the function; what traps loses the marks, and all of the memory is put back. */
  private leaves(opcode: number, target: number): boolean {
    const isBranch = opcode === Op.Br || opcode === Op.BrIf;
    return opcode === Op.Return || opcode === Op.BrTable || (isBranch && target === this.frames.length - 1);
  }

  /** Adds this function's marks to those of the call. */
  private writeMarks(): void {
    if (!this.report.stores) return;
    const { out, appended } = this;
    out.op(Op.GlobalGet, appended.marks);
    out.op(Op.LocalGet, this.marksLocal);
    out.byte(Op.I64Or);
    out.op(Op.GlobalSet, appended.marks);
  }

  /** Marks what a store is about to write to; most stores of a function are marked by the same bytes, made once. */
  private markStore(opcode: number, offset: number): void {
    const takesI64 = opcode === Op.I64Store || opcode >= Op.I64Store8;
    if (offset > MARKED_WITH_ADDRESS) {
      this.writeMark(this.out, takesI64, offset);
      return;
    }
    const kind = takesI64 ? 1 : 0;
    let mark = this.marks[kind];
    if (mark === undefined) {
      const writer = new WasmWriter(64);
      this.writeMark(writer, takesI64, 0);
      mark = writer.view();
      this.marks[kind] = mark;
    }
    this.out.raw(mark);
  }

  /**
   * `marks |= 1 << page`, where the shift takes the page modulo 64. A small offset is left out: a mark stands for its page and the
   * next one. In a local this costs little; marks in memory were several times as dear (ADR 0003).
   */
  private writeMark(out: WasmWriter, takesI64: boolean, offset: number): void {
    const { marksLocal } = this;
    const value = takesI64 ? marksLocal + 1 : marksLocal + 2;
    const address = marksLocal + 3;
    out.op(Op.LocalSet, value);
    out.op(Op.LocalTee, address);
    out.op(Op.LocalGet, marksLocal);
    out.constant(Op.I64Const, 1);
    out.op(Op.LocalGet, address);
    if (offset > 0) {
      out.constant(Op.I32Const, offset);
      out.byte(Op.I32Add); // where this wraps, the store traps
    }
    out.constant(Op.I32Const, PAGE_BITS);
    out.ops(Op.I32ShrU, Op.I64ExtendI32U, Op.I64Shl, Op.I64Or);
    out.op(Op.LocalSet, marksLocal);
    out.op(Op.LocalGet, value);
  }

  private emit(reader: WasmReader, start: number, opcode: number): void {
    const { out, appended } = this;
    this.copyPending();
    switch (opcode) {
      case Op.MemorySize:
        out.op(Op.GlobalGet, appended.pages);
        return;
      case Op.MemoryGrow:
        out.op(Op.Call, appended.growFunction);
        writeGasLoad(out, appended, this.gasLocal);
        return;
      case Op.CallIndirect:
        // Tells a null entry from a wrong type after the trap (contracts §1.7).
        out.op(Op.GlobalSet, appended.tableIndex);
        out.op(Op.GlobalGet, appended.tableIndex);
        break;
    }
    if (isStore(opcode)) this.markStore(opcode, reader.offset);
    if (this.leaves(opcode, reader.immediate)) this.writeMarks();
    const isCall = opcode === Op.Call || opcode === Op.CallIndirect;
    if (isCall) {
      out.op(Op.LocalGet, this.stackLocal);
      out.op(Op.GlobalSet, appended.stack);
    }
    if (isFloatOp(opcode)) out.byte(Op.Unreachable);
    out.raw(reader.bytes, start, reader.at);
    if (isCall) writeGasLoad(out, appended, this.gasLocal);
  }
}
