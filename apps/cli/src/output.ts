/**
 * Where the commands write: results to standard output, what happens meanwhile to standard error.
 * @module
 */

export const out = (text: string): void => void process.stdout.write(`${text}\n`);
export const warn = (text: string): void => void process.stderr.write(`${text}\n`);

/** Rows of cells as columns, the last one as it is. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  "),
    )
    .join("\n");
}
