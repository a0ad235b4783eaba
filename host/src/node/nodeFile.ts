/**
 * `node.json` of a home: that its node follows, and whom.
 * @module
 */
import { readFileIfAny, writeFileDurably } from "./home.ts";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

export type NodeFile = {
  /** URLs of CometBFT RPCs, in the order in which they are asked. */
  readonly peers: readonly string[];
};

/** Undefined for a home whose node makes its blocks itself. @throws {NodeError} BadConfiguration */
export function readNodeFile(path: string): NodeFile | undefined {
  const text = readFileIfAny(path);
  if (text === undefined) return undefined;
  try {
    const { peers } = JSON.parse(text) as { peers?: unknown };
    if (Array.isArray(peers) && peers.length > 0 && peers.every((peer) => typeof peer === "string")) return { peers };
  } catch {
    // told below
  }
  throw new NodeError(NodeErrorCode.BadConfiguration, `${path}: expected {"peers":["http://HOST:PORT"]}`);
}

export function writeNodeFile(path: string, { peers }: NodeFile): void {
  writeFileDurably(path, `${JSON.stringify({ peers }, null, 2)}\n`);
}
