import { fromBinary } from "@bufbuild/protobuf";
import { consensusAddress } from "@sotto/common/address";
import { bytesToHex, utf8ToBytes } from "@sotto/common/bytes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatConsensusAddress, formatValidator } from "../../src/app/core/addresses.ts";
import { BaseAccountSchema, ModuleAccountSchema } from "../../src/proto/gen/cosmos/auth/v1beta1/auth_pb.ts";
import { Query as AuthQuery } from "../../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import { Query as ConsensusQuery } from "../../src/proto/gen/cosmos/consensus/v1/query_pb.ts";
import { Query as SlashingQuery } from "../../src/proto/gen/cosmos/slashing/v1beta1/query_pb.ts";
import { Query as StakingQuery } from "../../src/proto/gen/cosmos/staking/v1beta1/query_pb.ts";
import { Query as RegistrationQuery } from "../../src/proto/gen/secret/registration/v1beta1/query_pb.ts";
import { sendMessage } from "./bankMessages.ts";
import { account, crypto, makeTestNetwork, randomTransaction, signTx, type TestNetwork, uscrt } from "./testNetwork.ts";

const OPERATOR = "secretvaloper14aj08vd2ntty7dvskdmdu4zhf23mcwgtdvh6qt";
const VALIDATOR_KEY = new Uint8Array(32).fill(9);
const proposal = (height: number, transactions: readonly Uint8Array[]) => ({
  height,
  time: 0n,
  transactions,
  proposerAddress: new Uint8Array(20),
  nextValidatorsHash: new Uint8Array(32),
});

function started(): TestNetwork {
  const network = makeTestNetwork();
  network.block();
  return network;
}

function ask(network: TestNetwork) {
  const method = <
    S extends { readonly typeName: string; readonly method: Record<string, { name: string }> },
    N extends keyof S["method"],
  >(
    service: S,
    name: N,
  ) => ({
    ...(service.method[name as string] as S["method"][N]),
    path: `/${service.typeName}/${service.method[name as string]?.name}`,
  });
  return { network, method };
}

