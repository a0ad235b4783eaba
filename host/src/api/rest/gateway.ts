/**
 * From HTTP to a method of a service and back: the routes of all `google.api.http` annotations, compiled once.
 *
 * A request costs one walk down the tree of routes, the fields that it carries, and one compiled renderer.
 * @module
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  getOption,
  hasOption,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { http } from "../../proto/gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../../proto/gen/google/api/http_pb.ts";
import { makeRegistry } from "../../proto/registry.ts";
import { ApiError, GrpcCode, invalidArgument } from "../apiError.ts";
import type { NodeBackend } from "../backend.ts";
import { makeParseMessage } from "../json/parseMessage.ts";
import { makeRenderMessage } from "../json/renderMessage.ts";
import { cometService } from "./cometService.ts";
import type { LocalMethod } from "./localMethod.ts";
import { nodeService } from "./nodeService.ts";
import { makeRequestFields, type RequestFields } from "./requestFields.ts";
import { RouteTable } from "./routeTable.ts";
import { txService } from "./txService.ts";
import { parseQueryString } from "./urlText.ts";

export type GatewayRequest = {
  readonly httpMethod: string;
  /** Decoded segments of the path. */
  readonly segments: readonly string[];
  /** What follows `?`, as it came. */
  readonly query: string;
  /** 0 is the latest. */
  readonly height: number;
  readonly body: () => Promise<Buffer>;
};

/** `height` is the one answered from; none for what is no state. */
export type GatewayAnswer = { readonly json: string; readonly height: number | undefined };

type Route = {
  readonly grpcPath: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly fields: RequestFields;
  readonly pathNames: readonly string[];
  readonly hasBody: boolean;
  /** Answered here; without it, by the application. */
  readonly local: LocalMethod | undefined;
};

export type Gateway = (request: GatewayRequest) => Promise<GatewayAnswer>;

const LOCAL_SERVICES = [txService, cometService, nodeService];
/** Services that are answered here alone; a method that is not among them has no route, hence 501 as on any unknown path. */
const LOCAL_PREFIXES = ["/cosmos.tx.", "/cosmos.base."];

export function makeGateway(backend: NodeBackend): Gateway {
  const registry = makeRegistry();
  const render = makeRenderMessage(registry);
  const parse = makeParseMessage(registry);
  const routes = new RouteTable<Route>();
  const local = new Map(LOCAL_SERVICES.flatMap((service) => [...service]));
  const fieldCache = new Map<string, unknown>();

  const addRule = (rule: HttpRule, method: DescMethod): void => {
    const { pattern } = rule;
    const grpcPath = `/${method.parent.typeName}/${method.name}`;
    const localMethod = local.get(grpcPath);
    const isMissing = localMethod === undefined && LOCAL_PREFIXES.some((prefix) => grpcPath.startsWith(prefix));
    if ((pattern.case !== "get" && pattern.case !== "post") || isMissing) return;
    const pathNames: string[] = [];
    const route = {
      grpcPath,
      input: method.input,
      output: method.output,
      fields: makeRequestFields(method.input, fieldCache),
      pathNames,
      hasBody: rule.body === "*",
      local: localMethod,
    };
    pathNames.push(...routes.add(pattern.case.toUpperCase(), pattern.value, route));
    for (const binding of rule.additionalBindings) addRule(binding, method);
  };
  for (const type of registry) {
    if (type.kind !== "service") continue;
    for (const method of type.methods) if (hasOption(method, http)) addRule(getOption(method, http), method);
  }

  async function readRequest(route: Route, request: GatewayRequest, captured: readonly string[]): Promise<Message> {
    const message = route.hasBody ? parse(route.input, parseBody(await request.body())) : create(route.input);
    if (request.query !== "") route.fields.setQuery(message, parseQueryString(request.query));
    for (const [i, name] of route.pathNames.entries()) route.fields.setPath(message, name, captured[i] as string);
    return message;
  }

  return async (request) => {
    const match = routes.find(request.httpMethod, request.segments);
    if (match === undefined) throw new ApiError(GrpcCode.Unimplemented, "Not Implemented");
    const route = match.target;
    const message = await readRequest(route, request, match.captured);
    if (route.local !== undefined) {
      return { json: render(route.output, await route.local(backend, message)), height: undefined };
    }
    const data = toBinary(route.input, message);
    const answer = await backend.query({ path: route.grpcPath, data, height: request.height });
    if (answer.grpc.code !== 0) throw new ApiError(answer.grpc.code, answer.grpc.message);
    return { json: render(route.output, fromBinary(route.output, answer.value)), height: answer.height };
  };
}

function parseBody(body: Buffer): unknown {
  // A body is optional to the gateway; the method says what it misses.
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw invalidArgument("body: expected a JSON object");
  }
}
