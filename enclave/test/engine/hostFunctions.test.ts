import { encodeBech32 } from "@sotto/common/bech32";
import { bytesToHex, concatBytes, u32be, utf8ToBytes } from "@sotto/common/bytes";
import { CodedError } from "@sotto/common/errors";
import { describe, expect, test } from "vitest";
import type { EngineCall, EngineOutcome } from "../../src/engine/engine.ts";
import { EngineError, EngineErrorCode } from "../../src/engine/engineError.ts";
import { contract, crypto, errorText, execute, newEngine, storeImports, type TestStore, used } from "./testContract.ts";

/** Where the regions of the arguments are, 16 bytes apart, and where results are put. */
const ARGUMENT_REGIONS = 256;
const ARGUMENT_DATA = 8192;
const RESULT_REGION = 512;

type Argument = Uint8Array | number;

/** A contract whose execute calls one import; its output is the 8 bytes of the result, or the data of a region in the low half. */
function probe(
  name: string,
  result: "i32" | "i64" | "none",
  args: readonly Argument[],
  output: "number" | "region",
): Uint8Array {
  const data: [number, Uint8Array][] = [];
  let at = ARGUMENT_DATA;
  const operands = args.map((argument, i) => {
    if (typeof argument === "number") return `i32.const ${argument}`;
    const region = ARGUMENT_REGIONS + 16 * i;
    data.push([region, new Uint8Array(Uint32Array.of(at, argument.length, argument.length).buffer)], [at, argument]);
    at += argument.length;
    return `i32.const ${region}`;
  });
  const toI64 = result === "i32" ? "i64.extend_i32_u" : result === "none" ? "i64.const 0" : "";
  const code = `${operands.join(" ")} call 0 ${toI64} local.set 3 i32.const ${RESULT_REGION + 64} local.get 3 i64.store
    ${output === "region" ? "local.get 3 i32.wrap_i64" : `i32.const ${RESULT_REGION}`}`;
  data.push([RESULT_REGION, new Uint8Array(Uint32Array.of(RESULT_REGION + 64, 8, 8).buffer)]);
  // Function indices move by the one import.
  return contract({
    imports: [["env", name, [args.map(() => "i32"), result === "none" ? [] : [result]]]],
    execute: code,
    locals: ["i64"],
    data,
  });
}

type Probe = {
  readonly outcome: EngineOutcome;
  readonly output: Uint8Array | undefined;
  readonly number: bigint | undefined;
  readonly gas: bigint;
};

function run(
  name: string,
  result: "i32" | "i64" | "none",
  args: readonly Argument[],
  options: { output?: "number" | "region"; call?: Partial<EngineCall> } = {},
): Probe {
  const code = probe(name, result, args, options.output ?? "number");
  const outcome = execute(newEngine(), code, options.call);
  const output = outcome.result.kind === "returned" ? outcome.result.output : undefined;
  const number = output?.length === 8 ? new DataView(output.slice().buffer).getBigUint64(0, true) : undefined;
  // What is not the import: 96 for arguments, and the body.
  const body = 2n * BigInt(args.length + 1 + (result === "i64" ? 0 : 1) + 4 + (options.output === "region" ? 2 : 1));
  return { outcome, output, number, gas: used(outcome, options.call?.gasLimit ?? 10_000_000_000n) - 96n - body };
}

