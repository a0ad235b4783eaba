/**
 * The authorities of the simulated platform. Their private keys are made from the text below: everybody has them, and whoever has
 * them can sign any evidence. A network accepts them only by its genesis and a chain id that ends in `-sim` (registration §2.7).
 * @module
 */
import { createHash } from "node:crypto";
import { ATTESTATION_NAMES } from "@sotto/common/simAttestation";
import { SIM_ROOT_CERTIFICATE } from "@sotto/common/simRoot";
import { makeCertificate, type Signer } from "./certificates.ts";
import { p256PublicKey, toP256SecretKey } from "./deterministicEcdsa.ts";

export type Authority = Signer & { readonly serial: Uint8Array; readonly certificate: Uint8Array };

/** The names are those of registration §6.4; each certificate puts the warning in front. */
function insecureSigner(commonName: string): Signer {
  const seed = createHash("sha256").update(`sotto/sim/insecure-public-key/v1/${commonName}`).digest();
  return { commonName, secretKey: toP256SecretKey(new Uint8Array(seed)) };
}

/** Sixteen bytes with the highest bit clear. */
export function serialNumber(label: string, salt: Uint8Array = new Uint8Array(0)): Uint8Array {
  const serial = new Uint8Array(createHash("sha256").update(label).update(salt).digest()).slice(0, 16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

function issue(signer: Signer, issuer: Signer, isAuthority: boolean): Authority {
  const serial = serialNumber(signer.commonName);
  const publicKey = p256PublicKey(signer.secretKey);
  const certificate = makeCertificate({ commonName: signer.commonName, serial, publicKey, isAuthority, issuer });
  return { ...signer, serial, certificate };
}

const INSECURE_ROOT = insecureSigner(ATTESTATION_NAMES.root);

/** The bytes of `SIM_ROOT_CERTIFICATE`, made anew. */
export function makeInsecureRootCertificate(): Uint8Array {
  return issue(INSECURE_ROOT, INSECURE_ROOT, true).certificate;
}

export type Authorities = {
  readonly root: Authority;
  readonly pckCa: Authority;
  readonly tcbSigning: Authority;
};

let made: Authorities | undefined;

/** Made when they are first needed. */
export function insecureAuthorities(): Authorities {
  made ??= {
    root: { ...INSECURE_ROOT, serial: serialNumber(INSECURE_ROOT.commonName), certificate: SIM_ROOT_CERTIFICATE },
    pckCa: issue(insecureSigner(ATTESTATION_NAMES.platformCa), INSECURE_ROOT, true),
    tcbSigning: issue(insecureSigner(ATTESTATION_NAMES.tcbSigning), INSECURE_ROOT, false),
  };
  return made;
}
