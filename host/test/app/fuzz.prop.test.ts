import { packAny } from "@sotto/common/wire/any";
import { MsgStoreCode } from "@sotto/common/wire/compute";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeAdmission } from "../../src/app/admission.ts";
import { Query as AuthQuery } from "../../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import { Query as BankQuery } from "../../src/proto/gen/cosmos/bank/v1beta1/query_pb.ts";
import { Query as StakingQuery } from "../../src/proto/gen/cosmos/staking/v1beta1/query_pb.ts";
import { Query as ComputeQuery } from "../../src/proto/gen/secret/compute/v1beta1/query_pb.ts";
import { multiSendMessage, sendMessage } from "./bankMessages.ts";
import { account, blockTimeNs, CHAIN_ID, crypto, makeTestNetwork, signTx, uscrt } from "./testNetwork.ts";

// Every signature passes, so that damaged transactions reach the code behind the check.
const credulous = { ...crypto, secp256k1Verify: () => "valid" as const };

const store = packAny(MsgStoreCode, {
  sender: account("a").bytes,
  wasmByteCode: Uint8Array.of(1, 2, 3),
  source: "https://example.org",
  builder: "",
});
const GOOD = [
  signTx([sendMessage("a", "b", uscrt(1))]),
  signTx([multiSendMessage("a", [uscrt(2)], [["b", [uscrt(2)]]])], { memo: "memo", timeoutHeight: 9n }),
  signTx([store, sendMessage("a", "b", uscrt(1))], { gas: 100_000n }),
];

const damaged = fc
  .tuple(
    fc.constantFrom(...GOOD),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    fc.option(fc.nat(), { nil: undefined }),
  )
  .map(([good, changes, cut]) => {
    const tx = good.slice(0, cut === undefined || cut % 8 !== 0 ? good.length : cut % good.length);
    for (const [at, value] of changes) if (tx.length > 0) tx[at % tx.length] = value;
    return tx;
  });

describe("bytes from anywhere", () => {
  it("are results in a block and at admission, never exceptions", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), { maxLength: 4 }), (transactions) => {
        const network = makeTestNetwork();
        network.enclave.script.execMessage = () => ({
          result: { kind: "outOfGas", value: { location: "Compiling WASM Bytecode" } },
          events: [],
          gasUsed: 100_001n,
          finalized: false,
          writes: [],
        });
        network.block();
        const admission = makeAdmission({ chainId: CHAIN_ID, crypto: credulous, minimumGasPrices: "" });
        admission.reset(network.store.latest(), blockTimeNs(1));
        for (const tx of transactions) {
          const { code, log, codespace } = admission.check(tx, false);
          expect((code === 0) === (log === "" && codespace === "")).toBe(true);
        }
        const { results } = network.block(...transactions);
        expect(results).toHaveLength(transactions.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  it("are answers as queries, never exceptions", () => {
    const network = makeTestNetwork();
    network.block();
    const paths = [AuthQuery, BankQuery, StakingQuery, ComputeQuery].flatMap((service) =>
      service.methods.map((method) => `/${service.typeName}/${method.name}`),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: -1, max: 3 }),
        (path, data, height) => {
          const { code, grpc } = network.machine.query({ path, data, height });
          expect(code === 0).toBe(grpc.code === 0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
