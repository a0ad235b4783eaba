import { fromBinary } from "@bufbuild/protobuf";
import { encodeBech32 } from "@sotto/common/bech32";
import { SecretNetworkClient, Wallet } from "secretjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeRestServer } from "../src/api/rest/restServer.ts";
import { BaseAccountSchema } from "../src/proto/gen/cosmos/auth/v1beta1/auth_pb.ts";
import { QueryAccountResponseSchema } from "../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import {
  QueryBalanceRequestSchema,
  QueryBalanceResponseSchema,
} from "../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { TxRawSchema } from "../src/proto/gen/cosmos/tx/v1beta1/tx_pb.ts";
import { KeySchema } from "../src/proto/gen/secret/registration/v1beta1/types_pb.ts";
import { encode, fill, INDEXED, makeFakeBackend, type RunningServer, sha256, start } from "./apiFixture.ts";

const wallet = new Wallet();
const sent: Uint8Array[] = [];

const backend = makeFakeBackend(
  {
    "/secret.registration.v1beta1.Query/TxKey": () => ({ value: encode(KeySchema, { key: fill(9, 32) }) }),
    "/cosmos.auth.v1beta1.Query/Account": () => ({
      value: encode(QueryAccountResponseSchema, {
        account: {
          typeUrl: "/cosmos.auth.v1beta1.BaseAccount",
          value: encode(BaseAccountSchema, { address: wallet.address, accountNumber: 7n, sequence: 3n }),
        },
      }),
    }),
    "/cosmos.bank.v1beta1.Query/Balance": ({ data, height }) => {
      const { denom } = fromBinary(QueryBalanceRequestSchema, data);
      return { value: encode(QueryBalanceResponseSchema, { balance: { denom, amount: height === 1 ? "0" : "99" } }) };
    },
  },
  {
    broadcast: async (tx) => {
      sent.push(tx);
      return { code: 0, codespace: "", log: "", gasWanted: 0n, gasUsed: 0n };
    },
    transaction: async (hash) => {
      const tx = sent.find((candidate) => Buffer.from(sha256(candidate)).equals(hash));
      return tx === undefined ? undefined : { ...INDEXED, hash, tx };
    },
  },
);

let server: RunningServer;
let client: SecretNetworkClient;
beforeAll(async () => {
  server = await start(makeRestServer(backend, { onInternalError: (error) => expect(error).toBeUndefined() }));
  client = new SecretNetworkClient({ url: server.url, chainId: "secretdev-1", wallet, walletAddress: wallet.address });
});
afterAll(() => server.close());

describe("secretjs against the REST server", () => {
  it("reads its account", async () => {
    expect(await client.query.auth.account({ address: wallet.address })).toEqual({
      account: {
        "@type": "/cosmos.auth.v1beta1.BaseAccount",
        address: wallet.address,
        pub_key: null,
        account_number: "7",
        sequence: "3",
      },
    });
  });

  it("reads a balance, of now and of a past height", async () => {
    const request = { address: wallet.address, denom: "uscrt" };
    expect((await client.query.bank.balance(request)).balance).toEqual({ denom: "uscrt", amount: "99" });
    const past = await client.query.bank.balance(request, [["x-cosmos-block-height", "1"]]);
    expect(past.balance).toEqual({ denom: "uscrt", amount: "0" });
  });

  it("reads the key for encryption and the latest block", async () => {
    expect((await client.query.registration.txKey({})).key).toBe(Buffer.from(fill(9, 32)).toString("base64"));
    expect((await client.query.tendermint.getLatestBlock({})).block?.header?.time).toMatch(/\.\d{9}Z$/);
  });

  it("signs, broadcasts, polls and reads the result of a transfer", async () => {
    const to = encodeBech32("secret", fill(1, 20));
    const tx = await client.tx.bank.send(
      { from_address: wallet.address, to_address: to, amount: [{ denom: "uscrt", amount: "1" }] },
      { gasLimit: 50_000, broadcastCheckIntervalMs: 50 },
    );
    expect(tx).toMatchObject({ code: 0, height: 2, rawLog: "" });
    expect(tx.tx.body?.messages?.[0]).toMatchObject({ "@type": "/cosmos.bank.v1beta1.MsgSend", to_address: to });
    expect(fromBinary(TxRawSchema, sent[0] as Uint8Array).signatures[0]).toHaveLength(64);
  });

  it("simulates a transfer", async () => {
    const simulated = await client.tx.bank.send.simulate({
      from_address: wallet.address,
      to_address: wallet.address,
      amount: [{ denom: "uscrt", amount: "1" }],
    });
    expect(simulated.gas_info).toEqual({ gas_wanted: "18446744073709551615", gas_used: "59383" });
  });

  it("sees an unknown route and an unknown transaction as it should", async () => {
    expect(await client.query.getTx("AB".repeat(32))).toBeNull();
    await expect(client.query.mint.params({})).rejects.toMatchObject({ code: 12 });
  });
});
