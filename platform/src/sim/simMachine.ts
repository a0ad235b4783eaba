/**
 * A simulated machine: what hardware and its maker would give it, made from its secret (registration §2.7, §6.4).
 * @module
 */
import { hkdfSync } from "node:crypto";
import { utf8ToBytes } from "@sotto/common/bytes";
import { ATTESTATION_NAMES } from "@sotto/common/simAttestation";
import { DerTag, derElement, derOid, derSequence, derUnsigned } from "@sotto/common/wire/der";
import { extension, makeCertificate } from "./certificates.ts";
import { p256PublicKey, toP256SecretKey } from "./deterministicEcdsa.ts";
import { insecureAuthorities, serialNumber } from "./insecureAuthorities.ts";

/** Patch level: sixteen component versions and that of the provisioning enclave. */
export type SimTcb = { readonly components: readonly number[]; readonly pceSvn: number };

export const SIM_CURRENT_TCB: SimTcb = { components: [2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], pceSvn: 2 };

/** Family and model of all simulated machines, 6 bytes. */
export const SIM_FMSPC: Uint8Array = utf8ToBytes("SIM001");
export const SIM_PCE_ID: Uint8Array = new Uint8Array(2);

export type SimMachine = {
  readonly tcb: SimTcb;
  /** 16 bytes, the same for ever. */
  readonly ppid: Uint8Array;
  readonly serial: Uint8Array;
  /** DER, and the key that it certifies. */
  readonly pckCertificate: Uint8Array;
  readonly pckSecretKey: Uint8Array;
  /** Of the quoting enclave. */
  readonly attestationSecretKey: Uint8Array;
};

const INTEL_EXTENSION = "1.2.840.113741.1.13.1";
const SALT = "sotto/sim/attestation/v1";

const octets = (bytes: Uint8Array): Uint8Array => derElement(DerTag.OctetString, bytes);
const yes = derElement(DerTag.Boolean, Uint8Array.of(0xff));
/** "Scalable": a machine with a platform instance. */
const sgxType = derElement(DerTag.Enumerated, Uint8Array.of(1));

/** @returns 16 bytes: the component versions, as reports have them */
export function cpuSvn(tcb: SimTcb): Uint8Array {
  return Uint8Array.from(tcb.components);
}

/** Intel's extension of a PCK certificate. @returns DER */
function intelExtension(ppid: Uint8Array, platformInstance: Uint8Array, tcb: SimTcb): Uint8Array {
  const field = (suffix: string, value: Uint8Array): Uint8Array =>
    derSequence(derOid(`${INTEL_EXTENSION}.${suffix}`), value);
  const levels = [...tcb.components, tcb.pceSvn].map((svn, i) => field(`2.${i + 1}`, derUnsigned(svn)));
  const configuration = [1, 2, 3].map((part) => field(`7.${part}`, yes));
  return derSequence(
    field("1", octets(ppid)),
    field("2", derSequence(...levels, field("2.18", octets(cpuSvn(tcb))))),
    field("3", octets(SIM_PCE_ID)),
    field("4", octets(SIM_FMSPC)),
    field("5", sgxType),
    field("6", octets(platformInstance)),
    field("7", derSequence(...configuration)),
  );
}

/** @param secret 32 bytes, of the machine */
export function makeSimMachine(secret: Uint8Array, tcb: SimTcb = SIM_CURRENT_TCB): SimMachine {
  const derive = (label: string, length: number): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", secret, SALT, label, length));
  const ppid = derive("ppid", 16);
  const pckSecretKey = toP256SecretKey(derive("pck key", 32));
  const serial = serialNumber("pck", ppid);
  const pckCertificate = makeCertificate({
    commonName: ATTESTATION_NAMES.pck,
    serial,
    publicKey: p256PublicKey(pckSecretKey),
    isAuthority: false,
    issuer: insecureAuthorities().pckCa,
    extensions: [extension(INTEL_EXTENSION, intelExtension(ppid, derive("platform instance", 16), tcb))],
  });
  const attestationSecretKey = toP256SecretKey(derive("attestation key", 32));
  return { tcb, ppid, serial, pckCertificate, pckSecretKey, attestationSecretKey };
}
