import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { encodeBech32 } from "@sotto/common/bech32";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { QueryRequest } from "../src/abci/application.ts";
import { makeRestServer } from "../src/api/rest/restServer.ts";
import { BaseAccountSchema } from "../src/proto/gen/cosmos/auth/v1beta1/auth_pb.ts";
import { QueryAccountResponseSchema } from "../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import {
  QueryAllBalancesRequestSchema,
  QueryAllBalancesResponseSchema,
  QueryBalanceResponseSchema,
} from "../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { QueryParamsResponseSchema } from "../src/proto/gen/cosmos/staking/v1beta1/query_pb.ts";
import {
  QueryCodeHashResponseSchema,
  QueryContractHistoryResponseSchema,
  QueryContractInfoResponseSchema,
  QuerySecretContractRequestSchema,
  QuerySecretContractResponseSchema,
} from "../src/proto/gen/secret/compute/v1beta1/query_pb.ts";
import { KeySchema } from "../src/proto/gen/secret/registration/v1beta1/types_pb.ts";
import { encode, fill, INDEXED, makeFakeBackend, RANDOM, type RunningServer, start, TX } from "./apiFixture.ts";

const COMPUTE = "/secret.compute.v1beta1.Query";
const BANK = "/cosmos.bank.v1beta1.Query";
const SENDER = encodeBech32("secret", fill(1, 20));
const CONTRACT = encodeBech32("secret", fill(2, 20));

const asked: QueryRequest[] = [];
const broadcasts: Uint8Array[] = [];
let admission = { code: 0, codespace: "", log: "", gasWanted: 0n, gasUsed: 0n };
const internalErrors: unknown[] = [];
const value = (bytes: Uint8Array) => (request: QueryRequest) => {
  asked.push(request);
  return { value: bytes };
};
const grpcError = (code: number, message: string) => () => ({ code: 1, grpc: { code, message } });

const backend = makeFakeBackend(
  {
    "/secret.registration.v1beta1.Query/TxKey": value(encode(KeySchema, { key: fill(5, 32) })),
    [`${COMPUTE}/CodeHashByContractAddress`]: grpcError(2, "codespace compute code 9: not found"),
    [`${COMPUTE}/CodeHashByCodeId`]: value(encode(QueryCodeHashResponseSchema, { codeHash: "ab".repeat(32) })),
    [`${COMPUTE}/ContractInfo`]: value(
      encode(QueryContractInfoResponseSchema, {
        contractAddress: CONTRACT,
        contractInfo: {
          codeId: 12n,
          creator: fill(1, 20),
          label: "my label",
          created: { blockHeight: 123n, txIndex: 456_789n },
          admin: SENDER,
        },
      }),
    ),
    [`${COMPUTE}/ContractHistory`]: value(
      encode(QueryContractHistoryResponseSchema, { entries: [{ operation: 1, codeId: 1n, msg: fill(1, 3) }] }),
    ),
    [`${COMPUTE}/QuerySecretContract`]: value(encode(QuerySecretContractResponseSchema, { data: fill(1, 3) })),
    [`${COMPUTE}/Codes`]: value(new Uint8Array(0)),
    [`${COMPUTE}/Params`]: () => {
      throw new Error("disk on fire at /var/lib");
    },
    [`${COMPUTE}/LabelByAddress`]: value(fill(255, 7)),
    "/cosmos.auth.v1beta1.Query/Account": value(
      encode(QueryAccountResponseSchema, {
        account: {
          typeUrl: "/cosmos.auth.v1beta1.BaseAccount",
          value: encode(BaseAccountSchema, { address: SENDER, accountNumber: 7n }),
        },
      }),
    ),
    [`${BANK}/Balance`]: value(encode(QueryBalanceResponseSchema, { balance: { denom: "uscrt", amount: "123" } })),
    [`${BANK}/AllBalances`]: value(encode(QueryAllBalancesResponseSchema, { pagination: {} })),
    [`${BANK}/SpendableBalances`]: grpcError(3, "invalid address: decoding bech32 failed: invalid separator index -1"),
    "/cosmos.staking.v1beta1.Query/Params": value(
      encode(QueryParamsResponseSchema, {
        params: { unbondingTime: { seconds: 90n }, maxValidators: 5, minCommissionRate: "50000000000000000" },
      }),
    ),
  },
  {
    broadcast: async (tx) => {
      broadcasts.push(tx);
      return admission;
    },
  },
);

