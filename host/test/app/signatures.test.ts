/** The ante chain before signers other than one key in mode DIRECT. */
import { readFileSync } from "node:fs";
import type { EcallRequest } from "@sotto/boundary/messages";
import { consensusAddress } from "@sotto/common/address";
import { bytesToBase64, bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import { MsgExecuteContract } from "@sotto/common/wire/compute";
import { AuthInfo, decodeTx, MultiSignature, SignDoc, SignMode, TxBody, TxRaw } from "@sotto/common/wire/tx";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { makeAdmission } from "../../src/app/admission.ts";
import { formatAddress } from "../../src/app/core/addresses.ts";
import { AppError } from "../../src/app/core/appError.ts";
import { makeSignatureVerifier } from "../../src/app/core/signatureVerifier.ts";
import { readTx } from "../../src/app/core/tx.ts";
import { makeModules } from "../../src/app/modules/modules.ts";
import { Query as AuthQuery } from "../../src/proto/gen/cosmos/auth/v1beta1/query_pb.ts";
import {
  addressText,
  assemble,
  assembleMulti,
  type BothForms,
  documentOf,
  keyOf,
  memberModes,
  multisigKey,
  type Parts,
  personalMessage,
  signHash,
  signSingle,
  single,
} from "./aminoSigning.ts";
import { sendMessage } from "./bankMessages.ts";
import {
  account,
  blockTimeNs,
  CHAIN_ID,
  crypto,
  makeTestNetwork,
  signTx,
  type TestNetwork,
  uscrt,
} from "./testNetwork.ts";

const secretOf = (name: string): Uint8Array => hexToBytes(account(name).insecurePrivateKey);
const [A, B, C] = ["a", "b", "c"].map(secretOf) as [Uint8Array, Uint8Array, Uint8Array];

function send(from: string, to: string, amount: number): BothForms {
  const value = { from_address: from, to_address: to, amount: [{ denom: "uscrt", amount: `${amount}` }] };
  return { any: sendMessage(from, to, uscrt(amount)), amino: { type: "cosmos-sdk/MsgSend", value } };
}
const toB = send(account("a").address, account("b").address, 7);

let network: TestNetwork;
beforeEach(() => {
  network = makeTestNetwork();
  network.block();
});

type Outcome = { readonly code: number; readonly codespace: string; readonly log: string };
const deliver = (tx: Uint8Array) =>
  network.block(tx).results[1] as Outcome & ReturnType<TestNetwork["block"]>["results"][number];
const logOf = (tx: Uint8Array): string => {
  const { codespace, code, log } = deliver(tx);
  return `${codespace}/${code} ${log}`;
};

describe("chain §6.4, clients §2.2: documents of messages", () => {
  type Vector = { readonly name: string; readonly mode: number; readonly tx: string; readonly sign_bytes: string };
  const { documents } = JSON.parse(
    readFileSync(new URL("../../../vectors/signatures.json", import.meta.url), "utf8"),
  ) as { documents: Vector[] };
  const nothing = (): never => {
    throw new TypeError("runs nothing");
  };
  const router = makeModules(crypto, {
    enclave: { call: nothing },
    gunzip: nothing,
    readProven: nothing,
    headers: nothing,
  }).messages;
  const signer = { chainId: CHAIN_ID, accountNumber: 7n };

  it.each(documents)("$name, mode $mode: is the one that wallets sign", ({ tx: hex, sign_bytes }) => {
    const tx = readTx(hexToBytes(hex), router);
    const verifier = makeSignatureVerifier(crypto);
    expect(verifier.signDocument(tx, 0, signer)).toEqual(hexToBytes(sign_bytes));
    verifier.verify({ tx, index: 0, publicKey: keyOf(A), ...signer });
  });

  it.each(documents.filter(({ mode }) => mode === 127))(
    "$name: verifies with nothing of the transaction changed",
    ({ tx: hex }) => {
      const raw = TxRaw.decode(hexToBytes(hex));
      fc.assert(
        fc.property(
          fc.constantFrom("bodyBytes", "authInfoBytes", "signatures"),
          fc.nat(),
          fc.integer({ min: 0, max: 7 }),
          (part, at, bit) => {
            const bytes = (part === "signatures" ? raw.signatures[0] : raw[part as "bodyBytes"]) as Uint8Array;
            const changed = bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte));
            const other = TxRaw.encode({ ...raw, [part]: part === "signatures" ? [changed] : changed });
            try {
              const tx = readTx(other, router);
              // Keys and modes are not signed, so that a change of one of these may leave the document alone.
              if (part === "authInfoBytes" && equalsBut(tx.decoded.authInfo, AuthInfo.decode(raw.authInfoBytes)))
                return;
              makeSignatureVerifier(crypto).verify({ tx, index: 0, publicKey: keyOf(A), ...signer });
              throw new Error(`verifies with byte ${at % bytes.length} of ${part} changed`);
            } catch (error) {
              expect(error).toBeInstanceOf(AppError);
            }
          },
        ),
        { numRuns: 30 },
      );
    },
  );

  /** Whether fee and sequence are the same. */
  function equalsBut(a: AuthInfo, b: AuthInfo): boolean {
    const visible = ({ fee, signerInfos }: AuthInfo) =>
      JSON.stringify([fee, signerInfos.map(({ sequence, modeInfo }) => [sequence, modeInfo])], (_, v) =>
        typeof v === "bigint" ? `${v}` : v,
      );
    return visible(a) === visible(b);
  }
});

