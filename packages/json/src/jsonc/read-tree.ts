import { isComment, scanJsonc, type Token } from "./scan-jsonc.ts";

/** A value in a text. */
export interface Node {
  readonly kind: "object" | "array" | "scalar";
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}

/** A property or an element: from its key on. */
export interface Member {
  /** `undefined` for an element. */
  readonly key: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly value: Node;
}

/** A text taken apart. */
export interface Tree {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly root: Node;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Open = Mutable<Omit<Node, "members">> & { members: Member[] };

/** Takes a text apart that was parsed before, and so is right. Without recursion: it may be deep. */
export function readTree(text: string): Tree {
  const tokens = scanJsonc(text);
  const open: { readonly node: Open; readonly key: Token | undefined }[] = [];
  let key: Token | undefined;
  let root: Node | undefined;
  const place = (node: Node, named: Token | undefined): void => {
    const parent = open.at(-1);
    if (parent === undefined) root = node;
    else parent.node.members.push(memberOf(text, named, node));
  };
  for (const [index, token] of tokens.entries()) {
    const { kind, start, end } = token;
    if (kind === "{" || kind === "[") {
      const node: Open = { kind: kind === "{" ? "object" : "array", start, end, members: [] };
      open.push({ node, key });
      key = undefined;
    } else if (kind === "}" || kind === "]") {
      const closed = open.pop()!;
      closed.node.end = end;
      place(closed.node, closed.key);
    } else if (kind === "string" && isKey(tokens, index)) {
      key = token;
    } else if (kind === "string" || kind === "scalar") {
      place({ kind: "scalar", start, end, members: [] }, key);
      key = undefined;
    }
  }
  return { text, tokens, root: root! };
}

function isKey(tokens: readonly Token[], index: number): boolean {
  let next = index + 1;
  while (next < tokens.length && isComment(tokens[next]!)) next++;
  return tokens[next]?.kind === ":";
}

function memberOf(text: string, key: Token | undefined, value: Node): Member {
  const { end } = value;
  if (key === undefined) return { key, start: value.start, end, value };
  const name = JSON.parse(text.slice(key.start, key.end)) as string;
  return { key: name, start: key.start, end, value };
}

/** The tokens that lie between two places. */
export const tokensBetween = (tree: Tree, start: number, end: number): Token[] =>
  tree.tokens.filter((token) => token.start >= start && token.end <= end);
