import { readFileSync } from "node:fs";
import { bytesToHex } from "@sotto/common/bytes";
import { headerHash } from "@sotto/common/merkle/headerHash";
import { ABSENT_COMMIT_SIG, Commit, type CommitSig } from "@sotto/common/wire/commit";
import { BlockId, Header } from "@sotto/common/wire/header";
import { nanosToTimestamp } from "@sotto/common/wire/timestamp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockJson, commitJson, headerJson, publicKeyJson, storedBlockIdJson } from "../../src/api/rpc/cometJson.ts";
import { JsonReader } from "../../src/peer/jsonReader.ts";
import {
  parseBlock,
  parseCommit,
  parseHeader,
  parseSignedHeader,
  parseValidators,
} from "../../src/peer/parseCometJson.ts";
import { PeerErrorCode } from "../../src/peer/peerError.ts";
import { crypto, makeSigners, TestChain } from "./testChain.ts";

/** As it travels. */
const read = (value: unknown): JsonReader => new JsonReader(JSON.parse(JSON.stringify(value)), "");

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hash = fc.oneof(bytes(32), fc.constant(new Uint8Array(0)));
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const time = fc
  .bigInt({ min: -62_135_596_800_000_000_000n, max: 253_402_300_799_999_999_999n })
  .map((nanos) => nanosToTimestamp(nanos));
const blockId = fc.record({
  hash,
  partSetHeader: fc.record({ total: fc.nat(0x7fff_ffff), hash }),
});
const header: fc.Arbitrary<Header> = fc.record({
  version: fc.record({ block: fc.constant(11n), app: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 99n })) }),
  chainId: fc.string({ unit: "grapheme", maxLength: 20 }),
  height: int64,
  time,
  lastBlockId: blockId,
  lastCommitHash: hash,
  dataHash: hash,
  validatorsHash: hash,
  nextValidatorsHash: hash,
  consensusHash: hash,
  appHash: fc.uint8Array({ maxLength: 40 }),
  lastResultsHash: hash,
  evidenceHash: hash,
  proposerAddress: fc.uint8Array({ maxLength: 20 }),
});
const commitSig: fc.Arbitrary<CommitSig> = fc.oneof(
  fc.constant(ABSENT_COMMIT_SIG),
  fc.record({
    blockIdFlag: fc.constantFrom(2, 3),
    validatorAddress: bytes(20),
    timestamp: time,
    signature: fc.oneof(bytes(64), fc.constant(new Uint8Array(0))),
  }),
);
const commit: fc.Arbitrary<Commit> = fc.record({
  height: int64,
  round: fc.nat(0x7fff_ffff),
  blockId,
  signatures: fc.array(commitSig, { maxLength: 4 }),
});

