import { describe, expect, it } from "vitest";
import enclaveVectors from "../../vectors/enclave.json" with { type: "json" };
import {
  accountAddress,
  addressFromBytes,
  CONSENSUS_PREFIX,
  consensusAddress,
  contractAddress,
  formatAddress,
  moduleAddress,
  parseAddress,
  VALIDATOR_PREFIX,
} from "../src/address.ts";
import { Bech32Error, encodeBech32 } from "../src/bech32.ts";
import { base64ToBytes, hexToBytes } from "../src/bytes.ts";
import { makeNobleCrypto } from "../src/crypto/nobleCrypto.ts";
import { InputError } from "../src/errors.ts";

const crypto = makeNobleCrypto();
const counting = Uint8Array.from({ length: 20 }, (_, i) => i + 1);

describe("addresses", () => {
  it("are derived from public keys (clients §3.4)", () => {
    const accounts = [
      ["A/65YgnkabVwuTXgvwAjDkui0heU3JmF9cEus7NX6FwN", "secret14aj08vd2ntty7dvskdmdu4zhf23mcwgtute8dz"],
      ["A07oJJ9n4TYTnD7ZStYyiPbB3kXOZvqIMkchGmmPRAzf", "secret1ap26qrlp8mcq2pg6r47w43l0y8zkqm8a450s03"],
      ["AgGQoJ1UiOfUW1PKCAnoYS+JM9efvuIUTjjmFO7/Y+MZ", "secret1fc3fzy78ttp0lwuujw7e52rhspxn8uj52zfyne"],
      ["AvK5BGEsO3kikflW0NlfV9cdVJcxVJgLh7tgh4TGS3Cg", "secret1ajz54hz8azwuy34qwy9fkjnfcrvf0dzswy0lqq"],
      ["AzBzrKqSZp3YXMzITB8ZAqYysO0YCjtV/8d0NQ1fnT8z", "secret1ldjxljw7v4vk6zhyduywh04hpj0jdwxsmrlatf"],
    ] as const;
    for (const [key, address] of accounts)
      expect(formatAddress(accountAddress(crypto, base64ToBytes(key)))).toBe(address);
    const validator = parseAddress(accounts[0][1]);
    expect(formatAddress(validator, VALIDATOR_PREFIX)).toBe("secretvaloper14aj08vd2ntty7dvskdmdu4zhf23mcwgtdvh6qt");
  });

  it("are derived from module names (chain §1.2)", () => {
    const modules = {
      fee_collector: "secret17xpfvakm2amg962yls6f84z3kell8c5ljuhfkp",
      distribution: "secret1jv65s3grqf6v6jl3dp4t6c9t9rk99cd896s45r",
      transfer: "secret1yl6hdjhmkf37639730gffanpzndzdpmhv6zq2l",
      gov: "secret10d07y265gmmuvt4z0w9aw880jnsr700jc88vt0",
    };
    for (const [name, address] of Object.entries(modules))
      expect(formatAddress(moduleAddress(crypto, name))).toBe(address);
  });

  it("are derived from code and instance for contracts (chain §1.2)", () => {
    const creator = addressFromBytes(counting);
    expect(formatAddress(creator)).toBe("secret1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5a8chmq");
    expect(formatAddress(contractAddress(crypto, 1n, 1n, creator))).toBe(
      "secret1zzx356rc0vgrv2twv0js4u9gtt9hl9fa6ud3qm",
    );
    expect(formatAddress(contractAddress(crypto, 5n, 7n, creator))).toBe(
      "secret15j325umx4znyy4w0t4zs5gq07fqvg3yautsdhh",
    );
  });

  it("of consensus keys are the start of their hash", () => {
    const address = consensusAddress(crypto, new Uint8Array(32));
    expect(address).toEqual(crypto.sha256(new Uint8Array(32)).slice(0, 20));
    expect(formatAddress(address, CONSENSUS_PREFIX).startsWith("secretvalcons1")).toBe(true);
  });

  it("are read and written as in the enclave vectors", () => {
    const { contract_key: v } = enclaveVectors;
    expect(formatAddress(addressFromBytes(hexToBytes(v.sender)))).toBe(v.sender_bech32);
    expect(parseAddress(v.contract_bech32)).toEqual(hexToBytes(v.contract));
    expect(formatAddress(addressFromBytes(new Uint8Array(20)))).toBe("secret1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq3x5k6p");
  });

  it("may be empty, which is the empty text (enclave §0)", () => {
    const empty = addressFromBytes(new Uint8Array(0));
    expect(formatAddress(empty)).toBe("");
    expect(parseAddress("")).toEqual(empty);
    expect(parseAddress("", "secret")).toEqual(empty);
  });

  it("have 20 bytes or none", () => {
    for (const length of [1, 19, 21, 32]) expect(() => addressFromBytes(new Uint8Array(length))).toThrow(InputError);
    for (const length of [0, 19, 21, 32]) {
      expect(() => parseAddress(encodeBech32("secret", new Uint8Array(length)))).toThrow(InputError);
    }
  });

  it("must have the prefix that the caller wants, if any", () => {
    const text = encodeBech32("cosmos", counting);
    expect(parseAddress(text)).toEqual(counting);
    expect(() => parseAddress(text, "secret")).toThrow("address: expected prefix secret, got cosmos");
    expect(() => parseAddress("secret1", "secret")).toThrow(Bech32Error);
  });

  it("come from keys of the right length only", () => {
    for (const length of [0, 32, 65]) expect(() => accountAddress(crypto, new Uint8Array(length))).toThrow(InputError);
    for (const length of [0, 31, 33])
      expect(() => consensusAddress(crypto, new Uint8Array(length))).toThrow(InputError);
  });
});
