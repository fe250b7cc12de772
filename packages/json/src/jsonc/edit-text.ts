import { Refusal } from "@holdfast/fs/steps";
import { serializeJson } from "../text/serialize-json.ts";
import { insertMember } from "./insert-member.ts";
import type { JsoncEdit } from "./jsonc.ts";
import { blank } from "./parse-jsonc.ts";
import { readTree, type Member, type Node, type Tree } from "./read-tree.ts";
import { removeMember } from "./remove-member.ts";
import { isOneLine, lineIndent, newStyle, render, styleOf } from "./style.ts";

type Path = JsoncEdit["path"];

/** A new document that holds nothing but what an edit puts there. */
export function newText({ path, value }: JsoncEdit): string {
  return render(wrap(path, 0, value), newStyle, "") + newStyle.lineEnd;
}

/**
 * Makes one change in a text that is right.
 *
 * @throws `Refusal` (`ERR_JSON_INVALID`) where the document is not such that it has this path
 */
export function editText(text: string, edit: JsoncEdit): string {
  const tree = readTree(text);
  const { path, value } = edit;
  let node = tree.root;
  let parent: Node | undefined;
  for (const [depth, key] of path.entries()) {
    const found = find(node, path, depth);
    if (found === undefined) {
      if (value === undefined) return text;
      requireParent(node, path, depth);
      const wrapped = wrap(path, depth + 1, value);
      const inOneLine = parent !== undefined && isOneLine(text, parent);
      return insertMember(tree, node, { key, value: wrapped }, styleOf(tree), inOneLine);
    }
    if (value === undefined && depth === path.length - 1) {
      const removed = removeMember(tree, node, found);
      // A key may be there twice: the first would be the value then.
      return node.kind === "object" ? editText(removed, edit) : removed;
    }
    parent = node;
    node = found.value;
  }
  return replaceValue(tree, node, parent, value);
}

/** The last of that name, as for `JSON.parse`. */
function find(node: Node, path: Path, depth: number): Member | undefined {
  const key = path[depth]!;
  if (node.kind === "object" && typeof key === "string") {
    return node.members.findLast((member) => member.key === key);
  }
  return node.kind === "array" && typeof key === "number" ? node.members[key] : undefined;
}

/** Whether something can be added here: nothing that stands there is replaced on the way. */
function requireParent({ kind, members }: Node, path: Path, depth: number): void {
  const key = path[depth];
  if (typeof key === "string" && kind === "object") return;
  if (typeof key === "number" && kind === "array") {
    if (key === -1 || key === members.length) return;
    throw noPlace(path, depth, `the array has only ${members.length} elements`);
  }
  const wanted = typeof key === "string" ? "an object" : "an array";
  const is = { object: "an object", array: "an array", scalar: "neither object nor array" }[kind];
  throw noPlace(path, depth, `this would have to be ${wanted}, and is ${is}`);
}

function noPlace(path: Path, depth: number, message: string): Refusal {
  const shown = JSON.stringify(path.slice(0, depth));
  return new Refusal("ERR_JSON_INVALID", {
    problem: `${depth === 0 ? "the document" : `at ${shown}`}: ${message}`,
    more: { issues: [{ path: path.slice(0, depth), message }] },
  });
}

/** The value with the objects and arrays around it that are missing. */
function wrap(path: Path, from: number, value: unknown): unknown {
  let wrapped = value;
  for (let depth = path.length - 1; depth >= from; depth--) {
    const key = path[depth]!;
    if (typeof key === "number" && key > 0) {
      throw noPlace(path, depth, "the array would be new, and have no elements before this one");
    }
    wrapped = typeof key === "number" ? [wrapped] : Object.fromEntries([[key, wrapped]]);
  }
  return wrapped;
}

function replaceValue(tree: Tree, node: Node, parent: Node | undefined, value: unknown): string {
  const { text } = tree;
  if (isEqual(tree, node, value)) return text; // and so are the comments in it
  const inOneLine = isOneLine(text, node) || (parent !== undefined && isOneLine(text, parent));
  const indent = inOneLine ? undefined : lineIndent(text, node.start);
  return text.slice(0, node.start) + render(value, styleOf(tree), indent) + text.slice(node.end);
}

function isEqual({ text }: Tree, { start, end }: Node, value: unknown): boolean {
  const own = text.slice(start, end);
  const found: unknown = JSON.parse(blank(own, readTree(own).tokens));
  const canonical = (any: unknown): string =>
    Buffer.from(serializeJson(any, { space: 0, sortKeys: true })).toString();
  return canonical(found) === canonical(value);
}