let server: RunningServer;
beforeAll(async () => {
  server = await start(makeRestServer(backend, { onInternalError: (error) => internalErrors.push(error) }));
});
afterAll(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: answers are compared, not used
type Loose = any;

async function call(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; json: Loose; headers: Headers; text: string }> {
  const response = await fetch(server.url + path, init);
  const text = await response.text();
  return { status: response.status, json: text === "" ? undefined : JSON.parse(text), headers: response.headers, text };
}
const post = (path: string, body: string) =>
  call(path, { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8" } });

describe("paths 1 to 12 of clients §1.2", () => {
  it("1: gives the key for encryption, also below many slashes and with an empty query", async () => {
    for (const path of [
      "/registration/v1beta1/tx-key",
      "//registration/v1beta1/tx-key?",
      "////registration///v1beta1/tx-key",
    ]) {
      expect((await call(path)).text).toBe(`{"key":"${Buffer.from(fill(5, 32)).toString("base64")}"}`);
    }
  });

  it("2: looks up code hashes, and says not found", async () => {
    expect((await call("/compute/v1beta1/code_hash/by_code_id/1?")).json).toEqual({ code_hash: "ab".repeat(32) });
    const missing = await call(`/compute/v1beta1/code_hash/by_contract_address/${CONTRACT}`);
    expect(missing.status).toBe(500);
    expect(missing.text).toBe('{"code":2,"message":"codespace compute code 9: not found","details":[]}');
  });

  it("3: shows an account as Any with its fields", async () => {
    expect((await call(`/cosmos/auth/v1beta1/accounts/${SENDER}`)).text).toBe(
      `{"account":{"@type":"/cosmos.auth.v1beta1.BaseAccount","address":"${SENDER}","pub_key":null,"account_number":"7","sequence":"0"}}`,
    );
  });

  it("4: simulates", async () => {
    const { json } = await post(
      "/cosmos/tx/v1beta1/simulate",
      JSON.stringify({ txBytes: Buffer.from(TX).toString("base64") }),
    );
    expect(json.gas_info).toEqual({ gas_wanted: "18446744073709551615", gas_used: "59383" });
    expect(json.result.msg_responses).toEqual([{ "@type": "/cosmos.bank.v1beta1.MsgSendResponse" }]);
    expect(json.result.events[0].attributes[0].index).toBe(false);
    const empty = await post("/cosmos/tx/v1beta1/simulate", "{}");
    expect([empty.status, empty.json.code, empty.json.message]).toEqual([400, 3, "empty txBytes is not allowed"]);
  });

  it("5: broadcasts with camelCase and snake_case fields, and mode as name or number", async () => {
    for (const body of [
      { txBytes: Buffer.from(TX).toString("base64"), mode: "BROADCAST_MODE_SYNC" },
      { tx_bytes: Buffer.from(TX).toString("base64"), mode: 2, unknown: {} },
    ]) {
      const { status, text } = await post("/cosmos/tx/v1beta1/txs", JSON.stringify(body));
      expect(status).toBe(200);
      expect(text).toBe(
        `{"tx_response":{"height":"0","txhash":"${Buffer.from(INDEXED.hash).toString("hex").toUpperCase()}","codespace":"","code":0,"data":"","raw_log":"","logs":[],"info":"","gas_wanted":"0","gas_used":"0","tx":null,"timestamp":"","events":[]}}`,
      );
      expect(broadcasts.at(-1)).toEqual(TX);
    }
  });

  it("5: shows a refused transaction as a result, and a request without transaction as an error", async () => {
    admission = {
      ...admission,
      code: 32,
      codespace: "sdk",
      log: "account sequence mismatch, expected 1, got 0: incorrect account sequence",
    };
    const refused = await post("/cosmos/tx/v1beta1/txs", '{"txBytes":"AAAA","mode":"BROADCAST_MODE_SYNC"}');
    admission = { ...admission, code: 0, codespace: "", log: "" };
    expect(refused.status).toBe(200);
    expect(refused.json.tx_response).toMatchObject({
      code: 32,
      codespace: "sdk",
      raw_log: expect.stringContaining("expected 1, got 0"),
    });
    const errors = [
      ["{}", 400, 3, "invalid empty tx"],
      ['{"txBytes":"AAAA"}', 500, 2, "unsupported return type unspecified; supported types: sync, async"],
      ['{"txBytes":"AAAA","mode":"BROADCAST_MODE_NOPE"}', 400, 3, expect.stringContaining("BROADCAST_MODE_NOPE")],
      ['{"txBytes":"A*AA","mode":2}', 400, 3, "illegal base64 data at input byte 1"],
      ["not json", 400, 3, "body: expected a JSON object"],
      ["[1]", 400, 3, expect.stringContaining("expected an object")],
    ] as const;
    for (const [body, status, code, message] of errors) {
      expect(await post("/cosmos/tx/v1beta1/txs", body)).toMatchObject({
        status,
        json: { code, message, details: [] },
      });
    }
  });

  it("6: shows a transaction, in hex of either case, with Any in it", async () => {
    const hash = Buffer.from(INDEXED.hash).toString("hex");
    const { json } = await call(`/cosmos/tx/v1beta1/txs/${hash.toUpperCase()}`);
    expect((await call(`/cosmos/tx/v1beta1/txs/${hash}`)).json).toEqual(json);
    expect(json.tx_response).toMatchObject({
      height: "2",
      code: 0,
      raw_log: "",
      logs: [],
      info: "",
      timestamp: "2026-11-25T09:30:06Z",
    });
    expect(json.tx_response.data).toBe(
      `12260A24${Buffer.from("/cosmos.bank.v1beta1.MsgSendResponse").toString("hex").toUpperCase()}`,
    );
    expect(json.tx_response.tx).toEqual({ "@type": "/cosmos.tx.v1beta1.Tx", ...json.tx });
    expect(json.tx).toEqual({
      body: {
        messages: [
          {
            "@type": "/cosmos.bank.v1beta1.MsgSend",
            from_address: "a",
            to_address: "b",
            amount: [{ denom: "uscrt", amount: "5" }],
          },
          {
            "@type": "/secret.compute.v1beta1.MsgExecuteContract",
            sender: SENDER,
            contract: CONTRACT,
            msg: "AwMD",
            callback_code_hash: "",
            sent_funds: [],
            callback_sig: null,
          },
          { "@type": "/no.such.Message", value: "CQk=" },
        ],
        memo: "<hi>",
        timeout_height: "0",
        extension_options: [],
        non_critical_extension_options: [],
      },
      auth_info: {
        signer_infos: [
          {
            public_key: {
              "@type": "/cosmos.crypto.secp256k1.PubKey",
              key: Buffer.from(fill(2, 33)).toString("base64"),
            },
            mode_info: { single: { mode: "SIGN_MODE_DIRECT" } },
            sequence: "3",
          },
        ],
        fee: { amount: [{ denom: "uscrt", amount: "100" }], gas_limit: "200000", payer: "", granter: "" },
        tip: null,
      },
      signatures: ["BwcHBw=="],
    });
  });

  it("6: says that a transaction was not found in the words that clients wait for", async () => {
    const hash = "AB".repeat(32);
    expect(await call(`/cosmos/tx/v1beta1/txs/${hash}`)).toMatchObject({
      status: 404,
      json: { code: 5, message: `tx not found: ${hash}` },
    });
    expect(await call("/cosmos/tx/v1beta1/txs/xyz")).toMatchObject({
      status: 500,
      json: { code: 2, message: "encoding/hex: invalid byte: U+0078 'x'" },
    });
    expect(await call("/cosmos/tx/v1beta1/txs/")).toMatchObject({
      status: 400,
      json: { code: 3, message: "tx hash cannot be empty" },
    });
  });

  it("7: searches, ignores the old form, and answers a page past the end", async () => {
    const query = encodeURIComponent("message.action='/cosmos.bank.v1beta1.MsgSend'");
    const { json } = await call(
      `/cosmos/tx/v1beta1/txs?events=a&events=b&pagination.limit=5&query=${query}&page=1&order_by=ORDER_BY_DESC`,
    );
    expect(json).toMatchObject({ pagination: null, total: "1" });
    expect(json.txs).toHaveLength(1);
    expect(json.tx_responses[0].txhash).toBe(Buffer.from(INDEXED.hash).toString("hex").toUpperCase());
    expect(await call("/cosmos/tx/v1beta1/txs?events=a")).toMatchObject({
      status: 500,
      json: { code: 13, message: "query cannot be empty" },
    });
    expect(await call("/cosmos/tx/v1beta1/txs?query=a&page=7")).toMatchObject({
      status: 500,
      json: { code: 13, message: "failed to search for txs: page should be within [1, 1] range, given 7" },
    });
  });

  it("8: passes a contract query on, with + as it comes or escaped", async () => {
    const bytes = Uint8Array.from([251, 239, 190, 255]);
    for (const query of ["++++/w==", "%2B%2B%2B%2B%2Fw%3D%3D", "----_w"]) {
      const { text } = await call(`/compute/v1beta1/query/${CONTRACT}?query=${query}`);
      expect(text).toBe('{"data":"AQEB"}');
      expect(fromBinary(QuerySecretContractRequestSchema, asked.at(-1)?.data as Uint8Array)).toMatchObject({
        contractAddress: CONTRACT,
        query: bytes,
      });
    }
  });

  it("9: shows contract info with bech32 creator and null proof, and histories", async () => {
    expect((await call(`/compute/v1beta1/info/${CONTRACT}`)).text).toBe(
      `{"contract_address":"${CONTRACT}","contract_info":{"code_id":"12","creator":"${SENDER}","label":"my label","created":{"block_height":"123","tx_index":"456789"},"ibc_port_id":"","admin":"${SENDER}","admin_proof":null,"require_governance":false}}`,
    );
    expect((await call(`/compute/v1beta1/contract_history/${CONTRACT}`)).json).toEqual({
      entries: [{ operation: "CONTRACT_CODE_HISTORY_OPERATION_TYPE_INIT", code_id: "1", updated: null, msg: "AQEB" }],
    });
    expect((await call("/compute/v1beta1/codes")).text).toBe('{"code_infos":[]}');
  });

  it("10: shows the latest block with nanoseconds and all transactions", async () => {
    const { json } = await call("/cosmos/base/tendermint/v1beta1/blocks/latest");
    expect(json.block.header).toMatchObject({
      height: "2",
      time: "2026-11-25T09:30:06.449850123Z",
      version: { block: "11", app: "0" },
    });
    expect(json.block.data.txs).toEqual([RANDOM, TX].map((tx) => Buffer.from(tx).toString("base64")));
    expect(json.sdk_block.header.proposer_address).toMatch(/^secretvalcons1/);
    expect(json.block.last_commit.signatures[0].block_id_flag).toBe("BLOCK_ID_FLAG_COMMIT");
    const first = (await call("/cosmos/base/tendermint/v1beta1/blocks/1")).json;
    expect(first.block.header.last_block_id).toEqual({ hash: null, part_set_header: { total: 0, hash: null } });
    expect(first.block.last_commit).toEqual({
      height: "0",
      round: 0,
      block_id: { hash: null, part_set_header: { total: 0, hash: null } },
      signatures: [],
    });
  });

  it("10: refuses heights that there are not", async () => {
    expect(await call("/cosmos/base/tendermint/v1beta1/blocks/3")).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("requested block height is bigger then the chain length") },
    });
    expect((await call("/cosmos/base/tendermint/v1beta1/blocks/0")).json.message).toContain(
      "height must be greater than 0, but got 0",
    );
    expect(await call("/cosmos/base/tendermint/v1beta1/blocks/abc")).toMatchObject({
      status: 400,
      json: {
        code: 3,
        message: 'type mismatch, parameter: height, error: strconv.ParseInt: parsing "abc": invalid syntax',
      },
    });
  });

  it("11: shows the settings of the node", async () => {
    expect((await call("/cosmos/base/node/v1beta1/config")).text).toBe(
      '{"minimum_gas_price":"0.012500000000000000uscrt","pruning_keep_recent":"0","pruning_interval":"0","halt_height":"0"}',
    );
    expect((await call("/cosmos/base/node/v1beta1/status")).json).toMatchObject({
      earliest_store_height: "1",
      height: "2",
    });
  });

  it("12: shows balances", async () => {
    expect((await call(`/cosmos/bank/v1beta1/balances/${SENDER}/by_denom?denom=uscrt`)).text).toBe(
      '{"balance":{"denom":"uscrt","amount":"123"}}',
    );
    expect((await call(`/cosmos/bank/v1beta1/balances/${SENDER}?`)).text).toBe(
      '{"balances":[],"pagination":{"next_key":null,"total":"0"}}',
    );
  });
});

