/**
 * Integer instructions, written from the WebAssembly specification in the plainest form: i32 as a signed number, i64 as a signed bigint.
 */
import { Trap } from "./trap.ts";

type I32 = number;
type I64 = bigint;
export type Value = number | bigint;

const bool = (value: boolean): I32 => (value ? 1 : 0);
const u32 = (value: I32): number => value >>> 0;
const s64 = (value: bigint): I64 => BigInt.asIntN(64, value);
const u64 = (value: I64): bigint => BigInt.asUintN(64, value);

function divisor<T extends Value>(value: T): T {
  if (value === 0 || value === 0n) throw new Trap("division");
  return value;
}

function quotient<T extends Value>(isOverflow: boolean, value: () => T): T {
  if (isOverflow) throw new Trap("panic");
  return value();
}

function ones64(a: I64): number {
  return [...u64(a).toString(2)].filter((digit) => digit === "1").length;
}

function trailing64(a: I64): number {
  const digits = u64(a).toString(2);
  return a === 0n ? 64 : digits.length - 1 - digits.lastIndexOf("1");
}

const MIN32 = -(2 ** 31);
const MIN64 = -(2n ** 63n);

const I32_BINARY: Readonly<Record<string, (a: I32, b: I32) => I32>> = {
  eq: (a, b) => bool(a === b),
  ne: (a, b) => bool(a !== b),
  lt_s: (a, b) => bool(a < b),
  lt_u: (a, b) => bool(u32(a) < u32(b)),
  gt_s: (a, b) => bool(a > b),
  gt_u: (a, b) => bool(u32(a) > u32(b)),
  le_s: (a, b) => bool(a <= b),
  le_u: (a, b) => bool(u32(a) <= u32(b)),
  ge_s: (a, b) => bool(a >= b),
  ge_u: (a, b) => bool(u32(a) >= u32(b)),
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  div_s: (a, b) => quotient(divisor(b) === -1 && a === MIN32, () => (a / b) | 0),
  div_u: (a, b) => (u32(a) / u32(divisor(b))) | 0,
  rem_s: (a, b) => (a % divisor(b)) | 0,
  rem_u: (a, b) => (u32(a) % u32(divisor(b))) | 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr_s: (a, b) => a >> b,
  shr_u: (a, b) => (a >>> b) | 0,
  rotl: (a, b) => (a << (b & 31)) | (b & 31 ? a >>> (32 - (b & 31)) : 0),
  rotr: (a, b) => (a >>> (b & 31)) | (b & 31 ? a << (32 - (b & 31)) : 0),
};

const I64_BINARY: Readonly<Record<string, (a: I64, b: I64) => Value>> = {
  eq: (a, b) => bool(a === b),
  ne: (a, b) => bool(a !== b),
  lt_s: (a, b) => bool(a < b),
  lt_u: (a, b) => bool(u64(a) < u64(b)),
  gt_s: (a, b) => bool(a > b),
  gt_u: (a, b) => bool(u64(a) > u64(b)),
  le_s: (a, b) => bool(a <= b),
  le_u: (a, b) => bool(u64(a) <= u64(b)),
  ge_s: (a, b) => bool(a >= b),
  ge_u: (a, b) => bool(u64(a) >= u64(b)),
  add: (a, b) => s64(a + b),
  sub: (a, b) => s64(a - b),
  mul: (a, b) => s64(a * b),
  div_s: (a, b) => quotient(divisor(b) === -1n && a === MIN64, () => a / b),
  div_u: (a, b) => s64(u64(a) / u64(divisor(b))),
  rem_s: (a, b) => a % divisor(b),
  rem_u: (a, b) => s64(u64(a) % u64(divisor(b))),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => s64(a << (b & 63n)),
  shr_s: (a, b) => a >> (b & 63n),
  shr_u: (a, b) => s64(u64(a) >> (b & 63n)),
  rotl: (a, b) => s64((u64(a) << (b & 63n)) | (u64(a) >> (64n - (b & 63n)))),
  rotr: (a, b) => s64((u64(a) >> (b & 63n)) | (u64(a) << (64n - (b & 63n)))),
};

const I32_UNARY: Readonly<Record<string, (a: I32) => Value>> = {
  "i32.eqz": (a) => bool(a === 0),
  "i32.clz": (a) => Math.clz32(a),
  "i32.ctz": (a) => (a === 0 ? 32 : 31 - Math.clz32(a & -a)),
  "i32.popcnt": (a) => ones64(BigInt(u32(a))),
  "i32.extend8_s": (a) => (a << 24) >> 24,
  "i32.extend16_s": (a) => (a << 16) >> 16,
  "i64.extend_i32_s": (a) => BigInt(a),
  "i64.extend_i32_u": (a) => BigInt(u32(a)),
};

const I64_UNARY: Readonly<Record<string, (a: I64) => Value>> = {
  "i64.eqz": (a) => bool(a === 0n),
  "i64.clz": (a) => BigInt(a === 0n ? 64 : 64 - u64(a).toString(2).length),
  "i64.ctz": (a) => BigInt(trailing64(a)),
  "i64.popcnt": (a) => BigInt(ones64(a)),
  "i64.extend8_s": (a) => BigInt.asIntN(8, a),
  "i64.extend16_s": (a) => BigInt.asIntN(16, a),
  "i64.extend32_s": (a) => BigInt.asIntN(32, a),
  "i32.wrap_i64": (a) => Number(BigInt.asIntN(32, a)),
};

export type Unary = (a: Value) => Value;
export type Binary = (a: Value, b: Value) => Value;

const prefixed = (prefix: string, table: object): [string, unknown][] =>
  Object.entries(table).map(([name, work]) => [prefix + name, work]);

export const UNARY = new Map([...prefixed("", I32_UNARY), ...prefixed("", I64_UNARY)]) as ReadonlyMap<string, Unary>;
export const BINARY = new Map([...prefixed("i32.", I32_BINARY), ...prefixed("i64.", I64_BINARY)]) as ReadonlyMap<
  string,
  Binary
>;
