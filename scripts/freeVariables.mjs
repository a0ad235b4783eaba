/**
 * The names that a script uses without declaring them, by scope analysis of its syntax tree.
 *
 * The enclave bundle may use the intrinsics of ECMAScript and nothing else: everything that touches the world has to arrive
 * as a power. This finds whatever else it would take from the global object.
 * @module
 */
import { parseAst } from "rollup/parseAst";
import { childNodes } from "./sourceTree.mjs";

/**
 * Intrinsics of ECMAScript 2022 that neither reach the outside nor make code from text: no `globalThis`, `eval`, `Function`.
 * Shared memory and atomics are for threads, which the enclave does not have.
 */
export const ALLOWED_INTRINSICS = new Set(
  (
    "undefined NaN Infinity Date Object Array String Number Boolean BigInt Symbol Math JSON Map Set WeakMap WeakSet WeakRef Promise " +
    "Proxy Reflect RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError " +
    "ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array " +
    "BigInt64Array BigUint64Array Float32Array Float64Array isNaN isFinite parseInt parseFloat decodeURIComponent encodeURIComponent"
  ).split(" "),
);

/** Members of allowed intrinsics that are not allowed. */
const BANNED_MEMBERS = new Set(["Math.random", "Date.now"]);

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const BLOCKS = new Set([
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "StaticBlock",
  "CatchClause",
]);

class Scope {
  names = new Set();
  constructor(parent, isFunction) {
    this.parent = parent;
    this.isFunction = isFunction;
  }
  declare(name, hoisted) {
    let scope = this;
    while (hoisted && !scope.isFunction) scope = scope.parent;
    scope.names.add(name);
  }
  has(name) {
    for (let scope = this; scope !== undefined; scope = scope.parent) if (scope.names.has(name)) return true;
    return false;
  }
}

function declarePattern(pattern, scope, hoisted) {
  switch (pattern?.type) {
    case "Identifier":
      scope.declare(pattern.name, hoisted);
      break;
    case "ObjectPattern":
      for (const property of pattern.properties)
        declarePattern(property.type === "RestElement" ? property : property.value, scope, hoisted);
      break;
    case "ArrayPattern":
      for (const element of pattern.elements) declarePattern(element, scope, hoisted);
      break;
    case "RestElement":
      declarePattern(pattern.argument, scope, hoisted);
      break;
    case "AssignmentPattern":
      declarePattern(pattern.left, scope, hoisted);
      break;
  }
}

function declare(node, scope) {
  if (node.type === "VariableDeclaration") {
    for (const { id } of node.declarations) declarePattern(id, scope, node.kind === "var");
  } else if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id)
    scope.declare(node.id.name, false);
}

function openScope(node, scope) {
  if (FUNCTIONS.has(node.type)) {
    const inner = new Scope(scope, true);
    if (node.type === "FunctionExpression" && node.id) inner.declare(node.id.name, false);
    for (const parameter of node.params) declarePattern(parameter, inner, false);
    if (node.type !== "ArrowFunctionExpression") inner.declare("arguments", false);
    return inner;
  }
  if (node.type === "ClassExpression" && node.id) {
    const inner = new Scope(scope, false);
    inner.declare(node.id.name, false);
    return inner;
  }
  if (!BLOCKS.has(node.type)) return scope;
  const inner = new Scope(scope, node.type === "StaticBlock");
  if (node.type === "CatchClause") declarePattern(node.param, inner, false);
  return inner;
}

/** Identifiers in these places are names of properties or labels, not variables. */
function isName(parent, node) {
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && parent.value !== node;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key === node && !parent.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return true;
    default:
      return false;
  }
}

/** First pass: declarations, hoisted ones included, so that use before declaration is no false alarm. */
function collect(node, scope, scopes) {
  declare(node, scope);
  const inner = openScope(node, scope);
  scopes.set(node, inner);
  for (const child of childNodes(node)) collect(child, inner, scopes);
}

function report(node, parent, scopes, found) {
  const inner = scopes.get(node);
  if (node.type === "Identifier" && !isName(parent, node) && !inner.has(node.name)) found.add(node.name);
  if (node.type === "MemberExpression" && node.object.type === "Identifier" && !inner.has(node.object.name)) {
    const member = node.computed ? node.property.value : node.property.name;
    if (BANNED_MEMBERS.has(`${node.object.name}.${member}`)) found.add(`${node.object.name}.${member}`);
  }
  // A date made of given numbers is arithmetic; without them it is the host's clock.
  const isDate = node.callee?.type === "Identifier" && node.callee.name === "Date" && !inner.has("Date");
  if (isDate && node.type === "CallExpression") found.add("Date()");
  if (isDate && node.type === "NewExpression" && node.arguments.length === 0) found.add("new Date()");
  if (node.type === "ImportDeclaration") found.add("import");
  if (/^Export.*Declaration$/.test(node.type)) found.add("export");
  if (node.type === "ImportExpression") found.add("import()");
  if (node.type === "MetaProperty" && node.meta.name === "import") found.add("import.meta");
  for (const child of childNodes(node)) report(child, node, scopes, found);
}

/**
 * @param {string} source a script; of a module, `import` and `export` themselves are reported
 * @param {readonly string[]} given names that the surrounding function passes in
 * @returns {string[]} sorted names, and `import()`, `import.meta`, `Math.random`, `Date.now`, `Date()`, `new Date()` where they occur
 */
export function freeVariables(source, given = []) {
  const program = parseAst(source);
  const outer = new Scope(undefined, true);
  for (const name of given) outer.declare(name, false);
  const scopes = new Map();
  collect(program, outer, scopes);
  const found = new Set();
  report(program, program, scopes, found);
  return [...found].sort();
}

/** Those of {@link freeVariables} that an enclave bundle must not have. */
export function forbiddenVariables(source) {
  return freeVariables(source, ["exports"]).filter((name) => !ALLOWED_INTRINSICS.has(name));
}
