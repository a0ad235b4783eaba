/** Who signed, and for what: sign modes, thresholds, and documents that a host or a signer made otherwise. */
import { readFileSync } from "node:fs";
import type { Signer } from "@sotto/boundary/messages";
import { formatAddress } from "@sotto/common/address";
import { bytesToBase64, concatBytes, hexToBytes, utf8ToBytes } from "@sotto/common/bytes";
import { accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import { type Any, packAny } from "@sotto/common/wire/any";
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgUpdateAdmin,
} from "@sotto/common/wire/compute";
import { LegacyAminoMultisigPubKey, packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import {
  AuthInfo,
  decodeTx,
  type Fee,
  MultiSignature,
  SignDoc,
  type SignerInfo,
  SignMode,
  TxBody,
  TxRaw,
} from "@sotto/common/wire/tx";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EnclaveErrorCode } from "../src/enclaveError.ts";
import { ChainPanic } from "../src/execution/chainFailure.ts";
import { SignerCheck } from "../src/signatures/signerCheck.ts";
import { type ExecOutcome, type Instance, TestChain, testCrypto, Wallet } from "./harness.ts";

const CHAIN_ID = "secretdev-1";
const sha256 = testCrypto.sha256;
const b64 = (text: string): string => bytesToBase64(utf8ToBytes(text));

// ---- signers, by means of their own: no document here is made by the code under test

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as { readonly [key: string]: Json })
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
const canonical = (value: Json): string =>
  JSON.stringify(sorted(value)).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
const personal = (text: string): Uint8Array =>
  utf8ToBytes(`\x19Ethereum Signed Message:\n${utf8ToBytes(text).length}${text}`);

const secretOf = (number: number): Uint8Array => sha256(utf8ToBytes(`wallet ${number}`));
const publicKeyOf = (number: number): Uint8Array => testCrypto.secp256k1PublicKey(secretOf(number)) as Uint8Array;
const keyOf = (number: number): Any => packSecp256k1PublicKey(publicKeyOf(number));
const multisigOf = (threshold: number, ...publicKeys: readonly Any[]): Any =>
  packAny(LegacyAminoMultisigPubKey, { threshold, publicKeys });
const addressOf = (key: Any): Uint8Array => {
  const decoded = decodeAccountKey(key);
  if (decoded === undefined) throw new TypeError("no key");
  return accountKeyAddress(testCrypto, decoded);
};
const signWith = (number: number, hash: Uint8Array): Uint8Array =>
  testCrypto.secp256k1Sign(hash, secretOf(number)) as Uint8Array;
const multi = (...signatures: readonly Uint8Array[]): Uint8Array => MultiSignature.encode({ signatures });

const single = (mode: number) => ({ single: { mode }, multi: undefined });
const MULTI = { single: undefined, multi: { bitarray: undefined, modeInfos: [] } };

type TxParts = {
  readonly messages: readonly Any[];
  readonly infos: readonly Partial<SignerInfo>[];
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly fee?: Partial<Fee>;
};

function unsigned({ messages, infos, memo = "", timeoutHeight = 0n, fee = {} }: TxParts): TxRaw {
  const signerInfos = infos.map((info) => ({ publicKey: undefined, modeInfo: undefined, sequence: 3n, ...info }));
  return {
    bodyBytes: TxBody.encode({ ...TxBody.zero, messages, memo, timeoutHeight }),
    authInfoBytes: AuthInfo.encode({
      signerInfos,
      fee: { amount: [{ denom: "uscrt", amount: "25" }], gasLimit: 2_000_000n, payer: "", granter: "", ...fee },
      tip: undefined,
    }),
    signatures: [],
  };
}

const HEADER = {
  account_number: "7",
  chain_id: CHAIN_ID,
  fee: { amount: [{ amount: "25", denom: "uscrt" }], gas: "2000000" },
  memo: "",
  sequence: "3",
} as const;

// ---- messages in both forms

const alice = addressOf(keyOf(1));
const contract = new Uint8Array(20).fill(9);
const [aliceText, contractText] = [alice, contract].map((address) => formatAddress(address as never)) as [
  string,
  string,
];
const input = new Uint8Array(100).fill(3);

const FORMS: Record<
  string,
  { readonly any: Any; readonly amino: { readonly type: string; readonly value: Record<string, Json> } }