describe("chain §6.2, §6.4, §6.5, §6.8: one key", () => {
  const parts: Parts = { messages: [toB], accountNumber: 1n };
  const MODES = [SignMode.LegacyAminoJson, SignMode.Eip191] as const;

  it.each(MODES)("mode %d: sends coins at the price of a DIRECT signature", (mode) => {
    const tx = signSingle(A, mode, parts);
    const direct = makeTestNetwork();
    direct.block();
    const plain = signTx([toB.any], { gas: 100_000n, fee: [uscrt(10_000)] });
    const expected = direct.block(plain).results[1];
    const result = deliver(tx);
    expect(result.log).toBe("");
    // The number of the mode takes one byte more.
    expect(result.gasUsed).toBe((expected?.gasUsed ?? 0n) + 10n * BigInt(tx.length - plain.length));
  });

  it.each(MODES)("mode %d: covers memo, time-out, fee and its payer", (mode) => {
    const rich = { ...parts, memo: 'é <&> \u2028 "', timeoutHeight: 99n };
    expect(deliver(signSingle(A, mode, rich)).log).toBe("");
    const others: Parts["document"][] = [
      { memo: "" },
      { timeout_height: "98" },
      { sequence: "0" },
      { account_number: "2" },
      { chain_id: "secret-4" },
      { fee: { amount: [], gas: "100000" } },
      { msgs: [] },
      { extra: "x" },
    ];
    for (const document of others) {
      expect(logOf(signSingle(A, mode, { ...rich, sequence: 1n, document: document as never }))).toMatch(/^sdk\/4 /);
    }
    expect(deliver(signSingle(A, mode, { ...rich, sequence: 1n })).log).toBe("");
  });

  it("says what it verified", () => {
    const please = "sdk/4 signature verification failed; please verify account number \\(1\\)";
    const hex = (length: number) => `[0-9a-f]{${length}}`;
    const wrong = { ...parts, document: { memo: "other" } };
    const text = bytesToHex(utf8ToBytes(documentOf(parts)));
    expect(logOf(signSingle(A, SignMode.LegacyAminoJson, wrong))).toMatch(
      new RegExp(
        `^${please}, sequence \\(0\\) and chain-id \\(secretdev-1\\): ` +
          `unable to verify single signer signature ${hex(128)} for signBytes ${text}: unauthorized$`,
      ),
    );
    expect(logOf(signSingle(A, SignMode.Eip191, wrong))).toMatch(
      new RegExp(
        `^${please} and chain-id \\(secretdev-1\\): ` +
          `\\(unable to verify single signer eip191 signature ${hex(128)} for signBytes 19457468[0-9a-f]+\\): unauthorized$`,
      ),
    );
  });

  it.each([
    [SignMode.Unspecified, "SIGN_MODE_UNSPECIFIED"],
    [SignMode.Textual, "SIGN_MODE_TEXTUAL"],
    [SignMode.DirectAux, "SIGN_MODE_DIRECT_AUX"],
    [99, "99"],
  ])("mode %d is not for signing here", (mode, name) => {
    expect(logOf(signTx([toB.any], { mode, gas: 100_000n }))).toBe(
      `sdk/4 signature verification failed; please verify account number (1) and chain-id (secretdev-1): (unsupported sign mode ${name}): unauthorized`,
    );
  });

  it("cannot sign an extension, a field that nobody knows, or a tip", () => {
    const raw = TxRaw.decode(signSingle(A, SignMode.LegacyAminoJson, parts));
    const body = TxBody.decode(raw.bodyBytes);
    const option = [{ typeUrl: "/x", value: new Uint8Array(0) }];
    const authInfo = AuthInfo.decode(raw.authInfoBytes);
    const cases: [Partial<TxRaw>, string][] = [
      [
        { bodyBytes: TxBody.encode({ ...body, nonCriticalExtensionOptions: option }) },
        "SIGN_MODE_LEGACY_AMINO_JSON does not support protobuf extension options: invalid request: unauthorized",
      ],
      [
        { bodyBytes: concatBytes(raw.bodyBytes, Uint8Array.of(0x82, 0x40, 0)) },
        "the body has fields that no document shows: unauthorized",
      ],
      [
        { authInfoBytes: AuthInfo.encode({ ...authInfo, tip: { amount: [], tipper: "x" } }) },
        "tips are not supported: unauthorized",
      ],
    ];
    for (const [change, log] of cases) {
      const result = logOf(TxRaw.encode({ ...raw, ...change }));
      expect(result.startsWith("sdk/4 ") && result.endsWith(log), result).toBe(true);
    }
    expect(deliver(TxRaw.encode(raw)).code).toBe(0);
  });

  it("may sign beside others in other modes, each for the same fee", () => {
    const fromB = send(account("b").address, account("a").address, 5);
    const common: Parts = { messages: [toB, fromB], accountNumber: 1n, payer: account("c").address };
    const infos = [
      { publicKey: keyOf(A), modeInfo: single(SignMode.LegacyAminoJson) },
      { publicKey: keyOf(B), modeInfo: single(SignMode.Direct) },
      { publicKey: keyOf(C), modeInfo: single(SignMode.Eip191) },
    ];
    const { raw } = decodeTx(assemble(common, infos, []));
    const { bodyBytes, authInfoBytes } = raw;
    const amino = crypto.sha256(utf8ToBytes(documentOf(common)));
    const direct = crypto.sha256(SignDoc.encode({ bodyBytes, authInfoBytes, chainId: CHAIN_ID, accountNumber: 2n }));
    const tx = (third: Uint8Array) =>
      TxRaw.encode({ ...raw, signatures: [signHash(A, amino), signHash(B, direct), third] });
    expect(logOf(tx(signHash(C, direct)))).toMatch(/^sdk\/4 .*account number \(3\).*eip191/);
    const bytes = personalMessage(documentOf({ ...common, accountNumber: 3n }));
    expect(deliver(tx(signHash(C, crypto.keccak256(bytes)))).log).toBe("");
  });

  it("is checked once over admission, recheck and delivery", () => {
    let verified = 0;
    const counting: typeof crypto = {
      ...crypto,
      secp256k1Verify: (...args) => {
        verified++;
        return crypto.secp256k1Verify(...args);
      },
    };
    const signatures = makeSignatureVerifier(counting);
    const tx = signSingle(A, SignMode.Eip191, parts);
    for (const recheck of [false, true, false]) {
      const admission = makeAdmission({ chainId: CHAIN_ID, crypto: counting, minimumGasPrices: "", signatures });
      admission.reset(network.store.latest(), blockTimeNs(1));
      expect(admission.check(tx, recheck).code).toBe(0);
    }
    expect(verified).toBe(1);
  });
});

