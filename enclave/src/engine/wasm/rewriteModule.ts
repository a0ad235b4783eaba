/**
 * Makes the module that really runs: metered, with internal globals, helpers and exports of its own.
 *
 * Types, functions, globals and table entries keep their indices; new ones are appended. The original's exports do not appear:
 * the module is internal, so its export names are ours and cannot collide. Spec: contracts §4.1; ADR 0003.
 * @module
 */
import type { BodyReport } from "./analyzeBody.ts";
import {
  type DecodedModule,
  ExternalKind,
  type FunctionType,
  functionTypeOf,
  importedFunctions,
  SectionId,
} from "./decodeModule.ts";
import { EMPTY_BLOCK, Op, ValueType } from "./opcodes.ts";
import { type Appended, Fault, rewriteBody, writeGasCheck, writeGasLoad } from "./rewriteBody.ts";
import { malformed } from "./wasmReader.ts";
import { WasmWriter } from "./wasmWriter.ts";

/** Names of the rewritten module's own exports. Contract functions are exported as `contract.` and their name. */
export const Internal = {
  Memory: "memory",
  Gas: "gas",
  Exhausted: "exhausted",
  Stack: "stack",
  Fault: "fault",
  Pages: "pages",
  TableIndex: "tableIndex",
  Marks: "marks",
  Reset: "reset",
} as const;
export const CONTRACT_PREFIX = "contract.";

/** Most pages that a running contract can have (contracts §1.4 step 6). */
export const MAX_PAGES = 192;
/** Pages beyond the initial ones that exist before the contract asks for them. */
export const POOLED_PAGES = 16;
/** W for a page in `memory.grow` (contracts §4.1). */
const GAS_PER_PAGE = 8192;
const GROW_HELPER_GAS = 28;
const GROW_FAILURE_GAS = 6;
/** Below the limit of V8, so that the limit is ours. */
const MAX_BODY_BYTES = 7_000_000;

/** Pages that a new instance of the module really has. */
function physicalPages(initialPages: number): number {
  return Math.min(initialPages + POOLED_PAGES, MAX_PAGES);
}

/**
 * @param reports one for each body, in order
 * @param exported names of contract functions that the engine may call
 * @returns the rewritten module's bytes
 */
export function rewriteModule(
  module: DecodedModule,
  reports: readonly BodyReport[],
  exported: ReadonlySet<string>,
): Uint8Array {
  const imported = importedFunctions(module).length;
  const firstGlobal = module.globals.length;
  const appended: Appended = {
    gas: firstGlobal,
    exhausted: firstGlobal + 1,
    stack: firstGlobal + 2,
    fault: firstGlobal + 3,
    pages: firstGlobal + 4,
    tableIndex: firstGlobal + 5,
    marks: firstGlobal + 6,
    growFunction: imported + module.functions.length,
  };
  const out = new WasmWriter(module.bytes.length * 3);
  const body = new WasmWriter(module.bytes.length * 3);
  const section = (id: number, write: () => void): void => {
    body.clear();
    write();
    out.section(id, body);
  };
  const copy = (id: number): void => {
    const span = module.sections.get(id);
    if (span !== undefined) section(id, () => body.raw(module.bytes, span.start, span.end));
  };
  out.raw(module.bytes, 0, 8);
  section(SectionId.Type, () => writeTypes(body, module));
  copy(SectionId.Import);
  section(SectionId.Function, () => writeFunctions(body, module));
  copy(SectionId.Table);
  section(SectionId.Memory, () => writeMemory(body, initialPages(module)));
  section(SectionId.Global, () => writeGlobals(body, module));
  section(SectionId.Export, () => writeExports(body, module, appended, exported));
  copy(SectionId.Element);
  section(SectionId.Code, () => writeCode(body, module, reports, appended));
  copy(SectionId.Data);
  return out.view();
}

export function initialPages(module: DecodedModule): number {
  return module.memories[0]?.minimum ?? 0;
}

