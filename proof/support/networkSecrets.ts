/**
 * The secrets of a network itself. Whoever has the machine's secret can open what its enclave sealed: a test has it.
 * @module
 */
import { readFileSync } from "node:fs";
import { parseAddress } from "@sotto/common/address";
import { concatBytes } from "@sotto/common/bytes";
import { ContractKey } from "@sotto/common/wire/compute";
import { deriveKey, deriveKeyTree, type SeedKeys } from "@sotto/enclave/keys/keyTree";
import { unseal } from "@sotto/enclave/keys/sealing";
import { decodeTrustedRecord } from "@sotto/enclave/keys/trustedRecord";
import type { HomePaths } from "@sotto/host/node/home";
import { openLmdbEngine } from "@sotto/host/store/lmdbEngine";
import { makeStateStore } from "@sotto/host/store/stateStore";
import { makePowers, measureBundle } from "@sotto/platform/powers";
import { simMachinePowers } from "@sotto/platform/sim/simMachinePowers";
import { type Contract, crypto, sha256 } from "./client.ts";
import type { Marker } from "./scanner.ts";

function keysOfSeed(index: number, keys: SeedKeys): Marker[] {
  const { seedExchange, ioExchange, ...symmetric } = keys;
  const named = { seedExchange: seedExchange.secret, ioExchange: ioExchange.secret, ...symmetric };
  return Object.entries(named).map(([name, secret]) => ({ name: `${name} of seed ${index}`, secret }));
}

/** Seeds, everything derived from them, and the sealing key; all that must never be seen. */
export function networkSecrets(paths: HomePaths, bundle: Uint8Array, contracts: readonly Contract[]): Marker[] {
  const machineSecret = new Uint8Array(readFileSync(paths.machineSecret));
  const store = makeStateStore(openLmdbEngine({ path: paths.state, readOnly: true }), { sha256, stores: [] });
  const sealed = new Uint8Array(readFileSync(paths.sealedNetwork));
  const powers = makePowers(measureBundle(bundle), simMachinePowers(machineSecret, bundle), () => new Uint8Array(0));
  const { plaintext } = unseal(crypto, powers, "network/v1", sealed);
  const { seeds } = decodeTrustedRecord(plaintext);
  const tree = deriveKeyTree(crypto, seeds);
  const view = store.latest();
  const ofContracts = contracts.flatMap(({ address }, i): Marker[] => {
    const row = view.get("compute", concatBytes(Uint8Array.of(6), parseAddress(address)));
    const { ogContractKey } = ContractKey.decode(row as Uint8Array);
    return tree.seeds.map(({ stateIkm }, seed) => ({
      name: `state key of contract ${i} under seed ${seed}`,
      secret: deriveKey(crypto, stateIkm, ogContractKey),
    }));
  });
  view.release();
  store.close();
  return [
    { name: "machine secret", secret: machineSecret },
    { name: "sealing key", secret: powers.sealingKey() },
    ...seeds.map((secret, i) => ({ name: `seed ${i}`, secret })),
    ...tree.seeds.flatMap((keys, i) => keysOfSeed(i, keys)),
    ...ofContracts,
  ];
}