describe("storage, contracts §2.3, enclave §11.4", () => {
  const key = utf8ToBytes("key");

  test("db_read gives null for what is not there, and the value otherwise", () => {
    const store: TestStore = new Map([
      [bytesToHex(key), utf8ToBytes("value")],
      ["65", new Uint8Array(0)],
    ]);
    const call = { imports: storeImports(store) };
    expect(run("db_read", "i32", [utf8ToBytes("other")], { call })).toMatchObject({ number: 0n, gas: 1000n });
    const found = run("db_read", "i32", [key], { call, output: "region" });
    expect(found.output).toEqual(utf8ToBytes("value"));
    expect(found.gas).toBe(1032n);
    expect(run("db_read", "i32", [utf8ToBytes("e")], { call, output: "region" }).output).toEqual(new Uint8Array(0));
  });

  test("db_write charges for each byte before it writes", () => {
    const store: TestStore = new Map();
    const call = { imports: storeImports(store) };
    expect(run("db_write", "none", [key, utf8ToBytes("0123456789")], { call }).gas).toBe(52_000n);
    expect(store.get(bytesToHex(key))).toEqual(utf8ToBytes("0123456789"));
    store.clear();
    const poor = run("db_write", "none", [key, utf8ToBytes("0123456789")], { call: { ...call, gasLimit: 51_000n } });
    expect(errorText(poor.outcome)).toBe("execution ran out of gas");
    expect(poor.outcome.exhausted).toBe(50_000n);
    expect(store.size).toBe(0);
  });

  test("keys and values that an import is given stay as they are when the contract goes on", () => {
    const kept: Uint8Array[] = [];
    run("db_write", "none", [key, utf8ToBytes("v")], {
      call: { imports: storeImports(new Map(), { write: (k, v) => void kept.push(k, v) }) },
    });
    expect(kept).toEqual([key, utf8ToBytes("v")]);
  });

  test.each([
    ["db_write", [utf8ToBytes("k"), utf8ToBytes("v")]],
    ["db_remove", [utf8ToBytes("k")]],
  ] as const)("%s in a query is refused before anything is charged or read", (name, args) => {
    for (const argument of [args, args.map(() => 0)]) {
      const refused = run(name, "none", argument, { call: { readOnly: true } });
      expect(refused.outcome.result).toMatchObject({ error: { code: EngineErrorCode.UnauthorizedWrite } });
      expect(refused.gas).toBe(0n);
    }
  });

  test("db_remove is free", () => {
    const store: TestStore = new Map([[bytesToHex(key), key]]);
    expect(run("db_remove", "none", [key], { call: { imports: storeImports(store) } }).gas).toBe(0n);
    expect(store.size).toBe(0);
  });

  test("gas is taken before arguments are read", () => {
    const poor = run("db_read", "i32", [0], { call: { gasLimit: 500n } });
    expect(errorText(poor.outcome)).toBe("execution ran out of gas");
    expect(poor.outcome.exhausted).toBe(1000n);
    expect(errorText(run("db_read", "i32", [0]).outcome)).toBe("failed to read memory");
  });
});

describe("what imports throw, contracts §2.10", () => {
  class OtherError extends CodedError {}
  const failing = (error: unknown): Partial<EngineCall> => ({
    imports: storeImports(new Map(), {
      read: () => {
        throw error;
      },
    }),
  });

  test("an engine error is the call's error, another coded error its cause", () => {
    const own = new EngineError(EngineErrorCode.OutOfGas);
    expect(run("db_read", "i32", [utf8ToBytes("k")], { call: failing(own) }).outcome.result).toMatchObject({
      error: own,
    });
    const other = new OtherError("test", 7, "store failed");
    const { result } = run("db_read", "i32", [utf8ToBytes("k")], { call: failing(other) }).outcome;
    expect(result).toMatchObject({ kind: "failed", error: { code: EngineErrorCode.ImportFailed }, cause: other });
  });

  test("a mistake in the host's own code is no result", () => {
    expect(() => run("db_read", "i32", [utf8ToBytes("k")], { call: failing(new TypeError("oops")) })).toThrow("oops");
  });
});

