/**
 * A small assembler for test modules: sections as data, code as text of instructions in the order of the binary format.
 *
 * Independent of the engine's own tables. `block`, `loop` and `if` take an optional `i32`, `i64`, `f32` or `f64`.
 */

export type TestType = "i32" | "i64" | "f32" | "f64";
export type TestSignature = readonly [params: readonly TestType[], results: readonly TestType[]];
export type TestFunction = {
  readonly type: TestSignature;
  readonly locals?: readonly TestType[];
  readonly code: string;
  /** Export name. */
  readonly name?: string;
};
export type TestModule = {
  /** Types that come first, repeated ones too; those that imports and functions use are added. */
  readonly types?: readonly TestSignature[];
  readonly imports?: readonly (readonly [module: string, name: string, type: TestSignature])[];
  readonly functions?: readonly TestFunction[];
  /** Initial and, where given, maximum number of entries. */
  readonly table?: readonly [number, number?];
  readonly memory?: readonly [number, number?];
  readonly globals?: readonly (readonly [type: TestType, mutable: boolean, value: number | bigint])[];
  /** Further exports: name, kind, index. */
  readonly exports?: readonly (readonly [string, number, number])[];
  readonly start?: number;
  readonly elements?: readonly (readonly [offset: number, functions: readonly number[]])[];
  readonly data?: readonly (readonly [offset: number, bytes: Uint8Array | string])[];
};

const TYPES: Record<string, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

function numbered(prefix: string, names: string, first: number): [string, number][] {
  return names.split(" ").map((name, i) => [prefix + name, first + i]);
}

const INT_COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const FLOAT_COMPARISONS = "eq ne lt gt le ge";
const INT_ARITHMETIC = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const FLOAT_ARITHMETIC = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";

export const OPCODES = new Map<string, number>([
  ...numbered("", "unreachable nop block loop if else", 0x00),
  ["end", 0x0b],
  ...numbered("", "br br_if br_table return call call_indirect", 0x0c),
  ...numbered("", "drop select", 0x1a),
  ...numbered("", "local.get local.set local.tee global.get global.set", 0x20),
  ...numbered(
    "",
    "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u " +
      "i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 " +
      "i64.store8 i64.store16 i64.store32 memory.size memory.grow i32.const i64.const f32.const f64.const",
    0x28,
  ),
  ...numbered("i32.", `eqz ${INT_COMPARISONS}`, 0x45),
  ...numbered("i64.", `eqz ${INT_COMPARISONS}`, 0x50),
  ...numbered("f32.", FLOAT_COMPARISONS, 0x5b),
  ...numbered("f64.", FLOAT_COMPARISONS, 0x61),
  ...numbered("i32.", INT_ARITHMETIC, 0x67),
  ...numbered("i64.", INT_ARITHMETIC, 0x79),
  ...numbered("f32.", FLOAT_ARITHMETIC, 0x8b),
  ...numbered("f64.", FLOAT_ARITHMETIC, 0x99),
  ...numbered("", "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u", 0xa7),
  ...numbered(
    "",
    "i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u",
    0xac,
  ),
  ...numbered("", "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64", 0xb2),
  ...numbered("", "f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32", 0xb7),
  ...numbered("", "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64", 0xbc),
  ...numbered("", "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s", 0xc0),
]);

export function uleb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return out;
}

export function sleb(value: number | bigint): number[] {
  const out: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) return [...out, low];
    out.push(low + 128);
  }
}

const vector = (items: readonly number[][]): number[] => [...uleb(items.length), ...items.flat()];
const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];
const name = (text: string): number[] => [...uleb(bytesOf(text).length), ...bytesOf(text)];
const limits = ([minimum, maximum]: readonly [number, number?]): number[] =>
  maximum === undefined ? [0, ...uleb(minimum)] : [1, ...uleb(minimum), ...uleb(maximum)];

/** A section that is there only if it has a content. */
export function section(id: number, content: number[] | undefined): number[] {
  return content === undefined ? [] : [id, ...uleb(content.length), ...content];
}

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function constant(type: TestType, value: number | bigint): number[] {
  if (type === "i32") return [0x41, ...sleb(value), 0x0b];
  if (type === "i64") return [0x42, ...sleb(value), 0x0b];
  return [type === "f32" ? 0x43 : 0x44, ...new Array(type === "f32" ? 4 : 8).fill(0), 0x0b];
}

