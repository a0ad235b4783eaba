/** Messages out of contracts: what each becomes on the chain, read by the protobuf code of an unrelated client. */
import { addressFromBytes, formatAddress, VALIDATOR_PREFIX } from "@sotto/common/address";
import { bytesToBase64, utf8ToBytes } from "@sotto/common/bytes";
import { MsgSend } from "secretjs/dist/protobuf/cosmos/bank/v1beta1/tx.js";
import {
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
} from "secretjs/dist/protobuf/cosmos/distribution/v1beta1/tx.js";
import { MsgVote } from "secretjs/dist/protobuf/cosmos/gov/v1/tx.js";
import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from "secretjs/dist/protobuf/cosmos/staking/v1beta1/tx.js";
import { MsgTransfer } from "secretjs/dist/protobuf/ibc/applications/transfer/v1/tx.js";
import { MsgChannelCloseInit } from "secretjs/dist/protobuf/ibc/core/channel/v1/tx.js";
import { describe, expect, it } from "vitest";
import { toChainMessages } from "../src/execution/chainMessage.ts";
import type { NativeMessage } from "../src/messages/contractMessage.ts";
import { parseContractOutput } from "../src/messages/contractOutput.ts";

const account = (fill: number) => addressFromBytes(new Uint8Array(20).fill(fill));
const CONTRACT = formatAddress(account(1));
const SOMEBODY = formatAddress(account(2));
const VALIDATOR = formatAddress(account(3), VALIDATOR_PREFIX);
const OTHER_VALIDATOR = formatAddress(account(4), VALIDATOR_PREFIX);
const COIN = { denom: "uscrt", amount: "340282366920938463463374607431768211455" };
const MsgSendUrl = "/cosmos.bank.v1beta1.MsgSend";
const codeHash = "ab".repeat(32);

const outputOf = (ok: unknown) => parseContractOutput(utf8ToBytes(JSON.stringify({ Ok: ok })));
function parsed(ok: unknown) {
  const output = outputOf(ok);
  if (output.kind !== "response") throw new Error(output.kind);
  return output.response.messages;
}
const sub = (msg: unknown, more: object = {}) => ({ id: 1, msg, gas_limit: null, reply_on: "never", ...more });
const v1 = (msg: unknown, more: object = {}) =>
  parsed({ messages: [sub(msg, more)], attributes: [], events: [] })[0] as ReturnType<typeof parsed>[0];
const v010 = (msg: unknown) => parsed({ messages: [msg], log: [] })[0] as ReturnType<typeof parsed>[0];
const both = { v1, "v0.10": v010 };
const chainMessages = (message: unknown) => toChainMessages({ address: CONTRACT }, message as NativeMessage);

/** The messages that one of a contract becomes, decoded. */
function sent(message: { readonly message: unknown }): unknown[] {
  const codecs = {
    "/cosmos.bank.v1beta1.MsgSend": MsgSend,
    "/cosmos.staking.v1beta1.MsgDelegate": MsgDelegate,
    "/cosmos.staking.v1beta1.MsgUndelegate": MsgUndelegate,
    "/cosmos.staking.v1beta1.MsgBeginRedelegate": MsgBeginRedelegate,
    "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress": MsgSetWithdrawAddress,
    "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward": MsgWithdrawDelegatorReward,
    "/cosmos.gov.v1.MsgVote": MsgVote,
    "/ibc.applications.transfer.v1.MsgTransfer": MsgTransfer,
    "/ibc.core.channel.v1.MsgChannelCloseInit": MsgChannelCloseInit,
  };
  return chainMessages(message.message).map(({ typeUrl, value }) => {
    const codec = codecs[typeUrl as keyof typeof codecs] as typeof MsgSend;
    const decoded = codec.decode(value);
    // Nothing is lost between the two ways of writing.
    expect(Uint8Array.from(codec.encode(decoded).finish())).toEqual(value);
    return { typeUrl, ...decoded };
  });
}

