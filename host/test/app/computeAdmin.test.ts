import type { StoreWrite } from "@sotto/boundary/messages";
import { concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import {
  ContractCodeHistoryEntry,
  ContractCodeHistoryOperation,
  MsgClearAdmin,
  MsgMigrateContract,
  MsgMigrateContractResponse,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../src/app/core/addresses.ts";
import { authorizedAdminKey, authorizedCodeKey, historyPrefix } from "../../src/app/modules/compute/keys.ts";
import { Query } from "../../src/proto/gen/secret/compute/v1beta1/query_pb.ts";
import { account, makeTestNetwork, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const CONTRACT = new Uint8Array(20).fill(0x42);
const contract = formatAddress(CONTRACT);
const a = account("a").address;
const b = account("b").address;
const GAS = { gas: 200_000n, fee: [uscrt(20_000)] };

const migration = (change: Partial<MsgMigrateContract> = {}): Any =>
  packAny(MsgMigrateContract, {
    ...MsgMigrateContract.zero,
    sender: a,
    contract,
    codeId: 2n,
    msg: new Uint8Array(82),
    ...change,
  });
const update = (change: Partial<MsgUpdateAdmin> = {}): Any =>
  packAny(MsgUpdateAdmin, { ...MsgUpdateAdmin.zero, sender: a, contract, newAdmin: b, ...change });
const clear = (change: Partial<MsgClearAdmin> = {}): Any =>
  packAny(MsgClearAdmin, { ...MsgClearAdmin.zero, sender: a, contract, ...change });
const method = <N extends keyof typeof Query.method>(name: N) => ({
  ...Query.method[name],
  path: `/secret.compute.v1beta1.Query/${Query.method[name].name}`,
});
const run = (network: TestNetwork, message: Any) => {
  const { code, codespace, log, data } = network.block(signTx([message], GAS)).results[1] ?? {};
  return { code: `${codespace}/${code}`, log, data };
};

describe("chain §2.3: checks of migrations and changes of admin that need no state", () => {
  it.each<[string, Any, string, string]>([
    ["a code id", migration({ codeId: 0n }), "sdk/18", "code id is required: invalid request"],
    [
      "a contract (migrate)",
      migration({ contract: "" }),
      "undefined/1",
      "contract: empty address string is not allowed",
    ],
    [
      "an address of this chain",
      migration({ contract: "cosmos1ap26qrlp8mcq2pg6r47w43l0y8zkqm8akzd2v6" }),
      "undefined/1",
      "contract: decoding bech32 failed: ",
    ],
    ["a contract (update)", update({ contract: "x" }), "undefined/1", "contract: decoding bech32 failed: "],
    ["a contract (clear)", clear({ contract: "x" }), "undefined/1", "contract: decoding bech32 failed: "],
    ["a new admin", update({ newAdmin: "" }), "undefined/1", "new admin: empty address string is not allowed"],
    [
      "another admin",
      update({ newAdmin: a.toUpperCase() }),
      "compute/10",
      "new admin is the same as the old: invalid CosmosMsg from the contract",
    ],
  ])("%s has to be named", (_, message, code, log) => {
    const result = run(makeTestNetwork(), message);
    expect([result.code, result.log?.slice(0, log.length)]).toEqual([code, log]);
  });
});

describe("chain §2.14, §2.15, §2.21: migrations and changes of admin, run by the enclave", () => {
  it("answer with their own responses", () => {
    const network = makeTestNetwork();
    const value = MsgMigrateContractResponse.encode({ data: utf8ToBytes("answer") });
    network.enclave.script.execMessage = ({ message }) => ({
      result: { kind: "ok", value: message === 0 ? value : new Uint8Array(0) },
      events: [],
      gasUsed: 25_000n,
      finalized: false,
      writes: [],
    });
    const [, result] = network.block(signTx([migration(), update(), clear()], GAS)).results;
    expect(result?.log).toBe("");
    expect(TxMsgData.decode(result?.data as Uint8Array).msgResponses).toEqual([
      { typeUrl: "/secret.compute.v1beta1.MsgMigrateContractResponse", value },
      { typeUrl: "/secret.compute.v1beta1.MsgUpdateAdminResponse", value: new Uint8Array(0) },
      { typeUrl: "/secret.compute.v1beta1.MsgClearAdminResponse", value: new Uint8Array(0) },
    ]);
  });

  it("show a panic of the chain as it is, inside no other text", () => {
    const network = makeTestNetwork();
    const failure = { codespace: "undefined", code: 111_222, log: "recovered: no history for x: panic" };
    network.enclave.script.execMessage = () => ({
      result: { kind: "failed", value: failure },
      events: [],
      gasUsed: 25_000n,
      finalized: false,
      writes: [],
    });
    expect(run(network, migration())).toMatchObject({ code: "undefined/111222", log: failure.log });
  });

  it("are not run for a contract that sends them past the enclave", () => {
    const network = makeTestNetwork();
    const outcomes: unknown[] = [];
    network.enclave.script.execMessage = (_request, ocalls) => {
      for (const { typeUrl, value } of [migration({ sender: contract }), update({ sender: contract })]) {
        outcomes.push(ocalls.runMessage({ signer: CONTRACT, typeUrl, value, gasLimit: 100_000n }).result);
      }
      return {
        result: { kind: "ok", value: new Uint8Array(0) },
        events: [],
        gasUsed: 25_000n,
        finalized: false,
        writes: [],
      };
    };
    run(network, clear());
    const log = "Execution error: Enclave: failed to validate transaction";
    expect(outcomes).toEqual([
      { kind: "failed", value: { codespace: "compute", code: 5, log: `${log}: migrate contract failed` } },
      { kind: "failed", value: { codespace: "undefined", code: 1, log } },
    ]);
  });

  it("show an enclave's error about an admin without a code and without a suffix", () => {
    const network = makeTestNetwork();
    const log = "Execution error: Enclave: failed to validate transaction";
    network.enclave.script.execMessage = () => ({
      result: { kind: "failed", value: { codespace: "undefined", code: 1, log } },
      events: [],
      gasUsed: 25_000n,
      finalized: false,
      writes: [],
    });
    expect(run(network, update())).toMatchObject({
      code: "undefined/1",
      log: `failed to execute message; message index: 0: ${log}`,
    });
  });
});

describe("chain §3.1: history and authorizations", () => {
  /** A network in whose compute store an enclave has written these. */
  function withRecords(writes: StoreWrite[]): TestNetwork {
    const network = makeTestNetwork();
    const value = new Uint8Array(0);
    const sorted = writes.sort((one, other) => Buffer.compare(one.key, other.key));
    network.enclave.script.execMessage = () => ({
      result: { kind: "ok", value },
      events: [],
      gasUsed: 25_000n,
      finalized: false,
      writes: sorted,
    });
    network.block(signTx([clear()], GAS));
    return network;
  }

  it("list the entries by position, beyond what a byte holds, and of this contract alone", () => {
    const entry = (codeId: bigint) => ({
      operation: codeId === 1n ? ContractCodeHistoryOperation.Init : ContractCodeHistoryOperation.Migrate,
      codeId,
      updated: { blockHeight: codeId, txIndex: 0n },
      msg: Uint8Array.of(7),
    });
    const key = (address: Uint8Array, position: bigint) => concatBytes(historyPrefix(address), u64be(position));
    const positions = Array.from({ length: 300 }, (_, i) => BigInt(i + 1));
    const other = {
      store: "compute",
      key: key(new Uint8Array(20).fill(0x43), 1n),
      value: ContractCodeHistoryEntry.encode(entry(1n)),
    };
    const network = withRecords([
      ...positions.map((p) => ({
        store: "compute",
        key: key(CONTRACT, p),
        value: ContractCodeHistoryEntry.encode(entry(p)),
      })),
      other,
    ]);
    const { entries } = network.query(method("contractHistory"), { contractAddress: contract }).answer;
    expect(entries.map(({ codeId }) => codeId)).toEqual(positions);
    expect(entries[0]).toMatchObject({
      operation: 1,
      updated: { blockHeight: 1n, txIndex: 0n },
      msg: Uint8Array.of(7),
    });
    expect(entries[1]).toMatchObject({ operation: 2 });
  });

  it("answer what governance allowed, an admin that is none included", () => {
    const network = withRecords([
      { store: "compute", key: authorizedCodeKey(contract), value: u64be(9n) },
      { store: "compute", key: authorizedAdminKey(contract), value: new Uint8Array(0) },
    ]);
    const ask = { contractAddress: contract };
    expect(network.query(method("authorizedMigration"), ask).answer.newCodeId).toBe(9n);
    expect(network.query(method("authorizedAdminUpdate"), ask).answer.newAdmin).toBe("");
  });
});
