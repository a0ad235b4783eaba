import { addOwnerSignature, decodeEvidence } from "@sotto/boundary/evidence";
import { INTERFACE_VERSION } from "@sotto/boundary/messages";
import { bytesToBase64, equalBytes, utf8ToBytes } from "@sotto/common/bytes";
import { describe, expect, it } from "vitest";
import { RefusalCode } from "../src/enclaveError.ts";
import { deriveKeyTree } from "../src/keys/keyTree.ts";
import { sealHandover } from "../src/keys/seedExchange.ts";
import { bindingHash, reportDataOf } from "../src/registration/reportData.ts";
import { countingRandom, refusalOf, TestChain, testCrypto } from "./harness.ts";
import { recordOf } from "./sealedRecord.ts";

const CHAIN = "private-1-sim";
const owner = testCrypto.ed25519PublicKey(new Uint8Array(32).fill(1));

/** An enclave of its own, on the machine of the others; its quote is the report data, for whoever wants to look. */
function applicant(start = 100): TestChain {
  const quote = (reportData: Uint8Array) => reportData;
  return new TestChain({ chainId: CHAIN, powers: { randomBytes: countingRandom(start), quote } });
}

const stateOf = (chain: TestChain) => chain.call("info", { interfaceVersion: INTERFACE_VERSION }).state;

type Register = { readonly node_exch_key: { bytes: string }; readonly io_exch_key: { bytes: string } };

/** A genesis file with the keys of these seeds, in the layout of a person. */
function genesisFile(seeds: readonly Uint8Array[], changes: Partial<Register> = {}, chainId = CHAIN): Uint8Array {
  const { second } = deriveKeyTree(testCrypto, seeds);
  const register = {
    reg_info: null,
    node_exch_key: { bytes: bytesToBase64(second.seedExchange.publicKey) },
    io_exch_key: { bytes: bytesToBase64(second.ioExchange.publicKey) },
    ...changes,
  };
  return utf8ToBytes(JSON.stringify({ chain_id: chainId, app_state: { register } }, null, 2));
}

const seeds = [1, 2].map((byte) => new Uint8Array(32).fill(byte));

/** What a network gives to a key. */
function handedOver(nodeKey: Uint8Array, genesis: Uint8Array, network: readonly Uint8Array[] = seeds): Uint8Array {
  const anchor = {
    initialHeight: 1n,
    genesisTimeNs: 0n,
    validatorsHash: new Uint8Array(32),
    appHash: new Uint8Array(32),
    genesisHash: testCrypto.sha256(genesis),
  };
  const { last } = deriveKeyTree(testCrypto, network);
  return sealHandover(testCrypto, last.seedExchange, nodeKey, { chainId: CHAIN, anchor, seeds: network });
}

const evidenceRequest = (chain: TestChain, genesisHash: Uint8Array = new Uint8Array(32).fill(2)) => ({
  chainId: chain.chainId,
  genesisHash,
  owner,
  height: 7n,
  blockHash: new Uint8Array(32).fill(3),
  collateral: utf8ToBytes("collateral"),
});

describe("enclave §1.4: the registration key", () => {
  it("is made once, and the same in every answer", () => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    expect(stateOf(chain)).toEqual({ kind: "applicant", value: { nodeKey } });
    expect(chain.call("registrationKey", { sealed: undefined }).nodeKey).toEqual(nodeKey);
    expect(applicant(200).call("registrationKey", { sealed: undefined }).nodeKey).not.toEqual(nodeKey);
  });

  it("comes back from its sealed record in another process", () => {
    const { nodeKey, sealed } = applicant().call("registrationKey", { sealed: undefined });
    const again = applicant(200);
    expect(again.call("registrationKey", { sealed }).nodeKey).toEqual(nodeKey);
    expect(again.call("registrationKey", { sealed }).nodeKey).toEqual(nodeKey);
  });

  it("is never replaced by another because its record was changed, cut or is of another kind", () => {
    const { sealed } = applicant().call("registrationKey", { sealed: undefined });
    const changed = sealed.slice();
    (changed[changed.length - 1] as number) ^= 1;
    for (const bad of [changed, sealed.subarray(0, 40), new Uint8Array(0), TestChain.start().sealed]) {
      const chain = applicant(200);
      expect(refusalOf(() => chain.call("registrationKey", { sealed: bad })).codespace).toBe("refusal");
      expect(stateOf(chain).kind).toBe("empty");
    }
  });

  it("is not swapped for that of another record", () => {
    const { sealed } = applicant().call("registrationKey", { sealed: undefined });
    const chain = applicant(200);
    chain.call("registrationKey", { sealed: undefined });
    expect(refusalOf(() => chain.call("registrationKey", { sealed })).code).toBe(RefusalCode.RegistrationKey);
  });

  it("is made by a founder as well, and stays in its record", () => {
    const chain = TestChain.start();
    expect(recordOf(chain)).toMatchObject({ isFounder: true, registrationSecret: undefined });
    const { nodeKey, sealed } = chain.call("registrationKey", { sealed: undefined });
    chain.block();
    chain.restart();
    expect(chain.call("registrationKey", { sealed }).nodeKey).toEqual(nodeKey);
    expect(testCrypto.x25519PublicKey(recordOf(chain).registrationSecret as Uint8Array)).toEqual(nodeKey);
  });

  it("comes back to a founder from its own record, if the network's was sealed before", () => {
    const chain = TestChain.start();
    const { nodeKey, sealed } = chain.call("registrationKey", { sealed: undefined });
    chain.restart();
    expect(chain.call("registrationKey", { sealed }).nodeKey).toEqual(nodeKey);
  });

  it("is not made between the seeds and their genesis", () => {
    const chain = new TestChain();
    chain.call("bootstrap", { chainId: "secretdev-1" });
    const refusal = refusalOf(() => chain.call("registrationKey", { sealed: undefined }));
    expect(refusal.code).toBe(RefusalCode.WrongState);
  });
});

