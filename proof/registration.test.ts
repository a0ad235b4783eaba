/**
 * A registration through the whole node, with the real bundle behind both transports: what is refused and why, what is admitted, and that a
 * second enclave comes to the keys of the first.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefusedError } from "@sotto/boundary/calls";
import { addOwnerSignature, decodeEvidence, encodeUnsignedEvidence } from "@sotto/boundary/evidence";
import { INTERFACE_VERSION, OCALLS, type OcallName } from "@sotto/boundary/messages";
import { base64ToBytes, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import { MsgUpdatePolicy, RaAuthenticate, RegistrationNodeInfo } from "@sotto/common/wire/registration";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { makeEnclaveHost } from "@sotto/host/enclaveHost/enclaveHost";
import type { ExecutedBlock, Executor } from "@sotto/host/node/executor";
import { homePaths } from "@sotto/host/node/home";
import { type AccountKey, makeAccountKey, signTx } from "@sotto/host/node/signTx";
import { loadValidatorKey } from "@sotto/host/node/validatorKey";
import type { StateStore } from "@sotto/host/store/store";
import type { EnclaveConnection } from "@sotto/platform/platform";
import { makeSimPlatform } from "@sotto/platform/sim";
import { afterEach, describe, expect, it } from "vitest";
import { crypto, sha256 } from "./support/client.ts";
import { openHome, startEnclave, type Transport } from "./support/lab.ts";

const CHAIN_ID = "private-1-sim";
const GAS = 3_000_000n;
const NOW = Math.floor(Date.now() / 1_000);

const folders: string[] = [];
const closers: (() => void)[] = [];
const makeHome = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "sotto-registration-"));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const close of closers.splice(0)) close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function userOf(index: number): AccountKey {
  const { insecurePrivateKey } = DEVELOPMENT_ACCOUNTS[index] as (typeof DEVELOPMENT_ACCOUNTS)[number];
  return makeAccountKey(crypto, hexToBytes(insecurePrivateKey)) as AccountKey;
}

const OCALL_NAMES = Object.keys(OCALLS) as OcallName[];
type Answer = (name: OcallName, honest: Uint8Array) => Uint8Array;

const bound = (connection: EnclaveConnection): EnclaveConnection => ({
  measurement: connection.measurement,
  exchange: (request, onOcall) => connection.exchange(request, onOcall),
  close: () => connection.close(),
});

/** A first node, in this thread. */
class FirstNode {
  readonly #executor: Executor;
  readonly #sequences = new Map<number, bigint>();
  readonly store: StateStore;
  readonly genesis: Uint8Array;

