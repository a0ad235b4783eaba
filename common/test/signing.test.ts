import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "../src/address.ts";
import { bytesToHex, bytesToUtf8, hexToBytes, utf8ToBytes } from "../src/bytes.ts";
import { makeNobleCrypto } from "../src/crypto/nobleCrypto.ts";
import { InputError } from "../src/errors.ts";
import {
  accountKeyAddress,
  aminoKeyBytes,
  countKeys,
  decodeAccountKey,
  MAX_ACCOUNT_KEYS,
  MAX_MULTISIG_DEPTH,
} from "../src/signing/accountKey.ts";
import {
  aminoObstacle,
  eip191SignBytes,
  formatAminoJson,
  formatAminoSignDoc,
  indentJson,
} from "../src/signing/aminoSignDoc.ts";
import { Any, packAny } from "../src/wire/any.ts";
import { LegacyAminoMultisigPubKey, packSecp256k1PublicKey } from "../src/wire/publicKey.ts";
import { AuthInfo, type DecodedTx, decodeTx, hasUnknownBodyFields, TxBody, TxRaw } from "../src/wire/tx.ts";

const crypto = makeNobleCrypto();
type Vectors = {
  readonly documents: readonly {
    readonly name: string;
    readonly mode: number;
    readonly tx: string;
    readonly sign_bytes: string;
  }[];
  readonly keys: readonly {
    readonly name: string;
    readonly public_key: string;
    readonly amino: string;
    readonly address: string;
  }[];
};
const vectors = JSON.parse(readFileSync(new URL("../../vectors/signatures.json", import.meta.url), "utf8")) as Vectors;

const single = packSecp256k1PublicKey(Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 2 : i)));
const multisig = (threshold: number, publicKeys: readonly Any[]): Any =>
  packAny(LegacyAminoMultisigPubKey, { threshold, publicKeys });
const nested = (depth: number): Any => (depth === 0 ? single : multisig(1, [nested(depth - 1)]));

describe("enclave §6.3, chain §1.2, §6.6: keys of accounts", () => {
  it.each(vectors.keys)("$name: has the amino bytes and the address that clients derive", (vector) => {
    const key = decodeAccountKey(Any.decode(hexToBytes(vector.public_key)));
    if (key === undefined) throw new TypeError("expected a key");
    expect(bytesToHex(aminoKeyBytes(key))).toBe(vector.amino);
    expect(formatAddress(accountKeyAddress(crypto, key))).toBe(vector.address);
  });

  it("counts members of members", () => {
    const key = decodeAccountKey(multisig(2, [single, multisig(1, [single, single]), single]));
    expect(key && countKeys(key)).toBe(4);
  });

  it("writes lengths and thresholds above 127 in two bytes", () => {
    const key = decodeAccountKey(multisig(300, [multisig(1, [single, single, single, single])]));
    // 6 bytes and four times 40.
    expect(key && bytesToHex(aminoKeyBytes(key))).toMatch(/^22c1f7e208ac0212a60122c1f7e208011226eb5ae987/);
  });

  it("reads no key of another type, nor a threshold with such a member", () => {
    const other = { ...single, typeUrl: "/cosmos.crypto.secp256r1.PubKey" };
    expect(decodeAccountKey(other)).toBeUndefined();
    expect(decodeAccountKey(multisig(1, [single, other]))).toBeUndefined();
  });

  it("refuses a threshold of zero, depth and number without end, and what is no key", () => {
    expect(decodeAccountKey(nested(MAX_MULTISIG_DEPTH))).toBeDefined();
    expect(decodeAccountKey(multisig(1, Array(MAX_ACCOUNT_KEYS - 1).fill(single)))).toBeDefined();
    for (const bad of [
      multisig(0, [single]),
      nested(MAX_MULTISIG_DEPTH + 1),
      nested(200),
      multisig(1, Array(MAX_ACCOUNT_KEYS).fill(single)),
      multisig(1, [{ ...single, value: single.value.slice(1) }]),
      packSecp256k1PublicKey(new Uint8Array(32)),
    ]) {
      expect(() => decodeAccountKey(bad)).toThrow(InputError);
    }
  });
});

const decoded = (tx: string): DecodedTx => decodeTx(hexToBytes(tx));
const signer = { chainId: "secretdev-1", accountNumber: 7n, sequence: 3n };
/** The document's messages, read by the platform's own parser. */
function msgsOf(signBytes: Uint8Array): never {
  const text = bytesToUtf8(signBytes);
  return JSON.parse(text.slice(text.indexOf("{"))).msgs as never;
}

