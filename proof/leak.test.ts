/** Nothing leaks: secrets in every place, every byte outside of the enclave recorded, and no secret in any form among them. */
import { homePaths } from "@sotto/host/node/home";
import { describe, expect, it } from "vitest";
import { eventually, startSotto } from "../e2e/harness.ts";
import { Http, hashOf, text, Wallet } from "./support/client.ts";
import { BUNDLE, databaseBytes, type Transport } from "./support/lab.ts";
import { expectNoticed, playInLab, scanAll } from "./support/leakRun.ts";
import { crawl, playSecrets, type Stage } from "./support/leakScenario.ts";

const TRANSPORTS: readonly Transport[] = ["inline", "process"];

describe("nothing leaks", () => {
  it.each(TRANSPORTS)("over the boundary, into the database, answers or log, enclave %s", async (transport) => {
    expect(await playInLab({ transport })).toEqual([]);
  });

  it.each(TRANSPORTS)("from the command as users run it, enclave %s", async (transport) => {
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
  });
});

/** All forms: `slow-leakForms.test.ts`. */
describe("the same run with encryption switched off is noticed", () => {
  it.each(["raw", "JSON, all escaped", "UTF-16, big endian"])("when data is only written as %s", expectNoticed);
});
