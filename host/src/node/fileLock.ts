/**
 * A lock that is a file with its holder's name in it, and that is taken over, safely, from a holder that is dead.
 *
 * The file appears whole (a link), so of any number of takers one wins. It is removed by its holder, or, if that is dead, by whoever
 * has the lock of the lock; which looks again before it removes, since a dead holder's file stays until somebody does. Processes are
 * told apart by id and start, so a number that is used again is no holder. This works among the processes of one machine that see each
 * other; two containers, or machines, that share a folder do not.
 * @module
 */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";

/** Who has the lock: `holder` is undefined if the caller has it, else the process id of who does. */
export type FileLock =
  | { readonly holder: undefined; readonly release: () => void }
  | { readonly holder: number; readonly release?: never };

/** What this process holds: its own id in a file proves nothing, since a process before it may have had the same. */
const held = new Set<string>();
/** For somebody else to finish taking over. */
const WAIT_MS = 5;

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code;

/** When the process started, in the kernel's ticks since boot; empty where that is not to be found out. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before it may hold spaces and brackets; the start is the 20th field behind it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function isRunning(name: string): boolean {
  const [pidText = "", start = ""] = name.split(" ");
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return held.has(name);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  const now = startOf(pid);
  return start === "" || now === "" || now === start;
}

function readName(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** Whether the file was made; false if there is one. */
function create(path: string, own: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * @param own a file with the taker's name in it
 * @returns undefined, or the name of the holder that lives
 */
function take(path: string, own: string): string | undefined {
  while (!create(path, own)) {
    const name = readName(path);
    if (name === undefined) continue;
    if (isRunning(name)) return name;
    const removal = `${path}.removal`;
    if (take(removal, own) !== undefined) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
      continue;
    }
    try {
      if (readName(path) === name) removeIfThere(path);
    } finally {
      removeIfThere(removal);
    }
  }
  return undefined;
}

/**
 * Takes the lock if nobody who lives has it.
 * @throws what the file system throws
 */
export function takeFileLock(path: string): FileLock {
  const nonce = randomBytes(8).toString("hex");
  const name = `${process.pid} ${startOf(process.pid)} ${nonce}`;
  const own = `${path}.${process.pid}.${nonce}`;
  held.add(name);
  let holder: string | undefined;
  try {
    writeFileSync(own, name, { flag: "wx" });
    holder = take(path, own);
  } catch (error) {
    held.delete(name);
    throw error;
  } finally {
    removeIfThere(own);
  }
  if (holder !== undefined) {
    held.delete(name);
    return { holder: Number(holder.split(" ")[0]) };
  }
  const release = (): void => {
    if (held.delete(name)) removeIfThere(path);
  };
  return { holder: undefined, release };
}