describe("chain §6.4, §6.5: the document that is signed", () => {
  it.each(vectors.documents)("$name, mode $mode: is what wallets sign", ({ mode, tx, sign_bytes }) => {
    const signBytes = hexToBytes(sign_bytes);
    const document = formatAminoSignDoc(decoded(tx), signer, msgsOf(signBytes));
    expect(mode === 191 ? eip191SignBytes(document) : utf8ToBytes(document)).toEqual(signBytes);
  });

  it("shows payer, granter and time-out only where there are such, and the empty fee", () => {
    const body = { ...TxBody.zero, timeoutHeight: 9n };
    const fee = { amount: [], gasLimit: 1n, payer: "p", granter: "g" };
    const tx = (change: Partial<typeof fee>, timeoutHeight: bigint): DecodedTx => ({
      raw: TxRaw.zero,
      body: { ...body, timeoutHeight },
      authInfo: { ...AuthInfo.zero, fee: { ...fee, ...change } },
    });
    const write = (one: DecodedTx) => formatAminoSignDoc(one, signer, []);
    expect(write(tx({}, 9n))).toBe(
      '{"account_number":"7","chain_id":"secretdev-1","fee":{"amount":[],"gas":"1","granter":"g","payer":"p"},"memo":"",' +
        '"msgs":[],"sequence":"3","timeout_height":"9"}',
    );
    expect(write(tx({ payer: "", granter: "" }, 0n))).toBe(
      '{"account_number":"7","chain_id":"secretdev-1","fee":{"amount":[],"gas":"1"},"memo":"","msgs":[],"sequence":"3"}',
    );
    const odd = { amount: [{ denom: "", amount: "" }], payer: "", granter: "" };
    expect(write(tx(odd as never, 0n))).toContain('"fee":{"amount":[{"amount":"0"}],"gas":"1"}');
  });

  it("does not exist for a transaction that says more than a document shows", () => {
    const plain = decoded(vectors.documents[0]?.tx as string);
    expect(aminoObstacle(plain)).toBeUndefined();
    const option = [{ typeUrl: "/x.Option", value: new Uint8Array(0) }];
    const cases: DecodedTx[] = [
      { ...plain, body: { ...plain.body, extensionOptions: option } },
      { ...plain, body: { ...plain.body, nonCriticalExtensionOptions: option } },
      { ...plain, authInfo: { ...plain.authInfo, fee: undefined } },
      { ...plain, authInfo: { ...plain.authInfo, tip: { amount: [], tipper: "" } } },
      // Field 1024, which no decoder minds, and no document shows.
      { ...plain, raw: { ...plain.raw, bodyBytes: Uint8Array.of(...plain.raw.bodyBytes, 0x82, 0x40, 0) } },
    ];
    for (const tx of cases) expect(aminoObstacle(tx)).toEqual(expect.any(String));
    expect(hasUnknownBodyFields(plain.raw.bodyBytes)).toBe(false);
  });

  it("escapes as Go does", () => {
    expect(formatAminoJson({ b: '<a> & \u2028\u2029\u007f\u0001\b\f\n\r\t"\\é\u{1f600}', a: [] })).toBe(
      '{"a":[],"b":"\\u003ca\\u003e \\u0026 \\u2028\\u2029\u007f\\u0001\\b\\f\\n\\r\\t\\"\\\\é\u{1f600}"}',
    );
  });

  it("sorts members at every depth by their bytes", () => {
    expect(formatAminoJson({ "\u{1f600}": 1, "\uffff": { b: 1, a: 2 }, Z: 3, a: 4 })).toBe(
      '{"Z":3,"a":4,"\uffff":{"a":2,"b":1},"\u{1f600}":1}',
    );
  });

  it("is laid out over lines as JSON.stringify does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "medium" }), (value) => {
        const compact = JSON.stringify(value);
        expect(indentJson(compact)).toBe(JSON.stringify(JSON.parse(compact), null, 4));
      }),
    );
    expect(indentJson('{"a\\\\":"\\"{[,:","b":[[],{},[1,{}]]}')).toBe(
      '{\n    "a\\\\": "\\"{[,:",\n    "b": [\n        [],\n        {},\n        [\n            1,\n            {}\n        ]\n    ]\n}',
    );
  });

  it("is framed by its length in bytes as a personal message", () => {
    const text = '{\n    "é": 1\n}';
    expect(bytesToUtf8(eip191SignBytes('{"é":1}'))).toBe(`\x19Ethereum Signed Message:\n15${text}`);
    expect(utf8ToBytes(text)).toHaveLength(15);
  });
});
