/**
 * The status of a platform, from its certificate, its quote and the TCB info (registration §6.5).
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import { TCB_STATUSES, type TcbStatus } from "./attestation.ts";
import type { CheckList, StepChecks } from "./checkList.ts";
import { EvidenceErrorCode } from "./evidenceError.ts";
import type { Platform } from "./pckExtension.ts";
import { masked, type Report, type TdReport } from "./quoteBody.ts";
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

/** What the levels of a platform, of its TDX module and of its quoting enclave come to together. */
function evaluate(check: StepChecks, { platform, info, qe }: TcbInput, domain?: DomainSvn): Evaluation {
  const level = [...info.levels].sort(compareLevels).find((one) => reaches(one, platform, domain?.tcbSvn));
  const components = `components ${platform.components.join(",")}, PCESVN ${platform.pceSvn}`;
  const found = domain === undefined ? components : `${components}, TEE_TCB_SVN ${bytesToHex(domain.tcbSvn)}`;
  check.expect("TCB level", level !== undefined, "a level of the TCB info that the platform reaches", found);
  const parts: readonly LevelStatus[] = [level as PlatformLevel, ...(domain?.module ?? []), qe];
  const statuses = parts.map(knownStatus).filter((status) => status !== undefined);
  const names = parts.map(({ status }) => status).join(", ");
  check.demand("statuses of the levels", statuses.length === parts.length, "statuses that are known", names);
  return { status: statuses.reduce(mergeStatus), advisories: [...new Set(parts.flatMap((part) => part.advisories))] };
}

/** Versions of a trust domain's platform, with the level of the TDX module that they name: none for one without versions. */
type DomainSvn = { readonly tcbSvn: Uint8Array; readonly module: readonly IsvLevel[] };

function domainSvn(check: StepChecks, info: TcbInfo, report: TdReport, tcbSvn: Uint8Array): DomainSvn {
  const [svn = 0, version = 0] = tcbSvn;
  const id = `TDX_${version.toString(16).toUpperCase().padStart(2, "0")}`;
  const identity = info.tdxModuleIdentities.find((candidate) => candidate.id === id);
  const module = version === 0 ? info.tdxModule : identity;
  check.expect("TDX module", module !== undefined, "a module of the TCB info", id);
  const { mrSigner, attributes, attributesMask } = module as TdxModule;
  check.equal("MRSIGNERSEAM", mrSigner, report.mrSignerSeam);
  check.equal("SEAMATTRIBUTES", masked(attributes, attributesMask), report.seamAttributes);
  if (version === 0 || identity === undefined) return { tcbSvn, module: [] };
  const level = isvLevel(identity.levels, svn);
  check.expect("TDX module level", level !== undefined, `a level of ${id} that it reaches`, `${svn}`);
  return { tcbSvn, module: [level as IsvLevel] };
}

export type TcbInput = {
  readonly platform: Platform;
  readonly info: TcbInfo;
  /** Level of the quoting enclave. */
  readonly qe: IsvLevel;
};

/**
 * Step 10: FMSPC and PCEID, level, module, and what they come to together with the quoting enclave's level.
 * @throws {EvidenceError} TcbLevel
 */
export function evaluateTcb(checks: CheckList, report: Report, input: TcbInput): Evaluation {
  const { platform, info } = input;
  const check = checks.at(STEP, EvidenceErrorCode.TcbLevel);
  const [expected, kind] = [`${report.tee.toUpperCase()} version 3`, `${info.id} version ${info.version}`];
  check.demand("kind of the TCB info", kind === expected, expected, kind);
  check.equal("FMSPC", info.fmspc, platform.fmspc);
  check.equal("PCEID", info.pceId, platform.pceId);
  if (report.tee === "sgx") return evaluate(check, input);
  const at = (tcbSvn: Uint8Array): Evaluation => evaluate(check, input, domainSvn(check, info, report, tcbSvn));
  const launch = at(report.teeTcbSvn);
  // Only for a launch that is out of date does it matter what runs now.
  if (report.now === undefined || relaunchStatus(launch.status, "UpToDate") === launch.status) return launch;
  return { ...launch, status: relaunchStatus(launch.status, at(report.now.teeTcbSvn).status) };
}
