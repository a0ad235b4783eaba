/**
 * The network of a home: made new, taken from a genesis file that others made, or found in the state store.
 * @module
 */
import { RefusedError } from "@sotto/boundary/calls";
import { type EcallResponse, INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex, bytesToUtf8, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Platform } from "@sotto/platform/platform";
import { type Attestation, type ExecutionOrder, makeDevelopmentGenesis } from "../app/genesis/developmentGenesis.ts";
import { hashOfSet } from "../consensus/follower.ts";
import type { SoloValidator } from "../consensus/solo.ts";
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";
import type { StateStore } from "../store/store.ts";
import { DEVELOPMENT_CHAIN_ID, executionOrderOf, formatGenesis, type Genesis, parseGenesis } from "./genesis.ts";
import { matchEnclave } from "./matchEnclave.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { Replay } from "./replay.ts";
import type { SealedRecords } from "./sealedFile.ts";
import type { AccountKey } from "./signTx.ts";

/** What the node does for its network: it decides the blocks alone, or follows those that others decide. */
export type NodeRole = {
  readonly kind: "solo" | "follower";
  /** Of a new network; one that is there must have it, if it is given. */
  readonly chainId: string | undefined;
  /** The same of its order of execution. */
  readonly executionOrder?: ExecutionOrder | undefined;
};

export type NetworkDeps = {
  readonly role: NodeRole;
  readonly store: StateStore;
  readonly enclave: EnclaveHost;
  readonly sealed: SealedRecords;
  readonly crypto: Crypto;
  readonly validator: Omit<SoloValidator, "power">;
  readonly nodeAccount: AccountKey;
  readonly moniker: string;
  readonly now: () => bigint;
  readonly platform: Pick<Platform, "name" | "insecure" | "keepsSecrets">;
  /** What `sotto join` has left for the first start besides the sealed record: the genesis file. */
  readonly joined: { readonly text: string } | undefined;
};

/** @param text what was parsed, byte for byte: its hash is part of the anchor */
export type Network = {
  readonly genesis: Genesis;
  readonly text: string;
  readonly isNew: boolean;
  /** Blocks that must be run again, since the host has lost what came of them. */
  readonly replay?: Replay | undefined;
};

const SIM_SUFFIX = "-sim";
const GENESIS_KEY = utf8ToBytes("genesis");
/** The record of a network before its first block, stored with its genesis in one step: a first start may end between the two. */
const FIRST_SEALED_KEY = utf8ToBytes("first-sealed");
/** Where earlier releases kept the record. */
const OLD_SEALED_KEY = utf8ToBytes("sealed");

/**
 * Opens the network of a store, or creates one, up to its first state.
 * @throws {NodeError} with what is wrong with the home and what to do
 */
export function openNetwork(deps: NetworkDeps): Network {
  checkInterface(deps.enclave);
  const isNew = deps.store.getTable("meta", GENESIS_KEY) === undefined;
  if (isNew && deps.role.kind === "follower") keepJoined(deps);
  else if (isNew && deps.sealed.load() === undefined) return { ...createNetwork(deps), isNew };
  return { ...reopenNetwork(deps), isNew: false };
}

/** From now on the home is like one that was started before. So is one whose database is gone: it is made again from the blocks. */
function keepJoined({ store, joined, sealed }: NetworkDeps): void {
  if (joined === undefined || sealed.load() === undefined) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      "this home has joined no network yet; the same `sotto join` again goes on where it ended",
    );
  }
  store.writeTables([{ table: "meta", key: GENESIS_KEY, value: utf8ToBytes(joined.text) }]);
}

function createNetwork(deps: NetworkDeps): Omit<Network, "isNew"> {
  const { role, enclave, crypto, validator, moniker, now } = deps;
  const chainId = role.chainId ?? DEVELOPMENT_CHAIN_ID;
  const attestation = attestationOf(deps, chainId);
  const { keys } = enclave.call("bootstrap", { chainId });
  const development = makeDevelopmentGenesis({
    crypto,
    moniker,
    validatorKey: validator.publicKey,
    networkKeys: keys,
    nodeAccount: deps.nodeAccount.text,
    attestation,
  });
  const written = formatGenesis({
    chainId,
    timeNs: now(),
    initialHeight: 1,
    consensusParams: development.consensusParams,
    validators: development.validators.map((each) => ({ ...each, address: validator.address, name: moniker })),
    appState: development.appState,
  });
  // What counts is what a later start will read.
  return { genesis: parseGenesis(written, "the new genesis"), text: written };
}

