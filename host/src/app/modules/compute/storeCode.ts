/**
 * MsgStoreCode: the enclave checks, prices and records an upload; the host keeps the code itself (chain §2.6, contracts §1.1).
 * @module
 */
import { CodeInfo, type MsgStoreCode, MsgStoreCodeResponse } from "@sotto/common/wire/compute";
import { AppError } from "../../core/appError.ts";
import type { Context } from "../../core/context.ts";
import { writeCode } from "../../core/stateTables.ts";
import { COMPUTE_STORE, codeKey } from "./keys.ts";
import type { OcallDeps } from "./ocalls.ts";
import { runContract } from "./runContract.ts";

/** Of the bytes as sent, and of what is read from a gzip file. */
export const MAX_WASM_BYTES = 2_097_152;

/** @returns the code id */
export function storeCode(deps: OcallDeps, context: Context, { wasmByteCode }: MsgStoreCode): bigint {
  if (context.isForContract === true) throw AppError.registered("compute", 17, "store code");
  const call = { failureCode: 15, gasLocation: "Compiling WASM Bytecode" };
  const { codeId } = MsgStoreCodeResponse.decode(runContract(deps, context, call));
  const info = context.state.get(COMPUTE_STORE, codeKey(codeId));
  if (info === undefined) throw new RangeError(`store code: the enclave recorded no code ${codeId}`);
  const zipped = wasmByteCode[0] === 0x1f && wasmByteCode[1] === 0x8b && wasmByteCode[2] === 0x08;
  const code = zipped ? deps.powers.gunzip(wasmByteCode, MAX_WASM_BYTES) : wasmByteCode;
  writeCode(context.state, CodeInfo.decode(info).codeHash, code);
  return codeId;
}
