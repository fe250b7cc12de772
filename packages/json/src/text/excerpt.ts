/** So much of a line is shown on each side of a place, in columns of a terminal. */
const before = 48;
const after = 32;

/** What would make a terminal or a log viewer do something, but for tabs. */
// oxlint-disable-next-line no-control-regex -- they are what must not come through
const controls = /[\0-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** Characters that take two columns: those of East Asia, and emoji. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Characters that take none: accents, joiners. */
const narrow = /[\p{Mn}\p{Me}\u200b-\u200d\u2060]/u;

/** Escapes control characters, line separators and bidirectional overrides, for a message of one line. */
export function escapeControls(text: string): string {
  return escapeAllButTabs(text).replaceAll("\t", "\\t");
}

function escapeAllButTabs(text: string): string {
  return text.replace(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A line, or what of it is near a place, and below it a caret.
 *
 * @param left what is to the left of the place
 * @param right what is at the place, and to the right of it
 * @param isCut whether the line goes on beyond what was given, on the left and on the right
 */
export function excerpt(
  left: string,
  right: string,
  isCut: { readonly left: boolean; readonly right: boolean },
): string {
  const allLeft = [...escapeAllButTabs(left)];
  const allRight = [...escapeAllButTabs(right)];
  const shownLeft = takeWidth(allLeft.toReversed(), before).toReversed();
  const shownRight = takeWidth(allRight, after);
  const cutLeft = isCut.left || shownLeft.length < allLeft.length;
  const cutRight = isCut.right || shownRight.length < allRight.length;
  const line = [cutLeft ? "…" : "", ...shownLeft, ...shownRight, cutRight ? "…" : ""].join("");
  const padding = shownLeft.map((character) =>
    character === "\t" ? "\t" : " ".repeat(widthOf(character)),
  );
  return `${line.trimEnd()}\n${cutLeft ? " " : ""}${padding.join("")}^`;
}

function takeWidth(characters: readonly string[], columns: number): string[] {
  let width = 0;
  const end = characters.findIndex((character) => (width += widthOf(character)) > columns);
  return end === -1 ? [...characters] : characters.slice(0, end);
}

function widthOf(character: string): number {
  if (narrow.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
