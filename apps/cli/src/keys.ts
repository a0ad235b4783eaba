/**
 * The account that a command signs with: a development account by its name, or a file with a mnemonic or a key in hex.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { hexToBytes } from "@sotto/common/bytes";
import { DEVELOPMENT_ACCOUNTS } from "@sotto/host/app/genesis/developmentAccounts";
import { makeHostCrypto } from "@sotto/host/node/hostCrypto";
import { NodeError, NodeErrorCode } from "@sotto/host/node/nodeError";
import { type AccountKey, makeAccountKey } from "@sotto/host/node/signTx";

const EXPECTED = "expected a development account (validator, a, b, c, d) or a file with a mnemonic or 64 hex digits";

/** @throws {NodeError} BadConfiguration; the file's content is never shown */
export async function readAccountKey(text: string): Promise<AccountKey> {
  const development = DEVELOPMENT_ACCOUNTS.find(({ name }) => name === text);
  const secret = development === undefined ? await secretOfFile(text) : hexToBytes(development.insecurePrivateKey);
  const key = makeAccountKey(makeHostCrypto(), secret);
  if (key === undefined) throw wrong(`--from ${text}: a key that is out of range`);
  return key;
}

async function secretOfFile(path: string): Promise<Uint8Array> {
  if (!existsSync(path)) throw wrong(`--from ${path}: ${EXPECTED}`);
  const content = readFileSync(path, "utf8").trim();
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(content)) return hexToBytes(content.replace(/^0x/, ""));
  if (!/^[a-z]+(\s+[a-z]+){11,23}$/.test(content)) throw wrong(`--from ${path}: ${EXPECTED}`);
  const { Wallet } = await import("secretjs");
  try {
    return new Uint8Array(new Wallet(content.split(/\s+/).join(" ")).privateKey);
  } catch {
    throw wrong(`--from ${path}: a mnemonic with a word or a checksum that is wrong`);
  }
}

function wrong(message: string): NodeError {
  return new NodeError(NodeErrorCode.BadConfiguration, message);
}
