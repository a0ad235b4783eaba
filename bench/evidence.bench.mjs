/**
 * Verification of evidence, against @phala/dcap-qvl in the same run.
 *
 *     npm run build && node bench/evidence.bench.mjs
 *
 * Prints milliseconds of processor time for one verification (the best of several rounds). Ours makes all of steps 1 to 12; the other
 * library looks at neither the signatures of revocation lists nor a policy (registration §6.7).
 * @module
 */
import nodeCrypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { makeNativeCrypto } from "@sotto/common/crypto/nativeCrypto";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import { packCollateral } from "@sotto/common/wire/collateral";
import { describeQuote } from "../enclave/dist/evidence/describeQuote.js";
import { parsePolicy } from "../enclave/dist/evidence/policy.js";
import { verifyEvidence } from "../enclave/dist/evidence/verifyEvidence.js";

const qvl = createRequire(import.meta.url)("@phala/dcap-qvl");

const SAMPLES = [
  ["sgx_v3", "sgx", 1_751_624_924],
  ["tdx_v4_a", "tdx", 1_751_624_655],
  ["tdx_v4_b", "tdx", 1_758_000_000],
];
const ROUNDS = 20;
const native = makeNativeCrypto(nodeCrypto, WebAssembly);
const noble = makeNobleCrypto();

const read = (name) => new Uint8Array(readFileSync(new URL(`../vectors/attestation/${name}`, import.meta.url)));

/** Milliseconds of processor time for one call: the best round. */
function measure(run, calls) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000 / calls);
  }
  return best;
}

function pack(json, tee) {
  const wrapped = (name, text, signature) => utf8ToBytes(`{"${name}":${text},"signature":"${signature}"}`);
  return packCollateral({
    tee,
    pckCrlIssuerChain: utf8ToBytes(json.pck_crl_issuer_chain),
    rootCaCrl: hexToBytes(json.root_ca_crl),
    pckCrl: hexToBytes(json.pck_crl),
    tcbInfoIssuerChain: utf8ToBytes(json.tcb_info_issuer_chain),
    tcbInfo: wrapped("tcbInfo", json.tcb_info, json.tcb_info_signature),
    qeIdentityIssuerChain: utf8ToBytes(json.qe_identity_issuer_chain),
    qeIdentity: wrapped("enclaveIdentity", json.qe_identity, json.qe_identity_signature),
  });
}

function policyFor(quote, tee) {
  const { measurement } = describeQuote(native, quote);
  const hex = Buffer.from(measurement).toString("hex");
  return parsePolicy(
    JSON.stringify({
      roots: ["intel"],
      statuses: ["UpToDate", "ConfigurationAndSWHardeningNeeded"],
      advisories: ["INTEL-SA-00289", "INTEL-SA-00615"],
      minimum_tcb_evaluation_data_number: 1,
      retired_fmspcs: [],
      sgx: tee === "sgx" ? [{ mrenclave: hex, isv_prod_id: 0, minimum_isv_svn: 0 }] : [],
      tdx: tee === "tdx" ? [{ measurement: hex }] : [],
      machines: "any",
      max_evidence_age: 100,
      reattest_every: 0,
      authority: "",
    }),
  );
}

const show = (values) => console.log(values.map((value, i) => String(value).padStart(i === 0 ? 0 : 12)).join(""));
show(["sample".padEnd(10), "ours", "dcap-qvl", "ratio", "ours, noble"]);
for (const [name, tee, timeSeconds] of SAMPLES) {
  const quote = read(`${name}.quote.bin`);
  const json = JSON.parse(readFileSync(new URL(`../vectors/attestation/${name}.collateral.json`, import.meta.url)));
  const collateral = { kind: "packed", value: pack(json, tee) };
  const input = { quote, collateral, timeSeconds, policy: policyFor(quote, tee), allowSim: false };
  const verify = (crypto) => {
    const verdict = verifyEvidence(crypto, input);
    if (verdict.kind !== "attested") throw verdict.error;
  };
  const buffer = Buffer.from(quote);
  const ours = measure(() => verify(native), 20);
  const theirs = measure(() => qvl.verify(buffer, json, timeSeconds), 10);
  const slow = measure(() => verify(noble), 2);
  show([name.padEnd(10), ours.toFixed(2), theirs.toFixed(2), (theirs / ours).toFixed(2), slow.toFixed(1)]);
}
