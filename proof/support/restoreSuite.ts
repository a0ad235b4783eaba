/** A disk that is put back to an older copy, whole or in parts: the same bytes again, or a sentence with the way out. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadBlock, loadResults } from "@sotto/host/consensus/blockStore";
import type { ForeignBlock } from "@sotto/host/consensus/foreignBlock";
import { homePaths } from "@sotto/host/node/home";
import { NodeErrorCode } from "@sotto/host/node/nodeError";
import type { StateStore } from "@sotto/host/store/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../e2e/harness.ts";
import { HostileNode } from "./hostileNode.ts";
import { openHome, startEnclave, type Transport } from "./lab.ts";

const set = (key: string, value: string) => ({
  run: { ops: [{ set: { key: Buffer.from(key).toString("base64"), value: Buffer.from(value).toString("base64") } }] },
});

/** What an executor throws when it opens a home. */
function refusalOf(home: string, transport: Transport, kind: "solo" | "follower" = "solo") {
  const connection = startEnclave(home, transport);
  try {
    openHome(home, connection, undefined, kind).executor.close();
    return undefined;
  } catch (error) {
    return error as { readonly codespace: string; readonly code: number; readonly message: string };
  } finally {
    connection.close();
  }
}

export function testRestore(transport: Transport): void {
  describe(`consensus §3.5: a disk put back, enclave ${transport}`, () => {
    /** A home of height h, and the same home three blocks later. */
    let old: string;
    let later: string;
    let height: number;
    let source: ReturnType<typeof openHome>;

    beforeAll(() => {
      const home = join(temporaryFolder(), "home");
      let node = new HostileNode(home, transport);
      const wallet = node.wallet("a");
      const probe = node.deployProbe(wallet);
      node.close();
      old = join(temporaryFolder(), "old");
      cpSync(home, old, { recursive: true });
      node = new HostileNode(home, transport);
      for (const value of ["1", "2"]) {
        expect(node.run(wallet.sign([wallet.execute(probe, set("k", value)).any]))[0]?.code).toBe(0);
      }
      height = node.store.latestHeight;
      node.close();
      later = home;
      // Reads what was decided: its own copy, so that nothing is shared with the homes under test.
      const readFrom = join(temporaryFolder(), "source");
      cpSync(later, readFrom, { recursive: true });
      source = openHome(readFrom, startEnclave(readFrom, "inline"), undefined, "follower");
    }, 60_000);
    afterAll(() => source.executor.close());

    /** A home with some parts of the older one. */
    function mix(parts: { readonly data?: string; readonly sealed?: string }): string {
      const home = join(temporaryFolder(), "mixed");
      cpSync(later, home, { recursive: true });
      for (const part of ["data", "sealed"] as const) {
        const from = parts[part];
        if (from === undefined) continue;
        rmSync(join(home, part), { recursive: true });
        if (from !== "") cpSync(join(from, part), join(home, part), { recursive: true });
      }
      writeFileSync(homePaths(home).genesis, source.executor.status().genesis);
      if (parts.data === "") mkdirSync(homePaths(home).state, { recursive: true });
      return home;
    }

    const foreign = (at: number): ForeignBlock => {
      const block = loadBlock(source.store, at);
      if (block === undefined) throw new Error(`no block ${at}`);
      const { header, transactions, lastCommit, seenCommit: commit } = block;
      return { header, transactions, evidenceCount: 0, lastCommit, commit, validatorSets: [] };
    };

    /** Runs what is missing as a follower does, with the headers that its enclave wants; every result must be what it was. */
    function catchUp(home: string, expectWanted: boolean): void {
      const connection = startEnclave(home, transport);
      const { executor, store } = openHome(home, connection, undefined, "follower");
      const first = store.latestHeight + 1;
      expect(executor.wantedHeaders()).toEqual(expectWanted ? { from: first, to: height } : undefined);
      for (let range = executor.wantedHeaders(); range !== undefined; range = executor.wantedHeaders()) {
        const headers = [];
        for (let at = range.from; at <= range.to; at++) headers.push(foreign(at).header);
        expect(executor.showHeaders([...headers].reverse())).toBe(headers.length === 1);
        expect(executor.showHeaders(headers)).toBe(true);
      }
      for (let at = first; at <= height; at++) {
        const { executed, failure } = executor.follow([foreign(at)]);
        expect(failure).toBeUndefined();
        expect(executed[0]?.results).toEqual(loadResults(source.store, at));
      }
      expectSameState(store, source.store);
      executor.close();
      expect(refusalOf(home, transport)).toBeUndefined();
    }

    function expectSameState(store: StateStore, other: StateStore): void {
      expect(store.latestHeight).toBe(other.latestHeight);
      expect(store.appHash).toEqual(other.appHash);
    }

    it("T4: the database alone: a follower runs the blocks between again to identical bytes", () => {
      catchUp(mix({ data: old }), true);
    });

    it("T4: the database alone, one block behind: that block runs again", () => {
      const home = mix({ data: old, sealed: old });
      const connection = startEnclave(home, transport);
      const { executor, store } = openHome(home, connection, undefined, "follower");
      for (let at = store.latestHeight + 1; at < height; at++) executor.follow([foreign(at)]);
      executor.close();
      cpSync(join(later, "sealed"), join(home, "sealed"), { recursive: true });
      catchUp(home, false);
    });

    it("T4: no database at all: a follower runs everything again from genesis", () => {
      catchUp(mix({ data: "" }), true);
    });

    it("T4: the database alone: solo has lost its blocks, signs no others in their place, and says so", () => {
      const refusal = refusalOf(mix({ data: old }), transport);
      expect(refusal).toMatchObject({ codespace: "node", code: NodeErrorCode.BlocksLost });
      expect(refusal?.message).toMatch(/older copy.*Put back a copy of data\/.*`sotto reset`/);
      expect(refusalOf(mix({ data: "" }), transport)).toMatchObject({ code: NodeErrorCode.BlocksLost });
    });

    it.each(["solo", "follower"] as const)(
      "T4: the sealed file alone: the enclave of %s accepts the headers between",
      (kind) => {
        const home = mix({ sealed: old });
        expect(refusalOf(home, transport, kind)).toBeUndefined();
        const node = new HostileNode(home, transport);
        const wallet = node.wallet("b");
        expect(() => node.deployProbe(wallet)).not.toThrow();
        node.close();
      },
    );

    it("T4: both together go on from there", () => {
      catchUp(mix({ data: old, sealed: old }), false);
      const node = new HostileNode(mix({ data: old, sealed: old }), transport);
      expect(() => node.deployProbe(node.wallet("b"))).not.toThrow();
      node.close();
    });

    it("registration §3.4: a sealed file that is gone, cut anywhere, changed, empty or another one ends in its own sentence", () => {
      const home = mix({});
      const { sealedNetwork } = homePaths(home);
      const whole = readFileSync(sealedNetwork);
      const say = (change: () => void): string => {
        writeFileSync(sealedNetwork, whole);
        change();
        const refusal = refusalOf(home, transport);
        expect(refusal).toMatchObject({ codespace: "node", code: NodeErrorCode.SealedRecordDamaged });
        return refusal?.message ?? "";
      };
      const flipped = Buffer.from(whole);
      flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1;
      expect(say(() => rmSync(sealedNetwork))).toMatch(/is gone.*backup/);
      expect(existsSync(sealedNetwork)).toBe(false);
      expect(say(() => writeFileSync(sealedNetwork, ""))).toMatch(/it is empty.*backup/);
      for (const length of [1, 8, 9, 40, 100, whole.length - 1]) {
        expect(say(() => truncateSync(sealedNetwork, length))).toMatch(/it was cut.*backup/);
      }
      expect(say(() => writeFileSync(sealedNetwork, flipped))).toMatch(/it was changed.*backup/);
      expect(say(() => cpSync(join(old, "validator-key.json"), sealedNetwork))).toMatch(/does not begin like one/);
      writeFileSync(sealedNetwork, whole);
      expect(refusalOf(home, transport)).toBeUndefined();
    });
  });
}
