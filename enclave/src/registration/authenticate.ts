/**
 * RaAuthenticate: a node's evidence, judged inside, and the seeds for it (chain §4.4, registration §1.2, §2.8).
 *
 * The message comes out of the verified block, the time is the block's. Policy and allow list are those of the proven state before the
 * block: what the block itself does to them counts for the next one. Refusals are results: code and sentence of `EvidenceError`, the same
 * on every node.
 * @module
 */
import { decodeEvidence, type Evidence, REGISTER_PURPOSE } from "@sotto/boundary/evidence";
import type { Event } from "@sotto/boundary/messages";
import { LIMITS } from "@sotto/boundary/messages";
import { bytesToHex, EMPTY_BYTES, equalBytes, hexToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { formatJson } from "@sotto/common/json";
import { type RaAuthenticate, RaAuthenticateResponse } from "@sotto/common/wire/registration";
import { RefusalCode, RefusalError } from "../enclaveError.ts";
import type { AttestationPolicy, Attested } from "../evidence/attestation.ts";
import { EvidenceError, EvidenceErrorCode } from "../evidence/evidenceError.ts";
import { isSimulationChain } from "../evidence/policy.ts";
import { verifyEvidence } from "../evidence/verifyEvidence.ts";
import type { Frame } from "../execution/callTree.ts";
import { addressText } from "../execution/contract.ts";
import { sealHandover } from "../keys/seedExchange.ts";
import { stateKey } from "../state/stateKey.ts";
import { blockHashAt } from "./chainBlock.ts";
import { claimMachine } from "./machineList.ts";
import { policyFor } from "./networkPolicy.ts";
import { MACHINE_LENGTH, policyIn, type RegisterReader, type RegisterStore } from "./registerStore.ts";
import { bindingHash, ownerSignBytes, reportDataOf } from "./reportData.ts";

/** S for what it takes to verify evidence, charged before: a hundred times the price of a transaction's signature. */
const VERIFICATION_COST = 100_000n;
/** S for each header that proves the block which the evidence names. */
const HEADER_COST = 50n;
const NANOS = 1_000_000_000n;

const Location = { Verification: "Verifying evidence", Headers: "Reading headers" } as const;

/** @throws {EvidenceError}; {OutOfGas}; {RefusalError} HostMisbehavior */
export function authenticateNode(
  frame: Frame,
  store: RegisterStore,
  message: RaAuthenticate,
): { readonly response: Uint8Array; readonly events: readonly Event[] } {
  const { block, agreed: state } = frame.tree;
  const agreed: RegisterReader = { read: (name, key) => state.read(stateKey(name, key)) };
  frame.meter.consume(VERIFICATION_COST, Location.Verification);
  const evidence = readEvidence(message.certificate);
  const replaces = readReplacedMachine(message.replaceMachineId);
  const policy = policyFor(frame.tree.services.chainId, policyIn(agreed));
  const attested = requireAttested(frame, evidence, policy);
  const binding = requireBinding(frame, evidence, attested, policy);
  requireOwner(frame, evidence, replaces);
  requireFresh(frame, evidence, policy);
  const { nodeKey, owner } = evidence.claims;
  if (store.hasSeenEvidence(binding)) throw replayed("this evidence was accepted before: make new evidence");
  if (store.attestation(nodeKey)?.height === block.height) {
    throw replayed("this node was registered in this block: once is enough");
  }
  claimMachine(store, agreed, policy.machines, { machine: attested.machineId, owner, replaces });
  const encryptedSeed = encryptSeeds(frame, nodeKey);
  store.noteEvidence(binding, block.height);
  const node = { certificate: message.certificate, encryptedSeed };
  store.saveNode(nodeKey, node, { height: block.height, machine: attested.machineId });
  return answer(message.sender, nodeKey, encryptedSeed);
}

/** Step 1. @throws {EvidenceError} Malformed */
function readEvidence(certificate: Uint8Array): Evidence {
  try {
    const evidence = decodeEvidence(certificate);
    if (evidence.claims.purpose === REGISTER_PURPOSE) return evidence;
    throw malformed(`evidence: expected purpose ${REGISTER_PURPOSE}, got ${evidence.claims.purpose}`);
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof EvidenceError)) throw malformed(error.message);
    throw error;
  }
}

/** Steps 1 to 12, at the time of the block. @throws {EvidenceError} */
function requireAttested(
  { tree: { block, services } }: Frame,
  { quote, collateral }: Evidence,
  policy: AttestationPolicy,
): Attested {
  const verdict = verifyEvidence(services.crypto, {
    quote,
    collateral: { kind: "packed", value: collateral },
    timeSeconds: Number(block.timeNs / NANOS),
    policy,
    allowSim: isSimulationChain(services.chainId),
  });
  if (verdict.kind === "refused") throw verdict.error;
  return verdict.attested;
}

