/**
 * What a client of REST is told when a request fails: a gRPC status code and a text (clients §1.1, status map).
 * @module
 */
import { CodedError } from "@sotto/common/errors";

/** The status codes of gRPC, as far as answers carry them. */
export const GrpcCode = {
  /** The text of a handler's error without a kind of its own. */
  Unknown: 2,
  /** A parameter, a body or an address that cannot be read. */
  InvalidArgument: 3,
  /** A transaction, an account, a thing that the state does not have. */
  NotFound: 5,
  /** No such route, or no such method on it. */
  Unimplemented: 12,
  /** The handler failed. */
  Internal: 13,
  /** The server has more to do than it takes on. */
  Unavailable: 14,
} as const;
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

const HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [3, 400],
  [5, 404],
  [6, 409],
  [7, 403],
  [8, 429],
  [9, 400],
  [10, 409],
  [11, 400],
  [12, 501],
  [14, 503],
  [16, 401],
]);

/** Clients §1.1; all others are 500. */
export function httpStatusOf(grpcCode: number): number {
  return HTTP_STATUS.get(grpcCode) ?? 500;
}

/** A request failed; `code` is a gRPC status, which may come from a module. The message goes to the client as it is. */
export class ApiError extends CodedError {
  override readonly name = "ApiError";
  /** Where HTTP has a status of its own for the case (413, 408); else the one of the code. */
  readonly httpStatus: number;
  constructor(code: number, message: string, httpStatus: number = httpStatusOf(code)) {
    super("grpc", code, message);
    this.httpStatus = httpStatus;
  }
}

/** An `ApiError` for a value that the client sent. */
export function invalidArgument(message: string): ApiError {
  return new ApiError(GrpcCode.InvalidArgument, message);
}