function writeTypes(out: WasmWriter, module: DecodedModule): void {
  out.u32(module.types.length + 2);
  for (const { params, results } of module.types) writeFunctionType(out, params, results);
  writeFunctionType(out, [ValueType.I32], [ValueType.I32]); // the grow helper
  writeFunctionType(out, [ValueType.I64], []); // reset
}

function writeFunctionType(out: WasmWriter, params: readonly number[], results: readonly number[]): void {
  out.byte(0x60);
  out.u32(params.length);
  out.ops(...params);
  out.u32(results.length);
  out.ops(...results);
}

function writeFunctions(out: WasmWriter, module: DecodedModule): void {
  out.u32(module.functions.length + 2);
  for (const typeIndex of module.functions) out.u32(typeIndex);
  out.u32(module.types.length);
  out.u32(module.types.length + 1);
}

function writeMemory(out: WasmWriter, initial: number): void {
  out.ops(1, 1); // one memory, with a maximum
  out.u32(physicalPages(initial));
  out.u32(MAX_PAGES);
}

function writeGlobals(out: WasmWriter, module: DecodedModule): void {
  const { I32, I64 } = ValueType;
  const appended = [I64, I64, I32, I32, I32, I32, I64];
  out.u32(module.globals.length + appended.length);
  for (const { type, mutable, init } of module.globals) {
    out.ops(type, mutable ? 1 : 0);
    out.raw(module.bytes, init.start, init.end);
  }
  for (const type of appended) {
    out.ops(type, 1, type === I64 ? Op.I64Const : Op.I32Const, 0, Op.End);
  }
}

function writeExports(out: WasmWriter, module: DecodedModule, appended: Appended, exported: ReadonlySet<string>): void {
  const entries = module.exports.filter((item) => item.kind === ExternalKind.Function && exported.has(item.name));
  const internal: readonly (readonly [string, number, number])[] = [
    [Internal.Memory, ExternalKind.Memory, 0],
    [Internal.Gas, ExternalKind.Global, appended.gas],
    [Internal.Exhausted, ExternalKind.Global, appended.exhausted],
    [Internal.Stack, ExternalKind.Global, appended.stack],
    [Internal.Fault, ExternalKind.Global, appended.fault],
    [Internal.Pages, ExternalKind.Global, appended.pages],
    [Internal.TableIndex, ExternalKind.Global, appended.tableIndex],
    [Internal.Marks, ExternalKind.Global, appended.marks],
    [Internal.Reset, ExternalKind.Function, appended.growFunction + 1],
  ];
  out.u32(entries.length + internal.length);
  for (const { name, kind, index } of entries) {
    out.name(CONTRACT_PREFIX + name);
    out.op(kind, index);
  }
  for (const [name, kind, index] of internal) {
    out.name(name);
    out.op(kind, index);
  }
}

function writeCode(out: WasmWriter, module: DecodedModule, reports: readonly BodyReport[], appended: Appended): void {
  const imported = importedFunctions(module);
  const code = new WasmWriter(4096);
  const add = (write: () => void): void => {
    code.clear();
    write();
    if (code.size > MAX_BODY_BYTES) throw malformed(`function of ${code.size} bytes after metering`);
    out.sized(code.view());
  };
  out.u32(module.bodies.length + 2);
  module.bodies.forEach((body, i) => {
    const type = functionTypeOf(module, imported, imported.length + i) as FunctionType;
    add(() => rewriteBody(code, appended, module.bytes, type, body, reports[i] as BodyReport));
  });
  add(() => writeGrowHelper(code, appended));
  add(() => writeReset(code, module, appended));
}

/**
 * `memory.grow`: the charge of contracts §4.1 as the helper there makes it, then the growth, within the pool or real.
 * Its frame takes nothing of the call chain's stack.
 */