describe("enclave §1.4: evidence", () => {
  it("binds chain, genesis, purpose, key, owner, block and collateral in its report data", () => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const request = evidenceRequest(chain);
    const { evidence } = chain.call("makeEvidence", request);
    const { quote, claims, collateral } = decodeEvidence(addOwnerSignature(evidence, new Uint8Array(64)));
    expect(claims).toMatchObject({ purpose: "register", nodeKey, owner, height: 7n });
    expect(collateral).toEqual(request.collateral);
    const network = { chainId: CHAIN, genesisHash: request.genesisHash };
    const binding = bindingHash(testCrypto, network, claims, collateral);
    expect(quote).toEqual(reportDataOf(binding));

    const other = new Uint8Array(32).fill(9);
    const changes = [
      bindingHash(testCrypto, { ...network, chainId: "private-2-sim" }, claims, collateral),
      bindingHash(testCrypto, { ...network, genesisHash: other }, claims, collateral),
      bindingHash(testCrypto, network, { ...claims, purpose: "upgrade" }, collateral),
      bindingHash(testCrypto, network, { ...claims, nodeKey: other }, collateral),
      bindingHash(testCrypto, network, { ...claims, owner: other }, collateral),
      bindingHash(testCrypto, network, { ...claims, height: 8n }, collateral),
      bindingHash(testCrypto, network, { ...claims, blockHash: other }, collateral),
      bindingHash(testCrypto, network, claims, other),
    ];
    expect(changes.some((changed) => equalBytes(changed, binding))).toBe(false);
  });

  it("is made by no enclave without a key", () => {
    for (const chain of [applicant(), TestChain.start()]) {
      const refusal = refusalOf(() => chain.call("makeEvidence", evidenceRequest(chain)));
      expect(refusal.code).toBe(RefusalCode.RegistrationKey);
    }
  });

  it("is made for its own network alone by an enclave that has one", () => {
    const quote = (reportData: Uint8Array) => reportData;
    const chain = TestChain.start({ chainId: CHAIN, powers: { quote } });
    chain.call("registrationKey", { sealed: undefined });
    const { genesisHash } = recordOf(chain).anchor;
    expect(chain.call("makeEvidence", evidenceRequest(chain, genesisHash)).evidence.length).toBeGreaterThan(64);
    const others = [
      evidenceRequest(chain, new Uint8Array(32).fill(9)),
      { ...evidenceRequest(chain, genesisHash), chainId: "private-2-sim" },
    ];
    for (const request of others) {
      expect(refusalOf(() => chain.call("makeEvidence", request)).code).toBe(RefusalCode.GenesisMismatch);
    }
  });

  it("is refused with the platform's own words where it cannot quote", () => {
    const quote = (): Uint8Array => {
      throw new Error("no quoting service answers");
    };
    const chain = new TestChain({ chainId: CHAIN, powers: { quote } });
    chain.call("registrationKey", { sealed: undefined });
    expect(refusalOf(() => chain.call("makeEvidence", evidenceRequest(chain)))).toMatchObject({
      code: RefusalCode.NoQuote,
      message: "the platform gave no quote: no quoting service answers",
    });
  });
});

