import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { Wallet } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  eventually,
  runSotto,
  type Sotto,
  spawnSotto,
  startArguments,
  startSotto,
  temporaryFolder,
  within,
} from "./harness.ts";
import { ask, balanceOf, connect, deployProbe, execute, FAST, query, succeeded, toBase64, uscrt } from "./network.ts";

const latestHeight = async ({ rest }: Sotto): Promise<number> => {
  const { body } = await ask(`${rest}/cosmos/base/tendermint/v1beta1/blocks/latest`);
  return Number((body as { block: { header: { height: string } } }).block.header.height);
};
const txKey = async ({ rest }: Sotto): Promise<unknown> => (await ask(`${rest}/registration/v1beta1/tx-key`)).body.key;

/** What a person sees when it goes wrong: one sentence, no stack trace. */
function expectSentence(finished: { code: number | null; stderr: string }, sentence: RegExp): void {
  expect(finished.stderr).toMatch(sentence);
  expect(finished.stderr).not.toMatch(/^\s+at /m);
  expect(finished.code).toBe(1);
}

describe("sotto start", () => {
  let sotto: Sotto;
  beforeAll(async () => {
    sotto = await startSotto();
  }, 30_000);

  it("prints endpoints, public accounts, the enclave's measurement and the insecure platform", () => {
    const banner = sotto.output();
    expect(banner).toContain("sotto made a new network: secretdev-1, denom uscrt");
    for (const { name, address, mnemonic } of DEVELOPMENT_ACCOUNTS) {
      expect(banner).toMatch(new RegExp(`^ +${name} +${address}$`, "m"));
      expect(banner).toContain(mnemonic);
      expect(new Wallet(mnemonic).address).toBe(address);
    }
    expect(banner).toMatch(/PUBLIC/);
    expect(banner).toMatch(/^ +enclave +[0-9a-f]{64} \(inline\)$/m);
    expect(banner).toMatch(/^ +platform +sim, INSECURE/m);
    expect(banner).toContain(sotto.home);
    const [measured] = readFileSync(new URL("../enclave/bundle/enclave.sha256", import.meta.url), "utf8").split(/\s/);
    expect(banner).toContain(measured);
  });

  it("takes ports that are free when asked for port 0", async () => {
    for (const url of [sotto.rest, sotto.rpc]) expect(Number(new URL(url).port)).toBeGreaterThan(0);
    expect((await ask(`${sotto.rpc}/health`)).status).toBe(200);
  });

  it("takes its settings from the environment, and flags win", async () => {
    const home = join(temporaryFolder(), "from-environment");
    const running = spawnSotto(["start", "--rpc", "127.0.0.1:0"], {
      env: {
        SOTTO_HOME: home,
        SOTTO_REST: "127.0.0.1:0",
        SOTTO_RPC: "127.0.0.1:1",
        SOTTO_ENCLAVE: "process",
        SOTTO_BLOCK_INTERVAL: "300",
      },
    });
    const output = await eventually(
      () => (/keys are PUBLIC/.test(running.output()) ? running.output() : undefined),
      () => running.output(),
    );
    expect(output).toContain(home);
    expect(output).toMatch(/^ +enclave +[0-9a-f]{64} \(process\)$/m);
    expect(existsSync(join(home, "genesis.json"))).toBe(true);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });

  it("prints a line for each transaction, and the contract's debug prints", async () => {
    const a = connect(sotto.rest, "a");
    const probe = await deployProbe(a, "a labelled one");
    succeeded(await execute(a, probe, { debug: { text: 'says "hi"' } }));
    await execute(a, probe, { fail: { text: "only the sender may read this" } });
    const lines = await eventually(
      () => (/failed compute\/3/.test(sotto.output()) ? sotto.output() : undefined),
      () => sotto.output(),
    );
    expect(lines).toMatch(/^#\d+ secret1\S+ MsgStoreCode gas [\d,]+\/5,000,000 ok$/m);
    expect(lines).toMatch(/^#\d+ secret1\S+ MsgExecuteContract → secret1\S+ \(a labelled one\) gas \S+ ok$/m);
    expect(lines).toMatch(/debug_print.*says \\"hi\\"/);
    expect(lines).not.toContain("only the sender may read this");
  });

  it("stops at SIGINT, as at SIGTERM, with status 0 and says that it can go on", async () => {
    const interrupted = await startSotto({ flags: ["--block-interval", "100"] });
    await eventually(
      async () => ((await latestHeight(interrupted)) >= 4 ? true : undefined),
      () => "blocks that nobody asked for",
    );
    process.kill(interrupted.pid, "SIGINT");
    expect(await interrupted.exited).toEqual({ code: 0, signal: null });
    expect(interrupted.output()).toContain("the next start continues here");
  });

  it("says which port is in use and how to choose another", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const home = join(temporaryFolder(), "home");
    for (const what of ["rest", "rpc"]) {
      const finished = await runSotto(startArguments(home, [`--${what}`, `127.0.0.1:${port}`]));
      expectSentence(
        finished,
        new RegExp(`^sotto: cannot listen for ${what} on 127\\.0\\.0\\.1:${port}: the port is in use.*--${what}`, "m"),
      );
    }
    server.close();
    expect((await startSotto({ home })).output()).toContain("secretdev-1");
  });

  it.each([
    [["--rest", "nonsense"], /--rest.*nonsense.*expected HOST:PORT/],
    [["--rpc", "127.0.0.1:70000"], /--rpc.*70000.*expected HOST:PORT/],
    [["--enclave", "moon"], /--enclave.*moon.*inline, process/],
    [["--collect", "-5"], /--collect.*expected a whole number/],
    [["--block-interval", "soon"], /--block-interval.*soon.*expected a whole number/],
    [["--platform", "moon"], /--platform.*moon.*sim, sgx, tdx/],
    [["--peer", "nonsense"], /--peer.*nonsense.*expected a URL/],
    [["--colour"], /unknown option '--colour'/],
  ])("refuses %j", async (flags, sentence) => {
    const home = join(temporaryFolder(), "home");
    expectSentence(await runSotto(startArguments(home, flags)), sentence);
    expect(existsSync(home)).toBe(false);
  });

  it("refuses wrong values in the environment and names the variable", async () => {
    const finished = await runSotto(["start"], { cwd: temporaryFolder(), env: { SOTTO_REST: "nonsense" } });
    expectSentence(finished, /SOTTO_REST/);
  });

  it("makes a network whose members attest, under a name that says that they prove nothing, and refuses other names", async () => {
    const home = join(temporaryFolder(), "home");
    for (const name of ["mainnet-1", "private-1", "UPPER-sim", "-sim", "x".repeat(60)]) {
      const finished = await runSotto(startArguments(home, ["--chain-id", name]));
      expectSentence(
        finished,
        /^sotto: chain id ".*": on platform sim expected secretdev-1 or a name that ends in -sim/m,
      );
    }
    const sotto = await startSotto({ home, flags: ["--chain-id", "private-1-sim"] });
    expect(sotto.output()).toContain("sotto made a new network: private-1-sim");
    await sotto.stop();
    expectSentence(
      await runSotto(startArguments(home, ["--chain-id", "secretdev-1"])),
      /^sotto: the network in this home is private-1-sim, not secretdev-1; choose another folder with --home/m,
    );
    expectSentence(
      await runSotto(startArguments(home, ["--peer", "http://127.0.0.1:1"])),
      /^sotto: the node of this home makes its blocks itself and has no peers/m,
    );
    const again = await startSotto({ home });
    expect(again.output()).toMatch(/^sotto continues at height \d+: private-1-sim/m);
  });

  it("fixes the order of execution in a new network's genesis, where there is a policy to say it", async () => {
    const home = join(temporaryFolder(), "home");
    const shuffled = ["--execution-order", "shuffled"];
    expectSentence(
      await runSotto(startArguments(home, shuffled)),
      /^sotto: secretdev-1 has no policy to say that its transactions run shuffled; .*--chain-id/m,
    );
    const sotto = await startSotto({ home, flags: ["--chain-id", "private-1-sim", ...shuffled] });
    await sotto.stop();
    expectSentence(
      await runSotto(startArguments(home, ["--execution-order", "proposed"])),
      /^sotto: the network in this home runs its transactions shuffled, not proposed: its genesis has fixed that/m,
    );
    await startSotto({ home, flags: shuffled });
  });

  it("refuses a home that is in use and names the process", async () => {
    expectSentence(
      await runSotto(startArguments(sotto.home)),
      new RegExp(`home folder .* is in use by process ${sotto.pid}`),
    );
    expectSentence(await runSotto(["reset", "--home", sotto.home]), /is in use by process/);
    expect((await ask(`${sotto.rest}/registration/v1beta1/tx-key`)).status).toBe(200);
  });

  it("goes on where it ended, also when the home was moved: heights, balances, contracts and the key for encryption", async () => {
    const first = await startSotto();
    const a = connect(first.rest, "a");
    const probe = await deployProbe(a);
    const key = toBase64("kept");
    succeeded(await execute(a, probe, { set: { key, value: toBase64("value") } }));
    const to = new Wallet().address;
    const sent = succeeded(
      await a.tx.bank.send({ from_address: a.address, to_address: to, amount: uscrt(5) }, { ...FAST }),
    );
    const before = { height: await latestHeight(first), txKey: await txKey(first) };
    expect(await first.stop()).toEqual({ code: 0, signal: null });

    const home = join(temporaryFolder(), "moved");
    cpSync(first.home, home, { recursive: true });
    const second = await startSotto({ home, flags: ["--enclave", "process"] });
    expect(second.output()).toMatch(/^sotto continues at height \d+: secretdev-1/m);
    const again = connect(second.rest, "a");
    expect(await latestHeight(second)).toBeGreaterThanOrEqual(before.height);
    expect(await txKey(second)).toBe(before.txKey);
    expect(await query(again, probe, { get: { key } })).toBe(toBase64("value"));
    expect(await balanceOf(again, to)).toBe(5n);
    expect((await again.query.getTx(sent.transactionHash))?.height).toBe(sent.height);
    const more = succeeded(await execute(again, probe, { set: { key, value: toBase64("newer") } }));
    expect(more.height).toBeGreaterThan(before.height);
  });
});

describe("stopped in the middle", () => {
  it("can be killed while it starts for the first time", async () => {
    for (const afterMs of [100, 400]) {
      const home = join(temporaryFolder(), "home");
      const running = spawnSotto(startArguments(home));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await running.kill();
      const sotto = await startSotto({ home });
      expect((await ask(`${sotto.rest}/registration/v1beta1/tx-key`)).status).toBe(200);
      await sotto.kill();
    }
  });

  it("ends soon when it gets SIGTERM while it starts", async () => {
    for (const afterMs of [150, 300]) {
      const home = join(temporaryFolder(), "home");
      const running = spawnSotto(startArguments(home));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await within(5_000, running.stop(), () => `still running ${afterMs} ms after start:\n${running.output()}`);
      const sotto = await startSotto({ home });
      await sotto.kill();
    }
  });

  it("loses nothing that was visible when it gets SIGTERM or SIGKILL under load", async () => {
    for (const end of ["stop", "kill"] as const) {
      const first = await startSotto({ flags: ["--collect", "10"] });
      const clients = ["a", "b", "c", "d"].map((name) => connect(first.rest, name));
      const seen: { hash: string; height: number }[] = [];
      const to = new Wallet().address;
      let ended = false;
      const load = clients.map(async (client) => {
        while (!ended) {
          try {
            const tx = await client.tx.bank.send(
              { from_address: client.address, to_address: to, amount: uscrt(1) },
              { ...FAST },
            );
            seen.push({ hash: tx.transactionHash, height: tx.height });
          } catch {
            // The node is going away.
            return;
          }
        }
      });
      await eventually(
        () => (seen.length >= 20 ? true : undefined),
        () => `20 transfers:\n${first.output()}`,
      );
      const exit = await first[end]();
      ended = true;
      await Promise.all(load);
      expect(exit).toEqual(end === "stop" ? { code: 0, signal: null } : { code: null, signal: "SIGKILL" });

      const second = await startSotto({ home: first.home });
      const client = connect(second.rest, "a");
      for (const { hash, height } of seen) expect((await client.query.getTx(hash))?.height).toBe(height);
      expect(await balanceOf(client, to)).toBeGreaterThanOrEqual(BigInt(seen.length));
      await second.stop();
    }
  });
});

describe("the rest of the command", () => {
  it("explains itself", async () => {
    const { code, stdout } = await runSotto(["--help"]);
    expect(code).toBe(0);
    for (const word of ["start", "join", "reset", "attest", "query", "tx", "demo"])
      expect(stdout).toMatch(new RegExp(`^ +${word}`, "m"));
    const start = await runSotto(["start", "--help"]);
    expect(start.code).toBe(0);
    for (const word of ["--home", "--rest", "--rpc", "--enclave", "SOTTO_HOME", "SOTTO_REST", "inline", "process"])
      expect(start.stdout).toContain(word);
    expect(await runSotto(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it("refuses a command that it does not know", async () => {
    expectSentence(await runSotto(["fly"]), /unknown command 'fly'/);
  });

  it("starts over after a reset, which removes the network and nothing else", async () => {
    const first = await startSotto();
    const before = await txKey(first);
    await first.stop();
    writeFileSync(join(first.home, "notes.txt"), "mine");
    expect(await runSotto(["reset", "--home", first.home])).toMatchObject({ code: 0 });
    expect(readFileSync(join(first.home, "notes.txt"), "utf8")).toBe("mine");
    expect(existsSync(join(first.home, "data"))).toBe(false);
    const second = await startSotto({ home: first.home });
    expect(second.output()).toContain("sotto made a new network");
    expect(await txKey(second)).not.toBe(before);
  });

  it("resets nothing where there is nothing, and no folder that is not a home", async () => {
    const folder = temporaryFolder();
    expect(await runSotto(["reset", "--home", join(folder, "none")])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing to reset"),
    });
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "genesis.json"), "somebody else's");
    expectSentence(await runSotto(["reset", "--home", folder]), /is not a home folder of sotto, nothing was removed/);
    expect(existsSync(join(folder, "genesis.json"))).toBe(true);
  });
});