> = {
  instantiate: {
    any: packAny(MsgInstantiateContract, {
      ...MsgInstantiateContract.zero,
      sender: alice,
      codeId: 18_446_744_073_709_551_615n,
      label: "<a> label",
      initMsg: input,
      initFunds: [{ denom: "uscrt", amount: "1" }],
      admin: aliceText,
    }),
    amino: {
      type: "wasm/MsgInstantiateContract",
      value: {
        sender: bytesToBase64(alice),
        code_id: "18446744073709551615",
        label: "<a> label",
        init_msg: bytesToBase64(input),
        init_funds: [{ denom: "uscrt", amount: "1" }],
        admin: aliceText,
      },
    },
  },
  execute: {
    any: packAny(MsgExecuteContract, {
      ...MsgExecuteContract.zero,
      sender: alice,
      contract,
      msg: input,
      sentFunds: [
        { denom: "foo", amount: "2" },
        { denom: "uscrt", amount: "1" },
      ],
    }),
    amino: {
      type: "wasm/MsgExecuteContract",
      value: {
        sender: bytesToBase64(alice),
        contract: bytesToBase64(contract),
        msg: bytesToBase64(input),
        sent_funds: [
          { denom: "foo", amount: "2" },
          { denom: "uscrt", amount: "1" },
        ],
      },
    },
  },
  migrate: {
    any: packAny(MsgMigrateContract, {
      ...MsgMigrateContract.zero,
      sender: aliceText,
      contract: contractText,
      codeId: 13n,
      msg: input,
    }),
    amino: {
      type: "wasm/MsgMigrateContract",
      value: { sender: aliceText, contract: contractText, code_id: "13", msg: bytesToBase64(input) },
    },
  },
  "update admin": {
    any: packAny(MsgUpdateAdmin, {
      ...MsgUpdateAdmin.zero,
      sender: aliceText,
      newAdmin: contractText,
      contract: contractText,
    }),
    amino: {
      type: "wasm/MsgUpdateAdmin",
      value: { sender: aliceText, new_admin: contractText, contract: contractText },
    },
  },
  "clear admin": {
    any: packAny(MsgClearAdmin, { ...MsgClearAdmin.zero, sender: aliceText, contract: contractText }),
    amino: { type: "wasm/MsgClearAdmin", value: { sender: aliceText, contract: contractText } },
  },
};
const form = (name: string) => {
  const found = FORMS[name];
  if (found === undefined) throw new TypeError(name);
  return found;
};
const bankAny: Any = { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: Uint8Array.of(1, 2, 3) };
const bankAmino = { type: "cosmos-sdk/MsgSend", value: { amount: [], from_address: "x", to_address: "y" } };

/** How verification ends: "valid", or the code of the error. */
function verdictOf(tx: TxRaw, position: number, signers: readonly Signer[]): "valid" | EnclaveErrorCode {
  const check = new SignerCheck(testCrypto, CHAIN_ID, decodeTx(TxRaw.encode(tx)));
  try {
    check.verify(position, signers);
    return "valid";
  } catch (error) {
    return (error as { code: EnclaveErrorCode }).code;
  }
}

/** A transaction of account 1 over this document, whatever it says, and what the enclave makes of it. */
function judge(parts: Partial<TxParts>, document: Uint8Array, mode: number = SignMode.LegacyAminoJson) {
  const tx = unsigned({
    messages: [form("execute").any],
    infos: [{ publicKey: keyOf(1), modeInfo: single(mode) }],
    ...parts,
  });
  const hash = mode === SignMode.Eip191 ? testCrypto.keccak256(document) : sha256(document);
  return verdictOf({ ...tx, signatures: [signWith(1, hash)] }, 0, [{ accountNumber: 7n, signBytes: document }]);
}
const judgeText = (text: string, parts: Partial<TxParts> = {}) => judge(parts, utf8ToBytes(text));
const judgeMsgs = (msgs: readonly Json[], messages: readonly Any[]) =>
  judgeText(canonical({ ...HEADER, msgs }), { messages });

const { FailedTxVerification, FailedToDeserialize } = EnclaveErrorCode;

