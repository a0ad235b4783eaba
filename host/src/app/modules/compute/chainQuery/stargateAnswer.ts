/**
 * Queries of the chain's own services (contracts §5.7): those that the enclave let through, by the routes that clients have.
 * @module
 */
import { base64ToBytes } from "@sotto/common/bytes";
import type { JsonObject } from "@sotto/common/json";
import type { Context } from "../../../core/context.ts";
import type { QueryRouter } from "../../../core/queryRouter.ts";
import { textOf } from "./chainAnswer.ts";

export type StargateAnswer =
  | { readonly kind: "ok"; readonly value: Uint8Array }
  | { readonly kind: "unsupported"; readonly value: { readonly what: string } };

/** @returns the protobuf response @throws {AppError}; {OutOfGas} */
export function answerStargate(queries: QueryRouter, context: Context, fields: JsonObject): StargateAnswer {
  const path = textOf(fields, "path");
  const route = queries.find(path);
  if (route === undefined) return { kind: "unsupported", value: { what: `No route to query path '${path}'` } };
  return { kind: "ok", value: route.answer(context, base64ToBytes(textOf(fields, "data"))) };
}