describe("contracts §5.3, §5.4, chain §2.12: messages to other modules", () => {
  it("bank.send", () => {
    const expected = { typeUrl: MsgSendUrl, from_address: CONTRACT, to_address: SOMEBODY, amount: [COIN] };
    expect(sent(v1({ bank: { send: { to_address: SOMEBODY, amount: [COIN] } } }))).toEqual([expected]);
    const old = { bank: { send: { from_address: CONTRACT, to_address: SOMEBODY, amount: [COIN] } } };
    expect(sent(v010(old))).toEqual([expected]);
  });

  it("bank.send without coins is nothing, whoever to", () => {
    expect(sent(v1({ bank: { send: { to_address: "nobody", amount: [] } } }))).toEqual([]);
  });

  it.each(Object.entries(both))("staking of %s", (_, parse) => {
    const common = { delegator_address: CONTRACT, amount: COIN };
    for (const [name, typeUrl] of [
      ["delegate", "/cosmos.staking.v1beta1.MsgDelegate"],
      ["undelegate", "/cosmos.staking.v1beta1.MsgUndelegate"],
    ] as const) {
      const message = parse({ staking: { [name]: { validator: VALIDATOR, amount: COIN } } });
      expect(sent(message)).toEqual([{ typeUrl, ...common, validator_address: VALIDATOR }]);
    }
    const redelegate = { src_validator: VALIDATOR, dst_validator: OTHER_VALIDATOR, amount: COIN };
    expect(sent(parse({ staking: { redelegate } }))).toEqual([
      {
        typeUrl: "/cosmos.staking.v1beta1.MsgBeginRedelegate",
        ...common,
        validator_src_address: VALIDATOR,
        validator_dst_address: OTHER_VALIDATOR,
      },
    ]);
  });

  it("staking.withdraw of v0.10 is two messages, and without a recipient it is the contract's", () => {
    const two = (withdraw_address: string) => [
      {
        typeUrl: "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress",
        delegator_address: CONTRACT,
        withdraw_address,
      },
      {
        typeUrl: "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
        delegator_address: CONTRACT,
        validator_address: VALIDATOR,
      },
    ];
    const withdraw = (more: object) => v010({ staking: { withdraw: { validator: VALIDATOR, ...more } } });
    expect(sent(withdraw({ recipient: SOMEBODY }))).toEqual(two(SOMEBODY));
    expect(sent(withdraw({ recipient: null }))).toEqual(two(CONTRACT));
    expect(sent(withdraw({}))).toEqual(two(CONTRACT));
    expect(() => v1({ staking: { withdraw: { validator: VALIDATOR } } })).toThrow("failed to deserialize data");
  });

  it("distribution", () => {
    expect(sent(v1({ distribution: { set_withdraw_address: { address: SOMEBODY } } }))).toMatchObject([
      { delegator_address: CONTRACT, withdraw_address: SOMEBODY },
    ]);
    expect(sent(v1({ distribution: { withdraw_delegator_reward: { validator: VALIDATOR } } }))).toMatchObject([
      { delegator_address: CONTRACT, validator_address: VALIDATOR },
    ]);
  });

  it.each([
    ["yes", 1],
    ["abstain", 2],
    ["no", 3],
    ["no_with_veto", 4],
  ])("gov.vote %s", (vote, option) => {
    const expected = {
      typeUrl: "/cosmos.gov.v1.MsgVote",
      proposal_id: "9007199254740993",
      voter: CONTRACT,
      metadata: "",
    };
    const text = JSON.stringify({
      Ok: { messages: [sub({ gov: { vote: { proposal_id: 0, vote } } })], attributes: [], events: [] },
    });
    const output = parseContractOutput(utf8ToBytes(text.replace('"proposal_id":0', '"proposal_id":9007199254740993')));
    if (output.kind !== "response") throw new Error(output.kind);
    expect(output.response.messages.map(sent)).toEqual([[{ ...expected, option }]]);
  });

  it.each(["Yes", "No", "Abstain", "NoWithVeto"])("gov.vote %s of v0.10 is a yes (contracts §7)", (vote_option) => {
    expect(sent(v010({ gov: { vote: { proposal: 5, vote_option } } }))).toMatchObject([
      { proposal_id: "5", option: 1 },
    ]);
  });

  it("gov.vote with an option of the other version is none", () => {
    expect(() => v010({ gov: { vote: { proposal: 5, vote_option: "yes" } } })).toThrow("failed to deserialize");
    expect(() => v1({ gov: { vote: { proposal_id: 5, vote: "Yes" } } })).toThrow("failed to deserialize");
  });

  it("ibc.transfer", () => {
    const transfer = (timeout: object, more: object = {}) =>
      v1({ ibc: { transfer: { channel_id: "channel-7", to_address: "osmo1x", amount: COIN, timeout, ...more } } });
    const expected = {
      typeUrl: "/ibc.applications.transfer.v1.MsgTransfer",
      source_port: "transfer",
      source_channel: "channel-7",
      token: COIN,
      sender: CONTRACT,
      receiver: "osmo1x",
      memo: "",
    };
    const block = { revision: 4, height: 1_234_567 };
    expect(sent(transfer({ block, timestamp: "18446744073709551615" }, { memo: "m" }))).toEqual([
      {
        ...expected,
        timeout_height: { revision_number: "4", revision_height: "1234567" },
        timeout_timestamp: "18446744073709551615",
        memo: "m",
      },
    ]);
    const none = { timeout_height: { revision_number: "0", revision_height: "0" }, timeout_timestamp: "0" };
    expect(sent(transfer({ block: null, timestamp: null }, { memo: null }))).toEqual([{ ...expected, ...none }]);
    expect(sent(transfer({}))).toEqual([{ ...expected, ...none }]);
  });

  it("ibc.close_channel", () => {
    expect(sent(v1({ ibc: { close_channel: { channel_id: "channel-1" } } }))).toEqual([
      {
        typeUrl: "/ibc.core.channel.v1.MsgChannelCloseInit",
        port_id: `wasm.${CONTRACT}`,
        channel_id: "channel-1",
        signer: CONTRACT,
      },
    ]);
  });

  it("stargate is what the contract says", () => {
    const message = v1({ stargate: { type_url: "/a.b.C", value: "AQI=" } });
    expect(chainMessages(message.message)).toEqual([{ typeUrl: "/a.b.C", value: Uint8Array.of(1, 2) }]);
  });

  const INVALID = "invalid CosmosMsg from the contract";
  it.each([
    [{ bank: { burn: { amount: [COIN] } } }, `Unknown variant of Bank: ${INVALID}`, 10],
    [{ custom: { any: ["thing"] } }, `Custom variant not supported: ${INVALID}`, 10],
    [
      { ibc: { send_packet: { channel_id: "c", data: "", timeout: {} } } },
      "ibc not supported: unsupported for this contract",
      17,
    ],
    [
      { stargate: { type_url: "/".padEnd(2_000, "x"), value: "" } },
      `Cannot unpack proto message with type URL: ${"/".padEnd(2_000, "x")}: ${INVALID}`,
      10,
    ],
    [{ bank: { send: { to_address: "nobody", amount: [COIN] } } }, "nobody: invalid address", 7],
    [{ bank: { send: { to_address: "", amount: [COIN] } } }, ": invalid address", 7],
    [{ bank: { send: { to_address: VALIDATOR, amount: [COIN] } } }, `${VALIDATOR}: invalid address`, 7],
    [{ staking: { delegate: { validator: SOMEBODY, amount: COIN } } }, `${SOMEBODY}: invalid address`, 7],
    [{ staking: { undelegate: { validator: "x", amount: COIN } } }, "x: invalid address", 7],
    [
      { staking: { redelegate: { src_validator: VALIDATOR, dst_validator: "y", amount: COIN } } },
      "y: invalid address",
      7,
    ],
  ])("fails before the chain sees it: %o", (message, text, code) => {
    expect(() => chainMessages(v1(message).message)).toThrow(expect.objectContaining({ message: text, code }));
  });

  it.each([
    [{ validator: "z", recipient: SOMEBODY }, "z: invalid address"],
    [{ validator: VALIDATOR, recipient: "r" }, "r: invalid address"],
  ])("withdraws nothing under a bad address: %o", (withdraw, text) => {
    expect(() => chainMessages(v010({ staking: { withdraw } }).message)).toThrow(text);
  });
});

