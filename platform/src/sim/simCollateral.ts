/**
 * Collateral for quotes of simulated machines (registration §2.2, §6.6), as the maker of the hardware would publish it today.
 * @module
 */
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import { packCollateral } from "@sotto/common/wire/collateral";
import { makeRevocationList, toPem } from "./certificates.ts";
import { signP256 } from "./deterministicEcdsa.ts";
import { insecureAuthorities } from "./insecureAuthorities.ts";
import { SIM_CURRENT_TCB, SIM_FMSPC, SIM_PCE_ID, type SimTcb } from "./simMachine.ts";
import { SIM_QE } from "./simQuote.ts";

export type SimTcbLevel = {
  readonly tcb: SimTcb;
  /** A status of registration §6.5. */
  readonly status: string;
  readonly advisories: readonly string[];
};

/** What changes with time; what the shipped platform publishes is `publishedToday`. */
export type SimPublication = {
  /** Seconds since 1970. */
  readonly issued: number;
  readonly nextUpdate: number;
  /** Best first. */
  readonly levels: readonly SimTcbLevel[];
  readonly tcbEvaluationDataNumber: number;
  /** Serial numbers. */
  readonly revokedByRoot: readonly Uint8Array[];
  readonly revokedByPckCa: readonly Uint8Array[];
};

const DAY = 86_400;
/** As real TCB info lives. */
const LIFETIME_DAYS = 30;
/** A block's time may be behind the clock of who makes the evidence. */
const MARGIN_DAYS = 1;
const TCB_DATE = "2026-01-01T00:00:00Z";
const OLD_TCB: SimTcb = { components: new Array(16).fill(0), pceSvn: 0 };

/** The same for a whole day (UTC), so that evidence can be made again. @param nowSeconds since 1970 */
export function publishedToday(nowSeconds: number): SimPublication {
  const issued = (Math.floor(nowSeconds / DAY) - MARGIN_DAYS) * DAY;
  return {
    issued,
    nextUpdate: issued + LIFETIME_DAYS * DAY,
    levels: [
      { tcb: SIM_CURRENT_TCB, status: "UpToDate", advisories: [] },
      { tcb: OLD_TCB, status: "OutOfDate", advisories: ["SIM-SA-00001"] },
    ],
    tcbEvaluationDataNumber: 1,
    revokedByRoot: [],
    revokedByPckCa: [],
  };
}

const isoDate = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
const upperHex = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
const level = (tcb: object, status: string, advisories: readonly string[]): object => ({
  tcb,
  tcbDate: TCB_DATE,
  tcbStatus: status,
  ...(advisories.length === 0 ? {} : { advisoryIDs: advisories }),
});

function tcbInfo(publication: SimPublication): object {
  return {
    id: "SGX",
    version: 3,
    issueDate: isoDate(publication.issued),
    nextUpdate: isoDate(publication.nextUpdate),
    fmspc: upperHex(SIM_FMSPC),
    pceId: upperHex(SIM_PCE_ID),
    tcbType: 0,
    tcbEvaluationDataNumber: publication.tcbEvaluationDataNumber,
    tcbLevels: publication.levels.map(({ tcb, status, advisories }) =>
      level({ sgxtcbcomponents: tcb.components.map((svn) => ({ svn })), pcesvn: tcb.pceSvn }, status, advisories),
    ),
  };
}

function qeIdentity(publication: SimPublication): object {
  return {
    id: "QE",
    version: 2,
    issueDate: isoDate(publication.issued),
    nextUpdate: isoDate(publication.nextUpdate),
    tcbEvaluationDataNumber: publication.tcbEvaluationDataNumber,
    miscselect: "00000000",
    miscselectMask: "FFFFFFFF",
    attributes: "11000000000000000000000000000000",
    attributesMask: "FBFFFFFFFFFFFFFF0000000000000000",
    mrsigner: upperHex(SIM_QE.mrSigner),
    isvprodid: SIM_QE.productId,
    tcbLevels: [level({ isvsvn: SIM_QE.securityVersion }, "UpToDate", [])],
  };
}

/** The document's text in its wrapper, signed as it stands. */
function signedDocument(name: string, document: object, secretKey: Uint8Array): Uint8Array {
  const text = JSON.stringify(document);
  const signature = bytesToHex(signP256(secretKey, utf8ToBytes(text)));
  return utf8ToBytes(`{"${name}":${text},"signature":"${signature}"}`);
}

/** @returns packed (registration §2.2) */
export function makeSimCollateral(publication: SimPublication): Uint8Array {
  const { root, pckCa, tcbSigning } = insecureAuthorities();
  const dates = { thisUpdate: publication.issued, nextUpdate: publication.nextUpdate };
  const chain = (leaf: Uint8Array): Uint8Array => utf8ToBytes(toPem([leaf, root.certificate]));
  const list = (issuer: typeof root, revoked: readonly Uint8Array[]): Uint8Array =>
    utf8ToBytes(bytesToHex(makeRevocationList({ issuer, revoked, ...dates })));
  return packCollateral({
    tee: "sgx",
    pckCrlIssuerChain: chain(pckCa.certificate),
    rootCaCrl: list(root, publication.revokedByRoot),
    pckCrl: list(pckCa, publication.revokedByPckCa),
    tcbInfoIssuerChain: chain(tcbSigning.certificate),
    tcbInfo: signedDocument("tcbInfo", tcbInfo(publication), tcbSigning.secretKey),
    qeIdentityIssuerChain: chain(tcbSigning.certificate),
    qeIdentity: signedDocument("enclaveIdentity", qeIdentity(publication), tcbSigning.secretKey),
  });
}
