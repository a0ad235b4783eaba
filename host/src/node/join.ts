/**
 * Joining a network: keys, evidence, the registration transaction, the seeds (registration §1.2, §7 B, H, S).
 *
 * Where an earlier try ended is read from the home and from the chain, so that it goes on from there, whenever it was interrupted.
 * Nothing here sees a seed: they come encrypted to the enclave's key, and leave it sealed.
 * @module
 */
import { addOwnerSignature } from "@sotto/boundary/evidence";
import type { EcallName, EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, utf8ToBytes } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { packAny } from "@sotto/common/wire/any";
import { Header } from "@sotto/common/wire/header";
import { bytes, field, message } from "@sotto/common/wire/message";
import { RaAuthenticate } from "@sotto/common/wire/registration";
import type { SoloValidator } from "../consensus/solo.ts";
import type { Peer } from "../peer/peer.ts";
import { PeerError, PeerErrorCode } from "../peer/peerError.ts";
import type { Genesis } from "./genesis.ts";
import { ACCOUNT_QUERY, decodeAccountResponse, encodeAccountRequest } from "./nodeAccount.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { type AccountKey, signTx } from "./signTx.ts";

export type AttestDeps = {
  readonly genesis: Genesis;
  /** The genesis file, byte for byte. */
  readonly genesisFile: Uint8Array;
  readonly peer: Peer;
  readonly crypto: Crypto;
  readonly validator: Omit<SoloValidator, "power">;
  readonly account: AccountKey;
  readonly enclave: JoinEnclave;
  /** Of this machine, packed, as of a time in seconds since 1970. */
  readonly collateral: (nowSeconds: number) => Promise<Uint8Array>;
  readonly nowSeconds: () => number;
};

export type JoinDeps = AttestDeps & {
  readonly sealed: SealedFiles;
  readonly report: (step: JoinStep, text: string) => void;
};

/** Ecalls of the enclave that the node goes on with. */
export type JoinEnclave = {
  call<N extends EcallName>(name: N, request: EcallRequest<N>): Promise<EcallResponse<N>>;
};

/** Two files of the home. */
export type SealedFiles = {
  loadRegistration(): Uint8Array | undefined;
  saveRegistration(sealed: Uint8Array): void;
  loadNetwork(): Uint8Array | undefined;
  saveNetwork(sealed: Uint8Array): void;
};

export type JoinStep = "keys" | "evidence" | "registration" | "seed";

const SEED_QUERY = "/secret.registration.v1beta1.Query/EncryptedSeed";
const SeedRequest = message("secret.registration.v1beta1.QueryEncryptedSeedRequest", { pubKey: field(1, bytes) });
const SeedResponse = message("secret.registration.v1beta1.QueryEncryptedSeedResponse", {
  encryptedSeed: field(1, bytes),
});

const OWNER_LABEL = utf8ToBytes("reg-owner/v1");
/** Verification of evidence inside, and ten units for each byte of it. */
const GAS = { fixed: 1_000_000n, eachByte: 12n } as const;
const POLL_MS = 100;
const WAIT_MS = 60_000;
/** A transaction of this account is on its way (sdk/32); the next block knows. */
const WRONG_SEQUENCE = 32;

/**
 * Ends when the enclave has the network's seeds and their sealed record is in the home.
 * @throws {NodeError} Refused with the network's sentence; {PeerError}; {RefusedError} of the enclave
 */
export async function joinNetwork(deps: JoinDeps): Promise<void> {
  const { enclave, sealed, report } = deps;
  const kept = sealed.loadRegistration();
  const key = await enclave.call("registrationKey", { sealed: kept });
  sealed.saveRegistration(key.sealed);
  report("keys", `registration key ${bytesToHex(key.nodeKey)}${kept === undefined ? "" : " (from before)"}`);

  let seeds = await encryptedSeeds(deps.peer, key.nodeKey);
  if (seeds === undefined) {
    const height = await attest(deps, (evidence) =>
      report("evidence", `${evidence.length} bytes, owner ${bytesToHex(deps.validator.publicKey)}`),
    );
    report("registration", `admitted in block ${height}`);
    seeds = await encryptedSeeds(deps.peer, key.nodeKey);
    if (seeds === undefined)
      throw new PeerError(PeerErrorCode.Nonsense, "the peer has the registration and not its outcome");
  } else report("registration", "this key was admitted before");

  const { sealed: network } = await enclave.call("importSeeds", { genesis: deps.genesisFile, encryptedSeeds: seeds });
  sealed.saveNetwork(network);
  report("seed", `opened by the enclave, which derives the keys that the genesis file names`);
}

