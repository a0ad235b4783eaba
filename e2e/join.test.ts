import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RaAuthenticate } from "@sotto/common/wire/registration";
import { decodeTx } from "@sotto/common/wire/tx";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { homePaths } from "@sotto/host/node/home";
import { Wallet } from "secretjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  joinArguments,
  nodeOf,
  runSotto,
  type Sotto,
  spawnSotto,
  startArguments,
  startSotto,
  temporaryFolder,
} from "./harness.ts";
import { expectSentence } from "./home.ts";
import {
  balanceOf,
  type Contract,
  connectWallet,
  deployProbe,
  execute,
  FAST,
  query,
  succeeded,
  toBase64,
  uscrt,
} from "./network.ts";
import { expectSameChain, heightOf, reach, rpc } from "./two.ts";

const CHAIN_ID = "private-1-sim";
const FLAGS = ["--collect", "20", "--block-interval", "300"];

describe("registration §1.1, §1.2: a network of nodes that attest", () => {
  let first: Sotto;
  let genesis: string;
  let probe: Contract;
  const key = toBase64("key");

  const client = (node: Pick<Sotto, "rest">, name: string) => {
    const account = DEVELOPMENT_ACCOUNTS.find((each) => each.name === name);
    return connectWallet(node.rest, new Wallet(account?.mnemonic ?? ""), { chainId: CHAIN_ID });
  };
  const joining = (home: string, flags: readonly string[] = []): string[] =>
    joinArguments(home, ["--peer", first.rpc, "--genesis", genesis, "--from", "b", ...flags]);
  async function joinNow(home: string, flags: readonly string[] = []): Promise<Sotto> {
    const node = await nodeOf(spawnSotto(joining(home, flags)), home, performance.now());
    await reach(node, await heightOf(first));
    return node;
  }
  const ready = (node: Sotto): Promise<unknown> =>
    eventually(
      () =>
        query(client(node, "a"), probe, { get: { key } }).then(
          () => true,
          () => undefined,
        ),
      () => `an answer to a query:\n${node.output()}`,
    );

  beforeAll(async () => {
    first = await startSotto({ flags: [...FLAGS, "--chain-id", CHAIN_ID] });
    genesis = homePaths(first.home).genesis;
    probe = await deployProbe(client(first, "a"));
    succeeded(await execute(client(first, "a"), probe, { set: { key, value: toBase64("from before") } }));
  }, 60_000);
  afterAll(async () => {
    await first.stop();
  });

  it("is made by `sotto start --chain-id`, with its own enclave as the one that it admits", async () => {
    const { app_state } = JSON.parse(readFileSync(genesis, "utf8")) as {
      app_state: { register: Record<string, unknown> };
    };
    const shown = JSON.parse((await runSotto(["attest", "show", "--home", first.home, "--json"])).stdout) as Record<
      string,
      string
    >;
    expect(app_state.register).toMatchObject({
      attestation: {
        roots: ["sim-insecure"],
        sgx: [{ mrenclave: shown.measurement }],
        machines: "any",
        max_evidence_age: 100,
      },
      machines: [{ machine_id: shown.machine_id, owner: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    expect(shown).toMatchObject({ platform: "sim", debug: false, quote: expect.any(String) });
  });

  it("takes a second node in, step by step, which then reads and writes as the first does", async () => {
    const home = join(temporaryFolder(), "second");
    let second = await joinNow(home);
    const output = second.output();
    for (const line of [
      /^1 home and genesis: .*, network private-1-sim, genesis [0-9a-f]{64}$/m,
      /^2 keys: registration key [0-9a-f]{64}$/m,
      /^3 collateral and evidence: \d+ bytes, owner [0-9a-f]{64}$/m,
      /^4 registration: admitted in block \d+$/m,
      /^5 seed: opened by the enclave/m,
      /^6 catching up/m,
      /^sotto follows at height \d+: private-1-sim/m,
    ])
      expect(output).toMatch(line);
    await ready(second);
    expect(await query(client(second, "a"), probe, { get: { key } })).toBe(toBase64("from before"));
    const tx = succeeded(await execute(client(second, "a"), probe, { set: { key, value: toBase64("by the second") } }));
    expect(await query(client(first, "a"), probe, { get: { key } })).toBe(toBase64("by the second"));
    expect(tx.height).toBeGreaterThan(0);

    // Restarts without attesting again, and remembers its peer.
    await second.stop();
    second = await startSotto({ home });
    await reach(second, await heightOf(first));
    await ready(second);
    expect(await expectSameChain(first, second)).toBeGreaterThan(5);
    const nodes = JSON.parse(
      (await runSotto(["query", "register", "nodes", "--url", second.rest, "--json"])).stdout,
    ) as { node_key: string }[];
    expect(nodes).toHaveLength(1);
    const one = await runSotto(["query", "register", "node", nodes[0]?.node_key ?? "", "--url", second.rest]);
    expect(one.stdout).toMatch(/^admitted in block +\d+$/m);
    expect(
      (await runSotto(["query", "register", "machines", "--url", second.rest])).stdout.trim().split("\n"),
    ).toHaveLength(3);
    expect((await runSotto(["query", "register", "params", "--url", second.rest])).stdout).toMatch(
      /^chain id +private-1-sim$/m,
    );
    await second.stop();
  }, 60_000);

  it("goes on at every step where a join was killed", async () => {
    const home = join(temporaryFolder(), "killed");
    for (const step of ["1 home", "2 keys", "3 collateral", "4 registration", "5 seed", "sotto follows"]) {
      const running = spawnSotto(joining(home));
      await eventually(
        () => (running.output().includes(step) ? true : undefined),
        () => `${step}:\n${running.output()}`,
      );
      await running.kill();
    }
    const node = await joinNow(home);
    await ready(node);
    await expectSameChain(first, node, 3);
    await node.stop();
    // The key of the first try is the one that was admitted: one more node, however often it was tried.
    const { stdout } = await runSotto(["query", "register", "nodes", "--url", first.rest, "--json"]);
    expect(JSON.parse(stdout)).toHaveLength(2);
  }, 90_000);

  it("lets the authority change machines and policy, and nobody else", async () => {
    const machine = "ab".repeat(20);
    const allow = (from: string) => runSotto(["tx", "register", "allow", machine, "--from", from, "--url", first.rest]);
    expectSentence(await allow("c"), /^sotto: the network refused it: /);
    expect(await allow("validator")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^done in block \d+: [0-9A-F]{64}$/m),
    });
    const machines = () => runSotto(["query", "register", "machines", "--url", first.rest]);
    expect((await machines()).stdout).toMatch(new RegExp(`^${machine} +\\(nobody yet\\)$`, "m"));
    expect(
      await runSotto(["tx", "register", "remove", machine, "--from", "validator", "--url", first.rest]),
    ).toMatchObject({ code: 0 });
    expect((await machines()).stdout).not.toContain(machine);

    const { stdout: text } = await runSotto(["query", "register", "policy", "--url", first.rest]);
    const file = join(temporaryFolder(), "policy.json");
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(text) as object), max_evidence_age: 77 }));
    expect(
      await runSotto(["tx", "register", "policy", file, "--from", "validator", "--url", first.rest]),
    ).toMatchObject({ code: 0 });
    expect((await runSotto(["query", "register", "policy", "--url", first.rest])).stdout).toContain(
      '"max_evidence_age": 77',
    );
  });

  it("verifies evidence of its own members: admitted by the network's policy, by no other", async () => {
    const folder = temporaryFolder();
    const policy = join(folder, "policy.json");
    writeFileSync(policy, (await runSotto(["query", "register", "policy", "--url", first.rest])).stdout);
    const certificate = await certificateOf(first);
    const evidence = join(folder, "evidence.bin");
    writeFileSync(evidence, certificate);
    const admitted = await runSotto(["attest", "verify", evidence, "--policy", policy]);
    expect(admitted.stdout).toMatch(/^verdict +admitted$/m);
    expect(admitted.code).toBe(0);
    const refused = await runSotto(["attest", "verify", evidence]);
    expect(refused.stdout).toMatch(/^verdict +not admitted: step 5/m);
    expect(refused.stdout).toMatch(/^what to do +\S/m);
    expect(refused.code).toBe(1);
    const late = await runSotto(["attest", "verify", evidence, "--policy", policy, "--at", "4000000000", "--json"]);
    expect(JSON.parse(late.stdout)).toMatchObject({ admitted: false });
    expect(late.code).toBe(1);
  });

  it("says in one sentence what cannot be joined", async () => {
    const home = (): string => join(temporaryFolder(), "home");
    const other = join(temporaryFolder(), "genesis.json");
    writeFileSync(other, readFileSync(genesis, "utf8").replace(CHAIN_ID, "private-2-sim"));
    const refused = async (sentence: RegExp, ...args: string[]): Promise<void> =>
      expectSentence(await runSotto(args), sentence);
    await refused(/--from KEY is needed/, ...joinArguments(home(), ["--peer", first.rpc, "--genesis", genesis]));
    await refused(
      /there is no genesis file/,
      ...joinArguments(home(), ["--peer", first.rpc, "--genesis", `${genesis}.no`, "--from", "b"]),
    );
    await refused(
      /it is of network private-1-sim, the genesis file of private-2-sim/,
      ...joinArguments(home(), ["--peer", first.rpc, "--genesis", other, "--from", "b"]),
    );
    await refused(
      /connection refused/,
      ...joinArguments(home(), ["--peer", "http://127.0.0.1:1", "--genesis", genesis, "--from", "b"]),
    );
    await refused(
      /expected a development account/,
      ...joinArguments(home(), ["--peer", first.rpc, "--genesis", genesis, "--from", "nobody"]),
    );
    await refused(
      /network in this home is private-1-sim, not secretdev-1|in use/,
      ...startArguments(first.home, ["--chain-id", "secretdev-1"]),
    );
    await refused(/private-1-sim/, ...startArguments(home(), ["--chain-id", "mainnet-1"]));
    for (const flags of [[], ["--peer", "nonsense"]]) {
      const finished = await runSotto(joinArguments(home(), ["--genesis", genesis, "--from", "b", ...flags]));
      expect(finished).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/--peer <url>.*(not specified|expected a URL)/),
      });
    }
    const file = join(temporaryFolder(), "key");
    writeFileSync(file, "not a mnemonic at all");
    await refused(
      /expected a development account/,
      ...joinArguments(home(), ["--peer", first.rpc, "--genesis", genesis, "--from", file]),
    );
    writeFileSync(file, "07".repeat(32));
    await refused(
      /the account secret1\S+ does not exist on this network/,
      ...joinArguments(home(), ["--peer", first.rpc, "--genesis", genesis, "--from", file]),
    );
  }, 60_000);

  it("is joined with an account in a file as well, a mnemonic or a key", async () => {
    const wallet = new Wallet();
    const a = client(first, "a");
    succeeded(
      await a.tx.bank.send({ from_address: a.address, to_address: wallet.address, amount: uscrt(5_000_000) }, FAST),
    );
    const file = join(temporaryFolder(), "mnemonic");
    writeFileSync(file, `${wallet.mnemonic}\n`);
    const node = await joinNow(join(temporaryFolder(), "with-file"), ["--from", file]);
    await ready(node);
    expect(await balanceOf(client(node, "a"), wallet.address)).toBeLessThan(5_000_000n);
    await node.stop();
  }, 60_000);
});

/** The evidence that a node has registered with. */
async function certificateOf(node: Sotto): Promise<Uint8Array> {
  const query = encodeURIComponent(`"message.module='register'"`);
  const found = await rpc<{ txs: { tx: string }[] }>(node, `tx_search?query=${query}`);
  const { body } = decodeTx(new Uint8Array(Buffer.from(found?.txs[0]?.tx ?? "", "base64")));
  return RaAuthenticate.decode(body.messages[0]?.value ?? new Uint8Array(0)).certificate;
}
