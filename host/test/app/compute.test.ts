import { gzipSync } from "node:zlib";
import type { OcallHandlers } from "@sotto/boundary/calls";
import { RefusedError } from "@sotto/boundary/calls";
import type { StoreWrite } from "@sotto/boundary/messages";
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import {
  CodeInfo,
  ContractInfo,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
  MsgStoreCode,
  MsgStoreCodeResponse,
} from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../src/app/core/addresses.ts";
import { codeKey, contractKey } from "../../src/app/modules/compute/keys.ts";
import { Query as BankQuery } from "../../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { Query } from "../../src/proto/gen/secret/compute/v1beta1/query_pb.ts";
import { sendMessage } from "./bankMessages.ts";
import { account, crypto, makeTestNetwork, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const CONTRACT = new Uint8Array(20).fill(0x42);
const contractText = formatAddress(CONTRACT);
const method = <N extends keyof typeof Query.method>(name: N) => ({
  ...Query.method[name],
  path: `/secret.compute.v1beta1.Query/${Query.method[name].name}`,
});
const balance = { ...BankQuery.method.balance, path: "/cosmos.bank.v1beta1.Query/Balance" };
const balanceOf = (network: TestNetwork, address: string): string | undefined =>
  network.query(balance, { address, denom: "uscrt" }).answer.balance?.amount;

const WASM = utf8ToBytes("\0asm and so on");
const storeMessage = (wasmByteCode: Uint8Array): Any =>
  packAny(MsgStoreCode, { sender: account("a").bytes, wasmByteCode, source: "", builder: "" });
const executeMessage = (...sentFunds: { denom: string; amount: string }[]): Any =>
  packAny(MsgExecuteContract, {
    sender: account("a").bytes,
    contract: CONTRACT,
    msg: new Uint8Array(64),
    callbackCodeHash: "",
    sentFunds,
    callbackSig: new Uint8Array(0),
  });
const GAS = { gas: 200_000n, fee: [uscrt(20_000)] };

/** What an enclave answers to a message that went well. */
function succeeds(work?: (ocalls: OcallHandlers) => void, writes: StoreWrite[] = []) {
  return (_request: unknown, ocalls: OcallHandlers) => {
    work?.(ocalls);
    return {
      result: { kind: "ok", value: MsgExecuteContractResponse.encode({ data: utf8ToBytes("answer") }) } as const,
      events: [{ type: "wasm", attributes: [{ key: "contract_address", value: contractText }] }],
      gasUsed: 30_000n,
      finalized: false,
      writes,
    };
  };
}

/** What an enclave answers to an upload. */
function uploaded(codeId: bigint, code = WASM) {
  const info = { codeHash: crypto.sha256(code), creator: account("a").bytes, source: "", builder: "" };
  return {
    result: { kind: "ok", value: MsgStoreCodeResponse.encode({ codeId }) } as const,
    events: [
      { type: "message", attributes: [{ key: "module", value: "compute" }] },
      { type: "message", attributes: [{ key: "code_id", value: codeId.toString() }] },
    ],
    gasUsed: 10_000n,
    finalized: false,
    writes: [{ store: "compute", key: codeKey(codeId), value: CodeInfo.encode(info) }],
  };
}

describe("contracts §1.1: storing code", () => {
  it("takes raw and zipped code, with the events, response and gas of the protocol", () => {
    const network = makeTestNetwork();
    let uploads = 0n;
    network.enclave.script.execMessage = () => uploaded(++uploads);
    const [, raw, zipped] = network.block(
      signTx([storeMessage(WASM)], GAS),
      signTx([storeMessage(new Uint8Array(gzipSync(WASM)))], { ...GAS, sequence: 1n }),
    ).results;
    expect(raw?.log).toBe("");
    expect(TxMsgData.decode(raw?.data as Uint8Array).msgResponses).toEqual([
      { typeUrl: "/secret.compute.v1beta1.MsgStoreCodeResponse", value: MsgStoreCodeResponse.encode({ codeId: 1n }) },
    ]);
    const a = account("a").address;
    const events = zipped?.events
      .slice(7)
      .map(({ type, attributes }) => [type, ...attributes.map((one) => `${one.key}=${one.value}`)]);
    expect(events).toEqual([
      ["message", "action=/secret.compute.v1beta1.MsgStoreCode", `sender=${a}`, "msg_index=0"],
      ["message", "module=compute", "msg_index=0"],
      ["message", "code_id=2", "msg_index=0"],
    ]);
    const codeHash = bytesToHex(crypto.sha256(WASM));
    const { answer } = network.query(method("code"), { codeId: 2n });
    expect(answer.codeInfo).toMatchObject({ codeId: 2n, codeHash, creator: a });
    expect(answer.wasm).toEqual(WASM);
    expect(network.query(method("codes"), {}).answer.codeInfos.map(({ codeId }) => codeId)).toEqual([1n, 2n]);
    expect(network.query(method("codeHashByCodeId"), { codeId: 1n }).answer.codeHash).toBe(codeHash);
  });

  it("refuses what cannot be code, and says why", () => {
    const network = makeTestNetwork();
    const log = "no wasm: create contract failed";
    network.enclave.script.execMessage = () => ({
      result: { kind: "failed", value: { codespace: "compute", code: 15, log } },
      events: [],
      gasUsed: 5n,
      finalized: false,
      writes: [],
    });
    const bad = [
      storeMessage(new Uint8Array(0)),
      packAny(MsgStoreCode, { sender: account("a").bytes, wasmByteCode: WASM, source: "http://x", builder: "" }),
      packAny(MsgStoreCode, { sender: account("a").bytes, wasmByteCode: WASM, source: "", builder: "x" }),
      storeMessage(WASM),
    ];
    let sequence = 0n;
    const results = bad.map((message) => {
      const result = network.block(signTx([message], { ...GAS, sequence })).results[1];
      if ((result?.events.length ?? 0) > 0) sequence++;
      return [`${result?.codespace}/${result?.code}`, result?.log];
    });
    expect(results).toEqual([
      ["sdk/18", "code bytes is required: empty: invalid request"],
      ["sdk/18", "source must use https: invalid: invalid request"],
      ["sdk/18", "builder invalid: invalid request"],
      ["compute/15", "failed to execute message; message index: 0: no wasm: create contract failed"],
    ]);
    expect(network.query(method("code"), { codeId: 1n }).response.grpc.message).toBe(
      "codespace compute code 9: not found",
    );
  });

  it("keeps no code of a transaction that fails", () => {
    const network = makeTestNetwork();
    network.enclave.script.execMessage = () => uploaded(1n);
    network.block(signTx([storeMessage(WASM), sendMessage("a", "b", uscrt(10n ** 19n))], GAS));
    expect(network.store.getTable("code", crypto.sha256(WASM))).toBeUndefined();
    network.block(signTx([storeMessage(WASM)], { ...GAS, sequence: 1n }));
    expect(network.store.getTable("code", crypto.sha256(WASM))).toEqual(WASM);
  });
});

describe("contracts §6.7: running contracts", () => {
  it("hands positions to the enclave, applies its writes and shows its events", () => {
    const network = makeTestNetwork();
    const key = contractKey(CONTRACT);
    const info = ContractInfo.encode({
      codeId: 1n,
      creator: account("a").bytes,
      label: "l",
      created: { blockHeight: 1n, txIndex: 0n },
      ibcPortId: "",
      admin: "",
      adminProof: new Uint8Array(32),
      requireGovernance: false,
    });
    const requests: unknown[] = [];
    network.enclave.script.execMessage = (request, ocalls) => {
      requests.push(request);
      return succeeds(undefined, [{ store: "compute", key, value: info }])(request, ocalls);
    };
    const [, bank, result] = network.block(
      signTx([sendMessage("b", "c", uscrt(1))], { from: "b" }),
      signTx([executeMessage(), executeMessage()], GAS),
    ).results;
    expect(bank?.code).toBe(0);
    expect(result?.log).toBe("");
    expect(requests).toEqual([
      { transaction: 2, message: 0, signers: [{ accountNumber: 1n, signBytes: undefined }] },
      { transaction: 2, message: 1, signers: [{ accountNumber: 1n, signBytes: undefined }] },
    ]);
    const own = result?.events.filter(({ type }) => type === "wasm" || type === "message").slice(1);
    expect(own?.map(({ type, attributes }) => [type, attributes.at(-1)?.value])).toEqual([
      ["message", "0"],
      ["wasm", "0"],
      ["message", "1"],
      ["wasm", "1"],
    ]);
    expect(result?.gasUsed).toBeGreaterThan(60_000n);
    const { answer } = network.query(method("contractInfo"), { contractAddress: contractText });
    expect(answer.contractInfo).toMatchObject({ codeId: 1n, label: "l", adminProof: new Uint8Array(0) });
    expect(network.query(method("contractsByCodeId"), { codeId: 1n }).answer.contractInfos).toHaveLength(1);
  });

  it("passes a contract's failure on and keeps nothing of it", () => {
    const network = makeTestNetwork();
    const log = "encrypted: YWJj: execute contract failed";
    network.enclave.script.execMessage = (_request, ocalls) => {
      ocalls.moveFunds({ from: account("a").bytes, to: CONTRACT, coins: [uscrt(5)], createAccount: true });
      const value = { codespace: "compute", code: 3, log };
      return { result: { kind: "failed", value }, events: [], gasUsed: 25_000n, finalized: false, writes: [] };
    };
    const [, result] = network.block(signTx([executeMessage()], GAS)).results;
    expect(result).toMatchObject({
      code: 3,
      codespace: "compute",
      log: `failed to execute message; message index: 0: ${log}`,
    });
    expect(balanceOf(network, contractText)).toBe("0");
    expect(network.enclave.calls).toContain('endTransaction {"transaction":1,"kept":false}');
  });

  it("fails a transaction whose gas does not cover what the enclave reports", () => {
    const network = makeTestNetwork();
    network.enclave.script.execMessage = (request, ocalls) => ({
      ...succeeds()(request, ocalls),
      gasUsed: 250_000n,
    });
    const [, result] = network.block(signTx([executeMessage()], GAS)).results;
    expect(result?.log).toMatch(/^out of gas in location: wasm contract; gasWanted: 200000, gasUsed: \d+: out of gas$/);
    expect(result?.code).toBe(11);
  });

  it("says where the gas ran out, if it did so inside", () => {
    const network = makeTestNetwork();
    const result = { kind: "outOfGas" as const, value: { location: "Loading Compute module: reply" } };
    network.enclave.script.execMessage = () => ({
      result,
      events: [],
      gasUsed: 250_000n,
      finalized: false,
      writes: [],
    });
    expect(network.block(signTx([executeMessage()], GAS)).results[1]?.log).toMatch(
      /^out of gas in location: Loading Compute module: reply; gasWanted: 200000, gasUsed: \d+: out of gas$/,
    );
  });

  it("moves funds, branches state, runs messages of other modules and answers queries", () => {
    const network = makeTestNetwork();
    const seen: Record<string, unknown> = {};
    const works = succeeds((ocalls) => {
      const { moveFunds, branch, runMessage, chainQuery, readStore, readCode } = ocalls;
      const from = account("a").bytes;
      seen.created = moveFunds({ from, to: CONTRACT, coins: [uscrt(100)], createAccount: true });
      seen.twice = moveFunds({ from, to: CONTRACT, coins: [], createAccount: true }).result;
      seen.short = moveFunds({ from: CONTRACT, to: from, coins: [uscrt(101)], createAccount: false }).result;
      const send = (amount: number) => ({
        signer: CONTRACT,
        typeUrl: "/cosmos.bank.v1beta1.MsgSend",
        value: sendMessage(contractText, "d", uscrt(amount)).value,
        gasLimit: 100_000n,
      });
      branch({ operation: { kind: "open", value: {} } });
      seen.dropped = runMessage(send(40)).result.kind;
      branch({ operation: { kind: "drop", value: {} } });
      branch({ operation: { kind: "open", value: {} } });
      seen.kept = runMessage(send(7)).result.kind;
      branch({ operation: { kind: "keep", value: {} } });
      seen.limited = runMessage({ ...send(1), gasLimit: 150n }).result;
      seen.foreign = runMessage({ ...send(1), signer: from }).result;
      const nested = { signer: CONTRACT, gasLimit: 100_000n };
      const { typeUrl, value } = packAny(MsgStoreCode, {
        sender: CONTRACT,
        wasmByteCode: WASM,
        source: "",
        builder: "",
      });
      seen.nestedCode = runMessage({ ...nested, typeUrl, value }).result;
      const execute = MsgExecuteContract.decode(executeMessage().value);
      const again = packAny(MsgExecuteContract, { ...execute, sender: CONTRACT });
      seen.nestedCall = runMessage({ ...nested, ...again }).result;
      const text = JSON.stringify({ bank: { balance: { address: contractText, denom: "uscrt" } } });
      const query = (request: string) =>
        chainQuery({ contract: CONTRACT, request: utf8ToBytes(request), gasLimit: 10_000n, pending: [] });
      const answered = query(text).result;
      seen.balance = answered.kind === "ok" ? Buffer.from(answered.value).toString() : answered;
      seen.unsupported = query('{"mint":{"supply":{}}}').result;
      seen.badAddress = query('{"bank":{"all_balances":{"address":"x"}}}').result;
      seen.read = readStore({ key: codeKey(1n) }).value;
      seen.code = readCode({ codeHash: crypto.sha256(WASM) }).code;
    });
    network.enclave.script.execMessage = (request, ocalls) =>
      request.message === 0 ? uploaded(1n) : works(request, ocalls);
    const [, result] = network.block(signTx([storeMessage(WASM), executeMessage()], GAS)).results;
    expect(result?.log).toBe("");
    expect(seen).toMatchObject({
      created: { result: { kind: "ok" }, gasUsed: expect.any(BigInt) },
      twice: {
        kind: "failed",
        value: { codespace: "compute", code: 6, log: `${contractText}: contract account already exists` },
      },
      short: { kind: "failed", value: { codespace: "sdk", code: 5 } },
      dropped: "ok",
      kept: "ok",
      limited: { kind: "outOfGas", value: { location: "ReadFlat" } },
      foreign: { kind: "failed", value: { log: "contract doesn't have permission: unauthorized" } },
      nestedCode: { kind: "failed", value: { codespace: "compute", code: 17 } },
      nestedCall: { kind: "failed", value: { codespace: "compute", code: 3 } },
      balance: '{"amount":{"denom":"uscrt","amount":"93"}}',
      unsupported: { kind: "unsupported", value: { what: "mint.supply" } },
      badAddress: { kind: "failed", value: { log: "x: invalid address" } },
      read: CodeInfo.encode({ codeHash: crypto.sha256(WASM), creator: account("a").bytes, source: "", builder: "" }),
      code: WASM,
    });
    expect(balanceOf(network, contractText)).toBe("93");
    expect(balanceOf(network, account("d").address)).toBe((10n ** 18n + 7n).toString());
  });

  it("decodes the address of a new contract", () => {
    const network = makeTestNetwork();
    network.enclave.script.execMessage = () => ({
      result: {
        kind: "ok",
        value: MsgInstantiateContractResponse.encode({ address: contractText, data: new Uint8Array(0) }),
      },
      events: [],
      gasUsed: 1n,
      finalized: false,
      writes: [],
    });
    const message = {
      sender: account("a").bytes,
      callbackCodeHash: "",
      codeId: 1n,
      label: "l",
      initMsg: new Uint8Array(64),
      initFunds: [],
      callbackSig: new Uint8Array(0),
      admin: "",
    };
    const [, result] = network.block(signTx([packAny(MsgInstantiateContract, message)], GAS)).results;
    const [response] = TxMsgData.decode(result?.data as Uint8Array).msgResponses;
    expect(MsgInstantiateContractResponse.decode(response?.value as Uint8Array).address).toBe(contractText);
    const unlabelled = packAny(MsgInstantiateContract, { ...message, label: "" });
    expect(network.block(signTx([unlabelled], { ...GAS, sequence: 1n })).results[1]).toMatchObject({
      code: 11,
      codespace: "compute",
      log: "is required: empty",
    });
  });

  it("ends the block's work when the enclave refuses: that is no result", () => {
    const network = makeTestNetwork();
    network.enclave.script.execMessage = () => {
      throw new RefusedError("enclave", 2, "refused");
    };
    expect(() => network.block(signTx([executeMessage()], GAS))).toThrow(RefusedError);
  });
});

describe("querying contracts", () => {
  function withContract(): TestNetwork {
    const network = makeTestNetwork();
    network.enclave.script.execMessage = succeeds(undefined, [
      { store: "compute", key: contractKey(CONTRACT), value: Uint8Array.of(8, 1) },
    ]);
    network.block(signTx([executeMessage()], GAS));
    network.block();
    return network;
  }
  const request = { contractAddress: contractText, query: new Uint8Array(64) };

  it("answers at the latest height, and says which one is past", () => {
    const network = withContract();
    const asked: unknown[] = [];
    network.enclave.script.query = (query) => {
      asked.push(query);
      return { result: { kind: "ok", value: utf8ToBytes("cipher") }, gasUsed: 1n };
    };
    expect(network.query(method("querySecretContract"), request).answer.data).toEqual(utf8ToBytes("cipher"));
    network.query(method("querySecretContract"), request, 1);
    expect(asked).toMatchObject([
      { gasLimit: 10_000_000n, past: undefined },
      { past: { height: 1n, timeNs: 1_700_000_005_000_000_001n } },
    ]);
  });

  it("keeps the contract's error parseable in both shapes", () => {
    const network = withContract();
    network.enclave.script.query = () => ({
      result: {
        kind: "failed",
        value: { codespace: "compute", code: 4, log: "encrypted: YWJj: query contract failed" },
      },
      gasUsed: 1n,
    });
    const { response } = network.query(method("querySecretContract"), request);
    expect(response.log).toBe("encrypted: YWJj: query contract failed: unknown request");
    expect([response.codespace, response.code]).toEqual(["sdk", 6]);
    expect(response.grpc).toEqual({
      code: 2,
      message: "codespace compute code 4: query contract failed: encrypted: YWJj",
    });
    network.enclave.script.query = () => ({
      result: { kind: "outOfGas", value: { location: "wasm contract" } },
      gasUsed: 10_000_001n,
    });
    expect(network.query(method("querySecretContract"), request).response.grpc).toEqual({
      code: 13,
      message: "{wasm contract}",
    });
  });

  it("gives the errors of chain §3.6 in the gRPC shape", () => {
    const network = withContract();
    const unknown = formatAddress(new Uint8Array(20).fill(1));
    const messageOf = (response: { grpc: { code: number; message: string } }) => [
      response.grpc.code,
      response.grpc.message,
    ];
    const ask = [
      network.query(method("contractInfo"), { contractAddress: unknown }),
      network.query(method("labelByAddress"), { contractAddress: unknown }),
      network.query(method("addressByLabel"), { label: "nobody" }),
      network.query(method("contractsByCodeId"), { codeId: 7n }),
      network.query(method("contractsByCodeId"), { codeId: 0n }),
      network.query(method("codeHashByCodeId"), { codeId: 7n }),
      network.query(method("querySecretContract"), { contractAddress: unknown }),
      network.query(method("authorizedMigration"), { contractAddress: unknown }),
      network.query(method("authorizedAdminUpdate"), { contractAddress: "x" }),
    ].map(({ response }) => messageOf(response));
    expect(ask).toEqual([
      [2, "codespace compute code 9: not found"],
      [2, "codespace compute code 9: not found"],
      [2, "codespace sdk code 9: unknown address: nobody"],
      [2, "codespace compute code 9: not found"],
      [2, "codespace compute code 13: invalid: code id"],
      [2, "failed to get code info for code id 7"],
      [2, "codespace compute code 9: not found: contract"],
      [5, "no authorized migration found for the given contract address"],
      [3, "invalid contract address"],
    ]);
    expect(network.query(method("contractHistory"), { contractAddress: unknown }).answer.entries).toEqual([]);
    expect(network.query(method("params"), {}).answer.params).toMatchObject({
      compileCost: "800000000000000000",
      maxContractSize: 2_097_152n,
    });
  });
});

describe("simulation", () => {
  it("gives the gas of a bank send and of stored code, and changes nothing", () => {
    const network = makeTestNetwork();
    network.block();
    const hash = network.store.appHash;
    const unsigned = { tamper: () => new Uint8Array(64) };
    const tx = signTx([sendMessage("a", "b", uscrt(1))], { ...unsigned, fee: [uscrt(1)] });
    const simulated = network.machine.simulate(tx);
    expect(simulated.ok).toBe(true);
    const real = network.block(signTx([sendMessage("a", "b", uscrt(1))], { fee: [uscrt(1)] })).results[1];
    // What the sender's record does not hold before the first transaction is all that may differ.
    expect(Number(simulated.gasUsed) / Number(real?.gasUsed)).toBeCloseTo(1, 1);
    network.enclave.script.simulateMessage = () => uploaded(1n);
    const stored = network.machine.simulate(signTx([storeMessage(WASM)], { ...unsigned, sequence: 1n, fee: [] }));
    expect(stored.ok && TxMsgData.decode(stored.msgResponses).msgResponses).toHaveLength(1);
    expect(hash).toEqual(network.appHashes[1]);
    expect(network.query(method("codes"), {}).answer.codeInfos).toEqual([]);
  });
});
