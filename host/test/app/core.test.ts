import { hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { InputError } from "@sotto/common/errors";
import { describe, expect, it } from "vitest";
import { parseGasPrices } from "../../src/app/admission.ts";
import { formatAddress, parseAddress } from "../../src/app/core/addresses.ts";
import { AppError, GrpcCode, sdkError } from "../../src/app/core/appError.ts";
import { Branch } from "../../src/app/core/branch.ts";
import { decimalToWire, roundHalfEven, validCoins } from "../../src/app/core/coins.ts";
import { GasMeter, infiniteGasMeter, OutOfGas } from "../../src/app/core/gas.ts";
import { strictCodec } from "../../src/app/core/genCodec.ts";
import { KvStore, prefixRange } from "../../src/app/core/kvStore.ts";
import { fillProposal } from "../../src/app/proposal.ts";
import { MsgSendSchema } from "../../src/proto/gen/cosmos/bank/v1beta1/tx_pb.ts";

const EMPTY = { get: () => undefined, iterate: () => [][Symbol.iterator]() };
const text = utf8ToBytes;

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("expected it to throw");
}

describe("store gas", () => {
  it("charges every access as the protocol's table says", () => {
    const gas = infiniteGasMeter();
    const store = new KvStore(new Branch(EMPTY), "s", gas);
    const cost = (work: () => unknown): bigint => {
      const before = gas.consumed;
      work();
      return gas.consumed - before;
    };
    expect(cost(() => store.get(text("key")))).toBe(103n);
    expect(cost(() => store.set(text("key"), text("value")))).toBe(200n + 5n * 8n);
    expect(cost(() => store.get(text("key")))).toBe(108n);
    expect(cost(() => store.has(text("key")))).toBe(100n);
    store.set(text("l"), text("w"));
    // Opened on the first (8 + 5), then a step from each of the two, and none at the end.
    expect(cost(() => [...store.iterate({})])).toBe(8n + 5n + (8n + 5n) + (2n + 5n));
    expect(cost(() => [...store.iterate({ start: text("x") })])).toBe(5n);
    expect(cost(() => store.delete(text("key")))).toBe(100n);
  });

  it("runs out where the next charge is, and remembers what was asked", () => {
    const gas = new GasMeter(104n);
    const store = new KvStore(new Branch(EMPTY), "s", gas);
    store.get(text("key"));
    const error = thrown(() => store.has(text("key")));
    expect(error).toBeInstanceOf(OutOfGas);
    expect((error as OutOfGas).location).toBe("Has");
    expect([gas.consumed, gas.consumedToLimit, gas.remaining]).toEqual([203n, 104n, 0n]);
  });

  it("ends a prefix range behind its last key", () => {
    expect(prefixRange(Uint8Array.of(1, 2)).end).toEqual(Uint8Array.of(1, 3));
    expect(prefixRange(Uint8Array.of(1, 255)).end).toEqual(Uint8Array.of(2));
    expect(prefixRange(Uint8Array.of(255)).end).toBeUndefined();
  });
});

describe("application errors", () => {
  it("print outermost first in logs, innermost first in gRPC", () => {
    const error = AppError.registered("compute", 3, "inner").wrap("failed to execute message; message index: 0");
    expect(error.log).toBe("failed to execute message; message index: 0: inner: execute contract failed");
    expect(error.grpc.message).toBe(
      "codespace compute code 3: execute contract failed: inner: failed to execute message; message index: 0",
    );
    expect(error.abciQuery).toMatchObject({ codespace: "sdk", code: 6 });
  });

  it("lose the text of a plain error inside a wrapper, over gRPC", () => {
    const error = AppError.plain("decoding bech32 failed");
    expect(error.grpc).toEqual({ code: GrpcCode.Unknown, message: "decoding bech32 failed" });
    expect(error.wrap("sender").grpc.message).toBe("sender");
    expect(error.wrap("sender").log).toBe("sender: decoding bech32 failed");
    expect([error.codespace, error.code]).toEqual(["undefined", 1]);
  });

  it("say the status in the ABCI shape", () => {
    const error = AppError.status(GrpcCode.NotFound, "account x not found");
    expect(error.abciQuery).toEqual({
      codespace: "sdk",
      code: 22,
      log: "rpc error: code = NotFound desc = account x not found: key not found",
    });
  });

  it("come back from the boundary as they were", () => {
    const error = sdkError(5, "spendable balance 0uscrt is smaller than 1uscrt");
    const back = AppError.fromLog(error.codespace, error.code, error.log);
    expect([back.log, back.grpc.message]).toEqual([error.log, error.grpc.message]);
    expect(AppError.fromLog("undefined", 1, "plain").log).toBe("plain");
  });
});

