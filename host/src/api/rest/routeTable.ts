/**
 * Finds the method that a path and an HTTP method name: a tree over the segments of the path templates.
 *
 * Templates are those of `google.api.http`: literals, `{name}`, and `{name=**}` for the rest of the path. A literal wins
 * over a variable (clients §1.1, chain §7: `latest` wins over `{height}`); of equal templates the first counts.
 * @module
 */

export type RouteMatch<T> = { readonly target: T; readonly captured: readonly string[] };

type Node<T> = {
  readonly literals: Map<string, Node<T>>;
  variable: Node<T> | undefined;
  readonly ends: Map<string, T>;
  /** `{name=**}`: takes one or more segments. */
  readonly rests: Map<string, T>;
};

function makeNode<T>(): Node<T> {
  return { literals: new Map(), variable: undefined, ends: new Map(), rests: new Map() };
}

export class RouteTable<T> {
  readonly #root: Node<T> = makeNode();

  /**
   * @param httpMethod `GET`, `POST`
   * @returns the names of the variables of `template`, in the order in which `find` gives their values
   */
  add(httpMethod: string, template: string, target: T): readonly string[] {
    const names: string[] = [];
    let node = this.#root;
    let takesRest = false;
    for (const segment of template.split("/").slice(1)) {
      if (takesRest) throw new RangeError(`path template ${template}: nothing may follow **`);
      const variable = /^\{([^=}]+)(?:=(\*\*?))?\}$/.exec(segment);
      if (variable === null) {
        node = childOf(node.literals, segment);
        continue;
      }
      names.push(variable[1] as string);
      takesRest = variable[2] === "**";
      if (!takesRest) {
        node.variable ??= makeNode();
        node = node.variable;
      }
    }
    const targets = takesRest ? node.rests : node.ends;
    if (!targets.has(httpMethod)) targets.set(httpMethod, target);
    return names;
  }

  /** @param segments decoded, without the empty one before the leading slash */
  find(httpMethod: string, segments: readonly string[]): RouteMatch<T> | undefined {
    return find(this.#root, httpMethod, segments, 0, []);
  }
}

function childOf<T>(children: Map<string, Node<T>>, segment: string): Node<T> {
  let child = children.get(segment);
  if (child === undefined) {
    child = makeNode();
    children.set(segment, child);
  }
  return child;
}

/** Depth is bounded by the templates, not by the path: a path that is longer than all of them ends at a leaf. */
function find<T>(
  node: Node<T>,
  httpMethod: string,
  segments: readonly string[],
  at: number,
  captured: readonly string[],
): RouteMatch<T> | undefined {
  const segment = segments[at];
  if (segment === undefined) {
    const target = node.ends.get(httpMethod);
    return target === undefined ? undefined : { target, captured };
  }
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : find(literal, httpMethod, segments, at + 1, captured);
  if (found !== undefined) return found;
  if (node.variable !== undefined) {
    const through = find(node.variable, httpMethod, segments, at + 1, [...captured, segment]);
    if (through !== undefined) return through;
  }
  const rest = node.rests.get(httpMethod);
  return rest === undefined ? undefined : { target: rest, captured: [...captured, segments.slice(at).join("/")] };
}