/** The development network admits nobody; others admit what this first enclave is. */
function attestationOf(
  { enclave, platform, validator, nodeAccount, role: { executionOrder } }: NetworkDeps,
  chainId: string,
): Attestation | undefined {
  if (chainId === DEVELOPMENT_CHAIN_ID) {
    if (executionOrder !== "shuffled") return undefined;
    throw new NodeError(
      NodeErrorCode.BadConfiguration,
      `${chainId} has no policy to say that its transactions run shuffled; give the network another name with --chain-id`,
    );
  }
  checkChainId(chainId, platform);
  const { tee, measurement, signer, productId, securityVersion, machineId } = enclave.call("describeSelf", {});
  return {
    insecure: platform.insecure,
    enclave: { tee: tee.kind, measurement, signer, productId, securityVersion },
    machine: { id: machineId, owner: validator.publicKey },
    nodeAccount: nodeAccount.text,
    executionOrder,
  };
}

/** Names that end in `-sim` say that the members' enclaves protect nothing (registration §2.7). @throws {NodeError} */
function checkChainId(chainId: string, { name, insecure }: NetworkDeps["platform"]): void {
  const isName = /^[a-z0-9][a-z0-9-]{0,45}[a-z0-9]$/.test(chainId);
  if (isName && chainId.endsWith(SIM_SUFFIX) === insecure) return;
  const allowed = insecure
    ? `${DEVELOPMENT_CHAIN_ID} or a name that ends in ${SIM_SUFFIX}, such as private-1${SIM_SUFFIX}`
    : `${DEVELOPMENT_CHAIN_ID} or a name that does not end in ${SIM_SUFFIX}, such as private-1`;
  throw new NodeError(
    NodeErrorCode.BadConfiguration,
    `chain id ${JSON.stringify(chainId.slice(0, 60))}: on platform ${name} expected ${allowed}; lower-case letters, digits and dashes`,
  );
}

/** Fixes the genesis in the enclave and stores it with the first sealed record, in one step. */
export function anchor(
  { store, enclave, crypto, sealed: records }: NetworkDeps,
  { genesis, text }: Network,
  appHash: Uint8Array,
): void {
  const { sealed } = enclave.call("anchorGenesis", {
    initialHeight: BigInt(genesis.initialHeight),
    genesisTimeNs: genesis.timeNs,
    validatorsHash: hashOfSet(crypto, genesis.validators),
    appHash,
    genesisHash: crypto.sha256(utf8ToBytes(text)),
  });
  store.writeTables([
    { table: "meta", key: GENESIS_KEY, value: utf8ToBytes(text) },
    { table: "meta", key: FIRST_SEALED_KEY, value: sealed },
  ]);
  records.save(sealed);
}

function reopenNetwork(deps: NetworkDeps): Omit<Network, "isNew"> {
  const { role, store, enclave, validator } = deps;
  const carried = carriedBy(enclave);
  if (carried === undefined && !deps.platform.keepsSecrets) throw secretsLost(deps);
  const stored = store.getTable("meta", GENESIS_KEY);
  if (stored === undefined) {
    throw new NodeError(
      NodeErrorCode.BlocksLost,
      "the database in data/ has no network, although sealed/network.sealed has one: put the database back; `sotto reset` starts over",
    );
  }
  const sealed = loadSealed(deps);
  const text = bytesToUtf8(stored);
  const genesis = parseGenesis(text, "the stored genesis");
  if (role.chainId !== undefined && role.chainId !== genesis.chainId) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the network in this home is ${genesis.chainId}, not ${role.chainId}; choose another folder with --home, or start over with \`sotto reset\``,
    );
  }
  const order = executionOrderOf(genesis);
  if (role.executionOrder !== undefined && role.executionOrder !== order) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the network in this home runs its transactions ${order}, not ${role.executionOrder}: its genesis has fixed that`,
    );
  }
  const isValidator = genesis.validators.some(({ publicKey }) => equalBytes(publicKey, validator.publicKey));
  if (role.kind === "solo" && !isValidator) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      "the validator key is not that of this network's validator; put the old validator-key.json back, or start over with `sotto reset`",
    );
  }
  const { chainId } = carried ?? unseal(enclave, sealed);
  if (chainId !== genesis.chainId) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the sealed record is of network ${chainId}, the state of ${genesis.chainId}; \`sotto reset\` starts over`,
    );
  }
  const { initialHeight } = genesis;
  const replay = matchEnclave({ kind: role.kind, initialHeight, store, enclave, sealed: deps.sealed });
  return { genesis, text, replay };
}

