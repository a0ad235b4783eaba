/**
 * Reading TypeScript sources without a parser: what a file imports, and its code without comments and string contents.
 *
 * Good enough because the formatter, checked before, puts every import at the start of a line with double quotes.
 * @module
 */

/** @returns {{ specifier: string, line: number }[]} imports and re-exports, of types too, and `import()` */
export function importsOf(source) {
  const found = [];
  for (const pattern of [/^(?:import|export)\s(?:[^;"]*?\sfrom\s+)?"([^"\n]+)"/gm, /\bimport\(\s*"([^"\n]+)"\s*\)/g]) {
    for (const match of source.matchAll(pattern))
      found.push({ specifier: match[1], line: lineAt(source, match.index) });
  }
  return found;
}

export function lineAt(source, index) {
  return source.slice(0, index).split("\n").length;
}

// In this order: what begins first wins. A slash begins a regular expression only where no operand can have ended.
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=(?:[=(,:;!&|?{}[+*%<>~^\n-]|\breturn)[ \t]*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g;

/**
 * The source with comments, strings and regular expressions blanked and every line where it was. What a template inserts
 * with `${}` stays, unless it holds a template itself.
 */
export function codeOnly(source) {
  const blank = (text) => text.replace(/[^\n]/g, " ");
  return source.replace(TOKEN, (text) => {
    if (!text.startsWith("`")) return blank(text);
    return text.replace(/\$\{([^}]*)\}|[^\n]/g, (part, inserted) =>
      inserted === undefined ? blank(part) : `  ${inserted} `,
    );
  });
}
