import { skipGap, skipString, skipValue } from "./skip-text.ts";

/** A value in a text. */
export interface Node {
  start: number;
  end: number;
  /** What is in it, once that was looked at. */
  members: Members | undefined;
}

/**
 * The properties or elements of a value, as lists of the places of each: there may be millions, and an
 * object for each would take many times the time of the scan.
 */
export interface Members {
  /** Of an object. */
  readonly keys: string[] | undefined;
  /** Where each begins, with its key. */
  readonly starts: number[];
  readonly values: number[];
  readonly ends: number[];
  /** Those of the values that were looked at. */
  readonly nodes: Node[];
}

/**
 * A text that was parsed before, and where its values are. Each object and array is taken apart when somebody
 * looks into it, and the places follow each change: what is not on the way to a change is scanned once.
 */
export class TextTree {
  private current: string;
  readonly root: Node;

  constructor(text: string) {
    this.current = text;
    const start = skipGap(text, 0);
    this.root = { start, end: skipValue(text, start), members: undefined };
  }

  get text(): string {
    return this.current;
  }

  kindOf({ start }: Node): "object" | "array" | "scalar" {
    const first = this.current.charCodeAt(start);
    return first === 0x7b ? "object" : first === 0x5b ? "array" : "scalar";
  }

  /** Whether there is anything in an object or array. */
  hasMembers(node: Node): boolean {
    if (this.kindOf(node) === "scalar") return false;
    return skipGap(this.current, node.start + 1) < node.end - 1;
  }

  membersOf(node: Node): Members {
    return (node.members ??= this.takeApart(node));
  }

  /** The value of a member. */
  valueOf(node: Node, index: number): Node {
    const { values, ends, nodes } = this.membersOf(node);
    const start = values[index]!;
    const known = nodes.find((one) => one.start === start);
    if (known !== undefined) return known;
    const made: Node = { start, end: ends[index]!, members: undefined };
    nodes.push(made);
    return made;
  }

  /** Changes the text where no member begins or ends but for one that is all of it. */
  replace(from: number, to: number, by: string): void {
    this.current = this.current.slice(0, from) + by + this.current.slice(to);
    move(this.root, from, to, by.length - (to - from));
  }

  /** Puts another value in the place of one. */
  replaceValue(node: Node, by: string): void {
    node.members = undefined;
    this.replace(node.start, node.end, by);
  }

  /** Notes a member that was put behind the others. */
  added(node: Node, key: string | undefined, start: number, value: number, end: number): void {
    const { keys, starts, values, ends } = this.membersOf(node);
    if (key !== undefined) keys?.push(key);
    starts.push(start);
    values.push(value);
    ends.push(end);
  }

  /** Forgets a member that is going to be removed. */
  forget(node: Node, index: number): void {
    const { keys, starts, values, ends, nodes } = this.membersOf(node);
    const known = nodes.findIndex(({ start }) => start === values[index]);
    if (known !== -1) nodes.splice(known, 1);
    for (const list of [keys, starts, values, ends]) list?.splice(index, 1);
  }

  private takeApart(node: Node): Members {
    const { current: text } = this;
    const kind = this.kindOf(node);
    const keys: string[] | undefined = kind === "object" ? [] : undefined;
    const [starts, values, ends]: [number[], number[], number[]] = [[], [], []];
    const members: Members = { keys, starts, values, ends, nodes: [] };
    if (kind === "scalar") return members;
    let at = skipGap(text, node.start + 1);
    while (at < node.end - 1) {
      starts.push(at);
      if (keys !== undefined) {
        const end = skipString(text, at);
        keys.push(keyOf(text.slice(at, end)));
        at = skipGap(text, end);
      }
      values.push(at);
      at = skipValue(text, at);
      ends.push(at);
      at = skipGap(text, at);
    }
    return members;
  }
}

const keyOf = (quoted: string): string =>
  quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);

/** Moves the places behind a change. What ends where something is put in does not grow. */
function move(root: Node, from: number, to: number, by: number): void {
  if (by === 0) return;
  const isBefore = (end: number): boolean => end <= from || end < to;
  const left: Node[] = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (isBefore(node.end)) continue;
    if (node.start >= to) node.start += by;
    node.end += by;
    if (node.members === undefined) continue;
    const { starts, values, ends, nodes } = node.members;
    for (let index = ends.length - 1; index >= 0 && !isBefore(ends[index]!); index--) {
      if (starts[index]! >= to) starts[index]! += by;
      if (values[index]! >= to) values[index]! += by;
      ends[index]! += by;
    }
    for (const inner of nodes) left.push(inner);
  }
}
