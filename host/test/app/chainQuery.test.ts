/** The host's answers to queries of contracts, each as the bytes that the contract sees. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { OcallHandlers } from "@sotto/boundary/calls";
import type { OcallResponse, StoreWrite } from "@sotto/boundary/messages";
import { bytesToBase64, EMPTY_BYTES, utf8ToBytes } from "@sotto/common/bytes";
import { packAny } from "@sotto/common/wire/any";
import { ContractInfo, MsgExecuteContract, MsgExecuteContractResponse } from "@sotto/common/wire/compute";
import { beforeAll, describe, expect, it } from "vitest";
import { formatAddress, formatValidator, parseAddress } from "../../src/app/core/addresses.ts";
import { Branch } from "../../src/app/core/branch.ts";
import { decimalToWire, formatDecimal } from "../../src/app/core/coins.ts";
import { makeContext } from "../../src/app/core/context.ts";
import { withCodeTable } from "../../src/app/core/stateTables.ts";
import { DEVELOPMENT_ACCOUNTS } from "../../src/app/genesis/developmentAccounts.ts";
import { contractKey, labelKey } from "../../src/app/modules/compute/keys.ts";
import { stakingKeeper } from "../../src/app/modules/stakingKeeper.ts";
import { Query as AuthQuery } from "../../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import { Query as BankQuery } from "../../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { Query as StakingQuery } from "../../src/proto/gen/cosmos/staking/v1beta1/query_pb.ts";
import { BondStatus, type Validator } from "../../src/proto/gen/cosmos/staking/v1beta1/staking_pb.ts";
import { Query as ComputeQuery } from "../../src/proto/gen/secret/compute/v1beta1/query_pb.ts";
import { account, CHAIN_ID, makeTestNetwork, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const CONTRACT = new Uint8Array(20).fill(0x42);
const a = account("a");
/** Whose bond is in genesis. */
const bonded = DEVELOPMENT_ACCOUNTS[0] as (typeof DEVELOPMENT_ACCOUNTS)[number];
const OPERATOR = formatValidator(parseAddress(bonded.address));
const NOBODY = formatAddress(new Uint8Array(20).fill(9));
const BOND = "100000000000000000";

let network: TestNetwork;
let sequence = 0n;
beforeAll(() => {
  network = makeTestNetwork();
});

/** Runs `work` with the ocalls of a message that runs. @returns gas that the transaction used */
function during(
  work: (ocalls: OcallHandlers) => void,
  gas = 200_000n,
): { readonly gasUsed: bigint; readonly log: string } {
  network.enclave.script.execMessage = (_request, ocalls) => {
    work(ocalls);
    const value = MsgExecuteContractResponse.encode({ data: EMPTY_BYTES });
    return { result: { kind: "ok", value }, events: [], gasUsed: 1n, finalized: false, writes: [] };
  };
  const message = packAny(MsgExecuteContract, {
    ...MsgExecuteContract.zero,
    sender: a.bytes,
    contract: CONTRACT,
    msg: new Uint8Array(64),
  });
  const result = network.block(signTx([message], { gas, fee: [uscrt(20_000)], sequence: sequence++ })).results[1];
  return { gasUsed: BigInt(result?.gasUsed ?? 0), log: result?.log ?? "" };
}

type Options = { readonly gasLimit?: bigint; readonly pending?: StoreWrite[] };
type Answer = OcallResponse<"chainQuery">;

const ask = (ocalls: OcallHandlers, request: unknown, { gasLimit = 100_000n, pending = [] }: Options = {}): Answer =>
  ocalls.chainQuery({ contract: CONTRACT, request: utf8ToBytes(JSON.stringify(request)), gasLimit, pending });

function asked(request: unknown, options?: Options): Answer {
  let answer: Answer | undefined;
  during((ocalls) => {
    answer = ask(ocalls, request, options);
  });
  return answer as Answer;
}

/** The inner result, or what there is instead. */
function inner(request: unknown, options?: Options): unknown {
  const { result } = asked(request, options);
  return result.kind === "ok" ? Buffer.from(result.value).toString() : result;
}

const failed = (log: string) => ({ kind: "failed", value: { log } });
const VALIDATOR = `{"address":"${OPERATOR}","commission":"0.100000000000000000","max_commission":"0.200000000000000000","max_change_rate":"0.010000000000000000"}`;
const DELEGATION = `"delegator":"${bonded.address}","validator":"${OPERATOR}","amount":{"denom":"uscrt","amount":"${BOND}"}`;

