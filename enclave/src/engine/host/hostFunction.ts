/**
 * What a host function is: its wasm type, and how it is bound to a guest. Spec: contracts §2.2.
 * @module
 */
import type { Guest } from "./guest.ts";

export type HostResult = number | bigint | undefined;
/** Called by wasm with i32 arguments as signed numbers. */
export type BoundImport = (a: number, b: number, c: number) => HostResult;

export type HostFunction = {
  /** Number of parameters, all i32. */
  readonly params: number;
  readonly result: "none" | "i32" | "i64";
  readonly bind: (guest: Guest) => BoundImport;
};

export type HostFunctions = { readonly [name: string]: HostFunction };
