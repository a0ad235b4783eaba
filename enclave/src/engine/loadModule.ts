/**
 * The load check of a module and its preparation: validated, rewritten, compiled, ready to make instances.
 *
 * Spec: contracts §1.4, §1.7. The language is held to what {@link decodeModule} accepts before V8 sees the bytes, so that what
 * newer versions of V8 accept makes no difference.
 * @module
 */
import { InputError } from "@sotto/common/errors";
import type { WasmModule, WasmPower } from "@sotto/common/wasmPower";
import { apiOf } from "./checkCode.ts";
import type { ContractApi } from "./engine.ts";
import { EngineError, EngineErrorCode } from "./engineError.ts";
import { ALLOCATE, ENTRY_RULES } from "./entryPoints.ts";
import type { HostFunctions } from "./host/hostFunction.ts";
import { analyzeBody, type BodyReport } from "./wasm/analyzeBody.ts";
import {
  type DecodedModule,
  decodeModule,
  ExternalKind,
  type FunctionType,
  functionTypeOf,
  hasFloat,
  importedFunctions,
  type Span,
  type WasmImport,
} from "./wasm/decodeModule.ts";
import { Op, ValueType } from "./wasm/opcodes.ts";
import { initialPages, MAX_PAGES, rewriteModule } from "./wasm/rewriteModule.ts";
import { WasmReader } from "./wasm/wasmReader.ts";

/** Largest code that enters the enclave (contracts §1.6). */
const MAX_CODE_BYTES = 3_145_728;
/** Largest table: a limit of ours, so that a small file cannot ask for much memory. Contracts have some hundred entries. */
const MAX_TABLE_ENTRIES = 65_536;
const PAGE_BYTES = 65_536;

/** Bytes that a new memory has at `offset`. */
export type DataImage = { readonly offset: number; readonly bytes: Uint8Array };

export type LoadedCode = {
  readonly api: ContractApi;
  readonly requiresRandom: boolean;
  readonly usesFloat: boolean;
  /** Undefined if the module cannot be linked: then every call ends with `unknown error` (contracts §1.7). */
  readonly compiled: WasmModule | undefined;
  readonly imports: readonly WasmImport[];
  readonly data: readonly DataImage[];
  /** Table entries that hold a function. */
  readonly tableEntries: ReadonlySet<number>;
};

/**
 * @param code the uncompressed module; not kept
 * @throws {EngineError} InvalidWasm, WasmModuleWithStart, CannotInitializeWasmMemory, WasmModuleWithFP if `forInstantiate`,
 *   FailedFunctionCall if the code is larger than the enclave takes
 */
export function loadModule(
  power: WasmPower,
  host: HostFunctions,
  code: Uint8Array,
  forInstantiate: boolean,
): LoadedCode {
  if (code.length > MAX_CODE_BYTES) throw new EngineError(EngineErrorCode.FailedFunctionCall);
  const module = validateModule(power, code);
  const api = apiOf(module);
  if (api === undefined) throw new EngineError(EngineErrorCode.InvalidWasm);
  if (module.start !== undefined) throw new EngineError(EngineErrorCode.WasmModuleWithStart);
  if (module.memories.length > 1 || initialPages(module) > MAX_PAGES) {
    throw new EngineError(EngineErrorCode.CannotInitializeWasmMemory);
  }
  const imported = importedFunctions(module);
  const unlinked = imported.map((item) => !isKnown(host, item));
  const reports = module.bodies.map((body, i) =>
    analyzeBody({ module, imported, unlinked }, functionType(module, imported, imported.length + i), body),
  );
  const usesFloat = usesFloats(module, imported, reports);
  if (usesFloat && forInstantiate) throw new EngineError(EngineErrorCode.WasmModuleWithFP);
  const data = module.data.map((segment) => ({
    offset: constantOf(module, segment.offset),
    bytes: module.bytes.slice(segment.items.start, segment.items.end),
  }));
  const links = canLink(module, host, imported, data);
  const exported = callableExports(module, imported, api);
  return {
    api,
    requiresRandom: module.exports.some((item) => item.name === "requires_random"),
    usesFloat,
    compiled: links ? new power.Module(rewrite(module, reports, exported)) : undefined,
    imports: imported,
    data,
    tableEntries: tableEntriesOf(module),
  };
}

