import { invalidRange, invalidType } from "@holdfast/fs/steps";
import type { CallOptions } from "../options.ts";

/** {@link CallOptions}, checked and complete. */
export interface Policy {
  readonly symlinks: "follow-inside" | "refuse";
  readonly hardlinks: "refuse" | "refuse-writes" | "allow";
  readonly maxReadBytes: number;
  readonly durable: boolean;
  readonly create: boolean;
  readonly crossMounts: "allow" | "refuse";
}

/** What holds where nothing is said. */
export const defaultPolicy: Policy = {
  symlinks: "follow-inside",
  hardlinks: "refuse",
  maxReadBytes: 16 * 1024 * 1024,
  durable: true,
  create: false,
  crossMounts: "allow",
};

/** Checks the options that a call shares with its root; what is not given is as the root has it. */
export function readPolicy(op: string, options: CallOptions, base: Policy): Policy {
  const { symlinks, hardlinks, maxReadBytes, durable, create, crossMounts } = options;
  return {
    symlinks: word(op, "symlinks", symlinks, base.symlinks, ["follow-inside", "refuse"]),
    hardlinks: word(op, "hardlinks", hardlinks, base.hardlinks, hardlinkPolicies),
    maxReadBytes: readBytes(op, "maxReadBytes", maxReadBytes, base.maxReadBytes),
    durable: readFlag(op, "durable", durable, base.durable),
    create: readFlag(op, "create", create, base.create),
    crossMounts: word(op, "crossMounts", crossMounts, base.crossMounts, ["allow", "refuse"]),
  };
}

const hardlinkPolicies = ["refuse", "refuse-writes", "allow"] as const;

function word<T extends string>(
  op: string,
  name: string,
  value: unknown,
  byDefault: T,
  allowed: readonly T[],
): T {
  if (value === undefined) return byDefault;
  if (allowed.includes(value as T)) return value as T;
  throw invalidType(op, name, `one of ${allowed.map((one) => `"${one}"`).join(", ")}`, value);
}

/** Checks a boolean that may be left out. */
export function readFlag(op: string, name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value === "boolean") return value;
  throw invalidType(op, name, "a boolean", value);
}

/** Checks a number of bytes or entries; `Infinity` is no limit. */
export function readBytes(op: string, name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (value === Infinity || (Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalidRange(op, name, "an integer of at least 0, or Infinity", value);
}
