/**
 * X.509 revocation lists (registration §6.4), in the three forms in which they are handed around.
 * @module
 */
import { bytesToHex, hexToBytes, tryBytesToUtf8 } from "@sotto/common/bytes";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { DerTag, derContextTag, readDerSequence } from "@sotto/common/wire/der";
import { readAlgorithm, readExtensionList } from "./certificate.ts";
import { readPem } from "./pem.ts";

const VERSION_2 = 1;
const PEM_START = 0x2d;

export type RevocationList = {
  /** DER of the name. */
  readonly issuer: Uint8Array;
  /** Seconds since 1970, both included. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers in hex. */
  readonly revoked: ReadonlySet<string>;
};

function malformed(what: string): InputError {
  return new InputError(InputErrorCode.Malformed, `revocation list: ${what}`);
}

/** The DER of a list that is PEM, hex or DER already. @throws {InputError} Malformed */
export function revocationListDer(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === DerTag.Sequence && (bytes[1] as number) >= 0x80) return bytes;
  if (bytes[0] === PEM_START) {
    const [der, second] = readPem(bytes, "X509 CRL");
    if (der === undefined || second !== undefined) throw malformed("expected one block");
    return der;
  }
  return hexToBytes(tryBytesToUtf8(bytes) ?? "?");
}

/** Reads a list's body. @throws {InputError} Malformed, also without a date of the next update */
export function readRevocationList(body: Uint8Array): RevocationList {
  const reader = readDerSequence(body);
  if (reader.smallUnsigned() !== VERSION_2) throw malformed("expected version 2");
  readAlgorithm(reader);
  const issuer = reader.read(DerTag.Sequence).whole;
  const thisUpdate = reader.time();
  const nextUpdate = reader.time();
  const revoked = new Set<string>();
  if (reader.nextTag === DerTag.Sequence) {
    for (const entries = reader.enter(DerTag.Sequence); !entries.isAtEnd; ) {
      revoked.add(bytesToHex(entries.enter(DerTag.Sequence).unsigned()));
    }
  }
  if (!reader.isAtEnd) {
    const critical = readExtensionList(reader.enter(derContextTag(0))).find((extension) => extension.critical);
    if (critical !== undefined) throw malformed(`an extension that is critical and not known, ${critical.oid}`);
  }
  reader.end();
  return { issuer, thisUpdate, nextUpdate, revoked };
}
