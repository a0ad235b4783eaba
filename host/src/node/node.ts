/**
 * Starting a node: home and lock, then the executor's thread, and while that boots the rest of this one.
 * @module
 */
import { homePaths, lockHome, prepareHome } from "./home.ts";
import type { JoinOptions } from "./joinHome.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";
import { readNodeFile } from "./nodeFile.ts";
import type { NodeOptions, RunningNode } from "./serveNode.ts";
import { type Closers, startExecutor } from "./threads.ts";

const MONIKER = "sotto";

/**
 * Starts or continues the network of a home folder, or joins one.
 * @param execute starts the executor: in a thread of its own, except for tests
 * @throws {NodeError} with what is wrong and what to do; {PeerError} and {RefusedError} while joining
 */
export async function startNode(
  options: NodeOptions,
  join?: JoinOptions,
  execute: typeof startExecutor = startExecutor,
): Promise<RunningNode> {
  const paths = homePaths(options.home);
  prepareHome(paths);
  const closers: Closers = [lockHome(paths)];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const prepared = join === undefined ? undefined : (await import("./joinNode.ts")).prepare(paths, join);
    const { bundle, enclave, platform, keepHeights, chainId, executionOrder } = options;
    const peers = peersOf(paths.nodeFile, options.peers);
    const role = { kind: peers.length === 0 ? "solo" : "follower", chainId, executionOrder } as const;
    const moniker = MONIKER;
    const executor = execute({ paths, bundle, enclave, platform, role, moniker, keepHeights }, closers);
    const enter = async (): Promise<void> => {
      // Only who follows needs what joining takes.
      if (role.kind === "solo") return;
      const { joinWith, rejoin } = await import("./joinNode.ts");
      if (join !== undefined && prepared !== undefined) await joinWith(executor, paths, join, prepared);
      else await rejoin(executor, paths, peers, options.onRejoin);
    };
    const starting = enter().then(() => executor.status());
    // Waited for below; until then a failure is nobody's.
    starting.catch(() => undefined);
    const { serveNode } = await import("./serveNode.ts");
    return await serveNode(options, { paths, moniker, peers, executor, status: await starting, closers, close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** A home that joined a network remembers whom it follows; one that did not follows nobody. */
function peersOf(nodeFile: string, given: readonly string[]): readonly string[] {
  const remembered = readNodeFile(nodeFile)?.peers;
  if (remembered !== undefined) return given.length > 0 ? given : remembered;
  if (given.length === 0) return [];
  throw new NodeError(
    NodeErrorCode.BadConfiguration,
    "the node of this home makes its blocks itself and has no peers; `sotto join` makes a home that follows",
  );
}
