import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { beforeAll, describe, expect, it } from "vitest";
import { launch, ROOT, run, runSotto, startArguments, startSotto, temporaryFolder, within } from "./harness.ts";
import { COMMAND, copyHome, expectIntact, expectSentence, makeHome, receiver, storeUntilItFails } from "./home.ts";
import { connect } from "./network.ts";

let original: string;
let measurement: string;

beforeAll(async () => {
  ({ home: original, measurement } = await makeHome());
}, 40_000);

const copyOfHome = (): string => copyHome(original);

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
  const { sealedNetwork } = homePaths(home);
  writeFileSync(sealedNetwork, edit(new Uint8Array(readFileSync(sealedNetwork))));
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
