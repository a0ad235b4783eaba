/**
 * Starting a node: home and lock, then the executor's thread, and while that boots the rest of this one.
 * @module
 */
import { homePaths, lockHome, prepareHome } from "./home.ts";
import type { NodeOptions, RunningNode } from "./serveNode.ts";
import { type Closers, startExecutor } from "./threads.ts";

const MONIKER = "sotto";

/** Starts or continues the network of a home folder. @throws {NodeError} with what is wrong and what to do */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const paths = homePaths(options.home);
  prepareHome(paths);
  const closers: Closers = [lockHome(paths)];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { bundle, enclave, keepHeights } = options;
    const executor = startExecutor({ paths, bundle, enclave, moniker: MONIKER, keepHeights }, closers);
    const starting = executor.status();
    // Waited for below; until then a failure is nobody's.
    starting.catch(() => undefined);
    const { serveNode } = await import("./serveNode.ts");
    return await serveNode(options, { paths, executor, status: await starting, closers, close });
  } catch (error) {
    await close();
    throw error;
  }
}