describe("addresses", () => {
  const good = formatAddress(new Uint8Array(20).fill(3));
  it.each([
    ["", "empty address string is not allowed"],
    ["secret", "decoding bech32 failed: invalid bech32 string length 6"],
    ["secretqqqqqqqq", "decoding bech32 failed: invalid separator index -1"],
    [`${good.slice(0, -1)}B`, "decoding bech32 failed: string not all lowercase or all uppercase"],
    [`${good.slice(0, -1)}b`, "decoding bech32 failed: invalid character not part of charset: 98"],
    [`${good.slice(0, -6)}qqqqqq`, `decoding bech32 failed: invalid checksum (expected ${good.slice(-6)} got qqqqqq)`],
    [
      "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh",
      "hrp does not match bech32 prefix: expected 'secret' got 'cosmos': internal logic error",
    ],
  ])("refuse %j", (address, log) => {
    const error = thrown(() => parseAddress(address));
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).log).toBe(log);
  });

  it("go to bytes and back", () => {
    expect(formatAddress(parseAddress(good))).toBe(good);
  });
});

describe("amounts", () => {
  it("are valid when sorted, unique and positive", () => {
    const coin = (denom: string, amount: string) => ({ denom, amount });
    expect(validCoins([coin("aaa", "1"), coin("bbb", "2")])).toEqual([
      { denom: "aaa", amount: 1n },
      { denom: "bbb", amount: 2n },
    ]);
    for (const coins of [
      [coin("bbb", "1"), coin("aaa", "1")],
      [coin("aaa", "1"), coin("aaa", "1")],
      [coin("aaa", "0")],
      [coin("aaa", "-1")],
      [coin("a", "1")],
      [coin("aaa", "1.5")],
      [coin("aaa", (1n << 256n).toString())],
    ]) {
      expect(validCoins(coins)).toBeUndefined();
    }
  });

  it("round half to even, as the price of code does", () => {
    const scaled = (value: string) => BigInt(decimalToWire(value));
    expect(["0.5", "1.5", "2.5", "2.51", "2.4"].map((value) => roundHalfEven(scaled(value)))).toEqual([
      0n,
      2n,
      2n,
      3n,
      2n,
    ]);
    expect(decimalToWire("0.8")).toBe("800000000000000000");
  });

  it("read gas prices", () => {
    expect(parseGasPrices("0.0125uscrt,1foo")).toEqual([
      { denom: "uscrt", amount: 12_500_000_000_000_000n },
      { denom: "foo", amount: 10n ** 18n },
    ]);
    expect(parseGasPrices("")).toEqual([]);
    expect(() => parseGasPrices("uscrt")).toThrow(/expected a number and a denom/);
  });
});

describe("proposals", () => {
  it("begin with the random, keep order and size, and drop its imitations", () => {
    const random = new Uint8Array(64);
    const tx = (length: number) => new Uint8Array(length).fill(10);
    const [a, b, big] = [tx(10), tx(20), tx(200)];
    expect(fillProposal(random, [a, Uint8Array.of(0, 1), b], 1_000)).toEqual([random, a, b]);
    // 66 for the random, 12 and 22 for the others.
    expect(fillProposal(random, [a, b], 100)).toEqual([random, a, b]);
    expect(fillProposal(random, [a, b], 99)).toEqual([random, a]);
    expect(fillProposal(random, [big, a], 200)).toEqual([random]);
  });
});

describe("chain §6.1: messages of modules as bytes", () => {
  const codec = strictCodec(MsgSendSchema);
  const read = (hex: string) => codec.decode(hexToBytes(hex.replaceAll(" ", "")));

  it("may have their fields in any order", () => {
    expect(read("1a060a01781201 31 0a0161")).toMatchObject({
      fromAddress: "a",
      amount: [{ denom: "x", amount: "1" }],
    });
  });

  it.each([
    ["an unknown field", "0a0161 2001", 'errUnknownField "cosmos.bank.v1beta1.MsgSend": {TagNum: 4}'],
    ["an unknown field in a message within", "1a022001", 'errUnknownField "cosmos.base.v1beta1.Coin": {TagNum: 4}'],
    ["a wrong wire type", "080161", /field 1: expected wire type 2, got 0/],
    ["a group in place of a text", "0b0161", /field 1: expected wire type 2, got 3/],
    ["a field beyond the end of its message", "1a020a05 7573637274", /expected 5 more bytes, got 0/],
    ["a field beyond the end of all", "0a05", /expected 5 more bytes, got 0/],
  ])("are none with %s", (_what, hex, text) => {
    const error = thrown(() => read(hex)) as InputError;
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(text);
  });
});
