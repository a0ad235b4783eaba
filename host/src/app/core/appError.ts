/**
 * Errors of the application as clients see them: (codespace, code), a registered text and the texts that wrap it.
 *
 * One error has two printed forms (chain §0.1, §3.6): the log of a transaction or ABCI query prints the outermost text first
 * and the registered text last; gRPC prints the other way round.
 * @module
 */
import { CodedError } from "@sotto/common/errors";
import { findRegisteredText, registeredText } from "./errorRegistry.ts";

/** gRPC status numbers that handlers give. */
export const GrpcCode = {
  Ok: 0,
  Unknown: 2,
  InvalidArgument: 3,
  NotFound: 5,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
} as const;
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

const GRPC_NAMES: { readonly [code: number]: string } = {
  2: "Unknown",
  3: "InvalidArgument",
  5: "NotFound",
  8: "ResourceExhausted",
  9: "FailedPrecondition",
  11: "OutOfRange",
  12: "Unimplemented",
  13: "Internal",
  14: "Unavailable",
};

const PANIC_CODE = 111_222;

type Kind =
  /** Has a code of its own. */
  | { readonly is: "registered" }
  /** A text without a code: `undefined`/1. */
  | { readonly is: "plain" }
  /** Made by a query handler for gRPC. */
  | { readonly is: "status"; readonly grpc: GrpcCode }
  /** Stands for a Go panic: `undefined`/111222. */
  | { readonly is: "panic" };

export class AppError extends CodedError {
  override readonly name = "AppError";
  readonly #kind: Kind;
  readonly #text: string;
  /** Innermost first. */
  readonly #wraps: readonly string[];

  private constructor(kind: Kind, codespace: string, code: number, text: string, wraps: readonly string[]) {
    super(codespace, code, [...[...wraps].reverse(), text].filter((part) => part !== "").join(": "));
    this.#kind = kind;
    this.#text = text;
    this.#wraps = wraps;
  }

  /** @param inner what comes before the registered text */
  static registered(codespace: string, code: number, inner?: string): AppError {
    const wraps = inner === undefined ? [] : [inner];
    return new AppError({ is: "registered" }, codespace, code, registeredText(codespace, code), wraps);
  }

  static plain(text: string): AppError {
    return new AppError({ is: "plain" }, "undefined", 1, text, []);
  }

  static status(grpc: GrpcCode, text: string): AppError {
    return new AppError({ is: "status", grpc }, "undefined", 1, text, []);
  }

  static panic(value: string): AppError {
    return new AppError({ is: "panic" }, "undefined", PANIC_CODE, "panic", [`recovered: ${value}`]);
  }

  /** An error that crossed the boundary as (codespace, code, whole log). */
  static fromLog(codespace: string, code: number, log: string): AppError {
    if (codespace === "undefined" && code === PANIC_CODE) {
      const [, value = ""] = /^recovered: (.*): panic$/s.exec(log) ?? [];
      return AppError.panic(value);
    }
    const text = findRegisteredText(codespace, code);
    if (text === undefined) return AppError.plain(log);
    if (log === text) return AppError.registered(codespace, code);
    const inner = log.endsWith(`: ${text}`) ? log.slice(0, -text.length - 2) : log;
    return AppError.registered(codespace, code, inner);
  }

  /** The same error inside another text; a panic passes all that would wrap it. */
  wrap(outer: string): AppError {
    if (this.#kind.is === "panic") return this;
    return new AppError(this.#kind, this.codespace, this.code, this.#text, [...this.#wraps, outer]);
  }

  /** The log of a failed transaction. */
  get log(): string {
    if (this.#kind.is !== "status") return this.message;
    const text = `rpc error: code = ${GRPC_NAMES[this.#kind.grpc]} desc = ${this.#text}`;
    return [...[...this.#wraps].reverse(), text].join(": ");
  }

  /** What a failed ABCI query answers (chain §3.6, ABCI shape). */
  get abciQuery(): { readonly codespace: string; readonly code: number; readonly log: string } {
    const code = this.#abciQueryCode();
    return { codespace: "sdk", code, log: `${this.log}: ${registeredText("sdk", code)}` };
  }

  #abciQueryCode(): number {
    if (this.#kind.is === "plain") return 18;
    if (this.#kind.is !== "status") return 6;
    if (this.#kind.grpc === GrpcCode.NotFound) return 22;
    const invalid = this.#kind.grpc === GrpcCode.InvalidArgument || this.#kind.grpc === GrpcCode.FailedPrecondition;
    return invalid ? 18 : 6;
  }

  /** What a failed query answers over gRPC and REST (chain §3.6, gRPC shape). */
  get grpc(): { readonly code: GrpcCode; readonly message: string } {
    const [first] = this.#wraps;
    switch (this.#kind.is) {
      case "status":
        return { code: this.#kind.grpc, message: this.#text };
      case "panic":
        return { code: GrpcCode.Internal, message: first?.slice("recovered: ".length) ?? "" };
      case "plain":
        // Quirk: inside a wrapper the plain text itself is lost.
        return { code: GrpcCode.Unknown, message: first === undefined ? this.#text : this.#wraps.join(": ") };
      default: {
        const texts = [this.#text, ...this.#wraps].join(": ");
        return { code: GrpcCode.Unknown, message: `codespace ${this.codespace} code ${this.code}: ${texts}` };
      }
    }
  }
}

/** An error of codespace `sdk`. */
export function sdkError(code: number, inner?: string): AppError {
  return AppError.registered("sdk", code, inner);
}
