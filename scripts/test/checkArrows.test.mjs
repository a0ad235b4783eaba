import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkArrows } from "../checkArrows.mjs";
import { codeOnly, importsOf } from "../sourceText.mjs";

const scripts = join(dirname(fileURLToPath(import.meta.url)), "..");

describe("checkArrows", () => {
  it("finds in the wrong workspace what each file says, and nothing else", () => {
    const root = join(scripts, "fixtures", "arrows-wrong");
    const problems = checkArrows(root);
    const expected = readdirSync(root, { recursive: true })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => ({
        name,
        text: /^\/\/ expect: (.*)$/m.exec(readFileSync(join(root, name), "utf8"))?.[1] ?? "nothing",
      }))
      .filter(({ text }) => text !== "nothing");
    for (const { name, text } of expected) {
      expect(
        problems.filter((problem) => problem.startsWith(`${name}:`) && problem.includes(text)),
        `${name}: ${text}`,
      ).toHaveLength(1);
    }
    expect(problems).toHaveLength(expected.length);
    expect(expected.length).toBeGreaterThan(20);
  });

  it("finds nothing in this workspace", () => {
    const root = join(scripts, "..");
    expect(checkArrows(root).map((problem) => relative(".", problem))).toEqual([]);
  });
});

describe("reading sources", () => {
  it("sees imports of every form and none in comments", () => {
    const source = [
      'import "a";',
      'import b from "b";',
      "import {",
      "  c,",
      '} from "c";',
      'export * from "d";',
      'export type { E } from "e";',
      ' * import f from "f";',
      '// import g from "g";',
      'const h = await import("h");',
      'export const text = "i";',
    ].join("\n");
    expect(importsOf(source).map(({ specifier, line }) => [specifier, line])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
      ["d", 6],
      ["e", 7],
      ["h", 10],
    ]);
  });

  it("blanks comments, strings and regular expressions, and keeps what templates insert", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    const code = codeOnly('a; // b\n"c" + \'d\' + `e ${f} g` + /h"/.test(i) / j; /* k\n*/ l');
    expect(code.replaceAll(/\s+/g, " ").trim()).toBe("a; + + f + .test(i) / j; l");
    expect(code.split("\n")).toHaveLength(3);
  });
});
