/**
 * Why a module was refused or a call ended; the texts are seen by clients (contracts §1.5, enclave §12.1).
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const EngineErrorCode = {
  /** The upload failed the static check of contracts §1.2; the message is the row's text. */
  StaticValidation: 1,
  InvalidWasm: 2,
  CannotInitializeWasmMemory: 3,
  WasmModuleWithStart: 4,
  WasmModuleWithFP: 5,
  FailedFunctionCall: 6,
  ContractPanicUnreachable: 7,
  MemoryAccessOutOfBounds: 8,
  TableAccessOutOfBounds: 9,
  DivisionByZero: 10,
  StackOverflow: 11,
  UnexpectedSignature: 12,
  MemoryAllocation: 13,
  MemoryRead: 14,
  MemoryWrite: 15,
  UnauthorizedWrite: 16,
  OutOfGas: 17,
  Unknown: 18,
  /** An import of the host threw; see `cause` of the outcome. */
  ImportFailed: 19,
  /** The contract did what brings the reference's thread down; half of the limit is charged (contracts §2.1, §4.3). */
  Panicked: 20,
} as const;
export type EngineErrorCode = (typeof EngineErrorCode)[keyof typeof EngineErrorCode];

const TEXTS: Readonly<Record<EngineErrorCode, string>> = {
  1: "Error during static Wasm validation",
  2: "tried to load invalid wasm code",
  3: "failed to initialize wasm memory",
  4: "WasmModuleWithStart",
  5: "found floating point operation in module code",
  6: "calling a function in the contract failed for an unexpected reason",
  7: "the contract panicked",
  8: "the contract tried to access memory out of bounds",
  9: "the contract tried to access a nonexistent resource",
  10: "the contract tried to divide by zero",
  11: "the contract has run out of space on the stack",
  12: "the contract tried to call a function but expected an incorrect function signature",
  13: "failed to allocate memory",
  14: "failed to read memory",
  15: "failed to write memory",
  16: "contract tried to write to storage during a query",
  17: "execution ran out of gas",
  18: "unknown error",
  19: "failed to execute ocall",
  20: "panicked due to unexpected behavior",
};

export class EngineError extends CodedError<EngineErrorCode> {
  override readonly name = "EngineError";
  /** @param message only for `StaticValidation`; all others have one fixed text */
  constructor(code: EngineErrorCode, message: string = TEXTS[code], options?: ErrorOptions) {
    super("engine", code, message, options);
  }
}
