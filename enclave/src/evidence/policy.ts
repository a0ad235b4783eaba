/**
 * A network's attestation policy as a JSON document: read strictly, written in one form (registration §2.8 steps 7, 11, 12, 14).
 * @module
 */
import { bytesToHex, equalBytes } from "@sotto/common/bytes";
import { formatJson, JsonError, type JsonInput, type JsonValue, parseJson } from "@sotto/common/json";
import { INTEL_ROOT_SHA256 } from "@sotto/common/simAttestation";
import { SIM_ROOT_SHA256 } from "@sotto/common/simRoot";
import { type ApprovedEnclave, type AttestationPolicy, TCB_STATUSES } from "./attestation.ts";
import { EvidenceError, EvidenceErrorCode } from "./evidenceError.ts";
import { JsonMembers, readHex } from "./jsonMembers.ts";

/** Roots that have a name; others are written as the SHA-256 of their DER. */
const NAMED_ROOTS: readonly (readonly [string, Uint8Array])[] = [
  ["intel", INTEL_ROOT_SHA256],
  ["sim-insecure", SIM_ROOT_SHA256],
];

const MAX_U16 = 0xffff;
const MAX_COUNT = 2 ** 31 - 1;

function bad(what: string): EvidenceError {
  return new EvidenceError(EvidenceErrorCode.BadPolicy, `attestation policy: ${what}`);
}

function parseRoot(text: string): Uint8Array {
  const named = NAMED_ROOTS.find(([name]) => name === text);
  return named === undefined ? readHex(text, 32, "roots", bad) : named[1];
}

function parseStatus(text: string): string {
  if (!(TCB_STATUSES as readonly string[]).includes(text)) throw bad(`statuses: ${text} is none`);
  return text;
}

function parseSgx(value: JsonValue): ApprovedEnclave {
  const members = new JsonMembers(value, "sgx: ", bad);
  const measurement = members.hex("mrenclave", 32);
  const signer = members.take("mrsigner");
  if (signer !== undefined && typeof signer !== "string") throw bad("sgx: mrsigner: expected a text");
  const approved = {
    measurement,
    signer: signer === undefined ? undefined : readHex(signer, 32, "sgx: mrsigner", bad),
    productId: members.integer("isv_prod_id", MAX_U16),
    minimumSecurityVersion: members.integer("minimum_isv_svn", MAX_U16),
  };
  members.end();
  return approved;
}

function parseTdx(value: JsonValue): ApprovedEnclave {
  const members = new JsonMembers(value, "tdx: ", bad);
  const measurement = members.hex("measurement", 32);
  members.end();
  return { measurement, signer: undefined, productId: 0, minimumSecurityVersion: 0 };
}

function parseMachines(text: string): "any" | "listed" {
  if (text !== "any" && text !== "listed") throw bad("machines: expected any or listed");
  return text;
}

function parseOrder(value: JsonValue = "proposed"): "proposed" | "shuffled" {
  if (value !== "proposed" && value !== "shuffled") throw bad("execution_order: expected proposed or shuffled");
  return value;
}

/**
 * Reads a policy. Every member but `execution_order` must be there, none may be unknown.
 * @param input UTF-8 or text
 * @throws {EvidenceError} BadPolicy, with what is wrong where
 */
export function parsePolicy(input: Uint8Array | string): AttestationPolicy {
  const members = new JsonMembers(parse(input), "", bad);
  const policy = {
    roots: members.texts("roots").map(parseRoot),
    statuses: new Set(members.texts("statuses").map(parseStatus)),
    advisories: new Set(members.texts("advisories")),
    minimumTcbEvaluationDataNumber: members.integer("minimum_tcb_evaluation_data_number", MAX_COUNT),
    retiredFmspcs: new Set(
      members.texts("retired_fmspcs").map((text) => bytesToHex(readHex(text, 6, "retired_fmspcs", bad)).toUpperCase()),
    ),
    sgx: members.list("sgx").map(parseSgx),
    tdx: members.list("tdx").map(parseTdx),
    machines: parseMachines(members.text("machines")),
    maxEvidenceAge: members.integer("max_evidence_age", MAX_COUNT),
    reattestEvery: members.integer("reattest_every", MAX_COUNT),
    authority: members.text("authority"),
    executionOrder: parseOrder(members.take("execution_order")),
  };
  members.end();
  return policy;
}

function parse(input: Uint8Array | string): JsonValue {
  try {
    return parseJson(input);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw bad(error.message);
  }
}

/** The policy as compact JSON with its members in one order; {@link parsePolicy} reads it back. */
export function formatPolicy(policy: AttestationPolicy): string {
  const document: JsonInput = {
    roots: policy.roots.map(
      (root) => NAMED_ROOTS.find(([, known]) => equalBytes(known, root))?.[0] ?? bytesToHex(root),
    ),
    statuses: [...policy.statuses],
    advisories: [...policy.advisories],
    minimum_tcb_evaluation_data_number: policy.minimumTcbEvaluationDataNumber,
    retired_fmspcs: [...policy.retiredFmspcs],
    sgx: policy.sgx.map(formatSgx),
    tdx: policy.tdx.map(({ measurement }) => ({ measurement: bytesToHex(measurement) })),
    machines: policy.machines,
    max_evidence_age: policy.maxEvidenceAge,
    reattest_every: policy.reattestEvery,
    authority: policy.authority,
    ...(policy.executionOrder === "proposed" ? {} : { execution_order: policy.executionOrder }),
  };
  return formatJson(document);
}

function formatSgx({ measurement, signer, productId, minimumSecurityVersion }: ApprovedEnclave): JsonInput {
  return {
    mrenclave: bytesToHex(measurement),
    ...(signer === undefined ? {} : { mrsigner: bytesToHex(signer) }),
    isv_prod_id: productId,
    minimum_isv_svn: minimumSecurityVersion,
  };
}

/** Whether a simulated platform would be admitted: possible only on chains whose id ends in `-sim`. */
export function allowsSimulation(policy: AttestationPolicy): boolean {
  return policy.roots.some((root) => equalBytes(root, SIM_ROOT_SHA256));
}

/** Whether a chain may accept simulated evidence at all (registration §2.7). */
export function isSimulationChain(chainId: string): boolean {
  return chainId.endsWith("-sim");
}
