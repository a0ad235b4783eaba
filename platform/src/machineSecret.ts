/**
 * The secret of the `sim` platform's machine: 32 random bytes in a file, in place of a key that hardware would keep.
 *
 * Whoever can read the file can open everything that the enclave seals, so its name must say "insecure".
 * @module
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { basename, dirname } from "node:path";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";

const SECRET_LENGTH = 32;

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown error";
}

function failed(message: string, cause?: unknown): PlatformError {
  return new PlatformError(PlatformErrorCode.MachineSecret, `machine secret: ${message}`, { cause });
}

function read(file: string): Uint8Array | undefined {
  let content: Uint8Array;
  try {
    content = new Uint8Array(readFileSync(file));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw failed(`cannot read ${file}: ${errnoOf(error)}`, error);
  }
  if (content.length !== SECRET_LENGTH) {
    throw failed(
      `${file}: expected ${SECRET_LENGTH} bytes, got ${content.length}; what was sealed with it cannot be opened`,
    );
  }
  return content;
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The file appears whole or not at all; of two that create it at once, one wins and both read the winner's. */
function create(file: string): void {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  try {
    const fd = openSync(temporary, "wx", 0o600);
    try {
      writeSync(fd, randomBytes(SECRET_LENGTH));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    try {
      linkSync(temporary, file);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    } finally {
      unlinkSync(temporary);
    }
    syncFolder(dirname(file));
  } catch (error) {
    throw failed(`cannot create ${file}: ${errnoOf(error)}`, error);
  }
}

/**
 * The secret in `file`, made on first use.
 * @returns 32 bytes
 * @throws {PlatformError} MachineSecret
 */
export function loadMachineSecret(file: string): Uint8Array {
  if (!basename(file).includes("insecure"))
    throw failed(`the file's name must contain "insecure", got ${basename(file)}`);
  const existing = read(file);
  if (existing !== undefined) return existing;
  create(file);
  const created = read(file);
  if (created === undefined) throw failed(`${file} vanished while it was created`);
  return created;
}