describe("contracts §5.3, enclave §3.1: messages to contracts", () => {
  const execute = { contract_addr: SOMEBODY, msg: bytesToBase64(utf8ToBytes("{}")), send: [COIN] };
  const create = { code_id: 7, msg: "", send: [], label: "l" };

  it("carry the code hash under the name of their version", () => {
    const expected = { kind: "wasmExecute", contract: SOMEBODY, codeHash, msg: utf8ToBytes("{}"), funds: [COIN] };
    expect(v1({ wasm: { execute: { ...execute, code_hash: codeHash } } }).message).toEqual(expected);
    expect(v010({ wasm: { execute: { ...execute, callback_code_hash: codeHash } } }).message).toEqual(expected);
    expect(() => v1({ wasm: { execute: { ...execute, callback_code_hash: codeHash } } })).toThrow("deserialize");
    expect(() => v010({ wasm: { execute: { ...execute, code_hash: codeHash } } })).toThrow("deserialize");
  });

  it("create contracts with an admin in v1 alone, without a label in v0.10 alone", () => {
    const made = { kind: "wasmInstantiate", codeId: 7n, codeHash, msg: new Uint8Array(), funds: [], label: "l" };
    const create1 = { ...create, code_hash: codeHash };
    expect(v1({ wasm: { instantiate: { ...create1, admin: SOMEBODY } } }).message).toEqual({
      ...made,
      admin: SOMEBODY,
    });
    expect(v1({ wasm: { instantiate: create1 } }).message).toEqual({ ...made, admin: undefined });
    const { label: _, ...unnamed } = { ...create, callback_code_hash: codeHash };
    expect(v010({ wasm: { instantiate: { ...unnamed, admin: SOMEBODY } } }).message).toEqual({
      ...made,
      admin: undefined,
      label: "",
    });
    expect(() => v010({ wasm: { instantiate: { ...unnamed, label: null } } })).toThrow("deserialize");
  });

  it("may change code and admin", () => {
    const base = { contract_addr: SOMEBODY, code_hash: codeHash, msg: "", code_id: 2 };
    expect(v1({ wasm: { migrate: base } }).message).toMatchObject({ kind: "wasmMigrate", codeId: 2n, codeHash });
    expect(v1({ wasm: { update_admin: { ...base, admin: CONTRACT } } }).message).toEqual({
      kind: "wasmUpdateAdmin",
      contract: SOMEBODY,
      admin: CONTRACT,
    });
    expect(v1({ wasm: { clear_admin: base } }).message).toEqual({ kind: "wasmClearAdmin", contract: SOMEBODY });
  });

  it.each(["execute", "migrate", "update_admin", "clear_admin", "instantiate"])(
    "%s may carry a callback signature of bytes, which counts for nothing (enclave §3.1)",
    (kind) => {
      const fields = { ...execute, ...create, code_hash: codeHash, admin: SOMEBODY };
      const of = (callback_sig: unknown) => v1({ wasm: { [kind]: { ...fields, callback_sig } } });
      const plain = v1({ wasm: { [kind]: fields } });
      for (const fine of [null, [], [0, 255], new Array(32).fill(7)]) expect(of(fine)).toEqual(plain);
      for (const bad of ["", "AAAA", [256], [-1], [1.5], [null], {}, 5, true]) {
        expect(() => of(bad), JSON.stringify(bad)).toThrow("failed to deserialize data");
      }
    },
  );

  it("say whether they were encrypted in a flag that must be one", () => {
    const message = { finalize_tx: {} };
    expect(v1(message, { was_msg_encrypted: true })).toEqual(v1(message));
    for (const bad of [null, 1, "true"]) expect(() => v1(message, { was_msg_encrypted: bad })).toThrow("deserialize");
  });
});
