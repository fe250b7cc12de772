/** Checked options of a call. `Infinity`: no limit. */
export interface CallSettings {
  readonly maxBytes: number;
  readonly maxChars: number;
  readonly maxLines: number;
  readonly headroom: number;
  readonly headBytes: number;
  readonly tailBytes: number;
  readonly headLines: number;
  readonly tailLines: number;
  readonly escape: ((text: string) => string) | undefined;
  readonly howToRead: string;
  readonly extension: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Checked options of a store. */
export interface StoreSettings {
  readonly session: string;
  /** What holds for a call that says nothing else. */
  readonly call: CallSettings;
  readonly exempt: ((id: string) => boolean) | undefined;
  readonly maxFileBytes: number;
  readonly maxSessionBytes: number;
  readonly maxStoreBytes: number;
  readonly durable: boolean;
}
