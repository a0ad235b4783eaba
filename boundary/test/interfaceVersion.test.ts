import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ECALLS, INTERFACE_VERSION, OCALLS, REFUSAL } from "../src/messages.ts";

/** Every version there was, with the hash of its shapes. A line is added, never changed, once a release has it. */
const SHAPES_OF_VERSION: Readonly<Record<number, string>> = {
  1: "36e05988c9848da8e60a77984ad7efe716668d1cbb2bbb03bacfd6acfb1ae960",
  2: "99e688d4039b83ebd38dc454eb4d8599e2f4127fc8edb4c231fa359bce7727d2",
  3: "aede5959cc185b385de7f330ec0adcc9b6e74abe12a540697395525d46d7ea02",
  4: "27ba7d53c85f58d463d7d26cce610dcdb5eeb16fd7614acb547a43383ff02e32",
  5: "75dbcdc64f9aa28d21cee6bf3bb6ebd3db2f93409840b46e834b7c4bce799c39",
};

function hashOfShapes(): string {
  const lines: string[] = [];
  for (const [table, calls] of Object.entries({ ECALLS, OCALLS })) {
    for (const [name, { request, response }] of Object.entries(calls))
      lines.push(`${table}.${name} ${request.shape} -> ${response.shape}`);
  }
  lines.push(`REFUSAL ${REFUSAL.shape}`);
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

it("has for every change of a message another INTERFACE_VERSION", () => {
  const hash = hashOfShapes();
  expect(
    hash,
    `the messages changed: raise INTERFACE_VERSION in boundary/src/messages.ts above ${INTERFACE_VERSION} and record ${hash} for it here`,
  ).toBe(SHAPES_OF_VERSION[INTERFACE_VERSION]);
});

it("has the highest recorded version", () => {
  expect(Math.max(...Object.keys(SHAPES_OF_VERSION).map(Number))).toBe(INTERFACE_VERSION);
});