describe("contracts §5.7: inner results", () => {
  it.each<[string, unknown, string]>([
    [
      "a balance that is none",
      { bank: { balance: { address: NOBODY, denom: "<&>" } } },
      '{"amount":{"denom":"\\u003c\\u0026\\u003e","amount":"0"}}',
    ],
    ["no balances", { bank: { all_balances: { address: NOBODY } } }, '{"amount":[]}'],
    [
      "all balances",
      { bank: { all_balances: { address: account("b").address } } },
      '{"amount":[{"denom":"uscrt","amount":"1000000000000000000"}]}',
    ],
    [
      "a balance",
      { bank: { balance: { address: account("b").address, denom: "uscrt" } } },
      '{"amount":{"denom":"uscrt","amount":"1000000000000000000"}}',
    ],
    ["the bonded denom", { staking: { bonded_denom: {} } }, '{"denom":"uscrt"}'],
    ["validators", { staking: { validators: {} } }, `{"validators":[${VALIDATOR}]}`],
    ["all validators", { staking: { all_validators: {} } }, `{"validators":[${VALIDATOR}]}`],
    ["a validator", { staking: { validator: { address: OPERATOR } } }, `{"validator":${VALIDATOR}}`],
    [
      "no validator",
      { staking: { validator: { address: formatValidator(new Uint8Array(20)) } } },
      '{"validator":null}',
    ],
    [
      "delegations",
      { staking: { all_delegations: { delegator: bonded.address } } },
      `{"delegations":[{${DELEGATION}}]}`,
    ],
    ["no delegations", { staking: { all_delegations: { delegator: NOBODY } } }, '{"delegations":[]}'],
    [
      "a delegation",
      { staking: { delegation: { delegator: bonded.address, validator: OPERATOR } } },
      `{"delegation":{${DELEGATION},"accumulated_rewards":[],"can_redelegate":{"denom":"uscrt","amount":"${BOND}"}}}`,
    ],
    ["no delegation", { staking: { delegation: { delegator: NOBODY, validator: OPERATOR } } }, "{}"],
    ["unbonding delegations", { staking: { unbonding_delegations: { delegator: a.address } } }, '{"delegations":[]}'],
    [
      "rewards",
      { dist: { rewards: { delegator: bonded.address } } },
      `{"rewards":[{"validator_address":"${OPERATOR}","reward":[]}]}`,
    ],
    ["no rewards", { dist: { rewards: { delegator: NOBODY } } }, "{}"],
    ["inflation", { mint: { inflation: {} } }, '{"inflation_rate":"0.000000000000000000"}'],
    [
      "the bonded ratio",
      { mint: { bonded_ratio: {} } },
      // The node's account has 10^12 more.
      `{"bonded_ratio":"${formatDecimal(10n ** 35n / (BigInt(DEVELOPMENT_ACCOUNTS.length) * 10n ** 18n + 10n ** 12n))}"}`,
    ],
    ["proposals", { gov: { proposals: {} } }, '{"proposals":[]}'],
    ["channels", { ibc: { list_channels: { port_id: null } } }, '{"channels":[]}'],
    ["no channel", { ibc: { channel: { channel_id: "channel-0", port_id: "transfer" } } }, "{}"],
  ])("%s", (_, request, expected) => {
    expect(inner(request)).toBe(expected);
  });

  it.each<[unknown, string]>([
    [{ bank: { balance: { address: "<x>", denom: "d" } } }, "<x>: invalid address"],
    [{ bank: { all_balances: { address: "" } } }, ": invalid address"],
    [{ bank: { all_balances: { address: OPERATOR } } }, `${OPERATOR}: invalid address`],
    [{ staking: { validator: { address: a.address } } }, `${a.address}: invalid address`],
    [{ staking: { all_delegations: { delegator: "x" } } }, "x: invalid address"],
    [{ staking: { delegation: { delegator: "x", validator: OPERATOR } } }, "x: invalid address"],
    [{ staking: { delegation: { delegator: a.address, validator: "y" } } }, "y: invalid address"],
    [{ dist: { rewards: { delegator: "x" } } }, "x: invalid address"],
  ])("%j fails with its address", (request, log) => {
    expect(inner(request)).toEqual(failed(log));
  });

  it("a delegator that is no address is a panic of the chain, not an error (§2.10)", () => {
    expect(inner({ staking: { unbonding_delegations: { delegator: "x" } } })).toEqual({ kind: "panicked", value: {} });
  });

  it("ports need the contract's record, which is not there yet while it is instantiated (§2.10)", () => {
    const panicked = { kind: "panicked", value: {} };
    const channel = { ibc: { channel: { channel_id: "channel-0", port_id: null } } };
    expect(inner({ ibc: { port_id: {} } })).toEqual(panicked);
    expect(inner(channel)).toEqual(panicked);
    const record = (ibcPortId: string): Options => ({
      pending: [
        {
          store: "compute",
          key: contractKey(CONTRACT),
          value: ContractInfo.encode({ ...ContractInfo.zero, ibcPortId }),
        },
      ],
    });
    expect(inner({ ibc: { port_id: {} } }, record(""))).toBe('{"port_id":""}');
    expect(inner({ ibc: { port_id: {} } }, record("wasm.x"))).toBe('{"port_id":"wasm.x"}');
    expect(inner(channel, record(""))).toBe("{}");
  });

  it("validators come by power, bonded ones alone, as many as may be", () => {
    const state = new Branch(withCodeTable(network.store.latest(), network.store));
    const context = makeContext({ chainId: CHAIN_ID, height: 1, timeNs: 0n }, "query", state);
    const [genesis] = stakingKeeper.validators(context);
    const add = (byte: number, tokens: string, status: BondStatus = BondStatus.BONDED): string => {
      const operatorAddress = formatValidator(new Uint8Array(20).fill(byte));
      const validator: Validator = { ...(genesis as Validator), operatorAddress, tokens, status };
      stakingKeeper.setValidator(context, validator, new Uint8Array(20).fill(byte));
      return operatorAddress;
    };
    // Tokens below one unit of power do not count.
    const [low, high, equal, , strongest] = [
      add(3, "5000001"),
      add(4, "7000000"),
      add(5, "5000002"),
      add(6, "9000000", BondStatus.UNBONDING),
      add(7, "1000000000000000000"),
    ];
    const order = () => stakingKeeper.bondedByPower(context).map(({ operatorAddress }) => operatorAddress);
    expect(order()).toEqual([strongest, OPERATOR, high, low, equal]);
    stakingKeeper.setParams(context, { ...stakingKeeper.params(context), maxValidators: 2 });
    expect(order()).toEqual([strongest, OPERATOR]);
  });

  it("decimals have 18 digits", () => {
    expect(formatDecimal(BigInt(decimalToWire("0.1")))).toBe("0.100000000000000000");
    expect(formatDecimal(12n * 10n ** 18n + 1n)).toBe("12.000000000000000001");
  });
});

