/**
 * Queries by gRPC method path: the request is decoded, answered on one height's state, and encoded (chain §3).
 * @module
 */
import {
  create,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { CodedError } from "@sotto/common/errors";
import { AppError, GrpcCode } from "./appError.ts";
import type { Context } from "./context.ts";
import { decodeMessage } from "./genCodec.ts";

export type QueryRoute = {
  /** `/cosmos.bank.v1beta1.Query/Balance`. */
  readonly path: string;
  /** @throws {AppError} */
  answer(context: Context, data: Uint8Array): Uint8Array;
};

type Methods<S extends DescService> = S["method"];
type Handler<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (context: Context, request: MessageShape<I>) => MessageInitShape<O>
    : never;

/** Handlers by method name as generated (`balance`), for any part of a service. */
export type ServiceHandlers<S extends DescService> = { readonly [N in keyof Methods<S>]?: Handler<Methods<S>[N]> };

/** Routes for the methods of `service` that have a handler. */
export function serveQueries<S extends DescService>(service: S, handlers: ServiceHandlers<S>): QueryRoute[] {
  const byName = handlers as { readonly [name: string]: ((context: Context, request: unknown) => object) | undefined };
  return service.methods.flatMap((method) => {
    const handler = byName[method.localName];
    if (handler === undefined) return [];
    const answer = (context: Context, data: Uint8Array): Uint8Array => {
      const request = readRequest(() => decodeMessage(method.input, data));
      return toBinary(method.output, create(method.output, handler(context, request) as never));
    };
    return [{ path: `/${service.typeName}/${method.name}`, answer }];
  });
}

function readRequest<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CodedError) throw AppError.status(GrpcCode.Internal, error.message);
    throw error;
  }
}

export class QueryRouter {
  readonly #routes: ReadonlyMap<string, QueryRoute>;

  constructor(routes: readonly QueryRoute[]) {
    this.#routes = new Map(routes.map((entry) => [entry.path, entry]));
  }

  find(path: string): QueryRoute | undefined {
    return this.#routes.get(path);
  }
}