describe("consensus §2.8: CometBFT's JSON", () => {
  it("headers and commits come back as they were", () => {
    fc.assert(
      fc.property(header, commit, (aHeader, aCommit) => {
        expect(parseHeader(read(headerJson(aHeader)))).toEqual(aHeader);
        expect(parseCommit(read(commitJson(Commit.encode(aCommit))))).toEqual(aCommit);
      }),
      { numRuns: 200 },
    );
  });

  it("blocks come back as they were, the initial one without a last commit too", () => {
    const chain = new TestChain(makeSigners([3n, 2n]));
    chain.next({ transactions: [] });
    chain.next({ transactions: [Uint8Array.of(1, 2), new Uint8Array(0)], votes: ["commit", "absent"] });
    chain.next({ transactions: [Uint8Array.of(3)] });
    for (const { stored } of chain.blocks) {
      const parsed = parseBlock(read({ block_id: storedBlockIdJson(stored), block: blockJson(stored) }));
      expect(Header.encode(parsed.header)).toEqual(stored.header);
      expect(parsed.transactions).toEqual(stored.transactions);
      expect(parsed.evidenceCount).toBe(0);
      expect(parsed.lastCommit).toEqual(
        stored.lastCommit.length === 0 ? Commit.zero : Commit.decode(stored.lastCommit),
      );
    }
  });

  it("reads a real block of CometBFT: its hash is the one that CometBFT gave it", () => {
    type Real = Record<
      "height_1" | "height_10",
      { header_json: unknown; header_proto: string; block_id: unknown; commit_json?: unknown }
    >;
    const { anchors } = JSON.parse(
      readFileSync(new URL("../../../vectors/consensus.json", import.meta.url), "utf8"),
    ) as {
      anchors: { real_chain: Real };
    };
    for (const name of ["height_1", "height_10"] as const) {
      const { header_json, header_proto, block_id } = anchors.real_chain[name];
      const parsed = parseHeader(read(header_json));
      expect(bytesToHex(Header.encode(parsed))).toBe(header_proto);
      const id = (block_id as { hash: string }).hash;
      expect(bytesToHex(headerHash(crypto, parsed) as Uint8Array).toUpperCase()).toBe(id);
    }
  });

  it("takes null for nothing where Go writes it: signatures, lists, the last commit", () => {
    const nothing = { height: "0", round: 0, block_id: { hash: "", parts: { total: 0, hash: "" } }, signatures: null };
    expect(parseCommit(read(nothing))).toEqual(Commit.zero);
    expect(parseCommit(read(null))).toEqual(Commit.zero);
    expect(
      parseCommit(read({ ...nothing, block_id: { hash: null, parts: { total: 0, hash: null } } })).blockId,
    ).toEqual(BlockId.zero);
    const stored = new TestChain(makeSigners([1n])).next().stored;
    const json = JSON.parse(JSON.stringify({ block_id: storedBlockIdJson(stored), block: blockJson(stored) }));
    json.block.data.txs = null;
    json.block.evidence.evidence = null;
    expect(parseBlock(read(json))).toMatchObject({ transactions: [], evidenceCount: 0 });
  });

  it("reads validators page by page, ed25519 alone", () => {
    const page = (key: unknown, power = "5") => ({
      validators: [{ address: "00".repeat(20), pub_key: key, voting_power: power, proposer_priority: "-3" }],
      count: "1",
      total: "140",
    });
    const key = publicKeyJson(new Uint8Array(32).fill(7));
    expect(parseValidators(read(page(key)))).toEqual({
      validators: [{ address: new Uint8Array(20), publicKey: new Uint8Array(32).fill(7), power: 5n }],
      total: 140,
    });
    for (const [bad, power, place] of [
      [{ type: "tendermint/PubKeySecp256k1", value: "" }, "5", "validators[0].pub_key.type: expected an ed25519 key"],
      [
        { type: "tendermint/PubKeyEd25519", value: "AAAA" },
        "5",
        "validators[0].pub_key.value: expected 32 bytes in base64",
      ],
      [key, "-1", "validators[0].voting_power: expected a power from 0 on"],
    ] as const)
      expect(() => parseValidators(read(page(bad, power)))).toThrow(place);
  });

  it.each<[string, unknown, string]>([
    ["height", 7, "signed_header.header.height: expected a decimal string, got 7"],
    ["height", "07", "signed_header.header.height: expected a decimal string"],
    ["height", "9223372036854775808", "signed_header.header.height: expected an integer of 64 bits"],
    ["time", "yesterday", "signed_header.header.time: expected a time in RFC 3339"],
    ["data_hash", "xyz", "signed_header.header.data_hash: expected hex digits"],
    ["data_hash", 5, "signed_header.header.data_hash: expected a text, got 5"],
    ["chain_id", undefined, "signed_header.header.chain_id: expected a text, got nothing"],
    ["last_block_id", [], "signed_header.header.last_block_id: expected an object, got a list"],
    ["version", "11", "signed_header.header.version: expected an object"],
  ])("names the place of what is wrong: %s %j", (name, value, message) => {
    const { stored } = new TestChain(makeSigners([1n])).next();
    const json = {
      signed_header: {
        header: { ...(headerJson(Header.decode(stored.header)) as object), [name]: value },
        commit: commitJson(stored.seenCommit),
      },
    };
    expect(() => parseSignedHeader(read(json))).toThrow(
      expect.objectContaining({ code: PeerErrorCode.Nonsense, message: expect.stringContaining(message) }),
    );
  });

  it("takes any JSON without another failure than a peer's", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const parse of [parseBlock, parseSignedHeader, parseValidators, parseHeader, parseCommit]) {
          try {
            parse(read(value));
          } catch (error) {
            expect(error).toMatchObject({ codespace: "peer" });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