describe("contracts §5.7: stargate queries", () => {
  const stargate = (path: string, data = EMPTY_BYTES) => ({ stargate: { path, data: bytesToBase64(data) } });

  it("answer with the very bytes that a client gets", () => {
    const balance = toBinary(
      BankQuery.method.balance.input,
      create(BankQuery.method.balance.input, { address: a.address, denom: "uscrt" }),
    );
    const { result } = asked(stargate("/cosmos.bank.v1beta1.Query/Balance", balance));
    const value = result.kind === "ok" ? result.value : EMPTY_BYTES;
    const { answer } = network.query(
      { ...BankQuery.method.balance, path: "/cosmos.bank.v1beta1.Query/Balance" },
      { address: a.address, denom: "uscrt" },
    );
    // Fees moved in between, so the coin's amount alone differs.
    expect(fromBinary(BankQuery.method.balance.output, value).balance).toMatchObject({
      denom: answer.balance?.denom,
      amount: expect.stringMatching(/^\d{18}$/),
    });
    const validator = toBinary(
      StakingQuery.method.validator.input,
      create(StakingQuery.method.validator.input, { validatorAddr: OPERATOR }),
    );
    const path = "/cosmos.staking.v1beta1.Query/Validator";
    expect(asked(stargate(path, validator)).result).toEqual({
      kind: "ok",
      value: network.machine.query({ path, data: validator, height: 0 }).value,
    });
  });

  it.each([
    "/cosmos.distribution.v1beta1.Query/FoundationTax",
    "/cosmos.gov.v1beta1.Query/Proposal",
    "/ibc.applications.transfer.v1.Query/Params",
  ])("of modules that are not there have no route: %s", (path) => {
    expect(inner(stargate(path))).toEqual({ kind: "unsupported", value: { what: `No route to query path '${path}'` } });
  });

  it("fail with the handler's whole error", () => {
    const account = toBinary(
      AuthQuery.method.account.input,
      create(AuthQuery.method.account.input, { address: NOBODY }),
    );
    expect(inner(stargate("/cosmos.auth.v1beta1.Query/Account", account))).toEqual(
      failed(`rpc error: code = NotFound desc = account ${NOBODY} not found`),
    );
    const label = toBinary(
      ComputeQuery.method.addressByLabel.input,
      create(ComputeQuery.method.addressByLabel.input, { label: "none" }),
    );
    expect(inner(stargate("/secret.compute.v1beta1.Query/AddressByLabel", label))).toEqual(
      failed("none: unknown address"),
    );
    expect(inner(stargate("/cosmos.auth.v1beta1.Query/Account", Uint8Array.of(255)))).toMatchObject({ kind: "failed" });
  });

  it("see contracts that the running message has made, and keep nothing of them", () => {
    const method = ComputeQuery.method.addressByLabel;
    const query = stargate(
      "/secret.compute.v1beta1.Query/AddressByLabel",
      toBinary(method.input, create(method.input, { label: "new" })),
    );
    let again: unknown;
    let read: unknown = 1;
    let seen: Answer | undefined;
    during((ocalls) => {
      seen = ask(ocalls, query, { pending: [{ store: "compute", key: labelKey("new"), value: CONTRACT }] });
      again = ask(ocalls, query).result;
      read = ocalls.readStore({ key: labelKey("new") }).value;
    });
    const value = seen?.result.kind === "ok" ? seen.result.value : EMPTY_BYTES;
    expect(fromBinary(method.output, value).contractAddress).toBe(formatAddress(CONTRACT));
    expect(again).toEqual(failed("new: unknown address"));
    expect(read).toBeUndefined();
  });
});

