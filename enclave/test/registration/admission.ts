/**
 * Networks that admit nodes, and evidence for them: true as a simulated machine makes it, or with any part of it changed.
 */
import {
  addOwnerSignature,
  CLAIMS_VERSION,
  type EvidenceClaims,
  encodeUnsignedEvidence,
} from "@sotto/boundary/evidence";
import { bytesToBase64, bytesToHex, concatBytes, EMPTY_BYTES, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import { RaAuthenticate } from "@sotto/common/wire/registration";
import { makeSimCollateral, publishedToday, type SimPublication } from "@sotto/platform/sim/simCollateral";
import { makeSimMachine, type SimMachine } from "@sotto/platform/sim/simMachine";
import { makeSimQuote, type SgxReport, SIM_MRSIGNER, simReport } from "@sotto/platform/sim/simQuote";
import { deriveKeyTree } from "../../src/keys/keyTree.ts";
import { bindingHash, ownerSignBytes, reportDataOf } from "../../src/registration/reportData.ts";
import { countingRandom, type ExecOutcome, TestChain, testCrypto, Wallet } from "../harness.ts";
import { recordOf } from "../sealedRecord.ts";

export const CHAIN_ID = "private-1-sim";
export const BUNDLE = utf8ToBytes("the bundle that everybody runs");
export const AUTHORITY = new Wallet(1);
export const USER = new Wallet(2);

export const machineOf = (name: string): SimMachine => makeSimMachine(testCrypto.sha256(utf8ToBytes(name)));
/** Registration §7 O. */
export const machineIdOf = ({ ppid }: SimMachine): Uint8Array =>
  testCrypto.sha256(concatBytes(ppid, new Uint8Array(2))).slice(0, 20);

export type PolicyDocument = Record<string, unknown>;

export function policyDocument(changes: PolicyDocument = {}): PolicyDocument {
  const { mrEnclave } = simReport(machineOf("any"), BUNDLE, new Uint8Array(64));
  const approved = { mrenclave: bytesToHex(mrEnclave), mrsigner: bytesToHex(SIM_MRSIGNER) };
  return {
    roots: ["sim-insecure"],
    statuses: ["UpToDate", "SWHardeningNeeded"],
    advisories: [],
    minimum_tcb_evaluation_data_number: 1,
    retired_fmspcs: [],
    sgx: [{ ...approved, isv_prod_id: 1, minimum_isv_svn: 1 }],
    tdx: [],
    machines: "any",
    max_evidence_age: 100,
    reattest_every: 0,
    authority: AUTHORITY.bech32,
    ...changes,
  };
}

const hexKey = (prefix: number, ...rest: readonly Uint8Array[]) =>
  bytesToHex(concatBytes(Uint8Array.of(prefix), ...rest));

/** What the network's register store holds under a key. */
export const registered = (chain: TestChain, prefix: number, ...rest: readonly Uint8Array[]): Uint8Array | undefined =>
  chain.state.register.get(hexKey(prefix, ...rest));

export type NetworkOptions = {
  /** Undefined for a network that admits nobody. */
  readonly policy?: PolicyDocument | undefined;
  /** Besides the founder's. */
  readonly machines?: readonly { readonly id: Uint8Array; readonly owner?: Uint8Array | undefined }[];
  readonly isFounderListed?: boolean;
  readonly chainId?: string;
};

/** A network with this genesis and one block. */
export function startNetwork(options: NetworkOptions = {}): TestChain {
  const { policy = "policy" in options ? undefined : policyDocument(), chainId = CHAIN_ID } = options;
  const { machines = [], isFounderListed = true } = options;
  const founder = machineOf("founder");
  const quote = (reportData: Uint8Array) => makeSimQuote(founder, simReport(founder, BUNDLE, reportData));
  const chain = TestChain.start({ chainId, powers: { quote } });
  const { register } = chain.state;
  if (policy !== undefined) register.set(hexKey(5), utf8ToBytes(JSON.stringify(policy)));
  const listed = isFounderListed ? [{ id: machineIdOf(founder), owner: undefined }, ...machines] : machines;
  for (const { id, owner } of listed) register.set(hexKey(6, id), owner ?? new Uint8Array(32));
  chain.genesisHash = testCrypto.sha256(genesisFile(chain));
  chain.block();
  return chain;
}

/** The network's genesis file: what an applicant is given. */
export function genesisFile(chain: TestChain): Uint8Array {
  const register = {
    node_exch_key: { bytes: bytesToBase64(chain.seedExchangeKey) },
    io_exch_key: { bytes: bytesToBase64(chain.ioKey) },
  };
  return utf8ToBytes(JSON.stringify({ chain_id: chain.chainId, app_state: { register } }, null, 1));
}

/** An enclave without a network, on a machine of this name. */
export function startApplicant(name: string): TestChain {
  const machine = machineOf(name);
  const quote = (reportData: Uint8Array) => makeSimQuote(machine, simReport(machine, BUNDLE, reportData));
  const start = Number.parseInt(bytesToHex(machine.ppid).slice(0, 6), 16);
  return new TestChain({ chainId: CHAIN_ID, powers: { quote, randomBytes: countingRandom(start) } });
}

export const blockSeconds = (chain: TestChain): number => Number(chain.timeNs / 1_000_000_000n);

/** Packed; what is published on the day of the last block. */
export function collateralFor(chain: TestChain, changes: Partial<SimPublication> = {}): Uint8Array {
  return makeSimCollateral({ ...publishedToday(blockSeconds(chain)), ...changes });
}

export type OwnerKey = { readonly seed: Uint8Array; readonly publicKey: Uint8Array };
export function ownerOf(name: string): OwnerKey {
  const seed = testCrypto.sha256(utf8ToBytes(`owner ${name}`));
  return { seed, publicKey: testCrypto.ed25519PublicKey(seed) };
}

/** The operator's part: the evidence that an enclave made, signed. */
export function signEvidence(unsigned: Uint8Array, owner: OwnerKey, replaces = EMPTY_BYTES): Uint8Array {
  const signed = ownerSignBytes(testCrypto, unsigned, replaces);
  return addOwnerSignature(unsigned, testCrypto.ed25519Sign(signed, owner.seed));
}

/** Evidence as an enclave on its own machine makes it, for the network's last block. */
export function evidenceOf(applicant: TestChain, chain: TestChain, owner: OwnerKey = ownerOf("one")): Uint8Array {
  const { evidence } = applicant.call("makeEvidence", {
    chainId: chain.chainId,
    genesisHash: recordOf(chain).anchor.genesisHash,
    owner: owner.publicKey,
    height: chain.height,
    blockHash: chain.lastHash,
    collateral: collateralFor(chain),
  });
  return signEvidence(evidence, owner);
}

export type EvidenceChanges = {
  readonly machine?: SimMachine;
  readonly report?: Partial<SgxReport>;
  readonly collateral?: Uint8Array;
  readonly claims?: Partial<EvidenceClaims>;
  readonly network?: { readonly chainId: string; readonly genesisHash: Uint8Array };
  readonly owner?: OwnerKey;
  readonly signer?: OwnerKey;
  /** Machine that the owner signs to be replaced. */
  readonly replaces?: Uint8Array;
  /** Last touch to the quote. */
  readonly tamper?: (quote: Uint8Array) => Uint8Array;
  /** Claims that the quote does not bind. */
  readonly unbound?: Partial<EvidenceClaims>;
};

export const nodeKeyOf = (name: string): Uint8Array =>
  testCrypto.x25519PublicKey(testCrypto.sha256(utf8ToBytes(`node ${name}`)));

/** Evidence with any part of it changed; unchanged it is good. */
export function forgeEvidence(chain: TestChain, name: string, changes: EvidenceChanges = {}): Uint8Array {
  const { machine = machineOf(name), owner = ownerOf(name), collateral = collateralFor(chain) } = changes;
  const { network = { chainId: chain.chainId, genesisHash: recordOf(chain).anchor.genesisHash } } = changes;
  const claims: EvidenceClaims = {
    version: CLAIMS_VERSION,
    purpose: "register",
    nodeKey: nodeKeyOf(name),
    owner: owner.publicKey,
    height: chain.height,
    blockHash: chain.lastHash,
    ...changes.claims,
  };
  const reportData = reportDataOf(bindingHash(testCrypto, network, claims, collateral));
  const report = { ...simReport(machine, BUNDLE, reportData), ...changes.report };
  const made = makeSimQuote(machine, report);
  const quote = changes.tamper?.(made) ?? made;
  const unsigned = encodeUnsignedEvidence({ quote, collateral, claims: { ...claims, ...changes.unbound } });
  return signEvidence(unsigned, changes.signer ?? owner, changes.replaces);
}

export function authenticateMessage(certificate: Uint8Array, replaceMachineId = "", sender = USER): Any {
  return packAny(RaAuthenticate, { sender: sender.address, certificate, replaceMachineId });
}

const GAS = 2_000_000n;

/** Runs messages of one sender, each in a transaction of its own, in one block. */
export function runMessages(chain: TestChain, wallet: Wallet, ...messages: readonly Any[]): ExecOutcome[] {
  const signed = messages.map((message) => wallet.sign(chain.chainId, [message], { gas: GAS }));
  const results = chain.block(...signed.map((bytes) => [wallet, bytes] as const));
  return results.map(({ outcomes }) => outcomes[0] as ExecOutcome);
}

/** Registers with this evidence, in a block of its own. */
export function register(chain: TestChain, certificate: Uint8Array, replaceMachineId = ""): ExecOutcome {
  return runMessages(chain, USER, authenticateMessage(certificate, replaceMachineId))[0] as ExecOutcome;
}

/** `ok`, or codespace and code of the failure. */
export function codeOf({ result }: ExecOutcome): string {
  return result.kind === "failed" ? `${result.value.codespace}/${result.value.code}` : result.kind;
}

export function logOf({ result }: ExecOutcome): string {
  return result.kind === "failed" ? result.value.log : result.kind;
}

export const heightBytes = (chain: TestChain): Uint8Array => u64be(chain.height);
export const keysOf = (seeds: readonly Uint8Array[]) => deriveKeyTree(testCrypto, seeds);
