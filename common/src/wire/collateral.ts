/**
 * Collateral in its packed form: what a verifier needs besides the quote, in one byte string (registration §2.2).
 *
 * Here it is only put together and taken apart; what the parts say is the verifier's matter.
 * @module
 */
import { concatBytes, u32le } from "../bytes.ts";
import { InputError, InputErrorCode } from "../errors.ts";

const PARTS = [
  "pckCrlIssuerChain",
  "rootCaCrl",
  "pckCrl",
  "tcbInfoIssuerChain",
  "tcbInfo",
  "qeIdentityIssuerChain",
  "qeIdentity",
] as const;

const HEADER = 32;
const TEE_TYPES = { sgx: 0, tdx: 0x81 } as const;
const NUL = Uint8Array.of(0);

/** Longest part (registration §2.8 step 1). */
export const MAX_COLLATERAL_PART = 65_536;

/**
 * Chains as PEM; revocation lists as PEM, as hex of DER or as DER; the two documents as JSON with their signatures,
 * `{"tcbInfo":…,"signature":…}` and `{"enclaveIdentity":…,"signature":…}`. Without the NUL that ends each in the packed form.
 */
export type CollateralParts = {
  readonly tee: "sgx" | "tdx";
} & Readonly<Record<(typeof PARTS)[number], Uint8Array>>;

function malformed(what: string): InputError {
  return new InputError(InputErrorCode.Malformed, `packed collateral: ${what}`);
}

export function packCollateral(parts: CollateralParts): Uint8Array {
  return concatBytes(
    u32le(TEE_TYPES[parts.tee]),
    ...PARTS.map((name) => u32le(parts[name].length + 1)),
    ...PARTS.flatMap((name) => [parts[name], NUL]),
  );
}

/**
 * The parts, as views.
 * @throws {InputError} Malformed, unless the bytes are the header and seven parts, each of them with a NUL at its end and none
 *   longer than {@link MAX_COLLATERAL_PART}
 */
export function unpackCollateral(bytes: Uint8Array): CollateralParts {
  if (bytes.length < HEADER) throw malformed(`expected a header of ${HEADER} bytes, got ${bytes.length}`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const teeType = header.getUint32(0, true);
  if (teeType !== TEE_TYPES.sgx && teeType !== TEE_TYPES.tdx) throw malformed(`unknown kind of enclave ${teeType}`);
  let at = HEADER;
  const parts = PARTS.map((name, i) => {
    const length = header.getUint32(4 * (i + 1), true);
    if (length > MAX_COLLATERAL_PART) throw malformed(`${name} has ${length} bytes`);
    const part = bytes.subarray(at, at + length);
    at += length;
    if (part.length !== length || part[length - 1] !== 0) throw malformed(`${name} is cut or does not end with a NUL`);
    return [name, part.subarray(0, -1)] as const;
  });
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes too many`);
  return { tee: teeType === 0 ? "sgx" : "tdx", ...Object.fromEntries(parts) } as CollateralParts;
}
