/**
 * Evidence of simulated machines with whatever is wanted in it, properly signed: the authorities' keys are public.
 */
import { bytesToHex, concatBytes, u16le, u32le, u64le, utf8ToBytes } from "@sotto/common/bytes";
import { SIM_QE_VENDOR, SIM_USER_DATA } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { type CollateralParts, packCollateral, unpackCollateral } from "@sotto/common/wire/collateral";
import { toPem } from "../../../platform/src/sim/certificates.ts";
import { p256PublicKey, signP256 } from "../../../platform/src/sim/deterministicEcdsa.ts";
import { insecureAuthorities } from "../../../platform/src/sim/insecureAuthorities.ts";
import { makeSimCollateral, publishedToday, type SimPublication } from "../../../platform/src/sim/simCollateral.ts";
import { makeSimMachine, type SimMachine } from "../../../platform/src/sim/simMachine.ts";
import { SIM_QE } from "../../../platform/src/sim/simQuote.ts";
import type { AttestationPolicy } from "../../src/evidence/attestation.ts";
import { type EvidenceInput, type Verdict, verifyEvidence } from "../../src/evidence/verifyEvidence.ts";
import { testCrypto } from "../harness.ts";
import { policyFor } from "./samples.ts";

export const NOW = 1_790_000_000;
export const MACHINE = makeSimMachine(new Uint8Array(32).fill(1));
export const PUBLICATION = publishedToday(NOW);

/** Fields at their offsets, in a body of zeros. */
export function body(length: number, fields: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const out = new Uint8Array(length);
  for (const [at, bytes] of fields) out.set(bytes, at);
  return out;
}

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

export type SgxFields = {
  readonly flags: number;
  readonly xfrm: number;
  readonly mrEnclave: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly productId: number;
  readonly securityVersion: number;
  readonly reportData: Uint8Array;
};

const ENCLAVE: SgxFields = {
  flags: 0x05,
  xfrm: 0xe7,
  mrEnclave: filled(32, 0xee),
  mrSigner: filled(32, 0x55),
  productId: 3,
  securityVersion: 7,
  reportData: filled(64, 0xdd),
};

export function sgxBody(changes: Partial<SgxFields> = {}): Uint8Array {
  const fields = { ...ENCLAVE, ...changes };
  return body(384, [
    [48, u64le(fields.flags)],
    [56, u64le(fields.xfrm)],
    [64, fields.mrEnclave],
    [128, fields.mrSigner],
    [256, u16le(fields.productId)],
    [258, u16le(fields.securityVersion)],
    [320, fields.reportData],
  ]);
}

export type TdFields = {
  readonly tcbSvn: readonly number[];
  readonly mrSignerSeam: Uint8Array;
  readonly seamAttributes: bigint;
  readonly tdAttributes: bigint;
  readonly mrTd: Uint8Array;
  /** Of TD 1.5. */
  readonly tcbSvn2: readonly number[];
  readonly mrServiceTd: Uint8Array;
};

const DOMAIN: TdFields = {
  tcbSvn: [5, 1, 3],
  mrSignerSeam: filled(48, 0),
  seamAttributes: 0n,
  tdAttributes: 1n << 28n,
  mrTd: filled(48, 0x77),
  tcbSvn2: [5, 1, 3],
  mrServiceTd: filled(48, 0),
};

export function tdBody(changes: Partial<TdFields> = {}, length: 584 | 648 = 584): Uint8Array {
  const fields = { ...DOMAIN, ...changes };
  const long: (readonly [number, Uint8Array])[] = [
    [584, Uint8Array.from(fields.tcbSvn2)],
    [600, fields.mrServiceTd],
  ];
  return body(length, [
    [0, Uint8Array.from(fields.tcbSvn)],
    [64, fields.mrSignerSeam],
    [112, u64le(fields.seamAttributes)],
    [120, u64le(fields.tdAttributes)],
    [136, fields.mrTd],
    ...(length === 648 ? long : []),
  ]);
}

export type QeFields = {
  readonly flags: number;
  readonly miscSelect: number;
  readonly mrSigner: Uint8Array;
  readonly productId: number;
  readonly securityVersion: number;
  readonly authData: Uint8Array;
};

export type QuoteFields = {
  readonly version: 3 | 4 | 5;
  readonly tee: number;
  readonly body: Uint8Array;
  /** Version 5 alone. */
  readonly bodyType: number;
  readonly vendorId: Uint8Array;
  readonly userData: Uint8Array;
  readonly machine: SimMachine;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly qe: Partial<QeFields>;
};

/** A quote with everything signed as it must be. */
export function makeQuote(changes: Partial<QuoteFields> = {}): Uint8Array {
  const { root, pckCa } = insecureAuthorities();
  const machine = changes.machine ?? MACHINE;
  const version = changes.version ?? 3;
  const quoted = changes.body ?? sgxBody();
  const tee = changes.tee ?? (quoted.length === 384 ? 0 : 0x81);
  const header = concatBytes(
    u16le(version),
    u16le(2),
    u32le(tee),
    u32le(0),
    changes.vendorId ?? SIM_QE_VENDOR,
    changes.userData ?? SIM_USER_DATA,
  );
  const type = changes.bodyType ?? (quoted.length === 384 ? 1 : quoted.length === 584 ? 2 : 3);
  const prefix = version === 5 ? concatBytes(u16le(type), u32le(quoted.length)) : new Uint8Array(0);
  const signed = concatBytes(header, prefix, quoted);
  const chain = changes.chain ?? [machine.pckCertificate, pckCa.certificate, root.certificate];
  const certification = qeCertification(machine, utf8ToBytes(toPem(chain)), changes.qe ?? {});
  const signatures = concatBytes(
    signP256(machine.attestationSecretKey, signed),
    p256PublicKey(machine.attestationSecretKey),
    version === 3 ? certification : concatBytes(u16le(6), u32le(certification.length), certification),
  );
  return concatBytes(signed, u32le(signatures.length), signatures);
}

