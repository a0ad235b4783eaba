/**
 * What the scripts share about syntax trees: walking them, and telling code lines from comments and blanks.
 * @module
 */

/** Child nodes of an ESTree node, in no promised order. */
export function* childNodes(node) {
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === "object" && typeof child.type === "string") yield child;
    }
  }
}

/** Lines that hold something other than comments and white space; good enough for a budget. */
export function countCodeLines(source) {
  let count = 0;
  let inComment = false;
  for (const line of source.split("\n")) {
    let rest = line.trim();
    if (inComment) {
      const end = rest.indexOf("*/");
      if (end < 0) continue;
      rest = rest.slice(end + 2).trim();
      inComment = false;
    }
    if (rest.startsWith("/*")) {
      const end = rest.indexOf("*/");
      inComment = end < 0;
      rest = inComment ? "" : rest.slice(end + 2).trim();
    }
    if (rest !== "" && !rest.startsWith("//")) count++;
  }
  return count;
}
