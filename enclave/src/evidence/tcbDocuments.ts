/**
 * The two signed documents of the collateral: levels of a platform, and what a quoting enclave must be (registration §6.6).
 *
 * They are read after their signatures were verified. Members that are not known are passed over: the signer adds some at times.
 * @module
 */
import { InputError, InputErrorCode } from "@sotto/common/errors";
import { type JsonValue, parseJson } from "@sotto/common/json";
import { parseTimestamp } from "@sotto/common/wire/timestamp";
import { JsonMembers } from "./jsonMembers.ts";

const COMPONENTS = 16;
const MAX_BYTE = 0xff;
const MAX_U16 = 0xffff;
const MAX_COUNT = 2 ** 31 - 1;

/** What a level comes to. */
export type LevelStatus = {
  /** One of `TCB_STATUSES`, if it is known. */
  readonly status: string;
  readonly advisories: readonly string[];
};

/** Of a module or a quoting enclave. */
export type IsvLevel = LevelStatus & { readonly isvSvn: number };

export type PlatformLevel = LevelStatus & {
  /** 16 each. */
  readonly sgx: readonly number[];
  readonly pceSvn: number;
  readonly tdx: readonly number[] | undefined;
};

/** Who must have signed a TDX module, and its attributes; 48, 8 and 8 bytes. */
export type TdxModule = {
  readonly mrSigner: Uint8Array;
  readonly attributes: Uint8Array;
  readonly attributesMask: Uint8Array;
};

export type TdxModuleIdentity = TdxModule & { readonly id: string; readonly levels: readonly IsvLevel[] };

type Issued = {
  readonly id: string;
  readonly version: number;
  /** Seconds since 1970, both included. */
  readonly issueDate: number;
  readonly nextUpdate: number;
  readonly evaluationNumber: number;
};

export type TcbInfo = Issued & {
  readonly fmspc: Uint8Array;
  readonly pceId: Uint8Array;
  readonly tdxModule: TdxModule | undefined;
  readonly tdxModuleIdentities: readonly TdxModuleIdentity[];
  readonly levels: readonly PlatformLevel[];
};

export type QeIdentity = Issued & {
  readonly miscSelect: Uint8Array;
  readonly miscSelectMask: Uint8Array;
  readonly attributes: Uint8Array;
  readonly attributesMask: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  readonly levels: readonly IsvLevel[];
};

const malformed = (what: string): InputError => new InputError(InputErrorCode.Malformed, what);

function members(value: JsonValue | undefined, where: string): JsonMembers {
  return new JsonMembers(value, `${where}: `, malformed);
}

function readDate(document: JsonMembers, name: string): number {
  const { seconds, nanos } = parseTimestamp(document.text(name));
  if (nanos !== 0) throw malformed(`${name}: expected whole seconds`);
  return Number(seconds);
}

function readIssued(document: JsonMembers): Issued {
  return {
    id: document.text("id"),
    version: document.integer("version", MAX_COUNT),
    issueDate: readDate(document, "issueDate"),
    nextUpdate: readDate(document, "nextUpdate"),
    evaluationNumber: document.integer("tcbEvaluationDataNumber", MAX_COUNT),
  };
}

function readStatus(level: JsonMembers): LevelStatus {
  const advisories = level.has("advisoryIDs") ? level.texts("advisoryIDs") : [];
  return { status: level.text("tcbStatus"), advisories };
}

function readIsvLevel(value: JsonValue): IsvLevel {
  const level = members(value, "level");
  return { isvSvn: members(level.take("tcb"), "tcb").integer("isvsvn", MAX_U16), ...readStatus(level) };
}

function readComponents(values: readonly JsonValue[]): readonly number[] {
  if (values.length !== COMPONENTS) throw malformed(`expected ${COMPONENTS} components, got ${values.length}`);
  return values.map((value) => members(value, "component").integer("svn", MAX_BYTE));
}

function readPlatformLevel(value: JsonValue, isTdx: boolean): PlatformLevel {
  const level = members(value, "level");
  const tcb = members(level.take("tcb"), "tcb");
  return {
    sgx: readComponents(tcb.list("sgxtcbcomponents")),
    pceSvn: tcb.integer("pcesvn", MAX_U16),
    tdx: isTdx ? readComponents(tcb.list("tdxtcbcomponents")) : undefined,
    ...readStatus(level),
  };
}

function readModule(module: JsonMembers): TdxModule {
  return {
    mrSigner: module.hex("mrsigner", 48),
    attributes: module.hex("attributes", 8),
    attributesMask: module.hex("attributesMask", 8),
  };
}

function readModuleIdentity(value: JsonValue): TdxModuleIdentity {
  const module = members(value, "TDX module identity");
  return { id: module.text("id"), ...readModule(module), levels: module.list("tcbLevels").map(readIsvLevel) };
}

/**
 * @param text exactly what was signed
 * @throws {InputError} Malformed
 * @throws {JsonError}
 */
export function readTcbInfo(text: Uint8Array): TcbInfo {
  const document = members(parseJson(text), "TCB info");
  const issued = readIssued(document);
  const isTdx = issued.id === "TDX";
  const module = document.take("tdxModule");
  const identities = document.take("tdxModuleIdentities");
  return {
    ...issued,
    fmspc: document.hex("fmspc", 6),
    pceId: document.hex("pceId", 2),
    tdxModule: module === undefined ? undefined : readModule(members(module, "tdxModule")),
    tdxModuleIdentities: Array.isArray(identities) ? identities.map(readModuleIdentity) : [],
    levels: document.list("tcbLevels").map((level) => readPlatformLevel(level, isTdx)),
  };
}

/**
 * @param text exactly what was signed
 * @throws {InputError} Malformed
 * @throws {JsonError}
 */
export function readQeIdentity(text: Uint8Array): QeIdentity {
  const document = members(parseJson(text), "QE identity");
  return {
    ...readIssued(document),
    miscSelect: document.hex("miscselect", 4),
    miscSelectMask: document.hex("miscselectMask", 4),
    attributes: document.hex("attributes", 16),
    attributesMask: document.hex("attributesMask", 16),
    mrSigner: document.hex("mrsigner", 32),
    isvProdId: document.integer("isvprodid", MAX_U16),
    levels: document.list("tcbLevels").map(readIsvLevel),
  };
}