describe("genesis", () => {
  it("numbers the development accounts first, the node's next, and those of modules after them", () => {
    const { network, method } = ask(started());
    const { answer } = network.query(method(AuthQuery, "accounts"), {});
    expect(answer.accounts).toHaveLength(18);
    expect(answer.pagination?.total).toBe(18n);
    for (const name of ["validator", "a", "b", "c", "d"]) {
      const { address, number } = account(name);
      const found = network.query(method(AuthQuery, "account"), { address }).answer.account;
      expect(found?.typeUrl).toBe("/cosmos.auth.v1beta1.BaseAccount");
      const base = fromBinary(BaseAccountSchema, found?.value as Uint8Array);
      expect(base).toMatchObject({ address, accountNumber: number, sequence: 0n });
      expect(base.pubKey).toBeUndefined();
      expect(network.query(method(AuthQuery, "accountAddressByID"), { accountId: number }).answer.accountAddress).toBe(
        address,
      );
    }
    const modules = network
      .query(method(AuthQuery, "moduleAccounts"), {})
      .answer.accounts.map(({ value }) => fromBinary(ModuleAccountSchema, value));
    expect(modules.map(({ name }) => name)).toEqual(modules.map(({ name }) => name).sort());
    expect(modules.every(({ baseAccount }) => (baseAccount?.accountNumber ?? 0n) >= 5n)).toBe(true);
    expect(network.query(method(AuthQuery, "params"), {}).answer.params).toMatchObject({
      maxMemoCharacters: 256n,
      txSigLimit: 7n,
      txSizeCostPerByte: 10n,
      sigVerifyCostEd25519: 590n,
      sigVerifyCostSecp256k1: 1000n,
    });
  });

  it("shows key, number and sequence of an account after its first transaction", () => {
    const { network, method } = ask(started());
    network.block(signTx([sendMessage("a", "b", uscrt(1))]));
    const { info } = network.query(method(AuthQuery, "accountInfo"), { address: account("a").address }).answer;
    expect(info).toMatchObject({
      accountNumber: 1n,
      sequence: 1n,
      pubKey: { typeUrl: "/cosmos.crypto.secp256k1.PubKey" },
    });
  });

  it("says which account is not there, and which address is none", () => {
    const { network, method } = ask(started());
    const address = "secret1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5a8chmq";
    const unknown = network.query(method(AuthQuery, "account"), { address }).response;
    expect(unknown.grpc).toEqual({ code: 5, message: `account ${address} not found` });
    expect(unknown.log).toBe(`rpc error: code = NotFound desc = account ${address} not found: key not found`);
    expect(network.query(method(AuthQuery, "account"), { address: "secret1x" }).response.grpc).toMatchObject({
      code: 2,
    });
    expect(network.machine.query({ path: "/no.such.Query/Method", data: new Uint8Array(0), height: 0 }).grpc.code).toBe(
      12,
    );
  });

  it("holds one bonded validator with its self-bond", () => {
    const { network, method } = ask(started());
    const { validator } = network.query(method(StakingQuery, "validator"), { validatorAddr: OPERATOR }).answer;
    expect(validator).toMatchObject({
      operatorAddress: OPERATOR,
      status: 3,
      tokens: "100000000000000000",
      jailed: false,
    });
    expect(validator?.delegatorShares).toBe(`1${"0".repeat(35)}`);
    expect(validator?.commission?.commissionRates?.rate).toBe("100000000000000000");
    expect(formatValidator(account("validator").bytes)).toBe(OPERATOR);
    const { pool } = network.query(method(StakingQuery, "pool"), {}).answer;
    expect(pool).toMatchObject({ bondedTokens: "100000000000000000", notBondedTokens: "0" });
    const bonded = network.query(method(StakingQuery, "validators"), { status: "BOND_STATUS_BONDED" }).answer;
    expect([bonded.validators.length, bonded.pagination?.total]).toEqual([1, 1n]);
    expect(network.query(method(StakingQuery, "validators"), { status: "3" }).response.grpc).toEqual({
      code: 3,
      message: "invalid validator status 3",
    });
    const delegatorAddr = account("validator").address;
    const { delegationResponses } = network.query(method(StakingQuery, "delegatorDelegations"), {
      delegatorAddr,
    }).answer;
    expect(delegationResponses).toMatchObject([{ balance: { denom: "uscrt", amount: "100000000000000000" } }]);
    const consAddress = formatConsensusAddress(consensusAddress(crypto, VALIDATOR_KEY));
    const { valSigningInfo } = network.query(method(SlashingQuery, "signingInfo"), { consAddress }).answer;
    expect(valSigningInfo).toMatchObject({ address: consAddress, tombstoned: false });
    const { params } = network.query(method(SlashingQuery, "params"), {}).answer;
    expect(params?.slashFractionDoubleSign).toEqual(utf8ToBytes("50000000000000000"));
    expect(params?.signedBlocksWindow).toBe(100n);
    const consensus = network.query(method(ConsensusQuery, "params"), {}).answer.params;
    expect(consensus?.block).toMatchObject({ maxBytes: 22_020_096n, maxGas: -1n });
  });

  it("publishes the network's keys", () => {
    const { network, method } = ask(started());
    expect(network.query(method(RegistrationQuery, "txKey"), {}).answer.key).toEqual(new Uint8Array(32).fill(1));
    const document = network.query(method(RegistrationQuery, "registrationKey"), {}).answer.key;
    expect(JSON.parse(Buffer.from(document).toString())).toEqual({
      reg_info: null,
      node_exch_key: { bytes: Buffer.alloc(32, 2).toString("base64") },
      io_exch_key: { bytes: Buffer.alloc(32, 1).toString("base64") },
    });
    expect(
      network.query(method(RegistrationQuery, "encryptedSeed"), { pubKey: new Uint8Array(0) }).response.grpc.message,
    ).toBe("codespace register code 8: invalid: public key");
  });

  it("has no answer before the first block", () => {
    const { network, method } = ask(makeTestNetwork());
    expect(network.query(method(AuthQuery, "params"), {}).response.grpc.message).toBe(
      "codespace sdk code 26: invalid height: secret is not ready; please wait for first block",
    );
  });
});

