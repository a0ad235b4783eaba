import { createHash } from "node:crypto";
import { request } from "node:http";
import { MsgSend, type TxResponse, toBase64, Wallet } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Sotto, startSotto } from "./harness.ts";
import {
  ask,
  balanceOf,
  CHAIN_ID,
  type Client,
  type Contract,
  connect,
  connectWallet,
  deployProbe,
  execute,
  FAST,
  feeOf,
  succeeded,
  uscrt,
} from "./network.ts";

let sotto: Sotto;
let a: Client;
let b: Client;
let probe: Contract;

beforeAll(async () => {
  sotto = await startSotto();
  [a, b] = [connect(sotto.rest, "a"), connect(sotto.rest, "b")];
  probe = await deployProbe(a);
}, 30_000);

type Options = Parameters<Client["tx"]["bank"]["send"]>[1];
const sendOf = (from: Client, to: string, amount: number): MsgSend =>
  new MsgSend({ from_address: from.address, to_address: to, amount: uscrt(amount) });
const send = (from: Client, to: string, amount: number, options: Options = {}): Promise<TxResponse> =>
  from.tx.bank.send(
    { from_address: from.address, to_address: to, amount: uscrt(amount) },
    { gasLimit: 30_000, ...FAST, ...options },
  );
const get = (path: string, headers: Record<string, string> = {}): ReturnType<typeof ask> =>
  ask(`${sotto.rest}${path}`, { headers });
