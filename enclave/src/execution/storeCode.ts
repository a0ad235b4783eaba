/**
 * MsgStoreCode: unzipping, size, price, static check, a new code id (chain §2.6, contracts §1.1, §1.2).
 *
 * Nobody's signature is looked at: nothing secret depends on who uploaded a code. The code itself is kept by the host, the store
 * holds its hash.
 * @module
 */
import type { Event } from "@sotto/boundary/messages";
import type { MsgStoreCode } from "@sotto/common/wire/compute";
import { EngineError } from "../engine/engineError.ts";
import { GasLocation } from "../state/gasMeter.ts";
import type { Frame } from "./callTree.ts";
import { ComputeCode, computeFailure } from "./chainFailure.ts";
import { addressText } from "./contract.ts";
import { codeIdEvent, uploadEvent } from "./contractEvents.ts";
import type { Services } from "./services.ts";

/** Bytes of what is read from a gzip file. */
const MAX_WASM_BYTES = 2_097_152;
/** Gas for a byte is a decimal with 18 places. */
const DECIMAL_ONE = 10n ** 18n;
/** Characters; what the static check says quotes names out of the code, which may be long. */
const MAX_TEXT_LENGTH = 2_000;

/** @throws {ChainFailure} compute 15, 31; {OutOfGas}; {RefusalError} HostMisbehavior, BadProof */
export function storeCode(frame: Frame, message: MsgStoreCode): { readonly codeId: bigint; readonly events: Event[] } {
  const { store, meter, tree } = frame;
  const { services } = tree;
  const sender = addressText(message.sender);
  const code = unzipped(services, message.wasmByteCode);
  const { compileCost, maxContractSize } = store.params();
  if (BigInt(code.length) > maxContractSize) {
    throw computeFailure(ComputeCode.MaxContractSize, "max contract size exceeded");
  }
  meter.consume(roundHalfEven(BigInt(compileCost) * BigInt(code.length)), GasLocation.Compile);
  checkStatically(services, code);
  const { source, builder } = message;
  const codeHash = services.crypto.sha256(code);
  const codeId = store.addCode({ codeHash, creator: message.sender, source, builder });
  return { codeId, events: [uploadEvent(sender), codeIdEvent(codeId)] };
}

function createFailure(text: string): Error {
  return computeFailure(ComputeCode.CreateFailed, `${text}: create contract failed`);
}

function unzipped({ gunzip }: Services, code: Uint8Array): Uint8Array {
  const zipped = code[0] === 0x1f && code[1] === 0x8b && code[2] === 0x08;
  if (!zipped) return code;
  try {
    return gunzip(code, MAX_WASM_BYTES);
  } catch (error) {
    // No instance of a class of ours: it comes from the platform.
    throw createFailure(String((error as Partial<Error>).message));
  }
}

function checkStatically({ engine }: Services, code: Uint8Array): void {
  try {
    engine.checkCode(code);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const text = error.message.slice(0, MAX_TEXT_LENGTH);
    throw createFailure(`Execution error: Error during static Wasm validation: ${text}`);
  }
}

function roundHalfEven(scaled: bigint): bigint {
  const whole = scaled / DECIMAL_ONE;
  const twice = (scaled % DECIMAL_ONE) * 2n;
  if (twice === DECIMAL_ONE) return whole + (whole & 1n);
  return twice > DECIMAL_ONE ? whole + 1n : whole;
}
