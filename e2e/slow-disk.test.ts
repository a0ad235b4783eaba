/**
 * Read-only and full disks, in mount namespaces of the tests' own. They need `unshare -m`, which root has: without it they fail.
 * @module
 */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finished, launch, run, startArguments, temporaryFolder, within } from "./harness.ts";
import { COMMAND, copyHome, expectIntact, expectSentence, makeHome, storeUntilItFails } from "./home.ts";
import { connect } from "./network.ts";

let original: string;

beforeAll(async () => {
  ({ home: original } = await makeHome());
}, 40_000);

describe("a disk that cannot be written to", () => {
  const inNamespace = (script: string, args: readonly string[]): Promise<Finished> =>
    run("unshare", ["-m", "bash", "-c", script, "bash", ...args]);

  it("is named when it is read-only, for an old home and for a new one", async () => {
    const home = copyHome(original);
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
