/**
 * A client that shows what it does: it signs, encrypts and decrypts by itself, keeps its keys readable, and records every
 * byte that the node answers.
 * @module
 */
import { createHash } from "node:crypto";
import { parseAddress } from "@sotto/common/address";
import { base64ToBytes, bytesToBase64, bytesToHex, concatBytes, EMPTY_BYTES, hexToBytes } from "@sotto/common/bytes";
import { type Any, packAny } from "@sotto/common/wire/any";
import type { Coin } from "@sotto/common/wire/coin";
import { MsgExecuteContract, MsgInstantiateContract, MsgStoreCode } from "@sotto/common/wire/compute";
import { packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { AuthInfo, SignDoc, SignMode, TxBody, TxRaw } from "@sotto/common/wire/tx";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { makeHostCrypto } from "@sotto/host/node/hostCrypto";
import type { Form } from "./forms.ts";

export const crypto = makeHostCrypto();
export const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
export const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
export const toBase64 = (value: string | Uint8Array): string => Buffer.from(value as string).toString("base64");
const PROTOCOL_SALT = hexToBytes("000000000000000000024bead8df69990852c202db0e0097c1a12ea637d7e96d");
export const CHAIN_ID = "secretdev-1";

export type Contract = { readonly address: string; readonly codeHash: string; readonly codeId: bigint };
export type TxOptions = {
  readonly gas?: bigint;
  readonly funds?: readonly Coin[];
  readonly label?: string;
  readonly admin?: string;
};
export type SeenTx = {
  readonly height: number;
  readonly code: number;
  readonly log: string;
  readonly data: Uint8Array;
};

/** How secret messages are encrypted; a leaking enclave needs a client that leaks alike. */
export type MessageCipher = {
  encrypt(key: Uint8Array, plaintext: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;
};

export const AES_SIV: MessageCipher = {
  encrypt: (key, plaintext) => crypto.aesSivEncrypt(key, [EMPTY_BYTES], plaintext),
  decrypt: (key, ciphertext) => crypto.aesSivDecrypt(key, [EMPTY_BYTES], ciphertext),
};

export const noCipher = ({ encode, decode }: Form): MessageCipher => ({
  encrypt: (_, plaintext) => concatBytes(new Uint8Array(16), new Uint8Array(encode(Buffer.from(plaintext)))),
  decrypt: (_, ciphertext) => new Uint8Array(decode(Buffer.from(ciphertext).subarray(16))),
});

/** Answers of a node over HTTP, all of them recorded. */
export class Http {
  readonly url: string;
  readonly bodies: Uint8Array[] = [];

  constructor(url: string) {
    this.url = url;
  }

  async get(path: string, init: RequestInit = {}): Promise<Record<string, never>> {
    const response = await fetch(`${this.url}${path}`, init);
    const body = new Uint8Array(await response.arrayBuffer());
    this.bodies.push(body, text(JSON.stringify([...response.headers])));
    return JSON.parse(Buffer.from(body).toString());
  }

  async broadcast(tx: Uint8Array): Promise<{ readonly code: number; readonly log: string }> {
    const body = JSON.stringify({ tx_bytes: bytesToBase64(tx), mode: "BROADCAST_MODE_SYNC" });
    const answer = (await this.get("/cosmos/tx/v1beta1/txs", { method: "POST", body })) as never as {
      tx_response: { code: number; raw_log: string };
    };
    return { code: answer.tx_response.code, log: answer.tx_response.raw_log };
  }

  /** Undefined while the node does not know it. */
  async transaction(hash: string): Promise<SeenTx | undefined> {
    const { tx_response: seen } = (await this.get(`/cosmos/tx/v1beta1/txs/${hash}`)) as never as {
      tx_response?: { height: string; code: number; raw_log: string; data: string };
    };
    if (seen === undefined) return undefined;
    return {
      height: Number(seen.height),
      code: seen.code,
      log: seen.raw_log,
      data: new Uint8Array(Buffer.from(seen.data, "hex")),
    };
  }

  async latestHeight(): Promise<number> {
    const { block } = (await this.get("/cosmos/base/tendermint/v1beta1/blocks/latest")) as never as {
      block: { header: { height: string } };
    };
    return Number(block.header.height);
  }

  async ioKey(): Promise<Uint8Array> {
    const { key } = (await this.get("/registration/v1beta1/tx-key")) as never as { key: string };
    return base64ToBytes(key);
  }

  async sequence(address: string): Promise<bigint> {
    const { account } = (await this.get(`/cosmos/auth/v1beta1/accounts/${address}`)) as never as {
      account: { sequence: string };
    };
    return BigInt(account.sequence);
  }
}

/** One development account: `validator`, `a`, `b`, `c` or `d`. */
export class Wallet {
  readonly address: string;
  readonly bytes: Uint8Array;
  readonly number: bigint;
  readonly publicKey: Uint8Array;
  readonly exchangeSecret: Uint8Array;
  /** Keys that only this client and the enclave know. */
  readonly secrets: Uint8Array[] = [];
  readonly #privateKey: Uint8Array;
  readonly #cipher: MessageCipher;
  readonly #ioKey: Uint8Array;
  sequence = 0n;
  #nonces = 0;

  constructor(name: string, ioKey: Uint8Array, cipher: MessageCipher = AES_SIV) {
    const index = DEVELOPMENT_ACCOUNTS.findIndex((one) => one.name === name);
    const account = DEVELOPMENT_ACCOUNTS[index];
    if (account === undefined) throw new TypeError(`there is no account ${name}`);
    this.address = account.address;
    this.bytes = parseAddress(account.address);
    this.number = BigInt(index);
    this.#privateKey = hexToBytes(account.insecurePrivateKey);
    this.publicKey = crypto.secp256k1PublicKey(this.#privateKey) as Uint8Array;
    this.exchangeSecret = sha256(text(`exchange key of ${name}`));
    this.#ioKey = ioKey;
    this.#cipher = cipher;
    this.secrets.push(this.exchangeSecret, crypto.x25519(this.exchangeSecret, ioKey));
  }

  /** `nonce ‖ user key ‖ ciphertext` (enclave §2.1). */
  encrypt(codeHash: string, message: unknown): { readonly bytes: Uint8Array; readonly txKey: Uint8Array } {
    const nonce = sha256(text(`${this.address} ${this.#nonces++} ${process.hrtime.bigint()}`));
    const shared = crypto.x25519(this.exchangeSecret, this.#ioKey);
    const txKey = crypto.hkdfSha256(concatBytes(shared, nonce), PROTOCOL_SALT, EMPTY_BYTES, 32);
    this.secrets.push(txKey);
    const plaintext = text(codeHash + JSON.stringify(message));
    const ciphertext = this.#cipher.encrypt(txKey, plaintext);
    return { bytes: concatBytes(nonce, crypto.x25519PublicKey(this.exchangeSecret), ciphertext), txKey };
  }

  decrypt(txKey: Uint8Array, ciphertext: Uint8Array): string {
    const plaintext = this.#cipher.decrypt(txKey, ciphertext);
    if (plaintext === undefined) throw new Error("the answer does not decrypt");
    return Buffer.from(plaintext).toString();
  }

  sign(messages: readonly Any[], gas = 2_000_000n): Uint8Array {
    const bodyBytes = TxBody.encode({ ...TxBody.zero, messages });
    const modeInfo = { single: { mode: SignMode.Direct }, multi: undefined };
    const signer = { publicKey: packSecp256k1PublicKey(this.publicKey), modeInfo, sequence: this.sequence++ };
    const amount = [{ denom: "uscrt", amount: String(gas / 10n + 1n) }];
    const fee = { amount, gasLimit: gas, payer: "", granter: "" };
    const authInfoBytes = AuthInfo.encode({ signerInfos: [signer], fee, tip: undefined });
    const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId: CHAIN_ID, accountNumber: this.number });
    const signature = this.signBytes(document);
    return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] });
  }

  /** 64 bytes over the SHA-256 of `document`. */
  signBytes(document: Uint8Array): Uint8Array {
    return crypto.secp256k1Sign(sha256(document), this.#privateKey) as Uint8Array;
  }

  storeCode(wasm: Uint8Array): Any {
    return packAny(MsgStoreCode, { sender: this.bytes, wasmByteCode: wasm, source: "", builder: "" });
  }

  instantiate(
    code: Pick<Contract, "codeId" | "codeHash">,
    message: unknown,
    { label = "label", funds = [], admin = "" }: TxOptions = {},
  ) {
    const { bytes, txKey } = this.encrypt(code.codeHash, message);
    const any = packAny(MsgInstantiateContract, {
      ...MsgInstantiateContract.zero,
      sender: this.bytes,
      codeId: code.codeId,
      label,
      initMsg: bytes,
      initFunds: funds,
      admin,
    });
    return { any, txKey };
  }

  execute(contract: Pick<Contract, "address" | "codeHash">, message: unknown, { funds = [] }: TxOptions = {}) {
    const { bytes, txKey } = this.encrypt(contract.codeHash, message);
    const any = packAny(MsgExecuteContract, {
      ...MsgExecuteContract.zero,
      sender: this.bytes,
      contract: parseAddress(contract.address),
      msg: bytes,
      sentFunds: funds,
    });
    return { any, txKey };
  }
}

export const hashOf = (tx: Uint8Array): string => bytesToHex(sha256(tx)).toUpperCase();
