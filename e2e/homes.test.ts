import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { openLmdbEngine } from "@sotto/host/store/lmdbEngine";
import { makeStateStore } from "@sotto/host/store/stateStore";
import { Wallet } from "secretjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Finished,
  launch,
  ROOT,
  run,
  runSotto,
  startArguments,
  startSotto,
  temporaryFolder,
  within,
} from "./harness.ts";
import { balanceOf, connect, deployToken, execute, FAST, query, readWasm, succeeded, uscrt } from "./network.ts";

const COMMAND = join(ROOT, "apps/cli/bin/sotto.js");

/** A stopped home with a token in it, copied for each test. */
let original: string;
let measurement: string;
const receiver = new Wallet().address;

beforeAll(async () => {
  const sotto = await startSotto();
  const a = connect(sotto.rest, "a");
  await deployToken(a, { label: "token", balances: [{ address: a.address, amount: "1000" }] });
  succeeded(
    await a.tx.bank.send(
      { from_address: a.address, to_address: receiver, amount: uscrt(42) },
      { gasLimit: 30_000, ...FAST },
    ),
  );
  measurement = /enclave +([0-9a-f]{64})/.exec(sotto.output())?.[1] ?? "";
  await sotto.stop();
  original = sotto.home;
}, 40_000);

function copyOfHome(): string {
  const home = join(temporaryFolder(), "home");
  cpSync(original, home, { recursive: true });
  return home;
}

function expectSentence({ code, stderr, stdout }: Finished, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
}

async function expectIntact(home: string): Promise<void> {
  const sotto = await startSotto({ home });
  const a = connect(sotto.rest, "a");
  expect(await balanceOf(a, receiver)).toBe(42n);
  const { contract_address: address } = await a.query.compute.addressByLabel({ label: "token" });
  const { code_hash: codeHash } = await a.query.compute.codeHashByContractAddress({ contract_address: address ?? "" });
  expect(await query(a, { address: address ?? "", codeHash: codeHash ?? "" }, { token_info: {} })).toMatchObject({
    token_info: { symbol: "TOKEN" },
  });
  succeeded(
    await execute(a, { address: address ?? "", codeHash: codeHash ?? "" }, { set_viewing_key: { key: "still works" } }),
  );
  await sotto.stop();
}