/**
 * Registers the key that the enclave has, for the first time or again.
 * @returns height of the block that admitted it
 * @throws {NodeError} NotAdmitted; {PeerError}; {RefusedError}
 */
export async function attest(deps: AttestDeps, onEvidence: (evidence: Uint8Array) => void): Promise<number> {
  const evidence = await makeEvidence(deps);
  onEvidence(evidence);
  return register(deps, evidence);
}

/** Undefined for a key that the network did not admit. */
async function encryptedSeeds(peer: Peer, nodeKey: Uint8Array): Promise<Uint8Array | undefined> {
  const { code, value } = await peer.query(SEED_QUERY, SeedRequest.encode({ pubKey: nodeKey }));
  return code === 0 ? SeedResponse.decode(value).encryptedSeed : undefined;
}

/** Evidence dated by the peer's latest block and signed by the owner. */
async function makeEvidence(deps: AttestDeps): Promise<Uint8Array> {
  const { crypto, genesis, peer, validator } = deps;
  const { latestHeight } = await peer.status();
  const [block] = await peer.blocks(latestHeight, latestHeight);
  const blockHash = block === undefined ? undefined : headerHash(crypto, Header.decode(block.header));
  if (blockHash === undefined) throw new PeerError(PeerErrorCode.Nonsense, "the peer's latest block has no hash");
  const { evidence } = await deps.enclave.call("makeEvidence", {
    chainId: genesis.chainId,
    genesisHash: crypto.sha256(deps.genesisFile),
    owner: validator.publicKey,
    height: BigInt(latestHeight),
    blockHash,
    collateral: await deps.collateral(deps.nowSeconds()),
  });
  const signed = concatBytes(OWNER_LABEL, crypto.sha256(evidence));
  return addOwnerSignature(evidence, crypto.ed25519Sign(signed, validator.seed));
}

/** @returns height of the block that admitted the node */
async function register(deps: AttestDeps, evidence: Uint8Array): Promise<number> {
  const { crypto, peer, account, genesis } = deps;
  const end = deps.nowSeconds() + WAIT_MS / 1_000;
  for (;;) {
    const { code, log, value } = await peer.query(ACCOUNT_QUERY, encodeAccountRequest(account.text));
    if (code !== 0)
      throw refused(`the account ${account.text} does not exist on this network: send it some uscrt (${log})`);
    const tx = signTx(crypto, account, {
      chainId: genesis.chainId,
      ...decodeAccountResponse(value),
      messages: [packAny(RaAuthenticate, { sender: account.address, certificate: evidence, replaceMachineId: "" })],
      gasLimit: GAS.fixed + GAS.eachByte * BigInt(evidence.length),
    });
    const admission = await peer.broadcast(tx);
    if (admission.code === 0) return waitFor(deps, crypto.sha256(tx), end);
    if (admission.code !== WRONG_SEQUENCE || deps.nowSeconds() > end) throw refused(admission.log);
    await pause();
  }
}

async function waitFor({ peer, nowSeconds }: AttestDeps, hash: Uint8Array, end: number): Promise<number> {
  while (nowSeconds() < end) {
    const found = await peer.transaction(hash);
    if (found?.code === 0) return found.height;
    if (found !== undefined) throw refused(`${found.codespace}/${found.code}: ${found.log}`);
    await pause();
  }
  throw refused(
    `transaction ${bytesToHex(hash)} came into no block within ${WAIT_MS / 1_000} seconds; run the same command again`,
  );
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

function refused(reason: string): NodeError {
  return new NodeError(NodeErrorCode.NotAdmitted, `the network did not admit this node: ${reason}`);
}
