/**
 * The static check of an upload: the rows of contracts §1.2, in order, with their texts.
 *
 * Looks at names, counts and limits only; types are checked when the code is opened.
 * @module
 */
import { InputError } from "@sotto/common/errors";
import type { CodeReport, ContractApi } from "./engine.ts";
import { EngineError, EngineErrorCode } from "./engineError.ts";
import { type DecodedModule, decodeModule, ExternalKind } from "./wasm/decodeModule.ts";

const MAX_UPLOAD_PAGES = 512;
const REQUIRES = "requires_";
const SUPPORTED_FEATURES: ReadonlySet<string> = new Set(["staking", "stargate", "ibc3", "random"]);

type ApiRules = { readonly marker: string; readonly exports: readonly string[]; readonly imports: readonly string[] };

const CRYPTO_IMPORTS = [
  "env.secp256k1_verify",
  "env.secp256k1_recover_pubkey",
  "env.secp256k1_sign",
  "env.ed25519_verify",
  "env.ed25519_batch_verify",
  "env.ed25519_sign",
];

const V010: ApiRules = {
  marker: "cosmwasm_vm_version_3",
  exports: ["cosmwasm_vm_version_3", "init", "handle", "query", "allocate", "deallocate"],
  imports: [
    "env.db_read",
    "env.db_write",
    "env.db_remove",
    "env.canonicalize_address",
    "env.humanize_address",
    "env.query_chain",
    ...CRYPTO_IMPORTS,
    "env.db_scan",
    "env.db_next",
  ],
};

const V1: ApiRules = {
  marker: "interface_version_8",
  exports: ["interface_version_8", "instantiate", "allocate", "deallocate"],
  imports: [
    "env.db_read",
    "env.db_write",
    "env.db_remove",
    "env.addr_validate",
    "env.addr_canonicalize",
    "env.addr_humanize",
    ...CRYPTO_IMPORTS,
    "env.dcap_quote_verify",
    "env.debug",
    "env.query_chain",
    "env.db_scan",
    "env.db_next",
    "env.gas_evaporate",
    "env.check_gas",
  ],
};

const IBC_EXPORTS = [
  "ibc_channel_open",
  "ibc_channel_connect",
  "ibc_channel_close",
  "ibc_packet_receive",
  "ibc_packet_ack",
  "ibc_packet_timeout",
];

/**
 * @param wasm the uncompressed module
 * @throws {EngineError} StaticValidation, with the text of the first row that fails
 */
export function checkCode(wasm: Uint8Array): CodeReport {
  const module = decodeUpload(wasm);
  checkMemory(module);
  const features = featuresOf(module);
  const unsupported = features.filter((feature) => !SUPPORTED_FEATURES.has(feature));
  if (unsupported.length > 0) {
    throw refused(`Wasm contract requires unsupported features: {${unsupported.map(quoted).join(", ")}}`);
  }
  checkApi(module);
  const names = new Set(module.exports.map((item) => item.name));
  return { api: apiOf(module) as ContractApi, features, ibc: IBC_EXPORTS.every((name) => names.has(name)) };
}

/** The API of the first marker in the order of exports; undefined if there is none (contracts §1.4 step 2). */
export function apiOf(module: DecodedModule): ContractApi | undefined {
  for (const { name } of module.exports) {
    if (name === V010.marker) return "v0.10";
    if (name === V1.marker) return "v1";
  }
  return undefined;
}

function refused(message: string): EngineError {
  return new EngineError(EngineErrorCode.StaticValidation, message);
}

function decodeUpload(wasm: Uint8Array): DecodedModule {
  try {
    return decodeModule(wasm);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw refused(`Wasm bytecode could not be deserialized. Deserialization error: ${quoted(error.message)}`);
  }
}

function checkMemory(module: DecodedModule): void {
  // A section without entries is not one without a section: the two have different texts.
  if (!module.hasMemorySection) throw refused("Wasm contract doesn't have a memory section");
  const memory = module.memories[0];
  if (memory === undefined || module.memories.length !== 1)
    throw refused("Wasm contract must contain exactly one memory");
  if (memory.minimum > MAX_UPLOAD_PAGES) {
    throw refused(`Wasm contract memory's minimum must not exceed ${MAX_UPLOAD_PAGES} pages.`);
  }
  if (memory.maximum !== undefined) {
    throw refused("Wasm contract memory's maximum must be unset. The host will set it for you.");
  }
}

function featuresOf(module: DecodedModule): readonly string[] {
  const features = new Set<string>();
  for (const { name, kind } of module.exports) {
    if (kind === ExternalKind.Function && name.startsWith(REQUIRES) && name.length > REQUIRES.length) {
      features.add(name.slice(REQUIRES.length));
    }
  }
  return [...features].sort();
}

function checkApi(module: DecodedModule): void {
  const results = [
    exportFault(module, V010.exports),
    importFault(module, V010.imports),
    exportFault(module, V1.exports),
    importFault(module, V1.imports),
  ];
  const [v010Exports, v010Imports, v1Exports, v1Imports] = results.map((fault) =>
    fault === undefined ? "Ok(())" : `Err(${quoted(fault)})`,
  );
  if ((results[0] ?? results[1]) === undefined || (results[2] ?? results[3]) === undefined) return;
  throw refused(
    "Contract is not CosmWasm v0.10 or v1. " +
      `v0.10 exports: ${v010Exports}, v0.10 imports: ${v010Imports}, v1 exports: ${v1Exports}, v1 imports: ${v1Imports}`,
  );
}

function exportFault(module: DecodedModule, required: readonly string[]): string | undefined {
  const names = new Set(module.exports.map((item) => item.name));
  const missing = required.find((name) => !names.has(name));
  if (missing === undefined) return undefined;
  return `Wasm contract doesn't have required export: ${quoted(missing)}. Exports required by VM: ${quotedList(required)}.`;
}

function importFault(module: DecodedModule, supported: readonly string[]): string | undefined {
  for (const { module: from, name, kind } of module.imports) {
    const full = `${from}.${name}`;
    if (!supported.includes(full)) {
      return `Wasm contract requires unsupported import: ${quoted(full)}. Imports supported by VM: ${quotedList(supported)}.`;
    }
    if (kind !== ExternalKind.Function) {
      return `Wasm contract requires non-function import: ${quoted(full)}. Right now, all supported imports are functions.`;
    }
  }
  return undefined;
}

function quotedList(items: readonly string[]): string {
  return `[${items.map(quoted).join(", ")}]`;
}

/** A text as a debug print shows it. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