function validateModule(power: WasmPower, code: Uint8Array): DecodedModule {
  const module = orInvalid(() => decodeModule(code));
  const tables = module.tables;
  const isInvalid =
    module.imports.some((item) => item.kind !== ExternalKind.Function) ||
    tables.length > 1 ||
    (tables[0]?.minimum ?? 0) > MAX_TABLE_ENTRIES ||
    ![
      ...module.globals.map((item) => item.init),
      ...[...module.data, ...module.elements].map((item) => item.offset),
    ].every((span) => isConstant(module, span));
  // Memories are counted and measured in step 5, with an error of its own; V8 must not see more than one.
  if (isInvalid || (module.memories.length <= 1 && !power.validate(code))) {
    throw new EngineError(EngineErrorCode.InvalidWasm);
  }
  return module;
}

function orInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new EngineError(EngineErrorCode.InvalidWasm, undefined, { cause: error });
  }
}

function rewrite(module: DecodedModule, reports: readonly BodyReport[], exported: ReadonlySet<string>): Uint8Array {
  return orInvalid(() => rewriteModule(module, reports, exported));
}

/** One constant and `end`: newer versions of V8 accept more. */
function isConstant(module: DecodedModule, span: Span): boolean {
  const reader = new WasmReader(module.bytes, span.start, span.end);
  const opcode = reader.instruction();
  return opcode >= Op.I32Const && opcode <= Op.F64Const && reader.instruction() === Op.End;
}

/** The value of an `i32.const` expression, as an address. */
function constantOf(module: DecodedModule, span: Span): number {
  const reader = new WasmReader(module.bytes, span.start, span.end);
  reader.instruction();
  return reader.immediate >>> 0;
}

function functionType(module: DecodedModule, imported: readonly WasmImport[], index: number): FunctionType {
  const type = functionTypeOf(module, imported, index);
  if (type === undefined) throw new Error(`validated module has no type for function ${index}`);
  return type;
}

function usesFloats(module: DecodedModule, imported: readonly WasmImport[], reports: readonly BodyReport[]): boolean {
  const importsFloat = imported.some((_, index) => {
    const { params, results } = functionType(module, imported, index);
    return hasFloat(params) || hasFloat(results);
  });
  return importsFloat || reports.some((report) => report.usesFloat);
}

function tableEntriesOf(module: DecodedModule): ReadonlySet<number> {
  const entries = new Set<number>();
  for (const { offset, count } of module.elements) {
    const first = constantOf(module, offset);
    for (let i = 0; i < count; i++) entries.add(first + i);
  }
  return entries;
}

function isKnown(host: HostFunctions, item: WasmImport): boolean {
  return item.module === "env" && Object.hasOwn(host, item.name);
}

/** Whether an instance can be made: imports of the right types, segments inside memory and table (contracts §1.7). */
function canLink(
  module: DecodedModule,
  host: HostFunctions,
  imported: readonly WasmImport[],
  data: readonly DataImage[],
): boolean {
  const memoryBytes = initialPages(module) * PAGE_BYTES;
  if (data.some(({ offset, bytes }) => offset + bytes.length > memoryBytes)) return false;
  const tableLength = module.tables[0]?.minimum ?? 0;
  // Segments without entries count as well: they are refused when an instance is made, not when the module is validated.
  if (module.elements.some(({ offset, count }) => constantOf(module, offset) + count > tableLength)) return false;
  return imported.every((item, index) => {
    const known = isKnown(host, item) ? host[item.name] : undefined;
    if (known === undefined) return true;
    const { params, results } = functionType(module, imported, index);
    const result = known.result === "none" ? undefined : known.result === "i32" ? ValueType.I32 : ValueType.I64;
    return params.length === known.params && params.every((type) => type === ValueType.I32) && results[0] === result;
  });
}

/** The exports that the engine may call, of those that have the right type (contracts §1.7). */
function callableExports(
  module: DecodedModule,
  imported: readonly WasmImport[],
  api: ContractApi,
): ReadonlySet<string> {
  const arities = new Map([[ALLOCATE, 1]]);
  for (const rule of Object.values(ENTRY_RULES[api])) arities.set(rule.name, rule.params.length);
  const callable = new Set<string>();
  for (const { name, kind, index } of module.exports) {
    const arity = arities.get(name);
    if (kind !== ExternalKind.Function || arity === undefined) continue;
    const { params, results } = functionType(module, imported, index);
    const isPointers = params.every((type) => type === ValueType.I32) && results[0] === ValueType.I32;
    if (isPointers && params.length === arity) callable.add(name);
  }
  return callable;
}
