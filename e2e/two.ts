/**
 * Two nodes of one network: the one that makes the blocks, and one that follows it.
 * @module
 */
import { expect } from "vitest";
import { eventually, type Sotto } from "./harness.ts";
import { ask } from "./network.ts";

type Result = Readonly<Record<string, unknown>>;

/** Asks a node's CometBFT RPC; undefined for what it has not. */
export async function rpc<T = Result>({ rpc: url }: Pick<Sotto, "rpc">, route: string): Promise<T | undefined> {
  const { body } = await ask(`${url}/${route}`);
  return (body as { result?: T }).result;
}

export async function heightOf(node: Pick<Sotto, "rpc">): Promise<number> {
  const status = await rpc<{ sync_info: { latest_block_height: string } }>(node, "status");
  return Number(status?.sync_info.latest_block_height ?? 0);
}

/** Waits until the node has a height and knows of nothing newer, for as long as it comes nearer. */
export async function reach(node: Sotto, height: number): Promise<number> {
  for (let at = await heightOf(node); at < height; ) {
    const before = at;
    at = await eventually(
      async () => {
        const now = await heightOf(node);
        return now > before ? now : undefined;
      },
      () => `height ${before + 1}:\n${node.output()}`,
    );
  }
  return eventually(
    async () => {
      const status = await rpc<{ sync_info: { latest_block_height: string; catching_up: boolean } }>(node, "status");
      const reached = Number(status?.sync_info.latest_block_height ?? 0);
      return status?.sync_info.catching_up === false && reached >= height ? reached : undefined;
    },
    () => `height ${height}:\n${node.output()}`,
  );
}

type BlockJson = { readonly block_id: unknown; readonly block: { readonly header: { readonly app_hash: string } } };

/** The same blocks, results and validators at every height from 1 on that both have. @returns the last one */
export async function expectSameChain(one: Sotto, other: Sotto, every = 1): Promise<number> {
  const last = Math.min(await heightOf(one), await heightOf(other));
  for (let height = 1; height <= last; height += every) {
    for (const route of [`block?height=${height}`, `block_results?height=${height}`, `validators?height=${height}`]) {
      const [here, there] = await Promise.all([rpc(one, route), rpc(other, route)]);
      expect(there, `${route}`).toEqual(here);
    }
  }
  const { block } = (await rpc<BlockJson>(one, `block?height=${last}`)) as BlockJson;
  expect(block.header.app_hash).toMatch(/^[0-9A-F]{64}$/);
  return last;
}