function writeGrowHelper(out: WasmWriter, appended: Appended): void {
  const PAGES = 0;
  const COST = 1;
  out.ops(1, 1, ValueType.I64);
  writeGasLoad(out, appended, COST);
  writeGasCheck(out, appended, COST, GROW_HELPER_GAS);
  out.op(Op.LocalGet, PAGES);
  out.byte(Op.I64ExtendI32S);
  out.constant(Op.I64Const, GAS_PER_PAGE);
  out.byte(Op.I64Mul);
  out.op(Op.LocalSet, COST);
  // A negative number of pages is a huge cost, so this comparison must be unsigned.
  out.op(Op.GlobalGet, appended.gas);
  out.op(Op.LocalGet, COST);
  out.ops(Op.I64LtU, Op.If, EMPTY_BLOCK);
  out.op(Op.GlobalGet, appended.gas);
  out.constant(Op.I64Const, GROW_FAILURE_GAS);
  out.ops(Op.I64LtU, Op.If, EMPTY_BLOCK);
  out.constant(Op.I64Const, GROW_FAILURE_GAS);
  out.op(Op.GlobalSet, appended.exhausted);
  out.ops(Op.Unreachable, Op.End);
  out.op(Op.GlobalGet, appended.gas);
  out.constant(Op.I64Const, GROW_FAILURE_GAS);
  out.byte(Op.I64Sub);
  out.op(Op.GlobalSet, appended.gas);
  out.op(Op.LocalGet, COST);
  out.op(Op.GlobalSet, appended.exhausted);
  out.ops(Op.Unreachable, Op.End);
  out.op(Op.GlobalGet, appended.gas);
  out.op(Op.LocalGet, COST);
  out.byte(Op.I64Sub);
  out.op(Op.GlobalSet, appended.gas);
  writeGrowth(out, appended, PAGES);
  out.byte(Op.End);
}

/** Gives the old number of pages, or -1 above {@link MAX_PAGES}. */
function writeGrowth(out: WasmWriter, appended: Appended, pages: number): void {
  out.op(Op.LocalGet, pages);
  out.constant(Op.I32Const, MAX_PAGES);
  out.op(Op.GlobalGet, appended.pages);
  out.ops(Op.I32Sub, Op.I32GtU, Op.If, EMPTY_BLOCK);
  out.constant(Op.I32Const, -1);
  out.ops(Op.Return, Op.End);
  out.op(Op.GlobalGet, appended.pages); // the result, left on the stack
  out.op(Op.GlobalGet, appended.pages);
  out.op(Op.LocalGet, pages);
  out.byte(Op.I32Add);
  out.op(Op.GlobalSet, appended.pages);
  out.op(Op.GlobalGet, appended.pages);
  out.ops(Op.MemorySize, 0, Op.I32GtU, Op.If, EMPTY_BLOCK);
  out.op(Op.GlobalGet, appended.pages);
  out.ops(Op.MemorySize, 0, Op.I32Sub, Op.MemoryGrow, 0);
  out.constant(Op.I32Const, 0);
  out.ops(Op.I32LtS, Op.If, EMPTY_BLOCK);
  out.constant(Op.I32Const, Fault.MachineOutOfMemory);
  out.op(Op.GlobalSet, appended.fault);
  out.ops(Op.Unreachable, Op.End, Op.End);
}

/** Puts every mutable global to what a new instance has; the argument is the gas limit. The stack is set at each entry. */
function writeReset(out: WasmWriter, module: DecodedModule, appended: Appended): void {
  out.byte(0);
  module.globals.forEach(({ mutable, init }, index) => {
    if (!mutable) return;
    out.raw(module.bytes, init.start, init.end - 1);
    out.op(Op.GlobalSet, index);
  });
  out.op(Op.LocalGet, 0);
  out.op(Op.GlobalSet, appended.gas);
  for (const global of [appended.exhausted, appended.marks]) {
    out.constant(Op.I64Const, 0);
    out.op(Op.GlobalSet, global);
  }
  const numbers: readonly (readonly [number, number])[] = [
    [appended.fault, Fault.None],
    [appended.pages, initialPages(module)],
    [appended.tableIndex, 0],
  ];
  for (const [global, value] of numbers) {
    out.constant(Op.I32Const, value);
    out.op(Op.GlobalSet, global);
  }
  out.byte(Op.End);
}
