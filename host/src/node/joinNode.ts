/**
 * Joining, wired: the home, the first peer that answers, the executor's enclave.
 * @module
 */
import { bytesToHex } from "@sotto/common/bytes";
import { makePeer, type Peer } from "../peer/peer.ts";
import { PeerError, PeerErrorCode } from "../peer/peerError.ts";
import type { Executor } from "./executor.ts";
import type { JoiningExecutor } from "./executorThread.ts";
import type { Genesis } from "./genesis.ts";
import type { HomePaths } from "./home.ts";
import { makeHostCrypto } from "./hostCrypto.ts";
import { type JoinEnclave, joinNetwork } from "./join.ts";
import { type JoinOptions, prepareJoin, sealedFiles } from "./joinHome.ts";
import { loadNodeAccount } from "./nodeAccount.ts";
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

/** Does nothing in a home that has its seeds. */
export async function joinWith(
  executor: Remote<Executor & JoiningExecutor>,
  paths: HomePaths,
  join: JoinOptions,
  prepared: PreparedJoin,
): Promise<void> {
  const sealed = sealedFiles(paths);
  if (sealed.loadNetwork() !== undefined) {
    join.report("seed", "this home has joined before");
    return;
  }
  const peer = await firstPeer(join.peers, prepared.genesis.chainId);
  try {
    await joinNetwork({
      ...prepared,
      peer,
      crypto,
      validator: loadValidatorKey(paths.validatorKey, crypto),
      account: loadNodeAccount(paths.nodeAccount, crypto),
      enclave: { call: (name, request) => executor.ecall(name, request) } as JoinEnclave,
      collateral: (nowSeconds) => executor.collateral(nowSeconds),
      nowSeconds: () => Math.floor(Date.now() / 1_000),
      sealed,
      report: join.report,
    });
  } finally {
    peer.close();
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
