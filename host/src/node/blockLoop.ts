/**
 * Where a node's blocks come from and its clients' transactions go: *solo* makes the ones of the others, a follower neither.
 * @module
 */
import type { TxIntake } from "./makeBackend.ts";

export interface BlockLoop {
  readonly intake: TxIntake;
  readonly isCatchingUp: boolean;
  /** Nothing happens before. */
  start(): void;
  /** Resolves when nothing happens any more. */
  stop(): Promise<void>;
}
