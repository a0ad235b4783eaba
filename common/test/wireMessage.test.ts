import { describe, expect, test } from "vitest";
import { bytesToHex, hexToBytes, utf8ToBytes } from "../src/bytes.ts";
import { InputError } from "../src/errors.ts";
import { Any } from "../src/wire/any.ts";
import { Commit } from "../src/wire/commit.ts";
import { ContractInfo, MsgExecuteContract } from "../src/wire/compute.ts";
import { bool, field, int32, int64, message, repeated, string, uint32, uint64 } from "../src/wire/message.ts";
import { MAX_NESTING, ProtoWriter } from "../src/wire/protobuf.ts";
import { packSecp256k1PublicKey, unpackSecp256k1PublicKey } from "../src/wire/publicKey.ts";
import {
  formatTimestamp,
  nanosToTimestamp,
  parseTimestamp,
  Timestamp,
  timestampToNanos,
  ZERO_TIME,
} from "../src/wire/timestamp.ts";
import { decodeTx, decodeTxRaw, ModeInfo, TxBody, TxRaw } from "../src/wire/tx.ts";
import { ed25519KeyOf } from "../src/wire/validator.ts";

const Sample = message("test.Sample", {
  small: field(1, uint32),
  signed: field(2, int32),
  large: field(3, uint64),
  largeSigned: field(4, int64),
  flag: field(5, bool),
  texts: repeated(16, string),
});

const decodeHex = (text: string) => Sample.decode(hexToBytes(text));

describe("a message", () => {
  test("leaves out zeros and writes negative integers in ten bytes", () => {
    expect(bytesToHex(Sample.encode(Sample.zero))).toBe("");
    expect(bytesToHex(Sample.encode({ ...Sample.zero, signed: -1 }))).toBe("10ffffffffffffffffff01");
    expect(bytesToHex(Sample.encode({ ...Sample.zero, largeSigned: -(1n << 63n) }))).toBe("2080808080808080808001");
    expect(bytesToHex(Sample.encode({ ...Sample.zero, large: (1n << 64n) - 1n }))).toBe("18ffffffffffffffffff01");
  });

  test("keeps empty items of a list, in order", () => {
    const value = { ...Sample.zero, texts: ["", "é", ""] };
    expect(bytesToHex(Sample.encode(value))).toBe("8201008201" + "02c3a9" + "820100");
    expect(Sample.decode(Sample.encode(value))).toEqual(value);
  });

  test("refuses to encode integers that do not fit", () => {
    expect(() => Sample.encode({ ...Sample.zero, small: 2 ** 32 })).toThrow(RangeError);
    expect(() => Sample.encode({ ...Sample.zero, small: 0.5 })).toThrow(RangeError);
    expect(() => Sample.encode({ ...Sample.zero, signed: 2 ** 31 })).toThrow(RangeError);
    expect(() => Sample.encode({ ...Sample.zero, large: -1n })).toThrow(RangeError);
    expect(() => Sample.encode({ ...Sample.zero, largeSigned: 1n << 63n })).toThrow(RangeError);
  });

  test("reads fields in any order, explicit zeros and over-long varints", () => {
    expect(decodeHex("1805088100")).toEqual({ ...Sample.zero, small: 1, large: 5n });
    expect(decodeHex("0800")).toEqual(Sample.zero);
  });

  test("has one canonical encoding", () => {
    for (const text of ["1805088100", "18050801", "0800"]) {
      expect(() => Sample.decodeCanonical(hexToBytes(text))).toThrow(InputError);
    }
    expect(Sample.decodeCanonical(hexToBytes("08011805"))).toEqual({ ...Sample.zero, small: 1, large: 5n });
  });

  test.each([
    ["08", "a missing value"],
    ["0880", "a cut varint"],
    ["00", "field number 0"],
    ["3000", "an unknown field"],
    ["0d00000000", "a wrong wire type"],
    ["08010802", "a field that comes twice"],
    ["088080808010", "an uint32 of 33 bits"],
    ["108080808008", "an int32 of 2^31"],
    ["18ffffffffffffffffff02", "a varint of 65 bits"],
    ["18ffffffffffffffffffff01", "a varint of eleven bytes"],
    ["2802", "a bool of 2"],
    ["820105aa", "a length beyond the end"],
    ["820101ff", "text that is not UTF-8"],
    ["8201ffffffff7f", "a length above 2^32"],
  ])("refuses %s: %s", (text) => {
    expect(() => decodeHex(text)).toThrow(InputError);
  });

  test("says what was wrong, and where", () => {
    expect(() => decodeHex("3000")).toThrow("test.Sample: unknown field 6, at byte 1 of 2");
    expect(() => decodeHex("0d00000000")).toThrow("test.Sample: small: expected wire type 0, got 5, at byte 1 of 5");
  });

  test("nests only so deep", () => {
    let nested = ModeInfo.encode({ single: { mode: 1 }, multi: undefined });
    const wrap = (fieldNumber: number, inner: Uint8Array) => {
      const writer = new ProtoWriter();
      writer.tag(fieldNumber, 2);
      writer.bytes(inner);
      return writer.finish();
    };
    for (let i = 0; i < MAX_NESTING / 2; i++) nested = wrap(2, wrap(2, nested));
    expect(() => ModeInfo.decode(nested)).toThrow(InputError);
  });
});

