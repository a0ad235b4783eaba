/** Accounts that sign otherwise than DIRECT, with the published client: amino JSON, Ethereum wallets, thresholds. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { accountAddress, formatAddress } from "@sotto/common/address";
import { hexToBytes } from "@sotto/common/bytes";
import { makeNobleCrypto } from "@sotto/common/crypto/nobleCrypto";
import { accountKeyAddress, decodeAccountKey } from "@sotto/common/signing/accountKey";
import type { Any } from "@sotto/common/wire/any";
import { packAny } from "@sotto/common/wire/any";
import { LegacyAminoMultisigPubKey, packSecp256k1PublicKey } from "@sotto/common/wire/publicKey";
import { AuthInfo, MultiSignature, SignMode, TxRaw } from "@sotto/common/wire/tx";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import {
  MetaMaskWallet,
  type Msg,
  MsgClearAdmin,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgSend,
  MsgStoreCode,
  MsgUpdateAdmin,
  SecretNetworkClient,
  type TxOptions,
  type TxResponse,
  Wallet,
} from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import {
  ask,
  attribute,
  balanceOf,
  CHAIN_ID,
  type Client,
  type Contract,
  connect,
  dataOf,
  deployProbe,
  execute,
  FAST,
  instantiate,
  readWasm,
  succeeded,
  uscrt,
} from "./network.ts";

const crypto = makeNobleCrypto();
let rest: string;
let a: Client;
let probe: Contract;

beforeAll(async () => {
  ({ rest } = await startSotto());
  a = connect(rest, "a");
  probe = await deployProbe(a);
}, 30_000);

const mnemonicOf = (name: string): string => DEVELOPMENT_ACCOUNTS.find((each) => each.name === name)?.mnemonic ?? "";

type Signer = NonNullable<ConstructorParameters<typeof SecretNetworkClient>[0]["wallet"]>;
const clientOf = (wallet: Signer, walletAddress: string): Client =>
  new SecretNetworkClient({ url: rest, chainId: CHAIN_ID, wallet, walletAddress });

/** As a Ledger or a wallet's amino-only signer: it has no `signDirect`. */
function aminoClient(name: string): Client {
  const wallet = new Wallet(mnemonicOf(name));
  const signer = {
    getAccounts: () => wallet.getAccounts(),
    signAmino: (...args: Parameters<Wallet["signAmino"]>) => wallet.signAmino(...args),
  };
  return clientOf(signer as Signer, wallet.address);
}

