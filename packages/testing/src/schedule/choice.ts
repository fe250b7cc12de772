/**
 * What a schedule is made of. A run has up to two steps of which either can be its next one: its next call,
 * and the expiry of the timer of it that is due first. The index of the run stands for its call, the
 * complement of the index (-1 for the first run) for the expiry.
 */
export type Choice = number;

/** The expiry of the next timer of the run with this index. */
export function expiryOf(run: number): Choice {
  return ~run;
}

export function isExpiry(choice: Choice): boolean {
  return choice < 0;
}

/** Whose step it is. */
export function runOf(choice: Choice): number {
  return choice < 0 ? ~choice : choice;
}

/** `"A"` for a call, `"a"` for an expiry. */
export function letterOfChoice(choice: Choice): string {
  const letter = letterOf(runOf(choice));
  return isExpiry(choice) ? letter.toLowerCase() : letter;
}

export function letterOf(run: number): string {
  return String.fromCharCode("A".charCodeAt(0) + run);
}
