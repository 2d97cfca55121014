import type { InboxMessage, InboxQuery } from '../local/inbox.ts';

/**
 * Where Herald runs, as the stories and scenario tests see it from outside: the local cloud on its virtual clock, or a
 * deployment on the emulator, where time is real.
 */
export type Place = {
  /** Address of the API. */
  url: string;
  tokens: {
    /** A JWT of a demo person (see local/issuer.ts). */
    demo(user: string): Promise<string>;
    issue(request: { sub: string; groups: readonly string[]; expiresInSeconds?: number }): Promise<string>;
  };
  clock: {
    readonly virtual: boolean;
    now(): number;
    /** Resolves when nothing is under way. */
    idle(): Promise<void>;
    /** Lets time pass. Real time is not waited for longer than what is under way, and 10 s. */
    advance(ms: number): Promise<void>;
    /** True as soon as `check` is, false when it is not within that time. */
    advanceUntil(check: () => Promise<boolean>, maxMs: number): Promise<boolean>;
  };
  /** Puts an event on Herald's EventBridge bus. */
  putOnBus(entry: { source: string; detailType: string; detail: object }): Promise<void>;
  /** What Firehose holds goes to the lake now. */
  flushLake(): void;
  inbox: {
    list(query?: InboxQuery): InboxMessage[] | Promise<InboxMessage[]>;
    count(): number | Promise<number>;
  };
};
