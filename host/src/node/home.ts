/**
 * The home folder of a node: its files, how they are created and read, and the lock that keeps a second node out.
 *
 *     genesis.json                  the network; the copy in the state store decides
 *     validator-key.json            ed25519 seed of the one validator
 *     node-account.key              secp256k1 key of the node's own account
 *     node.json                     the peers of a node that follows
 *     insecure-sim-machine.key      stands in for the processor's sealing key (platform sim)
 *     gramine/                      what runs inside SGX, with its signed manifest (platform sgx)
 *     collateral/                   collateral that the operator has fetched (platforms sgx and tdx)
 *     sealed/                       what the enclave keeps: seeds and last block; registration key
 *     data/state/, data/index/      LMDB: state and blocks; transaction index
 *     lock                          who runs here (`fileLock.ts`)
 * @module
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type FileLock, takeFileLock } from "./fileLock.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

export type HomePaths = {
  readonly root: string;
  readonly genesis: string;
  readonly validatorKey: string;
  readonly nodeAccount: string;
  readonly nodeFile: string;
  readonly machineSecret: string;
  readonly gramine: string;
  readonly collateral: string;
  readonly sealed: string;
  readonly sealedNetwork: string;
  readonly sealedRegistration: string;
  readonly data: string;
  readonly state: string;
  readonly index: string;
  readonly lock: string;
};

/** More than an empty database takes. */
const WRITE_TEST_BYTES = 65_536;

export function homePaths(root: string): HomePaths {
  return {
    root,
    genesis: join(root, "genesis.json"),
    validatorKey: join(root, "validator-key.json"),
    nodeAccount: join(root, "node-account.key"),
    nodeFile: join(root, "node.json"),
    machineSecret: join(root, "insecure-sim-machine.key"),
    gramine: join(root, "gramine"),
    collateral: join(root, "collateral"),
    sealed: join(root, "sealed"),
    sealedNetwork: join(root, "sealed", "network.sealed"),
    sealedRegistration: join(root, "sealed", "registration.sealed"),
    data: join(root, "data"),
    state: join(root, "data", "state"),
    index: join(root, "data", "index"),
    lock: join(root, "lock"),
  };
}

/** What a failed file operation means to a person. */
export function describeFileError(error: unknown, what: string): NodeError {
  const code = (error as { code?: string }).code ?? "unknown error";
  const reason =
    {
      EACCES: "no permission",
      EPERM: "not permitted",
      EROFS: "the file system is read-only",
      ENOSPC: "the disk is full",
      EFBIG: "a file size limit was reached",
      ENOTDIR: "a part of the path is a file",
    }[code] ?? code;
  return new NodeError(NodeErrorCode.HomeNotUsable, `${what}: ${reason}`, { cause: error });
}

/** Like `mkdir -p`. Node's own recursive mkdir says "no such file" where a read-only file system refuses. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Two starts at once: the other one made it.
    if (!existsSync(path)) throw error;
  }
}

/** Creates the folders and makes sure that they can be written to. @throws {NodeError} HomeNotUsable */
export function prepareHome(paths: HomePaths): void {
  try {
    for (const folder of [paths.root, paths.sealed, paths.state, paths.index]) makeFolder(folder);
  } catch (error) {
    throw describeFileError(error, `cannot create the home folder ${paths.root}`);
  }
  // The database's library ends the process when its first pages do not fit.
  const trial = join(paths.data, "write-test");
  try {
    writeFileSync(trial, new Uint8Array(WRITE_TEST_BYTES));
  } catch (error) {
    throw describeFileError(error, `cannot write to the home folder ${paths.root}`);
  } finally {
    rmSync(trial, { force: true });
  }
}

/** Writes a file so that after a crash either the old or the new content is there. */
export function writeFileDurably(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.new`;
  try {
    const file = openSync(temporary, "w", mode);
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch (error) {
    throw describeFileError(error, `cannot write ${path}`);
  }
}

/** The file's text, or undefined if there is none. @throws {NodeError} HomeNotUsable */
export function readFileIfAny(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw describeFileError(error, `cannot read ${path}`);
  }
}

/**
 * Takes the lock of a home: until it is given back, or the process ends, no other node or command opens the state, starts the home's
 * enclave or writes what that sealed.
 * @returns gives it back
 * @throws {NodeError} HomeInUse, HomeNotUsable
 */
export function lockHome(paths: HomePaths): () => void {
  let lock: FileLock;
  try {
    lock = takeFileLock(paths.lock);
  } catch (error) {
    throw describeFileError(error, `cannot lock the home folder ${paths.root}`);
  }
  if (lock.holder === undefined) return lock.release;
  throw new NodeError(
    NodeErrorCode.HomeInUse,
    `the home folder ${paths.root} is in use by process ${lock.holder}; stop that node, or choose another folder with --home`,
  );
}
