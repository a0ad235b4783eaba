/**
 * The registers of a TD as Linux 6.16 and later show them (registration §5.5), for people and for a check before the start.
 * @module
 */
import { createHash } from "node:crypto";
import { bytesToHex, concatBytes, equalBytes } from "@sotto/common/bytes";
import { type DeviceFs, errnoOf, readDevice } from "../deviceFiles.ts";
import { PlatformError, PlatformErrorCode } from "../platformError.ts";

const FILES = {
  mrtd: "mrtd:sha384",
  rtmr0: "rtmr0:sha384",
  rtmr1: "rtmr1:sha384",
  rtmr2: "rtmr2:sha384",
  rtmr3: "rtmr3:sha384",
  mrConfigId: "mrconfigid",
  mrOwner: "mrowner",
  mrOwnerConfig: "mrownerconfig",
} as const;
export type TdxRegister = keyof typeof FILES;
export type TdxRegisters = Readonly<Record<TdxRegister, Uint8Array>>;

const REGISTER_BYTES = 48;

const sha384 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash("sha384")
      .update(concatBytes(...parts))
      .digest(),
  );

/** RTMR3 once the launcher has extended it, still zero, by SHA-384 of the bundle. @returns 48 bytes */
export function registerOfBundle(bundle: Uint8Array): Uint8Array {
  return sha384(new Uint8Array(REGISTER_BYTES), sha384(bundle));
}

/** @returns undefined where the kernel does not show them @throws {PlatformError} StartFailed */
export function readTdxRegisters(fs: DeviceFs, folder: string): TdxRegisters | undefined {
  const registers: Partial<Record<TdxRegister, Uint8Array>> = {};
  for (const [name, file] of Object.entries(FILES)) {
    let value: Uint8Array;
    try {
      value = readDevice(fs, `${folder}/${file}`);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw new PlatformError(PlatformErrorCode.StartFailed, `${folder}/${file}: ${errnoOf(error)}`, { cause: error });
    }
    if (value.length !== REGISTER_BYTES) {
      throw new PlatformError(
        PlatformErrorCode.StartFailed,
        `${folder}/${file}: expected ${REGISTER_BYTES} bytes, got ${value.length}`,
      );
    }
    registers[name as TdxRegister] = value;
  }
  return registers as TdxRegisters;
}

/**
 * Whether evidence of this TD will say that it runs the bundle. Verifiers decide by the quote; this only saves an operator the wait.
 * @throws {PlatformError} StartFailed, if RTMR3 can be read and is of something else
 */
export function checkBundleRegister(fs: DeviceFs, folder: string, bundle: Uint8Array): void {
  const registers = readTdxRegisters(fs, folder);
  const expected = registerOfBundle(bundle);
  if (registers === undefined || equalBytes(registers.rtmr3, expected)) return;
  throw new PlatformError(
    PlatformErrorCode.StartFailed,
    `platform tdx: expected RTMR3 ${bytesToHex(expected)}, got ${bytesToHex(registers.rtmr3)}: the launcher of the image has to extend RTMR3 once, by SHA-384 of the enclave bundle, before the node starts`,
  );
}