describe("contracts §5.7: answers that do not fit through the boundary", () => {
  it("are errors, and no fault of the host", () => {
    const method = ComputeQuery.method.labelByAddress;
    const request = create(method.input, { contractAddress: formatAddress(CONTRACT) });
    const data = bytesToBase64(toBinary(method.input, request));
    const label = (length: number): StoreWrite[] => [
      {
        store: "compute",
        key: contractKey(CONTRACT),
        value: ContractInfo.encode({ ...ContractInfo.zero, label: "x".repeat(length) }),
      },
    ];
    const stargate = { stargate: { path: "/secret.compute.v1beta1.Query/LabelByAddress", data } };
    const answers: unknown[] = [];
    during((ocalls) => {
      for (const length of [22_020_000, 22_020_096]) {
        const { result } = ask(ocalls, stargate, { pending: label(length), gasLimit: 10n ** 9n });
        answers.push(result.kind === "ok" ? result.value.length : result);
      }
    }, 100_000_000n);
    expect(answers).toEqual([22_020_005, failed("the answer is too long")]);
  });
});

describe("contracts §6.2, §4.6: state and gas of queries", () => {
  const balance = { bank: { balance: { address: account("c").address, denom: "uscrt" } } };

  it("see what the message has done so far, in the branch that is open", () => {
    const balances: unknown[] = [];
    const amount = (answer: Answer) =>
      answer.result.kind === "ok" ? JSON.parse(Buffer.from(answer.result.value).toString()).amount.amount : answer;
    during((ocalls) => {
      const to = account("c").bytes;
      const move = () => ocalls.moveFunds({ from: a.bytes, to, coins: [uscrt(5)], createAccount: false });
      move();
      balances.push(amount(ask(ocalls, balance)));
      ocalls.branch({ operation: { kind: "open", value: {} } });
      move();
      balances.push(amount(ask(ocalls, balance)));
      ocalls.branch({ operation: { kind: "drop", value: {} } });
      balances.push(amount(ask(ocalls, balance)));
    });
    expect(balances).toEqual(["1000000000000000005", "1000000000000000010", "1000000000000000005"]);
  });

  it("of bank and staking have a limit of their own, and are charged beyond it", () => {
    let answer: Answer | undefined;
    const base = during(() => {}).gasUsed;
    const { gasUsed } = during((ocalls) => {
      answer = ask(ocalls, balance);
    });
    const cost = answer?.gasUsed ?? 0n;
    expect(cost).toBeGreaterThan(50n);
    expect(gasUsed - base).toBe(cost);
    // Reading all balances: an iterator over one entry (§4.4).
    const entry = BigInt(1 + 1 + 20 + "uscrt".length + "1000000000000000005".length);
    expect(cost).toBe(2n * (5n + entry));
    const limited = asked(balance, { gasLimit: cost - 1n });
    expect(limited.result).toMatchObject({ kind: "outOfGas" });
    expect(asked(balance, { gasLimit: cost }).result.kind).toBe("ok");
  });

  it("of other modules run on the transaction's meter, or on the limit of a sub-message", () => {
    const ratio = { mint: { bonded_ratio: {} } };
    const { gasUsed, result } = asked(ratio);
    expect(result.kind).toBe("ok");
    const cut = asked(ratio, { gasLimit: gasUsed - 1n });
    // The whole limit and no more, as for every sub-message.
    expect(cut).toMatchObject({ result: { kind: "outOfGas" }, gasUsed: gasUsed - 1n });
  });

  it("fail the transaction when its gas is gone, as any call does", () => {
    const { log } = during((ocalls) => {
      let last: Answer | undefined;
      for (let i = 0; i < 2_000 && last?.result.kind !== "outOfGas"; i++)
        last = ask(ocalls, balance, { gasLimit: 10n ** 9n });
      expect(last?.result).toMatchObject({ kind: "outOfGas" });
    }, 60_000n);
    expect(log).toMatch(/^out of gas in location: wasm contract; gasWanted: 60000, gasUsed: \d+: out of gas$/);
  });
});
