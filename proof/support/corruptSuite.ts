/**
 * Damaged and random bytes for the real bundle: a coded refusal each, never an exception without a code, and never any harm.
 * @module
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "@sotto/boundary/codec";
import { type EcallRequest, INTERFACE_VERSION, REFUSAL } from "@sotto/boundary/messages";
import { concatBytes } from "@sotto/common/bytes";
import { RefusalCode } from "@sotto/enclave/enclaveError";
import { makeEnclaveHost } from "@sotto/host/enclaveHost/enclaveHost";
import { homePaths } from "@sotto/host/node/home";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../e2e/harness.ts";
import { type Contract, toBase64, type Wallet } from "./client.ts";
import { decodeEcall, ECALL_NAMES, HostileNode, refusalOf, refused } from "./hostileNode.ts";
import { BUNDLE, startEnclave, type Transport } from "./lab.ts";
import { makeRandom } from "./random.ts";

export type Effort = {
  /** Random flips of the sealed record, besides every truncation. */
  readonly flips: number;
  /** Random bodies for every ecall, and damaged copies of every honest request. */
  readonly bodies: number;
};

type Block = EcallRequest<"beginBlock">;
const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });

/** What an answer of the enclave is: `ok`, or the refusal as `codespace/code`. */
function kindOf(answer: Uint8Array): string {
  if (answer[0] === 0) return "ok";
  expect(answer[0]).toBe(1);
  const { codespace, code } = decode(REFUSAL, answer.subarray(1));
  return `${codespace}/${code}`;
}

/** An exception that nobody foresaw: inside the enclave, or out of its entry. */
const UNFORESEEN = /^(refusal\/1|platform\/.*)$/;

