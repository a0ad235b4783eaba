/**
 * Whole blocks (consensus §2.2).
 * @module
 */
import { Commit } from "./commit.ts";
import { Header } from "./header.ts";
import { always, bytes, type MessageOf, message, optional, repeated } from "./message.ts";

export const Data = message("tendermint.types.Data", {
  /** Raw transactions; in ours the first carries the block random (consensus §3.7). */
  txs: repeated(1, bytes),
});
export type Data = MessageOf<typeof Data>;

export const EvidenceList = message("tendermint.types.EvidenceList", {
  /** Encoded `Evidence` messages. Nothing here looks into them; only their hash counts. */
  evidence: repeated(1, bytes),
});
export type EvidenceList = MessageOf<typeof EvidenceList>;

export const Block = message("tendermint.types.Block", {
  header: always(1, Header),
  data: always(2, Data),
  evidence: always(3, EvidenceList),
  /** At the initial height present but empty: `Commit.zero`. */
  lastCommit: optional(4, Commit),
});
export type Block = MessageOf<typeof Block>;