/** Stricter than the chain, which passes over what it cannot read: a machine that was to go would stay. @throws {EvidenceError} Malformed */
function readReplacedMachine(text: string): Uint8Array | undefined {
  if (text === "") return undefined;
  if (/^[0-9a-fA-F]+$/.test(text) && text.length === 2 * MACHINE_LENGTH) return hexToBytes(text);
  throw malformed(`replace_machine_id: expected ${2 * MACHINE_LENGTH} hex digits or nothing`);
}

/**
 * Step 13.
 * @returns the hash that the report data binds
 * @throws {EvidenceError} Binding, WrongChain
 */
function requireBinding(frame: Frame, evidence: Evidence, attested: Attested, policy: AttestationPolicy): Uint8Array {
  const { services } = frame.tree;
  const { crypto, handover } = services;
  const network = { chainId: handover.chainId, genesisHash: handover.anchor.genesisHash };
  const binding = bindingHash(crypto, network, evidence.claims, evidence.collateral);
  if (!equalBytes(attested.reportData, reportDataOf(binding))) {
    if (placeOf(frame, evidence, policy) === "elsewhere") {
      const chain = `chain ${network.chainId} with the genesis file that this network began with`;
      throw new EvidenceError(
        EvidenceErrorCode.WrongChain,
        `evidence: expected it to be made for ${chain}: it names a block of another`,
      );
    }
    throw new EvidenceError(
      EvidenceErrorCode.Binding,
      "evidence: the quote's report data does not bind this chain, key, owner, block and collateral: make it anew",
    );
  }
  return binding;
}

/** @throws {EvidenceError} OwnerSignature */
function requireOwner({ tree }: Frame, evidence: Evidence, replaces: Uint8Array | undefined): void {
  const { crypto } = tree.services;
  const signed = ownerSignBytes(crypto, evidence.unsigned, replaces ?? EMPTY_BYTES);
  if (crypto.ed25519Verify(signed, evidence.ownerSignature, evidence.claims.owner) === "valid") return;
  throw new EvidenceError(
    EvidenceErrorCode.OwnerSignature,
    "evidence: it, and the machine to replace, are not signed by the validator key that it names as its owner",
  );
}

type Place = "here" | "elsewhere" | "tooOld" | "notYet";

/** Where the block is that evidence names. */
function placeOf(frame: Frame, { claims }: Evidence, { maxEvidenceAge }: AttestationPolicy): Place {
  const { block, services } = frame.tree;
  const { height, blockHash } = claims;
  if (height >= block.height) return "notYet";
  const age = block.height - height;
  const { initialHeight } = services.handover.anchor;
  if (age > BigInt(Math.min(maxEvidenceAge, LIMITS.headers)) || height < initialHeight) return "tooOld";
  frame.meter.consume(HEADER_COST * age, Location.Headers);
  const isHere = equalBytes(blockHashAt(services.crypto, services.host, block, height), blockHash);
  return isHere ? "here" : "elsewhere";
}

/** Step 14. @throws {EvidenceError} Stale */
function requireFresh(frame: Frame, evidence: Evidence, policy: AttestationPolicy): void {
  const place = placeOf(frame, evidence, policy);
  if (place === "here") return;
  const { height } = evidence.claims;
  const reasons = {
    elsewhere: `its block ${height} is not the one that this chain has`,
    tooOld: `its block ${height} is more than ${policy.maxEvidenceAge} blocks back`,
    notYet: `its block ${height} is not in the past`,
  };
  throw new EvidenceError(EvidenceErrorCode.Stale, `evidence: ${reasons[place]}: make it anew with a recent block`);
}

/** @throws {EvidenceError} NodeKey */
function encryptSeeds({ tree: { services } }: Frame, nodeKey: Uint8Array): Uint8Array {
  try {
    return sealHandover(services.crypto, services.keys.last.seedExchange, nodeKey, services.handover);
  } catch (error) {
    if (!(error instanceof RefusalError) || error.code !== RefusalCode.NodeKeyRefused) throw error;
    throw new EvidenceError(EvidenceErrorCode.NodeKey, "evidence: the registration key has no full order");
  }
}

function answer(sender: Uint8Array, nodeKey: Uint8Array, encryptedSeed: Uint8Array) {
  const seed = bytesToHex(encryptedSeed);
  const attributes = [
    { key: "module", value: "register" },
    { key: "signer", value: addressText(sender) },
    { key: "encrypted_seed", value: `0x${seed}` },
    { key: "node_id", value: `0x${bytesToHex(nodeKey)}` },
  ];
  const events: Event[] = [{ type: "message", attributes }];
  return { response: RaAuthenticateResponse.encode({ data: `S: ${seed}`, events: formatJson(events) }), events };
}

function malformed(reason: string): EvidenceError {
  return new EvidenceError(EvidenceErrorCode.Malformed, reason);
}

function replayed(reason: string): EvidenceError {
  return new EvidenceError(EvidenceErrorCode.Replayed, reason);
}
