import { Refusal } from "@holdfast/fs/steps";
import { serializeJson } from "../text/serialize-json.ts";
import { insertMember } from "./insert-member.ts";
import type { JsoncEdit } from "./jsonc.ts";
import { plainText } from "./plain-text.ts";
import { removeMember } from "./remove-member.ts";
import { isOneLine, lineIndent, newStyle, render, styleOf } from "./style.ts";
import { TextTree, type Node } from "./text-tree.ts";

type Path = JsoncEdit["path"];

/** A new document that holds nothing but what an edit puts there. */
export function newText({ path, value }: JsoncEdit): string {
  return render(wrap(path, 0, value), newStyle, "") + newStyle.lineEnd;
}

/** Makes one change in a text that is right; see {@link editTree}. */
export function editText(text: string, edit: JsoncEdit): string {
  const tree = new TextTree(text);
  editTree(tree, edit);
  return tree.text;
}

/**
 * Makes one change in a text that is right.
 *
 * @throws `Refusal` (`ERR_JSON_INVALID`) where the document is not such that it has this path
 */
export function editTree(tree: TextTree, { path, value }: JsoncEdit): void {
  let node = tree.root;
  let parent: Node | undefined;
  for (const [depth, key] of path.entries()) {
    let found = find(tree, node, key);
    if (found === -1) {
      if (value === undefined) return;
      requireParent(tree, node, path, depth);
      const wrapped = wrap(path, depth + 1, value);
      const inOneLine = parent !== undefined && isOneLine(tree, parent);
      insertMember(tree, node, { key, value: wrapped }, styleOf(tree), inOneLine);
      return;
    }
    if (value === undefined && depth === path.length - 1) {
      // A key may be there twice: the first would be the value then.
      const isObject = typeof key === "string";
      do removeMember(tree, node, found);
      while (isObject && (found = find(tree, node, key)) !== -1);
      return;
    }
    parent = node;
    node = tree.valueOf(node, found);
  }
  replaceValue(tree, node, parent, value);
}

/** The index of a member, or -1; of several the last, as for `JSON.parse`. */
function find(tree: TextTree, node: Node, key: string | number): number {
  const kind = tree.kindOf(node);
  if (kind === "object" && typeof key === "string") {
    return tree.membersOf(node).keys!.lastIndexOf(key);
  }
  const isElement = kind === "array" && typeof key === "number";
  return isElement && key < tree.membersOf(node).ends.length ? key : -1;
}

/** Whether something can be added here: nothing that stands there is replaced on the way. */
function requireParent(tree: TextTree, node: Node, path: Path, depth: number): void {
  const key = path[depth];
  const kind = tree.kindOf(node);
  if (typeof key === "string" && kind === "object") return;
  if (typeof key === "number" && kind === "array") {
    const { length } = tree.membersOf(node).ends;
    if (key === -1 || key === length) return;
    throw noPlace(path, depth, `the array has only ${length} elements`);
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

function replaceValue(tree: TextTree, node: Node, parent: Node | undefined, value: unknown): void {
  if (isEqual(tree, node, value)) return; // and so are the comments in it
  const inOneLine = isOneLine(tree, node) || (parent !== undefined && isOneLine(tree, parent));
  const indent = inOneLine ? undefined : lineIndent(tree.text, node.start);
  tree.replaceValue(node, render(value, styleOf(tree), indent));
}

function isEqual({ text }: TextTree, { start, end }: Node, value: unknown): boolean {
  const found: unknown = JSON.parse(plainText(text.slice(start, end))!);
  const canonical = (any: unknown): string =>
    Buffer.from(serializeJson(any, { space: 0, sortKeys: true })).toString();
  return canonical(found) === canonical(value);
}
