/**
 * The event query language of CometBFT 0.38 (chain §8.4): conditions joined by `AND`.
 * @module
 */
import { IndexError, IndexErrorCode } from "./indexError.ts";

export type Operand =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly number: number; readonly text: string }
  /** Milliseconds since 1970. */
  | { readonly kind: "time"; readonly time: number };

export type Condition =
  | { readonly tag: string; readonly operator: "=" | "<" | "<=" | ">" | ">="; readonly operand: Operand }
  | { readonly tag: string; readonly operator: "CONTAINS"; readonly operand: Operand & { readonly kind: "text" } }
  | { readonly tag: string; readonly operator: "EXISTS" };

type Token = {
  readonly kind: "tag" | "text" | "number" | "time" | "operator" | "end";
  readonly text: string;
  readonly at: number;
};

const TOKEN =
  /\s*(?:'((?:[^'\\]|\\.)*)'|(TIME\s+\S+|DATE\s+\S+)|(<=|>=|=|<|>|AND\b|CONTAINS\b|EXISTS\b)|(-?\d+(?:\.\d+)?)(?=\s|$)|([^\s'"<>=()&|]+))/y;

function tokens(query: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const text = query.trimEnd();
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new IndexError(IndexErrorCode.BadQuery, `offset ${at}: unexpected character`);
    const [, quoted, time, operator, number, tag] = match;
    if (quoted !== undefined) found.push({ kind: "text", text: quoted.replace(/\\(.)/g, "$1"), at });
    else if (time !== undefined) found.push({ kind: "time", text: time, at });
    else if (operator !== undefined) found.push({ kind: "operator", text: operator, at });
    else if (number !== undefined) found.push({ kind: "number", text: number, at });
    else found.push({ kind: "tag", text: tag as string, at });
  }
  found.push({ kind: "end", text: "", at: text.length });
  return found;
}

function wanted(token: Token, what: string): IndexError {
  return new IndexError(
    IndexErrorCode.BadQuery,
    token.kind === "end" ? `offset ${token.at}: EOF` : `offset ${token.at}: got ${token.kind}, wanted ${what}`,
  );
}

function operandOf(token: Token): Operand {
  if (token.kind === "text") return { kind: "text", text: token.text };
  if (token.kind === "number") return { kind: "number", number: Number(token.text), text: token.text };
  if (token.kind === "time") {
    const time = Date.parse(token.text.slice(4).trim());
    if (!Number.isNaN(time)) return { kind: "time", time };
  }
  throw wanted(token, "string, number, time or date");
}

/** @throws {IndexError} BadQuery */
export function parseEventQuery(query: string): readonly Condition[] {
  const list = tokens(query);
  const conditions: Condition[] = [];
  let at = 0;
  const next = (): Token => list[at++] ?? (list[list.length - 1] as Token);
  for (;;) {
    const tag = next();
    if (tag.kind !== "tag") throw wanted(tag, "tag");
    const operator = next();
    if (operator.kind !== "operator" || operator.text === "AND") throw wanted(operator, "operator");
    if (operator.text === "EXISTS") conditions.push({ tag: tag.text, operator: "EXISTS" });
    else {
      const token = next();
      const operand = operandOf(token);
      if (operator.text !== "=" && operator.text !== "CONTAINS" && operand.kind === "text")
        throw wanted(token, "number, time or date");
      if (operator.text === "CONTAINS" && operand.kind !== "text") throw wanted(token, "string");
      conditions.push({ tag: tag.text, operator: operator.text, operand } as Condition);
    }
    const joint = next();
    if (joint.kind === "end") return conditions;
    if (joint.text !== "AND" || joint.kind !== "operator") throw wanted(joint, "AND");
  }
}

const NUMBER = /^-?\d+(\.\d+)?$/;

function compare(order: number, operator: "=" | "<" | "<=" | ">" | ">="): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Whether an attribute's value meets a condition on it. */
export function meets(condition: Condition, value: string): boolean {
  if (condition.operator === "EXISTS") return true;
  const { operand, operator } = condition;
  if (operator === "CONTAINS") return value.includes(operand.text);
  switch (operand.kind) {
    case "text":
      return value === operand.text;
    case "number":
      return NUMBER.test(value) && compare(Number(value) - operand.number, operator);
    case "time": {
      const time = Date.parse(value);
      return !Number.isNaN(time) && compare(time - operand.time, operator);
    }
  }
}
