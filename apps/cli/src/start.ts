/**
 * Running a node in this process: `sotto start`, and the last step of `sotto join`. A banner for people, a line for each transaction.
 * @module
 */
import { readFileSync } from "node:fs";
import { addressFromBytes, formatAddress } from "@sotto/common/address";
import { decodeBech32 } from "@sotto/common/bech32";
import { bytesToHex, tryBytesToUtf8 } from "@sotto/common/bytes";
import { ContractInfo } from "@sotto/common/wire/compute";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { isBootTransaction } from "@sotto/host/node/bootTransaction";
import type { ExecutedBlock } from "@sotto/host/node/executor";
import type { JoinOptions } from "@sotto/host/node/joinHome";
import { startNode } from "@sotto/host/node/node";
import type { NodeOptions, RunningNode } from "@sotto/host/node/serveNode";
import { formatTransactionLine } from "@sotto/host/node/transactionLine";
import type { NodeFlags, StartFlags } from "./options.ts";
import { out, warn } from "./output.ts";

export const BUNDLE = new URL("../../../enclave/bundle/enclave.cjs", import.meta.url);

/** Of a follower, which makes no blocks. */
const NO_CLOCK = { collect: 0, blockInterval: 0 } as const;

const STEPS: Readonly<Record<Parameters<JoinOptions["report"]>[0], string>> = {
  home: "1 home and genesis",
  keys: "2 keys",
  evidence: "3 collateral and evidence",
  registration: "4 registration",
  seed: "5 seed",
};

/** One of the steps into a network. */
export function printStep(step: keyof typeof STEPS, text: string): void {
  out(`${STEPS[step]}: ${text}`);
  if (step === "seed") out("6 catching up, then 7 following: the node starts");
}

/** @param execute as `startNode` takes it */
export function start(flags: StartFlags, execute?: Parameters<typeof startNode>[2]): Promise<void> {
  return runNode(flags, undefined, execute);
}

/** Runs until a signal comes or the node stops by itself. @throws {Error} why it stopped */
export async function runNode(
  flags: NodeFlags & Partial<Pick<StartFlags, "chainId" | "executionOrder" | "peer" | "collect" | "blockInterval">>,
  join: JoinOptions | undefined,
  execute?: Parameters<typeof startNode>[2],
): Promise<void> {
  let node: RunningNode | undefined;
  let stopping = false;
  /** What joins may be waiting for another node. */
  let isJoining = join !== undefined;
  let starting: Promise<void> | undefined;
  let progress: ReturnType<typeof setInterval> | undefined;
  const stopped = new Promise<Error | undefined>((resolve) => {
    const stop = (): void => resolve(undefined);
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    starting = run(resolve);
  });

  async function run(fail: (error: Error) => void): Promise<void> {
    try {
      const events = {
        onBlock: (block: ExecutedBlock) => printBlock(node, block),
        onPeer: warn,
        onRejoin: (...step: Parameters<typeof printStep>) => {
          isJoining = true;
          printStep(...step);
        },
        onFailure: fail,
        onInternalError: (error: unknown) =>
          warn(`internal error: ${error instanceof Error ? error.message : String(error)}`),
      };
      node = await startNode({ ...nodeOptions(flags), ...events }, join, execute);
      if (stopping) return;
      printBanner(node, flags);
      if (node.status.role === "follower") progress = reportProgress(node);
    } catch (error) {
      fail(error as Error);
    }
  }

  const failure = await stopped;
  stopping = true;
  if (isJoining && node === undefined && failure === undefined) {
    // Every step of it is safe against being killed.
    out("stopped; the same command goes on where this ended");
    process.exit(0);
  }
  // A signal may come during the start: what that opens has to be closed.
  await starting;
  clearInterval(progress);
  await node?.close();
  if (failure !== undefined) throw failure;
  out("stopped; the next start continues here");
}