export function describeCorruption(transport: Transport, { flips, bodies }: Effort): void {
  const random = makeRandom(`corrupt input, ${transport}`);
  const flip = (bytes: Uint8Array): Uint8Array => {
    const changed = bytes.slice();
    const at = random.below(bytes.length);
    changed[at] = (changed[at] as number) ^ (1 << random.below(8));
    return changed;
  };

  describe(`a sealed record, enclave ${transport}`, () => {
    let home: string;
    let node: HostileNode;
    let wallet: Wallet;
    let probe: Contract;
    let height: number;
    /** Of heights 1 and later. */
    const records: Uint8Array[] = [];
    /** From height 2. */
    const blocks: Block[] = [];
    const recordOf = (): Uint8Array => new Uint8Array(readFileSync(homePaths(home).sealedNetwork));

    beforeAll(() => {
      home = join(temporaryFolder(), "home");
      node = new HostileNode(home, transport);
      records.push(recordOf());
      node.tricks.beforeEcall = (name, request) => {
        if (name === "beginBlock") blocks.push(decodeEcall("beginBlock", request));
      };
      wallet = node.wallet("a");
      probe = node.deployProbe(wallet);
      records.push(recordOf());
      node.run(wallet.sign([wallet.execute(probe, set("k", "v")).any]));
      records.push(recordOf());
      height = node.store.latestHeight;
      node.close();
    });

    function withEnclave<T>(work: (enclave: ReturnType<typeof makeEnclaveHost>) => T, at = home): T {
      const enclave = makeEnclaveHost(startEnclave(at, transport));
      try {
        return work(enclave);
      } finally {
        enclave.close();
      }
    }

    it("cut off at any place, or changed in any bit, is refused; the whole one opens afterwards", () => {
      const sealed = records.at(-1) as Uint8Array;
      withEnclave((enclave) => {
        const codes = new Set<string>();
        const attempt = (damaged: Uint8Array) => {
          const refusal = refusalOf(() => enclave.call("unseal", { sealed: damaged }));
          if (refusal === "accepted") throw new Error("a damaged record was accepted");
          codes.add(`${refusal.codespace}/${refusal.code}`);
        };
        for (let length = 0; length < sealed.length; length++) attempt(sealed.slice(0, length));
        for (let i = 0; i < flips; i++) attempt(flip(sealed));
        attempt(concatBytes(sealed, Uint8Array.of(0)));
        attempt(random.bytes(sealed.length));
        const { SealBroken, SealOfAnotherMeasurement, SealOfAnotherMachine, SealOfAnotherLabel } = RefusalCode;
        const known = [SealBroken, SealOfAnotherMeasurement, SealOfAnotherMachine, SealOfAnotherLabel];
        expect(known.map((code) => `refusal/${code}`)).toEqual(expect.arrayContaining([...codes]));
        expect(enclave.call("info", { interfaceVersion: INTERFACE_VERSION }).state.kind).toBe("empty");
        expect(enclave.call("unseal", { sealed }).height).toBe(BigInt(height));
      });
    });

    it("of another machine, or of another bundle, is refused", () => {
      const sealed = records.at(-1) as Uint8Array;
      const unseal = (enclave: ReturnType<typeof makeEnclaveHost>) =>
        refusalOf(() => enclave.call("unseal", { sealed }));
      expect(withEnclave(unseal, join(temporaryFolder(), "other"))).toEqual(refused(RefusalCode.SealOfAnotherMachine));
      const other = new Uint8Array(concatBytes(BUNDLE, new Uint8Array(Buffer.from("\n// another bundle\n"))));
      const enclave = makeEnclaveHost(startEnclave(home, transport, other));
      expect(unseal(enclave)).toEqual(refused(RefusalCode.SealOfAnotherMeasurement));
      enclave.close();
    });

    /** A node that was given another record ends in a sentence; with its own it goes on. */
    function expectRefusedByNode(record: Uint8Array): void {
      replaceRecord(home, record);
      expect(() => new HostileNode(home, transport)).toThrow(
        new NodeError(
          NodeErrorCode.SealedRecordDamaged,
          "sealed/network.sealed and data/ do not belong together: at height 1 they have different blocks. Put back the file that was made with this database; `sotto reset` starts over",
        ),
      );
      expectGoesOn(records.at(-1) as Uint8Array);
    }

    function expectGoesOn(record: Uint8Array): void {
      replaceRecord(home, record);
      node = new HostileNode(home, transport);
      const [result] = node.run(wallet.sign([wallet.execute(probe, set("k", "w")).any]));
      expect(result?.code).toBe(0);
      records.push(recordOf());
      height = node.store.latestHeight;
      node.close();
    }

    it("that is older is brought up to the state by its node, and its enclave takes no block but the next one", () => {
      withEnclave((enclave) => {
        enclave.call("unseal", { sealed: records[0] as Uint8Array });
        for (const block of blocks.slice(1)) {
          expect(refusalOf(() => enclave.call("beginBlock", block))).toEqual(refused(RefusalCode.BlockHeight));
        }
        // The next one is verified, and then needs the state of its height, which nobody here has.
        expect(refusalOf(() => enclave.call("beginBlock", blocks[0] as Block))).toEqual(
          refused(RefusalCode.HostMisbehavior),
        );
      });
      expectGoesOn(records[0] as Uint8Array);
    });

    it("of another network of this machine is refused by its node, and its enclave takes no block of this one", () => {
      const stranger = startWithSecretOf(home, join(temporaryFolder(), "other"), transport);
      const theirs = new Uint8Array(readFileSync(homePaths(stranger.home).sealedNetwork));
      stranger.close();
      withEnclave((enclave) => {
        enclave.call("unseal", { sealed: theirs });
        expect(refusalOf(() => enclave.call("beginBlock", blocks[0] as Block))).toEqual(
          refused(RefusalCode.BlockLastId),
        );
      });
      expectRefusedByNode(theirs);
    });
  });

  describe(`random bytes for every ecall, enclave ${transport}`, () => {
    let node: HostileNode;
    const honest = new Map<number, Uint8Array[]>();

    beforeAll(() => {
      node = new HostileNode(join(temporaryFolder(), "home"), transport);
      node.tricks.beforeEcall = (_, request) => {
        const kind = request[0] as number;
        const known = honest.get(kind) ?? [];
        honest.set(kind, [...known.slice(-1), request]);
      };
      const wallet = node.wallet("a");
      const probe = node.deployProbe(wallet);
      const executed = wallet.sign([wallet.execute(probe, set("k", "v")).any]);
      expect(node.run(executed)[0]?.code).toBe(0);
      node.tricks = {};
    });

    afterAll(() => node.close());

    /** Nothing that was not foreseen, whatever comes in. */
    function attempt(exchange: (request: Uint8Array) => Uint8Array, request: Uint8Array): string {
      const kind = kindOf(exchange(request));
      expect(kind, Buffer.from(request.subarray(0, 400)).toString("hex")).not.toMatch(UNFORESEEN);
      return kind;
    }

    it("to an empty enclave", () => {
      const connection: EnclaveConnection = startEnclave(join(temporaryFolder(), "home"), transport);
      const exchange = (request: Uint8Array) =>
        connection.exchange(request, () => {
          throw new Error("an empty enclave asks nothing");
        });
      attempt(exchange, new Uint8Array(0));
      for (let kind = 0; kind < 256; kind++) {
        // A random chain id bootstraps it, and rightly.
        if (ECALL_NAMES[kind] === "bootstrap") continue;
        const rounds = kind < ECALL_NAMES.length ? bodies : 1;
        for (let i = 0; i < rounds; i++) {
          attempt(exchange, concatBytes(Uint8Array.of(kind), random.bytes(random.below(300))));
        }
      }
      expect(makeEnclaveHost(connection).call("info", { interfaceVersion: INTERFACE_VERSION }).state.kind).toBe(
        "empty",
      );
      connection.close();
    });

    it("in place of a block: no bit of it can be changed", () => {
      const wallet = node.wallet("c");
      const probe = node.deployProbe(wallet);
      let attempts = 0;
      node.tricks.beforeEcall = (name, request) => {
        if (name !== "beginBlock") return;
        for (let i = 0; i < bodies * 5; i++) {
          const damaged = flip(request);
          // The last byte only says whether there are more results to ask for.
          if (damaged[0] !== request[0] || damaged.at(-1) !== request.at(-1)) continue;
          // Header hash, commit and validators cover all of it.
          expect(attempt((bytes) => node.exchange(bytes), damaged)).not.toBe("ok");
          attempts++;
        }
      };
      const executed = wallet.sign([wallet.execute(probe, set("k", "v")).any]);
      expect(node.run(executed)[0]?.code).toBe(0);
      expect(attempts).toBeGreaterThan(bodies);
      node.tricks = {};
    });

    it("to an enclave at work, which answers honest requests between them", () => {
      for (const kind of ECALL_NAMES.keys()) {
        for (let i = 0; i < bodies; i++) {
          const body = random.bytes(random.below(i % 10 === 0 ? 100_000 : 200));
          attempt((request) => node.exchange(request), concatBytes(Uint8Array.of(kind), body));
        }
        for (const request of honest.get(kind) ?? []) {
          for (let i = 0; i < bodies; i++) {
            const damaged = random.below(4) === 0 ? request.slice(0, 1 + random.below(request.length)) : flip(request);
            if (damaged[0] !== kind) continue;
            attempt((bytes) => node.exchange(bytes), damaged);
          }
        }
      }
      node.startOver();
      const wallet = node.wallet("b");
      const probe = node.deployProbe(wallet);
      expect(node.run(wallet.sign([wallet.execute(probe, set("k", "v")).any]))[0]?.code).toBe(0);
    });
  });
}

function replaceRecord(home: string, sealed: Uint8Array): void {
  writeFileSync(homePaths(home).sealedNetwork, sealed);
}

/** A second network on the same machine: another home with the same machine secret. */
function startWithSecretOf(home: string, other: string, transport: Transport): HostileNode {
  mkdirSync(other, { recursive: true });
  copyFileSync(homePaths(home).machineSecret, homePaths(other).machineSecret);
  return new HostileNode(other, transport);
}