  /** @param answer what the host makes of an honest answer to the enclave */
  constructor(transport: Transport, answer: Answer = (_, honest) => honest) {
    const home = makeHome();
    const { measurement, exchange, close } = bound(startEnclave(home, transport));
    const cheated: typeof exchange = (request, onOcall) =>
      exchange(request, (ocall) => answer(OCALL_NAMES[ocall[0] as number] as OcallName, onOcall(ocall)));
    const connection = { measurement, exchange: cheated, close };
    const { executor, store } = openHome(home, connection, undefined, "solo", CHAIN_ID);
    [this.#executor, this.store] = [executor, store];
    closers.push(() => this.#executor.close());
    this.genesis = utf8ToBytes(this.#executor.status().genesis);
  }

  get height(): bigint {
    return BigInt(this.store.latestHeight);
  }

  /** Runs a message of a development account in a block of its own. @returns code and log of its transaction */
  run(message: Any, from = 1): { readonly code: string; readonly log: string } {
    const sequence = this.#sequences.get(from) ?? 0n;
    const place = { chainId: CHAIN_ID, accountNumber: BigInt(from), sequence };
    const { results } = this.produce(signTx(crypto, userOf(from), { ...place, messages: [message], gasLimit: GAS }));
    const { codespace, code, log } = results.results[1] as (typeof results.results)[number];
    // What is refused before the ante chain costs no sequence.
    if (codespace !== "undefined") this.#sequences.set(from, sequence + 1n);
    return { code: code === 0 ? "ok" : `${codespace}/${code}`, log };
  }

  produce(...transactions: readonly Uint8Array[]): ExecutedBlock {
    this.lastBlock = this.#executor.produce(transactions);
    return this.lastBlock;
  }

  lastBlock: ExecutedBlock | undefined;

  keys() {
    const { app_state } = JSON.parse(Buffer.from(this.genesis).toString());
    const { io_exch_key, node_exch_key } = app_state.register;
    return { ioExchange: base64ToBytes(io_exch_key.bytes), seedExchange: base64ToBytes(node_exch_key.bytes) };
  }

  register(certificate: Uint8Array): ReturnType<FirstNode["run"]> {
    return this.run(packAny(RaAuthenticate, { sender: userOf(1).address, certificate, replaceMachineId: "" }));
  }
}

/** An enclave that wants to join, on a machine of its own. */
class Applicant {
  readonly enclave;
  readonly nodeKey: Uint8Array;
  readonly #owner;
  readonly #platform;

  constructor(transport: Transport) {
    const home = makeHome();
    const paths = homePaths(home);
    this.enclave = makeEnclaveHost(startEnclave(home, transport));
    closers.push(() => this.enclave.close());
    this.#owner = loadValidatorKey(paths.validatorKey, crypto);
    this.#platform = makeSimPlatform({ machineSecretFile: paths.machineSecret });
    this.nodeKey = this.enclave.call("registrationKey", { sealed: undefined }).nodeKey;
  }

  /** Good evidence for the node's last block, or with another part of it. */
  evidence(node: FirstNode, change: (unsigned: Uint8Array) => Uint8Array = (unsigned) => unsigned, chainId = CHAIN_ID) {
    const block = node.lastBlock?.block;
    if (block === undefined) throw new Error("the node has made no block");
    const { evidence } = this.enclave.call("makeEvidence", {
      chainId,
      genesisHash: sha256(node.genesis),
      owner: this.#owner.publicKey,
      height: BigInt(block.height),
      blockHash: block.blockId.hash,
      collateral: this.#platform.collateral(NOW),
    });
    const unsigned = change(evidence);
    const signed = concatBytes(utf8ToBytes("reg-owner/v1"), sha256(unsigned));
    return addOwnerSignature(unsigned, crypto.ed25519Sign(signed, this.#owner.seed));
  }
}

const parts = (unsigned: Uint8Array) => decodeEvidence(addOwnerSignature(unsigned, new Uint8Array(64)));

describe.each(["inline", "process"] as const)(
  "enclave §1.4: a registration through the whole node, %s",
  (transport) => {
    it("hands the seeds to a second enclave, which derives the same keys", () => {
      const node = new FirstNode(transport);
      node.produce();
      const applicant = new Applicant(transport);
      expect(node.register(applicant.evidence(node))).toEqual({ code: "ok", log: "" });
      const view = node.store.latest();
      const info = view.get("register", concatBytes(Uint8Array.of(1), applicant.nodeKey));
      view.release();
      const { encryptedSeed: encryptedSeeds } = RegistrationNodeInfo.decode(info as Uint8Array);
      const imported = applicant.enclave.call("importSeeds", { genesis: node.genesis, encryptedSeeds });
      expect(imported).toMatchObject({ chainId: CHAIN_ID, keys: node.keys() });
      const { state } = applicant.enclave.call("info", { interfaceVersion: INTERFACE_VERSION });
      expect(state.kind).toBe("ready");
    });

    it("refuses with code and sentence, and goes on", () => {
      const node = new FirstNode(transport);
      node.produce();
      const applicant = new Applicant(transport);
      const good = applicant.evidence(node);
      const cases: [string, string, Uint8Array][] = [
        ["register/40", "does not bind", applicant.evidence(node, undefined, "private-2-sim")],
        [
          "register/21",
          "after",
          applicant.evidence(node, (unsigned) => {
            const { quote, ...rest } = parts(unsigned);
            return encodeUnsignedEvidence({ ...rest, quote: concatBytes(quote, Uint8Array.of(1)) });
          }),
        ],
        [
          "register/43",
          "are not signed by the validator key",
          addOwnerSignature(good.slice(0, -69), new Uint8Array(64)),
        ],
        ["undefined/1", "Certificate validation failed", good.subarray(1)],
      ];
      for (const [code, sentence, certificate] of cases) {
        expect(node.register(certificate)).toEqual({ code, log: expect.stringContaining(sentence) });
      }
      expect(node.register(good).code).toBe("ok");
      expect(node.register(good)).toMatchObject({ code: "register/44" });
      node.produce();
    });

    it("follows the authority: machines that are not listed are refused once it says so", () => {
      const node = new FirstNode(transport);
      node.produce();
      const { attestation } = JSON.parse(Buffer.from(node.genesis).toString()).app_state.register;
      const policy = JSON.stringify({ ...attestation, machines: "listed" });
      const authority = userOf(0).text;
      expect(node.run(packAny(MsgUpdatePolicy, { authority: userOf(1).text, policy })).code).toBe("register/49");
      expect(node.run(packAny(MsgUpdatePolicy, { authority, policy }), 0)).toEqual({ code: "ok", log: "" });
      expect(node.register(new Applicant(transport).evidence(node)).code).toBe("register/45");
      node.produce();
    });

    it.each(["readHeaders", "readProven"] as const)(
      "gives no result, hence no seed, where the host lies in %s",
      (lied) => {
        let lies = false;
        const node = new FirstNode(transport, (name, honest) => {
          if (!lies || name !== lied) return honest;
          const changed = honest.slice();
          (changed[changed.length - 1] as number) ^= 1;
          return changed;
        });
        node.produce();
        const certificate = new Applicant(transport).evidence(node);
        lies = true;
        expect(() => node.register(certificate)).toThrow(RefusedError);
        expect(node.store.latestHeight).toBe(node.lastBlock?.block.height);
      },
    );
  },
);
