/**
 * Methods that the server answers itself from what it knows of the node, instead of asking the application.
 * @module
 */
import type { DescMethodUnary, Message, MessageShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { NodeBackend } from "../backend.ts";

export type LocalMethod = (backend: NodeBackend, request: Message) => Promise<Message>;

type MethodsOf<S> = S extends GenService<infer M extends GenServiceMethods> ? M : never;
type Implementation<M extends GenServiceMethods> = {
  readonly [K in keyof M]?: M[K] extends {
    input: infer I extends DescMethodUnary["input"];
    output: infer O extends DescMethodUnary["output"];
  }
    ? (backend: NodeBackend, request: MessageShape<I>) => Promise<MessageShape<O>>
    : never;
};

/** The methods of a service by gRPC path; types hold each to its request and answer. */
export function implementService<M extends GenServiceMethods>(
  service: GenService<M>,
  methods: Implementation<MethodsOf<GenService<M>>>,
): ReadonlyMap<string, LocalMethod> {
  return new Map(
    Object.entries(methods).map(([name, method]) => {
      const desc = service.method[name as keyof M];
      return [`/${service.typeName}/${desc.name}`, method as LocalMethod];
    }),
  );
}
