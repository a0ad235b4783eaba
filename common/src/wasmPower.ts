/**
 * The part of the `WebAssembly` global that trusted code uses, as an argument: `WebAssembly` itself fits this type.
 * @module
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
export interface WasmGlobal {
  value: unknown;
}
export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
}
export type WasmFunction = (...args: readonly (number | bigint)[]) => number | bigint | undefined;
export type WasmExports = { readonly [name: string]: WasmFunction | WasmMemory | WasmGlobal | WasmTable };
export interface WasmInstance {
  readonly exports: WasmExports;
}
declare const wasmModule: unique symbol;
/** A compiled module; opaque. */
export interface WasmModule {
  readonly [wasmModule]?: never;
}

export interface WasmPower {
  /** Compiles synchronously; throws if the bytes do not validate. */
  readonly Module: new (
    bytes: Uint8Array,
  ) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly [module: string]: { readonly [name: string]: unknown } },
  ) => WasmInstance;
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number }) => WasmMemory;
  readonly Table: new (limits: {
    readonly element: "anyfunc";
    readonly initial: number;
    readonly maximum?: number;
  }) => WasmTable;
  /** Thrown by traps. */
  readonly RuntimeError: new (
    message?: string,
  ) => Error;
  validate(bytes: Uint8Array): boolean;
}
