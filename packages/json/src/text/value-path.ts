import { quotePath } from "@holdfast/fs/steps";

/** So many keys of a long path are shown at its beginning, and at its end. */
const shownAtEachEnd = 5;
const longestKey = 40;

/** A place in a value, as one would write it: `value.users[3]["e-mail"]`. */
export function showValuePath(path: readonly PropertyKey[]): string {
  if (path.length <= 2 * shownAtEachEnd) return `value${path.map(showKey).join("")}`;
  const first = path.slice(0, shownAtEachEnd).map(showKey).join("");
  const last = path.slice(-shownAtEachEnd).map(showKey).join("");
  return `value${first} … ${last}`;
}

function showKey(key: PropertyKey): string {
  if (typeof key === "number") return `[${key}]`;
  if (typeof key === "symbol") return `[${quotePath(shorten(String(key))).slice(1, -1)}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,39}$/u.test(key)
    ? `.${key}`
    : `[${quotePath(shorten(key))}]`;
}

/** Cut, if need be, but not in the middle of a character. */
export function shorten(text: string, longest: number = longestKey): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, "")}…`;
}