describe("enclave §6.3, §6.4, clients §2.1: what wallets sign", () => {
  const { documents } = JSON.parse(readFileSync(new URL("../../vectors/signatures.json", import.meta.url), "utf8")) as {
    documents: { name: string; mode: number; tx: string; sign_bytes: string }[];
  };

  it.each(documents)("$name, mode $mode: is accepted", ({ tx, sign_bytes }) => {
    const signBytes = hexToBytes(sign_bytes);
    expect(verdictOf(TxRaw.decode(hexToBytes(tx)), 0, [{ accountNumber: 7n, signBytes }])).toBe("valid");
  });

  const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
    bytes.map((byte, i) => (i === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));

  it("is accepted with no bit of document, signature or key changed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.constantFrom("document", "signature", "key"),
        fc.nat({ max: 1 << 20 }),
        ({ tx, sign_bytes }, what, bit) => {
          const raw = TxRaw.decode(hexToBytes(tx));
          const signBytes = hexToBytes(sign_bytes);
          const signers = (bytes: Uint8Array) => [{ accountNumber: 7n, signBytes: bytes }];
          if (what === "document") return verdictOf(raw, 0, signers(flip(signBytes, bit))) !== "valid";
          if (what === "signature") {
            const signatures = raw.signatures.map((signature) => flip(signature, bit));
            return verdictOf({ ...raw, signatures }, 0, signers(signBytes)) !== "valid";
          }
          const authInfo = AuthInfo.decode(raw.authInfoBytes);
          const signerInfos = authInfo.signerInfos.map((info) => {
            const publicKey = info.publicKey as Any;
            // The key itself: what comes before is its tag and length.
            const value = concatBytes(publicKey.value.slice(0, 2), flip(publicKey.value.slice(2), bit));
            return { ...info, publicKey: { ...publicKey, value } };
          });
          const authInfoBytes = AuthInfo.encode({ ...authInfo, signerInfos });
          return verdictOf({ ...raw, authInfoBytes }, 0, signers(signBytes)) !== "valid";
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("enclave §6.4: messages of document and transaction", () => {
  it.each(Object.keys(FORMS))("agree about %s in each of its fields", (name) => {
    const { any, amino } = form(name);
    expect(judgeMsgs([amino], [any])).toBe("valid");
    for (const field of Object.keys(amino.value)) {
      const value = amino.value[field] as Json;
      const others: Json[] = Array.isArray(value)
        ? [
            [],
            [...value].reverse().concat({ denom: "x", amount: "1" }),
            value.map((coin) => ({ ...(coin as object), amount: "9" })),
          ]
        : [otherText(value as string)];
      for (const other of others) {
        const verdict = judgeMsgs([{ ...amino, value: { ...amino.value, [field]: other } }], [any]);
        expect([field, verdict]).toEqual([field, FailedTxVerification]);
      }
    }
  });

  /** Something else of the same form. */
  function otherText(text: string): string {
    if (/^[0-9]+$/.test(text)) return "12";
    if (text === aliceText) return contractText;
    if (text === contractText) return aliceText;
    return text.startsWith("<") ? "another" : bytesToBase64(new Uint8Array(20).fill(1));
  }

  it("are as many, in the same order, and of the same kinds", () => {
    const [execute, migrate] = [form("execute"), form("migrate")];
    expect(judgeMsgs([execute.amino, migrate.amino], [execute.any, migrate.any])).toBe("valid");
    expect(judgeMsgs([migrate.amino, execute.amino], [execute.any, migrate.any])).toBe(FailedTxVerification);
    expect(judgeMsgs([execute.amino, migrate.amino], [execute.any])).toBe(FailedTxVerification);
    expect(judgeMsgs([execute.amino], [execute.any, migrate.any])).toBe(FailedTxVerification);
    expect(judgeMsgs([], [execute.any])).toBe(FailedTxVerification);
    expect(judgeMsgs([bankAmino], [execute.any])).toBe(FailedTxVerification);
    expect(judgeMsgs([execute.amino], [bankAny])).toBe(FailedTxVerification);
  });

  it("of other modules are not looked into: the chain compares them", () => {
    const { any, amino } = form("execute");
    expect(judgeMsgs([bankAmino, amino], [bankAny, any])).toBe("valid");
    expect(judgeMsgs([{ type: "x", value: 1 }, amino], [bankAny, any])).toBe("valid");
  });

  it("must parse: what is wrong in them tells which error", () => {
    const cases: readonly [string, string, Json | undefined, EnclaveErrorCode][] = [
      ["execute", "msg", "?", FailedToDeserialize],
      ["execute", "msg", undefined, FailedTxVerification],
      ["execute", "msg", 5, FailedTxVerification],
      ["execute", "sender", "?", FailedTxVerification],
      ["execute", "contract", "?", FailedTxVerification],
      ["execute", "sent_funds", undefined, FailedTxVerification],
      ["execute", "sent_funds", [{ denom: "uscrt" }], FailedTxVerification],
      ["instantiate", "init_msg", "?", FailedToDeserialize],
      ["instantiate", "code_id", "-1", FailedToDeserialize],
      ["instantiate", "code_id", 12, FailedTxVerification],
      ["instantiate", "label", undefined, FailedTxVerification],
      ["instantiate", "init_funds", null, FailedTxVerification],
      ["instantiate", "admin", undefined, FailedTxVerification],
      ["migrate", "sender", "secret1", FailedToDeserialize],
      ["migrate", "code_id", "1e3", FailedToDeserialize],
      ["update admin", "sender", "?", FailedToDeserialize],
      ["clear admin", "sender", `${aliceText}q`, FailedToDeserialize],
    ];
    for (const [name, field, value, code] of cases) {
      const { any, amino } = form(name);
      const members = Object.entries({ ...amino.value, [field]: value }).filter(([, member]) => member !== undefined);
      const msgs = [{ ...amino, value: Object.fromEntries(members) as Record<string, Json> }];
      expect([name, field, value, judgeMsgs(msgs, [any])]).toEqual([name, field, value, code]);
    }
    const { amino } = form("execute");
    expect(judgeMsgs([amino], [{ ...form("execute").any, value: Uint8Array.of(255) }])).toBe(FailedToDeserialize);
    for (const msgs of ["x", {}, [1], [{}], [{ type: 1 }], [{ type: amino.type }], [{ type: amino.type, value: [] }]]) {
      expect(judgeMsgs(msgs as never, [form("execute").any])).toBe(FailedTxVerification);
    }
  });
});

describe("enclave §6.4, chain §6.4: the rest of a document", () => {
  const msgs = [form("execute").amino];
  const honest = canonical({ ...HEADER, msgs });

  it("is that of the transaction, signed or not", () => {
    expect(judgeText(honest)).toBe("valid");
    const changes: Record<string, Json>[] = [
      { account_number: "8" },
      { chain_id: "secretdev-2" },
      { chain_id: "" },
      { sequence: "4" },
      { memo: "a" },
      { timeout_height: "1" },
      { fee: { ...HEADER.fee, gas: "2000001" } },
      { fee: { ...HEADER.fee, amount: [] } },
      { fee: { ...HEADER.fee, amount: [{ amount: "26", denom: "uscrt" }] } },
      { fee: { ...HEADER.fee, payer: aliceText } },
      { fee: { ...HEADER.fee, granter: aliceText } },
      { more: "" },
      { account_number: 7 },
    ];
    for (const change of changes)
      expect([change, judgeText(canonical({ ...HEADER, msgs, ...change }))]).toEqual([change, FailedTxVerification]);
    for (const missing of Object.keys(HEADER)) {
      const members = Object.entries({ ...HEADER, msgs }).filter(([name]) => name !== missing);
      expect([missing, judgeText(canonical(Object.fromEntries(members) as never))]).toEqual([
        missing,
        FailedTxVerification,
      ]);
    }
  });

  it("follows the transaction in memo, time-out, payer and granter", () => {
    const fee = { ...HEADER.fee, payer: aliceText, granter: contractText };
    const text = canonical({ ...HEADER, msgs, memo: 'é <b> "', timeout_height: "12", fee });
    const parts = { memo: 'é <b> "', timeoutHeight: 12n, fee: { payer: aliceText, granter: contractText } };
    expect(judgeText(text, parts)).toBe("valid");
    expect(judgeText(text, { ...parts, timeoutHeight: 13n })).toBe(FailedTxVerification);
    expect(judgeText(text, { ...parts, memo: 'é &lt;b> "' })).toBe(FailedTxVerification);
    expect(judgeText(text, { ...parts, fee: { gasLimit: 1n, ...parts.fee } })).toBe(FailedTxVerification);
  });

  it("has one form, even if its signer wrote another", () => {
    const forms = [
      ` ${honest}`,
      `${honest} `,
      `${honest}\n`,
      honest.replace(":", ": "),
      JSON.stringify(JSON.parse(honest), null, 4),
      JSON.stringify({ msgs, ...HEADER }),
      honest.replace('"memo":""', '"memo":"","memo":""'),
      honest.replace('"gas":', '"gas":"1","gas":'),
      honest.replace('"7"', '"\\u0037"'),
      honest.replace('"7"', "7"),
      honest.replace('"7"', '"07"'),
      honest.replace("secretdev", "secret\\u0064ev"),
      `${honest}{}`,
      `[${honest}]`,
      honest.slice(0, -1),
      "{}",
      "null",
      "",
    ];
    for (const text of forms) expect([text, judgeText(text)]).toEqual([text, FailedTxVerification]);
    expect(judge({}, concatBytes(utf8ToBytes(honest), Uint8Array.of(255)))).toBe(FailedTxVerification);
  });

  it("for an Ethereum wallet is laid out over lines and framed by its length", () => {
    const text = JSON.stringify(JSON.parse(honest), null, 4);
    expect(judge({}, personal(text), SignMode.Eip191)).toBe("valid");
    const others = [
      personal(honest),
      personal(JSON.stringify(JSON.parse(honest), null, 2)),
      personal(`${text}\n`),
      utf8ToBytes(text),
      utf8ToBytes(`\x19Ethereum Signed Message:\n${text.length + 1}${text}`),
      utf8ToBytes(`\x19Ethereum Signed Message:\n0${text.length}${text}`),
      utf8ToBytes(`Please sign\n${text}`),
    ];
    for (const bytes of others) expect(judge({}, bytes, SignMode.Eip191)).toBe(FailedTxVerification);
    // Each mode with the other's document.
    expect(judge({}, personal(text), SignMode.LegacyAminoJson)).toBe(FailedTxVerification);
    expect(judge({}, utf8ToBytes(honest), SignMode.Eip191)).toBe(FailedTxVerification);
  });

  it("does not exist for a transaction with extension options or a tip", () => {
    const infos = [{ publicKey: keyOf(1), modeInfo: single(SignMode.LegacyAminoJson) }];
    const tx = unsigned({ messages: [form("execute").any], infos });
    const signBytes = utf8ToBytes(honest);
    const signatures = [signWith(1, sha256(signBytes))];
    const signers = [{ accountNumber: 7n, signBytes }];
    expect(verdictOf({ ...tx, signatures }, 0, signers)).toBe("valid");
    const body = TxBody.decode(tx.bodyBytes);
    const option = [{ typeUrl: "/x", value: new Uint8Array(0) }];
    const authInfo = { ...AuthInfo.decode(tx.authInfoBytes), tip: { amount: [], tipper: aliceText } };
    const others = [
      { ...tx, bodyBytes: TxBody.encode({ ...body, extensionOptions: option }) },
      { ...tx, bodyBytes: TxBody.encode({ ...body, nonCriticalExtensionOptions: option }) },
      { ...tx, bodyBytes: concatBytes(tx.bodyBytes, Uint8Array.of(0x82, 0x40, 0)) },
      { ...tx, authInfoBytes: AuthInfo.encode(authInfo) },
    ];
    for (const other of others) expect(verdictOf({ ...other, signatures }, 0, signers)).toBe(FailedTxVerification);
  });
});

describe("enclave §6.1, §6.2, §6.3: sign modes and signers", () => {
  const document = utf8ToBytes(canonical({ ...HEADER, msgs: [form("execute").amino] }));
  const messages = [form("execute").any];
  const directly = (tx: TxRaw, ...numbers: number[]): TxRaw => {
    const { bodyBytes, authInfoBytes } = tx;
    const hash = sha256(SignDoc.encode({ bodyBytes, authInfoBytes, chainId: CHAIN_ID, accountNumber: 7n }));
    return { ...tx, signatures: numbers.map((number) => signWith(number, hash)) };
  };
  const SIGNER = { accountNumber: 7n, signBytes: undefined };

  it("direct needs no document, nor does a mode that is not named", () => {
    for (const mode of [SignMode.Direct, SignMode.Unspecified]) {
      const tx = unsigned({ messages, infos: [{ publicKey: keyOf(1), modeInfo: single(mode) }] });
      expect(verdictOf(directly(tx, 1), 0, [SIGNER])).toBe("valid");
      expect(verdictOf(directly(tx, 2), 0, [SIGNER])).toBe(FailedTxVerification);
      expect(verdictOf(directly(tx, 1), 0, [{ ...SIGNER, accountNumber: 8n }])).toBe(FailedTxVerification);
    }
  });

  it("others are refused, each with its error", () => {
    const cases = [
      [SignMode.Textual, FailedTxVerification],
      [SignMode.DirectAux, FailedToDeserialize],
      [5, FailedToDeserialize],
      [-1, FailedToDeserialize],
    ] as const;
    for (const [mode, code] of cases) {
      const tx = unsigned({ messages, infos: [{ publicKey: keyOf(1), modeInfo: single(mode) }] });
      expect([mode, verdictOf(directly(tx, 1), 0, [{ ...SIGNER, signBytes: document }])]).toEqual([mode, code]);
    }
  });

  it("a document that the host keeps to itself is no document", () => {
    for (const mode of [SignMode.LegacyAminoJson, SignMode.Eip191]) {
      const tx = unsigned({ messages, infos: [{ publicKey: keyOf(1), modeInfo: single(mode) }] });
      const signed = { ...tx, signatures: [signWith(1, sha256(document))] };
      expect(verdictOf(signed, 0, [SIGNER])).toBe(FailedTxVerification);
      expect(verdictOf(signed, 0, [])).toBe(FailedTxVerification);
    }
  });

  it("no mode at all is refused", () => {
    const tx = unsigned({ messages, infos: [{ publicKey: keyOf(1) }] });
    expect(verdictOf(directly(tx, 1), 0, [SIGNER])).toBe(FailedTxVerification);
  });

  it("direct demands a known type of key of every signer", () => {
    const other = { ...keyOf(2), typeUrl: "/cosmos.crypto.secp256r1.PubKey" };
    const modeInfo = single(SignMode.Direct);
    const tx = unsigned({
      messages,
      infos: [
        { publicKey: keyOf(1), modeInfo },
        { publicKey: other, modeInfo },
      ],
    });
    expect(verdictOf(directly(tx, 1, 2), 0, [SIGNER, SIGNER])).toBe(FailedToDeserialize);
    expect(verdictOf(directly(tx, 1, 2), 1, [SIGNER, SIGNER])).toBe(FailedTxVerification);
  });

  it("no other signer's signature will do", () => {
    const modeInfo = single(SignMode.LegacyAminoJson);
    const infos = [
      { publicKey: keyOf(1), modeInfo },
      { publicKey: keyOf(2), modeInfo },
    ];
    const tx = unsigned({ messages, infos });
    const signatures = [1, 2].map((number) => signWith(number, sha256(document)));
    const signers = [
      { accountNumber: 7n, signBytes: document },
      { accountNumber: 7n, signBytes: document },
    ];
    expect(verdictOf({ ...tx, signatures }, 0, signers)).toBe("valid");
    expect(verdictOf({ ...tx, signatures }, 1, signers)).toBe("valid");
    expect(verdictOf({ ...tx, signatures: [...signatures].reverse() }, 0, signers)).toBe(FailedTxVerification);
    expect(verdictOf({ ...tx, signatures: [] }, 0, signers)).toBe(FailedTxVerification);
  });

  it("the sender is found by the address of its key, the last that has it", () => {
    const pair = multisigOf(1, keyOf(1), keyOf(2));
    const infos = [keyOf(1), pair, keyOf(3), keyOf(1)].map((publicKey) => ({ publicKey, modeInfo: MULTI }));
    const check = new SignerCheck(testCrypto, CHAIN_ID, decodeTx(TxRaw.encode(unsigned({ messages, infos }))));
    expect(check.find(addressOf(keyOf(1)))).toBe(3);
    expect(check.find(addressOf(pair))).toBe(1);
    expect(() => check.find(addressOf(keyOf(2)))).toThrow(
      `[Compute] Message sender: ${formatAddress(addressOf(keyOf(2)) as never)} is not found in the tx signer set: [` +
        [keyOf(1), pair, keyOf(3), keyOf(1)].map((key) => formatAddress(addressOf(key) as never)).join(" ") +
        "], callback signature not provided: parse signature failed",
    );
  });

  it("a key that was left out ends the transaction", () => {
    const infos = [{ publicKey: keyOf(1) }, {}];
    const check = new SignerCheck(testCrypto, CHAIN_ID, decodeTx(TxRaw.encode(unsigned({ messages, infos }))));
    expect(() => check.find(alice)).toThrow(ChainPanic);
  });

  it("a key that is none verifies nothing", () => {
    for (const publicKey of [{ ...keyOf(1), value: Uint8Array.of(255) }, multisigOf(0, keyOf(1))]) {
      const tx = unsigned({ messages, infos: [{ publicKey, modeInfo: single(SignMode.Direct) }] });
      expect(verdictOf(directly(tx, 1), 0, [SIGNER])).toBe(FailedTxVerification);
    }
  });
});

describe("enclave §6.3: thresholds", () => {
  const messages = [form("execute").any];
  const document = utf8ToBytes(canonical({ ...HEADER, msgs: [form("execute").amino] }));
  const hash = sha256(document);
  const by = (number: number): Uint8Array => signWith(number, hash);
  const judgeMembers = (publicKey: Any, signature: Uint8Array, modeInfo: SignerInfo["modeInfo"] = MULTI) => {
    const tx = { ...unsigned({ messages, infos: [{ publicKey, modeInfo }] }), signatures: [signature] };
    return verdictOf(tx, 0, [{ accountNumber: 7n, signBytes: document }]);
  };
  const twoOfThree = multisigOf(2, keyOf(1), keyOf(2), keyOf(3));

  it("take as many members as they ask for, in order", () => {
    const good = [
      [by(1), by(2)],
      [by(1), by(3)],
      [by(2), by(3)],
      [by(1), by(2), by(3)],
    ];
    for (const signatures of good) expect(judgeMembers(twoOfThree, multi(...signatures))).toBe("valid");
    const bad = [
      [],
      [by(1)],
      [by(1), by(1)],
      [by(2), by(1)],
      [by(1), by(4)],
      [by(1), by(2), by(4)],
      [by(1), by(2), by(2)],
    ];
    for (const signatures of bad) expect(judgeMembers(twoOfThree, multi(...signatures))).toBe(FailedTxVerification);
  });

  it("pass over empty entries, which count for the number but not for the threshold", () => {
    const empty = new Uint8Array(0);
    expect(judgeMembers(twoOfThree, multi(by(1), empty, by(3)))).toBe("valid");
    expect(judgeMembers(twoOfThree, multi(empty, empty, by(3)))).toBe(FailedTxVerification);
    expect(judgeMembers(twoOfThree, multi(empty, empty))).toBe(FailedTxVerification);
  });

  it("count a member as often as it is there", () => {
    const twice = multisigOf(2, keyOf(1), keyOf(1));
    expect(judgeMembers(twice, multi(by(1), by(1)))).toBe("valid");
    expect(judgeMembers(twice, multi(by(1)))).toBe(FailedTxVerification);
    expect(judgeMembers(twice, multi(by(1), by(1), by(1)))).toBe(FailedTxVerification);
  });

  it("may be members of thresholds", () => {
    const outer = multisigOf(2, keyOf(1), multisigOf(2, keyOf(2), keyOf(3), keyOf(4)), keyOf(5));
    expect(judgeMembers(outer, multi(by(1), multi(by(2), by(4))))).toBe("valid");
    expect(judgeMembers(outer, multi(multi(by(2), by(4)), by(5)))).toBe("valid");
    expect(judgeMembers(outer, multi(by(1), multi(by(2))))).toBe(FailedTxVerification);
    expect(judgeMembers(outer, multi(by(1), by(2), by(4)))).toBe(FailedTxVerification);
    expect(judgeMembers(outer, multi(multi(by(1)), by(5)))).toBe(FailedTxVerification);
  });

  it("cannot be met where there are too few members, and are no lists of anything else", () => {
    expect(judgeMembers(multisigOf(3, keyOf(1), keyOf(2)), multi(by(1), by(2)))).toBe(FailedTxVerification);
    for (const bytes of [
      new Uint8Array(0),
      by(1),
      Uint8Array.of(255),
      concatBytes(multi(by(1), by(2)), Uint8Array.of(16, 1)),
    ]) {
      expect(judgeMembers(twoOfThree, bytes)).toBe(FailedTxVerification);
    }
  });

  it("sign as thresholds, and single keys do not", () => {
    const signature = multi(by(1), by(2));
    for (const mode of [SignMode.LegacyAminoJson, SignMode.Direct, SignMode.Eip191]) {
      expect(judgeMembers(twoOfThree, signature, single(mode))).toBe(FailedTxVerification);
    }
    expect(judgeMembers(keyOf(1), multi(by(1)))).toBe(FailedTxVerification);
    expect(judgeMembers(keyOf(1), by(1))).toBe(FailedTxVerification);
    expect(judgeMembers(twoOfThree, signature, { single: undefined, multi: undefined })).toBe(FailedTxVerification);
    expect(judgeMembers(keyOf(1), by(1), { single: undefined, multi: undefined })).toBe(FailedTxVerification);
  });

  it("hold for any members, any threshold and whoever signs, in whatever order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }),
        (members, threshold, signers) => {
          const key = multisigOf(threshold, ...members.map(keyOf));
          const expected = signers.length >= threshold && isSubsequence(signers, members);
          expect(judgeMembers(key, multi(...signers.map(by)))).toBe(expected ? "valid" : FailedTxVerification);
        },
      ),
      { numRuns: 200 },
    );
  });

  function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
    let at = 0;
    for (const one of whole) if (one === part[at]) at++;
    return at === part.length;
  }

  it("of any size are refused at a cost that grows with their keys", () => {
    const many = multisigOf(50, ...Array(99).fill(keyOf(1)));
    let tried = 0;
    const counting = {
      ...testCrypto,
      secp256k1Verify: (...args: Parameters<typeof testCrypto.secp256k1Verify>) => {
        tried++;
        return testCrypto.secp256k1Verify(...args);
      },
    };
    const signature = multi(...Array(99).fill(by(2)));
    const tx = { ...unsigned({ messages, infos: [{ publicKey: many, modeInfo: MULTI }] }), signatures: [signature] };
    const check = new SignerCheck(counting, CHAIN_ID, decodeTx(TxRaw.encode(tx)));
    expect(() => check.verify(0, [{ accountNumber: 7n, signBytes: document }])).toThrow();
    expect(tried).toBeLessThanOrEqual(99);
  });
});