describe("queries, prints and gas, contracts §2.7, §2.8, enclave §11.4", () => {
  test("query_chain passes the request and what gas is left, and costs nothing itself", () => {
    const seen: [string, bigint][] = [];
    const query = (request: Uint8Array, gasLeft: bigint): Uint8Array => {
      seen.push([new TextDecoder().decode(request), gasLeft]);
      return utf8ToBytes("answer");
    };
    const answer = run("query_chain", "i32", [utf8ToBytes("ask")], {
      output: "region",
      call: { gasLimit: 10_000n, imports: storeImports(new Map(), { query }) },
    });
    expect(answer.output).toEqual(utf8ToBytes("answer"));
    expect(seen).toEqual([["ask", 10_000n - 96n - 18n]]);
  });

  test.each(["debug", "debug_print"])("%s reads its argument only where prints are wanted", (name) => {
    const lines: string[] = [];
    const debugPrint = (message: Uint8Array): void => void lines.push(new TextDecoder().decode(message));
    expect(errorText(run(name, "none", [0]).outcome)).toBeUndefined();
    const call = { imports: storeImports(new Map(), { debugPrint }) };
    expect(run(name, "none", [utf8ToBytes("hello")], { call }).gas).toBe(0n);
    expect(lines).toEqual(["hello"]);
    expect(errorText(run(name, "none", [0], { call }).outcome)).toBe("failed to read memory");
  });

  test("check_gas counts itself, in thousands rounded down", () => {
    expect(run("check_gas", "i64", [])).toMatchObject({ number: 8n, gas: 8192n });
  });

  test.each([
    [0, 8000n],
    [2, 8000n],
    [8, 8000n],
    [9, 9000n],
    [1200, 1_200_000n],
  ])("gas_evaporate(%i) takes %i", (amount, gas) => {
    expect(run("gas_evaporate", "i32", [amount])).toMatchObject({ number: 0n, gas });
  });

  test("gas_evaporate of a negative number runs out of gas", () => {
    const { outcome } = run("gas_evaporate", "i32", [-1]);
    expect(errorText(outcome)).toBe("execution ran out of gas");
    expect(outcome.exhausted).toBe(2n ** 64n - 1000n);
  });
});

describe("addresses, contracts §2.4, enclave §11.4", () => {
  const canonical = new Uint8Array(20).fill(1);
  const good = encodeBech32("secret", canonical);
  const text = (name: string, input: Uint8Array, args: readonly Argument[] = []): string | undefined => {
    const { output } = run(name, "i32", [input, ...args], { output: "region" });
    return output && new TextDecoder().decode(output);
  };
  const out = new Uint8Array(90);

  test("a good address is canonicalized, humanized and valid, for 8192 W each", () => {
    expect(run("addr_canonicalize", "i32", [utf8ToBytes(good), out])).toMatchObject({ number: 0n, gas: 8192n });
    expect(run("addr_humanize", "i32", [canonical, out])).toMatchObject({ number: 0n, gas: 8192n });
    expect(run("addr_validate", "i32", [utf8ToBytes(good)])).toMatchObject({ number: 0n, gas: 8192n });
    expect(run("addr_canonicalize", "i32", [utf8ToBytes(good.toUpperCase()), out]).number).toBe(0n);
    expect(run("canonicalize_address", "i32", [utf8ToBytes(` \u0085${good}\n\u3000`), out]).number).toBe(0n);
  });

  test("an output region that is too small cannot be written", () => {
    expect(errorText(run("addr_canonicalize", "i32", [utf8ToBytes(good), new Uint8Array(19)]).outcome)).toBe(
      "failed to read memory",
    );
    expect(errorText(run("addr_humanize", "i32", [canonical, new Uint8Array(44)]).outcome)).toBe(
      "failed to read memory",
    );
  });

  test.each([
    ["canonicalize_address", "  ", "input is empty"],
    ["addr_canonicalize", "", "Input is empty"],
    ["addr_canonicalize", "secret", "invalid length"],
    ["addr_canonicalize", "secretsecret", 'missing human-readable separator, "1"'],
    ["addr_canonicalize", ` ${good}`, "invalid character (code= )"],
    ["addr_canonicalize", `S${good.slice(1)}`, "mixed-case strings not allowed"],
    ["addr_canonicalize", `${good.slice(0, -1)}${good.endsWith("q") ? "p" : "q"}`, "invalid checksum"],
    ["addr_canonicalize", encodeBech32('co"mos', canonical), 'wrong address prefix: "co\\"mos"'],
  ])("%s of %j says %j", (name, input, expected) => {
    expect(text(name, utf8ToBytes(input), [out])).toBe(expected);
  });

  test.each([
    ["", "Input is empty"],
    [good.toUpperCase(), "Address is not normalized"],
    [encodeBech32("cosmos", canonical), "Address is not normalized"],
  ])("addr_validate of %j says %j", (input, expected) => {
    expect(text("addr_validate", utf8ToBytes(input))).toBe(expected);
  });

  test("bytes that are not UTF-8", () => {
    const bad = Uint8Array.of(0xff, 0xfe);
    expect(text("addr_validate", bad)).toBe("Input is not valid UTF-8");
    expect(text("addr_canonicalize", bad, [out])).toBe("input is not valid UTF-8");
    expect(text("canonicalize_address", bad, [out])).toBe("input is not valid UTF-8");
  });
});

