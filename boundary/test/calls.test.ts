import { InputError, InputErrorCode } from "@sotto/common/errors";
import { describe, expect, it } from "vitest";
import { ecall, ocall, RefusedError, serveEcalls, serveOcalls } from "../src/calls.ts";
import { BoundaryError, BoundaryErrorCode } from "../src/errors.ts";
import { LIMITS } from "../src/messages.ts";

const refuse = (error: unknown) =>
  error instanceof InputError || error instanceof BoundaryError
    ? error
    : new InputError(InputErrorCode.Malformed, "failed");

describe("calls", () => {
  it("bring a request to its handler and the answer back", () => {
    const serve = serveEcalls(
      { endTransaction: (request: unknown) => expect(request).toEqual({ transaction: 3, kept: false }) } as never,
      refuse,
    );
    expect(ecall(serve, "endTransaction", { transaction: 3, kept: false })).toEqual({});
    const answer = serveOcalls({ readStore: ({ key }: { key: Uint8Array }) => ({ value: key }) } as never, refuse);
    expect(ocall(answer, "readStore", { key: Uint8Array.of(1, 2) })).toEqual({ value: Uint8Array.of(1, 2) });
  });

  it("bring a refusal back with its code", () => {
    const fail = () => {
      throw new InputError(InputErrorCode.OutOfRange, "too much");
    };
    const attempt = () => ecall(serveEcalls({ endBlock: fail } as never, refuse), "endBlock", {});
    expect(attempt).toThrow(RefusedError);
    expect(attempt).toThrow(
      expect.objectContaining({ codespace: "input", code: InputErrorCode.OutOfRange, message: "too much" }),
    );
  });

  it.each([
    ["no bytes", []],
    ["an unknown kind", [99]],
    ["a body that is too short", [5, 1]],
    ["a body that is too long", [7, 0]],
  ])("refuse %s", (_, request) => {
    const response = serveEcalls({} as never, refuse)(Uint8Array.from(request));
    expect(response[0]).toBe(1);
  });

  it.each([
    ["nothing", []],
    ["another status", [2]],
    ["a refusal cut short", [1, 3]],
    ["bytes behind the answer", [0, 0, 0, 0, 0, 1]],
  ])("do not take %s for an answer", (_, response) => {
    expect(() => ecall(() => Uint8Array.from(response), "endBlock", {})).toThrow(
      expect.objectContaining({ codespace: "boundary", code: BoundaryErrorCode.Malformed }),
    );
  });

  it("cut what a refusal says to what fits", () => {
    const fail = () => {
      throw new InputError(InputErrorCode.Malformed, "€".repeat(5_000));
    };
    expect(() => ecall(serveEcalls({ endBlock: fail } as never, refuse), "endBlock", {})).toThrow(RefusedError);
  });
});

describe("enclave §11.5, §11.6: limits of a call and of a block", () => {
  const EMPTY = new Uint8Array(0);
  const VALIDATOR = { address: new Uint8Array(20), publicKey: new Uint8Array(32), power: 1n };
  const before = { storeRoots: [], lastResults: [], moreResults: false };
  const block = { header: EMPTY, commit: EMPTY, validators: [], transactions: [], ...before };
  const serve = serveEcalls({ beginBlock: () => ({ rerun: false, order: [] }) } as never, refuse);

  it.each([
    ["header", { header: new Uint8Array(LIMITS.header + 1) }],
    ["commit", { commit: new Uint8Array(LIMITS.commit + 1) }],
    ["transaction", { transactions: [new Uint8Array(LIMITS.transactions + 1)] }],
    ["list of validators", { validators: new Array(LIMITS.validators + 1).fill(VALIDATOR) }],
  ])("refuse a %s that is too long, and take one that is just not", (_, change) => {
    const fits = { header: new Uint8Array(100_000), commit: new Uint8Array(100_000) };
    expect(ecall(serve, "beginBlock", { ...block, ...fits })).toEqual({ rerun: false, order: [] });
    expect(() => ecall(serve, "beginBlock", { ...block, ...change })).toThrow(
      expect.objectContaining({ code: BoundaryErrorCode.TooLong }),
    );
  });
});
