import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeFileLock } from "../src/node/fileLock.ts";
import { homePaths, lockHome, prepareHome } from "../src/node/home.ts";
import { NodeErrorCode } from "../src/node/nodeError.ts";

const homeModule = new URL("../dist/node/home.js", import.meta.url).href;

/** A node that only takes the lock, at the moment when the flag file appears, says so, and keeps it until it is killed. */
const STARTER = `
  import { existsSync } from "node:fs";
  import { homePaths, lockHome } from ${JSON.stringify(homeModule)};
  const [home, flag] = process.argv.slice(1);
  process.stdout.write("ready\\n");
  while (!existsSync(flag)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  try {
    lockHome(homePaths(home));
    process.stdout.write("locked\\n");
    setInterval(() => {}, 1000);
  } catch (error) {
    process.stdout.write(error.code === ${NodeErrorCode.HomeInUse} ? "in use\\n" : String(error.stack));
  }
`;

let home: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sotto-lock-"));
  prepareHome(homePaths(home));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true });
});

function starter(flag: string): { readonly child: ChildProcess; readonly says: (word: string) => Promise<string> } {
  const child = spawn(process.execPath, ["--input-type=module", "-e", STARTER, home, flag]);
  children.push(child);
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
  });
  const says = (word: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => (new RegExp(word).test(text) ? resolve(text) : void child.stdout.once("data", look));
      look();
    });
  return { child, says };
}

const inUse = expect.objectContaining({ codespace: "node", code: NodeErrorCode.HomeInUse });
const lockFiles = (): string[] => readdirSync(home).filter((name) => name.startsWith("lock"));
/** A name that no process has any more. */
const DEAD = (() => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  return `${pid} 1 0000000000000000`;
})();

describe("the lock of a home (registration §3.4)", () => {
  it("keeps a second node out until it is given back, in the same process too", () => {
    const paths = homePaths(home);
    const release = lockHome(paths);
    expect(() => lockHome(paths)).toThrow(inUse);
    expect(() => lockHome(paths)).toThrow(`is in use by process ${process.pid}; stop that node`);
    release();
    const again = lockHome(paths);
    release();
    expect(() => lockHome(paths)).toThrow(inUse);
    again();
    expect(lockFiles()).toEqual([]);
  });

  it.each([
    ["a process that is gone", DEAD],
    ["this process's number, from before it started", `${process.pid} 1 0000000000000000`],
    ["a running process's number with another start", "1 99999999999 0000000000000000"],
    ["nobody", ""],
    ["something else", "a word"],
  ])("is taken over from %s", (_, name) => {
    writeFileSync(homePaths(home).lock, name);
    lockHome(homePaths(home))();
    expect(lockFiles()).toEqual([]);
  });

  it("is taken over although who took it over before died on the way, and again", () => {
    for (const name of ["lock", "lock.removal", "lock.removal.removal"]) writeFileSync(join(home, name), DEAD);
    lockHome(homePaths(home))();
    expect(lockFiles()).toEqual([]);
  });

  it("says what hinders it", () => {
    mkdirSync(homePaths(home).lock);
    expect(() => lockHome(homePaths(home))).toThrow(
      expect.objectContaining({ code: NodeErrorCode.HomeNotUsable, message: expect.stringContaining("cannot lock") }),
    );
  });

  it("holds a name that says who has it", () => {
    const lock = takeFileLock(join(home, "other"));
    expect(readFileSync(join(home, "other"), "utf8")).toMatch(new RegExp(`^${process.pid} \\d+ [0-9a-f]{16}$`));
    expect(takeFileLock(join(home, "other"))).toEqual({ holder: process.pid });
    lock.release?.();
  });

  it("goes to exactly one of twenty that start at the same instant, with a dead node's lock in the way", async () => {
    writeFileSync(homePaths(home).lock, DEAD);
    writeFileSync(`${homePaths(home).lock}.removal`, DEAD);
    const flag = join(home, "go");
    const starters = Array.from({ length: 20 }, () => starter(flag));
    await Promise.all(starters.map(({ says }) => says("ready")));
    writeFileSync(flag, "");
    const said = await Promise.all(starters.map(({ says }) => says("locked|in use|Error")));
    expect(said.filter((text) => text.includes("locked"))).toHaveLength(1);
    expect(said.filter((text) => text.includes("in use"))).toHaveLength(19);
    expect(lockFiles()).toEqual(["lock"]);
    const ended = starters.map(({ child }) => child.exitCode !== null || new Promise((end) => child.once("exit", end)));
    for (const { child } of starters) child.kill("SIGKILL");
    await Promise.all(ended);
    lockHome(homePaths(home))();
  });
});
