/**
 * A node for the tests of the servers: two blocks, one transaction, answers by gRPC path.
 * @module
 */
import { createHash } from "node:crypto";
import type { Server } from "node:http";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { QueryRequest, QueryResponse } from "../src/abci/application.ts";
import type { IndexedTx, NodeBackend, StoredBlock } from "../src/api/backend.ts";
import { listen } from "../src/node/listen.ts";
import { MsgSendSchema } from "../src/proto/gen/cosmos/bank/v1beta1/tx_pb.ts";
import { TxMsgDataSchema } from "../src/proto/gen/cosmos/base/abci/v1beta1/abci_pb.ts";
import { PubKeySchema } from "../src/proto/gen/cosmos/crypto/secp256k1/keys_pb.ts";
import { SignMode } from "../src/proto/gen/cosmos/tx/signing/v1beta1/signing_pb.ts";
import { TxSchema } from "../src/proto/gen/cosmos/tx/v1beta1/tx_pb.ts";
import { MsgExecuteContractSchema } from "../src/proto/gen/secret/compute/v1beta1/msg_pb.ts";
import { BlockIDFlag, CommitSchema, HeaderSchema } from "../src/proto/gen/tendermint/types/types_pb.ts";

export const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

export function encode<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

/** 2026-11-25T09:30:06.449850123Z */
export const TIME = { seconds: 1_795_599_006n, nanos: 449_850_123 };
export const RANDOM = Uint8Array.from([0, ...Buffer.from("SNRAND1"), ...fill(1, 56)]);

export const TX = encode(TxSchema, {
  body: {
    messages: [
      {
        typeUrl: "/cosmos.bank.v1beta1.MsgSend",
        value: encode(MsgSendSchema, {
          fromAddress: "a",
          toAddress: "b",
          amount: [{ denom: "uscrt", amount: "5" }],
        }),
      },
      {
        typeUrl: "/secret.compute.v1beta1.MsgExecuteContract",
        value: encode(MsgExecuteContractSchema, { sender: fill(1, 20), contract: fill(2, 20), msg: fill(3, 3) }),
      },
      { typeUrl: "/no.such.Message", value: fill(9, 2) },
    ],
    memo: "<hi>",
  },
  authInfo: {
    signerInfos: [
      {
        publicKey: {
          typeUrl: "/cosmos.crypto.secp256k1.PubKey",
          value: encode(PubKeySchema, { key: fill(2, 33) }),
        },
        modeInfo: { sum: { case: "single", value: { mode: SignMode.DIRECT } } },
        sequence: 3n,
      },
    ],
    fee: { amount: [{ denom: "uscrt", amount: "100" }], gasLimit: 200_000n },
  },
  signatures: [fill(7, 4)],
});

const MSG_DATA = encode(TxMsgDataSchema, { msgResponses: [{ typeUrl: "/cosmos.bank.v1beta1.MsgSendResponse" }] });
const EVENTS = [{ type: "message", attributes: [{ key: "action", value: "/cosmos.bank.v1beta1.MsgSend" }] }];
const RESULT = {
  code: 0,
  codespace: "",
  data: MSG_DATA,
  log: "",
  gasWanted: 200_000n,
  gasUsed: 65_432n,
  events: EVENTS,
};

export const INDEXED: IndexedTx = {
  hash: sha256(TX),
  height: 2,
  position: 1,
  tx: TX,
  result: RESULT,
  timeNs: TIME.seconds * 1_000_000_000n + BigInt(TIME.nanos),
};

function makeBlock(height: number, transactions: Uint8Array[], lastCommit: Uint8Array): StoredBlock {
  return {
    height,
    header: encode(HeaderSchema, {
      version: { block: 11n },
      chainId: "secretdev-1",
      height: BigInt(height),
      time: create(TimestampSchema, TIME),
      lastBlockId:
        height === 1 ? { partSetHeader: {} } : { hash: fill(4, 32), partSetHeader: { total: 1, hash: fill(5, 32) } },
      appHash: fill(6, 32),
      proposerAddress: fill(8, 20),
      nextValidatorsHash: fill(9, 32),
    }),
    blockId: { hash: fill(3 + height, 32), partsTotal: 1, partsHash: fill(5, 32) },
    transactions,
    lastCommit,
    seenCommit: encode(CommitSchema, {
      height: BigInt(height),
      blockId: { hash: fill(3 + height, 32), partSetHeader: { total: 1, hash: fill(5, 32) } },
      signatures: [
        {
          blockIdFlag: BlockIDFlag.BLOCK_ID_FLAG_COMMIT,
          validatorAddress: fill(8, 20),
          timestamp: create(TimestampSchema, TIME),
          signature: fill(1, 64),
        },
      ],
    }),
  };
}

const first = makeBlock(1, [RANDOM], new Uint8Array(0));
const BLOCKS = [first, makeBlock(2, [RANDOM, TX], first.seenCommit)];

export type Answers = Record<string, (request: QueryRequest) => Partial<QueryResponse>>;

/** @param answers by gRPC path; others get what the application says of unknown paths */
export function makeFakeBackend(answers: Answers = {}, overrides: Partial<NodeBackend> = {}): NodeBackend {
  return {
    identity: {
      chainId: "secretdev-1",
      moniker: "test",
      nodeId: "00".repeat(20),
      version: "0.1.0",
      validator: { address: fill(8, 20), publicKey: fill(1, 32), power: 1n },
      minimumGasPrice: "0.0125uscrt",
      consensusParams: { maxBytes: 22_020_096n, maxGas: -1n },
    },
    latestHeight: 2,
    earliestHeight: 1,
    isCatchingUp: false,
    query: async (request) => ({
      code: 0,
      codespace: "",
      log: "",
      grpc: { code: 0, message: "" },
      key: new Uint8Array(0),
      value: new Uint8Array(0),
      height: request.height || 2,
      ...(answers[request.path]?.(request) ?? {
        code: 6,
        codespace: "sdk",
        grpc: { code: 12, message: "unknown query path" },
      }),
    }),
    simulate: async () => ({ ok: true, gasUsed: 59_383n, result: RESULT, msgResponses: MSG_DATA }),
    broadcast: async () => ({ code: 0, codespace: "", log: "", gasWanted: 0n, gasUsed: 0n }),
    unconfirmed: () => [TX],
    block: (height) => BLOCKS[height - 1],
    heightOfBlock: (hash) => BLOCKS.find((block) => block.blockId.hash[0] === hash[0])?.height,
    blockResults: (height) => ({
      height,
      results: height === 2 ? [{ ...RESULT, data: new Uint8Array(0), events: [] }, RESULT] : [],
      events: [],
      validatorUpdates: [],
      appHash: fill(6, 32),
    }),
    validators: () => [{ address: fill(8, 20), publicKey: fill(1, 32), power: 1n }],
    transaction: async (hash) => (Buffer.from(hash).equals(INDEXED.hash) ? INDEXED : undefined),
    searchTransactions: async ({ offset }) => ({ found: offset === 0 ? [INDEXED] : [], total: 1 }),
    ...overrides,
  };
}

export type RunningServer = { readonly url: string; readonly port: number; readonly close: () => Promise<void> };

export async function start(server: Server): Promise<RunningServer> {
  const running = await listen(() => server, { host: "127.0.0.1", port: 0 }, "test");
  return { ...running, port: Number(new URL(running.url).port) };
}
