/**
 * The home of a node that joins: what is put there first, and whether it is the home that it was.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { bytesToUtf8 } from "@sotto/common/bytes";
import type { Crypto } from "@sotto/common/crypto/crypto";
import { type Genesis, parseGenesis } from "./genesis.ts";
import { describeFileError, type HomePaths, readFileIfAny, writeFileDurably } from "./home.ts";
import type { JoinStep, SealedFiles } from "./join.ts";
import { loadNodeAccount, saveNodeAccount } from "./nodeAccount.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { writeNodeFile } from "./nodeFile.ts";
import { sealedFile } from "./sealedFile.ts";
import type { AccountKey } from "./signTx.ts";

export type JoinRequest = {
  /** URLs of CometBFT RPCs; remembered in the home. */
  readonly peers: readonly string[];
  /** Path of the genesis file, which comes from somebody whom the operator trusts. */
  readonly genesisPath: string;
  /** Pays for the registration; without one the account of the home. */
  readonly account: AccountKey | undefined;
};

/** Makes the home one that follows, and registers its enclave, before the node starts. */
export type JoinOptions = JoinRequest & { readonly report: (step: "home" | JoinStep, text: string) => void };

/** Writes genesis file, peers and account into the home. @throws {NodeError} if the home is another network's */
export function prepareJoin(
  paths: HomePaths,
  request: JoinRequest,
  crypto: Crypto,
): { readonly genesis: Genesis; readonly genesisFile: Uint8Array } {
  const { genesis, genesisFile } = readGenesis(request.genesisPath);
  const text = bytesToUtf8(genesisFile);
  const own = readFileIfAny(paths.genesis);
  if (own !== undefined && own !== text) {
    const { chainId } = parseGenesis(own, paths.genesis);
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the home ${paths.root} belongs to another network (${chainId}, with another genesis file); choose another folder with --home`,
    );
  }
  if (own !== undefined && !existsSync(paths.nodeFile)) {
    throw new NodeError(
      NodeErrorCode.WrongNetwork,
      `the home ${paths.root} is that of a first node, which makes the blocks of its network itself; choose another folder with --home`,
    );
  }
  // In this order: a home with a genesis file and without peers is a first node's.
  writeNodeFile(paths.nodeFile, request);
  if (own === undefined) writeFileDurably(paths.genesis, text);
  if (request.account !== undefined) saveNodeAccount(paths.nodeAccount, request.account);
  else loadNodeAccount(paths.nodeAccount, crypto);
  return { genesis, genesisFile };
}

/** @throws {NodeError} BadConfiguration, HomeNotUsable */
export function readGenesis(path: string): { readonly genesis: Genesis; readonly genesisFile: Uint8Array } {
  const genesisFile = readGenesisFile(path);
  return { genesis: parseGenesis(bytesToUtf8(genesisFile), path), genesisFile };
}

function readGenesisFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT")
      throw new NodeError(NodeErrorCode.BadConfiguration, `there is no genesis file ${path}`);
    throw describeFileError(error, `cannot read ${path}`);
  }
}

export function sealedFiles(paths: HomePaths): SealedFiles {
  const registration = sealedFile(paths.sealedRegistration);
  const network = sealedFile(paths.sealedNetwork);
  return {
    loadRegistration: registration.load,
    loadNetwork: network.load,
    saveRegistration: registration.save,
    saveNetwork: network.save,
  };
}
