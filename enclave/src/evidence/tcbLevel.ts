/**
 * The status of a platform, from its certificate, its quote and the TCB info (registration §6.5).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import { TCB_STATUSES, type TcbStatus } from "./attestation.ts";
import type { CheckList } from "./checkList.ts";
import { EvidenceErrorCode } from "./evidenceError.ts";
import type { Platform } from "./pckExtension.ts";
import type { Report, TdReport } from "./quoteBody.ts";
import type { IsvLevel, LevelStatus, PlatformLevel, TcbInfo, TdxModule } from "./tcbDocuments.ts";

const STEP = 10;
const COMPONENTS = 16;

export type Evaluation = { readonly status: TcbStatus; readonly advisories: readonly string[] };

/** The highest level that a security version reaches. */
export function isvLevel(levels: readonly IsvLevel[], svn: number): IsvLevel | undefined {
  return [...levels].sort((a, b) => b.isvSvn - a.isvSvn).find((level) => svn >= level.isvSvn);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** From the highest level to the lowest. */
function compareLevels(a: PlatformLevel, b: PlatformLevel): number {
  return compareNumbers(b.sgx, a.sgx) || compareNumbers(b.tdx ?? [], a.tdx ?? []) || b.pceSvn - a.pceSvn;
}

/** Components of a TDX module from version 1 on are judged by its identity. */
const firstTdxComponent = (tcbSvn: Uint8Array): number => ((tcbSvn[1] as number) > 0 ? 2 : 0);

function reaches(level: PlatformLevel, platform: Platform, tcbSvn: Uint8Array | undefined): boolean {
  if (platform.pceSvn < level.pceSvn) return false;
  for (let i = 0; i < COMPONENTS; i++) {
    if ((platform.components[i] as number) < (level.sgx[i] as number)) return false;
  }
  if (tcbSvn === undefined) return true;
  for (let i = firstTdxComponent(tcbSvn); i < COMPONENTS; i++) {
    if ((tcbSvn[i] as number) < (level.tdx?.[i] ?? 0)) return false;
  }
  return true;
}

/** A status out of a document, if it is one that documents have. */
function knownStatus({ status }: LevelStatus): TcbStatus | undefined {
  return status.startsWith("TDRelaunch") ? undefined : TCB_STATUSES.find((known) => known === status);
}

/** Intel's rule for the status of a platform and that of a part which is out of date or not. */
export function mergeStatus(platform: TcbStatus, part: TcbStatus): TcbStatus {
  if (platform === "Revoked" || part === "Revoked") return "Revoked";
  if (part !== "OutOfDate") return TCB_STATUSES.indexOf(part) > TCB_STATUSES.indexOf(platform) ? part : platform;
  if (platform === "UpToDate" || platform === "SWHardeningNeeded") return "OutOfDate";
  const needsConfiguration = platform === "ConfigurationNeeded" || platform === "ConfigurationAndSWHardeningNeeded";
  return needsConfiguration ? "OutOfDateConfigurationNeeded" : platform;
}

/** What a status out of date becomes where only the launch of the domain was: an update came since. */
export function relaunchStatus(atLaunch: TcbStatus, now: TcbStatus): TcbStatus {
  if (atLaunch !== "OutOfDate" && atLaunch !== "OutOfDateConfigurationNeeded") return atLaunch;
  if (now === "UpToDate" || now === "SWHardeningNeeded") return "TDRelaunchAdvised";
  const needsConfiguration = now === "ConfigurationNeeded" || now === "ConfigurationAndSWHardeningNeeded";
  return needsConfiguration ? "TDRelaunchAdvisedConfigurationNeeded" : atLaunch;
}

/** Evaluates one platform; what it needs is the same in each step. */
class Evaluator {
  readonly #checks: CheckList;
  readonly #platform: Platform;
  readonly #info: TcbInfo;
  readonly #qe: IsvLevel;

  constructor(checks: CheckList, platform: Platform, info: TcbInfo, qe: IsvLevel) {
    this.#checks = checks;
    this.#platform = platform;
    this.#info = info;
    this.#qe = qe;
  }

  /** @param tcbSvn of a trust domain */
  evaluate(tcbSvn: Uint8Array | undefined, module: IsvLevel | undefined): Evaluation {
    const level = [...this.#info.levels]
      .sort(compareLevels)
      .find((candidate) => reaches(candidate, this.#platform, tcbSvn));
    const found = `components ${this.#platform.components.join(",")}, PCESVN ${this.#platform.pceSvn}`;
    const shown = tcbSvn === undefined ? found : `${found}, TEE_TCB_SVN ${bytesToHex(tcbSvn)}`;
    this.#require("TCB level", level !== undefined, "a level of the TCB info that the platform reaches", shown);
    const parts = [level, module, this.#qe].filter((part): part is PlatformLevel | IsvLevel => part !== undefined);
    const statuses = parts.map(knownStatus);
    const names = parts.map(({ status }) => status).join(", ");
    const known = { step: STEP, name: "statuses of the levels", code: EvidenceErrorCode.TcbLevel };
    this.#checks.demand(known, !statuses.includes(undefined), "statuses that are known", names);
    const status = (statuses as TcbStatus[]).reduce(mergeStatus);
    return { status, advisories: [...new Set(parts.flatMap(({ advisories }) => advisories))] };
  }

  /** The level of the TDX module that `tcbSvn` names; undefined for one without versions. */
  moduleLevel({ mrSignerSeam, seamAttributes }: TdReport, tcbSvn: Uint8Array): IsvLevel | undefined {
    const [svn = 0, version = 0] = tcbSvn;
    const id = `TDX_${version.toString(16).toUpperCase().padStart(2, "0")}`;
    const identity = this.#info.tdxModuleIdentities.find((candidate) => candidate.id === id);
    const module: TdxModule | undefined = version === 0 ? this.#info.tdxModule : identity;
    this.#require("TDX module", module !== undefined, "a module of the TCB info", id);
    const { mrSigner, attributes, attributesMask } = module as TdxModule;
    const allowed = attributes.map((byte, i) => byte & (attributesMask[i] as number));
    this.#requireEqual("MRSIGNERSEAM", mrSigner, mrSignerSeam);
    this.#requireEqual("SEAMATTRIBUTES", allowed, seamAttributes);
    if (version === 0 || identity === undefined) return undefined;
    const level = isvLevel(identity.levels, svn);
    this.#require("TDX module level", level !== undefined, `a level of ${id} that it reaches`, `${svn}`);
    return level;
  }

  #require(name: string, passed: boolean, expected: string, found: string): void {
    this.#checks.expect({ step: STEP, name, code: EvidenceErrorCode.TcbLevel }, passed, expected, found);
  }

  #requireEqual(name: string, expected: Uint8Array, found: Uint8Array): void {
    this.#checks.expectEqual({ step: STEP, name, code: EvidenceErrorCode.TcbLevel }, expected, found);
  }
}

/**
 * Step 10: FMSPC and PCEID, level, module, and what they come to together with the quoting enclave's level.
 * @throws {EvidenceError} TcbLevel
 */
export function evaluateTcb(
  checks: CheckList,
  report: Report,
  platform: Platform,
  info: TcbInfo,
  qe: IsvLevel,
): Evaluation {
  const code = EvidenceErrorCode.TcbLevel;
  checks.expectEqual({ step: STEP, name: "FMSPC", code }, info.fmspc, platform.fmspc);
  checks.expectEqual({ step: STEP, name: "PCEID", code }, info.pceId, platform.pceId);
  const evaluator = new Evaluator(checks, platform, info, qe);
  if (report.tee === "sgx") return evaluator.evaluate(undefined, undefined);
  const at = (tcbSvn: Uint8Array): Evaluation => evaluator.evaluate(tcbSvn, evaluator.moduleLevel(report, tcbSvn));
  const launch = at(report.teeTcbSvn);
  // Only for a launch that is out of date does it matter what runs now.
  if (report.now === undefined || relaunchStatus(launch.status, "UpToDate") === launch.status) return launch;
  return { ...launch, status: relaunchStatus(launch.status, at(report.now.teeTcbSvn).status) };
}
