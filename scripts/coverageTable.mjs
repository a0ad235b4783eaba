/**
 * Which tests speak for which section of the spec: `spec/COVERAGE.md`, made from the titles of all tests.
 *
 *     node scripts/coverageTable.mjs           writes it
 *     node scripts/coverageTable.mjs --check   fails if it is not what would be written, or if a section is empty
 *
 * A title names sections as `contracts §5.3, §5.4` or `enclave §3.1 and §3.2`; those of a `describe` count for all that is in it.
 * Nesting is told from the indentation, which the formatter makes. Sections are those of `spec/sections.json`.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const OUTPUT = join(root, "spec/COVERAGE.md");
const TEST_FOLDERS = ["common", "boundary", "enclave", "platform", "host", "apps", "e2e", "proof"];

const CALL = /^( *)(describe|it|test)\b(.*)$/;
const TITLE = /^\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`|'((?:[^'\\]|\\.)*)')/;
const REFERENCE = /\b(contracts|enclave) (§[0-9.]*[0-9](?:(?:, | and | to )§[0-9.]*[0-9])*)/g;

/** What the end of a line `describe(...)`, or the line after it, gives as a title. */
function titleOf(rest, nextLines) {
  // `it.each([...])("title")`, `describe.each` and `it.skipIf(...)`: the title is in the call after the table, perhaps lines below.
  const text = [rest, ...nextLines].join("\n");
  const direct = TITLE.exec(rest.trimStart()) ?? TITLE.exec(text);
  if (direct !== null && !rest.startsWith(".")) return direct[1] ?? direct[2] ?? direct[3];
  const afterTable = /\)(\(\s*(?:"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`))/.exec(text);
  const match = afterTable === null ? null : TITLE.exec(afterTable[1]);
  return match === null ? undefined : (match[1] ?? match[2]);
}

/** Sections that a title names, as `document section`. */
export function sectionsIn(title) {
  const found = [];
  for (const [, document, list] of title.matchAll(REFERENCE)) {
    const parts = list.split(/(, | and | to )/);
    for (let i = 0; i < parts.length; i += 2) {
      const section = parts[i].slice(1);
      if (parts[i - 1] === " to ")
        found.push(...between(parts[i - 2].slice(1), section).map((s) => `${document} ${s}`));
      found.push(`${document} ${section}`);
    }
  }
  return [...new Set(found)];
}

/** Sections after `from` and before `to` of one chapter. */
function between(from, to) {
  const [chapter, first] = from.split(".");
  const [, last] = to.split(".");
  const numbers = [];
  for (let n = Number(first) + 1; n < Number(last); n++) numbers.push(`${chapter}.${n}`);
  return numbers;
}

/** Tests of one file with the sections that they and what surrounds them name. */
export function testsIn(source) {
  const lines = source.split("\n");
  const open = [];
  const tests = [];
  for (const [i, line] of lines.entries()) {
    const match = CALL.exec(line);
    if (match === null || !/^[.(]/.test(match[3])) continue;
    const [, { length: indent }, kind, rest] = match;
    const title = titleOf(rest, lines.slice(i + 1, i + 60));
    if (title === undefined) continue;
    while (open.length > 0 && open.at(-1).indent >= indent) open.pop();
    const sections = [...(open.at(-1)?.sections ?? []), ...sectionsIn(title)];
    if (kind === "describe") open.push({ indent, sections });
    else tests.push({ title, sections: [...new Set(sections)] });
  }
  return tests;
}

function testFilesIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : testFilesIn(path);
    return /(\.test|Suite)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function makeTable() {
  const sections = JSON.parse(readFileSync(join(root, "spec/sections.json"), "utf8"));
  const bySection = new Map(sections.map(({ document, section }) => [`${document} ${section}`, new Map()]));
  const unknown = [];
  const files = TEST_FOLDERS.flatMap(testFilesIn).sort();
  for (const file of files) {
    for (const { title, sections: named } of testsIn(readFileSync(join(root, file), "utf8"))) {
      for (const section of named) {
        const tests = bySection.get(section);
        if (tests === undefined) unknown.push(`${file}: ${section}: ${title}`);
        else tests.set(file, [...(tests.get(file) ?? []), title]);
      }
    }
  }
  const empty = sections.filter(
    ({ document, section, exempt }) => exempt === undefined && bySection.get(`${document} ${section}`).size === 0,
  );
  return { text: format(sections, bySection), empty, unknown };
}

function format(sections, bySection) {
  const lines = [
    "# Coverage: section of the spec, tests that name it",
    "",
    "Made by `node scripts/coverageTable.mjs` from the titles of the tests; `npm run check` fails if it is not up to date or a section is empty.",
  ];
  for (const { document, section, title, exempt } of sections) {
    lines.push("", `## ${document} §${section} ${title}`, "");
    if (exempt !== undefined) lines.push(`Not covered: ${exempt}.`);
    for (const [file, titles] of bySection.get(`${document} ${section}`)) {
      lines.push(`- \`${file}\`: ${titles.map((each) => each.replace(/\s+/g, " ")).join("; ")}`);
    }
  }
  return `${lines.join("\n").replace(/\n{3,}/g, "\n\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { text, empty, unknown } = makeTable();
  for (const { document, section, title } of empty) console.error(`no test names ${document} §${section} (${title})`);
  for (const reference of unknown) console.error(`no such section: ${reference}`);
  if (!process.argv.includes("--check")) writeFileSync(OUTPUT, text);
  else if (readFileSync(OUTPUT, "utf8") !== text) {
    console.error("spec/COVERAGE.md is not up to date: node scripts/coverageTable.mjs");
    process.exitCode = 1;
  }
  if (empty.length > 0 || unknown.length > 0) process.exitCode = 1;
}
