/** Who does what a table says: plain node:fs, and a root in each of its forms. */

import * as fs from "node:fs";
import { openRoot, openRootSync, type Containment, type FileSystem } from "../../src/index.ts";
import type { RootOptions, RootSyncOptions } from "../../src/index.ts";
import { asyncSurface, plainSurface, syncSurface, viewSurface, type Surface } from "./surface.ts";

export interface OpenSide {
  readonly surface: Surface;
  readonly containment: Containment | "none";
  readonly close: () => Promise<void>;
}

export interface Side {
  readonly name: string;
  readonly form: "plain" | "async" | "sync";
  readonly containment: Containment | "none";
  readonly open: (dir: string, options?: RootSyncOptions) => Promise<OpenSide>;
}

/** A platform without a way to hold a directory: containment is then by identity. */
export const withoutPinning: FileSystem = { ...fs, platform: "other" } as FileSystem;

export const plain: Side = {
  name: "plain",
  form: "plain",
  containment: "none",
  open: async (dir) => ({
    surface: plainSurface(dir),
    containment: "none",
    close: async () => {},
  }),
};

function asynchronous(containment: Containment, more: RootOptions): Side {
  return {
    name: `async, ${containment}`,
    form: "async",
    containment,
    open: async (dir, options) => {
      const root = await openRoot(dir, { ...more, ...options });
      return {
        surface: asyncSurface(root),
        containment: root.containment,
        close: () => root.close(),
      };
    },
  };
}

function synchronous(containment: Containment, more: RootSyncOptions): Side {
  return {
    name: `sync, ${containment}`,
    form: "sync",
    containment,
    open: async (dir, options) => {
      const root = openRootSync(dir, { ...more, ...options });
      return {
        surface: syncSurface(root),
        containment: root.containment,
        close: async () => root.close(),
      };
    },
  };
}

// What is durable is the business of other tests.
const quick = { durable: false } as const;
const byPath = { ...quick, fileSystem: withoutPinning };

/** The forms of a root: both drivers, both ways to contain. */
export const guards: readonly Side[] = [
  asynchronous("descriptor", quick),
  synchronous("descriptor", quick),
  asynchronous("identity", byPath),
  synchronous("identity", byPath),
];

/** The methods as a library gets them. */
export const view: Side = {
  name: "promises view",
  form: "async",
  containment: "descriptor",
  open: async (dir, options) => {
    const root = await openRoot(dir, { ...quick, ...options });
    return {
      surface: viewSurface(root),
      containment: root.containment,
      close: () => root.close(),
    };
  },
};