/** A checkout whose enclave is another one: a comment of the bundle differs. @returns its root, and the measurement */
function checkoutWithOtherEnclave(): { root: string; other: string } {
  const root = temporaryFolder();
  for (const path of ["apps/cli/package.json", "apps/cli/bin", "apps/cli/bundle", "enclave/bundle"])
    cpSync(join(ROOT, path), join(root, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  const bundle = join(root, "enclave/bundle/enclave.cjs");
  const code = readFileSync(bundle, "utf8");
  const changed = code.replace("/**", "/** Another one.");
  expect(changed).not.toBe(code);
  writeFileSync(bundle, changed);
  return { root, other: createHash("sha256").update(changed).digest("hex") };
}

function editSealedRecord(home: string, edit: (sealed: Uint8Array) => Uint8Array): void {
  const store = makeStateStore(openLmdbEngine({ path: homePaths(home).state, readOnly: false }), {
    sha256: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    stores: [],
  });
  const key = Buffer.from("sealed");
  const sealed = store.getTable("meta", key);
  if (sealed === undefined) throw new Error("the home has no sealed record");
  store.writeTables([{ table: "meta", key, value: edit(new Uint8Array(sealed)) }]);
  store.close();
}

describe("a home whose parts do not belong together", () => {
  it("is named as another enclave's, with both measurements and the way out", async () => {
    const home = copyOfHome();
    const { root, other } = checkoutWithOtherEnclave();
    const refused = await runSotto(startArguments(home), { root });
    expectSentence(refused, /^sotto: .*`sotto reset`/);
    expect(refused.stderr).toContain(measurement);
    expect(refused.stderr).toContain(other);
    await expectIntact(home);
    expect(await runSotto(["reset", "--home", home], { root })).toMatchObject({ code: 0 });
    const sotto = await startSotto({ home, root });
    expect(sotto.output()).toContain(other);
  });

  it("is refused when a bit of the sealed record is flipped, wherever", async () => {
    for (const position of [0, 100, -1]) {
      const home = copyOfHome();
      editSealedRecord(home, (sealed) => {
        const at = position < 0 ? sealed.length + position : position;
        sealed[at] = (sealed[at] as number) ^ 1;
        return sealed;
      });
      expectSentence(await runSotto(startArguments(home)), /^sotto: .*sealed record.*`sotto reset`/);
    }
  });

  it("is refused when the sealed record is cut short or empty", async () => {
    for (const length of [0, 50]) {
      const home = copyOfHome();
      editSealedRecord(home, (sealed) => sealed.slice(0, length));
      expectSentence(await runSotto(startArguments(home)), /^sotto: .*sealed record.*`sotto reset`/);
    }
  });

  it("is refused when genesis.json is of another chain", async () => {
    const home = copyOfHome();
    const { genesis } = homePaths(home);
    const text = readFileSync(genesis, "utf8");
    writeFileSync(genesis, text.replaceAll("secretdev-1", "secretdev-2"));
    expectSentence(await runSotto(startArguments(home)), /^sotto: .*genesis\.json is of network secretdev-2/);
    writeFileSync(genesis, "{ not json");
    expectSentence(await runSotto(startArguments(home)), /^sotto: .*genesis\.json/);
    writeFileSync(genesis, text);
    await expectIntact(home);
  });

  it("is refused when the machine's key file is damaged, and works when it is back", async () => {
    const home = copyOfHome();
    const { machineSecret } = homePaths(home);
    const secret = readFileSync(machineSecret);
    writeFileSync(machineSecret, secret.subarray(0, 20));
    expectSentence(
      await runSotto(startArguments(home)),
      /^sotto: .*insecure-sim-machine\.key: expected 32 bytes, got 20/,
    );
    writeFileSync(machineSecret, Buffer.alloc(32, 7));
    expectSentence(await runSotto(startArguments(home)), /^sotto: .*sealed record.*`sotto reset`/);
    writeFileSync(machineSecret, secret);
    await expectIntact(home);
  });

  it("is refused when the validator's key is damaged or another one", async () => {
    const home = copyOfHome();
    const { validatorKey } = homePaths(home);
    const key = readFileSync(validatorKey);
    writeFileSync(validatorKey, "no key");
    expectSentence(await runSotto(startArguments(home)), /^sotto: .*validator-key\.json: expected/);
    const seed = Buffer.alloc(32, 9).toString("base64");
    writeFileSync(validatorKey, JSON.stringify({ type: "ed25519", seed }));
    expectSentence(await runSotto(startArguments(home)), /^sotto: the validator key is not that of this network/);
    writeFileSync(validatorKey, key);
    await expectIntact(home);
  });

  it("is refused when the database is none", async () => {
    const home = copyOfHome();
    writeFileSync(join(homePaths(home).state, "data.mdb"), "no database");
    expectSentence(await runSotto(startArguments(home)), /^sotto: .*data\.mdb is not a database/);
  });

  it("makes its index again when that is lost", async () => {
    const home = copyOfHome();
    const { index } = homePaths(home);
    for (const name of ["data.mdb", "lock.mdb"])
      if (existsSync(join(index, name))) await run("rm", [join(index, name)]);
    const sotto = await startSotto({ home });
    const client = connect(sotto.rest, "a");
    expect(await client.query.txsQuery(`transfer.recipient='${receiver}'`)).toHaveLength(1);
    await sotto.stop();
  });

  it("is refused when it is a file or below one", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    for (const home of [file, join(file, "below")])
      expectSentence(await runSotto(startArguments(home)), /^sotto: cannot create the home folder/);
  });
});

/** Whether this machine lets the tests make a mount namespace of their own. */
const namespaces =
  (await run("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).catch(() => undefined))?.code === 0;

describe("a disk that cannot be written to", () => {
  if (!namespaces) {
    it.skip("needs `unshare -m`, which is not permitted here: read-only and full disks are not tested", () => {});
    return;
  }

  const inNamespace = (script: string, args: readonly string[]): Promise<Finished> =>
    run("unshare", ["-m", "bash", "-c", script, "bash", ...args]);

  it("is named when it is read-only, for an old home and for a new one", async () => {
    const home = copyOfHome();
    const script = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec ${process.execPath} ${COMMAND} "$@"`;
    expectSentence(await inNamespace(script, [home, ...startArguments(home)]), /^sotto: .*read-only/);
    const fresh = join(home, "new");
    expectSentence(await inNamespace(script, [home, ...startArguments(fresh)]), /^sotto: .*read-only/);
    await expectIntact(home);
  });

  it("is named when it is full from the start", async () => {
    const home = temporaryFolder();
    const script = `mount -t tmpfs -o size=16k none "$1" && shift && exec ${process.execPath} ${COMMAND} "$@"`;
    expectSentence(
      await inNamespace(script, [home, ...startArguments(home)]),
      /^sotto: .*(the disk is full|no space)/i,
    );
  });

  it("loses nothing when it fills up while blocks are made", async () => {
    const home = temporaryFolder();
    // The same namespace sees the disk full and then larger, as if somebody had made room.
    const script = [
      'mount -t tmpfs -o size=4m none "$1"',
      "home=$1; shift",
      `${process.execPath} ${COMMAND} "$@"`,
      'echo "first ended with $?"',
      'mount -o remount,size=64m none "$home"',
      `exec ${process.execPath} ${COMMAND} "$@"`,
    ].join("\n");
    const running = launch("unshare", ["-m", "bash", "-c", script, "bash", home, ...startArguments(home)]);
    const urlAfter = async (text: string): Promise<string> => {
      for (let tries = 0; tries < 1500; tries++) {
        const output = running.output();
        const from = output.indexOf(text);
        const [, url] = (from < 0 ? undefined : /^ +REST +(http:\S+)$/m.exec(output.slice(from))) ?? [];
        if (url !== undefined) return url;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`no banner after ${JSON.stringify(text)}:\n${running.output()}`);
    };
    const visible = await storeUntilItFails(await urlAfter("sotto made"));
    const after = connect(await urlAfter("sotto continues"), "a");
    expect(running.output()).toContain("first ended with 1");
    expect(running.output()).toMatch(/^sotto: .*the disk is full.*the next start continues/m);
    expect(running.output()).not.toMatch(/^\s+at /m);
    for (const hash of visible) expect(await after.query.getTx(hash)).not.toBeNull();
    await within(10_000, running.kill(), () => running.output());
  }, 60_000);
});

describe("a limit on file sizes", () => {
  it("is named at the first start", async () => {
    const home = join(temporaryFolder(), "home");
    const script = `ulimit -f 1; exec ${process.execPath} ${COMMAND} "$@"`;
    expectSentence(
      await run("bash", ["-c", script, "bash", ...startArguments(home)]),
      /^sotto: .*a file size limit was reached/,
    );
    const sotto = await startSotto({ home });
    await sotto.stop();
  });

  it("is named when it is reached while blocks are made, and nothing is lost", async () => {
    const home = copyOfHome();
    const blocks = Math.ceil(statSync(join(homePaths(home).state, "data.mdb")).size / 1024) + 1024;
    const script = `ulimit -f ${blocks}; exec ${process.execPath} ${COMMAND} "$@"`;
    const running = launch("bash", ["-c", script, "bash", ...startArguments(home)]);
    let url: string | undefined;
    for (let tries = 0; url === undefined && tries < 1500; tries++) {
      url = /^ +REST +(http:\S+)$/m.exec(running.output())?.[1];
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const visible = await storeUntilItFails(url ?? running.output());
    expect(await within(10_000, running.exited, () => running.output())).toEqual({ code: 1, signal: null });
    expect(running.stderr()).toMatch(/^sotto: .*a file size limit was reached.*the next start continues/m);
    expect(running.output()).not.toMatch(/^\s+at /m);
    const sotto = await startSotto({ home });
    const client = connect(sotto.rest, "a");
    for (const hash of visible) expect(await client.query.getTx(hash)).not.toBeNull();
    await sotto.stop();
    await expectIntact(home);
  }, 60_000);
});

/** Stores large code until the node goes away. @returns hashes of what was seen as committed before */
async function storeUntilItFails(url: string): Promise<string[]> {
  const client = connect(url, "a");
  const visible: string[] = [];
  for (let round = 0; round < 60; round++) {
    try {
      const tx = await client.tx.compute.storeCode(
        { sender: client.address, wasm_byte_code: readWasm("private_token"), source: "", builder: "" },
        { gasLimit: 5_000_000, ...FAST },
      );
      visible.push(tx.transactionHash);
    } catch {
      return visible;
    }
  }
  throw new Error("the disk never filled up");
}
