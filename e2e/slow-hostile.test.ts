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
  const closers: (() => void)[] = [];
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    // The node cuts them after a while: new ones take their places.
    if (sent % 40 === 0) closers.push(await openHalf(sotto.rest, 400), await openHalf(sotto.rpc, 100));
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
