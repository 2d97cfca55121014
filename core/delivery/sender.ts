import type { RenderedContent } from '../strategy/template.ts';
import type { Channel, Lane } from './channel.ts';
import type { FailReason } from './outcome.ts';

/**
 * One message to one address of a person. `key` is the caller's name for it within the call, `ref` comes back with its
 * receipts (receipt-ref.ts). `id` names it among all messages, and is the same whenever it is tried again: who knows it may
 * drop a repeat. `atMs`: when it was asked for.
 */
export type Outgoing<C extends Channel = Channel> = {
  key: number;
  id: string;
  atMs: number;
  profileId: string;
  address: string;
  ref: string;
  content: Extract<RenderedContent, { channel: C }>;
};

/** Whose fault it is that a message did not go out, where it is not the message's: see `Verdict` (breaker.ts). */
export type ProviderFault = 'down' | 'account' | 'breaker';

/**
 * What the provider said. `refused` is for good on this channel; `retry`: it did nothing for sure, and may take the
 * message later; `unknown`: nobody knows whether it was taken.
 */
export type SendResult =
  | { status: 'sent'; messageId: string }
  | { status: 'refused'; reason: Exclude<FailReason, 'unknown-after-crash'> }
  | { status: 'retry'; reason: string; fault?: ProviderFault }
  | { status: 'unknown'; reason: string; fault?: ProviderFault };

/** The port behind which every channel lies (D1). A new channel is one adapter and one row. */
export type ChannelSender<C extends Channel = Channel> = {
  channel: C;
  /** Messages per call of `send`: what is marked as attempted together, and is in doubt after a crash. */
  chunk: number;
  /** Sends at most `chunk` messages and answers for each. Provider errors are answers, not exceptions. */
  send(messages: readonly Outgoing<C>[], lane: Lane): Promise<Map<number, SendResult>>;
};