/** What a browser with an Ethereum wallet gives a page: one account, signing personal messages. */
async function ethereumClient(secretHex: string): Promise<Client> {
  const secret = hexToBytes(secretHex);
  const remembered = new Map<string, string>();
  Object.assign(globalThis, {
    localStorage: {
      getItem: (key: string) => remembered.get(key) ?? null,
      setItem: (key: string, value: string) => remembered.set(key, value),
      removeItem: (key: string) => remembered.delete(key),
    },
  });
  const publicKey = crypto.secp256k1PublicKey(secret) as Uint8Array;
  const personalSign = (message: Uint8Array): string => {
    const prefix = Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`);
    const hash = crypto.keccak256(Buffer.concat([prefix, message]));
    const signature = crypto.secp256k1Sign(hash, secret) as Uint8Array;
    const recovery = [0, 1].find(
      (id) => Buffer.compare(crypto.secp256k1Recover(hash, signature, id) ?? prefix, publicKey) === 0,
    );
    return `0x${Buffer.from(signature).toString("hex")}${(27 + (recovery as number)).toString(16)}`;
  };
  const provider = {
    request: async ({ method, params }: { method: string; params: [string, string] }) => {
      if (method !== "personal_sign") throw new Error(`the wallet has no ${method}`);
      return personalSign(Buffer.from(params[0].slice(2), "hex"));
    },
  };
  const wallet = await MetaMaskWallet.create(provider, "0x087114fb337980d7b96098785f19345531816b6d");
  expect(wallet.address).toBe(formatAddress(accountAddress(crypto, publicKey)));
  return clientOf(wallet, wallet.address);
}

/** A threshold of wallets: each signs the same amino document, and somebody puts the signatures together. */
class Multisig {
  readonly members: readonly Wallet[];
  readonly publicKey: Any;
  readonly address: string;
  readonly client: Client;
  #signatures: Uint8Array[] = [];
  /** Whose signatures the next transaction gets. */
  signing: readonly number[] = [];

  constructor(threshold: number, members: readonly Wallet[]) {
    this.members = members;
    const publicKeys = members.map(({ publicKey }) => packSecp256k1PublicKey(publicKey));
    this.publicKey = packAny(LegacyAminoMultisigPubKey, { threshold, publicKeys });
    const key = decodeAccountKey(this.publicKey);
    if (key === undefined) throw new TypeError("no key");
    this.address = formatAddress(accountKeyAddress(crypto, key));
    const account = { address: this.address, algo: "secp256k1", pubkey: (members[0] as Wallet).publicKey } as const;
    const signer = {
      getAccounts: async () => [account],
      signAmino: async (_address: string, document: Parameters<Wallet["signAmino"]>[1]) => {
        const answers = await Promise.all(
          this.signing.map((at) => (members[at] as Wallet).signAmino((members[at] as Wallet).address, document)),
        );
        this.#signatures = answers.map(({ signature }) => Buffer.from(signature.signature, "base64"));
        return answers[0] as (typeof answers)[number];
      },
    };
    this.client = clientOf(signer as Signer, this.address);
  }

  /** Signs with these members and broadcasts; `bits` names others than those who signed. */
  async send(messages: Msg[], signing: readonly number[], options: TxOptions, bits = signing): Promise<TxResponse> {
    this.signing = signing;
    const raw = TxRaw.decode(await this.client.tx.signTx(messages, { ...options, ...FAST }));
    const { fee, tip, signerInfos } = AuthInfo.decode(raw.authInfoBytes);
    const bitarray = {
      extraBitsStored: this.members.length,
      elems: Uint8Array.of(bits.reduce((byte, bit) => byte | (0x80 >> bit), 0)),
    };
    const single = { single: { mode: SignMode.LegacyAminoJson }, multi: undefined };
    const info = {
      publicKey: this.publicKey,
      modeInfo: { single: undefined, multi: { bitarray, modeInfos: signing.map(() => single) } },
      sequence: signerInfos[0]?.sequence ?? 0n,
    };
    const bytes = TxRaw.encode({
      bodyBytes: raw.bodyBytes,
      authInfoBytes: AuthInfo.encode({ signerInfos: [info], fee, tip }),
      signatures: [MultiSignature.encode({ signatures: this.#signatures })],
    });
    return this.client.tx.broadcastSignedTx(bytes, FAST);
  }
}

/** The sender that the contract saw. */
function senderIn(tx: TxResponse, index = 0): string {
  const info = dataOf<string>(succeeded(tx), (bytes) => MsgExecuteContractResponse.decode(bytes), index);
  return (JSON.parse(info) as { sender: string }).sender;
}

const echo = (client: Client): MsgExecuteContract<object> =>
  new MsgExecuteContract({
    sender: client.address,
    contract_address: probe.address,
    code_hash: probe.codeHash,
    msg: { echo_info: {} },
    sent_funds: [],
  });

const send = (client: Client, amount: number): MsgSend =>
  new MsgSend({ from_address: client.address, to_address: a.address, amount: uscrt(amount) });

const modesOf = async (tx: TxResponse): Promise<unknown[]> => {
  const { body } = await ask(`${rest}/cosmos/tx/v1beta1/txs/${tx.transactionHash}`);
  const { auth_info } = body.tx as { auth_info: { signer_infos: { mode_info: unknown }[] } };
  return auth_info.signer_infos.map(({ mode_info }) => mode_info);
};

/** Code in a form that the client leaves alone: it starts to zip raw code and does not wait for it (clients §2.2). */
const zippedProbe = gzipSync(readWasm("probe"));
const newLabel = (): string => createHash("sha256").update(String(Math.random())).digest("hex").slice(0, 12);

/** Everything that a wallet does with the contract module, in one mode. */
function walletSuite(connectSigner: () => Promise<Client>, mode: string): void {
  let client: Client;
  beforeAll(async () => {
    client = await connectSigner();
  });

  it("sends coins", async () => {
    const before = await balanceOf(a, a.address);
    const tx = succeeded(
      await client.tx.bank.send(
        { from_address: client.address, to_address: a.address, amount: uscrt(17) },
        { gasLimit: 40_000, memo: 'für später: \u{1f600} "quoted" \\ \n\t', ...FAST },
      ),
    );
    expect(await modesOf(tx)).toEqual([{ single: { mode } }]);
    expect((await balanceOf(a, a.address)) - before).toBe(17n);
  });

  it("stores, instantiates and executes; the contract sees who signed", async () => {
    const stored = succeeded(
      await client.tx.compute.storeCode(
        { sender: client.address, wasm_byte_code: zippedProbe, source: "", builder: "" },
        { gasLimit: 5_000_000, ...FAST },
      ),
    );
    const codeId = attribute(stored, "message", "code_id") as string;
    const label = newLabel();
    const made = succeeded(
      await instantiate(client, { codeId, codeHash: probe.codeHash }, { noop: {} }, { label, funds: "3" }),
    );
    const address = attribute(made, "message", "contract_address") as string;
    const tx = await execute(client, { address, codeHash: probe.codeHash }, { echo_info: {} }, { funds: "5" });
    expect(senderIn(tx)).toBe(client.address);
    expect(await balanceOf(a, address)).toBe(8n);
  });

  it("runs several messages of one transaction, of this module and of others", async () => {
    const messages = [echo(client), send(client, 1), echo(client), send(client, 2), echo(client)];
    const tx = succeeded(await client.tx.broadcast(messages, { gasLimit: 800_000, ...FAST }));
    for (const index of [0, 2, 4]) expect(senderIn(tx, index)).toBe(client.address);
  });

  it("signs for migration and for changes of the admin", async () => {
    const label = newLabel();
    const message = new MsgInstantiateContract({
      sender: client.address,
      admin: client.address,
      code_id: probe.codeId,
      code_hash: probe.codeHash,
      init_msg: { noop: {} },
      label,
      init_funds: [],
    });
    const made = succeeded(await client.tx.broadcast([message], { gasLimit: 500_000, ...FAST }));
    const contract_address = attribute(made, "message", "contract_address") as string;
    const common = { sender: client.address, contract_address };
    const migrate = new MsgMigrateContract({
      ...common,
      code_id: probe.codeId,
      code_hash: probe.codeHash,
      msg: { noop: {} },
    });
    for (const each of [migrate, new MsgUpdateAdmin({ ...common, new_admin: a.address })]) {
      succeeded(await client.tx.broadcast([each], { gasLimit: 500_000, ...FAST }));
    }
    // The admin is another now: that is what is wrong, and not the signature.
    const clear = await client.tx.broadcast([new MsgClearAdmin(common)], { gasLimit: 500_000, ...FAST });
    expect(clear.rawLog).toMatch(/caller is not the admin: unauthorized$/);
  });

  it("reads its own errors", async () => {
    const tx = await execute(client, probe, { fail: { text: "as said" } });
    expect(tx.rawLog).toBe("failed to execute message; message index: 0: as said: execute contract failed");
  });
}

describe("clients §2.1, §2.2, chain §6.4: a wallet that signs amino JSON", () => {
  walletSuite(async () => aminoClient("b"), "SIGN_MODE_LEGACY_AMINO_JSON");

  it("may write what HTML would escape", async () => {
    const client = aminoClient("b");
    const memo = "<a> & b\u2028";
    // The client escapes but the line separator, which the chain escapes as well: such a memo does not verify.
    await expect(client.tx.broadcast([send(client, 1)], { gasLimit: 40_000, memo, ...FAST })).rejects.toThrow(
      /please verify account number \(2\), sequence \(\d+\) and chain-id \(secretdev-1\): unable to verify single signer signature/,
    );
    succeeded(await client.tx.broadcast([send(client, 1)], { gasLimit: 40_000, memo: "<a> & b", ...FAST }));
  });
});

describe("clients §2.3, chain §6.5: an Ethereum wallet", () => {
  const secret = DEVELOPMENT_ACCOUNTS.find(({ name }) => name === "c")?.insecurePrivateKey ?? "";
  walletSuite(() => ethereumClient(secret), "SIGN_MODE_EIP_191");

  it("cannot use what the chain escapes and the client does not", async () => {
    const client = await ethereumClient(secret);
    await expect(client.tx.broadcast([send(client, 1)], { gasLimit: 40_000, memo: "<", ...FAST })).rejects.toThrow(
      /and chain-id \(secretdev-1\): \(unable to verify single signer eip191 signature [0-9a-f]{128} for signBytes 19457468/,
    );
  });
});

describe("chain §6.6, enclave §6.3: an account of two out of three", () => {
  let multisig: Multisig;
  beforeAll(async () => {
    multisig = new Multisig(
      2,
      ["validator", "d", "a"].map((name) => new Wallet(mnemonicOf(name))),
    );
    const funds = { from_address: a.address, to_address: multisig.address, amount: uscrt(100_000_000) };
    succeeded(await a.tx.bank.send(funds, { gasLimit: 40_000, ...FAST }));
  });

  it("sends coins, and then shows its key", async () => {
    const before = await balanceOf(a, a.address);
    const tx = succeeded(await multisig.send([send(multisig.client, 11)], [0, 2], { gasLimit: 60_000 }));
    expect((await balanceOf(a, a.address)) - before).toBe(11n);
    expect(tx.arrayLog).toBeDefined();
    const { account } = await a.query.auth.account({ address: multisig.address });
    expect(account).toMatchObject({
      pub_key: {
        "@type": "/cosmos.crypto.multisig.LegacyAminoPubKey",
        threshold: 2,
        public_keys: multisig.members.map(({ publicKey }) => ({
          "@type": "/cosmos.crypto.secp256k1.PubKey",
          key: Buffer.from(publicKey).toString("base64"),
        })),
      },
      sequence: "1",
    });
    expect(await modesOf(tx)).toMatchObject([{ multi: { mode_infos: [{}, {}] } }]);
  });

  it("executes with any two of its members, and the contract sees the account", async () => {
    for (const pair of [
      [0, 1],
      [1, 2],
      [0, 1, 2],
    ]) {
      const tx = await multisig.send([echo(multisig.client), send(multisig.client, 1)], pair, { gasLimit: 400_000 });
      expect(senderIn(tx)).toBe(multisig.address);
    }
  });

  it("stores and instantiates", async () => {
    const store = new MsgStoreCode({ sender: multisig.address, wasm_byte_code: zippedProbe, source: "", builder: "" });
    const stored = succeeded(await multisig.send([store], [0, 1], { gasLimit: 5_000_000 }));
    const message = new MsgInstantiateContract({
      sender: multisig.address,
      code_id: attribute(stored, "message", "code_id") as string,
      code_hash: probe.codeHash,
      init_msg: { noop: {} },
      label: newLabel(),
      init_funds: uscrt(4),
    });
    succeeded(await multisig.send([message], [1, 2], { gasLimit: 500_000 }));
  });

  it("does nothing with one member, in the wrong order, or for whom did not sign", async () => {
    const options = { gasLimit: 400_000 };
    const attempts: readonly [readonly number[], readonly number[], RegExp][] = [
      [[1], [1], /: signature size is incorrect 1: unauthorized/],
      [[0, 1], [0], /: not enough signatures set, have 1, expected 2: unauthorized/],
      [[1, 0], [0, 1], /: unable to verify signature at index 0: unauthorized/],
      [[0, 1], [0, 2], /: unable to verify signature at index 2: unauthorized/],
      [[1, 1], [1, 2], /: unable to verify signature at index 2: unauthorized/],
    ];
    for (const [signing, bits, log] of attempts) {
      await expect(multisig.send([echo(multisig.client)], signing, options, bits)).rejects.toThrow(log);
    }
  });
});
