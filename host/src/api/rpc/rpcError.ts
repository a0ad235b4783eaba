/**
 * Errors of JSON-RPC as CometBFT answers them (chain §8.1).
 * @module
 */
import { CodedError } from "@sotto/common/errors";

export const RpcErrorCode = {
  /** The body is not JSON. */
  ParseError: -32700,
  /** JSON, but no request. */
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  /** An argument that does not have its type. */
  InvalidParams: -32602,
  /** Every error of a handler; the text is in `data`. */
  InternalError: -32603,
} as const;
export type RpcErrorCode = (typeof RpcErrorCode)[keyof typeof RpcErrorCode];

const TITLES: Readonly<Record<RpcErrorCode, string>> = {
  [RpcErrorCode.ParseError]: "Parse error. Invalid JSON",
  [RpcErrorCode.InvalidRequest]: "Invalid Request",
  [RpcErrorCode.MethodNotFound]: "Method not found",
  [RpcErrorCode.InvalidParams]: "Invalid params",
  [RpcErrorCode.InternalError]: "Internal error",
};

/** The message is what the client finds in `data`. */
export class RpcError extends CodedError<RpcErrorCode> {
  override readonly name = "RpcError";
  constructor(code: RpcErrorCode, data: string) {
    super("rpc", code, data);
  }

  /** The member `error` of an answer. */
  toJson(): { code: number; message: string; data?: string } {
    const title = { code: this.code, message: TITLES[this.code] };
    return this.message === "" ? title : { ...title, data: this.message };
  }
}

/** A handler's error with its text. */
export function failed(data: string): RpcError {
  return new RpcError(RpcErrorCode.InternalError, data);
}
