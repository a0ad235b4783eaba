/**
 * A user's day with secrets in every place where a contract or its user can have one.
 * @module
 */
import { randomBytes } from "node:crypto";
import { CHAIN_ID, type Contract, type Http, text, toBase64, type Wallet } from "./client.ts";
import { deploy, type Outcome, readWasm } from "./lab.ts";
import type { Marker } from "./scanner.ts";

export type Stage = {
  readonly http: Http;
  readonly alice: Wallet;
  readonly bob: Wallet;
  /** Broadcasts and waits until it is in a block. */
  readonly run: (tx: Uint8Array) => Promise<Outcome>;
};

const TEXTS = [
  "instantiate input",
  "state key",
  "state value",
  "output",
  "attribute key",
  "attribute value",
  "event attribute",
  "error",
  "panic",
  "query",
  "query error",
  "sub-message",
  "sub-message error",
  "sub-message instantiate",
  "nested query",
  "out of gas",
  "simulated input",
  "viewing key",
  "wrong viewing key",
  "memo",
  "padding",
  "entropy",
  "permit name",
  "wrong code hash",
] as const;
type Secrets = Readonly<Record<(typeof TEXTS)[number], string>>;

/** Fresh for each run, with characters that JSON escapes between two parts that it leaves alone. */
export function makeSecrets(): { readonly secrets: Secrets; readonly amount: string; readonly markers: Marker[] } {
  const markers: Marker[] = [];
  const secrets: Record<string, string> = {};
  for (const name of TEXTS) {
    const parts = [0, 1].map(() => `Zq${randomBytes(6).toString("hex")}Yx`) as [string, string];
    const secret = `${parts[0]}"\\/<>\n${parts[1]}`;
    secrets[name] = secret;
    markers.push({ name, secret }, { name: `${name}, a part`, secret: parts[0] });
  }
  // A number of 118 bits and more: long enough in digits and in binary.
  const value = (1n << 117n) + BigInt(`0x${randomBytes(14).toString("hex")}`);
  const big = Buffer.from(value.toString(16).padStart(32, "0"), "hex");
  markers.push(
    { name: "amount", secret: value.toString() },
    { name: "amount, big endian", secret: new Uint8Array(big) },
    { name: "amount, little endian", secret: new Uint8Array([...big].reverse()) },
  );
  return { secrets: secrets as Secrets, amount: value.toString(), markers };
}

/** Which places were checked to hold the secret as the user sees it. */
export type Played = { readonly probe: Contract; readonly token: Contract; readonly markers: readonly Marker[] };

/** Plays the day. @throws {Error} when the network does not do what it should, so that no secret is missing unnoticed */
export async function playSecrets(stage: Stage): Promise<Played> {
  const { secrets, amount, markers } = makeSecrets();
  const probe = await playProbe(stage, secrets, markers);
  const token = await playToken(stage, secrets, amount, markers);
  for (const [i, secret] of [...stage.alice.secrets, ...stage.bob.secrets].entries()) {
    markers.push({ name: `key ${i} of a user`, secret });
  }
  return { probe, token, markers };
}

const set = (key: string, value: string) => ({ set: { key: toBase64(key), value: toBase64(value) } });
const wasmExecute = (contract: Contract, message: unknown) => ({
  wasm: {
    execute: {
      contract_addr: contract.address,
      code_hash: contract.codeHash,
      msg: toBase64(JSON.stringify(message)),
      send: [],
    },
  },
});

function requireCode({ code, log }: Outcome, expected: "ok" | "failed", what: string): void {
  if ((code === 0) !== (expected === "ok")) throw new Error(`${what}: expected ${expected}, got code ${code}: ${log}`);
}

function requireHeld(held: string, secret: string, what: string): void {
  if (!held.includes(secret) && !held.includes(JSON.stringify(secret).slice(1, -1))) {
    throw new Error(`${what}: the user does not see the secret, so nothing is proven: ${held}`);
  }
}

function errorOf(wallet: Wallet, txKey: Uint8Array, log: string): string {
  const encrypted = /encrypted: ([A-Za-z0-9+/=_-]+)/.exec(log)?.[1];
  if (encrypted === undefined) throw new Error(`expected an encrypted error, got: ${log}`);
  return wallet.decrypt(txKey, new Uint8Array(Buffer.from(encrypted, "base64")));
}

async function ask({ http }: Stage, wallet: Wallet, contract: Contract, message: unknown): Promise<string> {
  const { bytes, txKey } = wallet.encrypt(contract.codeHash, message);
  const answer = (await http.get(
    `/compute/v1beta1/query/${contract.address}?query=${encodeURIComponent(toBase64(bytes))}`,
  )) as { data?: string; message?: string };
  if (answer.data === undefined) return errorOf(wallet, txKey, answer.message ?? "");
  const inner = wallet.decrypt(txKey, new Uint8Array(Buffer.from(answer.data, "base64")));
  return Buffer.from(inner, "base64").toString();
}

