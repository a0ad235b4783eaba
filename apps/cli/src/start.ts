/**
 * `sotto start`: runs the node in this process, with a banner for people and a line for each transaction.
 * @module
 */
import { readFileSync } from "node:fs";
import { addressFromBytes, formatAddress } from "@sotto/common/address";
import { decodeBech32 } from "@sotto/common/bech32";
import { bytesToHex, tryBytesToUtf8 } from "@sotto/common/bytes";
import { ContractInfo } from "@sotto/common/wire/compute";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import type { ExecutedBlock } from "@sotto/host/node/executor";
import { startNode } from "@sotto/host/node/node";
import type { RunningNode } from "@sotto/host/node/serveNode";
import { formatTransactionLine } from "@sotto/host/node/transactionLine";
import type { StartFlags } from "./options.ts";

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const warn = (text: string): void => void process.stderr.write(`${text}\n`);

const BUNDLE = new URL("../../../enclave/bundle/enclave.cjs", import.meta.url);

export async function start(flags: StartFlags): Promise<void> {
  let node: RunningNode | undefined;
  let stopping = false;
  let starting: Promise<void> | undefined;
  const stopped = new Promise<Error | undefined>((resolve) => {
    const stop = (): void => resolve(undefined);
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    starting = run(resolve);
  });

  async function run(fail: (error: Error) => void): Promise<void> {
    try {
      node = await startNode({
        home: flags.home,
        chainId: undefined,
        peers: [],
        rest: flags.rest,
        rpc: flags.rpc,
        enclave: flags.enclave,
        bundle: new Uint8Array(readFileSync(BUNDLE)),
        collectMs: flags.collect,
        intervalMs: flags.blockInterval,
        keepHeights: flags.keepHeights,
        onBlock: (block) => printBlock(node, block),
        onPeer: warn,
        onFailure: fail,
        onInternalError: (error) => warn(`internal error: ${error instanceof Error ? error.message : String(error)}`),
      });
      if (!stopping) printBanner(node, flags);
    } catch (error) {
      fail(error as Error);
    }
  }

  const failure = await stopped;
  stopping = true;
  // A signal may come during the start: what that opens has to be closed.
  await starting;
  await node?.close();
  if (failure !== undefined) throw failure;
  out("stopped; the next start continues here");
}

function printBanner(node: RunningNode, flags: StartFlags): void {
  const { status } = node;
  out(`
sotto ${status.isNew ? "made a new network" : `continues at height ${status.latestHeight}`}: ${status.chainId}, denom uscrt

  REST         ${node.restUrl}
  RPC          ${node.rpcUrl}
  state        ${node.paths.root}
  enclave      ${bytesToHex(status.measurement)} (${flags.enclave})
  platform     sim, INSECURE: it protects nothing from whoever runs this machine

  Accounts with 1,000,000,000,000 SCRT each. Their keys are PUBLIC: never use them anywhere else.
${DEVELOPMENT_ACCOUNTS.map(({ name, address, mnemonic }) => `  ${name.padEnd(12)} ${address}\n               ${mnemonic}`).join("\n")}
`);
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
  if (node === undefined) return;
  const lines: string[] = [];
  for (const [position, tx] of block.transactions.entries()) {
    const result = results.results[position];
    if (position === 0 || result === undefined) continue;
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
