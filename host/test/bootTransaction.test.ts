import { bytesToHex, hexToBytes } from "@sotto/common/bytes";
import { decodeTx, SignDoc } from "@sotto/common/wire/tx";
import { describe, expect, it } from "vitest";
import { DEVELOPMENT_ACCOUNTS, type DevelopmentAccount } from "../src/app/genesis/developmentAccounts.ts";
import { isBootTransaction, makeBootTransaction } from "../src/node/bootTransaction.ts";
import { makeHostCrypto } from "../src/node/hostCrypto.ts";
import { decodeAccountResponse } from "../src/node/nodeAccount.ts";
import { type AccountKey, makeAccountKey, signTx } from "../src/node/signTx.ts";

const crypto = makeHostCrypto();
const account = DEVELOPMENT_ACCOUNTS[1] as DevelopmentAccount;
const key = makeAccountKey(crypto, hexToBytes(account.insecurePrivateKey)) as AccountKey;

describe("consensus §5 T33: the transaction of a start", () => {
  it("is a send of the account to itself, with the enclave's nonce in the memo, signed for the chain", () => {
    const nonce = new Uint8Array(32).fill(0xab);
    const tx = makeBootTransaction(crypto, key, { chainId: "private-1-sim", accountNumber: 5n, sequence: 7n, nonce });
    const { raw, body, authInfo } = decodeTx(tx);
    expect(key.text).toBe(account.address);
    expect(body.memo).toBe(`sotto-boot:${bytesToHex(nonce)}`);
    expect(body.messages.map(({ typeUrl }) => typeUrl)).toEqual(["/cosmos.bank.v1beta1.MsgSend"]);
    expect(authInfo.signerInfos[0]?.sequence).toBe(7n);
    // The least price: one uscrt for 80 units.
    const { gasLimit, amount } = authInfo.fee ?? { gasLimit: 0n, amount: [] };
    expect(BigInt(amount[0]?.amount ?? 0) * 80n).toBe(gasLimit);
    const { bodyBytes, authInfoBytes, signatures } = raw;
    const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId: "private-1-sim", accountNumber: 5n });
    expect(crypto.secp256k1Verify(crypto.sha256(document), signatures[0] as Uint8Array, key.publicKey)).toBe("valid");
    expect(isBootTransaction(tx)).toBe(true);
  });

  it("is told apart from what users send", () => {
    const user = signTx(crypto, key, {
      chainId: "x",
      accountNumber: 0n,
      sequence: 0n,
      messages: [],
      memo: "sotto",
      gasLimit: 81n,
    });
    expect(isBootTransaction(user)).toBe(false);
    expect(isBootTransaction(new Uint8Array(9))).toBe(false);
    expect(decodeTx(user).authInfo.fee?.amount[0]?.amount).toBe("2");
  });

  it("needs a key that is one, and an account that can be read", () => {
    for (const secret of [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31).fill(1)])
      expect(makeAccountKey(crypto, secret)).toBeUndefined();
    expect(() => decodeAccountResponse(Uint8Array.of(1, 2, 3))).toThrow();
  });
});
