/** Queries that contracts make, on a real node: every module, what they see, and what stops them. */
import { MsgExecuteContractResponse } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import {
  attribute,
  balanceOf,
  type Client,
  type Contract,
  connect,
  dataOf,
  deployProbe,
  execute,
  instantiate,
  query,
  succeeded,
  toBase64,
} from "./network.ts";

let a: Client;
let asker: Contract;
let callee: Contract;

beforeAll(async () => {
  const { rest } = await startSotto();
  a = connect(rest, "a");
  asker = await deployProbe(a, "asker");
  const tx = succeeded(await instantiate(a, asker, { noop: {} }, { label: "callee" }));
  callee = { ...asker, address: attribute(tx, "message", "contract_address") ?? "" };
}, 30_000);

const run = (...ops: object[]): object => ({ run: { ops } });
const set = (key: string, value: string): object => ({ set: { key: toBase64(key), value: toBase64(value) } });
const get = (key: string): object => ({ get: { key: toBase64(key) } });
const ask = (request: object | string): object => ({
  query_chain: { request: typeof request === "string" ? request : JSON.stringify(request) },
});
const smart = (contract: Contract, msg: object): object => ({
  wasm: {
    smart: {
      contract_addr: contract.address,
      callback_code_hash: contract.codeHash,
      msg: toBase64(JSON.stringify(msg)),
    },
  },
});
/** The envelope, exactly as the contract got it. */
const asked = (request: object | string): Promise<string> => query<string>(a, asker, ask(request));
const decoded = (envelope: string): Buffer => {
  const { Ok } = JSON.parse(envelope) as { Ok?: { Ok?: string } };
  if (Ok?.Ok === undefined) throw new Error(envelope);
  return Buffer.from(Ok.Ok, "base64");
};
const inner = async (request: object): Promise<unknown> => JSON.parse(decoded(await asked(request)).toString());
const genericError = (msg: string): string => JSON.stringify({ Ok: { Err: { generic_err: { msg } } } });
const within = async (message: object, options = {}): Promise<string[]> =>
  dataOf(succeeded(await execute(a, asker, message, { gasLimit: 600_000, ...options })), (bytes) =>
    MsgExecuteContractResponse.decode(bytes),
  );

describe("contracts §5.7: every module answers a contract as it answers a client", () => {
  it("bank", async () => {
    const amount = String(await balanceOf(a, a.address));
    expect(await inner({ bank: { balance: { address: a.address, denom: "uscrt" } } })).toEqual({
      amount: { denom: "uscrt", amount },
    });
    expect(await inner({ bank: { all_balances: { address: a.address } } })).toEqual({
      amount: [{ denom: "uscrt", amount }],
    });
    expect(await asked({ bank: { balance: { address: "<nobody>", denom: "uscrt" } } })).toBe(
      genericError("<nobody>: invalid address"),
    );
  });

  it("staking and distribution", async () => {
    const { validators = [] } = await a.query.staking.validators({ status: "BOND_STATUS_BONDED" });
    const validator = validators[0]?.operator_address as string;
    const { delegation_responses = [] } = await a.query.staking.validatorDelegations({ validator_addr: validator });
    const delegator = delegation_responses[0]?.delegation?.delegator_address as string;
    const amount = delegation_responses[0]?.balance?.amount;
    const rates = validators[0]?.commission?.commission_rates;
    const description = {
      address: validator,
      commission: rates?.rate,
      max_commission: rates?.max_rate,
      max_change_rate: rates?.max_change_rate,
    };
    expect(await inner({ staking: { bonded_denom: {} } })).toEqual({ denom: "uscrt" });
    for (const name of ["validators", "all_validators"]) {
      expect(await inner({ staking: { [name]: {} } })).toEqual({ validators: [description] });
    }
    expect(await inner({ staking: { validator: { address: validator } } })).toEqual({ validator: description });
    const bond = { delegator, validator, amount: { denom: "uscrt", amount } };
    expect(await inner({ staking: { all_delegations: { delegator } } })).toEqual({ delegations: [bond] });
    expect(await inner({ staking: { delegation: { delegator, validator } } })).toEqual({
      delegation: { ...bond, accumulated_rewards: [], can_redelegate: bond.amount },
    });
    expect(await inner({ staking: { unbonding_delegations: { delegator } } })).toEqual({ delegations: [] });
    expect(await inner({ dist: { rewards: { delegator } } })).toEqual({
      rewards: [{ validator_address: validator, reward: [] }],
    });
    expect(await inner({ dist: { rewards: { delegator: a.address } } })).toEqual({});
  });

  it("mint, gov and ibc", async () => {
    expect(await inner({ mint: { inflation: {} } })).toEqual({ inflation_rate: "0.000000000000000000" });
    expect(await inner({ mint: { bonded_ratio: {} } })).toEqual({
      bonded_ratio: expect.stringMatching(/^0\.0[1-9]\d{16}$/),
    });
    expect(await inner({ gov: { proposals: {} } })).toEqual({ proposals: [] });
    expect(await inner({ ibc: { port_id: {} } })).toEqual({ port_id: "" });
    expect(await inner({ ibc: { list_channels: {} } })).toEqual({ channels: [] });
    expect(await inner({ ibc: { channel: { channel_id: "channel-0" } } })).toEqual({});
  });

  it("wasm", async () => {
    succeeded(await execute(a, callee, set("key", "value")));
    expect(await inner(smart(callee, get("key")))).toBe(toBase64("value"));
    expect(await inner({ wasm: { contract_info: { contract_addr: callee.address } } })).toEqual({
      code_id: Number(callee.codeId),
      creator: a.address,
      pinned: false,
    });
    expect(
      await inner({ wasm: { raw: { contract_addr: callee.address, callback_code_hash: "", key: toBase64("key") } } }),
    ).toEqual([]);
  });

  it("stargate, as far as it is allowed and there", async () => {
    const stargate = (path: string, data = ""): object => ({ stargate: { path, data } });
    const label = Buffer.concat([Buffer.from([10, 6]), Buffer.from("callee")]).toString("base64");
    const found = decoded(await asked(stargate("/secret.compute.v1beta1.Query/AddressByLabel", label)));
    expect(found.subarray(2).toString()).toBe(callee.address);
    expect(await asked(stargate("/cosmos.bank.v1beta1.Query/AllBalances"))).toBe(
      '{"Err":{"unsupported_request":{"kind":"query path \'/cosmos.bank.v1beta1.Query/AllBalances\' is not allowed from the contract"}}}',
    );
    expect(await asked(stargate("/cosmos.gov.v1beta1.Query/Proposal"))).toBe(
      '{"Err":{"unsupported_request":{"kind":"No route to query path \'/cosmos.gov.v1beta1.Query/Proposal\'"}}}',
    );
  });
});

