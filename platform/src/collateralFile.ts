/**
 * Collateral that the operator has fetched from the maker's provisioning service: the node goes to no such service itself.
 * @module
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tryBytesToUtf8 } from "@sotto/common/bytes";
import { type CollateralParts, packCollateral, unpackCollateral } from "@sotto/common/wire/collateral";
import { parseCollateralJson } from "@sotto/common/wire/collateralJson";
import { PlatformError, PlatformErrorCode } from "./platformError.ts";

/** Names that are looked for in a folder, in this order. */
const NAMES = ["collateral.json", "collateral.bin"];
const BRACE = 0x7b;

function none(path: string, reason: string, cause?: unknown): PlatformError {
  return new PlatformError(
    PlatformErrorCode.NoCollateral,
    `collateral: ${path}: ${reason}; fetch the collateral of this machine's family from the provisioning service (or from a caching service, PCCS), and put it there as JSON or packed; see docs/operators.md`,
    { cause },
  );
}

function fileAt(path: string): string {
  if (!existsSync(path)) throw none(path, "does not exist");
  if (!statSync(path).isDirectory()) return path;
  const found = NAMES.map((name) => join(path, name)).find((file) => existsSync(file));
  if (found === undefined) throw none(path, `holds neither ${NAMES.join(" nor ")}`);
  return found;
}

function parse(file: string): CollateralParts {
  try {
    const bytes = new Uint8Array(readFileSync(file));
    if (bytes[0] !== BRACE) return unpackCollateral(bytes);
    return parseCollateralJson(tryBytesToUtf8(bytes) ?? "");
  } catch (error) {
    throw none(file, (error as Error).message, error);
  }
}

/** The verifier decides by signed dates and a block's time; this only says early what it will say. */
function checkDates(file: string, parts: CollateralParts, nowSeconds: number): void {
  for (const name of ["tcbInfo", "qeIdentity"] as const) {
    const date = /"nextUpdate"\s*:\s*"([^"]*)"/.exec(tryBytesToUtf8(parts[name]) ?? "")?.[1] ?? "";
    if (Date.parse(date) / 1000 < nowSeconds) throw none(file, `${name} was to be renewed by ${date}`);
  }
}

/**
 * @param path of a file, or of a folder with `collateral.json` or `collateral.bin`
 * @param nowSeconds since 1970
 * @returns packed (registration §2.2)
 * @throws {PlatformError} NoCollateral, with where it was looked for and what to do
 */
export function readCollateral(path: string, tee: CollateralParts["tee"], nowSeconds: number): Uint8Array {
  const file = fileAt(path);
  const parts = parse(file);
  if (parts.tee !== tee) throw none(file, `expected collateral of ${tee}, got that of ${parts.tee}`);
  checkDates(file, parts, nowSeconds);
  return packCollateral(parts);
}
