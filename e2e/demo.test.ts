import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSotto, startSotto, temporaryFolder } from "./harness.ts";

describe("sotto demo", () => {
  it("plays the story on a running network, and the node's output gives nothing of it away", async () => {
    const sotto = await startSotto();
    const before = sotto.output().length;
    const { code, stdout, stderr } = await runSotto(["demo", "--home", sotto.home, "--url", sotto.rest]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const part of [
      /stores the private token/,
      /instantiates/,
      /transfers 250,000 to Bob/,
      /the chain carries +│ [0-9a-f]{20}/,
      /the database holds +│ key +[0-9a-f]{20}/,
      /Alice, her key : \{"balance":\{"amount":"750000"\}\}/,
      /Bob, his key +: \{"balance":\{"amount":"250000"\}\}/,
      /wrong viewing key/i,
      /permit/,
      /Bob sees +│ code 3: .*insufficient funds/,
      /others see +│ code 3: .*encrypted: /,
    ])
      expect(stdout).toMatch(part);

    // The banner's public mnemonics aside, a node's output holds what the chain may know.
    const output = sotto.output().slice(before);
    expect(output).toMatch(/MsgExecuteContract/);
    for (const secret of ["250000", "750000", "rent", "key of a", "key of b", "insufficient funds", "999999999"])
      expect(output).not.toContain(secret);

    // It can be told again on the same network.
    expect(await runSotto(["demo", "--home", sotto.home, "--url", sotto.rest])).toMatchObject({ code: 0, stderr: "" });
  });

  it("says that no network answers", async () => {
    const home = join(temporaryFolder(), "none");
    const { code, stderr } = await runSotto(["demo", "--home", home, "--url", "http://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sotto: no network answers at http:\/\/127\.0\.0\.1:1; start one with `sotto start`/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