describe("contracts §5.7, enclave §11.1: what is no query, and queries that fail", () => {
  it.each([
    ["{", "EOF while parsing a value at line 1 column 1"],
    ['{"bank"', "EOF while parsing an object at line 1 column 7"],
    ["", "EOF while parsing a value at line 1 column 0"],
    ["hello", "expected value at line 1 column 1"],
    ['{"bank":{"balance":{"address":"a"}}}', "missing field `denom` at line 1 column 34"],
    ['{"bank":{"supply":{}}}', "unknown variant `supply`, expected `balance` or `all_balances` at line 1 column 17"],
    ['{"bank":{"all_balances":{"address":5}}}', "invalid type: integer `5`, expected a string at line 1 column 36"],
  ])("%j is told with the parser's text", async (request, error) => {
    const invalid = { Err: { invalid_request: { error, request: toBase64(request) } } };
    expect(await asked(request)).toBe(JSON.stringify(invalid));
  });

  it("custom queries and contracts that are not there", async () => {
    expect(await asked({ custom: {} })).toBe('{"Err":{"unsupported_request":{"kind":"custom"}}}');
    expect(await asked(smart({ ...callee, address: a.address }, {}))).toBe(genericError("contract: not found"));
  });

  it("errors of v1 contracts, in the shape that they cannot have", async () => {
    expect(await asked(smart(callee, { fail: { text: "no such thing" } }))).toBe(
      JSON.stringify({
        Err: { invalid_response: { error: "expected value at line 1 column 1", response: toBase64("no such thing") } },
      }),
    );
  });

  it("writes", async () => {
    const text = "Execution error: Enclave: contract tried to write to storage during a query: query contract failed";
    expect(await asked(smart(callee, set("x", "y")))).toBe(genericError(text));
    const [answer] = await within(run(ask(smart(asker, set("x", "y")))));
    expect(answer).toBe(genericError(text));
    expect(await query(a, asker, get("x"))).toBeNull();
    expect(await query(a, callee, get("x"))).toBeNull();
  });

  it("a port asked for before there is one: the chain's panic (contracts §2.10)", async () => {
    const tx = await instantiate(a, asker, ask({ ibc: { port_id: {} } }), { label: "too early" });
    expect(tx.rawLog).toBe(
      "failed to execute message; message index: 0: Execution error: Calling external function through FFI: Panic in FFI call: instantiate contract failed",
    );
    expect(tx).toMatchObject({ code: 2, codespace: "compute" });
  });
});

describe("contracts §6.2, §4.6: what queries see and what stops them", () => {
  it("not the caller's writes, but its removals, and the funds that came", async () => {
    succeeded(await execute(a, asker, run(set("removed", "1"), set("written", "old"))));
    const outcomes = await within(
      run(
        { remove: { key: toBase64("removed") } },
        set("written", "new"),
        ask(smart(asker, get("removed"))),
        ask(smart(asker, get("written"))),
        ask({ bank: { balance: { address: asker.address, denom: "uscrt" } } }),
      ),
      { funds: "77" },
    );
    const answers = outcomes.slice(2).map((envelope) => JSON.parse(decoded(envelope).toString()));
    expect(answers).toEqual([null, toBase64("old"), { amount: { denom: "uscrt", amount: "77" } }]);
  });

  it("ten contracts deep, no deeper", async () => {
    const nest = (n: number): object => (n === 0 ? { custom: {} } : smart(asker, ask(nest(n - 1))));
    const deepest = (envelope: string): string => {
      const { Ok } = JSON.parse(envelope) as { Ok?: { Ok?: string } };
      return Ok?.Ok === undefined ? envelope : deepest(JSON.parse(decoded(envelope).toString()));
    };
    expect(deepest(await asked(nest(8)))).toBe('{"Err":{"unsupported_request":{"kind":"custom"}}}');
    expect(deepest(await asked(nest(9)))).toBe('{"Err":{"exceeded_recursion_limit":{}}}');
  });

  it("gas that runs out inside ends the transaction; the node goes on", async () => {
    const tx = await execute(a, asker, run(set("k", "v"), ask(smart(callee, { endless_loop: {} }))));
    expect(tx).toMatchObject({ code: 11, codespace: "sdk" });
    expect(tx.rawLog).toMatch(/^out of gas in location: wasm contract; gasWanted: 300000, gasUsed: \d+: out of gas$/);
    expect(await query(a, asker, get("k"))).toBeNull();
  });
});
