/**
 * Module compute: the thin bridge to the enclave (chain §2, design "Where the cut runs").
 * @module
 */
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { GenesisStateSchema } from "../../../proto/gen/secret/compute/v1beta1/genesis_pb.ts";
import { decimalToWire } from "../../core/coins.ts";
import type { Module } from "../../core/module.ts";
import { computeKeeper } from "./computeKeeper.ts";
import { computeMessages } from "./computeMessages.ts";
import { computeQueries } from "./computeQueries.ts";
import type { OcallDeps } from "./ocalls.ts";

export function makeComputeModule(deps: OcallDeps): Module {
  return {
    name: "compute",
    messages: computeMessages(deps),
    queries: computeQueries(deps),
    initGenesis: (context, genesis) => {
      const { params, codes, contracts } = fromJson(GenesisStateSchema, genesis as JsonValue);
      if (params === undefined) throw new RangeError("genesis of compute: expected params");
      if (codes.length > 0 || contracts.length > 0) {
        throw new RangeError("genesis of compute: codes and contracts cannot be imported yet");
      }
      const { compileCost, maxContractSize } = params;
      computeKeeper.setParams(context, { compileCost: decimalToWire(compileCost), maxContractSize });
    },
  };
}
