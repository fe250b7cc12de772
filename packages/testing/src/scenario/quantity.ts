/** Numbers in words. */

export const number = (value: number): string => value.toLocaleString("en-US");

/** `"1 case"`, `"1,234 cases"` */
export const many = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** `"1,234"`, `"200 million"`, `"10^25"`: of what is large only how large it is. */
export function roughly(count: number): string {
  if (count === Infinity) return "more than 10^308";
  if (count < 1e6) return number(count);
  if (count >= 1e15) return `10^${Math.floor(Math.log10(count))}`;
  const words = {
    notation: "compact",
    compactDisplay: "long",
    maximumSignificantDigits: 1,
  } as const;
  return count.toLocaleString("en-US", words);
}

/** Never "100%" of less than all, and never "0%" of something. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "less than 0.1%";
  return `${Math.min(Math.floor(value * 10) / 10, 99.9)}%`;
}