describe("blocks", () => {
  it("leave the app hash alone when nothing happened but the random", () => {
    const network = makeTestNetwork();
    for (let i = 0; i < 5; i++) network.block();
    expect(new Set(network.appHashes.map(bytesToHex)).size).toBe(1);
    network.block(signTx([sendMessage("a", "b", uscrt(1))]));
    expect(new Set(network.appHashes.map(bytesToHex)).size).toBe(2);
  });

  it("keep the sealed record before the block's state, and the caller's rows in the same step", () => {
    const network = started();
    expect(network.sealed).toEqual([{ record: utf8ToBytes("sealed record"), stateHeight: 0 }]);
    network.machine.finalizeBlock({
      ...proposal(2, [randomTransaction(2)]),
      hash: new Uint8Array(32),
      lastCommitVotes: [],
    });
    network.machine.commit([{ table: "block", key: Uint8Array.of(2), value: Uint8Array.of(1) }]);
    expect(network.store.latestHeight).toBe(2);
    expect(network.store.getTable("block", Uint8Array.of(2))).toEqual(Uint8Array.of(1));
    expect(() => network.machine.commit()).toThrow(/no block was finalized/);
  });

  it("give the same answers when they are finalized twice", () => {
    const network = started();
    const request = {
      ...proposal(2, [randomTransaction(2), signTx([sendMessage("a", "b", uscrt(1))])]),
      hash: new Uint8Array(32),
      lastCommitVotes: [],
    };
    expect(network.machine.finalizeBlock(request)).toEqual(network.machine.finalizeBlock(request));
  });

  it("are proposed with one random in front and accepted only so", () => {
    const { machine } = started();
    const tx = signTx([sendMessage("a", "b", uscrt(1))]);
    const proposed = machine.prepareProposal({ ...proposal(2, [tx]), maxTxBytes: 10_000 });
    expect(proposed).toEqual([randomTransaction(2), tx]);
    expect(machine.processProposal(proposal(2, proposed))).toBe(true);
    expect(machine.processProposal(proposal(2, []))).toBe(false);
    expect(machine.processProposal(proposal(2, [tx]))).toBe(false);
    expect(machine.processProposal(proposal(2, [...proposed, randomTransaction(2)]))).toBe(false);
  });

  it("lead to the same hashes and results whenever they are the same", () => {
    const names = ["a", "b", "c", "d"];
    const transfer = fc.record({
      from: fc.integer({ min: 0, max: 3 }),
      to: fc.integer({ min: 0, max: 3 }),
      amount: fc.bigInt(0n, 2n * 10n ** 18n),
    });
    fc.assert(
      fc.property(fc.array(fc.array(transfer, { maxLength: 3 }), { maxLength: 3 }), (blocks) => {
        const sequences = new Map<string, bigint>();
        const signed = blocks.map((transfers) =>
          transfers.map(({ from, to, amount }) => {
            const name = names[from] as string;
            const sequence = sequences.get(name) ?? 0n;
            sequences.set(name, sequence + 1n);
            return signTx([sendMessage(name, names[to] as string, uscrt(amount))], { from: name, sequence });
          }),
        );
        const [one, two] = [makeTestNetwork(), makeTestNetwork()];
        for (const transactions of signed) expect(one.block(...transactions)).toEqual(two.block(...transactions));
        expect(one.appHashes).toEqual(two.appHashes);
      }),
      { numRuns: 10 },
    );
  });
});