describe("crypto, contracts §2.5 and §2.6", () => {
  const message = utf8ToBytes("message");
  const hash = crypto.sha256(message);
  const secret = new Uint8Array(32).fill(7);
  const signature = crypto.secp256k1Sign(hash, secret) as Uint8Array;
  const key = crypto.secp256k1PublicKey(secret) as Uint8Array;
  const other = crypto.sha256(hash);

  test.each([
    ["a good signature", [hash, signature, key], 0n],
    ["another message", [other, signature, key], 1n],
    ["a short hash", [hash.slice(1), signature, key], 3n],
    ["a short signature", [hash, signature.slice(1), key], 4n],
    ["a key of another form", [hash, signature, key.slice(1)], 5n],
    ["r and s above the order", [hash, new Uint8Array(64).fill(255), key], 10n],
  ] as const)("secp256k1_verify: %s", (_, args, code) => {
    expect(run("secp256k1_verify", "i32", args)).toMatchObject({ number: code, gas: 98_304n });
  });

  test("secp256k1_recover_pubkey gives a compressed key, or a code in the high half", () => {
    const found = [0, 1].map((id) =>
      run("secp256k1_recover_pubkey", "i64", [hash, signature, id], { output: "region" }),
    );
    expect(found.map((item) => bytesToHex(item.output as Uint8Array))).toContain(bytesToHex(key));
    expect(found[0]?.gas).toBe(98_304n + 32n);
    expect(run("secp256k1_recover_pubkey", "i64", [hash.slice(1), signature, 0]).number).toBe(3n << 32n);
    expect(run("secp256k1_recover_pubkey", "i64", [hash, signature.slice(1), 0]).number).toBe(4n << 32n);
    expect(run("secp256k1_recover_pubkey", "i64", [hash, signature, 4]).number).toBe(10n << 32n);
    expect(run("secp256k1_recover_pubkey", "i64", [hash, signature, -1]).number).toBe(10n << 32n);
  });

  test("secp256k1_sign signs the hash of the message", () => {
    const signed = run("secp256k1_sign", "i64", [message, secret], { output: "region" });
    expect(signed.output).toEqual(signature);
    expect(signed.gas).toBe(100_000n + 32n);
    expect(run("secp256k1_sign", "i64", [message, secret.slice(1)]).number).toBe(1000n << 32n);
    expect(run("secp256k1_sign", "i64", [message, new Uint8Array(32)]).number).toBe(1000n << 32n);
  });

  const edKey = crypto.ed25519PublicKey(secret);
  const edSignature = crypto.ed25519Sign(message, secret);

  test.each([
    ["a good signature", [message, edSignature, edKey], 0n],
    ["another message", [hash, edSignature, edKey], 1n],
    ["a short signature", [message, edSignature.slice(1), edKey], 4n],
    ["a short key", [message, edSignature, edKey.slice(1)], 5n],
    ["a key that is no point", [message, edSignature, Uint8Array.of(2, ...new Uint8Array(31))], 5n],
  ] as const)("ed25519_verify: %s", (_, args, code) => {
    expect(run("ed25519_verify", "i32", args)).toMatchObject({ number: code, gas: 73_728n });
  });

  test("ed25519_sign signs the message itself", () => {
    expect(run("ed25519_sign", "i64", [message, secret], { output: "region" }).output).toEqual(edSignature);
    expect(run("ed25519_sign", "i64", [message, secret.slice(1)])).toMatchObject({
      number: 1000n << 32n,
      gas: 75_000n,
    });
  });

  const sections = (...items: Uint8Array[]): Uint8Array =>
    concatBytes(...items.flatMap((item) => [item, u32be(item.length)]));
  const noPoint = Uint8Array.of(2, ...new Uint8Array(31));

  test.each([
    ["nothing", sections(), sections(), sections(), 0n, 5000n],
    [
      "two of each",
      sections(message, message),
      sections(edSignature, edSignature),
      sections(edKey, edKey),
      0n,
      145_000n,
    ],
    [
      "one message for all",
      sections(message),
      sections(edSignature, edSignature),
      sections(edKey, edKey),
      0n,
      145_000n,
    ],
    ["one key for all", sections(message, message), sections(edSignature, edSignature), sections(edKey), 0n, 145_000n],
    [
      "one wrong message",
      sections(message, hash),
      sections(edSignature, edSignature),
      sections(edKey, edKey),
      1n,
      145_000n,
    ],
    ["a short signature", sections(message), sections(edSignature.slice(1)), sections(edKey), 4n, 75_000n],
    ["a short key", sections(message), sections(edSignature), sections(edKey.slice(1)), 5n, 75_000n],
    ["a key that is no point", sections(message), sections(edSignature), sections(noPoint), 1n, 75_000n],
    ["counts that do not match", sections(message, message), sections(edSignature), sections(edKey), 7n, 0n],
    [
      "left-over bytes at the start",
      concatBytes(Uint8Array.of(1, 2, 3), sections(message)),
      sections(edSignature),
      sections(edKey),
      0n,
      75_000n,
    ],
  ] as const)("ed25519_batch_verify: %s", (_, messages, signatures, keys, code, gas) => {
    expect(run("ed25519_batch_verify", "i32", [messages, signatures, keys])).toMatchObject({ number: code, gas });
  });

  test("a section whose length points before its start ends the call", () => {
    const { outcome } = run("ed25519_batch_verify", "i32", [u32be(1), sections(), sections()]);
    expect(outcome.result).toMatchObject({ error: { code: EngineErrorCode.Panicked } });
  });
});

