import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import { describe, expect, it } from "vitest";
import type { Application, TxResult } from "../src/abci/application.ts";
import { loadBlock } from "../src/consensus/blockStore.ts";
import { makeSolo, type Solo } from "../src/consensus/solo.ts";
import { makeMemoryEngine } from "../src/store/memoryEngine.ts";
import { makeStateStore } from "../src/store/stateStore.ts";
import type { StateStore } from "../src/store/store.ts";

type VectorBlock = {
  height: number;
  txs: string[];
  header_proto: string;
  block_hash: string;
  part_set_header: { total: number; hash: string };
  precommit: { seconds: string; nanos: number };
  commit_proto: string;
  results: { code: number; data: string; gas_wanted: number; gas_used: number }[];
};
const { embedded_chain: vector } = JSON.parse(
  readFileSync(new URL("../../vectors/consensus.json", import.meta.url), "utf8"),
) as {
  embedded_chain: {
    chain_id: string;
    validator: { seed: string; pub_key: string; address: string };
    blocks: VectorBlock[];
  };
};

const crypto = makeNobleCrypto();
const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash("sha256")
      .update(concatBytes(...parts))
      .digest(),
  );
const GENESIS_HASH = sha256(utf8ToBytes("genesis app state"));

/** The application of the vector: its app hash is SHA-256 of the last one and the block hash. */
class VectorApplication implements Application {
  height = 0;
  appHash = GENESIS_HASH;
  accepts = true;
  #next: Uint8Array = GENESIS_HASH;
  info() {
    return { height: this.height, appHash: this.appHash };
  }
  initChain() {
    return { appHash: GENESIS_HASH };
  }
  prepareProposal({ height }: { height: number }) {
    return blockOf(height).txs.map(hexToBytes);
  }
  processProposal() {
    return this.accepts;
  }
  finalizeBlock({ height, hash }: { height: number; hash: Uint8Array }) {
    this.#next = sha256(this.appHash, hash);
    const results = blockOf(height).results.map(
      (result): TxResult => ({
        code: result.code,
        codespace: "",
        data: hexToBytes(result.data),
        log: "",
        gasWanted: BigInt(result.gas_wanted),
        gasUsed: BigInt(result.gas_used),
        events: [],
      }),
    );
    return { events: [], results, validatorUpdates: [], appHash: this.#next };
  }
  commit() {
    this.height += 1;
    this.appHash = this.#next;
  }
  query(): never {
    throw new Error("not asked here");
  }
}

const blockOf = (height: number): VectorBlock => vector.blocks[height - 1] as VectorBlock;

function makeChain(store: StateStore, application: VectorApplication): Solo {
  return makeSolo({
    chainId: vector.chain_id,
    genesisTimeNs: 1_735_689_600_000_000_000n,
    initialHeight: 1,
    consensusParams: { maxBytes: 22_020_096n, maxGas: -1n },
    validator: {
      seed: hexToBytes(vector.validator.seed),
      publicKey: hexToBytes(vector.validator.pub_key),
      address: hexToBytes(vector.validator.address),
      power: 10n,
    },
    crypto,
    store,
    application,
    genesisAppHash: GENESIS_HASH,
    commitApplication: (rows) => {
      application.commit();
      store.writeTables(rows);
    },
    now: () => {
      const { seconds, nanos } = blockOf(application.height + 1).precommit;
      return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    },
  });
}

const newStore = (): StateStore => makeStateStore(makeMemoryEngine(), { sha256, stores: [] });

describe("solo", () => {
  it("makes the three blocks of the vector, byte for byte", () => {
    const solo = makeChain(newStore(), new VectorApplication());
    for (const expected of vector.blocks) {
      const { block } = solo.produce([]);
      expect(bytesToHex(block.header)).toBe(expected.header_proto);
      expect(bytesToHex(block.blockId.hash)).toBe(expected.block_hash);
      expect(bytesToHex(block.blockId.partsHash)).toBe(expected.part_set_header.hash);
      expect(bytesToHex(block.seenCommit)).toBe(expected.commit_proto);
    }
  });

  it("executes a stored block again if its execution was lost, without signing another one", () => {
    const store = newStore();
    const first = new VectorApplication();
    const solo = makeChain(store, first);
    solo.produce([]);
    const { block } = solo.produce([]);
    const behind = new VectorApplication();
    behind.height = 1;
    behind.appHash = sha256(GENESIS_HASH, hexToBytes(blockOf(1).block_hash));
    const restarted = makeChain(store, behind);
    expect(restarted.recover()?.block).toEqual(block);
    expect(behind.appHash).toEqual(first.appHash);
    expect(restarted.recover()).toBeUndefined();
    expect(bytesToHex(restarted.produce([]).block.blockId.hash)).toBe(blockOf(3).block_hash);
  });

  it("refuses to sign a second block at a height that it signed", () => {
    const store = newStore();
    makeChain(store, new VectorApplication()).produce([]);
    expect(() => makeChain(store, new VectorApplication()).produce([])).toThrow(
      "a block of height 1 was signed already",
    );
  });

  it("stores nothing of a proposal that the application refuses", () => {
    const store = newStore();
    const application = new VectorApplication();
    application.accepts = false;
    expect(() => makeChain(store, application).produce([])).toThrow("refuses its own proposal");
    expect(loadBlock(store, 1)).toBeUndefined();
  });

  it("hands out the decided block with its commit to whoever names its hash", () => {
    const store = newStore();
    const solo = makeChain(store, new VectorApplication());
    const { block } = solo.produce([]);
    expect(bytesToHex(solo.decidedBlock(1, block.blockId.hash).commit)).toBe(blockOf(1).commit_proto);
    expect(() => solo.decidedBlock(1, new Uint8Array(32))).toThrow("not in the block store");
  });
});