async function playProbe(stage: Stage, secrets: Secrets, markers: Marker[]): Promise<Contract> {
  const { alice, run } = stage;
  const execute = (contract: Contract, message: unknown, gas?: bigint) => {
    const { any, txKey } = alice.execute(contract, message);
    return run(alice.sign([any], gas)).then((outcome) => ({ ...outcome, txKey }));
  };
  const first = set("by instantiate", secrets["instantiate input"]);
  const probe = await deploy(alice, run, readWasm("probe"), first, "a public label");
  const other = { ...probe, address: await instantiateAgain(stage, probe) };

  const stored = await execute(probe, {
    run: {
      ops: [
        set(secrets["state key"], secrets["state value"]),
        { attribute: { key: secrets["attribute key"], value: secrets["attribute value"], plaintext: false } },
        {
          event: {
            type: "hidden",
            attributes: [{ key: "inside", value: secrets["event attribute"], encrypted: true }],
          },
        },
        { set_data: { data: toBase64(secrets.output) } },
      ],
    },
  });
  requireCode(stored, "ok", "storing");

  const failed = await execute(probe, { fail: { text: secrets.error } });
  requireCode(failed, "failed", "an error");
  requireHeld(errorOf(alice, failed.txKey, failed.log), secrets.error, "an error");
  requireCode(await execute(probe, { panic: { message: secrets.panic } }), "failed", "a panic");

  const spent = { run: { ops: [set("half done", secrets["out of gas"]), { endless_loop: {} }] } };
  requireCode(await execute(probe, spent, 200_000n), "failed", "an endless loop");

  const read = { get: { key: toBase64(secrets["state key"]) } };
  const answer = JSON.parse(await ask(stage, alice, probe, read)) as string;
  requireHeld(Buffer.from(answer, "base64").toString(), secrets["state value"], "a query");
  requireHeld(
    await ask(stage, alice, probe, { fail: { text: secrets["query error"] } }),
    secrets["query error"],
    "a query's error",
  );
  await ask(stage, alice, probe, { get: { key: toBase64(secrets.query) } });

  const sent = await execute(probe, {
    run: {
      ops: [
        { on_reply: { id: 7, op: set("after the reply", secrets["sub-message"]) } },
        {
          send: {
            messages: [
              {
                id: 7,
                msg: wasmExecute(other, {
                  run: { ops: [set("sent", secrets["sub-message"]), { set_data: { data: toBase64(secrets.output) } }] },
                }),
                gas_limit: null,
                reply_on: "always",
              },
              {
                id: 8,
                msg: wasmExecute(other, { fail: { text: secrets["sub-message error"] } }),
                gas_limit: null,
                reply_on: "error",
              },
              {
                id: 9,
                msg: {
                  wasm: {
                    instantiate: {
                      code_id: Number(probe.codeId),
                      code_hash: probe.codeHash,
                      msg: toBase64(JSON.stringify(set("made", secrets["sub-message instantiate"]))),
                      send: [],
                      label: "another public label",
                    },
                  },
                },
                gas_limit: null,
                reply_on: "always",
              },
            ],
          },
        },
      ],
    },
  });
  requireCode(sent, "ok", "sub-messages");
  const unanswered = await execute(probe, {
    send: {
      messages: [
        {
          id: 10,
          msg: wasmExecute(other, { fail: { text: secrets["sub-message error"] } }),
          gas_limit: null,
          reply_on: "never",
        },
      ],
    },
  });
  requireCode(unanswered, "failed", "a sub-message without a reply");

  const nested = JSON.stringify({
    wasm: {
      smart: {
        contract_addr: other.address,
        code_hash: other.codeHash,
        msg: toBase64(
          JSON.stringify({ run: { ops: [{ get: { key: toBase64(secrets["nested query"]) } }, { echo_message: {} }] } }),
        ),
      },
    },
  });
  requireCode(await execute(probe, { query_chain: { request: nested } }), "ok", "a query of a contract");

  const signingKey = new Uint8Array(randomBytes(32));
  markers.push({ name: "a key that a contract signs with", secret: signingKey });
  const signing = { secp256k1_sign: { message: toBase64("hello"), private_key: toBase64(signingKey) } };
  requireCode(await execute(probe, signing), "ok", "signing");

  const misled = await execute({ ...probe, codeHash: "00".repeat(32) }, set("k", secrets["wrong code hash"]));
  requireCode(misled, "failed", "a wrong code hash");

  const simulated = alice.sign([alice.execute(probe, set("k", secrets["simulated input"])).any]);
  alice.sequence--;
  await stage.http.get("/cosmos/tx/v1beta1/simulate", {
    method: "POST",
    body: JSON.stringify({ tx_bytes: toBase64(simulated) }),
  });
  return probe;
}

