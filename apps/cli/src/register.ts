/**
 * `sotto query register …` and `sotto tx register …`: who is registered, and the allow list (registration §1.6).
 * @module
 */
import { readFileSync } from "node:fs";
import { type Any, packAny } from "@sotto/common/wire/any";
import { MsgRemoveMachines, MsgUpdateMachineWhitelistProposal, MsgUpdatePolicy } from "@sotto/common/wire/registration";
import { makeHostCrypto } from "@sotto/host/node/hostCrypto";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import { signTx } from "@sotto/host/node/signTx";
import { readAccountKey } from "./keys.ts";
import { formatTable, out } from "./output.ts";
import { accountOf, broadcast, chainIdOf, get } from "./restClient.ts";

export type QueryFlags = { readonly url: string; readonly json?: true };
export type TxFlags = { readonly url: string; readonly from: string };

const BASE = "/sotto/registration/v1";
/** More than a network has. */
const PAGE = "pagination.limit=1000";

export async function queryNodes({ url, json }: QueryFlags): Promise<void> {
  const { nodes } = (await get(url, `${BASE}/nodes?${PAGE}`)) as { nodes: NodeJson[] };
  if (json === true) return show(nodes);
  if (nodes.length === 0) return out("no node has registered");
  out(
    formatTable([
      ["node key", "machine", "block"],
      ...nodes.map((node) => [node.node_key, node.machine_id, node.height]),
    ]),
  );
}

type NodeJson = {
  readonly node_key: string;
  readonly height: string;
  readonly machine_id: string;
  readonly encrypted_seed: string;
};

export async function queryNode(key: string, { url, json }: QueryFlags): Promise<void> {
  const { node } = (await get(url, `${BASE}/nodes/${encodeURIComponent(key.replace(/^0x/, ""))}`)) as {
    node: NodeJson;
  };
  if (json === true) return show(node);
  out(
    formatTable([
      ["node key", node.node_key],
      ["machine", node.machine_id],
      ["admitted in block", node.height],
      ["encrypted seed", Buffer.from(node.encrypted_seed, "base64").toString("hex")],
    ]),
  );
}

export async function queryMachines({ url, json }: QueryFlags): Promise<void> {
  type Machine = { readonly machine_id: string; readonly owner: string };
  const { machines } = (await get(url, `${BASE}/machines?${PAGE}`)) as { machines: Machine[] };
  if (json === true) return show(machines);
  if (machines.length === 0) return out("no machine is listed");
  out(
    formatTable([
      ["machine", "owner"],
      ...machines.map(({ machine_id, owner }) => [machine_id, owner === "" ? "(nobody yet)" : owner]),
    ]),
  );
}

export async function queryPolicy({ url }: QueryFlags): Promise<void> {
  const { policy } = (await get(url, `${BASE}/policy`)) as { policy: string };
  // Always a document that `sotto attest verify --policy` and `sotto tx register policy` take.
  out(policy === "" ? "the network has no policy and admits no nodes" : JSON.stringify(JSON.parse(policy), null, 2));
}

export async function queryParams({ url, json }: QueryFlags): Promise<void> {
  const { key } = (await get(url, "/registration/v1beta1/registration-key")) as { key: string };
  type Keys = Readonly<Record<"node_exch_key" | "io_exch_key", { readonly bytes: string }>>;
  const keys = JSON.parse(Buffer.from(key, "base64").toString("utf8")) as Keys;
  const shown = {
    chain_id: await chainIdOf(url),
    seed_exchange_key: keys.node_exch_key.bytes,
    io_exchange_key: keys.io_exch_key.bytes,
  };
  if (json === true) return show(shown);
  out(formatTable(Object.entries(shown).map(([name, value]) => [name.replaceAll("_", " "), value])));
}

export function allow(machines: string, flags: TxFlags): Promise<void> {
  return send(flags, (authority) =>
    packAny(MsgUpdateMachineWhitelistProposal, {
      authority,
      title: "machines",
      description: "added to the allow list",
      machineId: machineIds(machines),
    }),
  );
}

export function remove(machines: string, flags: TxFlags): Promise<void> {
  return send(flags, (authority) => packAny(MsgRemoveMachines, { authority, machineId: machineIds(machines) }));
}

export async function policy(file: string, flags: TxFlags): Promise<void> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    JSON.parse(text);
  } catch {
    throw new NodeError(NodeErrorCode.BadConfiguration, `expected a policy, a JSON document, in ${file}`);
  }
  await send(flags, (authority) => packAny(MsgUpdatePolicy, { authority, policy: text }));
}

function machineIds(text: string): string {
  const ids = text.split(",").map((id) => id.trim().replace(/^0x/, "").toLowerCase());
  if (ids.every((id) => /^[0-9a-f]{40}$/.test(id))) return ids.join(",");
  throw new NodeError(NodeErrorCode.BadConfiguration, "expected machine ids of 40 hex digits, separated by commas");
}

const GAS_LIMIT = 500_000n;

/** Signs, sends, waits for the block and says what came of it. @throws {NodeError} NotAdmitted, with the network's sentence */
async function send({ url, from }: TxFlags, makeMessage: (authority: string) => Any): Promise<void> {
  const key = await readAccountKey(from);
  const chainId = await chainIdOf(url);
  const account = await accountOf(url, key.text);
  const tx = signTx(makeHostCrypto(), key, {
    chainId,
    ...account,
    messages: [makeMessage(key.text)],
    gasLimit: GAS_LIMIT,
  });
  const { code, log, height, hash } = await broadcast(url, tx);
  if (code !== 0) throw new NodeError(NodeErrorCode.NotAdmitted, `the network refused it: ${log}`);
  out(`done in block ${height}: ${hash}`);
}

function show(value: unknown): void {
  out(JSON.stringify(value, null, 2));
}
