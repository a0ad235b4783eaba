import { createHash } from "node:crypto";
import { utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import type { BlockResults, StoredBlock } from "../src/api/backend.ts";
import { parseEventQuery } from "../src/indexer/eventQuery.ts";
import { makeTxIndex, type TxIndex } from "../src/indexer/txIndex.ts";
import { makeMemoryEngine } from "../src/store/memoryEngine.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
const tx = (name: string): Uint8Array => utf8ToBytes(name);
type Attributes = Record<string, string>;

function block(height: number, txs: { name: string; events: [string, Attributes][] }[]): [StoredBlock, BlockResults] {
  const bytes = new Uint8Array(0);
  const events = (list: [string, Attributes][]) =>
    list.map(([type, attributes]) => ({
      type,
      attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
    }));
  const results = [{ name: "random", events: [] as [string, Attributes][] }, ...txs].map((each) => ({
    code: 0,
    codespace: "",
    data: bytes,
    log: "",
    gasWanted: 0n,
    gasUsed: 0n,
    events: events(each.events),
  }));
  return [
    {
      height,
      header: bytes,
      blockId: { hash: bytes, partsTotal: 1, partsHash: bytes },
      transactions: [Uint8Array.of(0, height), ...txs.map(({ name }) => tx(name))],
      lastCommit: bytes,
      seenCommit: bytes,
    },
    { height, results, events: [], validatorUpdates: [], appHash: bytes },
  ];
}

function sample(): TxIndex {
  const index = makeTxIndex(makeMemoryEngine(["index"]), { sha256, firstHeight: 1 });
  index.add(
    ...block(1, [
      {
        name: "a",
        events: [
          ["message", { action: "/send", sender: "alice" }],
          ["transfer", { recipient: "bob", amount: "5uscrt" }],
        ],
      },
      {
        name: "b",
        events: [
          ["message", { action: "/exec", sender: "alice" }],
          ["wasm", { contract_address: "c1", n: "7" }],
        ],
      },
    ]),
  );
  index.add(
    ...block(2, [
      {
        name: "c",
        events: [
          ["message", { action: "/send" }],
          ["message", { sender: "alice" }],
          ["wasm", { n: "40", note: "x".repeat(5_000) }],
        ],
      },
    ]),
  );
  return index;
}

const found = (query: string): string => {
  const { found, total } = sample().search({ query, order: "asc", offset: 0, limit: 100 });
  expect(total).toBe(found.length);
  return found.map(({ height, position }) => `${height}/${position}`).join(" ");
};

describe("transaction index", () => {
  it("finds a transaction by its hash", () => {
    const index = sample();
    expect(index.find(sha256(tx("b")))).toEqual({ height: 1, position: 2 });
    expect(index.find(sha256(tx("z")))).toBeUndefined();
    expect(index.nextHeight).toBe(3);
  });

  it.each([
    ["message.action='/send'", "1/1 2/1"],
    ["message.action='/send' AND message.sender='alice'", "1/1"],
    ["message.action='/send' AND transfer.recipient='bob'", ""],
    ["wasm.n=7", "1/2"],
    ["wasm.n>=7", "1/2 2/1"],
    ["wasm.n>7", "2/1"],
    ["wasm.n='40'", "2/1"],
    ["transfer.amount=5", ""],
    ["transfer.amount CONTAINS 'uscrt'", "1/1"],
    ["wasm.contract_address EXISTS", "1/2"],
    ["tx.height=1", "1/1 1/2"],
    ["tx.height='2'", "2/1"],
    ["tx.height>1", "2/1"],
    ["tx.height<=2 AND message.action='/send'", "1/1 2/1"],
    ["message.action='/send' AND tx.height=2", "2/1"],
    [
      `tx.hash='${Buffer.from(sha256(tx("a")))
        .toString("hex")
        .toUpperCase()}' AND tx.height=9`,
      "1/1",
    ],
    ["tx.hash='zz'", ""],
    ["acknowledge_packet.packet_src_channel='channel-0' AND acknowledge_packet.packet_sequence='1'", ""],
    [`wasm.note='${"x".repeat(5_000)}'`, "2/1"],
  ])("answers %s", (query, expected) => expect(found(query)).toBe(expected));

  it("pages in both orders", () => {
    const search = (order: "asc" | "desc", offset: number) =>
      sample().search({ query: "tx.height>0", order, offset, limit: 1 });
    expect(search("asc", 0)).toEqual({ found: [{ height: 1, position: 1 }], total: 3 });
    expect(search("desc", 0)).toEqual({ found: [{ height: 2, position: 1 }], total: 3 });
    expect(search("asc", 3)).toEqual({ found: [], total: 3 });
  });

  it.each([
    "",
    "  ",
    "a.b",
    "a.b=",
    "a.b='x' OR c.d='y'",
    "a.b='x' and c.d='y'",
    "a.b>'x'",
    "a.b CONTAINS 5",
    "(a.b=1)",
    "'a'=1",
    "a.b='x",
    "a.b=TIME never",
  ])("refuses %j and says where", (query) => expect(() => parseEventQuery(query)).toThrow(/^offset \d+: /));
});
