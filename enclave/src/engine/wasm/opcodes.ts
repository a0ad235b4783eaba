/**
 * The instruction set that contracts may use: WebAssembly's first version and sign extension (contracts §1.3).
 *
 * For each opcode: the form of its immediates, what it does to the height of the operand stack, and whether it is one of the
 * floating point instructions that never run. Control instructions and calls are handled by those who walk bodies.
 * @module
 */

export const Op = {
  Unreachable: 0x00,
  Nop: 0x01,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  LocalGet: 0x20,
  LocalSet: 0x21,
  LocalTee: 0x22,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  I32Store: 0x36,
  I64Store: 0x37,
  I64Store8: 0x3c,
  I64Store32: 0x3e,
  MemorySize: 0x3f,
  MemoryGrow: 0x40,
  I32Const: 0x41,
  I64Const: 0x42,
  F32Const: 0x43,
  F64Const: 0x44,
  I32LtS: 0x48,
  I32GtU: 0x4b,
  I64LtS: 0x53,
  I64LtU: 0x54,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32ShrU: 0x76,
  I64Sub: 0x7d,
  I64Mul: 0x7e,
  I64Or: 0x84,
  I64Shl: 0x86,
  I64ExtendI32S: 0xac,
  I64ExtendI32U: 0xad,
} as const;

export const ValueType = { I32: 0x7f, I64: 0x7e, F32: 0x7d, F64: 0x7c } as const;
/** Block type of a block without result. */
export const EMPTY_BLOCK = 0x40;

export function isValueType(byte: number): boolean {
  return byte >= ValueType.F64 && byte <= ValueType.I32;
}

export function isFloatType(byte: number): boolean {
  return byte === ValueType.F32 || byte === ValueType.F64;
}

/** Forms of immediates. `Invalid` must be 0: what no row below names is outside the language. */
export const Immediate = {
  Invalid: 0,
  None: 1,
  BlockType: 2,
  /** One u32: label, local, global or function index. */
  Index: 3,
  BranchTable: 4,
  /** Type index, then the byte 00. */
  CallIndirect: 5,
  /** Alignment and offset, u32 each. */
  MemoryArgument: 6,
  /** The byte 00. */
  Memory: 7,
  I32: 8,
  I64: 9,
  F32: 10,
  F64: 11,
} as const;

type Row = readonly [first: number, last: number, immediate: number, stackEffect: number];

/** Stack effects of control instructions and calls depend on types and are 0 here. */
const ROWS: readonly Row[] = [
  [0x00, 0x01, Immediate.None, 0],
  [0x02, 0x03, Immediate.BlockType, 0],
  [0x04, 0x04, Immediate.BlockType, -1],
  [0x05, 0x05, Immediate.None, 0],
  [0x0b, 0x0b, Immediate.None, 0],
  [0x0c, 0x0c, Immediate.Index, 0],
  [0x0d, 0x0d, Immediate.Index, -1],
  [0x0e, 0x0e, Immediate.BranchTable, -1],
  [0x0f, 0x0f, Immediate.None, 0],
  [0x10, 0x10, Immediate.Index, 0],
  [0x11, 0x11, Immediate.CallIndirect, -1],
  [0x1a, 0x1a, Immediate.None, -1],
  [0x1b, 0x1b, Immediate.None, -2],
  [0x20, 0x20, Immediate.Index, 1],
  [0x21, 0x21, Immediate.Index, -1],
  [0x22, 0x22, Immediate.Index, 0],
  [0x23, 0x23, Immediate.Index, 1],
  [0x24, 0x24, Immediate.Index, -1],
  [0x28, 0x35, Immediate.MemoryArgument, 0], // loads
  [0x36, 0x3e, Immediate.MemoryArgument, -2], // stores
  [0x3f, 0x3f, Immediate.Memory, 1],
  [0x40, 0x40, Immediate.Memory, 0],
  [0x41, 0x41, Immediate.I32, 1],
  [0x42, 0x42, Immediate.I64, 1],
  [0x43, 0x43, Immediate.F32, 1],
  [0x44, 0x44, Immediate.F64, 1],
  [0x45, 0x45, Immediate.None, 0], // i32.eqz
  [0x46, 0x4f, Immediate.None, -1],
  [0x50, 0x50, Immediate.None, 0], // i64.eqz
  [0x51, 0x66, Immediate.None, -1],
  [0x67, 0x69, Immediate.None, 0], // clz, ctz, popcnt
  [0x6a, 0x78, Immediate.None, -1],
  [0x79, 0x7b, Immediate.None, 0],
  [0x7c, 0x8a, Immediate.None, -1],
  [0x8b, 0x91, Immediate.None, 0], // f32.abs … sqrt
  [0x92, 0x98, Immediate.None, -1],
  [0x99, 0x9f, Immediate.None, 0],
  [0xa0, 0xa6, Immediate.None, -1],
  [0xa7, 0xbf, Immediate.None, 0], // conversions
  [0xc0, 0xc4, Immediate.None, 0], // sign extension
];

const IMMEDIATES = new Uint8Array(256);
const STACK_EFFECTS = new Int8Array(256);
for (const [first, last, immediate, effect] of ROWS) {
  IMMEDIATES.fill(immediate, first, last + 1);
  STACK_EFFECTS.fill(effect, first, last + 1);
}

/** `drop`; what comes before is control flow. */
const FIRST_PLAIN = 0x1a;

const FLOAT_OPS = new Uint8Array(256);
const FLOAT_RANGES: readonly (readonly [number, number])[] = [
  [0x2a, 0x2b], // loads
  [0x38, 0x39], // stores
  [0x43, 0x44], // constants
  [0x5b, 0x66], // comparisons
  [0x8b, 0xa6], // arithmetic
  [0xa8, 0xab], // i32.trunc
  [0xae, 0xbf], // i64.trunc, conversions, reinterpretations
];
for (const [first, last] of FLOAT_RANGES) FLOAT_OPS.fill(1, first, last + 1);

const PLAIN = new Uint8Array(256).fill(1, FIRST_PLAIN).fill(0, Op.I32Store, Op.MemoryGrow + 1);
for (const [first, last] of FLOAT_RANGES) PLAIN.fill(0, first, last + 1);

/** The form of the immediates of an opcode, one of {@link Immediate}. */
export function immediateOf(opcode: number): number {
  return IMMEDIATES[opcode] as number;
}

/** Change of the operand stack's height, without what depends on types (contracts §1.6). */
export function stackEffectOf(opcode: number): number {
  return STACK_EFFECTS[opcode] as number;
}

/** A float constant, load, store, arithmetic, comparison, conversion or reinterpretation (contracts §1.4 step 7). */
export function isFloatOp(opcode: number): boolean {
  return FLOAT_OPS[opcode] === 1;
}

/** A store of an integer; stores of floats never run. */
export function isStore(opcode: number): boolean {
  return opcode >= Op.I32Store && opcode <= Op.I64Store32 && !isFloatOp(opcode);
}

/** Neither control, call, store nor memory size, and no float: such instructions mean in the rewritten function what they meant before. */
export function isPlain(opcode: number): boolean {
  return PLAIN[opcode] === 1;
}

/** After these the rest of the sequence is dead (contracts §4.1). */
export function endsSequence(opcode: number): boolean {
  return opcode === Op.Br || opcode === Op.BrTable || opcode === Op.Return || opcode === Op.Unreachable;
}
