/**
 * Joining, and joining again, wired: the home, the first peer that answers, the executor's enclave.
 * @module
 */
import { existsSync } from "node:fs";
import { bytesToHex } from "@sotto/common/bytes";
import { makePeer, type Peer } from "../peer/peer.ts";
import { PeerError, PeerErrorCode } from "../peer/peerError.ts";
import type { ExecutorService } from "./executorService.ts";
import type { Genesis } from "./genesis.ts";
import type { HomePaths } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { type AttestDeps, type JoinEnclave, joinNetwork } from "./join.ts";
import { type JoinOptions, prepareJoin, readGenesis, sealedFiles } from "./joinHome.ts";
import { loadNodeAccount } from "./nodeAccount.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import type { Remote } from "./threadCalls.ts";
import { loadValidatorKey } from "./validatorKey.ts";

export type PreparedJoin = { readonly genesis: Genesis; readonly genesisFile: Uint8Array };

const crypto = makeHostCrypto();

/** @throws {NodeError}, if the home cannot join */
export function prepare(paths: HomePaths, join: JoinOptions): PreparedJoin {
  const prepared = prepareJoin(paths, join, crypto);
  const hash = bytesToHex(crypto.sha256(prepared.genesisFile));
  join.report("home", `${paths.root}, network ${prepared.genesis.chainId}, genesis ${hash}`);
  return prepared;
}

/** Does nothing in a home whose enclave can open its seeds. */
export async function joinWith(
  executor: Remote<ExecutorService>,
  paths: HomePaths,
  join: JoinOptions,
  prepared: PreparedJoin,
): Promise<void> {
  const keepsSecrets = await executor.keepsSecrets();
  const sealed = sealedFiles(paths);
  const hasJoined = sealed.loadNetwork() !== undefined;
  if (hasJoined && keepsSecrets) {
    join.report("seed", "this home has joined before");
    return;
  }
  const peer = await peerFor(join.peers, prepared.genesis.chainId, hasJoined);
  try {
    await joinNetwork({
      ...prepared,
      ...attestingParts(executor, paths),
      peer,
      // What another run of the enclave sealed opens never again: this run is a node of its own for the network.
      sealed: keepsSecrets ? sealed : { ...sealed, loadRegistration: () => undefined },
      report: join.report,
    });
  } finally {
    peer.close();
  }
}

/**
 * Brings a home that has joined back into its network, where the platform keeps no secrets over a restart (registration §5.5): its enclave
 * attests anew, as that of a new node on a known machine, and is given the seeds again. Elsewhere nothing happens.
 * @throws {NodeError} CannotReach, NotAdmitted
 */
export async function rejoin(
  executor: Remote<ExecutorService>,
  paths: HomePaths,
  peers: readonly string[],
  report: JoinOptions["report"],
): Promise<void> {
  // A home without the file has not begun to join.
  if (!existsSync(paths.genesis) || (await executor.keepsSecrets())) return;
  const prepared = readGenesis(paths.genesis);
  report("home", `${paths.root}, network ${prepared.genesis.chainId}; this platform keeps no secrets: attesting again`);
  const request = { peers, genesisPath: paths.genesis, account: undefined };
  await joinWith(executor, paths, { ...request, report }, prepared);
}

/** What both a first and a later registration take of this node. */
export function attestingParts(
  executor: Pick<Remote<ExecutorService>, "ecall" | "collateral">,
  paths: HomePaths,
): Omit<AttestDeps, "genesis" | "genesisFile" | "peer"> {
  return {
    crypto,
    validator: loadValidatorKey(paths.validatorKey, crypto),
    account: loadNodeAccount(paths.nodeAccount, crypto),
    enclave: { call: (name, request) => executor.ecall(name, request) } as JoinEnclave,
    collateral: (nowSeconds) => executor.collateral(nowSeconds),
    nowSeconds: () => Math.floor(Date.now() / 1_000),
  };
}

/** @param hasJoined before: then its operator has to be told why a peer is needed again */
async function peerFor(urls: readonly string[], chainId: string, hasJoined: boolean): Promise<Peer> {
  try {
    return await firstPeer(urls, chainId);
  } catch (error) {
    if (!hasJoined || !(error instanceof PeerError)) throw error;
    throw new NodeError(
      NodeErrorCode.CannotReach,
      `this platform keeps no secrets over a restart: a running member has to hand this node the network's seeds again, and none can be asked (${error.message}). Start one of its peers, or name another member with --peer URL; nothing in this home is lost`,
      { cause: error },
    );
  }
}

/** The first one that answers and is of the network. @throws {PeerError} of the last one */
async function firstPeer(urls: readonly string[], chainId: string): Promise<Peer> {
  let last: unknown;
  for (const url of urls) {
    const peer = makePeer(url);
    try {
      const { network } = await peer.status();
      if (network === chainId) return peer;
      throw new PeerError(PeerErrorCode.WrongNetwork, `it is of network ${network}, the genesis file of ${chainId}`);
    } catch (error) {
      peer.close();
      if (!(error instanceof PeerError)) throw error;
      last = new PeerError(error.code, `peer ${url}: ${error.message}`, { cause: error });
    }
  }
  throw last;
}
