import type { PlatformName } from "@holdfast/fs";
import { currentPlatform, invalidCombination, invalidType } from "@holdfast/fs/steps";
import type { Origin } from "../calls/backend.ts";
import { formatCall, type Call, type CallName } from "../calls/call.ts";
import { driveAsync, driveSync } from "../calls/composite.ts";
import { facesOf } from "../calls/faces.ts";
import { Interception, type Interceptor } from "../calls/intercept.ts";
import type { FileSystemLike, NodeFileSystem } from "../calls/node-file-system.ts";
import { backendOf } from "../calls/real-backend.ts";
import { and, type Condition, type Matcher } from "./condition.ts";
import { errnosOf, errnosOfCall } from "./errnos.ts";
import { perform, type Injected } from "./perform.ts";
import { ActingRule, type Rule } from "./rule.ts";
import { sleepAsync, sleepSync } from "./sleep.ts";

/** What has become of the rules. */
export interface Faults {
  /** What was injected, one line each: `3 rename a.tmp -> a: fail("EXDEV")`. */
  readonly log: readonly string[];
  /** The paths of the files that the program has opened and not closed. */
  readonly openFiles: () => string[];
  /** Calls on descriptors that were closed before; of a right program there are none. */
  readonly callsOnClosed: readonly string[];
}

/** To be handed to the program. */
export type FaultyFileSystem = NodeFileSystem & { readonly faults: Faults };

/**
 * The same file system, except that the rules hold. Every rule sees every call; of those that match,
 * the first one acts. Whatever the program uses (`writeFile`, a stream, `rm`) counts as the single
 * calls that it is made of, in both faces.
 *
 * @param fs `node:fs`, memfs, a memory file system, or anything of their shape
 * @returns the file system to hand to the program; its `faults` tell what was injected
 * @throws `TypeError` (`ERR_INVALID_ARG`) for a rule whose errno the calls that it names cannot give
 *   on the platform of the file system
 *
 * ```ts
 * const full = rule(and(op("write"), path("/data/*")), fail("ENOSPC"), once());
 * const fs = injectFaults(nodeFs, [full]);
 * await expect(save(fs, "/data/state")).rejects.toThrow("ENOSPC");
 * expect(full.hits).toBe(1);
 * ```
 */
export function injectFaults(fs: object, rules: Rule | readonly Rule[]): FaultyFileSystem {
  // An interface, such as that of memfs, is no type with an index signature.
  const under = backendOf(fs as FileSystemLike);
  const platform = under.platform ?? currentPlatform.name;
  const started = [rules].flat().map((rule) => begin(rule, platform));
  const log: string[] = [];

  /** The rule that acts at this call. */
  const choose = (call: Call): ActingRule | undefined => {
    const matching = started.filter(({ matches }) => matches(call));
    const acting = matching.find(({ rule }) => !rule.spent)?.rule;
    if (acting === undefined) return undefined;
    const what = [acting.paused, acting.failing, acting.shortened];
    log.push(`${call.index} ${formatCall(call)}: ${what.filter(Boolean).map(String).join(", ")}`);
    acting.hit();
    return acting;
  };

  const interceptor: Interceptor = {
    sync(call, proceed) {
      const rule = choose(call);
      const { paused } = rule ?? {};
      if (paused?.kind === "hang") throw cannotHang(call);
      if (paused !== undefined) sleepSync(paused.ms);
      const injected = injectedBy(rule);
      if (injected === undefined) return proceed();
      return driveSync(under, perform(call, injected), originOf(call));
    },
    async async(call, proceed) {
      const rule = choose(call);
      const { paused } = rule ?? {};
      if (paused !== undefined) {
        await (paused.kind === "hang" ? rule!.hang() : sleepAsync(paused.ms));
      }
      const injected = injectedBy(rule);
      if (injected === undefined) return await proceed();
      return await driveAsync(under, perform(call, injected), originOf(call));
    },
  };
  const interception = new Interception(under, interceptor);
  const faults: Faults = {
    log,
    openFiles: () => interception.openFiles().map(({ path }) => path),
    callsOnClosed: interception.callsOnClosed,
  };
  // Not enumerable: a program that goes through the methods of its file system meets methods only.
  return Object.defineProperty(facesOf(interception), "faults", {
    value: faults,
  }) as FaultyFileSystem;
}

/** What a rule does to the call itself. */
function injectedBy(rule: ActingRule | undefined): Injected | undefined {
  if (rule?.failing !== undefined) return rule.failing;
  return rule?.shortened === undefined ? undefined : { atMostBytes: rule.shortened.bytes };
}

const originOf = ({ via, caller }: Call): Origin =>
  caller === undefined ? { via } : { via, caller };

function cannotHang(call: Call): Error {
  return invalidCombination(
    "injectFaults",
    `hang() met a synchronous call (${formatCall(call)}): it would block its thread, and nobody ` +
      `could release it`,
  );
}

function begin(
  rule: Rule,
  platform: PlatformName,
): { readonly rule: ActingRule; readonly matches: Matcher } {
  if (!(rule instanceof ActingRule)) {
    throw invalidType("injectFaults", "rules", "made by rule()", rule);
  }
  if (rule.when.names.size === 0) {
    throw invalidCombination("injectFaults", `${String(rule)}: there is no such call`);
  }
  const able = ableTo(rule, platform);
  return { rule, matches: (able === undefined ? rule.when : and(rule.when, able)).begin(platform) };
}

/**
 * The calls that can have this fault at all, if not all can. What counts in the rule counts these, so
 * that no rule meets its n-th call and then cannot act.
 */
function ableTo(rule: ActingRule, platform: PlatformName): Condition | undefined {
  const { failing, shortened, when } = rule;
  if (shortened !== undefined) {
    const { bytes } = shortened;
    const can = (name: CallName): boolean => name === "write" || (name === "read" && bytes > 0);
    const why = (name: CallName): string =>
      name === "read" ? "a read of no bytes is the end of the file" : `${name} moves no bytes`;
    requireAble(rule, can, why);
    return only(({ name }) => can(name), when);
  }
  if (failing === undefined || !failing.checked) return undefined;
  const { errno } = failing;
  requireAble(
    rule,
    (name) => errnosOf(name, platform).includes(errno),
    (name) => {
      const possible = errnosOf(name, platform).join(", ") || "nothing";
      return (
        `${name} cannot give ${errno} on ${platform}, only ${possible}; ` +
        `failUnchecked("${errno}") insists`
      );
    },
  );
  return only((call) => errnosOfCall(call, platform).includes(errno), when);
}

const only = (matches: Matcher, { names, named }: Condition): Condition => ({
  begin: () => matches,
  counts: false,
  names,
  named,
});

/** Each call that the rule names must be able to; of those that it only describes, one. */
function requireAble(
  rule: ActingRule,
  can: (name: CallName) => boolean,
  why: (name: CallName) => string,
): void {
  const { named, names } = rule.when;
  const unable =
    [...named].find((name) => !can(name)) ?? ([...names].some(can) ? undefined : [...names][0]);
  if (unable !== undefined) {
    throw invalidCombination("injectFaults", `${String(rule)}: ${why(unable)}`);
  }
}