/** Bytes of an instruction list, without the last `end`. `typeIndex` numbers the signatures of `call_indirect`, `(i32,i32)->i32` etc. */
export function assembleCode(text: string): number[] {
  const tokens = text
    .replace(/;;[^\n]*/g, "")
    .split(/\s+/)
    .filter((token) => token !== "");
  const out: number[] = [];
  let at = 0;
  const next = (): string => tokens[at++] as string;
  while (at < tokens.length) {
    const token = next();
    const opcode = OPCODES.get(token);
    if (opcode === undefined) throw new Error(`unknown instruction ${token}`);
    out.push(opcode);
    if (["block", "loop", "if"].includes(token)) {
      const type = TYPES[tokens[at] ?? ""];
      if (type !== undefined) at++;
      out.push(type ?? 0x40);
    } else if (/^(br|br_if|call|local\.\w+|global\.\w+)$/.test(token)) out.push(...uleb(Number(next())));
    else if (token === "call_indirect") out.push(...uleb(Number(next())), 0);
    else if (token === "br_table") {
      const labels: number[][] = [];
      while (/^\d+$/.test(tokens[at] ?? "")) labels.push(uleb(Number(next())));
      out.push(...uleb(labels.length - 1), ...labels.flat());
    } else if (/(load|store)/.test(token)) {
      const offset = /^\+\d+$/.test(tokens[at] ?? "") ? Number(next().slice(1)) : 0;
      out.push(0, ...uleb(offset));
    } else if (token.startsWith("memory.")) out.push(0);
    else if (token === "i32.const") out.push(...sleb(Number(next())));
    else if (token === "i64.const") out.push(...sleb(BigInt(next())));
    else if (token === "f32.const") out.push(...new Uint8Array(new Float32Array([Number(next())]).buffer));
    else if (token === "f64.const") out.push(...new Uint8Array(new Float64Array([Number(next())]).buffer));
  }
  return out;
}

/** Runs of locals of one type, as compilers write them. */
function localGroups(locals: readonly TestType[]): number[][] {
  const groups: [count: number, type: TestType][] = [];
  for (const type of locals) {
    const last = groups[groups.length - 1];
    if (last?.[1] === type) last[0]++;
    else groups.push([1, type]);
  }
  return groups.map(([count, type]) => [...uleb(count), TYPES[type] as number]);
}

/** The module's bytes. Types are numbered by first use: the module's own list, imports, then functions. */
export function assemble(module: TestModule): Uint8Array {
  const types: string[] = (module.types ?? []).map((type) => JSON.stringify(type));
  const typeIndex = ([params, results]: TestSignature): number => {
    const key = JSON.stringify([params, results]);
    const found = types.indexOf(key);
    return found >= 0 ? found : types.push(key) - 1;
  };
  const imports = (module.imports ?? []).map(([from, item, type]) => [
    ...name(from),
    ...name(item),
    0,
    ...uleb(typeIndex(type)),
  ]);
  const functions = module.functions ?? [];
  const declared = functions.map((item) => uleb(typeIndex(item.type)));
  const exports = [
    ...functions.flatMap((item, i) =>
      item.name === undefined ? [] : [[...name(item.name), 0, ...uleb(imports.length + i)]],
    ),
    ...(module.exports ?? []).map(([item, kind, index]) => [...name(item), kind, ...uleb(index)]),
  ];
  const code = functions.map((item) => {
    const body = [...vector(localGroups(item.locals ?? [])), ...assembleCode(item.code), 0x0b];
    return [...uleb(body.length), ...body];
  });
  const typeBytes = types.map((key) => {
    const [params, results] = JSON.parse(key) as [TestType[], TestType[]];
    return [
      0x60,
      ...vector(params.map((type) => [TYPES[type] as number])),
      ...vector(results.map((type) => [TYPES[type] as number])),
    ];
  });
  const list = <T>(items: readonly T[] | undefined, item: (value: T) => number[]): number[] | undefined =>
    items === undefined || items.length === 0 ? undefined : vector(items.map(item));
  return Uint8Array.from([
    ...HEADER,
    ...section(
      1,
      list(typeBytes, (item) => item),
    ),
    ...section(
      2,
      list(imports, (item) => item),
    ),
    ...section(
      3,
      list(declared, (item) => item),
    ),
    ...section(4, module.table === undefined ? undefined : vector([[0x70, ...limits(module.table)]])),
    ...section(5, module.memory === undefined ? undefined : vector([limits(module.memory)])),
    ...section(
      6,
      list(module.globals, ([type, mutable, value]) => [
        TYPES[type] as number,
        mutable ? 1 : 0,
        ...constant(type, value),
      ]),
    ),
    ...section(
      7,
      list(exports, (item) => item),
    ),
    ...section(8, module.start === undefined ? undefined : uleb(module.start)),
    ...section(
      9,
      list(module.elements, ([offset, items]) => [0, ...constant("i32", offset), ...vector(items.map(uleb))]),
    ),
    ...section(
      10,
      list(code, (item) => item),
    ),
    ...section(
      11,
      list(module.data, ([offset, data]) => {
        const bytes = typeof data === "string" ? bytesOf(data) : [...data];
        return [0, ...constant("i32", offset), ...uleb(bytes.length), ...bytes];
      }),
    ),
  ]);
}
