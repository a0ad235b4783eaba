import { moduleAddress } from "@sotto/common/address";
import { describe, expect, it } from "vitest";
import { formatAddress, MODULE_ACCOUNTS } from "../../src/app/core/addresses.ts";
import { Query } from "../../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { multiSendMessage, sendMessage } from "./bankMessages.ts";
import { account, crypto, makeTestNetwork, signTx, uscrt } from "./testNetwork.ts";

const path = (method: { name: string }) => `/cosmos.bank.v1beta1.Query/${method.name}`;
const balanceMethod = { ...Query.method.balance, path: path(Query.method.balance) };
const NEW_ADDRESS = formatAddress(new Uint8Array(20).fill(3));

describe("bank messages", () => {
  it("sends coins within the client's default gas and fee, with the events of the protocol in order", () => {
    const network = makeTestNetwork();
    const { results } = network.block(signTx([sendMessage("a", "b", uscrt(10))]));
    const [random, sent] = results;
    expect(random).toMatchObject({ code: 0, gasUsed: 0n, gasWanted: 0n, events: [] });
    expect(sent).toMatchObject({ code: 0, codespace: "", log: "", gasWanted: 25_000n });
    const events = sent?.events.map(({ type, attributes }) => [
      type,
      ...attributes.map(({ key, value }) => `${key}=${value}`),
    ]);
    const [a, b, collector] = [
      account("a").address,
      account("b").address,
      formatAddress(moduleAddress(crypto, "fee_collector")),
    ];
    expect(collector).toBe("secret17xpfvakm2amg962yls6f84z3kell8c5ljuhfkp");
    expect(events).toEqual([
      ["coin_spent", `spender=${a}`, "amount=2500uscrt"],
      ["coin_received", `receiver=${collector}`, "amount=2500uscrt"],
      ["transfer", `recipient=${collector}`, `sender=${a}`, "amount=2500uscrt"],
      ["message", `sender=${a}`],
      ["tx", "fee=2500uscrt", `fee_payer=${a}`],
      ["tx", `acc_seq=${a}/0`],
      ["tx", expect.stringMatching(/^signature=[A-Za-z0-9+/]{86}==$/)],
      ["message", "action=/cosmos.bank.v1beta1.MsgSend", `sender=${a}`, "module=bank", "msg_index=0"],
      ["coin_spent", `spender=${a}`, "amount=10uscrt", "msg_index=0"],
      ["coin_received", `receiver=${b}`, "amount=10uscrt", "msg_index=0"],
      ["transfer", `recipient=${b}`, `sender=${a}`, "amount=10uscrt", "msg_index=0"],
      ["message", `sender=${a}`, "msg_index=0"],
    ]);
    const { answer } = network.query(balanceMethod, { address: b, denom: "uscrt" });
    expect(answer.balance).toMatchObject({ denom: "uscrt", amount: "1000000000000000010" });
  });

  it("keeps a first send to a new account and a multi-send below 20000 gas", () => {
    const network = makeTestNetwork();
    const [, first] = network.block(signTx([sendMessage("a", NEW_ADDRESS, uscrt(10))], { gas: 20_000n })).results;
    expect(first?.log).toBe("");
    const outputs = [
      ["c", [uscrt(1)]],
      ["d", [uscrt(2)]],
    ] as const;
    const multi = multiSendMessage(
      "b",
      [uscrt(3)],
      outputs.map(([to, coins]) => [to, [...coins]]),
    );
    const [, second] = network.block(signTx([multi], { from: "b", gas: 20_000n })).results;
    expect(second?.log).toBe("");
    // A change of the store layout shows here, and needs a word in the change log.
    expect([first?.gasUsed, second?.gasUsed]).toEqual([15_752n, 15_145n]);
  });

  it("fails with the texts that clients know, and keeps fee and sequence", () => {
    const network = makeTestNetwork();
    const blocked = formatAddress(moduleAddress(crypto, "gov"));
    const { results } = network.block(
      signTx([sendMessage("a", "b", uscrt(10n ** 19n))], { sequence: 0n }),
      signTx([sendMessage("a", blocked, uscrt(1))], { sequence: 1n }),
      signTx([sendMessage("a", "secret1bad", uscrt(1))], { sequence: 2n }),
      signTx([sendMessage("a", "b", uscrt(0))], { sequence: 3n }),
      signTx([multiSendMessage("a", [uscrt(3)], [["b", [uscrt(2)]]])], { sequence: 4n }),
    );
    const of = results.slice(1).map(({ codespace, code, log }) => [`${codespace}/${code}`, log]);
    const prefix = "failed to execute message; message index: 0: ";
    expect(of).toEqual([
      [
        "sdk/5",
        `${prefix}spendable balance 999999999999997500uscrt is smaller than 10000000000000000000uscrt: insufficient funds`,
      ],
      ["sdk/4", `${prefix}${blocked} is not allowed to receive funds: unauthorized`],
      ["sdk/7", expect.stringContaining(`${prefix}invalid to address: decoding bech32 failed: `)],
      ["sdk/10", `${prefix}0uscrt: invalid coins`],
      ["bank/4", `${prefix}sum inputs != sum outputs`],
    ]);
    expect(results[1]?.events.map(({ type }) => type)).toEqual([
      "coin_spent",
      "coin_received",
      "transfer",
      "message",
      "tx",
      "tx",
      "tx",
    ]);
    expect(results[1]?.data).toHaveLength(0);
    const { answer } = network.query(balanceMethod, { address: account("a").address, denom: "uscrt" });
    expect(answer.balance?.amount).toBe((10n ** 18n - 5n * 2_500n).toString());
  });

  it("undoes all messages when a later one fails", () => {
    const network = makeTestNetwork();
    const messages = [sendMessage("a", NEW_ADDRESS, uscrt(5)), sendMessage("a", "b", uscrt(10n ** 19n))];
    const [, failed] = network.block(signTx(messages, { gas: 60_000n })).results;
    expect(failed?.log).toMatch(/^failed to execute message; message index: 1: /);
    expect(network.query(balanceMethod, { address: NEW_ADDRESS, denom: "uscrt" }).answer.balance?.amount).toBe("0");
  });
});