describe("contracts §2.6: dcap_quote_verify", () => {
  const quote = utf8ToBytes("quote");
  const collateral = utf8ToBytes("collateral");

  test.each([
    ["upToDate", 0n],
    ["hardeningNeeded", 0xa008n],
    ["refused", 1n << 32n],
  ] as const)("hands both regions to the verifier, whose answer %s is %i", (verdict, number) => {
    const seen: string[] = [];
    const imports = {
      ...storeImports(new Map()),
      verifyQuote: (...regions: readonly Uint8Array[]) => {
        seen.push(...regions.map(bytesToHex));
        return verdict;
      },
    };
    const found = run("dcap_quote_verify", "i64", [quote, collateral], { call: { imports } });
    expect(found).toMatchObject({ number, gas: 100_000n });
    expect(seen).toEqual([bytesToHex(quote), bytesToHex(collateral)]);
  });

  test("refuses empty collateral without looking at the quote", () => {
    const found = run("dcap_quote_verify", "i64", [quote, new Uint8Array(0)]);
    expect(found).toMatchObject({ number: 10n << 32n, gas: 100_000n });
  });
});

describe("contracts §2.4: long texts", () => {
  test("white space inside of a text takes no longer than other characters", () => {
    const text = utf8ToBytes(`a${" ".repeat(50_000)}b`);
    const before = process.cpuUsage();
    const found = run("canonicalize_address", "i32", [text, 0], { output: "region" });
    expect(found.output).toEqual(utf8ToBytes('missing human-readable separator, "1"'));
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});
