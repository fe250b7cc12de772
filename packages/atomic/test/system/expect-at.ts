import { expect } from "vitest";

/** `expect` for one case of many: a failure says which. */
export function expectAt<T>(where: string, value: T): ReturnType<typeof expect<T>> {
  // oxlint-disable-next-line vitest/valid-expect -- a second argument is what names the case
  return expect(value, where);
}
