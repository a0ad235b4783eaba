/** The host's side of registrations: what it refuses before the enclave is asked, what it applies of the answer, what it shows. */
import { encodeEvidence } from "@sotto/boundary/evidence";
import type { MessageOutcome, StoreWrite } from "@sotto/boundary/messages";
import { bytesToHex, concatBytes, u64be, utf8ToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract, MsgExecuteContractResponse } from "@sotto/common/wire/compute";
import { TxMsgData } from "@sotto/common/wire/execTxResult";
import type { MessageCodec } from "@sotto/common/wire/message";
import {
  MsgRemoveMachines,
  MsgUpdateMachineWhitelistProposal,
  MsgUpdatePolicy,
  RaAuthenticate,
  RaAuthenticateResponse,
  RegistrationNodeInfo,
} from "@sotto/common/wire/registration";
import { describe, expect, it } from "vitest";
import { registeredText } from "../../src/app/core/errorRegistry.ts";

import { Query as ChainQuery } from "../../src/proto/gen/secret/registration/v1beta1/query_pb.ts";
import { Query } from "../../src/proto/gen/sotto/registration/v1/query_pb.ts";
import { account, makeTestNetwork, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const NODE_KEY = new Uint8Array(32).fill(0x11);
const MACHINE = new Uint8Array(20).fill(0x22);
const ENVELOPE = new Uint8Array(400).fill(0x33);
const GAS = { gas: 500_000n, fee: [uscrt(50_000)] };
const { address: authority } = account("a");

const EVIDENCE = encodeEvidence({
  quote: new Uint8Array(1_020),
  collateral: new Uint8Array(100),
  claims: {
    version: 1,
    purpose: "register",
    nodeKey: NODE_KEY,
    owner: new Uint8Array(32),
    height: 1n,
    blockHash: new Uint8Array(32),
  },
  ownerSignature: new Uint8Array(64),
});

const method = <N extends keyof typeof Query.method>(name: N) => ({
  ...Query.method[name],
  path: `/${Query.typeName}/${Query.method[name].name}`,
});
const encryptedSeed = { ...ChainQuery.method.encryptedSeed, path: `/${ChainQuery.typeName}/EncryptedSeed` };

function authenticate(changes: Partial<RaAuthenticate> = {}): Any {
  const message = { sender: account("a").bytes, certificate: EVIDENCE, replaceMachineId: "" };
  return packAny(RaAuthenticate, { ...message, ...changes });
}

const EVENT = { type: "message", attributes: [{ key: "module", value: "register" }] };
const response = { data: `S: ${bytesToHex(ENVELOPE)}`, events: "[]" };

function outcome(result: MessageOutcome["result"], writes: StoreWrite[] = []): MessageOutcome {
  return { result, events: writes.length === 0 ? [] : [EVENT], gasUsed: 120_000n, finalized: false, writes };
}

/** What the enclave of a network writes when it admits a node. */
function admitted(): MessageOutcome {
  const info = RegistrationNodeInfo.encode({ certificate: EVIDENCE, encryptedSeed: ENVELOPE });
  const at = (prefix: number, key: Uint8Array, value: Uint8Array) => ({
    store: "register",
    key: concatBytes(Uint8Array.of(prefix), key),
    value,
  });
  const writes = [at(1, NODE_KEY, info), at(8, NODE_KEY, concatBytes(u64be(2n), MACHINE))];
  return outcome({ kind: "ok", value: RaAuthenticateResponse.encode(response) }, writes);
}

function started(): TestNetwork {
  const network = makeTestNetwork();
  network.block();
  return network;
}

const run = (network: TestNetwork, message: Any) => network.block(signTx([message], GAS)).results[1];

describe("chain §4.4: a registration", () => {
  it("is the enclave's to judge; what it wrote is what queries show", () => {
    const network = started();
    network.enclave.script.execMessage = admitted;
    const result = run(network, authenticate());
    expect(result?.log).toBe("");
    expect(TxMsgData.decode(result?.data as Uint8Array).msgResponses).toEqual([
      { typeUrl: RaAuthenticateResponse.typeUrl, value: RaAuthenticateResponse.encode(response) },
    ]);
    expect(result?.gasUsed).toBeGreaterThan(120_000n);
    const node = { nodeKey: bytesToHex(NODE_KEY), height: 2n, machineId: bytesToHex(MACHINE), encryptedSeed: ENVELOPE };
    expect(network.query(method("nodes"), {}).answer).toMatchObject({ nodes: [node], pagination: { total: 1n } });
    expect(network.query(method("node"), { nodeKey: bytesToHex(NODE_KEY) }).answer.node).toMatchObject(node);
    expect(network.query(encryptedSeed, { pubKey: NODE_KEY }).answer.encryptedSeed).toEqual(ENVELOPE);
  });

  it("that the enclave refuses has its code and its sentence", () => {
    const network = started();
    network.enclave.script.execMessage = () =>
      outcome({ kind: "failed", value: { codespace: "register", code: 35, log: "debug mode: expected off, got on" } });
    expect(run(network, authenticate())).toMatchObject({
      codespace: "register",
      code: 35,
      log: "failed to execute message; message index: 0: debug mode: expected off, got on: enclave in debug mode",
    });
    for (let code = 20; code <= 50; code++) expect(registeredText("register", code)).not.toBe("");
  });

  it.each([
    [
      authenticate({ certificate: new Uint8Array(0) }),
      "sdk/18",
      "Authenticating certificate cannot be empty: invalid request",
    ],
    [
      authenticate({ certificate: EVIDENCE.subarray(0, -1) }),
      "undefined/1",
      "Certificate validation failed: evidence: ",
    ],
    [
      authenticate({ certificate: concatBytes(EVIDENCE, Uint8Array.of(0)) }),
      "undefined/1",
      "Certificate validation failed: ",
    ],
    [authenticate({ sender: new Uint8Array(3) }), "sdk/9", ""],
  ])("is refused before the enclave is asked, %#", (message, code, log) => {
    const network = started();
    const { calls } = network.enclave;
    calls.length = 0;
    const result = run(network, message);
    expect(`${result?.codespace}/${result?.code}`).toBe(code);
    expect(result?.log).toContain(log);
    expect(calls.some((call) => call.startsWith("execMessage"))).toBe(false);
  });

  it("is not simulated: gas estimation gets zeros for seeds, and a price above the true one", () => {
    const network = started();
    network.enclave.script.simulateMessage = () => {
      throw new Error("the enclave was asked");
    };
    const unsigned = { ...GAS, tamper: () => new Uint8Array(64) };
    const simulated = network.machine.simulate(signTx([authenticate()], unsigned));
    if (!simulated.ok) throw new Error(simulated.log);
    const [answer] = TxMsgData.decode(simulated.msgResponses).msgResponses;
    expect(RaAuthenticateResponse.decode(answer?.value as Uint8Array).data).toBe(`S: ${"00".repeat(32)}`);
    expect(simulated.gasUsed).toBeGreaterThan(125_000n + 5n * BigInt(EVIDENCE.length));
  });

  it("is not sent by a contract", () => {
    const network = started();
    const { typeUrl, value } = authenticate({ sender: new Uint8Array(20).fill(0x42) });
    let answer: unknown;
    network.enclave.script.execMessage = (_request, { runMessage }) => {
      answer = runMessage({ signer: new Uint8Array(20).fill(0x42), typeUrl, value, gasLimit: 1_000_000n }).result;
      return outcome({ kind: "ok", value: MsgExecuteContractResponse.encode({ data: new Uint8Array(0) }) });
    };
    const execute = { ...MsgExecuteContract.zero, sender: account("a").bytes, contract: new Uint8Array(20).fill(0x42) };
    run(network, packAny(MsgExecuteContract, { ...execute, msg: new Uint8Array(64) }));
    const log = "Execution error: Enclave: failed to validate transaction";
    expect(answer).toMatchObject({ kind: "failed", value: { codespace: "undefined", code: 1, log } });
  });
});

describe("chain §2.3, §2.16: messages of the authority", () => {
  const machines = bytesToHex(MACHINE);
  const list = { authority, title: "", description: "", machineId: machines };
  const pack = <T>(codec: MessageCodec<T>, message: T): Any => packAny(codec, message);

  it.each([
    pack(MsgUpdateMachineWhitelistProposal, list),
    pack(MsgRemoveMachines, { authority, machineId: ` ${machines} , ${machines.toUpperCase()}` }),
    pack(MsgUpdatePolicy, { authority, policy: "{}" }),
  ])("are the enclave's to run: $typeUrl", (message) => {
    const network = started();
    network.enclave.script.execMessage = () =>
      outcome({ kind: "ok", value: new Uint8Array(0) }, [
        { store: "register", key: Uint8Array.of(5), value: utf8ToBytes("{}") },
      ]);
    expect(run(network, message)).toMatchObject({ code: 0, log: "" });
    expect(network.query(method("policy"), {}).answer.policy).toBe("{}");
    const simulated = network.machine.simulate(signTx([message], { ...GAS, sequence: 1n }));
    expect(simulated).toMatchObject({ ok: true });
  });

  it.each([
    [
      pack(MsgUpdateMachineWhitelistProposal, { ...list, machineId: "" }),
      "compute/13",
      "machine_id must not be empty: invalid",
    ],
    [
      pack(MsgUpdateMachineWhitelistProposal, { ...list, machineId: "ab,cd" }),
      "compute/13",
      "machine_id malformed: invalid",
    ],
    [pack(MsgRemoveMachines, { authority, machineId: `${machines},` }), "compute/13", "machine_id malformed: invalid"],
    [pack(MsgUpdatePolicy, { authority, policy: "" }), "sdk/18", "policy is required: invalid request"],
    [
      pack(MsgUpdatePolicy, { authority, policy: " ".repeat(65_537) }),
      "sdk/18",
      "policy cannot be longer than 65536 bytes",
    ],
  ])("are refused before the enclave is asked, %#", (message, code, log) => {
    const network = started();
    const result = network.block(signTx([message], { gas: 2_000_000n, fee: [uscrt(200_000)] })).results[1];
    expect(`${result?.codespace}/${result?.code}`).toBe(code);
    expect(result?.log).toContain(log);
  });
});
