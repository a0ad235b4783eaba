/**
 * What Gramine gives the process inside an SGX enclave, as pseudo-files (registration §5.1, §5.2).
 *
 * The files are one state for the whole process, without locks. Here every request is synchronous, and one thread makes them all.
 * @module
 */
import { hkdfSync } from "node:crypto";
import { equalBytes } from "@sotto/common/bytes";
import { type DeviceFs, errnoOf, readDevice, readDeviceText, writeDevice } from "../deviceFiles.ts";
import { PlatformError, PlatformErrorCode } from "../platformError.ts";
import { type MachinePowers, measureBundle } from "../powers.ts";

export const ATTESTATION_FOLDER = "/dev/attestation";

const QUOTE_VERSION = 3;
const REPORT_DATA_AT = 368;
const KEY_BYTES = 16;
const SEALING_SALT = "sotto/sgx/sealing/v1";

function noQuote(message: string, cause?: unknown): PlatformError {
  return new PlatformError(PlatformErrorCode.NoQuote, `sgx quote: ${message}`, { cause });
}

function checkAttestationType(fs: DeviceFs, folder: string): void {
  let type: string;
  try {
    type = readDeviceText(fs, `${folder}/attestation_type`);
  } catch (error) {
    throw noQuote(`${folder} is not there (${errnoOf(error)}): this process does not run under gramine-sgx`, error);
  }
  if (type !== "dcap") {
    throw noQuote(
      `expected attestation type dcap, got ${type}: the manifest must say sgx.remote_attestation = "dcap", and gramine-direct makes none`,
    );
  }
}

/**
 * @param folder of the pseudo-files
 * @param reportData 64 bytes
 * @throws {PlatformError} NoQuote
 */
export function gramineQuote(fs: DeviceFs, folder: string, reportData: Uint8Array): Uint8Array {
  checkAttestationType(fs, folder);
  let quote: Uint8Array;
  try {
    writeDevice(fs, `${folder}/user_report_data`, reportData);
    // Made when it is opened.
    quote = readDevice(fs, `${folder}/quote`);
  } catch (error) {
    throw noQuote(
      `${errnoOf(error)}; the platform's quoting service (aesmd with the DCAP quote provider) must run on the host`,
      error,
    );
  }
  if (quote[0] !== QUOTE_VERSION || quote[1] !== 0)
    throw noQuote(`expected version ${QUOTE_VERSION}, got ${quote.length} bytes of something else`);
  if (!equalBytes(quote.subarray(REPORT_DATA_AT, REPORT_DATA_AT + reportData.length), reportData))
    throw noQuote("it carries other report data than was asked for");
  return quote;
}

/**
 * The processor's sealing key of this very enclave, made into one of 32 bytes. Never the signer's key: other builds have that too.
 * @param measurement 32 bytes, of the bundle
 * @throws {PlatformError} NoSealingKey
 */
export function gramineSealingKey(fs: DeviceFs, folder: string, measurement: Uint8Array): Uint8Array {
  const path = `${folder}/keys/_sgx_mrenclave`;
  let key: Uint8Array;
  try {
    key = readDevice(fs, path);
  } catch (error) {
    throw new PlatformError(
      PlatformErrorCode.NoSealingKey,
      `sgx sealing key: cannot read ${path} (${errnoOf(error)}): this process does not run under gramine-sgx`,
      { cause: error },
    );
  }
  if (key.length !== KEY_BYTES) {
    throw new PlatformError(
      PlatformErrorCode.NoSealingKey,
      `sgx sealing key: expected ${KEY_BYTES} bytes, got ${key.length}`,
    );
  }
  return new Uint8Array(hkdfSync("sha256", key, SEALING_SALT, measurement, 32));
}

/** @param bundle whose enclave gets the powers */
export function gramineMachinePowers(fs: DeviceFs, folder: string, bundle: Uint8Array): MachinePowers {
  return {
    sealingKey: () => gramineSealingKey(fs, folder, measureBundle(bundle)),
    quote: (reportData) => gramineQuote(fs, folder, reportData),
  };
}
