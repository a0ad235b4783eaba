/**
 * Decodes a module of the accepted language into what the engine looks at; everything else is refused.
 *
 * A decoder, not a validator: bodies are walked instruction by instruction, types are not checked. What it returns refers to the
 * module's bytes by position, so its size is bounded by the size of the file. Spec: contracts §1.3.
 * @module
 */
import { EMPTY_BLOCK, isFloatType, Op } from "./opcodes.ts";
import { malformed, WasmReader } from "./wasmReader.ts";

export const SectionId = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Table: 4,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Element: 9,
  Code: 10,
  Data: 11,
  DataCount: 12,
} as const;

export const ExternalKind = { Function: 0, Table: 1, Memory: 2, Global: 3 } as const;

/** A part of the module's bytes. */
export type Span = { readonly start: number; readonly end: number };
export type FunctionType = { readonly params: readonly number[]; readonly results: readonly number[] };
export type Limits = { readonly minimum: number; readonly maximum: number | undefined };
export type GlobalType = { readonly type: number; readonly mutable: boolean };
/** `typeIndex` is -1 unless a function is imported. */
export type WasmImport = {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  readonly typeIndex: number;
};
/** `init` includes its `end`. */
export type WasmGlobalDefinition = GlobalType & { readonly init: Span };
export type WasmExport = { readonly name: string; readonly kind: number; readonly index: number };
export type LocalGroup = { readonly count: number; readonly type: number };
/** `code` runs from the first instruction to and including the last `end`. */
export type FunctionBody = { readonly locals: readonly LocalGroup[]; readonly localCount: number; readonly code: Span };
/** A data segment (`items` are bytes) or an element segment (`items` are function indices). */
export type Segment = { readonly offset: Span; readonly count: number; readonly items: Span };

export type DecodedModule = {
  readonly bytes: Uint8Array;
  /** Contents of the known sections, without id and length. */
  readonly sections: ReadonlyMap<number, Span>;
  readonly types: readonly FunctionType[];
  readonly imports: readonly WasmImport[];
  /** Type index of each defined function. */
  readonly functions: readonly number[];
  readonly tables: readonly Limits[];
  readonly hasMemorySection: boolean;
  readonly memories: readonly Limits[];
  readonly globals: readonly WasmGlobalDefinition[];
  readonly exports: readonly WasmExport[];
  readonly start: number | undefined;
  readonly elements: readonly Segment[];
  readonly bodies: readonly FunctionBody[];
  readonly data: readonly Segment[];
};

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** Position in the file by section id; the data count stands between elements and code. */
const SECTION_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10];

/**
 * @param bytes borrowed for as long as the result is used
 * @throws {InputError} Malformed, with what was found and where
 */
export function decodeModule(bytes: Uint8Array): DecodedModule {
  const sections = splitSections(bytes);
  const list = <T>(id: number, item: (reader: WasmReader) => T): T[] => {
    const span = sections.get(id);
    if (span === undefined) return [];
    const reader = new WasmReader(bytes, span.start, span.end);
    const count = reader.count();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item(reader));
    if (reader.at !== reader.end) throw malformed(`section ${id} is longer than its ${count} items`);
    return items;
  };
  return {
    bytes,
    sections,
    types: list(SectionId.Type, readFunctionType),
    imports: list(SectionId.Import, readImport),
    functions: list(SectionId.Function, (reader) => reader.u32()),
    tables: list(SectionId.Table, readTable),
    hasMemorySection: sections.has(SectionId.Memory),
    memories: list(SectionId.Memory, readLimits),
    globals: list(SectionId.Global, (reader) => ({ ...readGlobalType(reader), init: readInitExpression(reader) })),
    exports: list(SectionId.Export, readExport),
    start: readSingle(bytes, sections.get(SectionId.Start)),
    elements: list(SectionId.Element, (reader) => readSegment(reader, readElementItems)),
    bodies: list(SectionId.Code, readBody),
    data: list(SectionId.Data, (reader) => readSegment(reader, (data, count) => data.skip(count))),
  };
}

function splitSections(bytes: Uint8Array): ReadonlyMap<number, Span> {
  const reader = new WasmReader(bytes);
  for (const expected of MAGIC_AND_VERSION) {
    if (reader.byte() !== expected) throw malformed("not a WebAssembly module of version 1");
  }
  const sections = new Map<number, Span>();
  let lastOrder = 0;
  while (reader.at < reader.end) {
    const id = reader.byte();
    const length = reader.u32();
    const start = reader.skip(length);
    if (id === SectionId.Custom) {
      new WasmReader(bytes, start, reader.at).name();
      continue;
    }
    const order = SECTION_ORDER[id];
    if (order === undefined) throw malformed(`unknown section ${id}`);
    if (order <= lastOrder) throw malformed(`section ${id} is repeated or out of order`);
    lastOrder = order;
    sections.set(id, { start, end: reader.at });
  }
  readSingle(bytes, sections.get(SectionId.DataCount));
  return sections;
}

