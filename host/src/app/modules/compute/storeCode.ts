/**
 * MsgStoreCode: size, unzipping, price, the enclave's check, a new code id (chain §2.6, contracts §1.1).
 * @module
 */
import type { CodeInfo, MsgStoreCode } from "@sotto/common/wire/compute";
import { formatAddress } from "../../core/addresses.ts";
import { AppError } from "../../core/appError.ts";
import { roundHalfEven } from "../../core/coins.ts";
import { type Context, emit } from "../../core/context.ts";
import { writeCode } from "../../core/stateTables.ts";
import { computeKeeper } from "./computeKeeper.ts";
import type { ComputePowers } from "./computePowers.ts";

/** Of the bytes as sent, and of what is read from a gzip file. */
export const MAX_WASM_BYTES = 2_097_152;

function unzipped({ gunzip }: ComputePowers, code: Uint8Array): Uint8Array {
  const zipped = code[0] === 0x1f && code[1] === 0x8b && code[2] === 0x08;
  if (!zipped) return code;
  try {
    return gunzip(code, MAX_WASM_BYTES);
  } catch (error) {
    throw AppError.registered("compute", 15, error instanceof Error ? error.message : "gzip: invalid header");
  }
}

/** In front of what the static check says (contracts §1.2). */
const STATIC_CHECK_FAILED = "Execution error: Error during static Wasm validation: ";

/** @returns the code id */
export function storeCode(powers: ComputePowers, context: Context, message: MsgStoreCode): bigint {
  if (context.isForContract === true) throw AppError.registered("compute", 17, "store code");
  const sender = formatAddress(message.sender);
  emit(context, "message", ["module", "compute"], ["sender", sender], ["signer", sender]);
  const code = unzipped(powers, message.wasmByteCode);
  const { maxContractSize, compileCost } = computeKeeper.params(context);
  if (BigInt(code.length) > maxContractSize) throw AppError.registered("compute", 31);
  context.gas.consume(roundHalfEven(BigInt(compileCost) * BigInt(code.length)), "Compiling WASM Bytecode");

  const { result } = powers.enclave.call("checkCode", { code });
  if (result.kind === "refused") throw AppError.registered("compute", 15, STATIC_CHECK_FAILED + result.value.message);
  const { codeHash } = result.value;
  writeCode(context.state, codeHash, code);
  const info: CodeInfo = { codeHash, creator: message.sender, source: message.source, builder: message.builder };
  const codeId = computeKeeper.addCode(context, info);
  emit(context, "message", ["code_id", codeId.toString()]);
  return codeId;
}
