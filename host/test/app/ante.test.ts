import { bytesToHex } from "@sotto/common/bytes";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { SignMode, TxRaw } from "@sotto/common/wire/tx";
import { describe, expect, it } from "vitest";
import { type Admission, makeAdmission } from "../../src/app/admission.ts";
import { makeSignatureVerifier } from "../../src/app/core/signatureVerifier.ts";
import { sendMessage } from "./bankMessages.ts";
import {
  account,
  blockTimeNs,
  CHAIN_ID,
  crypto,
  makeTestNetwork,
  randomTransaction,
  signTx,
  signTxBy,
  type TestNetwork,
  uscrt,
} from "./testNetwork.ts";

function makeTestAdmission(network: TestNetwork): Admission {
  const admission = makeAdmission({ chainId: CHAIN_ID, crypto, minimumGasPrices: "0.0125uscrt" });
  admission.reset(network.store.latest(), blockTimeNs(network.store.latestHeight));
  return admission;
}

function started(options: { maxGas?: bigint } = {}): { network: TestNetwork; admission: Admission } {
  const network = makeTestNetwork(options);
  network.block();
  return { network, admission: makeTestAdmission(network) };
}

const one = sendMessage("a", "b", uscrt(1));
const otherKey = packSecp256k1PublicKey(crypto.secp256k1PublicKey(new Uint8Array(32).fill(5)) as Uint8Array);

/** Everything that stops a transaction before its messages, in the order of the chain (chain §1.7, §6.7, §6.8). */
const REFUSALS: readonly [string, Uint8Array, string, string | RegExp][] = [
  ["bytes that are no transaction", Uint8Array.of(1, 2, 3), "sdk/2", /: tx parse error$/],
  ["a random where none belongs", randomTransaction(2), "sdk/2", /: tx parse error$/],
  [
    "a message type that nobody knows",
    signTx([{ typeUrl: "/x.y", value: new Uint8Array(0) }]),
    "sdk/2",
    "unable to resolve type URL /x.y: tx parse error",
  ],
  [
    "a signer whose address is none",
    signTx([sendMessage("secret1bad", "b", uscrt(1))]),
    "sdk/2",
    "decoding bech32 failed: invalid separator index 6: tx parse error",
  ],
  ["no message", signTx([]), "sdk/18", "must contain at least one message: invalid request"],
  [
    "gas above the block's",
    signTx([one], { gas: 10_000_001n }),
    "sdk/41",
    "tx gas limit 10000001 exceeds block max gas 10000000: invalid gas limit",
  ],
  [
    "a critical extension option",
    signTx([one], { extensionOptions: [{ typeUrl: "/x.Option", value: new Uint8Array(0) }] }),
    "sdk/31",
    "unknown extension options",
  ],
  [
    "a time-out height that has passed",
    signTx([one], { timeoutHeight: 1n }),
    "sdk/30",
    /^block height: \d+, timeout height: 1: tx timeout height$/,
  ],
  [
    "a long memo",
    signTx([one], { memo: "é".repeat(129) }),
    "sdk/12",
    "maximum number of characters is 256 but received 258 characters: memo too large",
  ],
  [
    "gas that does not pay for the size",
    signTx([one], { gas: 1_000n }),
    "sdk/11",
    /^out of gas in location: txSize; gasWanted: 1000, gasUsed: \d+: out of gas$/,
  ],
  [
    "no gas at all",
    signTx([one], { gas: 0n }),
    "sdk/11",
    "out of gas in location: ReadFlat; gasWanted: 0, gasUsed: 100: out of gas",
  ],
  [
    "a fee above the balance",
    signTx([one], { fee: [uscrt(2n * 10n ** 18n)] }),
    "sdk/5",
    "spendable balance 1000000000000000000uscrt is smaller than 2000000000000000000uscrt: insufficient funds: insufficient funds",
  ],
  [
    "a key that is not the signer's",
    signTx([one], { publicKey: otherKey }),
    "sdk/8",
    `pubKey does not match signer address ${account("a").address} with signer index: 0: invalid pubkey`,
  ],
  [
    "a wrong sequence",
    signTx([one], { sequence: 4n }),
    "sdk/32",
    "account sequence mismatch, expected 0, got 4: incorrect account sequence",
  ],
  [
    "a wrong account number",
    signTx([one], { accountNumber: 9n }),
    "sdk/4",
    /^signature verification failed; please verify account number \(1\) and chain-id \(secretdev-1\): \(unable to verify single signer signature [0-9a-f]{128} for signBytes [0-9a-f]+\): unauthorized$/,
  ],
  [
    "a high s",
    signTx([one], {
      tamper: (signature) => {
        const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
        const s = order - BigInt(`0x${bytesToHex(signature.subarray(32))}`);
        return Uint8Array.from(
          Buffer.from(bytesToHex(signature.subarray(0, 32)) + s.toString(16).padStart(64, "0"), "hex"),
        );
      },
    }),
    "sdk/4",
    /unable to verify single signer signature/,
  ],
  [
    "a sign mode to come",
    signTx([one], { mode: SignMode.Textual }),
    "sdk/4",
    /\(unsupported sign mode SIGN_MODE_TEXTUAL\): unauthorized$/,
  ],
];

