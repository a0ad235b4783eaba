import { bytesToBase64 } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { Query } from "../../src/proto/gen/sotto/registration/v1/query_pb.ts";
import { account, makeTestNetwork, type TestNetwork } from "./testNetwork.ts";

const SIM = "private-1-sim";
const MACHINES = ["11", "22", "33"].map((digit) => digit.repeat(20));
const OWNER = "ab".repeat(32);
const policy = { roots: ["sim-insecure"], machines: "listed", authority: account("validator").address };

const method = <N extends keyof typeof Query.method>(name: N) => ({
  ...Query.method[name],
  path: `/${Query.typeName}/${Query.method[name].name}`,
});

function started(register: object, chainId = SIM): TestNetwork {
  const network = makeTestNetwork({ register, chainId });
  network.block();
  return network;
}

describe("chain §4.6: genesis of module register", () => {
  it("holds keys alone on a network that admits nobody", () => {
    const network = started({}, "secretdev-1");
    expect(network.query(method("policy"), {}).answer.policy).toBe("");
    expect(network.query(method("nodes"), {}).answer).toMatchObject({ nodes: [], pagination: { total: 0n } });
    expect(network.query(method("machines"), {}).answer.machines).toEqual([]);
  });

  it("holds the policy as it was written, its numbers exact, and the machines with their owners", () => {
    const attestation = { ...policy, maxEvidenceAge: 100, big: 9_007_199_254_740_991 };
    const machines = [{ machine_id: MACHINES[1] }, { machine_id: MACHINES[0], owner: OWNER }];
    const network = started({ attestation, machines });
    expect(network.query(method("policy"), {}).answer.policy).toBe(JSON.stringify(attestation));
    expect(network.query(method("machines"), {}).answer.machines).toMatchObject([
      { machineId: MACHINES[0], owner: OWNER },
      { machineId: MACHINES[1], owner: "" },
    ]);
    expect(network.query(method("machineRecords"), {}).answer.records).toMatchObject([
      { index: 0, machineId: MACHINES[1], owner: "", replacedMachineId: "" },
      { index: 1, machineId: MACHINES[0], owner: OWNER, replacedMachineId: "" },
    ]);
  });

  it("lists machines in pages", () => {
    const network = started({ machines: MACHINES.map((machine_id) => ({ machine_id })) });
    const first = network.query(method("machines"), { pagination: { limit: 2n, countTotal: true } }).answer;
    expect(first.machines.map(({ machineId }) => machineId)).toEqual(MACHINES.slice(0, 2));
    expect(first.pagination?.total).toBe(3n);
    const rest = { pagination: { key: first.pagination?.nextKey ?? new Uint8Array(0) } };
    expect(network.query(method("machines"), rest).answer.machines).toMatchObject([{ machineId: MACHINES[2] }]);
    const both = { pagination: { key: new Uint8Array(1), offset: 1n } };
    expect(network.query(method("machines"), both).response.grpc.code).toBe(3);
  });

  it("has no node that is not there, and no node without a key", () => {
    const network = started({});
    expect(network.query(method("node"), { nodeKey: OWNER }).response.grpc).toEqual({
      code: 5,
      message: "Node has not been authenticated yet",
    });
    for (const nodeKey of ["", "ab", "zz".repeat(32)]) {
      expect(network.query(method("node"), { nodeKey }).response.grpc.code).toBe(3);
    }
  });

  it.each([
    [{ node_exch_key: undefined }, "expected 32 bytes in base64 as node_exch_key.bytes"],
    [{ io_exch_key: { bytes: "!" } }, "expected 32 bytes in base64 as io_exch_key.bytes"],
    [{ io_exch_key: { bytes: bytesToBase64(new Uint8Array(31)) } }, "expected 32 bytes in base64 as io_exch_key.bytes"],
    [{ reg_info: [{}] }, "expected no nodes in reg_info: evidence holds on the network that it was made for"],
    [{ attestation: [] }, "expected an object as attestation"],
    [{ attestation: { roots: [] } }, "expected an address as attestation.authority"],
    [{ attestation: { authority: policy.authority } }, "expected a list as attestation.roots"],
    [{ machines: {} }, "expected a list as machines"],
    [{ machines: [1] }, "expected objects in machines"],
    [{ machines: [{ machine_id: "ab" }] }, "expected 40 hex digits as machine_id"],
    [{ machines: [{ machine_id: MACHINES[0], owner: "" }] }, "expected 64 hex digits as owner"],
    [{ machines: [{ machine_id: MACHINES[0] }, { machine_id: MACHINES[0] }] }, `machine ${MACHINES[0]} comes twice`],
  ])("refuses %j", (register, reason) => {
    expect(() => makeTestNetwork({ register, chainId: SIM })).toThrow(`genesis of register: ${reason}`);
  });

  it("refuses an authority that is no address", () => {
    const attestation = { ...policy, authority: "secret1x" };
    expect(() => makeTestNetwork({ register: { attestation }, chainId: SIM })).toThrow("bech32");
  });

  it("refuses a simulated root on a chain whose id does not say so", () => {
    const register = { attestation: policy };
    expect(() => makeTestNetwork({ register, chainId: "secret-4" })).toThrow(
      "root sim-insecure proves nothing: expected a chain id that ends in -sim",
    );
  });
});
