/**
 * The network of a home: made new, taken from a genesis file that others made, or found in the state store.
 * @module
 */
import { RefusedError } from "@sotto/boundary/calls";
import { type EcallResponse, INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToHex, bytesToUtf8, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import type { Platform } from "@sotto/platform/platform";
import { type Attestation, makeDevelopmentGenesis } from "../app/genesis/developmentGenesis.ts";
import { SEALED_RECORD_KEY } from "../app/stateMachine.ts";
import { hashOfSet } from "../consensus/follower.ts";
import type { SoloValidator } from "../consensus/solo.ts";
import type { EnclaveHost } from "../enclaveHost/enclaveHost.ts";
import type { StateStore } from "../store/store.ts";
import { DEVELOPMENT_CHAIN_ID, formatGenesis, type Genesis, parseGenesis } from "./genesis.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { AccountKey } from "./signTx.ts";

/** What the node does for its network: it decides the blocks alone, or follows those that others decide. */
export type NodeRole = {
  readonly kind: "solo" | "follower";
  /** Of a new network; one that is there must have it, if it is given. */
  readonly chainId: string | undefined;
};

export type NetworkDeps = {
  readonly role: NodeRole;
  readonly store: StateStore;
  readonly enclave: EnclaveHost;
  readonly crypto: Crypto;
  readonly validator: Omit<SoloValidator, "power">;
  readonly nodeAccount: AccountKey;
  readonly moniker: string;
  readonly now: () => bigint;
  readonly platform: Pick<Platform, "name" | "insecure">;
  /** What `sotto join` has left for the first start: the genesis file, and the enclave's first sealed record. */
  readonly joined: { readonly text: string; readonly sealed: Uint8Array } | undefined;
};

/** @param text what was parsed, byte for byte: its hash is part of the anchor */
export type Network = { readonly genesis: Genesis; readonly text: string; readonly isNew: boolean };

const SIM_SUFFIX = "-sim";
const GENESIS_KEY = utf8ToBytes("genesis");

/**
 * Opens the network of a store, or creates one, up to its first state.
 * @throws {NodeError} with what is wrong with the home and what to do
 */
export function openNetwork(deps: NetworkDeps): Network {
  checkInterface(deps.enclave);
  const isNew = deps.store.getTable("meta", SEALED_RECORD_KEY) === undefined;
  if (isNew && deps.role.kind === "follower") keepJoined(deps);
  else if (isNew) return { ...createNetwork(deps), isNew };
  return { ...reopenNetwork(deps), isNew: false };
}

/** From now on the home is like one that was started before. */
function keepJoined({ store, joined }: NetworkDeps): void {
  if (joined === undefined) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      "this home has joined no network yet; the same `sotto join` again goes on where it ended",
    );
  }
  store.writeTables([
    { table: "meta", key: GENESIS_KEY, value: utf8ToBytes(joined.text) },
    { table: "meta", key: SEALED_RECORD_KEY, value: joined.sealed },
  ]);
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
  { enclave, platform, validator, nodeAccount }: NetworkDeps,
  chainId: string,
): Attestation | undefined {
  if (chainId === DEVELOPMENT_CHAIN_ID) return undefined;
  checkChainId(chainId, platform);
  const { tee, measurement, signer, productId, securityVersion, machineId } = enclave.call("describeSelf", {});
  return {
    insecure: platform.insecure,
    enclave: { tee: tee.kind, measurement, signer, productId, securityVersion },
    machine: { id: machineId, owner: validator.publicKey },
    nodeAccount: nodeAccount.text,
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
export function anchor({ store, enclave, crypto }: NetworkDeps, { genesis, text }: Network, appHash: Uint8Array): void {
  const { sealed } = enclave.call("anchorGenesis", {
    initialHeight: BigInt(genesis.initialHeight),
    genesisTimeNs: genesis.timeNs,
    validatorsHash: hashOfSet(crypto, genesis.validators),
    appHash,
    genesisHash: crypto.sha256(utf8ToBytes(text)),
  });
  store.writeTables([
    { table: "meta", key: GENESIS_KEY, value: utf8ToBytes(text) },
    { table: "meta", key: SEALED_RECORD_KEY, value: sealed },
  ]);
}

function reopenNetwork({ role, store, enclave, validator }: NetworkDeps): Omit<Network, "isNew"> {
  const stored = store.getTable("meta", GENESIS_KEY);
  const sealed = store.getTable("meta", SEALED_RECORD_KEY);
  if (stored === undefined || sealed === undefined) {
    throw new NodeError(NodeErrorCode.WrongNetwork, "the state has no genesis; `sotto reset` starts over");
  }
  const text = bytesToUtf8(stored);
  const genesis = parseGenesis(text, "the stored genesis");
  if (role.chainId !== undefined && role.chainId !== genesis.chainId) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the network in this home is ${genesis.chainId}, not ${role.chainId}; choose another folder with --home, or start over with \`sotto reset\``,
    );
  }
  const isValidator = genesis.validators.some(({ publicKey }) => equalBytes(publicKey, validator.publicKey));
  if (role.kind === "solo" && !isValidator) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      "the validator key is not that of this network's validator; put the old validator-key.json back, or start over with `sotto reset`",
    );
  }
  const { chainId, height } = carriedBy(enclave) ?? unseal(enclave, sealed);
  if (chainId !== genesis.chainId) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the sealed record is of network ${chainId}, the state of ${genesis.chainId}; \`sotto reset\` starts over`,
    );
  }
  // Both are written in one step, so they can only differ if somebody put one of them back.
  if (height !== BigInt(store.latestHeight)) {
    throw new NodeError(
      NodeErrorCode.SealedRecordDamaged,
      `the sealed record is of height ${height}, the state of height ${store.latestHeight}: they do not belong together; \`sotto reset\` starts over`,
    );
  }
  return { genesis, text };
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
      `the enclave with measurement ${bytesToHex(enclave.measurement)} cannot open this network's sealed record: ${error.message}; \`sotto reset\` starts over`,
      { cause: error },
    );
  }
}
