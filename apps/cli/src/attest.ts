/**
 * `sotto attest verify` and `sotto attest show`: evidence, looked at by an enclave and shown to people.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { bytesToHex } from "@sotto/common/bytes";
import { describeSelf, type EvidenceVerdict, verifyEvidence } from "@sotto/host/node/attest";
import { homePaths } from "@sotto/host/node/home";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import type { PlatformName } from "@sotto/host/node/platformNames";
import { formatTable, out } from "./output.ts";
import { BUNDLE } from "./start.ts";

export type VerifyFlags = {
  readonly collateral?: string;
  readonly at?: number;
  readonly policy?: string;
  readonly json?: true;
};

/** By the step of registration §2.8 at which the evidence failed. */
const ADVICE: Readonly<Record<number, string>> = {
  1: "get the file again: it is cut short, has something added, or is no evidence",
  2: "give the time that you mean with --at",
  3: "get the quote again: it is not one that a quoting enclave made",
  4: "the kind of quote is not supported: SGX version 3, TDX versions 4 and 5 are",
  5: "the certificates do not lead to a root that the policy accepts: trust nobody who shows this quote",
  6: "fetch the revocation lists again; if the certificate is revoked, the machine's keys must not be trusted any more",
  7: "fetch the collateral again, unchanged byte for byte, and no older than the policy asks for",
  8: "the machine's quoting enclave is not Intel's or not up to date: update the platform software",
  9: "the quote was changed after it was signed",
  10: "no level of the collateral fits the machine: fetch collateral for this FMSPC",
  11: "update the machine's firmware and microcode, or let the network decide on its policy",
  12: "the enclave is not one that the policy approves: run the approved build, without debug",
  13: "the quote was made for something else",
  14: "ask the network's authority to list the machine",
};

/** Steps that ask the policy: root, levels, enclave, machine. */
const POLICY_STEPS: ReadonlySet<number> = new Set([5, 7, 11, 12, 14]);

/** Exit status 0 only where the policy admits the evidence. */
export function verify(quote: string, flags: VerifyFlags): void {
  const verdict = verifyEvidence({
    quote: readFile(quote, "a quote or evidence"),
    collateral: flags.collateral === undefined ? undefined : readFile(flags.collateral, "collateral"),
    timeSeconds: flags.at ?? Math.floor(Date.now() / 1_000),
    policy: flags.policy === undefined ? undefined : readFile(flags.policy, "a policy"),
    bundle: readBundle(),
  });
  out(flags.json === true ? JSON.stringify(verdict, null, 2) : formatVerdict(verdict, flags));
  if (!verdict.admitted) process.exitCode = 1;
}

function formatVerdict({ admitted, status, advisories, checks }: EvidenceVerdict, { policy }: VerifyFlags): string {
  const rows = checks.map(({ step, name, expected, found, passed }) => [
    passed ? "ok" : "FAILED",
    String(step),
    name,
    `expected ${shorten(expected)}`,
    `found ${shorten(found)}`,
  ]);
  const failed = checks.find(({ passed }) => !passed);
  const todo = failed === undefined ? undefined : (ADVICE[failed.step] ?? "do not trust this quote");
  return [
    formatTable(rows),
    "",
    ...(status === "" ? [] : [`platform status  ${status}`]),
    ...(advisories.length === 0 ? [] : [`advisories       ${advisories.join(", ")}`]),
    `verdict          ${admitted ? "admitted" : `not admitted: step ${failed?.step ?? "?"}, ${failed?.name ?? "unknown"}`}`,
    ...(todo === undefined ? [] : [`what to do       ${todo}`]),
    ...(policy === undefined && failed !== undefined && POLICY_STEPS.has(failed.step)
      ? [
          "                 without --policy FILE no enclave is approved; `sotto query register policy` gives a network's",
        ]
      : []),
  ].join("\n");
}

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

export type ShowFlags = { readonly home: string; readonly platform: PlatformName; readonly json?: true };

export function show(flags: ShowFlags): void {
  if (!existsSync(homePaths(flags.home).root)) {
    throw new NodeError(
      NodeErrorCode.BadConfiguration,
      `there is no home folder ${flags.home}; \`sotto start\` makes one`,
    );
  }
  const self = describeSelf({ ...flags, bundle: readBundle() });
  const shown = {
    platform: flags.platform,
    kind: self.tee.kind,
    measurement: bytesToHex(self.measurement),
    signer: bytesToHex(self.signer),
    product_id: self.productId,
    security_version: self.securityVersion,
    debug: self.debug,
    machine_id: bytesToHex(self.machineId),
    quote: Buffer.from(self.quote).toString("base64"),
  };
  if (flags.json === true) {
    out(JSON.stringify(shown, null, 2));
    return;
  }
  const { quote, ...rest } = shown;
  out(
    formatTable([
      ...Object.entries(rest).map(([name, value]) => [name.replaceAll("_", " "), String(value)]),
      ["quote", `${self.quote.length} bytes, shown with --json`],
    ]),
  );
  if (flags.platform === "sim") out("\nINSECURE: a simulated platform; its evidence proves nothing.");
}

function readBundle(): Uint8Array {
  return new Uint8Array(readFileSync(BUNDLE));
}

function readFile(path: string, what: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const reason = (error as { code?: string }).code === "ENOENT" ? "there is no such file" : "it cannot be read";
    throw new NodeError(NodeErrorCode.BadConfiguration, `expected ${what} in ${path}: ${reason}`);
  }
}
