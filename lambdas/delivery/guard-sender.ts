import {
  type Breaker,
  closed,
  type Memory,
  opened,
  remember,
  stateOf,
  tried,
  type Verdict,
  verdictOf,
} from '../../core/delivery/breaker.ts';
import type { Channel } from '../../core/delivery/channel.ts';
import type { ChannelSender, SendResult } from '../../core/delivery/sender.ts';
import type { BreakerStore } from '../adapters/breakers.ts';
import { forAll } from '../adapters/send-error.ts';

export type BreakerPorts = {
  breaker: BreakerStore;
  now(): number;
  /** The breaker has opened: an operator is told. */
  report(channel: Channel, reason: string): void;
};

/**
 * A sender behind its breaker. While that is open it answers for the provider, which is not called. Of workers that race to
 * change it one wins, the others go on as if they had not noticed: the next call finds out again.
 */
export const guardSender = <C extends Channel>(
  sender: ChannelSender<C>,
  { breaker: store, now, report }: BreakerPorts,
): ChannelSender<C> => {
  let memory: Memory = [];

  const open = async (reason: string): Promise<void> => {
    const breaker = await store.get();
    if (stateOf(breaker, now()) !== 'closed') return;
    if (await store.save(opened(breaker, reason, now()))) report(sender.channel, reason);
  };

  /** `waits`: nobody may call now. `trial`: the breaker is half open, and this worker tries. */
  const admit = async (): Promise<{ waits?: SendResult; trial?: Breaker }> => {
    const breaker = await store.get();
    const state = stateOf(breaker, now());
    if (state === 'closed') return {};
    const trial = tried(breaker, now());
    if (state === 'half-open' && (await store.save(trial))) return { trial };
    return { waits: { status: 'retry', reason: `The breaker is open: ${breaker.reason}`, fault: 'breaker' } };
  };

  const learn = async (verdict: Verdict, trial: Breaker | undefined): Promise<void> => {
    if (trial) {
      if (verdict.kind === 'fine') await store.save(closed(trial));
      else if (verdict.kind !== 'busy') await store.save(opened(trial, verdict.reason, now()));
      return;
    }
    const next = remember(memory, verdict);
    memory = next.memory;
    if (next.open !== undefined) await open(next.open);
  };

  return {
    ...sender,
    async send(messages, lane) {
      // Recipients are marked as attempted by now: an error would leave them in doubt, of whom it is known that nothing was done.
      const { waits, trial } = await admit().catch((error): { waits: SendResult; trial?: Breaker } => ({
        waits: { status: 'retry', reason: `The breaker is not known: ${error}` },
      }));
      if (waits) return forAll(messages, waits);
      const results = await sender.send(messages, lane);
      // Whatever becomes of the breaker, the provider's answers are not to be lost.
      await learn(verdictOf(messages.map(({ key }) => results.get(key))), trial).catch((error) =>
        console.warn({ message: 'The breaker was not told', channel: sender.channel, error: String(error) }),
      );
      return results;
    },
  };
};