describe("enclave §1.1, §1.4: seeds that are handed over", () => {
  const genesis = genesisFile(seeds);

  it("make the enclave a member, which goes on after a restart", () => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const imported = chain.call("importSeeds", { genesis, encryptedSeeds: handedOver(nodeKey, genesis) });
    const { second } = deriveKeyTree(testCrypto, seeds);
    expect(imported).toMatchObject({ chainId: CHAIN, keys: { ioExchange: second.ioExchange.publicKey } });
    chain.sealed = imported.sealed;
    expect(recordOf(chain)).toMatchObject({ isFounder: false, last: undefined, seeds });
    chain.restart();
    expect(stateOf(chain)).toMatchObject({ kind: "ready", value: { chainId: CHAIN, height: 0n } });
    expect(chain.call("registrationKey", { sealed: undefined }).nodeKey).toEqual(nodeKey);
  });

  it("are taken after a rotation as well: genesis has the keys of the second seed", () => {
    const rotated = [...seeds, new Uint8Array(32).fill(3)];
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const { keys } = chain.call("importSeeds", { genesis, encryptedSeeds: handedOver(nodeKey, genesis, rotated) });
    expect(keys.ioExchange).toEqual(deriveKeyTree(testCrypto, rotated).last.ioExchange.publicKey);
  });

  it("are taken once, and by an applicant alone", () => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const request = { genesis, encryptedSeeds: handedOver(nodeKey, genesis) };
    expect(refusalOf(() => applicant().call("importSeeds", request)).code).toBe(RefusalCode.WrongState);
    chain.call("importSeeds", request);
    expect(refusalOf(() => chain.call("importSeeds", request)).code).toBe(RefusalCode.WrongState);
    expect(refusalOf(() => TestChain.start().call("importSeeds", request)).code).toBe(RefusalCode.WrongState);
  });

  it("of somebody else's making are refused: they do not give the keys of genesis", () => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const forged = handedOver(
      nodeKey,
      genesis,
      [4, 5].map((byte) => new Uint8Array(32).fill(byte)),
    );
    expect(refusalOf(() => chain.call("importSeeds", { genesis, encryptedSeeds: forged }))).toMatchObject({
      code: RefusalCode.GenesisMismatch,
      message:
        "import of seeds: the seeds do not give the public keys that are in the genesis file: " +
        "get the genesis file of the network that you mean, from somebody whom you trust",
    });
    expect(stateOf(chain).kind).toBe("applicant");
  });

  it.each([
    ["another io key", genesisFile(seeds, { io_exch_key: { bytes: bytesToBase64(new Uint8Array(32)) } })],
    ["another seed exchange key", genesisFile(seeds, { node_exch_key: { bytes: bytesToBase64(new Uint8Array(32)) } })],
    ["another chain id", genesisFile(seeds, {}, "private-2-sim")],
  ])("are refused with a genesis file that has %s", (_, file) => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    // The envelope names the true file; with the false one it does not even open.
    const stolen = { genesis: file, encryptedSeeds: handedOver(nodeKey, genesis) };
    expect(refusalOf(() => chain.call("importSeeds", stolen)).code).toBe(RefusalCode.SeedsUnreadable);
    const fitting = { genesis: file, encryptedSeeds: handedOver(nodeKey, file) };
    expect(refusalOf(() => chain.call("importSeeds", fitting)).code).toBe(RefusalCode.GenesisMismatch);
    expect(chain.call("importSeeds", { genesis, encryptedSeeds: handedOver(nodeKey, genesis) }).chainId).toBe(CHAIN);
  });

  it.each([
    ["no JSON", utf8ToBytes("{"), ""],
    ["a list", utf8ToBytes("[]"), "expected a text as chain_id"],
    ["no keys", utf8ToBytes('{"chain_id":"a"}'), "app_state.register.io_exch_key.bytes"],
    ["a key that is none", genesisFile(seeds, { node_exch_key: { bytes: "!" } }), "app_state.register.node_exch_key"],
  ])("are refused with a genesis file that is %s", (_, file, reason) => {
    const chain = applicant();
    const { nodeKey } = chain.call("registrationKey", { sealed: undefined });
    const refusal = refusalOf(() =>
      chain.call("importSeeds", {
        genesis: file,
        encryptedSeeds: handedOver(nodeKey, file.length > 99 ? genesis : file),
      }),
    );
    expect(refusal.code).toBe(RefusalCode.GenesisMalformed);
    expect(refusal.message).toContain(reason);
  });
});
