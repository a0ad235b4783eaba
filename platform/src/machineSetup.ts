/**
 * What an enclave's own process has to know about its machine: a few bytes between the start frame's kind and the bundle.
 * @module
 */
import { bytesToUtf8, concatBytes, u16le, utf8ToBytes } from "@sotto/common/bytes";
import type { MachinePowers } from "./powers.ts";
import { simMachinePowers } from "./sim/simMachinePowers.ts";
import { tdxMachinePowers } from "./tdx/tdxMachinePowers.ts";

export type MachineSetup =
  | { readonly kind: "sim"; readonly secret: Uint8Array }
  | { readonly kind: "tdx"; readonly reportFolder: string };

const Kind = { sim: 0, tdx: 1 } as const;
const HEADER = 3;

/** Kind u8, length u16 (little endian), what the kind needs. */
export function encodeMachineSetup(setup: MachineSetup): Uint8Array {
  const value = setup.kind === "sim" ? setup.secret : utf8ToBytes(setup.reportFolder);
  return concatBytes(Uint8Array.of(Kind[setup.kind]), u16le(value.length), value);
}

/**
 * @param start a machine setup with a bundle behind it, as `encodeMachineSetup` makes it
 * @returns copies
 */
export function decodeMachineSetup(start: Uint8Array): { readonly setup: MachineSetup; readonly bundle: Uint8Array } {
  const end = HEADER + new DataView(start.buffer, start.byteOffset).getUint16(1, true);
  const value = start.slice(HEADER, end);
  const setup: MachineSetup =
    start[0] === Kind.sim ? { kind: "sim", secret: value } : { kind: "tdx", reportFolder: bytesToUtf8(value) };
  return { setup, bundle: start.slice(end) };
}

/** @param bundle whose enclave gets the powers */
export function machinePowers(setup: MachineSetup, bundle: Uint8Array): MachinePowers {
  return setup.kind === "sim" ? simMachinePowers(setup.secret, bundle) : tdxMachinePowers(setup.reportFolder);
}
