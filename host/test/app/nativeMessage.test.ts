/** Messages of other modules that a contract sends, as the host answers them (contracts §5.4, chain §2.12). */
import type { OcallHandlers } from "@sotto/boundary/calls";
import type { NativeOutcome } from "@sotto/boundary/messages";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import { packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract, MsgExecuteContractResponse, MsgStoreCode } from "@sotto/common/wire/compute";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../../src/app/core/addresses.ts";
import { unbuiltModuleOf } from "../../src/app/modules/compute/unbuiltModules.ts";
import { makeModules } from "../../src/app/modules/modules.ts";
import { sendMessage } from "./bankMessages.ts";
import { account, makeTestNetwork, signTx, uscrt } from "./testNetwork.ts";

const CONTRACT = new Uint8Array(20).fill(0x42);
const contractText = formatAddress(CONTRACT);

/** Outcomes of `messages`, sent by a contract that owns 100 uscrt. */
function answers(...messages: readonly { typeUrl: string; value: Uint8Array }[]): NativeOutcome[] {
  const network = makeTestNetwork();
  let outcomes: NativeOutcome[] = [];
  network.enclave.script.execMessage = (_request: unknown, { moveFunds, runMessage }: OcallHandlers) => {
    moveFunds({ from: account("a").bytes, to: CONTRACT, coins: [uscrt(100)], createAccount: true });
    outcomes = messages.map((message) => runMessage({ signer: CONTRACT, gasLimit: 100_000n, ...message }));
    const value = MsgExecuteContractResponse.encode({ data: new Uint8Array() });
    return { result: { kind: "ok", value }, events: [], gasUsed: 0n, finalized: false, writes: [] };
  };
  const execute = packAny(MsgExecuteContract, {
    ...MsgExecuteContract.zero,
    sender: account("a").bytes,
    contract: CONTRACT,
    msg: new Uint8Array(64),
  });
  const [, result] = network.block(signTx([execute], { gas: 1_000_000n, fee: [uscrt(100_000)] })).results;
  expect(result?.log).toBe("");
  return outcomes;
}
const failure = ({ result }: NativeOutcome) => {
  if (result.kind !== "failed") throw new Error(result.kind);
  const { codespace, code, log } = result.value;
  return `${codespace}/${code} ${log}`;
};
const send = (from: string, ...coins: { denom: string; amount: string }[]) => ({
  typeUrl: "/cosmos.bank.v1beta1.MsgSend",
  value: sendMessage(from, "d", ...coins).value,
});

describe("contracts §5.4, chain §2.12: messages that contracts send to other modules", () => {
  it("run with the events of their module, and an empty response", () => {
    const [outcome] = answers(send(contractText, uscrt(7)));
    expect(outcome?.result).toEqual({ kind: "ok", value: new Uint8Array() });
    const types = outcome?.events.map(({ type }) => type);
    expect(types).toContain("transfer");
    expect(types).toContain("coin_spent");
  });

  it("are checked without state first, under the name that the chain gives them", () => {
    const storeCode = packAny(MsgStoreCode, { ...MsgStoreCode.zero, sender: CONTRACT });
    expect(answers(storeCode).map(failure)).toEqual([
      "sdk/18 failed basic validation for message type *types.MsgStoreCode: code bytes is required: empty: invalid request",
    ]);
  });

  it("are signed by the contract alone", () => {
    const [foreign] = answers(send("a", uscrt(1)));
    expect(failure(foreign as NativeOutcome)).toBe("sdk/4 contract doesn't have permission: unauthorized");
  });

  it("must be of a known type, and decode", () => {
    const [unknown, broken] = answers(
      { typeUrl: "/a.b.C", value: new Uint8Array() },
      { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: Uint8Array.of(0xff) },
    ).map(failure);
    const text = (typeUrl: string) =>
      `compute/10 Cannot unpack proto message with type URL: ${typeUrl}: invalid CosmosMsg from the contract`;
    expect(unknown).toBe(text("/a.b.C"));
    expect(broken).toBe(text("/cosmos.bank.v1beta1.MsgSend"));
  });

  it.each([
    ["/cosmos.staking.v1beta1.MsgDelegate", "staking"],
    ["/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward", "distribution"],
    ["/cosmos.gov.v1.MsgVote", "gov"],
    ["/ibc.applications.transfer.v1.MsgTransfer", "transfer"],
    ["/ibc.core.channel.v1.MsgChannelCloseInit", "ibc"],
  ])("fail where their module is not built: %s", (typeUrl, module) => {
    expect(answers({ typeUrl, value: new Uint8Array() }).map(failure)).toEqual([
      `sdk/37 module ${module} is not built: ${typeUrl}: feature not supported`,
    ]);
  });

  it("run where it is: no message that is routed counts as not built", () => {
    const powers = {} as Parameters<typeof makeModules>[1];
    const routed = makeModules(makeNobleCrypto(), powers).all.flatMap(({ messages = [] }) => messages);
    expect(routed.length).toBeGreaterThan(0);
    for (const { request } of routed) expect(unbuiltModuleOf(request.typeUrl), request.typeUrl).toBeUndefined();
    expect(unbuiltModuleOf("/constructor.MsgSend")).toBeUndefined();
    expect(unbuiltModuleOf("")).toBeUndefined();
  });
});
