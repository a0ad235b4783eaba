/**
 * Certificates and revocation lists of the simulated platform: the X.509 of registration §6.4, byte for byte the same each time.
 * @module
 */
import { createHash } from "node:crypto";
import { bytesToBase64, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import { SIM_NAME_PREFIX } from "@sotto/common/simAttestation";
import {
  DerTag,
  derBits,
  derContextTag,
  derElement,
  derOid,
  derSequence,
  derSignature,
  derTime,
  derUnsigned,
} from "@sotto/common/wire/der";
import { p256PublicKey, signP256 } from "./deterministicEcdsa.ts";

const OID = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  country: "2.5.4.6",
  ecPublicKey: "1.2.840.10045.2.1",
  prime256v1: "1.2.840.10045.3.1.7",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  crlNumber: "2.5.29.20",
  authorityKeyId: "2.5.29.35",
} as const;

/** Every certificate is valid for as long as years have two digits. */
const NOT_BEFORE = Date.UTC(2020, 0, 1) / 1000;
const NOT_AFTER = Date.UTC(2050, 0, 1) / 1000 - 1;

const TRUE = derElement(DerTag.Boolean, Uint8Array.of(0xff));

/** What an issuer signs with, and under which name. */
export type Signer = { readonly commonName: string; readonly secretKey: Uint8Array };

export type CertificateFields = {
  /** Without the prefix that all of them get. */
  readonly commonName: string;
  /** 20 bytes or fewer, unsigned. */
  readonly serial: Uint8Array;
  /** x ‖ y */
  readonly publicKey: Uint8Array;
  readonly isAuthority: boolean;
  readonly issuer: Signer;
  /** DER of extensions beyond the usual ones. */
  readonly extensions?: readonly Uint8Array[];
};

function name(commonName: string): Uint8Array {
  const part = (type: string, tag: number, value: string): Uint8Array =>
    derElement(DerTag.Set, derSequence(derOid(type), derElement(tag, utf8ToBytes(value))));
  return derSequence(
    part(OID.commonName, DerTag.Utf8String, SIM_NAME_PREFIX + commonName),
    part(OID.organization, DerTag.Utf8String, "Sotto simulation, protects nothing"),
    part(OID.country, DerTag.PrintableString, "XX"),
  );
}

/** @param value DER */
export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return derSequence(derOid(type), ...(critical ? [TRUE] : []), derElement(DerTag.OctetString, value));
}

function publicKeyInfo(publicKey: Uint8Array): Uint8Array {
  return derSequence(
    derSequence(derOid(OID.ecPublicKey), derOid(OID.prime256v1)),
    derBits(concatBytes(Uint8Array.of(4), publicKey)),
  );
}

function keyId(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(Uint8Array.of(4)).update(publicKey).digest());
}

const authorityKeyId = ({ secretKey }: Signer): Uint8Array =>
  extension(OID.authorityKeyId, derSequence(derElement(0x80, keyId(p256PublicKey(secretKey)))));

const algorithm = derSequence(derOid(OID.ecdsaWithSha256));

/** Body, algorithm, signature: the frame of certificates and lists alike. */
function signed(body: Uint8Array, issuer: Signer): Uint8Array {
  return derSequence(body, algorithm, derBits(derSignature(signP256(issuer.secretKey, body))));
}

/** @returns DER */
export function makeCertificate(fields: CertificateFields): Uint8Array {
  const { commonName, serial, publicKey, isAuthority, issuer } = fields;
  // Signing certificates and lists, or signatures and their acceptance.
  const usage = derElement(DerTag.BitString, isAuthority ? Uint8Array.of(1, 0x06) : Uint8Array.of(6, 0xc0));
  const extensions = [
    authorityKeyId(issuer),
    extension(OID.subjectKeyId, derElement(DerTag.OctetString, keyId(publicKey))),
    extension(OID.keyUsage, usage, true),
    extension(OID.basicConstraints, isAuthority ? derSequence(TRUE) : derSequence(), true),
    ...(fields.extensions ?? []),
  ];
  const body = derSequence(
    derElement(derContextTag(0), derUnsigned(2)),
    derUnsigned(serial),
    algorithm,
    name(issuer.commonName),
    derSequence(derTime(NOT_BEFORE), derTime(NOT_AFTER)),
    name(commonName),
    publicKeyInfo(publicKey),
    derElement(derContextTag(3), derSequence(...extensions)),
  );
  return signed(body, issuer);
}

export type RevocationListFields = {
  readonly issuer: Signer;
  /** Seconds since 1970, below 2050. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers. */
  readonly revoked: readonly Uint8Array[];
};

/** @returns DER */
export function makeRevocationList(fields: RevocationListFields): Uint8Array {
  const { issuer, thisUpdate, nextUpdate, revoked } = fields;
  const entries = revoked.map((serial) => derSequence(derUnsigned(serial), derTime(thisUpdate)));
  const body = derSequence(
    derUnsigned(1),
    algorithm,
    name(issuer.commonName),
    derTime(thisUpdate),
    derTime(nextUpdate),
    ...(entries.length === 0 ? [] : [derSequence(...entries)]),
    derElement(derContextTag(0), derSequence(authorityKeyId(issuer), extension(OID.crlNumber, derUnsigned(1)))),
  );
  return signed(body, issuer);
}

/** @param certificates DER, leaf first */
export function toPem(certificates: readonly Uint8Array[]): string {
  const block = (der: Uint8Array): string => {
    const lines = bytesToBase64(der).match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  };
  return certificates.map(block).join("");
}