describe("enclave §6.2, §6.6: a contract called in each mode", () => {
  const PROBE = new Uint8Array(readFileSync(new URL("../../contracts/wasm/probe.wasm", import.meta.url)));
  const UNVERIFIED = "Execution error: Enclave: failed to verify transaction signature: execute contract failed";
  let chain: TestChain;
  let wallet: Wallet;
  let probe: Instance;
  let restore: () => void;

  beforeAll(() => {
    chain = TestChain.start();
    wallet = new Wallet(1);
    probe = chain.instantiate(wallet, chain.storeCode(PROBE), { noop: {} });
    restore = chain.snapshot();
  });
  beforeEach(() => restore());

  type Call = { readonly bytes: Uint8Array; readonly signBytes: Uint8Array | undefined; readonly txKey: Uint8Array };

  /** An execute that stores and tells its sender, by `key`, whose secrets `sign` knows. */
  function call(key: Any, mode: number | "multi", sign: (hash: Uint8Array) => Uint8Array): Call {
    const { any, txKey } = chain.executeMessage(wallet, probe, {
      run: { ops: [{ set: { key: b64("k"), value: b64("v") } }, { echo_info: {} }] },
    });
    const message = { ...MsgExecuteContract.decode(any.value), sender: addressOf(key) };
    const infos = [{ publicKey: key, modeInfo: mode === "multi" ? MULTI : single(mode) }];
    const tx = unsigned({ messages: [packAny(MsgExecuteContract, message)], infos });
    const value = {
      sender: bytesToBase64(message.sender),
      contract: bytesToBase64(message.contract),
      msg: bytesToBase64(message.msg),
      sent_funds: [],
    };
    const text = canonical({ ...HEADER, msgs: [{ type: "wasm/MsgExecuteContract", value }] });
    const { bodyBytes, authInfoBytes } = tx;
    const signed =
      mode === SignMode.Direct
        ? SignDoc.encode({ bodyBytes, authInfoBytes, chainId: CHAIN_ID, accountNumber: 7n })
        : mode === SignMode.Eip191
          ? personal(JSON.stringify(JSON.parse(text), null, 4))
          : utf8ToBytes(text);
    const hash = mode === SignMode.Eip191 ? testCrypto.keccak256(signed) : sha256(signed);
    const bytes = TxRaw.encode({ ...tx, signatures: [sign(hash)] });
    return { bytes, signBytes: mode === SignMode.Direct ? undefined : signed, txKey };
  }

  function run(bytes: Uint8Array, signBytes: Uint8Array | undefined): ExecOutcome {
    chain.begin(chain.build([bytes]));
    const outcome = chain.call("execMessage", {
      transaction: 1,
      message: 0,
      signers: [{ accountNumber: 7n, signBytes }],
    });
    chain.call("endTransaction", { transaction: 1, kept: outcome.result.kind === "ok" });
    chain.end();
    return outcome;
  }
  const logOf = ({ result }: ExecOutcome): string => (result.kind === "failed" ? result.value.log : result.kind);

  const pair = multisigOf(2, keyOf(1), keyOf(2), keyOf(3));
  const CALLERS: readonly [string, Any, number | "multi", (hash: Uint8Array) => Uint8Array][] = [
    ["DIRECT", keyOf(1), SignMode.Direct, (hash) => signWith(1, hash)],
    ["LEGACY_AMINO_JSON", keyOf(1), SignMode.LegacyAminoJson, (hash) => signWith(1, hash)],
    ["EIP_191", keyOf(1), SignMode.Eip191, (hash) => signWith(1, hash)],
    ["two out of three", pair, "multi", (hash) => multi(signWith(1, hash), signWith(3, hash))],
  ];

  it.each(CALLERS)("%s: runs", (_name, key, mode, sign) => {
    const { bytes, signBytes } = call(key, mode, sign);
    const outcome = run(bytes, signBytes);
    expect(logOf(outcome)).toBe("ok");
    expect(outcome.writes.length).toBeGreaterThan(0);
  });

  it.each(CALLERS.slice(1))("%s: no document of the host's choice runs anything", (_name, key, mode, sign) => {
    const { bytes, signBytes } = call(key, mode, sign);
    const other = call(key, mode, sign);
    const good = signBytes as Uint8Array;
    const text = new TextDecoder().decode(good);
    const attempts: (Uint8Array | undefined)[] = [
      undefined,
      new Uint8Array(0),
      other.signBytes,
      good.slice(0, -1),
      good.slice(1),
      concatBytes(good, Uint8Array.of(0x20)),
      concatBytes(Uint8Array.of(0x20), good),
      concatBytes(good, new Uint8Array(2_000_000).fill(0x20)),
      utf8ToBytes(text.replace(CHAIN_ID, "secretdev-2")),
      utf8ToBytes(text.replace('"memo"', '"memo":"","memo"')),
      utf8ToBytes(text.replace('"3"', '"2"')),
      utf8ToBytes("not JSON"),
      Uint8Array.of(255, 254),
      new Uint8Array(1_000).fill(0x7b),
    ];
    for (const attempt of attempts) {
      const outcome = run(bytes, attempt);
      expect(logOf(outcome)).toBe(UNVERIFIED);
      expect(outcome.writes).toEqual([]);
    }
    expect(logOf(run(bytes, good))).toBe("ok");
  });
});