describe("conventions of clients §1.1", () => {
  it("reads flattened parameters under both spellings and ignores unknown ones", async () => {
    const key = encodeURIComponent(Buffer.from([1, 2]).toString("base64"));
    for (const name of ["count_total", "countTotal"]) {
      await call(
        `/cosmos/bank/v1beta1/balances/${SENDER}?pagination.limit=5&pagination.key=${key}&pagination.${name}=true&no.such=1&__proto__.x=1`,
      );
      expect(fromBinary(QueryAllBalancesRequestSchema, asked.at(-1)?.data as Uint8Array)).toMatchObject({
        address: SENDER,
        pagination: { limit: 5n, countTotal: true, key: Uint8Array.from([1, 2]) },
      });
    }
  });

  it("refuses a parameter that cannot be read", async () => {
    const path = `/cosmos/bank/v1beta1/balances/${SENDER}`;
    expect(await call(`${path}?pagination.limit=abc`)).toMatchObject({
      status: 400,
      json: { code: 3, message: 'strconv.ParseUint: parsing "abc": invalid syntax', details: [] },
    });
    expect((await call(`${path}?pagination.limit=18446744073709551616`)).json.message).toContain("value out of range");
    expect((await call(`${path}?pagination.reverse=maybe`)).json.message).toContain("strconv.ParseBool");
    expect((await call(`${path}?pagination.key=%zz`)).json.message).toBe("invalid URL escape");
  });

  it("prints decimals with 18 digits and durations in seconds", async () => {
    expect((await call("/cosmos/staking/v1beta1/params")).text).toBe(
      '{"params":{"unbonding_time":"90s","max_validators":5,"max_entries":0,"historical_entries":0,"bond_denom":"","min_commission_rate":"0.050000000000000000"}}',
    );
  });

  it("answers unknown routes, wrong methods and HEAD with 501", async () => {
    const unknown = { status: 501, text: '{"code":12,"message":"Not Implemented","details":[]}' };
    expect(await call("/no/such/route")).toMatchObject(unknown);
    expect(await call("/")).toMatchObject(unknown);
    expect(await call("/registration/v1beta1/tx-key/")).toMatchObject(unknown);
    expect(await call("/compute/v1beta1/contract_address/a%2Fb")).toMatchObject(unknown);
    expect(await post("/registration/v1beta1/tx-key", "")).toMatchObject(unknown);
    expect((await call("/registration/v1beta1/tx-key", { method: "HEAD" })).status).toBe(501);
    expect(await post("/cosmos/tx/v1beta1/encode/amino", "{}")).toMatchObject(unknown);
  });

  it("reads old state where the header asks for it, and names the height", async () => {
    const balance = `/cosmos/bank/v1beta1/balances/${SENDER}/by_denom?denom=uscrt`;
    const at = (height: string) => call(balance, { headers: { "x-cosmos-block-height": height } });
    const old = await at("1");
    expect(old.headers.get("grpc-metadata-x-cosmos-block-height")).toBe("1");
    expect(asked.at(-1)?.height).toBe(1);
    expect((await call(balance)).headers.get("grpc-metadata-x-cosmos-block-height")).toBe("2");
    for (const [height, message] of [
      [
        "3",
        "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height",
      ],
      ["-1", "codespace sdk code 18: invalid request: cannot query with height < 0; please provide a valid height"],
      ["abc", 'strconv.ParseInt: parsing "abc": invalid syntax'],
    ] as const) {
      expect(await at(height)).toMatchObject({ status: 500, json: { code: 2, message } });
    }
  });

  it("lets pages of all origins ask", async () => {
    expect((await call("/registration/v1beta1/tx-key")).headers.get("access-control-allow-origin")).toBe("*");
    const preflight = await call("/cosmos/tx/v1beta1/txs", { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/content-type.*x-cosmos-block-height/i);
  });

  it("takes a request line of 1 MB, and refuses a longer one with a sentence", async () => {
    const query = Buffer.alloc(750_000, 7).toString("base64");
    expect((await call(`/compute/v1beta1/query/${CONTRACT}?query=${encodeURIComponent(query)}`)).text).toBe(
      '{"data":"AQEB"}',
    );
    const status = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, "127.0.0.1", () =>
        socket.write(`GET /x?${"a".repeat(2_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
      );
      let answer = "";
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("close", () => resolve(answer));
      socket.on("error", (error) => (answer === "" ? reject(error) : resolve(answer)));
    });
    expect(status).toMatch(/^HTTP\/1.1 431 .*expected at most 1310720 bytes/s);
  });

  it("takes a body of 8 MB, and refuses one of 20 MB with a sentence, announced or not", async () => {
    const body = JSON.stringify({ txBytes: Buffer.alloc(6_000_000, 1).toString("base64"), mode: 2 });
    expect((await post("/cosmos/tx/v1beta1/txs", body)).status).toBe(200);
    const large = "x".repeat(20_000_000);
    const refused = await post("/cosmos/tx/v1beta1/txs", large);
    expect(refused).toMatchObject({ status: 413, json: { code: 3, message: "body: expected at most 12582912 bytes" } });
    const chunked = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${server.url}/cosmos/tx/v1beta1/txs`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      request.write(large);
      request.end();
    });
    expect(chunked).toBe(413);
  });

  it("passes the status of a module's error on", async () => {
    expect(await call("/cosmos/bank/v1beta1/spendable_balances/test")).toMatchObject({
      status: 400,
      json: { code: 3, message: "invalid address: decoding bech32 failed: invalid separator index -1" },
    });
  });

  it("tells nothing of failures inside", async () => {
    const before = internalErrors.length;
    for (const path of ["/compute/v1beta1/params", `/compute/v1beta1/label/${CONTRACT}`]) {
      expect(await call(path)).toMatchObject({
        status: 500,
        text: '{"code":13,"message":"internal error","details":[]}',
      });
    }
    expect(internalErrors).toHaveLength(before + 2);
  });
});

