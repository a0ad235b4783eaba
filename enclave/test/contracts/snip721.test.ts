/** The collection of unique tokens through the enclave: encrypted messages, viewing keys, a receiver that is told. */
import { base64ToBytes, bytesToHex, bytesToUtf8 } from "@sotto/common/bytes";
import { beforeAll, describe, expect, it } from "vitest";
import { type Instance, TestChain, Wallet } from "../harness.ts";
import { b64, rustWasm } from "./rustContract.ts";

let chain: TestChain;
let minter: Wallet;
let alice: Wallet;
let bob: Wallet;
let stranger: Wallet;
let collection: Instance;
let receiver: Instance;

const does = (wallet: Wallet, message: unknown) => chain.execute(wallet, collection, message);
const asks = (query: unknown) => {
  const answer = chain.query(stranger, collection, query);
  return answer.startsWith("error: ") ? answer : JSON.parse(answer);
};
const viewer = (wallet: Wallet) => ({ viewer: { address: wallet.bech32, viewing_key: `key ${wallet.number}` } });
const ownerOf = (token_id: string, wallet?: Wallet) =>
  asks({ owner_of: { token_id, ...(wallet === undefined ? {} : viewer(wallet)) } });

beforeAll(() => {
  chain = TestChain.start();
  [minter, alice, bob, stranger] = [1, 2, 3, 4].map((n) => new Wallet(n)) as [Wallet, Wallet, Wallet, Wallet];
  const instantiate = { name: "Cats", symbol: "CAT", entropy: "e", config: { enable_burn: true } };
  collection = chain.instantiate(minter, chain.storeCode(rustWasm("snip721")), instantiate);
  receiver = chain.instantiate(minter, chain.storeCode(rustWasm("probe")), { noop: {} });
  for (const wallet of [minter, alice, bob, stranger]) {
    expect(does(wallet, { set_viewing_key: { key: `key ${wallet.number}` } }).code).toBe("ok");
  }
  const mint = (token_id: string, owner: string) => ({
    token_id,
    owner,
    public_metadata: { token_uri: "open" },
    private_metadata: { token_uri: `secret of ${token_id}` },
  });
  const minted = does(minter, {
    batch_mint_nft: { mints: ["a", "b", "c"].map((token) => mint(token, alice.bech32)) },
  });
  expect(JSON.parse(minted.data as string)).toEqual({ batch_mint_nft: { token_ids: ["a", "b", "c"] } });
});

describe("enclave §2.1, contracts §6.1: a private collection", () => {
  it("shows public metadata to everybody and nothing else to strangers", () => {
    expect(asks({ nft_info: { token_id: "a" } }).nft_info.token_uri).toBe("open");
    for (const who of [undefined, stranger]) {
      for (const token of ["a", "not there"]) {
        expect(ownerOf(token, who)).toContain(`You are not authorized to perform this action on token ${token}`);
      }
    }
    const tokens = asks({ tokens: { owner: alice.bech32, viewer: stranger.bech32, viewing_key: "key 4" } });
    expect(tokens).toEqual({ token_list: { tokens: [] } });
    expect(asks({ num_tokens: {} })).toContain("The token supply of this contract is private");
    expect(asks({ private_metadata: { token_id: "a", ...viewer(stranger) } })).toContain("not authorized");
    const wrong = { address: alice.bech32, viewing_key: "key 4" };
    expect(asks({ owner_of: { token_id: "a", viewer: wrong } })).toContain("Wrong viewing key");
  });

  it("shows owners what is theirs", () => {
    expect(ownerOf("a", alice).owner_of.owner).toBe(alice.bech32);
    const tokens = { tokens: { owner: alice.bech32, viewing_key: "key 2" } };
    expect(asks(tokens)).toEqual({ token_list: { tokens: ["a", "b", "c"] } });
    expect(asks({ private_metadata: { token_id: "a", ...viewer(alice) } }).private_metadata.token_uri).toBe(
      "secret of a",
    );
  });

  it("moves a token for its owner alone", () => {
    expect(does(bob, { transfer_nft: { recipient: bob.bech32, token_id: "a" } }).error).toContain("not authorized");
    expect(does(alice, { transfer_nft: { recipient: bob.bech32, token_id: "a" } }).code).toBe("ok");
    expect(ownerOf("a", bob).owner_of.owner).toBe(bob.bech32);
    expect(ownerOf("a", alice)).toContain("not authorized");
  });

  it("lets an approval expire at a height", () => {
    const approve = (at_height: number) =>
      does(alice, { approve: { spender: bob.bech32, token_id: "b", expires: { at_height } } });
    const take = { transfer_nft: { recipient: bob.bech32, token_id: "b" } };
    approve(Number(chain.height) + 2);
    expect(does(bob, take).error).toContain("not authorized");
    approve(Number(chain.height) + 3);
    expect(does(bob, take).code).toBe("ok");
  });

  it("tells a receiver of what it was sent, in a message that only enclaves read", () => {
    const receiver_info = { recipient_code_hash: bytesToHex(receiver.codeHash) };
    const msg = b64("hello");
    const sent = does(alice, { send_nft: { contract: receiver.bech32, receiver_info, token_id: "c", msg } });
    expect(sent.code).toBe("ok");
    const stored = JSON.parse(chain.query(bob, receiver, { get: { key: b64("received") } }));
    expect(JSON.parse(bytesToUtf8(base64ToBytes(stored)))).toEqual({
      receive_nft: { sender: alice.bech32, token_id: "c", msg },
    });
  });

  it("opens one token to one viewer, or to everybody", () => {
    const level = { token_id: "a", view_owner: "approve_token", view_private_metadata: "approve_token" };
    does(bob, { set_whitelisted_approval: { address: stranger.bech32, ...level } });
    expect(ownerOf("a", stranger).owner_of.owner).toBe(bob.bech32);
    expect(ownerOf("b", stranger)).toContain("not authorized");
    const { owner, private_metadata } = asks({ nft_dossier: { token_id: "a", ...viewer(stranger) } }).nft_dossier;
    expect([owner, private_metadata.token_uri]).toEqual([bob.bech32, "secret of a"]);
    does(bob, { set_global_approval: { token_id: "b", view_owner: "approve_token" } });
    expect(ownerOf("b").owner_of.owner).toBe(bob.bech32);
  });

  it("burns, after which nothing is left", () => {
    expect(does(alice, { burn_nft: { token_id: "a" } }).error).toContain("not authorized");
    expect(does(bob, { burn_nft: { token_id: "a" } }).code).toBe("ok");
    expect(ownerOf("a", bob)).toContain("not authorized");
    expect(asks({ num_tokens: viewer(minter) })).toEqual({ num_tokens: { count: 2 } });
  });
});