describe("ante chain", () => {
  it.each(REFUSALS)("refuses %s, at admission", (_what, tx, code, log) => {
    const { admission, network } = started({ maxGas: 10_000_000n });
    network.block();
    const view = network.store.latest();
    admission.reset(view, blockTimeNs(2));
    // In a fee check of its own turn, the fee would stop what is to be stopped later.
    const free = makeAdmission({ chainId: CHAIN_ID, crypto, minimumGasPrices: "" });
    free.reset(view, blockTimeNs(2));
    const result = free.check(tx, false);
    expect(`${result.codespace}/${result.code}`).toBe(code);
    expect(result.log).toMatch(log);
  });

  it.each(REFUSALS)("refuses %s, in a block, without telling the enclave", (_what, tx, code, log) => {
    const { network } = started({ maxGas: 10_000_000n });
    network.block();
    const before = network.enclave.calls.length;
    const [, result] = network.block(tx).results;
    expect(`${result?.codespace}/${result?.code}`).toBe(code);
    expect(result?.log).toMatch(log);
    expect(result?.events).toEqual([]);
    expect(network.enclave.calls.slice(before)).toEqual(["beginBlock", "endBlock"]);
  });

  it("asks for the node's minimum fee at admission alone", () => {
    const { network, admission } = started();
    const cheap = signTx([one], { fee: [uscrt(312)] });
    expect(admission.check(cheap, false)).toMatchObject({
      code: 13,
      codespace: "sdk",
      log: "insufficient fees; got: 312uscrt required: 313uscrt: insufficient fee",
    });
    expect(admission.check(signTx([one], { fee: [] }), false).log).toBe(
      "insufficient fees; got:  required: 313uscrt: insufficient fee",
    );
    expect(admission.check(signTx([one], { fee: [uscrt(313)] }), false)).toMatchObject({ code: 0, gasWanted: 25_000n });
    expect(network.block(cheap).results[1]?.code).toBe(0);
  });

  it("refuses a payer and a signer that do not exist", () => {
    const { admission } = started();
    const stranger = sendMessage("secret1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5a8chmq", "b", uscrt(1));
    expect(admission.check(signTx([stranger]), false)).toMatchObject({
      code: 9,
      log: "fee payer address: secret1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5a8chmq does not exist: unknown address",
    });
  });

  it("lets transactions follow one another before their block, and starts over with the next", () => {
    const { network, admission } = started();
    expect(admission.check(signTx([one]), false).code).toBe(0);
    expect(admission.check(signTx([one]), false).log).toMatch(/expected 1, got 0/);
    const second = signTx([one], { sequence: 1n });
    expect(admission.check(second, false).code).toBe(0);
    network.block(signTx([one]));
    admission.reset(network.store.latest(), blockTimeNs(2));
    expect(admission.check(second, true).code).toBe(0);
  });

  it("wants a key once, and then takes a transaction without one", () => {
    const { network } = started();
    const withoutKey = signTx([one], { publicKey: undefined });
    expect(network.block(withoutKey).results[1]).toMatchObject({
      code: 8,
      log: "pubkey on account is not set: invalid pubkey",
    });
    const later = signTx([one], { publicKey: undefined, sequence: 1n });
    const results = network.block(signTx([one]), later).results;
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  it("checks a signature once, also over a recheck and in delivery", () => {
    let verified = 0;
    const counting = {
      ...crypto,
      secp256k1Verify: (...args: Parameters<typeof crypto.secp256k1Verify>) => {
        verified++;
        return crypto.secp256k1Verify(...args);
      },
    };
    const { network } = started();
    const signatures = makeSignatureVerifier(counting);
    const deps = { chainId: CHAIN_ID, crypto: counting, minimumGasPrices: "", signatures };
    const [first, second] = [makeAdmission(deps), makeAdmission(deps)];
    const tx = signTx([one]);
    for (const admission of [first, second]) {
      admission.reset(network.store.latest(), blockTimeNs(1));
      expect(admission.check(tx, false).code).toBe(0);
    }
    expect(verified).toBe(1);
    // Another signature for the same content is another transaction.
    const raw = TxRaw.decode(signTx([one], { memo: "x" }));
    first.reset(network.store.latest(), blockTimeNs(1));
    expect(first.check(TxRaw.encode({ ...raw, signatures: TxRaw.decode(tx).signatures }), false).code).toBe(4);
    expect(verified).toBe(2);
  });

  it("takes one signature for each signer, in the order in which messages name them", () => {
    const { network } = started();
    const messages = [
      sendMessage("b", "c", uscrt(1)),
      sendMessage("a", "c", uscrt(2)),
      sendMessage("b", "c", uscrt(3)),
    ];
    const tx = signTxBy(["b", "a"], messages, { gas: 60_000n });
    const [, result] = network.block(tx).results;
    expect(result?.log).toBe("");
    const [a, b] = [account("a").address, account("b").address];
    const attributes = result?.events.flatMap(({ attributes }) => attributes) ?? [];
    const valuesOf = (name: string) => attributes.filter(({ key }) => key === name).map(({ value }) => value);
    expect(valuesOf("fee_payer")).toEqual([b]);
    expect(valuesOf("acc_seq")).toEqual([`${b}/0`, `${a}/0`]);
    expect(valuesOf("signature")).toHaveLength(2);
    const swapped = signTxBy(["a", "b"], messages, { gas: 60_000n });
    expect(network.block(swapped).results[1]?.log).toMatch(/^pubKey does not match signer address/);
    const missing = signTxBy(["b"], messages, { gas: 60_000n });
    expect(network.block(missing).results[1]).toMatchObject({
      code: 4,
      log: "wrong number of signers; expected 2, got 1: unauthorized",
    });
  });

  it("stops a block at its gas", () => {
    const { network } = started({ maxGas: 20_000n });
    const results = network.block(
      signTx([one], { gas: 20_000n }),
      signTx([one], { gas: 20_000n, sequence: 1n }),
      signTx([one], { gas: 20_000n, sequence: 2n }),
    ).results;
    expect(results.map(({ code }) => code)).toEqual([0, 0, 11, 11]);
    expect(results[2]?.log).toMatch(
      /^out of gas in location: block gas meter; gasWanted: 20000, gasUsed: \d+: out of gas$/,
    );
    expect(results[3]).toMatchObject({ log: "no block gas left to run tx: out of gas", gasUsed: 0n, events: [] });
    expect(network.enclave.calls.filter((call) => call.startsWith("endTransaction"))).toEqual([
      'endTransaction {"transaction":1,"kept":true}',
      'endTransaction {"transaction":2,"kept":false}',
    ]);
  });
});