async function instantiateAgain({ alice, run }: Stage, probe: Contract): Promise<string> {
  const made = await run(alice.sign([alice.instantiate(probe, { noop: {} }, { label: "a second label" }).any]));
  requireCode(made, "ok", "a second contract");
  const address = /secret1[a-z0-9]{38}/.exec(Buffer.from(made.data).toString("latin1"))?.[0];
  if (address === undefined) throw new Error("no address in the answer to an instantiate");
  return address;
}

async function playToken(stage: Stage, secrets: Secrets, amount: string, markers: Marker[]): Promise<Contract> {
  const { alice, bob, run } = stage;
  const execute = async (wallet: Wallet, message: unknown, what: string): Promise<void> => {
    requireCode(await run(wallet.sign([wallet.execute(token, message).any])), "ok", what);
  };
  const token = await deploy(
    alice,
    run,
    readWasm("private_token"),
    {
      name: "Secret",
      symbol: "SCRT",
      decimals: 6,
      admin: alice.address,
      initial_balances: [{ address: alice.address, amount }],
      prng_seed: toBase64(secrets.entropy),
      config: {},
    },
    "a token",
  );
  const memo = secrets.memo;
  await execute(
    alice,
    { transfer: { recipient: bob.address, amount: "1000", memo, padding: secrets.padding } },
    "a transfer",
  );
  await execute(alice, { set_viewing_key: { key: secrets["viewing key"] } }, "a viewing key");
  await execute(bob, { create_viewing_key: { entropy: secrets.entropy } }, "a made viewing key");
  const history = { address: alice.address, key: secrets["viewing key"], page_size: 10 };
  requireHeld(await ask(stage, alice, token, { transaction_history: history }), memo, "a history");
  const balance = { address: alice.address, key: secrets["viewing key"] };
  const held = (BigInt(amount) - 1000n).toString();
  requireHeld(await ask(stage, alice, token, { balance }), held, "a balance");
  markers.push({ name: "balance", secret: held });
  await ask(stage, bob, token, { balance: { address: alice.address, key: secrets["wrong viewing key"] } });

  const permit = signPermit(alice, token.address, secrets["permit name"]);
  markers.push({ name: "permit signature", secret: new Uint8Array(Buffer.from(permit.signature.signature, "base64")) });
  const answer = await ask(stage, alice, token, { with_permit: { permit, query: { balance: {} } } });
  requireHeld(answer, held, "a balance by permit");
  await execute(alice, { revoke_permit: { permit_name: secrets["permit name"] } }, "revoking a permit");
  return token;
}

/** SNIP-24: the permit is signed as an amino document that is no transaction; members of an object in order of their names. */
function signPermit(wallet: Wallet, token: string, permitName: string) {
  const permissions = ["balance", "history"];
  const document = {
    account_number: "0",
    chain_id: CHAIN_ID,
    fee: { amount: [{ amount: "0", denom: "uscrt" }], gas: "1" },
    memo: "",
    msgs: [{ type: "query_permit", value: { allowed_tokens: [token], permissions, permit_name: permitName } }],
    sequence: "0",
  };
  return {
    params: { permit_name: permitName, allowed_tokens: [token], chain_id: CHAIN_ID, permissions },
    signature: {
      pub_key: { type: "tendermint/PubKeySecp256k1", value: toBase64(wallet.publicKey) },
      signature: toBase64(wallet.signBytes(text(JSON.stringify(document)))),
    },
  };
}

/** Asks the node for everything that it has about these contracts and their transactions. */
export async function crawl({ http, alice }: Stage, { probe, token }: Played, rpc?: Http): Promise<void> {
  const latest = await http.latestHeight();
  const paths = [
    "/cosmos/base/tendermint/v1beta1/node_info",
    `/cosmos/bank/v1beta1/balances/${alice.address}`,
    "/cosmos/bank/v1beta1/supply",
    "/compute/v1beta1/codes",
    `/cosmos/tx/v1beta1/txs?events=${encodeURIComponent(`message.sender='${alice.address}'`)}&pagination.limit=100`,
    `/cosmos/tx/v1beta1/txs?query=${encodeURIComponent(`message.sender='${alice.address}'`)}&limit=100`,
  ];
  for (const { address, codeId } of [probe, token]) {
    paths.push(
      `/compute/v1beta1/info/${address}`,
      `/compute/v1beta1/contract_history/${address}`,
      `/compute/v1beta1/code_hash/by_contract_address/${address}`,
      `/compute/v1beta1/code/${codeId}`,
      `/compute/v1beta1/contracts/${codeId}`,
    );
  }
  for (let height = 1; height <= latest; height++) {
    paths.push(`/cosmos/base/tendermint/v1beta1/blocks/${height}`, `/cosmos/tx/v1beta1/txs/block/${height}`);
  }
  for (const path of paths) await http.get(path);
  if (rpc === undefined) return;
  for (const path of ["/status", "/genesis", "/unconfirmed_txs"]) await rpc.get(path);
  for (let height = 1; height <= latest; height++) {
    for (const name of ["block", "block_results", "commit"]) await rpc.get(`/${name}?height=${height}`);
  }
}
