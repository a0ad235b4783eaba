/**
 * Arguments of RPC methods: of a URI, quoted or bare; of JSON-RPC, an object or an array (chain §8.1).
 * @module
 */
import { fromBase64, goQuote } from "../json/text.ts";
import { RpcError, RpcErrorCode } from "./rpcError.ts";

/** `bytes` is base64 in JSON; `hex` is hex without prefix there; in a URI both are `0x…` or quoted text. */
export type ParamType = "integer" | "boolean" | "string" | "bytes" | "hex";
export type ParamTypes = Readonly<Record<string, ParamType>>;

type ValueOf<T extends ParamType> = T extends "integer"
  ? bigint
  : T extends "boolean"
    ? boolean
    : T extends "string"
      ? string
      : Uint8Array;
/** Each argument, or undefined where it is missing. */
export type Params<P extends ParamTypes> = { readonly [K in keyof P]: ValueOf<P[K]> | undefined };

function refuse(name: string, expected: string): never {
  throw new RpcError(RpcErrorCode.InvalidParams, `error converting json params to arguments: ${name}: ${expected}`);
}

function parseInteger(name: string, text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) refuse(name, `invalid 64-bit integer encoding ${goQuote(text)}, expected string`);
  const value = BigInt(text);
  return value === BigInt.asIntN(64, value) ? value : refuse(name, "value out of range");
}

function parseHex(name: string, text: string): Uint8Array {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) refuse(name, "expected hex digits");
  return new Uint8Array(Buffer.from(text, "hex"));
}

function parseJsonValue(name: string, type: ParamType, value: unknown): unknown {
  switch (type) {
    case "integer":
      if (typeof value === "string") return parseInteger(name, value);
      return Number.isSafeInteger(value) ? BigInt(value as number) : refuse(name, "expected an integer in a string");
    case "boolean":
      return typeof value === "boolean" ? value : refuse(name, "expected a boolean");
    case "string":
      return typeof value === "string" ? value : refuse(name, "expected a string");
    case "hex":
      return typeof value === "string" ? parseHex(name, value.replace(/^0x/, "")) : refuse(name, "expected hex");
    case "bytes": {
      const bytes = typeof value === "string" ? fromBase64(value) : undefined;
      return bytes instanceof Uint8Array ? bytes : refuse(name, "expected base64");
    }
  }
}

function unquote(text: string): string | undefined {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : undefined;
}

function parseUriValue(name: string, type: ParamType, text: string): unknown {
  const quoted = unquote(text);
  switch (type) {
    case "integer":
      return parseInteger(name, quoted ?? text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : refuse(name, "expected true or false");
    case "string":
      if (quoted !== undefined) return quoted;
      return text.startsWith("0x")
        ? Buffer.from(parseHex(name, text.slice(2))).toString("utf8")
        : refuse(name, "expected a string in double quotes");
    default:
      if (quoted !== undefined) return new Uint8Array(Buffer.from(quoted, "utf8"));
      return text.startsWith("0x")
        ? parseHex(name, text.slice(2))
        : refuse(name, "expected 0x and hex digits, or text in double quotes");
  }
}

/** @throws {RpcError} InvalidParams */
export function parseJsonParams<P extends ParamTypes>(types: P, params: unknown): Params<P> {
  if (params !== undefined && params !== null && typeof params !== "object") {
    throw new RpcError(RpcErrorCode.InvalidParams, "unknown type for JSON params: expected an object or an array");
  }
  const names = Object.keys(types);
  if (Array.isArray(params) && params.length > names.length) {
    throw new RpcError(RpcErrorCode.InvalidParams, `expected at most ${names.length} parameters, got ${params.length}`);
  }
  return readParams(types, (name, type, position) => {
    const members = (params ?? {}) as Readonly<Record<string, unknown>>;
    const value = Array.isArray(params) ? params[position] : Object.hasOwn(members, name) ? members[name] : undefined;
    return value === undefined || value === null ? undefined : parseJsonValue(name, type, value);
  });
}

/** @throws {RpcError} InvalidParams */
export function parseUriParams<P extends ParamTypes>(types: P, query: URLSearchParams): Params<P> {
  return readParams(types, (name, type) => {
    const text = query.get(name);
    return text === null || text === "" ? undefined : parseUriValue(name, type, text);
  });
}

function readParams<P extends ParamTypes>(
  types: P,
  read: (name: string, type: ParamType, position: number) => unknown,
): Params<P> {
  const values = Object.entries(types).map(([name, type], position) => [name, read(name, type, position)]);
  return Object.fromEntries(values) as Params<P>;
}
