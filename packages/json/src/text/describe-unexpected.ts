/** Why a text is not JSON, and where: indices into the text. */
export interface TextFault {
  readonly index: number;
  readonly problem: string;
  readonly hint?: string | undefined;
  /** Where that began which should have ended. */
  readonly began?: number | undefined;
  /** Of an integer that would be rounded, which is no fault of the text: where it is in the value. */
  readonly rounds?: readonly PropertyKey[] | undefined;
}

/** The innermost array or object that is open. */
export interface Enclosing {
  readonly kind: "array" | "object";
  readonly begin: number;
}

export const seeJsonc = "To read comments and trailing commas: readJsonc of @holdfast/json/jsonc.";

export const seeLog = "To read one value in each line: readJsonLog.";

export const expectedValue = "expected a value";
export const expectedKey = "expected a key in double quotes";
export const expectedEnd = "expected the end: the value is complete";

/** What people and programs write that is not JSON, and what to say of it. */
const mistakes: readonly (readonly [RegExp, string, hint?: string])[] = [
  [/'/y, "a single quote where JSON wants double quotes"],
  [/`/y, "a backtick where JSON wants double quotes"],
  [/[\u2018-\u201f\u00ab\u00bb]/y, "a typographic quote where JSON wants double quotes"],
  [/\/[/*]/y, "comments are not JSON", seeJsonc],
  [/#/y, "comments are not JSON"],
  [/(?:<{7}|={7}|>{7})(?!\S)/y, "the marker of a merge conflict"],
  [/undefined\b/y, "undefined is not JSON", "JSON has null."],
  [/NaN\b/y, "NaN is not JSON", "JSON has null, and finite numbers."],
  [/\+?Infinity\b/y, "Infinity is not JSON", "JSON has null, and finite numbers."],
  [/None\b/y, "None is not JSON", "JSON writes null."],
  [/(?:True|TRUE)\b/y, "JSON writes true in small letters"],
  [/(?:False|FALSE)\b/y, "JSON writes false in small letters"],
  [/(?:Null|NULL)\b/y, "JSON writes null in small letters"],
  [/\+[\d.]/y, "a number may not begin with a plus sign"],
  [/\.\d/y, "a number needs a digit before its decimal point"],
  [/\ufeff/y, "a byte order mark in the middle of the text"],
  [/\0/y, "a NUL character", "A crash, or UTF-16, can leave such bytes in a file."],
  [/\s/y, "a space that is none to JSON", "JSON knows space, tab and line break alone."],
];

/**
 * Says what is wrong at a place where the text is not what it has to be.
 *
 * @param expected what it has to be, if there is nothing better to say
 */
export function describeUnexpected(
  text: string,
  index: number,
  expected: string,
  inside: Enclosing | undefined,
): TextFault {
  if (index >= text.length) return describeEnd(text, inside);
  for (const [pattern, problem, hint] of mistakes) {
    pattern.lastIndex = index;
    if (pattern.test(text)) return { index, problem, hint };
  }
  if (expected === expectedValue && isCutWord(text, index)) {
    return { index: text.length, problem: "the text ends in the middle of a word" };
  }
  const character = text.charAt(index);
  if (inside !== undefined && character === (inside.kind === "array" ? "}" : "]")) {
    const problem = `a "${character}" does not end an ${inside.kind}`;
    return { index, problem, began: inside.begin };
  }
  if (expected === expectedKey && character === ",") {
    return { index, problem: "a comma without a property before it" };
  }
  if (expected === expectedEnd && /["[{]/.test(character)) {
    return { index, problem: expected, hint: seeLog };
  }
  return { index, problem: expected };
}

function describeEnd(text: string, inside: Enclosing | undefined): TextFault {
  let index = text.length;
  // Not by an expression: in a long run of spaces it would begin anew at every one of them.
  while (index > 0 && "\t\n\r ".includes(text.charAt(index - 1))) index--;
  if (index === 0) {
    return {
      index: 0,
      problem: text === "" ? "the file is empty" : "the file is empty but for white space",
    };
  }
  if (inside !== undefined) {
    const problem = `the text ends in the middle of an ${inside.kind}`;
    return { index, problem, began: inside.begin };
  }
  return { index, problem: "the text ends in the middle of a number" };
}

/** Whether the text ends in the middle of `true`, `false` or `null`. */
function isCutWord(text: string, index: number): boolean {
  if (text.length - index >= 5) return false;
  const rest = text.slice(index);
  return ["true", "false", "null"].some((word) => word.startsWith(rest));
}
