/**
 * `cosmos.base.node.v1beta1.Service`: what the node was set to (chain §7.12).
 * @module
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  ConfigResponseSchema,
  Service,
  StatusResponseSchema,
} from "../../proto/gen/cosmos/base/node/v1beta1/query_pb.ts";
import { HeaderSchema } from "../../proto/gen/tendermint/types/types_pb.ts";
import { ApiError, GrpcCode } from "../apiError.ts";
import { implementService } from "./localMethod.ts";

/** `0.0125uscrt` with the 18 fraction digits that clients see. */
function formatGasPrice(price: string): string {
  const match = /^(\d+)(?:\.(\d{1,18}))?([a-z].*)$/.exec(price);
  return match === null ? price : `${match[1]}.${(match[2] ?? "").padEnd(18, "0")}${match[3]}`;
}

export const nodeService = implementService(Service, {
  config: async (backend) =>
    create(ConfigResponseSchema, {
      minimumGasPrice: formatGasPrice(backend.identity.minimumGasPrice),
      pruningKeepRecent: "0",
      pruningInterval: "0",
    }),
  status: async (backend) => {
    const block = backend.block(backend.latestHeight);
    if (block === undefined) throw new ApiError(GrpcCode.Unknown, "the node has no block yet");
    const header = fromBinary(HeaderSchema, block.header);
    return create(StatusResponseSchema, {
      earliestStoreHeight: BigInt(backend.earliestHeight),
      height: header.height,
      ...(header.time === undefined ? {} : { timestamp: header.time }),
      appHash: header.appHash,
      validatorHash: header.nextValidatorsHash,
    });
  },
});