describe("time", () => {
  test("goes to nanoseconds and back, also before 1970", () => {
    for (const nanos of [0n, 1n, -1n, -1_000_000_000n, 1_735_689_601_000_000_005n]) {
      expect(timestampToNanos(nanosToTimestamp(nanos))).toBe(nanos);
    }
    expect(nanosToTimestamp(-1n)).toEqual({ seconds: -1n, nanos: 999_999_999 });
    expect(() => timestampToNanos({ seconds: 0n, nanos: -1 })).toThrow(InputError);
  });

  test("is text as CometBFT prints it", () => {
    expect(formatTimestamp(ZERO_TIME)).toBe("0001-01-01T00:00:00Z");
    expect(formatTimestamp({ seconds: 1n, nanos: 120_000_000 })).toBe("1970-01-01T00:00:01.12Z");
    expect(parseTimestamp("0001-01-01T00:00:00Z")).toEqual(ZERO_TIME);
    expect(bytesToHex(Timestamp.encode(ZERO_TIME))).toBe("088092b8c398feffffff01");
    for (const text of [
      "",
      "2025-01-01",
      "2025-02-30T00:00:00Z",
      "2025-01-01T00:00:00.0000000001Z",
      "2025-01-01T00:00:00+01:00",
    ]) {
      expect(() => parseTimestamp(text)).toThrow(InputError);
    }
  });
});

describe("a transaction", () => {
  const body = TxBody.encode({ ...TxBody.zero, memo: "hi" });
  const tx = TxRaw.encode({ bodyBytes: body, authInfoBytes: new Uint8Array(0), signatures: [new Uint8Array(64)] });

  test("decodes in three layers", () => {
    const decoded = decodeTx(tx);
    expect(decoded.body.memo).toBe("hi");
    expect(decoded.authInfo.fee).toBeUndefined();
    expect(decoded.raw.signatures).toHaveLength(1);
  });

  test("has one encoding of its envelope", () => {
    expect(() => decodeTxRaw(hexToBytes("1a00" + "0a00"))).toThrow(InputError);
    expect(() => decodeTxRaw(hexToBytes("0a8000"))).toThrow(InputError);
  });

  test("never begins with a zero byte, which marks the block random", () => {
    expect(() => decodeTx(Uint8Array.of(0, ...tx))).toThrow(InputError);
  });

  test("may hold unknown fields in its body only if they are not critical", () => {
    const withField = (fieldNumber: number) => {
      const writer = new ProtoWriter();
      writer.tag(fieldNumber, 2);
      writer.bytes(utf8ToBytes("?"));
      return writer.finish();
    };
    expect(TxBody.decode(withField(1025))).toEqual(TxBody.zero);
    expect(() => TxBody.decode(withField(1023 + 1025))).toThrow(InputError);
    expect(() => TxBody.decode(withField(5))).toThrow(InputError);
  });
});

describe("keys", () => {
  const key = new Uint8Array(33).fill(2);

  test("of accounts are 33 bytes under their type URL", () => {
    const any = packSecp256k1PublicKey(key);
    expect(any.typeUrl).toBe("/cosmos.crypto.secp256k1.PubKey");
    expect(unpackSecp256k1PublicKey(any)).toEqual(key);
    expect(unpackSecp256k1PublicKey({ ...any, typeUrl: "/cosmos.crypto.ed25519.PubKey" })).toBeUndefined();
    expect(() => unpackSecp256k1PublicKey(packSecp256k1PublicKey(key.slice(1)))).toThrow(InputError);
  });

  test("of validators are one ed25519 key of 32 bytes", () => {
    const ed25519 = key.slice(1);
    expect(ed25519KeyOf({ ed25519, secp256k1: undefined })).toEqual(ed25519);
    expect(() => ed25519KeyOf({ ed25519, secp256k1: key })).toThrow(InputError);
    expect(() => ed25519KeyOf({ ed25519: key, secp256k1: undefined })).toThrow(InputError);
    expect(() => ed25519KeyOf({ ed25519: undefined, secp256k1: undefined })).toThrow(InputError);
  });
});

test("contract messages have the numbers of the protocol", () => {
  const msg = { ...MsgExecuteContract.zero, contract: Uint8Array.of(7), sentFunds: [{ denom: "uscrt", amount: "1" }] };
  expect(bytesToHex(MsgExecuteContract.encode(msg))).toBe("120107" + "2a0a" + "0a057573637274" + "120131");
  expect(MsgExecuteContract.typeUrl).toBe("/secret.compute.v1beta1.MsgExecuteContract");
  expect(bytesToHex(ContractInfo.encode({ ...ContractInfo.zero, codeId: 1n, requireGovernance: true }))).toBe(
    "08014801",
  );
});

test("a decoded message does not share lists with another", () => {
  expect(Commit.decode(new Uint8Array(0))).toEqual(Commit.zero);
  expect(Any.decode(new Uint8Array(0))).not.toBe(Any.zero);
});
