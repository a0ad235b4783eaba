/**
 * Module consensus: the parameters of blocks (chain §7.5). Store `consensus`: `Consensus` → ConsensusParams.
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import { ConsensusParams } from "@sotto/common/wire/consensusParams";
import type { ConsensusParams as BlockLimits } from "../../abci/application.ts";
import { Query } from "../../proto/gen/cosmos/consensus/v1/query_pb.ts";
import { ConsensusParamsSchema } from "../../proto/gen/tendermint/types/params_pb.ts";
import { type Context, storeOf } from "../core/context.ts";
import { decodeOnce } from "../core/decodeOnce.ts";
import type { Module } from "../core/module.ts";
import { serveQueries } from "../core/queryRouter.ts";

const STORE = "consensus";
const KEY = utf8ToBytes("Consensus");
/** CometBFT's defaults for what the ABCI request of this node does not carry. */
const EVIDENCE = { maxAgeNumBlocks: 100_000n, maxAgeDuration: { seconds: 172_800n, nanos: 0 }, maxBytes: 1_048_576n };

const decodeParams = decodeOnce(ConsensusParams.decode);

export const consensusKeeper = {
  setLimits: (context: Context, { maxBytes, maxGas }: BlockLimits): void => {
    const params: ConsensusParams = {
      block: { maxBytes, maxGas },
      evidence: EVIDENCE,
      validator: { publicKeyTypes: ["ed25519"] },
      version: undefined,
      abci: undefined,
    };
    storeOf(context, STORE).set(KEY, ConsensusParams.encode(params));
  },
  /** Gas of one block; not positive: no limit. */
  maxGas: (context: Context): bigint =>
    decodeParams(storeOf(context, STORE).get(KEY) ?? EMPTY_BYTES).block?.maxGas ?? -1n,
} as const;

export function makeConsensusModule(): Module {
  return {
    name: "consensus",
    queries: serveQueries(Query, {
      params: (context) => ({
        params: fromBinary(ConsensusParamsSchema, storeOf(context, STORE).get(KEY) ?? EMPTY_BYTES),
      }),
    }),
  };
}