function nodeOptions(
  flags: Parameters<typeof runNode>[0],
): Omit<NodeOptions, "onBlock" | "onPeer" | "onRejoin" | "onFailure" | "onInternalError"> {
  const { home, rest, rpc, enclave, platform, keepHeights, chainId, executionOrder, peer = [] } = flags;
  const { collect: collectMs, blockInterval: intervalMs } = { ...NO_CLOCK, ...flags };
  const bundle = new Uint8Array(readFileSync(BUNDLE));
  const network = { chainId, executionOrder };
  return { home, rest, rpc, enclave, platform, keepHeights, ...network, peers: peer, bundle, collectMs, intervalMs };
}

const PROGRESS_MS = 1_000;

/** A line a second until the node is where its network is. */
function reportProgress(node: RunningNode): ReturnType<typeof setInterval> {
  const timer = setInterval(() => {
    const { height, tip } = node.progress();
    if (node.backend.isCatchingUp) {
      out(`catching up: block ${height} of ${tip === height ? "?" : tip}`);
      return;
    }
    out(`following at height ${height}`);
    clearInterval(timer);
  }, PROGRESS_MS);
  return timer;
}

function printBanner(node: RunningNode, flags: NodeFlags): void {
  const { status } = node;
  const isFollower = status.role === "follower";
  const doing = status.isNew
    ? "made a new network"
    : `${isFollower ? "follows" : "continues"} at height ${status.latestHeight}`;
  out(`
sotto ${doing}: ${status.chainId}, denom uscrt

  REST         ${node.restUrl}
  RPC          ${node.rpcUrl}
  state        ${node.paths.root}
  enclave      ${bytesToHex(status.measurement)} (${flags.enclave})
  platform     ${flags.platform === "sim" ? "sim, INSECURE: it protects nothing from whoever runs this machine" : flags.platform}
${status.keepsSecrets ? "" : noSecretsLine(flags.platform, isFollower)}${isFollower ? `  validator    ${bytesToHex(status.validator.address).toUpperCase()}, which signs nothing here\n` : accountLines()}`);
}

function noSecretsLine(platform: string, isFollower: boolean): string {
  const then = isFollower
    ? "each start attests again, and needs a peer for it"
    : "this network ends when this node stops";
  return `  restart      platform ${platform} keeps no secrets: ${then}\n`;
}

function accountLines(): string {
  const lines = DEVELOPMENT_ACCOUNTS.map(
    ({ name, address, mnemonic }) => `  ${name.padEnd(12)} ${address}\n               ${mnemonic}\n`,
  );
  return `
  Accounts with 1,000,000,000,000 SCRT each. Their keys are PUBLIC: never use them anywhere else.
${lines.join("")}`;
}

/** A contract keeps its label, so one look into the state is enough; few contracts run, those of one start fit in memory. */
const labels = new Map<string, string>();
const MAX_LABELS = 1_000;

function labelOf(node: RunningNode, contract: string): string | undefined {
  const known = labels.get(contract);
  if (known !== undefined) return known;
  const view = node.store.latest();
  try {
    const { data } = decodeBech32(contract);
    const info = view.get("compute", Uint8Array.of(2, ...data));
    if (info === undefined) return undefined;
    const { label } = ContractInfo.decode(info);
    if (labels.size < MAX_LABELS) labels.set(contract, label);
    return label;
  } catch {
    return undefined;
  } finally {
    view.release();
  }
}

/** All lines of a block in one write: a write costs more than what it carries. */
function printBlock(node: RunningNode | undefined, { block, results, prints }: ExecutedBlock): void {
  // The past of a network that others made is no news.
  if (node === undefined || node.backend.isCatchingUp) return;
  const lines: string[] = [];
  for (const [position, tx] of block.transactions.entries()) {
    const result = results.results[position];
    if (position === 0 || result === undefined || isBootTransaction(tx)) continue;
    const line = { height: block.height, tx, result, labelOf: (contract: string) => labelOf(node, contract) };
    lines.push(formatTransactionLine(line));
  }
  for (const { contract, message } of prints) {
    const text = tryBytesToUtf8(message);
    lines.push(
      `  debug_print ${formatAddress(addressFromBytes(contract))}: ${text === undefined ? bytesToHex(message) : JSON.stringify(text)}`,
    );
  }
  if (lines.length > 0) out(lines.join("\n"));
}