describe("chain §1.2, §1.7, §6.6, §6.8: thresholds", () => {
  const members = [A, B, C].map(keyOf);
  const key = multisigKey(2, ...members);
  const address = addressText(key);
  /** Accounts of the genesis, then those of its modules. */
  let accountNumber: bigint;
  let parts: Parts;

  function fund(text: string): bigint {
    const { sequence } = sequenceOf(account("a").address);
    expect(
      deliver(signTx([sendMessage("a", text, uscrt(1_000_000))], { gas: 100_000n, fee: [uscrt(10_000)], sequence }))
        .log,
    ).toBe("");
    return sequenceOf(text).number;
  }

  function sequenceOf(text: string): { sequence: bigint; number: bigint } {
    const method = { ...AuthQuery.method.accountInfo, path: "/cosmos.auth.v1beta1.Query/AccountInfo" };
    const { info } = network.query(method, { address: text }).answer;
    return { sequence: info?.sequence ?? 0n, number: info?.accountNumber ?? 0n };
  }

  beforeEach(() => {
    accountNumber = fund(address);
    parts = { messages: [send(address, account("b").address, 3)], accountNumber };
  });

  const signatureOf = (secret: Uint8Array, of = parts): Uint8Array =>
    signHash(secret, crypto.sha256(utf8ToBytes(documentOf(of))));
  const by = (...secrets: readonly Uint8Array[]) => secrets.map((secret) => signatureOf(secret));

  it("sign with as many members as they ask for, each paid for and each in the events", () => {
    const two = by(A, C);
    const first = assembleMulti(parts, key, { bits: [0, 2], size: 3, signatures: two });
    const result = deliver(first);
    expect(result.log).toBe("");
    const shown = result.events.flatMap(({ attributes }) => attributes.filter(({ key: name }) => name === "signature"));
    expect(shown.map(({ value }) => value)).toEqual(
      [...two, MultiSignature.encode({ signatures: two })].map(bytesToBase64),
    );

    // The second transaction needs to store no key, the third has one signature more.
    const gasOf = (sequence: bigint, secrets: readonly Uint8Array[], bits: readonly number[]) => {
      const next = { ...parts, sequence };
      const signatures = secrets.map((secret) => signatureOf(secret, next));
      const tx = assembleMulti(next, key, { bits, size: 3, signatures });
      const { log, gasUsed } = deliver(tx);
      expect(log).toBe("");
      return (gasUsed as bigint) - 10n * BigInt(tx.length);
    };
    const [second, third] = [gasOf(1n, [B, C], [1, 2]), gasOf(2n, [A, B, C], [0, 1, 2])];
    expect(third - second).toBe(1_000n);
  });

  it("say what is wrong with them", () => {
    const reason = (text: string) =>
      `sdk/4 signature verification failed; please verify account number (${accountNumber}), sequence (0) and chain-id (secretdev-1): ${text}: unauthorized`;
    const [a, b, c] = by(A, B, C) as [Uint8Array, Uint8Array, Uint8Array];
    const cases: [readonly number[], number, readonly Uint8Array[], string][] = [
      [[0, 1], 4, [a, b], "bit array size is incorrect, expecting: 3"],
      [[0, 1], 2, [a, b], "bit array size is incorrect, expecting: 3"],
      [[0], 3, [a], "signature size is incorrect 1"],
      [[0, 1, 2], 3, [a, b, c, c], "signature size is incorrect 4"],
      [[0], 3, [a, b], "not enough signatures set, have 1, expected 2"],
      [[0, 1], 3, [b, a], "unable to verify signature at index 0"],
      [[0, 2], 3, [a, b], "unable to verify signature at index 2"],
      [[0, 1], 3, [a, a], "unable to verify signature at index 1"],
      [[0, 1], 3, [a, new Uint8Array(0)], "unable to verify signature at index 1"],
    ];
    for (const [bits, size, signatures, text] of cases) {
      expect(logOf(assembleMulti(parts, key, { bits, size, signatures }))).toBe(reason(text));
    }
    const missing = assembleMulti(parts, key, { bits: [0, 1, 2], size: 3, signatures: [a, b] });
    expect(logOf(missing)).toBe("undefined/1 improper signature data type for index 2");
    const uneven = assembleMulti(parts, key, { bits: [0, 1], size: 3, signatures: [a, b], modeInfos: [single(127)] });
    expect(logOf(uneven)).toBe("undefined/1 expected 1 signatures of members, got 2");
    expect(deliver(assembleMulti(parts, key, { bits: [0, 1], size: 3, signatures: [a, b] })).code).toBe(0);
  });

  it("take members that sign DIRECT, but no Ethereum wallet", () => {
    const choose = (...modes: number[]) => ({
      bits: [0, 1],
      size: 3,
      modeInfos: modes.map(single),
      signatures: [] as Uint8Array[],
    });
    const choice = choose(SignMode.Direct, SignMode.LegacyAminoJson);
    const { raw } = decodeTx(assemble(parts, [{ publicKey: key, modeInfo: memberModes(choice) }], []));
    const { bodyBytes, authInfoBytes } = raw;
    const direct = crypto.sha256(SignDoc.encode({ bodyBytes, authInfoBytes, chainId: CHAIN_ID, accountNumber }));
    const signatures = [MultiSignature.encode({ signatures: [signHash(A, direct), ...by(B)] })];
    expect(deliver(TxRaw.encode({ ...raw, signatures })).log).toBe("");

    parts = { ...parts, sequence: 1n };
    for (const [mode, text] of [
      [SignMode.Eip191, "unsupported sign mode SIGN_MODE_EIP_191"],
      [SignMode.Textual, "unsupported sign mode SIGN_MODE_TEXTUAL"],
    ] as const) {
      const tx = assembleMulti(parts, key, { ...choose(mode, SignMode.LegacyAminoJson), signatures: by(A, B) });
      expect(logOf(tx)).toMatch(new RegExp(`and chain-id \\(secretdev-1\\): \\(${text}\\): unauthorized$`));
    }
  });

  it("may be members of thresholds", () => {
    const inner = multisigKey(1, keyOf(B), keyOf(C));
    const outer = multisigKey(2, keyOf(A), inner);
    const text = addressText(outer);
    parts = { messages: [send(text, account("b").address, 3)], accountNumber: fund(text) };
    const [a, c] = by(A, C) as [Uint8Array, Uint8Array];
    const modeInfo = memberModes({ bits: [1], size: 2, signatures: [c] });
    const nested = MultiSignature.encode({ signatures: [c] });
    const tx = (modeInfos: Parameters<typeof assembleMulti>[2]["modeInfos"], publicKey = outer) =>
      assembleMulti(parts, publicKey, {
        bits: [0, 1],
        size: 2,
        signatures: [a, nested],
        ...(modeInfos && { modeInfos }),
      });
    expect(logOf(tx([single(127), memberModes({ bits: [0], size: 2, signatures: [c] })]))).toMatch(
      /unable to verify signature at index 0: unauthorized$/,
    );
    expect(logOf(tx([single(127), single(127)]))).toBe(
      "undefined/1 expected *signing.MultiSignatureData, got, *signing.SingleSignatureData",
    );
    expect(deliver(tx([single(127), modeInfo])).log).toBe("");
  });

  it("and single keys are not taken for one another", () => {
    const signature = signatureOf(A);
    const asSingle = assemble(parts, [{ publicKey: key, modeInfo: single(127) }], [signature]);
    expect(logOf(asSingle)).toBe("undefined/1 expected *signing.MultiSignatureData, got, *signing.SingleSignatureData");
    const { sequence } = sequenceOf(account("a").address);
    const own: Parts = { messages: [toB], accountNumber: 1n, sequence };
    const asMulti = assembleMulti(own, keyOf(A), { bits: [0], size: 1, signatures: [signatureOf(A, own)] });
    expect(logOf(asMulti)).toMatch(/: expected <nil>, got \*secp256k1.PubKey: unauthorized$/);
  });

  it("are counted member by member", () => {
    const eight = multisigKey(1, ...Array.from({ length: 8 }, () => keyOf(A)));
    const text = addressText(eight);
    parts = { messages: [send(text, account("b").address, 3)], accountNumber: fund(text) };
    expect(logOf(assembleMulti(parts, eight, { bits: [0], size: 8, signatures: by(A) }))).toBe(
      "sdk/14 signatures: 8, limit: 7: maximum number of signatures exceeded",
    );
    const seven = multisigKey(1, ...Array.from({ length: 7 }, () => keyOf(A)));
    const other = addressText(seven);
    parts = { messages: [send(other, account("b").address, 3)], accountNumber: fund(other) };
    expect(deliver(assembleMulti(parts, seven, { bits: [6], size: 7, signatures: by(A) })).log).toBe("");
  });

  it("must be the account's", () => {
    const other = multisigKey(1, ...members);
    expect(logOf(assembleMulti(parts, other, { bits: [0, 1], size: 3, signatures: by(A, B) }))).toBe(
      `sdk/8 pubKey does not match signer address ${address} with signer index: 0: invalid pubkey`,
    );
    const zero = multisigKey(0, ...members);
    expect(logOf(assembleMulti(parts, zero, { bits: [], size: 3, signatures: [] }))).toBe(
      "sdk/8 public key: threshold 0: invalid pubkey",
    );
  });

  it("need not show their key twice", () => {
    expect(deliver(assembleMulti(parts, key, { bits: [0, 1], size: 3, signatures: by(A, B) })).log).toBe("");
    parts = { ...parts, sequence: 1n };
    const choice = { bits: [1, 2], size: 3, signatures: by(B, C) };
    const modeInfo = memberModes(choice);
    expect(
      deliver(assemble(parts, [{ modeInfo }], [MultiSignature.encode({ signatures: choice.signatures })])).log,
    ).toBe("");
  });

  it("are estimated in a simulation without signatures", () => {
    const modeInfo = memberModes({ bits: [0, 1], size: 3, signatures: [new Uint8Array(0), new Uint8Array(0)] });
    const empty = MultiSignature.encode({ signatures: [new Uint8Array(0), new Uint8Array(0)] });
    const simulated = network.machine.simulate(assemble(parts, [{ publicKey: key, modeInfo }], [empty]));
    expect(simulated).toMatchObject({ ok: true });
    const signed = assembleMulti(parts, key, { bits: [0, 1], size: 3, signatures: by(A, B) });
    const exact = network.machine.simulate(signed);
    expect(exact).toMatchObject({ ok: true });
    expect(exact.gasUsed).toBe(deliver(signed).gasUsed);
    expect(simulated.gasUsed).toBeGreaterThan(exact.gasUsed);
  });

  it("of a validator's kind of key sign nothing", () => {
    const ed25519 = crypto.ed25519PublicKey(A);
    const text = formatAddress(consensusAddress(crypto, ed25519));
    const number = fund(text);
    const publicKey: Any = {
      typeUrl: "/cosmos.crypto.ed25519.PubKey",
      value: concatBytes(Uint8Array.of(10, 32), ed25519),
    };
    const own: Parts = { messages: [send(text, account("b").address, 3)], accountNumber: number };
    const tx = (typeUrl: string) =>
      assemble(own, [{ publicKey: { ...publicKey, typeUrl }, modeInfo: single(1) }], [new Uint8Array(64)]);
    expect(logOf(tx(publicKey.typeUrl))).toBe("sdk/8 ED25519 public keys are unsupported: invalid pubkey");
    expect(logOf(tx("/x.Key"))).toBe("sdk/8 unrecognized public key type: /x.Key: invalid pubkey");
  });
});

