/**
 * Names and numbers in which evidence of a simulated platform differs from Intel's (registration §2.7).
 *
 * Both are verified by the same code. What is simulated says so in every certificate, in the vendor of its quoting enclave and in its user
 * data, and is accepted only where the genesis file names the simulated root and the chain id ends in `-sim`.
 * @module
 */
import { concatBytes, hexToBytes, utf8ToBytes } from "./bytes.ts";

/** Common names of the certificates by role (registration §6.4). */
export const ATTESTATION_NAMES = {
  root: "Intel SGX Root CA",
  processorCa: "Intel SGX PCK Processor CA",
  platformCa: "Intel SGX PCK Platform CA",
  pck: "Intel SGX PCK Certificate",
  tcbSigning: "Intel SGX TCB Signing",
} as const;

/** Before each of {@link ATTESTATION_NAMES} where the root is the simulated one. */
export const SIM_NAME_PREFIX = "SIM INSECURE ";

/** SHA-256 of the DER of Intel's root certificate. */
export const INTEL_ROOT_SHA256 = hexToBytes("44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3");

/** Vendor ids of quoting enclaves, 16 bytes. */
export const INTEL_QE_VENDOR = hexToBytes("939a7233f79c4ca9940a0db3957f0607");
export const SIM_QE_VENDOR = utf8ToBytes("SIM INSECURE QE ");

/** User data of the quote header, 20 bytes; a real quoting enclave has its id there. */
export const SIM_USER_DATA = concatBytes(utf8ToBytes("sim-user-data/v1"), new Uint8Array(4));

/** A simulated MRENCLAVE is SHA-256 of this and the bundle. */
export const SIM_MRENCLAVE_LABEL = utf8ToBytes("sim-mrenclave/v1");