const post = (path: string, body: string): ReturnType<typeof ask> =>
  ask(`${sotto.rest}${path}`, { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8" } });

describe("bank transfers", () => {
  it("fit into the client's default of 25,000 gas and move exact amounts", async () => {
    const to = new Wallet().address;
    const before = await balanceOf(a, a.address);
    const tx = succeeded(
      await a.tx.bank.send({ from_address: a.address, to_address: to, amount: uscrt(1234) }, { ...FAST }),
    );
    expect(tx.gasUsed).toBeLessThanOrEqual(20_000);
    expect(await balanceOf(a, to)).toBe(1234n);
    expect(before - (await balanceOf(a, a.address))).toBe(1234n + feeOf(25_000));
    expect(tx.arrayLog?.map(({ type, key }) => `${type}.${key}`)).toEqual([
      "message.action",
      "message.sender",
      "message.module",
      "coin_spent.spender",
      "coin_spent.amount",
      "coin_received.receiver",
      "coin_received.amount",
      "transfer.recipient",
      "transfer.sender",
      "transfer.amount",
    ]);
  });

  it("go to several at once", async () => {
    const receivers = [new Wallet().address, new Wallet().address];
    const inputs = [{ address: a.address, coins: uscrt(30) }];
    const outputs = receivers.map((address, index) => ({ address, coins: uscrt(10 + 10 * index) }));
    succeeded(await a.tx.bank.multiSend({ inputs, outputs }, { ...FAST }));
    expect(await Promise.all(receivers.map((address) => balanceOf(a, address)))).toEqual([10n, 20n]);
  });

  it("fail when the sender has too little, at the price of the fee", async () => {
    const poor = connectWallet(sotto.rest, new Wallet());
    succeeded(await send(a, poor.address, 10_000));
    const tx = await send(poor, a.address, 9_999);
    expect(tx).toMatchObject({ code: 5, codespace: "sdk", data: [] });
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: spendable balance 7000uscrt is smaller than 9999uscrt: insufficient funds",
    );
    expect(await balanceOf(a, poor.address)).toBe(7000n);
  });

  it("are seen at past heights as they were then", async () => {
    const to = new Wallet().address;
    const tx = succeeded(await send(a, to, 77));
    expect(await balanceOf(a, to, 1)).toBe(0n);
    expect(await balanceOf(a, to, tx.height - 1)).toBe(0n);
    expect(await balanceOf(a, to, tx.height)).toBe(77n);
    const answer = await get(`/cosmos/bank/v1beta1/balances/${to}`, { "x-cosmos-block-height": String(tx.height) });
    expect(answer.headers.get("grpc-metadata-x-cosmos-block-height")).toBe(String(tx.height));
    expect(answer.body).toEqual({
      balances: uscrt(77),
      pagination: { next_key: null, total: "1" },
    });
  });
});

describe("admission", () => {
  const refused = async (attempt: Promise<TxResponse>): Promise<string> =>
    attempt.then(
      (tx) => `committed with code ${tx.code}`,
      (error: Error) => error.message,
    );
  const signerData = async (): Promise<{ accountNumber: number; sequence: number; chainId: string }> => {
    const { account } = await b.query.auth.account({ address: b.address });
    const { account_number: accountNumber, sequence } = account as { account_number: string; sequence: string };
    return { accountNumber: Number(accountNumber), sequence: Number(sequence), chainId: CHAIN_ID };
  };

  it("names the sequence that it expects", async () => {
    const data = await signerData();
    expect(await refused(send(b, a.address, 1, { explicitSignerData: { ...data, sequence: data.sequence + 7 } }))).toBe(
      `Broadcasting transaction failed with code 32 (codespace: sdk). Log: account sequence mismatch, expected ${data.sequence}, got ${data.sequence + 7}: incorrect account sequence`,
    );
  });

  it("refuses a gas limit below the size of the transaction", async () => {
    expect(await refused(send(b, a.address, 1, { gasLimit: 100, feeDenom: "uscrt" }))).toMatch(
      /^Broadcasting transaction failed with code 11 \(codespace: sdk\)\. Log: out of gas in location: \w+; gasWanted: 100, gasUsed: \d+: out of gas$/,
    );
  });

  it("refuses a fee below the minimum gas price", async () => {
    expect(await refused(send(b, a.address, 1, { gasPriceInFeeDenom: 0.001 }))).toBe(
      "Broadcasting transaction failed with code 13 (codespace: sdk). Log: insufficient fees; got: 30uscrt required: 375uscrt: insufficient fee",
    );
  });

  it("refuses a signature for another chain", async () => {
    const data = await signerData();
    expect(await refused(send(b, a.address, 1, { explicitSignerData: { ...data, chainId: "secretdev-2" } }))).toMatch(
      new RegExp(
        `^Broadcasting transaction failed with code 4 \\(codespace: sdk\\)\\. Log: signature verification failed; please verify account number \\(${data.accountNumber}\\) and chain-id \\(secretdev-1\\): \\(unable to verify single signer signature [0-9a-f]+ for signBytes [0-9a-f]+\\): unauthorized$`,
      ),
    );
  });

  it("refuses an account that does not exist", async () => {
    const stranger = connectWallet(sotto.rest, new Wallet());
    const explicitSignerData = { accountNumber: 999, sequence: 0, chainId: CHAIN_ID };
    expect(await refused(send(stranger, a.address, 1, { explicitSignerData }))).toContain(
      `code 9 (codespace: sdk). Log: fee payer address: ${stranger.address} does not exist: unknown address`,
    );
  });

  it("refuses a memo of more than 256 characters", async () => {
    expect(await refused(send(b, a.address, 1, { memo: "m".repeat(257) }))).toContain(
      "code 12 (codespace: sdk). Log: maximum number of characters is 256 but received 257 characters: memo too large",
    );
  });

  it("refuses the same transaction twice and answers broadcasts as the client expects", async () => {
    const bytes = await b.tx.signTx([sendOf(b, a.address, 1)], { gasLimit: 30_000 });
    const body = JSON.stringify({ txBytes: toBase64(bytes), mode: "BROADCAST_MODE_SYNC" });
    const first = await post("/cosmos/tx/v1beta1/txs", body);
    const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
    expect(first).toMatchObject({
      status: 200,
      body: {
        tx_response: {
          code: 0,
          codespace: "",
          txhash: hash,
          height: "0",
          data: "",
          raw_log: "",
          logs: [],
          gas_wanted: "0",
          gas_used: "0",
          tx: null,
          timestamp: "",
          events: [],
        },
      },
    });
    const second = await post("/cosmos/tx/v1beta1/txs", body);
    expect(second).toMatchObject({ status: 200, body: { tx_response: { code: 19, codespace: "sdk", raw_log: "" } } });
    await waitFor(hash);
  });

  it("says what is wrong with a broadcast that is none", async () => {
    expect(await post("/cosmos/tx/v1beta1/txs", '{"txBytes":"","mode":"BROADCAST_MODE_SYNC"}')).toMatchObject({
      status: 400,
      body: { code: 3, message: "invalid empty tx", details: [] },
    });
    const garbage = await post("/cosmos/tx/v1beta1/txs", '{"tx_bytes":"AAAA","mode":2}');
    expect(garbage).toMatchObject({ status: 200, body: { tx_response: { code: 2, codespace: "sdk" } } });
    expect((garbage.body as { tx_response: { raw_log: string } }).tx_response.raw_log).toMatch(/: tx parse error$/);
    expect(await post("/cosmos/tx/v1beta1/txs", "{")).toMatchObject({ status: 400, body: { code: 3 } });
  });

  async function waitFor(hash: string): Promise<void> {
    for (let tries = 0; (await get(`/cosmos/tx/v1beta1/txs/${hash}`)).status === 404; tries++) {
      if (tries > 100) throw new Error(`${hash} was never committed`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe("simulation", () => {
  it("tells the gas of a bank transfer, which then suffices with a quarter more", async () => {
    const { gas_info: gas, result } = await a.tx.bank.send.simulate({
      from_address: a.address,
      to_address: b.address,
      amount: uscrt(1),
    });
    expect(gas?.gas_used).toMatch(/^\d+$/);
    expect(gas?.gas_wanted).toBe("18446744073709551615");
    expect(result?.events?.length).toBeGreaterThan(0);
    const tx = succeeded(await send(a, b.address, 1, { gasLimit: Math.ceil(Number(gas?.gas_used) * 1.25) }));
    expect(Math.abs(tx.gasUsed / Number(gas?.gas_used) - 1)).toBeLessThan(0.1);
  });

  it("says why a bank transfer would fail, with the gas used", async () => {
    await expect(
      a.tx.bank.send.simulate({ from_address: a.address, to_address: b.address, amount: uscrt("9".repeat(20)) }),
    ).rejects.toMatchObject({
      code: 2,
      message: expect.stringMatching(/is smaller than 9+uscrt.*insufficient funds.* with gas used: '\d+'/),
    });
  });

  it("refuses an empty transaction", async () => {
    expect(await post("/cosmos/tx/v1beta1/simulate", "{}")).toMatchObject({
      status: 400,
      body: { code: 3, message: "empty txBytes is not allowed" },
    });
  });
});

describe("search", () => {
  let sent: TxResponse[];
  let executed: TxResponse;
  const receiver = new Wallet().address;
  beforeAll(async () => {
    sent = [];
    for (const amount of [1, 2, 3]) sent.push(succeeded(await send(b, receiver, amount)));
    executed = succeeded(await execute(a, probe, { noop: {} }));
  });
  const hashes = async (query: string, ...rest: unknown[]): Promise<string[]> =>
    (await (a.query.txsQuery as (...all: unknown[]) => Promise<TxResponse[]>)(query, ...rest)).map(
      ({ transactionHash }) => transactionHash,
    );
  const expected = (): string[] => sent.map(({ transactionHash }) => transactionHash);

  it("finds by action, sender and receiver", async () => {
    expect(await hashes(`message.action='/cosmos.bank.v1beta1.MsgSend' AND transfer.recipient='${receiver}'`)).toEqual(
      [],
    );
    expect(await hashes(`transfer.recipient='${receiver}'`)).toEqual(expected());
    expect(await hashes("message.action='/cosmos.bank.v1beta1.MsgSend'")).toEqual(expect.arrayContaining(expected()));
    expect(await hashes(`message.sender='${b.address}'`)).toEqual(expect.arrayContaining(expected()));
  });

  it("finds by contract address", async () => {
    for (const key of ["message.contract_address", "wasm.contract_address", "execute.contract_address"])
      expect(await hashes(`${key}='${probe.address}'`)).toContain(executed.transactionHash);
  });

  it("finds by hash and by height", async () => {
    const { transactionHash, height } = executed;
    expect(await hashes(`tx.hash='${transactionHash}'`)).toEqual([transactionHash]);
    expect(await hashes(`tx.height=${height}`)).toEqual([transactionHash]);
    expect(await hashes(`tx.height>=${sent[0]?.height} AND transfer.recipient='${receiver}'`)).toEqual(expected());
  });

  it("gives pages in either order, with the total", async () => {
    const query = encodeURIComponent(`transfer.recipient='${receiver}'`);
    const page = async (more: string): Promise<unknown[]> => {
      const { status, body } = await get(`/cosmos/tx/v1beta1/txs?query=${query}&${more}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ total: "3", pagination: null });
      return (body as { tx_responses: { txhash: string }[] }).tx_responses.map(({ txhash }) => txhash);
    };
    const all = expected();
    expect(await page("page=1&limit=2")).toEqual(all.slice(0, 2));
    expect(await page("page=2&limit=2")).toEqual(all.slice(2));
    expect(await page("page=1&limit=2&order_by=ORDER_BY_DESC")).toEqual([all[2], all[1]]);
    expect(await get(`/cosmos/tx/v1beta1/txs?query=${query}&page=9&limit=2`)).toMatchObject({
      status: 500,
      body: { code: 13, message: "failed to search for txs: page should be within [1, 2] range, given 9" },
    });
  });

  it("answers a search without a match by an empty list", async () => {
    expect(
      await hashes("acknowledge_packet.packet_src_channel='channel-0' AND acknowledge_packet.packet_sequence='1'"),
    ).toEqual([]);
    const answer = await get(`/cosmos/tx/v1beta1/txs?query=${encodeURIComponent("tx.height=999999")}`);
    expect(answer).toMatchObject({ status: 200, body: { txs: [], tx_responses: [], total: "0" } });
  });

  it("refuses an empty search and bad grammar", async () => {
    expect(await get("/cosmos/tx/v1beta1/txs?events=tx.height%3D1")).toMatchObject({
      status: 500,
      body: { code: 13, message: "query cannot be empty" },
    });
    const bad = await get(`/cosmos/tx/v1beta1/txs?query=${encodeURIComponent("tx.height=='")}`);
    expect(bad).toMatchObject({ status: 500, body: { code: 13 } });
    expect(bad.body.message).toMatch(/^failed to search for txs: /);
  });
});

describe("paths that every client uses", () => {
  it("gives the key for encryption, whatever the slashes", async () => {
    const answer = await get("//registration/v1beta1/tx-key?");
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(["key"]);
    expect(Buffer.from(answer.body.key as string, "base64")).toHaveLength(32);
    expect((await get("/registration/v1beta1/tx-key")).body).toEqual(answer.body);
  });

  it("chain §4.5: shows who was admitted, which machines may be, and by what policy: nobody, on this network", async () => {
    const empty = { pagination: { next_key: null, total: "0" } };
    const path = "/sotto/registration/v1";
    expect((await get(`${path}/nodes`)).body).toEqual({ nodes: [], ...empty });
    expect((await get(`${path}/machines?pagination.limit=2&pagination.count_total=true`)).body).toEqual({
      machines: [],
      ...empty,
    });
    expect((await get(`${path}/machine-records`)).body).toEqual({ records: [], ...empty });
    expect((await get(`${path}/policy`)).body).toEqual({ policy: "" });
    expect((await get(`${path}/nodes/${"ab".repeat(32)}`)).status).toBe(404);
    expect((await get(`${path}/nodes/ab`)).body).toMatchObject({
      code: 3,
      message: "node_key: expected 64 hex digits",
    });
  });

  it("gives code hashes", async () => {
    for (const path of [`by_contract_address/${probe.address}`, `by_code_id/${probe.codeId}`])
      expect(await get(`/compute/v1beta1/code_hash/${path}?`)).toMatchObject({
        status: 200,
        body: { code_hash: probe.codeHash },
      });
    expect(probe.codeHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives accounts, and says which are not there", async () => {
    const fresh = connect(sotto.rest, "d");
    expect((await get(`/cosmos/auth/v1beta1/accounts/${fresh.address}?`)).body).toEqual({
      account: {
        "@type": "/cosmos.auth.v1beta1.BaseAccount",
        address: fresh.address,
        pub_key: null,
        account_number: "4",
        sequence: "0",
      },
    });
    expect(await get(`/cosmos/auth/v1beta1/accounts/${a.address}`)).toMatchObject({
      body: { account: { pub_key: { "@type": "/cosmos.crypto.secp256k1.PubKey" } } },
    });
    const stranger = new Wallet().address;
    expect(await get(`/cosmos/auth/v1beta1/accounts/${stranger}`)).toMatchObject({
      status: 404,
      body: { code: 5, message: `account ${stranger} not found`, details: [] },
    });
    const bad = await get("/cosmos/auth/v1beta1/accounts/secret1nonsense");
    expect(bad).toMatchObject({ status: 500, body: { code: 2 } });
    expect(bad.body.message).toMatch(/^decoding bech32 failed: /);
  });

  it("gives transactions by hash, in either case, and says which are not there", async () => {
    const tx = succeeded(await send(b, a.address, 1));
    for (const hash of [tx.transactionHash, tx.transactionHash.toLowerCase()]) {
      const { body } = await get(`/cosmos/tx/v1beta1/txs/${hash}`);
      expect(body).toMatchObject({
        tx: { body: { messages: [{ "@type": "/cosmos.bank.v1beta1.MsgSend" }] } },
        tx_response: {
          txhash: tx.transactionHash,
          code: 0,
          codespace: "",
          raw_log: "",
          logs: [],
          info: "",
          height: String(tx.height),
          gas_wanted: "30000",
          tx: { "@type": "/cosmos.tx.v1beta1.Tx" },
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          data: expect.stringMatching(/^[0-9A-F]+$/),
        },
      });
    }
    const unknown = "AB".repeat(32);
    expect(await get(`/cosmos/tx/v1beta1/txs/${unknown}`)).toMatchObject({
      status: 404,
      body: { code: 5, message: `tx not found: ${unknown}`, details: [] },
    });
    const bad = await get("/cosmos/tx/v1beta1/txs/xyz");
    expect(bad).toMatchObject({ status: 500, body: { code: 2 } });
    expect(bad.body.message).toMatch(/^encoding\/hex: /);
  });

  it("orders events: fee and signature without an index, then each message's with the index last", async () => {
    const tx = succeeded(await execute(a, probe, { noop: {} }));
    const { body } = await get(`/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
    const { events } = (body as { tx_response: { events: { type: string; attributes: { key: string }[] }[] } })
      .tx_response;
    expect(events.map(({ type, attributes }) => `${type}: ${attributes.map(({ key }) => key).join(" ")}`)).toEqual([
      "coin_spent: spender amount",
      "coin_received: receiver amount",
      "transfer: recipient sender amount",
      "message: sender",
      "tx: fee fee_payer",
      "tx: acc_seq",
      "tx: signature",
      "message: action sender msg_index",
      "message: module sender contract_address msg_index",
      "execute: contract_address msg_index",
      "wasm: contract_address msg_index",
    ]);
  });

  it("gives what there is to know of contracts and codes", async () => {
    const { address, codeId, codeHash } = probe;
    expect((await get(`/compute/v1beta1/info/${address}`)).body).toMatchObject({
      contract_address: address,
      contract_info: {
        code_id: codeId,
        creator: a.address,
        label: "probe",
        created: { block_height: expect.stringMatching(/^\d+$/), tx_index: "0" },
        ibc_port_id: "",
        admin: "",
        admin_proof: null,
        require_governance: false,
      },
    });
    expect((await get(`/compute/v1beta1/contracts/${codeId}`)).body).toMatchObject({
      contract_infos: [{ contract_address: address, contract_info: { created: null } }],
    });
    const info = { code_id: codeId, creator: a.address, code_hash: codeHash, source: "", builder: "" };
    expect((await get("/compute/v1beta1/codes")).body).toEqual({ code_infos: [info] });
    expect((await get(`/compute/v1beta1/code/${codeId}`)).body).toMatchObject({ code_info: info });
    expect((await get(`/compute/v1beta1/label/${address}`)).body).toEqual({ label: "probe" });
    expect((await get("/compute/v1beta1/contract_address/probe")).body).toEqual({ contract_address: address });
    expect((await get(`/compute/v1beta1/contract_history/${address}`)).body).toMatchObject({
      entries: [
        { operation: "CONTRACT_CODE_HISTORY_OPERATION_TYPE_INIT", code_id: codeId, updated: { tx_index: "0" } },
      ],
    });
    expect((await get("/compute/v1beta1/params")).body).toEqual({
      params: { compile_cost: "0.800000000000000000", max_contract_size: "2097152" },
    });
    expect(await get("/compute/v1beta1/contract_address/nobody")).toMatchObject({
      status: 500,
      body: { code: 2, message: "codespace sdk code 9: unknown address: nobody" },
    });
  });

  it("gives blocks whose times carry nanoseconds", async () => {
    const { body } = await get("/cosmos/base/tendermint/v1beta1/blocks/latest?");
    expect(body).toMatchObject({
      block: { header: { chain_id: CHAIN_ID, height: expect.stringMatching(/^\d+$/) } },
    });
    expect((body as { block: { header: { time: string } } }).block.header.time).toMatch(/\.\d{9}Z$/);
  });

  it("gives the node's settings", async () => {
    expect((await get("/cosmos/base/node/v1beta1/config")).body).toEqual({
      minimum_gas_price: "0.012500000000000000uscrt",
      pruning_keep_recent: "0",
      pruning_interval: "0",
      halt_height: "0",
    });
    expect((await get("/cosmos/auth/v1beta1/params")).body).toEqual({
      params: {
        max_memo_characters: "256",
        tx_sig_limit: "7",
        tx_size_cost_per_byte: "10",
        sig_verify_cost_ed25519: "590",
        sig_verify_cost_secp256k1: "1000",
      },
    });
  });

  it("gives balances by denom, zero included, and refuses what is no address", async () => {
    const nobody = new Wallet().address;
    expect((await get(`/cosmos/bank/v1beta1/balances/${nobody}/by_denom?denom=uscrt`)).body).toEqual({
      balance: { denom: "uscrt", amount: "0" },
    });
    expect((await get(`/cosmos/bank/v1beta1/balances/${nobody}`)).body).toMatchObject({ balances: [] });
    const bad = await get("/cosmos/bank/v1beta1/balances/nonsense");
    expect(bad).toMatchObject({ status: 400, body: { code: 3, details: [] } });
    expect(bad.body.message).toMatch(/^invalid address: decoding bech32 failed: /);
    const foreign = await get("/cosmos/bank/v1beta1/balances/cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh");
    expect(foreign).toMatchObject({ status: 400, body: { code: 3 } });
    expect(foreign.body.message).toContain("hrp does not match bech32 prefix: expected 'secret' got 'cosmos'");
  });

  it("answers unknown routes, wrong methods and trailing slashes by Not Implemented", async () => {
    const notImplemented = { status: 501, body: { code: 12, message: "Not Implemented", details: [] } };
    for (const path of ["/", "/nothing/here", "/registration/v1beta1/tx-key/", "/cosmos/tx/v1beta1/simulate"])
      expect(await get(path)).toMatchObject(notImplemented);
    expect(await post("/registration/v1beta1/tx-key", "{}")).toMatchObject(notImplemented);
  });

  it("refuses heights that it cannot read", async () => {
    const at = (height: string): ReturnType<typeof ask> =>
      get(`/cosmos/bank/v1beta1/balances/${a.address}`, { "x-cosmos-block-height": height });
    for (const [height, message] of [
      [
        "999999",
        "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height",
      ],
      ["-1", "codespace sdk code 18: invalid request: cannot query with height < 0; please provide a valid height"],
      ["abc", 'strconv.ParseInt: parsing "abc": invalid syntax'],
    ] as const)
      expect(await at(height)).toMatchObject({ status: 500, body: { code: 2, message, details: [] } });
  });

  it("lets browsers in", async () => {
    const response = await fetch(`${sotto.rest}/cosmos/tx/v1beta1/txs`, { method: "OPTIONS" });
    expect([200, 204]).toContain(response.status);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const allowed = response.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
    expect(allowed === "*" || (allowed.includes("content-type") && allowed.includes("x-cosmos-block-height"))).toBe(
      true,
    );
    expect((await get("/registration/v1beta1/tx-key")).headers.get("access-control-allow-origin")).toBe("*");
  });

  it("accepts a request line of a megabyte", async () => {
    const path = `/compute/v1beta1/query/${probe.address}?query=${"A".repeat(1_000_000)}`;
    const status = await new Promise((resolve, reject) => {
      request(`${sotto.rest}${path}`, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      })
        .on("error", reject)
        .end();
    });
    // The contract query itself is nonsense; it was read and judged.
    expect(status).toBe(500);
  });

  it("answers the CometBFT RPC's status, as POST and as GET", async () => {
    const { body } = await ask(`${sotto.rpc}/status?`);
    expect(body).toMatchObject({
      jsonrpc: "2.0",
      result: {
        node_info: { network: CHAIN_ID, version: expect.stringMatching(/^0\.38\./), other: { tx_index: "on" } },
        sync_info: { latest_app_hash: expect.stringMatching(/^[0-9A-F]{64}$/), catching_up: false },
      },
    });
    const call = JSON.stringify({ jsonrpc: "2.0", id: "x", method: "status", params: {} });
    expect((await ask(sotto.rpc, { method: "POST", body: call })).body).toMatchObject({
      id: "x",
      result: { node_info: { network: CHAIN_ID } },
    });
  });
});