describe("enclave §6.1, chain §2.7: what the enclave is told of signers", () => {
  const execute = (from: string): BothForms => {
    const message = {
      ...MsgExecuteContract.zero,
      sender: account(from).bytes,
      contract: new Uint8Array(20).fill(1),
      msg: Uint8Array.of(1),
    };
    const value = {
      sender: bytesToBase64(message.sender),
      contract: bytesToBase64(message.contract),
      msg: bytesToBase64(message.msg),
      sent_funds: [],
    };
    return { any: packAny(MsgExecuteContract, message), amino: { type: "wasm/MsgExecuteContract", value } };
  };

  function signersTold(tx: Uint8Array): EcallRequest<"execMessage">["signers"][] {
    const told: EcallRequest<"execMessage">["signers"][] = [];
    network.enclave.script.execMessage = ({ signers }) => {
      told.push(signers);
      return {
        result: { kind: "ok", value: new Uint8Array(0) },
        events: [],
        writes: [],
        gasUsed: 1n,
        finalized: false,
      };
    };
    expect(deliver(tx).log).toBe("");
    return told;
  }

  it("is the document that was signed, once for each of them", () => {
    const parts: Parts = { messages: [execute("a"), execute("a")], accountNumber: 1n };
    const signBytes = utf8ToBytes(documentOf(parts));
    const told = signersTold(signSingle(A, SignMode.LegacyAminoJson, parts));
    expect(told).toEqual([[{ accountNumber: 1n, signBytes }], [{ accountNumber: 1n, signBytes: undefined }]]);
  });

  it("is nothing for DIRECT", () => {
    const told = signersTold(signTx([execute("a").any], { gas: 100_000n, fee: [uscrt(10_000)] }));
    expect(told).toEqual([[{ accountNumber: 1n, signBytes: undefined }]]);
  });

  it("is that of the message's own sender alone", () => {
    const parts: Parts = { messages: [execute("b"), execute("a")], accountNumber: 2n };
    const infos = [B, A].map((secret) => ({ publicKey: keyOf(secret), modeInfo: single(SignMode.LegacyAminoJson) }));
    const documents = [2n, 1n].map((accountNumber) => utf8ToBytes(documentOf({ ...parts, accountNumber })));
    const signatures = [B, A].map((secret, i) => signHash(secret, crypto.sha256(documents[i] as Uint8Array)));
    const told = signersTold(assemble(parts, infos, signatures));
    expect(told.map((signers) => signers.map(({ signBytes }) => signBytes))).toEqual([
      [documents[0], undefined],
      [undefined, documents[1]],
    ]);
  });
});