describe("services of the node", () => {
  it("names node and versions", async () => {
    const { json } = await call("/cosmos/base/tendermint/v1beta1/node_info");
    expect(json.default_node_info).toMatchObject({
      network: "secretdev-1",
      default_node_id: "00".repeat(20),
      channels: null,
    });
    expect(json.application_version.cosmos_sdk_version).toMatch(/^v0\.50\./);
    expect((await call("/cosmos/base/tendermint/v1beta1/syncing")).json).toEqual({ syncing: false });
  });

  it("lists the validators", async () => {
    const { json } = await call("/cosmos/base/tendermint/v1beta1/validatorsets/latest");
    expect(json).toMatchObject({
      block_height: "2",
      validators: [{ voting_power: "1", pub_key: { "@type": "/cosmos.crypto.ed25519.PubKey" } }],
    });
    expect(
      (await call("/cosmos/base/tendermint/v1beta1/validatorsets/2?pagination.offset=100")).json.message,
    ).toContain("page should be within [1, 1]");
  });

  it("lists a block's transactions without the random", async () => {
    const { json } = await call("/cosmos/tx/v1beta1/txs/block/2");
    expect(json.txs).toHaveLength(1);
    expect(json.pagination).toEqual({ next_key: null, total: "1" });
    expect(
      (await call("/cosmos/tx/v1beta1/txs/block/2?pagination.offset=0&pagination.count_total=true")).json.txs,
    ).toEqual([]);
    expect((await call("/cosmos/tx/v1beta1/txs/block/9")).json.message).toMatch(
      /^codespace sdk code 26: invalid height: requested height 9/,
    );
    expect(
      (await call("/cosmos/tx/v1beta1/txs/block/2?pagination.offset=5&pagination.limit=5")).json.message,
    ).toContain("cannot paginate");
  });

  it("decodes and encodes to the same bytes", async () => {
    const tx_bytes = Buffer.from(TX).toString("base64");
    const decoded = await post("/cosmos/tx/v1beta1/decode", JSON.stringify({ tx_bytes }));
    expect(decoded.status).toBe(200);
    expect((await post("/cosmos/tx/v1beta1/encode", decoded.text)).json).toEqual({ tx_bytes });
  });

  it("serves the paths of old applications", async () => {
    const key = Buffer.from(fill(5, 32)).toString("base64");
    expect((await call("/reg/tx-key")).json).toEqual({ height: "2", result: { TxKey: key } });
    expect((await call("/reg/consensus-io-exch-pubkey")).json.result).toEqual({ ioExchPubkey: key });
  });
});
