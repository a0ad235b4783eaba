import { Wallet } from "secretjs";
import { expect, it } from "vitest";
import { startSotto } from "./harness.ts";
import { openHalf } from "./hostile.ts";
import { balanceOf, connect, FAST, succeeded, uscrt } from "./network.ts";

it("goes on with transfers while 500 connections stay half open for 30 seconds", async () => {
  const sotto = await startSotto();
  const [a, b] = [connect(sotto.rest, "a"), connect(sotto.rest, "b")];
  const to = new Wallet().address;
  let sent = 0;
  const open = async (): Promise<(() => void)[]> => [await openHalf(sotto.rest, 400), await openHalf(sotto.rpc, 100)];
  let closers = await open();
  let openedAt = performance.now();
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    // The node cuts those that say nothing for too long: others take their places before that.
    if (performance.now() - openedAt > 10_000) {
      const old = closers;
      closers = await open();
      for (const close of old) close();
      openedAt = performance.now();
    }
    for (const tx of await Promise.all(
      [a, b].map((client) =>
        client.tx.bank.send({ from_address: client.address, to_address: to, amount: uscrt(1) }, { ...FAST }),
      ),
    ))
      succeeded(tx);
    sent += 2;
  }
  for (const close of closers) close();
  expect(sent).toBeGreaterThan(60);
  expect(await balanceOf(a, to)).toBe(BigInt(sent));
  expect(sotto.output()).not.toMatch(/internal error|^\s+at /m);
});