function qeCertification(machine: SimMachine, chain: Uint8Array, changes: Partial<QeFields>): Uint8Array {
  const { authData = Uint8Array.of(1, 2, 3), miscSelect = 0, ...fields } = changes;
  const key = p256PublicKey(machine.attestationSecretKey);
  const reportData = concatBytes(testCrypto.sha256(concatBytes(key, authData)), new Uint8Array(32));
  const { flags, mrEnclave, mrSigner, productId, securityVersion } = SIM_QE;
  const report = sgxBody({ flags, mrEnclave, mrSigner, productId, securityVersion, reportData, ...fields });
  report.set(u32le(miscSelect), 16);
  const signature = signP256(machine.pckSecretKey, report);
  const auth = concatBytes(u16le(authData.length), authData);
  return concatBytes(report, signature, auth, u16le(5), u32le(chain.length), chain);
}

/** Collateral of the simulated maker, with changes of what it publishes. */
export function makeCollateral(changes: Partial<SimPublication> = {}): Uint8Array {
  return makeSimCollateral({ ...PUBLICATION, ...changes });
}

/** The same bytes with other parts. */
export function withParts(packed: Uint8Array, changes: Partial<CollateralParts>): Uint8Array {
  return packCollateral({ ...unpackCollateral(packed), ...changes });
}

type Json = Record<string, unknown>;
const WRAPPERS = { tcbInfo: "tcbInfo", qeIdentity: "enclaveIdentity" } as const;

/** A document changed, and signed again by who must sign it, or by `secretKey`. */
export function withDocument(
  packed: Uint8Array,
  part: keyof typeof WRAPPERS,
  change: (document: Json) => Json,
  secretKey: Uint8Array = insecureAuthorities().tcbSigning.secretKey,
): Uint8Array {
  const name = WRAPPERS[part];
  const wrapper = JSON.parse(new TextDecoder().decode(unpackCollateral(packed)[part])) as Record<string, Json>;
  const text = JSON.stringify(change(wrapper[name] as Json));
  const signature = bytesToHex(signP256(secretKey, utf8ToBytes(text)));
  return withParts(packed, { [part]: utf8ToBytes(`{"${name}":${text},"signature":"${signature}"}`) });
}

export type TdxLevel = {
  readonly sgx?: number;
  readonly tdx: readonly number[];
  readonly pceSvn?: number;
  readonly status: string;
  readonly advisories?: readonly string[];
};
export type ModuleLevel = { readonly svn: number; readonly status: string; readonly advisories?: readonly string[] };

const sixteen = (svns: readonly number[]): Json[] => Array.from({ length: 16 }, (_, i) => ({ svn: svns[i] ?? 0 }));
const MODULE = { mrsigner: "00".repeat(48), attributes: "00".repeat(8), attributesMask: "FF".repeat(8) };

/** Collateral for trust domains: module TDX_01 with its levels, levels of the platform, and a quoting enclave to match. */
export function makeTdxCollateral(
  levels: readonly TdxLevel[] = [{ tdx: [0, 0, 3], status: "UpToDate" }],
  modules: readonly ModuleLevel[] = [{ svn: 5, status: "UpToDate" }],
): Uint8Array {
  const tcbLevels = levels.map(({ sgx = 0, tdx, pceSvn = 0, status, advisories }) => ({
    tcb: { sgxtcbcomponents: sixteen([sgx]), pcesvn: pceSvn, tdxtcbcomponents: sixteen(tdx) },
    tcbDate: "2026-01-01T00:00:00Z",
    tcbStatus: status,
    ...(advisories === undefined ? {} : { advisoryIDs: advisories }),
  }));
  const moduleLevels = modules.map(({ svn, status, advisories }) => ({
    tcb: { isvsvn: svn },
    tcbStatus: status,
    ...(advisories === undefined ? {} : { advisoryIDs: advisories }),
  }));
  const tdxModuleIdentities = [{ id: "TDX_01", ...MODULE, tcbLevels: moduleLevels }];
  const packed = withDocument(withParts(makeCollateral(), { tee: "tdx" }), "tcbInfo", (info) => ({
    ...info,
    id: "TDX",
    tdxModule: MODULE,
    tdxModuleIdentities,
    tcbLevels,
  }));
  return withDocument(packed, "qeIdentity", (identity) => ({ ...identity, id: "TD_QE" }));
}

/** Verifies at {@link NOW} under a policy that admits what the quote is about, but for the changes. */
export function verifySim(
  evidence: { readonly quote?: Uint8Array; readonly collateral?: Uint8Array },
  policy: Partial<AttestationPolicy> = {},
  changes: Partial<EvidenceInput> = {},
): Verdict {
  const { quote = makeQuote(), collateral = makeCollateral() } = evidence;
  return verifyEvidence(testCrypto, {
    quote,
    collateral: { kind: "packed", value: collateral },
    timeSeconds: NOW,
    policy: policyFor(quote, { roots: [SIM_ROOT_SHA256], ...policy }),
    allowSim: true,
    ...changes,
  });
}