/** After a restart on such a platform only a node that follows comes back: by attesting again (registration §5.5). */
function secretsLost({ role, platform }: NetworkDeps): NodeError {
  const why = `platform ${platform.name} keeps no secrets over a restart, so this node's enclave has lost the network's seeds`;
  const wayOut =
    role.kind === "solo"
      ? "They could be handed over in a block alone, and this node alone makes the blocks of its network: the network has ended. Members that still run go on answering queries; `sotto reset` starts a new one"
      : "`sotto join` again, with a running peer and the genesis file, gets them anew; the home keeps its blocks";
  return new NodeError(NodeErrorCode.SecretsLost, `${why}. ${wayOut}`);
}

/** @throws {NodeError} with the way out; a record that is gone is never made anew */
function loadSealed({ store, sealed }: NetworkDeps): Uint8Array {
  const found = sealed.load();
  if (found !== undefined) return found;
  if (store.getTable("meta", OLD_SEALED_KEY) !== undefined) {
    throw new NodeError(
      NodeErrorCode.SealedRecordDamaged,
      "this home was made by an earlier release, whose enclave kept its record in the database and in another form; `sotto reset` starts over",
    );
  }
  const first = store.getTable("meta", FIRST_SEALED_KEY);
  if (store.latestHeight === 0 && first !== undefined) {
    sealed.save(first);
    return first;
  }
  throw new NodeError(
    NodeErrorCode.SealedRecordDamaged,
    "sealed/network.sealed is gone, and with it this enclave's copy of the network's keys: put it back from a backup of this machine; a node that follows can join again in another home, and `sotto reset` starts over",
  );
}

/** The network of an enclave that was given its seeds in this run. */
function carriedBy(enclave: EnclaveHost): Pick<EcallResponse<"unseal">, "chainId" | "height"> | undefined {
  const { state } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
  return state.kind === "ready" ? state.value : undefined;
}

function checkInterface(enclave: EnclaveHost): void {
  const { interfaceVersion } = enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
  if (interfaceVersion !== INTERFACE_VERSION) {
    throw new NodeError(
      NodeErrorCode.OtherEnclave,
      `the enclave speaks interface version ${interfaceVersion}, this node ${INTERFACE_VERSION}; build both from one checkout`,
    );
  }
}

function unseal(enclave: EnclaveHost, sealed: Uint8Array): EcallResponse<"unseal"> {
  try {
    return enclave.call("unseal", { sealed });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new NodeError(
      NodeErrorCode.SealedRecordDamaged,
      `the enclave with measurement ${bytesToHex(enclave.measurement)} cannot open sealed/network.sealed: ${error.message}. ${wayOut(error.code)}`,
      { cause: error },
    );
  }
}

/** The enclave's codes for what is wrong with a sealed record (its RefusalCode.SealOf…). */
const SealRefusal = { AnotherMeasurement: 11, AnotherMachine: 16, AnotherLabel: 17 } as const;

function wayOut(code: number): string {
  switch (code) {
    case SealRefusal.AnotherMeasurement:
      return "Start the release whose enclave sealed it; with this one a node that follows must join again in a new home, and `sotto reset` starts over";
    case SealRefusal.AnotherMachine:
      return "It opens on the machine that made it alone: a node that follows joins again on this machine in a new home, and `sotto reset` starts over";
    case SealRefusal.AnotherLabel:
      return "Put the file back under the name that it had";
    default:
      return "Put it back from a backup of this machine; `sotto reset` starts over";
  }
}
