/**
 * A recorded run of the scenario, and what the scanner finds in the records.
 * @module
 */
import { join } from "node:path";
import { homePaths } from "@sotto/host/node/home";
import { expect } from "vitest";
import { eventually, startSotto, temporaryFolder } from "../../e2e/harness.ts";
import { Http, hashOf, noCipher, text, Wallet } from "./client.ts";
import { FORMS } from "./forms.ts";
import { BUNDLE, databaseBytes, Lab, type LabOptions, type Transport } from "./lab.ts";
import { crawl, type Played, playSecrets, type Stage } from "./leakScenario.ts";
import { makeLeakyBundle } from "./leakyBundle.ts";
import { networkSecrets } from "./networkSecrets.ts";
import { type Finding, Scanner } from "./scanner.ts";

export type Pieces = readonly { readonly place: string; readonly bytes: Uint8Array }[];

export function scanAll(played: Played, home: string, bundle: Uint8Array, pieces: Pieces): Finding[] {
  const scanner = new Scanner([
    ...played.markers,
    ...networkSecrets(homePaths(home), bundle, [played.probe, played.token]),
  ]);
  const found = pieces.flatMap(({ place, bytes }) => scanner.scan(place, bytes));
  console.log(`leak: ${played.markers.length} markers, ${scanner.scanned} bytes in ${pieces.length} pieces`);
  return found;
}

/** Plays the scenario in a lab and looks at everything that left the enclave. */
export async function playInLab(options: Omit<LabOptions, "home">) {
  const home = join(temporaryFolder(), "home");
  const lab = await Lab.open({ ...options, home });
  let played: Played;
  try {
    const stage: Stage = {
      http: lab.http,
      alice: await lab.wallet("a"),
      bob: await lab.wallet("b"),
      run: (tx) => lab.run(tx),
    };
    played = await playSecrets(stage);
    await crawl(stage, played);
  } finally {
    await lab.close();
  }
  const pieces = [
    ...lab.boundary.map((bytes) => ({ place: "boundary", bytes })),
    ...lab.http.bodies.map((bytes) => ({ place: "http", bytes })),
    ...lab.logLines.map((line) => ({ place: "log", bytes: text(line) })),
    ...databaseBytes(lab.paths),
  ];
  expect(lab.logLines.length).toBeGreaterThan(15);
  return scanAll(played, home, options.bundle ?? BUNDLE, pieces);
}

/** Plays the scenario against the command as users run it, and looks at its output, answers and database. */
export async function expectCommandTight(transport: Transport): Promise<void> {
  const flags = ["--enclave", transport, "--collect", "5"];
  const node = await startSotto({ flags });
  const http = new Http(node.rest);
  const rpc = new Http(node.rpc);
  const ioKey = await http.ioKey();
  const stage: Stage = {
    http,
    alice: new Wallet("a", ioKey),
    bob: new Wallet("b", ioKey),
    run: async (tx) => {
      const hash = hashOf(tx);
      const { code, log } = await http.broadcast(tx);
      if (code !== 0) throw new Error(`not admitted: ${log}`);
      return {
        ...(await eventually(
          () => http.transaction(hash),
          () => `transaction ${hash}`,
        )),
        hash,
      };
    },
  };
  const played = await playSecrets(stage);
  await crawl(stage, played, rpc);
  await node.stop();
  const pieces = [
    { place: "output of the command", bytes: text(node.output()) },
    ...[...http.bodies, ...rpc.bodies].map((bytes) => ({ place: "http", bytes })),
    ...databaseBytes(homePaths(node.home)),
  ];
  expect(
    node
      .output()
      .split("\n")
      .filter((line) => line.startsWith("#")).length,
  ).toBeGreaterThan(15);
  expect(scanAll(played, node.home, BUNDLE, pieces)).toEqual([]);
}

/** Plays it with an enclave that writes in clear, in one of the forms, and expects that the scanner sees it everywhere. */
export async function expectNoticed(name: string): Promise<void> {
  const form = FORMS[name] as (typeof FORMS)[string];
  const bundle = makeLeakyBundle(BUNDLE, form);
  const found = await playInLab({ transport: "inline", bundle, cipher: noCipher(form) });
  const places = new Set(found.map(({ place }) => place.split(" ")[0]));
  expect([...places].sort()).toEqual(["boundary", "database", "http", "log"]);
  // "base64, one byte in front" is some offset of base64 to the scanner.
  const expected = name.startsWith("base64,") ? "base64" : name;
  const forms = [...new Set(found.map(({ form }) => form))];
  expect(forms.filter((form) => form === expected || form.startsWith(`${expected},`))).not.toEqual([]);
}
