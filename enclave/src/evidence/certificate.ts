/**
 * X.509 certificates and what signatures are over, as far as attestation needs it (registration §6.4).
 * @module
 */
import { equalBytes, hexToBytes, tryBytesToUtf8 } from "@sotto/common/bytes";
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { DerReader, DerTag, derContextTag, readDerSequence, readDerSignature } from "@sotto/common/wire/der";

/** ecdsa-with-SHA256, without parameters: the only algorithm. */
const ALGORITHM = hexToBytes("300a06082a8648ce3d040302");
/** A key on P-256. */
const KEY_ALGORITHM = hexToBytes("301306072a8648ce3d020106082a8648ce3d030107");
const UNCOMPRESSED = 4;
const VERSION_3 = 2;

/** Contents of object identifiers, in hex. */
const Oid = {
  commonName: "550403",
  keyUsage: "551d0f",
  basicConstraints: "551d13",
  intelSgx: "2a864886f84d010d01",
} as const;

/** Bits of the key usage extension. */
export const KeyUsage = { DigitalSignature: 0x80, CertSign: 0x04, CrlSign: 0x02 } as const;

/** Something signed: body, algorithm, signature. */
export type Signed = {
  /** What the signature is over. */
  readonly body: Uint8Array;
  /** r ‖ s */
  readonly signature: Uint8Array;
};

export type Certificate = {
  readonly serial: Uint8Array;
  /** DER of the names: they are compared byte by byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subject's. */
  readonly commonName: string;
  /** Seconds since 1970, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** x ‖ y */
  readonly publicKey: Uint8Array;
  readonly isCa: boolean;
  /** Bits of {@link KeyUsage}. */
  readonly keyUsage: number;
  /** Content of Intel's extension. */
  readonly intel: Uint8Array | undefined;
};

/** @throws {InputError} Malformed, unless `holds` */
function check(holds: boolean, what: string): void {
  if (!holds) throw new InputError(InputErrorCode.Malformed, `certificate: expected ${what}`);
}

/** @throws {InputError} Malformed, unless it is ECDSA with SHA-256 */
export function readAlgorithm(reader: DerReader): void {
  check(equalBytes(reader.read(DerTag.Sequence).whole, ALGORITHM), "ECDSA with SHA-256");
}

/** The outer frame of certificates and revocation lists. @throws {InputError} Malformed */
export function readSigned(der: Uint8Array): Signed {
  const reader = readDerSequence(der);
  const body = reader.read(DerTag.Sequence).whole;
  readAlgorithm(reader);
  const signature = readDerSignature(reader.bits());
  reader.end();
  return { body, signature };
}

/**
 * Reads a certificate's body. Extensions that are critical and not known are refused.
 * @throws {InputError} Malformed
 */
export function readCertificate(body: Uint8Array): Certificate {
  const reader = readDerSequence(body);
  const version = reader.enter(derContextTag(0));
  check(version.smallUnsigned() === VERSION_3, "version 3");
  version.end();
  const serial = reader.unsigned();
  readAlgorithm(reader);
  const issuer = reader.read(DerTag.Sequence).whole;
  const validity = reader.enter(DerTag.Sequence);
  const notBefore = validity.time();
  const notAfter = validity.time();
  validity.end();
  const subject = reader.read(DerTag.Sequence).whole;
  const publicKey = readPublicKey(reader.enter(DerTag.Sequence));
  const extensions = readExtensions(reader.enter(derContextTag(3)));
  reader.end();
  const names = { issuer, subject, commonName: readCommonName(subject) };
  return { serial, ...names, notBefore, notAfter, publicKey, ...extensions };
}

function readPublicKey(reader: DerReader): Uint8Array {
  check(equalBytes(reader.read(DerTag.Sequence).whole, KEY_ALGORITHM), "a key on P-256");
  const point = reader.bits();
  reader.end();
  check(point.length === 65 && point[0] === UNCOMPRESSED, "an uncompressed key");
  return point.subarray(1);
}

/** @throws {InputError} Malformed, unless there is exactly one */
function readCommonName(name: Uint8Array): string {
  const names: string[] = [];
  for (const parts = readDerSequence(name); !parts.isAtEnd; ) {
    const part = parts.enter(DerTag.Set).enter(DerTag.Sequence);
    if (part.oid() === Oid.commonName) names.push(tryBytesToUtf8(part.any().content) ?? "");
  }
  check(names.length === 1, `one common name, got ${names.length}`);
  return names[0] as string;
}

export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };

/** All extensions, of a certificate or a revocation list. @throws {InputError} Malformed, also if one is there twice */
export function readExtensionList(outer: DerReader): readonly Extension[] {
  const list = outer.enter(DerTag.Sequence);
  outer.end();
  const extensions: Extension[] = [];
  while (!list.isAtEnd) {
    const reader = list.enter(DerTag.Sequence);
    const oid = reader.oid();
    const critical = reader.nextTag === DerTag.Boolean && reader.boolean();
    const value = reader.octets();
    reader.end();
    check(!extensions.some((known) => known.oid === oid), "each extension once");
    extensions.push({ oid, critical, value });
  }
  return extensions;
}

function readExtensions(outer: DerReader): Pick<Certificate, "isCa" | "keyUsage" | "intel"> {
  let isCa = false;
  let keyUsage = 0;
  let intel: Uint8Array | undefined;
  for (const { oid, critical, value } of readExtensionList(outer)) {
    if (oid === Oid.basicConstraints) {
      const constraints = readDerSequence(value);
      isCa = constraints.nextTag === DerTag.Boolean && constraints.boolean();
    } else if (oid === Oid.keyUsage) keyUsage = new DerReader(value).read(DerTag.BitString).content[1] ?? 0;
    else if (oid === Oid.intelSgx) intel = value;
    else check(!critical, `no critical extension that is not known, got ${oid}`);
  }
  return { isCa, keyUsage, intel };
}