describe("bank queries", () => {
  it("reads past heights, and refuses heights that are not there", () => {
    const network = makeTestNetwork();
    network.block();
    network.block(signTx([sendMessage("a", NEW_ADDRESS, uscrt(10))]));
    const request = { address: NEW_ADDRESS, denom: "uscrt" };
    expect(network.query(balanceMethod, request, 1).answer.balance?.amount).toBe("0");
    expect(network.query(balanceMethod, request, 2).answer.balance?.amount).toBe("10");
    const { response } = network.query(balanceMethod, request, 3);
    expect(response.grpc).toEqual({
      code: 2,
      message:
        "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height",
    });
  });

  it("answers bad requests in both shapes", () => {
    const network = makeTestNetwork();
    network.block();
    const bad = network.query(balanceMethod, {
      address: "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh",
      denom: "uscrt",
    });
    const text =
      "invalid address: hrp does not match bech32 prefix: expected 'secret' got 'cosmos': internal logic error";
    expect(bad.response.grpc).toEqual({ code: 3, message: text });
    expect(bad.response.log).toBe(`rpc error: code = InvalidArgument desc = ${text}: invalid request`);
    const denom = network.query(balanceMethod, { address: account("a").address, denom: "" });
    expect(denom.response.grpc).toEqual({ code: 3, message: "invalid denom: " });
  });

  it("lists supply, balances and owners by page", () => {
    const network = makeTestNetwork();
    network.block();
    const owners = { ...Query.method.denomOwners, path: path(Query.method.denomOwners) };
    const supply = { ...Query.method.totalSupply, path: path(Query.method.totalSupply) };
    expect(network.query(supply, {}).answer.supply).toMatchObject([uscrt(5n * 10n ** 18n + 10n ** 12n)]);
    const seen: string[] = [];
    let key = new Uint8Array(0);
    do {
      const { answer } = network.query(owners, { denom: "uscrt", pagination: { limit: 2n, key } });
      seen.push(...answer.denomOwners.map(({ address }) => address));
      key = answer.pagination?.nextKey as Uint8Array<ArrayBuffer>;
    } while (key.length > 0);
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
    const reversed = network.query(owners, { denom: "uscrt", pagination: { reverse: true } }).answer;
    expect(reversed.denomOwners.map(({ address }) => address)).toEqual([...seen].reverse());
    expect(reversed.pagination?.total).toBe(7n);
    const balances = { ...Query.method.allBalances, path: path(Query.method.allBalances) };
    const both = { address: account("a").address, pagination: { offset: 1n, key: new Uint8Array([1]) } };
    expect(network.query(balances, both).response.grpc.message).toMatch(
      /^paginate: invalid request, either offset or key/,
    );
    expect(MODULE_ACCOUNTS).toHaveLength(12);
  });
});
