import fc from "fast-check";
import { describe, test } from "vitest";
import { equalBytes } from "../src/bytes.ts";
import { CodedError } from "../src/errors.ts";
import { Any } from "../src/wire/any.ts";
import { Block } from "../src/wire/block.ts";
import { Commit } from "../src/wire/commit.ts";
import * as compute from "../src/wire/compute.ts";
import { ConsensusParams } from "../src/wire/consensusParams.ts";
import { DeterministicExecTxResult } from "../src/wire/execTxResult.ts";
import { Header } from "../src/wire/header.ts";
import type { MessageCodec } from "../src/wire/message.ts";
import { LegacyAminoMultisigPubKey } from "../src/wire/publicKey.ts";
import { Timestamp } from "../src/wire/timestamp.ts";
import { AuthInfo, MultiSignature, SignDoc, TxBody, TxRaw } from "../src/wire/tx.ts";
import { ValidatorSet } from "../src/wire/validator.ts";
import { Proposal, Vote } from "../src/wire/vote.ts";

const isCodec = (value: unknown): value is MessageCodec<unknown> =>
  typeof value === "object" && value !== null && "decodeCanonical" in value;
const codecs: MessageCodec<unknown>[] = [
  ...[Header, Commit, Block, Vote, Proposal, ValidatorSet, ConsensusParams, DeterministicExecTxResult, Timestamp],
  ...[TxRaw, TxBody, AuthInfo, SignDoc, MultiSignature, Any, LegacyAminoMultisigPubKey],
  ...Object.values<unknown>(compute).filter(isCodec),
];

const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const blob = fc.uint8Array({ maxLength: 70 });
const text = fc.string({ unit: "grapheme", maxLength: 20 });

/** Bytes that look like protobuf, so that decoders get beyond the first field. */
const plausible: fc.Arbitrary<Uint8Array> = fc.letrec<{ message: Uint8Array; item: number[] }>((tie) => ({
  message: fc.array(tie("item"), { maxLength: 6 }).map((items) => Uint8Array.from(items.flat())),
  item: fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 0, max: 127 })).map(([n, value]) => [n << 3, value]),
    fc
      .tuple(fc.integer({ min: 1, max: 14 }), fc.oneof({ depthSize: "small" }, blob, tie("message")))
      .map(([n, inner]) => [(n << 3) | 2, inner.length & 127, ...inner]),
  ),
})).message;

const onlyCodedErrors = (codec: MessageCodec<unknown>, bytes: Uint8Array): boolean => {
  try {
    const value = codec.decode(bytes);
    // What was accepted has a canonical form, which is a fixed point.
    const canonical = codec.encode(value);
    return equalBytes(codec.encode(codec.decodeCanonical(canonical)), canonical);
  } catch (error) {
    if (error instanceof CodedError) return true;
    throw error;
  }
};

describe("every decoder", () => {
  for (const codec of codecs) {
    test(`of ${codec.name} throws only coded errors, and what it accepts has one canonical form`, () => {
      fc.assert(fc.property(fc.oneof(blob, plausible), (bytes) => onlyCodedErrors(codec, bytes)));
    });
  }
});

describe("what is encoded decodes to the same", () => {
  const roundTrip = <T>(codec: MessageCodec<T>, values: fc.Arbitrary<T>) => {
    test(`for ${codec.name}`, () => {
      fc.assert(
        fc.property(values, (value) => {
          const encoded = codec.encode(value);
          return (
            equalBytes(codec.encode(codec.decodeCanonical(encoded)), encoded) && same(codec.decode(encoded), value)
          );
        }),
      );
    });
  };
  const timestamp = fc.record({ seconds: int64, nanos: int32 });
  const blockId = fc.record({
    hash: blob,
    partSetHeader: fc.record({ total: fc.integer({ min: 0, max: 2 ** 32 - 1 }), hash: blob }),
  });
  const coin = fc.record({ denom: text, amount: text });
  const coins = fc.array(coin, { maxLength: 3 });

  roundTrip(
    Header,
    fc.record({
      version: fc.record({ block: uint64, app: uint64 }),
      chainId: text,
      height: int64,
      time: timestamp,
      lastBlockId: blockId,
      lastCommitHash: blob,
      dataHash: blob,
      validatorsHash: blob,
      nextValidatorsHash: blob,
      consensusHash: blob,
      appHash: blob,
      lastResultsHash: blob,
      evidenceHash: blob,
      proposerAddress: blob,
    }),
  );
  roundTrip(
    Commit,
    fc.record({
      height: int64,
      round: int32,
      blockId,
      signatures: fc.array(fc.record({ blockIdFlag: int32, validatorAddress: blob, timestamp, signature: blob }), {
        maxLength: 4,
      }),
    }),
  );
  roundTrip(
    compute.MsgInstantiateContract,
    fc.record({
      sender: blob,
      callbackCodeHash: text,
      codeId: uint64,
      label: text,
      initMsg: blob,
      initFunds: coins,
      callbackSig: blob,
      admin: text,
    }),
  );
  roundTrip(
    compute.MsgExecuteContract,
    fc.record({ sender: blob, contract: blob, msg: blob, callbackCodeHash: text, sentFunds: coins, callbackSig: blob }),
  );
  roundTrip(
    TxBody,
    fc.record({
      messages: fc.array(fc.record({ typeUrl: text, value: blob }), { maxLength: 3 }),
      memo: text,
      timeoutHeight: uint64,
      extensionOptions: fc.array(fc.record({ typeUrl: text, value: blob }), { maxLength: 2 }),
      nonCriticalExtensionOptions: fc.array(fc.record({ typeUrl: text, value: blob }), { maxLength: 2 }),
    }),
  );
});

const plain = (_: string, value: unknown) =>
  typeof value === "bigint" ? `${value}n` : value instanceof Uint8Array ? [...value] : value;
const same = (a: unknown, b: unknown): boolean => sorted(a) === sorted(b);
const sorted = (value: unknown): string =>
  JSON.stringify(value, (key, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner) && !(inner instanceof Uint8Array)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : plain(key, inner),
  );