/** The one u32 of a start or data count section. */
function readSingle(bytes: Uint8Array, span: Span | undefined): number | undefined {
  if (span === undefined) return undefined;
  const reader = new WasmReader(bytes, span.start, span.end);
  const value = reader.u32();
  if (reader.at !== reader.end) throw malformed(`section at byte ${span.start} is longer than its content`);
  return value;
}

function readFunctionType(reader: WasmReader): FunctionType {
  if (reader.byte() !== 0x60) throw malformed(`unknown form of type at byte ${reader.at - 1}`);
  const valueTypes = (): number[] => {
    const count = reader.count();
    const types: number[] = [];
    for (let i = 0; i < count; i++) types.push(reader.valueType());
    return types;
  };
  const params = valueTypes();
  const results = valueTypes();
  if (results.length > 1) throw malformed(`function type with ${results.length} results`);
  return { params, results };
}

function readLimits(reader: WasmReader): Limits {
  const flags = reader.byte();
  if (flags > 1) throw malformed(`unknown flags ${flags} of limits at byte ${reader.at - 1}`);
  return { minimum: reader.u32(), maximum: flags === 1 ? reader.u32() : undefined };
}

function readTable(reader: WasmReader): Limits {
  if (reader.byte() !== 0x70) throw malformed(`unknown type of table elements at byte ${reader.at - 1}`);
  return readLimits(reader);
}

function readGlobalType(reader: WasmReader): GlobalType {
  const type = reader.valueType();
  const mutability = reader.byte();
  if (mutability > 1) throw malformed(`unknown mutability ${mutability} at byte ${reader.at - 1}`);
  return { type, mutable: mutability === 1 };
}

function readImport(reader: WasmReader): WasmImport {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  const typeIndex = kind === ExternalKind.Function ? reader.u32() : -1;
  if (kind === ExternalKind.Table) readTable(reader);
  else if (kind === ExternalKind.Memory) readLimits(reader);
  else if (kind === ExternalKind.Global) readGlobalType(reader);
  else if (kind !== ExternalKind.Function) throw malformed(`unknown kind ${kind} of import`);
  return { module, name, kind, typeIndex };
}

function readExport(reader: WasmReader): WasmExport {
  const name = reader.name();
  const kind = reader.byte();
  if (kind > ExternalKind.Global) throw malformed(`unknown kind ${kind} of export`);
  return { name, kind, index: reader.u32() };
}

function readInitExpression(reader: WasmReader): Span {
  const start = reader.at;
  while (reader.instruction() !== Op.End) {}
  return { start, end: reader.at };
}

function readElementItems(reader: WasmReader, count: number): void {
  if (count > reader.end - reader.at) throw malformed(`count ${count} with ${reader.end - reader.at} bytes left`);
  for (let i = 0; i < count; i++) reader.u32();
}

function readSegment(reader: WasmReader, readItems: (reader: WasmReader, count: number) => unknown): Segment {
  const flags = reader.u32();
  if (flags !== 0) throw malformed(`unknown flags ${flags} of a segment`);
  const offset = readInitExpression(reader);
  const count = reader.u32();
  const start = reader.at;
  readItems(reader, count);
  return { offset, count, items: { start, end: reader.at } };
}

function readBody(reader: WasmReader): FunctionBody {
  const length = reader.u32();
  const start = reader.skip(length);
  const body = new WasmReader(reader.bytes, start, reader.at);
  const locals: LocalGroup[] = [];
  let localCount = 0;
  for (let groups = body.count(); groups > 0; groups--) {
    const group = { count: body.u32(), type: body.valueType() };
    localCount += group.count;
    if (localCount > 0xffffffff) throw malformed(`more than 2^32 locals at byte ${start}`);
    locals.push(group);
  }
  const code = { start: body.at, end: body.end };
  let depth = 1;
  while (depth > 0) {
    const opcode = body.instruction();
    if (opcode === Op.End) depth--;
    else if (opcode === Op.Block || opcode === Op.Loop || opcode === Op.If) depth++;
  }
  if (body.at !== body.end) throw malformed(`code after the end of the function at byte ${start}`);
  return { locals, localCount, code };
}

/** Number of values on the stack after a block of this type. */
export function blockResults(blockType: number): number {
  return blockType === EMPTY_BLOCK ? 0 : 1;
}

/** Number of imported functions: defined functions are numbered after them. */
export function importedFunctions(module: DecodedModule): readonly WasmImport[] {
  return module.imports.filter((item) => item.kind === ExternalKind.Function);
}

/** The type of a function by its index, imported ones first. */
export function functionTypeOf(
  module: DecodedModule,
  imported: readonly WasmImport[],
  index: number,
): FunctionType | undefined {
  const typeIndex = index < imported.length ? imported[index]?.typeIndex : module.functions[index - imported.length];
  return typeIndex === undefined ? undefined : module.types[typeIndex];
}

export function hasFloat(types: readonly number[]): boolean {
  return types.some(isFloatType);
}
