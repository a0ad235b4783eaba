/**
 * Starts the command as a user does and stops what it started: processes, ports and temporary homes.
 *
 * Every node takes free ports and a home of its own; whatever a test file leaves running or lying about is removed at its end, by
 * `cleanUp.ts`.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type StartOptions = {
  /** A folder that outlives the node; without one the node gets a temporary home. */
  readonly home?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another checkout than this one. */
  readonly root?: string;
};

export type Running = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** All that it has written so far, both streams. */
  output(): string;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<Exit>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<Exit>;
};

export type Sotto = Running & {
  readonly home: string;
  readonly rest: string;
  readonly rpc: string;
  /** From the spawn of the process to the end of its banner. */
  readonly startedInMs: number;
};

export type Finished = Exit & { readonly stdout: string; readonly stderr: string };

const START_TIMEOUT_MS = 20_000;

const children = new Set<ChildProcess>();
const folders = new Set<string>();

/** Ends what the test file has left running and removes what it has left lying about. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...children].map((child) => endOf(child, () => killGroup(child))));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

process.on("exit", () => {
  for (const child of children) killGroup(child);
});

/** A new folder that is removed when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sotto-e2e-"));
  folders.add(folder);
  return folder;
}

/** Starts a network and waits for its banner. @throws {Error} with all output, if it ends or hangs before */
export async function startSotto(options: StartOptions = {}): Promise<Sotto> {
  const home = options.home ?? join(temporaryFolder(), "home");
  const startedAt = performance.now();
  const running = spawnSotto(startArguments(home, options.flags), options);
  const urls = await banner(running);
  return { ...running, ...urls, home, startedInMs: performance.now() - startedAt };
}

/** The command line of a start on free ports; flags given here win over the defaults. */
export function startArguments(home: string, flags: readonly string[] = []): string[] {
  return ["start", "--home", home, "--rest", "127.0.0.1:0", "--rpc", "127.0.0.1:0", ...flags];
}

/** Arguments of a join on free ports. */
export function joinArguments(home: string, flags: readonly string[]): string[] {
  return ["join", "--home", home, "--rest", "127.0.0.1:0", "--rpc", "127.0.0.1:0", ...flags];
}

/** Waits for the banner of a command that runs a node. */
export async function nodeOf(running: Running, home: string, spawnedAt: number): Promise<Sotto> {
  const { rest, rpc } = await banner(running);
  return { ...running, home, rest, rpc, startedInMs: performance.now() - spawnedAt };
}

/** Starts the command without waiting for anything. */
export function spawnSotto(
  args: readonly string[],
  options: Omit<StartOptions, "home" | "flags"> & { readonly cwd?: string } = {},
): Running {
  const command = join(options.root ?? ROOT, "apps/cli/bin/sotto.js");
  return launch(process.execPath, [command, ...args], options);
}

/** Runs the command to its end. @throws {Error} with all output, if it takes longer than a start may */
export async function runSotto(
  args: readonly string[],
  options: Omit<StartOptions, "home" | "flags"> & { readonly cwd?: string } = {},
): Promise<Finished> {
  const command = join(options.root ?? ROOT, "apps/cli/bin/sotto.js");
  return run(process.execPath, [command, ...args], options);
}

/** Runs any program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Finished> {
  const running = launch(program, args, options);
  const exit = await within(
    START_TIMEOUT_MS,
    running.exited,
    () => `${args.join(" ")} does not end:\n${running.output()}`,
  );
  return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
}

type Launched = Running & { stdout(): string; stderr(): string };

/** Starts any program in a process group of its own, so that its children end with it. */
export function launch(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Launched {
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...environment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  children.add(child);
  let all = "";
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    all += text;
    stderr += text;
  });
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid as number,
    exited,
    output: () => all,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: () => endOf(child, () => child.kill("SIGTERM"), exited),
    kill: () => endOf(child, () => killGroup(child), exited),
  };
}

/** Fails with `what` if the promise takes too long. */
export async function within<T>(limitMs: number, promise: Promise<T>, what: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what())), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks until the answer is there. @throws {Error} with `what` after ten seconds */
export async function eventually<T>(ask: () => T | undefined | Promise<T | undefined>, what: () => string): Promise<T> {
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never seen: ${what()}`);
}

async function banner(running: Running): Promise<{ rest: string; rpc: string }> {
  const end = running.exited.then(({ code, signal }) => {
    throw new Error(`ended with ${code ?? signal} before its banner:\n${running.output()}`);
  });
  const seen = eventually(
    () => {
      const output = running.output();
      const [, rest] = /^ +REST +(http:\S+)$/m.exec(output) ?? [];
      const [, rpc] = /^ +RPC +(http:\S+)$/m.exec(output) ?? [];
      // The accounts close the banner, or who signs nothing.
      return rest !== undefined && rpc !== undefined && /(?:keys are PUBLIC|signs nothing)[\s\S]*?\n\n/.test(output)
        ? { rest, rpc }
        : undefined;
    },
    () => `the banner; this came instead:\n${running.output()}`,
  );
  return Promise.race([end, within(START_TIMEOUT_MS, seen, () => `no banner:\n${running.output()}`)]);
}

/** Settings of whoever runs the tests must not reach the nodes. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SOTTO|NODE_OPTIONS|VITEST)/.test(name)));
}

async function endOf(child: ChildProcess, end: () => void, exited?: Promise<Exit>): Promise<Exit> {
  const gone =
    exited ?? new Promise<Exit>((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  if (child.exitCode === null && child.signalCode === null) end();
  else if (exited === undefined) return { code: child.exitCode, signal: child.signalCode };
  return within(START_TIMEOUT_MS, gone, () => `process ${child.pid} does not end`);
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), "SIGKILL");
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}
